"""The order of a set's items, as long as it is known how it came to be: each set keeps its table (`models.set_table`).

Whether items are equal is asked elsewhere (`operators`): what comes here is different from all that is in the set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cwm_trace.models.machine import records
from cwm_trace.models.machine.code import CONVENTION
from cwm_trace.models.machine.interned import is_interned
from cwm_trace.models.machine.values import (
    UNSET,
    WITH_METHODS,
    Class,
    Dict,
    Object,
    Set,
    Value,
    as_tuple,
    closed,
    find,
    known,
)
from cwm_trace.models.set_table import HASHED, Table, hash_of, of_frozenset, of_tuple, word_of
from cwm_trace.models.sets import table_of


def texts_of(items: Sequence[Value]) -> list[str] | None:
    """Items as texts, those of classes as their hashes; None where the hash of one is not known, or two look alike."""
    texts = [_text_of(known(each)) for each in items]
    found = [text for text in texts if text is not None]
    return found if len(found) == len(texts) == len({*found}) else None


def _text_of(item: Value) -> str | None:
    text = closed(item)
    if text is not None and hash_of(text) is not None:
        return text
    number = number_of(item)
    return None if number is None else f"{HASHED}{number}"


def number_of(value: Value) -> int | None:
    """The hash of a value, which has been asked for its own; None: unknown."""
    value = known(value)
    text = closed(value)
    if text is not None and (found := hash_of(text)) is not None:
        return found
    if isinstance(value, Set) and value.kind == "frozenset":
        return _together(value.items, of_frozenset)
    if (parts := as_tuple(value)) is not None:
        return _together(parts, of_tuple)
    if isinstance(value, WITH_METHODS) and value.hashed is not None:
        return word_of(value.hashed) if isinstance(value.hashed, int) else None
    if not isinstance(value, Object) or not isinstance(value.kind, Class):
        return None
    if value.content is not UNSET and find(value.kind, "__eq__") is None:
        return number_of(value.content)
    if value.kind.flavour == "enum":
        is_plain = any("_plain_" in each.space for each in value.kind.line if isinstance(each, Class))
        return number_of(value.attributes["_value_" if is_plain else "_name_"])
    if (of := hashed_by(value)) is not None:
        return _together([value.attributes.get(name, UNSET) for name in records.hashed_fields(of)], of_tuple)
    return None


def hashed_by(value: Value) -> Class | None:
    """The dataclass of whose fields a value's hash is made; None: it has another."""
    of = records.hashes_by(value.kind) if isinstance(value, Object) and isinstance(value.kind, Class) else None
    return of if isinstance(of, Class) else None


def _together(items: Sequence[Value], way: Callable[[Sequence[int]], int]) -> int | None:
    numbers = [number_of(each) if each is not UNSET else None for each in items]
    found = [number for number in numbers if number is not None]
    return way(found) if len(found) == len(numbers) else None


_NUMBERS = (int, float, complex)


def _first_of_equals(items: Sequence[Value]) -> Sequence[Value]:
    """Without numbers that are equal to one of another kind before, as `1` and `True`."""
    numbers = [known(each) for each in items if isinstance(known(each), _NUMBERS)]
    if len({type(each) for each in numbers}) < 2:
        return items
    seen: set[complex] = set()
    kept = []
    for each in items:
        if isinstance(known(each), _NUMBERS):
            if known(each) in seen:
                continue
            seen.add(known(each))
        kept.append(each)
    return kept


def put_together(items: Sequence[Value], given: Value = None) -> Set | None:
    """A set of these; `given`: the set or dict that they are from, for which room is made at once. None: the order is unknown."""
    items = _first_of_equals(items)
    if (texts := texts_of(items)) is None:
        return None
    if isinstance(given, (Set, Dict)):
        return _arranged(Table().merge(texts, texts, _table(given) if isinstance(given, Set) else None), items)
    return _arranged(Table(texts), items)


def displayed(items: Sequence[Value], source: str) -> Set | None:
    """What is written out with constants only, three or more: the compiler makes a frozen set, and another of that (`Convention.copies_sets`);
    where it has words that are interned, as names of the program (`source`) or elsewhere, one more with these (`machine.interned`)."""
    items = _first_of_equals(items)
    if (texts := texts_of(items)) is None:
        return None
    made = Table(texts)
    if CONVENTION.copies_sets:
        made = Table(made.items)
    again = Table(made.items)
    if again.items != made.items and any(isinstance(each, str) and is_interned(each, source) for each in items):
        made = again
    return _arranged(made, items)


