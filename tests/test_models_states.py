"""Whole states: nothing is lost on the way to a text without `".."` and back, and models that read and write it are used as any other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given

from cwm_trace.errors import InputError
from cwm_trace.format import FRAME_SEP, UNCHANGED, encode_frames, parse, render_frame
from cwm_trace.frames import Frame, MalformedFrame, Trace
from cwm_trace.models.base import Decoding, PartScore, Stop
from cwm_trace.models.past import texts
from cwm_trace.models.states import DiffWriter, as_diff, shown_whole, whole_trace
from cwm_trace.parts import Part, frame_parts
from cwm_trace.prompts import call_prompt
from cwm_trace.simulate import predict
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.strategies import traces

SOURCE = """def f(n, word):
    seen = []
    for i in range(n):
        seen.append(g(i, word))
    word = word.upper()
    return seen, word
def g(i, word):
    if i > 1:
        raise ValueError(word)
    return word * i
"""


def recorded() -> list[Trace]:
    made = [record_source(SOURCE, "f(2, 'ab')"), record_source(SOURCE, "f(3, '..')"), record_source(SOURCE, "f(0, [])")]
    for seed in range(60):
        program = generate(seed, 1, "wide")
        try:
            made.append(record_source(program.source, program.calls[0] if program.calls else None, max_frames=300))
        except InputError:  # quotes inside an f-string, before 3.12
            continue
    return made


def back(trace: Trace) -> list[str]:
    writer = DiffWriter()
    return [writer.text(render_frame(shown_whole(step))) for step in trace]


def test_recorded_traces_come_back() -> None:
    shorter = 0
    for trace in recorded():
        text = whole_trace(trace).render()
        assert back(trace) == list(map(render_frame, trace))
        shorter += len(text) > len(trace.render())
    assert shorter > 40


@given(traces)
def test_any_frames_come_back(trace: Trace) -> None:
    frames = encode_frames(step for step in trace if isinstance(step, Frame))
    assert back(Trace("", frames)) == [render_frame(frame) for frame in frames]


def test_what_is_not_well_formed_stays_as_it_is() -> None:
    writer = DiffWriter()
    line = '<|line_sep|>{"x": "1"}<|action_sep|>x\n'
    assert writer.text(line) == line  # nothing was before it
    assert writer.text(line) == line.replace('"1"', '".."')
    assert writer.text('<|line_sep|>{"x": ') == '<|line_sep|>{"x": '
    assert writer.text(line) == line  # behind what breaks the format, as `FrameParser` has it


# --- scores -----------------------------------------------------------------------------------------------------------


def scored(frame: Frame, wrong: dict[str, str]) -> list[PartScore]:
    """Of the whole text, as a model scores it: right, but for what it would write in place of these values, or of the state."""
    told = shown_whole(frame)
    assert isinstance(told, Frame)
    text, names, made = render_frame(told), iter(told.locals), []
    for span in frame_parts(told):
        name = next(names) if span.part is Part.LOCAL else span.part.value
        made.append(PartScore(span.part, text[span.start : span.end], name not in wrong, wrong.get(name, "")))
    return made


def test_scores_are_those_of_cwms_text() -> None:
    trace = parse(
        '<|line_sep|>{"a": "1", "b": "[2]"}<|action_sep|>a = 5\n<|frame_sep|>'
        '<|line_sep|>{"a": "5", "b": "..", "c": "7"}<|action_sep|>x\n<|frame_sep|>',
        prompt=Trace("a = 5\nx\n", ()),
    )
    before, frame = trace.frames
    assert isinstance(before, Frame) and isinstance(frame, Frame)

    def made(**wrong: str) -> dict[str, tuple[str, bool, str]]:
        names = iter(frame.locals)
        return {
            next(names) if part.part is Part.LOCAL else part.part.value: (part.text, part.greedy, part.instead)
            for part in as_diff(frame, before.locals, scored(frame, wrong))
        }

    right = made()
    assert [value[0] for value in right.values()] == [
        "<|line_sep|>", '{"a": "5", "b": "..", "c": "7"}', '"5"', UNCHANGED, '"7"', "x\n"
    ]  # fmt: skip
    assert all(greedy and not instead for _, greedy, instead in right.values())
    # The value of before, as far as any is written: it would have been "..".
    again = made(a='"1', state='{"a": "1')
    assert again["a"] == ('"5"', False, UNCHANGED) and again["state"][2] == '{"a": ".."'
    # Another value of what has not changed.
    changed = made(b='"[3', state='{"a": "5", "b": "[3')
    assert changed["b"] == (UNCHANGED, False, '"[3') and changed["state"][2] == '{"a": "5", "b": "[3'
    # A new variable, wrong; and another name.
    assert made(c='"8', state='{"a": "5", "b": "[2]", "c": "8')["state"][2] == '{"a": "5", "b": "..", "c": "8'
    assert made(state='{"a": "5", "b": "[2]", "d')["state"][2] == '{"a": "5", "b": "..", "d'
    assert made(state='{"a": "5", "b": "[2]", "c": "7",')["state"][2] == '{"a": "5", "b": "..", "c": "7",'


# --- models -----------------------------------------------------------------------------------------------------------

torch = pytest.importorskip("torch")

from cwm_trace.models import load_model  # noqa: E402
from cwm_trace.models.causal import CausalModel  # noqa: E402
from cwm_trace.models.draft import Drafter  # noqa: E402


@pytest.fixture(scope="module")
def whole() -> CausalModel:
    """nano's network, taken for one that reads and writes whole states."""
    known = load_model("nano")
    assert isinstance(known, CausalModel)
    known._model.config.whole_states = True
    return CausalModel(known._model, known.codec.tokenizer, "whole")


