"""The Python frames of a trace that are active, as it grows: what their variables are, which line runs, what has returned since.

Bookkeeping of frames that are there: nothing is run, and where a frame is wrong what is told of it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.frames import Event, Frame, Step
from cwm_trace.models.answers import Answer, answered, completed, of_functions
from cwm_trace.models.comprehensions import Form, Item, forms_of
from cwm_trace.models.flow import LEFT, Flow
from cwm_trace.models.inline import filled, inlined, read
from cwm_trace.models.memos import cached_of
from cwm_trace.models.objects import Objects, bound_objects, handed_objects, looks_like_object
from cwm_trace.models.statements import BEGINNINGS, DEFINITIONS, ITERATOR, PAUSES, own_parts, parsed, statement_of

_FUNCTION = re.compile(r"(?:async\s+)?def\s+(\w+)")
_NAMED_LAMBDA = re.compile(r"(\w+)\s*(?::[^=]+)?=\s*lambda\b")
_INITIALISER = "__init__"  # what it returns is not what the call gives
_OBJECT = re.compile(r"<(?:[^\W\d]\w*\.|<locals>\.)*([^\W\d]\w*) object>")
_SUPER = re.compile(r"\bsuper\(|\.__init__\(")
_NEXT = re.compile(r"\bnext\(")
_YIELDS = re.compile(r"\byield\b")
_RETURNS = re.compile(r"\s*(?:return|with|async\s+with)\b")  # a `with` runs again when it is left
LOOPS = ("for ", "async for ")
"""How their headers begin."""


@dataclass(slots=True)
class Turns:
    """A loop over items at work.

    Attributes:
        names, answers, told: the variables, what had returned in its header, and what a lambda there had given, when it began.
        count: how often its header has run since.
        last: the variables when an item had come.
        generator: that gives its items, as it was left last; None: there is none, or it has not begun.
    """

    names: Mapping[str, str]
    last: Mapping[str, str]
    answers: tuple[Answer, ...] = ()
    told: tuple[str, ...] = ()
    count: int = 0
    generator: Yields | None = None


@dataclass(slots=True)
class Draws:
    """A generator expression at work.

    Attributes:
        count: how many items it has taken.
        items: what it has given.
        names: its variables, as they were shown last.
        ended: whether it has been left for good.
        called: whether a function was called for an item.
    """

    names: Mapping[str, str]
    count: int = 0
    items: tuple[str, ...] = ()
    ended: bool = False
    called: bool = False


@dataclass(slots=True)
class Yields:
    """A generator of the program at work.

    Attributes:
        name: of its function.
        items: what it has given.
        names, line: its variables, and its line, as it was left last.
        is_new: whether it has given something, or ended, since the line that takes from it began to run.
        ended: whether it has ended.
    """

    name: str
    items: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    line: str = ""
    is_new: bool = True
    ended: bool = False


class Left(NamedTuple):
    """A function that has returned.

    Attributes:
        name: of it.
        names: its variables when its last line began to run.
        line: that line.
    """

    name: str
    names: Mapping[str, str]
    line: str


@dataclass(slots=True)
class Scope:
    """A Python frame that is active.

    Attributes:
        names: its variables as the trace shows them.
        inline: whether it is a comprehension's or a lambda's, which stands in the midst of a line, or goes on with a generator.
        resumes: whether it goes on with a generator.
        name: of its function; "" for a comprehension, None for what is not looked for in lines.
        number: of the line that ran last, its own first; 0: unknown.
        line: that ran last, "" before any.
        visits: how often each line has run since a line that is less indented, by its text.
        answers: what has returned since the line began to run, as far as it is known by what name that was called.
        returned: how often something has.
        before: what had returned when the line ran again: of a comprehension, the item is shown when all has been done with it.
        made: what has come of a comprehension's items (`models.comprehensions`).
        turns: the loops that have begun, by the numbers of their headers.
        draws: of a generator expression in the line that runs, or None.
        told: what a lambda in it has given.
        left: the functions that have returned since the line began to run.
        gives: what a call of it gives, where that is not what it returns.
        form: of a comprehension, where that is known.
        ended: the comprehensions of the line that have given all, and what that is, in order; of a generator expression a list.
        strange: whether there was one of which that is not known.
        known: the numbers of the objects that its variables are (`models.objects`).
        generator: from which the line that runs takes, where that is no loop's header.
        given: the arguments of a function that keeps what it gives (`models.memos`); None of others.
        called_as: the variable that a lambda is, by which it was called; "" where that is none.
        is_module: whether it is the module's, which is `inline`, too, where that does not begin with a function.
    """

    names: Mapping[str, str]
    inline: bool = False
    resumes: bool = False
    name: str | None = None
    number: int = 0
    line: str = ""
    visits: dict[str, int] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    returned: int = 0
    before: tuple[Answer, ...] = ()
    made: dict[int, Item | None] = field(default_factory=dict)
    turns: dict[int, Turns] = field(default_factory=dict)
    draws: Draws | None = None
    told: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    gives: str = ""
    form: Form | None = None
    ended: tuple[tuple[Form, str], ...] = ()
    strange: bool = False
    known: dict[str, int] = field(default_factory=dict)
    is_module: bool = False
    generator: Yields | None = None
    given: tuple[str, ...] | None = None
    called_as: str = ""

    @property
    def is_within(self) -> bool:
        """Whether it is a comprehension's or a lambda's: a part of a line."""
        return self.inline and not self.resumes and not self.is_module


class Ran(NamedTuple):
    """Of the line that ran last in the Python frame that is running.

    Attributes:
        visit: how often it has run; 0: none has, or unknown.
        number: which of the source's it is; 0: unknown.
        answers, returned: what has returned since it began to run, and how often.
    """

    visit: int = 0
    number: int = 0
    answers: tuple[Answer, ...] = ()
    returned: int = 0


UNKNOWN = Ran()


class State(Enum):
    """What the frame before says of what is next."""

    NOTHING = auto()  # that is known
    RUNS = auto()  # a line is in the midst of running, or a function begins
    RAISED = auto()
    UNWINDS = auto()  # a function was left by an exception
    CLOSED = auto()  # a generator expression was, as the line that takes from it wants no more


class Scopes:
    """Those of one trace."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.active: list[Scope] = []
        self.state = State.NOTHING
        self.objects = Objects()
        self._given: int | None = None  # the object that was returned last
        self.raised = ""  # what was raised last
        self.resumes = False  # whether the last frame with variables was another Python frame's
        self._paused: list[Scope] = []  # of generators
        self._generators = generators_of(flow.source)
        self._cached = cached_of(flow.source)
        self._lost: set[str] = set()  # functions of which it is not known what they have given
        self._kept: dict[
            tuple[str, tuple[str, ...]], str
        ] = {}  # what functions have given that keep it, by what they were given

    def observe(self, step: Step, ran: Ran = UNKNOWN) -> None:
        """Append a frame; `ran`: what `ran` was behind it, where not all frames before it are told."""
        if not isinstance(step, Frame):
            self.state = State.NOTHING
            return
        raised = self.state is State.RAISED
        self.state = State.RAISED if step.event is Event.EXCEPTION else State.RUNS
        if step.event is Event.EXCEPTION:
            self.raised = step.value or ""
        else:
            self.resumes = step.event is Event.RETURN
        if step.event is Event.CALL:
            self.active.append(self._called(step, ran))
        elif step.event is Event.RETURN:
            raised = raised or self._leaves_amid(step)
            closes = self._return(step, ran, raised)
            self.state = State.RUNS if not raised else State.CLOSED if closes else State.UNWINDS
        elif step.event is Event.LINE:
            if not self.active:
                self.active.append(Scope(step.locals))
            self._run(self.active[-1], step, ran)

    def _leaves_amid(self, step: Frame) -> bool:
        """Whether a function is left where it cannot end: by an exception, behind a `finally`."""
        left = self.active[-1] if self.active else None
        if (
            left is None
            or left.inline
            or step.value != "None"
            or _RETURNS.match(step.source)
            or _YIELDS.search(step.source)
        ):
            return False
        after = self.flow.after.get(left.number, (LEFT,))
        return LEFT not in after

    def _called(self, step: Frame, ran: Ran) -> Scope:
        source = step.source.lstrip()
        found = _FUNCTION.match(source)
        name = found[1] if found else "" if ITERATOR in step.locals else None
        number, inline = ran.number or self.flow.place(step.source, None), not source.startswith(BEGINNINGS)
        scope = Scope(step.locals, inline, name=name, number=number)
        if source.startswith("@"):
            self._begin_cached(scope, step)
        if "lambda" in source and self.active and not scope.is_module and self.active[-1].line != step.source:
            scope.called_as = self._called_as(source)
        scope.is_module = not self.active and inline and name is None and "lambda" not in source
        if name == _INITIALISER:
            scope.gives = next(iter(step.locals.values()), "")
            scope.name = class_of(scope.gives)
        self._meet(scope, step, name)
        if inline and name is None and _YIELDS.search(source):
            self._resume(scope, step.source)
        if name == "" and self.active and self.active[-1].line == step.source:
            scope.form = _form_in(self.active[-1])
        return scope

    def _called_as(self, source: str) -> str:
        """The only variable in the line that calls which is a lambda that stands in this line."""
        found = _NAMED_LAMBDA.match(source)
        around = self.active[-1]
        words = _names_in(around.line)
        named = {found[1]} & words if found else set()
        held = {word for word in words if around.names.get(word, "").endswith("<lambda>>")}
        return (named or held).pop() if len(named or held) == 1 else ""

    def _begin_cached(self, scope: Scope, step: Frame) -> None:
        """Of a function that keeps what it gives, if there is one alone that it can be: one that the line calls by its name."""
        words = _names_in(self.active[-1].line) if self.active else set()
        fitting = [
            name
            for name, (_, number, parameters) in self._cached.items()
            if self.flow.lines[number] == step.source.rstrip("\r\n") and {*parameters} <= step.locals.keys()
        ]
        fitting = [name for name in fitting if name in words] or fitting
        if len(fitting) == 1:
            scope.name, scope.number = fitting[0], self._cached[fitting[0]].number
            scope.given = tuple(step.locals[name] for name in self._cached[fitting[0]].parameters)
        else:
            self._lost.update(fitting)

    def kept(self, name: str, given: tuple[str, ...]) -> str | None:
        """What a function that keeps it has given for these; None: nothing yet. Raises KeyError where it is not known what it has given."""
        if name in self._lost:
            raise KeyError(name)
        return self._kept.get((name, given))

    def _meet(self, scope: Scope, step: Frame, name: str | None) -> None:
        """Take note of which objects a function is given."""
        objects = {name: value for name, value in step.locals.items() if looks_like_object(value)}
        if not objects:
            return
        receiver = next(iter(step.locals))
        around = self.active[-1] if self.active else None
        if name == _INITIALISER and receiver in objects and not (around and _SUPER.search(around.line)):
            scope.known[receiver] = self.objects.new(objects[receiver])
        handed: dict[str, int] = {}
        if around is not None and name:
            own = name == _INITIALISER
            called, parameters = (scope.name or "", [*step.locals][1:]) if own else (name, [*step.locals])
            handed = handed_objects(around.line.strip(), called, parameters, around.known)
        if name == "" and around is not None:
            handed = around.known
        for each, value in objects.items():
            number = scope.known.get(each, handed.get(each, self.objects.only(value)))
            if number is not None and self.objects.looks[number] == value:
                scope.known[each] = number

    def _done(self, scope: Scope) -> None:
        """Take note of what the line did to objects that has run to its end."""
        self.objects.changed(scope.line.strip())
        if scope.known and not scope.is_within:
            answers = of_functions(scope.answers)

            def fill(text: str) -> str:
                return completed(filled(text, scope.names.get), answers)

            self.objects.ran(scope.line.strip(), scope.known, fill)

    def _keep(self, scope: Scope, names: Mapping[str, str]) -> None:
        """Take note of which objects variables are behind a line."""
        objects = {name: value for name, value in names.items() if looks_like_object(value)}
        if not objects and not scope.known:
            return
        bound = bound_objects(scope.line.strip(), scope.known, self._given if scope.returned else None)
        known = {**scope.known, **{name: number for name, number in bound.items() if number is not None}}
        for name, number in bound.items():
            if number is None:
                known.pop(name, None)
        for name, value in objects.items():
            if name not in known and (only := self.objects.only(value)) is not None:
                known[name] = only
        scope.known = {
            name: number for name, number in known.items() if objects.get(name) == self.objects.looks[number]
        }

    def _resume(self, scope: Scope, line: str) -> None:
        """Of a generator that goes on: how far its loops are."""
        scope.resumes = True
        paused = [each for each in self._paused if each.line == line and each.names == scope.names]
        if paused:
            self._paused.remove(paused[0])
            scope.number, scope.name = paused[0].number, paused[0].name
            scope.turns, scope.known = paused[0].turns, paused[0].known

    def _return(self, step: Frame, ran: Ran, raised: bool) -> bool:
        """Whether a generator expression is left."""
        left = self.active.pop() if self.active else None
        if left is not None and left.name != "" and _YIELDS.search(step.source):
            self._paused.append(left)
        if left is not None and not raised:
            self._done(left)
            self._given = _given_by(left)
        if left is None or not self.active:
            return False
        scope, known = self.active[-1], left.name is not None and "yield" not in step.source
        if left.name in self._generators:
            self._yield(scope, left, step, raised)
            return False
        if left.given is not None and left.name and not raised:
            self._kept[left.name, left.given] = step.value or ""
            scope.left += (Left(left.name, left.names, left.line),)
            return False
        told = (_answer(left, step.value or ""),) if known or left.called_as else ()
        scope.answers = ran.answers or scope.answers + told
        scope.returned = ran.returned or scope.returned + 1
        if left.inline and left.name is None and left.line == scope.line and not raised:
            scope.told += (step.value or "",)
        if (turns := scope.turns.get(scope.number)) is not None and turns.count == 1:
            turns.answers, turns.told = scope.answers, scope.told
        scope.left += (Left(left.name or "", left.names, left.line),)
        scope.strange |= left.name == "" and left.form is None
        if left.form is not None and not left.form.draws and not raised:
            scope.ended += ((left.form, step.value or ""),)
        return _draw(scope, left, step.value or "", raised)

    def _yield(self, scope: Scope, left: Scope, step: Frame, raised: bool) -> None:
        """Take note of what a generator has given to the line that runs; of one that has ended, of all, as of a list."""
        turns, name = scope.turns.get(scope.number), left.name or ""
        generator = scope.generator if turns is None else turns.generator
        if generator is None or generator.name != name or generator.ended:
            generator = Yields(name)
        generator.names, generator.line, generator.is_new = left.names, step.source, True
        generator.ended = raised or left.line != step.source or not _YIELDS.search(left.line)
        if not generator.ended:
            generator.items += (step.value or "",)
            if turns is None and _NEXT.search(scope.line):
                scope.answers += (Answer("next", step.value or ""),)
                scope.returned += 1
        elif turns is None:
            scope.answers += (Answer(name, f"[{', '.join(generator.items)}]"),)
            scope.returned += 1
        if turns is None:
            scope.generator = generator
        else:
            turns.generator = generator

    def _run(self, scope: Scope, step: Frame, ran: Ran) -> None:
        self._done(scope)
        self._keep(scope, step.locals)
        scope.before = scope.answers
        scope.names, scope.line, scope.answers, scope.returned = step.locals, step.source, ran.answers, ran.returned
        scope.draws, scope.told, scope.left, scope.ended, scope.strange, scope.generator = None, (), (), (), False, None
        before, scope.number = scope.number, ran.number or self.flow.place(step.source, scope.number)
        self._forget(scope.number)
        if (loop := self.flow.loops.get(scope.number)) is not None:
            if before not in loop.lines:
                scope.turns[scope.number] = Turns(step.locals, step.locals)
            if scope.number in scope.turns:
                scope.turns[scope.number].count += 1
                if (generator := scope.turns[scope.number].generator) is not None:
                    generator.is_new = False
        if before in scope.turns and scope.number == self.flow.loops[before].first:
            scope.turns[before].last = step.locals
        visit, indent = ran.visit or scope.visits.get(step.source, 0) + 1, _indent(step.source)
        scope.visits = {line: count for line, count in scope.visits.items() if _indent(line) <= indent}
        scope.visits[step.source] = visit

    def _forget(self, number: int) -> None:
        """Where a line makes a function that keeps what it gives, that has given nothing."""
        for name in [name for name, (_, first, _) in self._cached.items() if first == number]:
            self._kept = {key: value for key, value in self._kept.items() if key[0] != name}

    @property
    def ran(self) -> Ran:
        """The line that ran last in the Python frame that is running."""
        if not self.active:
            return UNKNOWN
        scope = self.active[-1]
        return Ran(scope.visits.get(scope.line, 0), scope.number, scope.answers, scope.returned)

    @property
    def at_work(self) -> Scope | None:
        """The Python frame whose line is running; None where none has begun to, or it is known to do something else."""
        runs = self.active and self.state in (State.RUNS, State.CLOSED) and self.active[-1].line
        return self.active[-1] if runs else None

    def line(self, scope: Scope) -> str:
        """The line with its values; "" where it has none."""
        line = scope.line.strip()
        if not read(line).repeats:
            note = answered(inlined(line, self.value), scope.answers)
            return "" if note == line else note
        visit = scope.visits[scope.line]
        goes_through = line.startswith(LOOPS) or scope.inline
        note = answered(inlined(line, self.value, visit if goes_through else 0), scope.answers)
        return f"{note}  # {visit}"

    def value(self, name: str) -> str | None:
        """What a name stands for: in a comprehension, also what it stands for around it."""
        own = read(self.active[-1].line.strip()).own
        for scope in reversed(self.active):
            if name in own and not scope.inline:
                return None
            if name in scope.names:
                return scope.names[name]
            if ITERATOR not in scope.names:
                return None
        return None


