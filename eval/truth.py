"""True traces of a suite's tasks, recorded ahead in child processes while a model is at work.

A few programs ahead only, as a trace may be large. Programs run beside each other, so what they read from outside (a clock, a file that
another one writes) is no more the same than in two runs. Knows nothing of models and samples.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from cwm_trace.errors import RunError, RunTimeout
from cwm_trace.eval.benchmarks import Task
from cwm_trace.frames import Status, Trace
from cwm_trace.prompts import Start, call_prompt, check_reached, script_prompt, started
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import PROCESSES, run_source, stop_runs

TrueTrace = Callable[[Task], Trace]
"""What a program does. Raises CwmTraceError if it cannot be run to its end."""
AHEAD = 2 * PROCESSES
"""Programs after the one that is asked for whose traces may be under way or kept."""


def task_prompt(task: Task, actual: Trace) -> Trace:
    """What a model is given: the entry's CALL, too; the arguments of an entry that takes some are those of the true trace."""
    prompt = script_prompt(task.source) if task.call is None else call_prompt(task.source, task.call)
    prompt = prompt if prompt.frames else Trace(prompt.context, actual.frames[:1], complete=False)
    return started(prompt, Start(arguments=task.arguments, stdin=task.stdin))


def true_trace(task: Task, limits: Limits | None = None) -> Trace:
    """What a program does, within limits (None: those of `Limits()`). Raises CwmTraceError if it cannot be run to its end."""
    actual = run_source(task.source, task.call, limits=limits, arguments=task.arguments, stdin=task.stdin)
    check_reached(actual)
    if not actual.complete:
        kind = RunTimeout if actual.status is Status.TIME_LIMIT else RunError
        raise kind(f"the program ended as {actual.status}")
    return actual


def limits_config(limits: Limits | None) -> dict[str, float | int | None]:
    """What a manifest says of the limits of true traces."""
    limits = limits or Limits()
    return {"seconds": limits.seconds, "frames": limits.frames}


@contextmanager
def true_traces(tasks: Sequence[Task], limits: Limits | None = None) -> Iterator[TrueTrace]:
    """The same for these tasks, each to be asked for once and about in this order, from any thread."""
    pool = ThreadPoolExecutor(PROCESSES, thread_name_prefix="true-traces")
    try:
        yield _Ahead(tasks, pool, limits)
    except BaseException:  # interrupted: a program that does not end would be waited for
        pool.shutdown(wait=False, cancel_futures=True)
        stop_runs()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Ahead:
    """Begins the tasks up to `AHEAD` after the one asked for."""

    def __init__(self, tasks: Sequence[Task], pool: ThreadPoolExecutor, limits: Limits | None) -> None:
        self._tasks, self._pool, self._limits = tasks, pool, limits
        self._places = {task.id: place for place, task in enumerate(tasks)}
        self._lock = threading.Lock()
        self._begun: dict[str, Future[Trace]] = {}
        self._next = 0

    def __call__(self, task: Task) -> Trace:
        with self._lock:
            until = max(self._next, self._places[task.id] + 1 + AHEAD)
            for later in self._tasks[self._next : until]:
                self._begun[later.id] = self._pool.submit(true_trace, later, self._limits)
            self._next = until
            future = self._begun.pop(task.id)
        return future.result()