def grown(over: Set, new: Sequence[Value], given: Value = None) -> bool:
    """Put new items into a set; `given`: the set or dict that they are from. Whether the order is known."""
    numbers = {known(each) for each in over.items if isinstance(known(each), _NUMBERS)}
    new = [
        each for each in _first_of_equals(new) if not isinstance(known(each), _NUMBERS) or known(each) not in numbers
    ]
    table, texts = _table(over), texts_of(new)
    if table is None or texts is None:
        return False
    if isinstance(given, (Set, Dict)):
        others = texts_of(given.items if isinstance(given, Set) else given.keys)
        if others is None:
            return False
        table.merge(others, texts, _table(given) if isinstance(given, Set) else None)
    else:
        for text in texts:
            table.add(text)
    _rearrange(over, table, [*over.items, *new])
    return True


def joined(sign: str, left: Set, right: Set, both: Sequence[Value], new: Sequence[Value]) -> Set | None:
    """`left & right`, of which `both` are in both, and `new` in the right one only; None: the order is unknown."""
    tables = _table(left), _table(right)
    if tables[0] is None or tables[1] is None:
        return None
    mine, others, common, more = (texts_of(each) or [] for each in (left.items, right.items, both, new))
    items = [*left.items, *new]
    if sign == "&":
        is_smaller = len(others) <= len(mine)
        return _arranged(Table([text for text in others if text in common] if is_smaller else common), items)
    if sign == "|":
        return _arranged(tables[0].copy().merge(others, more, tables[1]), items)
    if sign == "-":
        if len(mine) // 4 <= len(others):
            return _arranged(Table([text for text in mine if text not in common]), items)
        return _arranged(_without(tables[0].copy(), common), items)
    return _arranged(_exchanged(tables[1].copy(), mine, common), items)


def exchange(over: Set, other: Set, both: Sequence[Value], new: Sequence[Value]) -> bool:
    """`over ^= other`, of which `both` are in both, and `new` in the other one only. Whether the order is known."""
    table, texts, common = _table(over), texts_of(other.items), texts_of(both)
    if table is None or texts is None or common is None:
        return False
    _rearrange(over, _exchanged(table, texts, common), [*over.items, *new])
    return True


def take_out(over: Set, items: Sequence[Value]) -> None:
    """Items that are in a set go."""
    table, texts = _table(over), texts_of(items)
    over.items[:] = [each for each in over.items if not any(each is one for one in items)]
    over.table = None if table is None or texts is None else _without(table, texts)


def pop(over: Set) -> Value | None:
    """What `set.pop` takes out; None: unknown."""
    if (table := _table(over)) is None:
        return None
    text = table.pop()
    found = next(each for each in over.items if _text_of(known(each)) == text)
    over.items[:], over.table = [each for each in over.items if each is not found], table
    return found


def become(over: Set, made: Set) -> None:
    """Let a set have the items of another."""
    over.items[:], over.table, over.has_order = made.items, made.table, made.has_order


def copied(over: Set) -> Set:
    """A copy, whose table may be smaller."""
    table = None if over.table is None else over.table.copy()
    return Set([*over.items], over.kind, over.has_order) if table is None else _arranged(table, over.items, over.kind)


def _table(over: Set) -> Table | None:
    """How a set's items lie; of one that was seen only, a likely way."""
    if over.table is None and over.has_order and (texts := texts_of(over.items)) is not None:
        over.table = table_of(texts) if texts else Table()
    return over.table


def _without(table: Table, texts: Sequence[str]) -> Table:
    for text in texts:
        table.remove(text)
    return table


def _exchanged(table: Table, texts: Sequence[str], common: Sequence[str]) -> Table:
    """Of these, what is in both goes, and the others come, one after the other."""
    for text in texts:
        if text in common:
            table.remove(text)
        else:
            table.add(text)
    return table


def _arranged(table: Table, items: Sequence[Value], kind: str = "set") -> Set:
    made = Set([], kind)
    _rearrange(made, table, items)
    return made


def _rearrange(over: Set, table: Table, items: Sequence[Value]) -> None:
    by_text = {_text_of(known(each)): each for each in reversed(items)}
    over.items[:], over.table, over.has_order = [by_text[text] for text in table.items], table, True
