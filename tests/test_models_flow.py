"""The lines that may run next: a table of statements, and generated programs, whose traces take only ways that are named."""

from __future__ import annotations

import pytest

from cwm_trace.format import ACTION_SEP
from cwm_trace.frames import Event, Trace
from cwm_trace.models.flow import Flow
from cwm_trace.models.notes import Notes
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate

SOURCE = '''def f(n):
    """Says nothing."""
    global g
    if n > 1:
        n = g(n)
    elif n:
        return n
    else:
        n = [k for k in range(n)]
    for i in range(n):
        if i:
            continue
        break
    else:
        n = 1
    while n:
        n -= 1; n += 0
    with h as n:
        n = h(n)
    try:
        n = 2
    except (KeyError, ValueError):
        n = 3
    except OSError as e:
        raise
    finally:
        n = 4
    match n:
        case 1:
            n = 5
        case _:
            pass
    for i in n: n += i
    def inner(k):
        return k
    n = inner(
        n
    )
    sorted(n, key=lambda k: -k)
async def g(n):
    async with n:
        pass
    async for i in n:
        yield i
class C:
    def __init__(self):
        self.n = 1
@h
def h(n): return C()
f(1)
'''
LINES = ["", *SOURCE.splitlines()]


@pytest.mark.parametrize(
    ("number", "following"),
    [
        (4, [5, 6]),
        (5, [40, 10]),  # `g` is called first
        (6, [7, 9]),
        (7, [7]),  # the function is left
        (9, [9, 10]),  # a comprehension's frame
        (10, [11, 15]),
        (11, [12, 13]),
        (12, [10]),
        (13, [16]),
        (15, [16]),
        (16, [17, 18]),
        (17, [16]),
        (18, [48, 19, 20]),
        (19, [48, 18]),  # a decorated function begins at its decorator
        (20, [21]),
        (21, [27]),
        (22, [23, 24]),
        (23, [27]),
        (24, [25]),
        (25, []),
        (27, [28]),
        (28, [29]),
        (29, [30, 31]),
        (30, [33]),
        (31, [32, 33]),
        (33, [33, 34]),
        (34, [36]),
        (35, [35]),
        (36, [34, 39]),
        (38, [39]),
        (39, [39]),
        (40, [45]),
        (41, [42, 43]),
        (42, [41]),
        (43, [44, 43]),
        (44, [44, 43]),
        (45, [48]),
        (46, [46]),
        (47, [47]),
        (48, [48, 50]),
        (49, [46, 49]),
        (50, [1, 50]),
        (51, []),
        (0, []),
    ],
)
def test_what_may_follow_a_line(number: int, following: list[int]) -> None:
    assert list(Flow(SOURCE).following(number)) == [LINES[line] for line in following]


@pytest.mark.parametrize(("number", "following"), [(1, [4]), (34, [35]), (40, [41]), (45, [46]), (48, [49]), (9, [9])])
def test_what_a_function_begins_with(number: int, following: list[int]) -> None:
    assert list(Flow(SOURCE).following(number, entered=True)) == [LINES[line] for line in following]


def test_of_lines_that_are_the_same_one_that_may_be_next_is_taken() -> None:
    source = """def f(n):
    if n:
        n = 1
    else:
        n = 1
    while n:
        n = 0
        n = 1
    n = 0
def g(n):
    n = 1
"""
    flow = Flow(source)
    assert flow.place("def f(n):\n", None) == 1 and flow.place("    n = 1\n", 10) == 11
    assert flow.place("n = 1", 2) == 3 and flow.place("n = 1", 7) == 8
    assert flow.place("n = 0", 6) == 7 and flow.place("n = 0", 8) == 9 and flow.place("n = 3", 8) == 0


def test_special_tokens_in_source_are_escaped_as_in_frames() -> None:
    assert Flow("a = '<|frame_sep|>'\nb = 1\na = '<|frame_sep|>'\n").following(2) == ("a = '<\\|frame_sep|>'",)


@pytest.mark.parametrize("source", ["def f(:\n", "x = '\0'\n", "-" * 100_000 + "1\n", ""])
def test_source_that_is_none_has_no_next_lines(source: str) -> None:
    flow = Flow(source)
    assert [flow.following(number) for number in range(3)] == [()] * 3


def followed(trace: Trace) -> list[bool]:
    """Of each frame but new exceptions, whether its line was named."""
    flow = Flow(trace.context)
    notes, made = Notes(flow), []
    for step, after in zip(trace.frames, trace.frames[1:], strict=False):
        notes.observe(step)
        if after.event is not Event.EXCEPTION or step.event is Event.EXCEPTION:
            named = [line.strip() for line in notes.text().removeprefix(ACTION_SEP).split("\n")]
            made.append(after.source.strip() in named)
    return made


def test_generated_programs_take_ways_that_are_named() -> None:
    made: list[bool] = []
    for seed in range(37_980_000, 37_980_150):
        program = generate(seed, 1, "wide")
        for call in program.calls:
            made += followed(record_source(program.source, call, max_frames=2_000))  # some need not end
    assert len(made) > 2_000 and sum(made) > 0.98 * len(made)


def test_an_exception_leads_to_a_handler_or_out_of_the_function() -> None:
    flow = Flow(SOURCE)
    for number, leads in [(4, 4), (21, 22), (23, 27), (25, 27), (19, 18), (27, 27), (42, 41)]:
        assert flow.raised(number) == (LINES[leads],)
    assert flow.raised(21, caught=False) == (LINES[21],) and flow.raised(0) == flow.raised(99) == ()
