"""What each token of a trace refers to: which of the values shown so far, and how often its line has run.

A small network finds a variable's value badly: its name is several tokens, its last display is many frames back behind `".."`, and older
displays look the same. So each display of a value gets a number, and all tokens of it are given that number; so is a name where it stands for
it, in a line of source that runs on the locals just shown, and in the locals that follow. And tokens behind a line are given how often it has
run, which is the item that a loop is at. Like positions in literals (`literal_positions`), this is bookkeeping of the text that stands there
already: nothing is run, and where the text is wrong the numbers are.

Written to stand alone but for its neighbour: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .literal_positions import SIZES, LiteralPositions, Place, Position, first_rows, wrapped

ALL_SIZES = (*SIZES, 64, 32)  # of displays and visits, too: what nano is trained with

_FRAME, _CALL, _LINE = "<|frame_sep|>", "<|call_sep|>", "<|line_sep|>"
_RETURN, _EXCEPTION = "<|return_sep|>", "<|exception_sep|>"
_ACTION, _ARGUMENT = "<|action_sep|>", "<|arg_sep|>"
_UNCHANGED = ".."
_SKIPPED, _LOCALS, _SOURCE, _VALUE = range(4)  # what is being read
_KNOWN = 50_000  # parts of traces that are remembered; most of a trace's parts stand in it, or in others, many times


class Reference(NamedTuple):
    """Of a token; 0: none.

    Attributes:
        value: which display of a value, from 1 on in the order of the trace.
        visit: how often the line that ran last has run in its call, since a line that is less indented.
    """

    value: int
    visit: int


KINDS = (*Position._fields, *Reference._fields)  # of what a network is told of a token, in their order


class _Scope(NamedTuple):
    """A call's variables and lines, while another runs."""

    names: dict[str, int]
    visits: dict[tuple[int, str], int]
    visit: int
    outer: _Scope | None


class _Part(NamedTuple):
    """The locals of a frame, or its line, read without what was before.

    Attributes:
        told: tokens that refer to something: which one of the part, and the name that it refers by or the number of the display in the part.
        shown: of locals, each name's display in the part, 0 where it is an older one.
        displays: how many there are.
        line: of source, its indentation and the rest; None of locals.
    """

    told: tuple[tuple[int, str | int], ...]
    shown: dict[str, int]
    displays: int
    line: tuple[int, str] | None


