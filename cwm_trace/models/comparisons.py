"""Whether two values are equal, which is first, and whether one is in another, found item by item (`models.steps`).

Values of different kinds are never equal, which their literals show. Knows Python's comparisons; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from cwm_trace.models.containers import MATCH, PATTERN
from cwm_trace.models.items import Steps, Way, alike, is_text, items_of, matches, shown
from cwm_trace.models.statements import COMPARISONS

_PLAIN = re.compile(r"""(?:'[ -~]'|"'"){2}""")
"""Two characters that can be typed: they are equal if their numbers are, which a network tells more surely."""
_KINDS: dict[type[ast.expr], str] = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set", ast.Dict: "dict"}


def is_sequence(over: ast.expr) -> bool:
    """Whether it is a list, a tuple, or a text."""
    return kind_of(over) in ("list", "tuple", "str")


def kind_of(value: ast.expr) -> str:
    """The name of a literal's type; "" for what is no literal."""
    match value:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return kind_of(operand)
        case ast.Constant(value=constant) if constant is not ...:
            return type(constant).__name__
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return "set"
        case ast.Call(func=ast.Name(id=name)) if name in (MATCH, PATTERN):
            return name
    return _KINDS.get(type(value), "")


def compared(left: ast.expr, how: ast.cmpop, right: ast.expr, text: str) -> Way | None:
    """A comparison of two values that are not both numbers; None where it is a step itself, or not known."""
    one, items = shown(left, text) or "", items_of(right, text)
    match how:
        case ast.In() | ast.NotIn() if isinstance(right, ast.Call) and kind_of(right) == "set":
            return lambda steps: str(isinstance(how, ast.NotIn))
        case ast.In() | ast.NotIn() if one and items is not None and not isinstance(right, ast.Constant):
            return lambda steps: str(any(steps.same(one, item) for item in items) is isinstance(how, ast.In))
        case ast.In() | ast.NotIn() if items is not None and one in ("''", '""'):
            return lambda steps: str(isinstance(how, ast.In))
        case ast.In() | ast.NotIn() if items is not None and is_text(one) and (parts := items_of(left, text)):
            return lambda steps: str(bool(matches(parts, items, steps, 1)) is isinstance(how, ast.In))
        case ast.Lt() | ast.Gt() | ast.LtE() | ast.GtE() if kind_of(left) == kind_of(right) and is_sequence(left):
            others = items_of(left, text)
            if others is None or items is None or not all(map(alike, zip(others, items, strict=False))):
                return None
            return _in_order(left, others, items, COMPARISONS[type(how)])
        case ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot():
            return _alike(left, how, right, text)
    return None


def _alike(left: ast.expr, how: ast.cmpop, right: ast.expr, text: str) -> Way | None:
    """Whether they are equal, or of different kinds."""
    kinds, holds = (kind_of(left), kind_of(right)), isinstance(how, (ast.Eq, ast.Is))
    one_text, other_text = shown(left, text), shown(right, text)
    if not all(kinds):
        return None
    if "NoneType" in kinds or (kinds[0] != kinds[1] and not set(kinds) <= {"bool", "int", "float", "complex"}):
        return lambda steps: str((kinds[0] == kinds[1]) is holds)
    if kinds == ("bool", "bool"):
        return lambda steps: str((one_text == other_text) is holds)
    if isinstance(how, (ast.Is, ast.IsNot)) or kinds[0] != kinds[1]:
        return None
    one, other = items_of(left, text), items_of(right, text)
    if one is None or other is None:
        return None
    if len(one) == len(other) == 1 and isinstance(left, ast.Constant):
        return _same_characters(one[0], other[0], holds, text)
    if isinstance(left, ast.Dict) and isinstance(right, ast.Dict):
        values = [[shown(value, text) or "" for value in each.values] for each in (left, right)]
        return lambda steps: str(_all_in(one, values[0], other, values[1], steps) is holds)
    if isinstance(left, ast.Set):
        return lambda steps: str(_all_in(one, one, other, other, steps) is holds)
    return lambda steps: str(_all_same(one, other, steps) is holds)


def _same_characters(one: str, other: str, holds: bool, text: str) -> Way | None:
    """None where that is asked for as it stands."""
    if ("\\" in one) is not ("\\" in other):  # which their literals show
        return lambda steps: str(not holds)
    if _PLAIN.fullmatch(one + other):
        return lambda steps: str(steps.same(*(steps.value(f"ord({each})") or each for each in (one, other))) is holds)
    asked = f"{one} == {other}"
    return None if text == asked else lambda steps: str(steps.holds(asked) is holds)


def _all_same(one: Sequence[str], other: Sequence[str], steps: Steps) -> bool:
    if not all(steps.same(first, second) for first, second in zip(one, other, strict=False)):
        return False
    return _as_many(one, other, steps)


def _as_many(one: Sequence[str], other: Sequence[str], steps: Steps) -> bool:
    return steps.same(steps.counted(one) or "", steps.counted(other) or "")


def _all_in(
    keys: Sequence[str], values: Sequence[str], others: Sequence[str], other_values: Sequence[str], steps: Steps
) -> bool:
    """Whether all of them are among as many others, with the same values."""
    if not _as_many(keys, others, steps):
        return False
    for key, value in zip(keys, values, strict=True):
        at = next((at for at, other in enumerate(others) if steps.same(key, other)), None)
        if at is None or not steps.same(value, other_values[at]):
            return False
    return True


def _in_order(kind: ast.expr, one: Sequence[str], other: Sequence[str], sign: str) -> Way:
    """By the first items that differ, of texts by their numbers, or else by how many there are."""

    def way(steps: Steps) -> str:
        for first, second in zip(one, other, strict=False):
            if not steps.same(first, second):
                pair = (first, second)
                if isinstance(kind, ast.Constant):
                    pair = (steps.value(f"ord({first})") or first, steps.value(f"ord({second})") or second)
                return str(steps.holds(f"{pair[0]} {sign[0]} {pair[1]}"))
        return str(steps.holds(f"{steps.counted(one)} {sign} {steps.counted(other)}"))

    return way
