"""Calls: which function a line calls next and what that is given, of recorded programs; and a network is held to it."""

from __future__ import annotations

from collections import Counter

import pytest

from cwm_trace.format import ACTION_SEP, EVENT_TOKENS
from cwm_trace.frames import Event, Trace
from cwm_trace.models.calls import OWN, functions_of, next_call
from cwm_trace.models.constraint import FrameGrammar
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.test_models_outlook import checked

FIRST = 37_996_500
SOURCE = """
def f(a, b=2, *rest, c="x", **more): return a
def g(a, /, b): return a
def changed(a, b=[]): return a
def gen(a): yield a
def twice(a): return a
def twice(b): return b
def shadowed(a): return a
shadowed = print
@cached
def decorated(a): return a
class Base:
    def __init__(self, a): self.a = a
    def told(self, b): return b
    @property
    def length(self): return 1
class Other(Base):
    def own(self): return 1
class Made:
    def __new__(cls): return 1
    def __init__(self): pass
"""
NAMES = {"o": "<__main__.Other object>", "m": "<__main__.Made object>", "big": "[1]", "s": "'a'"}


def given(line: str) -> dict[str, str] | None:
    handed = next_call(line, functions_of(SOURCE), NAMES)
    return (
        None
        if handed is None
        else {"": SOURCE.splitlines()[handed.number - 1].split("(")[0].split()[-1]} | dict(handed.values)
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = f(1)", {"": "f", "a": "1", "b": "2", "rest": "()", "c": "'x'", "more": "{}"}),
        ("f(1, 3, 4, 5, d=6)", {"": "f", "a": "1", "b": "3", "rest": "(4, 5)", "c": "'x'", "more": "{'d': 6}"}),
        ("f(b=1, a=-1.0)", {"": "f", "a": "-1.0", "b": "1", "rest": "()", "c": "'x'", "more": "{}"}),
        ("f(big, later)", {"": "f", "a": "[1]", "rest": "()", "c": "'x'", "more": "{}"}),
        ("f(*later)", {"": "f"}),
        ("f(*[5, 6])", {"": "f", "a": "5", "b": "6", "rest": "()", "c": "'x'", "more": "{}"}),
        ("g(*'ab')", {"": "g", "a": "'a'", "b": "'b'"}),
        ("g(*'abc')", None),
        ("g(1, b=(2,))", {"": "g", "a": "1", "b": "(2,)"}),
        ("g(a=1, b=2)", None),  # which raises, as the next three do
        ("g(1)", None),
        ("g(1, 2, 3)", None),
        ("g(1, 2, b=3)", None),
        ("changed(1)", {"": "changed", "a": "1"}),
        ("gen(1)", None),
        ("twice(1)", None),
        ("shadowed(1)", None),
        ("decorated(1)", None),
        ("return f(2) + g(3, 4)", {"": "f", "a": "2", "b": "2", "rest": "()", "c": "'x'", "more": "{}"}),
        ("return [1, g(3, f(2))]", {"": "f", "a": "2", "b": "2", "rest": "()", "c": "'x'", "more": "{}"}),
        ("return later(1) + g(3, 4)", None),
        ("return g(3, 4) if later else f(1)", None),
        ("return 1 if g(3, 4) else f(1)", {"": "g", "a": "3", "b": "4"}),
        ("if later and g(1, 2):", None),
        ("if g(1, 2) and later:", {"": "g", "a": "1", "b": "2"}),
        ("elif not g(1, 2):", {"": "g", "a": "1", "b": "2"}),
        ("for x in g(1, 2):", {"": "g", "a": "1", "b": "2"}),
        ("x[g(1, 2)] = g(3, 4)", {"": "g", "a": "3", "b": "4"}),
        ("x = {g(1, 2): g(3, 4)}", {"": "g", "a": "1", "b": "2"}),
        ("x = f'{g(1, 2)}-{f(1)}'", {"": "g", "a": "1", "b": "2"}),
        ("x = (lambda: g(1, 2))", None),
        ("x = [g(1, y) for y in g(3, 4)]", {"": "g", "a": "3", "b": "4"}),
        ("x = Base(3)", {"": "__init__", "self": "<__main__.Base object>", "a": "3"}),
        ("x = Other(3)", {"": "__init__", "self": "<__main__.Other object>", "a": "3"}),
        ("x = Made()", None),
        ("x = o.told('y')", {"": "told", "self": "<__main__.Other object>", "b": "'y'"}),
        ("x = o.own()", {"": "own", "self": "<__main__.Other object>"}),
        ("x = o.length + g(1, 2)", None),  # a property, which is called first
        ("x = m.told(1)", None),
        ("x = s.told(1)", None),
        ("x = ", None),
    ],
)
def test_the_call_that_is_next(line: str, expected: dict[str, str] | None) -> None:
    assert given(line) == expected


