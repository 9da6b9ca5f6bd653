"""Records the execution of Python programs as frames, by bytecode instrumentation.

`trace` records a call in this process; `trace_source` and `run_script` run programs in a child process with limits. Each name is loaded on
first use: the child process imports what records, not what starts child processes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cwm_trace.tracer.callables import trace
    from cwm_trace.tracer.inprocess import record_source
    from cwm_trace.tracer.limits import Limits
    from cwm_trace.tracer.run import RunResult, run_context, run_script
    from cwm_trace.tracer.run import run_source as trace_source
    from cwm_trace.tracer.track import Settings

_HOMES = {
    "Limits": ("limits", "Limits"),
    "RunResult": ("run", "RunResult"),
    "Settings": ("track", "Settings"),
    "record_source": ("inprocess", "record_source"),
    "run_context": ("run", "run_context"),
    "run_script": ("run", "run_script"),
    "trace": ("callables", "trace"),
    "trace_source": ("run", "run_source"),
}

__all__ = ["Limits", "RunResult", "Settings", "record_source", "run_context", "run_script", "trace", "trace_source"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, attribute = _HOMES[name]
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), attribute)
    return value
