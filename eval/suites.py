"""Suites: JSON-lines files of programs and calls."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError


@dataclass(frozen=True, slots=True)
class Task:
    """One program and one call of it.

    Attributes:
        id: unique in its suite.
        source: the program.
        call: the expression to trace, e.g. `f('a', 1)`.
        expected: the rendered result that the suite states, or None.
    """

    id: str
    source: str
    call: str
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks of a file; `sha256` is of the file's bytes."""

    name: str
    sha256: str
    tasks: tuple[Task, ...]


def load_suite(path: str | Path) -> Suite:
    """Read a suite: one JSON object a line. Raises InputError with file and line.

    Keys: `id`, `source` (or `code`), `call` (or `input`: the arguments of `f`), and perhaps `expected` (or `output`). CRUXEval's
    files are such.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read suite {path} ({error.strerror})", hint="A suite is a .jsonl file") from None
    tasks: list[Task] = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
        if line.strip():
            tasks.append(_task(line, f"{path}:{number}", len(tasks)))
    if len({task.id for task in tasks}) < len(tasks):
        raise InputError(f"{path}: two tasks have the same id")
    if not tasks:
        raise InputError(f"{path}: no tasks")
    return Suite(file.stem, hashlib.sha256(data).hexdigest(), tuple(tasks))


def _task(line: str, where: str, number: int) -> Task:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error})") from None
    if not isinstance(record, dict):
        raise InputError(f"{where}: not a JSON object")
    source, call = _text(record, "source", "code"), _text(record, "call")
    arguments = _text(record, "input")
    if call is None and arguments is not None:
        call = f"f({arguments})"
    if source is None or call is None:
        raise InputError(f"{where}: a task needs source (or code) and call (or input)")
    return Task(str(record.get("id", number)), source, call, _text(record, "expected", "output"))


def _text(record: dict[str, Any], *names: str) -> str | None:
    return next((record[name] for name in names if isinstance(record.get(name), str)), None)
