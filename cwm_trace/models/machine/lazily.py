"""`itertools`: iterators that are made of others, which they ask for one item after the other.

Knows in which order each asks, as calls of the program's functions show it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from cwm_trace.models.machine import comparing, operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import Iterator, collected, iterator_of, over_items, step
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.reach import reached_in_order
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import END, UNSET, List, Lost, Value, closed, error, is_unknown, known


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
    left = max(known(times[0]), 0) if times else -1
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
                over = yield from step(m, chained.sources[0])
                if over is END:
                    order, chained.sources = reached_in_order(chained.sources), ()
                    yield from m.closing_left(order)
                    return END
                inner = yield from iterator_of(m, over)
                chained.sources = chained.sources[0], inner
            item = yield from step(m, inner)
            if item is not END:
                return item
            inner = over = None
            chained.sources = chained.sources[:1]

    chained = _lazily("chain", advance, overs)
    return chained


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
            of = several if several is not None else [pools[0]] * len(places)
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


@native("itertools.batched")
def _batched(m: Interpreter, iterable: Value, n: Value, *, strict: Value = False) -> Work:
    inner, most = (yield from iterator_of(m, iterable)), known(n)
    if not isinstance(most, int) or is_unknown(strict):
        raise Lost
    if most < 1:
        raise error("ValueError", "n must be at least one")

    def advance(m: Interpreter) -> Work:
        items = list[Value]()
        while len(items) < most and (item := (yield from step(m, inner))) is not END:
            items.append(item)
        if items and len(items) < most and known(strict):
            raise error("ValueError", "batched(): incomplete batch")
        return tuple(items) if items else END

    return _lazily("batched", advance, inner)


@native("itertools.zip_longest")
def _zip_longest(m: Interpreter, *overs: Value, fillvalue: Value = None) -> Work:
    inner: list[Value] = []
    for over in overs:
        inner.append((yield from iterator_of(m, over)))

    def advance(m: Interpreter) -> Work:
        items = []
        for place in range(len(inner)):
            item = END if inner[place] is None else (yield from step(m, inner[place]))
            if item is END and inner[place] is not None:
                if sum(each is not None for each in inner) == 1:
                    return END
                inner[place] = None
                zipped.sources = tuple(inner)
                yield from m.closing_left()
            items.append(fillvalue if item is END else item)
        return tuple(items) if items else END

    zipped = _lazily("zip_longest", advance, *inner)
    return zipped


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
                holds = yield from comparing.truth_of(m, given)
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
def _compress(m: Interpreter, data: Value, selectors: Value) -> Work:
    inner, marks = (yield from iterator_of(m, data)), (yield from iterator_of(m, selectors))

    def advance(m: Interpreter) -> Work:
        while (item := (yield from step(m, inner))) is not END and (mark := (yield from step(m, marks))) is not END:
            if (yield from comparing.truth_of(m, mark)):
                return item
        return END

    return _lazily("compress", advance, inner, marks)


@native("itertools.tee")
def _tee(m: Interpreter, over: Value, n: Value = 2) -> Work:
    inner = yield from iterator_of(m, over)
    seen: list[Value] = []

    def branch() -> Iterator:
        place = 0

        def advance(m: Interpreter) -> Work:
            nonlocal place
            if place == len(seen):
                item = yield from step(m, inner)
                if item is END:
                    return END
                seen.append(item)
            place += 1
            return seen[place - 1]

        return Iterator("<itertools._tee object>", advance, (inner, seen_by))

    seen_by = List(seen)
    return tuple(branch() for _ in range(known(n)))


@native("itertools.groupby")
def _groupby(m: Interpreter, over: Value, key: Value = None) -> Work:
    inner = yield from iterator_of(m, over)
    state: dict[str, Any] = {"item": UNSET, "key": UNSET, "target": UNSET, "group": 0}

    def has_more(m: Interpreter) -> Work:
        item = yield from step(m, inner)
        if item is not END:
            state["item"], state["key"] = item, item if key is None else (yield from invoke(m, key, [item], {}))
        return item is not END

    def is_of(m: Interpreter, target: Value) -> Work:
        return target is not UNSET and (yield from comparing.same(m, target, state["key"]))

    def advance(m: Interpreter) -> Work:
        state["group"] += 1
        while state["item"] is UNSET or (yield from is_of(m, state["target"])):
            if not (yield from has_more(m)):
                return END
        state["target"] = state["key"]
        return state["key"], group(state["group"], state["target"])

    def group(number: int, target: Value) -> Iterator:
        def member(m: Interpreter) -> Work:
            if state["group"] != number or (state["item"] is UNSET and not (yield from has_more(m))):
                return END
            if not (yield from is_of(m, target)):
                return END
            item, state["item"] = state["item"], UNSET
            return item

        return Iterator("<itertools._grouper object>", member, (inner,))

    return _lazily("groupby", advance, inner, key)
