"""What each line did: the variables that changed, known when the next frame of the same Python frame arrives.

Knows frames only; works on a stream, one frame late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cwm_trace.frames import NO_LOCALS, Event, Frame, Step


@dataclass(frozen=True, slots=True)
class Effect:
    """One step and what it did.

    Attributes:
        index: position in the trace.
        step: the frame.
        depth: call depth, 0 for the entry.
        changed: CALL: the arguments; else variables bound or changed, with their new rendered values.
        deleted: names that went out of scope.
    """

    index: int
    step: Step
    depth: int
    changed: Mapping[str, str] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()


class EffectReader:
    """Takes steps one at a time, gives effects one step late; `finish` gives the last one."""

    def __init__(self, start: int = 0) -> None:
        self._index = start - 1
        self._stack: list[Mapping[str, str]] = []
        self._pending: Step | None = None
        self._depth = 0

    def feed(self, step: Step) -> Iterator[Effect]:
        """Take a step; gives the effect of the one before."""
        yield from self._flush(step)
        self._pending = step
        self._index += 1
        if step.event is Event.CALL:
            self._stack.append(step.locals)
        elif step.event is Event.LINE:
            self._stack[-1:] = [step.locals]
        self._depth = max(len(self._stack) - 1, 0)
        if step.event is Event.RETURN and self._stack:
            self._stack.pop()

    def finish(self) -> Iterator[Effect]:
        """The effect of the last step."""
        yield from self._flush(None)
        self._pending = None

    def _flush(self, following: Step | None) -> Iterator[Effect]:
        step = self._pending
        if step is None:
            return
        if step.event is Event.CALL:
            yield Effect(self._index, step, self._depth, step.locals)
            return
        known = self._stack[-1] if self._stack else NO_LOCALS
        if following is None or following.event is not Event.LINE or step.event is None:
            yield Effect(self._index, step, self._depth)
            return
        changed = {name: value for name, value in following.locals.items() if known.get(name) != value}
        deleted = tuple(name for name in known if name not in following.locals)
        yield Effect(self._index, step, self._depth, changed, deleted)


def effects(steps: Iterable[Step], start: int = 0) -> Iterator[Effect]:
    """The effects of a whole trace."""
    reader = EffectReader(start)
    for step in steps:
        yield from reader.feed(step)
    yield from reader.finish()


def describe(effect: Effect) -> str:
    """The right-hand column: `n = 2, s = 'ab'`, `↩ 2`, `✗ ValueError('x')`."""
    parts = []
    step = effect.step
    if isinstance(step, Frame) and step.event is Event.RETURN:
        parts.append(f"↩ {step.value}")
    elif isinstance(step, Frame) and step.event is Event.EXCEPTION:
        parts.append(f"✗ {step.value}")
    parts += [f"{name} = {value}" for name, value in effect.changed.items()]
    parts += [f"del {name}" for name in effect.deleted]
    return ", ".join(parts)
