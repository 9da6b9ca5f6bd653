"""Runs a model over a suite, and keeps everything on disk so that a run can be resumed and scored again.

A run folder has `manifest.json` (what was run, with what), `samples.jsonl` (append-only, one line per task as it ends)
and `results.json`. Metrics are computed over all tasks of the suite: what failed counts as wrong, under its own status.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cwm_trace.errors import CwmTraceError, ModelError
from cwm_trace.eval.compare import Cause, diff
from cwm_trace.eval.folder import begin, program_hash, read_lines, read_run, write_results
from cwm_trace.eval.intervals import Estimate, Interval, bootstrap_median, estimate
from cwm_trace.eval.metrics import METRICS, TraceScore, score_trace
from cwm_trace.eval.suites import Suite, Task
from cwm_trace.eval.tasks import Outcome, count_outcomes, run_tasks, true_trace
from cwm_trace.files import trace_from_json, trace_to_json
from cwm_trace.frames import Status, Trace
from cwm_trace.models.base import Decoding, Model
from cwm_trace.simulate import MAX_FRAMES, MAX_TOKENS, predict

_PLAIN = ("id", "outcome", "cause", "first", "frames", "tokens", "seconds", "error", "program", "expected")
_NOTHING = TraceScore(**dict.fromkeys(METRICS, 0.0))


@dataclass(frozen=True, slots=True)
class Sample:
    """One task's result.

    Attributes:
        id: of the task.
        outcome: how it ended.
        score: its metrics.
        cause, first: the first divergence, None where there is none.
        frames, tokens, seconds: predicted frames and tokens, time of the prediction.
        error: what went wrong, for `model_error` and `truth_failed`.
        predicted, actual: the traces, None where there is none.
        program: hash of the program's text, "" if unknown; samples of one program are not independent.
        expected: the result that the suite states, None if it states none. The real run is the truth, not this.
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

    def to_json(self) -> dict[str, Any]:
        """One line of `samples.jsonl`."""
        traces = {
            name: trace and trace_to_json(trace)
            for name, trace in (("predicted", self.predicted), ("actual", self.actual))
        }
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {"score": asdict(self.score)} | traces


@dataclass(frozen=True, slots=True)
class Results:
    """A finished run: metrics in percent with 95 % intervals, counts of outcomes and of causes.

    A metric that no task can be judged by is left out.
    `first_divergence` is the median index of the first divergence among the traces that have one, None if none has.
    `survival` is P(first k frames right) by k.
    `unexpected` counts the tasks whose real run gave another result than the suite states (another Python version, say).
    """

    model: str
    suite: str
    n: int
    of: int
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    outcomes: dict[str, int]
    causes: dict[str, int]
    seconds: float
    frames: int
    first_divergence: float | None = None
    unexpected: int = 0
    first_divergence_interval: Interval | None = None
    survival: dict[int, Estimate] = field(default_factory=dict)

    @property
    def limited(self) -> bool:
        """Whether only a part of the suite was run."""
        return self.n < self.of


def run_suite(
    model: Model,
    suite: Suite,
    out: Path,
    *,
    limit: int | None = None,
    decoding: Decoding | None = None,
    max_frames: int | None = None,
    max_tokens: int = MAX_TOKENS,
    resume: bool = False,
    on_sample: Callable[[int, int, Sample], None] | None = None,
) -> Results:
    """Run a model over a suite and score it.

    A prediction is stopped after `max_frames` frames (None: after 1,000, or twice the true ones where that is more, so that no
    right prediction is ever cut off) or `max_tokens` tokens. `on_sample` is told (done, total, sample) after each task.
    With `resume`, tasks that `out` has are not run again, except where the model had failed: then the later line of
    `samples.jsonl` counts.
    Raises InputError if `out` holds another run.
    """
    tasks = suite.tasks[:limit]
    config = {"max_frames": max_frames, "max_tokens": max_tokens, "decoding": asdict(decoding or Decoding())}
    begin(out, model, suite, config, resume=resume)

    def make(task: Task) -> Sample:
        sample = _sample(model, task, decoding, max_frames, max_tokens)
        return replace(sample, program=program_hash(task.source), expected=task.expected)

    samples = run_tasks(tasks, out, make, _read_sample, on_sample)
    results = summarise(model.name, suite.name, samples, len(suite.tasks))
    write_results(out, results)
    return results


