"""Facts: operations on literals, one name that changes, tests of both outcomes, few tokens for each."""

from __future__ import annotations

import ast
import warnings
from collections import Counter

import numpy as np
import pytest

from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, FRAME_SEP, parse, render_frame
from cwm_trace.frames import Event, Frame
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.data import learned
from cwm_trace.train.programs import generate
from cwm_trace.train.record import Maker, Recipe
from cwm_trace.train.tokenizer import PAD, build_tokenizer

SEEDS = range(37_970_000, 37_970_080)


@pytest.mark.parametrize(
    "family", ["facts", "deeds", "rounds", "growth", "choices", "asks", "sheets", "scales", "pieces"]
)
def test_the_same_seed_gives_the_same_program(family: str) -> None:
    assert [generate(seed, 1, family) for seed in SEEDS[:20]] == [generate(seed, 1, family) for seed in SEEDS[:20]]


@pytest.mark.parametrize(
    "family", ["facts", "deeds", "rounds", "growth", "choices", "asks", "sheets", "scales", "pieces"]
)
def test_python_has_nothing_to_say_about_the_programs(family: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(SEEDS.start, SEEDS.start + 400):
            compile(generate(seed, 1, family).source, "<facts>", "exec")


def test_results_are_told_densely_and_tests_go_both_ways() -> None:
    outcomes: Counter[str] = Counter()
    tokens, results = 0, 0
    tokenizer = build_tokenizer()
    for seed in SEEDS:
        program = generate(seed, 1, "facts")
        trace = record_source(program.source, program.calls[0])
        (function,) = ast.parse(program.source).body
        assert isinstance(function, ast.FunctionDef)
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        assert len(bound - set("cxvw")) <= 1
        tokens += len(tokenizer.encode(trace.render()))
        changed = [
            step.locals[name]
            for step in trace.frames
            if isinstance(step, Frame)
            for name in step.locals
            if name not in step.unchanged
        ]
        results += len(changed)
        outcomes.update(value for value in changed if value in ("True", "False"))
    assert 0.25 < outcomes["True"] / outcomes.total() < 0.75 and outcomes.total() > 150
    assert tokens / results < 70


def test_branches_are_taken_and_not_and_loops_end() -> None:
    taken: Counter[bool] = Counter()
    for seed in SEEDS:
        program = generate(seed, 1, "branches")
        trace = record_source(program.source, program.calls[0])
        assert trace.complete
        steps = [step for step in trace.frames if isinstance(step, Frame)]
        for step, after in zip(steps, steps[1:], strict=False):
            if step.source.lstrip().startswith(("if ", "while ")) and after.event is Event.LINE:
                taken[after.line_number == (step.line_number or 0) + 1] += 1
    assert 0.3 < taken[True] / taken.total() < 0.75 and taken.total() > 600


def test_observations_alone_are_learned_of_a_text_without_the_lines_of_the_function() -> None:
    tokenizer = build_tokenizer()
    separator, pad = (tokenizer.convert_tokens_to_ids(name) for name in (FRAME_SEP, PAD))
    maker = Maker(Recipe(SEEDS.start, SEEDS.stop, calls=1, family="facts", notes=True))
    made = [(seed, ids) for seed in SEEDS[:20] for ids in maker.sequences(seed)]
    assert len(made) > 10
    for seed, ids in made:
        program = generate(seed, 1, "facts")
        tokens, wanted = learned(np.array(ids, dtype=np.uint16), separator, pad)
        told = tokenizer.decode(tokens.tolist())
        trace = parse(told)
        body = [line for line in program.source.splitlines() if line.startswith("    ")]
        assert not any(line in trace.context.splitlines() for line in body)
        assert program.calls[0] in trace.context
        full = record_source(program.source, program.calls[0])
        shown = [render_frame(step).partition(ACTION_SEP) for step in full.frames[1:]]
        raises = EVENT_TOKENS[Event.EXCEPTION]  # that it does is learned, too
        observed = [
            (before if before == raises else "") + ARG_SEP + after.partition(ARG_SEP)[2] + FRAME_SEP
            if ARG_SEP in after
            else before
            for before, _, after in shown
        ]
        assert tokenizer.decode(tokens[wanted].tolist()) == "".join(observed)
