"""Programs by one who had not seen the project (`people.jsonl`, for `cwm-trace eval`, too), with the true answers, as the tracer runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_trace.eval.suites import load_suite
from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.tracer.run import run_source
from tests.test_models_machine import IS_REFERENCE, is_settled

PEOPLE = Path(__file__).with_name("people.jsonl")
SETTLED = 143  # of 147; the others look at data of a match, at sets of dates, and at an angle


@pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")
@pytest.mark.skipif(not IS_REFERENCE, reason="messages of errors, and what `sorted` compares, are those of 3.11")
def test_no_program_of_people_is_foretold_wrong_and_most_are_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Following, "is_strict", True)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    tasks = load_suite(str(PEOPLE)).tasks
    settled = [task.id for task in tasks if is_settled(run_source(task.source, task.call))]
    assert len(settled) >= SETTLED, sorted({task.id for task in tasks} - {*settled})
