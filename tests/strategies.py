"""Hypothesis strategies for frames and traces, as hostile as user data can be."""

from __future__ import annotations

from hypothesis import strategies as st

from cwm_trace.format import SPECIAL_TOKENS, encode_frames
from cwm_trace.frames import Event, Frame, Trace

HOSTILE = (
    *SPECIAL_TOKENS,
    "..",
    '".."',
    "<\\|frame_sep|>",
    "<\\\\|frame_sep|>",
    "\\",
    '"',
    "'",
    "\n",
    "\r\n",
    "\r",
    "\f",
    "\x00",
    "\u2028",
    "\x85",
    "\ud800",
    "\udc00",
    "\U0001f600",
    "\\u003c",
    "{}",
    ": ",
    ", ",
    "  # << START_OF_TRACE",
    "<|",
    "|>",
)
texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=4)), max_size=4).map("".join)
any_text = st.one_of(texts, st.text(alphabet=st.characters(), max_size=20))
sources = st.one_of(texts, st.sampled_from(["    return x\n", "    return x", "x = 1\n"]))
observations = st.dictionaries(texts, st.one_of(texts, st.sampled_from(["1", "2", ".."])), max_size=4)


def _observing(event: Event) -> st.SearchStrategy[Frame]:
    return st.builds(Frame, st.just(event), sources, observations)


def _valued(event: Event) -> st.SearchStrategy[Frame]:
    return st.builds(Frame, st.just(event), sources, value=texts)


frames = st.one_of(*map(_observing, (Event.CALL, Event.LINE)), *map(_valued, (Event.RETURN, Event.EXCEPTION)))
_same = st.just(Frame(Event.LINE, "    return x\n", {"x": "1", "y": ".."}))
traces = st.builds(
    Trace,
    texts,
    st.lists(st.one_of(frames, _same), max_size=8).map(encode_frames),
    st.booleans(),
)
