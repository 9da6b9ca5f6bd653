"""Tables of results as plain text and Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_trace.eval.metrics import TABLE_9
from cwm_trace.eval.runs import Results

_TITLES = {
    "output_pass_at_1": "output pass@1",
    "valid_trace_format": "valid format",
    "state_exact_match": "state EM",
    "action_exact_match": "action EM",
    "valid_json_format": "valid JSON",
    "key_match": "key",
    "key_value_match": "key+value",
    "full_trace_exact_match": "full trace",
}
COLUMNS = (*TABLE_9, "full_trace_exact_match")


def rows(results: Sequence[Results]) -> list[list[str]]:
    """Header and one row for each run: value and 95 % interval, in percent."""
    head = ["model", "n", *(_TITLES[name] for name in COLUMNS)]
    return [head, *([item.model, str(item.n), *(_cell(item, name) for name in COLUMNS)] for item in results)]


def _cell(item: Results, name: str) -> str:
    low, high = item.intervals[name]
    return f"{item.metrics[name]:.1f} [{low:.1f}, {high:.1f}]"


def notes(results: Sequence[Results]) -> list[str]:
    """What a reader of the table must know."""
    lines = ["percent, 95 % interval (Wilson for shares, bootstrap over programs for means); every task counts"]
    for item in results:
        if item.limited:
            lines.append(f"LIMITED RUN ({item.n} of {item.of}): not for reporting")
            break
    for item in results:
        bad = {name: count for name, count in item.outcomes.items() if name != "ok"}
        parts = [f"{count} {name}" for name, count in {**bad, **item.causes}.items()]
        if parts:
            lines.append(f"{item.model}: " + ", ".join(parts))
        if item.model == "oracle" and any(item.metrics[name] != 100.0 for name in COLUMNS):
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
