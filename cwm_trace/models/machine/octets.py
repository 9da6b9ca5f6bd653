"""Bytes, which are numbers in another notation: made of numbers and texts, and taken apart.

A `bytearray` is a list of numbers here, of that kind. What other methods of bytes give is asked for, of a `bytearray` as of bytes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.arithmetic import computed
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.registry import NATIVES, native
from cwm_trace.models.machine.values import (
    UNSET,
    List,
    Lost,
    Value,
    error,
    is_unknown,
    kind_name,
    known,
    octets_of,
    own_method,
)

_OF_LISTS = ("reverse", "copy")
_RESIZING = ("append", "extend", "insert", "pop", "remove", "clear")
NATIVES.update({f"bytearray.{name}": NATIVES[f"list.{name}"] for name in _OF_LISTS})


def _resize(name: str) -> None:
    resize = NATIVES[f"list.{name}"]

    @native(f"bytearray.{name}")
    def run(m: Interpreter, owner: Value, *args: Value) -> Value:
        m.check_size(known(owner))
        return resize(m, owner, *args)


for _name in _RESIZING:
    _resize(_name)


@native("bytearray.resize")
def _resized(m: Interpreter, owner: Value, size: Value, /) -> None:
    octets, wanted = known(owner), known(size)
    if not isinstance(wanted, int) or wanted < 0:
        raise Lost
    m.check_size(octets)
    octets.items[:] = (octets.items + [0] * wanted)[:wanted]


@native("bytearray.take_bytes")
def _take_bytes(m: Interpreter, owner: Value, count: Value = None, /) -> Value:
    octets, count = known(owner), known(count)
    length = len(octets.items)
    if count is not None and not isinstance(count, int):
        raise Lost
    end = length if count is None else count + length if count < 0 else count
    if not 0 <= end <= length:
        raise error("IndexError", f"can't take {count} bytes outside size {length}")
    m.check_size(octets)
    taken = octets_of(List(octets.items[:end], "bytearray"))
    del octets.items[:end]
    return taken


_MOST = 1 << 20  # of them in a row


@native("bytes")
def _bytes(m: Interpreter, source: Value = UNSET, encoding: Value = UNSET, errors: Value = "strict") -> Work:
    if source is UNSET:
        return b""
    if is_unknown(source) or is_unknown(encoding):
        return m.unknown()
    source = known(source)
    if isinstance(source, str):
        if encoding is UNSET:
            raise error("TypeError", "string argument without an encoding")
        return (yield from _encode(m, source, encoding, errors))
    if isinstance(source, int):
        if source < 0:
            raise error("ValueError", "negative count")
        if source > _MOST:
            raise Lost
        return bytes(source)
    if (own := own_method(source, "__bytes__")) is not None:
        return (yield from invoke(m, own, [source], {}))
    if (octets := octets_of(source)) is not None:
        return octets
    numbers = [known(each) for each in (yield from collected(m, source))]
    if wrong := next((each for each in numbers if not isinstance(each, int)), None):
        raise error("TypeError", f"'{kind_name(wrong)}' object cannot be interpreted as an integer")
    if not all(0 <= each < 256 for each in numbers):
        raise error("ValueError", "bytes must be in range(0, 256)")
    return bytes(numbers)


@native("bytearray")
def _bytearray(m: Interpreter, *given: Value) -> Work:
    made = yield from _bytes(m, *given)
    return made if is_unknown(made) else List(list(made), "bytearray")


@native("str.encode")
def _encode(m: Interpreter, text: Value, encoding: Value = "utf-8", errors: Value = "strict") -> Work:
    given = known(text), known(encoding), known(errors)
    with suppress(LookupError):  # of a coding of the program's, or an unknown one
        if given[2] in _HANDLERS:
            return computed(given[0].encode, *given[1:])
    return (yield from invoke(m, (yield from helper(m, "_codecs", "encoded")), [*given], {}))


@native("bytes.decode", "bytearray.decode")
def _decode(m: Interpreter, data: Value, encoding: Value = "utf-8", errors: Value = "strict") -> Work:
    given = _octets(data), known(encoding), known(errors)
    with suppress(LookupError):
        if given[2] in _HANDLERS:
            return computed(given[0].decode, *given[1:])
    return (yield from invoke(m, (yield from helper(m, "_codecs", "decoded")), [*given], {}))


_HANDLERS = frozenset(
    "strict ignore replace xmlcharrefreplace backslashreplace namereplace surrogateescape surrogatepass".split()
)
"""Those that Python itself has; of others nobody here knows but the program."""


@native("bytes.hex", "bytearray.hex")
def _hex(m: Interpreter, data: Value, *how: Value) -> Value:
    return _octets(data).hex(*(known(each) for each in how))


@native("bytes.translate", "bytearray.translate")
def _translate(m: Interpreter, data: Value, table: Value, delete: Value = b"") -> Value:
    made = _octets(data).translate(None if known(table) is None else _octets(table), _octets(delete))
    return List([*made], "bytearray") if isinstance(known(data), List) else made


@native("bytearray.fromhex")
def _changeable_fromhex(m: Interpreter, text: Value) -> Value:
    return List(list(_fromhex(m, text)), "bytearray")


@native("bytes.fromhex")
def _fromhex(m: Interpreter, text: Value) -> Any:
    try:
        return bytes.fromhex(known(text))
    except ValueError as bad:
        raise error("ValueError", str(bad)) from None


@native("int.to_bytes")
def _to_bytes(
    m: Interpreter, number: Value, length: Value = 1, byteorder: Value = "big", *, signed: Value = False
) -> Value:
    try:
        return known(number).to_bytes(known(length), known(byteorder), signed=known(signed))
    except (OverflowError, ValueError) as bad:
        raise error(type(bad).__name__, str(bad)) from None


@native("int.from_bytes")
def _from_bytes(m: Interpreter, data: Value, byteorder: Value = "big", *, signed: Value = False) -> Work:
    made: Any = yield from _bytes(m, data)
    return made if is_unknown(made) else int.from_bytes(made, known(byteorder), signed=known(signed))


def _octets(data: Value) -> bytes:
    found = octets_of(known(data))
    if found is None:
        raise Lost
    return found
