"""The real run of what a command line names, in a child process, to lay beside a prediction."""

from __future__ import annotations

import sys

from cwm_trace.cli.target import Target
from cwm_trace.errors import RunTimeout
from cwm_trace.frames import Status, Trace
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import Run, finish, function_job, script_job


def real_run(target: Target, *, timeout: float, sandbox: bool) -> Trace:
    """Run it for real, and say so. Raises RunTimeout, RunError."""
    print(f"running {target.path} in a child process (limit {timeout:g} s) ...", file=sys.stderr)
    limits = Limits(seconds=timeout)
    job = (
        script_job(target.path, limits=limits)
        if target.call is None
        else function_job(target.path, target.call, limits=limits)
    )
    trace = finish(Run(job, capture=True, sandbox=sandbox)).trace
    if trace.status is Status.TIME_LIMIT:
        raise RunTimeout(f"{target.path} did not end within {timeout:g} s", hint="Raise --timeout")
    return trace