class TraceReferences:
    """Reads the tokens of one trace, one by one, and tells what they refer to. Dictionaries are replaced, never changed: `copy` is cheap."""

    __slots__ = (
        "_attribute",
        "_escaped",
        "_event",
        "_key",
        "_last",
        "_line",
        "_name",
        "_names",
        "_open",
        "_outer",
        "_quote",
        "_shown",
        "_text",
        "_visit",
        "_visits",
        "_what",
        "_word",
    )

    def __init__(self) -> None:
        self._what, self._event = _SKIPPED, ""
        self._last = 0  # the newest display
        self._names: dict[str, int] = {}  # displays of the variables of this call
        self._shown: dict[str, int] = {}  # of those in the locals that are being read
        self._visits: dict[tuple[int, str], int] = {}
        self._visit = 0
        self._outer: _Scope | None = None
        self._open = self._key = self._escaped = False  # a string of the locals; whether it is a name
        self._text = self._name = ""
        self._line = self._word = self._quote = ""
        self._attribute = False

    def copy(self) -> TraceReferences:
        """One that reads on from here."""
        made = TraceReferences.__new__(TraceReferences)
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def read(self, text: str) -> Reference:
        """One token, by its text."""
        if _is_special(text):
            self._begin(text)
            return Reference(0, self._visit)
        if self._what == _LOCALS:
            return Reference(self._read_locals(text), self._visit)
        if self._what == _SOURCE:
            return self._read_source(text)
        return Reference(self._last if self._what == _VALUE else 0, self._visit)

    def apply(self, part: _Part | None, count: int) -> tuple[list[int], list[int]]:
        """The displays and visits of so many tokens, none of them a trace's own, as `read` gives them.

        `part`: what stands in them, needed of locals and of source.
        """
        if part is None:
            return [self._last if self._what == _VALUE else 0] * count, [self._visit] * count
        values = [0] * count
        if part.line is None:
            for place, name in part.told:
                values[place] = self._names.get(name, 0) if isinstance(name, str) else self._last + name
            names, last = self._names, self._last
            self._shown = {name: number and last + number or names.get(name, 0) for name, number in part.shown.items()}
            self._last += part.displays
            return values, [self._visit] * count
        for place, name in part.told:
            values[place] = self._named(str(name))
        if self._event == _LINE:
            self._count(part.line)
        return values, [0] * (count - 1) + [self._visit]

    @property
    def reads_locals(self) -> bool:
        """Whether locals are being read."""
        return self._what == _LOCALS

    @property
    def reads_source(self) -> bool:
        """Whether a line is being read."""
        return self._what == _SOURCE

    def _begin(self, token: str) -> None:
        if token == _FRAME:
            if self._what == _VALUE and self._event == _RETURN:
                self._leave()
            self._what = _SKIPPED
        elif token in (_CALL, _LINE):
            if token == _CALL:
                self._outer = _Scope(self._names, self._visits, self._visit, self._outer)
                self._names, self._visits, self._visit = {}, {}, 0
            self._what, self._event, self._shown = _LOCALS, token, {}
            self._open = self._escaped = False
            self._key = True
        elif token in (_RETURN, _EXCEPTION):
            self._what, self._event = _SKIPPED, token
        elif token == _ACTION:
            if self._what == _LOCALS:
                self._names = self._shown
            self._what, self._line, self._word, self._quote = _SOURCE, "", "", ""
            self._attribute = self._escaped = False
        elif token == _ARGUMENT:
            self._what = _VALUE
            self._last += 1
        else:
            self._what = _SKIPPED

    def _leave(self) -> None:
        """A call has returned."""
        if self._outer is None:
            self._names, self._visits, self._visit = {}, {}, 0
        else:
            self._names, self._visits, self._visit, self._outer = self._outer

    def _read_locals(self, text: str) -> int:
        if not (self._open and not self._key and not self._escaped and '"' not in text and "\\" not in text):
            for character in text:
                self._read_json(character)
        elif len(self._text) <= len(_UNCHANGED):
            self._text += text
        if not self._open:
            return 0
        return self._names.get(self._text, 0) if self._key else self._last + 1

    def _read_json(self, character: str) -> None:
        if not self._open:
            if character == '"':
                self._open, self._text = True, ""
            elif character in "{,:":
                self._key = character != ":"
        elif self._escaped:
            self._escaped, self._text = False, self._text + character
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._close()
        else:
            self._text += character

    def _close(self) -> None:
        """A string of the locals has ended: a name, or its value."""
        self._open = False
        if self._key:
            self._name = self._text
        elif self._text == _UNCHANGED:
            self._shown = self._shown | {self._name: self._names.get(self._name, 0)}
        else:
            self._last += 1
            self._shown = self._shown | {self._name: self._last}

    def _read_source(self, text: str) -> Reference:
        self._line += text
        for character in text:
            self._read_python(character)
        if not text.endswith("\n"):
            return Reference(self._named(self._word) if self._word and not self._attribute else 0, 0)
        if self._event == _LINE:
            self._count(_indented(self._line))
        return Reference(0, self._visit)

    def _named(self, word: str) -> int:
        """What a name stands for: a variable of this call, or, as in a comprehension, of the one around it."""
        outer = self._outer.names if self._outer else {}
        return self._names.get(word) or outer.get(word, 0)

    def _read_python(self, character: str) -> None:
        if self._quote:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == self._quote:
                self._quote = ""
        elif character.isalnum() or character == "_":
            self._word += character
        else:
            self._word, self._attribute = "", character == "."
            if character in "'\"":
                self._quote = character

    def _count(self, line: tuple[int, str]) -> None:
        """A line runs; those inside of it begin anew."""
        self._visit = self._visits.get(line, 0) + 1
        kept = {seen: count for seen, count in self._visits.items() if seen[0] <= line[0]}
        self._visits = kept | {line: self._visit}

    @classmethod
    def locals_part(cls, texts: Sequence[str]) -> _Part:
        """Of a frame's locals."""
        reader = cls()
        reader._begin(_LINE)
        told: list[tuple[int, str | int]] = []
        for place, text in enumerate(texts):
            display = reader._read_locals(text)
            if reader._open:
                told.append((place, reader._text if reader._key else display))
        return _Part(tuple(told), reader._shown, reader._last, None)

    @classmethod
    def source_part(cls, texts: Sequence[str]) -> _Part | None:
        """Of a line; None for what is not one line."""
        text = "".join(texts)
        if "\n" in text[:-1] or not texts[-1].endswith("\n"):
            return None
        reader = cls()
        reader._begin(_ACTION)
        told: list[tuple[int, str | int]] = []
        for place, part in enumerate(texts[:-1]):
            reader._read_source(part)
            if reader._word and not reader._attribute:
                told.append((place, reader._word))
        return _Part(tuple(told), {}, 0, _indented(text))


