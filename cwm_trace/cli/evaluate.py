"""`cwm-trace eval`: models over a suite, a table with intervals; or a run folder scored again; or two of them compared."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cwm_trace.cli.labels import labelled
from cwm_trace.cli.parser import default_model
from cwm_trace.cli.progress import progress, teacher_progress
from cwm_trace.cli.resume import asked_for, option, resume_command, telling_how_to_go_on
from cwm_trace.errors import InputError, ModelError
from cwm_trace.eval.baselines import BASELINES, load_baselines, run_baselines
from cwm_trace.eval.benchmarks import LOADERS
from cwm_trace.eval.cautions import failure_cautions, oracle_cautions
from cwm_trace.eval.folder import check_new, check_python, is_begun, other_versions, read_manifest
from cwm_trace.eval.generations import export_generations, finish_generations, read_generations
from cwm_trace.eval.harness import FOLDER
from cwm_trace.eval.page import html_report, write_report
from cwm_trace.eval.paired import Comparison, compare_runs
from cwm_trace.eval.report import (
    Table,
    breakdown_tables,
    comparison_table,
    derived_table,
    mistakes_table,
    named_apart,
    oracle_faults,
    rollout_table,
    teacher_table,
)
from cwm_trace.eval.results import FinishedRun, Results
from cwm_trace.eval.runs import finish_run, load_run
from cwm_trace.eval.suites import BUNDLED, Suite, load_suite
from cwm_trace.eval.tasks import model_error, none_answered
from cwm_trace.eval.teacher import TeacherResults, TeacherRun
from cwm_trace.eval.teacher_baselines import Forced, load_teacher_baselines, run_teacher_baselines
from cwm_trace.eval.teacher_page import teacher_html, write_teacher_report
from cwm_trace.eval.teacher_runs import finish_teacher_forced, is_teacher_forced, load_teacher_run
from cwm_trace.files import check_place
from cwm_trace.models import Decoding, Model, check_model, load_model
from cwm_trace.models.oracle import Oracle
from cwm_trace.page import write_page
from cwm_trace.tracer.limits import Limits

_LEFT_OUT_SHOWN = 5
_Run = TypeVar("_Run")
_OF_PREDICTIONS = ("temperature", "seed", "constrained", "max_frames", "max_tokens", "batch", "fail_under", "derived")
_OF_A_MODEL = ("model", "device", "dtype", "limit", "out", "resume", "timeout", "truth_frames", *_OF_PREDICTIONS[:6])
_OF_A_TABLE = ("folder", "teacher_forced", "no_baselines", "fail_under", "by", "errors", "html")
_OF_PRINTING = ("derived", "json", "markdown")


def run(args: argparse.Namespace) -> int:
    """Returns 0; 3 where a model failed on every task; 1 below --fail-under, or with it where the oracle is not right. Raises CwmTraceError."""
    if args.json and args.markdown:
        raise InputError("--json and --markdown are two forms of the same", hint="Give one of them")
    if args.suite[:1] == ["compare"]:
        return _compare(args)
    if args.suite[:1] == ["export"]:
        return _export(args)
    if args.list:
        return _list()
    if len(args.suite) != (not args.folder):
        raise InputError("give one SUITE, or --from RUN")
    if args.folder:
        _refuse(args, "--from asks no model", _OF_A_MODEL)
    if args.html:
        check_place(Path(args.html))
    if _is_teacher_forced(args):
        return _teacher_forced(args)
    runs, beside = _loaded(args) if args.folder else _made(args)
    if args.html:
        _write_page(args.html, html_report(runs, beside))
    asked = [run.results for run in runs]
    results = [*asked, *beside]
    derived = [derived_table(results)] if args.derived else []
    tables = [rollout_table(results), *derived, *_breakdowns(args, results), *_mistakes(args, asked)]
    _show(args, asked if args.json else results, *tables)
    faulty = _tell_faults(results)
    if _none_answered(args, asked):
        return ModelError.exit_code
    if args.fail_under is None:
        return 0  # a program that is not the same twice is told, and ends nobody's script
    return int(faulty or any(item.metrics["output_pass_at_1"] < args.fail_under for item in asked))


def _is_teacher_forced(args: argparse.Namespace) -> bool:
    kinds = {is_teacher_forced(Path(folder)) for folder in args.folder}
    if len(kinds) > 1:
        raise InputError("some of the runs are teacher-forced, others are not", hint="Show them one kind at a time")
    if args.teacher_forced and kinds == {False}:
        raise InputError("the runs are not teacher-forced", hint="Leave out --teacher-forced")
    return args.teacher_forced or kinds == {True}


def _tell_faults(results: Sequence[Results | TeacherResults]) -> bool:
    """Whether there are any."""
    faults = oracle_faults(results)
    for fault in faults:
        print(f"cwm-trace: {fault}", file=sys.stderr)
    return bool(faults)


def _list() -> int:
    for name, about in BUNDLED.items():
        print(f"{name:<18}{len(load_suite(name).tasks):>5} tasks  {about}")
    print(f"your own copy: CRUXEval's FILE, {', '.join(f'{name}:FILE' for name in LOADERS)}")
    print(
        f"in lm-evaluation-harness: lm_eval --include_path {FOLDER} --tasks cwm_trace --metadata '{{\"suite\": \"real\"}}'"
    )
    return 0


def _show(args: argparse.Namespace, results: Sequence[Results | Comparison | TeacherResults], *tables: Table) -> None:
    if args.json:
        for item in results:
            sys.stdout.write(json.dumps(asdict(item)) + "\n")
    else:
        sys.stdout.write("\n".join(table.markdown() if args.markdown else table.text() for table in tables))


def _breakdowns(args: argparse.Namespace, results: Sequence[Results] | Sequence[TeacherResults]) -> list[Table]:
    return [table for kind in args.by for table in breakdown_tables(results, kind)]


def _mistakes(args: argparse.Namespace, results: Sequence[Results] | Sequence[TeacherResults]) -> list[Table]:
    return [mistakes_table(item, args.errors) for item in results if args.errors is not None]


def _write_page(path: str, text: str) -> None:
    try:
        write_page(Path(path), text)
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror})") from None


def _compare(args: argparse.Namespace) -> int:
    _refuse(args, "compare lays two finished runs side by side", _OF_A_MODEL + _OF_A_TABLE)
    if len(args.suite) != 3:
        raise InputError("give two run folders", hint="cwm-trace eval compare RUN RUN")
    folders = [Path(folder) for folder in args.suite[1:]]
    made = compare_runs(*folders)
    faults, failures = ([line for out in folders for line in find(out)] for find in (oracle_cautions, failure_cautions))
    table = comparison_table(made, derived=args.derived)
    _show(args, [made], replace(table, notes=[*faults, *table.notes, *failures]))
    for line in [*faults, *(failures if args.json else ())]:
        print(f"cwm-trace: {line}", file=sys.stderr)
    return 0


def _export(args: argparse.Namespace) -> int:
    _refuse(args, "export writes the answers of finished runs", _OF_A_MODEL + _OF_A_TABLE + _OF_PRINTING)
    if len(args.suite) < 3:
        raise InputError("give run folders and a file", hint="cwm-trace eval export RUN ... generations.json")
    made = export_generations([Path(run) for run in args.suite[1:-1]], Path(args.suite[-1]))
    empty = sum(not text for answers in made.values() for text in answers)
    print(f"{args.suite[-1]}: {len(made)} tasks, {len(args.suite) - 2} answers each, {empty} empty", file=sys.stderr)
    return 0


def _teacher_forced(args: argparse.Namespace) -> int:
    _refuse(args, "a teacher-forced run predicts no traces", _OF_PREDICTIONS)
    runs, beside = _teacher_loaded(args) if args.folder else _taught(args)
    if args.html:
        _write_page(args.html, teacher_html(runs, beside))
    asked = [run.results for run in runs]
    results = [*asked, *beside]
    tables = [teacher_table(results), *_breakdowns(args, results), *_mistakes(args, asked)]
    _show(args, asked if args.json else results, *tables)
    _tell_faults(results)
    return ModelError.exit_code if _none_answered(args, asked) else 0


def _teacher_loaded(args: argparse.Namespace) -> tuple[list[TeacherRun], list[TeacherResults]]:
    """As `_loaded`."""
    runs = [load_teacher_run(Path(folder)) for folder in args.folder]
    beside = _beside(args, runs, load_teacher_baselines)
    return named_apart(runs, args.folder), [run.results for run in beside]


def _taught(args: argparse.Namespace) -> tuple[list[TeacherRun], list[TeacherResults]]:
    """As `_made`."""
    jobs, runs = _jobs(args), []
    for job in jobs:
        with telling_how_to_go_on(job.go_on, job.out):
            runs.append(_teach(args, job))
        _tell_end(job, runs[-1].results)
    if args.no_baselines:
        return runs, []
    first = jobs[0]
    with telling_how_to_go_on(first.go_on, first.out):
        made = run_teacher_baselines(_missing(args, runs), first.suite, runs[0].samples, first.out, limit=args.limit)
    beside = [run.results for run in made]
    write_teacher_report(first.out / "report.html", runs[:1], beside)
    return runs, beside


def _teach(args: argparse.Namespace, job: _Job) -> TeacherRun:
    model: Any = _loaded_model(args, job)
    tell = teacher_progress(job.label or model.name)
    asked = Forced(model) if model.name in BASELINES else model
    return finish_teacher_forced(asked, job.suite, job.out, on_sample=tell, **_of_every_run(args, job))


def _of_every_run(args: argparse.Namespace, job: _Job) -> dict[str, Any]:
    """What a run of each kind is told."""
    return {"limit": args.limit, "resume": args.resume, "limits": _limits(args), "label": job.label}


def _refuse(args: argparse.Namespace, why: str, names: Iterable[str]) -> None:
    """Raise InputError for one of these options that was given, as it would do nothing."""
    for name, value in asked_for(args).items():
        if name in names:
            raise InputError(f"{why}, so {option(name, value)} has no meaning", hint="Leave it out")


class _Job(NamedTuple):
    """A model, or a file of answers, the suite, the run's folder, the command line that goes on with it, and the model's name in tables."""

    spec: str
    suite: Suite
    out: Path
    go_on: str
    label: str | None = None

    @property
    def answers(self) -> Path | None:
        """The file, where it is one of answers."""
        kind, _, path = self.spec.partition(":")
        return Path(path) if kind == "generations" else None


def _jobs(args: argparse.Namespace) -> list[_Job]:
    """What is to be run. Raises InputError and ModelError for all that can be told before the first model takes its time."""
    if args.resume and not args.out:
        raise InputError("--resume needs the folder of the run", hint="Give it as --out DIR")
    suite = load_suite(args.suite[0])
    _tell_left_out(suite)
    specs: list[str] = args.model or [default_model()]
    jobs: list[_Job] = []
    for label, spec in map(labelled, specs):
        name = _checked_name(args, spec)
        out = _folder(args.out, suite.name, label or name, several=len(specs) > 1)
        if (same := next((job.spec for job in jobs if job.out == out), None)) is not None:
            what = f"the model {spec} is given twice" if same == spec else f"{same} and {spec} have one folder, {out}"
            raise InputError(what, hint="Give each model once, or to a command of its own")
        if not args.resume:
            check_new(out)
        elif is_begun(out):
            _tell_versions(out)
        again = specs if args.out else [f"{label}={spec}" if label else spec]
        jobs.append(_Job(spec, suite, out, resume_command(args, again, args.out or out), label))
    return jobs


def _tell_versions(out: Path) -> None:
    """What is of another version than when the run was begun. Raises InputError where that is Python."""
    manifest = read_manifest(out)
    check_python(out, manifest)
    if different := other_versions(manifest):
        told = ", ".join(f"{name} {then or 'none'}, now {now or 'none'}" for name, (then, now) in different.items())
        print(f"cwm-trace: {out} was begun with {told}; its manifest will say so", file=sys.stderr)


def _checked_name(args: argparse.Namespace, spec: str) -> str:
    """The name of a model, or of a file of answers."""
    kind, _, path = spec.partition(":")
    if kind != "generations":
        return check_model(spec, device=args.device, dtype=args.dtype)
    if args.teacher_forced:
        raise InputError(f"{path} has answers only, no frames", hint="Leave --teacher-forced out")
    read_generations(path)
    return spec


def _loaded_model(args: argparse.Namespace, job: _Job) -> Model:
    return _within(args, load_model(job.spec, device=args.device, dtype=args.dtype))


def _within(args: argparse.Namespace, model: Model) -> Model:
    """The oracle runs programs, too: within the same limits."""
    if isinstance(model, Oracle):
        model.limits = _limits(args)
    return model


def _tell_end(job: _Job, results: Results | TeacherResults) -> None:
    """Where the run is; and what to do where the model answered nothing."""
    print(f"{results.model}: {job.out}", file=sys.stderr)
    if none_answered(results.outcomes):
        error = model_error(results.errors)
        print(f"cwm-trace: {results.model} failed on every task ({error})", file=sys.stderr)
        print(f"go on, once it answers: {job.go_on}", file=sys.stderr)


def _none_answered(args: argparse.Namespace, asked: Sequence[Results | TeacherResults]) -> bool:
    """Whether a model that was asked just now failed on every task."""
    return not args.folder and any(none_answered(item.outcomes) for item in asked)


def _tell_left_out(suite: Suite) -> None:
    if not suite.left_out:
        return
    shown = "; ".join(map(str, suite.left_out[:_LEFT_OUT_SHOWN]))
    more = "; ..., all in the run's manifest.json" if len(suite.left_out) > _LEFT_OUT_SHOWN else ""
    print(
        f"{suite.name}: {len(suite.tasks)} tasks, {len(suite.left_out)} tests left out: {shown}{more}", file=sys.stderr
    )


def _loaded(args: argparse.Namespace) -> tuple[list[FinishedRun], list[Results]]:
    """The runs of --from, and baselines that stand beside them."""
    runs = [load_run(Path(folder)) for folder in args.folder]
    beside = _beside(args, runs, load_baselines)
    return named_apart(runs, args.folder), [run.results for run in beside]


def _beside(args: argparse.Namespace, runs: Sequence[Any], load: Callable[[Path, set[str]], list[_Run]]) -> list[_Run]:
    """The baselines of the first folder that has them; none where the runs are of several suites."""
    if args.no_baselines or len({run.manifest["sha256"] for run in runs}) > 1:
        return []
    known = {run.results.model for run in runs}
    found = (load(Path(folder), known) for folder in args.folder)
    return next((baselines for baselines in found if baselines), [])


def _missing(args: argparse.Namespace, runs: Sequence[Any]) -> list[Any]:
    """The baselines that are not among these runs."""
    return [_within(args, load_model(name)) for name in BASELINES if name not in {run.results.model for run in runs}]


def _made(args: argparse.Namespace) -> tuple[list[FinishedRun], list[Results]]:
    """A run of each model, and the baselines that are not among them, run beside the first one."""
    jobs, runs = _jobs(args), []
    for job in jobs:
        with telling_how_to_go_on(job.go_on, job.out):
            runs.append(_run_one(args, job))
        _tell_end(job, runs[-1].results)
    if args.no_baselines:
        return runs, []
    first = jobs[0]
    with telling_how_to_go_on(first.go_on, first.out):
        made = run_baselines(_missing(args, runs), first.suite, runs[0].samples, first.out, limit=args.limit)
    beside = [run.results for run in made]
    write_report(first.out / "report.html", runs[:1], beside)
    return runs, beside


def _run_one(args: argparse.Namespace, job: _Job) -> FinishedRun:
    if (file := job.answers) is not None:
        tell = progress(job.label or job.spec)
        return finish_generations(file, job.suite, job.out, on_sample=tell, **_of_every_run(args, job))
    model = _loaded_model(args, job)
    return finish_run(
        model,
        job.suite,
        job.out,
        decoding=Decoding(args.temperature, args.seed, constrained=args.constrained),
        max_frames=args.max_frames,
        max_tokens=args.max_tokens,
        batch=args.batch,
        on_sample=progress(job.label or model.name),
        **_of_every_run(args, job),
    )


def _limits(args: argparse.Namespace) -> Limits:
    """Of the programs' real runs."""
    return Limits(seconds=args.timeout, frames=args.truth_frames)


def _folder(out: str | None, suite: str, model: str, *, several: bool) -> Path:
    name = re.sub(r"[^\w.-]+", "_", model)
    if out is not None:
        return Path(out) / name if several else Path(out)
    return Path("runs") / f"{time.strftime('%Y-%m-%dT%H%M%S')}-{suite}-{name}"
