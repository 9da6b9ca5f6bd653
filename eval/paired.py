"""Two runs over the same suite, task by task: differences with intervals, and a test of whether one answers better.

Paired, because two models on the same programs agree on most of them: the interval of the difference is then far narrower than what the
intervals of the two numbers suggest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cwm_trace.errors import InputError
from cwm_trace.eval.folder import read_manifest
from cwm_trace.eval.intervals import Interval, bootstrap
from cwm_trace.eval.metrics import METRICS, OUTPUT_METRICS
from cwm_trace.eval.samples import Sample, read_samples


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in two runs: `a`, `b` in percent, `b` less `a` in points with its 95 % interval (bootstrap over programs)."""

    a: float
    b: float
    difference: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the tasks that both have.

    Attributes:
        names: the two models.
        suite: its name.
        n, of: tasks compared, tasks of the suite.
        metrics: differences by metric; one that no task can be judged by is left out.
        only_a, only_b: tasks whose output is right in one run only.
        p_value: of McNemar's exact test of these two counts (McNemar, 1947; two-sided binomial): how probable so uneven a split is if
            both runs are equally good.
    """

    names: tuple[str, str]
    suite: str
    n: int
    of: int
    metrics: dict[str, Difference]
    only_a: int
    only_b: int
    p_value: float


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p-value of a split of discordant pairs; 1.0 where there are none."""
    total, fewer = only_a + only_b, min(only_a, only_b)
    ways = sum(math.comb(total, count) for count in range(fewer + 1))
    return min(1.0, 2 * ways / (1 << total))


def compare_runs(first: Path, second: Path) -> Comparison:
    """Compare two run folders. Raises InputError if they are not of the same suite, or have no task in common."""
    manifests = [read_manifest(folder) for folder in (first, second)]
    if manifests[0]["sha256"] != manifests[1]["sha256"]:
        raise InputError(f"{first} and {second} are runs over different suites")
    if any(manifest["config"].get("teacher_forced") for manifest in manifests):
        raise InputError("only rollouts are compared, not teacher-forced runs")
    samples = [{sample.id: sample for sample in read_samples(folder)} for folder in (first, second)]
    pairs = [(samples[0][key], samples[1][key]) for key in samples[0] if key in samples[1]]
    if not pairs:
        raise InputError(f"{first} and {second} have no finished task in common")
    names = OUTPUT_METRICS if any(sample.is_answer for pair in pairs for sample in pair) else METRICS
    right = [(a.score.output_pass_at_1, b.score.output_pass_at_1) for a, b in pairs]
    only_a, only_b = (sum(one == pair for one in right) for pair in ((1.0, 0.0), (0.0, 1.0)))
    return Comparison(
        (manifests[0]["model"], manifests[1]["model"]),
        manifests[0]["suite"],
        len(pairs),
        manifests[0]["n"],
        {name: found for name in names if (found := _difference(pairs, name))},
        only_a,
        only_b,
        mcnemar(only_a, only_b),
    )


def _difference(pairs: Sequence[tuple[Sample, Sample]], name: str) -> Difference | None:
    judged = [pair for pair in pairs if all(getattr(sample.score, name) is not None for sample in pair)]
    if not judged:
        return None
    a, b = ([100 * getattr(pair[side].score, name) for pair in judged] for side in (0, 1))
    gains = [later - earlier for earlier, later in zip(a, b, strict=True)]
    programs = [sample.cluster for sample, _ in judged]
    return Difference(sum(a) / len(a), sum(b) / len(b), sum(gains) / len(gains), bootstrap(gains, programs))
