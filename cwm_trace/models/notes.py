"""Notes: before each frame, the line that runs, with the values of its variables in place of their names.

A small network finds the value of a name badly: of several values shown above it takes the last one, or the only one of a fitting type. What is
looked up for it stands in its text then: behind `result = x + 1`, where the trace shows that `x` is 5, comes `result = 5 + 1`, and the
observation after it. Of a loop's header and of a comprehension, a note has a number, too: how often it has run. Bookkeeping of the text that
is there: nothing is run, and where a frame is wrong its notes are. Notes are no part of the trace: models that are trained with them read
them (`models.causal`), nobody else sees them.

Knows frames, and what names are in a line of Python; no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import iskeyword
from typing import NamedTuple

from cwm_trace.format import ACTION_SEP, escape_source
from cwm_trace.frames import Event, Frame, Step

_ROOM = 400  # characters of values in a note; what is longer stays a name
_ITERATOR = ".0"  # the first argument of a comprehension's frame
_TOKENS = re.compile(
    r"""(?P<space>\s+)
    | (?P<string>[A-Za-z]{0,2}(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?))
    | (?P<number>\d[\w.]*)
    | (?P<name>[^\W\d]\w*)
    | (?P<comment>\#.*)
    | (?P<operator>:=|==|!=|<=|>=|->|//=|\*\*=|<<=|>>=|[-+*/%&|^@]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_FIELD = re.compile(r"(?<!\{)\{([^{}]*)\}")  # of an f-string
_BLOCKS = ("def ", "async def ", "class ", "@")
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
    """

    tokens: tuple[_Token, ...]
    bound: frozenset[int]
    own: frozenset[str]
    repeats: bool


@dataclass(slots=True)
class _Scope:
    """A Python frame that is active.

    Attributes:
        names: its variables as the trace shows them.
        inline: whether it is a comprehension's or a lambda's, which stands in the midst of a line.
        line: that ran last, "" before any.
        visits: how often each line has run since a line that is less indented, by its text.
    """

    names: Mapping[str, str]
    inline: bool = False
    line: str = ""
    visits: dict[str, int] = field(default_factory=dict)


class Notes:
    """The notes of one trace, as it grows."""

    def __init__(self) -> None:
        self._scopes: list[_Scope] = []
        self._runs = False  # whether a line is in the midst of running

    def observe(self, step: Step, visit: int = 0) -> None:
        """Append a frame; `visit`: how often its line has run, where not all frames before it are told."""
        self._runs = isinstance(step, Frame) and step.event in (Event.LINE, Event.RETURN)
        if not isinstance(step, Frame):
            return
        if step.event is Event.CALL:
            self._scopes.append(_Scope(step.locals, not step.source.lstrip().startswith(_BLOCKS)))
        elif step.event is Event.RETURN:
            del self._scopes[-1:]
        elif step.event is Event.LINE:
            if not self._scopes:
                self._scopes.append(_Scope(step.locals))
            self._run(self._scopes[-1], step, visit)

    @staticmethod
    def _run(scope: _Scope, step: Frame, visit: int) -> None:
        scope.names, scope.line = step.locals, step.source
        visit, indent = visit or scope.visits.get(step.source, 0) + 1, _indent(step.source)
        scope.visits = {line: count for line, count in scope.visits.items() if _indent(line) <= indent}
        scope.visits[step.source] = visit

    @property
    def visit(self) -> int:
        """How often the line has run that ran last in the Python frame that is running; 0 before any."""
        return self._scopes[-1].visits.get(self._scopes[-1].line, 0) if self._scopes else 0

    def text(self) -> str:
        """What is to be read before the next frame; "" where there is nothing to note."""
        if not self._runs or not self._scopes:
            return ""
        scope = self._scopes[-1]
        note = inlined(scope.line, self._value)
        if _read(scope.line.strip()).repeats:
            note += f"  # {scope.visits[scope.line]}"
        elif note == scope.line.strip():
            return ""
        return f"{ACTION_SEP}{escape_source(note)}\n"

    def _value(self, name: str) -> str | None:
        """What a name stands for: in a comprehension, also what it stands for around it."""
        own = _read(self._scopes[-1].line.strip()).own
        for scope in reversed(self._scopes):
            if name in own and not scope.inline:
                return None
            if name in scope.names:
                return scope.names[name]
            if _ITERATOR not in scope.names:
                return None
        return None


def inlined(line: str, value: Callable[[str], str | None]) -> str:
    """A line, or a part of one, with values in place of the names of which there is one, as far as there is room."""
    room, made = _ROOM, []
    read = _read(line.strip())
    for number, token in enumerate(read.tokens):
        text = token.text
        if token.kind == "name" and number not in read.bound:
            found = value(text)
            if found is not None and len(found) <= room and not found.startswith("<"):  # no object's type and address
                room -= len(found)
                text = found
        elif token.kind == "string" and "f" in text[:2].lower() and text[0] not in "'\"":
            text = _FIELD.sub(lambda part: "{" + inlined(part[1], value) + "}", text)
        made.append(text)
    return "".join(made)


@lru_cache(maxsize=10_000)
def _read(line: str) -> _Line:
    tokens = tuple(_Token(found.lastgroup or "", found[0]) for found in _TOKENS.finditer(line))
    solid = [number for number, token in enumerate(tokens) if token.kind != "space"]
    targets = list(_targets(tokens, solid))
    own = frozenset(tokens[number].text for number, inside in targets if inside)
    bound = _bound(tokens, solid) | {number for number, _ in targets}
    return _Line(tokens, bound, own, _Token("name", "for") in tokens)


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


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
