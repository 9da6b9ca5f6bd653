"""Python's functions that make a number, or are of one: `int`, `float`, `round`, `divmod`, `abs`, `hex` and their like.

A class of the program says by its methods what they give. What a notation says, and what no arithmetic is needed for, is read; all else is
asked for as a whole. Knows Python's messages for what is no number.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cwm_trace.models.machine import arithmetic, comparing, guesses, holding, operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.layout import whole_of
from cwm_trace.models.machine.questions import arguments, operand
from cwm_trace.models.machine.values import (
    OWN,
    Dict,
    Hashed,
    List,
    Object,
    Raised,
    Set,
    Value,
    as_plain,
    closed,
    content_of,
    error,
    is_unknown,
    kind_name,
    known,
    own_method,
)

NAMES = frozenset("abs ascii bin bool chr complex divmod float hex int oct ord pow round".split())
_HOOKS = {name: f"__{name}__" for name in ("abs", "int", "float", "round", "complex", "divmod")}
_INDEXED = frozenset("hex oct bin chr int float complex".split())
"""Those that take what says by `__index__` which number it is."""
_ASKED = object()
"""Given by what leaves a call to be asked for as a whole."""
_OF_FLOATS = 1000  # bits, which they have place for
_ALL_WHOLE = 2.0**53  # from which on every float is a whole number


def converted(m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What one of them gives. Raises Raised, Lost."""
    if any(map(is_unknown, args)):
        m.doubted()
        return guesses.worked(getattr(builtins, name), *args)
    if name == "ascii" and len(args) == 1:
        return (yield from operators.converted(m, args[0], name))
    args = [as_plain(known(arg)) for arg in args]
    if args and (own := own_method(args[0], _HOOKS.get(name, ""))) is not None:
        return (yield from invoke(m, own, args, named))
    if name == "bool" and len(args) == 1:
        return (yield from comparing.truth_of(m, args[0]))
    args = [content_of(arg) for arg in args]
    if name in _INDEXED and args and isinstance(args[0], (Object, *OWN)):
        args[0] = yield from holding.as_index(m, args[0])
    given = yield from done(_BY_NAME[name](m, _by_place(name, args, named)) if name in _BY_NAME else _ASKED)
    return m.questions.value(f"{name}({arguments(args, dict(named))})") if given is _ASKED else given


_PARAMETERS: dict[str, dict[str, Value]] = {
    "round": {"number": 0, "ndigits": None},
    "int": {"x": 0, "base": 10},
    "complex": {"real": 0, "imag": 0},
}
"""What may be given by name, and what stands for what is not given before it."""


def _by_place(name: str, args: Sequence[Value], named: Mapping[str, Value]) -> list[Value]:
    parameters = [*_PARAMETERS.get(name, {}).items()][len(args) :]
    last = max((place for place, (each, _) in enumerate(parameters, 1) if each in named), default=0)
    return [*args, *(known(named.get(each, default)) for each, default in parameters[:last])]


def _abs(m: Interpreter, args: Sequence[Value]) -> Value:
    match args:
        case [int() | float() as number]:
            return abs(number)
        case [complex() as number]:
            return arithmetic.computed(abs, number)
    return _ASKED


def _hex(m: Interpreter, args: Sequence[Value]) -> Value:
    return f"0x{m.address(args[0])}" if len(args) == 1 and isinstance(args[0], Hashed) else _ASKED


def _divmod(m: Interpreter, args: Sequence[Value]) -> Work:
    match args:
        case [Object(), _] | [_, Object()]:
            if (own := own_method(args[1], "__rdivmod__")) is not None:
                return (yield from invoke(m, own, [args[1], args[0]], {}))
            kinds = " and ".join(repr(kind_name(each)) for each in args)
            raise error("TypeError", f"unsupported operand type(s) for divmod(): {kinds}")
        case [float(), int() | float()] | [int(), float()] if args[1] != 0:
            quotient = yield from operators.binary(m, "//", *args)
            return quotient, (yield from operators.binary(m, "%", *args))
    return _ASKED


