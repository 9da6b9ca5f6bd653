"""Goes through the tasks of a suite, one sample each, into a run folder; a run that was cut off goes on where it stopped.

Knows what every sample has, an id and an outcome, and nothing of what else is in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cwm_trace.errors import CwmTraceError, ModelTimeout, ModelUnusable, RunTimeout
from cwm_trace.eval.folder import SAMPLES, read_lines
from cwm_trace.eval.suites import Task
from cwm_trace.eval.truth import TrueTrace, true_traces
from cwm_trace.tracer.limits import Limits


class Outcome(StrEnum):
    """How one task ended; every one of them is in the denominator."""

    OK = "ok"  # a whole trace, right or wrong
    MALFORMED = "malformed"  # a frame breaks the format, or the trace stops before its end token
    TRUNCATED = "truncated"  # stopped at a limit of frames, tokens or size
    MODEL_ERROR = "model_error"  # the model is unreachable, refused, or crashed: tried again on --resume
    MODEL_TIMEOUT = "model_timeout"  # a server did not answer in time: tried again on --resume
    TRUTH_FAILED = "truth_failed"  # the program cannot be run to its end
    TRUTH_TIMEOUT = "truth_timeout"  # the program was stopped at its time limit


MODEL_FAILURES = (Exception,)
"""A model is anybody's code: whatever it raises costs its task, not the run (but see `model_outcome`). KeyboardInterrupt is none of them."""


def model_outcome(error: Exception) -> Outcome:
    """Of a task on which the model failed. Raises what would be so on every other task, too: that ends the run."""
    if isinstance(error, ModelUnusable):
        raise error
    return Outcome.MODEL_TIMEOUT if isinstance(error, ModelTimeout) else Outcome.MODEL_ERROR


def truth_outcome(error: CwmTraceError) -> Outcome:
    """Of a task whose program has no true trace."""
    return Outcome.TRUTH_TIMEOUT if isinstance(error, RunTimeout) else Outcome.TRUTH_FAILED


def said(error: Exception) -> str:
    """An error in one line; one that nobody raised on purpose with its type."""
    return str(error) if isinstance(error, CwmTraceError) else f"{type(error).__name__}: {error}"


class Sampled(Protocol):
    """One task's result."""

    @property
    def id(self) -> str:
        """Of the task."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        ...

    @property
    def error(self) -> str:
        """What went wrong, "" where nothing did."""
        ...

    def to_json(self) -> dict[str, Any]:
        """One line of `samples.jsonl`."""
        ...


_Sample = TypeVar("_Sample", bound=Sampled)


def chosen_tasks(tasks: Sequence[Task], limit: int | None, out: Path, also: Collection[str] = ()) -> list[Task]:
    """The first `limit` tasks, those of the ids `also`, and all that `out` has samples of: going on with a run leaves nothing out."""
    known = {*also, *(sample.id for sample in read_lines(out, _Known))} if limit is not None else set()
    return [task for number, task in enumerate(tasks) if limit is None or number < limit or task.id in known]


class _Known:
    def __init__(self, record: dict[str, Any]) -> None:
        self.id: str = record["id"]


def run_tasks(
    tasks: Sequence[Task],
    out: Path,
    make: Callable[[Task, TrueTrace], _Sample],
    read: Callable[[dict[str, Any]], _Sample],
    on_sample: Callable[[int, int, _Sample], None] | None = None,
    workers: int = 1,
    truth: TrueTrace | None = None,
    limits: Limits | None = None,
) -> list[_Sample]:
    """The samples of these tasks, in their order: those that `out` has, read; the others made, and written as each ends.

    What a model failed on is made again: then the later line of `samples.jsonl` counts. `on_sample` is told (done, total, sample).
    `make` is given a task, and what gives its true trace: `truth`, or else the program is run, within `limits`. With several `workers`, it
    runs in so many threads.
    """
    found = {sample.id: sample for sample in read_lines(out, read)}
    done = {task.id: found[task.id] for task in tasks if task.id in found and not _is_open(found[task.id])}
    tell = on_sample or (lambda *_: None)
    for number, sample in enumerate(done.values(), start=1):
        tell(number, len(tasks), sample)
    missing = [task for task in tasks if task.id not in done]
    with (out / SAMPLES).open("a", encoding="ascii") as file, _truths(missing, truth, limits) as true:
        for sample in _made(missing, lambda task: make(task, true), workers):
            done[sample.id] = sample
            file.write(json.dumps(sample.to_json()) + "\n")
            file.flush()
            tell(len(done), len(tasks), sample)
    return [done[task.id] for task in tasks]


def _truths(tasks: Sequence[Task], known: TrueTrace | None, limits: Limits | None) -> AbstractContextManager[TrueTrace]:
    return true_traces(tasks, limits) if known is None else nullcontext(known)


_OPEN = (Outcome.MODEL_ERROR, Outcome.MODEL_TIMEOUT)
_NO_TRUTH = (Outcome.TRUTH_FAILED, Outcome.TRUTH_TIMEOUT)
FAILED = frozenset((*_OPEN, *_NO_TRUTH))
"""Outcomes of tasks that have no prediction."""


def _is_open(sample: Sampled) -> bool:
    return sample.outcome in _OPEN


def _made(tasks: Sequence[Task], make: Callable[[Task], _Sample], workers: int) -> Iterator[_Sample]:
    """Samples as they end."""
    if workers == 1:
        yield from map(make, tasks)
        return
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(make, task) for task in tasks]
        try:
            yield from (future.result() for future in as_completed(futures))
        finally:  # interrupted: what has begun is waited for, the rest is not begun
            pool.shutdown(wait=False, cancel_futures=True)


def first_errors(samples: Sequence[Sampled]) -> dict[str, str]:
    """What went wrong first, by outcome; outcomes that are not about an error are left out."""
    errors: dict[str, str] = {}
    for sample in samples:
        if sample.error:
            errors.setdefault(sample.outcome.value, f"{sample.id}: {sample.error}")
    return errors


def failed_tasks(samples: Sequence[Sampled]) -> dict[str, tuple[str, ...]]:
    """The ids of all tasks that ended with an error, by outcome."""
    failed: dict[str, tuple[str, ...]] = {}
    for sample in samples:
        if sample.error:
            failed[sample.outcome.value] = (*failed.get(sample.outcome.value, ()), sample.id)
    return failed


def none_answered(outcomes: Mapping[str, int]) -> bool:
    """Whether, of a run with these numbers of outcomes, the model failed on all tasks that it was asked about."""
    asked = outcomes.keys() - set(_NO_TRUTH)
    return bool(asked) and asked <= set(_OPEN)


def model_error(errors: Mapping[str, str]) -> str:
    """The first error that is the model's, of those by outcome; "" where there is none."""
    return next((text for name, text in errors.items() if name in _OPEN), "")


def count_outcomes(samples: Sequence[Sampled]) -> dict[str, int]:
    """Number of samples by outcome, in the order in which they came first."""
    outcomes = [sample.outcome.value for sample in samples]
    return {name: outcomes.count(name) for name in dict.fromkeys(outcomes)}
