"""One task's result: the predicted and the true trace, how the task ended, its metrics. Knows nothing of models."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cwm_trace.eval.compare import CUT_OFF, Cause, diff
from cwm_trace.eval.folder import read_lines
from cwm_trace.eval.metrics import METRICS, TraceScore, changes, score_trace
from cwm_trace.eval.tasks import Outcome
from cwm_trace.files import trace_from_json, trace_to_json
from cwm_trace.frames import Trace

_PLAIN = ("id", "outcome", "cause", "first", "frames", "tokens", "seconds", "error", "program", "expected", "tags")
ANSWER_META = {"steps": "none"}
"""Marks a predicted trace that is an answer without steps (`cwm_trace.eval.generations`), in its `meta`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One task's result.

    Attributes:
        id: of the task.
        outcome: how it ended.
        score: its metrics.
        cause, first: the first divergence, None where there is none.
        frames, tokens, seconds: predicted frames and tokens, time of the prediction.
        error: what went wrong, where the model or the program failed; why the model stopped, where that was not our limit.
        predicted, actual: the traces, None where there is none.
        program: hash of the program's text, "" if unknown; samples of one program are not independent.
        expected: the result that the suite states, None if it states none. The real run is the truth, not this.
        tags: those of the task.
    """

    id: str
    outcome: Outcome
    score: TraceScore
    cause: Cause | None = None
    first: int | None = None
    frames: int = 0
    tokens: int = 0
    seconds: float = 0.0
    error: str = ""
    predicted: Trace | None = None
    actual: Trace | None = None
    program: str = ""
    expected: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def cluster(self) -> str:
        """What is drawn as a whole by a bootstrap: samples of one cluster are those of one program."""
        return self.program or self.id

    @property
    def is_answer(self) -> bool:
        """Whether only the result was predicted, so that frames have nothing to say."""
        return self.predicted is not None and self.predicted.meta.get("steps") == ANSWER_META["steps"]

    def to_json(self) -> dict[str, Any]:
        """One line of `samples.jsonl`."""
        traces = {
            name: trace and trace_to_json(trace)
            for name, trace in (("predicted", self.predicted), ("actual", self.actual))
        }
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {"score": asdict(self.score)} | traces


def no_score(actual: Trace | None = None) -> TraceScore:
    """Of a task that has no prediction: nothing is right. By what the true trace cannot be judged, or is not known to be, this is not either."""
    changed = 0.0 if actual is not None and changes(actual) else None
    return replace(TraceScore(**dict.fromkeys(METRICS, 0.0)), changed_state_exact_match=changed)


def judge(identity: str, predicted: Trace, actual: Trace, seconds: float = 0.0) -> Sample:
    """Score one predicted trace."""
    compared = diff(predicted, actual)
    outcome = Outcome.OK
    if predicted.status in CUT_OFF:
        outcome = Outcome.TRUNCATED
    elif predicted.malformed or not predicted.complete or len(predicted) < 2:  # or nothing was written
        outcome = Outcome.MALFORMED
    return Sample(
        identity,
        outcome,
        score_trace(predicted, actual),
        compared.cause,
        compared.first,
        len(predicted) - 1,
        sum(step.tokens or 0 for step in predicted),
        round(seconds, 4),
        predicted=predicted,
        actual=actual,
    )


def read_sample(record: dict[str, Any]) -> Sample:
    """The inverse of `Sample.to_json`, scored anew from its traces. Raises KeyError, ValueError and InputError on a damaged one."""
    predicted, actual = (record[name] and trace_from_json(record[name]) for name in ("predicted", "actual"))
    if predicted is not None and actual is not None:
        sample = judge(record["id"], predicted, actual, record["seconds"])
    else:
        sample = Sample(
            record["id"], Outcome(record["outcome"]), no_score(actual), error=record["error"], actual=actual
        )
    tags = tuple(record.get("tags", ()))
    known = {name: record[name] for name in ("program", "expected", "error") if name in record}
    return replace(sample, tags=tags, **known)


def read_samples(out: Path) -> list[Sample]:
    """The finished samples of a run folder, scored anew from their traces. Raises InputError for a damaged line."""
    return read_lines(out, read_sample)
