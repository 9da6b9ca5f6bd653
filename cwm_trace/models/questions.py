"""Questions: tests of values alone, which notes have with values in place of names, and the lines to which they lead.

Knows Python's expressions; evaluates nothing.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.frames import Event
from cwm_trace.models.containers import CONTAINERS, TALLY
from cwm_trace.models.fields import SHOWN, TEXT
from cwm_trace.models.operations import ITERATORS, LIBRARY
from cwm_trace.models.statements import statement_of, text_of

_HEADER = re.compile(r"(?:if|elif|while)\b(.*):\s*(?:#.*)?")
_LONGEST = 40_000  # characters
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_KNOWN = _BUILTINS | CONTAINERS | {SHOWN, TEXT, TALLY, "inf"}
_GIVE_TRUTH = frozenset({"isinstance", "issubclass", "callable", "any", "all", "bool", "hasattr"})
_METHODS_GIVE_TRUTH = re.compile(r"is[a-z]+|startswith|endswith")


class Way(NamedTuple):
    """Where a trace goes on: an event, and its line as frames show it, without its end."""

    event: Event
    line: str


class Condition(NamedTuple):
    """A test, taken apart where Python itself does, which jumps behind each part of `and`, `or` and `not`.

    Attributes:
        text: an expression of values alone that gives True or False; "" where there are parts.
        joined: `ast.And`, `ast.Or`, or `ast.Not` of its parts.
        parts: other conditions.
    """

    text: str = ""
    joined: type[ast.boolop | ast.Not] | None = None
    parts: tuple[Condition, ...] = ()

    def holds(self, ask: Callable[[str], bool]) -> bool:
        """By what those of its parts give that Python would come to, in turn."""
        if self.joined is None:
            return ask(self.text)
        given = (part.holds(ask) for part in self.parts)
        if self.joined is ast.Not:
            return not next(given)
        return all(given) if self.joined is ast.And else any(given)


class Question(NamedTuple):
    """A test that has just run, and where the trace goes on if it holds, and if not."""

    condition: Condition
    yes: Way
    no: Way


@lru_cache(maxsize=1000)
def condition_of(line: str, constant: bool = False) -> Condition | None:
    """The test of an `if`, `elif` or `while`; None where it is not of values alone. `constant`: it may be a value that was no constant."""
    found = _HEADER.fullmatch(line.strip())
    if found is None or len(line) > _LONGEST:
        return None
    text = found[1].strip()
    statement = statement_of(text)
    if not isinstance(statement, ast.Expr) or not is_closed(test := statement.value):
        return None
    return None if isinstance(test, ast.Constant) and not constant else _condition(test, text)


def _condition(test: ast.expr, text: str) -> Condition:
    match test:
        case ast.BoolOp(op=joined, values=parts):
            return Condition("", type(joined), tuple(_condition(part, text) for part in parts))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return Condition("", ast.Not, (_condition(part, text),))
    own = text_of(test, text) or ast.unparse(test)
    return Condition(own if _gives_truth(test) else f"bool({own})")


def is_closed(test: ast.expr) -> bool:
    """Whether an expression has no names but those of builtins, and what is known of modules; and binds none."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    others = {name for name in names - _KNOWN if not name.startswith((*LIBRARY, ITERATORS))}
    return not others and not any(isinstance(node, (ast.NamedExpr, ast.Lambda)) for node in ast.walk(test))


def _gives_truth(test: ast.expr) -> bool:
    match test:
        case ast.Compare():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _GIVE_TRUTH
        case ast.Call(func=ast.Attribute(attr=name)):
            return _METHODS_GIVE_TRUTH.fullmatch(name) is not None
    return False
