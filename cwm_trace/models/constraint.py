"""Format-constrained decoding: which texts can become a well-formed frame of a given context.

The rules: an event token; a JSON object of strings whose names are identifiers of the context (or were seen before), `".."` only
where there is an earlier value; one of the context's lines; a JSON string as the value. Knows nothing of tokens' ids or of models,
nor whether what is well-formed is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

from cwm_trace.format import (
    ACTION_SEP,
    ARG_SEP,
    EVENT_TOKENS,
    UNCHANGED,
    FrameParser,
    escape_source,
    source_lines,
    strip_mark,
)
from cwm_trace.frames import Event, Step, Trace

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f\x80-\U0010ffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_ESCAPE_BEGUN = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_ITERATOR = ".0"  # the name of a comprehension's first iterator


class _Cut(Exception):
    """Internal: the text ends where the rules could go on."""


class _Wrong(Exception):
    """Internal: the text breaks the rules."""


class FrameGrammar:
    """The well-formed frames that may come next in one trace.

    Attributes:
        wide: characters outside ASCII that lines have; values and names are written with escapes.
        may_end: whether the trace may end here.
    """

    def __init__(self, prompt: Trace) -> None:
        lines = (strip_mark(line).rstrip("\r\n") for line in source_lines(prompt.context))
        self._lines = {escape_source(line) + "\n" for line in lines if line.strip()}
        # In JSON's spelling, as the text has them.
        self._names = {json.dumps(name): name for name in (*_IDENTIFIER.findall(prompt.context), _ITERATOR)}
        self._parser = FrameParser()
        self.wide = {character for line in self._lines for character in line if not character.isascii()}
        self.may_end = False
        for step in prompt.frames:
            self.observe(step)

    def observe(self, step: Step) -> None:
        """Take note of a frame of the trace."""
        self._parser.observe(step)
        self._remember(step)

    def wrote(self, text: str) -> None:
        """Take note of a frame that was just written."""
        self._remember(self._parser.parse(text))

    def _remember(self, step: Step) -> None:
        self._names.update((json.dumps(name), name) for name in step.locals)
        self.may_end = step.event in (Event.RETURN, Event.EXCEPTION)

    def begins(self, text: str) -> bool:
        """Whether a well-formed frame can start with this text."""
        try:
            self._scan(text)
        except _Wrong:
            return False
        except _Cut:
            pass
        return True

    def is_whole(self, text: str) -> bool:
        """Whether this text is a well-formed frame."""
        try:
            self._scan(text)
        except (_Cut, _Wrong):
            return False
        return True

    def _scan(self, text: str) -> None:
        event = next((event for event, token in EVENT_TOKENS.items() if text.startswith(token)), None)
        if event is None:
            raise _Wrong if text else _Cut
        at = len(EVENT_TOKENS[event])
        if event.observes_locals:
            known = self._parser.previous if event is Event.LINE else None
            at = _expect(text, _object(text, at, self._names, known or ()), ACTION_SEP)
            _one_of(self._lines, text[at:])
            return
        at = _expect(text, at, ACTION_SEP)
        source, separator, value = text[at:].partition(ARG_SEP)
        _one_of(self._lines, source, over=bool(separator))
        if not separator:
            raise _Cut
        if _string(value, 0) != len(value):
            raise _Wrong


def _expect(text: str, at: int, literal: str) -> int:
    """The position after a literal."""
    if text.startswith(literal, at):
        return at + len(literal)
    raise _Cut if literal.startswith(text[at:]) else _Wrong


def _one_of(lines: Collection[str], text: str, *, over: bool = False) -> None:
    """Nothing, if the text is one of the lines; where it is not `over`, it may become one."""
    if text not in lines:
        raise _Cut if not over and any(line.startswith(text) for line in lines) else _Wrong


def _string(text: str, at: int) -> int:
    """The position after a JSON string."""
    match = _STRING.match(text, at)
    if match is None:
        raise _Wrong if text[at:] else _Cut
    end = match.end()
    if text.startswith('"', end):
        return end + 1
    raise _Cut if end == len(text) or _ESCAPE_BEGUN.fullmatch(text, end) else _Wrong


def _object(text: str, at: int, names: Mapping[str, str], known: Collection[str]) -> int:
    """The position after the object of locals; each of the names, which are by their JSON spelling, comes once."""
    left = dict(names)
    at = _expect(text, at, "{")
    if text.startswith("}", at):
        return at + 1
    while True:
        end = _name(text, at, left)
        name = left.pop(text[at:end])
        at = _expect(text, end, ": ")
        end = _string(text, at)
        if text[at:end] == UNCHANGED and name not in known:
            raise _Wrong
        if text.startswith("}", end):
            return end + 1
        at = _expect(text, end, ", ")


def _name(text: str, at: int, names: Collection[str]) -> int:
    """The position after a name in its JSON spelling, which has no quote inside."""
    end = text.find('"', at + 1) + 1 or len(text)
    if text[at:end] in names:
        return end
    raise _Cut if any(name.startswith(text[at:]) for name in names) else _Wrong
