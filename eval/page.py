"""The report of one or several runs as one HTML file: tables and plots, and a viewer of predicted beside true frames.

Nothing is loaded from elsewhere, and the page forbids itself to. Whatever a program or a model wrote is escaped, or is JSON in which no
`<` is left, and is put on the page as text only. The page's layout is `page.html` beside this; this module fills it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol

from cwm_trace.eval.alignment import align
from cwm_trace.eval.breakdown import KINDS, METRIC_TITLES
from cwm_trace.eval.folder import read_manifest, write_results
from cwm_trace.eval.metrics import content
from cwm_trace.eval.mistakes import mistake
from cwm_trace.eval.plots import curve_plot, legend, share_plot
from cwm_trace.eval.report import Table, breakdown_tables, derived_table, kind_title, mistakes_table, rollout_table
from cwm_trace.eval.results import FinishedRun, Results
from cwm_trace.eval.samples import Sample
from cwm_trace.eval.teacher import TeacherResults
from cwm_trace.frames import Step, Trace
from cwm_trace.page import filled, script_json, step_data, write_page

_TEMPLATE = Path(__file__).with_name("page.html")
LONGEST = 5_000
"""Characters of a value: a million would stop the page; two that differ only behind the cut look alike in it."""
_PLOTTED = ("events", "output")


def html_report(runs: Sequence[FinishedRun], beside: Sequence[Results] = ()) -> str:
    """The whole page. Results `beside` are in tables and plots; their frames are not shown."""
    results = [*(run.results for run in runs), *beside]
    derived = folded("the questions of other benchmarks", table_html(derived_table(results)))
    return fill(
        runs,
        table=rollout_table(results),
        right=_plots(results) + breakdowns_html(results, KINDS) + derived,
        wrong_title="What was wrong first",
        viewer_title="Predicted beside true frames",
        samples=[list(map(_sample_data, run.samples)) for run in runs],
    )


def write_report(path: str | Path, runs: Sequence[FinishedRun], beside: Sequence[Results] = ()) -> None:
    """Write the page to a file."""
    write_page(Path(path), html_report(runs, beside))


def write_run(out: Path, results: Results, samples: Sequence[Sample]) -> FinishedRun:
    """Write `results.json` and `report.html` of a run folder."""
    write_results(out, results)
    run = FinishedRun(read_manifest(out), tuple(samples), results)
    write_report(out / "report.html", [run])
    return run


# --- what every page has ----------------------------------------------------------------------------------------------


class Run(Protocol):
    """A run folder's contents, of either kind."""

    @property
    def manifest(self) -> dict[str, Any]: ...
    @property
    def results(self) -> Results | TeacherResults: ...


def fill(
    runs: Sequence[Run], *, table: Table, right: str, wrong_title: str, viewer_title: str, samples: list[list[Any]]
) -> str:
    """The page with its parts in their places; `right` is HTML, `samples` what the viewer shows of each run."""
    results = [run.results for run in runs]
    parts = {
        "title": escape(f"{', '.join(item.model for item in results)} on {results[0].suite}"),
        "facts": "".join(map(_facts, runs)),
        "table": table_html(table),
        "right": right,
        "wrong_title": escape(wrong_title),
        "mistakes": "".join(table_html(mistakes_table(item, 0)) for item in results if item.mistakes or item.failed),
        "viewer_title": escape(viewer_title),
        "data": script_json(
            [{"model": item.model, "samples": shown} for item, shown in zip(results, samples, strict=True)]
        ),
    }
    return filled(_TEMPLATE, parts)


def _facts(run: Run) -> str:
    manifest = run.manifest
    command = " ".join(map(str, manifest.get("command", ())))
    facts = {
        "model": f"{manifest['model']}, weights {manifest.get('weights') or 'unknown'}",
        "suite": f"{manifest['suite']}, {run.results.n} of {run.results.of} tasks, sha256 {manifest['sha256']}",
        "settings": json.dumps(manifest["config"]),
        "started": manifest.get("started", ""),
        "command": command,
        "versions": json.dumps(
            {"python": manifest.get("python"), **manifest.get("packages", {}), "git": manifest.get("git")}
        ),
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in facts.items()) + "</dl>"


def table_html(table: Table) -> str:
    """A table and its notes."""
    head, *body = table.rows
    lines = [_row(head, "th"), *(_row(row, "td") for row in body)]
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in table.notes)
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>{notes}'


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def breakdowns_html(results: Sequence[Results] | Sequence[TeacherResults], kinds: Iterable[str]) -> str:
    """The tables of all kinds of groups, folded."""
    return "".join(
        folded(f"by {kind_title(results[0], kind)}", "".join(map(table_html, breakdown_tables(results, kind))))
        for kind in kinds
    )


def folded(title: str, html: str) -> str:
    """What opens on a click."""
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def share_figure(results: Sequence[Results] | Sequence[TeacherResults], kind: str, metric: str, title: str) -> str:
    """The shares of one metric by one kind of groups, all models in one plot."""
    groups = list(dict.fromkeys(group for item in results for group in item.breakdowns[kind]))
    shares = {group: [item.breakdowns[kind].get(group, {}).get(metric) for item in results] for group in groups}
    caption = f"{title}, percent, by {kind_title(results[0], kind)}"
    return _figure(share_plot(shares, [item.model for item in results], caption), caption)


def figures(names: Sequence[str], found: Iterable[str]) -> str:
    """Plots beside each other, under one legend."""
    return legend(names) + '<div class="plots">' + "".join(found) + "</div>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


# --- rollouts ---------------------------------------------------------------------------------------------------------


def _plots(results: Sequence[Results]) -> str:
    curves = {item.model: item.survival for item in results}
    survival = _figure(curve_plot(curves, "prefix survival", "frames"), "first k frames right, percent of traces")
    metric = "output_pass_at_1"
    shares = (share_figure(results, kind, metric, METRIC_TITLES[metric]) for kind in _PLOTTED)
    return figures([item.model for item in results], [survival, *shares])


def _sample_data(sample: Sample) -> dict[str, Any]:
    """Frames before the first divergence are the same on both sides, and written once."""
    predicted = sample.predicted.frames if sample.predicted else ()
    kind = mistake(sample)
    return {
        "id": sample.id,
        "outcome": sample.outcome.value,
        "right": bool(sample.score.output_pass_at_1),
        "first": sample.first,
        "cause": sample.cause and sample.cause.value,
        "mistake": kind and kind.value,
        "error": sample.error,
        "context": sample.actual.context if sample.actual else "",
        "predicted": sample.predicted is not None,
        "actual": [step_data(step, LONGEST) for step in (sample.actual or ())],
        "tail": [] if sample.first is None else [step_data(step, LONGEST) for step in predicted[sample.first :]],
        "matches": [] if sample.first is None else _matches(predicted[sample.first :], sample.actual, sample.first),
    }


def _matches(tail: Sequence[Step], actual: Trace | None, first: int) -> list[list[int]]:
    """The frames from the first divergence on, aligned as `frames_aligned` has it: runs of equal ones, places counted from there."""
    guesses = [("malformed", n) if step.event is None else content(step) for n, step in enumerate(tail)]
    truths = [content(step) for step in actual.frames[first:]] if actual else []
    return [list(match) for match in align(guesses, truths)]
