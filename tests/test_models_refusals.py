"""What Python's functions and operators do not take: which error comes, and what it says, is foretold."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_trace.models.machine import code, refusals
from cwm_trace.models.machine.following import Following
from cwm_trace.models.machine.values import Class, Dict, Function, List, OwnDict, OwnList
from cwm_trace.tracer.inprocess import record_source
from tests.test_models_machine import is_settled

REFUSED = Path(__file__).with_name("refused.txt").read_text(encoding="utf-8").splitlines()
"""Expressions, most of which raise."""
PROGRAM = (
    "def f():\n    try:\n        return repr({})\n    except Exception as e:\n        return type(e).__name__, str(e)\n"
)
pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_refused_is_foretold(monkeypatch: pytest.MonkeyPatch, expression: str) -> None:
    monkeypatch.setattr(Following, "is_strict", True)
    assert is_settled(record_source(PROGRAM.format(expression), "f()"))


def test_only_functions_that_do_nothing_else_are_asked() -> None:
    for name in ("open", "print", "exec", "input", "exit", "list.__init__", "os.remove", "breakpoint"):
        assert refusals.refusal(name, (), {}, of_shape=True) is None


def test_values_stay_as_they_are_and_large_ones_are_not_worked_with() -> None:
    held = List([3, 1, 2])
    assert refusals.refusal("list.sort", (held,), {}) is None
    assert refusals.refusal("pow", (10, 10**18), {}) is None
    assert refusals.refusal("str.center", ("a", 10**15), {}) is None
    assert held.items == [3, 1, 2]


def test_what_a_program_has_made_is_not_called() -> None:
    function = Function(code=None, space={})  # type: ignore[arg-type]
    assert refusals.refusal("map", (function, List([1])), {}, of_shape=True) is None
    assert refusals.refusal("map", (function,), {}, of_shape=True) is not None


def test_containers_of_classes_of_the_program_have_ways_of_their_own() -> None:
    kind = Class("Counts", "Counts", (), {})
    for own, other in ((OwnDict(of=kind), Dict()), (OwnList([], of=kind), Dict())):
        assert refusals.of_operator("+", own, other) is None
        assert refusals.refusal("sum", (own, other), {}) is None


def test_fields_are_not_made_as_wide_as_they_say() -> None:
    width = "9" * 12
    assert refusals.refusal("format", ("a", f"{width}d"), {}) is None
    assert refusals.refusal("str.format", (f"{{:{width}}}", 1), {}) is None
    assert refusals.of_operator("%", f"%{width}d", 1) is None
    assert refusals.of_operator("%", "%12d", "a") is not None
