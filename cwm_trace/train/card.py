"""The figures of a model card: runs every evaluation that it shows, and writes them between two marks of the card.

Each run is a `cwm-trace eval`, constrained unless it is said, that stands in a folder of its own, so that what was cut off goes on. Knows
nothing of how a model was trained but the counts beside its shards and the family of its programs.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, fields, replace
from pathlib import Path

from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.eval.baselines import load_baselines
from cwm_trace.eval.intervals import Estimate
from cwm_trace.eval.report import (
    TITLES,
    Table,
    breakdown_tables,
    oracle_fault,
    rollout_table,
    shown_metric,
    teacher_table,
)
from cwm_trace.eval.results import Results
from cwm_trace.eval.runs import load_run
from cwm_trace.eval.suites import BUNDLED
from cwm_trace.eval.teacher import TeacherResults
from cwm_trace.eval.teacher_runs import load_teacher_run
from cwm_trace.train.constructs import count
from cwm_trace.train.operations import operation_suite
from cwm_trace.train.programs import generate
from cwm_trace.train.real import load_programs
from cwm_trace.train.shards import counts_text

BEGIN, END = "<!-- figures: made by `python -m cwm_trace.train card` -->", "<!-- end of figures -->"
BEGIN_SHORT, END_SHORT = "<!-- from the model's card -->", "<!-- end of what is from the card -->"
_SHORT = tuple(
    TITLES[name]
    for name in (
        "output_pass_at_1",
        "valid_trace_format",
        "state_exact_match",
        "action_exact_match",
        "changed_state_exact_match",
        "control_flow_exact_match",
        "full_trace_exact_match",
    )
)
_KINDS = ("events", "output", "value", "statement")
_BANDS = (
    (90.0, "at least 90 %"),
    (70.0, "70 to 90 %"),
    (40.0, "40 to 70 %"),
    (10.0, "10 to 40 %"),
    (0.0, "below 10 %"),
)
_SHARES = ((10.0, "at least 10 %"), (3.0, "3 to 10 %"), (1.0, "1 to 3 %"))
_BUNDLED_COLUMNS = (
    ("output", 0, "output_pass_at_1"),
    ("copy-input: output", 1, "output_pass_at_1"),
    ("locals", 0, "state_exact_match"),
    ("no-change: locals", 2, "state_exact_match"),
    ("changed locals", 0, "changed_state_exact_match"),
    ("whole trace", 0, "full_trace_exact_match"),
)
_ROOM = 16_384  # tokens of a trace that is bound, as `eval` has it, but for frames that are settled
_BASELINES = ("copy-input", "no-change")


@dataclass(frozen=True, slots=True)
class Card:
    """What is measured.

    Attributes:
        model: as for `cwm-trace eval -m`.
        suite: the benchmark that the card begins with.
        out: folder for the runs.
        max_tokens: of a prediction, but for the suite `real`, which has as many as `cwm-trace eval` gives.
        each: programs of each operation.
        limit: tasks of every suite, to try it out; None = all.
        family, programs: of the training data, whose constructs are counted in `seeds` programs.
        shards: folders of shards that were trained on, for their counts.
    """

    model: str
    suite: str
    out: Path
    max_tokens: int = 2048
    each: int = 20
    limit: int | None = None
    family: str = "wide"
    programs: str | None = None
    seeds: int = 2000
    shards: tuple[Path, ...] = ()

    def figures(self) -> str:
        """All of them, in Markdown."""
        data = self._data()  # first: what is missing shows before anything has run
        sections = (
            self._command(),
            self._benchmark(),
            self._forced(),
            self._bundled(),
            self._operations(),
            self._constructs(),
            data,
        )
        return "\n".join(filter(None, sections))

    def _command(self) -> str:
        given = {item.name: getattr(self, item.name) for item in fields(self)[3:] if item.name != "shards"}
        given["programs"] = self.programs and Path(self.programs).name
        options = [f"--{name.replace('_', '-')} {value}" for name, value in given.items() if value is not None]
        options += [f"--shards {folder.name}" for folder in self.shards]
        limited = "" if self.limit is None else " LIMITED RUN: not for reporting."
        command = (
            f"python -m cwm_trace.train card {self.model} RUNS --suite {Path(self.suite).name} {' '.join(options)}"
        )
        return f"`{command}`; percent, 95 % intervals.{limited}\n"

    def _run(self, suite: str, name: str, *options: str) -> Path:
        """The folder of a run."""
        folder = self.out / name
        limit = () if self.limit is None else ("--limit", str(self.limit))
        command = ["eval", suite, "-m", self.model, *options, *limit, "--out", str(folder)]
        print("cwm-trace", *command, file=sys.stderr)
        with redirect_stdout(io.StringIO()):
            code = main([*command, "--resume"])
        if code:
            raise InputError(f"cwm-trace {' '.join(command)} ended with {code}")
        return folder

    def _rollouts(self, suite: str, name: str, *options: str, bound: bool = True) -> Path:
        given = "--constrained" if bound else "--no-constrained"
        room = max(self.max_tokens, _ROOM) if bound and self.limit is None else self.max_tokens
        return self._run(suite, name, "--max-tokens", str(room), "--batch", "8", given, *options)

    def _benchmark(self) -> str:
        folder = self._rollouts(self.suite, "benchmark")
        free = self._rollouts(self.suite, "unconstrained", "--no-baselines", bound=False)
        results, unbound = load_run(folder).results, load_run(free).results
        named = replace(unbound, model=f"{results.model} --no-constrained")
        found = _baselines(folder)
        for baseline in found.values():
            if fault := oracle_fault(baseline):
                raise InputError(fault)
        table = rollout_table([results, named, *(found[name] for name in _BASELINES)])
        return "\n".join([_section(f"{results.suite}: predicted from the entry on", table), _details(results)])

    def _forced(self) -> str:
        folders = [
            self._run(suite, f"forced-{number}", "--teacher-forced", "--no-baselines")
            for number, suite in enumerate((self.suite, "in-distribution"))
        ]
        results = [load_teacher_run(folder).results for folder in folders]
        return _section("Each frame after the true ones", teacher_table([_named(item) for item in results]))

    def _bundled(self) -> str:
        head = ["suite", "n", *(title for title, _, _ in _BUNDLED_COLUMNS)]
        rows = [self._bundled_row(suite) for suite in BUNDLED]
        return _section("Bundled suites", Table([head, *rows], ["percent, 95 % interval"]))

    def _bundled_row(self, suite: str) -> list[str]:
        folder = self._rollouts(suite, suite)
        found = _baselines(folder)
        beside = [load_run(folder).results, *(found[name] for name in _BASELINES)]
        cells = (shown_metric(beside[number], metric) for _, number, metric in _BUNDLED_COLUMNS)
        return [suite, str(beside[0].n), *cells]

    def _operations(self) -> str:
        path = self.out / f"operations-{self.each}.jsonl"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(task) + "\n" for task in operation_suite(self.each)), encoding="utf-8")
        results = load_run(self._rollouts(str(path), path.stem, "--no-baselines")).results
        return _section("One operation in a function", operation_table(results))

    def _constructs(self) -> str:
        collected = load_programs(self.programs) if self.programs else ()
        sources = (generate(seed, 1, self.family, collected).source for seed in range(self.seeds))
        programs, total = count(sources)
        shares = {name: 100 * number / programs for name, number in total.items()}
        rows = [[title, ", ".join(names)] for title, names in _banded(shares, _SHARES)]
        title = f"What the generator makes at this revision (`--family {self.family}`, {programs} seeds)"
        return _section(title, Table([["in", "percent of programs"], *rows], []))

    def _data(self) -> str:
        """Counts beside the shards, none without shards."""
        if not self.shards:
            return ""
        rows = [[folder.name, *map(str, _counts(folder))] for folder in self.shards]
        return _section("Its shards", Table([["", *_COUNTED.values()], *rows], []))


def _details(results: Results) -> str:
    tables = [table for kind in _KINDS for table in breakdown_tables([results], kind)]
    return _section(f"{results.suite}: by length, type and statement", *tables)


def _baselines(folder: Path) -> dict[str, Results]:
    """What stands beside a run, by name."""
    return {run.results.model: run.results for run in load_baselines(folder)}


_COUNTED = {
    "programs": "programs seen",
    "same_tree": "rejected: a benchmark's tree",
    "shared_ngrams": "rejected: a benchmark's 40-grams",
    "traces": "traces",
    "raised": "raising",
    "tokens": "tokens",
}


def _counts(folder: Path) -> Iterable[int]:
    """The summed counts of a folder of shards. Raises InputError where it has none."""
    found = [json.loads(line) for line in counts_text(folder).splitlines()]
    return [sum(item.get(name, 0) for item in found) for name in _COUNTED]


def operation_table(results: Results) -> Table:
    """Operations by the share of their programs whose output is right."""
    found: dict[str, Estimate] = {
        name: shares["output_pass_at_1"] for name, shares in results.breakdowns["tag"].items()
    }
    bands = _banded({name: share.value for name, share in found.items()}, _BANDS)
    rows = [[title, str(len(names)), ", ".join(names)] for title, names in bands]
    right = shown_metric(results, "output_pass_at_1")
    total = f"outputs right: {right} % of {results.n} programs of {len(found)} operations"
    return Table([["outputs right", "operations", "percent of each"], *rows], [total])


def _banded(shares: dict[str, float], bands: Sequence[tuple[float, str]]) -> Iterable[tuple[str, list[str]]]:
    """Names with their shares, largest first, in the bands that have any; what is below the last is left out."""
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    above = float("inf")
    for least, title in bands:
        names = [f"`{name}` {share:.{int(share < 10)}f}" for name, share in ranked if least <= share < above]
        above = least
        if names:
            yield title, names


def _named(results: TeacherResults) -> TeacherResults:
    return replace(results, model=results.suite)


def _section(title: str, *tables: Table) -> str:
    return "\n".join([f"### {title}", "", *(table.markdown() for table in tables)])


def with_figures(card: str, figures: str) -> str:
    """The card with other figures between its marks. Raises InputError where it lacks them."""
    return _between(card, BEGIN, figures, END)


def with_short_table(readme: str, card: str) -> str:
    """A README with some rows of the card's first table between its marks. Raises InputError where one lacks what it needs."""
    first = card.partition(BEGIN)[2].partition("\n|")[2].partition("\n\n")[0]
    head, line, *rows = [*f"|{first}".splitlines(), ""]
    chosen = [row for title in _SHORT for row in rows if row.startswith(f"| {title} |")]
    if len(chosen) < len(_SHORT):
        raise InputError("the card has no figures to show", hint="Give a card that `card` wrote")
    return _between(readme, BEGIN_SHORT, "\n".join([head, line, *chosen, ""]), END_SHORT)


def check_marks(card: str, readme: str | None = None) -> None:
    """Raises InputError where one has no place for figures."""
    with_figures(card, "")
    if readme is not None:
        _between(readme, BEGIN_SHORT, "", END_SHORT)


def _between(text: str, begin: str, new: str, end: str) -> str:
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise InputError("the file has no place for figures", hint=f"Write {begin} and {end} into it")
    return f"{before}{begin}\n\n{new}\n{end}{after}"
