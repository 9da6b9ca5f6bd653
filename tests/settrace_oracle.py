"""The independent truth of the tracer's tests: a naive recorder on `sys.settrace`, with its own rendering of the CWM text.

Shares no code with the product, on purpose, and is as simple as can be: every local is rendered at every event.
"""

from __future__ import annotations

import json
import re
import sys
from types import FrameType
from typing import Any

_MARK = "  # << START_OF_TRACE"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")


def _text(value: object) -> str:
    try:
        return _ADDRESS.sub(">", repr(value))
    except Exception:
        return f"<unprintable {type(value).__name__} object>"


class SettraceRecorder:
    """Records all events of one file from the first call of one function on, until that has returned."""

    def __init__(self, source: str, filename: str, entry: str) -> None:
        self.lines = source.split("\n")
        self.filename, self.entry = filename, entry
        self.events: list[tuple[str, str, int]] = []
        self.parts: list[str] = []
        self.top: FrameType | None = None
        self.done = False
        self.shown: dict[str, str] | None = None
        self.last: FrameType | None = None

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != self.filename or self.done:
            return None
        if self.top is None:
            if event != "call" or frame.f_code.co_name != self.entry:
                return None
            self.top = frame
        self._event(frame, event, argument)
        if event == "return" and frame is self.top:
            self.done = True
        return self

    def _event(self, frame: FrameType, event: str, argument: Any) -> None:
        number = frame.f_lineno
        self.events.append((event, frame.f_code.co_name, number))
        line = self.lines[number - 1] + ("\n" if number < len(self.lines) else "")
        if event in ("call", "line"):
            values = {name: _text(value) for name, value in frame.f_locals.items()}
            before = self.shown if event == "line" and frame is self.last else None
            shown = {name: ".." if before is not None and before.get(name) == text else text for name, text in values.items()}
            self.parts.append(f"<|{event}_sep|>{json.dumps(shown)}<|action_sep|>{line}")
            self.shown = values
        else:
            value = _text(argument if event == "return" else argument[1])
            self.parts.append(f"<|{event}_sep|><|action_sep|>{line}<|arg_sep|>{json.dumps(value)}")
            if event == "return":
                self.shown = None
        self.last = frame


def record_call(source: str, call: str) -> tuple[str, list[tuple[str, str, int]]]:
    """CWM text of a call, in the published form, and its events."""
    body = f"\n{source}\ndef main():\n    return {call}\n"
    recorder = SettraceRecorder(body, "<oracle>", "main")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(body, "<oracle>", "exec"), namespace)
    old = sys.gettrace()
    sys.settrace(recorder)
    try:
        namespace["main"]()
    except Exception:
        pass
    finally:
        sys.settrace(old)
    context = f"\n{source}\ndef main():{_MARK}\n    return {call}\n"
    frames = "".join(part + "<|frame_sep|>" for part in recorder.parts)
    text = f"<|begin_of_text|><|trace_context_start|>{context}<|frame_sep|>{frames}<|end_of_text|>"
    return text, recorder.events
