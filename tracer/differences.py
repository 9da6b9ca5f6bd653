"""What of a program's text this interpreter tells in another way than CPython 3.11, the format's reference, so that records say it.

Knows syntax only. Two more differences show in no text: from 3.12 on a generator that is closed before its start is not entered, and from
3.14 on the locals of a frame are released last first, which orders the calls of finalisers. Error messages change with every version.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cwm_trace.tracer.comprehensions import needs_its_function
from cwm_trace.tracer.marks import is_computed

_INLINED = (ast.ListComp, ast.SetComp, ast.DictComp)
_COMPREHENSIONS = (*_INLINED, ast.GeneratorExp)
_RUNS_CODE = (ast.Call, ast.Await, ast.NamedExpr, ast.Attribute, ast.Subscript, ast.BinOp)


@dataclass(frozen=True, slots=True)
class Difference:
    """A construct whose frames are others on later interpreters.

    Attributes:
        name: in the words of the record.
        since: the first version that differs.
        golden: the program of tests/golden that shows it.
        found: whether a node of the syntax tree is one.
    """

    name: str
    since: tuple[int, int]
    golden: str
    found: Callable[[ast.AST], bool]


def _stays_inlined(node: ast.AST) -> bool:
    return isinstance(node, _INLINED) and needs_its_function(node)


def _conditional_condition(node: ast.AST) -> bool:
    if not isinstance(node, _COMPREHENSIONS):
        return False
    parts = (inner for part in node.generators for condition in part.ifs for inner in ast.walk(condition))
    return any(isinstance(part, ast.IfExp) and part.lineno != part.end_lineno for part in parts)


def _constant_in_condition(node: ast.AST) -> bool:
    if not isinstance(node, ast.If | ast.While | ast.Assert | ast.IfExp) or node.test.lineno == node.test.end_lineno:
        return False
    parts = [inner for part in ast.walk(node.test) if isinstance(part, ast.BoolOp) for inner in part.values]
    return any(map(is_computed, parts))


def _several_lines(nodes: Iterable[ast.expr | ast.pattern]) -> bool:
    lines = [line for node in nodes for line in (node.lineno, node.end_lineno)]
    return len(set(lines)) > 1


def _pattern_over_lines(node: ast.AST) -> bool:
    return isinstance(node, ast.match_case) and _several_lines([node.pattern])


def _with_over_lines(node: ast.AST) -> bool:
    return isinstance(node, ast.With | ast.AsyncWith) and any(
        not node.lineno == item.context_expr.lineno == item.context_expr.end_lineno for item in node.items
    )


def _annotations(node: ast.AST) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.arg | ast.AnnAssign):
        yield node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.returns


def _annotated(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef) and any(isinstance(item, ast.AnnAssign) for item in node.body):
        return True
    return any(isinstance(part, _RUNS_CODE) for item in _annotations(node) if item for part in ast.walk(item))


DIFFERENCES = (
    Difference(
        "comprehension with await, async for or :=, or that asks for its function",
        (3, 12),
        "comprehension_walrus",
        _stays_inlined,
    ),
    Difference(
        "conditional expression over several lines in a comprehension's condition",
        (3, 12),
        "comprehension_conditionals",
        _conditional_condition,
    ),
    Difference("constant in a condition over several lines", (3, 12), "computed_conditions", _constant_in_condition),
    Difference("case pattern over several lines", (3, 12), "parenthesised_case", _pattern_over_lines),
    Difference("with items over several lines", (3, 13), "parenthesised_with", _with_over_lines),
    Difference("annotation that is evaluated later, or in a class", (3, 14), "class_annotations", _annotated),
)
HERE = tuple(item for item in DIFFERENCES if sys.version_info >= item.since)
"""Those of the interpreter that runs this."""


def differs(source: str) -> dict[str, str]:
    """For a record's `meta`: `differs`, the names of what may be told otherwise than on 3.11; empty where nothing is."""
    if not HERE:
        return {}
    try:
        with warnings.catch_warnings(action="ignore"):  # who compiles the program shows them
            nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names = [item.name for item in HERE if any(map(item.found, nodes))]
    return {"differs": "; ".join(names)} if names else {}
