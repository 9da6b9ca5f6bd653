"""Calls within a line that change what a variable is, and give something: `total + items.pop()`, `d.setdefault(k, [])`.

The first that Python comes to is taken out of the line: what it gives stands in its place, and the variable has the value that it leaves. Knows
statements of Python; evaluates nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from cwm_trace.models.operations import CHANGES, put
from cwm_trace.models.statements import span, text_of

GIVING = frozenset({"heappop", "heappushpop", "heapreplace", "pop", "popitem", "popleft", "setdefault"})
"""Methods that change a value, and give something; the others give None."""
_UNSURE = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.JoinedStr)


class Take(NamedTuple):
    """A call in a line that changes a variable's value.

    Attributes:
        text: of the call, as it is written.
        start, end: where it stands.
        name: the variable.
        method: that is called.
        is_last: whether nothing in the line looks at the variable again.
    """

    text: str
    start: int
    end: int
    name: str
    method: str
    is_last: bool

    def replaced(self, line: str, value: str) -> str:
        """The line with what the call gives in its place."""
        return put(line, self.start, self.end, value)


def has_takes(statement: ast.stmt) -> bool:
    """Whether calls in it, but for one that it consists of, may change values."""
    root = statement.value if isinstance(statement, ast.Expr) else None
    return any(node is not root for node in ast.walk(statement) if _is_change(node))


def first_take(statement: ast.stmt, line: str) -> Take | None:
    """The first that Python comes to; None where it may not come to it, or where what is changed was looked at before, or is no variable."""
    root = statement.value if isinstance(statement, ast.Expr) else None
    call = next((call for call in _sure(statement) if call is not root), None)
    if call is None or not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return None
    name, ends = call.func.value, call.end_col_offset or 0
    others = [
        node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name.id and node is not name
    ]
    changed = _changed_by(statement)
    if any(other.col_offset < ends and other is not changed and other not in _late(statement) for other in others):
        return None
    return Take(text_of(call, line), *span(line, call, call), name.id, call.func.attr, not others)


def _is_change(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES


def _sure(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that change something, in the order in which they are sure to come."""
    parts: Iterator[ast.AST] | list[ast.AST] = ast.iter_child_nodes(node)
    match node:
        case _ if isinstance(node, _UNSURE):
            parts = []
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(test=first):
            parts = [first]
        case ast.Assign(value=value, targets=targets):
            parts = [value, *targets]
    for part in parts:
        yield from _sure(part)
    if isinstance(node, ast.Call) and _is_change(node):
        yield node


def _changed_by(statement: ast.stmt) -> ast.expr | None:
    """The name on which a statement's own call is done: what that changes is looked at when its arguments are known."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name() as name))):
            return name
    return None


def _late(statement: ast.stmt) -> list[ast.AST]:
    """What stands before the value that is assigned, and is looked at behind it."""
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    return [node for target in targets for node in ast.walk(target)]
