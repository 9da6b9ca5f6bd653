"""Goes through the tasks of a suite, one sample each, into a run folder; a run that was cut off goes on where it stopped.

Knows what every sample has, an id and an outcome, and nothing of what else is in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cwm_trace.errors import RunError
from cwm_trace.eval.folder import SAMPLES, read_lines
from cwm_trace.eval.suites import Task
from cwm_trace.frames import Trace
from cwm_trace.tracer.run import run_source


class Outcome(StrEnum):
    """How one task ended; every one of them is in the denominator."""

    OK = "ok"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    MODEL_ERROR = "model_error"
    TRUTH_FAILED = "truth_failed"


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

    def to_json(self) -> dict[str, Any]:
        """One line of `samples.jsonl`."""
        ...


_Sample = TypeVar("_Sample", bound=Sampled)


def run_tasks(
    tasks: Sequence[Task],
    out: Path,
    make: Callable[[Task], _Sample],
    read: Callable[[dict[str, Any]], _Sample],
    on_sample: Callable[[int, int, _Sample], None] | None = None,
) -> list[_Sample]:
    """The samples of these tasks, in their order: those that `out` has, read; the others made, and written as each ends.

    What a model failed on is made again: then the later line of `samples.jsonl` counts. `on_sample` is told (done, total, sample).
    """
    done = {sample.id: sample for sample in read_lines(out, read)}
    with (out / SAMPLES).open("a", encoding="ascii") as file:
        for number, task in enumerate(tasks, start=1):
            if task.id not in done or done[task.id].outcome is Outcome.MODEL_ERROR:
                done[task.id] = make(task)
                file.write(json.dumps(done[task.id].to_json()) + "\n")
                file.flush()
            if on_sample is not None:
                on_sample(number, len(tasks), done[task.id])
    return [done[task.id] for task in tasks]


def count_outcomes(samples: Sequence[Sampled]) -> dict[str, int]:
    """Number of samples by outcome, in the order in which they came first."""
    outcomes = [sample.outcome.value for sample in samples]
    return {name: outcomes.count(name) for name in dict.fromkeys(outcomes)}


def true_trace(task: Task) -> Trace:
    """What the program does. Raises CwmTraceError if it cannot be run to its end."""
    actual = run_source(task.source, task.call)
    if not actual.complete:
        raise RunError(f"the program ended as {actual.status}")
    return actual
