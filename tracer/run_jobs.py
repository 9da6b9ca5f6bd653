"""What to run: a script, a module, code, a call, a marked context, each made into a job for the child process.

Reads source text, and executes nothing: not even the packages around a module.
"""

from __future__ import annotations

import os
import sys
import tokenize
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from io import BytesIO
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.prompts import Start
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import Entry, call_entry, context_entry, script_entry, with_line_feeds
from cwm_trace.tracer.inprocess import FILENAME, module_name
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.track import CHILD_SETTINGS, Settings

STDIN = "-"
"""Standard input in place of a script, as for python."""
_PYTHON = ".".join(map(str, sys.version_info[:3]))


@dataclass(slots=True)
class Job:
    """All that the child needs to know, as JSON.

    Attributes:
        entry: what is executed, and where its trace starts.
        kind: `script`, `module` (`-m`) or `code` (`-c`, and source text).
        argv: the program's `sys.argv`.
        command: what plain python's command line would be after `python`.
        name: the program's `__name__`.
        folder: the program's `sys.path[0]`; None = none, for source text.
        file: its absolute path, where it has one.
        directory: where it runs; None: where we are, or, of `GroundTruth`, in an empty one of its own.
        display: its file name in tracebacks, where it has no path.
        title: how the trace is named.
        stdin: all of its standard input, where `Run` is not given another.
    """

    entry: Entry
    kind: str = "code"
    argv: list[str] = field(default_factory=lambda: [""])
    command: list[str] = field(default_factory=list)
    name: str = "__main__"
    folder: str | None = None
    file: str | None = None
    directory: str | None = None
    display: str = FILENAME
    module: str = ""
    title: str = FILENAME
    limits: Limits = field(default_factory=Limits)
    settings: Settings = CHILD_SETTINGS
    stdin: str = ""

    @property
    def typed(self) -> bytes:
        """Its standard input as bytes."""
        return self.stdin.encode("utf-8", "surrogateescape")

    def record(self, out: str) -> dict[str, Any]:
        """For the child; `out` is the file that its frames go to."""
        return {**asdict(self), "out": out}

    def trace(self, steps: Sequence[Step], status: Status, end: str = "", **facts: str) -> Trace:
        """The trace of a run that ended so; `facts` are more of its `meta`, where they are not empty."""
        facts = {name: fact for name, fact in {"end": end, **facts}.items() if fact}
        meta = {"name": self.title, "python": _PYTHON} | differs(self.entry.source) | facts
        return Trace(self.entry.context, tuple(steps), status is Status.COMPLETE, status, meta)


def script_job(path: str | Path, arguments: Sequence[str] = (), *, source: str | None = None, **options: Any) -> Job:
    """A script with arguments, as `python path args...`. `source`: its text, where that has been read. Raises InputError."""
    entry = script_entry(read_source(path) if source is None else source, file_name(path))
    argv = [str(path), *arguments]
    return Job(entry, "script", argv, argv, title=file_name(path), **_place(path), **options)


def function_job(
    path: str | Path, call: str, arguments: Sequence[str] = (), *, source: str | None = None, **options: Any
) -> Job:
    """A call of a function of a script, which does not run its own main part; else as for `script_job`. Raises InputError."""
    entry = call_entry(read_source(path) if source is None else source, call, file_name(path))
    argv = [str(path), *arguments]
    title = f"{file_name(path)}: {call}"
    return Job(entry, "script", argv, argv, name=module_name(entry), title=title, **_place(path), **options)


def file_name(path: str | Path) -> str:
    """What a script is called, which standard input may be."""
    return "<stdin>" if str(path) == STDIN else str(path)


def _place(path: str | Path) -> dict[str, Any]:
    # As plain python: the folder is that of the file itself, the name is absolute but as given; standard input has none.
    if str(path) == STDIN:
        return {"folder": "", "display": file_name(path)}
    return {"folder": str(Path(path).resolve().parent), "file": os.path.join(os.getcwd(), path)}


def module_job(name: str, arguments: Sequence[str] = (), **options: Any) -> Job:
    """A module, as `python -m name args...`. Raises InputError."""
    spec = find_module(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(f"no module named {name!r} with Python source", hint="Run it where python -m would find it")
    entry = script_entry(read_source(spec.origin), spec.origin)
    argv, command = ["-m", *arguments], ["-m", name, *arguments]
    place = {"folder": os.getcwd(), "file": spec.origin, "title": name, **options}
    return Job(entry, "module", argv, command, module=name, **place)


def find_module(name: str) -> ModuleSpec | None:
    """Where `python -m name` would find its source, without importing the packages around it."""
    path: list[str] | None = [os.getcwd(), *sys.path]
    spec = None
    for part in name.split("."):
        spec = None if path is None else PathFinder.find_spec(part, path)
        path = (
            None if spec is None or spec.submodule_search_locations is None else list(spec.submodule_search_locations)
        )
    if spec is not None and path is not None:
        return PathFinder.find_spec("__main__", path)
    return spec


def code_job(code: str, arguments: Sequence[str] = (), **options: Any) -> Job:
    """Source text, as `python -c code args...`. Raises InputError."""
    entry = script_entry(code, "<string>")
    argv, command = ["-c", *arguments], ["-c", code, *arguments]
    return Job(entry, "code", argv, command, folder="", display="<string>", title="<string>", **options)


def source_job(source: str, call: str | None = None, **options: Any) -> Job:
    """Source text, with a call or with an entry of its own. Raises InputError."""
    entry = script_entry(source) if call is None else call_entry(source, call)
    return Job(entry, name=module_name(entry), **options)


def context_job(context: str, **options: Any) -> Job:
    """A context that carries the mark, as models are given it. Raises InputError."""
    entry = context_entry(context)
    return Job(entry, name=module_name(entry), **options)


def started_job(context: str, start: Start, *, directory: str | None = None, **options: Any) -> Job:
    """The same, started as a prompt says: where it has a file, with what lies beside that, in its working
    directory, or, where that is gone, in ours."""
    argv, place = [start.path, *start.arguments], dict[str, Any]()
    if start.path:
        directory = directory or (start.folder if os.path.isdir(start.folder) else os.getcwd())
        place = {"kind": "script", "command": argv, **_place(start.path)}
    return context_job(context, argv=argv, stdin=start.stdin or "", directory=directory, **place, **options)


def read_source(path: str | Path) -> str:
    """The text of a Python file, or of standard input, decoded as Python decodes it, its line ends, too. Raises InputError."""
    try:
        with open(0 if str(path) == STDIN else path, "rb", closefd=str(path) != STDIN) as file:
            data = file.read()  # once: a pipe has no more
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        return with_line_feeds(data.decode(encoding))
    except OSError as error:
        hint = "Run a package by its name: -m NAME" if os.path.isdir(path) else ""
        raise InputError(f"cannot read {path} ({error.strerror})", hint=hint) from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(f"{file_name(path)} is not Python source ({error})") from None
