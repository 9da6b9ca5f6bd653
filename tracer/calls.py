"""Records calls of a file's functions: one trace for each call from elsewhere, however many there are.

A trace stays in its file, as the CWM format has one context: calls of functions of other files are stepped over, like those of C. Knows nothing
of tests, imports or files of traces. Generators and coroutines are recorded where a recorded function runs them, not as entries.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType
from typing import Any

from cwm_trace.format import mark_entry
from cwm_trace.frames import Frame, Status, Trace
from cwm_trace.tracer.entry import definition_line
from cwm_trace.tracer.instrument import Site
from cwm_trace.tracer.log import LEFT, RETURN, YIELD, Entry, Expander
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.track import RESUMABLE, Settings

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_OPTIMIZED = 0x1  # of co_flags: a function, no module or class body
_OWN_REFERENCES = 3  # of the frame, of us, of getrefcount; a program that has called locals() has one more
_getrefcount = sys.getrefcount


@dataclass(frozen=True, slots=True)
class Call:
    """A recorded call.

    Attributes:
        source: of the file.
        code: of the function that was called.
        line: of its `def`, 1-based.
        entries, sites: what was recorded.
        cut: whether there was more.
    """

    source: str
    code: CodeType
    line: int
    entries: tuple[Entry, ...]
    sites: Sequence[Site]
    cut: bool

    def trace(self, meta: dict[str, str], step_in: Callable[[int], bool] = lambda depth: True) -> Trace:
        """The call as a trace. `step_in` is asked at each call in it, with its depth (the entry has 0), whether to show what happens there."""
        expander = Expander(self.sites)
        made = map(expander.frame, stepped_into(self.entries, self.sites, step_in))
        frames: tuple[Frame, ...] = tuple(frame for frame in made if frame is not None)
        status = Status.FRAME_LIMIT if self.cut else Status.COMPLETE
        return Trace(mark_entry(self.source, self.line), frames, not self.cut, status, meta)


def stepped_into(entries: Iterable[Entry], sites: Sequence[Site], step_in: Callable[[int], bool]) -> Iterator[Entry]:
    """The entries without those of calls that are stepped over, and of all that these call."""
    stack: list[int] = []
    known: dict[int, bool] = {}  # frame -> whether it is shown
    for entry in entries:
        number, frame = entry[0], entry[1]
        if number >= 0 and sites[number].is_call:
            if frame not in known:
                known[frame] = not stack or (known[stack[-1]] and step_in(len(stack)))
            stack.append(frame)
        if known.get(frame, False):
            yield entry
        if number in (RETURN, YIELD, LEFT) and stack and stack[-1] == frame:
            stack.pop()


class Rendering:
    """Whether one of several recorders renders a value right now: what runs meanwhile is no part of the program, for none of them."""

    __slots__ = ("busy",)

    def __init__(self) -> None:
        self.busy = False


class CallRecorder(Recorder):
    """A recorder that starts again with each call, where `wanted` says so; `done` is given each call when it has ended.

    Neither may raise: what they raise, the program would see. A call that exceeds a limit is given out with what it has so far, when it ends;
    what happens after is not looked at.
    """

    def __init__(
        self,
        source: str,
        filename: str,
        *,
        wanted: Callable[[CodeType], bool],
        done: Callable[[Call], None],
        max_frames: int,
        max_characters: int,
        rendering: Rendering,
    ) -> None:
        self._rendering = rendering
        settings = Settings(max_value_items=max_characters)  # with its comma, no item is shorter than two characters
        super().__init__(source, filename, entry_line=None, emit=None, settings=settings)
        self._executed = None  # a trace stays in its file
        self.source = source
        self._wanted, self._done = wanted, done
        self._max_frames, self._max_characters = max_frames, max_characters
        self._characters = 0
        self._began: CodeType | None = None
        self._append = self._note

    @property
    def _busy(self) -> bool:  # shared by all that record beside each other
        return self._rendering.busy

    @_busy.setter
    def _busy(self, busy: bool) -> None:
        self._rendering.busy = busy

    def _note(self, entry: Entry) -> None:
        what, text = entry[2], entry[3]
        self._characters += len(text or "")
        if isinstance(what, dict):
            self._characters += sum(len(value or "") for value in what.values())
        if len(self.entries) < self._max_frames and self._characters <= self._max_characters:
            self.entries.append(entry)
        elif not self._cut:
            self._cut = True
            self._let_go()

    def _let_go(self) -> None:
        """Nobody looks at locals any more, so what Python frames keep of the last look (before 3.13) would keep objects alive."""
        state = self._state
        while state is not None:
            if state.frame.f_code.co_flags & _OPTIMIZED:
                seen: object = state.frame.f_locals
                if type(seen) is dict and _getrefcount(seen) == _OWN_REFERENCES:
                    seen.clear()
            state = state.caller

    def _look(self, site: Site, state: Any) -> None:
        if self._cut:
            state.line = site.line
        else:
            super()._look(site, state)

    def _look_again(self, site: Site, state: Any, values: tuple[object, ...]) -> None:
        if self._cut:
            state.line = site.line
        else:
            super()._look_again(site, state, values)

    def _text(self, value: object) -> str:
        return "" if self._cut else super()._text(value)

    def _begin(self, frame: FrameType) -> bool:
        code = frame.f_code
        if not code.co_flags & _OPTIMIZED or code.co_flags & RESUMABLE or code.co_name.startswith("<"):
            return False
        if self._rendering.busy or not self._wanted(code):
            return False
        self.abandon()
        self._began = self._entry_code = code
        return super()._begin(frame)

    def abandon(self) -> bool:
        """Forget the call that is being recorded; whether there was one."""
        under_way = self._entry is not None
        self._forget()
        self.entries.clear()
        self._characters, self._cut = 0, False
        return under_way

    def _end(self) -> None:
        self._forget()
        code = self._began
        assert code is not None
        line = definition_line(self._lines, code.co_firstlineno)
        call = Call(self.source, code, line, tuple(self.entries), self._sites, self._cut)
        self.abandon()
        self._done(call)

    def adopt(self, functions: Iterable[FunctionType]) -> None:
        """Give functions that exist already code with our hooks. From 3.12 on, their comprehensions stay inlined."""
        for function in functions:
            function.__code__ = self.instrument(function.__code__, self._lines)
