"""Format-constrained decoding: which texts can become a well-formed frame of a given context.

The rules: an event token; a JSON object of strings whose names are identifiers of the context (or were seen before), `".."` only
where there is an earlier value; one of the context's lines; a JSON string as the value. And what the source leaves open, as far as it can
be read: the event and its line may come next (`models.course`), the names are the function's, what nothing changes stays
(`models.variables`). Knows nothing of tokens' ids or of models, nor whether what may come is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cwm_trace.format import (
    ACTION_SEP,
    ARG_SEP,
    EVENT_TOKENS,
    UNCHANGED,
    FrameParser,
    diff_encode,
    escape_source,
    render_frame,
    render_value,
    source_lines,
    strip_mark,
)
from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.models.course import Course
from cwm_trace.models.order import Order
from cwm_trace.models.outlook import Outlook
from cwm_trace.models.variables import Slots, Variables

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f\x80-\U0010ffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_ESCAPE_BEGUN = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
# Of Python's making: a comprehension's first iterator, what `super` looks up, what a class's body begins with.
_UNWRITTEN = (".0", "__class__", "__module__", "__qualname__", "__annotations__", "__doc__")


class _Cut(Exception):
    """Internal: the text ends where the rules could go on."""


class _Wrong(Exception):
    """Internal: the text breaks the rules."""


class _Entry(NamedTuple):
    """A variable in the object of locals: its name and colon, whether it must come, its value in JSON's spelling (None: any), and whether
    `".."` may stand for that."""

    name: str
    must: bool
    value: str | None
    known: bool


_Entries = list[_Entry]


class FrameGrammar:
    """The well-formed frames that may come next in one trace.

    Attributes:
        wide: characters outside ASCII that lines have; values and names are written with escapes.
        may_end: whether the trace may end here.
        course, variables: what the source leaves open.
    """

    def __init__(self, prompt: Trace) -> None:
        lines = (strip_mark(line).rstrip("\r\n") for line in source_lines(prompt.context))
        self._lines = {escape_source(line) + "\n" for line in lines if line.strip()}
        # In JSON's spelling, as the text has them.
        self._names = {json.dumps(name): name for name in (*_IDENTIFIER.findall(prompt.context), *_UNWRITTEN)}
        self._parser = FrameParser()
        order = Order(prompt.context)
        self._executes = order.executes
        self.course = Course(order)
        self.variables = Variables(prompt.context, self.course)
        # Of the frame that is next, what was asked before.
        self._next: dict[Event, set[str] | None] = {}  # lines
        self._shown: dict[Event, Sequence[_Entries] | None] = {}
        self._values: dict[Event, str | None] = {}  # in JSON's spelling
        self._settled: Mapping[Event, Mapping[str, str]] = {}  # variables
        self._unbound: frozenset[str] = frozenset()
        self.wide = {character for line in self._lines for character in line if not character.isascii()}
        self.may_end = False
        for step in prompt.frames:
            self.observe(step)

    def observe(self, step: Step) -> None:
        """Take note of a frame of the trace."""
        self._parser.observe(step)
        self._remember(step)

    def wrote(self, text: str) -> str:
        """Take note of a frame that was just written; its text with `".."` for all values that it may stand for."""
        before = self._parser.previous
        step = self._parser.parse(text)
        self._remember(step)
        return render_frame(diff_encode(replace(step, raw=None), before)) if isinstance(step, Frame) else text

    def _remember(self, step: Step) -> None:
        self._names.update((json.dumps(name), name) for name in step.locals)
        self.variables.observe(step)
        self._next, self._shown, self._values, self._settled, self._unbound = {}, {}, {}, {}, frozenset()
        self.may_end = step.event in (Event.RETURN, Event.EXCEPTION) and self.course.may_end

    def hold(self, outlook: Outlook) -> None:
        """Let the next frame be as this tells."""
        if outlook.ends:
            self.may_end, self._next = True, {event: set() for event in EVENT_TOKENS}
            return
        if outlook.way is not None:
            self.decide(*outlook.way, is_sure=outlook.goes_on)
        self.exclude(outlook.excluded)
        raises = outlook.way is not None and outlook.way.event is Event.EXCEPTION
        self._unbound = outlook.unbound
        self.may_end = self.may_end and not outlook.goes_on
        self.settle(outlook.bound, None if raises else outlook.returned, outlook.handed)
        if raises and outlook.returned is not None:
            self._values[Event.EXCEPTION] = render_value(outlook.returned)
        if outlook.shows_all:
            entries = [
                _Entry(f"{json.dumps(name)}: ", True, render_value(value), False)
                for name, value in outlook.handed.items()
            ]
            self._shown[Event.CALL] = [entries]
        if outlook.locals is not None and outlook.way is not None:
            self._shown[outlook.way.event] = [self._all_of(outlook.locals, outlook.way.event)]

    def decide(self, event: Event, line: str, is_sure: bool = False) -> None:
        """Of lines and returns, let only this one come next, if it may, or `is_sure` to; or of all but exceptions, this CALL."""
        lines = self._lines_of(event)
        if is_sure or lines is None or f"{line}\n" in lines:
            self._next |= {Event.LINE: set(), Event.RETURN: set(), event: {f"{line}\n"}}
            self._shown = {}

    def exclude(self, events: Collection[Event]) -> None:
        """Let none of these come next, if something else may."""
        if any(self._lines_of(event) != set() for event in EVENT_TOKENS if event not in events):
            self._next |= {event: set() for event in events}

    def settle(self, bound: Mapping[str, str], returned: str | None, handed: Mapping[str, str] | None = None) -> None:
        """Let variables of the next LINE, what the next RETURN returns, and parameters of the next CALL have these values."""
        self._settled, self._shown = {Event.LINE: bound, Event.CALL: handed or {}}, {}
        if returned is not None:
            self._values[Event.RETURN] = render_value(returned)

    def _lines_of(self, event: Event) -> set[str] | None:
        """The lines with which this event may come; None: any, of executed text, too."""
        if event not in self._next:
            lines = self.course.lines(event)
            every = None if self._executes else self._lines
            self._next[event] = every if lines is None else {f"{line}\n" for line in lines}
        return self._next[event]

    def _entries_of(self, event: Event) -> Sequence[_Entries] | None:
        """What the object of locals may consist of: one of these; None: any names that are known."""
        if event not in self._shown:
            slots = self.variables.slots(event, self._lines_of(event))
            self._shown[event] = None if slots is None else [self._entries(each, event) for each in slots]
        return self._shown[event]

    def _entries(self, slots: Slots, event: Event) -> _Entries:
        known, settled = self._known(event), self._settled_of(event)
        return [
            _Entry(
                f"{json.dumps(name)}: ",
                must or name in settled,
                _spelled(settled.get(name, value), known.get(name)),
                name in known,
            )
            for name, must, value in slots
            if name not in self._unbound or event is not Event.LINE
        ]

    def _all_of(self, values: Mapping[str, str | None], event: Event) -> _Entries:
        known = self._known(event)
        return [
            _Entry(f"{json.dumps(name)}: ", True, _spelled(value, known.get(name)), name in known)
            for name, value in values.items()
        ]

    def _value_of(self, event: Event) -> str | None:
        """The only value that this event can have, in JSON's spelling; None: any."""
        if event not in self._values:
            value = self.variables.value(event)
            self._values[event] = None if value is None else render_value(value)
        return self._values[event]

    def _known(self, event: Event) -> Mapping[str, str]:
        """The values that `".."` may stand for."""
        return (self._parser.previous if event is Event.LINE else None) or {}

    def _settled_of(self, event: Event) -> Mapping[str, str]:
        return self._settled.get(event, {})

    def _locals(self, text: str, at: int, event: Event) -> int:
        """The position after the object of locals."""
        entries = self._entries_of(event)
        if entries is None:
            return _object(text, at, self._names, self._known(event), self._settled_of(event))
        cut = False
        for each in entries:
            try:
                return _entered(text, at, each)
            except _Cut:
                cut = True
            except _Wrong:
                pass
        raise _Cut if cut else _Wrong

    @property
    def must_end(self) -> bool:
        """Whether nothing may come but the trace's end."""
        return self.may_end and all(self._lines_of(event) == set() for event in EVENT_TOKENS)

    @property
    def only(self) -> str | None:
        """The text of the frame that comes next, where nothing of it is left open; else None."""
        ways = [(event, lines) for event in EVENT_TOKENS if (lines := self._lines_of(event)) != set()]
        if self.may_end or len(ways) != 1:
            return None
        event, lines = ways[0]
        if lines is None or len(lines) != 1:
            return None
        shown = _only_object(self._entries_of(event)) if event.observes_locals else ""
        value = "" if event.observes_locals else self._value_of(event)
        if shown is None or value is None:
            return None
        return f"{EVENT_TOKENS[event]}{shown}{ACTION_SEP}{min(lines)}{ARG_SEP if value else ''}{value}"

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
        lines, at = self._lines_of(event), len(EVENT_TOKENS[event])
        if lines is not None and not lines:
            raise _Wrong
        if event.observes_locals:
            at = _expect(text, self._locals(text, at, event), ACTION_SEP)
            _one_of(lines, text[at:])
            return
        at = _expect(text, at, ACTION_SEP)
        source, separator, value = text[at:].partition(ARG_SEP)
        _one_of(lines, source, over=bool(separator))
        if not separator:
            raise _Cut
        spelled = self._value_of(event)
        end = _string(value, 0) if spelled is None else _expect(value, 0, spelled)
        if end != len(value):
            raise _Wrong


