"""Loops: what is looked up of a loop's items is what frames show, and a network is held to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.loops import Loop, turn_of
from cwm_trace.models.operations import worked
from cwm_trace.models.questions import Way
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.benchmarks.questions import walked
from tests.embedded import embedded
from tests.test_models_operations import Telling, evaluated, same

FIRST = 37_994_000
WAYS = Way(Event.LINE, "pass"), Way(Event.RETURN, "pass")


def holds(test: str) -> bool:
    return evaluated(worked(test, evaluated)) == "True"


def turns(trace: Trace) -> Iterator[tuple[Loop, dict[str, str] | None, Frame]]:
    """The loops of a trace at their headers, the true answers' turn, and the frame behind."""
    for notes, step in walked(trace):
        if (loop := notes.at_work.loop()) is not None:
            turn = turn_of(loop, holds, evaluated)
            yield loop, None if turn is None else dict(turn), step


def check(loop: Loop, turn: dict[str, str], step: Frame) -> None:
    """Calls, and what is raised, may be in the midst of a comprehension."""
    inside = loop.way.event is loop.behind.event or loop.way.line != loop.behind.line
    if inside or step.event in (Event.LINE, Event.RETURN):
        assert (step.event, step.source.rstrip("\r\n")) == (loop.way if turn else loop.behind), (loop, turn)
    if step.event is Event.LINE:
        assert all(same(value, step.locals.get(name, "")) for name, value in turn.items()), (loop, turn, step)


@pytest.mark.parametrize("family", ["rounds", "plain", "wide", "idiom", "choices", "mutant", "module", "runs", None])
def test_turns_are_what_frames_show(family: str | None) -> None:
    """Of recorded programs: which way, and what the item binds; few loops are left."""
    seen: Counter[bool] = Counter()
    for seed in range(FIRST, FIRST + 40):
        program = generate(seed, 1, family)
        for call in program.calls:
            for loop, turn, step in turns(record_source(program.source, call, max_frames=600)):
                seen[turn is not None] += 1
                if turn is not None:
                    check(loop, turn, step)
    assert seen[True] > 20 and seen[False] < 0.3 * seen.total(), seen  # objects, mostly


CHANGING = [
    "    for x in s:\n        s.append(x) if len(s) < 6 else s.pop()",
    "    for x in s:\n        s.remove(x)",
    "    for x in s:\n        s += [x] * (len(s) < 5)",
    "    for i, x in enumerate(s):\n        s[-1] = i\n        s.pop(0)",
    "    for x in list(s):\n        s.append(x)",
    "    for x in s[1:]:\n        s.clear()",
    "    for i in range(len(s)):\n        s.append(i)\n        i += 7",
    "    for x in str(s):\n        s = x",
    "    t = 'abc'\n    for x in t:\n        t = t[1:] + x",
    "    t = 'abc', 'd'\n    for x in t:\n        t = x",
    "    d = dict.fromkeys(s, 0)\n    for k in d:\n        d[k] += 1\n    for k, v in d.items():\n        d[k] = v * 2",
    "    for x, y in zip(s, s[1:]):\n        s[1] = 9",
    "    for x in s:\n        for x in 'ab':\n            pass",
    "    while s:\n        for x in s:\n            if x > 1:\n                break\n        s.pop()",
    "    while True:\n        for x in s:\n            s = s[1:]\n        if not s:\n            break",
    "    for x in s:\n        try:\n            if x:\n                continue\n            1 / 0\n        except Exception:\n            1",
    "    for x in s:\n        pass\n    else:\n        x = 5\n    for x in s:\n        pass",
    "    for x in g(s):\n        s.append(x)",
    "    return [x for x in s if x] + [1]",
    "    return {k: v for k, v in enumerate(s, 3)}",
    "    return [x for x in g(s)]",
    "    return [g([y])[0] for y in reversed(s)]",
]


@pytest.mark.parametrize("body", CHANGING)
def test_a_loop_goes_through_what_changes_as_python_does(body: str) -> None:
    source = f"def g(s):\n    return [x * 2 for x in s]\n\ndef f(s):\n{body}\n"
    seen = 0
    for loop, turn, step in turns(record_source(source, "f([1, 2, 3, 0])")):
        if turn is not None:
            check(loop, turn, step)
            seen += 1
    assert seen > 2


