"""Sets of whole numbers in the order in which CPython shows them: that of its table, in which the numbers are their own hashes.

Whether two values are equal is asked (`models.steps`). How a set came to be is not shown: of tables in which items have the order that is seen
the likeliest is taken, and `pop` takes the first one, which it does unless items came to it since the last. The order of texts is another in
each process, and of them nothing is known here (`machine.sets` knows of programs that the tracer runs). Evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from cwm_trace.models.items import MOST, Raises, Steps, Way, is_whole, items_of
from cwm_trace.models.set_table import Table
from cwm_trace.models.statements import statement_of

_TRUTHS = ("True", "False")
_METHODS = {"union": "|", "intersection": "&", "difference": "-", "symmetric_difference": "^"}
_UPDATES = {"update": "|", "intersection_update": "&", "difference_update": "-", "symmetric_difference_update": "^"}


def set_together(items: Sequence[str]) -> str:
    """A set of these, in this order."""
    return f"{{{', '.join(items)}}}" if items else "set()"


def set_of(items: Sequence[str], steps: Steps) -> str | None:
    """What `set` makes of items that it goes through; None: in which order is unknown."""
    kept = ordered(items, steps)
    return None if kept is None else set_together(kept)


def ordered(items: Sequence[str], steps: Steps) -> list[str] | None:
    """The items of that set."""
    kept = _distinct(items, steps)
    return Table(kept).items if _have_order(kept) else None


def display_of(items: Sequence[str]) -> Way | None:
    """The order of a set that is written out: of three constants or more, Python makes a set first, and then another of that."""
    if not _have_order(items):
        return None

    def way(steps: Steps) -> str:
        table = Table(_distinct(items, steps))
        # Of constants the compiler makes a frozen set, and another one of that, which is then copied.
        return set_together((Table(table.items).copy() if len(items) > 2 else table).items)

    return way


def combined(one: ast.expr, sign: str, other: ast.expr, line: str) -> Way | None:
    """What an operator gives of two sets; None for others, or where the order is unknown."""
    items, others = items_of_set(one, line), items_of_set(other, line)
    if items is None or others is None:
        return None
    return _joined(items, sign, others)


def items_of_set(over: ast.expr, line: str) -> list[str] | None:
    """The items of a set; None: it is none."""
    match over:
        case ast.Set():
            return items_of(over, line)
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return []
    return None


def of_set(name: str, items: Sequence[str], others: Sequence[str] | None, given: Sequence[str]) -> Way | None:
    """A method of a set that gives another one, an item, or a truth; None where it is none, or not known."""
    if name == "pop" and not given and items:
        return lambda steps: items[0]
    if name == "copy" and not given:
        return lambda steps: None if (table := table_of(items)) is None else set_together(table.copy().items)
    if others is None or len(given) > 1:
        return None
    if name in _METHODS:
        return _joined(items, _METHODS[name], others)
    match name:
        case "issubset":
            return lambda steps: str(all(_has(others, item, steps) for item in items))
        case "issuperset":
            return lambda steps: str(all(_has(items, item, steps) for item in others))
        case "isdisjoint":
            return lambda steps: str(not any(_has(items, item, steps) for item in others))
    return None


def changed_set(name: str, items: Sequence[str], given: Sequence[str], others: Sequence[str] | None) -> Way | None:
    """What a method leaves of a set; None where that is not known."""
    match name, given:
        case "add", [one] if _have_order([*items, one]):
            return lambda steps: _with(items, [] if _has(items, one, steps) else [one])
        case "discard" | "remove", [one]:
            return lambda steps: _without(name, items, one, steps)
        case "pop", [] if items:
            return lambda steps: set_together(items[1:])
        case "clear", []:
            return lambda steps: "set()"
    if others is None or name not in _UPDATES:
        return None
    if name == "difference_update":
        return lambda steps: set_together([item for item in items if not _has(others, item, steps)])
    if name == "update" and _have_order([*items, *others]):
        return lambda steps: _with(
            items, [other for other in _distinct(others, steps) if not _has(items, other, steps)]
        )
    return _joined(items, _UPDATES[name], others)


def _with(items: Sequence[str], more: Sequence[str]) -> str | None:
    if (table := table_of(items)) is None:
        return None
    return set_together(_exchanged(table, [], more).items)


def _joined(items: Sequence[str], sign: str, others: Sequence[str]) -> Way | None:
    if sign not in _METHODS.values() or not _have_order([*items, *others]):
        return None

    def way(steps: Steps) -> str | None:
        both = [item for item in items if _has(others, item, steps)]
        new = [item for item in others if not _has(items, item, steps)]
        if sign == "&":
            return set_together(Table(_in(both, others, steps) if len(others) <= len(items) else both).items)
        left = [item for item in items if item not in both]
        if sign == "-" and len(items) // 4 <= len(others):
            return set_together(Table(left).items)
        if (table := table_of(items)) is None:
            return None
        if sign == "|":
            return set_together(table.copy().merge(others, new).items)
        if sign == "-":
            return set_together(_exchanged(table.copy(), both, ()).items)
        if (other_table := table_of(others)) is None:
            return None
        return set_together(_exchanged(other_table.copy(), _in(both, others, steps), left).items)

    return way


def _in(both: Sequence[str], others: Sequence[str], steps: Steps) -> list[str]:
    """In the order of the others."""
    return [item for other in others for item in both if steps.same(item, other)]


def _exchanged(table: Table, gone: Iterable[str], new: Iterable[str]) -> Table:
    for item in gone:
        table.remove(item)
    for item in new:
        table.add(item)
    return table


def _has(items: Sequence[str], one: str, steps: Steps) -> bool:
    return any(steps.same(one, item) for item in items)


def _distinct(items: Sequence[str], steps: Steps) -> list[str]:
    """Of items that are equal the first."""
    kept: list[str] = []
    for item in items:
        if not _has(kept, item, steps):
            kept.append(item)
    return kept


def _without(name: str, items: Sequence[str], one: str, steps: Steps) -> str:
    kept = [item for item in items if not steps.same(one, item)]
    if name == "remove" and len(kept) == len(items):
        raise Raises(f"KeyError({one})")
    return set_together(kept)


def _have_order(items: Sequence[str]) -> bool:
    return len(items) <= MOST and (len(items) < 2 or all(map(_has_hash, items)))


def table_of(items: Sequence[str]) -> Table | None:
    """One in which items have the order in which they are shown; None: none was found. In which order they came into it is unknown."""
    tables = (make(order) for make in _MAKERS for order in _orders(items))
    return next((table for table in tables if table.items == [*items]), None)


def _orders(items: Sequence[str]) -> Iterator[list[str]]:
    """Orders in which they may have come."""
    yield [*items]
    yield [*items][::-1]
    for place, item in enumerate(items):
        others = [*items[:place], *items[place + 1 :]]
        yield [item, *others]
        yield [*others, item]


_MAKERS: list[Callable[[Sequence[str]], Table]] = [
    Table,
    lambda items: Table(items).copy(),
    *(partial(Table, size=2**power) for power in range(3, 10)),
]


def _parts(item: str) -> list[str] | None:
    """Those of a tuple of whole numbers; None: it is none."""
    statement = statement_of(item) if item.startswith("(") else None
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Tuple):
        return None
    parts = items_of(statement.value, item)
    return parts if parts is not None and all(map(_has_hash, parts)) else None


def _has_hash(item: str) -> bool:
    return is_whole(item) or item in _TRUTHS or _parts(item) is not None


def given_items(texts: Iterable[str]) -> list[str] | None:
    """All items of values that a method is given, in this order; None where one is no such value."""
    made: list[str] = []
    for text in texts:
        statement = statement_of(text)
        if not isinstance(statement, ast.Expr):
            return None
        members = items_of_set(statement.value, text)
        items = items_of(statement.value, text) if members is None else members
        if items is None:
            return None
        made += items
    return made
