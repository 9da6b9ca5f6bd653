"""Modules of the library that are followed by Python's own sources, in programs that use them, with the true answers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_trace.eval.suites import Task, load_suite
from cwm_trace.models.machine import code, shipped
from cwm_trace.models.machine.following import Following
from cwm_trace.tracer.run import run_source
from tests.test_models_machine import IS_REFERENCE, is_settled

TASKS = load_suite(str(Path(__file__).with_name("library.jsonl"))).tasks
UNKNOWN = ("copy", "generator of another thread")
"""Those that show what is not known: addresses, numbers of threads."""
LATER = (
    "archives",
    "attributes of attributes",
    "generator of another thread",
    "names that dir gives",
    "xml",
)
"""Those that are not followed to the end, or wrong, on 3.12, 3.13 or 3.14."""
pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_what_programs_do_with_the_library_is_foretold(monkeypatch: pytest.MonkeyPatch, task: Task) -> None:
    monkeypatch.setattr(Following, "is_strict", True)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    monkeypatch.setattr(
        "tests.test_models_machine.same", str.__eq__
    )  # the order of sets, too: it is that of the child process
    if not IS_REFERENCE and task.id in LATER:
        pytest.skip("not followed on each version")
    assert is_settled(run_source(task.source, task.call)) or task.id in UNKNOWN


@pytest.mark.parametrize("name", sorted(shipped.MODULES))
def test_each_module_lies_in_the_library(name: str) -> None:
    later, always = (9, 9), ((3, 0), (9, 9))
    spans = {
        **dict.fromkeys(("_pydatetime", "zipfile._path"), ((3, 12), later)),
        "pathlib._abc": ((3, 13), (3, 14)),
        "pathlib._local": ((3, 13), later),
        **dict.fromkeys(("_ast_unparse", "pathlib._os", "pathlib.types"), ((3, 14), later)),
    }
    first, behind = spans.get(name, always)
    assert shipped.path(name).is_file() is (first <= sys.version_info[:2] < behind)
