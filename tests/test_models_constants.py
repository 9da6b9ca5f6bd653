"""What names of a module stand for, and what calls may change."""

from __future__ import annotations

import pytest

from cwm_trace.frames import Event
from cwm_trace.models.constants import constants_of, passed_in, shared_of
from cwm_trace.tracer.inprocess import record_source
from tests.test_models_outlook import checked


@pytest.mark.parametrize(
    ("source", "constants"),
    [
        ("A = 5\nB: str = 'x'\nC = -1.5, (None, 2)\n", {"A": "5", "B": "'x'", "C": "(-1.5, (None, 2))"}),
        (
            "A = [1]\nD = {'a': 1}\ndef f(x):\n    return A[0] in A, len(D), D.get(x), [k for k in D]\n",
            {"A": "[1]", "D": "{'a': 1}"},
        ),
        ("A = 5\nA = 6\n", {}),
        ("A = 5\nA += 6\n", {}),
        ("A = 5\ndef f(A):\n    return A\n", {}),
        ("A = 5\ndef f():\n    global A\n    A = 6\n", {}),
        ("A = [1]\nA.append(2)\n", {}),
        ("A = [1]\ndef f():\n    A[0] = 2\n", {}),
        ("A = [1]\nB = A\n", {}),
        ("A = [1]\ndef f():\n    g(A)\n", {}),
        ("A = [[1]]\nA[0].append(2)\n", {}),
        ("A = {1, 2}\n", {}),  # in no certain order
        ("A = len('a')\nB = C = 5\nif A:\n    D = 5\n", {}),
        ("A = (\n", {}),
    ],
)
def test_constants(source: str, constants: dict[str, str]) -> None:
    assert constants_of(source) == constants


def test_what_functions_share() -> None:
    source = (
        "def f(x, memo={}):\n    a, b, c = [], [], []\n    def g():\n        a.append(1)\n        b = []\n        b[0] = 1\n"
        "    c.append(x)\n"
    )
    assert shared_of(source) == {"memo", "a"}
    names = {"o": "<object>", "s": "[1]"}
    assert passed_in("x = f(a, [b], k=c) + len(d) + s.index(e) + o.m(g)", names) == {"a", "b", "c", "g"}


PROGRAMS = [
    (
        "def f(n, memo):\n    if n < 2:\n        return n\n    memo[n] = f(n - 1, memo) + f(n - 2, memo)\n    return memo[n]\n",
        "f(4, {})",
    ),
    (
        "def f(n, memo={}):\n    if n < 2:\n        return n\n    memo[n] = f(n - 1) + f(n - 2)\n    return memo[n]\n",
        "f(4)",
    ),
    (
        "def f(n):\n    a = [n]\n    def g():\n        a.append(5)\n        return 1\n    b = [g(), a]\n    return b, g() + len(a)\n",
        "f(4)",
    ),
    (
        "RATES = {'a': 2}\nNAMES = ['x', 'y']\ndef f(n):\n    t = 0\n    for k in NAMES:\n        t += RATES[n] * len(k)\n    return t\n",
        "f('a')",
    ),
    (
        "def g(n):\n    for i in range(n):\n        x = i * 2\n        yield x\ndef f(n):\n    return list(zip(g(n), g(n + 1)))\n",
        "f(3)",
    ),
    (
        "def g(s):\n    k = 1\n    while k < 3:\n        for c in s:\n            yield c * k, k\n        k += 1\n"
        "def f(s):\n    r = []\n    for x in g(s):\n        r.append(x)\n    return r\n",
        "f('ab')",
    ),
]


@pytest.mark.parametrize(("source", "call"), PROGRAMS)
def test_programs_that_share_values(source: str, call: str) -> None:
    known = 0
    for outlook, step in checked(record_source(source, call)):
        known += outlook is not None and step.event in (Event.LINE, Event.RETURN)
    assert known > 3
