"""What is read again of a trace that has become long: the frames that what comes next may depend on, told in a text of their own.

The last frames stay, and of each Python frame that is still active its CALL and the line it waits at. What is left out between them
leaves no gap: `".."` stands, as ever, for the observation before it in the text, and what has no such is shown in full. So a trace goes on
for ever in a text no longer than a model was trained on. Knows frames and a measure of texts; no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from cwm_trace.format import FRAME_SEP, FrameParser, diff_encode, render_frame, render_prompt
from cwm_trace.frames import Event, Frame, Step, Trace

_LEAST = 0.25  # of the limit, for frames behind a context, or a text told anew, that is nearly as long
_KEPT = 0.5  # of what frames may take
_CALLERS = 0.5  # of what is kept, at most


class Past:
    """A trace so far, its first frames perhaps left out. Forgets what it leaves out; without a limit it keeps nothing at all."""

    def __init__(self, prompt: Trace, size: Callable[[str], int], limit: int | None) -> None:
        """`limit`: the longest text, by `size` (tokens, say), that another frame is begun behind; behind a long context a quarter more."""
        self._context, self._size = prompt.context, size
        self._limit = self._least = self._room = 0.0
        self._steps: list[Step] | None = None
        if limit is not None:
            bare = size(render_prompt(prompt.context))
            self._least = limit * _LEAST
            self._limit = max(limit, bare + self._least)
            self._room = (self._limit - bare) * _KEPT
            self._steps = []
        self._due = self._limit
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
        self._steps = list(_told_anew(_kept(self._steps, self._size, self._room)))
        text = render_prompt(self._context, tuple(self._steps))
        self._due = max(self._limit, self._size(text) + self._least)  # not again at once where frames are long
        return text


def texts(
    trace: Trace, given: int, size: Callable[[str], int], limit: int | None
) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """A trace in parts: a text that is read, and the frames that come behind it until there is another. The first text has `given` frames."""
    prompt = Trace(trace.context, trace.frames[:given], complete=False)
    past, text = Past(prompt, size, limit), render_prompt(prompt.context, prompt.frames)
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


def _kept(steps: Sequence[Step], size: Callable[[str], int], room: float) -> list[Step]:
    """The last frames, one at least, behind what is still active of those before; from the innermost caller on, but always the entry's."""
    sizes = [size(render_frame(step) + FRAME_SEP) for step in steps]
    for_callers = room * _CALLERS
    start = len(steps) - max(1, sum(total <= room - for_callers for total in accumulate(reversed(sizes))))
    entry, *callers = _active(steps[:start]) or [[]]
    kept = {*entry, *range(start, len(steps))}
    for numbers in reversed(callers):
        for_callers -= sum(sizes[number] for number in numbers)
        if for_callers < 0:
            break
        kept.update(numbers)
    return [steps[number] for number in sorted(kept)]


def _active(steps: Sequence[Step]) -> list[list[int]]:
    """For each Python frame that has not been left, from the entry on: the index of its CALL, and of its last LINE if there is one."""
    stack: list[list[int]] = []
    for number, step in enumerate(steps):
        if step.event is Event.CALL:
            stack.append([number])
        elif step.event is Event.LINE and stack:
            stack[-1][1:] = [number]
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
