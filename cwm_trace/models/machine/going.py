"""Python's functions that go through items: containers that are made of them, `zip` and the like, sums, `max`, `sorted`.

Each comparison and addition is asked for. Knows in which order CPython makes them.
"""

from __future__ import annotations

from collections.abc import Iterator as Iterates
from collections.abc import Mapping, Sequence
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import comparing, holding, operators, refusals
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import (
    ASKS_FOR_LENGTH,
    DEQUES,
    MOST_ITEMS,
    Iterator,
    collected,
    iterator_of,
    over_items,
    step,
)
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    END,
    OWN,
    Builtin,
    Class,
    Dict,
    List,
    Lost,
    Object,
    Raised,
    Range,
    Set,
    Slice,
    Unknown,
    Value,
    View,
    as_tuple,
    class_of,
    content_of,
    error,
    find,
    is_unknown,
    kind_name,
    known,
    own_method,
)

_MOST_SORTED = 500  # items, whose comparisons may be seen


@native("range")
def _range(m: Interpreter, *bounds: Value) -> Work:
    numbers = []
    for bound in bounds:
        numbers.append((yield from holding.as_index(m, bound)))
    for number in numbers:
        if not isinstance(number, int):
            raise error("TypeError", f"'{kind_name(number)}' object cannot be interpreted as an integer")
    start, stop, step_by = [0, *numbers, 1] if len(numbers) == 1 else [*numbers, 1][:3]
    if step_by == 0:
        raise error("ValueError", "range() arg 3 must not be zero")
    return Range(int(start), int(stop), int(step_by))


@native("slice")
def _slice(m: Interpreter, *bounds: Value) -> Value:
    return Slice(None, bounds[0], None) if len(bounds) == 1 else Slice(*bounds, *[None] * (3 - len(bounds)))


@native("iter")
def _iter(m: Interpreter, value: Value, *end: Value) -> Work:
    if not end:
        return (yield from iterator_of(m, value))

    def advance(m: Interpreter) -> Work:
        given = yield from invoke(m, value, [], {})
        return END if (yield from comparing.same(m, given, end[0])) else given

    return Iterator("<callable_iterator object>", advance, (value,))


@native("next")
def next_of(m: Interpreter, iterator: Value, *default: Value) -> Work:
    iterator = known(iterator)
    if isinstance(iterator, (Object, *OWN)) and (advance := own_method(iterator, "__next__")) is not None:
        try:
            return (yield from invoke(m, advance, [iterator], {}))
        except Raised as raised:
            if not default or not raised.is_a("StopIteration"):
                raise
            return default[0]
    given = yield from step(m, iterator)
    if given is not END:
        return given
    if default:
        return default[0]
    raise Raised(m.stop) if m.stop is not None else error("StopIteration")


@native("enumerate")
def _enumerate(m: Interpreter, over: Value, start: Value = 0) -> Work:
    inner, number = (yield from iterator_of(m, over)), known(start)

    def advance(m: Interpreter) -> Work:
        nonlocal number
        item = yield from step(m, inner)
        if item is END:
            return END
        given = number
        number = m.questions.sure(f"{number} + 1")
        return (given, item)

    return Iterator("<enumerate object>", advance, (inner,))


def _iterators_of(m: Interpreter, overs: Sequence[Value]) -> Work:
    made = []
    for over in overs:
        made.append((yield from iterator_of(m, over)))
    return made


def _one_of_each(m: Interpreter, iterators: Sequence[Value]) -> Work:
    """The next item of each; END where one has no more, and those behind it are not asked."""
    items = []
    for each in iterators:
        item = yield from step(m, each)
        if item is END:
            return END
        items.append(item)
    return items


def _check_ended(m: Interpreter, inner: Sequence[Value], who: str = "zip") -> Work:
    """Raises Raised where one of several iterators has ended before the others, or after them."""
    first = next(place for place, each in enumerate(inner) if getattr(each, "ended", True))
    before = "argument 1" if first == 1 else f"arguments 1-{first}"
    if first:
        raise error("ValueError", f"{who}() argument {first + 1} is shorter than {before}")
    for place, each in enumerate(inner[1:], 1):
        if (yield from step(m, each)) is not END:
            before = "argument 1" if place == 1 else f"arguments 1-{place}"
            raise error("ValueError", f"{who}() argument {place + 1} is longer than {before}")


@native("zip")
def _zip(m: Interpreter, *overs: Value, strict: Value = False) -> Work:
    inner = yield from _iterators_of(m, overs)

    def advance(m: Interpreter) -> Work:
        items = yield from _one_of_each(m, inner)
        if items is END and known(strict):
            yield from _check_ended(m, inner)
        return tuple(items) if items is not END and items else END

    return Iterator("<zip object>", advance, inner)


