"""Where the parts of a frame stand in its CWM text: event, observation, each local's value, action, returned value.

For frames as `cwm_trace.format.render_frame` writes them, not for text that a model wrote in its own spelling.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, escape_source, render_locals, render_value
from cwm_trace.frames import Frame


class Part(StrEnum):
    """What a stretch of a frame's text says."""

    EVENT = "event"  # the event token
    STATE = "state"  # the JSON object of locals
    LOCAL = "local"  # the value of one local inside it, quotes included
    ACTION = "action"  # the source line
    VALUE = "value"  # the returned or raised value, quotes included


class Span(NamedTuple):
    """A part and its characters in the frame's text, end excluded."""

    part: Part
    start: int
    end: int


def frame_parts(frame: Frame) -> list[Span]:
    """The parts of a frame in the order of its text; locals come after the state that they are in."""
    at = len(EVENT_TOKENS[frame.event])
    spans = [Span(Part.EVENT, 0, at)]
    if frame.event.observes_locals:
        state = Span(Part.STATE, at, at + len(render_locals(frame.shown)))
        spans += [state, *_locals(frame, at + 1)]
        at = state.end
    at += len(ACTION_SEP)
    action = Span(Part.ACTION, at, at + len(escape_source(frame.source)))
    spans.append(action)
    if not frame.event.observes_locals:
        at = action.end + len(ARG_SEP)
        spans.append(Span(Part.VALUE, at, at + len(render_value(frame.value or ""))))
    return spans


def _locals(frame: Frame, at: int) -> Iterator[Span]:
    """Values of `{"name": "value", "name": "value"}`, whose first name starts at `at`."""
    for name, value in frame.shown.items():
        start = at + len(render_value(name)) + len(": ")
        at = at + len(render_locals({name: value})) - len("{}")
        yield Span(Part.LOCAL, start, at)
        at += len(", ")
