"""Turns the events of instrumented code into frames: from the entry's CALL until its scope is left.

Knows nothing of processes, files or the command line. One thread is recorded, the one that runs the entry first.
"""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType

from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import NO_LOCALS, Event, Frame, recorded_frame
from cwm_trace.tracer import quirks
from cwm_trace.tracer.instrument import instrument
from cwm_trace.tracer.renderings import Renderings
from cwm_trace.tracer.values import cap, render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

# Bound now: a traced program may replace what is in modules, too.
_getframe, _get_ident = sys._getframe, threading.get_ident


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices where the CWM format is open; the defaults are this project's reading.

    Attributes:
        exception_value: what an EXCEPTION frame shows: `repr` (the exception's repr; most informative) or `type` (its name).
        keep_unwind_return: keep the RETURN "None" that `sys.settrace` reports while an exception unwinds a Python frame (it is in the raw
            stream that CWM's data were recorded from).
        max_value_chars: cut rendered values there and mark the frame; None = never (CWM documents no truncation).
    """

    exception_value: str = "repr"
    keep_unwind_return: bool = True
    max_value_chars: int | None = None


class StopRecording(BaseException):
    """Raised by `emit` to end the program at a limit; raised again by every later hook, so that nothing can go on after it."""


@dataclass(slots=True)
class _State:
    """What is known of one Python frame, while it lives.

    Attributes:
        locals: its locals' texts, in order of first binding.
        line: of its last event.
        suspended: whether it has yielded and not been entered again.
        reraised: whether the exception on its way was only raised again, which is no event.
        delegating: while it waits for another iterator: whether that one ends without raising StopIteration if it returns None.
    """

    line: int
    locals: Renderings
    suspended: bool = False
    reraised: bool = False
    delegating: bool | None = None


class Recorder:
    """Records one execution of a source text.

    `code` is the instrumented module; run it with `exec(recorder.code, namespace)` (and call what is to be traced). Each frame goes to
    `emit`, diff-encoded, as it happens. `complete` tells that the entry's scope has been left; `untraced` names the functions and class
    bodies that could not be instrumented.
    """

    def __init__(
        self,
        source: str,
        filename: str,
        *,
        entry_line: int | None,
        emit: Callable[[Frame], None],
        settings: Settings | None = None,
    ) -> None:
        """`entry_line` is the 1-based line of the entry's `def` (the last function that starts there), None = the module body."""
        self.filename, self.entry_line, self.settings = filename, entry_line, settings or Settings()
        self.complete = False
        self._emit = emit
        self._lines = [strip_mark(line) for line in source_lines(source)]
        self._previous: Mapping[str, str] | None = None  # the observation that ".." would refer to now
        self._entry: FrameType | None = None
        self._entry_code: CodeType | None = None
        self._thread: int | None = None
        self._last: FrameType | None = None
        self._stop_iteration: str | None = None
        self._busy = False
        self._stopped: StopRecording | None = None
        self._states: dict[FrameType, _State] = {}
        self.untraced: list[str] = []
        self.code = instrument(compile_source(source, filename), self, self.untraced)
        self._entry_code = self._find_entry(self.code)

    def _find_entry(self, code: CodeType) -> CodeType | None:
        if self.entry_line is None:
            return code
        found = [item for item in all_code(code) if item.co_firstlineno <= self.entry_line and self._defines(item)]
        return found[-1] if found else None

    def _defines(self, code: CodeType) -> bool:
        """Whether a function's `def` line is the entry's (decorators come before it)."""
        if code.co_name.startswith("<") or self.entry_line is None:
            return False
        first = code.co_firstlineno
        while first < self.entry_line and self._lines[first - 1].lstrip().startswith("@"):
            first += 1
        return first == self.entry_line

    # --- hooks (called from the traced frames) ------------------------------------------------------------------------

    def call(self) -> None:
        frame = _getframe(1)
        if self._entry is None:
            if frame.f_code is not self._entry_code or self.complete:
                return
            self._entry, self._thread = frame, _get_ident()
        if self._enter():
            try:
                self._state(frame).suspended = False
                self._observe(Event.CALL, frame, frame.f_lineno or frame.f_code.co_firstlineno)
            finally:
                self._busy = False

    def line(self, number: int) -> None:
        if self._entry is not None and self._enter():
            try:
                self._observe(Event.LINE, _getframe(1), number)
            finally:
                self._busy = False

    def suspend(self, value: object) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                self._value(Event.RETURN, frame, frame.f_lineno or self._state(frame).line, value)
                state = self._state(frame)
                state.suspended, state.delegating = True, None
            finally:
                self._busy = False

    def leave(self, value: object) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                self._value(Event.RETURN, frame, frame.f_lineno or self._state(frame).line, value)
                self._left(frame)
                if value is not None and frame.f_code.co_flags & _GENERATOR:
                    self._stop_iteration = self._error_text(StopIteration(value))
            finally:
                self._busy = False

    def caught(self, error: BaseException, line: int | None) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                self._exception(frame, error)
                if line is not None and line != self._state(frame).line:
                    self._observe(Event.LINE, frame, line)
            finally:
                self._busy = False

    def thrown(self, error: BaseException, line: int | None) -> None:
        """As `caught`, but for the end of an iterator that this Python frame delegates to, and that was thrown into."""
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                if isinstance(error, StopIteration):
                    self._state(frame).suspended = False
                else:
                    self._exception(frame, error)
            finally:
                self._busy = False

    def reraise(self, restored: int | None, line: int | None) -> None:
        """`restored` is the code unit that CPython takes for the raising one again, where a handler kept it."""
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            frame = _getframe(1)
            state = self._state(frame)
            if restored is not None:
                line = _line_of_unit(frame.f_code, restored)
            state.reraised, state.line = True, line or state.line

    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None:
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            if not isinstance(error, swallowed):
                state = self._state(_getframe(1))
                state.reraised, state.line = True, line or state.line

    def unwind(self, error: BaseException) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                self._exception(frame, error)
                if self.settings.keep_unwind_return:
                    self._value(Event.RETURN, frame, self._state(frame).line, None)
                self._left(frame)
                if isinstance(error, StopIteration) and not frame.f_code.co_flags & _RESUMABLE:
                    self._stop_iteration = self._error_text(error)
            finally:
                self._busy = False

    def loop(self) -> None:
        """A loop begins: a StopIteration from before is not its own."""
        if not self._busy and self._thread == _get_ident():
            self._stop_iteration = None

    def exhausted(self) -> None:
        """A loop ends, by a StopIteration if one was raised just now."""
        if self._stop_iteration is not None and self._entry is not None and self._enter():
            try:
                self._stopped_iterating(_getframe(1), self._stop_iteration)
            finally:
                self._busy = False

    def delegate(self, receiver: object, value: object) -> None:
        """`yield from` and `await` ask their iterator for the next value."""
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            self._stop_iteration = None
            self._state(_getframe(1)).delegating = value is None and _ends_silently(receiver)

    def delegated(self, value: object) -> None:
        """Their iterator has returned a value; 3.11 reports StopIteration if it was a raised one."""
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                silent, self._state(frame).delegating = self._state(frame).delegating, None
                if silent is None or (silent and value is None):
                    return
                error = StopIteration() if value is None else StopIteration(value)
                self._stopped_iterating(frame, self._stop_iteration or self._error_text(error))
            finally:
                self._busy = False

    # --- frames -----------------------------------------------------------------------------------------------------

    def _enter(self) -> bool:
        """Whether to report: not from inside a rendering, not from other threads."""
        if self._busy or self._thread != _get_ident():
            return False
        if self._stopped is not None:
            raise self._stopped
        self._busy = True
        return True

    def _state(self, frame: FrameType) -> _State:
        state = self._states.get(frame)
        if state is None:
            # A generator that is not known was entered before, or never: by its first event it is entered anew.
            resumable = bool(frame.f_code.co_flags & _RESUMABLE)
            state = self._states[frame] = _State(
                frame.f_code.co_firstlineno, Renderings(self.settings.max_value_chars), suspended=resumable
            )
        return state

    def _observe(self, event: Event, frame: FrameType, line: int) -> None:
        state = self._state(frame)
        rendered = state.locals
        before = rendered.shown
        rendered.update(_visible_locals(frame))
        previous, self._previous = self._previous, rendered.shown
        if event is not Event.LINE or frame is not self._last or not previous:
            unchanged = _NO_NAMES  # another Python frame came between, if only by an exception
        elif previous is before:
            unchanged = rendered.names.difference(rendered.changed) if rendered.changed else rendered.names
        else:
            unchanged = frozenset(name for name, text in rendered.shown.items() if previous.get(name) == text)
        state.line = line
        self._send(
            recorded_frame(event, self._source(line), rendered.shown, unchanged, None, line, rendered.capped), frame
        )

    def _value(self, event: Event, frame: FrameType, line: int, value: object) -> None:
        self._shown(event, frame, line, render_value(value))

    def _shown(self, event: Event, frame: FrameType, line: int, shown: str) -> None:
        text, capped = cap(shown, self.settings.max_value_chars)
        self._state(frame).line = line
        if event is Event.RETURN:
            self._previous = None
        self._send(recorded_frame(event, self._source(line), NO_LOCALS, _NO_NAMES, text, line, capped), frame)

    def _exception(self, frame: FrameType, error: BaseException) -> None:
        """Report an exception, unless it was only raised again."""
        state = self._state(frame)
        if state.reraised:
            state.reraised = False
            return
        line = state.line
        if state.suspended:  # close() or throw(): 3.11 reports that the frame is entered again
            state.suspended = False
            self._observe(Event.CALL, frame, line)
        elif error.__traceback__ is not None and error.__traceback__.tb_frame is frame:
            line = error.__traceback__.tb_lineno or line  # None: raised inside a hook, at the recursion limit
        state.delegating = None
        self._raised(frame, self._error_text(error), line)

    def _error_text(self, error: BaseException) -> str:
        return type(error).__name__ if self.settings.exception_value == "type" else render_value(error)

    def _raised(self, frame: FrameType, shown: str, line: int) -> None:
        self._shown(Event.EXCEPTION, frame, line, shown)

    def _stopped_iterating(self, frame: FrameType, shown: str) -> None:
        self._raised(frame, shown, frame.f_lineno or self._state(frame).line)

    def _send(self, made: Frame, frame: FrameType) -> None:
        self._last, self._stop_iteration = frame, None
        try:
            self._emit(made)
        except StopRecording as stop:
            self._stopped = stop
            raise

    def _left(self, frame: FrameType) -> None:
        self._states.pop(frame, None)
        self._last = None  # would keep the frame's objects alive until the next event
        if frame is self._entry:
            self.complete = True
            self._entry = None
            self._states.clear()

    def _source(self, line: int) -> str:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""


# Of co_flags: CO_GENERATOR; and CO_COROUTINE and CO_ASYNC_GENERATOR too.
_GENERATOR, _RESUMABLE = 0x20, 0x20 | 0x80 | 0x200


_OPTIMIZED = 0x1
_NO_NAMES: frozenset[str] = frozenset()


def _visible_locals(frame: FrameType) -> Mapping[str, object]:
    """The locals that the text shows, as they are now (a user's `__repr__` may change them meanwhile)."""
    local, code = frame.f_locals, frame.f_code
    if code.co_flags & _OPTIMIZED and quirks.NEW_CLASS_NAMES.isdisjoint(local):
        return dict(local)
    if code.co_name == "<module>":
        return {name: value for name, value in local.items() if not name.startswith("__")}
    return {name: value for name, value in local.items() if name not in quirks.NEW_CLASS_NAMES}


async def _asynchronous() -> AsyncGenerator[None, None]:
    yield


_step = _asynchronous().asend(None)
_step.close()
_ASYNC_STEP = type(_step)


def _ends_silently(receiver: object) -> bool:
    """Whether an iterator that ends with None raises nothing for that: those of C do not, except those that have only `send`."""
    step = getattr(type(receiver), "__next__", None)
    return step is not None and not isinstance(step, FunctionType) and type(receiver) is not _ASYNC_STEP


def _line_of_unit(code: CodeType, unit: int) -> int | None:
    return next((line for start, end, line in code.co_lines() if start <= 2 * unit < end), None)


def all_code(code: CodeType) -> list[CodeType]:
    """A code object and all nested in it, outer ones first."""
    nested = [item for constant in code.co_consts if isinstance(constant, CodeType) for item in all_code(constant)]
    return [code, *nested]


def compile_source(source: str, filename: str) -> CodeType:
    """The module's code object, with comprehensions as functions of their own on every interpreter. Raises SyntaxError."""
    if not quirks.INLINES_COMPREHENSIONS:
        return compile(source, filename, "exec", dont_inherit=True)
    import ast

    from cwm_trace.tracer.comprehensions import name_frames, outline_comprehensions

    tree = outline_comprehensions(ast.parse(source, filename))
    return name_frames(compile(tree, filename, "exec", dont_inherit=True))
