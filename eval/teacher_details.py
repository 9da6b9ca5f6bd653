"""Teacher-forced runs in detail: shares by event, depth, statement and type of value, and what exactly a model would write wrong.

Every frame of the true trace counts, as all frames before it are given. Groups are told from the true trace (`cwm_trace.eval.groups`);
a sample that was scored before true traces were kept with it is in no group. Knows nothing of rollouts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from cwm_trace.eval.groups import (
    DEPTH_ORDER,
    LENGTH_ORDER,
    Item,
    Kind,
    depth_range,
    ended_with,
    event_of,
    exceptions,
    length,
    output_type,
    ran_before,
    type_name,
)
from cwm_trace.eval.intervals import estimate
from cwm_trace.eval.mistakes import EXAMPLES, Example, Mistake, MistakeCount, one_line, shortened, wrong_event
from cwm_trace.eval.tasks import Outcome
from cwm_trace.format import END_OF_TEXT, EVENT_TOKENS, UNCHANGED
from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.models.base import FrameScore, PartScore
from cwm_trace.parts import Part, frame_parts

GIVEN = 1
"""The entry's CALL is not scored: `scores[0]` is of frame 1."""
UNCHANGED_BEGUN = UNCHANGED[:-1]
"""`"..`, whatever a tokenizer joins to its last quote."""


