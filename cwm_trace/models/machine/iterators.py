"""What gives items one by one: how each kind goes on, and how frames show it.

Knows no operations on items.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Iterator as Iterates
from dataclasses import dataclass, field
from typing import Any

from cwm_trace.models.machine.active import Happens, Paused, Resume, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.values import (
    END,
    IMMUTABLE,
    OWN,
    WITH_METHODS,
    Builtin,
    Class,
    Dict,
    List,
    Lost,
    Object,
    Raised,
    Range,
    Set,
    Unknown,
    Value,
    View,
    as_tuple,
    content_of,
    error,
    find,
    kind_name,
    known,
    look_up,
    own_method,
    wrongly_given,
)
from cwm_trace.tracer.quirks import CLEAR_STOP_ITERATION

COROUTINE_WRAPPER = "<coroutine_wrapper object>"
"""How what `coroutine.__await__()` gives is shown."""


@dataclass(slots=True, eq=False)
class Iterator:
    """One that makes its items by work.

    Attributes:
        shown: how frames show it.
        advance: the work that gives the next item, or END.
        sources: what it holds.
        measured: what is asked for its length when it is asked how many items may come; None: nothing.
        throw: the work that throws an exception into it, as it was told; None: that is not known.
        left: how many items are to come, where it can say that.
    """

    shown: str
    advance: Callable[[Interpreter], Any]
    sources: Sequence[Value] = field(default_factory=tuple)
    ended: bool = False
    throw: Callable[[Value, Sequence[Value]], Work] | None = None
    measured: Value = None
    left: Callable[[], int] | None = None

    @property
    def class_name(self) -> str:
        """Of its class."""
        if not self.shown.startswith("<"):  # `count(0, 2)`, `repeat(1)`
            return f"itertools.{self.shown.partition('(')[0]}"
        return self.shown[1:].partition(" ")[0]


IS_OF_C = "_is_of_c"
"""What classes of sources have that stand for iterators of C, which end without an exception that anybody sees."""
MOST_ITEMS = 200_000
"""Of a list that is made, or extended, at once."""


def over_items(items: Sequence[Value], shown: str, sources: Sequence[Value] = ()) -> Iterator:
    """Over items, of which more may come meanwhile."""
    place = 0

    def advance(_: Interpreter) -> Value:
        nonlocal place
        if place >= len(items):
            return END
        place += 1
        return items[place - 1]

    sources = sources or (items if isinstance(items, list) else tuple(items))
    return Iterator(f"<{shown} object>", advance, sources, left=lambda: max(0, len(items) - place))


def _numbers(over: Range) -> Iterator:
    now = over.start

    def advance(m: Interpreter) -> Value:
        nonlocal now
        if not m.questions.holds(f"{now} {'<' if over.step > 0 else '>'} {over.stop}"):
            return END
        given = now
        now = m.questions.sure(f"{now} + {over.step}" if over.step > 0 else f"{now} - {-over.step}")
        return given

    return Iterator("<range_iterator object>", advance, left=lambda: len(range(now, over.stop, over.step)))


def _of_dict(over: Dict, kind: str) -> Iterator:
    place, size = 0, len(over.keys)
    last: Value = None

    def advance(_: Interpreter) -> Value:
        nonlocal place, last
        if len(over.keys) != size:
            said = "OrderedDict mutated" if over.kind == "OrderedDict" else "dictionary changed size"
            raise error("RuntimeError", f"{said} during iteration")
        if 0 < place <= size and over.keys[place - 1] is not last:
            raise Lost  # where its places are then is CPython's choice
        if place >= size:
            return END
        place += 1
        key, value = over.keys[place - 1], over.values[place - 1]
        last = key
        return {"keys": key, "values": value, "items": (key, value)}[kind]

    name = {"keys": "dict_keyiterator", "values": "dict_valueiterator", "items": "dict_itemiterator"}[kind]
    if over.kind == "OrderedDict":
        name = "odict_iterator"
    return Iterator(f"<{name} object>", advance, (over,), left=lambda: size - place)


DEQUES = type(iter(deque[int]()))
"""The class of what goes through a deque, which says of another module what it is from 3.12 on."""


def _of_deque(over: List) -> Iterator:
    place, before = 0, list(over.items)

    def advance(_: Interpreter) -> Value:
        nonlocal place
        if len(before) != len(over.items) or any(
            one is not other for one, other in zip(before, over.items, strict=True)
        ):
            raise error("RuntimeError", "deque mutated during iteration")
        place += 1
        return over.items[place - 1] if place <= len(over.items) else END

    return Iterator(f"<{DEQUES.__module__}.{DEQUES.__name__} object>", advance, (over,))


def _of_set(m: Interpreter, over: Set) -> Iterator:
    if not over.has_order and not m.is_in_library:  # which mostly comes to the same in any order
        raise Lost
    place, size = 0, len(over.items)

    def advance(_: Interpreter) -> Value:
        nonlocal place
        if len(over.items) != size:
            raise error("RuntimeError", "Set changed size during iteration")
        if place >= size:
            return END
        place += 1
        return over.items[place - 1]

    return Iterator("<set_iterator object>", advance, (over,), left=lambda: size - place)


def iterator_of(m: Interpreter, value: Value) -> Work:
    """What `iter` gives. Raises Raised."""
    value = known(value)
    if isinstance(value, (Object, *OWN)):
        if (own := own_method(value, "__iter__")) is not None:
            return _checked(value, (yield from invoke(m, own, [value], {})))
        value = content_of(value)
    match value:
        case Iterator() | Paused(class_name="generator"):
            return value
        case List(kind="deque"):
            return _of_deque(value)
        case List():
            return over_items(value.items, f"{value.kind}_iterator", (value,))
        case tuple():
            return over_items(value, "tuple_iterator")
        case str():
            return over_items(list(value), "str_ascii_iterator" if value.isascii() else "str_iterator")
        case bytes():
            return over_items(list(value), "bytes_iterator")
        case Range():
            return _numbers(value)
        case Dict():
            return _of_dict(value, "keys")
        case View():
            return _of_dict(value.over, value.kind)
        case Set():
            return _of_set(m, value)
        case Class(metaclass=Class() as metaclass) if (own := find(metaclass, "__iter__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        case Class(metaclass=Class() as metaclass) if (get := find(metaclass, "__getitem__")) is not None:
            return _by_places(value, get)
        case Class(flavour="enum"):
            made = over_items(list(value.space["_members_"]), "generator")
            made.shown = "<generator object EnumType.__iter__.<locals>.<genexpr>>"
            return made
        case Object() if (items := as_tuple(value)) is not None:
            return over_items(items, "tuple_iterator")
        case Object():
            is_none = look_up(value.kind, "__iter__") is None  # which says that there is none
            if not is_none and (get := find(value.kind, "__getitem__")) is not None:
                return _by_places(value, get)
    raise error("TypeError", f"'{kind_name(value)}' object is not iterable")
    yield


def _checked(value: Value, given: Value) -> Value:
    """What an `__iter__` has given, which must be an iterator. Raises Raised."""
    if isinstance(given, Unknown):
        return given
    plain = known(given)
    is_one = isinstance(plain, (Iterator, Paused)) or own_method(plain, "__next__") is not None
    if not is_one and isinstance(plain, (*IMMUTABLE, tuple, List, Dict, Set, Range, Object)):
        raise wrongly_given("__iter__", value, plain)
    return given


def _by_places(value: Value, get: Value) -> Iterator:
    place = 0

    def advance(m: Interpreter) -> Work:
        nonlocal place
        try:
            given = yield from invoke(m, get, [value, place], {})
        except Raised as raised:
            if raised.is_a("IndexError"):
                return END
            raise
        place += 1
        return given

    return Iterator("<iterator object>", advance, (value,))


def step(m: Interpreter, iterator: Value, sent: Value = None, is_seen: bool = False) -> Work:
    """The next item, or END; `is_seen`: by a loop, where an exception that says so is an event, as CPython 3.11 traces it."""
    m.spend()
    given = yield from _advanced(m, known(iterator), sent)
    if given is END and is_seen and m.stop is not None:
        yield Happens(m.stop)
    return given


def _advanced(m: Interpreter, iterator: Value, sent: Value) -> Work:
    match iterator:
        case Iterator() if iterator.shown == COROUTINE_WRAPPER:
            given = yield from _advanced(m, iterator.sources[0], sent)
            if given is END and sent is None and m.stop is not None and not m.stop.held:
                m.stop = None  # Objects/genobject.c: `gen_iternext` raises nothing where nothing is returned
            return given
        case Paused():
            given = yield Resume(iterator, sent)
            if given is END:
                result, iterator.result = iterator.result, None
                is_raised = result is not None or sent is not None or iterator.class_name == "coroutine"
                m.stop = (
                    Object(Builtin("StopIteration"), held=() if result is None else (result,)) if is_raised else None
                )
            return given
        case Iterator():
            m.stop = None
            try:
                given = END if iterator.ended else (yield from done(iterator.advance(m)))
            except Raised as raised:
                if not raised.is_a("StopIteration"):
                    raise
                given, m.stop = END, raised.error
            if given is END and iterator.class_name.rpartition(".")[2] in CLEAR_STOP_ITERATION:
                m.stop = None
            iterator.ended = iterator.ended or (given is END and m.stop is None)
            return given
        case Object() if sent is not None:
            if (send := own_method(iterator, "send")) is None:
                raise error("AttributeError", f"'{kind_name(iterator)}' object has no attribute 'send'")
            return (yield from _told_its_end(m, iterator, invoke(m, send, [iterator, sent], {})))
        case Object() | List() | Dict() if (advance := own_method(iterator, "__next__")) is not None:
            return (yield from _told_its_end(m, iterator, invoke(m, advance, [iterator], {})))
    raise error("TypeError", f"'{kind_name(iterator)}' object is not an iterator")


def _told_its_end(m: Interpreter, iterator: Value, work: Work) -> Work:
    """What a method of the program's gives, or END."""
    try:
        return (yield from work)
    except Raised as raised:
        if not raised.is_a("StopIteration"):
            raise
        m.stop = None if own_method(iterator, IS_OF_C) is not None else raised.error
        return END


