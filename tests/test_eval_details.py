"""Breakdowns and kinds of first errors, counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwm_trace.cli import main
from cwm_trace.eval import Suite, Task, run_suite
from cwm_trace.eval.breakdown import KINDS, breakdowns
from cwm_trace.eval.groups import type_name
from cwm_trace.eval.mistakes import EXAMPLES, Mistake, count_mistakes, mistake
from cwm_trace.eval.report import mistakes_table
from cwm_trace.eval.results import summarise
from cwm_trace.eval.samples import Sample, judge, no_score
from cwm_trace.eval.tasks import Outcome
from cwm_trace.format import FRAME_SEP, parse, render, render_frame
from cwm_trace.frames import Status, Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.inprocess import record_source

SOURCE = "def f(x):\n    y = x + 1\n    return y\n"
TRUTH = record_source(SOURCE, "f(1)")
# 0 CALL main {} | 1 LINE {} | 2 CALL {x: 1} | 3 LINE {x: ..} | 4 LINE {x: .., y: 2} | 5 RETURN 2 | 6 RETURN 2


def changed(index: int, *texts: str, truth: Trace = TRUTH) -> Trace:
    """A true trace with other frames in place of one."""
    frames = [render_frame(step) for step in truth]
    frames[index : index + 1] = texts
    return parse(render(Trace(truth.context, (), False)) + FRAME_SEP.join([*frames, "<|end_of_text|>"]))


def line(shown: str, source: str = "    return y\n") -> str:
    return f"<|line_sep|>{shown}<|action_sep|>{source}"


WRONG_VALUE = judge("value", changed(4, line('{"x": "..", "y": "3"}')), TRUTH)
RIGHT = judge("right", TRUTH, TRUTH)
NO_TRUTH = Sample("none", Outcome.TRUTH_FAILED, no_score())
FAILED = Sample("failed", Outcome.MODEL_ERROR, no_score(), actual=TRUTH)

# --- breakdowns -------------------------------------------------------------------------------------------------------


def shares(kind: str, *samples: Sample) -> dict[str, dict[str, tuple[float, int]]]:
    found = breakdowns(samples)[kind]
    return {name: {metric: (item.value, item.n) for metric, item in group.items()} for name, group in found.items()}


def test_by_statement_only_what_follows_right_frames_counts() -> None:
    # Frames 1 to 4 are judged: 4 is the first wrong one, it shows what `y = x + 1` did. 5 and 6 are not looked at.
    assert shares("statement", WRONG_VALUE) == {
        "after call": {"next_frame": (100.0, 2)},
        "return": {"next_frame": (100.0, 1)},
        "assignment": {"next_frame": (0.0, 1)},
    }
    assert shares("statement", RIGHT) == {
        "after call": {"next_frame": (100.0, 2)},
        "return": {"next_frame": (100.0, 2)},  # to the call, and out of f
        "assignment": {"next_frame": (100.0, 1)},
        "after return": {"next_frame": (100.0, 1)},
    }


def test_by_event_of_the_frame() -> None:
    assert shares("frame", WRONG_VALUE) == {
        "line": {"next_frame": (pytest.approx(100 * 2 / 3), 3)},
        "call": {"next_frame": (100.0, 1)},
    }
    assert shares("frame", RIGHT, FAILED) == {  # what failed is wrong at its first frame, main's LINE
        "line": {"next_frame": (75.0, 4)},
        "return": {"next_frame": (100.0, 2)},
        "call": {"next_frame": (100.0, 1)},
    }


def test_by_type_of_value() -> None:
    # New values: the argument x = 1, then y = 2, which is wrong; what is returned comes after.
    assert shares("value", WRONG_VALUE) == {"int": {"value": (50.0, 2)}}
    assert shares("value", RIGHT) == {"int": {"value": (100.0, 4)}}


def test_what_has_no_prediction_is_wrong_at_its_first_frame() -> None:
    assert shares("statement", FAILED) == {"after call": {"next_frame": (0.0, 1)}}
    assert shares("output", FAILED, RIGHT) == {
        "int": {"output_pass_at_1": (50.0, 2), "full_trace_exact_match": (50.0, 2)}
    }


def test_what_has_no_true_trace_is_in_no_group() -> None:
    assert breakdowns([NO_TRUTH]) == dict.fromkeys(KINDS, {})


def sample_of(source: str, call: str) -> Sample:
    truth = record_source(source, call)
    return judge(call, truth, truth)


def test_groups_by_trace() -> None:
    loop = "def f(n):\n    for i in range(n):\n        pass\n"
    deep = "def f(n):\n    return f(n - 1) if n else []\n"
    caught = "def f():\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        return {1}\n"
    raising = "def f():\n    return {}[0]\n"
    samples = [
        sample_of(SOURCE, "f(1)"),
        sample_of(loop, "f(30)"),
        sample_of(deep, "f(6)"),
        sample_of(caught, "f()"),
        sample_of(raising, "f()"),
    ]

    assert list(shares("events", *samples)) == ["1-2", "4", "7-10", "51+"]  # 1 and 2; 4 of try; 7 times f; 61
    assert list(shares("depth", *samples)) == ["1", "6+"]
    assert sorted(shares("output", *samples)) == ["None", "int", "list", "raises", "set"]
    assert {name: group["output_pass_at_1"] for name, group in shares("exception", *samples).items()} == {
        "none": (100.0, 3),
        "inside only": (100.0, 1),
        "raises": (100.0, 1),
    }


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("1", "int"),
        ("'a'", "str"),
        ("None", "None"),
        ("{}", "dict"),
        ("set()", "set"),
        ("<f object>", "object"),
        ("f()", "object"),
    ],
)
def test_types_of_rendered_values(value: str, name: str) -> None:
    assert type_name(value) == name


# --- kinds of errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicted", "kind"),
    [
        (changed(4, line('{"x": "..", "y": "3"}')), Mistake.WRONG_VALUE),
        (changed(4, line('{"x": "..", "z": "2"}')), Mistake.NAMES),
        (changed(4, line('{"x": "7", "y": "2"}')), Mistake.CHANGE_INVENTED),
        (changed(4, line('{"x": "1", "y": "2"}')), Mistake.SPELLING),
        (changed(4, line('{"x": "..", "y": "2"}', "    y = x + 1\n")), Mistake.WRONG_LINE),
        (changed(4, '<|call_sep|>{"x": "1"}<|action_sep|>def f(x):\n'), Mistake.CALL_INVENTED),
        (changed(2, line("{}", "    return f(1)\n")), Mistake.CALL_MISSED),
        (changed(4, '<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"2"'), Mistake.LEAVES_EARLY),
        (changed(5, line('{"x": "..", "y": ".."}')), Mistake.LEAVES_LATE),
        (changed(5, '<|exception_sep|><|action_sep|>    return y\n<|arg_sep|>"E()"'), Mistake.EXCEPTION_INVENTED),
        (changed(5, '<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"3"'), Mistake.WRONG_RESULT),
        (changed(4, "<|line_sep|>?"), Mistake.FORMAT),
        (Trace(TRUTH.context, TRUTH[:4], False, Status.TOKEN_LIMIT), Mistake.CUT_OFF),
        (Trace(TRUTH.context, TRUTH[:4], False), Mistake.STOPS_EARLY),
        (Trace(TRUTH.context, (*TRUTH, TRUTH[6])), Mistake.GOES_ON),
        (TRUTH, None),
    ],
)
def test_kinds_of_first_errors(predicted: Trace, kind: Mistake | None) -> None:
    assert mistake(judge("t", predicted, TRUTH)) is kind


def test_errors_about_exceptions_and_missed_changes() -> None:
    raising = record_source("def f(x):\n    x = 5\n    return x[0]\n", "f(1)")
    index = next(n for n, step in enumerate(raising) if step.value is not None)
    source = "    return x[0]\n"
    other = changed(index, f'<|exception_sep|><|action_sep|>{source}<|arg_sep|>"KeyError(0)"', truth=raising)
    missed = changed(index, f'<|return_sep|><|action_sep|>{source}<|arg_sep|>"5"', truth=raising)
    stale = changed(index - 1, line('{"x": ".."}', source), truth=raising)

    assert mistake(judge("t", other, raising)) is Mistake.WRONG_EXCEPTION
    assert mistake(judge("t", missed, raising)) is Mistake.EXCEPTION_MISSED
    assert mistake(judge("t", stale, raising)) is Mistake.CHANGE_MISSED


def test_errors_are_shares_of_all_tasks_with_examples() -> None:
    samples = [RIGHT, FAILED, NO_TRUTH, *(judge(f"{n}", WRONG_VALUE.predicted or TRUTH, TRUTH) for n in range(7))]
    found = count_mistakes(samples)["wrong new value of a local"]

    assert (found.count, found.share.value, found.share.n) == (7, 70.0, 10)
    assert [example.id for example in found.examples] == [str(n) for n in range(EXAMPLES)]
    assert found.examples[0].predicted == 'line return y │ {"x": "..", "y": "3"}'
    assert found.examples[0].actual == 'line return y │ {"x": "..", "y": "2"}'


def test_where_nothing_is_wrong_that_is_said() -> None:
    """There was the header of a table with nothing below."""
    table = mistakes_table(summarise("m", "s", [RIGHT], 1), 1)
    assert table.text() == "m: first error\nnone: no frame is wrong\n"
    assert "| none: no frame is wrong |" in table.markdown()


def test_what_a_model_writes_cannot_move_the_cursor_or_break_a_table() -> None:
    hostile = judge("t", changed(5, '<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"\\u001b[2J|\\u202e"'), TRUTH)
    table = mistakes_table(summarise("m", "s", [hostile], 1), 1)

    assert "return return y │ \\x1b[2J|\\u202e" in table.text()
    assert "\\x1b[2J\\|\\u202e |" in table.markdown()


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_shows_details(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_suite(load_model("copy-input"), Suite("s", "0" * 64, (Task("t", SOURCE, "f(1)"),)), tmp_path)
    again = ["eval", "--from", str(tmp_path)]
    assert main([*again, "--by", "output", "--by", "depth", "--errors"]) == 0
    text = capsys.readouterr().out
    assert "copy-input: type of the output  n" in text and "copy-input: deepest call" in text
    assert "t, frame 3: predicted return def f(x): │ 1" in text
    assert main([*again, "--markdown", "--errors", "0"]) == 0
    text = capsys.readouterr().out
    assert "| 1 | returns where a line follows |" in text and "frame 3" not in text
    assert main([*again, "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["breakdowns"]["output"]["int"]["output_pass_at_1"]["value"] == 0.0
    assert set(written["breakdowns"]) == set(KINDS)
    assert json.loads((tmp_path / "results.json").read_text())["mistakes"] == written["mistakes"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_asked_for(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_suite(load_model("oracle"), Suite("s", "0" * 64, (Task("t", SOURCE, "f(1)"),)), tmp_path)
    assert main(["eval", "--from", str(tmp_path), "--by", kind]) == 0
    assert f"oracle: {KINDS[kind].title}" in capsys.readouterr().out
