"""CPython's own tests of `sys.settrace`, taken from the interpreter that runs us, with our tracer in its place.

The test module is instrumented and executed with a `sys` whose `settrace` passes our events on. Nothing else is replaced: its programs, its
expected lists and its comparison are CPython's.
"""

from __future__ import annotations

import inspect
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any

import pytest

from cwm_trace.frames import Frame
from cwm_trace.tracer.record import Recorder, compile_source

truth = pytest.importorskip("test.test_sys_settrace", reason="this Python comes without its own tests")

TRACER = str(Path(inspect.getfile(Recorder)).parent)
CLASSES = ("TraceTestCase", "TestExtendedArgs", "TestLinesAfterTraceStarted", "TestSetLocalTrace")
NOT_EVENTS = {
    "test_set_and_retrieve_none": "of sys.settrace itself",
    "test_set_and_retrieve_func": "of sys.settrace itself",
    "test_settrace_error": "a trace function that raises",
    "test_testcapi_settrace_error": "a trace function that raises",
    "test_08_settrace_and_return": "assigns f_trace of its caller",
    "test_09_settrace_and_raise": "assigns f_trace of its caller",
    "test_17_none_f_trace": "assigns f_trace",
    "test_events": "assigns f_trace of its own frame",
    "test_no_line_event_after_creating_generator": "has settrace of C record the instrumented code",
}
if sys.version_info >= (3, 15):
    NOT_EVENTS["test_async_for_backwards_jump_has_no_line"] = (
        "has no exception where `asend` ends; the CWM text has one"
    )


class _Sys(ModuleType):
    """`sys`, but for `settrace`: frames that run when it is called are not traced, as with the real one."""

    def __init__(self) -> None:
        super().__init__("sys")
        self.function: Callable[..., Any] | None = None
        self.running: list[FrameType] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def settrace(self, function: Callable[..., Any] | None) -> None:
        self.function, self.running = function, []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            self.running.append(frame)
            frame = frame.f_back

    def gettrace(self) -> Callable[..., Any] | None:
        return self.function

    def emit(self, frame: Frame) -> None:
        """The recorder's sink: hands an event to the trace function."""
        python_frame = _traced_frame()
        if self.function is not None and not any(python_frame is known for known in self.running):
            self.function(_shown(frame.line_number, python_frame), frame.event.name.lower(), None)


def _shown(line: int | None, frame: FrameType) -> SimpleNamespace:
    """What the tests' trace functions look at: the line, and from 3.13 on that the frame's instruction is of it."""
    name, first = frame.f_code.co_name, frame.f_code.co_firstlineno
    code = SimpleNamespace(co_name=name, co_firstlineno=first, co_lines=lambda: [(0, 2, line)])
    return SimpleNamespace(f_lineno=line, f_lasti=0, f_code=code)


def _traced_frame() -> FrameType:
    """The Python frame whose hook has called us."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(TRACER):
        frame = frame.f_back
    assert frame is not None
    return frame


class _Instrumented:
    """The test module under our hooks."""

    def __init__(self) -> None:
        self.sys = _Sys()
        self.recorder = Recorder("def main():\n    test()\n", "<driver>", entry_line=1, emit=self.sys.emit)
        path = inspect.getfile(truth)
        code = self.recorder.instrument(compile_source(Path(path).read_text(encoding="utf-8"), path), ())
        self.namespace: dict[str, Any] = {"__name__": truth.__name__, "__file__": path}
        exec(code, self.namespace)
        self.namespace["sys"] = self.sys
        self.namespace["exec"] = self._exec

    def _exec(self, source: str, namespace: dict[str, Any]) -> None:
        exec(self.recorder.instrument(compile_source(source, "<string>"), ()), namespace)

    def run(self, test: unittest.TestCase) -> None:
        namespace: dict[str, Any] = {"test": test.debug}
        self.recorder.complete = False
        exec(self.recorder.code, namespace)
        namespace["main"]()


def _tests() -> list[tuple[str, str]]:
    classes = [(name, getattr(truth, name, None)) for name in CLASSES]
    return [(name, test) for name, found in classes if found for test in vars(found) if test.startswith("test")]


@pytest.fixture(scope="module")
def instrumented() -> _Instrumented:
    return _Instrumented()


@pytest.mark.parametrize(("name", "test"), _tests(), ids=lambda part: part)
def test_cpythons_own_test(name: str, test: str, instrumented: _Instrumented) -> None:
    if test in NOT_EVENTS:
        pytest.skip(NOT_EVENTS[test])
    try:
        instrumented.run(instrumented.namespace[name](test))
    finally:
        instrumented.sys.settrace(None)


def test_a_wrong_list_is_seen(instrumented: _Instrumented) -> None:
    """The comparison compares: CPython's shortest program with one event missing from its list."""
    events = truth.basic.events
    instrumented.namespace["basic"].events = events[:-1]
    with pytest.raises(AssertionError, match="did not match expectation"):
        instrumented.run(instrumented.namespace["TraceTestCase"]("test_01_basic"))
    instrumented.namespace["basic"].events = events
    instrumented.sys.settrace(None)
