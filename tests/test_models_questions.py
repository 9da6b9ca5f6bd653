"""Questions: the tests of recorded programs lead where Python goes, and a network is held to what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from textwrap import dedent

import pytest

from cwm_trace.frames import Event
from cwm_trace.models.flow import Flow
from cwm_trace.models.questions import Condition, Question, Way, condition_of
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.benchmarks.questions import questions
from tests.embedded import embedded, recorded_text

FIRST = 37_992_000


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ("    if 'c'.isdigit():", "'c'.isdigit()"),
        ("elif(len('a') == 1): # no: 1", "len('a') == 1"),
        ("while [1, 2]:", "bool([1, 2])"),
        ("if ':#' == '#':", "':#' == '#'"),
        ("if isinstance(3, int):", "isinstance(3, int)"),
        ("if 'abc'.find('b'):", "bool('abc'.find('b'))"),
        ("while True:", None),  # a constant, which is not asked when it runs
        ("if x == 1:", None),
        ("if (n := len('a')) > 1:", None),
        ("if any(c for c in 'ab'):", None),
        ("if 1 == 1: return 2", None),
        ("if <object>:", None),
        ("ifs = {1:", None),
        ("for x in [1]:", None),
        ("return 3 == 4", None),
    ],
)
def test_what_a_test_is(line: str, test: str | None) -> None:
    assert condition_of(line) == (None if test is None else Condition(test))


def test_a_test_is_taken_apart_where_python_jumps() -> None:
    condition = condition_of("if 3 in [1] and not 'a' or (5 > 'é'.count('é') and not (1 or 2)):")
    assert condition is not None
    leaves = ["3 in [1]", "bool('a')", "5 > 'é'.count('é')", "bool(1)", "bool(2)"]
    for told, asked_for, holds in [
        ([False, True, False, False], [0, 2, 3, 4], True),
        ([True, False], [0, 1], True),
        ([True, True, False], [0, 1, 2], False),
        ([False, True, False, True], [0, 2, 3, 4], False),
        ([False, True, True], [0, 2, 3], False),
    ]:
        answers = {leaves[number]: answer for number, answer in zip(asked_for, told, strict=True)}
        asks: list[str] = []
        assert condition.holds(answering(answers, asks)) is holds
        assert asks == list(answers)


def answering(answers: dict[str, bool], asks: list[str]) -> Callable[[str], bool]:
    def ask(text: str) -> bool:
        asks.append(text)
        return answers[text]

    return ask


SOURCE = dedent("""\
    def f(n):
        if n > 1:
            n = 1
        elif n:
            n = 2
        else:
            n = 3
        while n:
            n -= 1
        for i in 'a':
            if (n >
                i):
                pass
            if n: n = 3
            if n:
                continue
        try:
            if n:
                return n
        finally:
            n = 4
        if n:
            n = 5
    """)


def test_where_a_test_leads() -> None:
    """Not where it has several lines, shares its own with what follows, or leads to more than one place."""
    flow = Flow(SOURCE)
    assert flow.ways == {2: (3, 4), 4: (5, 7), 8: (9, 10), 15: (16, 10), 18: (19, 21), 22: (23, 0)}


@pytest.mark.parametrize("family", ["wide", "choices", "plain", None])
def test_the_answer_of_a_test_is_the_way_that_is_taken(family: str | None) -> None:
    """Tests have values in place of names, so that they can be evaluated, which is what a network is asked for."""
    outcomes: Counter[bool] = Counter()
    tests = 0
    for seed in range(FIRST, FIRST + 80):
        program = generate(seed, 1, family)
        for call in program.calls:
            trace = record_source(program.source, call, max_frames=1_000)
            lines = (step.source.lstrip() for step in trace.frames if step.event is Event.LINE)
            tests += sum(line.startswith(("if ", "elif ", "while ")) for line in lines)
            for _, question, step in questions(trace):
                answer = question.condition.holds(eval)
                assert answer in (True, False)
                way = question.yes if answer else question.no
                assert (step.event, step.source.rstrip("\r\n")) == way, (question, program.source)
                outcomes[answer] += 1
    assert min(outcomes[True], outcomes[False]) > 25 and outcomes.total() > 0.7 * tests


def test_a_test_that_calls_is_asked_when_what_it_calls_has_returned() -> None:
    source = "def g(x):\n    return x + 1\ndef f(x):\n    if g(x) > 1:\n        x = 5\n    return x\n"
    ((_, question, step),) = questions(record_source(source, "f(2)"))
    assert question == Question(Condition("3 > 1"), Way(Event.LINE, "        x = 5"), Way(Event.LINE, "    return x"))
    assert step.source.strip() == question.yes.line.strip()


def test_what_is_not_of_values_alone_is_not_asked() -> None:
    source = "class A:\n    n = 1\ndef f(a):\n    if a.n:\n        return 1\n    if a is None:\n        return 2\n"
    assert not list(questions(record_source(source, "f(A())")))


def test_a_test_that_is_a_value_is_asked_and_one_that_is_a_constant_is_not() -> None:
    source = "def f(s):\n    while True:\n        if s:\n            return 1\n        s = 'a'\n"
    asked = list(questions(record_source(source, "f('')")))
    assert [question.condition for _, question, _ in asked] == [Condition("bool('')"), Condition("bool('a')")]


# --- a network that is asked ------------------------------------------------------------------------------------------


def test_the_text_that_asks_is_that_of_the_training_data() -> None:
    from cwm_trace.models.asking import answer_text, question_text

    for test, answer in [("'a' in 'abc'", "True"), ("not 'é'.isupper() and 3 < len([1])", "False")]:
        assert recorded_text(test, "asks").startswith(question_text(test) + answer_text(answer))


def test_a_network_is_held_to_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    nano = embedded()
    from cwm_trace.models import Decoding
    from cwm_trace.models.asking import Asker
    from cwm_trace.prompts import call_prompt
    from cwm_trace.simulate import predict

    monkeypatch.setattr(nano, "asks_tests", True, raising=False)
    monkeypatch.setattr(nano, "asks_steps", False, raising=False)
    prompt = call_prompt("def f(s):\n    if 'a' in s:\n        return 1\n    return 2\n", "f('abc')")
    for answer, line in [(True, "        return 1"), (False, "    return 2")]:
        told: list[str] = []
        monkeypatch.setattr(Asker, "__call__", lambda _, test, a=answer, t=told: (t.append(test), a)[1])
        trace = predict(nano, prompt=prompt, max_frames=8)
        assert told == ["'a' in 'abc'"]
        assert trace[4].source.rstrip() == line
        predict(nano, prompt=prompt, max_frames=8, decoding=Decoding(constrained=False))
        assert len(told) == 1, "it is asked only where its lines are chosen among those that may come"


def test_it_answers_true_or_false_the_same_each_time() -> None:
    nano = embedded()
    from cwm_trace.models import Decoding
    from cwm_trace.models.asking import Asker
    from cwm_trace.models.told import Told

    asker, drawn = Asker(nano, Decoding()), Asker(nano, Decoding(temperature=50.0))
    tests = ["3 > 2", "2 > 3", "3 > 2", "'a' == 'a'", "'a' == 'b'"]
    answers = [asker(test) for test in tests]
    nano.told = Told()  # not as it told before, but asked anew
    assert [Asker(nano, Decoding())(test) for test in tests] == answers
    assert answers == [True, False, True, True, False]
    assert len({drawn("3 > 2") for _ in range(60)}) == 2
    asker.close()
    drawn.close()
