"""Records the execution of Python programs as frames, by bytecode instrumentation.

`trace` records a call in this process; `trace_source` and `run_script` run programs in a child process with limits. Each name is loaded on
first use: the child process imports what records, not what starts child processes.
"""

from typing import TYPE_CHECKING

from cwm_trace.lazy import on_first_use

if TYPE_CHECKING:
    from cwm_trace.tracer.callables import trace
    from cwm_trace.tracer.inprocess import record_source
    from cwm_trace.tracer.limits import Limits
    from cwm_trace.tracer.run import RunResult, run_context, run_script
    from cwm_trace.tracer.run import run_source as trace_source
    from cwm_trace.tracer.track import Settings

_HOMES = {
    "Limits": "limits",
    "RunResult": "run",
    "Settings": "track",
    "record_source": "inprocess",
    "run_context": "run",
    "run_script": "run",
    "trace": "callables",
    "trace_source": "run:run_source",
}

__all__ = ["Limits", "RunResult", "Settings", "record_source", "run_context", "run_script", "trace", "trace_source"]


__getattr__ = on_first_use(__name__, _HOMES)
