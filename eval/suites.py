"""Suites: files of programs and calls, bundled, a user's own, or a public benchmark's."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.eval.benchmarks import LOADERS, LeftOut, Placed, Task, call_of, recognise, tasks_of
from cwm_trace.eval.records import Record, Records, field_names, present, read_records, together
from cwm_trace.eval.unbound import unbound_names
from cwm_trace.tracer.entry import context_entry, script_entry

__all__ = ["BUNDLED", "Suite", "Task", "bundled_path", "load_suite", "suite_programs"]

BUNDLED = {
    "real": "small programs as people write them, written for this project",
    "in-distribution": "programs of the training data's generator, of seeds never trained on",
    "longer": "the same kind on longer arguments: traces of 161 to 400 frames (training: up to 160)",
    "deeper": "functions that call each other 5 to 8 deep",
    "renamed": "the generator's programs under names that it never makes",
    "unseen-operations": "operations that the generator never writes",
    "bigger-values": "the generator's programs on numbers of 5 to 9 digits and texts of 60 characters and more",
}
"""The suites that come in the package, by name; all but `real` are made by `python -m cwm_trace.train suite NAME`."""
_SHOWN = 60  # characters of a call, in messages


def bundled_path(name: str) -> Path:
    """The file of a bundled suite."""
    return Path(__file__).with_name("bundled") / f"{name}.jsonl"


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks of a file; `sha256` is of the file's bytes. `left_out`: records and tests of it that give no task."""

    name: str
    sha256: str
    tasks: tuple[Task, ...]
    left_out: tuple[LeftOut, ...] = ()


def load_suite(spec: str | Path) -> Suite:
    """Read a suite: a bundled one by its name, a file, or a data set (`cwm_trace.eval.records`). Raises InputError with file and line.

    The fields of the first record tell what it is:

    - ours and CRUXEval's: `id`, `source` (or `code`), `call` (or `input`: the arguments of `f`, or of the function that
      `entry_point` or `function_name` names), and perhaps `expected` (or `output`), `licence`, `tags`; a `source` without `call` and
      `input` is a script, which may have `arguments` (a list of texts) and `stdin`;
    - HumanEval, HumanEval+, MBPP, MBPP+, LiveCodeBench's code execution, REval: see `cwm_trace.eval.benchmarks`.

    `humaneval:SPEC`, `mbpp:SPEC`, `livecodebench:SPEC`, `reval:SPEC` and `coconut:SPEC` say it instead. In a file of ours every record
    must be usable; what cannot be used of a benchmark is in `left_out`. A call that names what its program does not have is not usable.
    """
    records, benchmark = _records(str(spec))
    if benchmark is None and records.rows:
        benchmark = recognise(records.rows[0].fields)
    found, left_out = _benchmark(records, benchmark, str(spec)) if benchmark else (_own(records, str(spec)), [])
    _check_ids(found, str(spec))
    if not found:
        raise InputError(f"{spec}: no tasks", hint=f"Left out: {left_out[0]}" if left_out else "")
    return Suite(records.name, records.sha256, tuple(placed.task for placed in found), tuple(left_out))


def _check_ids(found: Sequence[Placed], spec: str) -> None:
    """Raises InputError where two tasks have the same id."""
    places: dict[str, list[str]] = {}
    for task, where in found:
        places.setdefault(task.id, []).append(where)
    twice = [name for name, known in places.items() if len(known) > 1]
    if twice:
        first, second, *_ = places[twice[0]]
        others = f"; and {len(twice) - 1} more ids" if len(twice) > 1 else ""
        raise InputError(f"{spec}: two tasks have the same id, {twice[0]!r} ({first} and {second}){others}")


def suite_programs(spec: str | Path) -> list[str]:
    """The program of every record of a suite, also of those that give no task. Raises InputError."""
    records = _records(str(spec))[0]
    _check(records.broken, str(spec))
    return [_program(record) for record in records.rows]


def _program(record: Record) -> str:
    fields = record.fields
    name = present(fields, "source", "code", "program")
    text = None if name is None else fields[name]
    if text is None and isinstance(fields.get("prompt"), str):
        text = fields["prompt"] + str(fields.get("canonical_solution") or "")
    if not isinstance(text, str):
        raise InputError(f"{record.where}: no program (source, code, or prompt and canonical_solution)")
    return text


