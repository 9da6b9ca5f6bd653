"""Guesses the next tokens of a trace, for speculative decoding: a likely frame (`models.expect`), or what followed the same tokens before.

A wrong guess costs time, never correctness: the model checks every token (`cwm_trace.models.engine`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from cwm_trace.format import ACTION_SEP, CONTEXT_START, EVENT_TOKENS, FRAME_SEP, SPECIAL_TOKENS, unescape_source
from cwm_trace.models.expect import Expectation
from cwm_trace.models.token_recall import as_text

# Sizes of the n-grams looked up, longest first, and how many tokens at most are guessed from one: a short one says little.
_SIZES = {12: 16, 6: 16, 3: 16, 2: 8, 1: 4}
_SURE = 6  # a guess is guessed on from as many tokens at least; of 2, 3, 6 and 12, this took least time
_PIECES = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")
_LONG = 1000  # tokens of a frame that are read again for each guess
_REMEMBERED = 1000  # pieces of text whose tokens are kept: mostly lines


class Spelling(Protocol):
    """Text to tokens and back (`models.causal.Codec`)."""

    def encode(self, text: str, /) -> list[int]: ...
    def decode(self, ids: list[int], /) -> str: ...


class Drafter:
    """Reads a sequence as it grows, and guesses how it goes on."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        (self._separator,) = spelling.encode(FRAME_SEP)
        (self._action,) = spelling.encode(ACTION_SEP)
        self._events = frozenset(token for name in EVENT_TOKENS.values() for token in spelling.encode(name))
        self._ids: list[int] = []
        self._text = ""  # the ids, `as_text`
        self._frame = 0  # where the present frame begins
        self._in_note = False  # whether what stands there is a note (`models.notes`), behind which it begins
        self._expected: Expectation | None = None  # None in the context
        self._plan: list[int] = []  # the present frame, as it is expected
        self._known: dict[str, list[int]] = {}

    def observe(self, ids: Sequence[int]) -> None:
        """Append tokens to what has been read."""
        for token in ids:
            if len(self._ids) == self._frame and token == self._action:
                self._in_note = True
            elif self._in_note and token in self._events:
                self._in_note, self._frame = False, len(self._ids)
            self._ids.append(token)
            if token == self._separator:
                self._close(self._spelling.decode(self._ids[self._frame : -1]))
        self._text += as_text(ids)

    def _close(self, text: str) -> None:
        if self._expected is None:
            self._expected = Expectation(unescape_source(text.partition(CONTEXT_START)[2]))
        else:
            self._expected.observe(text)
        self._frame, self._plan, self._in_note = len(self._ids), [], False

    def draft(self, most: int) -> list[int]:
        """So many likely next tokens at most; none where there is no guess."""
        guess = self._planned()[:most]
        while len(guess) < most and guess[-1:] != [self._separator] and (more := self._more(guess, most - len(guess))):
            guess += more
        return guess

    def _planned(self) -> list[int]:
        """The rest of the present frame, as far as it is expected."""
        if self._expected is None:
            return []
        begun = [] if self._in_note else self._ids[self._frame :]
        if len(self._plan) <= len(begun) or self._plan[: len(begun)] != begun:
            self._plan = begun + self._rest(begun) if len(begun) < _LONG else begun
        return self._plan[len(begun) :]

    def _rest(self, begun: list[int]) -> list[int]:
        text = self._spelling.decode(begun) if begun else ""
        assert self._expected is not None
        expected = self._expected.frame(text)
        if expected == text:
            return []
        ids = self._encode(expected)
        same = ids[: len(begun)] == begun  # else the same text is written in other tokens
        return ids[len(begun) :] if same else self._encode(expected[len(text) :])

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in filter(None, _PIECES.split(text)):
            if piece not in self._known:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[piece] = self._spelling.encode(piece)
            ids += self._known[piece]
        return ids

    def _more(self, guess: list[int], most: int) -> list[int]:
        """What followed the same tokens before."""
        end = self._text[-max(_SIZES) :] + as_text(guess)
        for size, longest in _SIZES.items():
            if guess and size < _SURE:
                break
            at = self._text.rfind(end[-size:], 0, -1)
            if at >= 0 and len(end) >= size:
                found, wanted = self._ids[at + size : at + size + longest], min(most, longest)
                return (found * wanted)[:wanted]  # what reaches the end repeats itself
        return []
