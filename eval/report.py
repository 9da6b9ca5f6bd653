"""Tables of results as plain text and Markdown: one row for each metric, one column for each model, as in CWM's Table 9."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cwm_trace.eval.metrics import METRICS, TABLE_9
from cwm_trace.eval.runs import Results

TITLES = {
    "output_pass_at_1": "output pass@1",
    "valid_trace_format": "valid trace format",
    "state_exact_match": "state exact match",
    "action_exact_match": "action exact match",
    "valid_json_format": "valid JSON",
    "key_match": "key match",
    "key_value_match": "key+value match",
    "output_compatible": "output, literals by ==",
    "frames_exact": "frames exact",
    "control_flow": "control flow",
    "prefix_exact": "right before divergence",
    "full_trace_exact_match": "whole trace exact",
}
METRIC_ROWS = (*TABLE_9, *(name for name in METRICS if name not in TABLE_9))


def rows(results: Sequence[Results]) -> list[list[str]]:
    """Header and one row for each metric: value and 95 % interval, in percent; then what is no percentage."""
    return [
        ["", *(item.model for item in results)],
        *([TITLES[name], *(_cell(item, name) for item in results)] for name in METRIC_ROWS),
        *([title, *map(show, results)] for title, show in _FACTS.items()),
    ]


def _cell(item: Results, name: str) -> str:
    low, high = item.intervals[name]
    return f"{item.metrics[name]:.1f} [{low:.1f}, {high:.1f}]"


def _first_divergence(item: Results) -> str:
    return "–" if item.first_divergence is None else f"{item.first_divergence:g}"


_FACTS: dict[str, Callable[[Results], str]] = {
    "median first divergence": _first_divergence,
    "programs": lambda item: str(item.n),
    "seconds per program": lambda item: f"{item.seconds / item.n:.2f}",
}


def notes(results: Sequence[Results]) -> list[str]:
    """What a reader of the table must know."""
    lines = ["percent, 95 % interval (Wilson for shares, bootstrap over programs for means); every task counts"]
    limited = next((item for item in results if item.limited), None)
    if limited:
        lines.append(f"LIMITED RUN ({limited.n} of {limited.of}): not for reporting")
    for item in results:
        lines += _notes_on(item)
    return lines


def _notes_on(item: Results) -> list[str]:
    lines = []
    bad = [f"{count} {name}" for name, count in item.outcomes.items() if name != "ok"]
    if bad:
        lines.append(f"{item.model}: " + ", ".join(bad))
    if item.causes:
        causes = ", ".join(f"{name} {count}" for name, count in item.causes.items())
        lines.append(f"{item.model}: first divergences by cause: {causes}")
    if item.unexpected:
        lines.append(f"{item.unexpected} results of {item.suite} are not what the real run gave; the real run counts")
    if item.model == "oracle" and any(value != 100.0 for value in item.metrics.values()):
        lines.append("oracle is not at 100.0: the harness or the suite is at fault, do not report this table")
    return lines


def as_text(results: Sequence[Results]) -> str:
    """A table for a terminal."""
    table = rows(results)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, *notes(results)]) + "\n"


def as_markdown(results: Sequence[Results]) -> str:
    """A table for a README."""
    head, *body = rows(results)
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]
    return "\n".join([*lines, "", *notes(results)]) + "\n"