def _spelled(value: str | None, before: str | None) -> str | None:
    """A value in JSON's spelling, None as it is; `before`: what `".."` may stand for."""
    return None if value is None else UNCHANGED if value == before else render_value(value)


def _only_object(ways: Sequence[_Entries] | None) -> str | None:
    """The object of locals that may stand there, if it is the only one."""
    if ways is None or len(ways) != 1 or any(not entry.must or entry.value is None for entry in ways[0]):
        return None
    return "{" + ", ".join(f"{entry.name}{entry.value}" for entry in ways[0]) + "}"


def _expect(text: str, at: int, literal: str) -> int:
    """The position after a literal."""
    if text.startswith(literal, at):
        return at + len(literal)
    raise _Cut if literal.startswith(text[at:]) else _Wrong


def _one_of(lines: Collection[str] | None, text: str, *, over: bool = False) -> None:
    """Nothing, if the text is one of the lines (None: of all that there are); where it is not `over`, it may become one."""
    if lines is None:
        if "\n" not in text:
            raise _Wrong if over else _Cut
        if not text.endswith("\n") or text.count("\n") > 1:
            raise _Wrong
    elif text not in lines:
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


def _object(text: str, at: int, names: Mapping[str, str], known: Mapping[str, str], settled: Mapping[str, str]) -> int:
    """The position after the object of locals; each of the names, which are by their JSON spelling, comes once."""
    left = dict(names)
    at = _expect(text, at, "{")
    if text.startswith("}", at):
        return at + 1
    while True:
        end = _name(text, at, left)
        name = left.pop(text[at:end])
        at = _expect(text, end, ": ")
        entry = _Entry("", False, _spelled(settled.get(name), known.get(name)), name in known)
        end = _value(text, at, entry)
        if text.startswith("}", end):
            return end + 1
        at = _expect(text, end, ", ")


