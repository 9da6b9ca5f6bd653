"""Draws frames as lines of a terminal table. Knows frames and effects, nothing of models or files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwm_trace.effects import Effect, describe
from cwm_trace.frames import Event, Frame, MalformedFrame, Step

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {"call": "bold cyan", "line": "", "return": "green", "exception": "red"}
_SOURCE_WIDTH = 36
_WIDE = 100


def clip(text: str, width: int) -> str:
    """At most `width` characters, the last one `…` where something is left out; control characters escaped."""
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return shown if len(shown) <= width else shown[: max(width - 1, 0)] + "…"


def row(effect: Effect, *, width: int = 100, full: bool = False, offset: int = 0, mark: str = "") -> Text:
    """One line: index, event, line number, source, effect. `offset` is subtracted from line numbers; `mark` is set at the end."""
    from rich.text import Text

    step = effect.step
    if isinstance(step, MalformedFrame):
        raw = clip(step.raw, 1_000_000 if full else max(width - 40, 16))
        return Text(f"{effect.index:>4}  malformed     │ {raw}  ({step.reason}) {mark}".rstrip(), style="bold red")
    number = "" if step.line_number is None else str(step.line_number - offset)
    column = _SOURCE_WIDTH + max(width - _WIDE, 0) // 2
    code = "  " * effect.depth + step.source.rstrip("\r\n").expandtabs(4)
    source = clip(code, 1_000_000 if full else column)
    left = f"{effect.index:>4}  {step.event.value:<9} {number:>3} │ {source:<{column}} │ "
    room = 1_000_000 if full else max(width - len(left) - len(mark) - 1, 16)
    right = clip(describe(effect), room)
    line = Text(left, style=_STYLES[step.event.value])
    line.append(right, style="bold" if effect.changed else "")
    if mark:
        line.append(
            " " * max(width - len(left) - len(right) - len(mark), 1) + mark,
            style="bold red" if "✗" in mark else "green",
        )
    return line


def show_steps(console: Console, steps: list[Effect], *, full: bool = False, offset: int = 0) -> None:
    """Print a table of effects."""
    for effect in steps:
        console.print(row(effect, width=console.width, full=full, offset=offset), soft_wrap=True)


def divergence(predicted: Step | None, actual: Step | None, offset: int = 0) -> list[str]:
    """The two frames of a divergence, one under the other, each with what the other one has not."""
    lines = frame_line(predicted, actual, offset), frame_line(actual, predicted, offset)
    return [f"  predicted: {lines[0]}", f"  actual:    {lines[1]}"]


def frame_line(step: Step | None, other: Step | None, offset: int) -> str:
    """A frame in one line, with what another one in its place has not; None: there is no frame."""
    if step is None:
        return "(the trace had ended)"
    if isinstance(step, MalformedFrame):
        return f"malformed ({step.reason}): {clip(step.raw, 120)}"
    number = "?" if step.line_number is None else str(step.line_number - offset)
    place = f"line {number}" if step.event is Event.LINE else f"{step.event.value} line {number}"
    return " │ ".join([place, step.source.strip(), *_differing(step, other)])


def _differing(step: Frame, other: Step | None) -> list[str]:
    """What a frame shows and another one does not: its value, or variables."""
    if step.value is not None:
        return [f"↩ {step.value}" if step.event is Event.RETURN else step.value]
    known = dict(other.locals) if other is not None and other.event is not None else {}
    parts = [f"{name} = {value}" for name, value in step.locals.items() if known.get(name) != value]
    parts += [f"no {name}" for name in known if name not in step.locals]
    if not parts and other is not None and step.unchanged != other.unchanged:
        changed = ", ".join(name for name in step.locals if name not in step.unchanged)
        parts.append(f"as changed: {changed or 'nothing'}")
    return [", ".join(parts)] if parts else []
