"""Raw generations as traces: what they are about, where they begin and end, and that nothing a model writes is an error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_trace.errors import SchemaError
from cwm_trace.eval import Results, Suite, Task, run_suite
from cwm_trace.eval.samples import Sample, judge, read_samples
from cwm_trace.files import iter_traces
from cwm_trace.format import SPECIAL_TOKENS, render, render_frame, render_prompt
from cwm_trace.frames import Frame, Status, Trace
from cwm_trace.generated import trace_of_generation
from cwm_trace.models import load_model
from cwm_trace.tracer.inprocess import record_source

CODE = "def f(x):\n    y = x + 1\n    return y\n"
TRUTH = record_source(CODE, "f(1)")
PROMPT = render_prompt(TRUTH.context, TRUTH.frames[:1])
WHOLE = render(TRUTH).removeprefix(PROMPT)
FRAMES = [render_frame(step) + "<|frame_sep|>" for step in TRUTH][1:]
SEED = "<|call_sep|>{}<|action_sep|>def main():\n<|frame_sep|>"
END = "<|end_of_text|>"
SINGLE = '<|action_sep|>    return f(1)\n<|arg_sep|>"2"'


def read(text: object, **fields: object) -> Trace:
    return trace_of_generation({"code": CODE, "input": "1", "generation": text, **fields})


def judged(text: object, **fields: object) -> Sample:
    return judge("t", read(text, **fields), TRUTH)


# --- what it is about -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "about",
    [
        {"code": CODE, "input": "1"},
        {"source": CODE, "call": "f(1)"},
        {"context": TRUTH.context},
        {"prompt": PROMPT},
        {"prompt": PROMPT.removeprefix("<|begin_of_text|>")},
    ],
)
@pytest.mark.parametrize("field", ["generation", "completion", "response", "output_text"])
def test_a_generation_names_its_program(about: dict[str, str], field: str) -> None:
    assert trace_of_generation({**about, field: WHOLE}) == TRUTH


@pytest.mark.parametrize(
    "text", [WHOLE, [WHOLE, "another"], SEED + WHOLE, "<|frame_sep|>" + SEED + WHOLE, PROMPT + WHOLE]
)
def test_the_prompt_may_be_there_or_not(text: object) -> None:
    assert read(text) == TRUTH


def test_a_whole_text_needs_no_other_field() -> None:
    assert trace_of_generation({"generation": PROMPT + WHOLE}) == TRUTH


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"id": "a", "generation": "x", "output": "1"}',
            "without its program (found: id, generation, output). Give code",
        ),
        ('{"generation": 5, "code": "x", "input": ""}', "a generation that is no text"),
        ('{"generation": [], "code": "x", "input": ""}', "a generation that is no text"),
        ('{"generation": "", "code": "def f(:", "input": ""}', "invalid syntax. Only valid Python can be traced"),
    ],
)
def test_what_is_about_nothing_is_said_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text(json.dumps({"code": CODE, "input": "1", "generation": WHOLE}) + "\n" + line + "\n")
    with pytest.raises(SchemaError, match=re.escape(message)) as caught:
        list(iter_traces(path))
    assert str(caught.value).startswith(f"{path}:2: ")


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fields", "outcome", "cause"),
    [
        (WHOLE, {}, "ok", None),
        (WHOLE.removesuffix(END), {}, "ok", None),  # a server that leaves the end token out
        (WHOLE.removesuffix(END), {"finish_reason": "stop"}, "ok", None),
        (WHOLE.removesuffix(END), {"finish_reason": "length"}, "truncated", "truncated"),
        (WHOLE + "<|begin_of_text|>" + WHOLE, {}, "ok", None),  # nobody stopped it at its end
        (WHOLE[:200], {}, "truncated", "truncated"),  # inside a frame
        (WHOLE[:200], {"finish_reason": "length"}, "truncated", "truncated"),
        (WHOLE[:200], {"stop_reason": "stop"}, "malformed", "format"),  # it stopped there itself
        (WHOLE[:200] + END, {}, "malformed", "format"),
        ("".join(FRAMES[:3]), {}, "truncated", "truncated"),
        ("".join(FRAMES[:3]), {"finish_reason": "stop"}, "malformed", "missing"),
        ("".join(FRAMES[:3]) + END, {}, "ok", "missing"),  # well formed, and wrong
        ("", {}, "malformed", "missing"),
        ("", {"finish_reason": "length"}, "truncated", "truncated"),
        (" \n", {}, "malformed", "format"),
        ('Here you are:\n```json\n{"y": "2"}\n```', {}, "malformed", "format"),
        ("Let me think. " + WHOLE, {}, "malformed", "format"),
        (WHOLE.replace('": "', "': '"), {}, "malformed", "format"),
        (WHOLE.replace('"2"', '"3"'), {}, "ok", "value"),
        (WHOLE.removesuffix(END) + FRAMES[-1] * 50, {}, "truncated", "extra"),
        ("".join(FRAMES[:3]) + FRAMES[2] * 10_000, {}, "truncated", "control flow"),
        (SINGLE + "<|frame_sep|>" + END, {}, "ok", "control flow"),
        (SINGLE, {}, "ok", "control flow"),  # stopped at the separator, which the server leaves out
        ("<|return_sep|>" + SINGLE + "<|frame_sep|>" + END, {}, "ok", "control flow"),
    ],
)
def test_every_end_has_its_outcome_and_cause(
    text: str, fields: dict[str, str], outcome: str, cause: str | None
) -> None:
    found = judged(text, **fields)
    assert (found.outcome.value, found.cause and found.cause.value) == (outcome, cause)


@pytest.mark.parametrize("text", [SINGLE, SINGLE + "<|frame_sep|>" + END, "<|return_sep|>" + SINGLE + "<|frame_sep|>"])
def test_a_single_step_is_the_entrys_return(text: str) -> None:
    made = read(text)
    assert made.frames == (TRUTH.frames[0], TRUTH.frames[-1]) and made.returned == "2"
    assert judged(text).score.output_pass_at_1 == 1.0


def test_text_in_front_costs_one_frame() -> None:
    found = judged("Let me think. " + WHOLE)
    assert found.score.frames_exact == pytest.approx(5 / 6)
    assert found.score.output_pass_at_1 == 1.0


def test_more_than_three_broken_frames_in_a_row_are_still_read() -> None:
    text = "".join(["?<|frame_sep|>"] * 4 + FRAMES[4:]) + END
    assert len(read(text)) == len(TRUTH) and judged(text).score.frames_exact == pytest.approx(2 / 6)


_PIECES = [
    *SPECIAL_TOKENS,
    *FRAMES,
    "{",
    "}",
    '"',
    '"x"',
    ": ",
    "\\u",
    "..",
    "[" * 5_000,
    "9" * 5_000,
    "\0",
    "\ud800",
    "\n",
    "é",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=12).map("".join))
@settings(deadline=None)
def test_whatever_a_model_writes_has_an_outcome_and_scores(text: str) -> None:
    found = judged(text)
    assert found.outcome.value in ("ok", "malformed", "truncated")
    assert all(value is None or 0 <= value <= 1 for value in (getattr(found.score, n) for n in found.score.__slots__))


# --- through the evaluator --------------------------------------------------------------------------------------------


def replayed(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[Results, list[Sample]]:
    path = tmp_path / "generations.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    suite = Suite("s", "0" * 64, tuple(Task(row["id"], row["code"], f"f({row['input']})") for row in rows))
    results = run_suite(load_model(f"replay:{path}"), suite, tmp_path / "run")
    return results, read_samples(tmp_path / "run")


def test_a_replay_is_scored_as_it_was_written(tmp_path: Path) -> None:
    """Neither cut off at 1,000 frames nor after three broken ones; its status comes through."""
    texts = {
        "1": "".join(FRAMES[:3]) + FRAMES[2] * 2_000,
        "2": "?<|frame_sep|>" * 5 + END,
        "3": WHOLE.replace("f(1)", "f(3)"),
    }
    rows = [{"id": name, "code": CODE, "input": name, "generation": text} for name, text in texts.items()]

    results, samples = replayed(tmp_path, [*rows, {"id": "none", "code": CODE + "#", "input": "1", "generation": ""}])

    assert [(sample.outcome.value, sample.frames) for sample in samples] == [
        ("truncated", 2_003),
        ("malformed", 5),
        ("ok", 6),
        ("malformed", 0),
    ]
    assert results.n == 4


def test_a_saved_trace_keeps_its_status(tmp_path: Path) -> None:
    cut = Trace(TRUTH.context, TRUTH.frames[:4], complete=False, status=Status.TOKEN_LIMIT)
    cut.save(str(tmp_path / "t.jsonl"))
    suite = Suite("s", "0" * 64, (Task("a", CODE, "f(1)"),))
    assert run_suite(load_model(f"replay:{tmp_path / 't.jsonl'}"), suite, tmp_path / "run").outcomes == {"truncated": 1}


def test_frames_of_a_generation_know_their_lines() -> None:
    assert [step.line_number for step in read(WHOLE) if isinstance(step, Frame)][2:5] == [2, 3, 4]
