"""Where a command's frames go: a table on a terminal, JSON lines in a pipe, a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from cwm_trace.effects import Effect, EffectReader
from cwm_trace.frames import Step, Trace

if TYPE_CHECKING:
    from rich.console import Console

FRAMES_SCHEMA = "cwm-trace-frames/1"


def console(color: str, file: TextIO | None = None) -> Console:
    """A console that honours --color, NO_COLOR and pipes."""
    from rich.console import Console

    stream = file or sys.stdout
    force = {"always": True, "never": False}.get(color)
    plain = color == "never"
    width = None if stream.isatty() else 100
    return Console(file=stream, force_terminal=force, no_color=plain or None, highlight=False, width=width, emoji=False)


class View(Protocol):
    """Takes the steps of a trace as they come."""

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None: ...
    def step(self, step: Step, mark: str = "") -> None: ...
    def end(self, trace: Trace) -> None: ...


class JsonView:
    """One JSON object a line: header, frames, end."""

    def __init__(self) -> None:
        self._reader = EffectReader()

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None:
        """Write the header; the given frames are part of it only in number."""
        self._put({"schema": FRAMES_SCHEMA, **facts, "given": len(given)})
        self._reader = EffectReader()
        for step in given:
            for effect in self._reader.feed(step):
                self._effect(effect)

    def step(self, step: Step, mark: str = "") -> None:
        """Write the step before this one, whose effect is now known."""
        for effect in self._reader.feed(step):
            self._effect(effect)

    def end(self, trace: Trace) -> None:
        """Write the last step and how it ended."""
        for effect in self._reader.finish():
            self._effect(effect)
        self._put({"end": trace.status.value, "frames": len(trace), "returned": trace.returned, "raised": trace.raised})

    def _effect(self, effect: Effect) -> None:
        step = effect.step
        self._put(
            {
                "i": effect.index,
                "event": step.event.value if step.event else "malformed",
                "line": step.line_number,
                "source": step.source if step.event else step.raw,
                "locals": dict(step.locals),
                "changed": [*effect.changed, *effect.deleted],
                "value": step.value,
                "logprob": None if step.logprob is None else round(step.logprob, 6),
            }
        )

    def _put(self, record: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


class TableView:
    """A table row a step, printed when the step's effect is known."""

    def __init__(self, target: Console, *, full: bool = False, offset: int = 0) -> None:
        self._console, self._full, self._offset = target, full, offset
        self._reader = EffectReader()
        self._marks: dict[int, str] = {}
        self._count = 0

    def begin(self, facts: Mapping[str, Any], given: tuple[Step, ...]) -> None:
        """Show the given frames first."""
        for step in given:
            self.step(step)

    def step(self, step: Step, mark: str = "") -> None:
        """Show the step before this one."""
        self._marks[self._count] = mark
        self._count += 1
        for effect in self._reader.feed(step):
            self._row(effect)

    def end(self, trace: Trace) -> None:
        """Show the last step."""
        for effect in self._reader.finish():
            self._row(effect)

    def _row(self, effect: Effect) -> None:
        from cwm_trace.display import row

        mark = self._marks.get(effect.index, "")
        line = row(effect, width=self._console.width, full=self._full, offset=self._offset, mark=mark)
        self._console.print(line, soft_wrap=True)
