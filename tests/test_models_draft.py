"""The drafter on recorded traces: a model that is always right would need few passes. Characters are tokens here; no torch."""

from __future__ import annotations

import pytest

from cwm_trace.format import ACTION_SEP, ARG_SEP, END_OF_TEXT, EVENT_TOKENS, FRAME_SEP, SPECIAL_TOKENS
from cwm_trace.frames import Event
from cwm_trace.models.draft import Drafter
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


def ids_of(text: str) -> list[int]:
    for token, number in IDS.items():
        text = text.replace(token, chr(number))
    return [ord(character) for character in text]


class Characters:
    """A character, or a special token, is a token."""

    encode = staticmethod(ids_of)

    def decode(self, ids: list[int]) -> str:
        text = "".join(map(chr, ids))
        for token, number in IDS.items():
            text = text.replace(chr(number), token)
        return text


def passes(ids: list[int], start: int, most: int) -> int:
    """Forward passes of a model that writes `ids` from `start` on, where each settles what was guessed right and one token more."""
    drafter = Drafter(Characters())
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
    assert passes(ids, start, 16) < (len(ids) - start) / 9


def test_straight_code_is_guessed_line_by_line() -> None:
    """No line repeats, so only the order of the context can tell which comes next."""
    body = "\n".join(f"    {name} = 'some text that is {name}'" for name in "abcdefgh")
    ids = ids_of(trace_source(f"def f():\n{body}\n    return a\n", "f()").render())
    actions = [position + 1 for position, token in enumerate(ids) if token == IDS[ACTION_SEP]]
    drafter, right = Drafter(Characters()), 0
    for start, end in zip([0, *actions], actions, strict=False):
        drafter.observe(ids[start:end])
        drafted = drafter.draft(12)
        line = ids[end : ids.index(IDS[FRAME_SEP], end) + 1]
        right += drafted == line[:12]
    assert len(actions) == 14
    assert right == 13  # all but the entry's, which every prompt gives


_RETURN = EVENT_TOKENS[Event.RETURN] + ACTION_SEP + "x" + ARG_SEP + FRAME_SEP


@pytest.mark.parametrize("text", ["", FRAME_SEP, ACTION_SEP * 3, _RETURN, END_OF_TEXT])
def test_broken_traces_do_not_raise(text: str) -> None:
    drafter = Drafter(Characters())
    for token in ids_of(text * 3):
        drafter.draft(8)
        drafter.observe([token])
    assert len(drafter.draft(4)) <= 4


def test_the_less_it_has_seen_the_less_it_guesses() -> None:
    guessed = {}
    for same in ("z", "yz", "xyz", "tuvwxyz"):
        drafter = Drafter(Characters())
        drafter.observe(ids_of(f"{same}0123456789ABCDEFGHIJ {same}"))
        guessed[same] = "".join(map(chr, drafter.draft(8)))
    assert guessed == {"z": "0123", "yz": "01234567", "xyz": "01234567", "tuvwxyz": "01234567"}


def test_a_guess_is_guessed_on_from_where_it_is_sure() -> None:
    drafter = Drafter(Characters())
    drafter.observe(ids_of("abcdef0123456789ABCDEF, then abcdef0123456789ABCDEF; abcdef"))
    assert "".join(map(chr, drafter.draft(24))) == "0123456789ABCDEF; abcdef"  # of the last place, and on from there


def test_what_repeats_itself_is_guessed_to_go_on() -> None:
    drafter = Drafter(Characters())
    drafter.observe(ids_of("abababab"))
    assert "".join(map(chr, drafter.draft(6))) == "ababab"


class Folded(Characters):
    """Writes `ab` as one token where it encodes both together, as a tokenizer of subwords does."""

    AB = 0xE000

    def encode(self, text: str) -> list[int]:
        return ids_of(text.replace("ab", chr(self.AB)))

    def decode(self, ids: list[int]) -> str:
        return super().decode(ids).replace(chr(self.AB), "ab")


def test_a_frame_that_is_written_in_other_tokens_is_guessed_on() -> None:
    drafter = Drafter(Folded())
    text = trace_source("def f(ab):\n    cab = 1\n    return ab\n", "f(2)").render()
    start = text.index("    cab = 1\n", text.index(FRAME_SEP))
    drafter.observe(ids_of(text[: start + 6]))  # ends with `ca`, which begins `cab` in other tokens than Folded's
    assert Folded().decode(drafter.draft(7)) == "b = 1\n" + FRAME_SEP
