"""Tables of results as plain text and Markdown: one row for each metric, one column for each model, as in CWM's Table 9."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cwm_trace.eval.metrics import METRICS, TABLE_9
from cwm_trace.eval.paired import Comparison
from cwm_trace.eval.runs import Results
from cwm_trace.eval.teacher import TEACHER_METRICS, TeacherResults

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
    return _text_table(rows(results), notes(results))


def as_markdown(results: Sequence[Results]) -> str:
    """A table for a README."""
    return _markdown_table(rows(results), notes(results))


def teacher_rows(results: Sequence[TeacherResults]) -> list[list[str]]:
    """The same for teacher-forced runs: percent, but for bits."""
    return [
        ["teacher-forced", *(item.model for item in results)],
        *([title, *(_teacher_cell(item, name) for item in results)] for name, (title, _) in TEACHER_METRICS.items()),
        ["frames", *(str(item.frames) for item in results)],
        ["programs", *(str(item.n) for item in results)],
        ["frames per second", *(f"{item.frames / item.seconds:.0f}" if item.seconds else "–" for item in results)],
    ]


def _teacher_cell(item: TeacherResults, name: str) -> str:
    value, bounds = item.metrics[name], item.intervals[name]
    return "–" if value is None or bounds is None else f"{value:.1f} [{bounds.low:.1f}, {bounds.high:.1f}]"


def teacher_notes(results: Sequence[TeacherResults]) -> list[str]:
    """What a reader of the table must know."""
    lines = ["each frame after the true ones before it; percent of frames or values, 95 % interval over programs"]
    limited = next((item for item in results if item.n < item.of), None)
    if limited:
        lines.append(f"LIMITED RUN ({limited.n} of {limited.of}): not for reporting")
    for item in results:
        bad = [f"{count} {name}" for name, count in item.outcomes.items() if name != "ok"]
        lines += [f"{item.model}: " + ", ".join(bad)] if bad else []
    return lines


def teacher_as_text(results: Sequence[TeacherResults]) -> str:
    """A table for a terminal."""
    return _text_table(teacher_rows(results), teacher_notes(results))


def teacher_as_markdown(results: Sequence[TeacherResults]) -> str:
    """A table for a README."""
    return _markdown_table(teacher_rows(results), teacher_notes(results))


def comparison_rows(made: Comparison) -> list[list[str]]:
    """Header and one row for each metric of two runs: percent of each, the difference in points and its 95 % interval."""
    lines = [["", *made.names, "difference"]]
    for name in METRIC_ROWS:
        item = made.metrics[name]
        low, high = item.interval
        lines.append(
            [TITLES[name], f"{item.a:.1f}", f"{item.b:.1f}", f"{item.difference:+.1f} [{low:+.1f}, {high:+.1f}]"]
        )
    return lines


def comparison_notes(made: Comparison) -> list[str]:
    """What a reader of the comparison must know."""
    lines = [f"{made.n} tasks of {made.suite}; points, 95 % interval (bootstrap over programs, paired)"]
    if made.n < made.of:
        lines.append(f"LIMITED ({made.n} of {made.of} tasks are in both runs): not for reporting")
    split = f"output right in the first run only: {made.only_a}, in the second only: {made.only_b}"
    return [*lines, f"{split}; McNemar's exact test: p = {made.p_value:.2g}"]


def comparison_as_text(made: Comparison) -> str:
    """A table for a terminal."""
    return _text_table(comparison_rows(made), comparison_notes(made))


def comparison_as_markdown(made: Comparison) -> str:
    """A table for a README."""
    return _markdown_table(comparison_rows(made), comparison_notes(made))


def _text_table(table: Sequence[Sequence[str]], remarks: Sequence[str]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, *remarks]) + "\n"


def _markdown_table(table: Sequence[Sequence[str]], remarks: Sequence[str]) -> str:
    head, *body = table
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]
    return "\n".join([*lines, "", *remarks]) + "\n"
