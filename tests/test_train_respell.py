"""Programs by another hand do the same: recorded before and after, with other names and fewer spaces."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter

import pytest

from cwm_trace.errors import InputError
from cwm_trace.frames import Trace
from cwm_trace.tracer import record_source
from cwm_trace.train import respell
from cwm_trace.train.programs import generate
from cwm_trace.train.respell import other_values, renamed, respelled, tight
from cwm_trace.train.skills import BODIES
from cwm_trace.train.tokenizer import WORDS


def _did(trace: Trace) -> list[tuple[object, ...]]:
    """Events, places, values; not the names, nor their order, which cells have by name."""
    return [(step.event, step.line_number, Counter(step.locals.values()), step.value) for step in trace.frames]


def _recorded(source: str, call: str | None) -> Trace | None:
    try:
        return record_source(source, call, max_frames=300)
    except InputError:
        return None


@pytest.mark.parametrize("family", [None, "plain", "module", "dense", "panel", "runs", "recall", *BODIES])
def test_a_respelled_program_does_the_same(family: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_RENAMED", "_TIGHT", "_TIGHT_CALLS", "_VALUES"):
        monkeypatch.setattr(respell, name, 1.0)
    changed = compared = 0
    for seed in range(35):
        program = generate(700_000 + seed, 2, family)
        source, calls = respelled(random.Random(seed), program.source, program.calls)
        changed += source != program.source
        assert source.count("\n") == program.source.count("\n")
        for before, after in zip(program.calls or [None], calls or [None], strict=True):
            one, two = _recorded(program.source, before), _recorded(source, after)
            if one is None or one.raised is not None or " at 0x" in one.render():  # messages name variables
                continue
            assert two is not None and _did(one) == _did(two), (program.source, source)
            compared += 1
    assert changed > 25 and compared > 20


@pytest.mark.parametrize(
    ("source", "fixed"),
    [
        ("def f(x, y):\n    return f'{x}', y", "x"),
        ("def f(y):\n    global g\n    g = y", "g"),
        ("def f(y):\n    try:\n        return y\n    except ValueError as e:\n        return e", "e"),
        ("import os as o\ndef f(y):\n    return o, y", "o"),
        ("def g(y, *, key): return key, y\ndef f(): return g(2, key=1)", "key g"),
        ("class A:\n    n = 1\n    def g(self, y): return self.n, n, y", "n g self A"),
        ("LIMIT = 3\ndef f(y): return LIMIT, y", "LIMIT"),
        ("def f(y):\n    sum = y\n    return sum\ndef g(z): return sum(z)", "sum"),
        (
            "def f(y):\n    match y:\n        case [a, *b]: return a, b\n        case {1: c, **d}: return c, d",
            "a b c d",
        ),
    ],
)
def test_names_that_mean_something_elsewhere_stay(source: str, fixed: str) -> None:
    for seed in range(20):
        assert _words(renamed(random.Random(seed), source)) >= set(fixed.split())
    assert any("y" not in _words(renamed(random.Random(seed), source)) for seed in range(20))


def _words(source: str) -> set[str]:
    return set(re.findall(r"\w+", source))


@pytest.mark.parametrize("source", ["def f(a, b): return g(**a)\ndef g(c): pass", "def f(a):\n    return locals()"])
def test_where_names_are_texts_all_stay(source: str) -> None:
    assert {renamed(random.Random(seed), source) for seed in range(10)} == {source}


def test_a_name_that_a_call_gives_stays() -> None:
    source = "def f(a, b): return a - b"
    made = {renamed(random.Random(seed), source, ("f(1, b=2)",)) for seed in range(30)}
    assert len(made) > 5 and all(", b)" in text and text.endswith("- b") for text in made)


def test_every_word_of_the_table_names_a_variable() -> None:
    found: set[str] = set()
    for seed in range(1500):
        tree = ast.parse(renamed(random.Random(seed), "def f(a, b, c, d):\n    return a, b, c, d"))
        found |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert found >= set(respell._table()) and len(respell._table()) > 150 and {"prefix", "suffix"} <= set(WORDS)


def test_spaces_in_strings_stay() -> None:
    assert tight("f({'a, b': [1, 2]}, \"x: y\", 'it\\'s, so')") == "f({'a, b':[1,2]},\"x: y\",'it\\'s, so')"


@pytest.mark.parametrize(
    "call",
    [
        "f(8.5)", "f([-2.0, 1.25, 1e300])", "f('aaaa')", "f('ab\\n', x)", "f([0, 0, 0])", "f([1, 2, 3], k=[3, 4])", "f({'a': 1, 'b': 2})",
        "f({1: [1, 1], (2, 3): {'x': 'yy'}})", "f('ézz')", "f([True, True])", "f({'a': 'b'})",
    ],
)  # fmt: skip
def test_values_written_otherwise_are_the_same(call: str) -> None:
    made = {other_values(random.Random(seed), call) for seed in range(30)}

    assert made - {call}
    values = {repr(eval(text, {"f": lambda *a, **k: (a, k), "x": 1})) for text in made | {call}}
    assert len(values) == 1


@pytest.mark.parametrize(
    "call",
    [
        "f()", "f(1, -3, True, None)", "f([], {}, '')", "f({**a})", "f(x[1], [y])", "f('abc'.upper(), 'ab' * 3, '%s' % x, [1, 1][0])",
        "f(f'ab{x}cd')", "f({'a': 1, **d})", "f({1: 2, 1: 3})", "f(1e999, 1e300)", "f([[], []], [[0, 1], [0, 1]][0])", "f(g('ab'), 'é' + 'zz')",
    ],
)  # fmt: skip
def test_values_that_have_one_spelling_stay(call: str) -> None:
    assert {other_values(random.Random(seed), call) for seed in range(30)} == {call}
