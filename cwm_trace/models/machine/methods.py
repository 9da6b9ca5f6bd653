"""Methods of lists, dicts, sets and their like: which item is where is done here, what two items are to each other is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import comparing, holding, sets
from cwm_trace.models.machine.active import Resume, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.going import in_order, is_reversed
from cwm_trace.models.machine.interpreter import Interpreter, closed_generator, thrown
from cwm_trace.models.machine.iterators import COROUTINE_WRAPPER, Iterator, collected
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.rendering import rendered
from cwm_trace.models.machine.values import (
    END,
    UNSET,
    Builtin,
    Class,
    Dict,
    List,
    Lost,
    Object,
    Raised,
    Set,
    Value,
    View,
    content_of,
    error,
    is_made_of,
    kind_name,
    known,
)


@native("list.append", "deque.append")
def _append(m: Interpreter, over: Value, item: Value) -> None:
    over.items.append(item)
    if over.most is not None and len(over.items) > over.most:
        del over.items[0]


@native("deque.appendleft")
def _appendleft(m: Interpreter, over: Value, item: Value) -> None:
    over.items.insert(0, item)
    if over.most is not None and len(over.items) > over.most:
        over.items.pop()


@native("list.extend", "deque.extend")
def _extend(m: Interpreter, over: Value, more: Value) -> Work:
    yield from holding.extended(m, over, more, partial(_append, m, over))


@native("deque.extendleft")
def _extendleft(m: Interpreter, over: Value, more: Value) -> Work:
    for item in (yield from collected(m, more)):
        _appendleft(m, over, item)


@native("list.insert", "deque.insert")
def _insert(m: Interpreter, over: Value, place: Value, item: Value) -> None:
    if over.most is not None and len(over.items) >= over.most:
        raise error("IndexError", "deque already at its maximum size")
    before = m.questions.places(len(over.items), f"[:{text_of(place)}]")
    over.items.insert(len(before), item)


@native("list.pop")
def _pop(m: Interpreter, over: Value, place: Value = -1) -> Value:
    if not over.items:
        raise error("IndexError", "pop from empty list")
    try:
        (at,) = m.questions.places(len(over.items), f"[{text_of(place)}]")
    except Raised:
        raise error("IndexError", "pop index out of range") from None
    return over.items.pop(at)


def _check_none(name: str, given: Sequence[Value]) -> None:
    """Raises Raised where a method of deques that takes nothing is given something."""
    if given:
        raise error("TypeError", f"deque.{name}() takes no arguments ({len(given)} given)")


@native("deque.pop")
def _deque_pop(m: Interpreter, over: Value, *more: Value) -> Value:
    _check_none("pop", more)
    if not over.items:
        raise error("IndexError", "pop from an empty deque")
    return over.items.pop()


@native("deque.popleft")
def _popleft(m: Interpreter, over: Value, *more: Value) -> Value:
    _check_none("popleft", more)
    if not over.items:
        raise error("IndexError", "pop from an empty deque")
    return over.items.pop(0)


@native("deque.rotate")
def _rotate(m: Interpreter, over: Value, by: Value = 1) -> None:
    if over.items:
        by = known(by) % len(over.items)
        over.items[:] = over.items[-by:] + over.items[:-by] if by else over.items


@native("list.remove", "deque.remove")
def _remove(m: Interpreter, over: Value, item: Value) -> Work:
    for place, each in enumerate(over.items):
        if (yield from comparing.same(m, each, item)):
            del over.items[place]
            return
    if over.kind == "list":
        raise error("ValueError", "list.remove(x): x not in list")
    raise error("ValueError", said.NOT_REMOVED.format((yield from rendered(m, known(item)))))


@native("list.clear", "deque.clear", "set.clear")
def _clear(m: Interpreter, over: Value) -> None:
    over.items.clear()
    if isinstance(over, Set):
        over.table, over.has_order = None, True


@native("list.copy", "deque.copy", "set.copy", "frozenset.copy")
def _copy(m: Interpreter, over: Value) -> Value:
    if isinstance(over, Set):
        return sets.copied(over)
    return List([*over.items], over.kind, over.most)


@native("list.reverse", "deque.reverse")
def _reverse(m: Interpreter, over: Value) -> None:
    over.items.reverse()


@native("list.sort")
def _sort(m: Interpreter, over: Value, key: Value = None, reverse: Value = False) -> Work:
    is_down = yield from is_reversed(m, reverse)
    items, over.items[:] = list(over.items), []  # as CPython has it meanwhile
    try:
        items = yield from in_order(m, items, key, is_down)
        if over.items:
            raise error("ValueError", "list modified during sort")
    finally:
        over.items[:] = items


def _of_range(name: str) -> None:
    def work(m: Interpreter, over: Value, item: Value) -> Work:
        try:
            return (yield from invoke(m, Builtin(f"list.{name}"), [List((yield from collected(m, over))), item], {}))
        except Raised as raised:
            if not isinstance(known(item), int) and raised.is_a("ValueError"):
                raise error("ValueError", "sequence.index(x): x not in sequence") from None
            told = known(raised.error.held[0])
            raise error("ValueError", told.replace("list", "range")) if raised.is_a("ValueError") else raised from None

    native(f"range.{name}")(work)


_of_range("count")
_of_range("index")


@native("list.index", "tuple.index", "namedtuple.index", "deque.index")
def _index(m: Interpreter, over: Value, item: Value, *bounds: Value) -> Work:
    items = list((yield from collected(m, over)))
    places: Sequence[int] = range(len(items))
    if bounds:
        places = m.questions.places(len(items), f"[{':'.join(map(text_of, bounds))}{':' if len(bounds) == 1 else ''}]")
    for place in places:
        if (yield from comparing.same(m, items[place], item)):
            return place
    if isinstance(over, List) and over.kind == "list":
        raise error("ValueError", said.NOT_IN_LIST.format((yield from rendered(m, known(item)))))
    if isinstance(known(over), List):
        raise error("ValueError", said.NOT_IN_DEQUE.format((yield from rendered(m, known(item)))))
    raise error("ValueError", "tuple.index(x): x not in tuple")


@native("list.count", "tuple.count", "namedtuple.count", "deque.count")
def _count(m: Interpreter, over: Value, item: Value) -> Work:
    found = 0
    for each in (yield from collected(m, over)):
        found += yield from comparing.same(m, each, item)
    return found


@native("slice.indices")
def _indices(m: Interpreter, over: Value, length: Value) -> Work:
    given = []
    for each in (over.start, over.stop, over.step, length):
        index = None if known(each) is None else known((yield from holding.as_index(m, each)))
        if not isinstance(index, int) and (index is not None or each is length):
            if each is length:
                raise error("TypeError", f"'{kind_name(length)}' object cannot be interpreted as an integer")
            raise error("TypeError", "slice indices must be integers or None or have an __index__ method")
        given.append(index)
    if (given[3] or 0) < 0:
        raise error("ValueError", "length should not be negative")
    return slice(*given[:3]).indices(given[3] or 0)


_DICTS = ("dict", "Counter", "defaultdict", "OrderedDict")


def _of_dicts(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return native(*(f"{kind}.{name}" for kind in _DICTS for name in names))


@_of_dicts("get")
def _get(m: Interpreter, over: Value, key: Value, default: Value = None) -> Work:
    place = yield from comparing.place_of(m, over, key)
    return default if place is None else over.values[place]


@_of_dicts("setdefault")
def _setdefault(m: Interpreter, over: Value, key: Value, default: Value = None) -> Work:
    place = yield from comparing.place_of(m, over, key)
    if place is not None:
        return over.values[place]
    if over.kind == "OrderedDict":  # which looks again
        yield from holding.put(m, over, key, default)
    else:
        holding.append(over, key, default)
    return default


@_of_dicts("pop")
def _pop_key(m: Interpreter, over: Value, key: Value, *default: Value) -> Work:
    is_looked_for = over.keys or over.kind == "OrderedDict"  # of none, no hash is asked for
    place = (yield from comparing.place_of(m, over, key)) if is_looked_for else None
    if place is None:
        if default:
            return default[0]
        raise error("KeyError", key)
    del over.keys[place]
    return over.values.pop(place)


@_of_dicts("popitem")
def _popitem(m: Interpreter, over: Value, last: Value = True) -> Value:
    if not over.keys:
        of = "" if over.kind == "OrderedDict" else "popitem(): "
        raise error("KeyError", f"{of}dictionary is empty")
    place = -1 if last else 0
    return over.keys.pop(place), over.values.pop(place)


@_of_dicts("keys")
def _keys(m: Interpreter, over: Value) -> Value:
    return View(over, "keys")


@_of_dicts("values")
def _values(m: Interpreter, over: Value) -> Value:
    return View(over, "values")


@_of_dicts("items")
def _items(m: Interpreter, over: Value) -> Value:
    return View(over, "items")


@_of_dicts("clear")
def _clear_dict(m: Interpreter, over: Value) -> None:
    over.keys.clear()
    over.values.clear()


@_of_dicts("copy")
def _copy_dict(m: Interpreter, over: Value) -> Value:
    return Dict([*over.keys], [*over.values], over.kind, over.make)


@native("dict.update", "defaultdict.update", "OrderedDict.update")
def _update(m: Interpreter, over: Value, /, *more: Value, **named: Value) -> Work:
    return holding.updated(m, over, more[0] if more else (), named)


@native("collections.OrderedDict.fromkeys")
def _fromkeys_in_order(m: Interpreter, keys: Value, value: Value = None) -> Work:
    made = yield from _fromkeys(m, keys, value)
    made.kind = "OrderedDict"
    return made


@native("dict.fromkeys")
def _fromkeys(m: Interpreter, keys: Value, value: Value = None) -> Work:
    made = Dict()
    for key in (yield from collected(m, keys)):
        yield from holding.put(m, made, key, value)
    return made


@native("OrderedDict.move_to_end")
def _move_to_end(m: Interpreter, over: Value, key: Value, last: Value = True) -> Work:
    place = yield from comparing.place_of(m, over, key)
    if place is None:
        raise error("KeyError", key)
    at = len(over.keys) - 1 if last else 0
    over.keys.insert(at, over.keys.pop(place))
    over.values.insert(at, over.values.pop(place))


@native("set.add")
def _add(m: Interpreter, over: Value, item: Value) -> Work:
    return holding.added(m, over, known(item))


@native("set.discard")
def _discard(m: Interpreter, over: Value, item: Value) -> Work:
    item = known(item)
    yield from comparing.hashed(m, item, of="set element")
    found = yield from comparing.found_by_hash(m, item, over.items)
    if found is not UNSET:
        sets.take_out(over, [found])


@native("set.remove")
def _remove_from_set(m: Interpreter, over: Value, item: Value) -> Work:
    before = len(over.items)
    yield from _discard(m, over, item)
    if len(over.items) == before:
        raise error("KeyError", item)


@native("set.update")
def _update_set(m: Interpreter, over: Value, *more: Value) -> Work:
    for each in more:
        yield from holding.all_added(m, over, each)


@native("set.pop")
def _pop_set(m: Interpreter, over: Value) -> Value:
    if not over.items:
        raise error("KeyError", "pop from an empty set")
    if (found := sets.pop(over)) is not None:
        return found
    if not over.has_order:
        raise Lost
    return over.items.pop(0)


_CHANGING = {"intersection_update": "&", "difference_update": "-", "symmetric_difference_update": "^"}
_SIGNS = {"intersection": "&", "difference": "-", "symmetric_difference": "^"}


@native("set.union", "frozenset.union")
def _union(m: Interpreter, over: Value, *others: Value) -> Work:
    made = sets.copied(over)
    for other in others:
        yield from holding.all_added(m, made, other)
    return made


def _as_set(m: Interpreter, value: Value) -> Work:
    value = known(value)
    return value if isinstance(value, Set) else (yield from holding.set_of(m, (yield from collected(m, value)), value))


def _of_sets(name: str, sign: str) -> None:
    def combine(m: Interpreter, over: Value, *others: Value) -> Work:
        made = over if others else sets.copied(over)
        for other in others:
            made = yield from holding.combined_sets(m, sign, made, (yield from _as_set(m, other)))
        return made

    def change(m: Interpreter, over: Value, *others: Value) -> Work:
        for other in others:
            yield from holding.change_set(m, sign, over, (yield from _as_set(m, other)))

    if name in _SIGNS:
        native(f"set.{name}", f"frozenset.{name}")(combine)
    else:
        native(f"set.{name}")(change)


for _name, _sign in {**_SIGNS, **_CHANGING}.items():
    _of_sets(_name, _sign)


def _compare_sets(name: str, sign: str) -> None:
    def compare(m: Interpreter, over: Value, other: Value) -> Work:
        return (yield from comparing.compared(m, sign, over, (yield from _as_set(m, other))))

    native(f"set.{name}", f"frozenset.{name}")(compare)


_compare_sets("issubset", "<=")
_compare_sets("issuperset", ">=")


@native("set.isdisjoint", "frozenset.isdisjoint", "dict_view.isdisjoint")
def _isdisjoint(m: Interpreter, over: Value, other: Value) -> Work:
    one, two = content_of(known(over)), content_of(known(other))
    if isinstance(one, Set) and isinstance(two, Set):  # which know the hashes of their items
        small, large = (one, two) if len(one.items) <= len(two.items) else (two, one)
        for each in small.items:
            if (yield from comparing.is_among(m, each, large.items)):
                return False
        return True
    for each in (yield from collected(m, other)):
        if (yield from holding.contains(m, over, each)):
            return False
    return True


@native("generator.send", "coroutine.send")
def _send(m: Interpreter, over: Value, value: Value) -> Work:
    if value is not None and over.frame.before < 0 and not over.ended:
        raise error("TypeError", "can't send non-None value to a just-started " + over.class_name)
    given = yield Resume(over, value)
    if given is END:
        result, over.result = over.result, None
        raise error("StopIteration", *([] if result is None else [result]))
    return given


@native("generator.__next__")
def _next(m: Interpreter, over: Value) -> Work:
    return (yield from _send(m, over, None))


@native("generator.close", "coroutine.close")
def _close(m: Interpreter, over: Value) -> Work:
    yield from closed_generator(over)


@native("coroutine.__await__")
def _awaited(m: Interpreter, over: Value) -> Value:
    return Iterator(COROUTINE_WRAPPER, lambda m: END, (over,))  # which is gone on with in its place


@native("generator.throw", "coroutine.throw")
def _throw(m: Interpreter, over: Value, given: Value, *more: Value) -> Work:
    told = given, *more
    if isinstance(given, (Builtin, Class)):
        value = known(more[0]) if more else None
        made_already = isinstance(value, Object) and is_made_of(value.kind, given)
        args = [] if value is None else [value]
        given = value if made_already else (yield from invoke(m, given, args, {}))
    made = yield from thrown(over, given, told)
    if made is END:
        result, over.result = over.result, None
        raise error("StopIteration", *([] if result is None else [result]))
    return made


_UNEXPECTED = "ValueError" if sys.version_info < (3, 13) else "TypeError"


@native("namedtuple._replace")
def _replace(m: Interpreter, over: Value, /, **named: Value) -> Value:
    names = [name for name, _ in over.kind.fields]
    if wrong := [name for name in named if name not in names]:
        raise error(_UNEXPECTED, f"Got unexpected field names: {wrong!r}")
    return Object(over.kind, held=tuple(named.get(name, value) for name, value in zip(names, over.held, strict=True)))


@native("namedtuple._asdict")
def _asdict(m: Interpreter, over: Value) -> Value:
    return Dict([name for name, _ in over.kind.fields], list(over.held))


@native("namedtuple._make")
def _make(m: Interpreter, kind: Value, items: Value) -> Work:
    given, names = (yield from collected(m, items)), known(kind).fields or ()
    if len(given) != len(names):
        raise error("TypeError", f"Expected {len(names)} arguments, got {len(given)}")
    return (yield from invoke(m, kind, given, {}))
