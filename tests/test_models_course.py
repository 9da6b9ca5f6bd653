"""Which events and lines may come next: tables of small programs, and recorded traces, none of whose frames may be ruled out."""

from __future__ import annotations

import random
import sys
from functools import cache, partial
from pathlib import Path
from textwrap import dedent

import pytest

from cwm_trace.eval.suites import load_suite
from cwm_trace.format import escape_source, parse
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.models.course import Course
from cwm_trace.models.order import Order
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.tracer.run import run_source
from cwm_trace.train.programs import generate
from tests.benchmarks.constraint import ways
from tests.settrace_oracle import GOLDEN

MAX_FRAMES = 2_000  # generated programs need not end
# What is thrown into goes on without a CALL; finalizers are called from anywhere.
NOT_FOLLOWED = {"ends_of_loops", "generators", "throws_into_delegations"}


@cache
def generated() -> tuple[Trace, ...]:
    """Traces of generated programs."""
    first = 37_991_000
    programs = [generate(seed, 1, "wide") for seed in range(first, first + 120)]
    programs += [generate(seed, 1, family) for family in ("script", "toplevel") for seed in range(first, first + 30)]
    return tuple(
        record_source(program.source, call, max_frames=MAX_FRAMES)
        for program in programs
        for call in program.calls or (None,)
    )


@cache
def real() -> tuple[Trace, ...]:
    """Those of the bundled real programs."""
    return tuple(run_source(task.source, task.call) for task in load_suite("real").tasks)


@cache
def golden(path: Path) -> Trace:
    """That of one of the programs in `golden/`, as 3.11 has it."""
    return parse(path.with_suffix(".txt").read_text(encoding="utf-8"))


def ruled_out(trace: Trace) -> list[tuple[int, str]]:
    """The frames that could not have come, with their lines."""
    course, made = Course(Order(trace.context)), []
    for number, step in enumerate(trace.frames):
        lines = course.lines(step.event or Event.LINE) if number else None
        if lines is not None and escape_source(step.source.rstrip("\r\n")) not in lines:
            made.append((number, step.source.strip()))
        course.observe(step)
    return made


def options(trace: Trace) -> list[int]:
    """Before each frame, how many ways there are; 10,000: any."""
    course, made = Course(Order(trace.context)), []
    for step in trace.frames:
        number = ways(course)
        made.append(10_000 if number is None else number)
        course.observe(step)
    return made[1:]


def test_no_frame_of_generated_programs_is_ruled_out() -> None:
    made: list[int] = []
    for trace in generated():
        assert ruled_out(trace) == [], trace.context
        made += options(trace)
    assert len(made) > 1_500
    assert sum(number == 1 for number in made) > 0.4 * len(made)
    assert sum(number <= 2 for number in made) > 0.75 * len(made)


def test_no_frame_of_real_programs_is_ruled_out() -> None:
    for trace in real():
        assert ruled_out(trace) == [], trace.context


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.py")), ids=lambda path: path.stem)
def test_no_frame_of_the_golden_programs_is_ruled_out(path: Path) -> None:
    found = ruled_out(golden(path))
    assert (found == []) == (path.stem not in NOT_FOLLOWED), found


SOURCE = dedent("""\
    def g(n):
        return n
    def f(n):
        if n > 1:
            n = g(n)
        elif n:
            return n
        for i in range(n):
            n += i
            if n: break
        try:
            n = [k for k in 'ab']
        except KeyError as e:
            n = e
        n += i
        return (n,
                i)
    def h(n):
        while True:
            n += i
    """)
LINES = ["", *SOURCE.splitlines()]


def frame(event: Event, line: int) -> Frame:
    return Frame(event, LINES[line] + "\n", value=None if event.observes_locals else "1")


def after(*frames: tuple[Event, int]) -> dict[Event, set[int] | None]:
    course = Course(Order(SOURCE))
    for event, line in frames:
        course.observe(frame(event, line))
    return {event: numbers(course.lines(event)) for event in Event}


def numbers(lines: frozenset[str] | None) -> set[int] | None:
    return None if lines is None else {LINES.index(line) for line in lines}


CALL, LINE, RETURN, EXCEPTION = Event.CALL, Event.LINE, Event.RETURN, Event.EXCEPTION
F = (CALL, 3)


