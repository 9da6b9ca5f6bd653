"""Two runs over the same tasks, one by one: differences with intervals, and a test of whether one answers better.

Paired, because two models on the same programs agree on most of them: the interval of the difference is then far narrower than what the
intervals of the two numbers suggest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cwm_trace.errors import InputError
from cwm_trace.eval.derived import QUESTIONS, answers
from cwm_trace.eval.folder import is_forced, read_lines, read_manifest, shown_name
from cwm_trace.eval.intervals import Interval, Ratio, bootstrap_difference, difference_interval, ratio
from cwm_trace.eval.metrics import METRICS, OUTPUT_METRICS
from cwm_trace.eval.results import survival_lengths, survives
from cwm_trace.eval.samples import Sample, read_sample
from cwm_trace.eval.teacher import TEACHER_METRICS, TeacherSample, read_teacher_sample
from cwm_trace.frames import Trace
from cwm_trace.prompts import Start, start_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in two runs: `a`, `b` in percent, `b` less `a` in points with its 95 % interval (bootstrap over programs).

    Bits are bits, not percent.
    """

    a: float
    b: float
    difference: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the tasks that both have.

    Attributes:
        names: the two models.
        suite: its name; the names of both where there are two.
        n, of: tasks compared, tasks of the suite; of two suites, tasks that are in both.
        left_out: of two suites, finished tasks of either run that the other run does not have: same id, program, call and input.
        metrics: differences by metric; one that no task can be judged by is left out.
        only_a, only_b: tasks that are right in one run only: their output, or, teacher-forced, their every frame (`tested`).
        p_value: how probable so uneven a split is if both runs are equally good, program by program (`sign_flips`); with one task a program
            that is McNemar's exact test of these two counts (McNemar, 1947; two-sided binomial).
        survival: differences of P(first k frames right), by k.
        derived: those of the questions of other benchmarks (`cwm_trace.eval.derived`).
        tested: the metric of `only_a`, `only_b` and `p_value`.
    """

    names: tuple[str, str]
    suite: str
    n: int
    of: int
    metrics: dict[str, Difference]
    only_a: int
    only_b: int
    p_value: float
    survival: dict[int, Difference] = field(default_factory=dict)
    derived: dict[str, Difference] = field(default_factory=dict)
    tested: str = "output_pass_at_1"
    left_out: tuple[int, int] = (0, 0)


def sign_flips(differences: Iterable[int]) -> float:
    """Two-sided exact p-value of a permutation test: how often the sum is as far from 0 if each difference is as likely to be its negative.

    A difference is that of a program, all its tasks together, as these are not independent (Good, Permutation Tests, 2000, the one-sample
    test). Where each is -1, 0 or 1 this is McNemar's exact test. 1.0 where all are 0.
    """
    found = [one for one in differences if one]
    ways = {0: 1}  # of each sum
    for size in map(abs, found):
        more: dict[int, int] = {}
        for place, count in ways.items():
            for moved in (place - size, place + size):
                more[moved] = more.get(moved, 0) + count
        ways = more
    total = abs(sum(found))
    return sum(count for place, count in ways.items() if abs(place) >= total) / (1 << len(found))


def compare_runs(first: str | Path, second: str | Path) -> Comparison:
    """Compare two run folders, of two suites by the tasks that are in both. Raises InputError if they are not of the same kind, or have no
    task in common."""
    first, second = Path(first), Path(second)
    manifests = [read_manifest(folder) for folder in (first, second)]
    forced = [is_forced(manifest) for manifest in manifests]
    if forced[0] != forced[1]:
        raise InputError("one of the runs is teacher-forced, the other is not")
    made = _teacher_forced(first, second) if forced[0] else _rollouts(first, second)
    names = shown_name(manifests[0]), shown_name(manifests[1])
    if names[0] == names[1]:
        names = f"{names[0]} in {first.name}", f"{names[1]} in {second.name}"
    suites = " and ".join(dict.fromkeys(str(manifest["suite"]) for manifest in manifests))
    if _same_suite(first, second):
        return Comparison(names, manifests[0]["suite"], of=manifests[0]["n"], **made)
    one, other = (len(read_lines(folder, _Known)) - made["n"] for folder in (first, second))
    return Comparison(names, suites, of=made["n"], left_out=(one, other), **made)


def _same_suite(first: Path, second: Path) -> bool:
    return bool(read_manifest(first)["sha256"] == read_manifest(second)["sha256"])


class _Known:
    def __init__(self, record: dict[str, Any]) -> None:
        self.id: str = record["id"]


class _Identified(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def program(self) -> str: ...
    @property
    def actual(self) -> Trace | None: ...


_Sample = TypeVar("_Sample", bound=_Identified)


def _pairs(first: Path, second: Path, read: Callable[[dict[str, Any]], _Sample]) -> list[tuple[_Sample, _Sample]]:
    """The samples of the tasks that both folders have."""
    samples = [{sample.id: sample for sample in read_lines(folder, read)} for folder in (first, second)]
    pairs = [(samples[0][key], samples[1][key]) for key in samples[0] if key in samples[1]]
    if not _same_suite(first, second):
        pairs = [(a, b) for a, b in pairs if _is_same_task(a, b)]
    if not pairs:
        raise InputError(f"{first} and {second} have no finished task in common")
    return pairs


def _is_same_task(a: _Sample, b: _Sample) -> bool:
    """Whether program, call and input are the same; of one that has no true trace it is not known."""
    if a.program != b.program or a.actual is None or b.actual is None:
        return False
    starts = {start for start in (_start(a), _start(b)) if start != Start()}
    return a.actual.context == b.actual.context and len(starts) < 2


def _start(sample: _Identified) -> Start:
    """What a script was started with, as its prediction says."""
    predicted: Trace | None = getattr(sample, "predicted", None)
    return start_of(predicted) if predicted else Start()


def _split(right: Iterable[tuple[str, bool, bool]]) -> dict[str, Any]:
    """What only one has right, and the test of it; of each task its program, and whether each has it right."""
    found = list(right)
    only_a, only_b = (sum(pair == wanted for _, *pair in found) for wanted in ([True, False], [False, True]))
    differences: dict[str, int] = {}
    for program, a, b in found:
        differences[program] = differences.get(program, 0) + b - a
    return {"n": len(found), "only_a": only_a, "only_b": only_b, "p_value": sign_flips(differences.values())}


def _difference(counts: Sequence[tuple[str, Ratio, Ratio]], scale: float = 100) -> Difference | None:
    """Of two ratios of sums, from each task's program and its two ratios; None where either has nothing below."""
    sums: dict[str, tuple[Ratio, Ratio]] = {}
    for program, a, b in counts:
        before = sums.get(program, ((0.0, 0.0), (0.0, 0.0)))
        sums[program] = _sum(before[0], a), _sum(before[1], b)
    sides = [[pair[side] for pair in sums.values()] for side in (0, 1)]
    if not all(any(below for _, below in side) for side in sides):
        return None
    first, second = (scale * ratio(side) for side in sides)
    low, high = (difference_interval if scale == 100 else _open_difference)(list(sums.values()))
    return Difference(first, second, second - first, Interval(scale * low, scale * high))


