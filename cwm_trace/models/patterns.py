"""The patterns of a `match`, as tests of the value that is matched, and what they bind.

Knows patterns of literals, of builtin types, and sequences of such; values as literals. Evaluates nothing.
"""

from __future__ import annotations

import ast

from cwm_trace.models.items import items_of
from cwm_trace.models.operations import is_value
from cwm_trace.models.statements import statement_of

_TYPES = frozenset("bool bytes dict float int list set str tuple".split())


def test_of(pattern: ast.pattern, value: str) -> str | None:
    """An expression that holds if a value fits; None where the pattern, or the value, is not known."""
    match pattern:
        case ast.MatchValue(value=literal):
            return f"{value} == {ast.unparse(literal)}"
        case ast.MatchSingleton(value=single):
            return f"{value} is {single!r}"
        case ast.MatchAs(pattern=None):
            return "True"
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return test_of(inner, value)
        case ast.MatchOr(patterns=patterns):
            return _joined(" or ", [test_of(each, value) for each in patterns])
        case ast.MatchClass(cls=ast.Name(id=kind), patterns=[], kwd_patterns=[]) if kind in _TYPES:
            return f"isinstance({value}, {kind})"
        case ast.MatchSequence(patterns=patterns):
            return _of_sequence(patterns, value)
    return None


def _of_sequence(patterns: list[ast.pattern], value: str) -> str | None:
    statement = statement_of(value)
    if not isinstance(statement, ast.Expr) or not is_value(value):
        return None
    if not isinstance(statement.value, (ast.List, ast.Tuple)):
        return "False"
    items, stars = items_of(statement.value, value), [isinstance(each, ast.MatchStar) for each in patterns]
    if items is None:
        return None
    if len(items) < len(patterns) - sum(stars) or (not any(stars) and len(items) != len(patterns)):
        return "False"
    before = stars.index(True) if any(stars) else len(patterns)
    behind = patterns[before + 1 :]
    pairs = [*zip(patterns[:before], items, strict=False), *zip(behind, items[len(items) - len(behind) :], strict=True)]
    return _joined(" and ", [test_of(pattern, item) for pattern, item in pairs])


def _joined(word: str, tests: list[str | None]) -> str | None:
    known = [f"({test})" for test in tests if test is not None]
    return (word.join(known) or "True") if len(known) == len(tests) else None