@pytest.mark.parametrize(
    ("frames", "calls", "lines", "returns"),
    [
        ([F], set(), {4}, set()),
        ([F, (LINE, 4)], set(), {5, 6}, set()),
        ([F, (LINE, 5)], {1}, set(), set()),  # it must call first
        ([F, (LINE, 5), (CALL, 1)], set(), {2}, set()),
        ([F, (LINE, 5), (CALL, 1), (LINE, 2)], set(), set(), {2}),
        ([F, (LINE, 5), (CALL, 1), (LINE, 2), (RETURN, 2)], {1}, {8}, set()),
        ([F, (LINE, 6)], set(), {7, 8}, set()),
        ([F, (LINE, 7)], set(), set(), {7}),
        ([F, (LINE, 8)], set(), {9, 11}, set()),
        ([F, (LINE, 10)], set(), {8, 10, 11}, set()),
        ([F, (LINE, 12)], {12}, set(), set()),
        ([F, (LINE, 12), (CALL, 12), (RETURN, 12)], {12}, {15}, set()),
        ([F, (LINE, 12), (CALL, 12)], set(), {12}, set()),  # a comprehension begins with its line
        ([F, (LINE, 12), (EXCEPTION, 12)], set(), {13}, set()),
        ([F, (LINE, 14)], set(), {15}, set()),
        ([F, (LINE, 14), (EXCEPTION, 14)], set(), set(), {14}),
        ([F, (LINE, 16)], set(), {16, 17}, {16, 17}),
        ([F, (LINE, 7), (RETURN, 7)], set(), set(), set()),
    ],
)
def test_what_may_follow(frames: list[tuple[Event, int]], calls: set[int], lines: set[int], returns: set[int]) -> None:
    made = after(*frames)
    assert (made[CALL], made[LINE], made[RETURN]) == (calls, lines, returns)


@pytest.mark.parametrize(
    ("line", "must"),
    [
        ("n = g(n)", True),
        ("return [g(k) for k in n]", True),
        ("g(n)", True),
        ("n += len(str(g(n)))", True),
        ("n = n or g(n)", False),
        ("n = g(n) if n else [k for k in n]", False),
        ("n = lambda: g(n)", False),
        ("n = sum(g(k) for k in n)", False),
        ("if g(n): n = g(n)", False),
        ("n = h(n)", False),
        ("n = 1; n = g(n)", False),
    ],
)
def test_what_a_line_must_call_before_it_ends(line: str, must: bool) -> None:
    course = Course(
        Order(f"def g(n):\n    return n\ndef h(n):\n    yield n\ndef f(n):\n    {line}\n    n = 2\n    return n\n")
    )
    course.observe(Frame(CALL, "def f(n):\n", {}))
    course.observe(Frame(LINE, f"    {line}\n", {}))
    assert (course.lines(LINE) == course.lines(RETURN) == frozenset()) is must
    course.observe(Frame(CALL, "def g(n):\n", {}))
    course.observe(Frame(RETURN, "    return n\n", value="1"))
    assert course.lines(LINE) or course.lines(RETURN)


def test_any_line_may_raise() -> None:
    assert after(F, (LINE, 7))[EXCEPTION] == {7}
    assert after(F, (LINE, 16))[EXCEPTION] == {16, 17}


def test_of_lines_that_are_the_same_each_that_may_be_next_is_followed() -> None:
    """`n += i` stands in the loop and behind it."""
    assert after(F, (LINE, 8), (LINE, 9))[LINE] == {10}
    assert after(F, (LINE, 14), (LINE, 15))[LINE] == {16, 17}
    assert after(F, (LINE, 7), (LINE, 15))[LINE] == {16, 17}  # no way there, but still in this function


def test_a_line_may_run_again_where_the_compiler_turns_it_round() -> None:
    source = "def f(s, t):\n    return s.rpartition(t)[0] or s if t else s\n"
    trace = record_source(source, "f('abcdefcdg', 'cd')")
    assert [step.event for step in trace].count(LINE) == (3 if sys.version_info < (3, 12) else 2)
    assert ruled_out(trace) == []


def test_a_function_that_begins_with_a_format_may_run_its_own_line() -> None:
    """CPython 3.11 makes an f-string of it that has no line."""
    source = "class C:\n    def f(self, n):\n        return '%r, %r' % (n, self)\ndef g(n):\n    return C().f(n)\n"
    assert ruled_out(record_source(source, "g(5)")) == []


def test_methods_are_called_by_lines_with_their_names() -> None:
    source = (
        "class C:\n    def __init__(self, n):\n        self.n = n\n    def f(self):\n        return self.n\n"
        "def g(n):\n    c = C(n)\n    n += 1\n    return c.f()\n"
    )
    course, made = Course(Order(source)), dict[str, frozenset[str] | None]()
    for step in record_source(source, "g(5)").frames:
        course.observe(step)
        made.setdefault(step.source.strip(), course.lines(CALL))
    assert made["c = C(n)"] == frozenset({"    def __init__(self, n):"})
    assert made["return c.f()"] == frozenset({"    def f(self):"})
    assert made["n += 1"] == made["self.n = n"] == made["return self.n"] == frozenset()


def test_a_script_may_begin_with_a_function() -> None:
    for call, lines in (("def f(n):\n", {}), ("def f(n):\n", {"n": "1"})):
        course = Course(Order("def f(n):\n    return n\nf(1)\n"))
        course.observe(Frame(CALL, call, lines))
        assert course.lines(LINE) == (None if not lines else {"    return n"})
    assert ruled_out(record_source("def f(n):\n    return n\nf(1)\n", None)) == []
    assert ruled_out(record_source("def f():\n    return 1\n", "f()")) == []


def test_a_loop_that_never_asks_leads_into_itself() -> None:
    assert after((CALL, 18), (LINE, 19))[LINE] == {9}  # the same line
    assert after((CALL, 18), (LINE, 19), (LINE, 20))[LINE] == {19}


