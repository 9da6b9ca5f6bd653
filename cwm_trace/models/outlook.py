"""What the next frame of a trace is, by answers to what it is at: the way that a test leads, the next item of a loop, what a line gives, or
hands to a function.

Knows what a trace is at (`models.at_work`), and who to ask; no model.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cwm_trace.format import escape_source
from cwm_trace.frames import Event
from cwm_trace.models.answers import Answer, with_answer
from cwm_trace.models.at_work import AtWork, GoingOn, Running, Short, Yielding
from cwm_trace.models.calls import OWN, TAKE_ALL, Handed, first_call, has_calls, next_call, taken_first
from cwm_trace.models.comprehensions import Drawing, gathered, holding, made_of
from cwm_trace.models.inline import filled
from cwm_trace.models.items import shares_of
from cwm_trace.models.keyed import asked_next, asks_lambda, loop_without_lambda, without_lambda
from cwm_trace.models.loops import Loop, targets_of, turn_of
from cwm_trace.models.machine.following import Foretold
from cwm_trace.models.nested import Nested, next_turn, resumed
from cwm_trace.models.operations import CACHED, truth_of, worked
from cwm_trace.models.outcomes import Answers, Value, is_done, outcome_of, raised_by
from cwm_trace.models.questions import Way, is_closed
from cwm_trace.models.scopes import Yields
from cwm_trace.models.statements import ITERATOR, statement_of

_RAISES = frozenset({Event.EXCEPTION})
_ANYTHING = frozenset({Event.CALL, Event.EXCEPTION})


class Outlook(NamedTuple):
    """What is known of the next frame.

    Attributes:
        way: if it is a LINE or a RETURN, which; of a CALL or an EXCEPTION, that it is one; None: unknown.
        bound: values of variables, by their names, if it is a LINE of the same Python frame.
        returned: the value of a RETURN, or of an EXCEPTION where it is one; None: unknown.
        handed: values of parameters, by their names, of the CALL.
        shows_all: whether that is all that it shows, in order.
        unbound: variables that the LINE does not show.
        besides: what may come in place of all that, of calls and exceptions.
        locals: all that the CALL or the LINE shows, in order; None: that value is unknown.
        goes_on: whether it is sure that there is a frame; `ends`: that there is none.
    """

    way: Way | None
    bound: Mapping[str, str]
    returned: str | None = None
    handed: Mapping[str, str] = {}
    shows_all: bool = False
    unbound: frozenset[str] = frozenset()
    besides: frozenset[Event] = frozenset()
    locals: Mapping[str, str | None] | None = None
    goes_on: bool = False
    ends: bool = False

    @property
    def excluded(self) -> frozenset[Event]:
        """The calls and exceptions that cannot come."""
        own = frozenset() if self.way is None else frozenset({self.way.event})
        return _ANYTHING - self.besides - own


def of_foretold(told: Foretold) -> Outlook:
    """Of a frame that was foretold by following the program."""
    shown = {name: value for name, value in told.locals.items() if value is not None}
    way = Way(told.event, escape_source(told.line))
    besides = _RAISES if told.may_raise else frozenset()
    if not told.event.observes_locals:
        return Outlook(way, {}, told.value, besides=besides, goes_on=True)
    if told.event is Event.CALL:
        return Outlook(way, {}, None, shown, besides=besides, locals=told.locals, goes_on=True)
    return Outlook(way, shown, besides=besides, locals=told.locals, goes_on=True)


def raising(at_work: AtWork, value: str | None) -> Outlook:
    """An exception in the line that runs; None: which is unknown."""
    return Outlook(at_work.raised(), {}, value)


def behind_test(at_work: AtWork, answers: Answers) -> Outlook | None:
    """Behind a test of values alone; None where there is none."""
    question = at_work.question()
    if question is None:
        return None
    besides = _ANYTHING if at_work.may_draw else _RAISES
    return Outlook(question.yes if question.condition.holds(answers.holds) else question.no, {}, besides=besides)


def outlook_of(at_work: AtWork, answers: Answers) -> Outlook | None:
    """Behind all else; None where nothing is known."""
    if (handed := _call(at_work, answers) or _call_for_item(at_work, answers)) is not None:
        return _calling(at_work, handed)
    if at_work.functions.generators and (yielding := at_work.yielding()) is not None:
        if (found := _yielded(at_work, yielding)) is not None or yielding.ways is not None:
            return found
    if (going_on := at_work.going_on()) is not None:
        return _goes_on(at_work, going_on, answers)
    if defined := at_work.defined() or at_work.caught():
        return Outlook(None, defined)
    if short := at_work.short():
        return _shortly(short, answers)
    if nested := at_work.nested():
        return _nested(nested, answers)
    if loop := at_work.loop():
        return _turned(at_work, loop, answers)
    if drawing := at_work.drawing():
        return _drawn(at_work, drawing, answers)
    if inner := at_work.inner():
        made = made_of(inner.line, {}, answers.value)
        return Outlook(inner.way, {}, made, besides=_ANYTHING if made is None else frozenset())
    running = at_work.running()
    if running and (raised := raised_by(running, answers)) is not None:
        return raising(at_work, raised) if raised else Outlook(None, {})
    outcome = outcome_of(running, answers) if running else None
    back = at_work.handed_back() if running else {}
    if outcome is None:
        alone = running is not None and isinstance(statement_of(running.source), ast.Expr)
        besides = frozenset() if running is not None and is_done(running) and not at_work.may_draw else _ANYTHING
        return Outlook(None, back, besides=besides) if alone and (back or not besides) else None
    is_open = (
        outcome.is_partial
        or at_work.may_draw
        or not (outcome.bound or outcome.returned or at_work.functions.sets_plainly)
    )
    if at_work.may_close and running is not None and isinstance(statement_of(running.source), (ast.Break, ast.Return)):
        is_open = True
    besides = _ANYTHING if is_open else frozenset()
    if not outcome.is_partial and not back:
        back = at_work.unchanged(outcome.bound)
    if outcome.returned is not None and running is not None and isinstance(statement_of(running.source), ast.Expr):
        return Outlook(at_work.pauses(), {}, outcome.returned, besides=besides)
    return Outlook(None, {**back, **outcome.bound}, outcome.returned, besides=besides)


def _call(at_work: AtWork, answers: Answers) -> Handed | None:
    """The call in a line that is next."""
    calling, functions = at_work.calling(), at_work.functions
    if calling is None:
        return None
    if asks_lambda(calling.spelled):
        if (handed := asked_next(calling.spelled, calling.names, calling.told, answers.value)) is not None:
            return functions.about(calling.function, *handed.values.values()) if calling.function else handed
        plain = without_lambda(Running(calling.spelled, calling.line, calling.names, calling.told), answers.value)
        if plain is None:
            return None
        calling = calling._replace(line=plain.line)
    if not has_calls(calling.line, functions, calling.names):
        return None
    line, left = _left_to_do(calling.line, calling.answers, answers.value)
    return None if left else next_call(line, functions, calling.names, calling.source, calling.ended)


def _turn_of(loop: Loop, answers: Answers) -> Mapping[str, str] | None:
    """What the next item binds; nothing where there is none; None: unknown."""
    plain = loop_without_lambda(loop, answers.value) if "lambda" in loop.source else loop
    return None if plain is None else turn_of(plain, answers.holds, answers.value)


def _call_for_item(at_work: AtWork, answers: Answers) -> Handed | None:
    """The same, in a comprehension or a generator expression."""
    calling, functions = at_work.calling_item(), at_work.functions
    if calling is None:
        return None
    drawing, names, returned, written = calling
    left: Sequence[Answer] = returned
    if not any(has_calls(text, functions, names) for text in (*drawing.tests, *drawing.element)):
        return None
    if not (turn := _turn_of(drawing.loop, answers)):
        return None
    for number, text in enumerate((*drawing.tests, *drawing.element)):
        line, left = _left_to_do(filled(text, turn.get), left, answers.value)
        if not left and (handed := next_call(line, functions, {**names, **turn}, written[number])) is not None:
            return handed
        if number < len(drawing.tests) and not holding((line,), turn, answers.holds):
            return None
    return None


def _left_to_do(line: str, returned: Sequence[Answer], value: Value) -> tuple[str, Sequence[Answer]]:
    """A line without what has been done of it, and what has returned and is not found in it: of `f(x) if g(x) else f(y)` it is known only behind
    `g(x)` which call of `f` there was."""
    line = worked(line, value)
    while returned and (next_line := with_answer(line, returned[0])) is not None:
        line, returned = worked(next_line, value), returned[1:]
    if line.startswith(CACHED):  # an expression alone, which nothing else is done with
        line = value(line) or line
    return line, returned


def _yielded(at_work: AtWork, yielding: Yielding) -> Outlook | None:
    """The CALL of a generator that is asked for an item, or of a loop what it has given; None where it is not at work, or that is unknown."""
    generator = yielding.generator
    if yielding.ways is None:
        first = taken_first(yielding.text, at_work.functions, yielding.names)
        if first is None or (generator is not None and generator.ended):
            return None
        return _calling(at_work, first) if generator is None else _resumed(generator)
    if generator is None or (generator.ended and not generator.is_new):
        first = first_call(yielding.text, at_work.functions, yielding.names)
        return None if first is None else _calling(at_work, first)
    if not generator.is_new:
        return _resumed(generator)
    if generator.ended:
        return Outlook(yielding.ways[1], {})
    bound = shares_of(yielding.target, generator.items[-1]) if yielding.target is not None else {}
    if isinstance(yielding.target, ast.Name):
        bound = {yielding.target.id: generator.items[-1]}
    return Outlook(yielding.ways[0], bound)


def _calling(at_work: AtWork, handed: Handed) -> Outlook:
    return Outlook(at_work.called(handed.number), {}, None, handed.values)


def _resumed(generator: Yields) -> Outlook:
    """Its CALL behind an item."""
    return Outlook(
        Way(Event.CALL, escape_source(generator.line.rstrip("\r\n"))), {}, None, generator.names, shows_all=True
    )


def _goes_on(at_work: AtWork, going_on: GoingOn, answers: Answers) -> Outlook | None:
    """The CALL of a generator expression that is asked for another item, or closed, with the variables that it had; None where it may not be."""
    truth = truth_of(going_on.given)
    known = going_on.taker in TAKE_ALL or (
        going_on.taker in ("any", "all") and truth is not None
    )  # else it is asked, or closed
    if not known:
        return None
    if going_on.nested is None:
        turn = _turn_of(going_on.loop, answers)
    else:
        turn = resumed(going_on.nested, answers.holds, answers.value)
    if not turn:
        return None
    first = {name: value for name, value in going_on.names.items() if name == ITERATOR}
    return Outlook(at_work.called(OWN), {}, None, {**first, **turn, **going_on.names, **turn}, shows_all=True)


def _shortly(short: Short, answers: Answers) -> Outlook | None:
    """Behind an `if` of one line."""
    if not short.condition.holds(answers.holds):
        return Outlook(short.no, {}, besides=_RAISES)
    outcome = outcome_of(short.body, answers)
    if outcome is None:
        leads = short.body.source in ("pass", "break", "continue", "return")
        return Outlook(short.yes, {}, besides=_RAISES) if leads else None
    return Outlook(short.yes, outcome.bound, outcome.returned, besides=_ANYTHING if outcome.is_partial else _RAISES)


def _turned(at_work: AtWork, loop: Loop, answers: Answers) -> Outlook | None:
    """Of a loop, or of a comprehension with what it has gathered."""
    gathering = at_work.gathering()
    returned = gathered(gathering, answers.holds, answers.value) if gathering else None
    turn = _turn_of(loop, answers)
    if turn is None:
        return None if returned is None else Outlook(None, {}, returned, besides=_ANYTHING)
    if not turn and loop.body:  # nothing is bound
        same = {name: loop.names[name] for name in targets_of(loop.header) if name in loop.names}
        never = frozenset(targets_of(loop.header)) - loop.names.keys()
        return Outlook(loop.behind, {**at_work.unchanged(same), **same}, returned, unbound=never)
    if loop.body:
        return Outlook(loop.way, {**at_work.unchanged(turn), **turn})
    if not turn and returned is None:
        returned = at_work.empty()
    # A comprehension's LINE shows the item of which something has come.
    besides = _besides_item(at_work, turn, answers) if turn and not loop.body else frozenset()
    return Outlook(loop.way if turn else loop.behind, turn, returned, besides=besides)


def _nested(nested: Nested, answers: Answers) -> Outlook | None:
    turn = next_turn(nested, answers.holds, answers.value)
    if turn is None:
        return None
    return Outlook(nested.way if turn.made is None else nested.behind, turn.bound, turn.made, besides=_RAISES)


def _besides_item(at_work: AtWork, turn: Mapping[str, str], answers: Answers) -> frozenset[Event]:
    """What may come in place of what comes of a comprehension's item."""
    calling = at_work.calling_item()
    if calling is None:
        return _ANYTHING
    left: Sequence[Answer] = calling.answers
    tests = len(calling.drawing.tests)
    for number, part in enumerate((*calling.drawing.tests, *calling.drawing.element)):
        line, left = _left_to_do(filled(part, turn.get), left, answers.value)
        statement = statement_of(line)
        if not isinstance(statement, ast.Expr) or not is_closed(statement.value):
            return _ANYTHING
        if number < tests and (passes := holding((line,), {}, answers.holds)) is not True:
            return _ANYTHING if passes is None else _RAISES
    return _RAISES


def _drawn(at_work: AtWork, drawing: Drawing, answers: Answers) -> Outlook | None:
    """Of a generator expression: a LINE shows the item that was passed over, a RETURN what comes of one, or None at the end."""
    loop = drawing.loop
    turn = _turn_of(loop, answers)
    if turn is None:
        return None
    if not turn:
        return Outlook(loop.behind, {}, "None")
    holds = holding(drawing.tests, turn, answers.holds)
    if holds is None:
        return None
    if not holds:
        return Outlook(loop.way, turn)
    made = made_of(drawing.element[0], turn, answers.value)
    besides = frozenset() if made is not None else _besides_item(at_work, turn, answers)
    return Outlook(loop.behind, {}, made, besides=besides)
