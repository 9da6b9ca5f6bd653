"""Records source text in this very process: for programs that are known to be harmless (generated ones, tests).

For other people's programs there is `cwm_trace.tracer.run`, which does this in a child process with limits.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from cwm_trace.frames import Frame, Status, Trace
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import ENTRY_NAME, Entry, call_entry, context_entry, script_entry
from cwm_trace.tracer.record import Recorder, Settings, StopRecording

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

FILENAME = "<program>"
_MAIN_GUARD = re.compile(r"__name__\s*==|==\s*__name__")


@dataclass(slots=True)
class FrameList:
    """Collects frames up to limits. `characters` counts rendered values."""

    max_frames: int | None = None
    max_characters: int | None = None
    frames: list[Frame] = field(default_factory=list)
    characters: int = 0
    status: Status = Status.OPEN

    def __call__(self, frame: Frame) -> None:
        if self.max_frames is not None and len(self.frames) >= self.max_frames:
            self._stop(Status.FRAME_LIMIT)
        self.characters += sum(map(len, frame.locals.values())) + len(frame.value or "")
        if self.max_characters is not None and self.characters > self.max_characters:
            self._stop(Status.SIZE_LIMIT)
        self.frames.append(frame)

    def _stop(self, status: Status) -> None:
        self.status = status
        raise StopRecording(status)


def module_name(entry: Entry) -> str:
    """`__main__`, which reprs of objects show; but not where the program would then run its own main instead of the call."""
    return "program" if entry.is_call and _MAIN_GUARD.search(entry.source) else "__main__"


def record_entry(entry: Entry, limits: FrameList | None = None, settings: Settings | None = None) -> Trace:
    """Run an entry in a fresh module and record it. What the program raises is part of the trace, and stays there."""
    recorder = Recorder(entry.source, FILENAME, entry_line=entry.line, emit=limits, settings=settings)
    module = ModuleType(module_name(entry))
    namespace: dict[str, Any] = module.__dict__
    try:
        exec(recorder.code, namespace)
        if entry.is_call:
            namespace[ENTRY_NAME]()
    except (Exception, StopRecording, SystemExit):  # the program's own affair
        pass
    meta = differs(entry.source)
    if recorder.untraced:
        meta["untraced"] = ", ".join(recorder.untraced)
    frames = recorder.frames() if limits is None else limits.frames
    return Trace(entry.context, tuple(frames), recorder.complete, limits.status if limits else Status.OPEN, meta)


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