@native("map")
def _map(m: Interpreter, function: Value, *overs: Value, strict: Value = False) -> Work:
    inner = yield from _iterators_of(m, overs)

    def advance(m: Interpreter) -> Work:
        items = yield from _one_of_each(m, inner)
        if items is END and known(strict):  # from 3.14 on
            yield from _check_ended(m, inner, "map")
        if isinstance(function, Builtin) and function.name == "next" and items is not END:
            return (yield from next_of(m, *items, END))  # whose end no recorder of bytecode sees
        return END if items is END else (yield from invoke(m, function, items, {}))

    return Iterator("<map object>", advance, [*inner, function])


@native("filter")
def _filter(m: Interpreter, function: Value, over: Value) -> Work:
    inner = yield from iterator_of(m, over)

    def advance(m: Interpreter) -> Work:
        while (item := (yield from step(m, inner))) is not END:
            passes = item if function is None else (yield from invoke(m, function, [item], {}))
            if (yield from comparing.truth_of(m, passes)):
                return item
        return END

    return Iterator("<filter object>", advance, (inner, function))


@native("reversed")
def _reversed(m: Interpreter, over: Value) -> Work:
    over = known(over)
    if (own := own_method(over, "__reversed__")) is not None:
        return (yield from invoke(m, own, [over], {}))
    match over:
        case List():
            return _backwards(over)
        case Class(flavour="enum"):
            made = over_items(over.space["_members_"][::-1], "generator")
            made.shown = "<generator object EnumType.__reversed__.<locals>.<genexpr>>"
            return made
        case Range():
            numbers = yield from collected(m, over)
            return over_items(numbers[::-1], "range_iterator")
        case str() | bytes() | tuple():
            return over_items(list(over)[::-1], "reversed")
        case Dict() | View():
            held = over if isinstance(over, Dict) else over.over
            kind = "keys" if isinstance(over, Dict) else over.kind
            pairs = list(zip(held.keys, held.values, strict=True))[::-1]
            items = {"keys": [key for key, _ in pairs], "values": [value for _, value in pairs], "items": pairs}[kind]
            is_ordered = held.kind == "OrderedDict"
            return over_items(
                items, "odict_iterator" if is_ordered else f"dict_reverse{kind.removesuffix('s')}iterator"
            )
        case Object():
            if (get := find(over.kind, "__getitem__")) is None:
                raise Lost
            size = known((yield from comparing.length(m, over)))

            def backwards(m: Interpreter) -> Work:
                nonlocal size
                size -= 1
                return END if size < 0 else (yield from invoke(m, get, [over, size], {}))

            return Iterator("<reversed object>", backwards, (over,), measured=over)
    raise error("TypeError", f"'{kind_name(over)}' object is not reversible")


_DEQUES = f"{DEQUES.__module__}._deque_reverse_iterator"


def _backwards(over: List) -> Iterator:
    """Over a list that may change meanwhile, from its end."""
    place = len(over.items)

    def advance(_: Interpreter) -> Value:
        nonlocal place
        place -= 1
        return over.items[place] if 0 <= place < len(over.items) else END

    shown = {"list": "list_reverseiterator", "bytearray": "reversed"}.get(over.kind, _DEQUES)
    return Iterator(f"<{shown} object>", advance, (over,), left=lambda: max(0, place))


@native("list")
def _list(m: Interpreter, over: Value = ()) -> Work:
    return List((yield from collected(m, over, is_list=True)))


@native("tuple")
def _tuple(m: Interpreter, over: Value = ()) -> Work:
    return tuple((yield from collected(m, over, is_list=ASKS_FOR_LENGTH)))


@native("set")
def _set(m: Interpreter, over: Value = ()) -> Work:
    if isinstance(content_of(known(over)), Set):
        over = content_of(known(over))
    if isinstance(known(over), Set) and not known(over).has_order:
        return Set([*known(over).items], has_order=False)
    if not isinstance(known(over), Paused):
        return (yield from holding.set_of(m, (yield from collected(m, over)), known(over)))
    items, iterator = list[Value](), known(over)
    while (item := (yield from step(m, iterator))) is not END:  # each has its place before the next one comes
        yield from comparing.hashed(m, item, of="set element")
        items.append(item)
    return (yield from holding.set_of(m, items, has_hashes=True))


@native("frozenset")
def _frozenset(m: Interpreter, over: Value = ()) -> Work:
    made = yield from _set(m, over)
    made.kind = "frozenset"
    return made


@native("dict")
def _dict(m: Interpreter, /, *more: Value, **named: Value) -> Work:
    made = Dict()
    yield from holding.updated(m, made, more[0] if more else (), named)
    return made


