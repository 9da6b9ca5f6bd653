"""Compares predicted with true traces: alignment, metrics, suites, runs on disk. Imports no torch.

Every public name is loaded on first use: `cwm-trace predict` compares, and should not wait for reports and suites.
"""

from typing import TYPE_CHECKING

from cwm_trace.lazy import on_first_use

if TYPE_CHECKING:
    from cwm_trace.eval.compare import Cause, Diff, Verdict, diff
    from cwm_trace.eval.generations import export_generations, score_generations
    from cwm_trace.eval.metrics import METRICS, TABLE_9, TraceScore, score, score_trace
    from cwm_trace.eval.page import write_report
    from cwm_trace.eval.paired import Comparison, compare_runs
    from cwm_trace.eval.results import FinishedRun, Results
    from cwm_trace.eval.runs import load_run, rescore, run_suite
    from cwm_trace.eval.samples import Sample
    from cwm_trace.eval.suites import Suite, Task, load_suite

_HOMES = {
    "Cause": "compare",
    "Diff": "compare",
    "Verdict": "compare",
    "diff": "compare",
    "export_generations": "generations",
    "score_generations": "generations",
    "METRICS": "metrics",
    "TABLE_9": "metrics",
    "TraceScore": "metrics",
    "score": "metrics",
    "score_trace": "metrics",
    "write_report": "page",
    "Comparison": "paired",
    "compare_runs": "paired",
    "FinishedRun": "results",
    "Results": "results",
    "load_run": "runs",
    "rescore": "runs",
    "run_suite": "runs",
    "Sample": "samples",
    "Suite": "suites",
    "Task": "suites",
    "load_suite": "suites",
}

__all__ = [
    "METRICS",
    "TABLE_9",
    "Cause",
    "Comparison",
    "Diff",
    "FinishedRun",
    "Results",
    "Sample",
    "Suite",
    "Task",
    "TraceScore",
    "Verdict",
    "compare_runs",
    "diff",
    "export_generations",
    "load_run",
    "load_suite",
    "rescore",
    "run_suite",
    "score",
    "score_generations",
    "score_trace",
    "write_report",
]


__getattr__ = on_first_use(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
