"""Teacher-forced evaluation: what a model thinks of every frame of the true trace, all frames before it being given.

One forward pass per trace: a frame is right if every token is the model's first choice, for then greedy decoding would have written it.
Definitions follow the shared vocabulary of next-token evaluation; "changed" is the format's: a value that is written out, not `".."`.
Says nothing of rollouts, where a model goes on from its own errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cwm_trace.eval.groups import Groups, breakdown
from cwm_trace.eval.intervals import Interval, bootstrap, estimate
from cwm_trace.eval.mistakes import MistakeCount
from cwm_trace.eval.tasks import Outcome, count_outcomes, failed_tasks, first_errors
from cwm_trace.eval.teacher_details import TEACHER_KINDS, UNCHANGED_BEGUN, count_forced_mistakes
from cwm_trace.files import trace_from_json, trace_to_json
from cwm_trace.format import UNCHANGED, render_frame
from cwm_trace.frames import Frame, Trace
from cwm_trace.models.base import FrameScore, PartScore
from cwm_trace.parts import Part, frame_parts


@dataclass(frozen=True, slots=True)
class TeacherSample:
    """One trace, scored.

    Attributes:
        id, program: of the task, and a hash of its program.
        outcome: OK, MODEL_ERROR (every frame counts as wrong) or TRUTH_FAILED (there are no frames to count).
        scores: one for each frame after the entry's CALL.
        seconds: of scoring.
        error: what went wrong.
        actual: the true trace, None where there is none.
        tags: those of the task.
    """

    id: str
    program: str
    outcome: Outcome
    scores: tuple[FrameScore, ...] = ()
    seconds: float = 0.0
    error: str = ""
    actual: Trace | None = None
    tags: tuple[str, ...] = ()

    @property
    def cluster(self) -> str:
        """What is drawn as a whole by a bootstrap."""
        return self.program

    def to_json(self) -> dict[str, Any]:
        """One line of `samples.jsonl`; a probability of zero, which JSON has no logarithm of, is null."""
        scores = [
            asdict(score) | {"logprob": score.logprob if math.isfinite(score.logprob) else None}
            for score in self.scores
        ]
        actual = self.actual and trace_to_json(self.actual)
        return asdict(replace(self, scores=(), actual=None)) | {"scores": scores, "actual": actual}


@dataclass(frozen=True, slots=True)
class TeacherResults:
    """A finished run: metrics (see `TEACHER_METRICS`; percent, but for bits) with 95 % intervals over programs.

    `breakdowns` are shares by kind and group, `mistakes` what is wrong first in a frame (both `cwm_trace.eval.teacher_details`),
    `errors` the first error of each outcome that is one.
    """

    model: str
    suite: str
    n: int
    of: int
    metrics: dict[str, float | None]
    intervals: dict[str, Interval | None]
    outcomes: dict[str, int]
    frames: int
    seconds: float
    breakdowns: dict[str, Groups] = field(default_factory=dict)
    mistakes: dict[str, MistakeCount] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    failed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class TeacherRun:
    """A run folder's contents: its manifest, its samples, and what they come to."""

    manifest: dict[str, Any]
    samples: tuple[TeacherSample, ...]
    results: TeacherResults


def all_wrong(actual: Trace) -> tuple[FrameScore, ...]:
    """What a model that failed is given; no probability, so that it has no bits."""
    scores = []
    for frame in actual.frames[1:]:
        assert isinstance(frame, Frame), "recorded traces have no malformed frames"
        text = render_frame(frame)
        parts = (PartScore(span.part, text[span.start : span.end], False) for span in frame_parts(frame))
        scores.append(FrameScore(-math.inf, 0, False, tuple(parts)))
    return tuple(scores)


def read_teacher_sample(record: dict[str, Any]) -> TeacherSample:
    """The inverse of `TeacherSample.to_json`."""
    scores = tuple(
        FrameScore(_logprob(score["logprob"]), score["tokens"], score["greedy"], tuple(map(_read_part, score["parts"])))
        for score in record.pop("scores")
    )
    actual = record.get("actual") and trace_from_json(record["actual"])
    read = {"outcome": Outcome(record["outcome"]), "scores": scores, "actual": actual}
    return TeacherSample(**record | read | {"tags": tuple(record.get("tags", ()))})


