"""Operations that Python does item by item, done so: the sum of a list by its additions, a look into a dict by comparisons with its keys, a text
in capitals by those of its characters.

A small network adds one number to another, or says whether two values are the same, where it fails at all of a list at once. What is done with
which item, in which order, and how items are put together again is fixed here, and in `models.characters` for texts; every number, comparison
and character that comes of it is asked for. Knows Python's operations; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cwm_trace.models.characters import joined, of_text
from cwm_trace.models.items import (
    MOST,
    Raises,
    Steps,
    Way,
    alike,
    dict_together,
    is_text,
    is_whole,
    item_at,
    items_of,
    matches,
    place_of,
    put_pairs,
    put_together,
    shown,
    texts_of,
)
from cwm_trace.models.iterables import function_of, gone_through, sorted_of
from cwm_trace.models.operations import is_value
from cwm_trace.models.statements import statement_of, text_of

_SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@lru_cache(maxsize=10_000)
def way_of(operation: str) -> Way | None:
    """How an operation on values is done by steps; None where it is a step itself."""
    statement = statement_of(operation)
    return _way(statement.value, operation) if isinstance(statement, ast.Expr) else None


def _way(node: ast.expr, text: str) -> Way | None:
    match node:
        case ast.Compare(left=left, ops=[how], comparators=[right]):
            return _compared(left, how, right, text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _together(left, right, text)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _repeated(left, text_of(right, text), text) or _repeated(right, text_of(left, text), text)
        case ast.BinOp(left=ast.Dict() as left, op=ast.BitOr(), right=ast.Dict() as right):
            return _merged([left, right], text)
        case ast.Dict(keys=keys) if None in keys:
            return _merged([node], text)
        case ast.Subscript(value=ast.Dict() as over, slice=key):
            return _looked_up(shown(key, text), over, text)
        case ast.Subscript(value=over, slice=ast.Slice() as part):
            return _cut(over, part, text)
        case ast.Subscript(value=over, slice=place):
            return _at(over, text_of(place, text), text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return function_of(name, args, text)
        case ast.Call(func=ast.Name(id="sorted"), args=[over], keywords=[ast.keyword(arg="reverse", value=down)]):
            return sorted_of(over, text, isinstance(down, ast.Constant) and down.value is True)
        case ast.Call(func=ast.Attribute(value=over, attr=name), args=args, keywords=[]):
            return _method(over, name, texts_of(args, text), args, text)
    return None


def _is_sequence(over: ast.expr) -> bool:
    return isinstance(over, (ast.List, ast.Tuple)) or (isinstance(over, ast.Constant) and isinstance(over.value, str))


def _compared(left: ast.expr, how: ast.cmpop, right: ast.expr, text: str) -> Way | None:
    one, items = shown(left, text) or "", items_of(right, text)
    match how:
        case ast.In() | ast.NotIn() if items is not None and not isinstance(right, ast.Constant):
            return lambda steps: str(any(steps.same(one, item) for item in items) is isinstance(how, ast.In))
        case ast.In() | ast.NotIn() if items is not None and is_text(one) and (parts := items_of(left, text)):
            return lambda steps: str(bool(matches(parts, items, steps, 1)) is isinstance(how, ast.In))
        case ast.Lt() | ast.Gt() | ast.LtE() | ast.GtE() if type(left) is type(right) and _is_sequence(left):
            others = items_of(left, text)
            if others is None or items is None or not all(map(alike, zip(others, items, strict=False))):
                return None
            return _in_order(left, others, items, _SIGNS[type(how)])
        case ast.Eq() | ast.NotEq() if type(left) is type(right) and _is_sequence(left):
            others = items_of(left, text)
            if others is None or items is None or (len(others) == len(items) == 1 and isinstance(left, ast.Constant)):
                return None
            return lambda steps: str(_all_same(others, items, steps) is isinstance(how, ast.Eq))
    return None


def _all_same(one: Sequence[str], other: Sequence[str], steps: Steps) -> bool:
    if not all(steps.same(first, second) for first, second in zip(one, other, strict=False)):
        return False
    return steps.same(steps.counted(one) or "", steps.counted(other) or "")


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


def _together(left: ast.expr, right: ast.expr, text: str) -> Way | None:
    one, other = items_of(left, text), items_of(right, text)
    if one is None or other is None or type(left) is not type(right) or not _is_sequence(left):
        return None
    return lambda steps: put_together(left, [*one, *other])


def _repeated(over: ast.expr, times: str, text: str) -> Way | None:
    items = items_of(over, text) if _is_sequence(over) else None
    if items is None or not is_whole(times):
        return None

    def way(steps: Steps) -> str | None:
        made: list[str] = []
        number: str | None = "0"
        while not times.startswith("-") and number is not None and not steps.same(number, times):
            made += items
            number = steps.next(number) if len(made) < 1000 else None
        return None if number is None else put_together(over, made)

    return way


def _merged(parts: Sequence[ast.Dict], text: str) -> Way | None:
    """Pairs of several dicts in one: of keys that are the same the first, with the last value."""
    pairs = list(_pairs(parts, text))
    if len(pairs) > MOST or not all(map(is_value, (each for pair in pairs for each in pair))):
        return None
    return lambda steps: dict_together(put_pairs(pairs, steps))


def _pairs(parts: Sequence[ast.Dict], text: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        for key, value in zip(part.keys, part.values, strict=True):
            if key is not None:
                yield shown(key, text) or "", shown(value, text) or ""
            elif isinstance(value, ast.Dict):
                yield from _pairs([value], text)
            else:
                yield "", ""


def _looked_up(key: str | None, over: ast.Dict, text: str, default: str | None = None) -> Way | None:
    """The value of a key, or the default; None: that raises."""
    keys, values = items_of(over, text), [shown(value, text) for value in over.values]
    if keys is None or key is None or None in values:
        return None

    def way(steps: Steps) -> str | None:
        for each, value in zip(keys, values, strict=True):
            if steps.same(key, each):
                return value
        if default is None:
            raise Raises(f"KeyError({key})")
        return default

    return way


def _at(over: ast.expr, place: str, text: str) -> Way | None:
    items = items_of(over, text) if _is_sequence(over) else None
    if items is None or not is_whole(place):
        return None
    kind = "list" if isinstance(over, ast.List) else "tuple" if isinstance(over, ast.Tuple) else "string"
    return lambda steps: item_at(place, items, steps, f"{kind} index out of range")


def _cut(over: ast.expr, part: ast.Slice, text: str) -> Way | None:
    items = items_of(over, text) if _is_sequence(over) else None
    lower, upper, step = (None if each is None else text_of(each, text) for each in (part.lower, part.upper, part.step))
    if items is None or not all(each is None or is_whole(each) for each in (lower, upper, step)):
        return None
    if step == "-1" and lower is None and upper is None:
        return lambda steps: put_together(over, reversed(items))
    if step is not None and (step.startswith("-") or step == "0"):
        return None

    def way(steps: Steps) -> str | None:
        kept = _kept(items, lower, upper, step, steps)
        return None if kept is None else put_together(over, kept)

    return way


def _kept(
    items: Sequence[str], lower: str | None, upper: str | None, step: str | None, steps: Steps
) -> list[str] | None:
    """From the place of the first on, each or each so-manieth, until the place of the last is reached."""
    bounds = [None if each is None else steps.forward(each, items) for each in (lower or "0", upper)]
    first, last = ("0" if each is not None and each.startswith("-") else each for each in bounds)
    if first is None or (upper is not None and last is None):
        return None
    kept, wanted, begun = list[str](), first, False
    for number, item in steps.numbered(items):
        if number is None or (last is not None and steps.same(number, last)):
            break
        begun = begun or steps.same(number, first)
        if begun and (step is None or steps.same(number, wanted)):
            kept.append(item)
            wanted = (steps.value(f"{wanted} + {step}") if step else None) or wanted
    return kept


def _method(over: ast.expr, name: str, given: Sequence[str], args: Sequence[ast.expr], text: str) -> Way | None:
    items = items_of(over, text)
    match over, name, given:
        case ast.Dict(), "get" | "setdefault", [key, *others] if len(others) < 2:
            return _looked_up(key, over, text, [*others, "None"][0])
        case ast.Dict(), "pop", [key, *others] if len(others) < 2:
            return _looked_up(key, over, text, *others)
        case ast.Constant(value=str()), "join", [_]:
            return joined(shown(over, text) or "", gone_through(args[0], text))
        case ast.Constant(value=str()), _, _ if items is not None:
            return of_text(name, given, items)
        case ((ast.List() | ast.Tuple()), "count", [one]) if items is not None:
            return lambda steps: steps.counted([item for item in items if steps.same(item, one)])
        case ((ast.List() | ast.Tuple()), "index", [one]) if items is not None:
            missing = f"{one} is not in list" if isinstance(over, ast.List) else "tuple.index(x): x not in tuple"
            return lambda steps: place_of(one, items, steps, missing)
        case ast.List(), "pop", [] if items is not None:
            return lambda steps: item_at("-1", items, steps, "pop from empty list")
        case ast.List(), "pop", [place] if items is not None and is_whole(place):
            return lambda steps: item_at(
                place, items, steps, "pop index out of range" if items else "pop from empty list"
            )
    return None
