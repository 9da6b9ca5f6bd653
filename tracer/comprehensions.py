"""Gives comprehensions their own Python frame again, on interpreters that inline them (PEP 709, from 3.12 on).

`[f(x) for x in xs]` is compiled as `(lambda .0: [f(x) for x in .0])(+xs)`: the lambda's frame is what 3.11 shows as `<listcomp>`, and the plus
sign, recognisable by its zero width, becomes the GET_ITER that 3.11 has there. Left inlined, because a lambda would change their
meaning: comprehensions with `await`, `async for` or `:=`.
"""

from __future__ import annotations

import ast
from typing import TypeVar

ITERATOR_NAME = ".0"
_Comp = TypeVar("_Comp", ast.ListComp, ast.SetComp, ast.DictComp)
FRAME_NAMES = {"ListComp": "<listcomp>", "SetComp": "<setcomp>", "DictComp": "<dictcomp>"}


class _Outliner(ast.NodeTransformer):
    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._outline(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.expr:
        return self._outline(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        return self._outline(node)

    def _outline(self, node: _Comp) -> ast.expr:
        self.generic_visit(node)
        if _binds_outside(node):
            return node
        first = node.generators[0]
        iterable = first.iter
        first.iter = ast.copy_location(ast.Name(ITERATOR_NAME, ast.Load()), node)  # as 3.11: the frame starts there
        arguments = ast.arguments([], [ast.arg(ITERATOR_NAME)], None, [], [], None, [])
        function = ast.copy_location(ast.Lambda(arguments, node), node)
        ast.copy_location(arguments.args[0], iterable)
        marker = ast.UnaryOp(ast.UAdd(), iterable, lineno=iterable.lineno, col_offset=iterable.col_offset)
        marker.end_lineno, marker.end_col_offset = iterable.lineno, iterable.col_offset
        return ast.copy_location(ast.Call(function, [marker], []), node)


def _binds_outside(node: ast.expr) -> bool:
    """Whether the comprehension awaits, or binds names of the function around it."""
    inside = (ast.Await, ast.NamedExpr)
    return any(
        isinstance(part, inside) or (isinstance(part, ast.comprehension) and part.is_async) for part in ast.walk(node)
    )


def outline_comprehensions(tree: ast.Module) -> ast.Module:
    """The module with every comprehension that allows it moved into a function of its own (in place)."""
    outlined: ast.Module = _Outliner().visit(tree)
    return ast.fix_missing_locations(outlined)
