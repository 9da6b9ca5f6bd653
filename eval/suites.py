"""Suites: files of programs and calls, ours or a public benchmark's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.eval.benchmarks import LOADERS, LeftOut, Task, recognise, tasks_of
from cwm_trace.eval.records import Records, read_records

__all__ = ["Suite", "Task", "load_suite"]


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks of a file; `sha256` is of the file's bytes. `left_out`: records and tests of it that give no task."""

    name: str
    sha256: str
    tasks: tuple[Task, ...]
    left_out: tuple[LeftOut, ...] = ()


def load_suite(spec: str | Path) -> Suite:
    """Read a suite: a file, or a data set (`cwm_trace.eval.records` says which). Raises InputError with file and line.

    The fields of the first record tell what it is:

    - ours and CRUXEval's: `id`, `source` (or `code`), `call` (or `input`: the arguments of `f`), and perhaps `expected` (or `output`);
    - HumanEval, HumanEval+, MBPP, MBPP+, LiveCodeBench's code execution, REval: see `cwm_trace.eval.benchmarks`.

    `humaneval:SPEC`, `mbpp:SPEC`, `livecodebench:SPEC`, `reval:SPEC` and `coconut:SPEC` say it instead. In a file of ours every record
    must be usable; what cannot be used of a benchmark is in `left_out`.
    """
    name, _, rest = str(spec).partition(":")
    records = read_records(rest if name in LOADERS else str(spec))
    benchmark = name if name in LOADERS else recognise(records.rows[0].fields) if records.rows else None
    suite = _benchmark(records, benchmark) if benchmark else _own(records, str(spec))
    if len({task.id for task in suite.tasks}) < len(suite.tasks):
        raise InputError(f"{spec}: two tasks have the same id")
    if not suite.tasks:
        raise InputError(f"{spec}: no tasks", hint=f"Left out: {suite.left_out[0]}" if suite.left_out else "")
    return suite


def _benchmark(records: Records, name: str) -> Suite:
    tasks, left_out = tasks_of(records.rows, LOADERS[name])
    return Suite(records.name, records.sha256, tuple(tasks), tuple(left_out))


def _own(records: Records, spec: str) -> Suite:
    tasks = [_task(record.fields, record.where, number) for number, record in enumerate(records.rows)]
    return Suite(records.name, records.sha256, tuple(tasks))


def _task(record: dict[str, Any], where: str, number: int) -> Task:
    source, call = _text(record, where, "source", "code"), _text(record, where, "call")
    arguments = _text(record, where, "input")
    if call is None and arguments is not None:
        call = f"f({arguments})"
    if source is None or call is None:
        raise InputError(f"{where}: a task needs source (or code) and call (or input)")
    return Task(str(record.get("id", number)), source, call, _text(record, where, "expected", "output"))


def _text(record: dict[str, Any], where: str, *names: str) -> str | None:
    """The first of these keys that is there and not null."""
    name = next((name for name in names if record.get(name) is not None), None)
    if name is None:
        return None
    if not isinstance(record[name], str):
        raise InputError(f"{where}: {name} is not a string", hint="Give Python text, e.g. \"[1, 'a']\"")
    text: str = record[name]
    return text
