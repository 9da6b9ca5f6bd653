"""What the hooks note of each event, and the frames made of it.

An entry says what changed; a frame says all. Entries are flat tuples of strings and integers, which cost the garbage collector nothing, and
frames are made of them one by one, as they happen or later. Knows nothing of Python frames or hooks.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Final

from cwm_trace.frames import NO_LOCALS, Event, Frame, recorded_frame
from cwm_trace.tracer import fast
from cwm_trace.tracer.instrument import Site

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

Changes = dict[str, str | None]
"""Name -> text; None: no longer bound."""
Entry = tuple[int, int, str | Changes | int | None, str | None]
"""Four forms, each with the number of the Python frame as its second item:

(site, frame, None, None): a 'line' or 'call' event, nothing changed since the last one of that frame;
(site, frame, name, text): so, and one local changed; (site, frame, changes, None): so, and these did;
(RETURN | YIELD | EXCEPTION, frame, line, text): a value; (LEFT, frame, None, None): no event, the frame is gone.
"""
RETURN: Final = -1
YIELD: Final = -2
EXCEPTION: Final = -3
LEFT: Final = -4
_NO_NAMES: frozenset[str] = frozenset()
# Looked up once: a member of an enumeration is no plain attribute before 3.12.
_CALL, _LINE, _RETURN, _EXCEPTION = Event.CALL, Event.LINE, Event.RETURN, Event.EXCEPTION


class Cut(str):
    """A text that was cut at the cap."""

    __slots__ = ()


class _Activation:
    """What was last shown of a Python frame."""

    __slots__ = ("cut", "in_context", "lines", "names", "others", "shown")

    def __init__(self, lines: Sequence[str], in_context: bool) -> None:
        self.lines, self.in_context = lines, in_context
        self.shown: dict[str, str] = {}
        self.names = _NO_NAMES
        self.others: dict[str, frozenset[str]] = {}  # name -> all but it
        self.cut = False

    def all_but(self, what: str | Changes | int | None) -> frozenset[str]:
        """The names that an entry does not change."""
        if what is None:
            return self.names
        if isinstance(what, dict):
            return self.names.difference(what)
        name = str(what)
        if name not in self.others:
            self.others[name] = self.names.difference((name,))
        return self.others[name]

    def change(self, changes: Changes) -> None:
        """Take note of several changes."""
        self.shown = {**self.shown, **{name: text for name, text in changes.items() if text is not None}}
        for name in [name for name, text in changes.items() if text is None]:
            del self.shown[name]
        self._look()

    def set(self, name: str, text: str) -> None:
        """Take note of one change."""
        self.shown = {**self.shown, name: text}
        if len(self.names) != len(self.shown) or self.cut or type(text) is Cut:
            self._look()

    def _look(self) -> None:
        names = frozenset(self.shown)
        if names != self.names:
            self.names, self.others = names, {}
        self.cut = any(type(text) is Cut for text in self.shown.values())


class Expander:
    """Makes frames of entries, which must come in order."""

    __slots__ = ("_known", "_last", "_previous", "_sites")

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self._known: dict[int, _Activation] = {}
        self._last: int | None = None  # the Python frame of the last event; None if it was left by that
        self._previous: Mapping[str, str] | None = None  # the observation that ".." would refer to now

    def frame(self, entry: Entry) -> Frame | None:
        """The frame of an entry; None for one that is no event."""
        number, at, what, text = entry
        if number >= 0:
            return self._observation(self._sites[number], at, what, text)
        activation = self._known.get(at)
        if activation is None:  # it was entered at the recursion limit, where the hook found no room
            return None
        gone = number == RETURN or number == LEFT
        if gone:
            del self._known[at]
        self._last = None if gone else at
        if number == LEFT:
            return None
        assert isinstance(what, int) and text is not None
        if number != EXCEPTION:
            self._previous = None
        event = _EXCEPTION if number == EXCEPTION else _RETURN
        source = line_of(activation.lines, what)
        number_shown = what if activation.in_context else None
        return recorded_frame(event, source, NO_LOCALS, _NO_NAMES, text, number_shown, type(text) is Cut)

    def _observation(self, site: Site, at: int, what: str | Changes | int | None, text: str | None) -> Frame:
        activation = self._known.get(at)
        if activation is None:
            activation = self._known[at] = _Activation(site.lines, site.shown is not None)
        before = activation.shown
        if isinstance(what, dict):
            activation.change(what)
        elif isinstance(what, str):
            assert text is not None
            activation.set(what, text)
        shown, previous = activation.shown, self._previous
        if site.is_call or at != self._last or not previous:
            unchanged = _NO_NAMES  # another Python frame came between, if only by an exception
        elif previous is before:
            unchanged = activation.all_but(what)
        else:
            unchanged = frozenset(name for name, value in shown.items() if previous.get(name) == value)
        self._last, self._previous = at, shown
        source, place = site.source, site.shown
        if not source:
            source, place = line_of(activation.lines, site.line), site.line if activation.in_context else None
        return recorded_frame(_CALL if site.is_call else _LINE, source, shown, unchanged, None, place, activation.cut)


frame_in_python = Expander.frame
if fast.module is not None:
    _events = _CALL, _LINE, _RETURN, _EXCEPTION
    fast.module.learn_frames(
        Expander, _Activation, Frame, Site, Cut, _events, _NO_NAMES, NO_LOCALS, encode_basestring_ascii
    )


def line_of(lines: Sequence[str], number: int) -> str:
    """A line of a source text, by its 1-based number; "" where there is none."""
    return lines[number - 1] if 0 < number <= len(lines) else ""
