"""Gives conditions, f-strings and dict displays over several lines the lines that 3.11's compiler gave them, on later interpreters.

The jump of a condition has the line of its statement there, or, behind a comparison, of that comparison (compile.c of 3.11,
`compiler_jump_if`: SET_LOC); later it has that of the part that is tested. Such a part gets a mark on the line that it had: `~` of zero
width, which `marks` turns into a NOP. The parts of an f-string have the line of its start; the constant keys of a display are loaded together,
behind the values. Knows syntax only.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from cwm_trace.tracer import quirks
from cwm_trace.tracer.marks import is_computed


def set_lines(tree: ast.Module) -> ast.Module:
    """The module, with its marks (in place)."""
    seen: set[int] = set()  # conditional expressions that are parts of a condition
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.Assert) or (isinstance(node, ast.IfExp) and id(node) not in seen):
            node.test, _ = _marked(node.test, node.lineno, seen)
        elif isinstance(node, ast.match_case) and node.guard is not None:
            node.guard, _ = _marked(node.guard, node.pattern.lineno, seen)
        elif isinstance(node, ast.JoinedStr):
            for part in node.values:
                ast.copy_location(part, node)
        elif isinstance(node, ast.Dict) and quirks.LOADS_KEYS_ONE_BY_ONE:
            _set_key_lines(node)
    return tree


def _set_key_lines(node: ast.Dict) -> None:
    if len(node.keys) > 1 and all(isinstance(key, ast.Constant) for key in node.keys):
        for key, value in zip(node.keys, node.values, strict=True):
            assert key is not None
            ast.copy_location(key, _first(value))


def _first(node: ast.expr) -> ast.expr:
    """The part of an expression that is evaluated first."""
    parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    whole = isinstance(node, ast.Lambda | ast.JoinedStr | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
    return node if whole or not parts else _first(parts[0])


def _marked(node: ast.expr, line: int, seen: set[int]) -> tuple[ast.expr, int]:
    """A condition with marks, and the line that the next one's jump has."""
    if isinstance(node, ast.BoolOp):
        node.values, line = _all_marked(node.values, line, seen)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.operand, line = _marked(node.operand, line, seen)
    elif isinstance(node, ast.IfExp):
        seen.add(id(node))
        (node.test, node.body, node.orelse), line = _all_marked([node.test, node.body, node.orelse], line, seen)
    elif isinstance(node, ast.Compare):
        return node, node.lineno
    elif node.lineno != line and not is_computed(node):
        return ast.UnaryOp(ast.Invert(), node, lineno=line, col_offset=0, end_lineno=line, end_col_offset=0), line
    return node, line


def _all_marked(nodes: Sequence[ast.expr], line: int, seen: set[int]) -> tuple[list[ast.expr], int]:
    made: list[ast.expr] = []
    for node in nodes:
        new, line = _marked(node, line, seen)
        made.append(new)
    return made, line