def _logprob(value: float | None) -> float:
    return -math.inf if value is None else value


def _read_part(record: dict[str, Any]) -> PartScore:
    return PartScore(**record | {"part": Part(record["part"])})


# --- metrics ----------------------------------------------------------------------------------------------------------

Values = Iterator[float]


def _frames(scores: Sequence[FrameScore]) -> Values:
    """Frames whose every token is the first choice."""
    yield from (float(score.greedy) for score in scores)


def _whole(scores: Sequence[FrameScore]) -> Values:
    """Traces whose every frame is right: greedy decoding writes them whole."""
    yield float(all(score.greedy for score in scores))


def _of(part: Part) -> Callable[[Sequence[FrameScore]], Values]:
    return lambda scores: (float(item.greedy) for score in scores for item in score.parts if item.part is part)


def _locals(scores: Sequence[FrameScore]) -> Iterator[PartScore]:
    return (item for score in scores for item in score.parts if item.part is Part.LOCAL)


def _changed_recall(scores: Sequence[FrameScore]) -> Values:
    """Of the values that are written out, those that the model would write."""
    yield from (float(item.greedy) for item in _locals(scores) if item.text != UNCHANGED)


def _changed_precision(scores: Sequence[FrameScore]) -> Values:
    """Of the values that the model would write out, those that are right."""
    for item in _locals(scores):
        changed = item.text != UNCHANGED
        if changed if item.greedy else not item.instead.startswith(UNCHANGED_BEGUN):
            yield float(changed and item.greedy)


def _bits(scores: Sequence[FrameScore]) -> Values:
    """Bits of information that a frame still holds for the model: -log2 of its probability."""
    yield from (-score.logprob / math.log(2) for score in scores if score.tokens)


TEACHER_METRICS: dict[str, tuple[str, Callable[[Sequence[FrameScore]], Values]]] = {
    "next_frame": ("next frame exact", _frames),
    "event": ("event", _of(Part.EVENT)),
    "action": ("source line", _of(Part.ACTION)),
    "state": ("locals of a frame", _of(Part.STATE)),
    "changed_recall": ("changed variables, recall", _changed_recall),
    "changed_precision": ("changed variables, precision", _changed_precision),
    "value": ("returned or raised value", _of(Part.VALUE)),
    "whole_trace": ("whole trace exact", _whole),
    "bits": ("bits per frame", _bits),
}
"""Name, title, and the values (0 or 1, or bits) of a trace; the metric is their mean over all traces."""


def summarise_teacher_forced(model: str, suite: str, samples: Sequence[TeacherSample], of: int) -> TeacherResults:
    """Metrics over all frames of all samples, of a suite of `of` tasks."""
    scored = [sample for sample in samples if sample.scores]
    metrics: dict[str, float | None] = {}
    intervals: dict[str, Interval | None] = {}
    for name, (_, values_of) in TEACHER_METRICS.items():
        pairs = [(value, sample.program) for sample in scored for value in values_of(sample.scores)]
        values, programs = [value for value, _ in pairs], [program for _, program in pairs]
        metrics[name], intervals[name] = _metric(values, programs, bits=name == "bits") if values else (None, None)
    frames = sum(len(sample.scores) for sample in samples)
    seconds = sum(sample.seconds for sample in samples)
    return TeacherResults(
        model,
        suite,
        len(samples),
        of,
        metrics,
        intervals,
        count_outcomes(samples),
        frames,
        seconds,
        breakdown(TEACHER_KINDS, samples),
        count_forced_mistakes(samples),
        first_errors(samples),
        failed_tasks(samples),
    )


def _metric(values: Sequence[float], programs: Sequence[str], *, bits: bool) -> tuple[float, Interval]:
    if bits:
        alone = len(set(programs)) == 1  # one program says nothing of others
        return sum(values) / len(values), Interval(0, math.inf) if alone else bootstrap(values, programs)
    found = estimate(values, programs)
    return found.value, Interval(found.low, found.high)
