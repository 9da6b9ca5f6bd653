"""Every script in examples/ runs, and its `main` has a trace that a small model can be given."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path

import pytest

from cwm_trace.frames import Event
from cwm_trace.prompts import script_prompt
from cwm_trace.tracer.inprocess import record_source

FOLDER = Path(__file__).parents[1] / "examples"
RETURNS = {
    "bank_account": "0",
    "matrix": "[[2, 1], [4, 3]]",
    "pipeline": "['red', 'blue']",
    "recursive_parser": "14",
    "word_count": "('to', 2)",
}


def test_the_examples_are_the_five_that_are_described() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == RETURNS.keys()


@pytest.mark.parametrize("name", RETURNS)
def test_runs_as_a_script_and_prints_something(name: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    assert printed.getvalue().strip()


@pytest.mark.parametrize("name", RETURNS)
def test_main_is_the_entry_and_its_trace_is_modest(name: str) -> None:
    source = (FOLDER / f"{name}.py").read_text()
    prompt = script_prompt(source)
    assert [step.event for step in prompt.frames] == [Event.CALL]
    with contextlib.redirect_stdout(io.StringIO()):
        trace = record_source(source)
    assert (trace.context, trace.frames[0]) == (prompt.context, prompt.frames[0])
    assert trace.returned == RETURNS[name]
    assert 20 <= len(trace) <= 120
    assert len(trace.render()) < 9_000