def _round(m: Interpreter, args: Sequence[Value]) -> Value:
    match args:
        case [float() as number] | [float() as number, None]:
            _refuse_endless(number)
            return _ASKED if len(args) == 1 else m.questions.value(f"round({operand(number)})")
        case [int() as number] | [int() as number, None]:
            return int(number)
        case [int() as number, int() as places]:
            return int(number) if places >= 0 else _to_tens(m, number, places)
        case [float() as number, int() as places] if places < 0 or _has_decimals(number, places):
            return number if places >= 0 else arithmetic.computed(round, number, places)  # a float has no tens to count
        case [float() as number, int() as places] if "e" in repr(number):
            is_small = abs(number) < 1
            return m.questions.value(f"round({Decimal(repr(number)):f}, {places})") if is_small else number
    return _ASKED


def _has_decimals(number: float, most: int) -> bool:
    """Whether a float is written with so many decimals at most, so that rounding leaves it as it is."""
    decimals = repr(number).partition(".")[2]
    return decimals.isdigit() and len(decimals) <= most


def _refuse_endless(number: float) -> None:
    if number - number != 0:
        kind, what = ("OverflowError", "infinity") if number == number else ("ValueError", "NaN")
        raise error(kind, f"cannot convert float {what} to integer")


def _to_tens(m: Interpreter, number: int, places: int) -> Value:
    """A whole number to tens, hundreds and so on, halves to the even one."""
    unit = 10**-places
    whole = m.questions.sure(f"{operand(number)} // {unit}")
    rest = m.questions.sure(f"{operand(number)} % {unit}")
    twice = m.questions.sure(f"{rest} * 2")
    is_odd = m.questions.sure(f"{operand(whole)} % 2") == 1
    if m.questions.holds(f"{twice} > {unit}") or m.questions.holds(f"{twice} == {unit}") and is_odd:
        whole = m.questions.sure(f"{operand(whole)} + 1")
    return m.questions.value(f"{operand(whole)} * {unit}")


def _int(m: Interpreter, args: Sequence[Value]) -> Value | Work:
    match args:
        case [float() as number]:
            _refuse_endless(number)
            return int(number) if abs(number) >= _ALL_WHOLE else _ASKED
        case [str() as text, int() as base]:
            return whole_of(m, text, base)
        case [bytes() | List(), *_] if _are_octets(args[0]):
            return _of_octets(m, "int", args)
        case [List() | Dict() | Set() | tuple() | None, *_]:
            raise _no_number("int", "a string, a bytes-like object or a real number", args[0])
    return _ASKED


def _float(m: Interpreter, args: Sequence[Value]) -> Value | Work:
    match args:
        case [bool() | float() as number]:
            return float(number)
        case [int() as number] if number.bit_length() > _OF_FLOATS:
            return arithmetic.computed(float, number)
        case [str() as text]:
            return _number(text)
        case [bytes() | List(), *_] if _are_octets(args[0]):
            return _of_octets(m, "float", args)
        case [List() | Dict() | Set() | tuple() | None, *_]:
            raise _no_number("float", "a string or a real number", args[0])
    return _ASKED


def _complex(m: Interpreter, args: Sequence[Value]) -> Value:
    if len(args) == 1 and isinstance(args[0], str):
        return arithmetic.computed(complex, args[0])
    return complex(*args) if all(isinstance(each, (int, float, complex)) for each in args) else _ASKED


_BY_NAME: dict[str, Callable[[Interpreter, Sequence[Value]], Any]] = {
    "abs": _abs,
    "complex": _complex,
    "divmod": _divmod,
    "float": _float,
    "hex": _hex,
    "int": _int,
    "round": _round,
}


def _are_octets(value: Value) -> bool:
    return kind_name(value) in ("bytes", "bytearray")


def _of_octets(m: Interpreter, name: str, args: Sequence[Value]) -> Work:
    """A number that bytes spell."""
    octets = arithmetic.plain(args[0])
    text = octets.decode("latin-1")
    try:
        return (yield from converted(m, name, [text, *args[1:]], {}))
    except Raised as raised:
        if not raised.is_a("ValueError"):
            raise
        (said,) = raised.error.held
        shown = closed(args[0]) if name == "float" else repr(octets)
        raise error("ValueError", str(said).replace(repr(text), shown or "")) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise error("ValueError", f"could not convert string to float: {text!r}") from None


def _no_number(name: str, wanted: str, value: Value) -> Raised:
    return error("TypeError", f"{name}() argument must be {wanted}, not '{kind_name(value)}'")
