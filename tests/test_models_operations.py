"""Operations: what is worked out one by one gives what Python gives, and a network reads what it answered."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pytest

from cwm_trace.frames import Event, Trace
from cwm_trace.models.at_work import Running
from cwm_trace.models.comprehensions import gathered
from cwm_trace.models.inline import inlined
from cwm_trace.models.notes import Notes
from cwm_trace.models.operations import is_value, worked
from cwm_trace.models.outcomes import Answers, Outcome, outcome_of
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from tests.benchmarks.questions import walked
from tests.embedded import embedded, recorded_text

FIRST = 37_993_000


@lru_cache(maxsize=100_000)
def evaluated(operation: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(operation, {}))
        except Exception:
            return None


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("return len('abc'.split('b')) + 1", "return 3"),
        ("x = [1, 2][0]", "x = 1"),
        ("x = 'a += b'.upper()[0]", "x = 'A'"),
        ("5 += len('abc') * 2", "5 += 6"),
        ("[1, 2][1 - 1] -= 2 - 1", "[1, 2][0] -= 1"),
        ("{'a': 1}['b'] = 2 + 3", "{'a': 1}['b'] = 5"),
        ("for i in range(len('ab c')):  # 2", "for i in range(4):  # 2"),
        ("for x in sorted({'b': 1}.keys()):  # 1", "for x in ['b']:  # 1"),  # what is gone through is in no frame
        ("for i, x in enumerate('a b'.split()):", "for i, x in enumerate(['a', 'b']):"),
        ("if len('é') > 2 - 1:", "if 1 > 1:"),
        ("elif len('a') == 1 and 'a' in 'B'.lower():", "elif 'a' in 'b':"),
        ("while len([1]) < 3 - 1:  # 2", "while 1 < 2:  # 2"),
        ("[1, 2][1 + 0] = 'a'.upper()", "[1, 2][1] = 'A'"),
        ("[[1], [2]][1 - 1][0] = 1 + 1", "[[1], [2]][1 - 1][0] = 2"),  # what changes must be seen
        ("[[1], [2]][0].append(len('a'))", "[[1], [2]][0].append(1)"),
        ("y = [1, 2].pop(0) + len('abc')", "y = [1, 2].pop(0) + 3"),
        ("del [1, 2, 3][1 + 1]", "del [1, 2, 3][2]"),
        ("return 'A' if len('b') == 2 else 'b'.upper()", "return 'B'"),
        ("x = len('') == 1 or 'a' in 'b'", "x = False"),
        ("x = len('') == 0 or [][0]", "x = True"),
        ("x = y and 'b'.upper()", "x = y and 'b'.upper()"),  # may not be done
        ("x = 'a' and 'b'.upper() or 1", "x = 'B'"),
        ("x = [] or {} or len('a')", "x = 1"),
        ("x = 0 and len('a')", "x = 0"),
        ("x = 'a' if [0] else 'b'.upper()", "x = 'a'"),
        ("x = {**{'a': 1}, **{'b': 2}, 'c': 1 + 2}", "x = {'a': 1, 'b': 2, 'c': 3}"),
        ("return (len('é') + 2) * 3", "return 9"),
        ("return g((1 + 1) * 2)", "return g(4)"),
        ("return ((1 + 1), 2)[0]", "return 2"),
        ("print((2 - 3) ** y)", "print((-1) ** y)"),
        ("x = abs(2 - 3)", "x = 1"),
        ("if 'a'.isdigit() == False:", "if False == False:"),  # the test itself is a question
        ("'a'.upper().lower()", "'A'.lower()"),
        ("return 'x'.upper(), 2 + 2", "return 'X', 4"),
        ("return list(zip('ab'.upper(), [1]))", "return [('A', 1)]"),
        ("return len(set('aba'))", "return 2"),
        ("z = max([1, 2], key=lambda x: x + 1) + 1", "z = max([1, 2], key=lambda x: x + 1) + 1"),
        ("return sum(x for x in [1]) + len('a')", "return sum(x for x in [1]) + 1"),
        ("x = map(str, [1 + 1])", "x = map(str, [2])"),
        ("return f'{len(3)}' + 'a'.upper()", "return f'{len(3)}' + 'A'"),
        ("return 'abc'.index('z') + len('a')", "return 'abc'.index('z') + len('a')"),  # it raises
        ("return x + 1 + len('a')", "return x + 1 + 1"),
        ("print('a'.upper())", "print('A')"),
        ("assert len('a') == 1, len('b')", "assert 1 == 1, len('b')"),
        ("x = 1; y = 2 + 3 + 4", "x = 1; y = 2 + 3 + 4"),
        ("else:", "else:"),
        ("return <object> + len('a')", "return <object> + len('a')"),
    ],
)
def test_a_line_is_worked_out(line: str, done: str) -> None:
    assert worked(line, evaluated) == done


def test_what_is_told_must_be_a_value() -> None:
    for told in ["<object>", "len('a')", "x", "[1", "", None]:
        assert worked("return len('a') + y", {"len('a')": told}.__getitem__) == "return len('a') + y"
    assert worked("return len('a') + y", lambda _: "{'a': [-1.5, None]}") == "return {'a': [-1.5, None]} + y"
    assert is_value("(1, 'a')") and not is_value("1 + 1") and not is_value("x = 1")


@pytest.mark.parametrize("family", ["wide", "plain", "growth", "deeds", None])
def test_outcomes_are_what_frames_show(family: str | None) -> None:
    """Of recorded programs, with the true answers: what is returned, and what variables have; few lines are left."""
    seen: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + 50):
        program = generate(seed, 1, family)
        for call in program.calls:
            check(record_source(program.source, call, max_frames=600), seen)
    assert seen["bound"] > 60 and (seen["returned"] > 1 or family == "deeds") and seen["left"] < 0.15 * seen.total()


def check(trace: Trace, seen: Counter[str]) -> None:
    for notes, step in walked(trace):
        running = notes.at_work.running()
        outcome = (
            outcome_of(running, Answers(evaluated, changed, lambda test: evaluated(test) == "True"))
            if running and not notes.at_work.question()
            else None
        )
        if running is not None and outcome is not None:
            assert step.event is not Event.EXCEPTION, running
            if step.event is Event.RETURN and outcome.returned is not None:
                seen["returned"] += 1
                assert same(outcome.returned, step.value or ""), running
            elif step.event is Event.LINE:
                seen["bound"] += 1
                for name, value in outcome.bound.items():
                    assert same(value, step.locals.get(name, "")), (running, name)
        elif running is not None and step.event is Event.LINE and " = " in running.source:
            seen["left"] += 1


def same(text: str, shown: str) -> bool:
    """Sets are in any order."""
    if text == shown:
        return True
    try:
        return "{" in text and ast.literal_eval(text) == ast.literal_eval(shown)
    except (ValueError, SyntaxError):  # of calls, as of a `Counter`, or of objects
        return False


def changed(value: str, line: str) -> str | None:
    made: dict[str, Any] = {}
    with suppress(Exception):
        exec(f"r = {value}\n{line}", {}, made)
        return repr(made["r"])
    return None


@pytest.mark.parametrize(
    ("source", "asked", "outcome"),
    [
        ("x = s.upper()", ["'ab'.upper()"], Outcome({"x": "'AB'"})),
        ("x = y = 5", [], Outcome({"x": "5", "y": "5"})),
        ("x, (y, z) = n, (n + 1, s)", ["3 + 1"], Outcome({"x": "3", "y": "4", "z": "'ab'"})),
        ("x, y = s", [], Outcome({"x": "'a'", "y": "'b'"})),
        ("x, y, z = s", [], None),
        ("x: int = n * 2", ["3 * 2"], Outcome({"x": "6"})),
        ('return "a"', [], Outcome({}, "'a'")),
        ("return {n, 1}", ["{3, 1}"], Outcome({}, "{1, 3}")),
        ("return s, {n, 1}", [], Outcome({}, "('ab', {3, 1})")),
        ("x = (s, {n, 1})", [], Outcome({"x": "('ab', {3, 1})"})),
        ("x = {n}, {1}", [], Outcome({"x": "({3}, {1})"})),
        ("return", [], Outcome({}, "None")),
        ("n += len(s)", ["len('ab')", "3 + 2"], Outcome({"n": "5"})),
        ("s += 'c' * n", ["'c' * 3", "'ab' + 'ccc'"], Outcome({"s": "'abccc'"})),
        ("l += s", ["[1, 2] | r += 'ab'"], Outcome({"l": "[1, 2, 'a', 'b']"})),
        ("l.append(l[0] + n)", ["[1, 2][0]", "1 + 3", "[1, 2] + [4]"], Outcome({"l": "[1, 2, 4]"})),
        ("l[n - 2] = l[0]", ["[1, 2][0]", "3 - 2", "[1, 2] | r[1] = 1"], Outcome({"l": "[1, 1]"})),
        ("l[0], l[1] = l[1], l[0]", ["[1, 2] | r[0], r[1] = r[1], r[0]"], Outcome({"l": "[2, 1]"})),
        ("d['k'] += n", ["{'k': 1}['k']", "1 + 3", "{**{'k': 1}, 'k': 4}"], Outcome({"d": "{'k': 4}"})),
        ("l[1] -= n", ["[1, 2][1]", "2 - 3", "[1, 2] | r[1] = -1"], Outcome({"l": "[1, -1]"})),
        ("l[0] += s", ["[1, 2][0]", "[1, 2] | r[0] += 'ab'"], None),
        ("l.extend([n])", ["[1, 2] + [3]"], Outcome({"l": "[1, 2, 3]"})),
        ("l.extend(s)", ["list('ab')", "[1, 2] + ['a', 'b']"], Outcome({"l": "[1, 2, 'a', 'b']"})),
        ("l.insert(0, n)", ["[3] + [1, 2]"], Outcome({"l": "[3, 1, 2]"})),
        ("l.sort(reverse=True)", ["sorted([1, 2], reverse=True)"], Outcome({"l": "[2, 1]"})),
        ("l.reverse()", ["[1, 2][::-1]"], Outcome({"l": "[2, 1]"})),
        ("l.clear()", [], Outcome({"l": "[]"})),
        ("l.pop()", ["[1, 2][:-1]"], Outcome({"l": "[1]"})),
        ("del l[0]", ["[1, 2][1:]"], Outcome({"l": "[2]"})),
        ("d[n] = l", ["{**{'k': 1}, 3: [1, 2]}"], Outcome({"d": "{'k': 1, 3: [1, 2]}"})),
        ("d.clear()", [], Outcome({"d": "{}"})),
        ("del d['k']", ["{'k': 1} | del r['k']"], Outcome({"d": "{}"})),
        ("l.append(l.pop())", ["[1, 2].pop()", "[1, 2][:-1]", "[1] + [2]"], Outcome({"l": "[1, 2]"})),
        (
            "x = [l.pop(), l.pop()]",
            ["[1, 2].pop()", "[1, 2][:-1]", "[1].pop()", "[1][:-1]"],
            Outcome({"l": "[]", "x": "[2, 1]"}),
        ),
        ("l[0] = l.pop()", ["[1, 2].pop()", "[1, 2][:-1]", "[1] | r[0] = 2"], Outcome({"l": "[2]"})),
        ("x = l.pop(), l[0]", ["[1, 2].pop()", "[1, 2][:-1]", "[1][0]"], Outcome({"l": "[1]", "x": "(2, 1)"})),
        ("x = l[0] + l.pop()", [], None),
        ("l += [l.pop()]", [], None),
        ("x = s or l.pop()", [], None),
        ("x = [l.pop() for _ in s]", [], None),
        ("return l.pop() - n", ["[1, 2].pop()", "2 - 3"], Outcome({}, "-1")),
        (
            "d['a'] = l.pop(0) ** 2",
            ["[1, 2].pop(0)", "[1, 2][1:]", "1 ** 2", "{**{'k': 1}, 'a': 1}"],
            Outcome({"l": "[2]", "d": "{'k': 1, 'a': 1}"}),
        ),
        ("x = l.pop(n - 3)", ["3 - 3", "[1, 2].pop(0)", "[1, 2][1:]"], Outcome({"x": "1", "l": "[2]"})),
        (
            "x = d.setdefault(s, n)",
            ["{'k': 1}.setdefault('ab', 3)", "{'k': 1} | r.setdefault('ab', 3)"],
            Outcome({"x": "3", "d": "{'k': 1, 'ab': 3}"}),
        ),
        ("x = l.append(n)", ["[1, 2] + [3]"], Outcome({"x": "None", "l": "[1, 2, 3]"})),
        ("return l.sort()", [], Outcome({}, "None")),
        ("return l.pop()", ["[1, 2].pop()"], Outcome({}, "2")),
        ("l = l.pop()", ["[1, 2].pop()", "[1, 2][:-1]"], Outcome({"l": "2"})),
        ("x = l.pop() + 1", ["[1, 2].pop()", "[1, 2][:-1]", "2 + 1"], Outcome({"l": "[1]", "x": "3"})),
        ("print(l.pop())", ["[1, 2].pop()", "[1, 2][:-1]"], None),
        ("l.append(o)", [], None),
        ("l.sort(key=lambda v: -v)", [], None),
        ("l.pop(5)", ["[1, 2] | r.pop(5)"], None),  # it raises
        ("print(s)", [], None),
    ],
)
def test_what_a_line_does(source: str, asked: list[str], outcome: Outcome | None) -> None:
    names = {"n": "3", "s": "'ab'", "l": "[1, 2]", "d": "{'k': 1}", "o": "<object>"}
    line, told = inlined(source, names.get), list[str]()
    answers = Answers(
        lambda text: told.append(text) or evaluated(text),  # type: ignore[func-returns-value]
        lambda value, text: told.append(f"{value} | {text}") or changed(value, text),  # type: ignore[func-returns-value]
        lambda _: False,
    )
    assert outcome_of(Running(source, line, names), answers) == outcome
    assert told == asked


def what_is_gathered(notes: Notes) -> str | None:
    gathering = notes.at_work.gathering()
    return gathered(gathering, lambda test: bool(eval(test)), evaluated) if gathering else None


@pytest.mark.parametrize("family", ["wide", "plain", "idiom", None])
def test_what_a_comprehension_has_gathered_is_what_it_returns(family: str | None) -> None:
    told: Counter[bool] = Counter()
    for seed in range(FIRST, FIRST + 50):
        program = generate(seed, 1, family)
        for call in program.calls:
            for notes, step in walked(record_source(program.source, call, max_frames=600)):
                text = what_is_gathered(notes)
                if notes.at_work.gathering() is not None and step.event is Event.RETURN:
                    told[text is not None] += 1
                    assert text is None or same(text, step.value or ""), (step, program.source)
    assert told[True] > 2 and told[True] > 2 * told[False], told


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("return [x.upper() + y for x in s if x != 'b']", "f('abc', 'd')"),
        ("return {k: len(v) for k, v in s}", "f([('a', 'bc'), ('d', ''), ('a', 'x')], 1)"),
        ("return sum([g(x) for x in s])", "f([1, 2], 0)"),
        ("return [x for x in s if x if x > y]", "f([0, 1, 2, 3], 1)"),
    ],
)
def test_a_comprehension_gathers_its_items(line: str, call: str) -> None:
    trace = record_source(f"def g(x):\n    return x * 2\ndef f(s, y):\n    {line}\n", call)
    texts = []
    for notes, step in walked(trace):
        texts.append(what_is_gathered(notes))
        if step.event is Event.RETURN and "for" in step.source and step.value is not None:
            assert texts[-1] == step.value
            break
    assert sum(text is not None for text in texts) >= 2


class Telling:
    """A function that remembers what it was given."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self.function, self.told = function, list[str]()

    def __call__(self, given: str) -> Any:
        self.told.append(given)
        return self.function(given)


