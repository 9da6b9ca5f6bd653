"""The seven numbers of CWM's Table 9 for one prediction.

Source: Table 9 of the CWM report names the metrics; their exact rules are those of the public re-implementation by ASSERT-KTH
(`evals/trace_analysis/metrics.py`), restated at each function. Common to all: true frames after the given ones are looked up in the prediction by
position; a missing or unreadable frame is wrong. Every function returns a fraction from 0 to 1, 1 where nothing had to be predicted.
State metrics read observations as the text shows them, diff-encoded (`Frame.shown`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from statistics import fmean

from cwm_trace.eval.compare import diff, same_outcome
from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, SPECIAL_TOKENS, UNCHANGED
from cwm_trace.frames import Event, MalformedFrame, Step, Trace

Observation = Mapping[str, object]
_UNCHANGED = json.loads(UNCHANGED)


def observation(step: Step | None) -> Observation | None:
    """What a frame's text shows as locals, None for ".."; None if it shows no readable JSON object.

    A malformed frame counts with the JSON object between its event token and `<|action_sep|>`, if there is one: the other team reads
    state and action of a frame independently.
    """
    if step is None:
        return None
    if isinstance(step, MalformedFrame):
        return _recovered(step.raw)
    return step.shown if step.event.observes_locals else None


def _recovered(raw: str) -> Observation | None:
    token = next((EVENT_TOKENS[event] for event in Event if raw.startswith(EVENT_TOKENS[event])), None)
    if token is None:
        return None
    try:
        value = json.loads(raw[len(token) :].partition(ACTION_SEP)[0])
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {name: None if shown == _UNCHANGED else shown for name, shown in value.items()}


def action(step: Step | None) -> str | None:
    """A frame's source line with runs of white space as one space; None if there is none to read."""
    if step is None:
        return None
    if not isinstance(step, MalformedFrame):
        return " ".join(step.source.split())
    _, separator, rest = step.raw.partition(ACTION_SEP)
    source = rest.partition(ARG_SEP)[0]
    readable = separator and step.terminated and not any(token in source for token in SPECIAL_TOKENS)
    return " ".join(source.split()) if readable else None


def _at(trace: Trace, index: int) -> Step | None:
    return trace.frames[index] if index < len(trace) else None


def _mean_state(
    predicted: Trace, actual: Trace, given: int, judge: Callable[[Observation, Observation], float]
) -> float:
    """Mean of a judgement (predicted, true observation) over the true frames that have locals."""
    truths = [(index, step.shown) for index, step in enumerate(actual) if index >= given and observation(step) is not None]
    found = [(observation(_at(predicted, index)), truth) for index, truth in truths]
    return fmean(0.0 if shown is None else judge(shown, truth) for shown, truth in found) if found else 1.0


def _jaccard(left: frozenset[object], right: frozenset[object]) -> float:
    return len(left & right) / len(left | right) if left or right else 1.0


def _pairs(shown: Observation) -> frozenset[object]:
    return frozenset((name, json.dumps(value)) for name, value in shown.items())


def output_pass_at_1(predicted: Trace, actual: Trace, given: int) -> float:
    """Whether the entry returns (or raises) what it really does: equal rendered text, the strict form of `assert expected == predicted`.

    Where the true trace has no end, the frames that it has must all be right instead.
    """
    return float(same_outcome(predicted, actual) if actual.complete else not diff(predicted, actual, given))


def valid_trace_format(predicted: Trace, actual: Trace, given: int) -> float:
    """Whether the whole text parses and ends with `<|end_of_text|>`, with nothing before that but whole frames."""
    return float(not predicted.malformed and (predicted.complete or not actual.complete))


def state_exact_match(predicted: Trace, actual: Trace, given: int) -> float:
    """Fraction of the true observations (frames with locals) that are predicted: the same names and values, ".." for the same ones."""
    return _mean_state(predicted, actual, given, lambda shown, truth: float(shown == truth))


def action_exact_match(predicted: Trace, actual: Trace, given: int) -> float:
    """Fraction of the true frames whose source line is predicted, white space aside; the event is not compared."""
    truths = [(index, action(step)) for index, step in enumerate(actual) if index >= given]
    return fmean(action(_at(predicted, index)) == truth for index, truth in truths) if truths else 1.0


def valid_json_format(predicted: Trace, actual: Trace, given: int) -> float:
    """Fraction of the true observations at whose position the prediction shows a JSON object."""
    return _mean_state(predicted, actual, given, lambda shown, truth: 1.0)


def key_match(predicted: Trace, actual: Trace, given: int) -> float:
    """Mean, over the true observations, of the Jaccard index of predicted and true names."""
    return _mean_state(predicted, actual, given, lambda shown, truth: _jaccard(frozenset(shown), frozenset(truth)))


def key_value_match(predicted: Trace, actual: Trace, given: int) -> float:
    """Mean, over the true observations, of the Jaccard index of predicted and true (name, shown value) pairs."""
    return _mean_state(predicted, actual, given, lambda shown, truth: _jaccard(_pairs(shown), _pairs(truth)))
