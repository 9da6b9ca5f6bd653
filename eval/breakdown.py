"""Where a model is right: shares by length, depth, statement, type of value and of output, and exceptions.

By trace: the share of tasks whose output, and whose whole trace, is right. By frame and value: the share that is right *where all frames
before are*, so that errors which follow from errors are not counted again; what comes after the first divergence is not looked at. All
groups are told from the true trace; a task without one is in no group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cwm_trace.eval.groups import (
    DEPTH_ORDER,
    LENGTH_ORDER,
    Groups,
    Item,
    Kind,
    breakdown,
    deepest_call,
    ended_with,
    event_of,
    exceptions,
    length,
    output_type,
    ran_before,
    type_name,
)
from cwm_trace.eval.metrics import changes
from cwm_trace.eval.samples import Sample
from cwm_trace.frames import Event, Trace

_GIVEN = 1


def breakdowns(samples: Sequence[Sample]) -> dict[str, Groups]:
    """All kinds of `KINDS`, by name."""
    return breakdown(KINDS, samples)


# --- by trace ---------------------------------------------------------------------------------------------------------


def _by_trace(groups: Callable[[Sample, Trace], Iterable[str]]) -> Callable[[Sample, Trace], Iterator[Item]]:
    def items(sample: Sample, actual: Trace) -> Iterator[Item]:
        for name in groups(sample, actual):
            yield Item(name, "output_pass_at_1", sample.score.output_pass_at_1)
            yield Item(name, "full_trace_exact_match", sample.score.full_trace_exact_match)

    return items


def _one(group: Callable[[Trace], str]) -> Callable[[Sample, Trace], Iterator[Item]]:
    return _by_trace(lambda sample, actual: [group(actual)])


# --- by frame and value -----------------------------------------------------------------------------------------------


def _judged(sample: Sample, actual: Trace) -> Iterator[tuple[int, bool]]:
    """The true frames up to the first divergence: index, and whether the prediction has it."""
    first = sample.first if sample.predicted else _GIVEN
    for index in range(_GIVEN, len(actual) if first is None else min(first + 1, len(actual))):
        yield index, index != first


def _by_frame(group: Callable[[Trace, int], str]) -> Callable[[Sample, Trace], Iterator[Item]]:
    def items(sample: Sample, actual: Trace) -> Iterator[Item]:
        for index, right in _judged(sample, actual):
            yield Item(group(actual, index), "next_frame", float(right))

    return items


def _by_value(sample: Sample, actual: Trace) -> Iterator[Item]:
    changed = changes(actual)
    for index, _ in _judged(sample, actual):
        truth = actual.frames[index]
        guess = sample.predicted.frames[index] if sample.predicted and index < len(sample.predicted) else None
        if truth.event is Event.CALL or index in changed:
            values = truth.locals if truth.event is Event.CALL else changed[index].changed
            shown = guess.locals if guess is not None else {}
            for name, text in values.items():
                yield Item(type_name(text), "value", float(shown.get(name) == text))
        elif truth.value is not None:
            right = guess is not None and (guess.event, guess.value) == (truth.event, truth.value)
            yield Item(ended_with(truth), "value", float(right))


KINDS: dict[str, Kind[Sample]] = {
    "events": Kind("LINE frames below the entry", _one(length), LENGTH_ORDER),
    "depth": Kind("deepest call", _one(deepest_call), DEPTH_ORDER),
    "output": Kind("type of the output", _one(output_type)),
    "exception": Kind("exceptions", _one(exceptions)),
    "frame": Kind("event of the frame", _by_frame(event_of)),
    "statement": Kind("statement that ran", _by_frame(ran_before)),
    "value": Kind("type of a new value", _by_value),
    "tag": Kind("tag of the task", _by_trace(lambda sample, actual: sample.tags)),
}
METRIC_TITLES = {
    "output_pass_at_1": "output pass@1",
    "full_trace_exact_match": "whole trace exact",
    "next_frame": "next frame right after right ones",
    "value": "value right after right frames",
}