def worked_notes(source: str, call: str) -> list[str]:
    """The first line of each note, with the true answers."""
    walk = walked(record_source(source, call))
    texts = (notes.text(lambda line: worked(line, evaluated)) for notes, _ in walk)
    return [text.removeprefix("<|action_sep|>").split("\n")[0] for text in texts]


def test_notes_have_what_operations_gave() -> None:
    source = "def f(s):\n    for i in range(len(s) - 1):\n        s = s.upper() + s[i + 1]\n    return s\n"
    texts = worked_notes(source, "f('abc')")
    assert texts[4:10] == [
        "for i in range(2):  # 1",
        "s = 'ABCb'",
        "for i in range(3):  # 2",  # of the text as it is now
        "s = 'ABCBC'",
        "for i in range(4):  # 3",
        "return 'ABCBC'",
    ]


def test_in_what_a_loop_goes_through_its_item_is_marked() -> None:
    source = "def f(s):\n    for x in sorted(s):\n        pass\n    for x, y in zip(s, s[1:]):\n        pass\n"
    loops = [text for text in worked_notes(source, "f('ba')") if text.startswith("for")]
    assert loops[:2] == ["for x in [`'a', 'b']:  # 1", "for x in ['a', `'b']:  # 2"]
    assert loops[3] == "for x, y in zip('`ba', '`a'):  # 1"


