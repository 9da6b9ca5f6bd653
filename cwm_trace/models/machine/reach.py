"""What values hold, and so what a program still has; in which order what goes is let go of.

Knows values, generators and Python frames, and not which of these are active.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cwm_trace.models.machine.active import Activation, Finaliser, Paused
from cwm_trace.models.machine.code import CONVENTION
from cwm_trace.models.machine.values import (
    Builtin,
    List,
    Module,
    Object,
    Value,
    children,
)

HOLDING_NOTHING = (type(None), str, int, float, bytes, Builtin, Module)
"""Kinds of values that hold no others."""


def of_frame(frame: Activation) -> list[Value]:
    """What a Python frame has, in the order in which it lets go of it."""
    if CONVENTION.clears_backwards:
        return of_unwound(frame)
    return [*_variables(frame), *frame.stack]


def of_unwound(frame: Activation) -> list[Value]:
    """The same where an exception leaves it, which takes its values in work first."""
    held = _variables(frame)
    return [*reversed(frame.stack), *(reversed(held) if CONVENTION.clears_backwards else held)]


def _variables(frame: Activation) -> list[Value]:
    return [
        frame.cells[name] if name in frame.cells else frame.fast[name]
        for name in frame.code.order
        if name in frame.cells or name in frame.fast
    ]


def watched(each: Paused | Finaliser) -> Value:
    """The value at whose end something is done."""
    return each.target if isinstance(each, Finaliser) else each


def is_due(each: Paused | Finaliser, seen: Collection[int]) -> bool:
    """Whether what it needs is there still; `seen`: the identities of what the program has."""
    if isinstance(each, Paused) or each.needs is None or id(each.needs) in seen:
        return True
    return id(each.needs) in reached(parts_of(each.needs))  # a ring, which is there till the collector comes


def parts_of(value: Value) -> list[Value]:
    """What a value holds; of a generator, what its frame has, and of the frame of an exception."""
    if isinstance(value, Paused):
        return [] if value.ended else of_frame(value.frame)
    if isinstance(value, Activation):
        return of_frame(value)
    return [*children(value)]


def reached_in_order(going: Sequence[Value]) -> list[int]:
    """The identities of what goes with these, in the order in which CPython lets go of it: where the last reference is dropped."""
    counts: dict[int, int] = {}
    left = [*going]
    while left:
        value = left.pop()
        if not isinstance(value, HOLDING_NOTHING):
            counts[id(value)] = counts.get(id(value), 0) + 1
            if counts[id(value)] == 1:
                left += _dropped(value)
    order = []
    left = [*reversed(going)]
    while left:
        value = left.pop()
        if not isinstance(value, HOLDING_NOTHING):
            counts[id(value)] -= 1
            if not counts[id(value)]:
                order.append(id(value))
                left += reversed(_dropped(value))
    return order


def _dropped(value: Value) -> list[Value]:
    """What a value lets go of with itself, in that order: lists and tuples begin at their ends."""
    parts = [*reversed(getattr(value, "sources", ())), *parts_of(value)]
    return parts[::-1] if isinstance(value, (tuple, List)) else parts


def in_ring(error: Object) -> bool:
    """Whether a frame that an exception has come through was looked at while a variable of it had the exception: the frame has it for ever
    (`Convention.keeps_locals`)."""
    return any(error is each for frame in error.frames for each in frame.snapshot)


def reached(left: list[Value], wanted: Collection[int] = ()) -> set[int]:
    """The identities of all that is held by these, and of these; some of them, once all that are wanted are among these."""
    seen: set[int] = set()
    missing = {*wanted}
    while left:
        value = left.pop()
        if value is None or isinstance(value, (str, int, float)) or id(value) in seen:
            continue
        seen.add(id(value))
        if id(value) in missing:
            missing.discard(id(value))
            if not missing:
                return seen
        frame = value.frame if isinstance(value, Paused) and not value.ended else value
        if isinstance(frame, Activation):
            left += of_frame(frame)
        left += children(value)
        left += getattr(value, "sources", ())
    return seen


def held_by_work(work: Any) -> list[Value]:
    """What work has in its variables."""
    held: list[Value] = []
    while work is not None and getattr(work, "gi_frame", None) is not None:
        for value in work.gi_frame.f_locals.values():
            parts = value if isinstance(value, (list, tuple)) else [value]
            held += [each for each in parts if not isinstance(each, type)]  # a class of ours, which holds nothing
        work = work.gi_yieldfrom
    return held
