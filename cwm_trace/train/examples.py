"""Example calls of functions: in doctests, in documents that show them, in tests. Reads text and never runs it.

A call is kept if it needs nothing but literals, builtins and the function: names that the example binds to literals before are put in.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

from cwm_trace.train.cut import FORBIDDEN

MAX_CHARACTERS = 300
_ROWS = 12  # of a table of a test's parameters
_BUILTINS = frozenset(vars(builtins)) - FORBIDDEN
_PROMPT = re.compile(r"^[ \t]*>>>.*(?:\n[ \t]*\.\.\.(?: .*)?)*", re.MULTILINE)

Bound = Mapping[str, ast.expr]


def calls_in_text(text: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Functions and calls of them in the `>>>` lines of a docstring or document."""
    bound: dict[str, ast.expr] = {}
    for source in _shown(text):
        with suppress(SyntaxError, ValueError, RecursionError):
            for statement in ast.parse(source).body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        if (known := _alone(value, bound, ())) is not None:
                            bound[name] = known
                        yield from _calls(value, names, bound)
                    case ast.Expr(value=value):
                        yield from _calls(value, names, bound)


def _shown(text: str) -> Iterator[str]:
    for example in _PROMPT.findall(text):
        lines = [re.sub(r"^[ \t]*(?:>>>|\.\.\.) ?", "", line) for line in example.split("\n")]
        yield "\n".join(lines).strip()


def docstrings(source: str) -> Iterator[str]:
    """Those of a module. Raises SyntaxError."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield ast.get_docstring(node) or ""


def calls_in_tests(source: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Functions and calls of them in a test module; tests with a table of parameters give a call for each row."""
    with suppress(SyntaxError, ValueError, RecursionError):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                for bound in [*_tables(node), _assigned(node)]:
                    for statement in node.body:
                        yield from _calls(statement, names, bound)


def _assigned(function: ast.FunctionDef) -> Bound:
    """Names that a test binds once, to a literal."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            twice |= {node.id} & found.keys()
            found.setdefault(node.id, node)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in twice:
                found[name] = value
    return {name: value for name, value in found.items() if name not in twice and _is_literal(value)}


def _tables(function: ast.FunctionDef) -> Iterator[Bound]:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(
                func=ast.Attribute(attr="parametrize"), args=[names, ast.List(elts=rows) | ast.Tuple(elts=rows), *_]
            ):
                wanted = _parameter_names(names)
                for row in islice(rows, _ROWS):
                    values = row.elts if isinstance(row, (ast.Tuple, ast.List)) and len(wanted) > 1 else [row]
                    if len(values) == len(wanted):
                        yield dict(zip(wanted, values, strict=True))


def _parameter_names(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [name.strip() for name in text.split(",") if name.strip()]
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [str(item.value) for item in items if isinstance(item, ast.Constant)]
    return []


def _calls(node: ast.AST, names: Collection[str], bound: Bound) -> Iterator[tuple[str, str]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and (name := _called(inner)) in names:
            whole = node if isinstance(node, ast.expr) else inner
            for shown in dict.fromkeys([whole, inner]):
                alone = _alone(shown, bound, {name})
                if alone is not None and len(text := ast.unparse(alone)) <= MAX_CHARACTERS:
                    yield name, text
                    break


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(), attr=name):
            return name
    return ""


class _PutIn(ast.NodeTransformer):
    """Names become what they are bound to, `module.function` becomes `function`."""

    def __init__(self, bound: Bound, functions: Collection[str]) -> None:
        self._bound, self._functions = bound, functions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._bound.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in self._functions and isinstance(node.value, ast.Name):
            return ast.Name(node.attr, ast.Load())
        return self.generic_visit(node)


def _alone(node: ast.expr, bound: Bound, functions: Collection[str]) -> ast.expr | None:
    """The expression with what its names are bound to, if it then needs nothing else."""
    made = ast.parse(ast.unparse(node), mode="eval").body
    made = ast.fix_missing_locations(_PutIn(bound, functions).visit(made))
    allowed = _BUILTINS | set(functions)
    own = {item.arg for item in ast.walk(made) if isinstance(item, ast.arg)}
    own |= {item.id for item in ast.walk(made) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
    used = {item.id for item in ast.walk(made) if isinstance(item, ast.Name)}
    return made if used <= allowed | own and not isinstance(made, (ast.Await, ast.Yield)) else None


def _is_literal(node: ast.expr) -> bool:
    with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        ast.literal_eval(node)
        return True
    return False


def all_calls(texts: Iterable[str], tests: Iterable[str], names: Collection[str]) -> dict[str, list[str]]:
    """The calls of each function, in order, each once."""
    found: dict[str, dict[str, None]] = {}
    for text in texts:
        for name, call in calls_in_text(textwrap.dedent(text), names):
            found.setdefault(name, {})[call] = None
    for source in tests:
        for name, call in calls_in_tests(source, names):
            found.setdefault(name, {})[call] = None
    return {name: list(calls) for name, calls in found.items()}
