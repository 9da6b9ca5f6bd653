"""What stands in a frame for a value that nobody knows: a clock's time, a draw, a line that somebody types.

A value of its kind, so that a trace which is written goes on with something that a program can work with. As soon as a frame shows another one,
that is the value; which way a test of it goes is left open all the same. Evaluates nothing but operators and conversions of such guesses.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.lying import File
from cwm_trace.models.machine import imported
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    UNSET,
    List,
    Unknown,
    Value,
    children,
    guess_of,
    is_unknown,
    known,
    last_unknown,
)

_BEGINNING = 1767225600.25
"""Seconds since 1970 that the clock says first: the first day of 2026, in UTC."""
_TICK = 0.00025
_PLAIN = (int, float, str)
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def worked(function: Callable[..., Any], *values: Value) -> Unknown:
    """What a function gives of values of which some are unknown: something unknown, with a guess if all have one that is a number or a text."""
    given = [guess_of(each) for each in values]
    if not all(isinstance(each, _PLAIN) for each in given):
        return Unknown()
    try:
        return Unknown(guess=function(*given))
    except (ArithmeticError, TypeError, ValueError):
        return Unknown()


def of_operator(sign: str, left: Value, right: Value) -> Unknown:
    """The same of `left + right`, or `left += right`."""
    function = _SIGNS.get(sign.removesuffix("=") if sign != "=" else sign)
    return Unknown() if function is None else worked(function, left, right)


def adopt(value: Value) -> None:
    """Let guesses be the values that a frame has shown them to be, in this one and in what it holds."""
    for each in (value, *(children(value) if not is_unknown(value) else ())):
        if is_unknown(each) and (last := last_unknown(each)).guess is not UNSET:
            last.value = last.guess


def moment(m: Interpreter) -> float:
    """Seconds that have gone by, at each question a little more."""
    m.moments += 1
    return float(m.clock) + m.moments * _TICK


def _clock(name: str, of: Callable[[float], Value]) -> None:
    native(name)(lambda m: Unknown(is_filled=True, guess=of(moment(m))))


_clock("time.time", lambda seconds: _BEGINNING + seconds)
_clock("time.time_ns", lambda seconds: math.floor((_BEGINNING + seconds) * 10**9))
for _name in ("perf_counter", "monotonic", "process_time", "thread_time"):
    _clock(f"time.{_name}", lambda seconds: 100 + seconds)
    _clock(f"time.{_name}_ns", lambda seconds: math.floor((100 + seconds) * 10**9))


@native("followed.seconds")
def _seconds(m: Interpreter) -> float:
    """Since 1970, as a clock may say."""
    return _BEGINNING + moment(m)


@native("input")
def _input(m: Interpreter, prompt: Value = "", /) -> Work:
    if m.start.stdin is not None or "stdin" in m.streams:
        line = yield from imported.helper(m, "_files", "line_typed")
        return (yield from invoke(m, line, [prompt], {}))
    m.doubted()
    return Unknown(is_text=True, guess="1")  # which is a number, too


@native("followed.starts_in")
def _starts_in(m: Interpreter) -> str:
    """The working directory; "": nobody knows."""
    return m.start.folder


@native("followed.lying")
def _lying(m: Interpreter) -> Value:
    """What lies there: names, modes, and what is in folders; None: nobody knows."""
    files = m.lying.files if m.start.folder else None
    return None if files is None else _listed(files)


def _listed(files: Sequence[File]) -> Value:
    return List([(each.name, each.mode, _listed(each.within or ()) if each.is_folder else None) for each in files])


@native("followed.read_there")
def _read_there(m: Interpreter, way: Value) -> Value:
    """The contents of a file that lies there."""
    data = m.lying.read(str(known(way)))
    if data is None:
        m.doubted()
    return Unknown(guess=b"") if data is None else data


@native("followed.typed")
def _typed(m: Interpreter) -> bytes | None:
    """All of standard input; None: nobody knows."""
    return None if m.start.stdin is None else m.start.stdin.encode()


_ASKED: Mapping[str, Value] = {
    "threading.get_native_id": 4242,
    "os.getpid": 4242,
    "os.getppid": 4241,
    "os.cpu_count": 8,
    "sys.getsizeof": 64,
    "sys.getrefcount": 2,
}
for _name, _guess in _ASKED.items():
    native(_name)(lambda m, *_, _guess=_guess: Unknown(guess=_guess))
