"""CRUXEval's `generations.json`: answers without steps, written from our runs for its official scorer, and read as a run of ours.

Source: facebookresearch/cruxeval, `evaluation/evaluate_generations.py`: a dict `{"sample_0": ["answer", ...], ...}`, a list of strings for
each program; its scorer executes `assert <true output> == <answer>` for each, and wants every program of its data in the file. pass@1 is
the mean over programs of the share of right answers.

Our rules, so that both scorers agree: only Python literals are written, all else (no answer, an exception, `<object ...>`) as "", which is
wrong there, too; nothing but a literal of a model's text is ever executed. With that their pass@1 equals our `output_compatible`, for
runs over tasks whose stated outputs are right. Two differences stay, and they are theirs: an answer that contains the text `f(<input>)` is
skipped, so that its program has fewer answers; and of an answer such as `1, 2`, a tuple here, they compare the 1.

Compared on real answers: 400 of `nano` on CRUXEval's development half, 78 right by `output_compatible` and by Meta's check as
lm-evaluation-harness 0.4.13 has it (`tasks/cruxeval/utils.check_correctness`), the same ones. (That package's own task `cruxeval_output`
takes the quotes off an answer before the check, so that no text is ever right there.)
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cwm_trace.errors import CwmTraceError, InputError
from cwm_trace.eval.asserts import literal
from cwm_trace.eval.folder import check_kind, program_hash, read_manifest, run_folder, shown_name
from cwm_trace.eval.page import write_run
from cwm_trace.eval.results import FinishedRun, Results, summarise
from cwm_trace.eval.samples import ANSWER_META, Sample, judge, no_score, read_sample, read_samples
from cwm_trace.eval.suites import Suite, Task
from cwm_trace.eval.tasks import chosen_tasks, run_tasks, truth_outcome
from cwm_trace.eval.truth import TrueTrace, limits_config
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.parsing import parse
from cwm_trace.tracer.limits import Limits

Generations = dict[str, list[str]]
_ID = re.compile(r"sample_(\d+)")


# --- out --------------------------------------------------------------------------------------------------------------


def export_generations(runs: Sequence[str | Path], path: str | Path) -> Generations:
    """Write the answers of run folders over one suite, an answer of each run for each task; returns what was written.

    Tasks stand in the order of their numbers. Raises InputError where a run is teacher-forced, the runs are of different suites or tasks,
    a task is not called `sample_N`, or the file cannot be written.
    """
    folders, path = list(map(Path, runs)), Path(path)
    manifests = [read_manifest(run) for run in folders]
    for run, manifest in zip(folders, manifests, strict=True):
        check_kind(run, manifest, teacher_forced=False, hint="Export runs that were made without --teacher-forced")
    if len({manifest["sha256"] for manifest in manifests}) > 1:
        raise InputError("the runs are over different suites")
    answers = [{sample.id: answer(sample) for sample in read_samples(run)} for run in folders]
    if any(found.keys() != answers[0].keys() for found in answers):
        raise InputError("the runs have not finished the same tasks", hint="Go on with them: --resume")
    made = {name: [found[name] for found in answers] for name in sorted(answers[0], key=_number)}
    if not made:
        raise InputError(f"{runs[0]} has no finished sample")
    try:
        path.write_text(json.dumps(made) + "\n", "ascii")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror})") from None
    return made


def _number(name: str) -> int:
    found = _ID.fullmatch(name)
    if found is None:
        raise InputError(f"CRUXEval's tasks are called sample_N, not {name!r}")
    return int(found[1])


def answer(sample: Sample) -> str:
    """The predicted result if it is a literal, else "". A tuple has its parentheses: `assert x == 1, 2` would mean something else."""
    text = (sample.predicted.returned if sample.predicted else None) or ""
    try:
        body = parse(text, mode="eval").body
        return "" if literal(body) is None else f"({text})" if _is_bare(text, body) else text
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""


def _is_bare(text: str, body: ast.expr) -> bool:
    """Whether it is a tuple without parentheses: as a list, it then has the same items."""
    listed = parse(f"[{text}\n]", mode="eval").body
    return isinstance(body, ast.Tuple) and ast.dump(ast.Tuple(listed.elts)) == ast.dump(ast.Tuple(body.elts))


# --- in ---------------------------------------------------------------------------------------------------------------


def read_generations(path: str | Path) -> Generations:
    """The lists of a file, all of one length. Raises InputError."""
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    if not isinstance(found, dict) or not found:
        raise InputError(
            f"{path}: not an object of lists", hint='CRUXEval\'s form is {"sample_0": ["answer", ...], ...}'
        )
    for name, answers in found.items():
        if not isinstance(answers, list) or not answers or not all(isinstance(text, str) for text in answers):
            raise InputError(f"{path}: {name} is not a list of strings")
    lengths = {name: len(answers) for name, answers in found.items()}
    usual = next(iter(lengths.values()))
    odd = next((name for name, length in lengths.items() if length != usual), None)
    if odd is not None:
        raise InputError(f"{path}: {odd} has {lengths[odd]} answers, others have {usual}")
    return found


def score_generations(
    path: str | Path,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    on_sample: Callable[[int, int, Sample], None] | None = None,
    limits: Limits | None = None,
) -> Results:
    """Score the answers of a file as a run: each answer is a sample (`sample_0#2` is the second of several) of its program's cluster.

    So `output_pass_at_1` is their pass@1 with `repr` equality, `output_compatible` with `==`. Metrics of frames are left out, as there are
    none. The file must have exactly the suite's tasks. Raises InputError.
    """
    return finish_generations(path, suite, out, limit=limit, resume=resume, on_sample=on_sample, limits=limits).results


def finish_generations(
    path: str | Path,
    suite: Suite,
    out: str | Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    on_sample: Callable[[int, int, Sample], None] | None = None,
    limits: Limits | None = None,
    label: str | None = None,
) -> FinishedRun:
    """The same, with its samples."""
    out = Path(out)
    generations = read_generations(path)
    _check(path, generations, suite)
    whole = _with_answers(suite.tasks, generations)
    answers = None if limit is None else limit * len(whole) // len(suite.tasks)
    name = f"generations:{path}"
    config: dict[str, Any] = {"generations": program_hash(json.dumps(generations, sort_keys=True))}
    config["truth"] = limits_config(limits)
    texts = dict(zip(whole, (text for task in suite.tasks for text in generations[task.id]), strict=True))

    def make(task: Task, truth: TrueTrace) -> Sample:
        return _sample(task, truth, texts[task.id])

    with run_folder(out, name, replace(suite, tasks=tuple(whole.values())), config, resume=resume, label=label):
        tasks = chosen_tasks(list(whole.values()), answers, out)
        samples = run_tasks(tasks, out, make, read_sample, on_sample, limits=limits)
        return write_run(out, summarise(shown_name(read_manifest(out)), suite.name, samples, len(whole)), samples)


def _check(path: str | Path, generations: Generations, suite: Suite) -> None:
    known = {task.id for task in suite.tasks}
    if missing := sorted(known - generations.keys()):
        raise InputError(f"{path}: no answer to {missing[0]} of {suite.name} ({len(missing)} are missing)")
    if strange := sorted(generations.keys() - known):
        raise InputError(f"{path}: {suite.name} has no task {strange[0]} ({len(strange)} such)")


def _with_answers(tasks: Sequence[Task], generations: Mapping[str, Sequence[str]]) -> dict[str, Task]:
    """The tasks by id, one for each answer."""
    made = {}
    for task in tasks:
        count = len(generations[task.id])
        for number in range(1, count + 1):
            name = task.id if count == 1 else f"{task.id}#{number}"
            made[name] = replace(task, id=name)
    return made


def _sample(task: Task, truth: TrueTrace, text: str) -> Sample:
    try:
        actual = truth(task)
        sample = judge(task.id, _answered(actual, text.strip()), actual)
    except CwmTraceError as error:
        sample = Sample(task.id, truth_outcome(error), no_score(), error=str(error))
    return replace(sample, program=program_hash(task.source), expected=task.expected, tags=task.tags)


def _answered(actual: Trace, text: str) -> Trace:
    """The trace that has the entry's RETURN only; an empty answer has none."""
    ending = (Frame(Event.RETURN, actual.frames[-1].source, value=text),) if text else ()
    return Trace(actual.context, (*actual.frames[:1], *ending), complete=bool(text), meta=ANSWER_META)
