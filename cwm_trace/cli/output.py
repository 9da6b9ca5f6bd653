"""Where a command's frames go: a table on a terminal, JSON lines in a pipe, a file."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from cwm_trace.effects import Effect, EffectReader
from cwm_trace.files import FRAMES_SCHEMA
from cwm_trace.format import END_OF_TEXT, FRAME_SEP, render_frame
from cwm_trace.frames import MalformedFrame, Status, Step, Trace

if TYPE_CHECKING:
    from rich.console import Console


def console(color: str, file: TextIO | None = None) -> Console:
    """A console that honours --color, NO_COLOR and pipes."""
    from rich.console import Console

    stream = file or sys.stdout
    force = {"always": True, "never": False}.get(color)
    plain = color == "never"
    width = None if stream.isatty() else 100
    return Console(file=stream, force_terminal=force, no_color=plain or None, highlight=False, width=width, emoji=False)


def wants_json(args: argparse.Namespace) -> bool:
    """JSON lines where they are asked for, and in a pipe; a table on a terminal, and where that is asked for."""
    return bool(args.json or not (args.table or args.color == "always" or sys.stdout.isatty()))


OK, DIFFERS, LIMIT = 0, 1, 124
"""Exit codes: fine; not what the real run gives; a limit ended a trace."""
_ENDS = {
    Status.OPEN: "stops before its end",
    Status.INTERRUPTED: "was interrupted",
    Status.KILLED: "was killed",
    **{status: f"stopped at the {status.value.replace('_', ' ')}" for status in Status if status.is_limit},
}


def ending(trace: Trace, max_frames: int | None = None) -> str:
    """How a trace ends, in words; `max_frames` is the limit of its frames."""
    if trace.raised is not None:
        return f"raises {trace.raised}"
    if trace.returned is not None:
        return f"returns {trace.returned}"
    if trace.status is Status.KILLED:
        return _killed(trace.meta.get("end", ""))
    how = _ENDS.get(trace.status, "ends")
    return f"{how} ({max_frames})" if trace.status is Status.FRAME_LIMIT and max_frames else how


def _killed(end: str) -> str:
    """In the words of who saw it: "killed by SIGKILL", "left at once with code 3", "over 64 processes at once"."""
    if end.startswith("left"):
        return end
    return f"was {end}" if end.startswith("killed") else f"was killed: {end}" if end else _ENDS[Status.KILLED]


def frames(count: int) -> str:
    """So many frames, in words."""
    return f"{count} frame{'' if count == 1 else 's'}"


def end_record(trace: Trace) -> dict[str, Any]:
    """How a trace ends, for JSON."""
    return {"end": trace.status.value, "frames": len(trace), "returned": trace.returned, "raised": trace.raised}


Wrong = tuple[Step | None, ...]


class View(Protocol):
    """Takes the steps of a trace as they come; `exact` is whether a step equals the true one, None where that is not known.

    `wrong` has what a model wrote in place of this step, which is the true one then (None: it ended the trace); else it is empty.
    `only_values`: the step is the true one but for its values, so that what the one before it did is wrong.
    """

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None: ...
    def step(self, step: Step, exact: bool | None = None, wrong: Wrong = (), *, only_values: bool = False) -> None: ...
    def end(self, trace: Trace) -> None: ...


class TextView:
    """The CWM text, as it is written."""

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None:
        """The given frames are part of the prompt, which is not written."""

    def step(self, step: Step, exact: bool | None = None, wrong: Wrong = (), *, only_values: bool = False) -> None:
        """Write a frame, and what ends it."""
        sys.stdout.write(
            render_frame(step) + ("" if isinstance(step, MalformedFrame) and not step.terminated else FRAME_SEP)
        )
        sys.stdout.flush()

    def end(self, trace: Trace) -> None:
        """Write the end of the text, if it was reached."""
        sys.stdout.write(f"{END_OF_TEXT if trace.complete else ''}\n")


class _EffectView:
    """Shows each step when the next one has come, and its effect is known."""

    def __init__(self, *, offset: int = 0) -> None:
        self._reader = EffectReader()
        self._offset = offset
        self._exact: list[bool | None] = []
        self._wrong: list[Wrong] = []
        self._only_values: list[bool] = []

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None:
        """Show the given frames first."""
        for step in given:
            self.step(step)

    def step(self, step: Step, exact: bool | None = None, wrong: Wrong = (), *, only_values: bool = False) -> None:
        """Show the step before this one."""
        self._exact.append(exact)
        self._wrong.append(wrong)
        self._only_values.append(only_values)
        for effect in self._reader.feed(step):
            self._effect(effect)

    def end(self, trace: Trace) -> None:
        """Show the last step."""
        for effect in self._reader.finish():
            self._effect(effect)

    def _effect(self, effect: Effect) -> None:
        raise NotImplementedError


class JsonView(_EffectView):
    """One JSON object a line: header, frames, end. Locals are in full, line numbers those of the file less `offset`.

    `predicted` has the CWM text of what a model wrote in place of a frame (null: it ended the trace).
    """

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None:
        """Write the header, which counts the given frames, then these."""
        self.put({"schema": FRAMES_SCHEMA, **facts, "given": len(given)})
        super().begin(facts, given)

    def end(self, trace: Trace) -> None:
        """Write the last step and how it ended."""
        super().end(trace)
        self.put(end_record(trace))

    def _effect(self, effect: Effect) -> None:
        step, exact = effect.step, self._exact[effect.index]
        number = step.line_number
        self.put(
            {
                "i": effect.index,
                "event": step.event.value if step.event else "malformed",
                "line": None if number is None else number - self._offset,
                "source": step.source if step.event else step.raw,
                "locals": dict(step.locals),
                "changed": [*effect.changed, *effect.deleted],
                "value": step.value,
                "logprob": None if step.logprob is None else round(step.logprob, 6),
            }
            | ({} if exact is None else {"exact": exact})
            | ({"predicted": wrongs[0] and render_frame(wrongs[0])} if (wrongs := self._wrong[effect.index]) else {})
            | ({"reason": step.reason} if isinstance(step, MalformedFrame) else {})
        )

    def put(self, record: Mapping[str, Any]) -> None:
        """Write one line."""
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


class TableView(_EffectView):
    """A table row a step, printed when the step's effect is known."""

    def __init__(self, target: Console, *, full: bool = False, offset: int = 0) -> None:
        super().__init__(offset=offset)
        self._console, self._full = target, full

    def _effect(self, effect: Effect) -> None:
        from cwm_trace.display import frame_line, row

        mark = _mark(effect.step, self._exact[effect.index])
        if mark == "✓" and any(self._only_values[effect.index + 1 : effect.index + 2]):
            mark = "≠"
        line = row(effect, width=self._console.width, full=self._full, offset=self._offset, mark=mark)
        self._console.print(line, soft_wrap=True)
        for wrong in self._wrong[effect.index]:
            said = f"      wrote: {frame_line(wrong, effect.step, self._offset)}"
            self._console.print(said, style="red", markup=False, soft_wrap=True)


def _mark(step: Step, exact: bool | None) -> str:
    """Beside a row: ✓; or ✗, with the probability that the model gave to this step. (≠: what a right line did is not right.)"""
    if exact is None or exact:
        return "✓" if exact else ""
    return "✗" if step.logprob is None else f"p {math.exp(step.logprob):.2f} ✗"
