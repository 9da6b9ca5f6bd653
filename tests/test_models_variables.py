"""Which variables a frame may show, with which values: tables of statements, and recorded traces, all of whose frames fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.models.course import Course
from cwm_trace.models.order import Order
from cwm_trace.models.variables import Slot, Slots, Variables
from cwm_trace.tracer.inprocess import record_source
from tests.settrace_oracle import GOLDEN
from tests.test_models_course import NOT_FOLLOWED, generated, golden, real


def fits(slots: Slots, names: Mapping[str, str]) -> bool:
    """Whether these variables may be shown."""
    left = list(names.items())
    for name, must, value in slots:
        if left and left[0][0] == name:
            if value not in (None, left.pop(0)[1]):
                return False
        elif must:
            return False
    return not left


def unfit(trace: Trace) -> tuple[list[str], list[Slot]]:
    """The lines of the frames that do not fit, and all slots of frames that have only one way."""
    variables, wrong = Variables(trace.context, Course(Order(trace.context))), []
    slots: list[Slot] = []
    for number, step in enumerate(trace.frames):
        ways = variables.slots(step.event) if number and step.event and step.event.observes_locals else None
        if ways is not None and not any(fits(each, step.locals) for each in ways):
            wrong.append(step.source.strip())
        value = variables.value(Event.RETURN) if number and step.event is Event.RETURN else None
        if value is not None and value != step.value:
            wrong.append(f"{step.source.strip()}: {value}")
        slots += ways[0] if ways and len(ways) == 1 else ()
        variables.observe(step)
    return wrong, slots


def test_frames_of_generated_programs_fit() -> None:
    every: list[Slot] = []
    for trace in generated():
        wrong, slots = unfit(trace)
        assert wrong == [], trace.context
        every += slots
    assert len(every) > 3_000
    assert sum(slot.value is not None for slot in every) > 0.6 * len(every)


def test_frames_of_real_programs_fit() -> None:
    for trace in real():
        assert unfit(trace)[0] == [], trace.context


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.py")), ids=lambda path: path.stem)
def test_frames_of_the_golden_programs_fit(path: Path) -> None:
    wrong, _ = unfit(golden(path))
    assert wrong == [] or path.stem in NOT_FOLLOWED


@pytest.mark.parametrize(
    "body",
    [
        "return [g(x) for x in filter(lambda y: y, xs)]",  # two functions in the line
        "return [g(x) for x in xs]",
        "return list(map(lambda x: g(x), xs))",
        "while (n := n - 1) and g(n): pass",
        "for n in g(n), g(n): n = g(n)",
        "xs = g(xs); n = xs[0]; s = g(n)",
        "n = [n for n in xs][0]; return n",
        "xs, n = n, xs; return n",
    ],
)
def test_what_is_bound_in_the_line_that_runs_is_not_taken_for_what_was(body: str) -> None:
    source = f"def g(v):\n    v = v\n    return v\ndef f(xs, n, s='a'):\n    {body}\n"
    assert unfit(record_source(source, "f([3, 1, 2], 3)"))[0] == []


def shown_after(statement: str, names: Mapping[str, str], source: str = "") -> Slots:
    """What a LINE may show behind this statement."""
    source = f"{source}def f(n, s, xs):\n{statement}\n    return 0\n"
    variables = told(source, ("def f(n, s, xs):", statement.splitlines()[0]), names)
    (slots,) = variables.slots(Event.LINE) or [()]
    return slots


NAMES = {"n": "1", "s": "'a'", "xs": "[1]"}
N, S, XS = (Slot(name, True, value) for name, value in NAMES.items())
ANY_N, ANY_S, ANY_XS = (Slot(name, True) for name in NAMES)


@pytest.mark.parametrize(
    ("statement", "slots"),
    [
        ("    pass", (N, S, XS)),
        ("    n = 5 + n", (ANY_N, S, XS)),
        ("    n = -5", (Slot("n", True, "-5"), S, XS)),
        ("    k = n", (N, S, XS, Slot("k", True, "1"))),
        ("    k = xs", (N, S, XS, Slot("k", True, "[1]"))),
        ("    k = {'a': (1, 2.50, 'b' 'c'), 'a': None}", (N, S, XS, Slot("k", True, "{'a': None}"))),
        ("    k = {1, 2}", (N, S, XS, Slot("k", True))),
        ("    k = j = 1", (N, S, XS, Slot("k", True), Slot("j", True))),
        ("    k = 1; s = k", (N, ANY_S, XS, Slot("k", False))),
        ("    if n: k = 1", (N, S, XS, Slot("k", False))),
        ("    k = print", (N, S, XS, Slot("k", True))),
        ("    k, s = n, 'b'", (N, ANY_S, XS, Slot("k", True))),
        ("    k = len(xs) + max(s.find('a'), n)", (N, S, XS, Slot("k", True))),
        ("    xs.append(n)", (N, S, ANY_XS)),
        ("    n += 1", (ANY_N, S, ANY_XS)),
        ("    xs[0] = n", (N, S, ANY_XS)),
        ("    g(xs)", (N, S, ANY_XS)),
        ("    if (k := n) or s: n = 1", (ANY_N, S, XS, Slot("k", False))),
        ("    for n in xs:\n        pass", (ANY_N, S, XS)),
        ("    for k in map(g, xs):\n        pass", (N, S, ANY_XS, Slot("k", False))),
        ("    del s", (N, Slot("s", False), XS)),
        ("    import os.path, json as j", (N, S, ANY_XS, Slot("os", False), Slot("j", False))),
        ("    k = [n for n in xs]", (N, S, XS, Slot("k", True))),
        ("    def h(): return s", (N, S, XS, Slot("h", False))),
        ("    with open(s) as k:\n        pass", (N, S, ANY_XS, Slot("k", False))),
    ],
)
def test_what_a_statement_leaves(statement: str, slots: Slots) -> None:
    assert shown_after(statement, NAMES) == slots


def test_objects_of_the_program_may_change_when_they_are_looked_at() -> None:
    for value in ("[<C object>]", "{'a<': <C object>}", "<C object at work>"):
        assert shown_after("    k = n == s", NAMES | {"xs": value})[2] == ANY_XS
    assert shown_after("    k = n == s", NAMES | {"xs": "<C object>"})[2] == Slot("xs", True, "<C object>")
    assert shown_after("    k = n == s", NAMES | {"xs": "['<C object>']"})[2] == Slot("xs", True, "['<C object>']")
    assert shown_after("    k = n == s", NAMES, "class C:\n    pass\n")[2] == ANY_XS
    spelled = "class C:\n    def __repr__(self):\n        return '5'\n"
    assert shown_after("    k = n == s", NAMES, spelled)[:3] == (ANY_N, ANY_S, ANY_XS)


def test_what_other_functions_bind_is_what_they_have_shown() -> None:
    for last, value in (("n = 2", None), ("pass", "2")):
        source = f"def f(n):\n    def g():\n        nonlocal n\n        n = 2\n        {last}\n    g()\n    return n\n"
        trace = record_source(source, "f(1)")
        assert unfit(trace)[0] == []
        variables = Variables(trace.context, Course(Order(trace.context)))
        for step in trace.frames:
            if step.source.strip() == "return n" and step.event is Event.LINE:
                (slots,) = variables.slots(Event.LINE) or [()]
                assert Slot("n", True, value) in slots
            variables.observe(step)


CLOSURES = dedent("""\
    def f(n, m=0, *rest, k, **more):
        def inner(x):
            return x + n
        def lazy():
            yield n
            yield inner(1)
        return [inner(x) for x in rest], [*lazy()]
    """)


def test_a_call_shows_arguments_and_what_is_around_it() -> None:
    trace = record_source(CLOSURES, "f(1, 2, 3, k=4, q=5)")
    variables, calls = Variables(trace.context, Course(Order(trace.context))), []
    for step in trace.frames:
        if step.event is Event.CALL:
            calls.append(variables.slots(Event.CALL))
        variables.observe(step)
    assert calls[0] is None  # of the entry
    given = {"n": "1", "m": "2", "k": "4", "rest": None, "more": None}
    assert tuple(Slot(name, True, value) for name, value in given.items()) in (calls[1] or [])
    # Of a comprehension that is compiled into the function, as from 3.12 on, it is not known.
    assert calls[2] is None or (Slot(".0", True), Slot("inner", True, "<function f.<locals>.inner>")) in calls[2]
    assert calls[3] is None or (Slot("x", True), Slot("n", True, "1")) in calls[3]
    assert calls[-1] is None  # a generator may go on


def test_nothing_is_ruled_out_where_nothing_is_known() -> None:
    source = "def f(x):\n    return x\n"
    variables = Variables(source, Course(Order(source)))
    assert variables.slots(Event.LINE) is None
    for step in (Frame(Event.CALL, "def f(x):\n", {"x": "1"}), MalformedFrame("?", "?", 0, terminated=True)):
        assert variables.slots(Event.LINE) is None or step.event is None
        variables.observe(step)
    assert variables.slots(Event.LINE) is None
    variables = Variables("def f(:\n", Course(Order("def f(:\n")))
    call = Frame(Event.CALL, "def f(:\n", {"x": "1"})
    variables.observe(call)
    assert variables.slots(Event.LINE) is None


GIVEN = """\
def g(a, b=2, *, c=3):
    return a
{}
def f(n, s, xs):
    {}
