"""Functions in a task's call that its program does not have: such a call says nothing of the program, for it ends as a NameError.

Reads both as syntax trees, and runs nothing. What may bind names that are not written (a star import, `exec`, `globals()`) is given the
benefit of the doubt.
"""

from __future__ import annotations

import ast
import builtins

from cwm_trace.eval.asserts import free_names, global_names
from cwm_trace.parsing import parse

_BUILTINS = frozenset(dir(builtins)) | {"__annotations__", "__builtins__"}
_BINDING = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__", "__import__"})
"""Names by which a program may bind others that no statement of it shows."""


def unbound_names(source: str, call: str) -> list[str]:
    """Names of functions that a call calls and nobody binds, in order; none where either text is no Python."""
    try:
        program, wanted = parse(source), parse(call.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    known = global_names(program) | _declared(program)
    if "*" in known or _binds_unseen(program):
        return []
    return sorted(_called(wanted) & free_names(wanted) - known - _BUILTINS)


def _called(wanted: ast.AST) -> set[str]:
    """What is called, or that of which a method is."""
    names = set()
    for node in ast.walk(wanted):
        if isinstance(node, ast.Call):
            at: ast.AST = node.func
            while isinstance(at, ast.Attribute | ast.Subscript):
                at = at.value
            names |= {at.id} if isinstance(at, ast.Name) else set()
    return names


def _declared(program: ast.Module) -> set[str]:
    """What functions bind outside themselves (`global`), and what patterns do."""
    nodes = list(ast.walk(program))
    names = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    names |= {node.name for node in nodes if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name}
    return names | {node.rest for node in nodes if isinstance(node, ast.MatchMapping) and node.rest}


def _binds_unseen(program: ast.Module) -> bool:
    for node in ast.walk(program):
        match node:
            case ast.Name(id=name) | ast.alias(name=name) if name in _BINDING:
                return True
            case ast.Attribute(attr="modules" | "__dict__" | "f_globals" | "__globals__"):
                return True
    return False
