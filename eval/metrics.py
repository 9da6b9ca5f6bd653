"""Scores of predicted traces: the seven numbers of CWM's Table 9, and a few that say more.

Source of the seven: the CWM paper (Meta FAIR, 2025), table 9, with the rules of the public re-implementation
(ASSERT-KTH/cwm, `evals/trace_analysis/metrics.py`): macro-averaged over traces, frames aligned by position, missing
frames wrong. Model text is never executed. All results are fractions here; `score` gives percent.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from cwm_trace.errors import InputError
from cwm_trace.eval.compare import Diff, diff, same_ending
from cwm_trace.format import ACTION_SEP, EVENT_TOKENS
from cwm_trace.frames import Event, MalformedFrame, Step, Trace

_OBSERVATION_TOKENS = (EVENT_TOKENS[Event.CALL], EVENT_TOKENS[Event.LINE])


@dataclass(frozen=True, slots=True)
class TraceScore:
    """The scores of one trace, each 0 to 1.

    Attributes:
        output_pass_at_1: the rendered value that the entry returned or raised is the true one (`repr` equality).
        valid_trace_format: the whole text parses, to its `<|end_of_text|>`.
        state_exact_match: share of true CALL and LINE frames whose diff-encoded locals are predicted (in any order).
        action_exact_match: share of true frames whose source line is predicted, white space at its ends aside.
        valid_json_format: share of true CALL and LINE frames where the prediction has a JSON object of locals.
        key_match: mean Jaccard index of names over true CALL and LINE frames.
        key_value_match: the same of (name, shown value) pairs.
        output_compatible: as output_pass_at_1, but literals are compared with `==` (1 == True, 1.0 == 1).
        frames_exact: share of true frames predicted exactly: event, line, locals, value.
        control_flow: share of true frames with the right event and line.
        prefix_exact: the first divergence, relative: share of true frames before it, 1 where nothing diverges in them.
        full_trace_exact_match: every frame right, none missing, none too many.
    """

    output_pass_at_1: float
    valid_trace_format: float
    state_exact_match: float
    action_exact_match: float
    valid_json_format: float
    key_match: float
    key_value_match: float
    output_compatible: float
    frames_exact: float
    control_flow: float
    prefix_exact: float
    full_trace_exact_match: float


TABLE_9 = (
    "output_pass_at_1",
    "valid_trace_format",
    "state_exact_match",
    "action_exact_match",
    "valid_json_format",
    "key_match",
    "key_value_match",
)
METRICS = tuple(item.name for item in fields(TraceScore))
Shown = Mapping[str, object]


def jaccard(left: set[object], right: set[object]) -> float:
    """Size of the intersection over that of the union; 1 for two empty sets."""
    return len(left & right) / len(left | right) if left | right else 1.0


def shown_locals(step: Step | None) -> Shown | None:
    """The diff-encoded locals that a frame shows, also of a malformed one whose locals are a JSON object; else None."""
    if step is None:
        return None
    if not isinstance(step, MalformedFrame):
        return step.shown if step.event.observes_locals else None
    token = next((token for token in _OBSERVATION_TOKENS if step.raw.startswith(token)), None)
    if token is None:
        return None
    try:
        found = json.loads(step.raw[len(token) :].partition(ACTION_SEP)[0])
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {name: _shown_value(value) for name, value in found.items()}


def _shown_value(value: object) -> object:
    """None for "..", text as it is, and anything else as a JSON text that equals no string."""
    return (None if value == ".." else value) if isinstance(value, str) else ("json", json.dumps(value))


def _action(step: Step | None) -> str | None:
    """The source line that a frame shows, also of a malformed one."""
    if step is None:
        return None
    if not isinstance(step, MalformedFrame):
        return step.source.strip()
    return step.raw.partition(ACTION_SEP)[2].strip() if ACTION_SEP in step.raw else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0


def same_value(left: str | None, right: str | None) -> bool:
    """Equal as text, or as Python literals with `==`. Nothing is executed."""
    if left == right:
        return True
    if left is None or right is None:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):  # invalid escapes and the like in a model's text
            return bool(ast.literal_eval(left) == ast.literal_eval(right))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def score_trace(predicted: Trace, actual: Trace, given: int = 1) -> TraceScore:
    """The scores of one predicted trace; `given` frames at the start were not predicted and do not count."""
    pairs = [(predicted.frames[n] if n < len(predicted) else None, actual.frames[n]) for n in range(given, len(actual))]
    states = [
        (shown_locals(guess), truth.shown) for guess, truth in pairs if truth.event and truth.event.observes_locals
    ]
    compared = diff(predicted, actual, given)
    right = same_ending(predicted, actual)
    return TraceScore(
        output_pass_at_1=float(right),
        valid_trace_format=float(predicted.complete and not predicted.malformed),
        state_exact_match=_mean([float(guess == truth) for guess, truth in states]),
        action_exact_match=_mean([float(_action(guess) == _action(truth)) for guess, truth in pairs]),
        valid_json_format=_mean([float(guess is not None) for guess, _ in states]),
        key_match=_mean([0.0 if guess is None else jaccard(set(guess), set(truth)) for guess, truth in states]),
        key_value_match=_mean(
            [0.0 if guess is None else jaccard(set(guess.items()), set(truth.items())) for guess, truth in states]
        ),
        output_compatible=float(right or _compatible(predicted, actual)),
        frames_exact=_mean([float(item.exact) for item in compared.verdicts[: compared.total]]),
        control_flow=_mean([float(item.control_flow) for item in compared.verdicts[: compared.total]]),
        prefix_exact=_prefix(compared),
        full_trace_exact_match=float(not compared),
    )


def _prefix(compared: Diff) -> float:
    if compared.first is None or not compared.total:
        return 1.0
    return min(compared.first - compared.given, compared.total) / compared.total


def _compatible(predicted: Trace, actual: Trace) -> bool:
    ended = predicted.complete and actual.complete and predicted.returned is not None
    return ended and same_value(predicted.returned, actual.returned)


def average(scores: Sequence[TraceScore]) -> dict[str, float]:
    """Macro averages in percent, by metric."""
    return {name: 100.0 * _mean([asdict(item)[name] for item in scores]) for name in METRICS}


def score(*, predictions: Sequence[Trace], references: Sequence[Trace], given: int = 1) -> dict[str, float]:
    """All metrics in percent, macro-averaged over traces. Raises InputError for no or unequally many traces."""
    if len(predictions) != len(references):
        raise InputError(f"{len(predictions)} predictions for {len(references)} references")
    if not references:
        raise InputError("no traces to score")
    pairs = zip(predictions, references, strict=True)
    return average([score_trace(guess, truth, given) for guess, truth in pairs])
