"""What comes up inside a hook: an exception of a signal's handler, the recursion limit."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from cwm_trace.frames import Event, Frame
from cwm_trace.tracer import record_source
from cwm_trace.tracer.record import Recorder

NAME = "<program>"
CATCHES = """\
from threading import Lock
lock = Lock()
def f(n):
    try:
        while n:
            for i in range(2):
                if i and n % 2: n += 0
                else: n = n or 0
            for j in [1]: pass
            n -= 1
            if n == 1: continue
            with lock:
                for line in iter([]): pass
            try:
                if not n: raise KeyError
            except KeyError:
                break
            finally:
                n += 0
        else: n = 5
        x = [k for k in range(2) if k] and n
        return x or (n if x else 1)
    except ZeroDivisionError:
        return 'caught'
"""


class _Failing:
    """Takes frames, and raises at one of them, as a signal's handler would that is called meanwhile."""

    def __init__(self, at: int) -> None:
        self.left, self.frames = at, list[Frame]()

    def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.left -= 1
        if self.left == 0:
            raise ZeroDivisionError


def _line_of_f(source: str) -> int:
    return source.split("\n").index("def f(n):") + 1


def _run(source: str, emit: Callable[[Frame], None], call: str) -> Any:
    recorder = Recorder(source, NAME, entry_line=_line_of_f(source), emit=emit)
    namespace: dict[str, Any] = {}
    exec(recorder.code, namespace)
    try:
        return eval(call, namespace)
    finally:
        recorder.stop()


def test_the_program_catches_what_comes_up_in_any_hook_of_its_block() -> None:
    every = _Failing(0)
    _run(CATCHES, every, "f(3)")
    inner = [n for n, frame in enumerate(every.frames, 1) if frame.event is Event.LINE and frame.line_number != 4]
    assert len(inner) > 30
    for at in inner:
        assert _run(CATCHES, _Failing(at), "f(3)") == "caught", every.frames[at - 1]
        assert sys.exc_info() == (None, None, None), every.frames[at - 1]  # every handler that was begun has ended


RAISES = "def f(n):\n    for i in range(n):\n        n += g(i)\n    return n\ndef g(i):\n    return i\n"


@pytest.mark.parametrize("at", range(2, 15))
def test_a_traceback_has_no_frames_of_ours(at: int) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _run(RAISES, _Failing(at), "f(2)")
    files = [entry.filename for entry in traceback.extract_tb(caught.value.__traceback__)]
    inside = files[files.index(NAME) :]
    assert set(inside) == {NAME, __file__}  # which has what is called in the hook
    assert caught.value.__context__ is None


DEEP = """\
import traceback
def f(n):
    return f(n + 1) + 1
def main():
    try:
        f(0)
    except RecursionError as error:
        entries = traceback.extract_tb(error.__traceback__)
        assert not [entry for entry in entries if entry.name not in ('main', 'f') or not entry.lineno], entries[-3:]
        return error.args
main()
"""
LOUD = """\
class Loud:
    def __repr__(self): return repr(self)
class Far:
    def __getattr__(self, name): return getattr(self, name + 'x')
def main():
    met = 0
    for ask in (repr, lambda far: far.a):
        try:
            ask(Loud() if ask is repr else Far())
        except RecursionError:
            met += 1
    return met
main()
"""


def test_the_recursion_limit_is_met_as_without_us() -> None:
    recorded = record_source(DEEP)
    assert recorded.returned == "('maximum recursion depth exceeded',)"
    assert "RecursionError('maximum recursion depth exceeded')" in [frame.value for frame in recorded.frames]


LIMITS = [300, 1_000] + [3_000] * (sys.platform != "emscripten")  # WebAssembly's stack is not that deep


@pytest.mark.parametrize("limit", LIMITS)
def test_hooks_that_find_no_room_do_no_harm(limit: int) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        assert record_source(LOUD).returned == "2"
    finally:
        sys.setrecursionlimit(before)
