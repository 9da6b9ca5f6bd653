"""Lays a predicted trace beside the true one, frame by frame, and finds where they part.

Frames are aligned by position. Knows nothing of how either came to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cwm_trace.edge import need_traces
from cwm_trace.errors import InputError
from cwm_trace.frames import Event, MalformedFrame, Status, Step, Trace


class Cause(StrEnum):
    """Why two traces part at their first divergence."""

    FORMAT = "format"  # the predicted frame breaks the format
    CONTROL_FLOW = "control flow"  # another event or another source line
    EXCEPTION = "exception"  # one raises where the other does not, or another exception
    VALUE = "value"  # right place, wrong locals or wrong returned value
    TRUNCATED = "truncated"  # the prediction was stopped at a limit, all right so far
    MISSING = "missing"  # the prediction ends, the program went on
    EXTRA = "extra"  # the prediction goes on, the program had ended


CUT_OFF = (Status.FRAME_LIMIT, Status.TOKEN_LIMIT, Status.TIME_LIMIT, Status.SIZE_LIMIT, Status.INTERRUPTED)
"""A prediction that ends so was stopped by what ran the model, not by the model."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One position: is the whole frame right, is it the right event on the right line, is what it shows right."""

    exact: bool
    control_flow: bool
    values: bool


@dataclass(frozen=True, slots=True, repr=False)
class Diff:
    """The comparison of a predicted with a true trace; true if they differ.

    Attributes:
        verdicts: one for each compared position, the longer trace deciding their number.
        given: frames at the start that were not predicted and are not compared.
        total: number of true frames that are compared.
        first: index (in the whole traces) of the first divergence, None if there is none.
        cause: why, None if there is none.
        return_equal: whether both end in the same way, with the same rendered value.
    """

    verdicts: tuple[Verdict, ...]
    given: int
    total: int
    first: int | None
    cause: Cause | None
    return_equal: bool

    def __bool__(self) -> bool:
        return self.first is not None

    def __repr__(self) -> str:
        where = f"frame {self.first}: {self.cause}" if self else "none"
        return f"<Diff {self.frames_exact} of {self.total} frames exact, first divergence {where}>"

    @property
    def frames_exact(self) -> int:
        """Positions where the whole frame is right."""
        return sum(verdict.exact for verdict in self.verdicts)

    @property
    def control_flow(self) -> int:
        """Positions with the right event and source line."""
        return sum(verdict.control_flow for verdict in self.verdicts)

    @property
    def values(self) -> int:
        """Positions with the right event and line, and the right values, too."""
        return sum(verdict.values for verdict in self.verdicts)


def same_place(predicted: Step, actual: Step) -> bool:
    """Same event, same source line (and same line number where both know it)."""
    if predicted.event is None or predicted.event is not actual.event or predicted.source != actual.source:
        return False
    return predicted.line_number is None or actual.line_number is None or predicted.line_number == actual.line_number


def verdict(predicted: Step | None, actual: Step | None) -> Verdict:
    """Compare the frames of one position; None where a trace has ended."""
    if predicted is None or actual is None or not same_place(predicted, actual):
        return Verdict(False, False, False)
    values = list(predicted.locals.items()) == list(actual.locals.items()) and predicted.value == actual.value
    return Verdict(values and predicted.unchanged == actual.unchanged, True, values)


def _at(trace: Trace, index: int) -> Step | None:
    return trace.frames[index] if index < len(trace.frames) else None


def _cause(predicted: Trace, actual: Trace, index: int) -> Cause:
    guess, truth = _at(predicted, index), _at(actual, index)
    if guess is None:
        return Cause.TRUNCATED if predicted.status in CUT_OFF else Cause.MISSING
    if isinstance(guess, MalformedFrame):
        unfinished = not guess.terminated and predicted.status in CUT_OFF
        return Cause.TRUNCATED if unfinished else Cause.FORMAT
    if truth is None:
        return Cause.EXTRA
    if (guess.event is Event.EXCEPTION) or (truth.event is Event.EXCEPTION):
        return Cause.EXCEPTION
    return Cause.VALUE if same_place(guess, truth) else Cause.CONTROL_FLOW


def _ends_elsewhere(predicted: Trace, actual: Trace) -> bool:
    """Whether equal frames are followed by an end in one trace only."""
    if actual.complete:
        return not predicted.complete
    return predicted.complete and len(predicted) <= len(actual)


def same_ending(predicted: Trace, actual: Trace) -> bool:
    """Both complete, both returned or both raised, with equal rendered values."""
    if not (predicted.complete and actual.complete):
        return False
    return (predicted.returned, predicted.raised) == (actual.returned, actual.raised)


def diff(predicted: Trace, actual: Trace, given: int = 1) -> Diff:
    """Compare two traces. `given` frames at the start were given to the model and are left out.

    Where the true trace is itself cut off (not complete), what is predicted after its end is not judged. Raises InputError.
    """
    need_traces(predicted=predicted, actual=actual)
    if given < 0:
        raise InputError(f"{given} frames cannot have been given", hint="Give 0 or more")
    if given > len(actual):
        raise InputError(f"{given} frames cannot have been given of a true trace that has {len(actual)}")
    length = max(len(predicted), len(actual)) if actual.complete else len(actual)
    verdicts = tuple(verdict(_at(predicted, n), _at(actual, n)) for n in range(given, length))
    first = next((given + n for n, item in enumerate(verdicts) if not item.exact), None)
    if first is None and _ends_elsewhere(predicted, actual):
        first = length
    cause = None if first is None else _cause(predicted, actual, first)
    total = max(len(actual) - given, 0)
    return Diff(verdicts, given, total, first, cause, same_ending(predicted, actual))
