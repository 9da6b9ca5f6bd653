"""Baselines beside teacher-forced runs: what `copy-input`, `no-change` and `oracle` would write as the next frame, compared part by part.

They write whole traces by a rule, whatever frames came before, and have no probabilities: their frame n is what they answer after n true
ones, and they have no bits. A part is right if their frame has the same text in its place.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cwm_trace.eval.baselines import FOLDER, baseline_folders, known_ids, known_truth
from cwm_trace.eval.suites import Suite
from cwm_trace.eval.teacher import TeacherRun, TeacherSample
from cwm_trace.eval.teacher_runs import finish_teacher_forced, load_teacher_run
from cwm_trace.format import UNCHANGED, render_frame
from cwm_trace.frames import Frame, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, PartScore, Rollout
from cwm_trace.parts import Part, frame_parts


class Writer(Protocol):
    """A model that has the whole trace at once."""

    @property
    def name(self) -> str: ...
    def write(self, prompt: Trace) -> Trace: ...
    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout: ...


@dataclass(frozen=True, slots=True)
class Forced:
    """A baseline as a model that scores given frames."""

    baseline: Writer

    @property
    def name(self) -> str:
        """That of the baseline."""
        return self.baseline.name

    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout:
        """That of the baseline."""
        return self.baseline.rollout(prompt, decoding)

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """The frames that it writes against those of the trace."""
        written = self.baseline.write(Trace(trace.context, trace.frames[:given], False)).frames
        return tuple(
            _score(step, written[number] if number < len(written) else None)
            for number, step in enumerate(trace.frames)
            if number >= given
        )


def run_teacher_baselines(
    baselines: Iterable[Writer], suite: Suite, samples: Sequence[TeacherSample], out: Path, *, limit: int | None = None
) -> list[TeacherRun]:
    """Run baselines beside a run with these samples, as `cwm_trace.eval.baselines.run_baselines`. Raises InputError."""
    truth, also, beside = known_truth(samples), known_ids(samples), out / FOLDER
    return [
        finish_teacher_forced(Forced(item), suite, beside / item.name, limit=limit, resume=True, truth=truth, also=also)
        for item in baselines
    ]


def load_teacher_baselines(out: Path, but: Collection[str] = ()) -> list[TeacherRun]:
    """The baselines that a run folder has, without these. Raises InputError."""
    return [load_teacher_run(folder) for folder in baseline_folders(out, but)]


def _score(truth: Step, guess: Step | None) -> FrameScore:
    assert isinstance(truth, Frame), "recorded traces have no malformed frames"
    found = _parts(guess) if isinstance(guess, Frame) else {}
    parts = tuple(_part(key[0], text, found.get(key)) for key, text in _parts(truth).items())
    return FrameScore(-math.inf, 0, guess is not None and render_frame(guess) == render_frame(truth), parts)


def _part(part: Part, true: str, guess: str | None) -> PartScore:
    if guess is None:  # a local that is not there at all is not written out
        guess, right = UNCHANGED if part is Part.LOCAL else "", False
    else:
        right = guess == true
    return PartScore(part, true, right, "" if right else guess)


def _parts(frame: Frame) -> dict[tuple[Part, str], str]:
    """The texts of a frame's parts; those of locals under their names."""
    text, names = render_frame(frame), iter(frame.shown)
    return {
        (span.part, next(names) if span.part is Part.LOCAL else ""): text[span.start : span.end]
        for span in frame_parts(frame)
    }
