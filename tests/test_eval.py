"""Comparison and metrics: hand-computed cases, and the published scores of CWM-32B as an independent second opinion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.errors import InputError
from cwm_trace.eval import METRICS, TABLE_9, Cause, diff, load_suite, run_suite, score, score_trace
from cwm_trace.eval.alignment import align, common_subsequence
from cwm_trace.eval.intervals import (
    Interval,
    bootstrap,
    bootstrap_median,
    bootstrap_ratio,
    estimate,
    interval,
    ratio,
    share_interval,
    wilson,
)
from cwm_trace.eval.metrics import changes
from cwm_trace.eval.samples import judge, no_score, read_samples
from cwm_trace.eval.tasks import Outcome
from cwm_trace.format import CALL_ENTRY, FRAME_SEP, call_context, diff_encode, parse, render, render_frame
from cwm_trace.frames import Event, Frame, MalformedFrame, Status, Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.inprocess import record_source

GENERATIONS = Path(__file__).resolve().parents[2] / "shared" / "data" / "cwm32b_generations.jsonl"
SOURCE = "def f(x):\n    y = x + 1\n    return y\n"
TRUTH = record_source(SOURCE, "f(1)")
# The frames of TRUTH: 0 CALL main {} | 1 LINE {} | 2 CALL {x: 1} | 3 LINE {x: ..} | 4 LINE {x: .., y: 2} | 5 RETURN 2 | 6 RETURN 2


def changed(index: int, text: str) -> Trace:
    """TRUTH as a model would have written it with another text for one frame."""
    texts = [render_frame(step) for step in TRUTH]
    texts[index] = text
    head = render(Trace(TRUTH.context, (), False))
    return parse(head + "".join(item + FRAME_SEP for item in texts) + "<|end_of_text|>")


def with_frames(frames: tuple[Any, ...], *, complete: bool = True, status: Status = Status.OPEN) -> Trace:
    return Trace(TRUTH.context, frames, complete, status)


def test_the_hand_computed_cases_are_about_this_trace() -> None:
    shown = [(step.event, dict(step.shown), step.value) for step in TRUTH]

    assert shown == [
        (Event.CALL, {}, None),
        (Event.LINE, {}, None),
        (Event.CALL, {"x": "1"}, None),
        (Event.LINE, {"x": None}, None),
        (Event.LINE, {"x": None, "y": "2"}, None),
        (Event.RETURN, {}, "2"),
        (Event.RETURN, {}, "2"),
    ]


# --- divergence -------------------------------------------------------------------------------------------------------

WRONG_VALUE = changed(4, '<|line_sep|>{"x": "..", "y": "3"}<|action_sep|>    return y\n')
WRONG_LINE = changed(4, '<|line_sep|>{"x": "..", "y": "2"}<|action_sep|>    y = x + 1\n')
WRONG_EVENT = changed(3, '<|call_sep|>{"x": "1"}<|action_sep|>    y = x + 1\n')
BROKEN = changed(4, '<|line_sep|>{"x": "..", "y": 2}<|action_sep|>    return y\n')
RAISES = changed(5, '<|exception_sep|><|action_sep|>    return y\n<|arg_sep|>"ValueError()"')


@pytest.mark.parametrize(
    ("predicted", "first", "cause"),
    [
        (WRONG_VALUE, 4, Cause.VALUE),
        (WRONG_LINE, 4, Cause.CONTROL_FLOW),
        (WRONG_EVENT, 3, Cause.CONTROL_FLOW),
        (BROKEN, 4, Cause.FORMAT),
        (RAISES, 5, Cause.EXCEPTION),
        (with_frames(TRUTH[:5], complete=False, status=Status.TOKEN_LIMIT), 5, Cause.TRUNCATED),
        (with_frames(TRUTH[:], complete=False, status=Status.FRAME_LIMIT), 7, Cause.TRUNCATED),
        (with_frames(TRUTH[:5]), 5, Cause.MISSING),
        (with_frames((*TRUTH, TRUTH[-1])), 7, Cause.EXTRA),
    ],
)
def test_first_divergence_and_its_cause(predicted: Trace, first: int, cause: Cause) -> None:
    found = diff(predicted, TRUTH)

    assert bool(found)
    assert (found.first, found.cause) == (first, cause)


def test_counts_of_a_wrong_value() -> None:
    found = diff(WRONG_VALUE, TRUTH)

    assert (found.total, found.frames_exact, found.control_flow, found.values) == (6, 5, 6, 5)
    assert found.return_equal


def test_equal_traces_do_not_differ() -> None:
    found = diff(TRUTH, TRUTH)

    assert not found
    assert (found.first, found.cause, found.total, found.frames_exact) == (None, None, 6, 6)


def test_given_frames_are_left_out() -> None:
    assert diff(changed(0, '<|call_sep|>{"z": "1"}<|action_sep|>def main():\n'), TRUTH).first is None
    assert diff(WRONG_VALUE, TRUTH, given=5).first is None
    assert diff(WRONG_VALUE, TRUTH, given=0).first == 4


def test_a_true_trace_that_was_cut_off_says_nothing_about_what_comes_after() -> None:
    cut = with_frames(TRUTH[:4], complete=False, status=Status.FRAME_LIMIT)

    assert not diff(TRUTH, cut)
    assert not diff(cut, cut)
    assert diff(with_frames(TRUTH[:4]), cut).first == 4


def test_a_frame_cut_off_by_the_token_limit_is_truncated_not_malformed() -> None:
    half = MalformedFrame('<|line_sep|>{"x"', "the text ends inside this frame", 0, terminated=False)
    cut = with_frames((*TRUTH[:4], half), complete=False, status=Status.TOKEN_LIMIT)
    own_end = with_frames((*TRUTH[:4], half), complete=False)

    assert diff(cut, TRUTH).cause is Cause.TRUNCATED
    assert diff(own_end, TRUTH).cause is Cause.FORMAT


# --- metrics by hand --------------------------------------------------------------------------------------------------


def metrics(predicted: Trace) -> dict[str, float]:
    found = score_trace(predicted, TRUTH)
    return {name: getattr(found, name) for name in METRICS}


def test_the_truth_scores_exactly_100_everywhere() -> None:
    scores = score(predictions=[TRUTH, TRUTH, TRUTH], references=[TRUTH, TRUTH, TRUTH])

    assert set(TABLE_9) < set(scores)
    assert set(scores.values()) == {100.0}


def test_wrong_value_by_hand() -> None:
    # 4 true observations (frames 1 to 4), one of them wrong; there (x, ..) is right and (y, 2), (y, 3) differ: 1 of 3.
    found = metrics(WRONG_VALUE)

    assert found["state_exact_match"] == 3 / 4
    assert found["key_value_match"] == pytest.approx((3 + 1 / 3) / 4)
    assert found["key_match"] == found["valid_json_format"] == found["action_exact_match"] == 1.0
    assert found["output_pass_at_1"] == found["valid_trace_format"] == 1.0
    assert found["full_trace_exact_match"] == 0.0
    assert found["frames_exact"] == 5 / 6


def test_name_missing_by_hand() -> None:
    found = metrics(changed(4, '<|line_sep|>{"x": ".."}<|action_sep|>    return y\n'))

    assert found["key_match"] == found["key_value_match"] == (3 + 1 / 2) / 4
    assert found["state_exact_match"] == 3 / 4


def test_malformed_frame_by_hand() -> None:
    # {"x": "..", "y": 2} is a JSON object (valid JSON, right keys), but not the true one, and no valid frame.
    found = metrics(BROKEN)

    assert found["valid_trace_format"] == 0.0
    assert found["valid_json_format"] == found["key_match"] == 1.0
    assert found["state_exact_match"] == 3 / 4
    assert found["key_value_match"] == pytest.approx((3 + 1 / 3) / 4)
    assert found["action_exact_match"] == 1.0
    assert found["output_pass_at_1"] == 1.0


def test_a_value_that_is_no_json_leaves_its_line_right() -> None:
    found = metrics(changed(5, "<|return_sep|><|action_sep|>    return y\n<|arg_sep|>3"))

    assert found["action_exact_match"] == 1.0
    assert found["valid_trace_format"] == 0.0


def test_text_that_is_no_json_by_hand() -> None:
    found = metrics(changed(4, '<|line_sep|>{"x": <|action_sep|>    return y\n'))

    assert found["valid_json_format"] == found["key_match"] == 3 / 4


def test_missing_frames_are_wrong_by_hand() -> None:
    # Frames 1 to 3 are there: 3 of the 4 true observations, 3 of the 6 true frames.
    found = metrics(with_frames(TRUTH[:4], complete=False, status=Status.TOKEN_LIMIT))

    assert found["state_exact_match"] == found["key_match"] == found["valid_json_format"] == 3 / 4
    assert found["action_exact_match"] == found["frames_exact"] == 3 / 6
    assert found["output_pass_at_1"] == found["valid_trace_format"] == 0.0


@pytest.mark.parametrize(
    ("predicted", "share"),
    [(TRUTH, 6 / 6), (WRONG_VALUE, 3 / 6), (WRONG_EVENT, 2 / 6), (with_frames((*TRUTH, TRUTH[-1])), 6 / 6)],
)
def test_share_of_frames_before_the_first_divergence_by_hand(predicted: Trace, share: float) -> None:
    assert metrics(predicted)["prefix_exact"] == share


def test_frames_are_aligned_by_position() -> None:
    # One LINE frame twice: all later ones are off by one.
    found = metrics(with_frames((*TRUTH[:3], TRUTH[2], *TRUTH[3:])))

    assert found["state_exact_match"] == 2 / 4  # frames 1 and 2
    assert found["output_pass_at_1"] == 1.0


def test_averages_are_over_traces_not_frames() -> None:
    long = record_source("def f(n):\n    for i in range(n):\n        pass\n", "f(50)")
    empty = Trace(long.context, long[:1], False)

    found = score(predictions=[TRUTH, empty], references=[TRUTH, long])

    assert found["state_exact_match"] == found["action_exact_match"] == 50.0


def test_whole_control_flow_by_hand() -> None:
    assert metrics(WRONG_VALUE)["control_flow_exact_match"] == 1.0
    assert metrics(WRONG_LINE)["control_flow_exact_match"] == 0.0
    assert metrics(with_frames((*TRUTH, TRUTH[-1])))["control_flow_exact_match"] == 0.0
    assert metrics(with_frames(TRUTH[:6]))["control_flow_exact_match"] == 0.0
    assert metrics(with_frames(TRUTH[:], complete=False))["control_flow_exact_match"] == 0.0


def test_termination_by_hand() -> None:
    cut = with_frames(TRUTH[:4], complete=False, status=Status.FRAME_LIMIT)

    assert metrics(BROKEN)["termination"] == metrics(with_frames(TRUTH[:3]))["termination"] == 1.0
    assert metrics(cut)["termination"] == 0.0
    assert score_trace(cut, cut).termination == 1.0
    assert score_trace(TRUTH, cut).termination == 0.0


def test_a_wrong_value_stays_wrong_in_expanded_locals_by_hand() -> None:
    # def f(x): y = x + 1 / z = 0 / return y: frames 3 to 5 are the LINEs of f, y is bound before 4, z before 5.
    truth = record_source("def f(x):\n    y = x + 1\n    z = 0\n    return y\n", "f(1)")
    wrong = Frame(Event.LINE, truth[4].source, {"x": "1", "y": "3"}, truth[4].unchanged)
    later = Frame(Event.LINE, truth[5].source, {"x": "1", "y": "3", "z": "0"}, truth[5].unchanged)
    guess = replace(truth, frames=(*truth[:4], wrong, later, *truth[6:]))
    found = score_trace(guess, truth)

    assert found.state_exact_match == 4 / 5  # frame 5 shows y as "..", as it should
    assert found.expanded_state_exact_match == 3 / 5
    assert found.changed_state_exact_match == 1 / 2  # y is wrong before 4, z right before 5


def test_that_nothing_changes_is_never_right_where_something_does() -> None:
    source = "def f(x):\n    for i in range(3):\n        x = x + g(i)\n    del i\n    return x\n\ndef g(i):\n    i += 1\n    return i\n"
    truth = record_source(source, "f(1)")
    call = next(step.locals for step in truth if step.event is Event.CALL and step.locals)
    lazy = tuple(
        replace(step, locals=call, unchanged=frozenset())
        if isinstance(step, Frame) and n > 2 and step.event is Event.LINE
        else step
        for n, step in enumerate(truth)
    )
    found = score_trace(replace(truth, frames=lazy), truth)

    assert found.changed_state_exact_match == 0.0
    assert score_trace(truth, truth).changed_state_exact_match == 1.0


def test_changed_locals_by_hand() -> None:
    # Before the LINEs of f: nothing | a bound | b bound | a deleted, by which alone no frame is judged. g's argument is no change.
    source = "def f():\n    a = 1\n    b = g(a)\n    del a\n    return b\n\ndef g(a):\n    return a\n"
    truth = record_source(source, "f()")
    found = changes(truth)

    assert [(dict(item.changed), item.deleted) for item in found.values()] == [
        ({"a": "1"}, ()),
        ({"b": "1"}, ()),
    ]
    assert [truth[index].source.strip() for index in found] == ["b = g(a)", "del a"]


def test_what_a_generator_is_sent_is_a_change_by_hand() -> None:
    source = "def g():\n    x = yield 1\n    yield x\n\ndef f():\n    it = g()\n    next(it)\n    return it.send(5)\n"
    truth = record_source(source, "f()")

    found = {truth[index].source.strip(): dict(item.changed) for index, item in changes(truth).items()}

    assert found == {"next(it)": {"it": ANY}, "yield x": {"x": "5"}}


def test_what_has_no_prediction_is_judged_by_what_its_truth_can_be() -> None:
    plain = record_source("def f(x):\n    return x\n", "f(1)")

    assert no_score(TRUTH).changed_state_exact_match == 0.0
    assert no_score(plain).changed_state_exact_match is no_score().changed_state_exact_match is None
    assert no_score(plain).output_pass_at_1 == 0.0


def test_a_trace_without_changes_has_no_score_for_them() -> None:
    plain = record_source("def f(x):\n    return x\n", "f(1)")

    assert score_trace(plain, plain).changed_state_exact_match is None
    assert "changed_state_exact_match" not in score(predictions=[plain], references=[plain])
    assert score(predictions=[plain, WRONG_VALUE], references=[plain, TRUTH])["changed_state_exact_match"] == 0.0


def test_aligned_frames_by_hand() -> None:
    # One LINE frame twice: all 6 true frames are among the 7 in order; by position only the first three (1, 2 and the doubled one).
    found = metrics(with_frames((*TRUTH[:4], TRUTH[3], *TRUTH[4:])))

    assert (found["frames_aligned"], found["frames_exact"]) == (2 * 6 / (7 + 6), 3 / 6)
    found = metrics(with_frames((*TRUTH[:3], *TRUTH[4:])))
    assert (found["frames_aligned"], found["control_flow_aligned"]) == (2 * 5 / (5 + 6), 2 * 5 / (5 + 6))
    assert (metrics(WRONG_VALUE)["frames_aligned"], metrics(WRONG_VALUE)["control_flow_aligned"]) == (5 / 6, 1.0)
    assert metrics(BROKEN)["control_flow_aligned"] == 5 / 6


def test_what_is_padded_is_not_aligned() -> None:
    """Each true frame behind nine copies of the one before it: all are there in order, of ten times as many."""
    padded = with_frames((TRUTH[0], *(frame for one in TRUTH[1:] for frame in (TRUTH[1],) * 9 + (one,))))
    found = metrics(padded)
    assert found["frames_aligned"] == 2 * 6 / (60 + 6)
    assert found["control_flow_aligned"] == 2 * 6 / (60 + 6)


def test_nothing_is_no_trace() -> None:
    empty = Trace(TRUTH.context, TRUTH.frames[:1], complete=True)
    found = metrics(empty)
    assert (found["valid_trace_format"], found["termination"], found["frames_aligned"]) == (0.0, 0.0, 0.0)
    assert judge("t", empty, TRUTH).outcome is Outcome.MALFORMED


def test_what_has_nothing_to_predict_is_not_scored() -> None:
    given = Trace(TRUTH.context, TRUTH.frames[:1])
    with pytest.raises(InputError, match="reference 1 has no frame to predict: 1, of which 1 are given"):
        score(predictions=[TRUTH, TRUTH], references=[TRUTH, given])
    with pytest.raises(InputError, match="prediction 0 is of another program than its reference"):
        score(predictions=[Trace("x = 1\n", TRUTH.frames)], references=[TRUTH])
    with pytest.raises(InputError, match="100 frames cannot have been given of a true trace that has 7"):
        score_trace(TRUTH, TRUTH, given=100)


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_common_subsequence_equals_the_textbook_table(left: str, right: str) -> None:
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for row, one in enumerate(left, start=1):
        for column, other in enumerate(right, start=1):
            longest = max(table[row - 1][column], table[row][column - 1])
            table[row][column] = table[row - 1][column - 1] + 1 if one == other else longest

    assert common_subsequence(left, right) == table[-1][-1]
    pairs = [(match.left + n, match.right + n) for match in align(left, right) for n in range(match.length)]
    assert len(pairs) == table[-1][-1]
    assert all(left[i] == right[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in zip(pairs, pairs[1:], strict=False))


def test_one_program_says_nothing_of_others() -> None:
    """A bootstrap over one program draws it every time: an interval without width that no reader should trust."""
    alone = estimate([1.0, 0.0, 1.0, 1.0], ["p"] * 4)
    assert (alone.value, alone.low, alone.high, alone.n) == (75.0, 0.0, 100.0, 4)
    single = estimate([1.0], ["p"])
    assert (100 * wilson(1, 1).low, 100.0) == (single.low, single.high)
    two = estimate([1.0, 0.0, 1.0, 1.0], ["p", "p", "q", "q"])
    assert (two.low, two.high) == (50.0, 100.0)


def test_runs_of_equal_items_by_hand() -> None:
    assert align("abcxdef", "abydef") == [(0, 0, 2), (4, 3, 3)]
    assert align("", "ab") == align("ab", "xy") == []


@pytest.mark.parametrize(
    ("predicted", "actual", "strict", "compatible"),
    [
        ("2", "2", 1.0, 1.0),
        ("2.0", "2", 0.0, 1.0),
        ("True", "1", 0.0, 1.0),
        ("{'b': 1, 'a': 2}", "{'a': 2, 'b': 1}", 0.0, 1.0),
        ('"a"', "'a'", 0.0, 1.0),
        ("3", "2", 0.0, 0.0),
        ("<object object>", "<object object>", 1.0, 1.0),
        ("__import__('os')", "2", 0.0, 0.0),
        ("'\\d'", "'\\\\d'", 0.0, 1.0),
        ("(" * 500, "2", 0.0, 0.0),
        ("", "2", 0.0, 0.0),
    ],
)
def test_strict_and_compatible_output(predicted: str, actual: str, strict: float, compatible: float) -> None:
    def ending(value: str) -> Trace:
        return with_frames((*TRUTH[:6], Frame(Event.RETURN, TRUTH[6].source, value=value)))

    found = score_trace(ending(predicted), ending(actual))

    assert (found.output_pass_at_1, found.output_compatible) == (strict, compatible)


def test_raising_is_not_returning_none() -> None:
    raising = record_source("def f():\n    raise ValueError('no')\n", "f()")
    returning = record_source("def f():\n    return None\n", "f()")

    assert score_trace(raising, raising).output_pass_at_1 == 1.0
    assert score_trace(returning, raising).output_pass_at_1 == 0.0
    assert score_trace(returning, raising).output_compatible == 0.0


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(InputError, match="2 predictions for 1"):
        score(predictions=[TRUTH, TRUTH], references=[TRUTH])
    with pytest.raises(InputError, match="no traces"):
        score(predictions=[], references=[])


# --- against another team's scores ------------------------------------------------------------------------------------

_OBJECT = re.compile(r"<(\w+) object>")


def generations() -> list[dict[str, Any]]:
    if not GENERATIONS.exists():
        pytest.skip("the generations of CWM-32B are not here")
    return [json.loads(line) for line in GENERATIONS.read_text().splitlines()]


def cases() -> Iterator[tuple[dict[str, Any], Trace, Trace]]:
    for row in generations():
        call = f"f({row['input']})"
        prompt = Trace(call_context(row["code"], call), (CALL_ENTRY,), False)
        yield row, parse(row["generation"], prompt=prompt), record_source(row["code"], call)


def their_truth(truth: Trace) -> Trace:
    """The true trace by the other team's rules: compared with the same Python frame's last observation even after a call returned in
    between, and with addresses left in (which CWM never writes)."""
    frames: list[Frame] = []
    previous: list[dict[str, str]] = []
    for step in truth:
        assert isinstance(step, Frame)
        locals_ = {name: _OBJECT.sub(r"<\1 object at 0x7f>", value) for name, value in step.locals.items()}
        if step.event is Event.CALL:
            previous.append({})
        made = replace(step, locals=locals_, unchanged=frozenset())
        frames.append(diff_encode(made, previous[-1]))
        if step.event.observes_locals:
            previous[-1] = locals_
        elif step.event is Event.RETURN:
            previous.pop()
    return replace(truth, frames=tuple(frames))


def test_scores_of_cwm_32b_equal_those_of_another_team() -> None:
    differing = set()
    for row, predicted, truth in cases():
        ours = score_trace(predicted, truth)
        theirs = {name: row["metrics"][name] for name in TABLE_9[1:]}
        assert ours.output_pass_at_1 == row["correct"]
        if {name: getattr(ours, name) for name in theirs} != pytest.approx(theirs):
            differing.add(row["id"])

    # Their truth differs from ours where a caller goes on after a callee (all three: f itself, after lambda or comprehension)
    # and where an iterator is shown (19 and 32).
    assert differing == {"sample_6", "sample_19", "sample_32"}


def test_generations_of_cwm_32b_are_replayed_as_they_are(tmp_path: Path) -> None:
    """The file is the suite and the model: what `eval FILE -m replay:FILE` gives is what its texts score by themselves."""
    rows = {row["id"]: row for row in generations()}
    direct = {row["id"]: score_trace(predicted, truth) for row, predicted, truth in cases()}

    results = run_suite(load_model(f"replay:{GENERATIONS}"), load_suite(GENERATIONS), tmp_path)
    samples = read_samples(tmp_path)

    assert {sample.id: sample.score for sample in samples} == direct
    assert {sample.id: bool(sample.score.output_pass_at_1) for sample in samples} == {
        name: row["correct"] for name, row in rows.items()
    }
    assert (results.outcomes, results.unexpected) == ({"ok": 45}, 0)
    wrong = {sample.id for sample in samples if not sample.score.full_trace_exact_match}
    assert wrong == {f"sample_{number}" for number in (4, 5, 6, 19, 23, 31, 33, 35, 44)}


def test_scores_by_their_rules_of_truth_are_theirs() -> None:
    for row, predicted, truth in cases():
        ours = score_trace(predicted, their_truth(truth))
        theirs = {name: row["metrics"][name] for name in TABLE_9[1:]}

        assert {name: getattr(ours, name) for name in theirs} == pytest.approx(theirs), row["id"]


def test_which_whole_traces_of_cwm_32b_are_right() -> None:
    wrong = {row["id"].removeprefix("sample_") for row, predicted, truth in cases() if diff(predicted, truth)}

    assert wrong == {"4", "5", "6", "19", "23", "31", "33", "35", "44"}


# --- intervals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17: 857-872, table I, method 3 (Wilson's score interval).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_equals_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_symmetric_and_exact_at_the_ends() -> None:
    assert wilson(400, 400).high == 1.0
    assert wilson(0, 400).low == 0.0
    assert wilson(30, 40).low == pytest.approx(1 - wilson(10, 40).high)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (2, 1), (-1, 3)])
def test_wilson_refuses_what_is_no_proportion(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n)


def test_bootstrap_is_reproducible_and_near_the_normal_interval() -> None:
    values = [(n * 37 % 101) / 100 for n in range(101)]  # 0.00 to 1.00, each once: mean 0.5, standard deviation 0.2915

    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values) == pytest.approx((0.5 - 1.96 * 0.029, 0.5 + 1.96 * 0.029), abs=0.008)


def test_bootstrap_draws_whole_programs() -> None:
    values = [0.0, 0.25, 1.0, 0.75] * 10
    alone = bootstrap(values)
    together = bootstrap(values, [str(n % 4) for n in range(40)])

    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_ratio_of_sums_by_hand() -> None:
    assert ratio([(1.0, 2.0), (5.0, 2.0)]) == 1.5
    assert bootstrap_ratio([(3.0, 2.0)] * 5) == (1.5, 1.5)
    low, high = bootstrap_ratio([(1.0, 2.0), (5.0, 2.0)])  # drawn: the first twice, both, the second twice
    assert (low, high) == (0.5, 2.5)
    with pytest.raises(ValueError, match="no values"):
        bootstrap_ratio([])


def test_median_interval_draws_whole_programs() -> None:
    assert bootstrap_median([1.0, 2.0, 9.0], ["a", "a", "a"]) == (2.0, 2.0)
    assert bootstrap_median([1.0, 2.0, 9.0], ["a", "b", "c"]) == (1.0, 9.0)


def test_interval_is_wilson_only_for_independent_shares() -> None:
    assert interval([1.0, 0.0, 1.0]) == wilson(2, 3)
    assert interval([1.0, 0.0, 1.0], ["a", "b", "c"]) == wilson(2, 3)
    assert interval([1.0, 0.0, 0.0, 1.0], ["a", "a", "b", "c"]) == bootstrap([1.0, 0.0, 0.0, 1.0], ["a", "a", "b", "c"])


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_programs_that_are_all_alike_do_not_say_that_all_others_are(share: float) -> None:
    assert interval([share] * 6, ["a", "a", "b", "b", "c", "c"]) == wilson(3 * share, 3)
    assert interval([share] * 6, ["a"] * 6) == Interval(0.0, 1.0)
    assert interval([share] * 6) == wilson(6 * share, 6)
    assert interval([0.5]) == Interval(0.0, 1.0) and interval([1.0]) == wilson(1, 1)
    assert share_interval([(2 * share, 2), (4 * share, 4)]) == wilson(2 * share, 2)
