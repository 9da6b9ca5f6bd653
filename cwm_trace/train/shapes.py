"""The shape of programs, in numbers: their size, what their loops do, the values they are called with, the length of their traces.

`python -m cwm_trace.train shapes` puts generated programs beside suites, so that the generator's mixture can be judged against what people
write, in general terms: nothing here keeps a program or a value.
"""

from __future__ import annotations

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.frames import Trace

Numbers = dict[str, list[float]]

_LOOPS = (ast.For, ast.While)
_BLOCKS = (*_LOOPS, ast.If, ast.With, ast.Try)
_CHANGING = frozenset(
    "append insert pop remove extend clear update add discard popitem setdefault sort reverse".split()
)
_SHARES = "share of programs"
_TEXTS = "share of texts in calls"


def program_shape(source: str) -> Iterator[tuple[str, float]]:
    """Numbers about a program's text. Raises SyntaxError."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    loops = [node for node in nodes if isinstance(node, _LOOPS)]
    yield "characters of source", len(source)
    yield "lines of source", len([line for line in source.splitlines() if line.strip()])
    yield "statements", sum(isinstance(node, ast.stmt) for node in nodes) - len(functions)
    yield "functions", len(functions)
    yield "nesting of blocks", _nesting(tree)
    if functions:
        yield "parameters", len(functions[-1].args.args)
    for name, found in _marks(nodes, functions, loops).items():
        yield f"{_SHARES}: {name}", 100.0 * bool(found)


def _nesting(node: ast.AST) -> int:
    inner = max((_nesting(child) for child in ast.iter_child_nodes(node)), default=0)
    return inner + isinstance(node, _BLOCKS)


def _marks(nodes: list[ast.AST], functions: Sequence[Any], loops: Sequence[Any]) -> dict[str, Any]:
    returns = [sum(isinstance(node, ast.Return) for node in ast.walk(function)) for function in functions]
    fors = [loop for loop in loops if isinstance(loop, ast.For)]
    heads = [ast.unparse(loop.iter) for loop in fors]
    return {
        "function f": any(function.name == "f" for function in functions),
        "several functions": len(functions) > 1,
        "a class": any(isinstance(node, ast.ClassDef) for node in nodes),
        "a docstring": any(map(ast.get_docstring, functions)),
        "an import": any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes),
        "one line in the function": len(functions) == 1 and len(functions[0].body) == 1 and len(nodes) and not loops,
        "several returns": any(count > 1 for count in returns),
        "a loop": loops,
        "loop in a loop": any(
            isinstance(node, _LOOPS) for loop in loops for node in ast.walk(loop) if node is not loop
        ),
        "for over a name": any(isinstance(loop.iter, ast.Name) for loop in fors),
        "for over range": any(head.startswith("range(") for head in heads),
        "for over enumerate": any(head.startswith("enumerate(") for head in heads),
        "for over items()": any(head.endswith(".items()") for head in heads),
        "for over another call": any(isinstance(loop.iter, ast.Call) for loop in fors),
        "while": any(isinstance(loop, ast.While) for loop in loops),
        "break or continue": any(isinstance(node, (ast.Break, ast.Continue)) for node in nodes),
        "changes what it loops over": any(map(_changes_its_own, fors)),
        "builds a text": any(_builds_text(loop) for loop in loops),
        "appends in a loop": any("append" in _methods(loop) for loop in loops),
        "a dict of counts": any(map(_counts, nodes)),
        "if": any(isinstance(node, ast.If) for node in nodes),
        "else or elif": any(isinstance(node, ast.If) and node.orelse for node in nodes),
        "try": any(isinstance(node, ast.Try) for node in nodes),
        "a comprehension": any(
            isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)) for node in nodes
        ),
        "a lambda": any(isinstance(node, ast.Lambda) for node in nodes),
        "a slice": any(isinstance(node, ast.Slice) for node in nodes),
        "sorts": any({"sort", "sorted"} & _names(node) for node in nodes),
        "formats": any(isinstance(node, ast.JoinedStr) or "format" in _names(node) for node in nodes),
        "tuple assignment": any(
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) for node in nodes
        ),
    }


def _names(node: ast.AST) -> set[str]:
    called = node.func if isinstance(node, ast.Call) else None
    return {getattr(called, "id", ""), getattr(called, "attr", "")}


def _methods(loop: ast.AST) -> set[str]:
    return set().union(*(_names(node) for node in ast.walk(loop)))


def _changes_its_own(loop: ast.For) -> bool:
    looped = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
    for node in (node for statement in loop.body for node in ast.walk(statement)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            if isinstance(node.func.value, ast.Name) and node.func.value.id in looped:
                return True
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Del, ast.Store)):
            if isinstance(node.value, ast.Name) and node.value.id in looped:
                return True
    return False


def _builds_text(loop: ast.AST) -> bool:
    added = [node for node in ast.walk(loop) if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add)]
    return any(not isinstance(node.value, ast.Constant) or isinstance(node.value.value, str) for node in added)


def _counts(node: ast.AST) -> bool:
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        return True
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and ".get(" in ast.unparse(node.value)
    )


# --- values -----------------------------------------------------------------------------------------------------------


def call_shape(call: str) -> Iterator[tuple[str, float]]:
    """Numbers about the literals in a call. Raises SyntaxError."""
    tree = ast.parse(call, mode="eval").body
    arguments = tree.args if isinstance(tree, ast.Call) else []
    yield "characters of the call", len(call)
    for argument in arguments:
        with suppress(ValueError, TypeError):
            value = ast.literal_eval(argument)
            for kind in ("str", "int", "list", "dict", "tuple", "float", "bool", "set", "NoneType"):
                yield f"share of arguments: {kind}", 100.0 * (type(value).__name__ == kind)
            yield from _value_shape(value, top=True)


def _value_shape(value: object, *, top: bool) -> Iterator[tuple[str, float]]:
    if isinstance(value, str):
        yield from _text_shape(value, "" if top else " in containers")
    elif isinstance(value, (list, tuple, dict, set)):
        items = [*value, *value.values()] if isinstance(value, dict) else list(value)
        kinds = {type(item) for item in (value.values() if isinstance(value, dict) else value)}
        yield f"length of {'dicts' if isinstance(value, dict) else 'lists'}", len(value)
        yield "share of containers: mixed types", 100.0 * (len(kinds) > 1)
        yield "share of containers: nested", 100.0 * any(isinstance(item, (list, tuple, dict)) for item in items)
        for item in items:
            yield from _value_shape(item, top=False)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield "size of numbers", abs(value)
        yield "share of numbers: negative", 100.0 * (value < 0)


def _text_shape(text: str, where: str) -> Iterator[tuple[str, float]]:
    yield f"length of texts{where}", len(text)
    if where:
        return
    for name, found in {
        "empty": not text,
        "one character": len(text) == 1,
        "upper and lower case": any(map(str.isupper, text)) and any(map(str.islower, text)),
        "digits": any(map(str.isdigit, text)),
        "spaces": " " in text,
        "line ends or tabs": any(c in text for c in "\n\t\r"),
        "punctuation": any(not c.isalnum() and not c.isspace() for c in text),
        "beyond ASCII": not text.isascii(),
    }.items():
        yield f"{_TEXTS}: {name}", 100.0 * found


# --- samples ----------------------------------------------------------------------------------------------------------


def trace_shape(trace: Trace, tokens: int) -> Iterator[tuple[str, float]]:
    """Numbers about a recorded trace."""
    yield "frames", len(trace)
    yield "tokens", tokens
    yield "characters of the trace", len(trace.render())
    yield "share of traces: raised", 100.0 * (trace.raised is not None)
    yield "deepest call", max(trace.depths(), default=0)


def collect(programs: Iterable[tuple[str, str | None, Trace | None, int]]) -> tuple[int, Numbers]:
    """How many programs there are, and all numbers about them; each comes with a call, its trace and that trace's tokens, if there are any."""
    numbers: Numbers = defaultdict(list)
    count = 0
    for source, call, trace, tokens in programs:
        with suppress(SyntaxError, InputError, RecursionError):
            found = list(program_shape(source))
            found += call_shape(call) if call else ()
            found += trace_shape(trace, tokens) if trace is not None else ()
            count += 1
            for name, number in found:
                numbers[name].append(number)
    return count, numbers


def table(columns: dict[str, tuple[int, Numbers]]) -> Iterator[str]:
    """Lines that put the samples beside each other: shares in percent, else the quartiles and the 95th percentile."""
    names = dict.fromkeys(name for _, numbers in columns.values() for name in numbers)
    yield " | ".join([f"{'':42}", *(f"{name[-24:]} (n = {count})".rjust(34) for name, (count, _) in columns.items())])
    for name in names:
        cells = [_cell(name, numbers.get(name, [])) for _, numbers in columns.values()]
        yield " | ".join([f"{name:42}", *(cell.rjust(34) for cell in cells)])


def _cell(name: str, numbers: list[float]) -> str:
    if not numbers:
        return "-"
    if name.startswith("share"):
        return f"{statistics.fmean(numbers):.1f}"
    ordered = sorted(numbers)
    return " / ".join(
        f"{ordered[min(int(part * len(ordered)), len(ordered) - 1)]:.0f}" for part in (0.25, 0.5, 0.75, 0.95)
    )
