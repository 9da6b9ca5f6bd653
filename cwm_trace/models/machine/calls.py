"""Calls of all that can be called: of each kind of value, who knows how (`calls`). Knows nothing of what functions do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cwm_trace.models.machine.active import Call, Work
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.values import (
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Method,
    Native,
    NoFunction,
    Object,
    Set,
    Value,
    class_of,
    error,
    is_unknown,
    kind_name,
    known,
    own_method,
)

_Caller: TypeAlias = Callable[[Interpreter, Value, Sequence[Value], Mapping[str, Value]], Work]
_CALLERS: dict[type, _Caller] = {}


def calls(kind: type) -> Callable[[_Caller], _Caller]:
    """Registers who calls values of a kind."""

    def keep(caller: _Caller) -> _Caller:
        _CALLERS[kind] = caller
        return caller

    return keep


def invoke(m: Interpreter, function: Value, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What a call gives. Raises Raised, Lost."""
    if is_unknown(function):
        return m.unknown()
    function = known(function)
    match function:
        case Function():
            return (yield Call(function, args, named))
        case Method():
            return (yield from invoke(m, function.function, [function.owner, *args], named))
        case NoFunction(found=Descriptor(get=getter)):
            return (yield from invoke(m, (yield from invoke(m, getter, args[:1], {})), args[1:], named))
        case NoFunction(found=found):
            if (getter := own_method(found, "__get__")) is not None:
                found = yield from invoke(m, getter, [found, args[0], class_of(args[0])], {})
            return (yield from invoke(m, found, args[1:], named))
        case Native():
            given = function.run(m, *args, **named)
            return (yield from done(given))
        case Descriptor(kind="staticmethod"):
            return (yield from invoke(m, function.get, args, named))
        case Object() | List() | Dict() if (own := own_method(function, "__call__")) is not None:
            return (yield from invoke(m, own, [function, *args], named))
    if (caller := _CALLERS.get(type(function))) is not None:
        return (yield from caller(m, function, args, named))
    if isinstance(function, (int, str, bytes, float, tuple, type(None), Object, List, Dict, Set)):
        raise error("TypeError", f"'{kind_name(function)}' object is not callable")
    if isinstance(function, Descriptor) and function.kind in ("property", "classmethod"):
        raise error("TypeError", f"'{function.kind}' object is not callable")
    raise Lost
