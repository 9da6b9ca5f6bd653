"""Long traces told anew: nothing that the next frame refers to is lost, texts stay short, and models go on behind them as behind any prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.format import FRAME_SEP, FrameParser, parse, render_frame, render_prompt
from cwm_trace.frames import Event, Step, Trace
from cwm_trace.models.base import Decoding, Stop
from cwm_trace.models.past import Past, _active, _Told, texts
from cwm_trace.prompts import call_prompt
from cwm_trace.simulate import simulate
from cwm_trace.tracer.inprocess import record_source
from tests.strategies import traces

LOOP = """def f(n):
    total, seen = 0, []
    for i in range(n):
        if i % 3:
            seen.append(str(i) * i)
        total += i
    return seen
"""
CALLS = """def f(n):
    if n < 2:
        return n
    return f(n - 1) + g(n)
def g(k):
    parts = [i * k for i in range(k)]
    return len(parts)
"""
YIELDS = """def f(n):
    def each():
        for i in range(n):
            yield i, n
    try:
        return [sum(pair) for pair in each()] + [1 // (n - n)]
    except ZeroDivisionError as error:
        return str(error)
"""
CAUGHT = """def f(x):
    try:
        y = 1 // (x - x)
    except ZeroDivisionError:
        y = check(x)
    return y
def check(k):
    try:
        raise ValueError('no %s' % ('k' * 300))
    except ValueError:
        return deeper(k)
def deeper(k):
    raise KeyError('no %s' % ('k' * 300))
"""
PROGRAMS = {
    "a loop": (LOOP, "f(14)"),
    "calls in calls": (CALLS, "f(7)"),
    "generators": (YIELDS, "f(5)"),
    "exceptions": (CAUGHT, "f(5)"),
}


@pytest.fixture(params=PROGRAMS)
def trace(request: pytest.FixtureRequest) -> Trace:
    return record_source(*PROGRAMS[request.param])


def active_frames(steps: tuple[Step, ...]) -> list[list[tuple[object, ...]]]:
    return [[content(told.step) for told in one] for one in _active(list(map(_Told, steps)))]


def told(trace: Trace, count: int, room: int) -> Trace:
    """What is read in place of the first so many frames, where what is kept has so many characters."""
    bare = len(render_prompt(trace.context))
    text = Past(Trace(trace.context, trace.frames[:count], complete=False), len, bare + 2 * room).instead(10**9)
    assert text is not None
    return parse(text)


def content(step: Step) -> tuple[object, ...]:
    """What a frame says, however it is diff-encoded."""
    return step.event, step.source, dict(step.locals), list(step.locals), step.value


def is_part(few: list[Any], all_of_them: list[Any]) -> bool:
    rest = iter(all_of_them)
    return all(any(one == other for other in rest) for one in few)


@pytest.mark.parametrize("room", [10, 300, 1_000, 10_000])
def test_what_is_kept_says_what_it_said_and_the_next_frame_is_understood(trace: Trace, room: int) -> None:
    for count in range(1, len(trace)):
        known = told(trace, count, room)
        assert known.context == trace.context and not known.malformed
        assert is_part([content(step) for step in known], [content(step) for step in trace[:count]])
        assert content(known[0]) == content(trace[0]) and content(known[-1]) == content(trace[count - 1])
        parser, real = FrameParser(), FrameParser()
        for step in known:
            parser.observe(step)
        for step in trace[:count]:
            real.observe(step)
        assert parser.previous == real.previous  # what `".."` stands for
        assert content(parser.parse(render_frame(trace[count]))) == content(trace[count])


def test_the_frames_that_are_active_stay_where_there_is_room(trace: Trace) -> None:
    def active(steps: tuple[Step, ...]) -> list[tuple[object, ...]]:
        stack = []
        for step in steps:
            if step.event is Event.CALL:
                stack.append(content(step))
            elif step.event is Event.RETURN:
                stack.pop()
        return stack

    left_out = 0
    for count in range(1, len(trace)):
        known = told(trace, count, 4_000)
        assert active(known.frames) == active(trace.frames[:count])
        left_out += len(known) < count
    assert left_out or len(trace.render()) < 5_000


def test_callers_that_had_no_room_once_are_not_forgotten() -> None:
    trace = record_source(CALLS.replace("f(n - 1)", "f(n - 1 + 0 * len('a longer line'))"), "f(24)")
    shown = []
    for part in list(texts(trace, 1, len, 2_500))[1:]:
        known, number = parse(part.text), trace.frames.index(part.steps[0])
        active = active_frames(trace.frames[:number])
        assert content(known[0]) == content(trace[0])
        calls = active_frames(known.frames)
        assert is_part([call for call, *_ in calls], [call for call, *_ in active])
        assert calls[0] == active[0]
        shown.append((len(calls), len(active)))
    assert any(few < many for few, many in shown[:-1]), "some had no room"
    assert shown[-1][0] == shown[-1][1] > 1, "and are there again"


def test_no_frame_is_begun_too_near_to_the_end_of_a_window() -> None:
    trace = record_source("# " + "long " * 400 + "\n" + LOOP, "f(14)")
    prompt = Trace(trace.context, trace.frames[:40], complete=False)
    bare = len(render_prompt(trace.context))
    past = Past(prompt, len, 1_000, window=bare + 350)
    assert past.instead(bare + 99) is None
    known = past.instead(bare + 100)
    assert known is not None
    assert past.instead(len(known)) is None, "not again at once"


def test_a_waiting_caller_shows_the_line_that_it_waits_at() -> None:
    known = told(record_source(CALLS, "f(7)"), 60, 2_000)
    lines = [step.source.strip() for step in known.frames[:4]]
    assert lines == ["def main():", "return f(7)", "def f(n):", "return f(n - 1) + g(n)"]


@given(traces, st.integers(0, 400))
def test_any_frames_can_be_told_anew(trace: Trace, room: int) -> None:
    if len(trace):
        known = told(trace, len(trace), room)
        assert 1 <= len(known) <= len(trace)
        assert parse(render_prompt(known.context, known.frames)) == known


def test_texts_stay_short_and_are_seldom_told_anew() -> None:
    trace = record_source(LOOP.replace("str(i) * i", "i"), "f(150)")
    parts = list(texts(trace, 1, len, 6_000))
    assert {note for part in parts for note in part.notes} == {""}
    longest = max(len(part.text) + sum(len(render_frame(step) + FRAME_SEP) for step in part.steps) for part in parts)
    assert longest < 6_000 + max(len(render_frame(step)) for step in trace) + len(FRAME_SEP)
    assert 2 < len(parts) - 1 < len(trace.render()) / 1_500


def test_a_frame_that_is_too_long_by_itself_is_kept() -> None:
    trace = record_source("def f(x):\n    y = x\n    return y\n", f"f({'a' * 900!r})")
    assert content(told(trace, 5, 10)[-1]) == content(trace[4])


def test_long_frames_are_not_told_anew_at_each_step() -> None:
    trace = record_source(LOOP.replace("str(i) * i", "i").replace("f(n)", "f(n, text)"), f"f(40, {'b' * 900!r})")
    _, *anew = texts(trace, 1, len, 1_000)
    assert all(len(part.text) > 1_000 for part in anew)
    assert 2 < len(anew) < len(trace) / 2


def test_behind_a_long_context_there_is_room_for_frames() -> None:
    trace = record_source("# " + "long " * 400 + "\n" + LOOP, "f(14)")
    past = Past(Trace(trace.context, trace.frames[:40], complete=False), len, 1_000)
    bare = len(render_prompt(trace.context))
    assert past.instead(bare + 249) is None and past.instead(bare + 250) is not None


def test_without_a_limit_nothing_is_left_out() -> None:
    trace = record_source(LOOP, "f(3)")
    assert Past(trace, len, None).instead(10**9) is None


# --- models -----------------------------------------------------------------------------------------------------------

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from cwm_trace.models.causal import CausalModel  # noqa: E402
from cwm_trace.models.engine import Engine  # noqa: E402
from tests import tiny_cwm  # noqa: E402

PROMPT = call_prompt("def f(x):\n    return x\n", "f(1)")
FRAMES = 22


@pytest.fixture(scope="module", params=[False, True], ids=["", "reads notes"])
def tiny(request: pytest.FixtureRequest) -> CausalModel:
    """Has been trained on traces of 160 tokens, as it says."""
    network = tiny_cwm.build_model()
    network.config.text_length = 160
    network.config.reads_notes = request.param
    return CausalModel(network, tiny_cwm.build_tokenizer(), "tiny")


def written_by(model: Any, decoding: Decoding) -> list[str]:
    rollout = model.rollout(PROMPT, decoding)
    made = [rollout.next_frame() for _ in range(FRAMES)]
    assert {one.stop for one in made} == {Stop.FRAME}
    rollout.close()
    return [one.text for one in made]


def reread(model: CausalModel, written: list[str]) -> Iterator[tuple[list[int], list[int]]]:
    """For each frame, the tokens that it is written behind, and its own."""
    past, text = model.past(PROMPT), render_prompt(PROMPT.context, PROMPT.frames)
    for frame in written:
        ids = model.codec.encode(text)
        if (instead := past.instead(len(ids))) is not None:
            text = instead
        text += past.note()
        yield model.codec.encode(text), model.codec.encode(frame + FRAME_SEP)
        text += frame + FRAME_SEP
        past.wrote(frame)


def test_a_rollout_is_what_the_network_writes_behind_each_text(tiny: CausalModel) -> None:
    written = written_by(tiny, Decoding())
    lengths = []
    for before, frame in reread(tiny, written):
        with torch.inference_mode():
            choices = tiny._model(torch.tensor([before + frame])).logits[0, len(before) - 1 : -1].argmax(-1).tolist()
        assert choices == frame
        lengths.append(len(before))
    assert sum(later < before for before, later in zip(lengths, lengths[1:], strict=False)) > 1
    assert max(lengths) < 160 + max(map(len, written))


def test_guesses_and_company_do_not_change_it(tiny: CausalModel) -> None:
    written = written_by(tiny, Decoding())
    assert written_by(tiny, Decoding(speculative=False)) == written
    assert written_by(tiny.concurrent(), Decoding()) == written


def test_scores_are_those_of_the_frames_as_they_were_written(tiny: CausalModel) -> None:
    run = simulate(tiny, prompt=PROMPT, max_frames=FRAMES)
    steps = list(run)
    scores = tiny.score(run.trace)
    assert [score.tokens for score in scores] == [step.tokens for step in steps]
    assert [score.logprob for score in scores] == pytest.approx([step.logprob for step in steps], abs=1e-2)
    assert all(score.greedy for score in scores)


def test_what_is_drawn_at_random_goes_on_behind_another_text(tiny: CausalModel) -> None:
    ids = tiny.codec.encode(render_prompt(PROMPT.context, PROMPT.frames))
    engine = Engine(tiny._model, temperature=1.0, seed=3)
    engine.push(ids)
    first = engine.generate(frozenset(), 20).ids
    engine.restart()
    assert engine.length == 0
    engine.push(ids)
    assert engine.generate(frozenset(), 20).ids != first
