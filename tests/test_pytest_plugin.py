"""The pytest plugin, by real runs of pytest over small projects: tests behave as without it, and what is recorded is what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.files import iter_traces
from cwm_trace.format import parse, render
from cwm_trace.frames import Event, Frame, Status, Trace
from cwm_trace.tracer.imports import InstrumentingFinder
from cwm_trace.tracer.pytest_session import _add

ROOT = Path(__file__).resolve().parent.parent
_INSTALLED = any(point.value == "cwm_trace.tracer.pytest_plugin" for point in entry_points(group="pytest11"))
CORE = """\
import functools

def helper(x):
    return x * 2

def total(items):
    out = 0
    for item in items:
        out += helper(item)
    return out

class Box:
    def __init__(self, v):
        self.v = v
    def __repr__(self):
        return f'Box({helper(self.v)})'
    def get(self):
        return total([self.v, 1])

def gen(n):
    for i in range(n):
        yield helper(i)
"""
TESTS = """\
import unittest
import pytest
from pkg.core import Box, gen, total

@pytest.fixture
def box():
    return Box(4)

@pytest.mark.parametrize('items', [[], [1, 2]])
def test_total(items):
    expected = sum(2 * i for i in items)
    assert total(items) == expected

def local(x):
    return x + 1

def test_box(box):
    y = local(1)
    assert box.get() == 10 and y == 2
    assert list(gen(2)) == [0, 2]

def test_fails():
    a = {'x': total([1])}
    assert a == {'x': 3}

def test_skipped():
    pytest.skip('no')

class TestCase(unittest.TestCase):
    def test_case(self):
        self.assertEqual(total([5]), 10)