@lru_cache(maxsize=4)
def generators_of(source: str) -> frozenset[str]:
    """The functions of a source that give items one by one, and hand on none of another generator's; of several with one name none."""
    tree = parsed(source)
    nodes = list(ast.walk(tree)) if tree else []
    names = [node.name for node in nodes if isinstance(node, DEFINITIONS)]
    return frozenset(
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and names.count(node.name) == 1
        and not node.decorator_list
        and _only_yields(node)
    )


def _only_yields(function: ast.FunctionDef) -> bool:
    """Whether it pauses by statements `yield x` alone."""
    own = list(own_parts(function))
    pauses = [node for node in own if isinstance(node, PAUSES)]
    alone = {id(node.value) for node in own if isinstance(node, ast.Expr)}
    return bool(pauses) and all(isinstance(node, ast.Yield) and id(node) in alone for node in pauses)


def _given_by(left: Scope) -> int | None:
    """The object that a function has returned, or one that was made."""
    if left.gives:
        return left.known.get(next(iter(left.names), ""))
    match statement_of(left.line.strip()):
        case ast.Return(value=ast.Name(id=name)):
            return left.known.get(name)
    return None


def class_of(value: str) -> str | None:
    """The name of the class, where an object is shown by that alone; None where it is not."""
    found = _OBJECT.fullmatch(value)
    return None if found is None else found[1]


