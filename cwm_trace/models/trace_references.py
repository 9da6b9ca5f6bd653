"""What each token of a trace refers to: which of the values shown so far, how often its line has run, and where in the source that is.

A small network finds a variable's value badly: its name is several tokens, its last display is many frames back behind `".."`, and older
displays look the same. So each display of a value gets a number, and all tokens of it are given that number; so is a name where it stands for
it, in a line of source that runs on the locals just shown, and in the locals that follow. And tokens behind a line are given how often it has
run, which is the item that a loop is at, and the number of the line below it; tokens of the source have their own line's, so the line that
mostly comes next is found by its number. Like positions in literals (`literal_positions`), this is bookkeeping of the text that stands there
already: nothing is run, and where the text is wrong the numbers are.

Written to stand alone: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_CONTEXT, _FRAME, _CALL, _LINE = "<|trace_context_start|>", "<|frame_sep|>", "<|call_sep|>", "<|line_sep|>"
_RETURN, _EXCEPTION = "<|return_sep|>", "<|exception_sep|>"
_ACTION, _ARGUMENT = "<|action_sep|>", "<|arg_sep|>"
_UNCHANGED = ".."
_START = "  # << START_OF_TRACE"  # in the source, not in a frame's line
_SKIPPED, _PROGRAM, _LOCALS, _SOURCE, _VALUE, _BETWEEN = range(6)  # what is being read; between frames a note may stand


class Reference(NamedTuple):
    """Of a token; 0: none.

    Attributes:
        value: which display of a value, from 1 on in the order of the trace.
        visit: how often the line that ran last has run in its call, since a line that is less indented.
        line: of the source's tokens, their line; in frames, the line below the one that ran last in this call. The first is 1.
    """

    value: int
    visit: int
    line: int


class _Scope(NamedTuple):
    """A call's variables and lines, while another runs."""

    names: dict[str, int]
    visits: dict[tuple[int, str], int]
    visit: int
    ran: int
    outer: _Scope | None


