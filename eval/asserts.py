"""Cuts calls out of the asserts of tests: `assert candidate([1, 2]) == 3` asks what `candidate([1, 2])` does.

Reads tests as syntax trees, and runs nothing. A call whose arguments are made by the test (a loop, a random number, a helper) cannot be
cut out, as only running the test would tell them; the reason is then said.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Cut:
    """One assert: its call and what it says of the result, or why no call could be cut out.

    Attributes:
        call: the call, as it is written (on one line), or None.
        expected: `repr` of the literal that the assert compares the result with, or None.
        reason: why there is no call; "" if there is one.
    """

    call: str | None
    expected: str | None = None
    reason: str = ""


def global_names(tree: ast.Module) -> set[str]:
    """Names that a program binds outside its functions and classes."""
    found: set[str] = set()
    nodes: list[ast.AST] = list(tree.body)
    while nodes:
        node = nodes.pop()
        found |= _bound_by(node)
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            nodes += ast.iter_child_nodes(node)
    return found


def bound_names(tree: ast.AST) -> set[str]:
    """Names that anything in a tree binds, in whatever scope."""
    return {name for node in ast.walk(tree) for name in _bound_by(node)}


def _bound_by(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            return {name}
        case ast.alias(name=name, asname=other):
            return {other or name.partition(".")[0]}
    return set()


def free_names(tree: ast.AST) -> set[str]:
    """Names that a tree reads and does not bind itself."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return read - bound_names(tree)


def cuts(test: str, functions: Collection[str], known: Collection[str], written: str | None = None) -> Iterator[Cut]:
    """One cut for each assert of a test, in order. Raises SyntaxError.

    The call is the first one (the outermost of nested ones) of a function in `functions`, which stands under the name `written` in the
    call that is given back. Its arguments may use builtins and the names in `known` (those of the program), but nothing that the test
    binds.
    """
    tree = ast.parse(test)
    bound = bound_names(tree)
    for statement, loop in _asserts(tree.body):
        yield _cut(test, statement, loop, functions, bound, known, written)


def _asserts(body: list[ast.stmt], loop: ast.stmt | None = None) -> Iterator[tuple[ast.Assert, ast.stmt | None]]:
    """Asserts with the innermost statement around them that is no function."""
    for statement in body:
        if isinstance(statement, ast.Assert):
            yield statement, loop
        outer = loop if isinstance(statement, _FUNCTIONS) else statement
        for part in ("body", "orelse", "finalbody"):
            yield from _asserts(getattr(statement, part, []), outer)


def _cut(
    test: str,
    statement: ast.Assert,
    loop: ast.stmt | None,
    functions: Collection[str],
    bound: set[str],
    known: Collection[str],
    written: str | None,
) -> Cut:
    call = _first_call(statement.test, functions)
    if call is None:
        return Cut(None, reason="the assert calls no function of the program")
    used = {name for part in (*call.args, *call.keywords) for name in free_names(part)}
    if used & bound:
        inside = f" in a {type(loop).__name__.lower()} statement" if loop else ""
        return Cut(None, reason=f"the test makes {', '.join(sorted(used & bound))}{inside}")
    if unknown := used - set(known) - _BUILTINS:
        return Cut(None, reason=f"the program has no {', '.join(sorted(unknown))}")
    return Cut(_text(test, call, written), _expected(statement.test, call))


def _first_call(tree: ast.expr, functions: Collection[str]) -> ast.Call | None:
    """The first call in reading order; `ast.walk` would give all of one depth before those inside."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in functions:
        return tree
    parts = (part for part in ast.iter_child_nodes(tree) if isinstance(part, ast.expr | ast.keyword))
    inside = (_first_call(part.value if isinstance(part, ast.keyword) else part, functions) for part in parts)
    return next((call for call in inside if call is not None), None)


def _text(test: str, call: ast.Call, written: str | None) -> str:
    assert isinstance(call.func, ast.Name)
    text = ast.get_source_segment(test, call) or ""
    if "\n" in text:
        text = ast.unparse(call)
    return (written or call.func.id) + text.removeprefix(call.func.id)


def _expected(condition: ast.expr, call: ast.Call) -> str | None:
    match condition:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]) if call in (left, right):
            return literal(right if left is call else left)
    return None


def literal(tree: ast.expr) -> str | None:
    """`repr` of a literal's value, None for any other expression."""
    try:
        return repr(ast.literal_eval(tree))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
