"""Where inside a literal each token of a trace stands: which character of a text, which item of a list, which variable of a frame.

A small network counts badly: the tenth character of a text, or the text's length, is many tokens to it and no number. These positions are
given to it with each token ("index hints", Zhou et al. 2023, and "abacus embeddings", McLeish et al. 2024, of arithmetic). They come from the
tokens read so far alone, by a machine of a few states that knows quotes, escapes, brackets and commas, and nothing of programs. They are a hint:
right for characters that Python prints as they are or with one backslash; of longer escapes each letter counts (`\\x00`), and both halves of a
character beyond 16 bits in a frame. Source text is read line by line, so an apostrophe in a comment misleads until the line ends.

Written to stand alone but for its neighbour: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .token_recall import as_text

SIZES = (64, 32, 16)  # of characters, items, variables: what nano is trained with
CODE, STATE = "C", "S"  # symbols of tokens after which source text, or a frame's JSON, begins
_OTHER = "x"
_SYMBOLS = {
    "'": "'",
    '"': '"',
    "\\": "\\",
    "(": "(",
    "[": "(",
    "{": "(",
    ")": ")",
    "]": ")",
    "}": ")",
    ",": ",",
    "\n": "\n",
    "u": "u",  # JSON's `\\u00e9` is one character
}
_HEXADECIMAL = 4  # letters after `\\u`
_DEEPEST = 12  # levels that are counted; where brackets stand deeper, items are miscounted until the text ends
_KNOWN = 200_000  # steps that are remembered, about (threads may add at once); 640 bytes each


class Position(NamedTuple):
    """Of a token, by its last character; all from 1 on. 0: there is none, or it is in the middle of a JSON escape or of a character's bytes.

    Attributes:
        character: 1 at the quote that opens a text, then one more at each character; the closing quote has that of the last.
        item: 1 behind a bracket, one more behind each of its commas; the closing bracket has that of the last item.
        variable: which of the frame's locals.
    """

    character: int
    item: int
    variable: int


class _Literal(NamedTuple):
    """Inside of Python text: an open quote or "", whether a backslash came before, what has been counted."""

    quote: str
    escaped: bool
    character: int
    items: tuple[int, ...]


_OUTSIDE = _Literal("", False, 0, (0,))


class ReadState(NamedTuple):
    """Between two tokens.

    Attributes:
        variable: which of the frame's locals; None in source text.
        inside: whether a JSON string is open.
        escaped: whether a backslash of JSON's came before.
        letters: how many letters of a JSON escape are still to come.
        literal: where in Python's text.
    """

    variable: int | None
    inside: bool
    escaped: bool
    letters: int
    literal: _Literal


_START = ReadState(None, False, False, 0, _OUTSIDE)
_FRAME = ReadState(0, False, False, 0, _OUTSIDE)


class Place:
    """What `LiteralPositions` must know at a token to read on.

    Attributes:
        state: between this token and the next.
        known: what comes of tokens that were read here before.
    """

    __slots__ = ("known", "state")

    def __init__(self, state: ReadState) -> None:
        self.state = state
        self.known: dict[int, tuple[Place, Position]] = {}


def spelling(text: str) -> str:
    """The symbols of a token's text: what `LiteralPositions` must know of it."""
    return "".join(_SYMBOLS.get(character, _OTHER) for character in text)


def first_rows(sizes: Sequence[int]) -> list[int]:
    """The row of each kind's position 0 where one table has the rows of all, kind after kind."""
    return [sum(sizes[:kind]) + kind for kind in range(len(sizes))]


def wrapped(count: int, size: int) -> int:
    """A position from 1 to `size`: what counts further begins again; 0 stays 0."""
    return count and 1 + (count - 1) % size


