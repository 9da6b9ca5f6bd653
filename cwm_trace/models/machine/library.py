"""Functions of modules of Python's library that call what they are handed, or give items one by one; others are asked for as a whole, where
`models.modules` has a name for them.

Knows in which order they do what. Evaluates nothing.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.models.containers import PATTERN
from cwm_trace.models.machine import classes, enums, operators, sets
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, Work
from cwm_trace.models.machine.iterators import Iterator, collected, iterator_of, over_items, step
from cwm_trace.models.machine.natives import CHECKED, in_order, native
from cwm_trace.models.machine.questions import arguments, text_of
from cwm_trace.models.machine.rendering import by_count
from cwm_trace.models.machine.values import (
    END,
    UNSET,
    Alias,
    Builtin,
    Class,
    Dict,
    Function,
    List,
    Literal,
    Lost,
    Method,
    Native,
    Object,
    Set,
    Unknown,
    Value,
    closed,
    error,
    find,
    is_made_of,
    known,
)
from cwm_trace.models.modules import FUNCTIONS

_ASKED = {
    f"{module}.{name}": f"{module}_{name}"
    for module, names in FUNCTIONS.items()
    for name in names
    if module in ("math", "re")
}


def _ask_for(name: str, spelled: str) -> None:
    def ask(m: Interpreter, *args: Value, **named: Value) -> Work:
        given = []
        for arg in args:
            value = known(arg)
            if isinstance(value, Object):
                raise Lost
            given.append(value if closed(value) is not None else List((yield from collected(m, value))))
        if any(isinstance(each, Function) for each in given):
            raise Lost
        return m.questions.value(f"{spelled}({arguments(given, dict(named))})")

    native(name)(ask)


for _name, _spelled in _ASKED.items():
    _ask_for(_name, _spelled)


@native("re.compile")
def _compile(m: Interpreter, pattern: Value, flags: Value = 0) -> Value:
    more = f", {text_of(flags)}" if known(flags) else ""
    return Literal(f"{PATTERN}({text_of(pattern)}{more})", PATTERN)


@native("re.sub")
def _sub(m: Interpreter, pattern: Value, put: Value, text: Value, *more: Value, **named: Value) -> Work:
    if not isinstance(known(put), (Function, Method, Native, Builtin)):
        return m.questions.value(f"re_sub({arguments([pattern, put, text, *more], dict(named))})")
    if more or named:
        raise Lost
    return (yield from _put_by(m, put, text, _finditer(m, pattern, text)))


def _put_by(m: Interpreter, put: Value, text: Value, matches: Value) -> Work:
    """A text with what a function gives in place of matches."""
    parts, last = [], 0
    while (found := (yield from step(m, matches))) is not END:
        start, end = (each.value for each in ast.parse(found.text, mode="eval").body.args[:2])
        parts.append(m.questions.sure(f"{text_of(text)}[{last}:{start}]"))
        parts.append(known((yield from invoke(m, put, [found], {}))))
        last = end
    return "".join([*parts, m.questions.sure(f"{text_of(text)}[{last}:]")])


@native("re.subn")
def _subn(m: Interpreter, pattern: Value, put: Value, text: Value) -> Work:
    made = yield from _sub(m, pattern, put, text)
    found = m.questions.sure(f"list(itertools_finditer({arguments([pattern, text], {})}))")
    return (made, len(found.items))


@native("re.finditer")
def _finditer(m: Interpreter, *args: Value) -> Value:
    found = m.questions.sure(f"list(itertools_finditer({arguments(args, {})}))")
    return over_items(list(found.items), "callable_iterator")


# --- collections


@native("collections.deque")
def _deque(m: Interpreter, over: Value = (), maxlen: Value = None) -> Work:
    items = yield from collected(m, over)
    most = known(maxlen)
    return List(items if most is None else items[len(items) - most :] if len(items) > most else items, "deque", most)


@native("collections.defaultdict")
def _defaultdict(m: Interpreter, make: Value = None, *more: Value, **named: Value) -> Work:
    made = Dict(kind="defaultdict", make=make)
    yield from operators.updated(m, made, more[0] if more else (), named)
    return made


@native("collections.OrderedDict")
def _ordered(m: Interpreter, *more: Value, **named: Value) -> Work:
    made = Dict(kind="OrderedDict")
    yield from operators.updated(m, made, more[0] if more else (), named)
    return made


@native("collections.Counter")
def _counter(m: Interpreter, *more: Value, **named: Value) -> Work:
    made = Dict(kind="Counter")
    yield from _count_up(m, made, more[0] if more else (), named)
    return made


@native("Counter.update")
def _count_up(m: Interpreter, over: Value, more: Value = (), named: Mapping[str, Value] | None = None) -> Work:
    yield from _counted(m, over, more, named or {}, "+")


@native("Counter.subtract")
def _count_down(m: Interpreter, over: Value, more: Value = ()) -> Work:
    yield from _counted(m, over, more, {}, "-")


def _counted(m: Interpreter, over: Dict, more: Value, named: Mapping[str, Value], sign: str) -> Work:
    more = known(more)
    if isinstance(more, Dict):
        pairs = list(zip(more.keys, more.values, strict=True))
    else:
        pairs = [(item, 1) for item in (yield from collected(m, more))]
    for key, count in [*pairs, *named.items()]:
        place = yield from operators.place_of(m, over, key)
        if place is None:
            over.keys.append(known(key))
            over.values.append(count if sign == "+" else m.questions.sure(f"-{text_of(count)}"))
        else:
            over.values[place] = m.questions.sure(f"{text_of(over.values[place])} {sign} {text_of(count)}")


@native("Counter.most_common")
def _most_common(m: Interpreter, over: Value, most: Value = None) -> Value:
    keys, counts = by_count(m, list(over.keys), list(over.values))
    pairs = list(zip(keys, counts, strict=True))
    return List(pairs if most is None else pairs[: max(0, known(most))])


@native("Counter.elements")
def _elements(m: Interpreter, over: Value) -> Value:
    if any(known(count) > 1000 for count in over.values):
        raise Lost
    return over_items(
        [key for key, count in zip(over.keys, over.values, strict=True) for _ in range(known(count))], "chain"
    )


@native("Counter.total")
def _total(m: Interpreter, over: Value) -> Value:
    return m.questions.value(f"sum([{', '.join(map(text_of, over.values))}])")


native("collections.namedtuple")(classes.namedtuple)
native("dataclasses.dataclass")(classes.dataclass)


@native("dataclasses.field")
def _field(m: Interpreter, **options: Value) -> Value:
    return Object(classes.FIELD, dict(options))


@native("dataclasses.asdict")
def _asdict(m: Interpreter, value: Value) -> Value:
    return _as_dict(value)


def _as_dict(value: Value) -> Value:
    value = known(value)
    match value:
        case Object(kind=Class(flavour="dataclass")):
            names = [name for name, _ in value.kind.fields or ()]
            return Dict(list(names), [_as_dict(value.attributes[name]) for name in names])
        case List():
            return List([_as_dict(item) for item in value.items], value.kind)
        case tuple():
            return tuple(map(_as_dict, value))
        case Dict():
            return Dict(list(value.keys), [_as_dict(each) for each in value.values], value.kind, value.make)
    return value


@native("dataclasses.astuple")
def _astuple(m: Interpreter, value: Value) -> Value:
    if any(isinstance(known(each), Object) for each in value.attributes.values()):
        raise Lost
    return tuple(_as_dict(value.attributes[name]) for name, _ in value.kind.fields or ())


@native("operator.methodcaller")
def _methodcaller(m: Interpreter, name: Value, *args: Value, **named: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        method = yield from classes.attribute(m, value, known(name))
        return (yield from invoke(m, method, args, named))

    return _shown_call("methodcaller", run, (name, *args), named)


@native("dataclasses.replace")
def _replace(m: Interpreter, value: Value, **changes: Value) -> Work:
    given = {name: value.attributes[name] for name, _ in value.kind.fields or ()}
    return (yield from invoke(m, value.kind, [], {**given, **changes}))


@native("enum.auto")
def _auto(m: Interpreter) -> Value:
    return Object(enums.AUTO)


@native("typing.runtime_checkable")
def _runtime_checkable(m: Interpreter, made: Value) -> Value:
    made.space[CHECKED] = True
    return made


@native("enum.unique", "typing.final", "typing.no_type_check")
def _itself(m: Interpreter, value: Value) -> Value:
    return value


@native("abc.abstractmethod", "typing.overload")
def _abstractmethod(m: Interpreter, function: Value) -> Value:
    if isinstance(function, Function):
        function.attributes["__isabstractmethod__"] = True
    return function


@native("typing.TypeVar", "typing.ParamSpec")
def _type_variable(
    m: Interpreter, name: Value, *_: Value, covariant: Value = False, contravariant: Value = False, **__: Value
) -> Value:
    return Alias(f"{'+' if known(covariant) else '-' if known(contravariant) else '~'}{known(name)}")


@native("typing.NewType")
def _new_type(m: Interpreter, name: Value, _: Value) -> Value:
    return Native("NewType", lambda m, value: value, shown=f"__main__.{known(name)}")


@native("typing.cast")
def _cast(m: Interpreter, _: Value, value: Value) -> Value:
    return value


# --- functools


@native("functools.reduce")
def _reduce(m: Interpreter, function: Value, over: Value, *first: Value) -> Work:
    iterator = yield from iterator_of(m, over)
    made = first[0] if first else (yield from step(m, iterator))
    if made is END:
        raise error("TypeError", "reduce() of empty iterable with no initial value")
    while (item := (yield from step(m, iterator))) is not END:
        made = yield from invoke(m, function, [made, item], {})
    return made


@native("functools.partial")
def _partial(m: Interpreter, function: Value, *args: Value, **named: Value) -> Value:
    def run(m: Interpreter, *more: Value, **others: Value) -> Work:
        return invoke(m, function, [*args, *more], {**named, **others})

    return Native("partial", run, (function, args, named), sources=(function, *args, *named.values()))


@native("functools.wraps")
def _wraps(m: Interpreter, wrapped: Value, *_: Value, **__: Value) -> Value:
    return Native("wraps", lambda m, wrapper: _update_wrapper(m, wrapper, wrapped))


@native("functools.update_wrapper")
def _update_wrapper(m: Interpreter, wrapper: Value, wrapped: Value, *_: Value, **__: Value) -> Value:
    if not isinstance(wrapper, (Function, Object)):
        raise Lost
    told = _told_of(wrapped)
    own = wrapped.attributes if isinstance(wrapped, Function) else {"__doc__": Unknown()}
    wrapper.attributes.update({**told, "__doc__": None, **own})
    wrapper.attributes.update(told)
    wrapper.attributes["__wrapped__"] = wrapped
    if isinstance(wrapper, Function) and "__qualname__" in told:
        wrapper.qualname = told["__qualname__"]
    return wrapper


def _told_of(wrapped: Value) -> dict[str, Value]:
    """What a function that stands for another takes of it."""
    match wrapped:
        case Function():
            return {"__module__": "__main__", "__name__": _name_of(wrapped), "__qualname__": wrapped.qualname}
        case Native(name="partial"):
            return {}
        case Builtin(kind=type()) | Class():
            name = getattr(wrapped, "qualname", wrapped.name)
            return {
                "__module__": getattr(wrapped, "module", "builtins"),
                "__name__": wrapped.name,
                "__qualname__": name,
            }
    raise Lost


def _name_of(function: Function) -> Value:
    return function.attributes.get("__name__", function.code.name)


@native("functools.lru_cache")
def _lru_cache(m: Interpreter, maxsize: Value = 128, typed: Value = False) -> Value:
    if isinstance(maxsize, (Function, Method)):
        return _cached(maxsize, 128)
    return Native("lru_cache", lambda m, function: _cached(function, known(maxsize)))


@native("functools.cache")
def _cache(m: Interpreter, function: Value) -> Value:
    return _cached(function, None)


def _cached(function: Value, most: int | None) -> Value:
    held, counts = Dict(), {"hits": 0, "misses": 0}

    def run(m: Interpreter, *args: Value, **named: Value) -> Work:
        key = (tuple(args), tuple(named.items()))
        place = yield from operators.place_of(m, held, key)
        counts["misses" if place is None else "hits"] += 1
        if place is not None:
            held.keys.append(held.keys.pop(place))
            held.values.append(held.values.pop(place))
            return held.values[-1]
        given = yield from invoke(m, function, args, named)
        yield from operators.put(m, held, key, given)
        if most is not None and len(held.keys) > most:
            del held.keys[0], held.values[0]
        return given

    def info(_: Interpreter) -> Value:
        return Object(_CACHE_INFO, held=(counts["hits"], counts["misses"], most, len(held.keys)))

    def clear(_: Interpreter) -> None:
        held.keys.clear()
        held.values.clear()
        counts.update(hits=0, misses=0)

    own = {"cache_info": Native("cache_info", info), "cache_clear": Native("cache_clear", clear)}
    return Native("lru_cache", run, function, "<functools._lru_cache_wrapper object>", (held,), own)


_CACHE_INFO = Class(
    "CacheInfo",
    "CacheInfo",
    (Builtin("tuple"),),
    {},
    flavour="namedtuple",
    fields=tuple((name, UNSET) for name in ("hits", "misses", "maxsize", "currsize")),
)
_CACHE_INFO.line = (_CACHE_INFO, Builtin("tuple"), Builtin("object"))


@native("functools.cached_property")
def _cached_property(m: Interpreter, function: Value) -> Value:
    return Native("cached_property", lambda m: None, function)


@native("functools.total_ordering")
def _total_ordering(m: Interpreter, kind: Value) -> Value:
    for name, run in _ORDERS.items():
        if name not in kind.space and "__lt__" in kind.space:
            kind.space[name] = Native("total_ordering", run)
    if "__lt__" not in kind.space:
        raise Lost
    return kind


def _greater(m: Interpreter, one: Value, other: Value) -> Work:
    """`not one < other and one != other`, as the library has it."""
    is_less = yield from _by_own(m, one, other)
    if operators.is_not_implemented(is_less):
        return is_less
    return not is_less and (yield from operators.compared(m, "!=", one, other))


def _by_own(m: Interpreter, one: Value, other: Value) -> Work:
    return (
        yield from invoke(m, one.kind.space["__lt__"] if "__lt__" in one.kind.space else Unknown(), [one, other], {})
    )


def _at_most(m: Interpreter, one: Value, other: Value) -> Work:
    is_less = yield from _by_own(m, one, other)
    if operators.is_not_implemented(is_less):
        return is_less
    return is_less or (yield from operators.compared(m, "==", one, other))


def _at_least(m: Interpreter, one: Value, other: Value) -> Work:
    is_less = yield from _by_own(m, one, other)
    return is_less if operators.is_not_implemented(is_less) else not is_less


_ORDERS: Mapping[str, Callable[..., Any]] = {"__gt__": _greater, "__le__": _at_most, "__ge__": _at_least}


# --- itertools


def _lazily(name: str, advance: Callable[[Interpreter], Any], *sources: Value) -> Iterator:
    return Iterator(f"<itertools.{name} object>", advance, sources)


@native("itertools.count")
def _count(m: Interpreter, start: Value = 0, step: Value = 1) -> Value:
    now = known(start)

    def advance(m: Interpreter) -> Value:
        nonlocal now
        given = now
        now = m.questions.sure(f"{text_of(now)} + {text_of(step)}")
        made.shown = _counts(now, step)
        return given

    made = Iterator(_counts(now, step), advance)
    return made


def _counts(now: Value, step: Value) -> str:
    return f"count({text_of(now)}{f', {text_of(step)}' if known(step) != 1 else ''})"


@native("itertools.cycle")
def _cycle(m: Interpreter, over: Value) -> Work:
    inner = yield from iterator_of(m, over)
    seen: list[Value] = []
    place = -1

    def advance(m: Interpreter) -> Work:
        nonlocal place
        if place < 0:
            item = yield from step(m, inner)
            if item is not END:
                seen.append(item)
                return item
        if not seen:
            return END
        place = (place + 1) % len(seen)
        return seen[place]

    return _lazily("cycle", advance, inner)


@native("itertools.repeat")
def _repeat(m: Interpreter, item: Value, *times: Value) -> Value:
    left = known(times[0]) if times else -1
    shown = f"repeat({text_of(item)}" if closed(known(item)) is not None else ""

    def told() -> str:
        return f"{shown}{f', {left}' if left >= 0 else ''})" if shown else ""

    def advance(m: Interpreter) -> Value:
        nonlocal left
        if left == 0:
            return END
        left -= 1
        made.shown = told()
        return item

    made = Iterator(told(), advance, (item,))
    return made


@native("itertools.chain")
def _chain(m: Interpreter, *overs: Value) -> Value:
    return _chained(over_items(list(overs), "tuple_iterator"))


@native("itertools.chain.from_iterable")
def _chain_of(m: Interpreter, overs: Value) -> Work:
    return _chained((yield from iterator_of(m, overs)))


def _chained(overs: Value) -> Iterator:
    inner: Value = None

    def advance(m: Interpreter) -> Work:
        nonlocal inner
        while True:
            if inner is None:
                over = yield from step(m, overs)
                if over is END:
                    return END
                inner = yield from iterator_of(m, over)
            item = yield from step(m, inner)
            if item is not END:
                return item
            inner = None

    return _lazily("chain", advance, overs)


@native("itertools.islice")
def _islice(m: Interpreter, over: Value, *bounds: Value) -> Work:
    inner = yield from iterator_of(m, over)
    given = [known(bound) for bound in bounds]
    start, stop, by = (0, given[0], 1) if len(given) == 1 else (*given, None, None)[:3]
    wanted, place = start or 0, 0

    def advance(m: Interpreter) -> Work:
        given = yield from next_one(m)
        if given is END:
            made.sources = ()  # which it lets go of
        return given

    def next_one(m: Interpreter) -> Work:
        nonlocal wanted, place
        while stop is None or wanted < stop:
            item = yield from step(m, inner)
            if item is END:
                return END
            place += 1
            if place - 1 == wanted:
                wanted += by or 1
                return item
        while stop is not None and place < min(stop, wanted):
            if (yield from step(m, inner)) is END:
                break
            place += 1
        return END

    made = _lazily("islice", advance, inner)
    return made


@native("itertools.accumulate")
def _accumulate(m: Interpreter, over: Value, func: Value = None, initial: Value = None) -> Work:
    inner = yield from iterator_of(m, over)
    total: Any = UNSET

    def advance(m: Interpreter) -> Work:
        nonlocal total
        if total is UNSET and initial is not None:
            total = initial
            return total
        item = yield from step(m, inner)
        if item is END:
            return END
        if total is UNSET:
            total = item
        elif func is None:
            total = yield from operators.binary(m, "+", total, item)
        else:
            total = yield from invoke(m, func, [total, item], {})
        return total

    return _lazily("accumulate", advance, inner)


_LARGEST = 40  # items, or repetitions


def _selects(name: str, make: Callable[..., Any]) -> None:
    """What only puts items together, by their places."""

    def run(m: Interpreter, *overs: Value, **named: Value) -> Work:
        pools: list[list[Value]] = []
        sizes: list[int] = []
        for over in overs:
            if isinstance(known(over), int) and pools:
                sizes.append(known(over))
            else:
                pools.append((yield from collected(m, over)))
        if sum(map(len, pools)) > _LARGEST or known(named.get("repeat", 1)) > _LARGEST:
            raise Lost
        words = {word: known(value) for word, value in named.items()}
        made = make(*(range(len(pool)) for pool in pools), *sizes, **words)
        several = [*pools * words.get("repeat", 1)] if name == "product" else None

        def advance(m: Interpreter) -> Value:
            places = next(made, None)
            if places is None:
                return END
            of = several or [pools[0]] * len(places)
            return tuple(pool[place] for pool, place in zip(of, places, strict=True))

        return _lazily(name, advance, *pools)

    native(f"itertools.{name}")(run)


for _kind in (
    itertools.product,
    itertools.permutations,
    itertools.combinations,
    itertools.combinations_with_replacement,
):
    _selects(_kind.__name__, _kind)


@native("itertools.pairwise")
def _pairwise(m: Interpreter, over: Value) -> Work:
    inner = yield from iterator_of(m, over)
    before: Any = UNSET

    def advance(m: Interpreter) -> Work:
        nonlocal before
        if before is UNSET:
            before = yield from step(m, inner)
        item = END if before is END else (yield from step(m, inner))
        if item is END:
            return END
        pair, before = (before, item), item
        return pair

    return _lazily("pairwise", advance, inner)


@native("itertools.zip_longest")
def _zip_longest(m: Interpreter, *overs: Value, fillvalue: Value = None) -> Work:
    inner: list[Value] = []
    for over in overs:
        inner.append((yield from iterator_of(m, over)))
    ended = [False] * len(inner)

    def advance(m: Interpreter) -> Work:
        items = []
        for place, each in enumerate(inner):
            item = END if ended[place] else (yield from step(m, each))
            ended[place] = item is END
            if all(ended):
                return END
            items.append(fillvalue if item is END else item)
        return tuple(items) if items else END

    return _lazily("zip_longest", advance, *inner)


@native("itertools.starmap")
def _starmap(m: Interpreter, function: Value, over: Value) -> Work:
    inner = yield from iterator_of(m, over)

    def advance(m: Interpreter) -> Work:
        item = yield from step(m, inner)
        if item is END:
            return END
        return (yield from invoke(m, function, (yield from collected(m, item)), {}))

    return _lazily("starmap", advance, inner, function)


def _while(name: str, wanted: bool) -> None:
    def run(m: Interpreter, function: Value, over: Value) -> Work:
        inner = yield from iterator_of(m, over)
        passed = False

        def advance(m: Interpreter) -> Work:
            nonlocal passed
            while (item := (yield from step(m, inner))) is not END:
                if passed:
                    return item
                given = item if function is None else (yield from invoke(m, function, [item], {}))
                holds = yield from operators.truth_of(m, given)
                if name == "takewhile":
                    return item if holds else END
                if not holds:
                    passed = name == "dropwhile"
                    return item
            return END

        return _lazily(name, advance, inner, function)

    native(f"itertools.{name}")(run)


for _name in ("takewhile", "dropwhile", "filterfalse"):
    _while(_name, True)


@native("itertools.compress")
def _compress(m: Interpreter, over: Value, chosen: Value) -> Work:
    items, marks = (yield from collected(m, over)), (yield from collected(m, chosen))
    kept = []
    for item, mark in zip(items, marks, strict=False):
        if (yield from operators.truth_of(m, mark)):
            kept.append(item)
    return over_items(kept, "itertools.compress")


@native("itertools.groupby")
def _groupby(m: Interpreter, over: Value, key: Value = None) -> Work:
    inner = yield from iterator_of(m, over)
    state: dict[str, Any] = {"item": UNSET, "key": UNSET, "target": UNSET, "group": 0}

    def advance_item(m: Interpreter) -> Work:
        item = yield from step(m, inner)
        if item is END:
            state["item"] = END
            return
        state["item"], state["key"] = item, item if key is None else (yield from invoke(m, key, [item], {}))

    def advance(m: Interpreter) -> Work:
        state["group"] += 1
        if state["item"] is UNSET:
            yield from advance_item(m)
        else:
            while state["item"] is not END and (yield from operators.same(m, state["target"], state["key"])):
                yield from advance_item(m)
        if state["item"] is END:
            return END
        state["target"] = state["key"]
        return state["key"], group(state["group"])

    def group(number: int) -> Iterator:
        is_first = True

        def member(m: Interpreter) -> Work:
            nonlocal is_first
            if state["group"] != number:
                return END
            if not is_first:
                yield from advance_item(m)
            is_first = False
            if state["item"] is END or not (yield from operators.same(m, state["target"], state["key"])):
                return END
            return state["item"]

        return Iterator("<itertools._grouper object>", member, (inner,))

    return _lazily("groupby", advance, inner, key)


# --- heapq and bisect: CPython's own steps, by comparisons


def _is_less(m: Interpreter, one: Value, other: Value) -> Work:
    return (yield from operators.truth_of(m, (yield from operators.compared(m, "<", one, other))))


def _sift_down(m: Interpreter, heap: list[Value], start: int, place: int) -> Work:
    item = heap[place]
    while place > start:
        parent = (place - 1) >> 1
        if not (yield from _is_less(m, item, heap[parent])):
            break
        heap[place], place = heap[parent], parent
    heap[place] = item


def _sift_up(m: Interpreter, heap: list[Value], place: int) -> Work:
    end, start, item = len(heap), place, heap[place]
    child = 2 * place + 1
    while child < end:
        right = child + 1
        if right < end and not (yield from _is_less(m, heap[child], heap[right])):
            child = right
        heap[place], place = heap[child], child
        child = 2 * place + 1
    heap[place] = item
    yield from _sift_down(m, heap, start, place)


@native("heapq.heappush")
def _heappush(m: Interpreter, heap: Value, item: Value) -> Work:
    heap.items.append(item)
    yield from _sift_down(m, heap.items, 0, len(heap.items) - 1)


@native("heapq.heappop")
def _heappop(m: Interpreter, heap: Value) -> Work:
    if not heap.items:
        raise error("IndexError", "index out of range")
    last = heap.items.pop()
    if not heap.items:
        return last
    given, heap.items[0] = heap.items[0], last
    yield from _sift_up(m, heap.items, 0)
    return given


@native("heapq.heapify")
def _heapify(m: Interpreter, heap: Value) -> Work:
    for place in reversed(range(len(heap.items) // 2)):
        yield from _sift_up(m, heap.items, place)


@native("heapq.heapreplace")
def _heapreplace(m: Interpreter, heap: Value, item: Value) -> Work:
    if not heap.items:
        raise error("IndexError", "index out of range")
    given, heap.items[0] = heap.items[0], item
    yield from _sift_up(m, heap.items, 0)
    return given


@native("heapq.heappushpop")
def _heappushpop(m: Interpreter, heap: Value, item: Value) -> Work:
    if heap.items and (yield from _is_less(m, heap.items[0], item)):
        item, heap.items[0] = heap.items[0], item
        yield from _sift_up(m, heap.items, 0)
    return item


@native("heapq.merge")
def _merge(m: Interpreter, *overs: Value, key: Value = None, reverse: Value = False) -> Work:
    inner: list[Value] = []
    for over in overs:
        inner.append((yield from iterator_of(m, over)))
    heads: list[tuple[Value, Value, Value]] = []  # keys, items, and where they are from

    def advance(m: Interpreter) -> Work:
        while inner:
            yield from draw(m, inner.pop(0), len(heads))
        if not heads:
            return END
        best = 0
        for place in range(1, len(heads)):
            pair = (heads[best][0], heads[place][0]) if known(reverse) else (heads[place][0], heads[best][0])
            if (yield from _is_less(m, *pair)):
                best = place
        _, item, source = heads.pop(best)
        yield from draw(m, source, best)
        return item

    def draw(m: Interpreter, source: Value, place: int) -> Work:
        item = yield from step(m, source)
        if item is not END:
            given = item if key is None else (yield from invoke(m, key, [item], {}))
            heads.insert(place, (given, item, source))

    return Iterator("<generator object merge>", advance, list(inner))


@native("heapq.nsmallest")
def _nsmallest(m: Interpreter, count: Value, over: Value, key: Value = None) -> Work:
    return (yield from _best_of(m, count, over, key, False))


@native("heapq.nlargest")
def _nlargest(m: Interpreter, count: Value, over: Value, key: Value = None) -> Work:
    return (yield from _best_of(m, count, over, key, True))


def _best_of(m: Interpreter, count: Value, over: Value, key: Value, is_down: bool) -> Work:
    items = yield from in_order(m, (yield from collected(m, over)), key, is_down)
    return List(items[: max(0, known(count))])


def _place_in(m: Interpreter, over: Value, item: Value, is_left: bool, bounds: Sequence[Value], key: Value) -> Work:
    low, high = (*map(known, bounds), *(0, None)[len(bounds) :])[:2]
    high = len(over.items) if high is None else high
    while low < high:
        middle = (low + high) // 2
        other = over.items[middle] if key is None else (yield from invoke(m, key, [over.items[middle]], {}))
        if is_left:
            goes_on = yield from _is_less(m, other, item)
        else:
            goes_on = not (yield from _is_less(m, item, other))
        low, high = (middle + 1, high) if goes_on else (low, middle)
    return low


@native("bisect.bisect_left")
def _bisect_left(m: Interpreter, over: Value, item: Value, *bounds: Value, key: Value = None) -> Work:
    return _place_in(m, over, item, True, bounds, key)


@native("bisect.bisect", "bisect.bisect_right")
def _bisect(m: Interpreter, over: Value, item: Value, *bounds: Value, key: Value = None) -> Work:
    return _place_in(m, over, item, False, bounds, key)


@native("bisect.insort", "bisect.insort_right")
def _insort(m: Interpreter, over: Value, item: Value) -> Work:
    over.items.insert((yield from _place_in(m, over, item, False, (), None)), item)


@native("bisect.insort_left")
def _insort_left(m: Interpreter, over: Value, item: Value) -> Work:
    over.items.insert((yield from _place_in(m, over, item, True, (), None)), item)


# --- copy, operator, contextlib


@native("copy.copy")
def _copy(m: Interpreter, value: Value) -> Work:
    value = known(value)
    match value:
        case Object(kind=Class() as kind):
            if find(kind, "__copy__") is not None:
                return (yield from invoke(m, find(kind, "__copy__"), [value], {}))
            return Object(kind, dict(value.attributes), value.held)
        case List():
            return List([*value.items], value.kind, value.most)
        case Set():
            return sets.copied(value)
        case Dict():
            return Dict([*value.keys], [*value.values], value.kind, value.make)
    return value


@native("copy.deepcopy")
def _deepcopy(m: Interpreter, value: Value) -> Value:
    return _deep(value, {})


def _deep(value: Value, seen: dict[int, Value]) -> Value:
    value = known(value)
    if id(value) in seen:
        return seen[id(value)]
    match value:
        case tuple():
            return tuple(_deep(each, seen) for each in value)
        case List():
            made: Value = List([], value.kind, value.most)
            seen[id(value)] = made
            made.items += [_deep(each, seen) for each in value.items]
        case Set():
            items = [_deep(each, seen) for each in value.items]
            made = sets.put_together(items) or Set(items, has_order=False)
            made.kind = value.kind
        case Dict():
            made = Dict([], [], value.kind, value.make)
            seen[id(value)] = made
            made.keys += [_deep(each, seen) for each in value.keys]
            made.values += [_deep(each, seen) for each in value.values]
        case Object(kind=Class(flavour="" | "dataclass" | "namedtuple") as kind):
            if find(kind, "__deepcopy__") is not None:
                raise Lost
            made = Object(kind)
            seen[id(value)] = made
            made.attributes |= {name: _deep(each, seen) for name, each in value.attributes.items()}
            made.held = tuple(_deep(each, seen) for each in value.held)
        case _:
            return value
    seen[id(value)] = made
    return made


@native("operator.itemgetter")
def _itemgetter(m: Interpreter, *keys: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        found = []
        for key in keys:
            found.append((yield from operators.item(m, value, key)))
        return found[0] if len(found) == 1 else tuple(found)

    return _shown_call("itemgetter", run, keys)


@native("operator.attrgetter")
def _attrgetter(m: Interpreter, *names: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        found = []
        for name in names:
            given = value
            for part in known(name).split("."):
                given = yield from classes.attribute(m, given, part)
            found.append(given)
        return found[0] if len(found) == 1 else tuple(found)

    return _shown_call("attrgetter", run, names)


def _shown_call(
    name: str, run: Callable[..., Any], args: Sequence[Value], named: Mapping[str, Value] | None = None
) -> Native:
    """A function that is shown as the call that has made it."""
    texts = [closed(known(each)) for each in (*args, *(named or {}).values())]
    made = "" if None in texts else f"operator.{name}({arguments(args, dict(named or {}))})"
    return Native(name, run, shown=made)


def _of_sign(name: str, sign: str) -> None:
    def run(m: Interpreter, left: Value, right: Value) -> Work:
        if sign in ("==", "!=", "<", ">", "<=", ">="):
            return operators.compared(m, sign, left, right)
        return operators.binary(m, sign, left, right)

    native(f"operator.{name}")(run)


for _name, _sign in {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "and_": "&", "or_": "|",
    "xor": "^", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "concat": "+",
    "iadd": "+=", "isub": "-=", "imul": "*=", "lshift": "<<", "rshift": ">>",
}.items():  # fmt: skip
    _of_sign(_name, _sign)


@native("dataclasses.is_dataclass")
def _is_dataclass(m: Interpreter, value: Value) -> bool:
    kind = value.kind if isinstance(value, Object) else value
    return isinstance(kind, Class) and kind.flavour == "dataclass"


@native("dataclasses.fields")
def _fields(m: Interpreter, value: Value) -> Value:
    kind = value.kind if isinstance(value, Object) else value
    if not isinstance(kind, Class) or kind.flavour != "dataclass":
        raise Lost
    types = kind.space.get("__annotations__", Dict())
    held = dict(zip(types.keys, types.values, strict=True))
    return tuple(
        Object(classes.FIELD, {"name": name, "type": held.get(name, Unknown())}) for name, _ in kind.fields or ()
    )


@native("operator.not_")
def _not(m: Interpreter, value: Value) -> Work:
    return not (yield from operators.truth_of(m, value))


@native("operator.truth")
def _truth(m: Interpreter, value: Value) -> Work:
    return (yield from operators.truth_of(m, value))


@native("operator.contains")
def _contains(m: Interpreter, over: Value, value: Value) -> Work:
    return operators.contains(m, over, value)


@native("operator.setitem")
def _setitem(m: Interpreter, over: Value, key: Value, value: Value) -> Work:
    return operators.set_item(m, over, key, value)


@native("operator.delitem")
def _delitem(m: Interpreter, over: Value, key: Value) -> Work:
    return operators.delete_item(m, over, key)


@native("operator.is_")
def _is(m: Interpreter, left: Value, right: Value) -> Value:
    return operators.is_same(known(left), known(right))


@native("operator.neg")
def _neg(m: Interpreter, value: Value) -> Work:
    return operators.unary(m, "-", value)


@native("operator.getitem")
def _getitem(m: Interpreter, over: Value, key: Value) -> Work:
    return operators.item(m, over, key)


@native("contextlib.suppress")
def _suppress(m: Interpreter, *kinds: Value) -> Value:
    def leave(m: Interpreter, kind: Value, _: Value, __: Value) -> Value:
        return kind is not None and any(is_made_of(kind, each) for each in kinds)

    return Native(
        "suppress",
        leave,
        {"__enter__": Native("enter", lambda m: None), "__exit__": Native("exit", leave)},
        "<contextlib.suppress object>",
    )


@native("sys.getsizeof", "time.time", "time.perf_counter", "time.monotonic", "random.random", "random.randint")
def _untold(m: Interpreter, *_: Value, **__: Value) -> Value:
    return Unknown()


@native("random.seed", "sys.setrecursionlimit")
def _nothing(m: Interpreter, *_: Value, **__: Value) -> Value:
    return None


@native("sys.exc_info")
def _exc_info(m: Interpreter) -> Value:
    if m.handled is None:
        return (None, None, None)
    return (m.handled.kind, m.handled, Object(Builtin("traceback")))


@native("functools.cmp_to_key")
def _cmp_to_key(m: Interpreter, compare: Value) -> Value:
    def less(m: Interpreter, one: Value, other: Value) -> Work:
        given = yield from invoke(m, compare, [one.attributes["obj"], other.attributes["obj"]], {})
        return m.questions.holds(f"{text_of(given)} < 0")

    kind = Class("K", "K", (Builtin("object"),), {"__lt__": Native("wrapper", less)})
    kind.line = (kind, Builtin("object"))
    return Native("K", lambda m, value: Object(kind, {"obj": value}))
