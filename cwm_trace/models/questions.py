"""Questions: tests of values alone, which notes have with values in place of names, and the lines to which they lead.

Knows Python's expressions; evaluates nothing.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.frames import Event

_HEADER = re.compile(r"(?:if|elif|while)\b(.*):\s*(?:#.*)?")
_LONGEST = 1000  # characters
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_GIVE_TRUTH = frozenset({"isinstance", "issubclass", "callable", "any", "all", "bool", "hasattr"})
_METHODS_GIVE_TRUTH = re.compile(r"is[a-z]+|startswith|endswith")


class Way(NamedTuple):
    """Where a trace goes on: an event, and its line as frames show it, without its end."""

    event: Event
    line: str


class Question(NamedTuple):
    """A test that has just run.

    Attributes:
        test: an expression of values alone that gives True or False.
        yes, no: where the trace goes on then.
    """

    test: str
    yes: Way
    no: Way


@lru_cache(maxsize=1000)
def condition_of(line: str) -> str | None:
    """The test of an `if`, `elif` or `while`, as an expression that gives True or False; None where it is constant, or not of values alone."""
    found = _HEADER.fullmatch(line.strip())
    if found is None or len(line) > _LONGEST:
        return None
    text = found[1].strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(test, ast.Constant) or not _is_closed(test):
        return None
    return text if _gives_truth(test) else f"bool({text})"


def _is_closed(test: ast.expr) -> bool:
    """Whether it has no names but those of builtins, and binds none."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return names <= _BUILTINS and not any(isinstance(node, (ast.NamedExpr, ast.Lambda)) for node in ast.walk(test))


def _gives_truth(test: ast.expr) -> bool:
    match test:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(values=values):
            return all(map(_gives_truth, values))
        case ast.Call(func=ast.Name(id=name)):
            return name in _GIVE_TRUTH
        case ast.Call(func=ast.Attribute(attr=name)):
            return _METHODS_GIVE_TRUTH.fullmatch(name) is not None
    return False
