"""Traces that slip: they are true up to one frame, and from there what follows from what that frame shows."""

from __future__ import annotations

import builtins
import random
from collections.abc import Iterator

import numpy as np
import pytest

from cwm_trace.format import END_OF_TEXT, FRAME_SEP, parse, render_frame
from cwm_trace.frames import Event, Trace
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from cwm_trace.train.slips import Slip, slip

SOURCE = "def f(a, b):\n    x = a + 1\n    if x > b:\n        x -= 10\n    y = x * 2\n    return [x, y]\n"


def limited(source: str, call: str | None) -> Trace:
    return record_source(source, call, max_frames=200)


def slips(source: str, call: str | None, seeds: int) -> Iterator[tuple[Trace, Slip]]:
    true = record_source(source, call)
    for seed in range(seeds):
        if (found := slip(true, source, call, random.Random(seed), limited)) is not None:
            yield true, found


def test_what_follows_a_wrong_value_follows_from_it() -> None:
    kinds = set()
    for true, found in slips(SOURCE, "f(3, 9)", 60):
        trace, at = found.trace, found.frame
        assert trace.context == true.context and trace[:at] == true[:at] and trace[at] != true[at]
        assert trace.complete and parse(trace.render()) == trace
        kinds.add((trace[at].event, trace[at - 1].source.split()[0]))
        last = [step for step in trace if step.event is Event.LINE][-1].locals
        shown = trace[at].event is Event.RETURN or "return" in trace[at].source
        if not shown:  # y is made of the x that is shown, whatever that should have been
            assert int(last["y"]) == 2 * int(last["x"])
        if trace[at].event is not Event.RETURN:
            assert trace.returned == f"[{last['x']}, {last['y']}]"
        assert trace[len(trace) - 2].value == trace.returned
    assert kinds == {(Event.LINE, "x"), (Event.LINE, "if"), (Event.LINE, "y"), (Event.RETURN, "return")}


def test_a_test_that_slips_goes_the_other_way() -> None:
    source = "def f(n):\n    while n:\n        n -= 1\n    return n\n"
    ways = {tuple(step.source.strip() for step in found.trace[2:]) for _, found in slips(source, "f(1)", 40)}
    assert ("def f(n):", "while n:", "return n", "return n", "return f(1)") in ways


def test_it_happens_once_in_a_run() -> None:
    source = "def f(n):\n    for i in range(n):\n        k = 7\n        z = k\n    return n\n"
    for true, found in slips(source, "f(5)", 40):
        wrong = [
            step.locals["k"] for step in found.trace if step.event is Event.LINE and step.source.strip() == "z = k"
        ]
        assert sum(k != "7" for k in wrong) <= 1
        assert len(found.trace) == len(true) or found.trace[found.frame].event is Event.LINE


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    pass\n",
        "def f():\n    x = (1 +\n        2)\n    return\n",
        "def f():\n    é = 1; x = é\n",
        "def f():\n    x = object()\n",
        "def f():\n    x = 'a' * 400\n",
    ],
)
def test_what_cannot_slip(source: str) -> None:
    assert not list(slips(source, "f()", 8))


def test_nothing_is_left_behind() -> None:
    before = dict(vars(builtins))
    assert list(slips("def f(x):\n    y = x\n    return 1 // y\n", "f(1)", 8))
    assert dict(vars(builtins)) == before


def test_generated_programs_slip() -> None:
    found = tried = 0
    for seed in range(29_900_000, 29_900_020):
        program = generate(seed, 1, "plain")
        for call in program.calls:
            true = record_source(program.source, call, max_frames=200)
            if true.complete:
                tried += 1
                found += slip(true, program.source, call, random.Random(seed), limited) is not None
    assert found > tried / 2 > 5


def test_only_what_is_behind_it_is_learned() -> None:
    pytest.importorskip("torch")
    from cwm_trace.train.data import learned
    from cwm_trace.train.record import Maker, Recipe
    from cwm_trace.train.tokenizer import PAD, build_backend, build_tokenizer

    separator, mark = build_tokenizer().convert_tokens_to_ids([FRAME_SEP, PAD])
    maker = Maker(Recipe(0, 0, calls=2, family="plain", slips=True))
    made = [ids for seed in range(29_900_000, 29_900_012) for ids in maker.sequences(seed)]
    assert len(made) == maker.counts["slips"] == maker.counts["traces"] > 8
    for ids in made:
        assert ids.count(mark) == 1
        tokens, wanted = learned(np.array(ids, dtype=np.uint16), separator, mark)
        start = int(wanted.argmax())
        assert wanted[start:].all()
        text = build_backend().decode(tokens.tolist(), skip_special_tokens=False)
        behind = build_backend().decode(tokens[start:].tolist(), skip_special_tokens=False)
        trace = parse(text)
        assert trace.complete and not trace.malformed and behind.endswith(FRAME_SEP + END_OF_TEXT)
        frames = [render_frame(step) + FRAME_SEP for step in trace]
        left = behind.count(FRAME_SEP)
        assert behind == "".join(frames[len(frames) - left :]) + END_OF_TEXT and 0 < left < len(frames) - 1
