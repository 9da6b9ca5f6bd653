"""Frames with their whole state: each variable's value is written out, where CWM's text has `".."` for one that has not changed.

So a model reads what a line works on right before it, by its name, and need not look for it many frames back. A small network finds no value
behind `".."`: of `x + 1`, with two other numbers bound in between, `nano` had 8 of 100 right, and 68 where `x` had just been shown. The text is
half as long again. Lossless: what has changed, and what has not, is told from the values alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cwm_trace.format import UNCHANGED, FrameParser, diff_encode, render_frame, render_locals, render_value
from cwm_trace.frames import Frame, Step, Trace
from cwm_trace.models.base import PartScore
from cwm_trace.parts import Part

_NONE: frozenset[str] = frozenset()


def as_it_is(step: Step) -> Step:
    """A frame as CWM's text has it, for models that read that."""
    return step


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


def as_diff(frame: Frame, previous: Mapping[str, str] | None, parts: Sequence[PartScore]) -> Iterator[PartScore]:
    """The scores of the parts of a frame with its whole state, as those of CWM's text of it; `previous` is the observation before it.

    Where the model would write a value again that has changed, as far as it has written any, it would write `".."`.
    """
    values = iter(frame.shown.items())
    scored: dict[str, PartScore] = {}
    for part in parts:
        if part.part is Part.LOCAL:
            name, value = next(values)
            scored[name] = _local_as_diff(part, value, (previous or {}).get(name))
    for part in parts:
        if part.part is Part.STATE:
            instead = "" if part.greedy else _state_instead(frame, part, scored)
            yield PartScore(Part.STATE, render_locals(frame.shown), part.greedy, instead)
            yield from scored.values()
        elif part.part is not Part.LOCAL:
            yield part


def _local_as_diff(part: PartScore, value: str | None, before: str | None) -> PartScore:
    """`value`: what CWM's text shows, None for `".."`."""
    true = part.text if value is not None else UNCHANGED
    again = value is not None and before is not None and render_value(before).startswith(part.instead)
    return PartScore(Part.LOCAL, true, part.greedy, UNCHANGED if again and not part.greedy else part.instead)


def _state_instead(frame: Frame, state: PartScore, scored: Mapping[str, PartScore]) -> str:
    """What stands in place of a state: what is right of it, in CWM's text, and what is wrong first."""
    wrong = len(os.path.commonprefix([state.instead, state.text]))
    at, text = 1, "{"  # behind the bracket: of the whole text, how far; of CWM's, that text
    for number, (name, part) in enumerate(scored.items()):
        key = f"{', ' if number else ''}{render_value(name)}: "
        length = len(render_value(frame.locals[name]))
        if wrong < at + len(key):
            break
        if wrong < at + len(key) + length:
            return text + key + (part.instead or state.instead[at + len(key) :])
        at, text = at + len(key) + length, text + key + part.text
    return text + state.instead[at:]
