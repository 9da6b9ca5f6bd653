"""What a trace is at, as far as that can be asked for: the statement that runs, a test, a loop or a comprehension at an item.

Knows the Python frames that are active (`models.scopes`), and puts their values in place of names; no model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from cwm_trace.format import escape_source
from cwm_trace.frames import Event
from cwm_trace.models.answers import Answer, completed, of_functions
from cwm_trace.models.calls import OWN, Functions, functions_of, touches
from cwm_trace.models.comprehensions import Drawing, Form, Gathering, forms_of, with_ended
from cwm_trace.models.constants import constants_of, passed_in, repeats, shared_of, touched_by
from cwm_trace.models.containers import plain
from cwm_trace.models.fields import spelled_out
from cwm_trace.models.flow import LEFT, Case
from cwm_trace.models.inline import filled
from cwm_trace.models.loops import Loop, header_of
from cwm_trace.models.machine.following import Following
from cwm_trace.models.memos import SHOWN, cached_of, with_cached
from cwm_trace.models.modules import Imported, imported_by, spelled
from cwm_trace.models.nested import Nested
from cwm_trace.models.objects import Resolve
from cwm_trace.models.operations import EXCEPTIONS, is_value, truth_of
from cwm_trace.models.patterns import test_of
from cwm_trace.models.questions import Condition, Question, Way, condition_of
from cwm_trace.models.scopes import LOOPS, Scope, Scopes, State, Yields
from cwm_trace.models.statements import ITERATOR, lambda_body, statement_of, text_of
from cwm_trace.models.tallies import tallied_in, with_tallies

_BEGINS = re.compile(r"(?:else|try|finally)\s*:\s*(?=\S)")  # a line with a statement behind
_EXCEPT = re.compile(r"except\s+([\w\s,()]+?)\s+as\s+(\w+)\s*:(?:\s*#.*)?")
_SETS = re.compile(r"\bsetattr\(|\b__dict__\b|\bvars\(")  # attributes by other names than their own
_PAUSES = re.compile(r"\b(?:yield|await|next|send|input|exec|eval|globals|locals|vars|nonlocal|global)\b")
_ENDS = ("GeneratorExit(", "StopIteration(", "StopAsyncIteration(")  # which nobody sees outside


class Running(NamedTuple):
    """A line that runs, all of a statement.

    Attributes:
        source: as it is written.
        line: with values in place of names.
        names: the variables that it has.
        told: what a lambda in it has given so far, each time that it was called.
        repeats: whether the program puts the same list into several places, as `[[0]] * 3` does.
        last: what has returned last since it began; None: nothing has, or that is unknown.
    """

    source: str
    line: str
    names: Mapping[str, str]
    told: tuple[str, ...] = ()
    repeats: bool = False
    last: Answer | None = None


def _own_line(scope: Scope) -> str:
    """The line that runs, as a frame shows it, without its end."""
    return escape_source(scope.line.rstrip("\r\n"))


def _may_change(value: str) -> bool:
    """Whether a function that it is given may change what is shown of it."""
    return value.startswith(("[", "{")) or not (value.startswith("<") or is_value(value))


def _may_be_in(value: str, other: str) -> bool:
    """Whether what is shown so may be the same thing, or one may be in the other."""
    return _may_change(value) and (value in other or other in value)


def _literal(value: str | None) -> str | None:
    """None for what looks like a call, as of an object that is shown as the one which makes it."""
    return value if value is not None and is_value(value) else None


def _frames_of(form: Form, around: Scope, scope: Scope) -> int | None:
    """How often the line of a comprehension has run, before it gave its last item, too; None where another line takes from it."""
    count = scope.visits[scope.line]
    if not form.draws:
        return count
    # A loop's header takes an item when it runs again.
    if around.line != scope.line or scope.line.lstrip().startswith(LOOPS):
        return None
    return count + (around.draws.count if around.draws else 0)


class Inner(NamedTuple):
    """A lambda that runs.

    Attributes:
        way: of its RETURN.
        line: what it gives, with values in place of names.
    """

    way: Way
    line: str


class Calling(NamedTuple):
    """A line that may call a function of its program next.

    Attributes:
        source: as it is written.
        line: with values in place of names.
        names: the variables that stand in it as they are.
        answers: what has returned since it began.
        told: what a lambda in it has given so far.
        ended: how many of its comprehensions have.
        function: in whose place the lambda is, if there is one.
        spelled: the line with what has ended, without values in place of names.
    """

    source: str
    line: str
    names: Mapping[str, str]
    answers: tuple[Answer, ...] = ()
    told: tuple[str, ...] = ()
    ended: int = 0
    spelled: str = ""
    function: str = ""


class Short(NamedTuple):
    """An `if` of one line that runs.

    Attributes:
        condition: its test.
        body: its statement, which runs if that holds.
        yes, no: where the trace goes on behind that, and if it does not hold.
    """

    condition: Condition
    body: Running
    yes: Way
    no: Way


class CallingItem(NamedTuple):
    """A comprehension, or a generator expression, that may call a function for its next item.

    Attributes:
        drawing: how it goes on.
        names: the variables that stand in it as they are, but for those of the item.
        answers: what has returned for it.
        written: its tests and what it makes, as they are written.
    """

    drawing: Drawing
    names: Mapping[str, str]
    answers: tuple[Answer, ...]
    written: tuple[str, ...]


class Yielding(NamedTuple):
    """A line that takes from a generator of the program.

    Attributes:
        text: of a loop, what it goes through; else the line; with values in place of names.
        names: the variables of the line.
        generator: as it was left last; None: it has not begun.
        target: of a loop, what an item is bound to.
        ways: of a loop, where it leads with an item and without.
    """

    text: str
    names: Mapping[str, str]
    generator: Yields | None
    target: ast.expr | None
    ways: tuple[Way, Way] | None


class GoingOn(NamedTuple):
    """A generator expression that has given an item, and may be asked for another.

    Attributes:
        loop: what it goes through, at that item.
        names: its variables, but for those of the item.
        taker: the function that takes from it.
        given: the item.
        nested: where it has a `for` in a `for`.
    """

    loop: Loop
    names: Mapping[str, str]
    taker: str
    given: str
    nested: Nested | None = None


class AtWork:
    """What one trace is at."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes, self._flow = scopes, scopes.flow
        self.following = Following(self._flow.source, self._flow.start)
        """The trace beside its program, while that can be followed."""
        self.resolve: Resolve = lambda _: None
        """Works out what attributes of objects are."""

    @cached_property
    def functions(self) -> Functions:
        """Those of the source."""
        return functions_of(self._flow.source)

    @cached_property
    def _constants(self) -> Mapping[str, str]:
        """When something is asked for: notes alone, as of training data, do without."""
        return constants_of(self._flow.source)

    @cached_property
    def _imported(self) -> Imported:
        return imported_by(self._flow.source)

    @cached_property
    def _sets_by_name(self) -> bool:
        return _SETS.search(self._flow.source) is not None

    def running(self) -> Running | None:
        """The statement that runs; None where there is none, or it has several lines, but for a `return`, or its line several."""
        scope = self._scopes.at_work
        if scope is None or scope.is_within:
            return None
        if scope.number in self._flow.whole:
            source = self._given(scope)
        elif (source := self._flow.spread.get(scope.number)) is not None:
            source = self._with_attributes(scope, source)
        if source is None:
            return None
        source, names = spelled_out(_BEGINS.sub("", source)), self._names(scope)
        source, told, _ = self._asking(source, scope.answers, scope.told)
        line = completed(filled(source, names.get), of_functions(scope.answers))
        known = len(scope.answers) + len(scope.told) == scope.returned
        last = scope.answers[-1] if scope.answers and known and not scope.told else None
        return Running(source, line, names, told, repeats(self._flow.source), last)

    def _asking(
        self, source: str, answers: Sequence[Answer], told: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...], str]:
        """A line with a lambda in place of a function that is asked about items, what that has told, and its name; as it is where there is
        none, or another was called, too."""
        asked = None if told else self.functions.asked_by_name(source)
        if asked is None or any(answer.name != asked.name for answer in of_functions(answers)):
            return source, told, ""
        return asked.source, tuple(answer.value for answer in of_functions(answers)), asked.name

    def _names(self, scope: Scope) -> dict[str, str]:
        """The variables, and constants of the module; but for what that the line has called may have changed."""
        names = {name: plain(value) for name, value in {**self._constants, **scope.names}.items()}
        if not scope.left:
            return names
        handed = {name for name, value in names.items() if _may_change(value)}
        handed &= passed_in(self._spelled(scope), names)
        left = self._left_free(scope, handed)
        now = {**left, **self._handed_back(scope, handed)}
        lost = (handed - now.keys()) | (shared_of(self._flow.source) - now.keys())
        changed = [names[name] for name, value in left.items() if value != names[name]]
        lost |= {
            name
            for name, value in names.items()
            if name not in left and any(_may_be_in(value, other) for other in changed)
        }
        return {name: now.get(name, value) for name, value in names.items() if name not in lost}

    @property
    def unwinds(self) -> str:
        """What has left a function that the line called, and goes on in it; "" for nothing."""
        raised = self._scopes.raised
        goes_on = self._scopes.state is State.UNWINDS and self._scopes.active and not raised.startswith(_ENDS)
        return raised if goes_on else ""

    def handed_back(self) -> Mapping[str, str]:
        """Variables that functions have changed which the line called, and those that they cannot have, as far as that is known."""
        scope = self._scopes.at_work
        if scope is None or scope.is_within or not scope.left:
            return {}
        handed = {name for name, value in scope.names.items() if _may_change(value)}
        handed &= passed_in(self._spelled(scope), scope.names)
        touched = handed | touched_by(self._spelled(scope)) | shared_of(self._flow.source)
        plain = all(is_value(scope.names.get(name, "")) for name in touched & scope.names.keys())
        same = {name: value for name, value in scope.names.items() if name not in touched}
        same = {
            name: value
            for name, value in same.items()
            if not _may_change(value)
            or (plain and is_value(value) and not any(_may_be_in(value, scope.names[other]) for other in handed))
        }
        return {**same, **self._handed_back(scope, handed)}

    def unchanged(self, bound: Collection[str]) -> Mapping[str, str]:
        """Variables that the line cannot have changed, which has called no function; `bound`: those that it has bound to something."""
        scope = self._scopes.at_work
        if scope is None or scope.is_within or scope.strange or _PAUSES.search(scope.line):
            return {}
        if any(left.name != "" for left in scope.left) or (scope.returned and not scope.left):
            return {}
        touched = touched_by(self._spelled(scope))
        if not all(is_value(scope.names.get(name, "")) for name in touched & scope.names.keys()):
            return {}
        changed = [scope.names[name] for name in touched if name in scope.names]
        return {
            name: value
            for name, value in scope.names.items()
            if name not in touched
            and name not in bound
            and is_value(plain(value))
            and value.partition("(")[0] not in EXCEPTIONS  # which go with their `except`
            and not any(_may_be_in(value, other) for other in changed)
        }

    def _spelled(self, scope: Scope) -> str:
        """The line that runs, with names from modules as they are written here."""
        return spelled(scope.line.strip(), self._imported)

    def _left_free(self, scope: Scope, handed: Collection[str]) -> dict[str, str]:
        """Variables that the functions around this one, or it, share with those that the line has called, as the last of these left them."""
        left, made = scope.left[-1], {}
        changes = any(touches(left.line, name, left.names) for name in left.names)
        for name in shared_of(self._flow.source) & left.names.keys() & scope.names.keys():
            touched = changes if name in handed else touches(left.line, name, left.names)
            if self.functions.has_free(left.name, name) and not touched:
                made[name] = plain(left.names[name])
        return made

    def _handed_back(self, scope: Scope, handed: Collection[str]) -> dict[str, str]:
        """Variables that functions were given, as they are when these have returned; those of which that is known."""
        now = {name: scope.names[name] for name in handed if name in scope.names}
        for left in scope.left:
            for name in [*now]:
                value = self.functions.left_of(left.name, scope.line.strip(), name, left.names, left.line)
                if value is None:
                    del now[name]
                elif value:
                    now[name] = value
        return now

    def _value(self, name: str) -> str | None:
        """What a name stands for, of the module, too."""
        found = self._scopes.value(name)
        return self._constants.get(name) if found is None else found

    @property
    def may_draw(self) -> bool:
        """Whether a generator expression in the line that runs may go on: None, as it gives at its end, may also have been an item. Or a
        generator that a variable is may end with it."""
        scope = self._scopes.at_work
        if scope is None:
            return False
        every = (scope.names, *(left.names for left in scope.left))
        forms = forms_of(scope.line.strip())
        sure = all(form is not None and (not form.draws or not form.gives_none) for form in forms)
        return (scope.draws is not None and not (sure and scope.draws.ended)) or any(
            value.startswith("<generator object") for names in every for value in names.values()
        )

    @property
    def may_close(self) -> bool:
        """Whether a generator may end early, as a loop over its items is left."""
        scope = self._scopes.at_work
        return scope is not None and bool(scope.turns) and self.functions.pauses

    def _given(self, scope: Scope) -> str | None:
        """The line with what its comprehensions have given; None where a generator expression may go on."""
        line = scope.line.strip()
        ended = len(scope.ended)
        if scope.strange or any(form is None or form.draws for form in forms_of(line)[ended:]):
            return None
        return self._with_attributes(scope, with_ended(line, scope.ended))

    def _with_attributes(self, scope: Scope, text: str) -> str:
        """The same, and names from modules as they are spelled here."""
        text = with_tallies(spelled(text, self._imported), tallied_in(self._flow.source), scope.names)
        text = with_cached(text, cached_of(self._flow.source))
        known = scope.known and not self._sets_by_name
        return self._scopes.objects.filled(text, scope.known, self.resolve) if known else text

    def gathering(self) -> Gathering | None:
        """The comprehension that runs, at an item; None where there is none, or its items are not seen one by one."""
        scope, form = self._scopes.at_work, self._form()
        if scope is None or form is None or form.draws or form.more or not form.targets <= scope.names.keys():
            return None
        element, tests = (
            tuple(
                completed(filled(spelled_out(self._with_attributes(scope, text)), self._value), scope.before)
                for text in texts
            )
            for texts in form[:2]
        )
        return Gathering(element, tests, scope.made, scope.visits[scope.line] - 1, form.kind)

    def loop(self) -> Loop | None:
        """The loop whose header has run, or the comprehension that runs; None where there is none, or how far it is is not seen."""
        scope = self._scopes.at_work
        if scope is None or (scope.is_within and scope.name is None):  # of a lambda in a header
            return None
        if scope.name == "":
            return self._comprehension(scope)
        repeated, turns = self._flow.loops.get(scope.number), scope.turns.get(scope.number)
        if repeated is None or turns is None:
            return None
        header = scope.line.strip()
        source, told, _ = self._asking(self._with_attributes(scope, header), turns.answers, turns.told)
        line, now = (filled(source, {**self._constants, **names}.get) for names in (turns.names, scope.names))
        line = completed(line, turns.answers)
        way, behind = (self._way(number, scope.number) for number in (repeated.first, repeated.behind))
        return Loop(
            header,
            line,
            now,
            turns.names,
            scope.names,
            turns.last,
            repeated.body,
            turns.count,
            way,
            behind,
            source,
            told,
        )

    def _comprehension(self, scope: Scope) -> Loop | None:
        form, around = scope.form, self._scopes.active[-2:-1]
        if form is None or not around or form.draws or form.more:
            return None
        return self._gone_through(form, around[0], scope, scope.visits[scope.line])

    def _gone_through(self, form: Form, around: Scope, scope: Scope, item: int) -> Loop:
        # What a comprehension around it is at, is shown when that is done with.
        theirs = around.form.targets if around.form is not None else frozenset()
        names = {name: value for name, value in around.names.items() if name not in theirs}
        header = self._with_attributes(around, form.header)
        header, told, _ = self._asking(header, around.answers, around.told)
        line = completed(filled(header, {**self._constants, **names}.get), around.answers)
        own = _own_line(scope)
        way, behind = (Way(event, own) for event in (Event.LINE, Event.RETURN))
        return Loop(form.header, line, line, names, names, scope.names, (), item, way, behind, header, told)

    def drawing(self) -> Drawing | None:
        """The generator expression that goes on to its next item; None where there is none, or another line takes from it."""
        scope, form = self._scopes.at_work, self._form()
        if scope is None or form is None or not form.draws or form.more:
            return None
        found = self._next_item(scope, form)
        if found is None:
            return None
        element, tests = (tuple(completed(text, scope.answers) for text in texts) for texts in found[1:])
        return Drawing(found.loop, element, tests)

    def going_on(self) -> GoingOn | None:
        """None where no generator expression of the line that runs has given an item."""
        scope = self._scopes.at_work
        if scope is None or scope.draws is None or scope.draws.ended or scope.line.lstrip().startswith(LOOPS):
            return None
        draws, forms = scope.draws, forms_of(scope.line.strip())[len(scope.ended) :]
        if not forms or (form := forms[0]) is None or not form.draws:
            return None
        free = [value for name, value in draws.names.items() if name not in form.targets and name != ITERATOR]
        if draws.called and any(map(_may_change, free)):
            return None
        drawn = Scope(draws.names, line=scope.line)
        loop = self._gone_through(form, scope, drawn, draws.count)
        nested = self._nested(form, scope, drawn, draws.count) if form.more else None
        return GoingOn(loop, draws.names, form.taker, draws.items[-1], nested)

    def yielding(self) -> Yielding | None:
        """The generator from which the line takes; None where there is none."""
        scope = self._scopes.at_work
        if scope is None or scope.is_within:
            return None
        turns, loop = scope.turns.get(scope.number), self._flow.loops.get(scope.number)
        source = self._with_attributes(scope, scope.line.strip())
        if turns is None or loop is None:
            line = completed(filled(source, self._names(scope).get), of_functions(scope.answers))
            return Yielding(line, scope.names, scope.generator, None, None)
        header = header_of(filled(source, self._names(scope).get))
        written = header_of(source)
        if header is None or written is None:
            return None
        over = header.of(header.over)
        named = scope.names.get(over, "") if isinstance(written.over, ast.Name) else ""
        ways = (self._way(loop.first, scope.number), self._way(loop.behind, scope.number))
        is_one = named.startswith("<generator object") or over.partition("(")[0] in self.functions.generators
        return Yielding(over, scope.names, turns.generator, header.target, ways) if is_one else None

    def closes(self) -> Way | None:
        """Of the exception in a generator expression that was just called to be closed; None where there is none."""
        active = self._scopes.active
        scope, around = (active[-1], active[-2]) if len(active) > 1 else (None, None)
        if (
            scope is None
            or around is None
            or scope.line
            or around.draws is None
            or self._scopes.state is not State.RUNS
        ):
            return None
        form, items = scope.form, around.draws.items
        ends = {"any": True, "all": False}.get(form.taker if form is not None and form.draws else "")
        is_end = ends is not None and bool(items) and truth_of(items[-1]) is ends
        return Way(Event.EXCEPTION, _own_line(around)) if is_end else None

    def nested(self) -> Nested | None:
        """The comprehension with a `for` in a `for` that runs; None where there is none, or something was called for its items."""
        scope, form = self._scopes.at_work, self._form()
        around = self._scopes.active[-2:-1]
        if scope is None or form is None or not form.more or not around or scope.returned or scope.strange:
            return None
        count = _frames_of(form, around[0], scope)
        return None if count is None else self._nested(form, around[0], scope, count)

    def _nested(self, form: Form, around: Scope, scope: Scope, count: int) -> Nested:
        """`count`: how many frames of it have run."""
        header = self._with_attributes(around, form.header)
        first = completed(filled(header, {**self._constants, **around.names}.get), around.answers)
        put = partial(self._but_for, form.targets)
        more = tuple((put(header), tuple(map(put, tests))) for header, tests in form.more)
        form = form._replace(
            header=first, tests=tuple(map(put, form.tests)), element=tuple(map(put, form.element)), more=more
        )
        ways = (Way(event, _own_line(scope)) for event in (Event.LINE, Event.RETURN))
        return Nested(form, count - 1, *ways)

    def calling_item(self) -> CallingItem | None:
        """None where no comprehension is at work, or what has returned to it is not known."""
        scope, form = self._scopes.at_work, self._form()
        if scope is None or form is None or form.more or len(scope.answers) != scope.returned or scope.strange:
            return None
        found = self._next_item(scope, form)
        names = {**self._scopes.active[-2].names, **scope.names}
        if scope.answers:
            names = {name: value for name, value in names.items() if not _may_change(value)}
        written = (*form.tests, *form.element)
        return None if found is None else CallingItem(found, names, scope.answers, written)

    def _form(self) -> Form | None:
        """Of the comprehension that runs."""
        scope = self._scopes.at_work
        return scope.form if scope is not None and scope.name == "" else None

    def _next_item(self, scope: Scope, form: Form) -> Drawing | None:
        if not (around := self._scopes.active[-2:-1]):
            return None
        if (count := _frames_of(form, around[0], scope)) is None:
            return None
        loop = self._gone_through(form, around[0], scope, count)
        element, tests = (tuple(self._but_for(form.targets, text) for text in texts) for texts in form[:2])
        return Drawing(loop, element, tests)

    def _but_for(self, targets: Collection[str], text: str) -> str:
        """With values in place of names, but for these."""
        scope = self._scopes.active[-1]
        text = spelled_out(self._with_attributes(scope, text))
        return filled(text, lambda name: None if name in targets else _literal(self._value(name)))

    def inner(self) -> Inner | None:
        """The lambda that runs; None where there is none, or it is not the only one of its line."""
        scope = self._scopes.at_work
        if scope is None or not scope.is_within or scope.name is not None:
            return None
        if not (body := lambda_body(scope.line.strip())):
            return None
        body = spelled_out(self._with_attributes(scope, body))
        line = completed(filled(body, self._value), scope.answers)
        return Inner(Way(Event.RETURN, _own_line(scope)), line)

    def calling(self) -> Calling | None:
        """The line that may call a function next, or the lambda; None where nothing may, or what has been done of it is not known."""
        scope = self._scopes.at_work
        if scope is None or scope.name == "" or len(scope.answers) + len(scope.told) != scope.returned:
            return None
        if scope.strange or (scope.draws and not scope.draws.ended):
            return None
        if (source := self._left_to_do(scope)) is None:
            return None
        source, told, function = self._asking(source, scope.answers, scope.told)
        names = dict(scope.names) if scope.is_within else self._names(scope)
        value = self._value if scope.is_within else names.get
        line = filled(source, lambda name: _literal(value(name)))
        ended = len(scope.ended)
        written = source if scope.is_within else spelled_out(scope.line.strip())
        return Calling(written, line, names, of_functions(scope.answers), told, ended, source, function)

    def _left_to_do(self, scope: Scope) -> str | None:
        """The line, or what the lambda gives; None where that is a part of a statement, or of a loop that goes on."""
        source = spelled_out(self._with_attributes(scope, with_ended(scope.line.strip(), scope.ended)))
        if scope.is_within:
            return lambda_body(source) or None if scope.name is None else None
        if scope.resumes and scope.name is None:
            return None
        if (turns := scope.turns.get(scope.number)) is not None:
            return source if turns.count == 1 else None
        return source if scope.number in self._flow.whole or scope.number in self._flow.ways else None

    def empty(self) -> str | None:
        """What the comprehension that runs gives if there is no item; None where it has had one, or is none."""
        scope, form = self._scopes.at_work, self._form()
        if scope is None or form is None or form.draws or scope.visits[scope.line] != 1:
            return None
        return {"[": "[]", "{": "{}", "s": "set()"}.get(form.kind)

    def short(self) -> Short | None:
        """The `if` of one line that runs; None where there is none, or its test is not of values alone."""
        scope = self._scopes.at_work
        ways = None if scope is None or scope.is_within else self._flow.short.get(scope.number)
        if scope is None or ways is None:
            return None
        line = self._with_attributes(scope, scope.line.strip().removeprefix("el"))
        source, names = spelled_out(line), self._names(scope)
        statement = statement_of(source)
        if not isinstance(statement, ast.If):
            return None
        test, body = text_of(statement.test, source), text_of(statement.body[0], source)
        lines = [completed(filled(text, names.get), scope.answers) for text in (f"if {test}:", body)]
        condition = condition_of(lines[0], constant=True)
        if condition is None:
            return None
        return Short(condition, Running(body, lines[1], names), *(self._way(number, scope.number) for number in ways))

    def question(self) -> Question | None:
        """The test that decides which line is next; None where there is none, or it is not of values alone."""
        scope = self._scopes.at_work
        ways = None if scope is None else self._flow.ways.get(scope.number)
        if scope is not None and (case := self._flow.cases.get(scope.number)) is not None:
            return self._fits(scope, case)
        if scope is None or ways is None:
            return None
        if (source := self._given(scope)) is None:
            return None
        line = completed(filled(spelled_out(source), self._names(scope).get), of_functions(scope.answers))
        if (condition := condition_of(line, constant=line != scope.line.strip())) is None:
            return None
        return Question(condition, *(self._way(number, scope.number) for number in ways))

    def _fits(self, scope: Scope, case: Case) -> Question | None:
        subject = filled(self._with_attributes(scope, case.subject), self._names(scope).get)
        test = test_of(case.pattern, subject if is_value(subject) else f"({subject})")
        condition = None if test is None else condition_of(f"if {test}:", constant=True)
        ways = (self._way(number, scope.number) for number in (case.fits, case.fails))
        return None if condition is None else Question(condition, *ways)

    def called(self, number: int) -> Way:
        """Of the CALL of the function that begins there."""
        own = _own_line(self._scopes.active[-1])
        return Way(Event.CALL, own if number == OWN else escape_source(self._flow.lines[number]))

    def caught(self) -> Mapping[str, str]:
        """The exception that an `except` binds, where it is sure to be one of its kind."""
        scope = self._scopes.at_work
        found = None if scope is None or scope.is_within else _EXCEPT.fullmatch(scope.line.strip())
        if found is None or not (raised := self._scopes.raised):
            return {}
        kinds = {kind.strip() for kind in found[1].strip("()").split(",")}
        return {found[2]: raised} if kinds & {raised.partition("(")[0], "Exception", "BaseException"} else {}

    def pauses(self) -> Way:
        """Of the RETURN of a generator in the line that runs."""
        return Way(Event.RETURN, _own_line(self._scopes.active[-1]))

    def raised(self) -> Way:
        """Of an EXCEPTION in the line that runs."""
        return Way(Event.EXCEPTION, _own_line(self._scopes.active[-1]))

    def kept(self, name: str, given: tuple[str, ...]) -> str | None:
        """What a function that keeps it has given for these; None: nothing yet. Raises KeyError where it is not known what it has given."""
        return self._scopes.kept(name, given)

    def defined(self) -> Mapping[str, str]:
        """The function that the line has bound, or an object that it has made without a CALL, as a frame shows it."""
        scope = self._scopes.at_work
        if scope is None or scope.is_within:
            return {}
        match statement_of(scope.line.strip()):
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if shown := self.functions.bare(
                call
            ):
                return {name: shown}
        is_alone = scope.number in self._flow.entered or scope.number in self._flow.whole
        made = self.functions.defined.get(scope.number, {}) if is_alone else {}
        if SHOWN in made.values() and scope.visits[scope.line] % 2:  # its line runs again when the decorator has
            return {}
        return {} if scope.name in made else made  # it may begin with its own line

    def _way(self, number: int, own: int) -> Way:
        event = Event.RETURN if number == LEFT else Event.LINE
        return Way(event, escape_source(self._flow.lines[number or own]))
