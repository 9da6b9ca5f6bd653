"""Tables of results as plain text and Markdown: one row for each metric, one column for each model, as in CWM's Table 9."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cwm_trace.eval.breakdown import KINDS, METRIC_TITLES
from cwm_trace.eval.derived import QUESTIONS
from cwm_trace.eval.intervals import Estimate, Interval
from cwm_trace.eval.metrics import METRICS, TABLE_9
from cwm_trace.eval.mistakes import Example, shortened
from cwm_trace.eval.paired import Comparison, Difference
from cwm_trace.eval.results import Results
from cwm_trace.eval.tasks import FAILED
from cwm_trace.eval.teacher import TEACHER_METRICS, TeacherResults
from cwm_trace.eval.teacher_details import TEACHER_KINDS, TEACHER_METRIC_TITLES

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
    "control_flow_exact_match": "whole control flow exact",
    "termination": "termination",
    "expanded_state_exact_match": "expanded locals exact",
    "changed_state_exact_match": "changed locals exact",
    "frames_aligned": "frames, aligned",
    "control_flow_aligned": "control flow, aligned",
}
_ORACLE = re.compile(r"oracle( .*)?")
"""Its name, and what tells it from another oracle in the same table."""
_REASONS = 5
_IDS = 10  # of tasks that are named
_WIDEST = 120  # characters of a frame, or of why a task failed
_BEFORE = 40  # of them before two frames part
_SURVIVAL_ROWS = (1, 4, 16, 64)
METRIC_ROWS = (*TABLE_9, *(name for name in METRICS if name not in TABLE_9))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first one the header, and what a reader of them must know."""

    rows: list[list[str]]
    notes: list[str]

    def text(self) -> str:
        """For a terminal."""
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        aligned = ((cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self.rows)
        return "\n".join([*("  ".join(row).rstrip() for row in aligned), *self.notes]) + "\n"

    def markdown(self) -> str:
        """For a README."""
        head, *body = self.rows
        escaped = ([cell.replace("|", "\\|") for cell in row] for row in (head, ["---"] * len(head), *body))
        lines = ["| " + " | ".join(row) + " |" for row in escaped]
        return "\n".join([*lines, "", *self.notes]) + "\n"


class _Run(Protocol):
    """What the results of every kind of run have."""

    @property
    def model(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def of(self) -> int: ...
    @property
    def outcomes(self) -> Mapping[str, int]: ...
    @property
    def errors(self) -> Mapping[str, str]: ...
    @property
    def failed(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def unfinished(self) -> bool: ...


def _limited(results: Sequence[_Run]) -> list[str]:
    parts = [item for item in results if item.n < item.of]
    lines = [f"UNFINISHED RUN ({item.n} of {item.of}): go on with --resume" for item in parts if item.unfinished][:1]
    limited = (f"LIMITED RUN ({item.n} of {item.of}): not for reporting" for item in parts if not item.unfinished)
    return lines + list(limited)[:1]


def _failures(item: _Run) -> list[str]:
    bad = [
        f"{count} {name}{_these(item.failed.get(name, ()))}" for name, count in item.outcomes.items() if name != "ok"
    ]
    errors = [f"{item.model}: first {name}: {shortened(_flat(text))}" for name, text in item.errors.items()]
    return [f"{item.model}: " + ", ".join(bad), *errors] if bad else []


def _these(ids: Sequence[str]) -> str:
    """In parentheses, the first of several tasks; nothing of one, whose error is told, or of none."""
    if len(ids) < 2:
        return ""
    more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    return f" ({', '.join(map(_flat, ids[:_IDS]))}{more})"


class _Finished(Protocol):
    """A run of either kind."""

    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def results(self) -> Any: ...


_R = TypeVar("_R", bound=_Finished)


def named_apart(runs: Sequence[_R], folders: Sequence[Path | str]) -> list[_R]:
    """Runs whose names tell them apart in one table: with the suite where there are several, with the folder where that is not enough."""
    several = len({run.manifest["sha256"] for run in runs}) > 1
    names = [f"{run.results.model} on {run.results.suite}" if several else str(run.results.model) for run in runs]
    names = [
        f"{name} in {Path(folder).name}" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]
    return [
        replace(run, results=replace(run.results, model=name))  # type: ignore[type-var]
        for run, name in zip(runs, names, strict=True)
    ]


# --- rollouts ---------------------------------------------------------------------------------------------------------


def rollout_table(results: Sequence[Results]) -> Table:
    """One row for each metric: value and 95 % interval, in percent; then what is no percentage."""
    return Table(rows(results), _notes(results))


def as_text(results: Sequence[Results]) -> str:
    """A table for a terminal."""
    return rollout_table(results).text()


def as_markdown(results: Sequence[Results]) -> str:
    """A table for a README."""
    return rollout_table(results).markdown()


def rows(results: Sequence[Results]) -> list[list[str]]:
    """Header and one row for each metric: value and 95 % interval, in percent; then what is no percentage."""
    return [
        ["", *(item.model for item in results)],
        *([TITLES[name], *(shown_metric(item, name) for item in results)] for name in METRIC_ROWS),
        *(
            [_survival_title(k), *(_estimate(item.survival.get(k)) for item in results)]
            for k in _survival_rows(results)
        ),
        *([title, *map(show, results)] for title, show in _facts(results).items()),
    ]


def _survival_title(k: int) -> str:
    return "first frame right" if k == 1 else f"first {k} frames right"


def _survival_rows(results: Sequence[Results]) -> list[int]:
    return [k for k in _SURVIVAL_ROWS if any(k in item.survival for item in results)]


def shown_metric(item: Results, name: str) -> str:
    """A metric in percent with its interval, and of how many tasks it is where these are not all."""
    return _with_interval(item.metrics.get(name), item.intervals.get(name)) + _of(item.judged.get(name))


def _of(n: int | None) -> str:
    return "" if n is None else f" (n = {n})"


def _estimate(found: Estimate | None) -> str:
    return "–" if found is None else _with_interval(found.value, Interval(found.low, found.high))


def _with_interval(value: float | None, bounds: Interval | None, digits: int = 1) -> str:
    if value is None or bounds is None:
        return "–"
    return f"{value:.{digits}f} [{bounds.low:.{digits}f}, {bounds.high:.{digits}f}]"


def _first_divergence(item: Results) -> str:
    if item.first_divergence is None or item.first_divergence_interval is None:
        return "–"
    low, high = item.first_divergence_interval
    return f"{item.first_divergence:g} [{low:g}, {high:g}]"


def _facts(results: Sequence[Results]) -> dict[str, Callable[[Results], str]]:
    """What is no percentage. Samples are told apart from programs where some program has several: calls, or answers to one."""
    several = any(item.programs != item.n for item in results)
    samples: dict[str, Callable[[Results], str]] = {"samples": lambda item: str(item.n)} if several else {}
    return {
        "median first divergence": _first_divergence,
        "programs": lambda item: str(item.programs),
        **samples,
        f"seconds per {'sample' if several else 'program'}": lambda item: f"{item.seconds / item.n:.2f}",
    }


def _notes(results: Sequence[Results]) -> list[str]:
    how = (
        "percent, 95 % interval (Wilson's where each program is one task, right or wrong; else bootstrap over programs)"
    )
    how += "; every task counts, but where another n is said"
    notes = [*oracle_faults(results), how, *_limited(results), *(line for item in results for line in _notes_on(item))]
    return list(dict.fromkeys(notes))


def _notes_on(item: Results) -> list[str]:
    lines = _failures(item)
    if item.causes:
        causes = ", ".join(f"{name} {count}" for name, count in item.causes.items())
        lines.append(f"{item.model}: first divergences by cause: {causes}")
    if item.unexpected:
        which = ", ".join(map(_flat, item.unexpected_tasks[:_IDS])) + (", ..." if item.unexpected > _IDS else "")
        are = "result of {} is" if item.unexpected == 1 else "results of {} are"
        said = f"{item.unexpected} {are.format(item.suite)} not what the real run gave ({which}); the real run counts"
        lines.append(said)
    return lines


def oracle_faults(results: Sequence[Results | TeacherResults]) -> list[str]:
    """What to say of the oracles among these that are not at 100."""
    return [fault for item in results if (fault := oracle_fault(item))]


def oracle_fault(item: Results | TeacherResults) -> str | None:
    """What to say if this is the oracle and not everything is right: then no number beside it can be trusted."""
    is_right = all(value == 100.0 for value in _shares(item)) and not any(name != "ok" for name in item.outcomes)
    if not _ORACLE.fullmatch(item.model) or is_right:
        return None
    reasons = [f"{count} {name}" for name, count in item.outcomes.items() if name != "ok"]
    reasons += [f"{example.id}: {name}" for name, found in item.mistakes.items() for example in found.examples]
    shown = "; ".join(reasons[:_REASONS]) + ("; ..." if len(reasons) > _REASONS else "")
    return f"ORACLE IS NOT AT 100.0: the harness or the suite is at fault, do not report this table ({shown})"


def _shares(item: Results | TeacherResults) -> list[float]:
    """Everything that is a percentage."""
    shares = [value for name, value in item.metrics.items() if name != "bits" and value is not None]
    if isinstance(item, Results):
        shares += [found.value for found in (*item.survival.values(), *item.derived.values())]
    return shares


def derived_table(results: Sequence[Results]) -> Table:
    """The questions of other benchmarks (see `cwm_trace.eval.derived`), as far as predicted traces answer them."""
    head = ["derived from traces", *(item.model for item in results)]
    rows = [[title, *(_asked(item, name) for item in results)] for name, (title, _) in QUESTIONS.items()]
    return Table(
        [head, *rows],
        [
            "percent of all that is asked, 95 % interval (bootstrap over programs); n: tasks that ask something, if not all do"
        ],
    )


def _asked(item: Results, name: str) -> str:
    found = item.derived.get(name)
    return _estimate(found) + _of(found.n if found is not None and found.n < item.n else None)


# --- teacher-forced runs ----------------------------------------------------------------------------------------------


def teacher_table(results: Sequence[TeacherResults]) -> Table:
    """The same for teacher-forced runs: percent, but for bits."""
    how = "each frame after the true ones before it; percent of frames or values, 95 % interval over programs"
    rows = [
        ["teacher-forced", *(item.model for item in results)],
        *([title, *(_teacher_cell(item, name) for item in results)] for name, (title, _) in TEACHER_METRICS.items()),
        ["frames", *(str(item.frames) for item in results)],
        ["programs", *(str(item.n) for item in results)],
        ["frames per second", *(f"{item.frames / item.seconds:.0f}" if item.seconds else "–" for item in results)],
    ]
    failures = [line for item in results for line in _failures(item)]
    return Table(rows, [*oracle_faults(results), how, *_limited(results), *failures])


def _teacher_cell(item: TeacherResults, name: str) -> str:
    return _with_interval(item.metrics[name], item.intervals[name], 2 if name == "bits" else 1)


# --- two runs ---------------------------------------------------------------------------------------------------------


def comparison_table(made: Comparison, *, derived: bool = False) -> Table:
    """One row for each metric of two runs: percent of each, the difference in points and its 95 % interval."""
    names = [name for name in (*METRIC_ROWS, *TEACHER_METRICS) if name in made.metrics]
    rows = [_difference_row(_title(name), made.metrics[name], 2 if name == "bits" else 1) for name in names]
    rows += [_difference_row(_survival_title(k), made.survival[k]) for k in _SURVIVAL_ROWS if k in made.survival]
    if derived:
        rows += [
            _difference_row(title, made.derived[name]) for name, (title, _) in QUESTIONS.items() if name in made.derived
        ]
    return Table([["", *made.names, "difference"], *rows], _comparison_notes(made))


def _title(name: str) -> str:
    return TITLES[name] if name in TITLES else TEACHER_METRICS[name][0]


def _difference_row(title: str, item: Difference, digits: int = 1) -> list[str]:
    gain, low, high = (f"{value:+.{digits}f}" for value in (item.difference, *item.interval))
    return [title, f"{item.a:.{digits}f}", f"{item.b:.{digits}f}", f"{gain} [{low}, {high}]"]


def _comparison_notes(made: Comparison) -> list[str]:
    how = "difference: the second less the first, in points, 95 % interval (paired: Tango's where each program is one task, else bootstrap)"
    lines = [f"{made.n} tasks of {made.suite}; {how}"]
    if made.n < made.of:
        lines.append(f"LIMITED ({made.n} of {made.of} tasks are in both runs): not for reporting")
    if any(made.left_out):
        one, other = made.left_out
        lines.append(f"runs over different suites: {one} tasks of the first and {other} of the second are left out")
    what = "output" if made.tested == "output_pass_at_1" else "whole trace"
    split = f"{what} right in the first run only: {made.only_a}, in the second only: {made.only_b}"
    return [*lines, f"{split}; exact test by program: p = {made.p_value:.2g}"]


# --- both kinds of runs in detail -------------------------------------------------------------------------------------


def breakdown_tables(results: Sequence[Results | TeacherResults], kind: str) -> list[Table]:
    """Shares by one kind (see `KINDS`, `TEACHER_KINDS`), a table for each model: one row for each group."""
    return [_breakdown_table(item, kind) for item in results]


def kind_title(item: Results | TeacherResults, kind: str) -> str:
    """What a kind of groups says, in a run of this sort."""
    return TEACHER_KINDS[kind].title if isinstance(item, TeacherResults) else KINDS[kind].title


def _breakdown_table(item: Results | TeacherResults, kind: str) -> Table:
    groups = item.breakdowns[kind]
    titles = TEACHER_METRIC_TITLES if isinstance(item, TeacherResults) else METRIC_TITLES
    metrics = list(dict.fromkeys(metric for found in groups.values() for metric in found))
    head = [f"{item.model}: {kind_title(item, kind)}", "n", *(titles[metric] for metric in metrics)]
    rows = [
        [
            _flat(name),
            str(max(share.n for share in found.values())),
            *(_estimate(found.get(metric)) for metric in metrics),
        ]
        for name, found in groups.items()
    ]
    return Table([head, *rows], [])


def mistakes_table(item: Results | TeacherResults, examples: int) -> Table:
    """What was wrong first, in a task or, teacher-forced, in a frame: share of all of them, and some examples of each kind."""
    failures = _failed_tasks(item)
    if not item.mistakes:
        return Table([[f"{item.model}: first error"], [_no_mistakes(item)]], failures)
    of = "frames" if isinstance(item, TeacherResults) else "tasks"
    rows = [[f"share of {of}", "n", f"{item.model}: first error"]]
    for name, found in item.mistakes.items():
        rows.append([_estimate(found.share), str(found.count), name])
        rows += [["", "", line] for example in found.examples[:examples] for line in _example_lines(example)]
    return Table(rows, failures)


def _failed_tasks(item: Results | TeacherResults) -> list[str]:
    """Tasks without a prediction, by what failed, and why the first one did."""
    failed = {name: count for name, count in item.outcomes.items() if name in FAILED}
    return [
        f"{item.model}: {count} of {item.n} tasks {name}, first {_shown(item.errors.get(name, 'not known why'))}"
        for name, count in failed.items()
    ]


def _no_mistakes(item: Results | TeacherResults) -> str:
    if item.n and sum(count for name, count in item.outcomes.items() if name in FAILED) == item.n:
        return "not known: no task has a prediction"
    has_frames = isinstance(item, TeacherResults) or "frames_exact" in item.metrics
    return "none: no frame is wrong" if has_frames else "not known: there are answers only, no frames"


def _example_lines(example: Example) -> list[str]:
    begin = f"  {_flat(example.id)}, frame {example.frame}: predicted"
    predicted, actual = _where_they_part(_flat(example.predicted), _flat(example.actual))
    return [f"{start} {text or 'nothing'}" for start, text in ((begin, predicted), ("true".rjust(len(begin)), actual))]


def _where_they_part(left: str, right: str) -> tuple[str, str]:
    """As much of two long texts as shows what differs."""
    if max(len(left), len(right)) <= _WIDEST:
        return left, right
    part = len(os.path.commonprefix([left, right]))
    begin = 0 if part <= _WIDEST - _BEFORE else part - _BEFORE
    return _cut(left, begin), _cut(right, begin)


def _cut(text: str, begin: int) -> str:
    shown = text[begin : begin + _WIDEST]
    return ("…" if begin else "") + shown + ("…" if begin + _WIDEST < len(text) else "")


def _shown(text: str) -> str:
    return _cut(_flat(text), 0)


def _flat(text: str) -> str:
    """Text that a model or a program wrote, with nothing in it that could move a terminal's cursor."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
