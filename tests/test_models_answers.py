"""What calls have returned, in place of the calls: a table of lines."""

from __future__ import annotations

import pytest

from cwm_trace.models.answers import Answer, answered


@pytest.mark.parametrize(
    ("line", "answers", "result"),
    [
        ("x = g(2) + g(2 - 1)", [("g", "5")], "x = 5 + g(2 - 1)"),
        ("x = g(2) + g(2 - 1)", [("g", "5"), ("g", "'a'")], "x = 5 + 'a'"),
        ("x = g(h(1), g(2))", [("h", "3"), ("g", "4"), ("g", "5")], "x = 5"),  # what ends first
        ("x = g(h(1), g(2))", [("h", "3")], "x = g(3, g(2))"),
        ("x = g(')', '(')", [("g", "5")], "x = 5"),
        ("x = [g(k) for k in [1]] + [1]", [("", "[5]")], "x = [5] + [1]"),
        ("x = [1] + [g(k) for k in [1]]", [("", "[5]")], "x = [1] + [5]"),
        ("x = {k: [j for j in k] for k in 'a'}", [("", "{'a': ['a']}")], "x = {'a': ['a']}"),
        ("x = sum(k for k in 'a')", [("", "None")], "x = sum(k for k in 'a')"),  # a generator
        ("x = a.m(3).n(4)", [("m", "7")], "x = 7.n(4)"),
        ("x = C(2).m(3)", [("m", "7")], "x = C(2).m(3)"),
        ("x = map(g, y)", [("g", "5")], "x = map(g, y)"),
        ("x = gg(2) + g", [("g", "5")], "x = gg(2) + g"),
        ("x = g(2)", [("g", "<C object>")], "x = g(2)"),
        ("x = g(2)", [("g", repr("a" * 300))], "x = g(2)"),
        ("x = g(2", [("g", "5")], "x = g(2"),
        ("x = g(2)]", [("g", "5")], "x = 5]"),
        ("", [("g", "5"), ("", "[]")], ""),
    ],
)
def test_values_stand_for_calls_that_have_returned(line: str, answers: list[tuple[str, str]], result: str) -> None:
    assert answered(line, [Answer(*answer) for answer in answers]) == result
