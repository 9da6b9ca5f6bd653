"""What exactly was wrong at the first divergence: finer kinds than `Cause`, each with examples.

Knows two traces and where they part; later errors mostly follow from the first and are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cwm_trace.eval.compare import Cause
from cwm_trace.eval.intervals import Estimate, estimate
from cwm_trace.eval.samples import Sample
from cwm_trace.format import render_locals
from cwm_trace.frames import Event, Frame, MalformedFrame, Step

EXAMPLES = 5
_LONGEST = 400


class Mistake(StrEnum):
    """A kind of first error; each belongs to one `Cause`, but for `NOT_SCORED`, which has no frames to judge."""

    FORMAT = "breaks the format"
    CUT_OFF = "cut off at a limit, right so far"
    STOPS_EARLY = "ends before the program does"
    GOES_ON = "goes on after the program's end"
    CALL_MISSED = "steps over a call"
    CALL_INVENTED = "steps into a call that is not made"
    LEAVES_EARLY = "returns where a line follows"
    LEAVES_LATE = "goes on where the function returns"
    WRONG_LINE = "goes to another line"
    EXCEPTION_MISSED = "misses an exception"
    EXCEPTION_INVENTED = "raises where nothing is raised"
    WRONG_EXCEPTION = "another exception"
    WRONG_RESULT = "wrong returned value"
    NAMES = "other names of locals"
    CHANGE_MISSED = "leaves a local as it was"
    CHANGE_INVENTED = "changes a local that stays"
    WRONG_VALUE = "wrong new value of a local"
    SPELLING = "right locals, shown otherwise"
    NOT_SCORED = "not scored: the model failed, or the trace is longer than its window"  # teacher-forced only


@dataclass(frozen=True, slots=True)
class Example:
    """The first divergence of one task: its index, and the two frames in one line each ("" where a trace has ended)."""

    id: str
    frame: int
    predicted: str
    actual: str


@dataclass(frozen=True, slots=True)
class MistakeCount:
    """One kind of mistake: its share of all tasks in percent, with interval, and the first few examples."""

    count: int
    share: Estimate
    examples: tuple[Example, ...]


def count_mistakes(samples: Sequence[Sample]) -> dict[str, MistakeCount]:
    """Kinds of first errors, the most frequent first."""
    found: dict[Mistake, list[Sample]] = {}
    for sample in samples:
        kind = mistake(sample)
        if kind is not None:
            found.setdefault(kind, []).append(sample)
    programs = [sample.cluster for sample in samples]
    counts = {}
    for kind, members in sorted(found.items(), key=lambda item: -len(item[1])):
        ids = {sample.id for sample in members}
        share = estimate([float(sample.id in ids) for sample in samples], programs)
        counts[kind.value] = MistakeCount(len(members), share, tuple(map(_example, members[:EXAMPLES])))
    return counts


def mistake(sample: Sample) -> Mistake | None:
    """What was wrong first; None if nothing was, or nothing was predicted."""
    simple = {
        Cause.FORMAT: Mistake.FORMAT,
        Cause.TRUNCATED: Mistake.CUT_OFF,
        Cause.MISSING: Mistake.STOPS_EARLY,
        Cause.EXTRA: Mistake.GOES_ON,
    }
    if sample.cause is None or sample.cause in simple:
        return simple[sample.cause] if sample.cause else None
    guess, truth = divergent_frames(sample)
    assert guess is not None and truth is not None, "the other causes are those of two frames"
    if guess.event is truth.event and sample.cause is not Cause.CONTROL_FLOW:
        return Mistake.WRONG_EXCEPTION if sample.cause is Cause.EXCEPTION else _values(guess, truth)
    return wrong_event(guess.event, truth.event)


def divergent_frames(sample: Sample) -> tuple[Step | None, Step | None]:
    """The predicted and the true frame at the first divergence, None where a trace has ended."""
    if sample.first is None or sample.predicted is None or sample.actual is None:
        return None, None
    predicted, actual = (
        list(trace.frames[sample.first : sample.first + 1]) for trace in (sample.predicted, sample.actual)
    )
    return (predicted[0] if predicted else None), (actual[0] if actual else None)


def wrong_event(guess: Event | None, truth: Event | None) -> Mistake:
    """What it means that one event is in another's place; the same event is then on another line."""
    if guess is truth:
        return Mistake.WRONG_LINE
    if truth is Event.EXCEPTION:
        return Mistake.EXCEPTION_MISSED
    if guess is Event.EXCEPTION:
        return Mistake.EXCEPTION_INVENTED
    if Event.CALL in (guess, truth):
        return Mistake.CALL_INVENTED if guess is Event.CALL else Mistake.CALL_MISSED
    return Mistake.LEAVES_EARLY if guess is Event.RETURN else Mistake.LEAVES_LATE


def _values(guess: Step, truth: Step) -> Mistake:
    if not (truth.event and truth.event.observes_locals):
        return Mistake.WRONG_RESULT
    if set(guess.locals) != set(truth.locals):
        return Mistake.NAMES
    wrong = [name for name, value in truth.locals.items() if guess.locals[name] != value]
    if not wrong:
        return Mistake.SPELLING
    if any(name in guess.unchanged for name in wrong):
        return Mistake.CHANGE_MISSED
    return Mistake.CHANGE_INVENTED if all(name in truth.unchanged for name in wrong) else Mistake.WRONG_VALUE


def _example(sample: Sample) -> Example:
    guess, truth = divergent_frames(sample)
    return Example(sample.id, sample.first or 0, one_line(guess), one_line(truth))


def one_line(step: Step | None) -> str:
    """A frame in one line: event, source line, what it shows; long ones are cut."""
    if isinstance(step, Frame):
        shown = render_locals(step.shown) if step.event.observes_locals else step.value
        text = f"{step.event} {step.source.strip()} │ {shown}"
    else:
        text = f"malformed: {step.raw!r}" if isinstance(step, MalformedFrame) else ""
    return shortened(text)


def shortened(text: str) -> str:
    """As much of a text as an example shows."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
