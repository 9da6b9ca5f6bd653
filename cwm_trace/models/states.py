"""Frames with their whole state: each variable's value is written out, where CWM's text has `".."` for one that has not changed.

So a model reads what a line works on right before it, by its name, and need not look for it many frames back. A small network finds no value
behind `".."`: of `x + 1`, with two other numbers bound in between, `nano` had 8 of 100 right, and 68 where `x` had just been shown. The text is
half as long again. Lossless: what has changed, and what has not, is told from the values alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cwm_trace.format import FrameParser, diff_encode, render_frame
from cwm_trace.frames import Frame, Step, Trace

_NONE: frozenset[str] = frozenset()


def shown_whole(step: Step) -> Step:
    """A frame with all values written out, as the model that reads it so would write it."""
    return replace(step, unchanged=_NONE, raw=None) if isinstance(step, Frame) else step


def whole_trace(trace: Trace) -> Trace:
    """A trace of such frames."""
    return replace(trace, frames=tuple(map(shown_whole, trace.frames)))


class DiffWriter:
    """Turns frames with whole states into CWM's text, one after another."""

    def __init__(self, before: Iterable[Step] = ()) -> None:
        self._parser = FrameParser()
        for step in before:
            self._parser.observe(step)

    def observe(self, step: Step) -> None:
        """Take note of a frame that came from elsewhere."""
        self._parser.observe(step)

    def text(self, written: str) -> str:
        """CWM's text of a frame by the text that has its whole state; what is not well formed stays as it is."""
        previous = self._parser.previous
        step = self._parser.parse(written)
        return render_frame(diff_encode(replace(step, raw=None), previous)) if isinstance(step, Frame) else written
