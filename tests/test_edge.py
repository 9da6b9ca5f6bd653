"""The edge of the public API: paths as texts or `Path`, and one clear line for what is of another type."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import cwm_trace as ct
from cwm_trace.errors import InputError
from cwm_trace.eval import Suite, Task, compare_runs, export_generations, load_run, rescore, run_suite, write_report
from cwm_trace.eval.teacher_runs import is_teacher_forced
from cwm_trace.tracer.inprocess import record_source

SOURCE = "def f(a):\n    return a\n"
TRACE = record_source(SOURCE, "f(1)")
ANY = cast(Any, ct)  # whose arguments no type checker looks at


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ANY.trace_source(None), "source must be text, not None"),
        (lambda: ANY.trace_source(b"x = 1"), "source must be text, not bytes"),
        (lambda: ANY.trace_source(SOURCE, 3), "call must be text, not int"),
        (lambda: ANY.predict("oracle", 3), "source must be text, not int"),
        (lambda: ANY.predict("oracle", SOURCE, 3), "call must be text, not int"),
        (lambda: ANY.parse(None), "text must be text, not None"),
        (lambda: ANY.load_model(None), "spec must be text, not None"),
        (lambda: ANY.diff(None, TRACE), "predicted must be a Trace, not None"),
        (lambda: ANY.diff(TRACE, [TRACE]), "actual must be a Trace, not list"),
        (lambda: ANY.score(predictions=TRACE, references=TRACE), "predictions must be a list of traces, not Trace"),
        (lambda: ANY.score(predictions=[TRACE], references=None), "references must be a list of traces, not None"),
        (
            lambda: ANY.score(predictions=[None], references=[TRACE]),
            "each of the predictions must be a Trace, not None",
        ),
    ],
)
def test_what_is_of_another_type_is_one_clear_line(call: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.message == said


@pytest.mark.parametrize("name", ["seconds", "frames", "memory", "cpu_seconds", "trace_bytes", "processes"])
@pytest.mark.parametrize("value", [0, -5, float("nan")])
def test_a_limit_is_above_zero_or_none(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{name}={value!r}.*None for no limit"):
        ANY.Limits(**{name: value})
    ANY.Limits(**{name: None})


def test_a_program_runs_in_a_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="there is no folder /nonexist to run in"):
        ct.trace_source(SOURCE, "f(1)", directory="/nonexist")
    where = "import os\ndef f():\n    return os.getcwd()\n"
    monkeypatch.chdir(tmp_path.parent)  # not where the warm child process was started
    for directory in (str(tmp_path), tmp_path, tmp_path.name):
        assert ct.trace_source(where, "f()", directory=directory).returned == repr(os.path.realpath(tmp_path))


def test_run_folders_may_be_given_as_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    suite = Suite("one", "0" * 64, (Task("sample_0", SOURCE, "f(1)", "1"),))
    model = ct.load_model("copy-input")
    made = run_suite(model, suite, "a")
    run_suite(model, suite, Path("b"))
    assert rescore("a").metrics == made.metrics == load_run("b").results.metrics
    assert compare_runs("a", "b").names == ("copy-input in a", "copy-input in b")
    assert export_generations(["a"], "answers.json") == {"sample_0": ["1"]}
    write_report("page.html", [load_run("a")])
    assert Path("page.html").is_file() and not is_teacher_forced("a")
