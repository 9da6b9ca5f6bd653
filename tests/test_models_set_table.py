"""Tables of sets against those of this Python, in a process with PYTHONHASHSEED=0."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from cwm_trace.frames import Frame
from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.models.set_table import Table, hash_of
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.run import run_source
from tests.test_models_operations import same
from tests.test_models_outlook import TRUE

WORDS = "alpha beta gamma host port tls a b c of and é 日本 𝒳 long-word-of-many-letters abcdefgh x1".split()
VALUES = [
    *WORDS,
    "",
    b"",
    b"ab",
    0,
    -1,
    7,
    10**30,
    True,
    1.5,
    -0.25,
    (),
    (1, "a"),
    ("x", ("y", 2.5)),
    3 + 4j,
]


def _in_a_process(program: str) -> object:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_hashes_are_those_of_this_python() -> None:
    assert [hash_of(repr(value)) for value in VALUES] == _in_a_process(
        f"import json; print(json.dumps([hash(value) for value in {VALUES!r}]))"
    )
    assert [hash_of(text) for text in ("None", "[]", "x", "{1: 2}", "<object>")] == [None] * 5


def _changes(number: int) -> list[tuple[str, str]]:
    chance = random.Random(number)
    inside: list[str] = []
    changes = []
    for _ in range(chance.randint(5, 60)):
        name = chance.choice(["add", "add", "add", "remove", "pop"])
        word = chance.choice(inside) if name == "remove" and inside else f"w{chance.randrange(60)}"
        if name == "add" and word not in inside:
            inside.append(word)
        elif name == "remove" and inside:
            inside.remove(word)
        else:
            continue
        changes.append((name, word))
    return changes


def test_items_come_in_the_order_of_the_table() -> None:
    runs = [_changes(number) for number in range(80)]
    program = (
        f"import json\norders = []\nfor changes in {runs!r}:\n    made = set()\n    for name, word in changes:\n"
        "        getattr(made, name)(word)\n        orders.append(list(made))\nprint(json.dumps(orders))"
    )
    orders = []
    for changes in runs:
        table = Table()
        for name, word in changes:
            getattr(table, name)(repr(word))
            orders.append([item[1:-1] for item in table.items])
    assert orders == _in_a_process(program)


SETS = '''
def f(seed):
    words = ["host", "port", "tls", "alpha", "beta", "gamma", "delta", "a", "b", "c", "d", "e", "x", "y", "z", "the", "of", "and", "to"]
    kept = {"host", "port", "alpha", "x", "the"}
    small = {words[seed], words[seed + 3]}
    more = set(words[seed : seed + 9])
    other = {word for word in words if len(word) > 1}
    most = kept | more
    both = more & other
    left = other - kept
    odd = kept ^ more
    most |= small
    most.add(words[seed + 9])
    most.discard(words[seed + 1])
    other &= more
    left -= small
    odd ^= {"a", "b", "to"}
    first = most.pop()
    second = most.pop()
    most.add(first)
    again = set(most)
    copied = most.copy()
    keys = set(dict.fromkeys(words[seed:]))
    frozen = frozenset(words[: seed + 4])
    united = kept.union(words, {"q", "r"})
    left.update(["one", "two"], {"three": 3, "four": 4}, again)
    order = [word for word in left]
    pairs = {(word, len(word)) for word in kept}
    mixed = {1, "one", 2.5, b"two", (1, "one")}
    mixed.symmetric_difference_update([1, "three"])
    numbers = {-437, 10, 3}
    numbers ^= {10, 2, 70, 7}
    numbers.symmetric_difference_update([70, -73, -87, 70, 6, 57, 5])
    more_numbers = {2, 7, 12, -865} - numbers
    letters = {"a", "q", "z", "1", "2"} ^ {"z", "b", "2", "7"}
    united.clear()
    united.update(frozen)
    return order, first, second, hash("abc"), sorted(pairs)
'''


@pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")
@pytest.mark.parametrize("seed", range(8))
def test_sets_of_texts_are_foretold_as_the_tracer_runs_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Following, "is_strict", True)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    trace = run_source(SETS, f"f({seed})")
    following = Following(trace.context)
    for step in trace.frames:
        told = following.foretell(Stepwise(TRUE))
        assert told is not None and isinstance(step, Frame)
        assert {**told.locals} == {**step.locals}, step
        assert told.value is None or same(told.value, step.value or "")
        following.observe(step)
