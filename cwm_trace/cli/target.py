"""What a command line names: a script, or a function in one with a call."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass

from cwm_trace.errors import InputError
from cwm_trace.format import START_MARK
from cwm_trace.frames import Trace
from cwm_trace.prompts import call_prompt, lying_at, script_prompt
from cwm_trace.tracer.entry import parse_source
from cwm_trace.tracer.run import read_source


@dataclass(frozen=True, slots=True)
class Target:
    """A script's path and source, and the call if one is to be traced.

    `offset` is what lies before the script's first line in the context: subtract it from line numbers.
    """

    path: str
    source: str
    call: str | None

    @property
    def offset(self) -> int:
        """1 in a call context, which begins with an empty line."""
        return 0 if self.call is None else 1

    @property
    def title(self) -> str:
        """For the first line of the output."""
        return self.call or self.path

    def prompt(self) -> Trace:
        """What a model is given. Raises InputError."""
        if self.call is None:
            return lying_at(script_prompt(self.source, self.path), self.path)
        return lying_at(call_prompt(self.source, self.call, self.path), self.path)

    @property
    def note(self) -> str | None:
        """What somebody who named a script of functions only should know: none of them is called."""
        if self.call is not None or START_MARK in self.source:
            return None
        body = parse_source(self.source, self.path).body
        functions = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if not functions or any(
            isinstance(node, (ast.Expr, ast.For, ast.While, ast.If, ast.With)) for node in body[1:]
        ):
            return None
        target = f"{self.path}::{functions[-1]} --call \"{functions[-1]}(...)\""
        return f"note: {self.path} calls none of its functions, the trace is of its top level; for a call: {target}"


def parse_target(text: str, call: str | None) -> Target:
    """Read `SCRIPT` or `SCRIPT::FUNC` and `--call`. Raises InputError."""
    path, _, function = text.partition("::")
    source = read_source(path)
    if function:
        _check_function(source, path, function)
        if call is None:
            raise InputError(f"{text} needs its arguments", hint=f'Give them as --call "{function}(...)"')
        if not re.search(rf"\b{re.escape(function)}\b", call):
            raise InputError(f"the call {call!r} is not one of {function}", hint=f'Give --call "{function}(...)"')
    return Target(path, source, call)


def _check_function(source: str, path: str, function: str) -> None:
    tree = parse_source(source, path)
    names = [
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    ]
    if function not in names:
        close = difflib.get_close_matches(function, names, 1)
        known = f"Did you mean {close[0]}?" if close else f"It has: {', '.join(names) or 'none'}"
        raise InputError(f"{path} has no function {function!r}", hint=known)