@native("any")
def _any(m: Interpreter, over: Value) -> Work:
    return (yield from _first_that(m, over, True))


@native("all")
def _all(m: Interpreter, over: Value) -> Work:
    return not (yield from _first_that(m, over, False))


def _first_that(m: Interpreter, over: Value, wanted: bool) -> Work:
    """Whether an item is so."""
    iterator = yield from iterator_of(m, over)
    while (item := (yield from step(m, iterator))) is not END:
        if (yield from comparing.truth_of(m, item)) is wanted:
            return True
    return False


@native("sum")
def _sum(m: Interpreter, over: Value, start: Value = 0) -> Work:
    if isinstance(start, str):
        raise error("TypeError", "sum() can't sum strings [use ''.join(seq) instead]")
    if isinstance(start, bytes):
        raise error("TypeError", "sum() can't sum bytes [use b''.join(seq) instead]")
    iterator = yield from iterator_of(m, over)
    items = list[Value]()
    while (item := (yield from step(m, iterator))) is not END and _is_summed(item) and _is_summed(start):
        items.append(item)
        if len(items) > MOST_ITEMS:
            raise Lost
    if _COMPENSATES and items and any(isinstance(known(each), float) for each in (start, *items)):
        total = yield from _compensated(m, items, start)
    else:
        total = _sum_of_numbers(m, items, start) if items else start
    while item is not END:  # another one, whose class may have its own way
        total = yield from operators.binary(m, "+", total, item)
        item = yield from step(m, iterator)
    return total


_COMPENSATES = sum([0.1] * 10) == 1.0
_COMPENSATES_WHOLE = sum([1e16, 1, 1.0, -1e16]) == 2.0
"""Whether what is rounded off a sum of floats is summed, too (Neumaier), as from 3.12 on; of whole numbers in it, too, as from 3.14 on."""


def _compensated(m: Interpreter, items: Sequence[Value], start: Value) -> Work:
    """A sum in which there are floats, as C has it (bltinmodule.c, `cs_add`)."""
    numbers = [start, *(int(each) if isinstance(each, bool) else each for each in map(known, items))]
    first = next(place for place, each in enumerate(numbers) if isinstance(each, float))
    total: Value = _sum_of_numbers(m, numbers[1:first], start) if first > 1 else start
    if first:
        total = known((yield from operators.binary(m, "+", total, numbers[first])))
    off = 0.0
    for number in numbers[first + 1 :]:
        more = known((yield from operators.binary(m, "+", total, number)))
        if isinstance(number, float) or _COMPENSATES_WHOLE:
            number = float(number)
            large, small = (total, number) if abs(total) >= abs(number) else (number, total)
            lost = yield from operators.binary(m, "-", large, more)
            lost = yield from operators.binary(m, "+", lost, small)
            off = known((yield from operators.binary(m, "+", off, lost)))
        total = more
    return (yield from operators.binary(m, "+", total, off)) if off else total


def _is_summed(value: Value) -> bool:
    return not is_unknown(value) and isinstance(known(value), (int, float))


def _sum_of_numbers(m: Interpreter, items: Sequence[Value], start: Value) -> Value:
    more = "" if start == 0 and isinstance(start, int) else f", {text_of(start)}"
    numbers = [int(each) if isinstance(each, bool) else each for each in map(known, items)]
    return m.questions.value(f"sum([{', '.join(map(text_of, numbers))}]{more})")


@native("min")
def _min(m: Interpreter, /, *values: Value, key: Value = None, **default: Value) -> Work:
    return (yield from _best(m, "<", values, key, default))


@native("max")
def _max(m: Interpreter, /, *values: Value, key: Value = None, **default: Value) -> Work:
    return (yield from _best(m, ">", values, key, default))


def _best(m: Interpreter, sign: str, values: Sequence[Value], key: Value, default: Mapping[str, Value]) -> Work:
    if default and len(values) > 1:
        name = "max" if sign == ">" else "min"
        raise error("TypeError", f"Cannot specify a default for {name}() with multiple positional arguments")
    if len(values) == 1:
        iterator = yield from iterator_of(m, values[0])
    else:
        iterator = over_items(list(values), "list_iterator")
    best: Any = END
    best_key: Value = None
    while (item := (yield from step(m, iterator))) is not END:
        given = item if key is None else (yield from invoke(m, key, [item], {}))
        if best is not END and (is_unknown(given) or is_unknown(best_key)):
            best = best_key = m.unknown()
        elif best is END or (yield from comparing.holds(m, sign, given, best_key)):
            best, best_key = item, given
    if best is not END:
        return best
    if "default" in default:
        return default["default"]
    name = "min" if sign == "<" else "max"
    raise error("ValueError", said.NO_ITEMS.format(name))