def _records(spec: str) -> tuple[Records, str | None]:
    """The records of a suite, and the benchmark that its name says it is."""
    name, _, rest = spec.partition(":")
    if spec in BUNDLED:
        return read_records(str(bundled_path(spec))), None
    near = [] if Path(spec).exists() or set(spec) & set("/.:") else difflib.get_close_matches(spec, BUNDLED, 1)
    if near:
        raise InputError(f"no suite is called {spec!r}", hint=f"Did you mean {near[0]}?")
    return (read_records(rest), name) if name in LOADERS else (read_records(spec), None)


def _check(wrong: Sequence[InputError], spec: str) -> None:
    """Raises InputError for what is wrong with a file, if anything is."""
    if wrong:
        raise together(wrong, spec)


def _benchmark(records: Records, name: str, spec: str) -> tuple[list[Placed], list[LeftOut]]:
    _check(records.broken, spec)
    return tasks_of(records.rows, LOADERS[name])


def _own(records: Records, spec: str) -> list[Placed]:
    found, wrong = [], list(records.broken)
    for number, record in enumerate(records.rows):
        try:
            found.append(Placed(_task(record.fields, record.where, number), record.where))
        except InputError as error:
            wrong.append(error)
    _check(wrong, spec)
    return found


def _task(record: dict[str, Any], where: str, number: int) -> Task:
    source, call = _text(record, where, "source", "code"), _own_call(record, where)
    # `code` without a call is of a benchmark that is not known here.
    script = call is None and present(record, "source") is not None
    if source is None or (call is None and not script):
        message = f"{where}: a task needs source, or code and call (or input); its fields: {field_names(record)}"
        raise InputError(
            message, hint=f"A benchmark's file can be named: {', '.join(f'{name}:FILE' for name in LOADERS)}"
        )
    if call is None:
        _check_script(source, f"{where}: source")
    elif unknown := unbound_names(source, call):
        raise InputError(
            f"{where}: the call {call[:_SHOWN]!r} calls {', '.join(unknown)}, which the program does not have"
        )
    expected, licence = _text(record, where, "expected", "output"), _text(record, where, "licence", "license") or ""
    tags, words = _texts(record, where, "tags"), _texts(record, where, "arguments")
    stdin = _text(record, where, "stdin") or ""
    return Task(str(record.get("id", number)), source, call, expected, licence, tags, words, stdin)


def _own_call(record: dict[str, Any], where: str) -> str | None:
    """The call as it is given, or that of `f`, or of the function that is named, with `input`; None where there is neither."""
    call, arguments = _text(record, where, "call"), _text(record, where, "input")
    if call is not None and not call.strip():
        raise InputError(f"{where}: the call is empty", hint="Leave it out where the program is a script")
    if call is not None or arguments is None:
        return call
    entry = _text(record, where, "entry_point", "function_name")
    if entry is None:
        return f"f({arguments})"
    if not entry.isidentifier():
        raise InputError(f"{where}: {entry!r} is not the name of a function", hint="Give the whole call as `call`")
    return call_of(entry, arguments) or f"{entry}({arguments})"


def _check_script(source: str, where: str) -> None:
    """Raises InputError where a script has no entry, or its context would be read as one with another entry."""
    entry = script_entry(source, where)
    if context_entry(entry.context, where).line != entry.line:
        raise InputError(f"{where}: nothing runs at the script's top level but definitions", hint="Give it a call")


def _texts(record: dict[str, Any], where: str, name: str) -> tuple[str, ...]:
    texts = record.get(name) or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where}: {name} is not a list of strings")
    return tuple(texts)


def _text(record: dict[str, Any], where: str, *names: str) -> str | None:
    """The first of these keys that is there and not null."""
    name = present(record, *names)
    if name is None:
        return None
    if not isinstance(record[name], str):
        raise InputError(f"{where}: {name} is not a string", hint="Give Python text, e.g. \"[1, 'a']\"")
    text: str = record[name]
    return text
