"""Other recorders of execution with values, each on a `main` of a source file, for `tests.benchmarks.tracer`. What is not installed is left out.

`sys.monitoring` (from 3.12 on) is the plain recorder on other events; PySnooper, snoop and hunter are told to show all variables of all
calls, into memory: they write text for people, not the same frames.
"""

from __future__ import annotations

import importlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CodeType
from typing import Any

_DEPTH = 1_000


class MonitoringRecorder:
    """The plain recorder's work, called by `sys.monitoring`: `keep(frame, event, argument)` at each event of one file."""

    def __init__(self, keep: Callable[..., Any], filename: str) -> None:
        self._keep, self._filename = keep, filename

    @contextmanager
    def on(self) -> Iterator[None]:
        """Record what runs inside."""
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
        tool, events = monitoring.DEBUGGER_ID, monitoring.events
        monitoring.use_tool_id(tool, "plain recorder")
        monitoring.register_callback(tool, events.PY_START, self._started)
        monitoring.register_callback(tool, events.LINE, self._line)
        monitoring.register_callback(tool, events.PY_RETURN, self._returned)
        monitoring.set_events(tool, events.PY_START | events.LINE | events.PY_RETURN)
        try:
            yield
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)

    def _started(self, code: CodeType, offset: int) -> object:
        return self._kept(code, "call", None)

    def _line(self, code: CodeType, line: int) -> object:
        return self._kept(code, "line", None)

    def _returned(self, code: CodeType, offset: int, value: object) -> object:
        return self._kept(code, "return", value)

    def _kept(self, code: CodeType, event: str, argument: object) -> object:
        if code.co_filename != self._filename:
            return sys.monitoring.DISABLE  # type: ignore[attr-defined]
        self._keep(sys._getframe(2), event, argument)
        return None


def _pysnooper(path: str) -> AbstractContextManager[object]:
    module: Any = importlib.import_module("pysnooper")
    made: AbstractContextManager[object] = module.snoop(io.StringIO(), depth=_DEPTH, color=False)
    return made


def _snoop(path: str) -> AbstractContextManager[object]:
    module: Any = importlib.import_module("snoop")
    made: AbstractContextManager[object] = module.Config(out=io.StringIO(), color=False).snoop(depth=_DEPTH)
    return made


def _hunter(path: str) -> AbstractContextManager[object]:
    module: Any = importlib.import_module("hunter")
    stream = io.StringIO()
    actions = [module.CodePrinter(stream=stream), module.VarsSnooper(stream=stream)]
    made: AbstractContextManager[object] = module.trace(filename=path, actions=actions)
    return made


PEERS: dict[str, Callable[[str], AbstractContextManager[object]]] = {
    "PySnooper": _pysnooper,
    "snoop": _snoop,
    "hunter": _hunter,
}


def seconds(main: Callable[[], object], recorder: AbstractContextManager[object]) -> float:
    """Of one run under a recorder."""

    def body() -> float:  # PySnooper and snoop record the frame that opens them, too: it is to have few lines
        with recorder:
            started = time.perf_counter()
            main()
            return time.perf_counter() - started

    before = sys.gettrace()
    try:
        return body()
    finally:
        sys.settrace(before)
