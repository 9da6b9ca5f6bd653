"""What each token of a trace refers to: which of the values shown so far, and how often its line has run.

A small network finds a variable's value badly: its name is several tokens, its last display is many frames back behind `".."`, and older displays look
the same. So each display of a value gets a number, and all tokens of it are given that number; so is a name where it stands for it, in a line of source that
runs on the locals just shown, and in the locals that follow. And tokens behind a line are given how often it has run, which is the item that a loop is at. Like
positions in literals (`literal_positions`), this is bookkeeping of the text that stands there already: nothing is run, and where the text is wrong the numbers are.

Written to stand alone but for its neighbour: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .literal_positions import SIZES, LiteralPositions, Place

ALL_SIZES = (*SIZES, 64, 32)  # of displays and visits, too: what nano is trained with

_FRAME, _CALL, _LINE = "<|frame_sep|>", "<|call_sep|>", "<|line_sep|>"
_RETURN, _EXCEPTION = "<|return_sep|>", "<|exception_sep|>"
_ACTION, _ARGUMENT = "<|action_sep|>", "<|arg_sep|>"
_UNCHANGED = ".."
_SKIPPED, _LOCALS, _SOURCE, _VALUE = range(4)  # what is being read


class Reference(NamedTuple):
    """Of a token; 0: none.

    Attributes:
        value: which display of a value, from 1 on in the order of the trace.
        visit: how often the line that ran last has run in its call, since a line that is less indented.
    """

    value: int
    visit: int


class _Scope(NamedTuple):
    """A call's variables and lines, while another runs."""

    names: dict[str, int]
    visits: dict[tuple[int, str], int]
    visit: int
    outer: _Scope | None


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
        if text.startswith("<|") and text.endswith("|>"):
            self._begin(text)
            return Reference(0, self._visit)
        if self._what == _LOCALS:
            return Reference(self._read_locals(text), self._visit)
        if self._what == _SOURCE:
            return self._read_source(text)
        return Reference(self._last if self._what == _VALUE else 0, self._visit)

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
            return Reference(self._named() if self._word and not self._attribute else 0, 0)
        if self._event == _LINE:
            self._count()
        return Reference(0, self._visit)

    def _named(self) -> int:
        """What the name stands for: a variable of this call, or, as in a comprehension, of the one around it."""
        outer = self._outer.names if self._outer else {}
        return self._names.get(self._word) or outer.get(self._word, 0)

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

    def _count(self) -> None:
        """A line runs; those inside of it begin anew."""
        line = self._line.lstrip(" ")
        indentation = len(self._line) - len(line)
        self._visit = self._visits.get((indentation, line), 0) + 1
        kept = {seen: count for seen, count in self._visits.items() if seen[0] <= indentation}
        self._visits = kept | {(indentation, line): self._visit}


class TracePositions:
    """Tells of tokens where in literals they stand (`LiteralPositions`) and what they refer to.

    Attributes:
        sizes: how many positions of each kind there are; what counts further begins again.
        first: the row of each kind's position 0 where one table has the rows of all, kind after kind.
    """

    def __init__(self, symbols: Sequence[str], texts: Sequence[str], sizes: Sequence[int]) -> None:
        """`symbols`: as `LiteralPositions` takes them; `texts`: of each token, by its id; tokens beyond these have none."""
        self._literals = LiteralPositions(symbols, sizes[: len(SIZES)])
        self._texts = list(texts)
        self.sizes = tuple(sizes)
        self.first = [sum(sizes[:kind]) + kind for kind in range(len(sizes))]

    def read(
        self, ids: Iterable[int], place: tuple[Place, TraceReferences] | None = None
    ) -> list[tuple[tuple[Place, TraceReferences], tuple[int, ...]]]:
        """The place at each of these tokens, which come behind `place`, and its positions."""
        tokens = list(ids)
        literal, references = place or (None, TraceReferences())
        made = []
        for token, (after, position) in zip(tokens, self._literals.read(tokens, literal), strict=True):
            references = references.copy()
            made.append(((after, references), (*position, *self._wrapped(references, token))))
        return made

    def told(self, ids: Sequence[int]) -> list[tuple[int, ...]]:
        """The positions of whole sequences' tokens."""
        references = TraceReferences()
        steps = zip(ids, self._literals.read(ids), strict=True)
        return [(*position, *self._wrapped(references, token)) for token, (_, position) in steps]

    def _wrapped(self, references: TraceReferences, token: int) -> tuple[int, int]:
        value, visit = references.read(self._texts[token] if token < len(self._texts) else "")
        values, visits = self.sizes[len(SIZES) :]
        return value and 1 + (value - 1) % values, visit and 1 + (visit - 1) % visits


def positions_reader(config: Any) -> LiteralPositions | TracePositions:
    """What tells a network of its tokens' positions, by its config."""
    if config.trace_texts:
        return TracePositions(config.literal_symbols, config.trace_texts, config.literal_sizes)
    return LiteralPositions(config.literal_symbols, config.literal_sizes)