# --- a network that is asked ------------------------------------------------------------------------------------------


def test_the_text_that_asks_is_that_of_the_training_data() -> None:
    from cwm_trace.models.asking import answer_text, question_text

    for operation in ["'é'.upper()", "[1, 2] + [3]", "'\\n'.split('\"')", "3 in [1]"]:
        value = evaluated(operation)
        assert value is not None
        assert recorded_text(operation, "sheets").startswith(question_text(operation) + answer_text(value))


@pytest.mark.parametrize("asks", [True, False])
def test_a_network_is_held_to_what_it_answered(monkeypatch: pytest.MonkeyPatch, asks: bool) -> None:
    model = embedded()
    from cwm_trace.models.asking import Asker
    from cwm_trace.prompts import call_prompt
    from cwm_trace.simulate import predict

    monkeypatch.setattr(model, "asks_operations", asks, raising=False)
    monkeypatch.setattr(model, "asks_steps", False, raising=False)
    asked, read = Telling(lambda _: "'Q'"), Telling(model.codec.encode)
    monkeypatch.setattr(Asker, "value", lambda _, operation: asked(operation))
    monkeypatch.setattr(model.codec, "encode", read)
    source = "def f(s):\n    x = s.upper()\n    for y in map(str, x + 'b'):\n        pass\n    return x[0] + 'a'\n"
    trace = predict(model, prompt=call_prompt(source, "f('b')"), max_frames=20)
    assert {"'b'.upper()", "'Q' + 'b'"} <= set(asked.told) if asks else not asked.told
    # Where no frame has what was answered, it is read; else it is what the frame has, and the line is read as it is.
    assert any("for y in map(str, '`Q'):  # 1" in text for text in read.told) is asks
    assert any("x = 'b'.upper()\n" in text for text in read.told)
    assert (trace[4].locals["x"] == "'Q'") is asks