class LiteralPositions:
    """Reads tokens and tells their positions.

    Attributes:
        sizes: how many positions of each kind there are; what counts further begins again.
        first: `first_rows`.
        start: the place before the first token.
        remembered: steps from one place to the next that need not be made again.
    """

    def __init__(self, symbols: Sequence[str], sizes: Sequence[int]) -> None:
        """`symbols`: of each token, by its id, `spelling`, or `CODE` or `STATE`; tokens beyond these have none."""
        self._symbols = list(symbols)
        self.sizes = Position(*sizes)
        self.first = first_rows(sizes)
        self.start = Place(_START)
        self._places = {_START: self.start}
        self.remembered = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies begin with nothing remembered: the places are a graph as deep as the longest text."""
        return LiteralPositions, (self._symbols, self.sizes)

    def columns(self, ids: Iterable[int]) -> list[Sequence[int]]:
        """Of each kind, the positions of a whole sequence's tokens."""
        return list(zip(*(position for _, position in self.read(ids)), strict=True)) or [()] * len(self.sizes)

    def read(self, ids: Iterable[int], place: Place | None = None, before: str = "") -> list[tuple[Place, Position]]:
        """The place at each of these tokens, which come behind `place`, and its position; `before` says nothing here."""
        place, made = place or self.start, []
        for token in ids:
            step = place.known.get(token) or self._learn(place, token)
            made.append(step)
            place = step[0]
        return made

    def _learn(self, place: Place, token: int) -> tuple[Place, Position]:
        if self.remembered >= _KNOWN:
            self._forget()
        state, position = _step(place.state, self._symbols[token] if token < len(self._symbols) else _OTHER)
        position = Position(*map(wrapped, position, self.sizes))
        place.known[token] = step = self._places.setdefault(state, Place(state)), position
        self.remembered += 1
        return step

    def _forget(self) -> None:
        for place in list(self._places.values()):  # another thread may add one
            place.known.clear()
        self._places, self.remembered = {_START: self.start}, 0


class LiteralReading:
    """The positions of one sequence, as it grows and is cut back."""

    def __init__(self, positions: Any) -> None:
        """`positions`: `LiteralPositions`, or what reads as they do."""
        self._positions = positions
        self._steps: list[tuple[Any, tuple[int, ...]]] = []
        self._text = ""  # `as_text`

    def read(self, ids: Sequence[int], length: int) -> list[tuple[int, ...]]:
        """Positions of tokens that stand behind the first `length` ones, of which all have been read; what was behind these is forgotten."""
        del self._steps[length:]
        self._text = self._text[:length]
        made = self._positions.read(ids, self._steps[-1][0] if self._steps else None, self._text)
        self._steps += made
        self._text += as_text(ids)
        return [position for _, position in made]


def _step(state: ReadState, symbols: str) -> tuple[ReadState, Position]:
    if symbols in (CODE, STATE):
        return (_FRAME if symbols == STATE else _START), Position(0, 0, 0)
    seen = (0, state.literal.items[-1])
    for symbol in symbols:
        if state.variable is None:
            literal, seen = (_OUTSIDE, (0, 0)) if symbol == "\n" else _python(state.literal, symbol)
            state = state._replace(literal=literal)
        elif state.inside:
            state, seen = _json(state, symbol, seen)
        else:
            state, seen = _between(state, symbol)
    return state, Position(*seen, state.variable or 0)


def _between(state: ReadState, symbol: str) -> tuple[ReadState, tuple[int, int]]:
    """In a frame's JSON, outside of its strings."""
    if symbol == '"':
        return state._replace(inside=True, literal=_OUTSIDE), (0, 0)
    variable = {"(": 1, ",": (state.variable or 0) + 1}.get(symbol, state.variable)
    return state._replace(variable=variable), (0, 0)


def _json(state: ReadState, symbol: str, seen: tuple[int, int]) -> tuple[ReadState, tuple[int, int]]:
    """In a string of a frame's JSON, which spells Python's spelling of a value."""
    if state.letters:
        return state._replace(letters=state.letters - 1), (state.literal.character, state.literal.items[-1])
    if not state.escaped and symbol == "\\":
        return state._replace(escaped=True), seen
    if not state.escaped and symbol == '"':
        return state._replace(inside=False, literal=_OUTSIDE), (0, 0)
    literal, seen = _python(state.literal, symbol)
    letters = _HEXADECIMAL if state.escaped and symbol == "u" else 0
    return state._replace(escaped=False, letters=letters, literal=literal), seen


def _python(literal: _Literal, symbol: str) -> tuple[_Literal, tuple[int, int]]:
    """One symbol of Python text: what is after it, and its character and item."""
    quote, escaped, character, items = literal
    if quote:
        if symbol == quote and not escaped:
            return _Literal("", False, 0, items), (character, items[-1])
        character += escaped or symbol != "\\"
        return _Literal(quote, not escaped and symbol == "\\", character, items), (character, items[-1])
    if symbol in "'\"":
        return _Literal(symbol, False, 1, items), (1, items[-1])
    if symbol == ")":
        return literal._replace(items=items[:-1] or (0,)), (0, items[-1])
    if symbol == "(" and len(items) < _DEEPEST:
        items = (*items, 1)
    elif symbol == "," and items[-1]:
        items = (*items[:-1], items[-1] + 1)
    return literal._replace(items=items), (0, items[-1])
