"""Finds where a trace starts, and writes the context; reads source text only, runs nothing."""

from __future__ import annotations

import ast
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from cwm_trace.errors import InputError
from cwm_trace.format import call_context, mark_entry, marked_line, source_lines, strip_mark
from cwm_trace.parsing import parse

ENTRY_NAME = "main"
_NO_CALL = "Leave the call out where the script calls its main itself, else give the function another name"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a trace starts.

    Attributes:
        context: the source text with the START_OF_TRACE mark, as a model is given it.
        source: the text that is executed (the context without the mark).
        line: 1-based line of the entry's `def`; None = the module body.
        first_line: the source line of the entry's first CALL frame.
        has_parameters: whether the entry takes arguments, so that its first frame cannot be known without running.
        is_call: whether `context` is a `call_context`, whose `main` nobody calls.
    """

    context: str
    source: str
    line: int | None
    first_line: str
    has_parameters: bool
    is_call: bool


def with_line_feeds(source: str) -> str:
    """A source text whose lines end as Python reads them: `\\r\\n` and `\\r` are line ends, too, and what `linecache` shows has none of them."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def parse_source(source: str, filename: str = "<source>") -> ast.Module:
    """The syntax tree of what the compiler accepts. Raises InputError with file and line."""
    try:
        with warnings.catch_warnings(action="ignore"):  # the child process shows them, when it compiles the program
            tree: ast.Module = parse(source, filename)
            compile(tree, filename, "exec", dont_inherit=True)
            return tree
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{filename}:{line}" if line else filename
        raise InputError(f"{where}: {getattr(error, 'msg', error)}", hint="Only valid Python can be traced") from None
    except (RecursionError, MemoryError):  # what the parser and the compiler say of expressions nested too deeply
        raise InputError(f"{filename}: nested too deeply for the compiler") from None


def call_entry(source: str, call: str, filename: str = "<source>") -> Entry:
    """The entry of CWM's published prompts: `main` returns the call. Raises InputError."""
    source = unmarked(with_line_feeds(source))
    parse_source(source, filename)
    try:
        tree = parse(call.strip(), "<call>", "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"not an expression: {call!r}", hint="Give a call like \"f('a', 1)\"") from None
    if _has_call(tree):  # CWM's form has a `main` of its own, which would call itself for ever
        raise InputError(f"{call.strip()!r} calls `main`, as the function that makes the call is called", hint=_NO_CALL)
    context = call_context(source, call.strip())
    line = marked_line_last(context)
    return Entry(context, unmarked(context), line, "def main():\n", False, True)


def context_entry(context: str, filename: str = "<source>") -> Entry:
    """The entry of a context that already carries the mark, as models are given it. Raises InputError."""
    context = with_line_feeds(context)
    line = marked_line_last(context)
    if line is None:
        raise InputError("no line of the context carries the mark '# << START_OF_TRACE'")
    source = unmarked(context)
    tree = parse_source(source, filename)
    function = _function_at(tree, line)
    first = source_lines(source)[line - 1]
    if function is None or _stands_for_module(function, tree):
        return Entry(context, source, None, source_lines(source)[0], False, False)
    # The `main` of a call context comes last, whatever `main` the program itself has and calls before.
    is_call = function.name == ENTRY_NAME and (function is tree.body[-1] or not _calls_main(tree))
    return Entry(context, source, line, first, _takes_arguments(function), is_call)


def script_entry(source: str, filename: str = "<source>") -> Entry:
    """The entry of a script: the marked line, else a top-level `main` that it calls, else the module body. Raises InputError."""
    source = with_line_feeds(source)
    tree = parse_source(source, filename)
    if marked_line(source) is not None:
        return context_entry(source, filename)
    function = next((n for n in reversed(tree.body) if isinstance(n, _FUNCTIONS) and n.name == ENTRY_NAME), None)
    if function is not None and _calls_main(tree):
        first = source_lines(source)[function.lineno - 1]
        context = mark_entry(source, function.lineno)
        return Entry(context, source, function.lineno, first, _takes_arguments(function), False)
    if not tree.body:
        raise InputError(f"{filename}: nothing to trace (no statement)")
    context = mark_entry(source, _module_mark(source, tree))
    return Entry(context, source, None, source_lines(source)[0], False, False)


def _module_mark(source: str, tree: ast.Module) -> int:
    """The line that takes the mark of a module body: its first statement, but not a `def`, where the mark means that function, and one over
    several lines only if there are no others and its first line takes a comment; if nothing is left, the first all the same."""
    plain = [each for each in tree.body if not isinstance(each, (*_FUNCTIONS, ast.ClassDef))]
    whole = (each.lineno for each in plain if each.lineno == each.end_lineno)
    parts = (each.lineno for each in plain if _takes_comment(source, tree, each.lineno))
    return next(itertools.chain(whole, parts), tree.body[0].lineno)


def _stands_for_module(function: _AnyFunction, tree: ast.Module) -> bool:
    """Whether the mark at a function is that of the module, which has no better line for it: nothing there calls the function."""
    has_others = any(not isinstance(each, (*_FUNCTIONS, ast.ClassDef)) for each in tree.body)
    return function is tree.body[0] and _takes_arguments(function) and not has_others


def _takes_comment(source: str, tree: ast.Module, line: int) -> bool:
    """Whether a line may end in the mark: not inside a string, or before a line that it goes on with."""
    try:
        return ast.dump(parse(mark_entry(source, line))) == ast.dump(tree)
    except SyntaxError:
        return False


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def _function_at(tree: ast.Module, line: int) -> _AnyFunction | None:
    return next((n for n in ast.walk(tree) if isinstance(n, _FUNCTIONS) and n.lineno == line), None)


def _takes_arguments(function: _AnyFunction) -> bool:
    arguments = function.args
    return bool(arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg or arguments.kwarg)


def _calls_main(tree: ast.Module) -> bool:
    """Whether a statement of the module itself (not of a function in it) calls `main(...)`."""
    return any(_has_call(statement) for statement in tree.body)


def _has_call(node: ast.AST) -> bool:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == ENTRY_NAME:
        return True
    return any(map(_has_call, ast.iter_child_nodes(node)))


def unmarked(context: str) -> str:
    """The context without its (last) mark: what is executed."""
    lines = source_lines(context)
    line = marked_line_last(context)
    if line is not None:
        lines[line - 1] = strip_mark(lines[line - 1])
    return "".join(lines)


def marked_line_last(context: str) -> int | None:
    """The last line that carries the mark: a `call_context` puts its own after everything the program says."""
    lines = source_lines(context)
    return next((n for n in range(len(lines), 0, -1) if strip_mark(lines[n - 1]) != lines[n - 1]), None)


def definition_name(line: str) -> str:
    """The name of the function whose `def` this line is; "" if it is none."""
    words = line.removeprefix("async ").split("(")[0].split()
    return words[1] if len(words) == 2 and words[0] == "def" else ""


def definition_line(lines: Sequence[str], first: int) -> int:
    """The 1-based line of the `def` of a function that begins at line `first`: decorators come before it. `first` if there is none."""
    later = range(first, len(lines) + 1)
    return next((n for n in later if lines[n - 1].lstrip().startswith(("def ", "async def "))), first)
