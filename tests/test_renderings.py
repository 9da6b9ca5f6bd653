"""Renderings against the simplest reference: all locals rendered anew at every event, whatever happened to the objects in between."""

from __future__ import annotations

import random
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import pytest

from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.log import Cut
from cwm_trace.tracer.renderings import Renderings, cut
from cwm_trace.tracer.run import run_source
from cwm_trace.tracer.values import render_value


@dataclass
class Point:
    x: Any = 0


class RenderAll:
    """What `Renderings` must look like from outside."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.texts: dict[str, str] = {}

    def update(self, local: dict[str, object]) -> dict[str, str | None]:
        before = self.texts
        names = [*(name for name in before if name in local), *(name for name in local if name not in before)]
        self.texts = {name: cut(render_value(local[name]), self.limit) for name in names}
        changes: dict[str, str | None] = {name: text for name, text in self.texts.items() if before.get(name) != text}
        return changes | {name: None for name in before if name not in local}


def _leaf(rng: random.Random) -> Any:
    """Values that compare equal but look different are many here."""
    choices = [0, 1, True, False, 1.0, 0.0, -0.0, float("nan"), 1j, "a", "é", "\ud800", "' at 0x7f>'", None, 10**30]
    return rng.choice([*choices, b"a", bytearray(b"a"), array("b", b"a"), memoryview(b"a"), object(), Point(1), len])


def _container(rng: random.Random) -> Any:
    made = [_leaf(rng) for _ in range(rng.randrange(4))]
    makers: list[Any] = [list, tuple, deque, lambda items: dict(enumerate(items)), lambda items: [items], iter]
    makers += [lambda items: defaultdict(list, {1: items}), lambda items: OrderedDict(a=items), lambda _: Counter("ab")]
    makers += [lambda _: {3, "x", 11, 19}, lambda items: dict(a=items).values(), lambda items: Point(items), range]
    maker = rng.choice(makers)
    return range(rng.randrange(3)) if maker is range else maker(made)


def _mutate(rng: random.Random, value: Any, spare: Any) -> None:
    kind = type(value)
    if kind in (list, deque):
        change = rng.randrange(4)
        if change == 0 or not value:
            value.append(spare)
        elif change == 1:
            value[rng.randrange(len(value))] = spare
        elif change == 2:
            value += [_leaf(rng), _leaf(rng)]
        else:
            value.pop()
    elif isinstance(value, dict):
        key = rng.choice([0, "k", 2.0])
        known = value.pop(key, None)
        if known is None or rng.random() < 0.7:
            value[key] = spare if kind is not Counter else 3
    elif kind is set:
        value.symmetric_difference_update({rng.choice([3, 11, 19])})
    elif kind is bytearray:
        value += b"x"
    elif kind is Point:
        value.x = spare


def _inner(rng: random.Random, value: Any) -> Any:
    """The value, or something inside it."""
    while type(value) in (list, tuple) and value and rng.random() < 0.6:
        value = rng.choice(list(value))
    return value


@pytest.mark.parametrize("limit", [None, 7])
@pytest.mark.parametrize("seed", range(150))
def test_as_if_all_were_rendered_at_every_event(seed: int, limit: int | None) -> None:
    rng = random.Random(seed)
    local: dict[str, Any] = {}
    fast, slow = Renderings(limit), RenderAll(limit)
    for _ in range(60):
        for _ in range(rng.randrange(3)):
            name, action = rng.choice("abcde"), rng.randrange(6)
            if action == 0:
                local[name] = _leaf(rng)
            elif action == 1:
                local[name] = _container(rng)
            elif action == 2:
                local.pop(name, None)
            elif action == 3 and local:  # another name for it
                local[name] = rng.choice(list(local.values()))
            elif name in local:
                spare = rng.choice([_leaf(rng), _container(rng), rng.choice(list(local.values()))])
                _mutate(rng, _inner(rng, local[name]), spare)
        changes, expected = fast.update(local), slow.update(local)
        assert (changes, list(fast.texts.items())) == (expected, list(slow.texts.items()))
        assert {name for name, text in fast.texts.items() if type(text) is Cut} == {
            name for name, text in slow.texts.items() if type(text) is Cut
        }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1], [True]),
        ([0.0], [-0.0]),
        ([b"a"], [bytearray(b"a")]),
        ([b"a"], [array("b", b"a")]),
        ({1: 2, 3: 4}, {3: 4, 1: 2}),
        ([1], [1, True]),
        ([], [1]),
        ([[1]], [[1], [2]]),
        ([1], (1,)),
        ([1, 2], [1]),
        ([256], [256, b"a"]),
        ([1], [1, bytearray(b"a")]),
    ],
)
def test_values_that_only_look_alike(before: object, after: object) -> None:
    fast = Renderings(None)
    for value in (before, after, after, before):
        fast.update({"x": value})
        assert fast.texts == {"x": repr(value)}


def test_lists_linked_both_ways_take_no_longer_than_their_repr() -> None:
    source = (
        "def f():\n    first = last = []\n    for n in range(60):\n        node = [last, n]\n        last.append(node)\n"
        "        last = node\n    return len(repr(first)) > 60\n"
    )
    trace = run_source(source, "f()", limits=Limits(seconds=60))
    assert (trace.complete, trace.returned) == (True, "True")
