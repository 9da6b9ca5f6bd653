"""Operators on numbers: which steps they are made of, where they are more than what is asked for.

Each step of them is asked for; what infinity and NaN come to is said by their names. Of complex numbers, and of what `machine.computed` lists,
no step is asked for: they are computed.
"""

from __future__ import annotations

import math
import operator
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.questions import operand
from cwm_trace.models.machine.values import List, Lost, Value, content_of, error, known, octets_of


def of_numbers(m: Interpreter, plain: str, left: int | float, right: int | float) -> Value:
    """`left + right`, or another operator. Raises Raised, Lost."""
    if m.is_apart and plain in _OF_CONSTANTS and isinstance(left, int) and isinstance(right, int):
        return _OF_CONSTANTS[plain](left, right)
    if plain in _TO_FLOATS:
        _check_size(plain, left, right)
    if plain in _RATIONAL and (is_endless(left) or is_endless(right)) and not (plain == "/" and right == 0):
        return float(left / right if plain == "/" else _OF_CONSTANTS[plain](left, right))
    if plain in ("//", "%") and (is_endless(left) or is_endless(right)):
        return computed(operator.floordiv if plain == "//" else operator.mod, left, right)
    if plain in _RATIONAL and has_power(left, right):
        return _by_ratios(m, plain, left, right)
    if plain == "**" and (isinstance(left, float) or isinstance(right, float) or right < 0):
        return computed(operator.pow, left, right)  # by C's `pow`
    if plain in ("<<", ">>", "**") and isinstance(left, int) and isinstance(right, int) and right > _BY_SQUARES:
        return _by_squares(m, plain, left, right)
    return m.questions.value(f"{operand(left)} {plain} {operand(right)}")


_OF_CONSTANTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
"""What the library makes constants with when it is imported, which are looked up as its tables are."""
_BY_SQUARES, _MOST_BITS = 32, 13_000


_TO_FLOATS = ("+", "-", "*", "/", "//", "%", "**")
_SMALL = 1000  # bits, which floats have place for


def _check_size(plain: str, left: int | float, right: int | float) -> None:
    """Raises Raised for a number that is too large to be a float, where it has to be one."""
    whole = [each for each in (left, right) if isinstance(each, int)]
    if all(each.bit_length() < _SMALL for each in whole) or len(whole) == 2 and plain != "/":
        return
    try:
        _ = left / right if len(whole) == 2 and right else [*map(float, whole)]
    except OverflowError as large:
        raise error("OverflowError", *large.args) from None


def is_endless(value: Value) -> bool:
    """Whether it is infinity, or no number."""
    return isinstance(value, float) and value - value != 0


_RATIONAL = ("+", "-", "*", "/")


def has_power(left: Value, right: Value) -> bool:
    """Whether one of two numbers is written with a power of ten, which is no step of what is asked for."""
    return any(isinstance(each, float) and "e" in repr(each) for each in (left, right))


def _by_ratios(m: Interpreter, sign: str, left: int | float, right: int | float) -> Value:
    """A sum, or the like, of two floats, as ratios of whole numbers; the ratio that comes of it is a float in another notation."""
    (one, under), (other, below) = left.as_integer_ratio(), right.as_integer_ratio()
    ask = m.questions.sure
    if sign == "/":
        if other == 0:
            raise error("ZeroDivisionError", said.FLOAT_BY_ZERO["/"])
        sign, other, below = "*", below if other > 0 else -below, abs(other)
    sides = (one, other) if sign == "*" else over_one(m, (one, under), (other, below))
    over = ask(f"{operand(sides[0])} {sign} {operand(sides[1])}")
    try:
        return over / ask(f"{under} * {below}")
    except OverflowError:
        return math.inf if over > 0 else -math.inf


def over_one(m: Interpreter, left: tuple[int, int], right: tuple[int, int]) -> tuple[Value, Value]:
    """What two ratios of whole numbers are over one denominator, their product."""
    (one, under), (other, below) = left, right
    return m.questions.sure(f"{operand(one)} * {below}"), m.questions.sure(f"{operand(other)} * {under}")


def _by_squares(m: Interpreter, sign: str, left: int, times: int) -> Value:
    """`left ** times`, by products; and shifts, which are products and quotients with a power of two. Raises Lost."""
    base = left if sign == "**" else 2
    if times * math.log2(max(abs(base), 2)) > _MOST_BITS:
        raise Lost
    made: Value = 1
    for digit in f"{times:b}":
        made = m.questions.sure(f"{operand(made)} * {operand(made)}")
        if digit == "1":
            made = m.questions.sure(f"{operand(made)} * {operand(base)}")
    if sign == "**":
        return made
    return m.questions.value(f"{operand(left)} {'*' if sign == '<<' else '//'} {made}")


_ERRORS: Mapping[type[Exception], str] = {zlib.error: "zlib.error"}


def computed(function: Callable[..., Any], *args: Value, **named: Value) -> Value:
    """What a function of the library gives of plain values. Raises Raised, Lost."""
    given, words = [plain(each) for each in args], {name: plain(each) for name, each in named.items()}
    try:
        return function(*given, **words)
    except (ValueError, OverflowError, TypeError, ZeroDivisionError, zlib.error) as bad:
        raise error(_ERRORS.get(type(bad), type(bad).__name__), *bad.args) from None


def plain(value: Value) -> Any:
    """A number, a text or bytes. Raises Lost for another value."""
    value = content_of(known(value))
    if isinstance(value, List) and value.kind == "bytearray":
        return octets_of(value)
    if value is None or isinstance(value, (int, float, complex, str, bytes)):
        return value
    raise Lost


def of_complex(sign: str, left: complex, right: complex) -> Value:
    """`left + right`, or another operator, of which one number is complex. Raises Raised, Lost."""
    if sign not in _COMPLEX:
        raise Lost(sign)
    return computed(_COMPLEX[sign], left, right)


_COMPLEX = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}