@pytest.mark.parametrize(
    ("line", "source", "expected"),
    [
        ("x = [c for c in 'ab']", "x = [c for c in s]", type(iter("ab")).__name__),
        ("x = [c for c in 'é']", "x = [c for c in s]", "str_iterator"),
        ("x = [c for c in [1, 2]]", "x = [c for c in s]", "list_iterator"),
        ("x = [c for c in [1, 2]]", "x = [c for c in [1, y]]", "tuple_iterator"),  # as the compiler makes it
        ("x = [c for c in [1, 2]]", "x = [c for c in [*s]]", "list_iterator"),
        ("x = {c: 1 for c in (1,)}", "x = {c: 1 for c in s}", "tuple_iterator"),
        ("x = [c for c in {1: 2}.items()]", "x = [c for c in s.items()]", "dict_itemiterator"),
        ("x = [c for c in {1: 2}]", "x = [c for c in s]", "dict_keyiterator"),
        ("x = [c for c in range(3)]", "x = [c for c in range(n)]", "range_iterator"),
        ("x = [c for c in range(3000000000)]", "x = [c for c in range(n)]", None),
        ("x = [c for c in enumerate('ab')]", "x = [c for c in enumerate(s)]", "enumerate"),
        ("x = [c for c in later]", "x = [c for c in later]", None),
    ],
)
def test_a_comprehension_begins_with_an_iterator(line: str, source: str, expected: str | None) -> None:
    handed = next_call(line, functions_of(source), {}, source)
    assert handed == (OWN, {".0": f"<{expected} object>"} if expected else {})


CALLING = """
class Box:
    def __init__(self, items, name="box"):
        self.items = items
    def total(self, start=0):
        return sum(self.items, start)

class Wide(Box):
    def total(self, start=0):
        return super().total(start) * 2

def even(n):
    return n % 2 == 0

def size(x, *more, y=1):
    return len(x) + y

def down(n):
    return n if n <= 0 else down(n - 1) + down(n - 2)

def pick(s):
    first, second = Box([1, 2]), Wide([3])
    found = [down(n) for n in range(3) if even(n)]
    while even(len(found)):
        found.append(first.total(second.total()))
    for x in sorted(found, key=lambda n: down(n)):
        s += x if size([x], s, y=2) > 2 else -size([], 1)
    named = f"{size('ab')}-{down(s % 4)}"
    pairs = {size(str(n)): even(n) for n in found}
    kept = list(filter(lambda n: even(n), found)) + [max(found, key=lambda n: -n)]
    def inner(z, step=s):
        return z + step
    later = lambda z: inner(z) * 2
    return named, pairs, kept, later(inner(1)), any(even(n) for n in found)
"""


def test_calls_of_all_kinds_are_as_frames_show() -> None:
    known: Counter[bool] = Counter()
    for outlook, step in checked(record_source(CALLING, "pick(3)")):
        if step.event is Event.CALL and step.locals:
            known[outlook is not None and bool(outlook.handed)] += 1
    assert known[True] > 0.7 * known.total() > 30, known


@pytest.mark.parametrize("family", ["module", "deeds", "plain", "wide", None])
def test_calls_of_programs_are_as_frames_show(family: str | None) -> None:
    known: Counter[bool] = Counter()
    for seed in range(FIRST, FIRST + 26):
        program = generate(seed, 1, family)
        for call in program.calls:
            for outlook, step in checked(record_source(program.source, call, max_frames=400, max_characters=100_000)):
                if step.event is Event.CALL and step.locals and ".0" not in step.locals:
                    known[outlook is not None and bool(outlook.handed)] += 1
    assert known[True] > 0.7 * known.total(), known


def test_a_call_is_held_to_what_it_is_given() -> None:
    trace = record_source("def g(a, b):\n    return a\n\ndef f(x):\n    return g(x + 1, 'z')\n", "f(3)")
    grammar = FrameGrammar(Trace(trace.context, trace.frames[:4], complete=False))
    call = f"{EVENT_TOKENS[Event.CALL]}" + '{"a": "%s", "b": "\'z\'"}' + f"{ACTION_SEP}def g(a, b):\n"
    raised = f"{EVENT_TOKENS[Event.EXCEPTION]}{ACTION_SEP}    return g(x + 1, 'z')\n"
    assert grammar.is_whole(call % "5") and grammar.begins(raised)
    grammar.decide(Event.CALL, "def g(a, b):")
    grammar.exclude([Event.EXCEPTION])
    grammar.settle({}, None, {"a": "4"})
    assert grammar.is_whole(call % "4") and not grammar.is_whole(call % "5") and not grammar.begins(raised)


def test_not_all_is_excluded() -> None:
    trace = record_source("def f(x):\n    return x\n", "f(3)")
    grammar = FrameGrammar(Trace(trace.context, trace.frames[:4], complete=False))
    grammar.decide(Event.RETURN, "    return x")
    grammar.exclude([Event.CALL, Event.LINE, Event.RETURN, Event.EXCEPTION])
    assert grammar.begins(f"{EVENT_TOKENS[Event.RETURN]}{ACTION_SEP}    return x\n")
