"""The baselines that stand in every table: what a copied argument, and no effect at all, would score, and that the harness finds 100.

They run over the same tasks as the model beside them and are judged by the same true traces, so only `oracle` runs programs again: two
runs of a program that differ (a clock, a random number, an address) are found by it. Kept in the run's folder, under `baselines/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from cwm_trace.errors import RunError, RunTimeout
from cwm_trace.eval.results import FinishedRun
from cwm_trace.eval.runs import finish_run, load_run
from cwm_trace.eval.samples import Sample
from cwm_trace.eval.suites import Suite, Task
from cwm_trace.eval.tasks import Outcome
from cwm_trace.eval.truth import TrueTrace
from cwm_trace.frames import Trace
from cwm_trace.models.base import Model

BASELINES = ("copy-input", "no-change", "oracle")
FOLDER = "baselines"


def run_baselines(
    models: Iterable[Model], suite: Suite, samples: Sequence[Sample], out: Path, *, limit: int | None = None
) -> list[FinishedRun]:
    """Run baselines beside a run with these samples, into its folder; what the folder has of them is kept. Raises InputError."""
    truth, also = known_truth(samples), known_ids(samples)
    return [
        finish_run(model, suite, out / FOLDER / model.name, limit=limit, resume=True, truth=truth, also=also)
        for model in models
    ]


def load_baselines(out: Path, but: Collection[str] = ()) -> list[FinishedRun]:
    """The baselines that a run folder has, without these. Raises InputError."""
    return [load_run(folder) for folder in baseline_folders(out, but)]


def baseline_folders(out: Path, but: Collection[str]) -> list[Path]:
    """The folders of the baselines that a run folder has, without these."""
    folders = (out / FOLDER / name for name in BASELINES if name not in but)
    return [folder for folder in folders if folder.exists()]


class Judged(Protocol):
    """A sample with its true trace, or why there is none."""

    @property
    def id(self) -> str: ...
    @property
    def actual(self) -> Trace | None: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def error(self) -> str: ...


def known_ids(samples: Sequence[Judged]) -> set[str]:
    """The ids of the tasks that a run has samples of; `id#1` is the first of several answers to one task."""
    return {name for sample in samples for name in (sample.id, sample.id.rpartition("#")[0])}


def known_truth(samples: Sequence[Judged]) -> TrueTrace:
    """True traces from the samples of a run; `id#1` is the first of several answers to one task."""
    found = {sample.id: sample for sample in samples}

    def truth(task: Task) -> Trace:
        sample = found.get(task.id) or found[f"{task.id}#1"]
        if sample.actual is None:
            raise (RunTimeout if sample.outcome is Outcome.TRUTH_TIMEOUT else RunError)(sample.error)
        return sample.actual

    return truth