def _answer(left: Scope, value: str) -> Answer:
    return Answer(left.called_as or left.name or "", left.gives or value)


def _form_in(scope: Scope) -> Form | None:
    """The comprehension that is called in a line, or in another comprehension: the one behind those that have ended."""
    forms = forms_of(scope.line.strip()) if scope.form is None else scope.form.inner
    if scope.draws is not None and scope.draws.ended:
        if len(scope.ended) == len(forms):  # by None, which was an item
            scope.draws.items += ("None",)
            scope.draws.ended = False
            scope.ended = scope.ended[:-1]
        else:
            scope.draws = None
    return forms[len(scope.ended)] if len(scope.ended) < len(forms) else None


def _draw(scope: Scope, left: Scope, value: str, raised: bool) -> bool:
    """Take note of what a generator expression has given to the line that it stands in; whether it is one."""
    form = left.form if left.line in (scope.line, "") else None  # "": it is closed
    if form is None or not form.draws:
        return False
    draws = scope.draws = scope.draws or Draws(left.names)
    draws.names = left.names
    draws.count += left.visits.get(left.line, 0)
    draws.called = draws.called or left.returned > 0 or bool(left.left)
    draws.ended = raised or value == "None"
    if draws.ended:
        scope.ended += ((form, f"[{', '.join(draws.items)}]"),)
    else:
        draws.items += (value,)
    return True


def _names_in(line: str) -> set[str]:
    return {token.text for token in read(line).tokens if token.kind == "name"}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
