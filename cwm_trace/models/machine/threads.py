"""Threads: the main one runs until it waits, then each of the others until that waits. Time passes only where all wait.

So it mostly is in CPython, where a thread that has just been started rarely comes to its first line before the next of the one that started it
(in 5 of 24 runs), and none takes long. What depends on more than that is not known.
"""

from __future__ import annotations

from cwm_trace.models.machine.active import Attach, Pause, Spawn, Waiting, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import Raised, Value


@native("followed.spawn")
def _spawn(m: Interpreter, function: Value) -> Work:
    def work() -> Work:
        yield Pause(None)
        m.has_moved = True
        try:
            yield from invoke(m, function, [], {})
        except Raised:
            return  # which is printed

    yield Spawn(work())


@native("followed.moved")
def _moved(m: Interpreter) -> None:
    m.has_moved = True


@native("followed.after")
def after(m: Interpreter, seconds: Value) -> Value:
    """The time that it is then."""
    return m.questions.sure(f"{m.clock} + {text_of(seconds)}")


@native("followed.pause")
def pause(m: Interpreter, until: Value = None) -> Work:
    """Let other threads go on. Whether what is waited for may have come; if not, the time is over, or nothing goes on any more."""
    if m.threads:
        return (yield Pause(until))
    m.has_moved = False
    for each in _taken(m):
        yield Attach(each, True)
    if m.has_moved:
        return True
    first = _first_in_time(m, until)
    if first is None:
        m.clock = m.clock if until is None else until
        return False
    m.waiting.remove(first)
    m.clock = first.until
    yield Attach(first, False)
    return True


def _taken(m: Interpreter) -> list[Waiting]:
    taken, m.waiting = m.waiting, []
    return taken


def _first_in_time(m: Interpreter, until: Value) -> Waiting | None:
    """The thread whose time is over first, if that is before this one's."""
    first = None
    for each in m.waiting:
        before = until if first is None else first.until
        if each.until is not None and (before is None or m.questions.holds(f"{each.until} < {before}")):
            first = each
    return first


@native("time.sleep")
def _sleep(m: Interpreter, seconds: Value) -> Work:
    if m.threads or m.waiting:
        until = after(m, seconds)
        while (yield from pause(m, until)):
            pass