@pytest.mark.parametrize(
    ("header", "items"),
    [
        ("x in 'a\\'é'", ["\"a\"", '"\'"', "'é'"]),
        ("x in b'ab'", ["97", "98"]),
        ("x in (1,)", ["1"]),
        ("x in {'a': 1, 'b': 2}", ["'a'", "'b'"]),
        ("x in {'a': 1, 'b': [2]}.values()", ["1", "[2]"]),
        ("x in {'a': 1}.items()", ["('a', 1)"]),
        ("x in enumerate('ab', 5)", ["(5, 'a')", "(6, 'b')"]),
        ("x in enumerate('ab', start=-1)", ["(-1, 'a')", "(0, 'b')"]),
        ("x in zip('ab', [1, 2, 3])", ["('a', 1)", "('b', 2)"]),
        ("x in zip('ab')", ["('a',)", "('b',)"]),
        ("x in reversed('ab')", ["'b'", "'a'"]),
        ("x in reversed(range(3))", ["2", "1", "0"]),
        ("x in zip(range(2, 9, 3), 'abc')", ["(2, 'a')", "(5, 'b')", "(8, 'c')"]),
        ("x in range(3)", ["0", "1", "2"]),
        ("x in range(3, 0, -2)", ["3", "1"]),
        ("x in range(-1, 1)", ["-1", "0"]),
        ("x in range(2, 2)", []),
        ("x in sorted('ba') + ['c']", ["'a'", "'b'", "'c'"]),
        ("x in range(True)", None),
        ("x in range(1, 2, 0)", None),
        ("x in 5", None),
        ("x in {2, 1}", None),  # a frame shows the order of a set, a line does not
        ("x in map(str, [1])", None),
        ("x in [<object>]", None),
        ("x in sorted('ba', key=lambda c: c)", None),
    ],
)
def test_items(header: str, items: list[str] | None) -> None:
    assert turned(f"for {header}:", "x", items) == items


def turned(header: str, name: str, items: list[str] | None) -> list[str] | None:
    """What comes of a loop, an item after the other."""
    found: list[str] = []
    for item in range(1, len(items or ()) + 2):
        last = {name: found[-1]} if found else {}
        turn = turn_of(Loop(header, header, header, {}, {}, last, (), item, *WAYS), holds, evaluated)
        if turn is None:
            return None
        found += [
            value.replace("'a'", '"a"') if header.startswith("for x in 'a\\'") else value for value in turn.values()
        ]
    return found


@pytest.mark.parametrize(
    ("target", "bound"),
    [
        ("x", {"x": "(1, ('a', [2]))"}),
        ("x, y", {"x": "1", "y": "('a', [2])"}),
        ("x, (y, [z])", {"x": "1", "y": "'a'", "z": "2"}),
        ("x, *y", {"x": "1", "y": "[('a', [2])]"}),
        ("x, y, *z", {"x": "1", "y": "('a', [2])", "z": "[]"}),
        ("x, y, z, *_", None),
        ("x, y, z", None),
        ("x[0], y", None),
        ("(x, (y, y))", {"x": "1", "y": "[2]"}),
    ],
)
def test_an_item_is_bound_as_its_target_is(target: str, bound: dict[str, str] | None) -> None:
    header = f"for {target} in [(1, ('a', [2]))]:"
    assert turn_of(Loop(header, header, header, {}, {}, {}, (), 1, *WAYS), holds, evaluated) == bound


def test_a_network_goes_through_what_it_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    model = embedded()
    from cwm_trace.models.asking import Asker
    from cwm_trace.prompts import call_prompt
    from cwm_trace.simulate import predict

    monkeypatch.setattr(model, "asks_steps", False, raising=False)
    monkeypatch.setattr(Asker, "value", Telling(lambda operation: "'Qé'" if "upper" in operation else "7"))
    source = "def f(s):\n    for i, c in enumerate(s.upper(), 6):\n        d = c\n    return [x for x in d]\n"
    trace = predict(model, prompt=call_prompt(source, "f('b')"), max_frames=20)
    shown = [step.locals.get("c") for step in trace.frames if step.source.strip() == "d = c"]
    assert shown == ["'Q'", "'é'"]
    assert trace.frames[-1].value == "['é']"
