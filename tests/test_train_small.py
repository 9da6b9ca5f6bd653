"""Small programs: tests of both outcomes, small values, nearly all of them end without an exception."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from cwm_trace.frames import Frame
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from cwm_trace.train.small import CHANGES, COUNTS, HOLE, PARTS, TESTS

SEEDS = range(37_950_000, 37_950_120)


def test_the_same_seed_gives_the_same_program() -> None:
    assert [generate(seed, 3, "small") for seed in SEEDS[:20]] == [generate(seed, 3, "small") for seed in SEEDS[:20]]


@pytest.mark.parametrize("template", [*TESTS, *COUNTS, *PARTS, *CHANGES])
def test_each_template_is_python(template: str) -> None:
    filled = HOLE.sub(lambda hole: {"'C'": "'c'", "K": "3", "I": "-1"}.get(hole[0], "v"), template)
    ast.parse(filled)
    if template not in CHANGES:
        ast.parse(filled, mode="eval")


def test_values_are_small_and_tests_go_both_ways() -> None:
    outcomes: Counter[str] = Counter()
    taken: Counter[bool] = Counter()
    traces = [
        record_source(program.source, call)
        for program in (generate(seed, 3, "small") for seed in SEEDS)
        for call in program.calls
    ]
    assert sum(trace.raised is not None for trace in traces) < 0.1 * len(traces)
    for trace in traces:
        for step, after in zip(trace.frames, trace.frames[1:], strict=False):
            assert isinstance(step, Frame) and isinstance(after, Frame)
            outcomes.update(
                value
                for name, value in after.locals.items()
                if name not in after.unchanged and value in ("True", "False")
            )
            if step.source.lstrip().startswith("if ") and step.line_number and after.line_number and after.locals:
                taken[after.line_number == step.line_number + 1] += 1
    assert 0.25 < outcomes["True"] / outcomes.total() < 0.75 and outcomes.total() > 300
    assert 0.25 < taken[True] / taken.total() < 0.75 and taken.total() > 500
    lengths = sorted(
        len(value) for trace in traces for value in (trace.frames[2].locals if len(trace) > 2 else {}).values()
    )
    assert lengths[len(lengths) // 2] <= 8 and lengths[-1] < 120
