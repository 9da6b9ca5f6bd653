"""What programs are made of: counts of the constructs, methods, builtins and operators in their syntax trees.

`python -m cwm_trace.train count` prints them for generated seeds, or for a suite, so that a model card says what a model saw and what it
did not. Reads text only.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator

_OPERATORS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_SHOWN = (ast.stmt, ast.comprehension, ast.Lambda, ast.IfExp, ast.JoinedStr, ast.Starred, ast.NamedExpr, *_OPERATORS)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_"))


def constructs(source: str) -> Iterator[str]:
    """What a program has, each as often as it stands there: `.method()`, `builtin()`, `statement For`, … Raises SyntaxError."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.Subscript):
            yield from _subscript(node)
        elif isinstance(node, (ast.For, ast.While)) and node.orelse:
            yield f"{type(node).__name__} with else"
        if isinstance(node, (*_SHOWN, *_COMPREHENSIONS)):
            yield f"{_kind(node)} {type(node).__name__}"
        if isinstance(node, ast.Constant):
            yield f"constant {type(node.value).__name__}"


def _call(node: ast.Call) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Attribute):
        yield f".{function.attr}()"
        if isinstance(function.value, ast.Call) and isinstance(function.value.func, ast.Attribute):
            yield "method of a method's result"
    elif isinstance(function, ast.Name) and function.id in _BUILTINS:
        yield f"{function.id}()"
        yield from (f"{function.id}({keyword.arg}=)" for keyword in node.keywords if keyword.arg)
    if any(isinstance(argument, ast.Call) for argument in node.args):
        yield "call in a call's arguments"


def _subscript(node: ast.Subscript) -> Iterator[str]:
    if not isinstance(node.slice, ast.Slice):
        yield "index"
        return
    yield "slice with a step" if node.slice.step else "slice"


def _kind(node: ast.AST) -> str:
    kinds = (("statement", ast.stmt), ("operator", _OPERATORS))
    return next((name for name, kind in kinds if isinstance(node, kind)), "expression")


def count(sources: Iterable[str]) -> tuple[int, Counter[str]]:
    """How many programs there are, and in how many of them each construct stands; those that do not parse are left out."""
    programs, total = 0, Counter[str]()
    for source in sources:
        try:
            total.update(set(constructs(source)))
        except SyntaxError:
            continue
        programs += 1
    return programs, total
