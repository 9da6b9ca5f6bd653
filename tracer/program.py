"""Several calls of one program, each a trace of its own: the program is compiled and instrumented once, only each call's `main` anew.

In this very process, for programs that are known to be harmless; the traces are those of `inprocess.record_source`, which the tests prove.
Module bodies are not instrumented: they end before `main` is entered.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.format import call_context, source_lines
from cwm_trace.frames import Trace
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import ENTRY_NAME, Entry, parse_source, unmarked
from cwm_trace.tracer.executed import Executed
from cwm_trace.tracer.inprocess import FILENAME, FrameList, imported, program_module
from cwm_trace.tracer.log import Expander
from cwm_trace.tracer.record import Recorder, compile_source
from cwm_trace.tracer.track import Settings, StopRecording


class _CallsRecorder(Recorder):
    """A recorder that can be started again, with another `main`.

    Attributes:
        alone: whether nothing of the last call can run again, during the next: no suspended generator, whose end may come when the garbage
            is collected, and no thread of it was recorded.
    """

    alone = True

    def _end(self) -> None:
        self.alone = not self._suspended and not self._threaded
        super()._end()

    def instrument(self, code: CodeType, lines: Sequence[str]) -> CodeType:
        if code.co_name != "<module>":
            return super().instrument(code, lines)
        inner = super().instrument
        constants = (inner(item, lines) if isinstance(item, CodeType) else item for item in code.co_consts)
        return code.replace(co_consts=tuple(constants))

    def again(self, main: CodeType, lines: Sequence[str], limits: FrameList) -> CodeType:
        """Forget what was recorded; the instrumented code of a module whose one function, `main`, is the entry."""
        self.complete = self.alone = False
        self._forget()
        self._shared.lines, self._shared.places, self._shared.stopped = list(lines), {}, None
        self._expander = Expander(self._sites)
        self._emit, self._append = limits, self._pass_on
        self._lines, self._thread, self._count = list(lines), None, 0
        self._stop_iteration, self._busy = None, False
        self._threads = limits.thread
        self._executed = Executed(super().instrument, self.untraced)  # of modules, too
        code = self.instrument(main, lines)
        self._entry_code = next(item for item in code.co_consts if isinstance(item, CodeType))
        return code


class TracedProgram:
    """A program whose calls are to be recorded. Raises InputError."""

    def __init__(self, source: str, settings: Settings | None = None) -> None:
        parse_source(source)
        self._source, self._settings = source, settings
        self._recorder: _CallsRecorder | None = None

    def trace(self, call: str, *, max_frames: int | None = None, max_characters: int | None = None) -> Trace:
        """The trace of one call, in a fresh module. Raises InputError."""
        call = call.strip()
        try:
            ast.parse(call, "<call>", "eval")
        except SyntaxError:
            raise InputError(f"not an expression: {call!r}", hint="Give a call like \"f('a', 1)\"") from None
        context = call_context(self._source, call)
        limits = FrameList(max_frames, max_characters)
        executed = unmarked(context)
        recorder = self._run(Entry(context, executed, None, "def main():\n", False, True), limits)
        meta = differs(executed)
        if recorder.untraced:
            meta["untraced"] = ", ".join(recorder.untraced)
        threads = tuple(thread.trace(executed, meta) for thread in limits.threads)
        return Trace(context, tuple(limits.frames), recorder.complete, limits.status, meta, threads)

    def _run(self, entry: Entry, limits: FrameList) -> Recorder:
        if self._recorder is None or not self._recorder.alone or "__del__" in self._source:
            # The line before the program is that of the call's context, so that its lines have the numbers they have there.
            program = f"\n{self._source}\n"
            self._recorder = _CallsRecorder(program, FILENAME, entry_line=None, emit=None, settings=self._settings)
        recorder, lines = self._recorder, source_lines(entry.source)
        before = len(source_lines(f"\n{self._source}\n"))
        main = recorder.again(compile_source("\n" * before + "".join(lines[before:]), FILENAME), lines, limits)
        module = program_module(entry)
        namespace: dict[str, Any] = module.__dict__
        try:
            with imported(module):
                exec(recorder.code, namespace)
                exec(main, namespace)
                namespace[ENTRY_NAME]()
        except (Exception, StopRecording, SystemExit):  # the program's own affair
            pass
        recorder.stop()
        return recorder
