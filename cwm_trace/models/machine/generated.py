"""Methods that `@dataclass` makes, as the functions that a program finds in the class: to call, or to put others around.

What they do is known where it is done (`records`, `rendering`, `comparing`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cwm_trace.models.machine import comparing, records, rendering
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.values import GENERATED, Builtin, Class, Native, Value, class_of, nearest

_ORDERS = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def method(kind: Class, name: str) -> Native | None:
    """One of them; None: the class has none of that name that is made so."""
    if name == "__hash__":
        maker = records.hashes_by(kind)
        return _made(maker, name, partial(_hash, maker)) if isinstance(maker, Class) else None
    if nearest(kind, name) is not GENERATED:
        return None
    makers = (each for each in kind.line if isinstance(each, Class) and "_options_" in each.space)
    maker = next(each for each in makers if name not in each.space["_not_made_"])
    run: Callable[..., Work]
    match name:
        case "__init__":
            run = partial(_filled, maker)
        case "__repr__":
            run = _shown
        case "__eq__":
            run = partial(_compared, "==")
        case "__lt__" | "__le__" | "__gt__" | "__ge__" if "order" in maker.space["_options_"]:
            run = partial(_compared, _ORDERS[name])
        case _:
            return None
    return _made(maker, name, run)


def _made(maker: Class, name: str, run: Callable[..., Work]) -> Native:
    qualname = f"{maker.qualname}.{name}"
    told = {"__name__": name, "__qualname__": qualname, "__module__": maker.module, "__doc__": None}
    return Native("wrapper", run, shown=f"<function {qualname}>", attributes=told)


def _filled(kind: Class, m: Interpreter, owner: Value, /, *args: Value, **named: Value) -> Work:
    return records.fill(m, owner, kind, args, named)


def _shown(m: Interpreter, owner: Value) -> Work:
    return rendering.by_fields(m, owner, class_of(owner), (owner,))


def _compared(how: str, m: Interpreter, one: Value, other: Value) -> Work:
    return comparing.by_fields(m, how, one, other)


def _hash(kind: Class, m: Interpreter, owner: Value) -> Work:
    parts = yield from comparing.parts_of_hash(m, owner, kind)
    return (yield from invoke(m, Builtin("hash"), [parts], {}))
