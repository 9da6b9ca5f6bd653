"""The CWM text: both directions are inverse to each other, on hostile data, on broken text, and on what CWM-32B wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cwm_trace.format import (
    BEGIN_OF_TEXT,
    CALL_ENTRY,
    CONTEXT_START,
    END_OF_TEXT,
    FRAME_SEP,
    SPECIAL_TOKENS,
    FrameParser,
    call_context,
    diff_encode,
    encode_frames,
    escape_source,
    mark_entry,
    marked_line,
    parse,
    render,
    render_frame,
    render_prompt,
    source_lines,
    strip_mark,
    unescape_source,
)
from cwm_trace.frames import Event, Frame, MalformedFrame, Status, Step, Trace
from cwm_trace.tracer.inprocess import record_source
from tests.strategies import any_text, texts, traces

GENERATIONS = Path(__file__).resolve().parents[2] / "shared" / "data" / "cwm32b_generations.jsonl"
PROMPT = BEGIN_OF_TEXT + CONTEXT_START
HEAD = PROMPT + "def f(x):  # << START_OF_TRACE\n    return x\n" + FRAME_SEP

# --- round trips ------------------------------------------------------------------------------------------------------


@given(traces)
@example(Trace("", (Frame(Event.LINE, "x", {"a": ".."}), Frame(Event.LINE, "x", {"a": ".."}, frozenset({"a"}))), False))
@example(Trace("", (Frame(Event.RETURN, "<|frame_sep|>", value="<|end_of_text|>"),)))
@example(Trace("<|frame_sep|><\\|frame_sep|>", ()))
def test_parse_inverts_render(trace: Trace) -> None:
    assert parse(render(trace)) == trace


@given(traces)
def test_parse_with_a_prompt_continues_it(trace: Trace) -> None:
    prompt = Trace(trace.context, trace.frames[:2], False)
    rest = render(trace).removeprefix(render(prompt))

    assert parse(rest, prompt=prompt) == trace


pieces = st.lists(
    st.one_of(st.sampled_from((*SPECIAL_TOKENS, '{"x": "1"}', '{"x": ".."}', '"1"', "{}")), any_text), max_size=12
)


@given(texts, pieces.map("".join))
@example("", "<|line_sep|>{}<|action_sep|>x<|frame_sep|><|end_of_text|><|frame_sep|>")
@example("", "<|end_of_text|><|end_of_text|>")
@example("", "<|frame_sep|><|end_of_text|>")
@example("", "\ud800\udc00")
def test_render_inverts_parse_on_any_text_after_a_prompt(context: str, body: str) -> None:
    text = render_prompt(context) + body
    trace = parse(text)

    assert _joined(render(trace)) == _joined(text)
    assert trace.context == _joined(context)


@given(traces, st.data())
def test_render_inverts_parse_on_damaged_traces(trace: Trace, data: st.DataObject) -> None:
    text = render(trace)
    start = data.draw(st.integers(len(render_prompt(trace.context)), len(text)))
    end = data.draw(st.integers(start, min(start + 6, len(text))))
    damaged = text[:start] + data.draw(any_text) + text[end:]

    assert _joined(render(parse(damaged))) == _joined(damaged)


@given(any_text)
def test_parse_never_raises(text: str) -> None:
    parse(text)
    parse(text, prompt=Trace("x", (CALL_ENTRY,), False))


def _joined(text: str) -> str:
    """Text as values hold it: surrogate pairs joined (the other direction cannot tell them apart)."""
    from cwm_trace.frames import join_surrogates

    return join_surrogates(text)


@given(texts)
def test_escaping_is_undone_and_hides_every_token(text: str) -> None:
    escaped = escape_source(text)

    assert unescape_source(escaped) == text
    assert not any(token in escaped for token in SPECIAL_TOKENS)


@given(traces)
def test_user_data_never_writes_a_token(trace: Trace) -> None:
    frames = [step for step in trace if isinstance(step, Frame)]
    expected = 1 + len(frames)

    assert render(trace).count(FRAME_SEP) == expected
    assert render(trace).count(END_OF_TEXT) == trace.complete


# --- exact text -------------------------------------------------------------------------------------------------------


def test_the_text_of_a_whole_trace() -> None:
    trace = record_source("def f(s):\n    t = s + 'é'\n    return t", "f('\"')")

    assert render(trace) == (
        "<|begin_of_text|><|trace_context_start|>\n"
        "def f(s):\n    t = s + 'é'\n    return t\n"
        "def main():  # << START_OF_TRACE\n    return f('\"')\n"
        "<|frame_sep|><|call_sep|>{}<|action_sep|>def main():\n"
        "<|frame_sep|><|line_sep|>{}<|action_sep|>    return f('\"')\n"
        '<|frame_sep|><|call_sep|>{"s": "\'\\"\'"}<|action_sep|>def f(s):\n'
        '<|frame_sep|><|line_sep|>{"s": ".."}<|action_sep|>    t = s + \'é\'\n'
        '<|frame_sep|><|line_sep|>{"s": "..", "t": "\'\\"\\u00e9\'"}<|action_sep|>    return t\n'
        '<|frame_sep|><|return_sep|><|action_sep|>    return t\n<|arg_sep|>"\'\\"\\u00e9\'"'
        "<|frame_sep|><|return_sep|><|action_sep|>    return f('\"')\n<|arg_sep|>\"'\\\"\\u00e9'\""
        "<|frame_sep|><|end_of_text|>"
    )


def test_escapes_by_hand() -> None:
    frame = Frame(Event.LINE, "x = '<|frame_sep|>'\n", {"a": "'<|arg_sep|>'", "b": ".."})

    assert render_frame(frame) == (
        '<|line_sep|>{"a": "\'\\u003c|arg_sep|>\'", "b": "\\u002e."}<|action_sep|>x = \'<\\|frame_sep|>\'\n'
    )


def test_two_dots_are_a_value_unless_spelled_plainly() -> None:
    first = Frame(Event.CALL, "f\n", {"x": ".."})
    changed = Frame(Event.LINE, "g\n", {"x": ".."})
    same = replace(changed, unchanged=frozenset({"x"}))

    assert parse(render(Trace("", (first, changed)))).frames[1].shown == {"x": ".."}
    assert parse(render(Trace("", (first, same)))).frames[1].shown == {"x": None}


# --- diff encoding ----------------------------------------------------------------------------------------------------


def test_diff_encoding_is_reset_by_other_frames() -> None:
    def line(**values: str) -> Frame:
        return Frame(Event.LINE, "x\n", values)

    call = Frame(Event.CALL, "f\n", {"a": "1"})
    back = Frame(Event.RETURN, "r\n", value="0")
    raised = Frame(Event.EXCEPTION, "r\n", value="E()")

    encoded = encode_frames(
        [call, line(a="1", b="2"), line(a="1", b="3"), call, back, line(a="1", b="3"), raised, line(a="1", b="3")]
    )

    assert [step.shown for step in encoded if step.event is Event.LINE] == [
        {"a": None, "b": "2"},
        {"a": None, "b": "3"},
        {"a": "1", "b": "3"},  # after a RETURN
        {"a": None, "b": None},  # an EXCEPTION is no other Python frame
    ]


def test_diff_encode_drops_marks_that_do_not_hold() -> None:
    frame = Frame(Event.LINE, "x\n", {"a": "2"}, frozenset({"a"}))

    assert diff_encode(frame, {"a": "1"}).unchanged == frozenset()
    assert diff_encode(frame, None).unchanged == frozenset()
    assert diff_encode(frame, {"a": "2"}).unchanged == {"a"}


# --- what breaks the format -------------------------------------------------------------------------------------------

CALL = '<|call_sep|>{"x": "1"}<|action_sep|>def f(x):\n'


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ("hello", "does not start with an event token", "hello"),
        ("", "does not start with an event token", "<|frame_sep|>"),
        ("<|end_of_text|>", "does not start with an event token", "<|end_of_text|>"),
        ("<|arg_sep|>", "does not start with an event token", "<|arg_sep|>"),
        ("<|line_sep|>x<|action_sep|>y", "the locals are not a JSON object", "x<"),
        ("<|line_sep|>[]<|action_sep|>y", "the locals are not a JSON object", "[]"),
        ('<|line_sep|>{"x": 1}<|action_sep|>y', "not a JSON string", "1}"),
        ('<|line_sep|>{"x": "1"', "no , here", None),
        ('<|line_sep|>{"x" "1"}<|action_sep|>y', "no : here", '"1"}'),
        ('<|line_sep|>{"x": "1",}<|action_sep|>y', "not a JSON string", "}<"),
        ("<|line_sep|>{'x': '1'}<|action_sep|>y", "not a JSON string", "'x'"),
        ('<|line_sep|>{"x": "1", "x": "2"}<|action_sep|>y', "the name 'x' twice", '"x": "2"'),
        ('<|line_sep|>{"x": "\\q"}<|action_sep|>y', "not a JSON string", '"\\q"'),
        ('<|line_sep|>{"x": "1"} <|action_sep|>y', "no <|action_sep|> here", " <|action"),
        ('<|line_sep|>{"x": "<|arg_sep|>"}<|action_sep|>y', "<|arg_sep|> inside a value", "<|arg_sep|>"),
        (
            "<|line_sep|>{}<|action_sep|>y<|line_sep|>",
            "<|line_sep|> inside the source line",
            "<|line_sep|><|frame_sep|>",
        ),
        ('<|line_sep|>{"z": ".."}<|action_sep|>y', "'..' for 'z', which has no earlier value", '{"z"'),
        ('<|call_sep|>{"x": ".."}<|action_sep|>y', "'..' for 'x', which has no earlier value", '{"x": ".."'),
        ("<|return_sep|>{}<|action_sep|>y", "no <|action_sep|> here", "{}<"),
        ("<|return_sep|><|action_sep|>y\n", "no <|arg_sep|>", "<|frame_sep|>"),
        ("<|return_sep|><|action_sep|>y\n<|arg_sep|>1", "not a JSON string", "1<"),
        ('<|return_sep|><|action_sep|>y\n<|arg_sep|>"1" ', "text after the value", " <|frame_sep|>"),
        ('<|exception_sep|><|action_sep|>y\n<|arg_sep|>"1"<|arg_sep|>"2"', "text after the value", '<|arg_sep|>"2"'),
    ],
)
def test_what_breaks_the_format_is_said_with_its_position(text: str, reason: str, at: str | None) -> None:
    whole = HEAD + CALL + FRAME_SEP + text + FRAME_SEP + CALL + FRAME_SEP
    start = len(HEAD + CALL + FRAME_SEP)
    broken = parse(whole).frames[1]

    assert isinstance(broken, MalformedFrame)
    assert broken.raw == text
    assert reason.replace("'..'", '".."') in broken.reason
    expected = start + len(text) if at is None else whole.index(at, start)
    assert broken.position == expected
    assert len(parse(whole)) == 3


def test_a_text_that_stops_inside_a_frame() -> None:
    trace = parse(HEAD + CALL + FRAME_SEP + "<|line_sep|>{")
    broken = trace.frames[-1]

    assert isinstance(broken, MalformedFrame)
    assert (broken.raw, broken.terminated, trace.complete) == ("<|line_sep|>{", False, False)


def test_after_a_malformed_frame_two_dots_refer_to_nothing() -> None:
    text = HEAD + CALL + FRAME_SEP + "?" + FRAME_SEP + '<|line_sep|>{"x": ".."}<|action_sep|>y' + FRAME_SEP

    assert len(parse(text).malformed) == 2


def test_another_spelling_of_the_same_frame_is_kept_and_equal() -> None:
    spelled = '<|line_sep|>{"x" :"1",\n"y": "\u00e9"}<|action_sep|>y'
    step = FrameParser().parse(spelled)

    assert step == Frame(Event.LINE, "y", {"x": "1", "y": "é"})
    assert step.raw == spelled
    assert render_frame(step) == spelled


def test_completeness_is_the_end_token_after_the_last_frame() -> None:
    assert parse(HEAD + CALL + FRAME_SEP + END_OF_TEXT).status is Status.COMPLETE
    assert not parse(HEAD + CALL + FRAME_SEP).complete
    assert not parse(HEAD + CALL + END_OF_TEXT).complete
    assert not parse(HEAD + CALL + FRAME_SEP + END_OF_TEXT + "\n").complete


def test_a_text_without_a_prompt_is_frames_of_an_unknown_context() -> None:
    trace = parse(CALL + FRAME_SEP)

    assert (trace.context, len(trace), trace.malformed) == ("", 1, ())
    assert parse(CONTEXT_START + "x" + FRAME_SEP).context == "x"


# --- contexts and lines -----------------------------------------------------------------------------------------------


def test_lines_are_counted_as_python_counts_them() -> None:
    source = "a\fb\u2028c\x85d\r\ne\rf\n\ng"

    assert source_lines(source) == ["a\fb\u2028c\x85d\r\n", "e\r", "f\n", "\n", "g"]
    assert "".join(source_lines(source)) == source


@given(
    st.lists(st.sampled_from(["x = 1", "y", "", "  # S", "# << START", "\t"]), min_size=1),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_marking_a_line_is_undone(lines: list[str], end: str, data: st.DataObject) -> None:
    source = end.join(lines) + end
    number = data.draw(st.integers(1, len(lines)))
    marked = mark_entry(source, number)

    assert marked_line(marked) == number
    assert "".join(map(strip_mark, source_lines(marked))) == source


def test_the_mark_is_a_suffix_not_a_set_of_characters() -> None:
    # A known slip elsewhere: `line.rstrip("  # << START_OF_TRACE")` strips characters, so that `x = S` becomes `x =`.
    assert strip_mark("x = S\n") == "x = S\n"
    assert strip_mark("x = S  # << START_OF_TRACE\n") == "x = S\n"


# --- what CWM-32B wrote -----------------------------------------------------------------------------------------------


def generations() -> list[dict[str, Any]]:
    if not GENERATIONS.exists():
        pytest.skip("the generations of CWM-32B are not here")
    return [json.loads(line) for line in GENERATIONS.read_text().splitlines()]


def test_generations_of_cwm_32b_parse_and_render_unchanged() -> None:
    for row in generations():
        prompt = Trace(call_context(row["code"], f"f({row['input']})"), (CALL_ENTRY,), False)
        trace = parse(row["generation"], prompt=prompt)

        assert trace.complete and not trace.malformed
        assert render(trace) == render(prompt) + row["generation"]
        assert trace.returned == row["predicted"]
        assert all(step.raw is None for step in trace), "not our spelling"


def test_diff_encoding_is_that_of_cwm_32b() -> None:
    differing = [row["id"] for row in generations() if _reencoded(row) != row["generation"]]

    assert differing == ["sample_5"]  # it shows a value in full that has not changed: the model's slip


def _reencoded(row: dict[str, Any]) -> str:
    prompt = Trace(call_context(row["code"], f"f({row['input']})"), (CALL_ENTRY,), False)
    trace = parse(row["generation"], prompt=prompt)
    again = replace(trace, frames=encode_frames(_frames(trace.frames)))
    return render(again).removeprefix(render(prompt))


def _frames(steps: Sequence[Step]) -> list[Frame]:
    return [replace(step, unchanged=frozenset()) for step in steps if isinstance(step, Frame)]