def _is_special(text: str) -> bool:
    return text.startswith("<|") and text.endswith("|>")


def _indented(line: str) -> tuple[int, str]:
    text = line.lstrip(" ")
    return len(line) - len(text), text


class TracePositions:
    """Tells of tokens where in literals they stand (`LiteralPositions`) and what they refer to.

    Attributes:
        sizes: how many positions of each kind there are; what counts further begins again.
        first: `first_rows`.
    """

    def __init__(self, symbols: Sequence[str], texts: Sequence[str], sizes: Sequence[int]) -> None:
        """`symbols`: as `LiteralPositions` takes them; `texts`: of each token, by its id; tokens beyond these have none."""
        self._literals = LiteralPositions(symbols, sizes[: len(SIZES)])
        self._symbols, self._texts = list(symbols), list(texts)
        self._special = {token for token, text in enumerate(texts) if _is_special(text)}
        self._states: dict[tuple[int, ...], _Part | None] = {}
        self._sources: dict[tuple[int, ...], _Part | None] = {}
        self.sizes = tuple(sizes)
        self._values, self._visits = self.sizes[len(SIZES) :]
        self.first = first_rows(sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies begin with nothing remembered."""
        return TracePositions, (self._symbols, self._texts, self.sizes)

    def read(
        self, ids: Iterable[int], place: tuple[Place, TraceReferences] | None = None
    ) -> list[tuple[tuple[Place, TraceReferences], tuple[int, ...]]]:
        """The place at each of these tokens, which come behind `place`, and its positions."""
        tokens = list(ids)
        literal, references = place or (None, TraceReferences())
        made: list[tuple[tuple[Place, TraceReferences], tuple[int, ...]]] = []
        for token, (after, position) in zip(tokens, self._literals.read(tokens, literal), strict=True):
            references = references.copy()
            value, visit = references.read(self._text(token))
            told = (*position, wrapped(value, self._values), wrapped(visit, self._visits))
            made.append(((after, references), told))
        return made

    def told(self, ids: Sequence[int]) -> list[tuple[int, ...]]:
        """The positions of a whole sequence's tokens: as `read`, several times as fast."""
        values, visits = self._references(ids)
        steps = zip(self._literals.read(ids), values, visits, strict=True)
        return [
            (*position, wrapped(value, self._values), wrapped(visit, self._visits))
            for (_, position), value, visit in steps
        ]

    def _references(self, ids: Sequence[int]) -> tuple[list[int], list[int]]:
        references, special, size = TraceReferences(), self._special, len(ids)
        values: list[int] = []
        visits: list[int] = []
        at = 0
        while at < size:
            end = at
            while end < size and ids[end] not in special:
                end += 1
            if end > at:
                found = self._read_part(references, tuple(ids[at:end]))
                values += found[0]
                visits += found[1]
            if end < size:
                value, visit = references.read(self._texts[ids[end]])
                values.append(value)
                visits.append(visit)
            at = end + 1
        return values, visits

    def _read_part(self, references: TraceReferences, ids: tuple[int, ...]) -> tuple[list[int], list[int]]:
        """Tokens none of which is a trace's, from where one was."""
        if references.reads_source or references.reads_locals:
            known = self._sources if references.reads_source else self._states
            if ids not in known:
                if len(known) >= _KNOWN:
                    known.clear()
                texts = [self._text(token) for token in ids]
                known[ids] = (TraceReferences.source_part if references.reads_source else TraceReferences.locals_part)(
                    texts
                )
            part = known[ids]
            if part is None:
                steps = [references.read(self._text(token)) for token in ids]
                return [step.value for step in steps], [step.visit for step in steps]
            return references.apply(part, len(ids))
        return references.apply(None, len(ids))

    def _text(self, token: int) -> str:
        return self._texts[token] if token < len(self._texts) else ""


PositionsReader = LiteralPositions | TracePositions


def positions_reader(symbols: Sequence[str], sizes: Sequence[int], texts: Sequence[str] = ()) -> PositionsReader:
    """What tells a network of its tokens' positions; what they refer to only where there are texts."""
    return TracePositions(symbols, texts, sizes) if texts else LiteralPositions(symbols, sizes)
