"""Lines with values in place of the names in them.

Knows what names are in a line of Python, and which of them are read; no frames, and no values but their texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from keyword import iskeyword
from typing import NamedTuple

from cwm_trace.models.answers import STRING
from cwm_trace.models.containers import plain

ROOM = 400
"""Characters of values in a line that a network reads; what is longer stays a name."""
_MORE_ROOM = 2000  # in one that is worked on
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
FIELD = re.compile(r"(?<!\{)\{([^{}]*)\}")  # of an f-string
_BEFORE_DISPLAY = ("in", "(", ",")
_ITEM = re.compile(r"""[A-Za-z]{0,2}'(?:[^'\\]|\\.)*'|[A-Za-z]{0,2}"(?:[^"\\]|\\.)*"|[^"'()[\]{},]+|.""", re.DOTALL)
_CHARACTER = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL)
_BINDING = frozenset({"as", "def", "class", "import", "global", "nonlocal", "del"})


class _Token(NamedTuple):
    kind: str
    text: str


class Line(NamedTuple):
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


def inlined(line: str, value: Callable[[str], str | None], item: int = 0, room: int = ROOM) -> str:
    """A line, or a part of one, with values in place of the names of which there is one, as far as there is room.

    `item`: the one that its loops are at, from 1 on, which is marked in what they go through; 0: none.
    """
    made: list[str] = []
    parts = read(line.strip())
    ends: dict[int, int] = {}  # of what is gone through, behind its last token: where it begins in what is made
    for number, token in enumerate(parts.tokens):
        _mark(made, ends.pop(number, None), item)
        if item and number in parts.items:
            ends[parts.items[number]] = len(made)
        text = token.text
        if token.kind == "name" and number not in parts.bound:
            found = value(text)
            if found is not None and len(found) <= room and not found.startswith("<"):  # no object's type and address
                room -= len(found)
                text = found
        elif token.kind == "string" and "f" in text[:2].lower() and text[0] not in "'\"":
            text = FIELD.sub(lambda part: "{" + inlined(part[1], value) + "}", text)
        made.append(text)
    _mark(made, ends.pop(len(parts.tokens), None), item)
    return "".join(made)


def filled(line: str, value: Callable[[str], str | None]) -> str:
    """The same of a line that is worked on, and not read as a whole: there is more room for values."""
    return inlined(line, lambda name: None if (found := value(name)) is None else plain(found), room=_MORE_ROOM)


def _mark(made: list[str], start: int | None, item: int) -> None:
    """Put a mark into what stands from there on."""
    if start is not None:
        made[start:] = [marked("".join(made[start:]), item)]


@lru_cache(maxsize=10_000)
def read(line: str) -> Line:
    """What it consists of."""
    tokens = tuple(_Token(found.lastgroup or "", found[0]) for found in _TOKENS.finditer(line))
    solid = [number for number, token in enumerate(tokens) if token.kind != "space"]
    targets = list(_targets(tokens, solid))
    own = frozenset(tokens[number].text for number, inside in targets if inside)
    bound = _bound(tokens, solid) | {number for number, _ in targets}
    return Line(tokens, bound, own, _Token("name", "for") in tokens, dict(_gone_through(tokens)))


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