"""


@pytest.mark.parametrize(
    ("line", "values", "around"),
    [
        ("return g(5, 'x')", ("5", "'x'", None), ""),
        ("return g(n, c=xs)", ("1", None, "[1]"), ""),
        ("return g(n + 1, s.upper())", (None, None, None), ""),
        ("return g(xs, xs.pop(), c=n)", (None, None, "1"), ""),
        ("return g(xs, len(xs))", ("[1]", None, None), ""),
        ("return g(*xs)", (None, None, None), ""),
        ("return g(1) + g(2)", (None, None, None), ""),
        ("return g(1) + sum(map(g, xs))", (None, None, None), ""),
        ("return g(1)", (None, None, None), "g = len"),
        ("return g(1)", (None, None, None), "def g(a, b, c):\n    yield"),
        ("return g(1)", ("1", None, None), "def h(a, b, c):\n    yield"),
        ("return g(n)", (None, None, None), "class C:\n    def __repr__(self): return '1'"),
    ],
)
def test_what_a_call_is_given(line: str, values: tuple[str | None, ...], around: str) -> None:
    variables = told(GIVEN.format(around, line), ("def f(n, s, xs):", f"    {line}"))
    assert tuple(Slot(name, True, value) for name, value in zip("abc", values, strict=True)) in (
        variables.slots(Event.CALL) or []
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("return n", "1"),
        ("return xs", "[1]"),
        ("return 'b'", "'b'"),
        ("return", "None"),
        ("return n + 1", None),
        ("return missing", None),
        ("n = 5", "None"),
    ],
)
def test_what_returns_a_name_or_a_literal(line: str, value: str | None) -> None:
    variables = told(f"def f(n, s, xs):\n    {line}\n", ("def f(n, s, xs):", f"    {line}"))
    assert variables.value(Event.RETURN) == value
    assert variables.value(Event.EXCEPTION) is None


def told(source: str, lines: tuple[str, str], names: Mapping[str, str] = NAMES) -> Variables:
    """Behind a CALL with the first line and a LINE with the second."""
    variables = Variables(source, Course(Order(source)))
    for event, line in zip((Event.CALL, Event.LINE), lines, strict=True):
        step = Frame(event, f"{line}\n", names)
        variables.observe(step)
    return variables
