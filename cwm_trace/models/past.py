"""What is read again of a trace that has become long: the frames that what comes next may depend on, told in a text of their own.

The last frames stay, and of each Python frame that is still active its CALL and the line it waits at. What is left out between them
leaves no gap: `".."` stands, as ever, for the observation before it in the text, and what has no such is shown in full. So a trace goes on
for ever in a text no longer than a model was trained on. Knows frames and a measure of texts; no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain, takewhile
from math import inf

from cwm_trace.format import FRAME_SEP, FrameParser, diff_encode, render_frame, render_prompt
from cwm_trace.frames import Event, Frame, Step, Trace

_LEAST = 0.25  # of the limit, for frames behind a context, or a text told anew, that is nearly as long
_KEPT = 0.5  # of what frames may take
_CALLERS = 0.5  # of what is kept, at least


class Past:
    """A trace so far, its first frames perhaps left out. Forgets what it leaves out; without a limit it keeps nothing at all."""

    def __init__(self, prompt: Trace, size: Callable[[str], int], limit: int | None, window: int | None = None) -> None:
        """`limit`: the longest text, by `size` (tokens, say), that another frame is begun behind; behind a long context a quarter more.
        `window`: the longest that can be read at all."""
        self._context, self._size = prompt.context, size
        self._limit = self._least = self._bare = 0.0
        self._most = inf
        self._steps: list[Step] | None = None
        if limit is not None:
            self._bare = size(render_prompt(prompt.context))
            self._least = limit * _LEAST
            self._limit = max(limit, self._bare + self._least)
            self._most = inf if window is None else window - self._least
            self._steps = []
        self._due = min(self._limit, self._most)
        self._parser = FrameParser()
        for step in prompt.frames:
            self.observe(step)

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit; else it need be told nothing."""
        return self._steps is not None

    def observe(self, step: Step) -> None:
        """Append a frame."""
        if self._steps is not None:
            self._parser.observe(step)
            self._steps.append(step)

    def wrote(self, text: str) -> None:
        """Append a frame by its text, without the `<|frame_sep|>` that ended it."""
        if self._steps is not None:
            self._steps.append(self._parser.parse(text))

    def instead(self, length: int) -> str | None:
        """What to read in place of a text of this length before the next frame; None where that is not too long."""
        if self._steps is None or length < self._due:
            return None
        callers, tail = self._split(self._steps)
        text = render_prompt(self._context, tuple(_told_anew([*self._shown(callers, tail), *tail])))
        self._steps = [*chain(*callers), *tail]
        told = self._size(text)
        # Not again at once where frames are long.
        self._due = max(min(max(self._limit, told + self._least), self._most), told + 1)
        return text

    def _split(self, steps: Sequence[Step]) -> tuple[list[list[Step]], list[Step]]:
        """What is still active of the frames before the last ones, and these, one at least."""
        room = (self._limit - self._bare) * _KEPT * (1 - _CALLERS)
        sizes = accumulate(self._size_of([step]) for step in reversed(steps))
        start = len(steps) - max(1, sum(1 for _ in takewhile(lambda total: total <= room, sizes)))
        while start and steps[start].event is Event.EXCEPTION:  # `".."` behind it stands for what was before it
            start -= 1
        return _active(steps[:start]), list(steps[start:])

    def _shown(self, callers: Sequence[list[Step]], tail: Sequence[Step]) -> list[Step]:
        """Callers from the innermost one on, as far as there is room, but always the entry."""
        frames = self._limit - self._bare
        room = max(frames * _KEPT * _CALLERS, frames - self._least - self._size_of(tail))
        entry, *others = callers or [[]]
        shown: list[Step] = []
        for caller in reversed(others):
            room -= self._size_of(_told_anew(caller))
            if room < 0:
                break
            shown = [*caller, *shown]
        return [*entry, *shown]

    def _size_of(self, steps: Iterable[Step]) -> int:
        return sum(self._size(render_frame(step) + FRAME_SEP) for step in steps)


def texts(
    trace: Trace, given: int, size: Callable[[str], int], limit: int | None, window: int | None = None
) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """A trace in parts: a text that is read, and the frames that come behind it until there is another. The first text has `given` frames."""
    prompt = Trace(trace.context, trace.frames[:given], complete=False)
    past, text = Past(prompt, size, limit, window), render_prompt(prompt.context, prompt.frames)
    if not past.is_limited:  # nothing to be measured
        yield text, trace.frames[given:]
        return
    length, start = size(text), given
    for number in range(given, len(trace)):
        if (instead := past.instead(length)) is not None:
            yield text, trace.frames[start:number]
            text, length, start = instead, size(instead), number
        step = trace.frames[number]
        length += size(render_frame(step) + FRAME_SEP)
        past.observe(step)
    yield text, trace.frames[start:]


def _active(steps: Sequence[Step]) -> list[list[Step]]:
    """Of each Python frame that has not been left, from the entry on: its CALL, and its last LINE if there is one."""
    stack: list[list[Step]] = []
    for step in steps:
        if step.event is Event.CALL:
            stack.append([step])
        elif step.event is Event.LINE and stack:
            stack[-1][1:] = [step]
        elif step.event is Event.RETURN and stack:
            stack.pop()
    return stack


def _told_anew(steps: Iterable[Step]) -> Iterator[Step]:
    """The same frames, each diff-encoded against the one that is before it now."""
    parser = FrameParser()
    for step in steps:
        told = diff_encode(replace(step, raw=None), parser.previous) if isinstance(step, Frame) else step
        parser.observe(told)
        yield told
