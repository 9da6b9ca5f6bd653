"""Scores of predicted traces: the seven numbers of CWM's Table 9, and those that say more.

Source of the seven: the CWM paper (Meta FAIR, 2025), table 9, with the rules of the public re-implementation
(ASSERT-KTH/cwm, `evals/trace_analysis/metrics.py`): macro-averaged over traces, frames aligned by position, missing
frames wrong. Model text is never executed. All results are fractions here; `score` gives percent.

Others: path match and the split into path and values are those of KTH's multi-codi evaluation; termination is the question of HaltEval
(CWM paper, table 10); alignment is that of the longest common subsequence (edit distance with insertions and deletions only).
Where no source is named, the rule is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from cwm_trace.edge import need_lists_of_traces
from cwm_trace.effects import Effect, effects
from cwm_trace.errors import InputError
from cwm_trace.eval.alignment import similarity
from cwm_trace.eval.compare import Diff, diff, same_ending
from cwm_trace.eval.literals import literal_value
from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, unescape_source
from cwm_trace.frames import Event, MalformedFrame, Step, Trace

_OBSERVATION_TOKENS = (EVENT_TOKENS[Event.CALL], EVENT_TOKENS[Event.LINE])


@dataclass(frozen=True, slots=True)
class TraceScore:
    """The scores of one trace, each 0 to 1; None where a trace has nothing to be judged by it.

    Attributes:
        output_pass_at_1: the rendered value that the entry returned or raised is the true one (`repr` equality).
        valid_trace_format: the whole text parses, to its `<|end_of_text|>`, and has a frame.
        state_exact_match: share of true CALL and LINE frames whose diff-encoded locals are predicted (in any order).
        action_exact_match: share of true frames whose source line is predicted, white space at its ends aside.
        valid_json_format: share of true CALL and LINE frames where the prediction has a JSON object of locals.
        key_match: mean Jaccard index of names over true CALL and LINE frames.
        key_value_match: the same of (name, shown value) pairs.
        output_compatible: as output_pass_at_1, but literals are compared with `==` (1 == True, 1.0 == 1).
        frames_exact: share of true frames predicted exactly: event, line, locals, value. Behind a frame that breaks the format, one with
            ".." for a value that no frame before it shows breaks it, too.
        control_flow: share of true frames with the right event and line.
        prefix_exact: the first divergence, relative: share of true frames before it, 1 where nothing diverges in them.
        full_trace_exact_match: every frame right, none missing, none too many.
        control_flow_exact_match: every frame has the right event and line, none missing, none too many; values are not looked at.
        termination: the prediction comes to an end (`<|end_of_text|>` behind a frame, whatever that is) if and only if the program did.
            A run (`eval`) has true traces of programs that end only; others are failures of the truth.
        expanded_state_exact_match: share of true CALL and LINE frames whose locals are predicted, each ".." replaced by the value that
            it stands for (in any order). A wrong value stays wrong for as long as it is shown as "..".
        changed_state_exact_match: of the true LINE frames before which this Python frame bound or changed a local, the share where
            the prediction has all of these right, and none that was deleted; other locals are not looked at. None if there is no such
            frame. That nothing changes is never right here, but where a variable happens to get its first value back.
        frames_aligned: similarity of the two traces' frames (event, line, expanded locals, value) by edit distance with insertions and
            deletions: 2 L / (p + t), L being the length of their longest common subsequence, p and t how many frames were predicted
            and are true. A frame too many, or one that is missing, costs about half a frame here, and all later ones in frames_exact.
        control_flow_aligned: the same of events and lines only.
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
    control_flow_exact_match: float
    termination: float
    expanded_state_exact_match: float
    changed_state_exact_match: float | None
    frames_aligned: float
    control_flow_aligned: float


TABLE_9 = (
    "output_pass_at_1",
    "valid_trace_format",
    "state_exact_match",
    "action_exact_match",
    "valid_json_format",
    "key_match",
    "key_value_match",
)
OUTPUT_METRICS = ("output_pass_at_1", "output_compatible")
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
    if ACTION_SEP not in step.raw:
        return None
    return unescape_source(step.raw.partition(ACTION_SEP)[2].partition(ARG_SEP)[0]).strip()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0


def same_value(left: str | None, right: str | None) -> bool:
    """Equal as text, or as Python literals with `==`. Nothing is executed."""
    if left == right:
        return True
    if left is None or right is None:
        return False
    try:
        return bool(literal_value(left) == literal_value(right))
    except (ValueError, TypeError, RecursionError):
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
        valid_trace_format=float(_ends(predicted, given) and not predicted.malformed),
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
        control_flow_exact_match=float(_same_path(predicted, actual, compared)),
        termination=float(_ends(predicted, given) == actual.complete),
        expanded_state_exact_match=_expanded(predicted, actual, given),
        changed_state_exact_match=_changed(predicted, actual, given),
        frames_aligned=_aligned(predicted, actual, given, content),
        control_flow_aligned=_aligned(predicted, actual, given, _place),
    )


