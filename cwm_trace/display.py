"""Draws frames as lines of a terminal table. Knows frames and effects, nothing of models or files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwm_trace.effects import Effect, describe
from cwm_trace.frames import MalformedFrame, Step

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {"call": "bold cyan", "line": "", "return": "green", "exception": "red"}
_SOURCE_WIDTH = 36


def clip(text: str, width: int) -> str:
    """At most `width` characters, the last one `…` where something is left out; control characters escaped."""
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return shown if len(shown) <= width else shown[: max(width - 1, 0)] + "…"


def row(effect: Effect, *, width: int = 100, full: bool = False, offset: int = 0, mark: str = "") -> Text:
    """One line: index, event, line number, source, effect. `offset` is subtracted from line numbers; `mark` is set at the end."""
    from rich.text import Text

    step = effect.step
    if isinstance(step, MalformedFrame):
        text = f"{effect.index:>4}  malformed     │ {clip(step.raw, 10_000 if full else width - 40)}  ({step.reason})"
        return Text(text, style="bold red")
    number = "" if step.line_number is None else str(step.line_number - offset)
    source = clip("  " * effect.depth + step.source.rstrip("\r\n").expandtabs(4), _SOURCE_WIDTH)
    left = f"{effect.index:>4}  {step.event.value:<9} {number:>3} │ {source:<{_SOURCE_WIDTH}} │ "
    room = 1_000_000 if full else max(width - len(left) - len(mark) - 1, 16)
    right = clip(describe(effect), room)
    line = Text(left, style=_STYLES[step.event.value])
    line.append(right, style="bold" if effect.changed else "")
    if mark:
        line.append(
            " " * max(width - len(left) - len(right) - len(mark), 1) + mark,
            style="green" if mark == "✓" else "bold red",
        )
    return line


def show_steps(console: Console, steps: list[Effect], *, full: bool = False, offset: int = 0) -> None:
    """Print a table of effects."""
    for effect in steps:
        console.print(row(effect, width=console.width, full=full, offset=offset), soft_wrap=True)


def divergence(predicted: Step | None, actual: Step | None, offset: int = 0) -> list[str]:
    """The two frames of a divergence, one under the other, for what is said after the table."""
    return [f"  predicted: {_frame_line(predicted, offset)}", f"  actual:    {_frame_line(actual, offset)}"]


def _frame_line(step: Step | None, offset: int) -> str:
    if step is None:
        return "(the trace had ended)"
    if isinstance(step, MalformedFrame):
        return f"malformed ({step.reason}): {clip(step.raw, 120)}"
    number = "?" if step.line_number is None else str(step.line_number - offset)
    shown = f"→ {step.value}" if step.value is not None else ", ".join(f"{n} = {v}" for n, v in step.locals.items())
    return f"{step.event.value} line {number} │ {step.source.strip()} │ {shown}"