def test_a_value_is_told_whole_or_not_at_all() -> None:
    from cwm_trace.models import Decoding
    from cwm_trace.models.asking import Asker
    from cwm_trace.models.told import Told

    model = embedded()
    asker = Asker(model, Decoding())
    operations = ["'ab'.upper()", "'b' + 'c'", "'\"'.lower()"]
    told = [asker.value(operation) for operation in operations]
    assert [asker.value(operation) for operation in operations] == told
    model.told = Told()  # not as it told before, but asked anew
    assert [Asker(model, Decoding(speculative=False)).value(operation) for operation in operations] == told
    assert told[:2] == ["'AB'", "'bc'"]
    asker.close()


def test_answers_that_are_guessed_take_fewer_passes_and_are_the_same() -> None:
    """Values of one character and of several, numbers, and what raises; right guesses and wrong ones."""
    from cwm_trace.models import Decoding
    from cwm_trace.models.asking import Asker
    from cwm_trace.models.told import Told

    model = embedded()
    operations = [f"{one!r}.{name}()" for one in "aZ5 \"" for name in ("upper", "swapcase")]
    operations += ["7 + 8", "3 * 4", "ord('k')", "chr(107)", "'abc'.upper()", "[].pop()", "'it is long' + 'er'"]
    told, logprobs, passes = [], [], []
    for speculative in (False, True):
        model.told = Told()
        asker = Asker(model, Decoding(speculative=speculative))
        told.append([asker.value(operation) for operation in operations])
        logprobs.append(asker.logprob)
        passes.append(asker._engine.passes)
        asker.close()
    assert told[0] == told[1] and {"'A'", "15", None} <= set(told[0])
    assert abs(logprobs[0] - logprobs[1]) < 1e-3
    assert passes[1] < 0.3 * passes[0], passes