def test_methods_are_followed_as_functions_are() -> None:
    source = "class C:\n    def __init__(self, n):\n        self.n = n\n    def m(self):\n        return self.n\n"
    course = Course(Order(source))
    course.observe(Frame(CALL, "    def __init__(self, n):\n", {"self": "<__main__.C object>", "n": "1"}))
    course.observe(Frame(LINE, "        self.n = n\n", {"self": "<__main__.C object>", "n": "1"}))
    assert course.lines(LINE) == frozenset() and course.lines(RETURN) == frozenset({"        self.n = n"})


_TESTS = ["n > 2", "n % 2", "n < 3", "n % 3 == 1", "n > 5"]
_PATTERNS = """1
2 | 3
0 | 4 as x
int() | float()
(0, y)
(1, y) if y > 3
[a, b]
[a, 1, {'k': 2}]
str()
x if x == 3
[*_, {'k': 1 | 5}]""".splitlines()


def block(rng: random.Random, depth: int, loops: bool, indent: str) -> list[str]:
    """Statements in each other of all kinds, that jump."""
    made: list[str] = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        test = rng.choice(_TESTS)
        inner = partial(block, rng, depth + 1)
        kinds = (
            "step if else endless while for try match break continue return raise"
            if depth < 3
            else "step break continue"
        )
        match rng.choice(kinds.split()):
            case "if":
                lines = [f"if {test}:", *inner(loops, "    ")]
            case "else":
                lines = [f"if {test}:", *inner(loops, "    "), "else:", *inner(loops, "    ")]
            case "endless":
                ends = [f"    if {test}:", "        break"] if rng.random() < 0.8 else []
                steps = ["    n += 1"] * rng.choice([0, 1])
                lines = [rng.choice(["while True:", "while 1:"]), *steps, *inner(True, "    "), *ends]
            case "while":
                lines = [f"while n < {rng.randint(1, 9)}:", "    n += 1", *inner(True, "    ")]
            case "for":
                lines = [
                    "for i in range(2):",
                    *inner(True, "    "),
                    *(["else:", *inner(loops, "    ")] * rng.choice([0, 0, 1])),
                ]
            case "try":
                lines = ["try:", *inner(loops, "    "), "except ValueError:", *inner(loops, "    ")]
            case "match":
                patterns = rng.sample(_PATTERNS, rng.randint(1, 4)) + rng.choice([["_"], ["other"], []])
                lines = [rng.choice(["match n:", "match (n % 3, n):", "match [n, 1, {'k': n}]:"])]
                for pattern in patterns:
                    lines += [f"    case {pattern}:", *inner(loops, "        ")]
            case "return" | "raise" as jump:
                lines = [f"if {test}:", f"    {jump} {'n' if jump == 'return' else 'ValueError(n)'}"]
            case "break" | "continue" as jump if loops:
                lines = [f"if {test}:", f"    {jump}"] if rng.random() < 0.7 else [jump]
            case _:
                lines = ["n += 1"]
        made += [indent + line for line in lines]
    return made


@pytest.mark.skipif(sys.version_info < (3, 11, 4), reason="gives a `match` in a loop in a `match` other lines")
@pytest.mark.parametrize("first", range(0, 120, 20))
def test_no_frame_of_statements_in_each_other_is_ruled_out(first: int) -> None:
    compiled = 0
    for seed in range(first, first + 20):
        lines = block(random.Random(seed), 0, False, "    ")
        if seed % 2:
            source = (
                "\n    ".join(["class C:", "def f(self, n):", *lines, "    return n"])
                + "\ndef f(n):\n    return C().f(n)\n"
            )
        else:
            source = "\n".join(["def f(n):", *lines, "    return n\n"])
        try:
            compile(source, "", "exec")
        except SyntaxError:  # a `break` outside, patterns that hide others
            continue
        compiled += 1
        for number in (0, 1, 4):
            assert ruled_out(record_source(source, f"f({number})", max_frames=150)) == [], source
    assert compiled > 10


def test_nothing_is_ruled_out_where_nothing_is_known() -> None:
    course = Course(Order("def f(:\n"))
    course.observe(Frame(CALL, "def f(:\n", {}))
    assert course.lines(LINE) is None
    course = Course(Order(SOURCE))
    course.observe(frame(*F))
    course.observe(MalformedFrame("<|line_sep|>", "cut off", 0, terminated=True))
    assert all(course.lines(event) is None for event in Event)
    assert course.may_end and not course.has_ended


def test_a_trace_ends_with_its_entry() -> None:
    course = Course(Order(SOURCE))
    for event, line in (F, (LINE, 5), (CALL, 1), (LINE, 2)):
        course.observe(frame(event, line))
        assert not course.has_ended and not course.may_end
    course.observe(frame(RETURN, 2))
    assert not course.may_end and not course.has_ended
    course.observe(frame(EXCEPTION, 5))
    assert course.may_end and not course.has_ended
    course.observe(frame(RETURN, 5))
    assert course.may_end and course.has_ended