"""


def project(folder: Path, tests: str = TESTS) -> Path:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "core.py").write_text(CORE)
    (folder / "test_it.py").write_text(tests)
    return folder


def run(folder: Path, *options: str, record: bool = True) -> str:
    """What pytest prints."""
    plugin = [] if _INSTALLED else ["-p", "cwm_trace.tracer.pytest_plugin"]
    ours = ["--cwm-trace", "out", "--cwm-trace-include", "pkg"] if record else []
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *ours, *options]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, env=environment, timeout=300)
    assert "INTERNALERROR" not in done.stdout, done.stdout
    return done.stdout


def recorded(folder: Path) -> list[Trace]:
    return [trace for path in sorted((folder / "out").glob("traces-*.jsonl")) for trace in iter_traces(path)]


def named(traces: list[Trace]) -> list[tuple[str, str, str]]:
    return [(trace.meta["test"].partition("::")[2], trace.meta["name"], trace.meta["outcome"]) for trace in traces]


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "out" / "manifest.json").read_text())
    return content


def outcomes(output: str) -> list[str]:
    return [line.split(" [")[0].rstrip() for line in output.splitlines() if line.startswith("test_it.py::")]


def test_tests_and_calls_are_recorded_and_outcomes_stay(tmp_path: Path) -> None:
    folder = project(tmp_path)
    plain, output = run(folder, "-v", record=False), run(folder, "-v")
    assert outcomes(output) == outcomes(plain)
    assert len(outcomes(plain)) == 6
    assert "assert {'x': 2} == {'x': 3}" in output  # pytest's own account of a failed assert
    traces = recorded(folder)
    assert sorted(named(traces)) == sorted(
        [
            ("test_total[items0]", "test_it.py::test_total", "passed"),
            ("test_total[items0]", "core.py::total", "passed"),
            ("test_total[items1]", "test_it.py::test_total", "passed"),
            ("test_total[items1]", "core.py::total", "passed"),
            ("test_box", "test_it.py::test_box", "passed"),
            ("test_box", "core.py::Box.get", "passed"),
            ("test_box", "core.py::helper", "passed"),
            ("test_box", "core.py::helper", "passed"),
            ("test_fails", "test_it.py::test_fails", "failed"),
            ("test_fails", "core.py::total", "failed"),
            ("test_skipped", "test_it.py::test_skipped", "skipped"),
            ("TestCase::test_case", "test_it.py::TestCase.test_case", "passed"),
            ("TestCase::test_case", "core.py::total", "passed"),
        ]
    )
    for trace in traces:
        assert parse(render(trace)) == trace
    by_name = {(trace.meta["test"], trace.meta["name"]): trace for trace in traces}
    inner = by_name["test_it.py::test_total[items1]", "core.py::total"]
    assert [frame.locals for frame in inner if frame.event is Event.CALL] == [
        {"items": "[1, 2]"},
        {"x": "1"},
        {"x": "2"},
    ]
    assert inner.returned == "6"
    # What pytest's rewriting adds is not shown, and calls of other files are stepped over.
    test = by_name["test_it.py::test_box", "test_it.py::test_box"]
    assert [(frame.event, dict(frame.locals)) for frame in test.frames if isinstance(frame, Frame)] == [
        (Event.CALL, {"box": "Box(8)"}),
        (Event.LINE, {"box": "Box(8)"}),
        (Event.CALL, {"x": "1"}),
        (Event.LINE, {"x": "1"}),
        (Event.RETURN, {}),
        (Event.LINE, {"box": "Box(8)", "y": "2"}),
        (Event.LINE, {"box": "Box(8)", "y": "2"}),
        (Event.RETURN, {}),
    ]
    counts = manifest(folder)["counts"]
    assert (counts["tests"], counts["traces"], counts["frames"]) == (6, 13, sum(map(len, traces)))
    assert manifest(folder)["dropped"] == {}


def test_without_the_option_nothing_is_done(tmp_path: Path) -> None:
    folder = project(tmp_path, "import sys\ndef test_it():\n    assert 'bytecode' not in sys.modules\n")
    assert "1 passed" in run(folder, record=False)
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("options", "calls"),
    [(["--cwm-trace-max-depth", "0"], 1), (["--cwm-trace-step-in", "0"], 1), (["--cwm-trace-max-depth", "1"], 3)],
)
def test_what_is_not_stepped_into(tmp_path: Path, options: list[str], calls: int) -> None:
    folder = project(tmp_path)
    run(folder, *options, "-k", "items1")
    (trace,) = [trace for trace in recorded(folder) if trace.meta["kind"] == "call"]
    assert sum(frame.event is Event.CALL for frame in trace.frames) == calls
    assert trace.returned == "6"
    assert [frame.locals["out"] for frame in trace.frames if "out" in frame.locals][-1] == "6"


def test_the_seed_alone_draws(tmp_path: Path) -> None:
    made: list[Mapping[tuple[str, str], str]] = []
    for number, options in enumerate([[], ["-k", "total or case"], ["--cwm-trace-seed", "1"]]):
        folder = tmp_path / str(number)
        folder.mkdir()
        run(project(folder), "--cwm-trace-step-in", "0.5", *options)
        made.append({(trace.meta["test"], trace.meta["name"]): render(trace) for trace in recorded(folder)})
    assert all(made[0][key] == text for key, text in made[1].items())
    assert any(made[0][key] != text for key, text in made[2].items())


def test_a_later_run_records_what_is_new_or_has_changed(tmp_path: Path) -> None:
    folder = project(tmp_path)
    run(folder, "-k", "box")
    run(folder)
    first = recorded(folder)
    assert len(first) == 13
    run(folder)
    assert (recorded(folder), manifest(folder)["counts"]["there already"]) == (first, 6)
    traces = folder / "out" / "traces-main.jsonl"
    traces.write_text(traces.read_text()[:-30])  # a run that was killed
    (folder / "out" / "manifest.json").unlink()
    run(folder)
    assert sorted(named(recorded(folder))) == sorted(named(first))
    (folder / "pkg" / "core.py").write_text(CORE.replace("x * 2", "x + x"))
    run(folder)
    again = recorded(folder)
    assert sorted(named(again)) == sorted(named(first))
    assert not any("x * 2" in trace.context for trace in again)


def test_limits_of_a_trace(tmp_path: Path) -> None:
    folder = project(tmp_path, "from pkg.core import total\ndef test_it():\n    assert total(range(500)) == 249500\n")
    assert "1 passed" in run(folder, "--cwm-trace-max-frames", "40")
    call = next(trace for trace in recorded(folder) if trace.meta["kind"] == "call")
    assert (len(call), call.status) == (40, Status.FRAME_LIMIT)
    assert manifest(folder)["counts"]["cut at a limit"] == 1


FREES = """\
import weakref

class Thing:
    pass

def test_it():
    kept = weakref.WeakSet()
    for n in range(500):
        thing = Thing()
        kept.add(thing)
        assert len(kept) == 1, n
"""


def test_a_trace_that_is_cut_keeps_no_objects_alive(tmp_path: Path) -> None:
    folder = project(tmp_path, FREES)
    assert "1 passed" in run(folder, "--cwm-trace-max-frames", "100")
    assert manifest(folder)["counts"]["cut at a limit"] == 1


HOSTILE = """\
import builtins, json, threading, time
import pkg.core
from pkg.core import Box, helper, total

def test_patched(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtins, 'open', None)
    monkeypatch.setattr(json, 'dumps', lambda *a, **k: 'x')
    assert total([1]) == 2

