"""Compares predicted with true traces: alignment, metrics, suites, runs on disk. Imports no torch."""

from cwm_trace.eval.compare import Cause, Diff, Verdict, diff
from cwm_trace.eval.generations import export_generations, score_generations
from cwm_trace.eval.metrics import METRICS, TABLE_9, TraceScore, score, score_trace
from cwm_trace.eval.page import write_report
from cwm_trace.eval.paired import Comparison, compare_runs
from cwm_trace.eval.results import FinishedRun, Results
from cwm_trace.eval.runs import load_run, rescore, run_suite
from cwm_trace.eval.samples import Sample
from cwm_trace.eval.suites import Suite, Task, load_suite

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
