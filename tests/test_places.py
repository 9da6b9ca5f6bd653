"""Line numbers of frames whose text is all that is known: never a wrong one, and none where two lines of one function are equal."""

from __future__ import annotations

from collections import Counter

import pytest

from cwm_trace.format import parse, render, source_lines, strip_mark
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.tracer import record_source
from tests.test_tracer import CALLS
from tests.test_tracer import SOURCE as FEATURES

CLASSES = """\
class A:
    def __init__(self, x):
        self.x = x
    def get(self):
        return self.x
class B:
    def __init__(self, x):
        self.x = x
    def get(self):
        self.x += 1
        return self.x
def f(n):
    a = A(n)
    b = B(n)
    return a.get() + b.get()
"""
METHODS = """\
class A:
    x = 0
    def put(self, n):
        self.x += n
        return self.x
    def take(self, n):
        self.x -= n
        return self.x
def f(n):
    a = A()
    return a.put(n), [a.take(n)
        for n in (1,)]
"""
NESTED = """\
def f(n):
    if n:
        def g(n):
            return n
        n += 1
        return g(n)
    else:
        def h(n):
            return n
        return h(n)
"""


def numbers(trace: Trace) -> list[int | None]:
    """As parsed from the text alone."""
    return [step.line_number for step in parse(render(trace))]


def ambiguous(trace: Trace) -> list[int]:
    """Indexes of the frames whose line reads like another one."""
    counts = Counter(strip_mark(line.rstrip("\r\n")) for line in source_lines(trace.context))
    return [n for n, step in enumerate(trace) if counts[step.source.rstrip("\r\n")] > 1]


@pytest.mark.parametrize("call", CALLS)
def test_no_number_is_wrong(call: str) -> None:
    trace = record_source(FEATURES, call)
    found = numbers(trace)
    assert all(number is None or number == step.line_number for number, step in zip(found, trace, strict=True))
    assert {n for n, number in enumerate(found) if number is None} <= set(ambiguous(trace))


@pytest.mark.parametrize(("source", "unknown"), [(CLASSES, 3 + 3 + 3 + 1), (METHODS, 0), (NESTED, 0)])
def test_a_frame_stays_in_its_function(source: str, unknown: int) -> None:
    """Methods that are called and begin alike are one or the other, until a line tells."""
    trace = record_source(source, "f(3)")
    assert len(ambiguous(trace)) > unknown
    assert numbers(trace).count(None) == unknown


def test_equal_lines_of_one_function_stay_unknown() -> None:
    trace = record_source("def f(x):\n    x += 1\n    x += 1\n    return x\n", "f(1)")
    assert numbers(trace) == [7, 8, 2, None, None, 5, 5, 8]


def test_a_line_of_no_function_that_it_can_be_in() -> None:
    """What a model writes may be in the wrong function: no other line is made of it."""
    trace = record_source(NESTED, "f(1)")
    strayed = [*trace.frames[:4], Frame(Event.LINE, "        return h(n)\n", {"n": "1"}), *trace.frames[4:]]
    known = [step.line_number for step in trace]
    assert numbers(Trace(trace.context, tuple(strayed))) == [*known[:4], 11, *known[4:]]
    broken = [*trace.frames[:7], MalformedFrame("x", "y"), trace[7]]
    assert trace[7].event is Event.CALL
    assert numbers(Trace(trace.context, tuple(broken))) == [*known[:7], None, known[7]]


@pytest.mark.parametrize("context", ["def f(:\n    x\n    x\n", "x\n" * 3, "", "\0", "(" * 10_000])
def test_any_context_will_do(context: str) -> None:
    text = (
        f"<|begin_of_text|><|trace_context_start|>{context}<|frame_sep|><|call_sep|>{{}}<|action_sep|>x\n<|frame_sep|>"
    )
    assert parse(text)[0].line_number is None
