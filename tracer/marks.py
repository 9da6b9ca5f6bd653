"""Turns operators of zero width, which `comprehensions` and `reference_lines` put into a syntax tree, into what they stand for.

A mark costs one instruction, which another one of the same size replaces in the code object: no jump and no line changes. Operators that
a program wrote have a width. From 3.12 on.
"""

from __future__ import annotations

import ast
import opcode
from types import CodeType

from bytecode import Instr

from cwm_trace.tracer import quirks

_ITERATES = "NOT_TAKEN" if quirks.GIVES_ITERABLES else "GET_ITER"
_MEANS = {quirks.UNARY_PLUS: _ITERATES, ("UNARY_INVERT", 0): "NOP"}
_UNITS = {
    bytes((opcode.opmap[name], argument)): bytes((opcode.opmap[means], 0))
    for (name, argument), means in _MEANS.items()
    if name in opcode.opmap
}


_OF_CONSTANTS = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.Subscript, ast.operator, ast.unaryop, ast.Load)


def may_vanish(node: ast.expr) -> bool:
    """Whether the compiler may compute a mark on this away: on what may be a number that it computes itself, as `1 - 1`, `not 1`, `__debug__`.

    What a mark stands for would be missing then, and its operator would have been applied.
    """
    inner = list(ast.walk(node))
    named = {part.id for part in inner if isinstance(part, ast.Name)}
    if named - {"__debug__"} or not all(isinstance(part, (*_OF_CONSTANTS, ast.Name)) for part in inner):
        return False
    if any(isinstance(part, ast.Subscript | ast.Not) for part in inner):
        return True
    if isinstance(node, ast.Tuple):
        return False
    return all(isinstance(part.value, int | float | complex) for part in inner if isinstance(part, ast.Constant))


def is_computed(node: ast.expr) -> bool:
    """Whether a condition takes no mark: a constant, or what may become one."""
    return isinstance(node, ast.Constant) or may_vanish(node)


def is_mark(item: Instr, following: Instr) -> bool:
    """Whether an instruction stands where there is to be an iterator, which no single one gives: from 3.15 on GET_ITER leaves a list as it is.
    No compiler puts this one there, as it comes behind a jump."""
    return item.name == _ITERATES and following.name == "CALL"


def unmark(code: CodeType) -> CodeType:
    """The code object, and all nested in it, without marks."""
    raw = bytearray(code.co_code)
    for number, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        unit = bytes(raw[2 * number : 2 * number + 2])
        if unit in _UNITS and column is not None and (line, column) == (end_line, end_column):
            raw[2 * number : 2 * number + 2] = _UNITS[unit]
    constants = tuple(unmark(item) if isinstance(item, CodeType) else item for item in code.co_consts)
    return code.replace(co_code=bytes(raw), co_consts=constants)