def _ends(predicted: Trace, given: int) -> bool:
    """Whether an end was written behind a frame: nothing at all is no trace."""
    return predicted.complete and len(predicted) > given


def _prefix(compared: Diff) -> float:
    if compared.first is None or not compared.total:
        return 1.0
    return min(compared.first - compared.given, compared.total) / compared.total


def _same_path(predicted: Trace, actual: Trace, compared: Diff) -> bool:
    ended = predicted.complete == actual.complete or (not actual.complete and len(predicted) > len(actual))
    return ended and all(item.control_flow for item in compared.verdicts)


def _expanded(predicted: Trace, actual: Trace, given: int) -> float:
    observed = [n for n in range(given, len(actual)) if (event := actual.frames[n].event) and event.observes_locals]
    return _mean([float(_locals_at(predicted, n) == actual.frames[n].locals) for n in observed])


def _locals_at(trace: Trace, index: int) -> Mapping[str, str] | None:
    """The expanded locals that a well-formed CALL or LINE frame shows, else None."""
    step = trace.frames[index] if index < len(trace) else None
    return step.locals if step is not None and step.event is not None and step.event.observes_locals else None


def changes(trace: Trace, given: int = 1) -> dict[int, Effect]:
    """What changed before each LINE frame that shows a change: locals bound or changed since this Python frame's last observation."""
    found = (_resumed(effect, trace) if effect.step.event is Event.CALL else effect for effect in effects(trace.frames))
    return {effect.index + 1: effect for effect in found if effect.changed and effect.index + 1 >= given}


def _resumed(call: Effect, trace: Trace) -> Effect:
    """What a generator bound by what it was sent (`x = yield y`), which no LINE but the one behind its CALL shows."""
    following = trace.frames[call.index + 1] if call.index + 1 < len(trace) else None
    if following is None or following.event is not Event.LINE:
        return replace(call, changed={})
    known = call.step.locals
    return replace(call, changed={name: value for name, value in following.locals.items() if known.get(name) != value})


def _changed(predicted: Trace, actual: Trace, given: int) -> float | None:
    found = [_has(_locals_at(predicted, index), effect) for index, effect in changes(actual, given).items()]
    return _mean([float(right) for right in found]) if found else None


def _has(shown: Mapping[str, str] | None, effect: Effect) -> bool:
    if shown is None or any(name in shown for name in effect.deleted):
        return False
    return all(shown.get(name) == value for name, value in effect.changed.items())


def _place(step: Step) -> Hashable:
    return step.event, step.source


def content(step: Step) -> Hashable:
    """What a frame says: event, source line, expanded locals, value."""
    return step.event, step.source, tuple(step.locals.items()), step.value


def _aligned(predicted: Trace, actual: Trace, given: int, key: Callable[[Step], Hashable]) -> float:
    # What breaks the format equals nothing.
    guesses = [key(step) if step.event is not None else step for step in predicted.frames[given:]]
    return similarity(guesses, [key(step) for step in actual.frames[given:]])


def _compatible(predicted: Trace, actual: Trace) -> bool:
    ended = predicted.complete and actual.complete and predicted.returned is not None
    return ended and same_value(predicted.returned, actual.returned)


def average(scores: Sequence[TraceScore]) -> dict[str, float]:
    """Macro averages in percent, by metric; over the traces that have something to be judged by it, left out if none has."""
    columns = {name: column(scores, name) for name in METRICS}
    return {name: 100.0 * _mean(values) for name, values in columns.items() if values}


def column(scores: Sequence[TraceScore], name: str) -> list[float]:
    """One metric of all traces that have it."""
    return [value for item in scores if (value := getattr(item, name)) is not None]


def score(*, predictions: Sequence[Trace], references: Sequence[Trace], given: int = 1) -> dict[str, float]:
    """All metrics in percent, macro-averaged over traces. Raises InputError for no or unequally many traces, a reference that has no frame to
    predict, and a prediction of another program."""
    need_lists_of_traces(predictions=predictions, references=references)
    if len(predictions) != len(references):
        raise InputError(f"{len(predictions)} predictions for {len(references)} references")
    if not references:
        raise InputError("no traces to score")
    pairs = list(zip(predictions, references, strict=True))
    for number, (guess, truth) in enumerate(pairs):
        if len(truth) <= given:
            raise InputError(f"reference {number} has no frame to predict: {len(truth)}, of which {given} are given")
        if guess.context and truth.context and guess.context != truth.context:
            raise InputError(f"prediction {number} is of another program than its reference")
    return average([score_trace(guess, truth, given) for guess, truth in pairs])
