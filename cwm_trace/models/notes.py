"""Notes: before each frame, the line that runs, with the values of its variables in place of their names, and the lines that may be next.

A small network finds the value of a name badly: of several values shown above it takes the last one, or the only one of a fitting type. What is
looked up for it stands in its text then: behind `result = x + 1`, where the trace shows that `x` is 5, comes `result = 5 + 1`, and the
observation after it. Where a call in the line has returned, what it returned stands for it (`models.answers`). Of a loop's header and of a
comprehension, a note has a number, too: how often it has run; and in what a loop goes through a mark stands before the item that it is at, which
no frame shows. Where a function goes on behind a call, what it had in its variables is told before that, as the next frame shows all of them
in full. Then come the lines that may run next (`models.flow`), of an `if` both ways. Bookkeeping of the text that is there: nothing is
run, and where a frame is wrong its notes are. Notes are no part of the trace: models that are trained with them read them (`models.causal`),
nobody else sees them.

Knows frames, and what names are in a line of Python; no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from keyword import iskeyword
from typing import NamedTuple, TypeAlias

from cwm_trace.format import ACTION_SEP, UNCHANGED, escape_source
from cwm_trace.frames import Event, Frame, Step
from cwm_trace.models.answers import STRING, Answer, answered
from cwm_trace.models.comprehensions import Gathering, Item, form_of
from cwm_trace.models.flow import LEFT, Flow
from cwm_trace.models.loops import Loop
from cwm_trace.models.questions import Question, Way, condition_of
from cwm_trace.models.statements import BEGINNINGS, ITERATOR

_ROOM = 400  # characters of values in a note; what is longer stays a name
_MARK = "`"  # before the item that a loop is at: no character of Python's
_TOKENS = re.compile(
    rf"""(?P<space>\s+)
    | (?P<string>{STRING})
    | (?P<number>\d[\w.]*)
    | (?P<name>[^\W\d]\w*)
    | (?P<comment>\#.*)
    | (?P<operator>:=|==|!=|<=|>=|->|//=|\*\*=|<<=|>>=|[-+*/%&|^@]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_FIELD = re.compile(r"(?<!\{)\{([^{}]*)\}")  # of an f-string
_FUNCTION = re.compile(r"(?:async\s+)?def\s+(\w+)")
_INITIALISER = "__init__"  # what it returns is not what the call gives
_BEFORE_DISPLAY = ("in", "(", ",")
_LOOPS = ("for ", "async for ")
_ITEM = re.compile(r"""[A-Za-z]{0,2}'(?:[^'\\]|\\.)*'|[A-Za-z]{0,2}"(?:[^"\\]|\\.)*"|[^"'()[\]{},]+|.""", re.DOTALL)
_CHARACTER = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL)
Work: TypeAlias = Callable[[str], str]
_BINDING = frozenset({"as", "def", "class", "import", "global", "nonlocal", "del"})


class _Token(NamedTuple):
    kind: str
    text: str


class _Line(NamedTuple):
    """What a line, or a part of one, consists of.

    Attributes:
        tokens: all of it.
        bound: which of them stay as they are, as names that are bound and not read do.
        own: the names that its comprehensions and lambdas have for themselves.
        repeats: whether it is, or has, a loop over items.
        items: of what that goes through: where names, texts and displays begin, and the token behind them.
    """

    tokens: tuple[_Token, ...]
    bound: frozenset[int]
    own: frozenset[str]
    repeats: bool
    items: Mapping[int, int]


@dataclass(slots=True)
class _Turns:
    """A loop over items at work.

    Attributes:
        names, answers: the variables, and what had returned in its header, when it began.
        count: how often its header has run since.
        last: the variables when an item had come.
    """

    names: Mapping[str, str]
    last: Mapping[str, str]
    answers: tuple[Answer, ...] = ()
    count: int = 0


@dataclass(slots=True)
class _Scope:
    """A Python frame that is active.

    Attributes:
        names: its variables as the trace shows them.
        inline: whether it is a comprehension's or a lambda's, which stands in the midst of a line.
        name: of its function; "" for a comprehension, None for what is not looked for in lines.
        number: of the line that ran last, its own first; 0: unknown.
        line: that ran last, "" before any.
        visits: how often each line has run since a line that is less indented, by its text.
        answers: what has returned since the line began to run.
        before: what had returned when the line ran again: of a comprehension, the item is shown when all has been done with it.
        made: what has come of a comprehension's items (`models.comprehensions`).
        turns: the loops that have begun, by the numbers of their headers.
    """

    names: Mapping[str, str]
    inline: bool = False
    name: str | None = None
    number: int = 0
    line: str = ""
    visits: dict[str, int] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    before: tuple[Answer, ...] = ()
    made: dict[int, Item | None] = field(default_factory=dict)
    turns: dict[int, _Turns] = field(default_factory=dict)


class Ran(NamedTuple):
    """Of the line that ran last in the Python frame that is running.

    Attributes:
        visit: how often it has run; 0: none has, or unknown.
        number: which of the source's it is; 0: unknown.
        answers: what has returned since it began to run.
    """

    visit: int = 0
    number: int = 0
    answers: tuple[Answer, ...] = ()


_UNKNOWN = Ran()


class Running(NamedTuple):
    """A line that runs, all of a statement.

    Attributes:
        source: as it is written.
        line: with values in place of names.
        names: the variables that it has.
    """

    source: str
    line: str
    names: Mapping[str, str]


class _State(Enum):
    """What the frame before says of what is next."""

    NOTHING = auto()  # that is known
    RUNS = auto()  # a line is in the midst of running, or a function begins
    RAISED = auto()
    UNWINDS = auto()  # a function was left by an exception


class Notes:
    """The notes of one trace, as it grows."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._scopes: list[_Scope] = []
        self._state = _State.NOTHING
        self._resumes = False  # whether the last frame with variables was another Python frame's

    def observe(self, step: Step, ran: Ran = _UNKNOWN) -> None:
        """Append a frame; `ran`: what `ran` was behind it, where not all frames before it are told."""
        if not isinstance(step, Frame):
            self._state = _State.NOTHING
            return
        raised = self._state is _State.RAISED
        self._state = _State.RAISED if step.event is Event.EXCEPTION else _State.RUNS
        if step.event is not Event.EXCEPTION:
            self._resumes = step.event is Event.RETURN
        if step.event is Event.CALL:
            self._scopes.append(self._called(step, ran))
        elif step.event is Event.RETURN:
            self._return(step, ran)
            self._state = _State.UNWINDS if raised else _State.RUNS
        elif step.event is Event.LINE:
            if not self._scopes:
                self._scopes.append(_Scope(step.locals))
            self._run(self._scopes[-1], step, ran)

    def _called(self, step: Frame, ran: Ran) -> _Scope:
        source = step.source.lstrip()
        found = _FUNCTION.match(source)
        name = found[1] if found else "" if ITERATOR in step.locals else None
        number = ran.number or self._flow.place(step.source, None)
        return _Scope(step.locals, not source.startswith(BEGINNINGS), None if name == _INITIALISER else name, number)

    def _return(self, step: Frame, ran: Ran) -> None:
        left = self._scopes.pop() if self._scopes else None
        if left is None or not self._scopes:
            return
        scope, known = self._scopes[-1], left.name is not None and "yield" not in step.source
        scope.answers = ran.answers or scope.answers + ((Answer(left.name or "", step.value or ""),) if known else ())
        if (turns := scope.turns.get(scope.number)) is not None and turns.count == 1:
            turns.answers = scope.answers

    def _run(self, scope: _Scope, step: Frame, ran: Ran) -> None:
        scope.before = scope.answers
        scope.names, scope.line, scope.answers = step.locals, step.source, ran.answers
        before, scope.number = scope.number, ran.number or self._flow.place(step.source, scope.number)
        if (loop := self._flow.loops.get(scope.number)) is not None:
            if before not in loop.body:
                scope.turns[scope.number] = _Turns(step.locals, step.locals)
            if scope.number in scope.turns:
                scope.turns[scope.number].count += 1
        if before in scope.turns and scope.number == self._flow.loops[before].first:
            scope.turns[before].last = step.locals
        visit, indent = ran.visit or scope.visits.get(step.source, 0) + 1, _indent(step.source)
        scope.visits = {line: count for line, count in scope.visits.items() if _indent(line) <= indent}
        scope.visits[step.source] = visit

    @property
    def ran(self) -> Ran:
        """The line that ran last in the Python frame that is running."""
        if not self._scopes:
            return _UNKNOWN
        scope = self._scopes[-1]
        return Ran(scope.visits.get(scope.line, 0), scope.number, scope.answers)

    def text(self, work: Work | None = None) -> str:
        """What is to be read before the next frame; "" where there is nothing to note. `work`: of a line of values, puts what operations give
        in their places."""
        lines = self._lines(self._scopes[-1], work) if self._scopes else []
        return "\n".join([ACTION_SEP + lines[0], *lines[1:], ""]) if lines else ""

    @property
    def _at_work(self) -> _Scope | None:
        """The Python frame whose line is running; None where none has begun to, or it is known to do something else."""
        runs = self._scopes and self._state is _State.RUNS and self._scopes[-1].line
        return self._scopes[-1] if runs else None

    def running(self) -> Running | None:
        """The statement that runs; None where there is none, or it has several lines, or its line several."""
        scope = self._at_work
        if scope is None or scope.inline or scope.number not in self._flow.whole:
            return None
        return Running(scope.line.strip(), self._line(scope) or scope.line.strip(), scope.names)

    def gathering(self) -> Gathering | None:
        """The comprehension that runs, at an item; None where there is none, or its items are not seen one by one."""
        scope = self._at_work
        form = form_of(scope.line.strip()) if scope is not None and scope.name == "" else None
        if scope is None or form is None or not form.targets <= scope.names.keys():
            return None
        element, tests = (
            tuple(answered(inlined(text, self._value), scope.before) for text in texts) for texts in form[:2]
        )
        return Gathering(element, tests, scope.made, scope.visits[scope.line] - 1)

    def loop(self) -> Loop | None:
        """The loop whose header has run, or the comprehension that runs; None where there is none, or how far it is is not seen."""
        scope = self._at_work
        if scope is None:
            return None
        if scope.name == "":
            return self._comprehension(scope)
        repeated, turns = self._flow.loops.get(scope.number), scope.turns.get(scope.number)
        if repeated is None or turns is None:
            return None
        header = scope.line.strip()
        line, now = answered(inlined(header, turns.names.get), turns.answers), inlined(header, scope.names.get)
        ways = (self._way(number, scope.number) for number in (repeated.first, repeated.behind))
        return Loop(
            header,
            line,
            now,
            turns.names,
            scope.names,
            turns.last,
            repeated.binds,
            repeated.changes,
            turns.count,
            *ways,
        )

    def _comprehension(self, scope: _Scope) -> Loop | None:
        form, around = form_of(scope.line.strip()), self._scopes[-2:-1]
        if form is None or not around:
            return None
        names = around[0].names
        line, own = (
            answered(inlined(form.header, names.get), around[0].answers),
            escape_source(scope.line.rstrip("\r\n")),
        )
        ways = (Way(event, own) for event in (Event.LINE, Event.RETURN))
        return Loop(
            form.header,
            line,
            line,
            names,
            names,
            scope.names,
            frozenset(),
            frozenset(),
            scope.visits[scope.line],
            *ways,
        )

    def question(self) -> Question | None:
        """The test that decides which line is next; None where there is none, or it is not of values alone."""
        scope = self._at_work
        ways = None if scope is None else self._flow.ways.get(scope.number)
        if scope is None or ways is None:
            return None
        line = self._line(scope)
        if (condition := condition_of(line or scope.line, constant=bool(line))) is None:
            return None
        return Question(condition, *(self._way(number, scope.number) for number in ways))

    def _way(self, number: int, own: int) -> Way:
        event = Event.RETURN if number == LEFT else Event.LINE
        return Way(event, escape_source(self._flow.lines[number or own]))

    def _lines(self, scope: _Scope, work: Work | None) -> Sequence[str]:
        """What is known of what is next: variables, the line with their values, the lines that may be next."""
        if self._state is _State.NOTHING:
            return ()
        known = (escape_source(_shown(scope.names)),) if self._resumes and scope.names else ()
        if self._state is not _State.RUNS:
            return (*known, *self._flow.raised(scope.number, caught=self._state is _State.RAISED))
        line = self._line(scope)
        following = self._flow.following(scope.number, scope.inline or not scope.line, line or None)
        if work is not None and scope.line:
            line = self._worked(scope, line, work)
        return (*known, *([escape_source(line)] if line else []), *following)

    def _line(self, scope: _Scope) -> str:
        """The line with its values; "" where it has none."""
        line = scope.line.strip()
        if not _read(line).repeats:
            note = answered(inlined(line, self._value), scope.answers)
            return "" if note == line else note
        visit = scope.visits[scope.line]
        goes_through = line.startswith(_LOOPS) or scope.inline
        note = answered(inlined(line, self._value, visit if goes_through else 0), scope.answers)
        return f"{note}  # {visit}"

    def _worked(self, scope: _Scope, line: str, work: Work) -> str:
        """The line with what operations give in their places; of a loop, with the mark in what is gone through then."""
        source = scope.line.strip()
        if scope.inline or not source.startswith(_LOOPS):
            done = work(line or source)
            return line if done == source else done
        plain = answered(inlined(source, self._value), scope.answers)
        done, visit = work(plain), scope.visits[scope.line]
        return line if done == plain else f"{inlined(done, lambda _: None, visit)}  # {visit}"

    def _value(self, name: str) -> str | None:
        """What a name stands for: in a comprehension, also what it stands for around it."""
        own = _read(self._scopes[-1].line.strip()).own
        for scope in reversed(self._scopes):
            if name in own and not scope.inline:
                return None
            if name in scope.names:
                return scope.names[name]
            if ITERATOR not in scope.names:
                return None
        return None


def inlined(line: str, value: Callable[[str], str | None], item: int = 0) -> str:
    """A line, or a part of one, with values in place of the names of which there is one, as far as there is room.

    `item`: the one that its loops are at, from 1 on, which is marked in what they go through; 0: none.
    """
    room = _ROOM
    made: list[str] = []
    read = _read(line.strip())
    ends: dict[int, int] = {}  # of what is gone through, behind its last token: where it begins in what is made
    for number, token in enumerate(read.tokens):
        _mark(made, ends.pop(number, None), item)
        if item and number in read.items:
            ends[read.items[number]] = len(made)
        text = token.text
        if token.kind == "name" and number not in read.bound:
            found = value(text)
            if found is not None and len(found) <= room and not found.startswith("<"):  # no object's type and address
                room -= len(found)
                text = found
        elif token.kind == "string" and "f" in text[:2].lower() and text[0] not in "'\"":
            text = _FIELD.sub(lambda part: "{" + inlined(part[1], value) + "}", text)
        made.append(text)
    _mark(made, ends.pop(len(read.tokens), None), item)
    return "".join(made)


def _mark(made: list[str], start: int | None, item: int) -> None:
    """Put a mark into what stands from there on."""
    if start is not None:
        made[start:] = [marked("".join(made[start:]), item)]


@lru_cache(maxsize=10_000)
def _read(line: str) -> _Line:
    tokens = tuple(_Token(found.lastgroup or "", found[0]) for found in _TOKENS.finditer(line))
    solid = [number for number, token in enumerate(tokens) if token.kind != "space"]
    targets = list(_targets(tokens, solid))
    own = frozenset(tokens[number].text for number, inside in targets if inside)
    bound = _bound(tokens, solid) | {number for number, _ in targets}
    return _Line(tokens, bound, own, _Token("name", "for") in tokens, dict(_gone_through(tokens)))


def _gone_through(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """The names, texts and displays behind `for ... in`, but for those in an index or in another; and the number of the token behind them."""
    bound = inside = False  # behind `for`, behind its `in`
    last, depth, start = "", 0, 0
    for number, token in enumerate(tokens):
        text = token.text
        if not depth and (text in ("for", "in", "if", "else", ":")):
            bound, inside = text == "for", bound and text == "in"
        elif inside and text in ("[", "{"):
            display = not depth and (last in _BEFORE_DISPLAY)
            start, depth = number if display else start if depth else -1, depth + 1
        elif inside and depth and text in ("]", "}"):
            depth -= 1
            if not depth and start >= 0:
                yield start, number + 1
        elif inside and not depth and token.kind in ("name", "string"):
            yield number, number + 1
        last = text if token.kind != "space" else last


def marked(value: str, item: int) -> str:
    """The text of a value with a mark before its so-manieth item, behind the last where there are fewer; others than texts, lists, tuples,
    sets and dicts stay as they are."""
    if value[:1] in ("'", '"'):
        places = [found.start() for found in _CHARACTER.finditer(value, 1, len(value) - 1)]
    elif value[:1] in ("[", "(", "{"):
        places = _items(value)
    else:
        return value
    place = places[item - 1] if item <= len(places) else len(value) - 1
    return value[:place] + _MARK + value[place:]


def _items(value: str) -> list[int]:
    """Where the items of a display begin."""
    depth, places = 0, [] if len(value) < 3 else [1]
    for part in _ITEM.finditer(value):
        if part[0] in ("[", "(", "{"):
            depth += 1
        elif part[0] in ("]", ")", "}"):
            depth -= 1
        elif part[0] == "," and depth == 1 and value[part.end() :] != ")":  # of a tuple of one
            places.append(part.end() + 1)
    return places


def _bound(tokens: Sequence[_Token], solid: Sequence[int]) -> frozenset[int]:
    """Which tokens are no names that are read, but for `_targets`; `solid` are those that are no space."""
    depth, last = 0, -1
    depths = []
    for place, number in enumerate(solid):
        text = tokens[number].text
        depth += (text in "([{") - (text in ")]}") if tokens[number].kind == "operator" else 0
        depths.append(depth)
        if text == "=" and not depth:
            last = place
    made = set()
    for place, number in enumerate(solid):
        token = tokens[number]
        before = tokens[solid[place - 1]].text if place else ""
        after = tokens[solid[place + 1]].text if place + 1 < len(solid) else ""
        target = place < last and not depths[place] and after not in ("[", ".", "(")
        named = after == ":=" or (after == "=" and depths[place] > 0)
        if iskeyword(token.text) or before == "." or before in _BINDING or target or named:
            made.add(number)
    return frozenset(made)


def _targets(tokens: Sequence[_Token], solid: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """The names that `for` and `lambda` bind, and whether only in a part of the line."""
    binder = -1  # the place of the word
    for place, number in enumerate(solid):
        token = tokens[number]
        if token.text in ("for", "lambda"):
            binder = place
        elif token.text in ("in", ":"):
            binder = -1
        elif binder >= 0 and token.kind == "name":
            yield number, binder > 0


def _shown(names: Mapping[str, str]) -> str:
    """Variables in the order in which a frame shows them; `..` for values for which there is no room."""
    room, made = _ROOM, []
    for name, value in names.items():
        fits = len(value) <= room
        room -= len(value) if fits else 0
        made.append(f"{name}={value if fits else UNCHANGED}")
    return f"({', '.join(made)})"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
