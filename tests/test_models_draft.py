"""The drafter on recorded traces: a model that is always right would need few passes. Characters are tokens here; no torch."""

from __future__ import annotations

import pytest

from cwm_trace.format import ACTION_SEP, ARG_SEP, END_OF_TEXT, EVENT_TOKENS, FRAME_SEP, SPECIAL_TOKENS
from cwm_trace.frames import Event
from cwm_trace.models.draft import Drafter, TraceIds
from cwm_trace.tracer import trace_source

LOOP = """
def f(words):
    out = {}
    for word in words:
        key = len(word)
        if key not in out:
            out[key] = 0
        out[key] += 1
    return out
"""
IDS = {token: 0xF0000 + number for number, token in enumerate(SPECIAL_TOKENS)}
MARKS = TraceIds(
    frame=IDS[FRAME_SEP],
    action=IDS[ACTION_SEP],
    argument=IDS[ARG_SEP],
    call=IDS[EVENT_TOKENS[Event.CALL]],
    line=IDS[EVENT_TOKENS[Event.LINE]],
    endings=frozenset({IDS[EVENT_TOKENS[Event.RETURN]], IDS[EVENT_TOKENS[Event.EXCEPTION]]}),
)


def ids_of(text: str) -> list[int]:
    for token, number in IDS.items():
        text = text.replace(token, chr(number))
    return [ord(character) for character in text]


def passes(ids: list[int], start: int, most: int) -> int:
    """Forward passes of a model that writes `ids` from `start` on, where each settles what was guessed right and one token more."""
    drafter = Drafter(MARKS)
    drafter.observe(ids[:start])
    count = 0
    while start < len(ids):
        draft = drafter.draft(most)
        right = next(
            (n for n, (a, b) in enumerate(zip(draft, ids[start:], strict=False)) if a != b),
            min(len(draft), len(ids) - start),
        )
        drafter.observe(ids[start : start + right + 1])
        start, count = start + right + 1, count + 1
    return count


def test_a_loop_is_guessed_from_what_it_did_before() -> None:
    ids = ids_of(trace_source(LOOP, "f(['a', 'bc', 'd', 'ef', 'ghi'])").render())
    start = ids.index(IDS[FRAME_SEP]) + 1
    assert passes(ids, start, 0) == len(ids) - start
    assert passes(ids, start, 16) < (len(ids) - start) / 6


def test_straight_code_is_guessed_line_by_line() -> None:
    """No line repeats, so only the order of the context can tell which comes next."""
    body = "\n".join(f"    {name} = 'some text that is {name}'" for name in "abcdefgh")
    ids = ids_of(trace_source(f"def f():\n{body}\n    return a\n", "f()").render())
    actions = [position + 1 for position, token in enumerate(ids) if token == IDS[ACTION_SEP]]
    drafter, right = Drafter(MARKS), 0
    for start, end in zip([0, *actions], actions, strict=False):
        drafter.observe(ids[start:end])
        right += drafter.draft(12) == ids[end : end + 12]
    assert len(actions) == 14
    assert right >= 10  # all but those that begin and end the two functions


_RETURN = EVENT_TOKENS[Event.RETURN] + ACTION_SEP + "x" + ARG_SEP + FRAME_SEP


@pytest.mark.parametrize("text", ["", FRAME_SEP, ACTION_SEP * 3, _RETURN, END_OF_TEXT])
def test_broken_traces_do_not_raise(text: str) -> None:
    drafter = Drafter(MARKS)
    for token in ids_of(text * 3):
        drafter.draft(8)
        drafter.observe([token])
    assert len(drafter.draft(4)) <= 4


def test_the_less_it_has_seen_the_less_it_guesses() -> None:
    guessed = {}
    for same in ("z", "yz", "xyz", "tuvwxyz"):
        drafter = Drafter(MARKS)
        drafter.observe(ids_of(f"{same}0123456789ABCDEFGHIJ {same}"))
        guessed[same] = "".join(map(chr, drafter.draft(8)))
    assert guessed == {"z": "0123", "yz": "01234567", "xyz": "01234567", "tuvwxyz": "01234567"}


def test_a_guess_is_guessed_on_from_where_it_is_sure() -> None:
    drafter = Drafter(MARKS)
    drafter.observe(ids_of("abcdef0123456789ABCDEF, then abcdef0123456789ABCDEF; abcdef"))
    assert "".join(map(chr, drafter.draft(24))) == "0123456789ABCDEF; abcdef"  # of the last place, and on from there


def test_a_guess_that_reaches_the_action_goes_on_with_the_line_that_is_due() -> None:
    """The observation is that of the line before, but another line comes next."""
    ids = ids_of(
        trace_source(
            "def f(text):\n    one = 1\n    text\n    text[0]\n    text[1]\n    return one\n", "f('some text')"
        ).render()
    )
    actions = [position for position, token in enumerate(ids) if token == IDS[ACTION_SEP]]
    start = actions[-3] - 6
    drafter = Drafter(MARKS)
    drafter.observe(ids[:start])
    assert drafter.draft(16) == ids[start : start + 16]
