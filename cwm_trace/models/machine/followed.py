"""What sources of our own ask the machine for (`from followed import …`): what no program can tell of itself."""

from __future__ import annotations

from cwm_trace.models.machine.code import MAIN
from cwm_trace.models.machine.interpreter import Interpreter, Paused
from cwm_trace.models.machine.natives import native
from cwm_trace.models.machine.values import Lost, Value

_FILE = "<program>"
"""What the tracer calls the file of what it records."""


@native("followed.lost")
def _lost(m: Interpreter) -> Value:
    raise Lost


@native("followed.is_coroutine")
def _is_coroutine(m: Interpreter, value: Value) -> bool:
    return isinstance(value, Paused) and value.class_name == "coroutine"


@native("followed.place")
def _place(m: Interpreter, coroutine: Paused) -> str:
    """A coroutine, and where it is, as a task shows it."""
    if coroutine.frame.code.module != MAIN:
        raise Lost  # where the library lies
    if coroutine.ended:
        return f"{coroutine.name}() done, defined at {_FILE}:{coroutine.frame.code.made.co_firstlineno}"
    return f"{coroutine.name}() running at {_FILE}:{coroutine.frame.line or coroutine.frame.code.made.co_firstlineno}"


@native("followed.redirect")
def _redirect(m: Interpreter, target: Value) -> Value:
    """Let what is printed go there; None: nobody looks at it. Gives where it went before."""
    before, m.output = m.output, target
    return before
