"""What Python's functions do with all that they go through, item by item (`models.steps`): `sum`, `max`, `sorted` of lists, ranges, maps.

Knows Python's functions; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TypeAlias

from cwm_trace.models.items import (
    MOST,
    Raises,
    Steps,
    Way,
    alike,
    dict_together,
    in_order,
    is_number,
    items_of,
    list_together,
    put_pairs,
    shown,
    texts_of,
    tuple_together,
)
from cwm_trace.models.known import all_known, behind
from cwm_trace.models.operations import truth_of
from cwm_trace.models.statements import statement_of

Through: TypeAlias = Callable[[Steps], Sequence[str] | None]
"""Tells items one after the other; None: unknown."""
_MAPPED = frozenset("abs ascii bin bool chr float hex int len list max min oct ord repr str sum tuple".split())


def gone_through(over: ast.expr, text: str) -> Through | None:
    """The items of a value, or of what Python makes while it goes through it; None where that is not known."""
    if (items := items_of(over, text)) is not None:
        return lambda steps: items
    match over:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if numbers := texts_of(args, text):
            return lambda steps: _ranged(numbers, steps)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: _enumerated(items, steps))
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: items[::-1])
        case ast.Call(func=ast.Name(id="zip"), args=[one, other], keywords=[]):
            return _zipped(gone_through(one, text), gone_through(other, text))
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name), inner], keywords=[]) if name in _MAPPED:
            return behind(gone_through(inner, text), lambda items, steps: _mapped(f"{name}({{}})", items, steps))
        case ast.Call(
            func=ast.Name(id="map"), args=[ast.Attribute(value=ast.Name(id="str"), attr=name), inner], keywords=[]
        ):
            return behind(gone_through(inner, text), lambda items, steps: _mapped(f"{{}}.{name}()", items, steps))
    return None


def _ranged(numbers: Sequence[str], steps: Steps) -> Sequence[str] | None:
    start, stop, step = ("0", *numbers, "1") if len(numbers) == 1 else (*numbers, "1")[:3]
    sign, size = (">", step[1:]) if step.startswith("-") else ("<", step)
    number: str | None = start
    made: list[str] = []
    while number is not None and steps.holds(f"{number} {sign} {stop}"):
        made.append(number)
        number = steps.value(f"{number} {'-' if sign == '>' else '+'} {size}") if len(made) <= MOST else None
    return None if number is None or not size.strip("0") else made


def _enumerated(items: Sequence[str], steps: Steps) -> Sequence[str] | None:
    pairs = list(steps.numbered(items))
    return [tuple_together([number or "0", item]) for number, item in pairs]


def _zipped(one: Through | None, other: Through | None) -> Through | None:
    if one is None or other is None:
        return None

    def through(steps: Steps) -> Sequence[str] | None:
        first, second = one(steps), other(steps)
        if first is None or second is None:
            return None
        return [tuple_together(pair) for pair in zip(first, second, strict=False)]

    return through


def _mapped(form: str, items: Sequence[str], steps: Steps) -> Sequence[str] | None:
    return all_known(steps.value(form.format(item)) for item in items)


def function_of(name: str, args: Sequence[ast.expr], text: str) -> Way | None:
    """A function of what it goes through; None where it does not, or that is not known."""
    match name, args:
        case "max" | "min", [_, _, *_] if (given := texts_of(args, text)) and alike(given):
            return lambda steps: _extreme(name, given, steps)
        case "sum", [over, start] if (first := shown(start, text)) and is_number(first):
            return behind(gone_through(over, text), lambda items, steps: _summed([first, *items], steps))
        case "len" | "sorted", [ast.Call(func=ast.Name(id="set" | "frozenset"), args=[over], keywords=[])]:
            return behind(gone_through(over, text), lambda items, steps: _of_set(name, items, steps))
        case "len", [ast.Call()]:
            return None
        case "sorted", [over]:
            return sorted_of(over, text, False)
        case _, [over] if name in _FUNCTIONS:
            return behind(gone_through(over, text), _FUNCTIONS[name])
    return None


def sorted_of(over: ast.expr, text: str, down: bool) -> Way | None:
    """All in order, in a list."""
    return behind(gone_through(over, text), lambda items, steps: _sorted(items, down, steps))


def _sorted(items: Sequence[str], down: bool, steps: Steps) -> str | None:
    return list_together(in_order(items, down, steps)) if alike(items) else None


def _of_set(name: str, items: Sequence[str], steps: Steps) -> str | None:
    """Of items that are the same the first: in which order a set has them does not matter here."""
    kept: list[str] = []
    for item in items:
        if not any(steps.same(item, each) for each in kept):
            kept.append(item)
    return steps.counted(kept) if name == "len" else _sorted(kept, False, steps)


def _summed(items: Sequence[str], steps: Steps) -> str | None:
    if not all(map(is_number, items)) or any(item.startswith("-0") for item in items[:1]):
        return None
    made: str | None = items[0] if items else "0"
    for item in items[1:]:
        made = None if made is None else steps.value(f"{made} + {item}")
    return made


def _extreme(name: str, items: Sequence[str], steps: Steps) -> str | None:
    if not items:
        raise Raises
    if not alike(items):
        return None
    best, sign = items[0], ">" if name == "max" else "<"
    for item in items[1:]:
        best = item if steps.holds(f"{item} {sign} {best}") else best
    return best


def _told(name: str, items: Sequence[str]) -> str | None:
    truths = [truth_of(item) for item in items]
    return None if None in truths else str(any(truths) if name == "any" else all(truths))


def _dict_of(items: Sequence[str], steps: Steps) -> str | None:
    pairs = []
    for item in items:
        statement = statement_of(item)
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, (ast.Tuple, ast.List)):
            return None
        pair = texts_of(statement.value.elts, item)
        if pair is None or len(pair) != 2:
            return None
        pairs.append((pair[0], pair[1]))
    return dict_together(put_pairs(pairs, steps))


_FUNCTIONS: dict[str, Callable[[Sequence[str], Steps], str | None]] = {
    "sum": _summed,
    "max": lambda items, steps: _extreme("max", items, steps),
    "min": lambda items, steps: _extreme("min", items, steps),
    "len": lambda items, steps: steps.counted(items),
    "list": lambda items, steps: list_together(items),
    "tuple": lambda items, steps: tuple_together(items),
    "dict": _dict_of,
    "any": lambda items, steps: _told("any", items),
    "all": lambda items, steps: _told("all", items),
}
