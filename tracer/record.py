"""Turns the events of instrumented code into frames: from the entry's CALL until its scope is left.

Knows nothing of processes, files or the command line. One thread is recorded, the one that runs the entry first.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType

from cwm_trace.format import FrameParser, diff_encode, source_lines, strip_mark
from cwm_trace.frames import Event, Frame
from cwm_trace.tracer import quirks
from cwm_trace.tracer.instrument import instrument
from cwm_trace.tracer.values import cap, render_value

# Bound now: a traced program may rebind the builtins that its own hooks need.
_getframe, _get_ident, _id, _type, _dict = sys._getframe, threading.get_ident, id, type, dict


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


class Recorder:
    """Records one execution of a source text.

    `code` is the instrumented module; run it with `exec(recorder.code, namespace)` (and call what is to be traced). Each frame goes to
    `emit`, diff-encoded, as it happens. `complete` tells that the entry's scope has been left.
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
        self._encoder = FrameParser()
        self._entry: FrameType | None = None
        self._entry_code: CodeType | None = None
        self._thread: int | None = None
        self._last: FrameType | None = None
        self._busy = False
        self._stopped: StopRecording | None = None
        self._orders: dict[FrameType, dict[str, str]] = {}
        self._reraised: dict[FrameType, int | None] = {}
        self._suspended: set[FrameType] = set()
        self.code = instrument(compile_source(source, filename), self)
        self._entry_code = self._find_entry(self.code)

    def _find_entry(self, code: CodeType) -> CodeType | None:
        if self.entry_line is None:
            return code
        found = [item for item in _walk(code) if item.co_firstlineno <= self.entry_line and self._defines(item)]
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
                self._suspended.discard(frame)
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
                self._suspended.add(frame)
                self._value(Event.RETURN, frame, frame.f_lineno, value)
            finally:
                self._busy = False

    def leave(self, value: object) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                self._value(Event.RETURN, frame, frame.f_lineno, value)
                self._left(frame)
            finally:
                self._busy = False

    def caught(self, error: BaseException, line: int | None) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                raised_at = self._exception(frame, error)
                if line is not None and line != raised_at:
                    self._observe(Event.LINE, frame, line)
            finally:
                self._busy = False

    def reraise(self, line: int | None) -> None:
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            self._reraised[_getframe(1)] = line

    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None:
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            if not isinstance(error, swallowed):
                self._reraised[_getframe(1)] = line

    def unwind(self, error: BaseException) -> None:
        if self._entry is not None and self._enter():
            try:
                frame = _getframe(1)
                raised_at = self._exception(frame, error)
                if self.settings.keep_unwind_return:
                    self._value(Event.RETURN, frame, raised_at or frame.f_lineno, None)
                self._left(frame)
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

    def _observe(self, event: Event, frame: FrameType, line: int) -> None:
        values, capped = self._render_locals(frame)
        if event is Event.LINE and frame is not self._last:
            self._encoder.previous = None  # another Python frame came between, though it neither called nor returned
        made = Frame(event, self._source(line), values, line_number=line, capped=capped)
        self._send(diff_encode(made, self._encoder.previous), frame)

    def _value(self, event: Event, frame: FrameType, line: int, value: object) -> None:
        text, capped = cap(render_value(value), self.settings.max_value_chars)
        self._send(Frame(event, self._source(line), value=text, line_number=line, capped=capped), frame)

    def _exception(self, frame: FrameType, error: BaseException) -> int | None:
        """Report an exception unless it was only raised again; returns the line it came from."""
        if frame in self._reraised:
            return self._reraised.pop(frame)
        traceback = error.__traceback__
        line = traceback.tb_lineno if traceback is not None and traceback.tb_frame is frame else frame.f_lineno
        del traceback
        if frame in self._suspended:  # close() or throw(): 3.11 reports that the frame is entered again
            self._suspended.discard(frame)
            self._observe(Event.CALL, frame, line)
        if self.settings.exception_value == "type":
            text, capped = type(error).__name__, False
        else:
            text, capped = cap(render_value(error), self.settings.max_value_chars)
        self._send(Frame(Event.EXCEPTION, self._source(line), value=text, line_number=line, capped=capped), frame)
        return line

    def _send(self, made: Frame, frame: FrameType) -> None:
        self._encoder.observe(made)
        self._last = frame
        try:
            self._emit(made)
        except StopRecording as stop:
            self._stopped = stop
            raise

    def _left(self, frame: FrameType) -> None:
        self._orders.pop(frame, None)
        self._reraised.pop(frame, None)
        self._suspended.discard(frame)
        if frame is self._entry:
            self.complete = True
            self._entry = self._last = None
            self._orders.clear()
            self._reraised.clear()
            self._suspended.clear()

    def _render_locals(self, frame: FrameType) -> tuple[dict[str, str], bool]:
        """All locals rendered, in the order in which this Python frame first bound them."""
        local, limit = frame.f_locals, self.settings.max_value_chars
        own = frame.f_code.co_flags & _FAST_LOCALS
        names = list(local) if own else [name for name in local if not name.startswith("__")]
        order = self._orders.setdefault(frame, {})
        for name in [name for name in order if name not in local]:
            del order[name]
        capped = False
        for name in names:
            order[name], cut = cap(render_value(local[name]), limit)
            capped = capped or cut
        return dict(order), capped

    def _source(self, line: int) -> str:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""


_FAST_LOCALS = 0x0002  # CO_NEWLOCALS: a function (or a class body), not a module


def _walk(code: CodeType) -> list[CodeType]:
    nested = [item for constant in code.co_consts if isinstance(constant, CodeType) for item in _walk(constant)]
    return [code, *nested]


def compile_source(source: str, filename: str) -> CodeType:
    """The module's code object, with comprehensions as functions of their own on every interpreter. Raises SyntaxError."""
    if not quirks.INLINES_COMPREHENSIONS:
        return compile(source, filename, "exec", dont_inherit=True)
    import ast

    from cwm_trace.tracer.comprehensions import outline_comprehensions

    return compile(outline_comprehensions(ast.parse(source, filename)), filename, "exec", dont_inherit=True)
