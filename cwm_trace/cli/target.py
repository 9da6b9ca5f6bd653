"""What a command line names: a script, or a function in one with a call."""

from __future__ import annotations

import ast
import difflib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.format import START_MARK
from cwm_trace.frames import Trace
from cwm_trace.lying import take_note
from cwm_trace.prompts import Start, call_prompt, script_prompt, started
from cwm_trace.tracer.entry import definition_name, parse_source, script_entry
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run_jobs import STDIN, Job, file_name, function_job, read_source, script_job

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Defined = _Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Target:
    """A script's path and source, and the call if one is to be traced. The path - is standard input, which is read by now.

    `offset` is what lies before the script's first line in the context: subtract it from line numbers.

    `arguments` are the script's own, `stdin` all that it is given on standard input; None: that is not said.
    """

    path: str
    source: str
    call: str | None
    arguments: tuple[str, ...] = ()
    stdin: str | None = None

    @property
    def file(self) -> str:
        """What the script is called."""
        return file_name(self.path)

    @property
    def offset(self) -> int:
        """1 in a call context, which begins with an empty line."""
        return 0 if self.call is None else 1

    @property
    def title(self) -> str:
        """For the first line of the output."""
        return self.call or self.file

    def prompt(self) -> Trace:
        """What a model is given. Raises InputError."""
        if self.call is None:
            prompt = script_prompt(self.source, self.file)
        else:
            prompt = call_prompt(self.source, self.call, self.file)
        path, folder = "" if self.path == STDIN else self.path, os.getcwd()
        take_note(folder)  # before anything runs there
        return started(prompt, Start(path, self.arguments, self.stdin, folder))

    def job(self, limits: Limits) -> Job:
        """Its real run."""
        given: dict[str, Any] = {"source": self.source, "limits": limits, "stdin": self.stdin or ""}
        if self.call is None:
            return script_job(self.path, self.arguments, **given)
        return function_job(self.path, self.call, self.arguments, **given)

    @property
    def reads_stdin(self) -> bool:
        """Whether it names `input` or `sys.stdin`."""
        return any(map(_is_stdin, ast.walk(parse_source(self.source, self.file))))

    @property
    def strangers(self) -> list[str]:
        """The modules that it imports and that are neither Python's nor beside it, which a model that reads programs has no text of."""
        folder = None if self.path == STDIN else Path(self.path).parent
        names = _imported(parse_source(self.source, self.file)) - sys.stdlib_module_names
        return sorted(name for name in names if folder is None or not _lies_in(folder, name))

    @property
    def note(self) -> str | None:
        """What somebody who named a script of functions only should know: none of them is called."""
        if self.call is not None or START_MARK in self.source:
            return None
        body = parse_source(self.source, self.file).body
        functions = [node for node in body if isinstance(node, _Function)]
        if not functions or any(
            isinstance(node, (ast.Expr, ast.For, ast.While, ast.If, ast.With)) for node in body[1:]
        ):
            return None
        last = functions[-1]
        call = "" if _plain_call(last.name, last) else f' --call "{last.name}(...)"'
        target = f"{self.path}::{last.name}{call}"
        return f"note: {self.file} calls none of its functions, the trace is of its top level; for a call: {target}"


def _imported(tree: ast.Module) -> set[str]:
    """The first names of what a program imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _is_stdin(node: ast.AST) -> bool:
    named = isinstance(node, ast.Name) and node.id == "input" and isinstance(node.ctx, ast.Load)
    return named or isinstance(node, ast.Attribute) and node.attr == "stdin"


def _lies_in(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


def parse_target(text: str, call: str | None, arguments: Sequence[str] = (), stdin: str | None = None) -> Target:
    """Read `SCRIPT` or `SCRIPT::FUNC` and `--call`, which a function that needs no arguments can do without. Raises InputError.

    `stdin`: the file that has its standard input, - for ours."""
    target = _target(text, call)
    if stdin == STDIN == target.path:
        raise InputError("the program is standard input, so it can read none", hint="Save it, and give the file")
    return replace(target, arguments=tuple(arguments), stdin=None if stdin is None else _input(stdin))


def _input(path: str) -> str:
    try:
        return sys.stdin.read() if path == STDIN else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason} at byte {error.start})") from None


def _target(text: str, call: str | None) -> Target:
    path, _, function = text.partition("::")
    _refuse_folder(path)
    source = read_source(path)
    if not function:
        return Target(path, source, call)
    known = dict(_definitions(parse_source(source, file_name(path))))
    name = _named(file_name(path), function, known)
    if call is not None:
        _check_call(name, call, known)
    elif not _is_entry(function, source, path):
        call = _plain_call(name, known[name])
        if call is None:
            what = "its arguments" if isinstance(known[name], ast.FunctionDef) else "a call"
            raise InputError(f"{text} needs {what}", hint=f'Give --call "{_shape(name, known)}"')
    return Target(path, source, call)


def _is_entry(function: str, source: str, path: str) -> bool:
    """Whether a script calls this function itself, and is traced from there."""
    entry = script_entry(source, file_name(path))
    return entry.line is not None and definition_name(entry.first_line) == function


def _refuse_folder(path: str) -> None:
    if os.path.isdir(path):
        main = os.path.join(path, "__main__.py")
        hint = f"Give {main}" if os.path.isfile(main) else "Give a Python file in it"
        raise InputError(f"{path} is a folder", hint=hint)


def _definitions(node: ast.AST, within: str = "") -> Iterator[tuple[str, _Defined]]:
    """The functions and classes that a call can name, with methods as `Class.method`; not what is inside of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Defined):
            yield within + child.name, child
        if isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{within}{child.name}.")
        elif not isinstance(child, _Function):
            yield from _definitions(child, within)


def _named(path: str, function: str, known: Mapping[str, _Defined]) -> str:
    """The qualified name of a function, or of a method that may be named without its class. Raises InputError."""
    name = function if function in known else next((name for name in known if name.endswith(f".{function}")), None)
    if name is None:
        close = difflib.get_close_matches(function, known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"It has: {', '.join(known) or 'none'}"
        raise InputError(f"{path} has no function {function!r}", hint=hint)
    return name


def _check_call(name: str, call: str, known: Mapping[str, _Defined]) -> None:
    """Raises InputError for a call in which the function's name does not stand; those of `__add__` and its kind never do."""
    last = name.rpartition(".")[2]
    if not last.startswith("__") and not re.search(rf"\b{re.escape(last)}\b", call):
        raise InputError(f"the call {call!r} does not call {name}", hint=f'Give --call "{_shape(name, known)}"')


def _plain_call(name: str, node: _Defined) -> str | None:
    """The call of a function that needs no arguments; None of others, and of what such a call would not run."""
    if not isinstance(node, ast.FunctionDef) or ("." in name and not _bound_to(node)):
        return None
    arguments = node.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    needed += sum(default is None for default in arguments.kw_defaults) - (_bound_to(node) == "classmethod")
    return None if needed > 0 else f"{name}()"


def _bound_to(node: _Defined) -> str:
    """Which decorator has a method called without an object of its class; "" if none has."""
    names = [part.id for part in node.decorator_list if isinstance(part, ast.Name)]
    return next((name for name in names if name in ("classmethod", "staticmethod")), "")


def _shape(name: str, known: Mapping[str, _Defined]) -> str:
    """What a call of it looks like: of a method, one of an object of its class."""
    owner, _, method = name.rpartition(".")
    is_method = owner and isinstance(known[name], _Function) and not _bound_to(known[name])
    return f"{owner}(...).{method}(...)" if is_method else f"{name}(...)"