def test_shown():
    box = Box(1)
    boxes = [box]
    assert boxes

def serve(event):
    event.wait(60)

def test_starts():
    test_starts.event = threading.Event()
    test_starts.thread = threading.Thread(target=pkg.core.total, args=([test_starts.event.wait],))
    pkg.core.helper, test_starts.helper = lambda wait: wait(60), helper
    test_starts.thread.start()
    time.sleep(0.2)

def test_between():
    pkg.core.helper = test_starts.helper
    assert pkg.core.total([2]) == 4

def test_ends():
    test_starts.event.set()
    test_starts.thread.join()
"""


def test_tests_that_patch_and_leave_threads(tmp_path: Path) -> None:
    folder = project(tmp_path, HOSTILE)
    assert "5 passed" in run(folder, "-W", "ignore")
    made = {(test, name) for test, name, _ in named(recorded(folder))}
    assert ("test_patched", "core.py::total") in made
    assert ("test_between", "core.py::total") in made
    # The recorder's own repr calls Box.__repr__, and that helper: neither is a call of the test.
    assert {name for test, name in made if test == "test_shown"} == {"test_it.py::test_shown", "core.py::Box.__init__"}


DROPPED = """\
import functools

def other():
    pass

test_other = eval('lambda: None')
test_partial = functools.partial(other)

def test_plain():
    pass
"""


def test_what_is_dropped_is_named(tmp_path: Path) -> None:
    """It was counted only."""
    folder = project(tmp_path, DROPPED)
    run(folder)
    made = manifest(folder)
    reason = "test: no plain function of its file, or it did not end"
    assert made["dropped"] == {reason: len(made["which were dropped"][reason])}
    assert "test_it.py::test_other" in made["which were dropped"][reason]
    assert "test_it.py::test_plain" not in made["which were dropped"][reason]


def test_a_pattern_that_matches_nothing_is_told(tmp_path: Path) -> None:
    folder = project(tmp_path)
    output = run(folder, "--cwm-trace-include", "nopkg")
    assert "cwm-trace: --cwm-trace-include nopkg matched no module that was imported\n" in output
    assert "include pkg matched no" not in output and manifest(folder)["included"] == ["pkg"]


def test_manifests_of_workers_are_put_together() -> None:
    empty: dict[str, Any] = {"counts": {}, "dropped": {}, "left alone": {}, "untraced": []}
    total = empty | {"which were dropped": {"r": ["b"]}, "included": ["q"]}
    _add(total, empty | {"dropped": {"r": 1}, "which were dropped": {"r": ["a"], "s": ["c"]}, "included": ["p", "q"]})
    assert total["which were dropped"] == {"r": ["a", "b"], "s": ["c"]}
    assert (total["dropped"], total["included"]) == ({"r": 1}, ["p", "q"])


def test_with_workers(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    folder = project(tmp_path)
    run(folder, "-n", "2")
    made = recorded(folder)
    assert len(made) == 13
    assert manifest(folder)["counts"]["traces"] == 13
    assert len(list((folder / "out").glob("traces-gw*.jsonl"))) == 2
    run(folder, "-n", "2")
    assert sorted(map(render, recorded(folder))) == sorted(map(render, made))


def test_an_imported_module_is_as_it_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "seen_pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from seen_pkg.inner import f\n")
    (package / "inner.py").write_text("def f():\n    return 1\n")
    (package / "broken.py").write_text("def f(:\n")
    (tmp_path / "seen_other.py").write_text("x = 1\n")
    compiled: list[str] = []

    def note(source: str, path: str) -> Any:
        compiled.append(Path(path).name)
        return compile(source, path, "exec")

    monkeypatch.syspath_prepend(tmp_path)
    finder = InstrumentingFinder(["seen_pkg"], note)
    finder.install()
    try:
        import seen_other  # type: ignore[import-not-found]
        import seen_pkg  # type: ignore[import-not-found]

        with pytest.raises(SyntaxError, match="invalid syntax"):
            __import__("seen_pkg.broken")
    finally:
        finder.remove()
    assert compiled == ["__init__.py", "inner.py", "broken.py"]
    assert (seen_other.x, seen_pkg.f()) == (1, 1)
    inner = sys.modules["seen_pkg.inner"]
    assert inner.__file__ == str(package / "inner.py")
    assert inner.__spec__ is not None and inner.__spec__.cached == getattr(inner, "__cached__", inner.__spec__.cached)
    assert not list(package.glob("__pycache__/*"))
    assert finder.left["seen_pkg.broken"].startswith("SyntaxError")
    for name in [name for name in sys.modules if name.startswith("seen_")]:
        del sys.modules[name]
