"""Functions of a program that keep what they have given, as `@cache` and `@lru_cache` have them do: a call with arguments that there were
before is no CALL.

Knows the decorators of `functools` by their names, and how calls of such functions are spelled in lines that are worked on, `cached_fib(4)`;
what they have given is kept by `models.scopes`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.models.inline import FIELD, read
from cwm_trace.models.operations import CACHED
from cwm_trace.models.statements import PAUSES, first_line, own_parts, parsed

SHOWN = "<functools._lru_cache_wrapper object>"
"""How frames show one."""
_ROOM = 128  # calls that `lru_cache` keeps where nothing else is said


class Cached(NamedTuple):
    """A function that keeps what it has given.

    Attributes:
        node: its definition.
        number: of its first line, the decorator's.
        parameters: their names.
    """

    node: ast.FunctionDef
    number: int
    parameters: tuple[str, ...]


@lru_cache(maxsize=4)
def cached_of(source: str) -> Mapping[str, Cached]:
    """Those of a source, by their names, which nothing else has."""
    tree = parsed(source)
    nodes = list(ast.walk(tree)) if tree and "cache" in source else []
    methods = {id(part) for node in nodes if isinstance(node, ast.ClassDef) for part in node.body}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    names = [node.name for node in functions]
    return {
        node.name: Cached(node, first_line(node), tuple(arg.arg for arg in node.args.args))
        for node in functions
        if id(node) not in methods and names.count(node.name) == 1 and is_cached(node)
    }


def is_cached(node: ast.FunctionDef) -> bool:
    """Whether its calls with positional arguments are kept, all of them as far as a trace goes."""
    parameters = node.args
    plain = not (parameters.posonlyargs or parameters.kwonlyargs or parameters.vararg or parameters.kwarg)
    pauses = any(isinstance(part, PAUSES) for part in own_parts(node))
    return plain and not pauses and len(node.decorator_list) == 1 and _keeps(node.decorator_list[0])


def _keeps(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=function, args=[] | [_], keywords=words) if _name_of(function) == "lru_cache":
            sizes = [*decorator.args, *(word.value for word in words if word.arg == "maxsize")]
            kinds = [size.value if isinstance(size, ast.Constant) else 0 for size in sizes]
            return all(kind is None or (isinstance(kind, int) and kind >= _ROOM) for kind in kinds)
    return _name_of(decorator) in ("cache", "lru_cache")


def _name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="functools"), attr=name):
            return name
    return ""


def with_cached(line: str, names: Mapping[str, object]) -> str:
    """A line, or a part of one, with calls of such functions as they are spelled here."""
    if not names or not any(name in line for name in names):
        return line
    made: list[str] = []
    tokens = [token.text for token in read(line).tokens]
    for number, text in enumerate(tokens):
        called = text in names and tokens[number + 1 : number + 2] == ["("] and "".join(made[-1:]) != "."
        if text[:2].lower() in ("f'", 'f"'):
            text = FIELD.sub(lambda part: "{" + with_cached(part[1], names) + "}", text)
        made.append(f"{CACHED}{text}" if called else text)
    return "".join(made)
