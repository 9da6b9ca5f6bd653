"""Outlooks: with the true answers, what is known of the next frame is what it shows."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

import pytest

from cwm_trace.format import render_frame
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.constraint import FrameGrammar
from cwm_trace.models.outcomes import Answers
from cwm_trace.models.outlook import Outlook
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.benchmarks.questions import walked
from tests.test_models_loops import holds
from tests.test_models_operations import changed, evaluated, same

FIRST = 37_995_000
TRUE = Answers(evaluated, changed, holds)


def outlooks(trace: Trace, follows: bool = False) -> Iterator[tuple[Outlook | None, Frame]]:
    """What is known of each frame, and the frame; `follows`: also by its program's bytecode (`models.machine`)."""
    stepwise = Stepwise(TRUE, follows)
    for notes, step in walked(trace):
        yield stepwise.outlook(notes.at_work), step


def checked(trace: Trace, follows: bool = False) -> Iterator[tuple[Outlook | None, Frame]]:
    """The same, none of which may be wrong."""
    for outlook, step in outlooks(trace, follows):
        if outlook is not None:
            check(outlook, step)
        yield outlook, step


def tells_all(outlook: Outlook | None, step: Frame) -> bool:
    """Whether an outlook has what a frame shows, or where it leads."""
    if outlook is None or (step.event is Event.CALL and step.locals and not outlook.handed):
        return False
    if outlook.locals is not None:
        return None not in outlook.locals.values()
    return step.event is not Event.RETURN or outlook.returned is not None


def check(outlook: Outlook, step: Frame) -> None:
    """Calls, and what is raised, may come in place of what is known, where the outlook says so."""
    assert step.event not in outlook.excluded or "RecursionError" in (step.value or ""), (outlook, step)
    if outlook.way is not None and step.event not in outlook.besides:
        if "RecursionError" in (step.value or ""):
            return
        assert (step.event, step.source.rstrip("\r\n")) == outlook.way, outlook
    if step.event is Event.CALL:
        handed = {
            name: value for name, value in outlook.handed.items() if name in step.locals
        }  # but for a module's variables
        assert all(same(value, step.locals[name]) for name, value in handed.items()), (outlook, step)
    raises = outlook.way is not None and outlook.way.event is Event.EXCEPTION
    if step.event is (Event.EXCEPTION if raises else Event.RETURN) and outlook.returned is not None:
        assert same(outlook.returned, step.value or ""), (outlook, step)
    if step.event is Event.LINE:
        assert all(same(value, step.locals.get(name, "")) for name, value in outlook.bound.items()), (outlook, step)


@pytest.mark.parametrize(
    "family",
    ["wide", "plain", "idiom", "basics", "steps", "panel", "module", "rounds", "deeds", "free", "choices", None],
)
def test_outlooks_are_what_frames_show(family: str | None) -> None:
    known: Counter[bool] = Counter()
    for seed in range(FIRST, FIRST + 24):
        program = generate(seed, 1, family)
        for call in program.calls:
            for outlook, _ in checked(record_source(program.source, call, max_frames=600)):
                known[outlook is not None] += 1
    assert known[True] > 0.5 * known.total(), known


def _has_set(value: str) -> bool:
    """Whose order is its own."""
    return "{" in value and any(isinstance(node, ast.Set) for node in ast.walk(ast.parse(value)))


@pytest.mark.parametrize(
    ("family", "follows"),
    [("plain", False), ("module", False), ("deeds", False), ("wide", True), (None, False), (None, True)],
)
def test_what_frames_show_is_among_what_is_left(family: str | None, follows: bool) -> None:
    """Of a grammar that is held to outlooks, as a model is; and where nothing else is left, it is told."""
    only: Counter[bool] = Counter()
    for seed in range(FIRST, FIRST + 10):
        program = generate(seed, 1, family)
        for call in program.calls:
            trace = record_source(program.source, call, max_frames=200, max_characters=50_000)
            grammar = FrameGrammar(Trace(trace.context, (), complete=False))
            for outlook, step in outlooks(trace, follows):
                if outlook is not None and not any(map(_has_set, (*outlook.bound.values(), outlook.returned or ""))):
                    grammar.hold(outlook)
                assert grammar.is_whole(render_frame(step)), (outlook, step)
                assert grammar.only in (None, render_frame(step)), (outlook, step)
                assert not grammar.must_end
                only[grammar.only is not None] += 1
                grammar.observe(step)
    assert only[True] > 0.5 * only.total(), only


