"""Records the execution of Python programs as frames, by bytecode instrumentation.

`trace` records a call in this process; `trace_source` and `run_script` run programs in a child process with limits.
"""

from cwm_trace.tracer.callables import trace
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.record import Settings
from cwm_trace.tracer.run import RunResult, run_context, run_script
from cwm_trace.tracer.run import run_source as trace_source

__all__ = ["Limits", "RunResult", "Settings", "record_source", "run_context", "run_script", "trace", "trace_source"]
