"""What a trace is at, as far as that can be asked for: the statement that runs, a test, a loop or a comprehension at an item.

Knows the Python frames that are active (`models.scopes`), and puts their values in place of names; no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from cwm_trace.format import escape_source
from cwm_trace.frames import Event
from cwm_trace.models.answers import answered
from cwm_trace.models.comprehensions import Drawing, Form, Gathering, form_of, listed
from cwm_trace.models.constants import constants_of, passed_in, shared_of
from cwm_trace.models.flow import LEFT
from cwm_trace.models.inline import inlined
from cwm_trace.models.loops import Loop
from cwm_trace.models.questions import Question, Way, condition_of
from cwm_trace.models.scopes import LOOPS, Scope, Scopes
from cwm_trace.models.statements import lambda_body


class Running(NamedTuple):
    """A line that runs, all of a statement.

    Attributes:
        source: as it is written.
        line: with values in place of names.
        names: the variables that it has.
        told: what a lambda in it has given so far, each time that it was called.
    """

    source: str
    line: str
    names: Mapping[str, str]
    told: tuple[str, ...] = ()


class Inner(NamedTuple):
    """A lambda that runs.

    Attributes:
        way: of its RETURN.
        line: what it gives, with values in place of names.
    """

    way: Way
    line: str


class AtWork:
    """What one trace is at."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes, self._flow = scopes, scopes.flow

    @cached_property
    def _constants(self) -> Mapping[str, str]:
        """When something is asked for: notes alone, as of training data, do without."""
        return constants_of(self._flow.source)

    def running(self) -> Running | None:
        """The statement that runs; None where there is none, or it has several lines, or its line several."""
        scope = self._scopes.at_work
        if scope is None or (scope.inline and not scope.resumes) or scope.number not in self._flow.whole:
            return None
        source, names = scope.line.strip(), self._names(scope)
        if (drawn := self._drawn(scope)) is not None:
            return Running(drawn, inlined(drawn, names.get), names) if drawn else None
        return Running(source, answered(inlined(source, names.get), scope.answers), names, scope.told)

    def _names(self, scope: Scope) -> dict[str, str]:
        """The variables, and constants of the module; but for what that the line has called may have changed."""
        names = {**self._constants, **scope.names}
        if not scope.answers:
            return names
        lost = {name for name, value in names.items() if value.startswith(("[", "{"))}
        lost &= shared_of(self._flow.source) | passed_in(scope.line.strip(), names)
        return {name: value for name, value in names.items() if name not in lost}

    def _value(self, name: str) -> str | None:
        """What a name stands for, of the module, too."""
        found = self._scopes.value(name)
        return self._constants.get(name) if found is None else found

    def _drawn(self, scope: Scope) -> str | None:
        """The line with what its generator expression has given, "" where that may go on; None where it has none."""
        form = form_of(scope.line.strip())
        if form is None or not form.draws:
            return None
        return listed(scope.line.strip(), form, scope.draws.items) if scope.draws and scope.draws.ended else ""

    def gathering(self) -> Gathering | None:
        """The comprehension that runs, at an item; None where there is none, or its items are not seen one by one."""
        scope = self._scopes.at_work
        form = form_of(scope.line.strip()) if scope is not None and scope.name == "" else None
        if scope is None or form is None or form.draws or not form.targets <= scope.names.keys():
            return None
        element, tests = (
            tuple(answered(inlined(text, self._value), scope.before) for text in texts) for texts in form[:2]
        )
        return Gathering(element, tests, scope.made, scope.visits[scope.line] - 1)

    def loop(self) -> Loop | None:
        """The loop whose header has run, or the comprehension that runs; None where there is none, or how far it is is not seen."""
        scope = self._scopes.at_work
        if scope is None:
            return None
        if scope.name == "":
            return self._comprehension(scope)
        repeated, turns = self._flow.loops.get(scope.number), scope.turns.get(scope.number)
        if repeated is None or turns is None:
            return None
        header = scope.line.strip()
        line, now = (inlined(header, {**self._constants, **names}.get) for names in (turns.names, scope.names))
        line = answered(line, turns.answers)
        ways = (self._way(number, scope.number) for number in (repeated.first, repeated.behind))
        return Loop(
            header,
            line,
            now,
            turns.names,
            scope.names,
            turns.last,
            repeated.body,
            turns.count,
            *ways,
        )

    def _comprehension(self, scope: Scope) -> Loop | None:
        form, around = form_of(scope.line.strip()), self._scopes.active[-2:-1]
        if form is None or not around or form.draws:
            return None
        return self._gone_through(form, around[0], scope, scope.visits[scope.line])

    def _gone_through(self, form: Form, around: Scope, scope: Scope, item: int) -> Loop:
        names = around.names
        line = answered(inlined(form.header, {**self._constants, **names}.get), around.answers)
        own = escape_source(scope.line.rstrip("\r\n"))
        ways = (Way(event, own) for event in (Event.LINE, Event.RETURN))
        return Loop(form.header, line, line, names, names, scope.names, (), item, *ways)

    def drawing(self) -> Drawing | None:
        """The generator expression that goes on to its next item; None where there is none, or another line takes from it."""
        scope, around = self._scopes.at_work, self._scopes.active[-2:-1]
        if scope is None or scope.name != "" or not around or around[0].line != scope.line:
            return None
        if scope.line.lstrip().startswith(LOOPS):  # which takes an item when its header runs again
            return None
        form = form_of(scope.line.strip())
        if form is None or not form.draws:
            return None
        count = around[0].draws.count if around[0].draws else 0
        loop = self._gone_through(form, around[0], scope, count + scope.visits[scope.line])
        (element,), tests = (
            [
                answered(
                    inlined(text, lambda name: None if name in form.targets else self._value(name)),
                    scope.answers,
                )
                for text in texts
            ]
            for texts in (form.element, form.tests)
        )
        return Drawing(loop, element, tuple(tests))

    def inner(self) -> Inner | None:
        """The lambda that runs; None where there is none, or it is not the only one of its line."""
        scope = self._scopes.at_work
        if scope is None or not scope.inline or scope.resumes or scope.name is not None:
            return None
        if not (body := lambda_body(scope.line.strip())):
            return None
        line = answered(inlined(body, self._value), scope.answers)
        return Inner(Way(Event.RETURN, escape_source(scope.line.rstrip("\r\n"))), line)

    def question(self) -> Question | None:
        """The test that decides which line is next; None where there is none, or it is not of values alone."""
        scope = self._scopes.at_work
        ways = None if scope is None else self._flow.ways.get(scope.number)
        if scope is None or ways is None:
            return None
        source = scope.line.strip() if (drawn := self._drawn(scope)) is None else drawn
        line = answered(inlined(source, self._names(scope).get), scope.answers if drawn is None else ())
        if (condition := condition_of(line, constant=line != scope.line.strip())) is None:
            return None
        return Question(condition, *(self._way(number, scope.number) for number in ways))

    def _way(self, number: int, own: int) -> Way:
        event = Event.RETURN if number == LEFT else Event.LINE
        return Way(event, escape_source(self._flow.lines[number or own]))
