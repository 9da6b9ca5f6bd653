"""Teacher-forced runs on disk: a model asked about the true traces of a suite, and a run folder scored again.

A run folder has the same files as that of a rollout (`cwm_trace.eval.runs`); its manifest says `teacher_forced`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.folder import (
    is_forced,
    is_unfinished,
    program_hash,
    read_manifest,
    read_run,
    run_folder,
    shown_name,
    write_results,
)
from cwm_trace.eval.suites import Suite, Task
from cwm_trace.eval.tasks import MODEL_FAILURES, Outcome, chosen_tasks, model_outcome, run_tasks, said, truth_outcome
from cwm_trace.eval.teacher import (
    TeacherResults,
    TeacherRun,
    TeacherSample,
    all_wrong,
    read_teacher_sample,
    summarise_teacher_forced,
)
from cwm_trace.eval.teacher_page import write_teacher_report
from cwm_trace.eval.truth import TrueTrace, limits_config
from cwm_trace.models.base import Model
from cwm_trace.tracer.limits import Limits


def run_teacher_forced(
    model: Model,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    on_sample: Callable[[int, int, TeacherSample], None] | None = None,
) -> TeacherResults:
    """Score the true traces of a suite. Raises as `run_suite` does."""
    return finish_teacher_forced(model, suite, out, limit=limit, resume=resume, on_sample=on_sample).results


def finish_teacher_forced(
    model: Model,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    on_sample: Callable[[int, int, TeacherSample], None] | None = None,
    truth: TrueTrace | None = None,
    also: Collection[str] = (),
    limits: Limits | None = None,
    label: str | None = None,
) -> TeacherRun:
    """The same, with its samples. `truth` gives true traces that are known from elsewhere, `also` ids of tasks behind the `limit`.

    `limits` are those of the programs' real runs. `label`: what the model is called in tables, if not by its name.
    """
    out = Path(out)
    config = {"teacher_forced": True, "truth": limits_config(limits)}
    dtype = getattr(model, "dtype", None)
    with run_folder(out, model.name, suite, config, resume=resume, dtype=dtype, label=label):
        make = partial(_sample, model)
        tasks = chosen_tasks(suite.tasks, limit, out, also)
        samples = run_tasks(tasks, out, make, read_teacher_sample, on_sample, truth=truth, limits=limits)
        manifest = read_manifest(out)
        results = summarise_teacher_forced(shown_name(manifest), suite.name, samples, len(suite.tasks))
        write_results(out, results)
        run = TeacherRun(manifest, tuple(samples), results)
        write_teacher_report(out / "report.html", [run])
        return run


def rescore_teacher_forced(out: str | Path) -> TeacherResults:
    """Score a run folder again, without a model. Raises InputError."""
    return load_teacher_run(out).results


def load_teacher_run(out: str | Path) -> TeacherRun:
    """What a run folder has, scored again. Raises InputError."""
    out = Path(out)
    manifest, samples = read_run(out, read_teacher_sample, teacher_forced=True)
    results = summarise_teacher_forced(shown_name(manifest), manifest["suite"], samples, manifest["n"])
    results = replace(results, unfinished=is_unfinished(out, len(samples)))
    return TeacherRun(manifest, tuple(samples), results)


def is_teacher_forced(out: str | Path) -> bool:
    """Whether a run folder is of this kind. Raises InputError."""
    return is_forced(read_manifest(Path(out)))


def _sample(model: Model, task: Task, truth: TrueTrace) -> TeacherSample:
    of = partial(TeacherSample, task.id, program_hash(task.source), tags=task.tags)
    try:
        actual = truth(task)
    except CwmTraceError as error:
        return of(truth_outcome(error), error=str(error))
    started = time.monotonic()
    try:
        scores = model.score(actual)
    except MODEL_FAILURES as error:
        return of(model_outcome(error), all_wrong(actual), error=said(error), actual=actual)
    return of(Outcome.OK, scores, round(time.monotonic() - started, 4), actual=actual)