@native("sorted")
def _sorted(m: Interpreter, over: Value, /, *, key: Value = None, reverse: Value = False) -> Work:
    if isinstance(known(over), Set) and key is None and _is_plain(known(over).items):
        items = list(known(over).items)  # whatever their order was
    else:
        items = yield from collected(m, over, is_list=True)
    return List((yield from in_order(m, items, key, (yield from is_reversed(m, reverse)))))


def is_reversed(m: Interpreter, reverse: Value) -> Work:
    """Whether items are sorted the other way round. Raises Raised."""
    if isinstance(known(reverse), bool):
        return known(reverse)
    if (refused := refusals.refusal("list.sort", (List([]),), {"reverse": reverse})) is not None:
        raise refused
    return (yield from comparing.truth_of(m, reverse))


def in_order(m: Interpreter, items: Sequence[Value], key: Value, is_down: bool) -> Work:
    """As `list.sort` does it. Raises Raised, Lost."""
    keys = []
    for item in items:
        keys.append(item if key is None else (yield from invoke(m, key, [item], {})))
    if any(map(is_unknown, keys)):
        return [m.unknown() for _ in items]
    if key is None and _is_plain(items):
        told = m.questions.value(f"sorted([{', '.join(map(text_of, items))}]{', reverse=True' if is_down else ''})")
        if not isinstance(told, Unknown) and len(told.items) == len(items):
            return list(told.items)
    pairs = list(zip(keys, items, strict=True))
    sort = _as_python_does if any(map(_may_be_seen, keys)) else _by_halves
    pairs = (yield from sort(m, pairs[::-1]))[::-1] if is_down else (yield from sort(m, pairs))
    return [item for _, item in pairs]


def _may_be_seen(key: Value) -> bool:
    """Whether comparing it may call functions of the program."""
    key = known(key)
    return isinstance(key, (Object, *OWN)) or any(map(_may_be_seen, as_tuple(key) or ()))


class _Asked(Exception):
    """Internal: which two are to be compared."""


class _Place:
    """One of those that are sorted; `told`: how comparisons have come out, one after the other."""

    def __init__(self, number: int, told: Iterates[bool]) -> None:
        self.number, self._told = number, told

    def __lt__(self, other: _Place) -> bool:
        for holds in self._told:
            return holds
        raise _Asked(self.number, other.number)


def _as_python_does(m: Interpreter, pairs: list[tuple[Value, Value]]) -> Work:
    """By the comparisons that this Python makes: it sorts again and again, as far as it is known how they come out. Raises Lost."""
    if len(pairs) > _MOST_SORTED:
        raise Lost
    told: list[bool] = []
    are_alike = len({id(class_of(known(key))) for key, _ in pairs}) == 1
    while True:
        so_far = iter(told)
        try:
            places = sorted([_Place(number, so_far) for number in range(len(pairs))])
        except _Asked as asked:
            one, other = (pairs[number][0] for number in asked.args)
            told.append((yield from _is_less(m, known(one), known(other), are_alike)))
        else:
            return [pairs[place.number] for place in places]


def _is_less(m: Interpreter, one: Value, other: Value, are_alike: bool) -> Work:
    """As `list.sort` asks: where all are of one class, its own method is asked before what `<` asks (Objects/listobject.c)."""
    if are_alike and isinstance(one, Object):
        given = yield from comparing.by_method(m, one, "<", other)
        if not comparing.is_not_implemented(given):
            return (yield from comparing.truth_of(m, given))
    return (yield from comparing.holds(m, "<", one, other))


def _is_plain(items: Sequence[Value]) -> bool:
    """Whether all are texts, or all whole numbers."""
    kinds = {type(known(item)) for item in items}
    return len(items) > 1 and kinds in ({str}, {int})


def _by_halves(m: Interpreter, pairs: list[tuple[Value, Value]]) -> Work:
    if len(pairs) < 2:
        return pairs
    run, falls = 2, (yield from comparing.holds(m, "<", pairs[1][0], pairs[0][0]))
    while run < len(pairs) and (yield from comparing.holds(m, "<", pairs[run][0], pairs[run - 1][0])) is falls:
        run += 1
    made = pairs[:run][::-1] if falls else pairs[:run]
    for pair in pairs[run:]:
        low, high = 0, len(made)
        while low < high:
            middle = (low + high) // 2
            if (yield from comparing.holds(m, "<", pair[0], made[middle][0])):
                high = middle
            else:
                low = middle + 1
        made.insert(low, pair)
    return made
