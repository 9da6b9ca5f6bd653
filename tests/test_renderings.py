"""Renderings against the simplest reference: all locals rendered anew at every event, whatever happened to the objects in between."""

from __future__ import annotations

import random
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import pytest

from cwm_trace.tracer import record, record_source
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.renderings import Renderings
from cwm_trace.tracer.run import run_source
from cwm_trace.tracer.values import cap, render_value


@dataclass
class Point:
    x: Any = 0


class RenderAll:
    """What `Renderings` must look like from outside."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.shown: dict[str, str] = {}
        self.names: frozenset[str] = frozenset()
        self.changed: list[str] = []
        self.capped = False

    def update(self, local: dict[str, object]) -> None:
        before = self.shown
        kept = [name for name in before if name in local]
        texts = {
            name: cap(render_value(local[name]), self.limit) for name in [*kept, *(n for n in local if n not in kept)]
        }
        self.shown = {name: text for name, (text, _) in texts.items()}
        self.names = frozenset(self.shown)
        self.changed = [name for name in local if before.get(name) != self.shown[name]]
        self.capped = any(cut for _, cut in texts.values())


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
        fast.update(local)
        slow.update(local)
        assert (list(fast.shown.items()), fast.names) == (list(slow.shown.items()), slow.names)
        assert (sorted(fast.changed), fast.capped) == (sorted(slow.changed), slow.capped)


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
        assert fast.shown == {"x": repr(value)}


PROGRAMS = {
    "alias": """\
def f():
    a = [1]
    b = a
    b.append(2)
    b += [3]
    del a[0]
    return a
""",
    "callee": """\
def g(x):
    x.append(1)
    x[0] = True
def f():
    a = [1]
    b = {'k': a}
    g(a)
    g(b['k'])
    return b
""",
    "repr with state": """\
class A:
    n = 0
    def __repr__(self):
        A.n += 1
        return f'A{A.n}'
def f():
    a = A()
    b = [a]
    c = 1
    return c
""",
    "closure": """\
def f():
    a = [1]
    n = 0
    def g():
        nonlocal n
        n += 1
        a.append(n)
    g()
    g()
    return a, n
""",
    "generator": """\
def g(a):
    for x in a:
        yield x
def f():
    a = [1, 2]
    i = g(a)
    next(i)
    a.append(3)
    next(i)
    return list(i)
""",
    "exception": """\
def g(a):
    a.append(1)
    raise ValueError(a)
def f():
    a = [0]
    try:
        g(a)
    except ValueError as e:
        a.append(e.args[0][0])
    return a
""",
    "views": """\
def f():
    d = {1: 2}
    k, v = d.keys(), d.values()
    d[3] = 4
    x = (d, [d])
    d[1] = True
    return x
""",
    "cycle": """\
def f():
    a = [1]
    a.append(2)
    a.append(a)
    a.append(3)
    a.pop(2)
    return a
""",
}


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_programs_as_if_all_were_rendered(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = record_source(source, "f()").render()
    monkeypatch.setattr(record, "Renderings", RenderAll)
    assert record_source(source, "f()").render() == ours


def test_lists_linked_both_ways_take_no_longer_than_their_repr() -> None:
    source = (
        "def f():\n    first = last = []\n    for n in range(60):\n        node = [last, n]\n        last.append(node)\n"
        "        last = node\n    return len(repr(first)) > 60\n"
    )
    trace = run_source(source, "f()", limits=Limits(seconds=60))
    assert (trace.complete, trace.returned) == (True, "True")
