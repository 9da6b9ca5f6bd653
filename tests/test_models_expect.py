"""What a frame is expected to read like, from the program and the frames before it; no model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, FRAME_SEP, SPECIAL_TOKENS, call_context, render_frame
from cwm_trace.frames import Event
from cwm_trace.models.expect import Expectation
from cwm_trace.tracer import trace_source

LINE, RETURN = EVENT_TOKENS[Event.LINE], EVENT_TOKENS[Event.RETURN]
# Each with a call.
PROGRAMS = {
    "literals and names": ("def f(a, b=2):\n    c = [1, 'x']\n    d = c\n    a, e = d, None\n    return c\n", "f('t')"),
    "a loop over a list": ("def f(xs):\n    for x in xs:\n        y = x\n    return y\n", "f([1, 'b'])"),
    "a loop over text": ("def f(t):\n    for c in t:\n        pass\n    return t\n", 'f("a\'b")'),
    "range and enumerate": ("def f():\n    for i in range(2, 4):\n        for k, v in enumerate('xy'):\n            pass\n", "f()"),
    "branches": (
        "def f(a):\n    if a:\n        b = 1\n    elif not a:\n        b = 2\n    else:\n        b = 3\n    return b\n",
        "f(True)",
    ),
    "a loop that is left": ("def f(a):\n    while True:\n        if a:\n            break\n    return a\n", "f(1)"),
    "a call of its own": ("def g(n, m):\n    return n\ndef f(a):\n    b = g(a, 'y')\n    return b\n", "f('x')"),
    "no result": ("def f(a):\n    a\n", "f('x')"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_frame_is_expected_where_the_lines_say_what_happens(name: str) -> None:
    source, call = PROGRAMS[name]
    trace = trace_source(source, call)
    expectation = Expectation(trace.context)
    expectation.observe(render_frame(trace.frames[0]))
    for step in trace.frames[1:]:
        assert expectation.frame("") == render_frame(step) + FRAME_SEP
        expectation.observe(render_frame(step))


def test_a_guess_goes_on_from_what_is_written() -> None:
    trace = trace_source("def f(one, two):\n    three = one + two\n    one.append(4)\n    return two\n", "f([1], [2])")
    for number, step in enumerate(trace.frames[1:], 1):
        text = render_frame(step)
        expectation = Expectation(trace.context)
        for before in trace.frames[:number]:
            expectation.observe(render_frame(before))
        for end in range(len(text) + 1):
            assert expectation.frame(text[:end]).startswith(text[:end])
    expectation = Expectation(trace.context)
    for before in trace.frames[:4]:
        expectation.observe(render_frame(before))
    known = LINE + '{"one": "..", "two": "..", "three": "'
    action, other = f"{ACTION_SEP}    one.append(4)\n", f"{ACTION_SEP}    return two\n"
    assert expectation.frame("") == known
    assert expectation.frame(known + "[1") == known + "[1"  # what a sum comes to is not guessed
    assert expectation.frame(known + "[1, 2]") == known + '[1, 2]"}' + action + FRAME_SEP
    assert expectation.frame(known + '[1, 2]"}' + other[:-9]) == known + '[1, 2]"}' + other + FRAME_SEP
    assert expectation.frame(known + '[1, 2]", "four') == known + '[1, 2]", "four": "'
    assert expectation.frame(RETURN + other + ARG_SEP + '"[') == RETURN + other + ARG_SEP + '"[2]"' + FRAME_SEP


TEXTS = st.lists(
    st.sampled_from(
        [
            *SPECIAL_TOKENS,
            *'{}":,\\ \n',
            '", "',
            '": "',
            "..",
            "x",
            "12",
            "'a'",
            "    return x\n",
            "for x in xs:\n",
            "f(",
            "\ud800",
        ]
    ),
    max_size=12,
).map("".join)
SOURCES = st.lists(
    st.sampled_from(
        ["def f(x):", "  for x, (y, z) in enumerate(xs):", " while x:", "  else:", " break", "x = '²'", " x += f(", "continue",
         "   return f(f(1, *x), x=2)", "for x in range(²):", "for in :", "def f(", "\\x = '\\d'", "x, y = 1", "del x[0]", " x.pop()", ""]
    ),
    max_size=8,
).map("\n".join)  # fmt: skip


@given(SOURCES, st.lists(TEXTS, max_size=5), TEXTS)
def test_nothing_that_a_model_writes_breaks_it(source: str, frames: list[str], begun: str) -> None:
    expectation = Expectation(call_context(source, "f(1)"))
    expectation.observe("<|call_sep|>{}<|action_sep|>def main():\n")
    for text in frames:
        assert expectation.frame(begun).startswith(begun)
        assert isinstance(expectation.frame(""), str)
        expectation.observe(text)


@pytest.mark.parametrize(
    "argument", ["+".join("1" * 3000), "not " * 900 + "x", "[" * 150 + "]" * 150, "'\\d'", "9" * 5000]
)
def test_an_argument_that_cannot_be_read_is_not_guessed(argument: str) -> None:
    expectation = Expectation(call_context("def f(x):\n    return x", f"f({argument})"))
    expectation.observe("<|call_sep|>{}<|action_sep|>def main():\n")
    expectation.observe(f"<|line_sep|>{{}}<|action_sep|>    return f({argument})\n")
    assert expectation.frame("").startswith("<|call_sep|>{")
