"""Records source text in this very process: for programs that are known to be harmless (generated ones, tests).

For other people's programs there is `cwm_trace.tracer.run`, which does this in a child process with limits.
"""

from __future__ import annotations

import builtins
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from cwm_trace.frames import Frame, Status, Trace
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import ENTRY_NAME, Entry, call_entry, context_entry, script_entry
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.track import Settings, StopRecording, ThreadStart

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

FILENAME = "<program>"
_MAIN_GUARD = re.compile(r"__name__\s*==|==\s*__name__")


@dataclass(slots=True)
class FrameList:
    """Collects frames up to limits, which count those of other threads too. `characters` counts rendered values."""

    max_frames: int | None = None
    max_characters: int | None = None
    frames: list[Frame] = field(default_factory=list)
    threads: list[ThreadFrames] = field(default_factory=list)
    count: int = 0
    characters: int = 0
    status: Status = Status.OPEN

    def __call__(self, frame: Frame) -> None:
        self.check(frame)
        self.frames.append(frame)

    def check(self, frame: Frame) -> None:
        """Count a frame. Raises StopRecording beyond a limit."""
        if self.max_frames is not None and self.count >= self.max_frames:
            self._stop(Status.FRAME_LIMIT)
        self.count += 1
        self.characters += sum(map(len, frame.locals.values())) + len(frame.value or "")
        if self.max_characters is not None and self.characters > self.max_characters:
            self._stop(Status.SIZE_LIMIT)

    def thread(self, start: ThreadStart) -> ThreadFrames:
        """For another thread's trace, which counts too."""
        self.threads.append(ThreadFrames(start, self))
        return self.threads[-1]

    def _stop(self, status: Status) -> None:
        self.status = status
        raise StopRecording(status)


class ThreadFrames:
    """Collects the frames of another thread's trace."""

    def __init__(self, start: ThreadStart, limits: FrameList) -> None:
        self._start, self._limits, self._complete = start, limits, False
        self._frames: list[Frame] = []

    def __call__(self, frame: Frame) -> None:
        self._limits.check(frame)
        self._frames.append(frame)

    def end(self) -> None:
        """The entry was left."""
        self._complete = True

    def trace(self, source: str, parent: Mapping[str, str]) -> Trace:
        """What there is now."""
        frames, status = tuple(self._frames), Status.COMPLETE if self._complete else self._limits.status
        return self._start.trace(source, frames, parent, status)


def module_name(entry: Entry) -> str:
    """`__main__`, which reprs of objects show; but not where the program would then run its own main instead of the call."""
    return "program" if entry.is_call and _MAIN_GUARD.search(entry.source) else "__main__"


def program_module(entry: Entry) -> ModuleType:
    """The module that a program runs in, fresh; its builtins are those of this process."""
    module = ModuleType(module_name(entry))
    module.__dict__["__builtins__"] = builtins  # else it would have the copy that this module has
    return module


_imported: dict[str, list[ModuleType | None]] = {}
_importing = threading.Lock()


@contextmanager
def imported(module: ModuleType) -> Iterator[None]:
    """Meanwhile it is what `sys.modules` has by its name, as pickle and dataclasses look there for what the program defines.

    Where several are at once, in threads, it is the last one; at the end it is what it was.
    """
    name = module.__name__
    with _importing:
        _imported.setdefault(name, [sys.modules.get(name)]).append(module)
        sys.modules[name] = module
    try:
        yield
    finally:
        with _importing:
            others = _imported[name]  # below them all what was there before
            others.remove(module)
            if len(others) == 1:
                del _imported[name]
            if others[-1] is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = others[-1]


def record_entry(entry: Entry, limits: FrameList | None = None, settings: Settings | None = None) -> Trace:
    """Run an entry in a fresh module and record it. What the program raises is part of the trace, and stays there."""
    kept = limits or FrameList()
    recorder = Recorder(
        entry.source, FILENAME, entry_line=entry.line, emit=limits, settings=settings, threads=kept.thread
    )
    module = program_module(entry)
    namespace: dict[str, Any] = module.__dict__
    try:
        with imported(module):
            exec(recorder.code, namespace)
            if entry.is_call:
                namespace[ENTRY_NAME]()
    except (Exception, StopRecording, SystemExit):  # the program's own affair
        pass
    meta = differs(entry.source)
    if recorder.untraced:
        meta["untraced"] = ", ".join(recorder.untraced)
    recorder.stop()
    frames = recorder.frames() if limits is None else limits.frames
    threads = tuple(thread.trace(entry.source, meta) for thread in kept.threads)
    return Trace(entry.context, tuple(frames), recorder.complete, kept.status, meta, threads)


def record_source(
    source: str,
    call: str | None = None,
    *,
    settings: Settings | None = None,
    max_frames: int | None = None,
    max_characters: int | None = None,
) -> Trace:
    """The trace of source text, recorded in this process. Raises InputError."""
    entry = script_entry(source) if call is None else call_entry(source, call)
    limited = max_frames is not None or max_characters is not None
    return record_entry(entry, FrameList(max_frames, max_characters) if limited else None, settings)


def record_context(context: str, *, max_frames: int | None = None) -> Trace:
    """The trace of a marked context, recorded in this process. Raises InputError."""
    return record_entry(context_entry(context), None if max_frames is None else FrameList(max_frames))
