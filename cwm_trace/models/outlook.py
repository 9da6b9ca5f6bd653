"""What the next frame of a trace is, by answers to what it is at: the way that a test leads, the next item of a loop, what a line gives.

Knows what a trace is at (`models.at_work`), and who to ask; no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cwm_trace.models.at_work import AtWork
from cwm_trace.models.comprehensions import Drawing, gathered, holding, made_of
from cwm_trace.models.loops import Loop, turn_of
from cwm_trace.models.outcomes import Answers, outcome_of
from cwm_trace.models.questions import Way


class Outlook(NamedTuple):
    """What is known of the next frame.

    Attributes:
        way: if it is a LINE or a RETURN, which; None: unknown.
        bound: values of variables, by their names, if it is a LINE of the same Python frame.
        returned: the value of a RETURN; None: unknown.
    """

    way: Way | None
    bound: Mapping[str, str]
    returned: str | None = None


def behind_test(at_work: AtWork, answers: Answers) -> Outlook | None:
    """Behind a test of values alone; None where there is none."""
    question = at_work.question()
    if question is None:
        return None
    return Outlook(question.yes if question.condition.holds(answers.holds) else question.no, {})


def outlook_of(at_work: AtWork, answers: Answers) -> Outlook | None:
    """Behind all else; None where nothing is known."""
    if loop := at_work.loop():
        return _turned(at_work, loop, answers)
    if drawing := at_work.drawing():
        return _drawn(drawing, answers)
    if inner := at_work.inner():
        return Outlook(inner.way, {}, made_of(inner.line, {}, answers.value))
    running = at_work.running()
    outcome = outcome_of(running, answers) if running else None
    return None if outcome is None else Outlook(None, *outcome)


def _turned(at_work: AtWork, loop: Loop, answers: Answers) -> Outlook | None:
    """Of a loop, or of a comprehension with what it has gathered."""
    gathering = at_work.gathering()
    returned = gathered(gathering, answers.holds, answers.value) if gathering else None
    turn = turn_of(loop, answers.holds, answers.value)
    if turn is None:
        return None if returned is None else Outlook(None, {}, returned)
    return Outlook(loop.way if turn else loop.behind, turn, returned)


def _drawn(drawing: Drawing, answers: Answers) -> Outlook | None:
    """Of a generator expression: a LINE shows the item that was passed over, a RETURN what comes of one, or None at the end."""
    loop = drawing.loop
    turn = turn_of(loop, answers.holds, answers.value)
    if turn is None:
        return None
    if not turn:
        return Outlook(loop.behind, {}, "None")
    holds = holding(drawing.tests, turn, answers.holds)
    if holds is None:
        return None
    return Outlook(loop.behind, {}, made_of(drawing.element, turn, answers.value)) if holds else Outlook(loop.way, turn)
