"""Functions and modules as people write them: valid, ending, of all shapes, in a broader world of values."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from contextlib import suppress

import pytest

from cwm_trace.errors import InputError
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train import programs
from cwm_trace.train.modules import MODULES
from cwm_trace.train.plain import KINDS, plain_body
from cwm_trace.train.programs import broad_writer, generate
from cwm_trace.train.shapes import call_shape, collect, program_shape, table, trace_shape
from cwm_trace.train.values import BroadTheme


@pytest.mark.parametrize("family", ["plain", "module"])
def test_they_end_and_seldom_raise(family: str) -> None:
    ended: Counter[str] = Counter()
    for seed in range(150):
        program = generate(seed, 1, family)
        try:
            trace = record_source(program.source, program.calls[0], max_frames=400, max_characters=20_000)
        except InputError:  # quotes inside an f-string of the same quotes, before 3.12; a method of a literal number
            ended["refused"] += 1
            continue
        ended["cut" if not trace.complete else "raised" if trace.raised else "returned"] += 1
        assert program == generate(seed, 1, family)

    assert ended["returned"] > 130
    assert ended["cut"] < 10
    assert ended["refused"] < 5


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_there_is_a_body_for_every_kind(kind: str) -> None:
    parsed = 0
    for seed in range(60):
        writer = broad_writer(random.Random(seed))
        body = plain_body(writer, kind)
        with suppress(SyntaxError):
            ast.parse("\n".join(["def f():", *("    " + line for line in body.lines)]))
            parsed += 1
        assert writer.params[0].kind == kind
        assert "return" in body.lines[-1] and not re.search(r"<[a-zA-Z=:]+>|\{\}\[", body.lines[-1])
    assert parsed >= 58


@pytest.mark.parametrize("number", range(len(MODULES)))
def test_every_module_compiles_and_runs(number: int) -> None:
    returned = 0
    for seed in range(8):
        writer = broad_writer(random.Random(f"{number} {seed}"))
        source, name = programs._instantiate(writer, MODULES[number])
        (call,) = programs._calls(writer, name, 1)
        assert not re.search(r"[$⟦⟧]", source), source
        returned += record_source(source, call, max_frames=600).returned is not None
    assert returned >= 5


def test_they_have_the_shapes_that_people_write() -> None:
    plain, modules = (
        collect(
            (program.source, program.calls[0], None, 0) for program in (generate(n, 1, family) for n in range(300))
        )[1]
        for family in ("plain", "module")
    )

    def share(numbers: dict[str, list[float]], name: str) -> float:
        found = numbers[f"share of programs: {name}"]
        return sum(found) / len(found)

    assert 40 < share(plain, "a loop") < 65
    assert share(plain, "while") > 4
    assert share(plain, "several returns") > 20
    assert share(plain, "changes what it loops over") > 1.5
    assert share(plain, "function f") > 80
    assert share(modules, "several functions") > 90
    assert share(modules, "a class") > 15
    assert share(modules, "a docstring") > 20


def test_texts_are_of_many_lengths_and_kinds() -> None:
    theme = BroadTheme.draw(random.Random(0))
    texts = [BroadTheme.draw(random.Random(seed)).text() for seed in range(1000)]
    lengths = sorted(map(len, texts))

    assert theme.words != BroadTheme.draw(random.Random(1)).words
    assert lengths[20] == 0 and 4 < lengths[500] < 12 and lengths[960] > 20
    assert 0 < sum(not text.isascii() for text in texts) < 60
    assert 100 < sum(any(map(str.isdigit, text)) for text in texts) < 400
    assert 100 < sum(any(map(str.isupper, text)) and any(map(str.islower, text)) for text in texts) < 300


# --- shapes in numbers ------------------------------------------------------------------------------------------------

SOURCE = """
def f(d, n):
    if not d:
        return n
    out = ''
    for k in list(d):
        d.pop(k)
        while n > 1:
            n -= 1
        out += k
    return f"{out}"
"""


def test_the_shape_of_a_program() -> None:
    found = dict(program_shape(SOURCE))
    marks = {name.partition(": ")[2] for name, share in found.items() if share == 100.0 and name.startswith("share")}

    assert (found["lines of source"], found["statements"], found["functions"], found["nesting of blocks"]) == (
        10,
        9,
        1,
        2,
    )
    assert marks == {
        "function f",
        "several returns",
        "a loop",
        "loop in a loop",
        "for over another call",
        "while",
        "changes what it loops over",
        "builds a text",
        "if",
        "formats",
    }


def test_the_shape_of_a_call_and_a_trace() -> None:
    found = list(call_shape("f('aB 1', [1, -2, 'x'], {'k': [True]})"))
    trace = record_source(SOURCE, "f({'a': 1}, 2)")

    assert ("length of texts", 4) in found and ("length of texts in containers", 1) in found
    assert ("share of containers: mixed types", 100.0) in found and ("share of containers: nested", 100.0) in found
    assert ("share of texts in calls: upper and lower case", 100.0) in found
    assert [number for name, number in found if name == "size of numbers"] == [1, 2]
    assert dict(trace_shape(trace, 7)) | {"characters of the trace": 0} == {
        "frames": len(trace),
        "tokens": 7,
        "characters of the trace": 0,
        "share of traces: raised": 0.0,
        "deepest call": 1,
    }


def test_samples_stand_beside_each_other() -> None:
    trace = record_source(SOURCE, "f({'a': 1}, 2)")
    one = collect([(SOURCE, "f({'a': 1}, 2)", trace, 7), ("def (", None, None, 0)])
    head, *lines = table({"one": one, "none": (0, {})})

    assert "one (n = 1)" in head and "none (n = 0)" in head
    assert all(line.count("|") == 2 and line.endswith("-") for line in lines)
    assert any(line.startswith("tokens") and "7 / 7 / 7 / 7" in line for line in lines)
