"""Trees of `ast`, as objects of the program, and code that is compiled from these or from texts.

Knows no bytecode. The classes of trees are those of `sources/_ast.py`.
"""

from __future__ import annotations

import _ast
import ast
from collections.abc import Iterator, Mapping
from types import GenericAlias, UnionType
from typing import Any

from cwm_trace.models.machine import tracebacks
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.code import MAIN, Code
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    Builtin,
    List,
    Lost,
    Object,
    Raised,
    Value,
    error,
    is_unknown,
    known,
    read,
)

_ONLY_AST = 0x400
UNSEEN = "<tree>"
"""The module of code that is compiled from a tree: no text of its has lines that a frame could show."""


@native("followed.ast_kinds")
def _kinds(m: Interpreter) -> Value:
    """The classes of `_ast` below `AST`, each behind the one that it is made from: its name, that one's, and names of what its objects have.

    The last two are of what is None, and of what is an empty list, where it is not given.
    """
    found = []
    for kind, above in _below():
        optional = tuple(name for name in (*kind._fields, *kind._attributes) if vars(kind).get(name, "") is None)
        found.append((kind.__name__, above.__name__, kind._fields, kind._attributes, optional, _lists(kind)))
    return List([(*each,) for each in found])


def _below() -> Iterator[tuple[type[ast.AST], type[ast.AST]]]:
    """The classes of `_ast` below `AST`, each behind the one that it is made from, and that one."""
    left = [ast.AST]
    while left:
        above = left.pop(0)
        below = [kind for kind in above.__subclasses__() if kind.__module__ == "ast" and hasattr(_ast, kind.__name__)]
        left += below
        yield from ((kind, above) for kind in below)


def _lists(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a node that are lists; from 3.13 on they are empty where they are not given."""
    types: Mapping[str, object] = getattr(kind, "_field_types", {})
    return tuple(name for name in kind._fields if isinstance(types.get(name), GenericAlias))


@native("followed.ast_field_types")
def _field_types(m: Interpreter) -> Value:
    """Of the classes of `_ast`, from 3.13 on: the name of one, and of each of its fields the name, the class, and whether there are several."""
    found: list[Value] = []
    for kind, _ in _below():
        types: Mapping[str, Any] = getattr(kind, "_field_types", {})
        fields = []
        for name, given in types.items():
            inner = given.__args__[0] if isinstance(given, GenericAlias | UnionType) else given
            form = "list" if isinstance(given, GenericAlias) else "optional" if isinstance(given, UnionType) else ""
            fields.append((name, inner.__name__, form))
        found.append((kind.__name__, List([*fields])))
    return List(found)


@native("followed.ast_tree")
def _tree(m: Interpreter, source: Value, filename: Value, mode: Value) -> Work:
    text = known(source)
    if not isinstance(text, (str, bytes)):
        raise Lost
    try:
        return (yield from of_tree(m, ast.parse(text, known(filename), known(mode))))
    except (SyntaxError, ValueError, RecursionError) as bad:
        raise wrong_text(bad) from None


def of_tree(m: Interpreter, node: Any) -> Work:
    """A tree, or a part of one, as the program has it."""
    if isinstance(node, list):
        items = []
        for each in node:
            items.append((yield from of_tree(m, each)))
        return List(items)
    if not isinstance(node, ast.AST):
        return node if node is ... else read(repr(node))
    made = Object((yield from helper(m, "_ast", type(node).__name__)))
    for name in (*node._fields, *node._attributes):
        if hasattr(node, name):
            made.attributes[name] = yield from of_tree(m, getattr(node, name))
    return made


def as_tree(value: Value) -> Any:
    """A tree of the program's, as Python's own. Raises Lost."""
    value = known(value)
    if isinstance(value, List):
        return [as_tree(each) for each in value.items]
    if not isinstance(value, Object):
        return value
    kind = next((each.name for each in value.kind.line if getattr(each, "module", "") == "ast"), None)
    if kind is None or not hasattr(ast, kind):
        raise Lost
    return getattr(ast, kind)(**{name: as_tree(each) for name, each in value.attributes.items()})


@native("compile")
def _compile(
    m: Interpreter, source: Value, filename: Value, mode: Value, flags: Value = 0, *_: Value, **__: Value
) -> Work:
    if any(map(is_unknown, (source, filename, mode, flags))):
        raise Lost
    if known(flags) & _ONLY_AST:
        return (yield from _tree(m, source, filename, mode))
    text = known(source)
    is_text = isinstance(text, str)
    try:
        code = compile(
            text if is_text else as_tree(text), known(filename), known(mode), known(flags), dont_inherit=True
        )
    except (SyntaxError, ValueError, TypeError, RecursionError) as bad:
        raise wrong_text(bad) from None
    held = tracebacks.parts_of_code(code)
    if all(isinstance(each, IMMUTABLE) for each in code.co_consts):
        held["co_consts"] = code.co_consts
    return Object(
        Builtin("code"), held, held=(Code(code, text, MAIN, is_text=True) if is_text else Code(code, "", UNSEEN),)
    )


def wrong_text(bad: Exception) -> Raised:
    """The error of a text, or a tree, that is no Python."""
    if isinstance(bad, SyntaxError):
        return error(type(bad).__name__, *bad.args)
    return error(type(bad).__name__, str(bad))