class Script:
    """An engine that writes one text, whatever it is given."""

    def __init__(self, ids: list[int]) -> None:
        self.ids, self.read = ids, list[int]()

    @property
    def length(self) -> int:
        return len(self.read)

    def close(self) -> None:
        pass

    def push(self, ids: list[int]) -> None:
        self.read += ids

    def generate(self, stops: frozenset[int], most: int | None, allowed: Any = None) -> Any:
        rest = self.ids[len(self.read) :]
        count = next(number for number, token in enumerate(rest, start=1) if token in stops)
        count = count if most is None else min(count, most)
        self.read += rest[:count]
        return SimpleNamespace(ids=rest[:count], stopped=rest[count - 1] in stops, logprob=0.0)


def test_a_rollout_is_in_cwms_text_and_the_network_reads_whole_states(
    whole: CausalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_text_length", None)
    for trace in recorded()[:30]:
        prompt = Trace(trace.context, trace.frames[:1], complete=False)
        script = Script(whole.codec.encode(whole_trace(trace).render()))
        monkeypatch.setattr(whole, "engine", lambda decoding, script=script: script)
        made = predict(whole, prompt=prompt, max_tokens=100_000, max_frames=10_000)
        assert made.render() == trace.render() and made == trace
        assert script.read == script.ids
        given = Script(script.ids)
        monkeypatch.setattr(whole, "engine", lambda decoding, given=given: given)
        rollout = whole.rollout(prompt, Decoding())
        for step in trace.frames[1:]:
            rollout.feed(step)
            assert given.read == given.ids[: given.length]
        assert rollout.next_frame().stop is Stop.END


def test_a_frame_that_a_limit_cut_off_goes_on(whole: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = recorded()[0]
    script = Script(whole.codec.encode(whole_trace(trace).render()))
    monkeypatch.setattr(whole, "engine", lambda decoding: script)
    rollout = whole.rollout(Trace(trace.context, trace.frames[:3], complete=False), Decoding())
    first = rollout.next_frame(max_tokens=4)
    rest = rollout.next_frame()
    assert (first.stop, rest.stop) == (Stop.TOKENS, Stop.FRAME)
    assert first.text + rest.text == render_frame(shown_whole(trace[3]))
    assert rollout.next_frame().text == render_frame(trace[4])  # and is known


def test_guesses_change_nothing(whole: CausalModel) -> None:
    prompt = call_prompt(SOURCE, "f(2, 'ab')")
    texts = {
        predict(whole, prompt=prompt, max_tokens=150, decoding=Decoding(speculative=guess)).render()
        for guess in (True, False)
    }
    assert len(texts) == 1


def test_whole_states_are_guessed() -> None:
    trace = record_source("def f(word):\n    a = 5\n    b = 6\n    c = 7\n    return a\n", "f('a longer word')")
    known = load_model("nano")
    assert isinstance(known, CausalModel)
    guessed = {}
    for told in (False, True):
        drafter = Drafter(known.codec, whole=told)
        drafter.observe(
            known.codec.encode(whole_trace(Trace(trace.context, trace.frames[:4])).render()[: -len("<|end_of_text|>")])
        )
        guessed[told] = known.codec.decode(drafter.draft(200))
    assert guessed[True].startswith(render_frame(shown_whole(trace[4])) + FRAME_SEP)
    assert UNCHANGED in guessed[False] and UNCHANGED not in guessed[True]


def test_teacher_forced_scores_are_in_cwms_terms(whole: CausalModel) -> None:
    for trace in recorded()[:6]:
        scores = whole.score(trace)
        assert len(scores) == len(trace) - 1
        for step, score in zip(trace.frames[1:], scores, strict=True):
            assert isinstance(step, Frame)
            text = render_frame(step)
            assert [(part.part, part.text) for part in score.parts] == [
                (span.part, text[span.start : span.end]) for span in frame_parts(step)
            ]
            assert score.tokens == len(whole.codec.encode(render_frame(shown_whole(step)))) + 1
            assert not score.greedy or all(part.greedy and not part.instead for part in score.parts)


def test_what_is_told_anew_has_whole_states(whole: CausalModel) -> None:
    trace = record_source(SOURCE.replace("i > 1", "i > 99"), "f(30, 'ab')")
    parts = list(texts(trace, 1, len, 2_000, shown=shown_whole))
    assert len(parts) > 2
    for text, steps in parts:
        known = parse(text)
        assert UNCHANGED not in text and not any(isinstance(step, MalformedFrame) for step in known)
        assert known[-1].locals == trace.frames[trace.frames.index(steps[0]) - 1].locals
    read = whole.past(Trace(trace.context, trace.frames[:60], complete=False)).instead(10**9)
    assert read is not None and UNCHANGED not in read