def asked_for_length(m: Interpreter, value: Value) -> Work:
    """A call of the method by which Python asks how many items there may be, where a class of the program has one."""
    if isinstance(value, Iterator) and value.measured is not None:
        value = value.measured
    for name in _HINTS[: 1 if isinstance(value, OWN) else 2]:  # what has a length is not asked for a hint
        if (hint := own_method(value, name)) is not None:
            yield from invoke(m, hint, [value], {})
            return


_HINTS = ("__len__", "__length_hint__")


def _asks_for_length() -> bool:
    asked = list[int]()

    class Sized:
        def __iter__(self) -> Iterates[int]:
            return iter(())

        def __len__(self) -> int:
            asked.append(0)
            return 0

    tuple(Sized())
    return bool(asked)


ASKS_FOR_LENGTH = _asks_for_length()
"""Whether Python asks how many items there may be when it makes a tuple of them, as up to 3.13."""


def collected(m: Interpreter, value: Value, is_list: bool = False) -> Work:
    """All items, in a list of ours; `is_list`: as a list is made of them, for which Python asks how many there are."""
    value = known(value)
    asked = ("__iter__", "__len__") if is_list else ("__iter__",)
    has_own = isinstance(value, WITH_METHODS) and any(own_method(value, name) is not None for name in asked)
    if not has_own:
        value = content_of(value)
    match value:
        case _ if has_own:
            pass
        case List() | Set():
            if isinstance(value, Set) and not value.has_order:
                raise Lost
            return list(value.items)
        case tuple():
            return list(value)
        case Dict():
            return list(value.keys)
    iterator = yield from iterator_of(m, value)
    if is_list:
        yield from asked_for_length(m, value)
    items: list[Value] = []
    while (item := (yield from step(m, iterator))) is not END:
        items.append(item)
        if len(items) > MOST_ITEMS:
            raise Lost
    return items
