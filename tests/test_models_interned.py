"""Sets that are written out in a program have the order that a recorded program shows: which of their words were interned before decides it."""

from __future__ import annotations

import ast
import random

import pytest

from cwm_trace.frames import Event, Trace
from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.models.machine.interned import is_interned
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.run import run_source
from tests.test_models_outlook import TRUE

pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")

OWN = [f"n{one}{other}" for one in "abcdefgh" for other in "klmnop"]
POOLS = {
    "unknown": sorted({f"zorg{number * 7919 % 4096:03x}" for number in range(400)}),
    "usual": "apple banana cherry date fig grape kiwi mango red green blue alice bob eve north south guest failed GET POST a an".split(),
    "of Python": "append items keys self name value index count path open close read write line data text start stop args kwargs".split(),
    "of the program": OWN,
}


def program(seed: int) -> tuple[str, list[list[str]]]:
    """Sets of words of each kind and of all, and a function that gives their orders."""
    rng = random.Random(seed)
    pools = [*POOLS.values(), [word for pool in POOLS.values() for word in pool[:40]]]
    sets = [rng.sample(pool, size) for pool in pools for size in (3, 5, 6, 7, 8, 9, 10, 12) for _ in range(4)]
    own = "".join(f"{word} = 0\n" for word in OWN)
    shown = "".join(f"S{number} = {{{', '.join(map(repr, words))}}}\n" for number, words in enumerate(sets))
    return f"{own}{shown}def f():\n    return [{', '.join(f'list(S{number})' for number in range(len(sets)))}]\n", sets


def orders(trace: Trace) -> list[list[str]]:
    """As they are foretold."""
    beside, stepwise = Following(trace.context), Stepwise(TRUE)
    for step in trace.frames:
        told = beside.foretell(stepwise)
        assert told is not None
        if step.event is Event.RETURN:
            found: list[list[str]] = ast.literal_eval(told.value or "None")
            return found
        beside.observe(step)
    raise AssertionError("nothing is returned")


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_is_the_one_that_is_recorded(seed: int) -> None:
    source, sets = program(seed)
    trace = run_source(source, "f()")
    recorded = ast.literal_eval(trace.frames[-1].value or "None")
    foretold = orders(trace)
    assert [words for words, one, other in zip(sets, foretold, recorded, strict=True) if one != other] == []


def test_names_are_interned_and_texts_are_not() -> None:
    source = "import zorgle.zax as zap\ndef zif(zop):\n    zup.zil(zed=zop)\n    return 'zorn', f'{zop:zan}'\n"
    assert all(is_interned(word, source) for word in "zap zif zop zup zil zed append self print".split())
    assert not any(is_interned(word, source) for word in ("zorn", "zan", "zorgle zax", "zorgnot", "é!"))
