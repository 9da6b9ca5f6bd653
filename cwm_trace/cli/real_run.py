"""The real run of what a command line names, or of a trace's context, in a child process, to lay beside a prediction."""

from __future__ import annotations

import sys
from pathlib import Path

from cwm_trace.cli.target import Target
from cwm_trace.errors import NotReached, RunTimeout
from cwm_trace.frames import Status, Trace
from cwm_trace.prompts import check_reached, entry_in_words, start_of
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import Run, finish
from cwm_trace.tracer.run_jobs import started_job


def real_run(target: Target, *, timeout: float, sandbox: bool) -> Trace:
    """Run it for real, and say so. Raises RunTimeout; NotReached where it ends before its entry."""
    print(f"running {target.file} in a child process (limit {timeout:g} s) ...", file=sys.stderr)
    result = finish(Run(target.job(Limits(seconds=timeout)), capture=True, sandbox=sandbox))
    _check(result.trace, target.file, timeout)
    if not result.trace.frames:
        said = (result.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        why = f": {said[-1]}" if said else ""
        entry = target.call or entry_in_words(target.prompt().context)
        raise NotReached(f"{target.file} ended before {entry} was reached{why}")
    return result.trace


def real_run_of(trace: Trace, *, timeout: float, sandbox: bool) -> Trace:
    """Run the context of a saved trace for real, and say so. Raises InputError, RunTimeout, NotReached."""
    print(f"running the context in a child process (limit {timeout:g} s) ...", file=sys.stderr)
    job = started_job(trace.context, start_of(trace), limits=Limits(seconds=timeout))
    actual = finish(Run(job, capture=True, sandbox=sandbox)).trace
    _check(actual, "the program", timeout)
    check_reached(actual)
    return actual


def _check(actual: Trace, name: str | Path, timeout: float) -> None:
    if actual.status is Status.TIME_LIMIT:
        raise RunTimeout(f"{name} did not end within {timeout:g} s", hint="Raise --timeout")