class Forced(Protocol):
    """A sample, as far as it is looked at here."""

    @property
    def id(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def actual(self) -> Trace | None: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def scores(self) -> Sequence[FrameScore]: ...


# --- shares -----------------------------------------------------------------------------------------------------------


def _by_trace(groups: Callable[[Forced, Trace], Iterable[str]]) -> Callable[[Forced, Trace], Iterator[Item]]:
    def items(sample: Forced, actual: Trace) -> Iterator[Item]:
        for name in groups(sample, actual) if sample.scores else ():
            yield Item(name, "whole_trace", float(all(score.greedy for score in sample.scores)))
            yield from (Item(name, "next_frame", float(score.greedy)) for score in sample.scores)

    return items


def _one(group: Callable[[Trace], str]) -> Callable[[Forced, Trace], Iterator[Item]]:
    return _by_trace(lambda sample, actual: [group(actual)])


def _by_frame(group: Callable[[Trace, int], str]) -> Callable[[Forced, Trace], Iterator[Item]]:
    def items(sample: Forced, actual: Trace) -> Iterator[Item]:
        for index, score in enumerate(sample.scores, start=GIVEN):
            yield Item(group(actual, index), "next_frame", float(score.greedy))

    return items


def _by_depth(sample: Forced, actual: Trace) -> Iterator[Item]:
    for depth, score in zip(actual.depths()[GIVEN:], sample.scores, strict=True):
        yield Item(depth_range(depth), "next_frame", float(score.greedy))


def _by_value(sample: Forced, actual: Trace) -> Iterator[Item]:
    for step, score in zip(actual.frames[GIVEN:], sample.scores, strict=True):
        for part in score.parts:
            if part.part is Part.LOCAL and part.text != UNCHANGED:
                yield Item(type_name(json.loads(part.text)), "value", float(part.greedy))
            elif part.part is Part.VALUE:
                yield Item(ended_with(step), "value", float(part.greedy))


TEACHER_KINDS: dict[str, Kind[Forced]] = {
    "events": Kind("LINE frames below the entry", _one(length), LENGTH_ORDER),
    "depth": Kind("call depth of the frame", _by_depth, DEPTH_ORDER),
    "output": Kind("type of the output", _one(output_type)),
    "exception": Kind("exceptions", _one(exceptions)),
    "frame": Kind("event of the frame", _by_frame(event_of)),
    "statement": Kind("statement that ran", _by_frame(ran_before)),
    "value": Kind("type of a new value", _by_value),
    "tag": Kind("tag of the task", _by_trace(lambda sample, actual: sample.tags)),
}
"""The names are those of rollouts (`cwm_trace.eval.breakdown.KINDS`), but a depth is here that of the frame itself."""
TEACHER_METRIC_TITLES = {
    "next_frame": "next frame exact",
    "whole_trace": "whole trace exact",
    "value": "new value right",
}


# --- mistakes ---------------------------------------------------------------------------------------------------------


def forced_mistakes(sample: Forced) -> Iterator[tuple[int, Mistake, str]]:
    """Every wrong frame of one sample: its index, what is wrong first in it, and what the model would write there."""
    for index, score in enumerate(sample.scores, start=GIVEN):
        if sample.outcome is not Outcome.OK:
            yield index, Mistake.NOT_SCORED, ""
        elif sample.actual and (found := forced_mistake(sample.actual.frames[index], score)):
            yield index, *found


def forced_mistake(truth: Step, score: FrameScore) -> tuple[Mistake, str] | None:
    """What is wrong first in one frame, and what the model would write there; None if nothing is, or the model told nothing."""
    if score.greedy or not score.parts or not isinstance(truth, Frame):
        return None
    wrong = next((part for part in score.parts if not part.greedy), None)
    if wrong is None:
        return Mistake.FORMAT, "another separator"
    if wrong.part is Part.EVENT:
        return _event(wrong.instead, truth.event), wrong.instead
    if wrong.part is Part.STATE:
        return _state(truth, score.parts, wrong)
    return _WRONG.get((wrong.part, truth.event), Mistake.WRONG_LINE), wrong.instead


_WRONG = {
    (Part.VALUE, Event.RETURN): Mistake.WRONG_RESULT,
    (Part.VALUE, Event.EXCEPTION): Mistake.WRONG_EXCEPTION,
}


def _event(instead: str, truth: Event) -> Mistake:
    if instead.startswith(END_OF_TEXT):
        return Mistake.STOPS_EARLY
    guess = next((event for event, token in EVENT_TOKENS.items() if instead.startswith(token)), None)
    return Mistake.FORMAT if guess is None else wrong_event(guess, truth)


def _state(truth: Frame, parts: Sequence[PartScore], state: PartScore) -> tuple[Mistake, str]:
    """Whether the first wrong character of the locals is in a value, and how that value is wrong; else it is in a name."""
    spans = frame_parts(truth)
    start = next(span.start for span in spans if span.part is Part.STATE)
    place = start + len(os.path.commonprefix([state.instead, state.text]))
    for span, part in zip(spans, parts, strict=True):
        if part.part is Part.LOCAL and not part.greedy and span.start <= place < span.end:
            return _local(part), part.instead
    return Mistake.NAMES, state.instead


def _local(part: PartScore) -> Mistake:
    if part.text == UNCHANGED:
        return Mistake.CHANGE_INVENTED
    return Mistake.CHANGE_MISSED if part.instead.startswith(UNCHANGED_BEGUN) else Mistake.WRONG_VALUE


def count_forced_mistakes(samples: Sequence[Forced]) -> dict[str, MistakeCount]:
    """What is wrong first in each frame that is wrong: shares of all frames, the most frequent first."""
    found: dict[Mistake, list[tuple[int, int, str]]] = {}
    for number, sample in enumerate(samples):
        for index, kind, instead in forced_mistakes(sample):
            found.setdefault(kind, []).append((number, index, instead))
    programs = [sample.cluster for sample in samples for _ in sample.scores]
    counts = {}
    for kind, members in sorted(found.items(), key=lambda item: -len(item[1])):
        places = {(number, index) for number, index, _ in members}
        hits = [
            float((number, index) in places)
            for number, sample in enumerate(samples)
            for index, _ in enumerate(sample.scores, start=GIVEN)
        ]
        examples = (_example(samples[number], index, instead) for number, index, instead in members[:EXAMPLES])
        counts[kind.value] = MistakeCount(len(members), estimate(hits, programs), tuple(examples))
    return counts


def _example(sample: Forced, index: int, instead: str) -> Example:
    truth = sample.actual.frames[index] if sample.actual else None
    return Example(sample.id, index, shortened(f"{instead} …"), one_line(truth))
