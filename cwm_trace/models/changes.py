"""Changes of lists and dicts that Python makes item by item, made so (`models.steps`): which item it is, is asked for.

Knows Python's statements; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from cwm_trace.models.containers import unwrapped
from cwm_trace.models.heaps import left_by
from cwm_trace.models.items import (
    Raises,
    Steps,
    Way,
    dict_together,
    found_at,
    is_whole,
    items_of,
    list_together,
    shown,
    texts_of,
)
from cwm_trace.models.modules import CHANGING
from cwm_trace.models.operations import is_value
from cwm_trace.models.sets import changed_set, given_items, items_of_set
from cwm_trace.models.slices import between, bound_of
from cwm_trace.models.statements import statement_of, text_of

_NO_PLACE = "list assignment index out of range"
_Pairs = Sequence[tuple[str, str]]


@lru_cache(maxsize=10_000)
def change_of(value: str, line: str) -> Way | None:
    """How a line changes a value that has the only name in it, by steps; None where that is a step itself."""
    before, statement = statement_of(value), statement_of(line)
    if not isinstance(before, ast.Expr) or statement is None or not is_value(value):
        return None
    if isinstance(before.value, ast.Dict):
        return _of_dict(before.value, value, statement, line)
    if (members := items_of_set(before.value, value)) is not None:
        return _of_set(members, statement, line)
    items = items_of(before.value, value)
    if isinstance(before.value, ast.Call) and (inner := unwrapped(before.value)) is not None and items is not None:
        return _of_deque(items, statement, line) if isinstance(inner, ast.List) else None
    return None if items is None or not isinstance(before.value, ast.List) else _of_list(items, statement, line)


def _of_deque(items: Sequence[str], statement: ast.stmt, line: str) -> Way | None:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=args, keywords=[])) if len(
            given := texts_of(args, line)
        ) == len(args):
            left = _left_in_deque(name, items, given)
            return None if left is None else lambda steps: f"deque({list_together(left)})"
    way = _of_list(items, statement, line)
    return None if way is None else lambda steps: None if (made := way(steps)) is None else f"deque({made})"


def _left_in_deque(name: str, items: Sequence[str], given: Sequence[str]) -> Sequence[str] | None:
    """What a method leaves of the items; None: not known."""
    match name, given:
        case "append", [one]:
            return [*items, one]
        case "appendleft", [one]:
            return [one, *items]
        case "extend" | "extendleft", [over] if (more := given_items([over])) is not None:
            return [*items, *more] if name == "extend" else [*reversed(more), *items]
        case "pop", [] if items:
            return items[:-1]
        case "popleft", [] if items:
            return items[1:]
        case "reverse", []:
            return items[::-1]
        case "clear", []:
            return []
        case "rotate", [] | [_] if all(map(is_whole, given)) and items:
            by = int(given[0] if given else 1) % len(items)
            return [*items[len(items) - by :], *items[: len(items) - by]]
    return None


def _of_list(items: Sequence[str], statement: ast.stmt, line: str) -> Way | None:
    def of(node: ast.expr) -> str:
        return shown(node, line) or ""

    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=args, keywords=[])) if name in CHANGING:
            return _heap(name, items, args, line)
        case ast.Assign(targets=[ast.Subscript(slice=ast.Slice() as part)], value=given):
            return _put_in(items, part, given_items([of(given)]), line)
        case ast.Delete(targets=[ast.Subscript(slice=ast.Slice() as part)]):
            return _put_in(items, part, [], line)
        case ast.Assign(targets=[ast.Subscript(slice=place)], value=given) if is_value(of(place)) and is_value(
            of(given)
        ):
            return lambda steps: _replaced(items, [(of(place), [of(given)])], steps)
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Subscript(slice=one), ast.Subscript(slice=other)])],
            value=ast.Tuple(elts=[ast.Subscript(slice=first), ast.Subscript(slice=second)]),
        ) if (of(one), of(other)) == (of(second), of(first)):
            return lambda steps: _swapped(items, of(one), of(other), steps)
        case ast.Delete(targets=[ast.Subscript(slice=place)]) if is_value(of(place)):
            return lambda steps: _replaced(items, [(of(place), [])], steps)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="pop"), args=[place], keywords=[])) if is_value(of(place)):
            missing = "pop index out of range" if items else "pop from empty list"
            return lambda steps: _replaced(items, [(of(place), [])], steps, missing)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="insert"), args=[place, given], keywords=[])) if is_value(
            of(place)
        ) and is_value(of(given)):
            return lambda steps: _inserted(items, of(place), of(given), steps)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="remove"), args=[given], keywords=[])) if is_value(
            of(given)
        ):
            return lambda steps: _removed(items, of(given), steps)
    return None


def _heap(name: str, items: Sequence[str], args: Sequence[ast.expr], line: str) -> Way | None:
    given = texts_of(args, line)
    return (lambda steps: _heap_left(name, items, given, steps)) if len(given) == len(args) else None


def _heap_left(name: str, items: Sequence[str], given: Sequence[str], steps: Steps) -> str | None:
    left = left_by(name, items, given, steps)
    return None if left is None else list_together(left)


def _put_in(items: Sequence[str], part: ast.Slice, others: Sequence[str] | None, line: str) -> Way | None:
    """Other items in place of those between two bounds."""
    bounds = [bound_of(None if each is None else text_of(each, line)) for each in (part.lower, part.upper)]
    if others is None or part.step is not None or not all(fits for fits, _ in bounds):
        return None

    def way(steps: Steps) -> str | None:
        places = between(bounds[0][1], bounds[1][1], items, steps)
        return None if places is None else list_together([*items[: places[0]], *others, *items[places[1] :]])

    return way


def _of_set(items: Sequence[str], statement: ast.stmt, line: str) -> Way | None:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=args, keywords=[])):
            given = texts_of(args, line)
            return changed_set(name, items, given, given_items(given)) if len(given) == len(args) else None
    return None


def _number_of(place: str, items: Sequence[str], steps: Steps) -> int | None:
    """Where the item stands; None: there is none, or that is unknown."""
    wanted = steps.forward(place, items) if is_whole(place) else None
    return None if wanted is None else found_at(wanted, items, steps)


def _replaced(
    items: Sequence[str], others: Sequence[tuple[str, Sequence[str]]], steps: Steps, missing: str = _NO_PLACE
) -> str | None:
    """With other items in these places."""
    made: list[Sequence[str]] = [[item] for item in items]
    for place, given in others:
        if (at := _number_of(place, items, steps)) is None:
            raise Raises(repr(IndexError(missing)))
        made[at] = given
    return list_together([item for part in made for item in part])


def _swapped(items: Sequence[str], one: str, other: str, steps: Steps) -> str | None:
    first, second = (_number_of(place, items, steps) for place in (one, other))
    if first is None or second is None:
        raise Raises(repr(IndexError("list index out of range")))
    return _replaced(items, [(one, [items[second]]), (other, [items[first]])], steps)


def _inserted(items: Sequence[str], place: str, given: str, steps: Steps) -> str | None:
    """Before the item with that number, or at the edge behind which there is none."""
    at = _number_of(place, items, steps)
    if at is None:
        at = 0 if place.startswith("-") else len(items)
    return list_together([*items[:at], given, *items[at:]])


def _removed(items: Sequence[str], given: str, steps: Steps) -> str | None:
    at = next((at for at, item in enumerate(items) if steps.same(item, given)), None)
    if at is None:
        raise Raises(repr(ValueError("list.remove(x): x not in list")))
    return list_together([*items[:at], *items[at + 1 :]])


def _of_dict(before: ast.Dict, value: str, statement: ast.stmt, line: str) -> Way | None:
    keys = items_of(before, value)
    if keys is None:
        return None
    pairs = [(key, shown(part, value) or "") for key, part in zip(keys, before.values, strict=True)]

    def of(node: ast.expr) -> str:
        return shown(node, line) or ""

    match statement:
        case (
            ast.Delete(targets=[ast.Subscript(slice=key)])
            | ast.Expr(value=ast.Call(func=ast.Attribute(attr="pop"), args=[key, *_], keywords=[]))
        ) if is_value(of(key)):
            missing = None if isinstance(statement, ast.Delete) or len(statement.value.args) < 2 else value  # type: ignore[attr-defined]
            return lambda steps: _without(pairs, of(key), missing, steps)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="popitem"), args=[], keywords=[])):
            return lambda steps: _without_last(pairs)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="setdefault"), args=[key, given], keywords=[])) if (
            is_value(of(key)) and is_value(of(given))
        ):
            return lambda steps: _with_default(pairs, of(key), of(given), steps)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="update"), args=[ast.Dict() as others], keywords=[])) if (
            is_value(of(others))
        ):
            return lambda steps: steps.value(f"{{**{value}, **{of(others)}}}")
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="update"), args=[others], keywords=[])) if is_value(
            of(others)
        ):
            return lambda steps: _updated(value, steps.value(f"dict({of(others)})"), steps)
    return None


def _without_last(pairs: _Pairs) -> str:
    if not pairs:
        raise Raises("KeyError('popitem(): dictionary is empty')")
    return dict_together(pairs[:-1])


def _updated(value: str, others: str | None, steps: Steps) -> str | None:
    return None if others is None else steps.value(f"{{**{value}, **{others}}}")


def _without(pairs: _Pairs, key: str, missing: str | None, steps: Steps) -> str | None:
    at = next((at for at, (each, _) in enumerate(pairs) if steps.same(each, key)), None)
    if at is None and missing is None:
        raise Raises(f"KeyError({key})")
    return missing if at is None else dict_together([*pairs[:at], *pairs[at + 1 :]])


def _with_default(pairs: _Pairs, key: str, given: str, steps: Steps) -> str:
    if any(steps.same(each, key) for each, _ in pairs):
        return dict_together(pairs)
    return dict_together([*pairs, (key, given)])
