"""The report of one or several runs as one HTML file: tables and plots, and a viewer of predicted beside true frames.

Nothing is loaded from elsewhere, and the page forbids itself to. Whatever a program or a model wrote is escaped, or is JSON in which no
`<` is left, and is put on the page as text only. The page's layout is `page.html` beside this; this module fills it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from cwm_trace.eval.breakdown import KINDS, METRIC_TITLES
from cwm_trace.eval.mistakes import mistake
from cwm_trace.eval.plots import curve_plot, legend, share_plot
from cwm_trace.eval.report import Table, breakdown_tables, derived_table, mistakes_table, rollout_table
from cwm_trace.eval.results import FinishedRun, Results
from cwm_trace.eval.samples import Sample
from cwm_trace.frames import MalformedFrame, Step

_TEMPLATE = Path(__file__).with_name("page.html")
_PLACE = re.compile(r"@@(\w+)@@")
_LONGEST = 5_000
_PLOTTED = ("events", "output")


def html_report(runs: Sequence[FinishedRun]) -> str:
    """The whole page."""
    results = [run.results for run in runs]
    parts = {
        "title": escape(f"{', '.join(item.model for item in results)} on {results[0].suite}"),
        "facts": "".join(map(_facts, runs)),
        "table": _table(rollout_table(results)),
        "plots": _plots(results),
        "derived": _table(derived_table(results)),
        "breakdowns": "".join(_breakdown(results, kind) for kind in KINDS),
        "mistakes": "".join(_table(mistakes_table(item, 0)) for item in results if item.mistakes),
        "data": _script_json([_run_data(run) for run in runs]),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _TEMPLATE.read_text("utf-8"))


def write_report(path: Path, runs: Sequence[FinishedRun]) -> None:
    """Write the page to a file."""
    path.write_text(html_report(runs), "utf-8", errors="xmlcharrefreplace")  # a lone surrogate cannot be written


# --- tables and plots -------------------------------------------------------------------------------------------------


def _facts(run: FinishedRun) -> str:
    manifest = run.manifest
    command = " ".join(map(str, manifest.get("command", ())))
    facts = {
        "model": manifest["model"],
        "suite": f"{manifest['suite']}, {run.results.n} of {run.results.of} tasks, sha256 {manifest['sha256']}",
        "settings": json.dumps(manifest["config"]),
        "started": manifest.get("started", ""),
        "command": command,
        "versions": json.dumps(
            {"python": manifest.get("python"), **manifest.get("packages", {}), "git": manifest.get("git")}
        ),
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in facts.items()) + "</dl>"


def _table(table: Table) -> str:
    head, *body = table.rows
    lines = [_row(head, "th"), *(_row(row, "td") for row in body)]
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in table.notes)
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>{notes}'


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _plots(results: Sequence[Results]) -> str:
    names = [item.model for item in results]
    curves = {item.model: item.survival for item in results}
    figures = [_figure(curve_plot(curves, "prefix survival", "frames"), "first k frames right, percent of traces")]
    for kind in _PLOTTED:
        groups = list(dict.fromkeys(group for item in results for group in item.breakdowns[kind]))
        shares = {
            group: [item.breakdowns[kind].get(group, {}).get("output_pass_at_1") for item in results]
            for group in groups
        }
        caption = f"{METRIC_TITLES['output_pass_at_1']}, percent, by {KINDS[kind].title}"
        figures.append(_figure(share_plot(shares, names, caption), caption))
    return legend(names) + '<div class="plots">' + "".join(figures) + "</div>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _breakdown(results: Sequence[Results], kind: str) -> str:
    tables = "".join(map(_table, breakdown_tables(results, kind)))
    return f"<details><summary>by {escape(KINDS[kind].title)}</summary>{tables}</details>"


# --- what the viewer shows --------------------------------------------------------------------------------------------


def _run_data(run: FinishedRun) -> dict[str, Any]:
    return {"model": run.results.model, "samples": list(map(_sample_data, run.samples))}


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
        "actual": [_step_data(step) for step in (sample.actual or ())],
        "tail": [] if sample.first is None else [_step_data(step) for step in predicted[sample.first :]],
    }


def _step_data(step: Step) -> list[Any]:
    """Event, line number, source, and what it shows: pairs of name and value (null for ".."), or a value."""
    if isinstance(step, MalformedFrame):
        return ["malformed", None, _cut(step.raw), step.reason]
    if step.event.observes_locals:
        shown: object = [[name, None if value is None else _cut(value)] for name, value in step.shown.items()]
    else:
        shown = _cut(step.value or "")
    return [step.event.value, step.line_number, step.source.rstrip("\r\n"), shown]


def _cut(text: str) -> str:
    """A value of a million characters would stop the page; two that differ only behind the cut look alike in it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _script_json(data: object) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    return (
        json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