def _open_difference(clusters: Sequence[tuple[Ratio, Ratio]]) -> Interval:
    """Of what has no bounds."""
    return bootstrap_difference(clusters) if len(clusters) > 1 else Interval(-math.inf, math.inf)


def _sum(one: Ratio, other: Ratio) -> Ratio:
    return one[0] + other[0], one[1] + other[1]


def _found(made: dict[Any, Difference | None]) -> dict[Any, Difference]:
    return {name: item for name, item in made.items() if item is not None}


# --- rollouts ---------------------------------------------------------------------------------------------------------

Pairs = Sequence[tuple[Sample, Sample]]


def _rollouts(first: Path, second: Path) -> dict[str, Any]:
    pairs = _pairs(first, second, read_sample)
    made = _split((a.cluster, bool(a.score.output_pass_at_1), bool(b.score.output_pass_at_1)) for a, b in pairs)
    if any(sample.is_answer for pair in pairs for sample in pair):
        return made | {"metrics": _found({name: _metric(pairs, name) for name in OUTPUT_METRICS})}
    return made | {
        "metrics": _found({name: _metric(pairs, name) for name in METRICS}),
        "survival": _found({k: _survival(pairs, k) for k in survival_lengths([sample for sample, _ in pairs])}),
        "derived": _derived(pairs),
    }


def _metric(pairs: Pairs, name: str) -> Difference | None:
    values = [(a.cluster, getattr(a.score, name), getattr(b.score, name)) for a, b in pairs]
    return _difference([(program, (a, 1), (b, 1)) for program, a, b in values if a is not None and b is not None])


def _survival(pairs: Pairs, k: int) -> Difference | None:
    return _difference([(a.cluster, (float(survives(a, k)), 1), (float(survives(b, k)), 1)) for a, b in pairs])


def _derived(pairs: Pairs) -> dict[str, Difference]:
    judged = [
        (a.cluster, answers(a.predicted, a.actual), answers(b.predicted, b.actual))
        for a, b in pairs
        if a.actual and b.actual
    ]
    return _found({name: _difference([(program, a[name], b[name]) for program, a, b in judged]) for name in QUESTIONS})


# --- teacher-forced runs ----------------------------------------------------------------------------------------------

_OF_BOTH = ("bits",)
"""Metrics that a model which failed on a trace has no value of: only traces where both have one are compared by them."""


def _teacher_forced(first: Path, second: Path) -> dict[str, Any]:
    pairs = _pairs(first, second, read_teacher_sample)
    metrics = _found({name: _teacher_metric(pairs, name) for name in TEACHER_METRICS})
    return _split((a.cluster, _whole(a), _whole(b)) for a, b in pairs) | {"metrics": metrics, "tested": "whole_trace"}


def _whole(sample: TeacherSample) -> bool:
    return bool(sample.scores) and all(score.greedy for score in sample.scores)


def _teacher_metric(pairs: Sequence[tuple[TeacherSample, TeacherSample]], name: str) -> Difference | None:
    judged = [(a.cluster, _values(a, name), _values(b, name)) for a, b in pairs if a.scores and b.scores]
    needed = [item for item in judged if name not in _OF_BOTH or (item[1][1] and item[2][1])]
    return _difference(needed, 1 if name == "bits" else 100)


def _values(sample: TeacherSample, name: str) -> Ratio:
    values = list(TEACHER_METRICS[name][1](sample.scores))
    return sum(values), len(values)