DRAWS = [
    ("    return sum(int(c) + y for c in s if c.isdigit())", "f('a1c4', 2)"),
    ("    if all (int(c) % 2 == 1 for c in s):\n        return y\n    return 5", "f('15', 2)"),
    ("    return ''.join(c.upper() for c in s)", "f('abc', 0)"),
    ("    return ''.join(c for c in s if c != 'b' if c != 'd')", "f('abcde', 0)"),
    ("    return dict((v, k) for k, v in enumerate(s))", "f('ab', 0)"),
    ("    n = max((len(w) for w in s.split()), default=y)\n    return n", "f('', 7)"),
    ("    return sorted(((x, y) for x in s), reverse=True)", "f('ba', 7)"),
    ("    if any(x == y for x in s):\n        return 'yes'\n    return 'no'", "f('abc', 'b')"),
    ("    if not all(x < y for x in s):\n        return 'yes'\n    return 'no'", "f('abc', 'b')"),
    ("    while any(x == y for x in s):\n        s = s[1:]\n    return s", "f('aab', 'a')"),
    ("    for x in (c * 2 for c in s):\n        y += x\n    return y", "f('ab', '')"),
    ("    g = (c for c in s)\n    return list(g)", "f('ab', 0)"),
    ("    return list(x for x in [None, 1])", "f('ab', 0)"),
    ("    return sum(h(x) for x in range(y))", "f('ab', 3)"),
    ("    return h(x for x in s)", "f('ab', 3)"),
    ("    x = next(c for c in s if c > 'a')\n    return x", "f('abc', 3)"),
]


@pytest.mark.parametrize(("body", "call"), DRAWS)
def test_a_generator_expression_draws_its_items(body: str, call: str) -> None:
    source = f"def h(x):\n    return 5\n\ndef f(s, y):\n{body}\n"
    assert list(checked(record_source(source, call)))


@pytest.mark.parametrize(("body", "call"), DRAWS[:9])
def test_all_that_a_generator_expression_gives_is_known_and_goes_into_its_line(body: str, call: str) -> None:
    before, returns = None, 0
    for outlook, step in outlooks(record_source(f"def f(s, y):\n{body}\n", call)):
        if step.event is Event.RETURN and " for " in step.source and before is not Event.EXCEPTION:
            assert outlook is not None and (outlook.returned is not None or step.value == "None"), step
            returns += 1
        before = step.event
    assert returns


LAMBDAS = [
    ("    return sorted(s, key=lambda c: (c == y, -ord(c)))", "f('abcab', 'a')"),
    ("    s = list(s)\n    s.sort(key=lambda c: c == y, reverse=True)\n    return s", "f('abcab', 'a')"),
    ("    m = max(s.split(), key=lambda w: len(w) + y) + '!'\n    return m", "f('a bc dd', 1)"),
    ("    return min([3, -4, 4], key=lambda n: abs(n) - y)", "f('', 1)"),
    ("    return list(map(lambda c: c.upper() * y, s))", "f('ab', 2)"),
    ("    return ''.join(filter(lambda c: c != y and c.isalpha(), s))", "f('a1bc', 'b')"),
    ("    d = dict(sorted({'a': 2, 'b': 1}.items(), key=lambda item: item[1]))\n    return d", "f('', '')"),
    ("    return sorted(sorted(s, key=lambda c: y)[:2], reverse=True)", "f('cab', 0)"),
    ("    return sum(map(lambda n: h(n), [1, 2]))", "f('', 0)"),
]
OTHER_LAMBDAS = [
    ("    m = map(lambda c: c, s)\n    return list(m)", "f('ab', 2)"),
    ("    m = map(lambda c: c, [])\n    return list(m)", "f('ab', 2)"),
    ("    g = lambda c: c * 2\n    return [g(c) for c in s]", "f('ab', 2)"),
    ("    for c in map(lambda c: c * 2, s):\n        y += c\n    return y", "f('ab', '')"),
    ("    return sorted(s, key=lambda c: c < y)[0] if s else max(s, key=lambda c: c)", "f('ab', 'b')"),
    ("    return sorted(s, key=lambda c: [c] + y)", "f('ab', 'b')"),
    ("    return max([], key=lambda c: c, default=y)", "f('ab', 'b')"),
    ("    return sorted([2.0, 1, 2], key=lambda n: n)", "f('ab', 'b')"),
]


@pytest.mark.parametrize(("body", "call"), LAMBDAS)
def test_what_a_lambda_told_goes_into_its_line(body: str, call: str) -> None:
    returns = 0
    for outlook, step in checked(record_source(f"def h(n):\n    return n\n\ndef f(s, y):\n{body}\n", call)):
        if step.event is Event.RETURN and "return f" not in step.source:
            assert outlook is not None and outlook.returned is not None, step
            returns += 1
    assert returns > 2


@pytest.mark.parametrize(("body", "call"), OTHER_LAMBDAS)
def test_other_lambdas_are_as_frames_show(body: str, call: str) -> None:
    assert list(checked(record_source(f"def f(s, y):\n{body}\n", call)))
