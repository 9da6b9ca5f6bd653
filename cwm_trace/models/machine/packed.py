"""`struct` and `binascii`: numbers and bytes in notations of the library, written and read by the program (as `machine.octets` does others).

Checksums are no notations: what they come to is unknown.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable, Sequence
from typing import Any

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import over_items
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    List,
    Lost,
    Object,
    Value,
    as_plain,
    content_of,
    error,
    find,
    is_unknown,
    known,
    octets_of,
)

_ERRORS = {struct.error: "struct.error", binascii.Error: "binascii.Error", binascii.Incomplete: "binascii.Incomplete"}


def _plain(value: Value) -> Any:
    value = content_of(as_plain(known(value)))
    if isinstance(value, List) and value.kind == "bytearray":
        value = octets_of(value)
    if not isinstance(value, (int, float, str, bytes)):
        raise Lost
    return value


def _written(function: Callable[..., Any], *args: Value, **named: Value) -> Any:
    """What a function of the library gives. Raises Raised, Lost."""
    try:
        return function(*map(_plain, args), **{name: _plain(value) for name, value in named.items()})
    except (struct.error, TypeError, ValueError) as bad:
        raise error(_ERRORS.get(type(bad), type(bad).__name__), *bad.args) from None


def _register(name: str, function: Callable[..., Any]) -> None:
    def run(m: Interpreter, *args: Value, **named: Value) -> Work:
        if any(map(is_unknown, (*args, *named.values()))):
            return m.unknown()
        given = yield from _with_octets(m, args)
        return _written(function, *given, **named)

    native(name)(run)


def _with_octets(m: Interpreter, args: Sequence[Value]) -> Work:
    """These, with the bytes of those that have a method for that."""
    given = []
    for each in args:
        own = find(known(each).kind, "__bytes__") if isinstance(known(each), Object) else None
        given.append(each if own is None else (yield from invoke(m, own, [each], {})))
    return given


for _name in ("pack", "unpack", "calcsize", "unpack_from"):
    _register(f"struct.{_name}", getattr(struct, _name))
for _name in [each for each in dir(binascii) if each.startswith(("a2b_", "b2a_")) or each in ("hexlify", "unhexlify")]:
    _register(f"binascii.{_name}", getattr(binascii, _name))


@native("struct.iter_unpack")
def _iter_unpack(m: Interpreter, form: Value, data: Value) -> Work:
    given = yield from _with_octets(m, [form, data])
    return over_items(_written(lambda *told: list(struct.iter_unpack(*told)), *given), "_struct.unpack_iterator")
