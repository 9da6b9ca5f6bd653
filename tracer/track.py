"""What one thread does, as frames: the Python frames that run there, and the reports of their events.

Knows nothing of hooks: `record` has those. Everything here is of one thread, and only that thread changes it, but for what all share: the
sites, the lines and the places.
"""

from __future__ import annotations

import builtins
import opcode
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, MappingProxyType
from typing import Any, Protocol

from cwm_trace.format import mark_entry
from cwm_trace.frames import Frame, Status, Step, Trace
from cwm_trace.tracer.bounds import SAFE_ITEMS, bounded_text
from cwm_trace.tracer.comprehensions import ITERATOR_NAME
from cwm_trace.tracer.endings import PASSES_ON, Ending, ending
from cwm_trace.tracer.flow import ANYTHING, PURE_BUILTINS, is_hidden, loop_name, shares_locals
from cwm_trace.tracer.instrument import Site
from cwm_trace.tracer.log import EXCEPTION, LEFT, RETURN, Entry, Expander
from cwm_trace.tracer.raw import is_a, name_of, traceback_of
from cwm_trace.tracer.renderings import Renderings, cut
from cwm_trace.tracer.tracebacks import TOO_DEEP, hide_hooks

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices where the CWM format is open; the defaults are this project's reading.

    Attributes:
        exception_value: what an EXCEPTION frame shows: `repr` (the exception's repr; most informative) or `type` (its name).
        keep_unwind_return: keep the RETURN "None" that `sys.settrace` reports while an exception unwinds a Python frame (it is in the raw
            stream that CWM's data were recorded from).
        max_value_chars: cut rendered values there and mark the frame; None = never (CWM documents no truncation).
        max_value_items: of a container with more items, those in its containers too, render only the beginning, and mark the frame; before
            its whole text takes up memory. None = never.
    """

    exception_value: str = "repr"
    keep_unwind_return: bool = True
    max_value_chars: int | None = None
    max_value_items: int | None = None


CHILD_SETTINGS = Settings(max_value_items=SAFE_ITEMS)
"""Of programs in child processes: no value of theirs is to take all memory."""


class StopRecording(BaseException):
    """Raised by `emit` to end the program at a limit; raised again by every later hook, so that nothing can go on after it."""


class State(Renderings):
    """What is known of one Python frame, while it lives.

    Attributes:
        frame: it.
        caller: the recorded frame that runs when this one is left or suspended; a guess that is checked.
        number: its own, in the log.
        line: of its last event.
        dirty: whether other recorded code has run since its last event.
        loops: of its `for` loops, by `flow.loop_name`: whether asking for the next value runs no code of the program's.
        raised: by handler, the line of the exception that it was entered with.
        suspended: whether it has yielded and not been entered again.
        ends: how its loops end that ask code of the program's for the next value, by `flow.loop_name`, and what it delegates to.
        ended: the StopIteration by which one has ended that now lets go what its generator held.
        reraised: whether the exception on its way was only raised again, which is no event.
        delegating: while it waits for another iterator: whether that one ends without raising StopIteration if it returns None.
    """

    __slots__ = (
        "caller", "delegating", "dirty", "ended", "ends", "frame", "line", "loops", "number", "raised", "reraised", "suspended",
    )  # fmt: skip

    def __init__(
        self, frame: FrameType, number: int, caller: State | None, line: int, limit: int | None, most: int | None
    ) -> None:
        super().__init__(limit, most)
        self.frame = frame
        self.caller = caller
        self.number = number
        self.line = line
        self.dirty = self.reraised = self.suspended = False
        self.delegating: bool | None = None
        self.loops: Mapping[str, bool] = NO_LOOPS
        self.ends: Mapping[str, Ending] = NO_LOOPS
        self.ended: str | None = None
        self.raised: Mapping[int, int] = NO_LINES

    def local(self, hides: bool) -> Mapping[str, object]:
        """The locals that the text shows, as they are now (a user's `__repr__` may change them meanwhile)."""
        if not hides:
            return dict(self.frame.f_locals)
        local = _names_of(self.frame.f_locals)
        if self.frame.f_code.co_name == "<module>":
            return {name: value for name, value in local.items() if not name.startswith("__")}
        return {name: value for name, value in local.items() if not is_hidden(name)}


@dataclass(frozen=True, slots=True)
class ThreadStart:
    """Where a trace of another thread starts: at a call, from elsewhere, of recorded code.

    Attributes:
        thread: its number, from 1, in the order in which threads come to recorded code.
        name: its name (`threading.Thread.name`); "" if `threading` does not know it.
        call: the number of this call, from 1, among those of the thread.
        function: qualified name of what is called.
        line: of its `def`, 1-based.
    """

    thread: int
    name: str
    call: int
    function: str
    line: int

    def trace(self, source: str, frames: Sequence[Step], parent: Mapping[str, str], status: Status) -> Trace:
        """The trace; `parent` is the `meta` of the main one."""
        meta = {"name": f"{parent.get('name', '')}: {self.function}", "parent": parent.get("name", "")}
        meta |= {"thread": self.name, "thread number": str(self.thread), "call in thread": str(self.call)}
        meta |= {name: parent[name] for name in ("python", "differs", "end") if name in parent}
        if status is Status.COMPLETE:
            meta.pop("end", None)
        return Trace(mark_entry(source, self.line), tuple(frames), status is Status.COMPLETE, status, meta)


class Sink(Protocol):
    """Where the frames of another thread's trace go, as they happen; `end`: its entry has been left."""

    def __call__(self, frame: Frame) -> None: ...
    def end(self) -> None: ...


@dataclass(slots=True)
class Shared:
    """What the tracks of one recorder have in common.

    Attributes:
        lines: of the source text, without the mark.
        sites: all there are; `places`: those that are not in code, by line and kind.
        lock: for who adds one.
        stopped: what ended the recording, at a limit.
    """

    settings: Settings
    lines: Sequence[str]
    sites: list[Site] = field(default_factory=list)
    places: dict[tuple[int, bool], Site] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    stopped: StopRecording | None = None


class Track:
    """Makes frames of one thread's events, each of which goes to `emit` (or stays, as one of `entries`).

    `complete` tells that the entry's scope has been left.
    """

    # In slots, as in `State`: code in C reads and writes them there (see `fast`).
    __slots__ = (
        "_append", "_busy", "_count", "_cut", "_emit", "_entry", "_expander", "_frame", "_limit", "_most", "_shared", "_sites",
        "_state", "_stop_iteration", "_suspended", "complete", "entries", "settings",
    )  # fmt: skip

    def __init__(self, shared: Shared, emit: Callable[[Frame], None] | None) -> None:
        self.settings, self._shared, self._sites = shared.settings, shared, shared.sites
        self.complete = False
        self.entries: list[Entry] = []
        self._expander = Expander(shared.sites)
        self._emit = emit
        self._append: Callable[[Entry], None] = self.entries.append if emit is None else self._pass_on
        self._limit, self._most = self.settings.max_value_chars, self.settings.max_value_items
        self._entry: FrameType | None = None
        # The frame whose hooks may take the short way: the one of the last event, or the one that runs when that was left.
        self._frame: FrameType | None = None
        self._state: State | None = None
        self._suspended: dict[FrameType, State] = {}  # generators and coroutines
        self._count = 0
        self._stop_iteration: str | None = None
        self._busy = False
        self._cut = False  # whether nothing is looked at any more

    # --- frames -----------------------------------------------------------------------------------------------------

    def _enter(self, frame: FrameType) -> State:
        """The state of a Python frame that is not known yet; the one of the last event has called it, directly or not."""
        if self._stop_iteration is not None:
            self._interrupted(self._stop_iteration)
        self._count += 1
        first = frame.f_code.co_firstlineno
        self._frame, self._state = frame, State(frame, self._count, self._state, first, self._limit, self._most)
        return self._prepared(self._state)

    def _prepared(self, state: State) -> State:
        """A new state, where more than scalars in slots may be."""
        if self._limit is not None or shares_locals(state.frame.f_code):
            state.others = CELLS  # other code can change them
        return state

    def _switch_to(self, frame: FrameType) -> State:
        """The state of the Python frame that runs now."""
        if frame is self._frame and self._state is not None:
            return self._state
        state = self._state
        if self._stop_iteration is not None and state is not None and state.frame is not frame:
            self._interrupted(self._stop_iteration)
        self._stop_iteration = None  # it was for the hook that comes next, and that is this one
        while state is not None and state.frame is not frame:
            state = state.caller
        if state is None:
            state = self._suspended.pop(frame, None)
            if state is None:
                # A generator that is not known was entered before, or never: by its first event it is entered anew.
                state = self._enter(frame)
                state.suspended = bool(frame.f_code.co_flags & RESUMABLE)
            else:
                state.caller = self._state
        state.dirty = True
        self._frame, self._state = frame, state
        return state

    def _go_back(self, state: State) -> None:
        """A frame is left or suspended: its caller runs on."""
        caller, state.caller = state.caller, None
        self._state, self._frame = caller, None
        if caller is not None:
            caller.dirty, self._frame = True, caller.frame

    def _resume(self, frame: FrameType) -> State:
        """The state of a generator or coroutine that is entered again."""
        state = self._suspended.pop(frame, None)
        if state is None:
            return self._enter(frame)  # never known, as after a `yield` inside a rendering
        state.caller, self._frame, self._state = self._state, frame, state
        state.suspended = False
        return state

    def _leave(self, frame: FrameType, value: object, line: int | None) -> None:
        """A Python frame returns a value."""
        state = self._switch_to(frame)
        self._append((RETURN, state.number, line or state.line, self._text(value)))
        if frame is self._entry:
            self._end()
            return
        self._go_back(state)
        if value is not None and frame.f_code.co_flags & GENERATOR:
            self._stop_iterating(StopIteration(value))

    def _unwind(self, frame: FrameType, error: BaseException) -> None:
        """An exception leaves a Python frame."""
        state = self._switch_to(frame)
        self._exception(state, error)
        last: Entry = (LEFT, state.number, None, None)
        if self.settings.keep_unwind_return:
            last = (RETURN, state.number, state.line, "None")
        self._append(last)
        if frame is self._entry:
            self._end()
            return
        self._go_back(state)
        if is_a(error, StopIteration) and not frame.f_code.co_flags & RESUMABLE:
            self._stop_iterating(error)  # type: ignore[arg-type]  # as `is_a` says

    def _end(self) -> None:
        """The entry is left."""
        self.complete = True
        self._forget()

    def _forget(self) -> None:
        self._entry = self._frame = self._state = None
        self._suspended.clear()

    # --- events -------------------------------------------------------------------------------------------------------

    def _harmless(self, site: Site, state: State, frame: FrameType) -> bool:
        """Whether no value but the stored ones can have changed since the event before (see `flow.Effects`)."""
        effects = site.effects
        return (
            not state.dirty
            and not state.loud
            and state.others.isdisjoint(effects.stored)
            and state.opaque.isdisjoint(effects.loaded)
            and (not effects.loops or all(map(state.loops.get, effects.loops)))
            and (not effects.builtins or _are_builtins(frame, effects.builtins))
        )

    def _look(self, site: Site, state: State) -> None:
        """Report a frame's locals, all of which may have changed."""
        self._busy = True  # f_locals too may run code, a finaliser, which settrace would not report
        try:
            changes = state.update(state.local(site.hides))
        finally:
            self._busy = False
        state.line, state.dirty, self._stop_iteration = site.line, False, None
        if self._limit is not None:
            state.loud = True
        self._append((site.number, state.number, changes or None, None))

    def _look_again(self, site: Site, state: State, values: tuple[object, ...]) -> None:
        """Report a frame's locals, of which only the stored ones and those of no scalar type can have changed. Those stored are scalars."""
        if state.loud or not CELLS.isdisjoint(state.others):
            self._look(site, state)
            return
        self._busy = True
        try:
            changes = state.update_others(state.frame.f_locals)
        finally:
            self._busy = False
        if values:
            state.store(site.names, values, changes)
        state.line, state.dirty = site.line, False
        self._append((site.number, state.number, changes or None, None))

    def _text(self, value: object) -> str:
        self._busy = True
        try:
            return cut(bounded_text(value, self._most), self._limit)
        finally:
            self._busy = False

    def _raised_again(self, frame: FrameType, line: int | None) -> None:
        """The exception that is on its way was only raised again, on this line if there is one."""
        state = self._switch_to(frame)
        state.reraised, state.line = True, line or state.line

    def _exception(self, state: State, error: BaseException) -> None:
        """Report an exception, unless it was only raised again."""
        where = traceback_of(error)
        if where is not None and where.tb_next is not None:
            hide_hooks(error)
            where = traceback_of(error)
        if state.reraised:
            state.reraised = False
            return
        line = state.line
        if state.suspended:  # close() or throw(): 3.11 reports that the frame is entered again
            state.suspended = False
            self._look(self._place(line, True), state)
        elif where is not None and where.tb_frame is state.frame:
            line = where.tb_lineno or line  # None: raised inside a hook, at the recursion limit
        state.delegating = None
        self._raised(state, self._error_text(error), line)

    def _error_text(self, error: BaseException) -> str:
        if type(error) is RecursionError and error.args == (TOO_DEEP,):  # there may be no room for more calls
            return "RecursionError" if self.settings.exception_value == "type" else f"RecursionError({TOO_DEEP!r})"
        return name_of(type(error)) if self.settings.exception_value == "type" else self._text(error)

    def _raised(self, state: State, shown: str, line: int) -> None:
        state.line = line
        self._append((EXCEPTION, state.number, line, shown))

    def _stop_iterating(self, error: StopIteration) -> None:
        """Note a StopIteration, for the loop that may be ended by it."""
        self._frame = None  # the next hook goes the long way, and forgets it
        self._stop_iteration = self._error_text(error)

    def _interrupted(self, shown: str) -> None:
        """Code runs while a StopIteration is on its way to a loop: of what dies with the iterator, or what that asks next."""
        state, self._stop_iteration = self._state, None
        if state is None or (loop := _loop_at(state.frame)) is None:
            return
        ends = ending_of(state, loop)
        if ends in PASSES_ON:
            state.delegating = None
            state.ends = {**state.ends, loop: Ending.PASSED_ON}  # which is shown already
            self._stopped_iterating(state.frame, shown)
        elif ends is Ending.RETURNED and loop != DELEGATION:  # which is given the value
            state.ended = shown

    def _stopped_iterating(self, frame: FrameType, shown: str) -> None:
        state = self._switch_to(frame)
        self._raised(state, shown, frame.f_lineno or state.line)

    def _place(self, line: int, is_call: bool) -> Site:
        """A site for an event that has none in the code."""
        shared = self._shared
        with shared.lock:
            site = shared.places.get((line, is_call))
            if site is None:
                site = Site(len(shared.sites), line, is_call, ANYTHING, False, True, shared.lines, "", line)
                shared.places[line, is_call] = site
                shared.sites.append(site)
        return site

    def _pass_on(self, entry: Entry) -> None:
        """Hand the frame of an entry on at once."""
        frame = self._expander.frame(entry)
        if frame is None or self._emit is None:
            return
        self._busy = True
        try:
            self._emit(frame)
        except StopRecording as stop:
            self._shared.stopped, self._frame = stop, None
            raise
        finally:
            self._busy = False


class ThreadTrack(Track):
    """A trace of another thread than the one that runs the entry. `start` tells where it starts."""

    def __init__(self, shared: Shared, start: ThreadStart) -> None:
        super().__init__(shared, None)
        self.start, self._busy = start, True
        self._sink: Sink | None = None

    def begin(self, frame: FrameType, sink: Sink) -> None:
        """Record from here on."""
        self._entry, self._emit, self._append, self._sink, self._busy = frame, sink, self._pass_on, sink, False

    def _end(self) -> None:
        super()._end()
        if self._sink is not None:
            self._busy = True
            self._sink.end()
            self._busy = False


def _loop_at(frame: FrameType) -> str | None:
    """The `flow.loop_name` of the loop that asks for its next value now, or `DELEGATION`, or None."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if at < 0:
        return None
    # Of an instruction that runs a generator in its own evaluation loop, from 3.12 on.
    while at and code[at] == _CACHE:
        at -= 2
    if code[at] == _SEND:
        return DELEGATION
    return loop_name(code[:at:2].count(_FOR_ITER)) if code[at] == _FOR_ITER else None


def ending_of(state: State, loop: str) -> Ending:
    """How a loop ends."""
    if loop in state.ends:
        return state.ends[loop]
    # The first one of a comprehension is given its iterator.
    is_given = loop == loop_name(0) and ITERATOR_NAME in state.frame.f_code.co_varnames
    return ending(state.frame.f_locals[ITERATOR_NAME]) if is_given else Ending.UNKNOWN


def _names_of(space: Mapping[Any, object]) -> dict[str, object]:
    """What names a frame has, at once, as other threads may bind globals. A program may give it any mapping, with any keys."""
    if isinstance(space, dict):
        names = dict.copy(space)
    else:
        try:
            names = dict(space)
        except Exception:  # of the program's own, which may have no more than `__getitem__`
            return {}
    return names if all(type(name) is str for name in names) else {k: v for k, v in names.items() if type(k) is str}


def _are_builtins(frame: FrameType, names: tuple[str, ...]) -> bool:
    own, known = frame.f_globals, frame.f_builtins
    return all(name not in own and known.get(name) is BUILTINS[name] for name in names)


BUILTINS = {name: getattr(builtins, name) for name in PURE_BUILTINS}
NO_LOOPS: Mapping[str, Any] = MappingProxyType({})
NO_LINES: Mapping[int, int] = MappingProxyType({})
CELLS: frozenset[str] = frozenset({" cells"})  # no variable can be called so
DELEGATION = "yield from"
"""What `State.ends` calls the iterator that is delegated to."""
_CACHE, _FOR_ITER, _SEND = (opcode.opmap[name] for name in ("CACHE", "FOR_ITER", "SEND"))
# Of co_flags: CO_GENERATOR; and CO_COROUTINE and CO_ASYNC_GENERATOR too.
GENERATOR, RESUMABLE = 0x20, 0x20 | 0x80 | 0x200