def _entered(text: str, at: int, entries: Sequence[_Entry]) -> int:
    """The position after an object of these, each of which comes once or not, in their order."""
    at, comma = _expect(text, at, "{"), ""
    left = list(entries)
    while True:
        first_must = next((number for number, entry in enumerate(left) if entry.must), None)
        if first_must is None and text.startswith("}", at):
            return at + 1
        open_to = left[: None if first_must is None else first_must + 1]
        found = next((number for number, (name, *_) in enumerate(open_to) if text.startswith(comma + name, at)), None)
        if found is None:
            begun = text[at:]
            may_end = not begun and first_must is None
            raise _Cut if may_end or any((comma + name).startswith(begun) for name, *_ in open_to) else _Wrong
        at = _value(text, at + len(comma + open_to[found].name), open_to[found])
        left, comma = left[found + 1 :], ", "


def _value(text: str, at: int, entry: _Entry) -> int:
    """The position after the value of a variable."""
    if entry.value is not None:
        return _expect(text, at, entry.value)
    return _any_value(text, at, entry.known)


def _any_value(text: str, at: int, known: bool) -> int:
    """The position after any value; `known`: `".."` may stand for it."""
    end = _string(text, at)
    if text[at:end] == UNCHANGED and not known:
        raise _Wrong
    return end


def _name(text: str, at: int, names: Collection[str]) -> int:
    """The position after a name in its JSON spelling, which has no quote inside."""
    end = text.find('"', at + 1) + 1 or len(text)
    if text[at:end] in names:
        return end
    raise _Cut if any(name.startswith(text[at:]) for name in names) else _Wrong
