"""The report of teacher-forced runs as one HTML file: the page of rollouts (`cwm_trace.eval.page`), filled with what these runs have.

The viewer shows the true frames, and beside each wrong one the text up to the first token that the model would choose otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cwm_trace.eval.page import LONGEST, breakdowns_html, figures, fill, share_figure
from cwm_trace.eval.report import teacher_table
from cwm_trace.eval.tasks import Outcome
from cwm_trace.eval.teacher import TeacherResults, TeacherRun, TeacherSample
from cwm_trace.eval.teacher_details import TEACHER_KINDS, TEACHER_METRIC_TITLES, forced_mistakes
from cwm_trace.page import step_data, write_page

_PLOTTED = ("events", "depth", "statement")


def teacher_html(runs: Sequence[TeacherRun], beside: Sequence[TeacherResults] = ()) -> str:
    """The whole page. Results `beside` are in tables and plots; their frames are not shown."""
    results = [*(run.results for run in runs), *beside]
    return fill(
        runs,
        table=teacher_table(results),
        right=_plots(results) + breakdowns_html(results, TEACHER_KINDS),
        wrong_title="What is wrong first in a frame",
        viewer_title="True frames, and what the model would write",
        samples=[list(map(_sample_data, run.samples)) for run in runs],
    )


def write_teacher_report(path: Path, runs: Sequence[TeacherRun], beside: Sequence[TeacherResults] = ()) -> None:
    """Write the page to a file."""
    write_page(path, teacher_html(runs, beside))


def _plots(results: Sequence[TeacherResults]) -> str:
    title = TEACHER_METRIC_TITLES["next_frame"]
    return figures(
        [item.model for item in results], (share_figure(results, kind, "next_frame", title) for kind in _PLOTTED)
    )


def _sample_data(sample: TeacherSample) -> dict[str, Any]:
    wrong = [[index, kind.value, f"{instead} …"] for index, kind, instead in forced_mistakes(sample)]
    first, kind, _ = wrong[0] if wrong else (None, None, None)
    return {
        "id": sample.id,
        "outcome": sample.outcome.value,
        "right": False,
        "first": first,
        "cause": None,
        "mistake": kind,
        "error": sample.error,
        "context": sample.actual.context if sample.actual else "",
        "predicted": sample.outcome is Outcome.OK,
        "actual": [step_data(step, LONGEST) for step in (sample.actual or ())],
        "tail": [],
        "wrong": wrong,
    }
