"""Guesses the next tokens of a trace from the trace itself, for speculative decoding. Knows token ids, not what they spell.

Traces repeat: a frame's action is one of the context's lines, its observation much like the one before. A wrong guess costs time, never
correctness: the model checks every token (`cwm_trace.models.engine`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Sizes of the n-grams looked up, longest first, and how many tokens at most are guessed from one: a short one says little.
_SIZES = {12: 16, 6: 16, 3: 16, 2: 8, 1: 4}
_SURE = 6  # a guess is guessed on from as many tokens at least; of 2, 3, 6 and 12, this took least time
_Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TraceIds:
    """The ids of the tokens that give a trace its shape."""

    frame: int
    action: int
    argument: int
    call: int
    line: int
    endings: frozenset[int]  # RETURN and EXCEPTION


class Drafter:
    """Reads a sequence as it grows, and guesses how it goes on."""

    def __init__(self, marks: TraceIds) -> None:
        self._marks = marks
        self._ids: list[int] = []
        self._after: tuple[dict[_Key, int], ...] = tuple({} for _ in _SIZES)
        self._actions = _Actions(marks, self._ids)

    def observe(self, ids: Sequence[int]) -> None:
        """Append tokens to what has been read."""
        for token in ids:
            for size, table in zip(_SIZES, self._after, strict=True):
                table[tuple(self._ids[-size:])] = len(self._ids)
            self._ids.append(token)
            self._actions.observe(token)

    def draft(self, most: int) -> list[int]:
        """So many likely next tokens at most; none where nothing like it was read."""
        guess: list[int] = []
        while len(guess) < most and (more := self._more(guess, most - len(guess))):
            guess += more
        return guess

    def _more(self, guess: list[int], most: int) -> list[int]:
        """How it goes on after this guess."""
        end = (self._ids[-max(_SIZES) :] + guess)[-max(_SIZES) :]
        if end[-1:] == [self._marks.action]:
            start = self._actions.due(guess)
            if start is not None:
                return self._ids[start : start + most]
        for (size, longest), table in zip(_SIZES.items(), self._after, strict=True):
            if guess and size < _SURE:
                break
            start = table.get(tuple(end[-size:]))
            if start is not None:
                return self._to_action(self._ids[start : start + min(most, longest)])
        return []

    def _to_action(self, guess: list[int]) -> list[int]:
        """Up to where another line may be due than the one that stands there."""
        at = next((number for number, token in enumerate(guess) if token == self._marks.action), len(guess))
        return guess[: at + 1]


class _Actions:
    """The lines that ran, one after another in each function that is running: where to find the one that comes next."""

    def __init__(self, marks: TraceIds, ids: list[int]) -> None:
        self._marks, self._ids = marks, ids
        self._context: int | None = None  # where the context ends
        self._event = self._start = -1
        self._open = False
        self._running: list[tuple[int, _Key]] = []  # each function's last action: where it stands, and its tokens
        self._next: dict[_Key, int] = {}  # where the action stands that came after this one last time

    def observe(self, token: int) -> None:
        """Look at the token that was just appended."""
        marks = self._marks
        if token == marks.frame and self._context is None:
            self._context = len(self._ids) - 1
        if self._open and token in (marks.frame, marks.argument):
            self._close()
        if token in (marks.call, marks.line) or token in marks.endings:
            self._event = token
        if token == marks.action:
            self._open, self._start = True, len(self._ids)

    def _close(self) -> None:
        self._open = False
        action = self._start, tuple(self._ids[self._start : -1])
        if self._event == self._marks.call:
            self._running.append(action)
        elif self._event in self._marks.endings:
            del self._running[-1:]  # an EXCEPTION that is caught comes back as a LINE, at worst with a poor guess
        elif self._running:
            self._next[self._running[-1][1]] = self._start
            self._running[-1] = action

    def due(self, guess: Sequence[int]) -> int | None:
        """Where the tokens of the next action stand, these tokens coming before it."""
        marks = self._marks
        events = {marks.call, marks.line, *marks.endings}
        event = next((token for token in guess if token in events), self._event)
        if not self._running or event == marks.call:
            return None
        start, last = self._running[-1]
        if event in marks.endings:
            return start
        return self._next.get(last) or self._line_after(last)

    def _line_after(self, line: _Key) -> int | None:
        """The end of a line in the context, where the next one starts."""
        if not line or self._context is None:
            return None
        ends = range(len(line), self._context)
        return next((end for end in ends if tuple(self._ids[end - len(line) : end]) == line), None)
