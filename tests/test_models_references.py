"""What tokens refer to: a name to the display that shows its value, a line to how often it has run and where it stands; told to the network, and
grown into one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.format import ACTION_SEP, EVENT_TOKENS, FRAME_SEP
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.literal_cwm import LiteralCwmConfig, LiteralCwmForCausalLM
from cwm_trace.models.literal_positions import SIZES, LiteralReading
from cwm_trace.models.trace_positions import KINDS, TracePositions, all_sizes
from cwm_trace.models.trace_references import Reference, TraceReferences
from cwm_trace.tracer import trace_source
from cwm_trace.train.grow import grow, with_literals
from cwm_trace.train.network import Shape, new_model, open_model, save_model
from cwm_trace.train.programs import generate
from cwm_trace.train.record import traces_of
from cwm_trace.train.tokenizer import TraceEncoder, literal_symbols, pieces
from tests.test_models_literals import read_in_parts

_PIECES = pieces()
_SIZES = all_sizes(len(_PIECES) + 2)
_POSITIONS = TracePositions(literal_symbols(), _PIECES, _SIZES)
_LOOPS = """
def f(text, xs):
    for c in text:
        for x in xs:
            if c == x:
                g(c)
    return [y for y in xs if y in text]
def g(text):
    text = text.upper()
"""


def referring(trace: Trace) -> list[tuple[str, Reference]]:
    """Each token of a trace, spelled, and what it refers to."""
    (ids,) = TraceEncoder().encode([trace.render()])
    references = TraceReferences()
    return [(_PIECES[token], references.read(_PIECES[token])) for token in ids]


def told_of(positions: TracePositions, ids: list[int]) -> list[tuple[int, ...]]:
    """What is told of each token of a whole sequence."""
    return list(zip(*positions.columns(ids), strict=True))


def frames_of(tokens: list[tuple[str, Reference]]) -> list[list[tuple[str, Reference]]]:
    """The tokens of each frame, from its event on; not the context's."""
    frames: list[list[tuple[str, Reference]]] = []
    for token, reference in tokens:
        if token == FRAME_SEP:
            frames.append([])
        elif frames:
            frames[-1].append((token, reference))
    return frames[:-1]


def displays(tokens: list[tuple[str, Reference]]) -> dict[int, str]:
    """The text of each display, Python's, by its number."""
    shown: dict[int, str] = {}
    for frame in frames_of(tokens):
        end = next(number for number, (token, _) in enumerate(frame) if token == ACTION_SEP)
        previous = 0
        for token, (value, *_) in frame[1:end]:
            if value and value not in shown:
                shown[value] = ""
            elif value and value == previous:
                shown[value] += token
            previous = value
    return shown


# --- against what the trace says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [None, "wide", "module", "toplevel"])
def test_names_in_a_line_refer_to_the_values_that_it_runs_on(family: str | None) -> None:
    checked = 0
    for seed in range(24):
        for trace in traces_of(generate(70_000 + seed, 1, family), 1):
            tokens = referring(trace)
            shown = displays(tokens)
            for frame, spelled in zip(trace.frames, frames_of(tokens), strict=True):
                assert isinstance(frame, Frame)
                checked += _names_are_right(frame, spelled, shown)
    assert checked > 100


def _names_are_right(frame: Frame, spelled: list[tuple[str, Reference]], shown: dict[int, str]) -> int:
    """How many names were compared: those that are one token, and no attribute."""
    if frame.locals is None:
        return 0
    start = next(number for number, (token, _) in enumerate(spelled) if token == ACTION_SEP)
    checked = 0
    for number in range(start + 1, len(spelled) - 1):
        (before, _), (token, (value, *_)), (after, _) = spelled[number - 1 : number + 2]
        alone = not (before[-1:].isalnum() or before[-1:] in "._'\"\\" or after[:1].isalnum() or after[:1] == "_")
        if value and alone and token in frame.locals and value in shown:
            assert json.loads(f'"{shown[value]}"') == frame.locals[token], (frame, token)
            checked += 1
    return checked


def test_lines_are_counted_within_those_around_them_and_in_their_call() -> None:
    trace = trace_source(_LOOPS, "f('ab', ['a', 'b', 'z'])")
    counts = []
    for frame, spelled in zip(trace.frames, frames_of(referring(trace)), strict=True):
        assert isinstance(frame, Frame)
        if frame.event == "line":
            counts.append((frame.source.strip(), spelled[-1][1].visit))

    assert [count for line, count in counts if line.startswith("for c")] == [1, 2, 3]
    assert [count for line, count in counts if line.startswith("for x")] == [1, 2, 3, 4] * 2
    assert {count for line, count in counts if line.startswith(("if c", "g(c)", "text ="))} == {1}
    assert [count for line, count in counts if line.startswith("return [")] == [1, 1, 2, 3, 4]  # one in f, then inside


def test_what_follows_a_line_is_told_its_count_and_a_return_brings_back_the_callers() -> None:
    frames = frames_of(referring(trace_source(_LOOPS, "f('ab', ['b'])")))
    told = [
        [reference.visit for token, reference in frame if token in ('{"', EVENT_TOKENS[Event.RETURN])]
        for frame in frames
    ]

    assert told[:4] == [[], [], [0], [0]]
    after = next(number for number, frame in enumerate(frames) if frame[0][0] == EVENT_TOKENS[Event.RETURN]) + 1
    assert told[after] == [1]


