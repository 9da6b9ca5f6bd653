"""All samples of a run summed up: metrics with intervals, what went wrong, how far the predictions are right.

Metrics are computed over all tasks: what failed counts as wrong, under its own outcome.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cwm_trace.eval.breakdown import breakdowns
from cwm_trace.eval.derived import derived_metrics
from cwm_trace.eval.groups import Groups
from cwm_trace.eval.intervals import Estimate, Interval, bootstrap_median, estimate
from cwm_trace.eval.metrics import METRICS, OUTPUT_METRICS, same_value
from cwm_trace.eval.mistakes import MistakeCount, count_mistakes
from cwm_trace.eval.samples import Sample
from cwm_trace.eval.tasks import count_outcomes, failed_tasks, first_errors


@dataclass(frozen=True, slots=True)
class Results:
    """A finished run: metrics in percent with 95 % intervals, counts of outcomes and of causes.

    A metric that no task can be judged by is left out; `judged` has the number of tasks of those that not all can be judged by.
    `first_divergence` is the median index of the first divergence among the traces that have one, None if none has.
    `survival` is P(first k frames right) by k, `mistakes` what was wrong first (`cwm_trace.eval.mistakes`), `breakdowns` shares by
    kind and group (`cwm_trace.eval.breakdown`), `derived` the questions of other benchmarks (`cwm_trace.eval.derived`),
    `errors` the first error of each outcome that is one, `failed` the ids of all tasks that have it.
    `unexpected` counts the tasks whose real run gave another result (`==` of literals) than the suite states (another Python, say);
    `unexpected_tasks` are their ids.
    `programs`: how many `n` tasks are of, several calls of one counting once.
    `unfinished`: the run was killed, or interrupted, and has not been gone on with.
    """

    model: str
    suite: str
    n: int
    of: int
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    outcomes: dict[str, int]
    causes: dict[str, int]
    seconds: float
    frames: int
    first_divergence: float | None = None
    unexpected: int = 0
    first_divergence_interval: Interval | None = None
    survival: dict[int, Estimate] = field(default_factory=dict)
    mistakes: dict[str, MistakeCount] = field(default_factory=dict)
    breakdowns: dict[str, Groups] = field(default_factory=dict)
    derived: dict[str, Estimate] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    failed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unexpected_tasks: tuple[str, ...] = ()
    judged: dict[str, int] = field(default_factory=dict)
    unfinished: bool = False
    programs: int = 0

    @property
    def limited(self) -> bool:
        """Whether only a part of the suite was run."""
        return self.n < self.of


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run folder's contents: its manifest, its samples, and what they come to."""

    manifest: dict[str, Any]
    samples: tuple[Sample, ...]
    results: Results


def summarise(model: str, suite: str, samples: Sequence[Sample], of: int) -> Results:
    """Metrics over all samples, in percent; of answers without steps, those of the output only."""
    made = _summarised(model, suite, samples, of)
    return _output_only(made) if any(sample.is_answer for sample in samples) else made


def _output_only(made: Results) -> Results:
    """Without what is about frames."""
    shares = {
        kind: {
            group: {name: share for name, share in found.items() if name in OUTPUT_METRICS}
            for group, found in groups.items()
        }
        for kind, groups in made.breakdowns.items()
    }
    return replace(
        made,
        metrics={name: made.metrics[name] for name in OUTPUT_METRICS},
        intervals={name: made.intervals[name] for name in OUTPUT_METRICS},
        causes={},
        first_divergence=None,
        first_divergence_interval=None,
        survival={},
        mistakes={},
        breakdowns={kind: {name: found for name, found in groups.items() if found} for kind, groups in shares.items()},
        derived={},
    )


def _summarised(model: str, suite: str, samples: Sequence[Sample], of: int) -> Results:
    estimates = {name: found for name in METRICS if (found := _estimate(samples, name))}
    divergent = [(sample.first, sample.cluster) for sample in samples if sample.first is not None]
    firsts, programs = [first for first, _ in divergent], [program for _, program in divergent]
    causes = [sample.cause.value for sample in samples if sample.cause]
    unexpected = tuple(sample.id for sample in samples if _is_unexpected(sample))
    return Results(
        model,
        suite,
        len(samples),
        of,
        {name: found.value for name, found in estimates.items()},
        {name: Interval(found.low, found.high) for name, found in estimates.items()},
        count_outcomes(samples),
        {name: causes.count(name) for name in sorted(set(causes))},
        sum(sample.seconds for sample in samples),
        sum(sample.frames for sample in samples),
        statistics.median(firsts) if firsts else None,
        len(unexpected),
        bootstrap_median(firsts, programs) if firsts else None,
        survival(samples),
        count_mistakes(samples),
        breakdowns(samples),
        derived_metrics(samples),
        first_errors(samples),
        failed_tasks(samples),
        unexpected,
        {name: found.n for name, found in estimates.items() if found.n < len(samples)},
        programs=len({sample.cluster for sample in samples}),
    )


def _estimate(samples: Sequence[Sample], name: str) -> Estimate | None:
    judged = [sample for sample in samples if getattr(sample.score, name) is not None]
    values, programs = [getattr(sample.score, name) for sample in judged], [sample.cluster for sample in judged]
    return estimate(values, programs) if judged else None


def survival(samples: Sequence[Sample]) -> dict[int, Estimate]:
    """Share of traces whose first k predicted frames are all right, for k = 1, 2, 4, ... up to the longest true trace.

    A shorter trace counts as right if all of it is: so the last share is about that of whole traces. What failed is wrong from the start.
    """
    programs = [sample.cluster for sample in samples]
    return {
        k: estimate([float(survives(sample, k)) for sample in samples], programs) for k in survival_lengths(samples)
    }


def survival_lengths(samples: Sequence[Sample]) -> list[int]:
    """1, 2, 4, ... up to the longest true trace."""
    longest = max((len(sample.actual) - 1 for sample in samples if sample.actual), default=0)
    return [1 << power for power in range(longest.bit_length())]


def survives(sample: Sample, k: int) -> bool:
    """Whether the first k frames after the entry's CALL are right."""
    return sample.predicted is not None and (sample.first is None or sample.first > k)


def _is_unexpected(sample: Sample) -> bool:
    if sample.expected is None or sample.actual is None:
        return False
    return not same_value(sample.expected, sample.actual.returned)  # an assert's 1 may be the run's True
