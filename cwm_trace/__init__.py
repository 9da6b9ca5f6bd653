"""Record, predict and compare Python execution traces in the format of Meta's Code World Model.

Every public name is loaded on first use: importing this package imports neither torch nor the tracer.
"""

import sys
from typing import TYPE_CHECKING

from cwm_trace.lazy import FunctionsFirst, on_first_use

if TYPE_CHECKING:
    from cwm_trace.errors import CwmTraceError
    from cwm_trace.eval import diff, load_run, load_suite, run_suite, score
    from cwm_trace.files import iter_frames, iter_traces, load, save
    from cwm_trace.format import parse, render
    from cwm_trace.frames import Event, Frame, MalformedFrame, Status, Trace
    from cwm_trace.models import Decoding, load_model
    from cwm_trace.simulate import predict, simulate
    from cwm_trace.tracer import Limits, Settings, trace, trace_source

__version__ = "0.1.0"

_HOMES = {
    "CwmTraceError": "errors",
    "Decoding": "models",
    "Limits": "tracer",
    "Settings": "tracer",
    "diff": "eval",
    "load_run": "eval",
    "load_suite": "eval",
    "run_suite": "eval",
    "score": "eval",
    "iter_frames": "files",
    "iter_traces": "files",
    "load": "files",
    "save": "files",
    "parse": "format",
    "render": "format",
    "Event": "frames",
    "Frame": "frames",
    "MalformedFrame": "frames",
    "Status": "frames",
    "Trace": "frames",
    "load_model": "models",
    "predict": "simulate",
    "simulate": "simulate",
    "trace": "tracer",
    "trace_source": "tracer",
}

# Without __all__, a star-import would rebind the builtin eval() to cwm_trace.eval.
__all__ = [
    "CwmTraceError",
    "Decoding",
    "Event",
    "Frame",
    "Limits",
    "MalformedFrame",
    "Settings",
    "Status",
    "Trace",
    "diff",
    "iter_frames",
    "iter_traces",
    "load",
    "load_model",
    "load_run",
    "load_suite",
    "parse",
    "predict",
    "render",
    "run_suite",
    "save",
    "score",
    "simulate",
    "trace",
    "trace_source",
]


__getattr__ = on_first_use(__name__, _HOMES)
sys.modules[__name__].__class__ = FunctionsFirst


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext cwm_trace` calls: adds `%%cwm_trace` (see `cwm_trace.notebook`)."""
    from cwm_trace.notebook import register

    register(shell)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
