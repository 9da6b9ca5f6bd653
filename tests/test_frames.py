"""Frames and traces as values: what may be built, and what they tell."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import asdict

import pytest

from cwm_trace.frames import NO_LOCALS, Event, Frame, MalformedFrame, Status, Trace, join_surrogates
from cwm_trace.tracer.inprocess import record_source

CALL = Frame(Event.CALL, "def f(x):\n", {"x": "1"}, line_number=1)
LINE = Frame(Event.LINE, "    return x\n", {"x": "1"}, frozenset({"x"}), line_number=2)
RETURN = Frame(Event.RETURN, "    return x\n", value="1", line_number=2)
EXCEPTION = Frame(Event.EXCEPTION, "    return x\n", value="ValueError()")
UNWOUND = Frame(Event.RETURN, "    return x\n", value="None")


@pytest.mark.parametrize("event", [Event.CALL, Event.LINE])
def test_observing_frames_take_no_value(event: Event) -> None:
    with pytest.raises(ValueError, match="locals, not a value"):
        Frame(event, "", value="1")


@pytest.mark.parametrize("event", [Event.RETURN, Event.EXCEPTION])
def test_value_frames_take_no_locals(event: Event) -> None:
    with pytest.raises(ValueError, match="a value, not locals"):
        Frame(event, "", {"x": "1"}, value="1")
    with pytest.raises(ValueError, match="a value, not locals"):
        Frame(event, "")


def test_unchanged_names_must_be_locals_of_a_line() -> None:
    with pytest.raises(ValueError, match="not local"):
        Frame(Event.LINE, "", {"x": "1"}, frozenset({"y"}))
    with pytest.raises(ValueError, match="every argument in full"):
        Frame(Event.CALL, "", {"x": "1"}, frozenset({"x"}))


def test_shown_is_diff_encoded_and_locals_expanded() -> None:
    assert dict(LINE.locals) == {"x": "1"}
    assert LINE.shown == {"x": None}
    assert CALL.shown == {"x": "1"}
    assert RETURN.shown == {}


def test_facts_about_a_frame_are_not_part_of_its_value() -> None:
    other = Frame(
        Event.LINE, "    return x\n", {"x": "1"}, frozenset({"x"}), line_number=9, logprob=-1.0, tokens=3, raw="?"
    )

    assert other == LINE
    assert Frame(Event.LINE, "    return x\n", {"x": "1"}) != LINE


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda step: pickle.loads(pickle.dumps(step))])
def test_frames_can_be_copied_and_pickled(copied: Callable[[Frame], Frame]) -> None:
    for step in (CALL, LINE, RETURN):
        assert copied(step) == step
    assert copied(RETURN).locals is NO_LOCALS
    assert asdict(RETURN)["locals"] == {}


def test_no_locals_stay_none() -> None:
    with pytest.raises(TypeError, match="does not change"):
        NO_LOCALS["x"] = "1"  # type: ignore[index]


def test_surrogate_pairs_are_joined_and_lone_ones_kept() -> None:
    assert join_surrogates("a\ud83d\ude00b\udc80") == "a\U0001f600b\udc80"

    frame = Frame(Event.LINE, "'\ud83d\ude00'", {"\ud83d\ude00": "\ud83d\ude00"}, frozenset({"\ud83d\ude00"}))
    assert frame == Frame(Event.LINE, "'\U0001f600'", {"\U0001f600": "\U0001f600"}, frozenset({"\U0001f600"}))
    assert Frame(Event.RETURN, "", value="\ud83d\ude00").value == "\U0001f600"
    assert Trace("\ud83d\ude00", ()).context == "\U0001f600"


def test_a_malformed_frame_reads_like_an_empty_one() -> None:
    broken = MalformedFrame("<|line_sep|>?", "no locals", 12)

    assert (broken.event, broken.source, broken.value, broken.locals, broken.shown) == (None, "", None, NO_LOCALS, {})
    assert Trace("", (CALL, broken), False).malformed == (broken,)


def test_a_trace_is_a_sequence() -> None:
    trace = Trace("def f(x):\n    return x\n", (CALL, LINE, RETURN))

    assert (len(trace), trace[0], trace[-1], trace[1:]) == (3, CALL, RETURN, (LINE, RETURN))
    assert list(trace) == [CALL, LINE, RETURN]
    assert trace.at(line=2) == (LINE, RETURN)


def test_status_and_completeness_agree() -> None:
    assert Trace("", ()).status is Status.COMPLETE
    assert Trace("", (), True, Status.TOKEN_LIMIT).status is Status.COMPLETE
    assert Trace("", (), False).status is Status.OPEN
    with pytest.raises(ValueError, match="status is complete"):
        Trace("", (), False, Status.COMPLETE)


@pytest.mark.parametrize(
    ("frames", "complete", "returned", "raised"),
    [
        ((CALL, LINE, RETURN), True, "1", None),
        ((CALL, LINE, RETURN), False, None, None),
        ((CALL, LINE, EXCEPTION, UNWOUND), True, None, "ValueError()"),
        ((CALL, LINE, EXCEPTION), True, None, "ValueError()"),
        ((CALL, LINE, EXCEPTION, RETURN), True, "1", None),
        ((CALL, LINE, UNWOUND), True, "None", None),
        ((UNWOUND,), True, "None", None),
        ((CALL, LINE), True, None, None),
        ((), True, None, None),
    ],
)
def test_what_the_entry_returned_or_raised(
    frames: tuple[Frame, ...], complete: bool, returned: str | None, raised: str | None
) -> None:
    trace = Trace("", frames, complete)

    assert (trace.returned, trace.raised) == (returned, raised)


def test_a_caught_exception_is_not_raised_by_the_entry() -> None:
    source = "def f():\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        return None\n"
    trace = record_source(source, "f()")

    assert any(step.event is Event.EXCEPTION for step in trace)
    assert (trace.returned, trace.raised) == ("None", None)


def test_depths_count_calls() -> None:
    trace = record_source("def g(n):\n    return n and g(n - 1)\ndef f():\n    g(1)\n    return 2\n", "f()")
    by_line = [(step.event, depth) for step, depth in zip(trace, trace.depths(), strict=True)]

    assert by_line == [
        (Event.CALL, 0),
        (Event.LINE, 0),
        (Event.CALL, 1),
        (Event.LINE, 1),
        (Event.CALL, 2),
        (Event.LINE, 2),
        (Event.CALL, 3),
        (Event.LINE, 3),
        (Event.RETURN, 3),
        (Event.RETURN, 2),
        (Event.LINE, 1),
        (Event.RETURN, 1),
        (Event.RETURN, 0),
    ]


def test_repr_is_short() -> None:
    assert repr(record_source("def f():\n    return 'a'\n", "f()")) == "<Trace 6 frames returns 'a'>"
    assert repr(Trace("", (CALL,), False, Status.TOKEN_LIMIT)) == "<Trace 1 frames token_limit>"


def test_a_trace_as_a_table_of_pandas() -> None:
    pytest.importorskip("pandas")
    context = "def f(n):  # << START_OF_TRACE\n    return n\n"
    trace = Trace(
        context,
        (
            Frame(Event.CALL, "def f(n):\n", {"n": "1"}, line_number=1),
            MalformedFrame("?", "no event", logprob=-1.0),
            Frame(Event.RETURN, "    return n\n", value="1", line_number=2),
        ),
    )
    table = trace.to_dataframe()
    assert list(table.event) == ["call", "malformed", "return"] and list(table.depth) == [0, 0, 0]
    assert table.locals[0] == {"n": "1"} and table.value[2] == "1" and table.logprob[1] == -1.0
