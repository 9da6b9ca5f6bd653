"""The real run of what a command line names, in a child process, to lay beside a prediction."""

from __future__ import annotations

import sys

from cwm_trace.cli.target import Target
from cwm_trace.errors import RunError, RunTimeout
from cwm_trace.frames import Status, Trace
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import Run, finish, function_job, script_job


def real_run(target: Target, *, timeout: float, sandbox: bool) -> Trace:
    """Run it for real, and say so. Raises RunTimeout; RunError where it ends before its entry."""
    print(f"running {target.path} in a child process (limit {timeout:g} s) ...", file=sys.stderr)
    limits = Limits(seconds=timeout)
    job = (
        script_job(target.path, limits=limits)
        if target.call is None
        else function_job(target.path, target.call, limits=limits)
    )
    result = finish(Run(job, capture=True, sandbox=sandbox))
    if result.trace.status is Status.TIME_LIMIT:
        raise RunTimeout(f"{target.path} did not end within {timeout:g} s", hint="Raise --timeout")
    if not result.trace.frames:
        said = (result.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        why = f": {said[-1]}" if said else ""
        raise RunError(f"{target.path} ended before {target.call or 'its entry'} was reached{why}")
    return result.trace
