"""What is read again of a trace that has become long: the frames that what comes next may depend on, told in a text of their own.

The last frames stay, and of each Python frame that is still active its CALL and the line it waits at. What is left out between them
leaves no gap: `".."` stands, as ever, for the observation before it in the text, and what has no such is shown in full. So a trace goes on
for ever in a text no longer than a model was trained on. Of a program that does not fit into what can be read, only what these frames are of
is told (`models.excerpt`). Where a model reads notes between frames (`models.notes`), they stand in each text.
Knows frames and a measure of texts; no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain, takewhile
from math import inf
from typing import NamedTuple

from cwm_trace.format import FRAME_SEP, FrameParser, diff_encode, render_frame, render_prompt, render_step
from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.models.at_work import AtWork
from cwm_trace.models.excerpt import Excerpts
from cwm_trace.models.flow import Flow
from cwm_trace.models.notes import Notes, Work
from cwm_trace.models.scopes import Ran
from cwm_trace.prompts import start_of

_LEAST = 0.25  # of the limit, for frames behind a context, or a text told anew, that is nearly as long
_KEPT = 0.5  # of what frames may take
_CALLERS = 0.5  # of what is kept, at least


class _Told(NamedTuple):
    """A frame of the past, and which line had run last behind it."""

    step: Step
    ran: Ran = Ran()


class Part(NamedTuple):
    """Frames of a trace, and what is read before them.

    Attributes:
        text: the context and frames, in a text.
        notes: what is read before each of the frames, "" for nothing.
        steps: the frames.
    """

    text: str
    notes: tuple[str, ...]
    steps: tuple[Step, ...]


class Past:
    """A trace so far, its first frames perhaps left out. Forgets what it leaves out; without a limit it keeps nothing at all.

    Attributes:
        text: the prompt, as it is read.
    """

    def __init__(
        self,
        prompt: Trace,
        size: Callable[[str], int],
        limit: int | None,
        window: int | None = None,
        notes: bool = False,
    ) -> None:
        """`limit`: the longest text, by `size` (tokens, say), that another frame is begun behind; behind a long context a quarter more.
        `window`: the longest that can be read at all. `notes`: whether notes stand in the text (`models.notes`)."""
        self._context, self._size = prompt.context, size
        self._limit = self._least = self._bare = 0.0
        self._most = inf
        self._flow = Flow(prompt.context, start_of(prompt)) if notes else None
        self._notes = Notes(self._flow) if self._flow else None
        self._steps: list[_Told] | None = None
        self._excerpts: Excerpts | None = None
        self._told = ""  # the lines that an excerpt has
        if limit is not None:
            self._bare = size(render_prompt(prompt.context))
            self._least = limit * _LEAST
            self._most = inf if window is None else window - self._least
            if self._bare > self._most:
                self._excerpts, self._bare = Excerpts(prompt.context), 0.0
            self._limit = max(limit, self._bare + self._least)
            self._steps = []
        self._due = min(self._limit, self._most)
        self._parser = FrameParser()
        told = list(map(_Told, prompt.frames))
        self.text = render_prompt(self._context_of(told)) + _text(told, self._flow)
        for step in prompt.frames:
            self.observe(step)

    @property
    def wants_frames(self) -> bool:
        """Whether it wants to know the frames: there is a limit, or there are notes."""
        return self._steps is not None or self._notes is not None

    @property
    def is_limited(self) -> bool:
        """Whether the text may be told anew."""
        return self._steps is not None

    def note(self, work: Work | None = None) -> str:
        """What is read before the next frame, "" for nothing; `work`: see `Notes.text`."""
        return "" if self._notes is None else self._notes.text(work)

    @property
    def at_work(self) -> AtWork | None:
        """What the trace is at, where there are notes."""
        return None if self._notes is None else self._notes.at_work

    def observe(self, step: Step) -> None:
        """Append a frame."""
        if self.wants_frames:
            self._parser.observe(step)
            self._append(step)

    def wrote(self, text: str) -> None:
        """Append a frame by its text, without the `<|frame_sep|>` that ended it."""
        if self.wants_frames:
            self._append(self._parser.parse(text))

    def _append(self, step: Step) -> None:
        ran = Ran()
        if self._notes is not None:
            self._notes.observe(step)
            ran = self._notes.ran
        if self._steps is not None:
            self._steps.append(_Told(step, ran))
        if self._excerpts is not None and isinstance(step, Frame) and step.source.rstrip("\r\n") not in self._told:
            self._due = 0  # of what this frame is of, nothing has been told

    def _context_of(self, steps: Sequence[_Told]) -> str:
        """The context, or what is told of it where these frames are."""
        if self._excerpts is None:
            return self._context
        frames, least = [told.step for told in steps if isinstance(told.step, Frame)], self._size(self._plain(steps))
        self._told = self._excerpts.of(frames, lambda text: self._size(text) + least <= self._most)
        return self._told

    def instead(self, length: float) -> str | None:
        """What to read in place of a text of this length before the next frame; None where that is not too long."""
        if self._steps is None or length < self._due:
            return None
        callers, tail = self._split(self._steps)
        shown = [*self._shown(callers, tail), *tail]
        text = render_prompt(self._context_of(shown)) + self._anew(shown)
        self._steps = [*chain(*callers), *tail]
        told = self._size(text)
        # Not again at once where frames are long.
        self._due = max(min(max(self._limit, told + self._least), self._most), told + 1)
        return text

    def _split(self, steps: Sequence[_Told]) -> tuple[list[list[_Told]], list[_Told]]:
        """What is still active of the frames before the last ones, and these, one at least."""
        room = (self._limit - self._bare) * _KEPT * (1 - _CALLERS)
        sizes = accumulate(self._size(self._plain([told])) for told in reversed(steps))
        start = len(steps) - max(1, sum(1 for _ in takewhile(lambda total: total <= room, sizes)))
        while start and steps[start].step.event is Event.EXCEPTION:  # `".."` behind it stands for what was before it
            start -= 1
        return _active(steps[:start]), list(steps[start:])

    def _shown(self, callers: Sequence[list[_Told]], tail: Sequence[_Told]) -> list[_Told]:
        """Callers from the innermost one on, as far as there is room, but always the entry."""
        frames = self._limit - self._bare
        room = max(frames * _KEPT * _CALLERS, frames - self._least - self._size(self._plain(tail)))
        entry, *others = callers or [[]]
        shown: list[_Told] = []
        for caller in reversed(others):
            room -= self._size(self._anew(caller))
            if room < 0:
                break
            shown = [*caller, *shown]
        return [*entry, *shown]

    def _plain(self, told: Iterable[_Told]) -> str:
        return _text(told, self._flow)

    def _anew(self, told: Iterable[_Told]) -> str:
        return self._plain(_told_anew(told))


def texts(
    trace: Trace,
    given: int,
    size: Callable[[str], int],
    limit: int | None,
    window: int | None = None,
    notes: bool = False,
) -> Iterator[Part]:
    """A trace in parts: a text that is read, and the frames that come behind it until there is another. The first text has `given` frames."""
    past = Past(Trace(trace.context, trace.frames[:given], complete=False), size, limit, window, notes)
    text = past.text
    if not past.wants_frames:  # nothing to be measured
        yield Part(text, ("",) * (len(trace) - given), trace.frames[given:])
        return
    length, start = size(text) if past.is_limited else 0, given
    noted: list[str] = []
    for number in range(given, len(trace)):
        if (instead := past.instead(length)) is not None:
            yield Part(text, tuple(noted), trace.frames[start:number])
            text, length, start, noted = instead, size(instead), number, []
        step = trace.frames[number]
        noted.append(past.note())
        if past.is_limited:
            length += size(noted[-1] + render_frame(step) + FRAME_SEP)
        past.observe(step)
    yield Part(text, tuple(noted), trace.frames[start:])


def _text(told: Iterable[_Told], flow: Flow | None) -> str:
    """Frames in a text, with the notes between them where lines' order is known."""
    if flow is None:
        return "".join(render_step(step) for step, _ in told)
    notes, made = Notes(flow), []
    for step, ran in told:
        made += [notes.text(), render_step(step)]
        notes.observe(step, ran)
    return "".join(made)


def _active(steps: Sequence[_Told]) -> list[list[_Told]]:
    """Of each Python frame that has not been left, from the entry on: its CALL, and its last LINE if there is one."""
    stack: list[list[_Told]] = []
    for told in steps:
        if told.step.event is Event.CALL:
            stack.append([told])
        elif told.step.event is Event.LINE and stack:
            stack[-1][1:] = [told]
        elif told.step.event is Event.RETURN and stack:
            stack.pop()
    return stack


def _told_anew(steps: Iterable[_Told]) -> Iterator[_Told]:
    """The same frames, each diff-encoded against the one that is before it now."""
    parser = FrameParser()
    for step, ran in steps:
        told = diff_encode(replace(step, raw=None), parser.previous) if isinstance(step, Frame) else step
        parser.observe(told)
        yield _Told(told, ran)