def _sample(model: Model, task: Task, decoding: Decoding | None, max_frames: int | None, max_tokens: int) -> Sample:
    try:
        actual = true_trace(task)
    except CwmTraceError as error:
        return Sample(task.id, Outcome.TRUTH_FAILED, _NOTHING, error=str(error))
    max_frames = max(MAX_FRAMES, 2 * len(actual)) if max_frames is None else max_frames
    started = time.monotonic()
    try:
        predicted = predict(
            model, task.source, task.call, max_frames=max_frames, max_tokens=max_tokens, decoding=decoding
        )
    except ModelError as error:
        return Sample(task.id, Outcome.MODEL_ERROR, _NOTHING, error=str(error), actual=actual)
    if predicted.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return judge(task.id, predicted, actual, time.monotonic() - started)


def judge(identity: str, predicted: Trace, actual: Trace, seconds: float = 0.0) -> Sample:
    """Score one predicted trace."""
    compared = diff(predicted, actual)
    outcome = Outcome.OK
    if predicted.status in (Status.FRAME_LIMIT, Status.TOKEN_LIMIT):
        outcome = Outcome.TRUNCATED
    elif predicted.malformed or not predicted.complete:
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


def summarise(model: str, suite: str, samples: Sequence[Sample], of: int) -> Results:
    """Metrics over all samples, in percent."""
    estimates = {name: found for name in METRICS if (found := _estimate(samples, name))}
    divergent = [(sample.first, _program(sample)) for sample in samples if sample.first is not None]
    firsts, programs = [first for first, _ in divergent], [program for _, program in divergent]
    causes = [sample.cause.value for sample in samples if sample.cause]
    return Results(
        model,
        suite,
        len(samples),
        of,
        {name: found.value for name, found in estimates.items()},
        {name: Interval(found.low, found.high) for name, found in estimates.items()},
        count_outcomes(samples),
        {name: causes.count(name) for name in sorted(set(causes))},
        sum(sample.seconds for sample in samples),
        sum(sample.frames for sample in samples),
        statistics.median(firsts) if firsts else None,
        sum(map(_is_unexpected, samples)),
        bootstrap_median(firsts, programs) if firsts else None,
        survival(samples),
    )


def _program(sample: Sample) -> str:
    return sample.program or sample.id


def _estimate(samples: Sequence[Sample], name: str) -> Estimate | None:
    judged = [sample for sample in samples if getattr(sample.score, name) is not None]
    return estimate([getattr(sample.score, name) for sample in judged], list(map(_program, judged))) if judged else None


def survival(samples: Sequence[Sample]) -> dict[int, Estimate]:
    """Share of traces whose first k predicted frames are all right, for k = 1, 2, 4, ... up to the longest true trace.

    A shorter trace counts as right if all of it is: so the last share is about that of whole traces. What failed is wrong from the start.
    """
    longest = max((len(sample.actual) - 1 for sample in samples if sample.actual), default=0)
    programs = list(map(_program, samples))
    lengths = [1 << power for power in range(longest.bit_length())]
    return {k: estimate([float(_survives(sample, k)) for sample in samples], programs) for k in lengths}


def _survives(sample: Sample, k: int) -> bool:
    """Whether the first k frames after the entry's CALL are right."""
    return sample.predicted is not None and (sample.first is None or sample.first > k)


def _is_unexpected(sample: Sample) -> bool:
    return sample.expected is not None and sample.actual is not None and sample.actual.returned != sample.expected


def read_samples(out: Path) -> list[Sample]:
    """The finished samples of a run folder, scored anew from their traces. Raises InputError for a damaged line."""
    return read_lines(out, _read_sample)


def _read_sample(record: dict[str, Any]) -> Sample:
    predicted, actual = (record[name] and trace_from_json(record[name]) for name in ("predicted", "actual"))
    if predicted is not None and actual is not None:
        sample = judge(record["id"], predicted, actual, record["seconds"])
    else:
        sample = Sample(record["id"], Outcome(record["outcome"]), _NOTHING, error=record["error"], actual=actual)
    return replace(sample, program=record.get("program", ""), expected=record.get("expected"))


def rescore(out: Path) -> Results:
    """Score a run folder again; needs neither the model nor torch. Raises InputError."""
    manifest, samples = read_run(out, _read_sample)
    return summarise(manifest["model"], manifest["suite"], samples, manifest["n"])
