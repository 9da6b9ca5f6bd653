"""Runs a model over a suite, and keeps everything on disk so that a run can be resumed and scored again.

A run folder has `manifest.json` (what was run, with what), `samples.jsonl` (append-only, one line per task as it ends),
`results.json` and `report.html`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from pathlib import Path

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.folder import is_unfinished, program_hash, read_manifest, read_run, run_folder, shown_name
from cwm_trace.eval.page import write_run
from cwm_trace.eval.results import FinishedRun, Results, summarise
from cwm_trace.eval.samples import Sample, judge, no_score, read_sample
from cwm_trace.eval.suites import Suite, Task
from cwm_trace.eval.tasks import MODEL_FAILURES, chosen_tasks, model_outcome, run_tasks, said, truth_outcome
from cwm_trace.eval.truth import TrueTrace, limits_config, task_prompt
from cwm_trace.frames import Status, Trace
from cwm_trace.models.base import Concurrent, Decoding, Model, Written, settled
from cwm_trace.simulate import MAX_FRAMES, MAX_TOKENS, predict
from cwm_trace.tracer.limits import Limits


def run_suite(
    model: Model,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    decoding: Decoding | None = None,
    max_frames: int | None = None,
    max_tokens: int = MAX_TOKENS,
    batch: int = 1,
    resume: bool = False,
    on_sample: Callable[[int, int, Sample], None] | None = None,
    limits: Limits | None = None,
) -> Results:
    """Run a model over a suite and score it.

    A prediction is stopped after `max_frames` frames (None: after 1,000, or twice the true ones where that is more, so that no
    right prediction is ever cut off) or `max_tokens` tokens; one that was written before (`replay:`) is taken as it is.
    So many as `batch` run at once where the model can (`models.Concurrent`), with the same results; a sample's `seconds` are then its
    share of the time. `on_sample` is told (done, total, sample) after each task.
    With `resume`, tasks that `out` has are not run again, except where the model had failed: then the later line of
    `samples.jsonl` counts. What `out` has of tasks behind the `limit` stays in the results.
    `limits` are those of the programs' real runs (None: `Limits()`, 30 seconds and 100,000 frames).
    Raises InputError if `out` holds another run, ModelUnusable where the model would fail in the same way on every task; what was done
    is kept.
    """
    return finish_run(
        model,
        suite,
        out,
        limit=limit,
        decoding=decoding,
        max_frames=max_frames,
        max_tokens=max_tokens,
        batch=batch,
        resume=resume,
        on_sample=on_sample,
        limits=limits,
    ).results


def finish_run(
    model: Model,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    decoding: Decoding | None = None,
    max_frames: int | None = None,
    max_tokens: int = MAX_TOKENS,
    batch: int = 1,
    resume: bool = False,
    on_sample: Callable[[int, int, Sample], None] | None = None,
    truth: TrueTrace | None = None,
    also: Collection[str] = (),
    limits: Limits | None = None,
    label: str | None = None,
) -> FinishedRun:
    """The same, with its samples. `truth` gives true traces that are known from elsewhere: no program is then run for them.

    `also`: ids of tasks behind the `limit`. `label`: what the model is called in tables, if not by its name.
    """
    out = Path(out)
    decoding = settled(decoding, model)
    config = {
        "max_frames": max_frames,
        "max_tokens": max_tokens,
        "decoding": asdict(decoding),
        "truth": limits_config(limits),
    }
    together = model.concurrent() if batch > 1 and isinstance(model, Concurrent) else None
    workers = 1 if together is None else batch

    def make(task: Task, truth: TrueTrace) -> Sample:
        sample = _sample(together or model, task, truth, decoding, max_frames, max_tokens)
        seconds = round(sample.seconds / workers, 4)
        made = replace(sample, program=program_hash(task.source), expected=task.expected, tags=task.tags)
        why = _why_stopped(model, made.predicted, max_tokens) if made.predicted else made.error
        return replace(made, seconds=seconds, error=why)

    dtype = getattr(model, "dtype", None)
    with run_folder(out, model.name, suite, config, resume=resume, dtype=dtype, label=label):
        tasks = chosen_tasks(suite.tasks, limit, out, also)
        samples = run_tasks(tasks, out, make, read_sample, on_sample, workers, truth, limits)
        return write_run(out, summarise(shown_name(read_manifest(out)), suite.name, samples, len(suite.tasks)), samples)


def _sample(
    model: Model, task: Task, truth: TrueTrace, decoding: Decoding | None, max_frames: int | None, max_tokens: int
) -> Sample:
    try:
        actual = truth(task)
    except CwmTraceError as error:
        return Sample(task.id, truth_outcome(error), no_score(), error=str(error))
    max_frames = max(MAX_FRAMES, 2 * len(actual)) if max_frames is None else max_frames
    started = time.monotonic()
    try:
        predicted = _prediction(model, task_prompt(task, actual), decoding, max_frames, max_tokens)
    except MODEL_FAILURES as error:
        return Sample(task.id, model_outcome(error), no_score(actual), error=said(error), actual=actual)
    return judge(task.id, predicted, actual, time.monotonic() - started)


def _why_stopped(model: Model, predicted: Trace, max_tokens: int) -> str:
    """Where a model stopped at a limit of tokens that is not ours: its own. "" also where its tokens could not be counted."""
    written, window = sum(step.tokens or 0 for step in predicted), getattr(model, "window", None)
    counted = window is not None or all(step.logprob is not None for step in predicted.frames[1:])
    if predicted.status is not Status.TOKEN_LIMIT or written >= max_tokens or not counted or isinstance(model, Written):
        return ""
    return f"the model's window{f' of {window} tokens' if window else ''} is full, {written} tokens after the prompt"


def _prediction(model: Model, prompt: Trace, decoding: Decoding | None, max_frames: int, max_tokens: int) -> Trace:
    if isinstance(model, Written):
        return model.written(prompt)
    predicted = predict(model, prompt=prompt, max_frames=max_frames, max_tokens=max_tokens, decoding=decoding)
    if predicted.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return predicted


def rescore(out: str | Path) -> Results:
    """Score a run folder again; needs neither the model nor torch. Raises InputError."""
    return load_run(out).results


def load_run(out: str | Path) -> FinishedRun:
    """What a run folder has, scored again. Raises InputError."""
    out = Path(out)
    manifest, samples = read_run(out, read_sample)
    results = summarise(shown_name(manifest), manifest["suite"], samples, manifest["n"])
    results = replace(results, unfinished=is_unfinished(out, len(samples)))
    return FinishedRun(manifest, tuple(samples), results)