class Part(NamedTuple):
    """The locals of a frame, or its line, read without what was before.

    Attributes:
        told: tokens that refer to something: which one of the part, and the name that it refers by or the number of the display in the part.
        shown: of locals, each name's display in the part, 0 where it is an older one.
        displays: how many there are.
        line: of a frame, its indentation and the rest; None of locals.
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
        "_lines",
        "_name",
        "_names",
        "_number",
        "_open",
        "_outer",
        "_quote",
        "_ran",
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
        self._lines: dict[str, tuple[int, ...]] = {}  # of the source: where each stands
        self._number = 0  # of the source's line that is being read
        self._ran = 0  # the number of the line that ran last in this call
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
        if is_special(text):
            self._begin(text)
            return Reference(0, self._visit, self._below)
        if self._what == _LOCALS:
            return Reference(self._read_locals(text), self._visit, self._below)
        if self._what == _SOURCE:
            return self._read_source(text)
        if self._what == _PROGRAM:
            return self._read_program(text)
        return Reference(self._last if self._what == _VALUE else 0, self._visit, self._below)

    def apply(self, part: Part | None, count: int) -> tuple[list[int], list[int], list[int]]:
        """The displays, visits and lines of so many tokens, none of them a trace's own, as `read` gives them.

        `part`: what stands in them, needed of locals and of a frame's line.
        """
        if part is None:
            return [self._last if self._what == _VALUE else 0] * count, [self._visit] * count, [self._below] * count
        values, before = [0] * count, self._below
        if part.line is None:
            for place, name in part.told:
                values[place] = self._names.get(name, 0) if isinstance(name, str) else self._last + name
            names, last = self._names, self._last
            self._shown = {name: number and last + number or names.get(name, 0) for name, number in part.shown.items()}
            self._last += part.displays
            return values, [self._visit] * count, [before] * count
        for place, name in part.told:
            values[place] = self._named(str(name))
        self._run(part.line)
        return values, [0] * (count - 1) + [self._visit], [before] * (count - 1) + [self._below]

    @property
    def reads_program(self) -> bool:
        """Whether the source is being read."""
        return self._what == _PROGRAM

    @property
    def reads_locals(self) -> bool:
        """Whether locals are being read."""
        return self._what == _LOCALS

    @property
    def reads_source(self) -> bool:
        """Whether a frame's line is being read."""
        return self._what == _SOURCE

    def _begin(self, token: str) -> None:
        if token == _FRAME:
            if self._what == _VALUE and self._event == _RETURN:
                self._leave()
            elif self._what == _PROGRAM:
                self._learn(self._line)
            self._what = _BETWEEN
        elif token in (_CALL, _LINE):
            if token == _CALL:
                self._outer = _Scope(self._names, self._visits, self._visit, self._ran, self._outer)
                self._names, self._visits, self._visit, self._ran = {}, {}, 0, 0
            self._what, self._event, self._shown = _LOCALS, token, {}
            self._open = self._escaped = False
            self._key = True
        elif token in (_RETURN, _EXCEPTION):
            self._what, self._event = _SKIPPED, token
        elif token == _ACTION and self._what != _BETWEEN:
            if self._what == _LOCALS:
                self._names = self._shown
            self._what, self._line, self._word, self._quote = _SOURCE, "", "", ""
            self._attribute = self._escaped = False
        elif token == _ARGUMENT:
            self._what = _VALUE
            self._last += 1
        elif token == _CONTEXT:
            self._what, self._line, self._number = _PROGRAM, "", 1
        else:
            self._what = _SKIPPED

    def _leave(self) -> None:
        """A call has returned."""
        if self._outer is None:
            self._names, self._visits, self._visit, self._ran = {}, {}, 0, 0
        else:
            self._names, self._visits, self._visit, self._ran, self._outer = self._outer

    @property
    def _below(self) -> int:
        """The line below the one that ran last."""
        return self._ran and self._ran + 1

    def _read_program(self, text: str) -> Reference:
        number = self._number
        self._line += text
        *ended, self._line = self._line.split("\n")
        for line in ended:
            self._learn(line)
        return Reference(0, 0, number)

    def _learn(self, line: str) -> None:
        """A line of the source."""
        text = line.removesuffix(_START).strip()
        self._lines = self._lines | {text: (*self._lines.get(text, ()), self._number)}
        self._number += 1

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
            return Reference(self._named(self._word) if self._word and not self._attribute else 0, 0, self._below)
        self._run(_indented(self._line))
        return Reference(0, self._visit, self._below)

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

    def _run(self, line: tuple[int, str]) -> None:
        """A frame's line has been read: of several that are the same the next below the last one, or the nearest where nothing moves."""
        if numbers := self._lines.get(line[1].strip()):
            moves = self._event == _LINE
            self._ran = min(numbers, key=lambda number: (moves and number <= self._ran, abs(number - self._ran)))
        if self._event == _LINE:
            self._count(line)

    def _count(self, line: tuple[int, str]) -> None:
        """A line runs; those inside of it begin anew."""
        self._visit = self._visits.get(line, 0) + 1
        kept = {seen: count for seen, count in self._visits.items() if seen[0] <= line[0]}
        self._visits = kept | {line: self._visit}

    @classmethod
    def locals_part(cls, texts: Sequence[str]) -> Part:
        """Of a frame's locals."""
        reader = cls()
        reader._begin(_LINE)
        told: list[tuple[int, str | int]] = []
        for place, text in enumerate(texts):
            display = reader._read_locals(text)
            if reader._open:
                told.append((place, reader._text if reader._key else display))
        return Part(tuple(told), reader._shown, reader._last, None)

    @classmethod
    def source_part(cls, texts: Sequence[str]) -> Part | None:
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
        return Part(tuple(told), {}, 0, _indented(text))


def is_special(text: str) -> bool:
    """Whether a token is one of a trace's own."""
    return text.startswith("<|") and text.endswith("|>")


def _indented(line: str) -> tuple[int, str]:
    text = line.lstrip(" ")
    return len(line) - len(text), text
