"""Rollouts: every way to end has its status, what a model writes badly is kept, limits are exact. The model here is a list of texts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_trace.errors import InputError, ModelError
from cwm_trace.format import ACTION_SEP, EVENT_TOKENS, FRAME_SEP, TRACE_TOKENS, call_context, parse, render_prompt
from cwm_trace.frames import Event, Frame, MalformedFrame, Status, Step, Trace
from cwm_trace.models import Decoding, FrameScore, Generated, Model, Rollout, Stop
from cwm_trace.prompts import call_prompt, context_prompt, script_prompt
from cwm_trace.simulate import MAX_MALFORMED, Simulation, predict, simulate

SOURCE = "def f(x):\n    y = x\n    return y\n"
PROMPT = call_prompt(SOURCE, "f(7)")
GOOD = (
    "<|line_sep|>{}<|action_sep|>    return f(7)\n",
    '<|call_sep|>{"x": "7"}<|action_sep|>def f(x):\n',
    '<|line_sep|>{"x": ".."}<|action_sep|>    y = x\n',
    '<|line_sep|>{"x": "..", "y": "7"}<|action_sep|>    return y\n',
    '<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"7"',
    '<|return_sep|><|action_sep|>    return f(7)\n<|arg_sep|>"7"',
)


@dataclass
class Texts:
    """A model that writes given texts; each of its tokens is one character, and the separator one more. Notes what it is asked."""

    texts: Sequence[str]
    end: Stop = Stop.END
    name: str = "texts"
    asked: list[tuple[str, int | None]] = field(default_factory=list)
    closed: int = 0
    decodings: list[Decoding] = field(default_factory=list)

    def rollout(self, prompt: Trace, decoding: Decoding) -> TextsRollout:
        self.decodings.append(decoding)
        return TextsRollout(self, list(self.texts))

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        raise ModelError("cannot")


@dataclass
class TextsRollout:
    model: Texts
    texts: list[str]

    def feed(self, step: Step) -> None:
        raise AssertionError("nothing is fed in a rollout")

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        self.model.asked.append((prefix, max_tokens))
        if max_tokens == 0:
            return Generated(prefix, Stop.TOKENS)
        if not self.texts:
            return Generated("", self.model.end, 1, -0.5)
        text = self.texts.pop(0)
        if text == "^C":
            raise KeyboardInterrupt
        body = text.removeprefix(prefix)
        if max_tokens is not None and len(body) + 1 > max_tokens:
            return Generated(prefix + body[:max_tokens], Stop.TOKENS, max_tokens, -1.0)
        return Generated(prefix + body, Stop.FRAME, len(body) + 1, -float(len(body)))

    def close(self) -> None:
        self.model.closed += 1


def cost(texts: Sequence[str]) -> int:
    return sum(len(text) + 1 for text in texts)


def test_the_fake_follows_the_protocol() -> None:
    assert isinstance(Texts(()), Model) and isinstance(Texts(()).rollout(PROMPT, Decoding()), Rollout)


def test_a_whole_trace_is_complete() -> None:
    model = Texts(GOOD)
    trace = predict(model, SOURCE, "f(7)", decoding=Decoding(0.5, 9))
    assert trace.status is Status.COMPLETE and trace.returned == "7" and not trace.malformed
    assert (
        trace.render()
        == render_prompt(PROMPT.context, PROMPT.frames) + "".join(text + FRAME_SEP for text in GOOD) + "<|end_of_text|>"
    )
    assert [step.logprob for step in trace[1:]] == [-float(len(text)) for text in GOOD]
    assert [step.tokens for step in trace[1:]] == [len(text) + 1 for text in GOOD]
    assert trace[0].logprob is None and trace[0].tokens is None
    assert trace.meta == {"model": "texts", "temperature": "0.5", "seed": "9"}
    assert model.decodings == [Decoding(0.5, 9)] and model.closed == 1


def test_frames_come_one_at_a_time() -> None:
    model = Texts(GOOD)
    run = simulate(model, SOURCE, "f(7)")
    steps = iter(run)
    for number in range(1, len(GOOD) + 1):
        step = next(steps)
        assert len(model.asked) == number and run.steps[-1] is step and len(run.trace) == number + 1
        assert run.status is Status.OPEN
    assert next(steps, None) is None
    assert run.status is Status.COMPLETE and run.tokens == cost(GOOD) + 1


@pytest.mark.parametrize("limit", range(len(GOOD) + 2))
def test_the_frame_limit_is_exact(limit: int) -> None:
    trace = predict(Texts(GOOD), SOURCE, "f(7)", max_frames=limit)
    assert len(trace) == 1 + min(limit, len(GOOD))
    assert trace.status is (Status.FRAME_LIMIT if limit < len(GOOD) else Status.COMPLETE)


@settings(deadline=None)
@given(st.integers(0, cost(GOOD) + 3))
def test_the_token_limit_is_exact_and_another_status(limit: int) -> None:
    run = simulate(Texts(GOOD), SOURCE, "f(7)", max_tokens=limit)
    steps = list(run)
    assert run.tokens <= limit
    assert run.status is (Status.TOKEN_LIMIT if limit <= cost(GOOD) else Status.COMPLETE)
    whole = [step for step in steps if isinstance(step, Frame)]
    assert cost(GOOD[: len(whole)]) <= limit
    cut = [step for step in steps if isinstance(step, MalformedFrame)]
    assert all(not step.terminated and step is steps[-1] for step in cut)


def test_frames_that_are_settled_do_not_count_as_tokens() -> None:
    class Settled(TextsRollout):
        def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
            made = super().next_frame(prefix=prefix, max_tokens=max_tokens)
            return replace(made, settled=len(self.texts) > 0)

    class Model(Texts):
        def rollout(self, prompt: Trace, decoding: Decoding) -> TextsRollout:
            return Settled(self, list(self.texts))

    limit = max(map(len, GOOD)) + 2
    run = simulate(Model(GOOD), SOURCE, "f(7)", max_tokens=limit)
    assert [*run] and run.status is Status.COMPLETE and run.tokens > limit


def test_running_out_of_the_window_is_the_token_limit() -> None:
    trace = predict(Texts(GOOD[:2], end=Stop.TOKENS), SOURCE, "f(7)")
    assert trace.status is Status.TOKEN_LIMIT and len(trace) == 3 and not trace.complete


def test_an_end_inside_a_frame_is_no_good_end() -> None:
    class Abrupt(TextsRollout):
        def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
            made = super().next_frame(prefix=prefix, max_tokens=max_tokens)
            return made if len(self.texts) > 4 else Generated(made.text[:9], Stop.END, 10, -1.0)

    class Model(Texts):
        def rollout(self, prompt: Trace, decoding: Decoding) -> TextsRollout:
            return Abrupt(self, list(self.texts))

    trace = predict(Model(GOOD), SOURCE, "f(7)")
    assert trace.status is Status.OPEN and trace.malformed == (trace[-1],) and not trace.malformed[0].terminated


def test_malformed_frames_are_kept_and_the_rollout_goes_on() -> None:
    trace = predict(Texts(["junk", *GOOD[:2], "", "x", *GOOD[4:]]), SOURCE, "f(7)")
    assert [step.event is None for step in trace] == [False, True, False, False, True, True, False, False]
    assert trace.status is Status.COMPLETE
    assert trace.malformed[0].raw == "junk" and trace.malformed[0].tokens == 5 and trace.malformed[0].logprob == -4


def test_too_many_malformed_frames_in_a_row_end_it() -> None:
    model = Texts(["a"] * (MAX_MALFORMED - 1) + [GOOD[0]] + ["b"] * 50)
    trace = predict(model, SOURCE, "f(7)")
    assert len(trace.malformed) == 2 * MAX_MALFORMED - 1
    assert trace.status is Status.OPEN and model.closed == 1


def test_an_interruption_keeps_what_came() -> None:
    model = Texts([*GOOD[:3], "^C", *GOOD])
    trace = predict(model, SOURCE, "f(7)")
    assert trace.status is Status.INTERRUPTED and len(trace) == 4 and not trace.complete and model.closed == 1
    run = simulate(model, SOURCE, "f(7)")
    with pytest.raises(KeyboardInterrupt):
        list(run)
    assert run.status is Status.INTERRUPTED and run.trace == trace


def test_leaving_early_closes_the_rollout() -> None:
    model = Texts(GOOD)
    for _ in (steps := iter(simulate(model, SOURCE, "f(7)"))):
        break
    assert model.closed == 0
    steps.close()  # type: ignore[attr-defined]
    assert model.closed == 1


# --- forced events --------------------------------------------------------------------------------------------------


def test_single_step_mode_forces_the_first_event() -> None:
    model = Texts(GOOD[-1:])
    trace = predict(model, SOURCE, "f(7)", force=Event.RETURN)
    assert [prefix for prefix, _ in model.asked] == [EVENT_TOKENS[Event.RETURN]]
    assert trace.returned == "7" and len(trace) == 2
    assert trace[1].tokens == len(GOOD[-1]) - len(EVENT_TOKENS[Event.RETURN]) + 1


def test_single_step_mode_ends_with_the_return_of_the_entry() -> None:
    for end in Stop:
        trace = predict(Texts([GOOD[-1], *GOOD], end), SOURCE, "f(7)", force=Event.RETURN)
        assert (trace.status, trace.returned, len(trace)) == (Status.COMPLETE, "7", 2)
    inside = parse("".join(text + FRAME_SEP for text in GOOD[:2]), prompt=PROMPT)
    assert len(predict(Texts(GOOD[-2:]), prompt=inside, force=Event.RETURN)) == len(inside) + 2


def test_events_can_be_forced_at_any_frame() -> None:
    model = Texts(GOOD)
    predict(model, SOURCE, "f(7)", force={1: Event.CALL, 4: Event.RETURN})
    wanted = ["", EVENT_TOKENS[Event.CALL], "", "", EVENT_TOKENS[Event.RETURN], "", ""]
    assert [prefix for prefix, _ in model.asked] == wanted


def test_a_forced_event_without_tokens_to_spend_is_a_cut_frame() -> None:
    trace = predict(Texts(GOOD), SOURCE, "f(7)", force=Event.LINE, max_tokens=0)
    assert trace.status is Status.TOKEN_LIMIT and len(trace) == 2


# --- whatever a model writes ------------------------------------------------------------------------------------------

pieces = st.lists(st.sampled_from([*TRACE_TOKENS, *GOOD, "{}", '"', "x", "\n", "\u00e9"]), max_size=6).map("".join)
texts = st.lists(pieces.map(lambda text: text.replace(FRAME_SEP, ACTION_SEP)), max_size=12)


@settings(deadline=None)
@given(texts)
def test_streaming_parses_as_the_whole_text_does(written: list[str]) -> None:
    run = simulate(Texts(written), prompt=PROMPT, max_tokens=10**6)
    steps = list(run)
    text = "".join(text + FRAME_SEP for text in written[: len(steps)])
    whole = parse(text, prompt=PROMPT)
    assert whole.frames == (*PROMPT.frames, *steps) == run.trace.frames
    assert parse(run.trace.render()).frames == run.trace.frames
    streak = [step.event is None for step in steps][-MAX_MALFORMED:]
    assert len(steps) == len(written) or streak == [True] * MAX_MALFORMED


# --- prompts --------------------------------------------------------------------------------------------------------


def test_the_prompt_of_a_call_is_the_published_one() -> None:
    assert render_prompt(PROMPT.context, PROMPT.frames) == (
        "<|begin_of_text|><|trace_context_start|>\n"
        "def f(x):\n    y = x\n    return y\n\ndef main():  # << START_OF_TRACE\n    return f(7)\n<|frame_sep|>"
        "<|call_sep|>{}<|action_sep|>def main():\n<|frame_sep|>"
    )
    assert PROMPT.context == call_context(SOURCE, "f(7)") and not PROMPT.complete


def test_the_prompt_of_a_script_is_its_entry() -> None:
    marked = script_prompt("def f(x):  # << START_OF_TRACE\n    return x\n\nf(1)\n")
    assert marked.frames == () and marked.context.startswith("def f(x):  # << START_OF_TRACE\n")
    main = script_prompt("def main():\n    return 1\n\nmain()\n")
    assert main.frames == (Frame(Event.CALL, "def main():\n"),) and main.context.startswith(
        "def main():  # << START_OF_TRACE\n"
    )
    assert context_prompt(main.context) == main


def test_a_prompt_with_frames_is_continued() -> None:
    half = Trace(PROMPT.context, parse("".join(text + FRAME_SEP for text in GOOD[:3]), prompt=PROMPT).frames, False)
    trace = predict(Texts(GOOD[3:]), prompt=half)
    assert trace.complete and trace[4].locals == {"x": "7", "y": "7"}  # ".." refers to the given frames


@pytest.mark.parametrize("call", ["f(", "f(1) if", "x = 1", "f(1); f(2)"])
def test_a_call_that_is_no_expression_is_an_input_error(call: str) -> None:
    with pytest.raises(InputError):
        simulate(Texts(GOOD), SOURCE, call)


def test_nothing_to_simulate_is_an_input_error() -> None:
    with pytest.raises(InputError, match="nothing to simulate"):
        simulate(Texts(GOOD))


def test_a_prompt_of_another_program_is_an_input_error() -> None:
    """The source was passed over in silence."""
    other = "def f(x):\n    return 8\n"
    for source, call in ((other, "f(7)"), (SOURCE, "f(8)"), (SOURCE, None)):
        with pytest.raises(InputError, match="the prompt is of another program than the source"):
            predict(Texts(GOOD), source, call, prompt=PROMPT)
    with pytest.raises(InputError, match="beside a prompt that has its own. Leave it out"):
        predict(Texts(GOOD), call="f(7)", prompt=PROMPT)
    assert predict(Texts(GOOD), SOURCE, "f(7)", prompt=PROMPT) == predict(Texts(GOOD), prompt=PROMPT)
    assert predict(Texts(GOOD), PROMPT.context, prompt=PROMPT).complete


def test_help_tells_all_arguments() -> None:
    for name in inspect.signature(predict).parameters:
        assert f"        {name}: " in (predict.__doc__ or "")
    assert inspect.signature(predict).parameters == inspect.signature(simulate).parameters


@pytest.mark.parametrize("temperature", [-1.0, -1e-9, float("nan"), float("inf"), -float("inf")])
def test_a_temperature_that_gives_no_distribution_is_an_input_error(temperature: float) -> None:
    with pytest.raises(InputError, match="temperature"):
        Decoding(temperature)


def test_a_simulation_can_be_built_by_hand() -> None:
    run = Simulation(Texts(GOOD), PROMPT)
    assert len(list(run)) == len(GOOD) and run.trace == predict(Texts(GOOD), prompt=PROMPT)
