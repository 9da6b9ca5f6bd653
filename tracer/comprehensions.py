"""Gives comprehensions their own Python frame again, on interpreters that inline them (PEP 709, from 3.12 on).

`[f(x) for x in xs]` is compiled as `(lambda .0: [f(x) for x in .0])(+xs)`: the lambda's frame is what 3.11 shows as `<listcomp>`, and the plus
sign, recognisable by its zero width, becomes the GET_ITER that 3.11 has there (`marks`). Left inlined, because a lambda would change their
meaning: comprehensions with `await`, `async for` or `:=`, and with `super()`, `eval` and the like, which ask for the function around it.
"""

from __future__ import annotations

import ast
import opcode
from contextlib import suppress
from types import CodeType

from cwm_trace.tracer import quirks
from cwm_trace.tracer.marks import may_vanish

ITERATOR_NAME = ".0"
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)
FRAME_NAMES = {"BUILD_LIST": "<listcomp>", "BUILD_SET": "<setcomp>", "BUILD_MAP": "<dictcomp>"}
"""By the instruction that makes the empty container."""


def _outline(node: ast.ListComp | ast.SetComp | ast.DictComp) -> ast.expr:
    first = node.generators[0]
    iterable = _as_compiled(first.iter)
    if needs_its_function(node) or may_vanish(iterable):
        return node
    first.iter = ast.copy_location(ast.Name(ITERATOR_NAME, ast.Load()), node)  # as 3.11: the frame starts there
    arguments = ast.arguments([], [ast.arg(ITERATOR_NAME)], None, [], [], None, [])
    function = ast.copy_location(ast.Lambda(arguments, node), node)
    ast.copy_location(arguments.args[0], iterable)
    marker = ast.UnaryOp(ast.UAdd(), iterable, lineno=iterable.lineno, col_offset=iterable.col_offset)
    marker.end_lineno, marker.end_col_offset = iterable.lineno, iterable.col_offset
    return ast.copy_location(ast.Call(function, [marker], []), node)


def _as_compiled(iterable: ast.expr) -> ast.expr:
    """A display to iterate over, as the compiler makes it: a list becomes a tuple, a set of constants a frozenset, which has another order."""
    if isinstance(iterable, ast.Set):
        with suppress(ValueError, TypeError):
            items = frozenset(map(ast.literal_eval, iterable.elts))
            return ast.copy_location(ast.Constant(items), iterable)  # type: ignore[arg-type]  # what the optimiser makes
    if not isinstance(iterable, ast.List) or any(isinstance(item, ast.Starred) for item in iterable.elts):
        return iterable
    return ast.copy_location(ast.Tuple(iterable.elts, ast.Load()), iterable)


_ASKS = frozenset({"super", "eval", "exec"})  # what finds nothing in a function of the comprehension's own


def needs_its_function(node: ast.expr) -> bool:
    """Whether the comprehension awaits, binds names of the function around it, or asks for its names or arguments, as `super()` does."""
    return any(_needs_function(part) for part in ast.walk(node))


def _needs_function(part: ast.AST) -> bool:
    if isinstance(part, ast.Name):
        return part.id in _ASKS
    return isinstance(part, ast.Await | ast.NamedExpr) or (isinstance(part, ast.comprehension) and bool(part.is_async))


def name_frames(code: CodeType, old: str = "", new: str = "") -> CodeType:
    """Give the code objects of outlined comprehensions, and those inside them, the names they have on 3.11.

    `old` is the start of a qualified name that is to become `new`.
    """
    qualified = new + code.co_qualname.removeprefix(old) if code.co_qualname.startswith(old) else code.co_qualname
    name = code.co_name
    if name == "<lambda>" and code.co_varnames[:1] == (ITERATOR_NAME,):
        name = _kind(code)
        qualified = qualified.removesuffix("<lambda>") + name
        old, new = code.co_qualname + ".<locals>.", qualified + "."
    constants = tuple(name_frames(item, old, new) if isinstance(item, CodeType) else item for item in code.co_consts)
    return code.replace(co_name=name, co_qualname=qualified, co_consts=constants)


def _kind(code: CodeType) -> str:
    units = zip(code.co_code[::2], code.co_code[1::2], strict=True)
    names = (opcode.opname[operation] for operation, argument in units if argument == 0)
    return next(FRAME_NAMES[name] for name in names if name in FRAME_NAMES)


def outline_comprehensions(tree: ast.Module) -> ast.Module:
    """The module with every comprehension that allows it moved into a function of its own (in place)."""
    # Inner ones first, and without recursion: an expression may be nested more deeply than Python calls may.
    for parent in reversed(list(ast.walk(tree))):
        if isinstance(parent, ast.GeneratorExp) and quirks.GIVES_ITERABLES:
            parent.generators[0].iter = _as_compiled(parent.generators[0].iter)
        for name, value in ast.iter_fields(parent):
            if isinstance(value, _COMPREHENSIONS):
                setattr(parent, name, _outline(value))
            elif isinstance(value, list):
                value[:] = [_outline(item) if isinstance(item, _COMPREHENSIONS) else item for item in value]
    return tree
