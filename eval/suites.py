"""Suites: JSON-lines files of programs and calls."""

from __future__ import annotations

import codecs
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
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if line.strip():
            tasks.append(_task(line, f"{path}:{number}", len(tasks)))
    if len({task.id for task in tasks}) < len(tasks):
        raise InputError(f"{path}: two tasks have the same id")
    if not tasks:
        raise InputError(f"{path}: no tasks")
    return Suite(file.stem, hashlib.sha256(data).hexdigest(), tuple(tasks))


def _task(line: bytes, where: str, number: int) -> Task:
    try:
        record = json.loads(line.decode())
    except ValueError as error:  # UnicodeDecodeError is one
        raise InputError(f"{where}: not JSON ({error})") from None
    if not isinstance(record, dict):
        raise InputError(f"{where}: not a JSON object")
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