def test_a_comprehension_knows_the_names_around_it() -> None:
    frames = frames_of(referring(trace_source("def f(xs):\n    return [x for x in xs]\n", "f([1])")))
    inside = next(
        frame
        for frame in frames
        if [token for token, _ in frame].count("x") > 2 and frame[0][0] == EVENT_TOKENS[Event.LINE]
    )

    assert [reference.value for token, reference in inside if token == "s"][
        -1
    ] == 1  # of `xs`, which is the first that was shown


@pytest.mark.parametrize("family", [None, "wide", "module", "toplevel"])
def test_a_frame_is_told_of_the_line_below_the_one_that_ran_last(family: str | None) -> None:
    checked = 0
    for seed in range(12):
        for trace in traces_of(generate(71_000 + seed, 1, family), 1):
            tokens, lines = referring(trace), trace.context.split("\n")
            alone = [line.strip() for line in lines]
            for frame, spelled in zip(trace.frames, frames_of(tokens), strict=True):
                assert isinstance(frame, Frame)
                if frame.source.endswith("\n") and alone.count(frame.source.strip()) == 1:
                    line = next(at for at, (token, _) in enumerate(spelled) if token == ACTION_SEP)
                    below = next(told.line for token, told in spelled[line + 1 :] if token.endswith("\n"))
                    assert below == alone.index(frame.source.strip()) + 2
                    checked += 1
    assert checked > 50


def test_the_sources_tokens_have_the_number_of_their_line_and_a_return_brings_back_the_callers() -> None:
    tokens = referring(trace_source("def g():\n    return 1\ndef f():\n    g()\n    return 2\n", "f()"))
    context = tokens[: next(number for number, (token, _) in enumerate(tokens) if token == FRAME_SEP)]
    source: dict[int, str] = {}
    for token, (_, _, line) in context[2:]:
        source[line] = source.get(line, "") + token

    assert source[2] == "def g():\n" and source[5] == "    g()\n"
    begun = [frame[0] for frame in frames_of(tokens)]
    assert [told.line for _, told in begun] == [0, 9, 0, 5, 0, 3, 4, 6, 7, 10]


def test_of_lines_that_are_the_same_the_next_one_below_runs() -> None:
    source = "def f(x):\n    x += 1\n    x += 1\n    if x:\n        return x\n    return x\n"
    below = [
        next(told.line for token, told in reversed(frame) if token.endswith("\n"))
        for frame in frames_of(referring(trace_source(source, "f(1)")))
    ]

    assert below[3:6] == [4, 5, 6]
    # What is returned is of the line that was run, not of the one below that reads the same.
    assert below[6:8] == [7, 7]


# --- read in parts --------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, len(_PIECES) + 1), max_size=60), st.data())
def test_a_sequence_may_be_read_in_parts_and_cut_back(ids: list[int], data: st.DataObject) -> None:
    read = read_in_parts(_POSITIONS, ids, data)

    assert read == [position for _, position in _POSITIONS.read(ids)] == told_of(_POSITIONS, ids)


def test_cutting_back_within_a_trace_forgets_what_was_shown_there() -> None:
    (ids,) = TraceEncoder().encode([trace_source(_LOOPS, "f('ab', ['b'])").render()])
    reading = LiteralReading(_POSITIONS)
    reading.read(ids, 0)

    assert reading.read(ids[150:], 150) == told_of(_POSITIONS, ids)[150:]
    assert all(
        0 <= number <= size for told in told_of(_POSITIONS, ids) for number, size in zip(told, _SIZES, strict=True)
    )


def test_counts_begin_again_beyond_the_table() -> None:
    small = TracePositions(literal_symbols(), _PIECES, (*SIZES, 2, 1, 3, 7, 7, 7))
    (ids,) = TraceEncoder().encode([trace_source(_LOOPS, "f('ab', ['b', 'c'])").render()])
    values, visits, lines, before, *_ = zip(*(told[len(SIZES) :] for told in told_of(small, ids)), strict=True)

    assert {*zip(values, visits, strict=True)} == {(value, visit) for value in (0, 1, 2) for visit in (0, 1)}
    assert {*lines} == {0, 1, 2, 3}
    assert before[1:] == tuple(1 + token % 7 for token in ids[:-1])
    assert [told for _, told in small.read(ids)] == told_of(small, ids)


# --- told to the network --------------------------------------------------------------------------------------------


def test_a_model_that_was_told_of_places_begins_with_what_it_computed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = Shape(width=32, layers=2, heads=2, inner=48, window=8, positions=512)
    fields = new_model(shape).config.to_dict() | {"literal_sizes": list(SIZES), "trace_texts": []}
    model = LiteralCwmForCausalLM(
        LiteralCwmConfig(**{name: value for name, value in fields.items() if name != "model_type"})
    )
    (ids,) = TraceEncoder().encode([trace_source(_LOOPS, "f('ab', ['b'])").render()])
    save_model(model, tmp_path / "old")

    grow(str(tmp_path / "old"), tmp_path / "new", [], literals=True)
    grown = open_model(tmp_path / "new")

    assert len(grown.model.literals.sizes) == len(KINDS)
    with torch.no_grad():
        assert torch.allclose(grown(torch.tensor([ids])).logits, model(torch.tensor([ids])).logits, atol=1e-5)
        torch.nn.init.normal_(grown.model.embed_literals.weight)
        told = with_literals(open_model(tmp_path / "old"))
        told.model.embed_literals.weight[-1] += 1
        assert not torch.allclose(grown(torch.tensor([ids])).logits, told(torch.tensor([ids])).logits, atol=1e-2)
