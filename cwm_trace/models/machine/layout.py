"""Numbers and texts in fields, as `format` lays them out, and whole numbers in texts: asked for are digits, the rest is put to it here.

Knows the grammar of Python's format specifications (its documentation, `string`); asks for the rest as a whole.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.values import Hashed, Lost, Value, error, is_unknown, known

_SPECIFICATION = re.compile(r"(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?", re.DOTALL)
_BASES = {"b": "bin", "o": "oct", "x": "hex", "X": "hex"}


class Layout(NamedTuple):
    """A specification's parts, "" where one is not there."""

    fill: str
    align: str
    sign: str
    alternate: str
    zeros: str
    width: str
    grouping: str
    precision: str
    kind: str


PLAIN = Layout(*("",) * 9)
"""The one that says nothing."""


def formatted(m: Interpreter, value: Value, how: str) -> Value:
    """`format(value, how)`, of a number or a text. Raises Raised."""
    found = _SPECIFICATION.fullmatch(how)
    layout = Layout(*(part or "" for part in found.groups())) if found else None
    if layout is not None and (told := _laid_out(m, value, layout)) is not None:
        return told
    return m.questions.value(f"format({text_of(value)}, {how!r})")


def formatted_number(m: Interpreter, value: int | float, layout: Layout) -> Value:
    """A number, laid out so. Raises Raised, Lost."""
    if (told := _laid_out(m, value, layout)) is not None:
        return told
    precision = f".{layout.precision}" if layout.precision else ""
    how = "".join(layout._replace(precision=precision))
    return m.questions.value(f"format({value!r}, {how!r})")


def _laid_out(m: Interpreter, value: Value, layout: Layout) -> Value:
    """The text; None: it is asked for as a whole."""
    if isinstance(value, str):
        if (
            layout.kind not in ("", "s")
            or layout.sign
            or layout.alternate
            or layout.grouping
            or layout.align == "="
            or layout.zeros
        ):
            return None
        text = value[: int(layout.precision)] if layout.precision else value
        return filled(text, "", layout, "<")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not isfinite(value):
        return _endless(value, layout)
    is_zeros = layout.zeros or (layout.fill, layout.align) == ("0", "=")
    if is_zeros and layout.grouping or layout.zeros and layout.align:
        return None
    if layout.grouping == "," and layout.kind in _BASES:
        raise error("ValueError", f"Cannot specify ',' with {layout.kind!r}.")
    is_negative = str(value).startswith("-")
    body = _body(m, -value if is_negative else value, layout)
    if body is None or is_unknown(body):
        return body
    sign = "-" if is_negative else layout.sign.replace("-", "")
    prefix = f"0{layout.kind}" if layout.alternate and layout.kind in _BASES else ""
    return filled(str(known(body)), sign + prefix, layout, ">")


def _endless(value: float, layout: Layout) -> str | None:
    """`inf` and `nan`, which have no places and no thousands; None for what is no way to show them."""
    if layout.kind not in _OF_FLOATS or layout.alternate or layout.zeros and layout.align:
        return None
    body = ("nan" if value != value else "inf") + ("%" if layout.kind == "%" else "")
    sign = "-" if value < 0 else layout.sign.replace("-", "")
    return filled(body.upper() if layout.kind in "EFG" and layout.kind else body, sign, layout, ">")


_OF_FLOATS = ("", *"eEfFgGn%")


def _body(m: Interpreter, value: int | float, layout: Layout) -> Value:
    """The digits of a number that is not below zero; None where they are asked for as a whole."""
    kind = layout.kind
    if isinstance(value, int) and kind in ("", "d", "n", *_BASES):
        if layout.precision:
            raise error("ValueError", "Precision not allowed in integer format specifier")
        digits = str(value)
        if kind in _BASES:
            digits = known(m.questions.sure(f"{_BASES[kind]}({value})"))[2:]
            digits = digits.upper() if kind == "X" else digits
        if kind == "n" and layout.grouping:
            return None
        return _grouped(digits, layout.grouping, 4 if kind in _BASES else 3)
    if kind in ("g", "G") or kind == "" and isinstance(value, float) and layout.precision:
        return None if layout.alternate or layout.grouping else _general(m, value, layout)
    if kind in ("e", "E") and not layout.alternate:
        return _scientific(value, layout)
    if layout.alternate or isinstance(value, int) and kind not in ("f", "F", "%"):
        return None
    if kind == "" and not layout.precision and "e" not in str(value):
        whole, _, rest = str(value).partition(".")
        return f"{_grouped(whole, layout.grouping, 3)}.{rest}"
    if kind == "%" and isinstance(value, float):
        return (
            None
            if is_unknown(value := m.questions.value(f"{value!r} * 100"))
            else f"{_fixed(m, known(value), layout)}%"
        )
    if kind in ("f", "F") and ("e" in repr(value) or len(layout.precision) > 1):
        return _fixed(m, value, layout)
    precision = f".{layout.precision}" if layout.precision else ""
    return m.questions.value(f"format({value!r}, {layout.grouping + precision + kind!r})")


def _fixed(m: Interpreter, value: float, layout: Layout) -> str:
    """A number with so many places behind its point."""
    if value == float("inf"):
        return "inf"
    places = int(layout.precision or 6)
    if "e" not in repr(value) and not layout.grouping and places < _MANY:
        return str(m.questions.sure(f"format({value!r}, '.{places}f')"))
    digits = str(_scaled(value, places)).rjust(places + 1, "0")
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :]
    return _grouped(whole, layout.grouping, 3) + (f".{rest}" if places else "")


def _grouped(digits: str, sign: str, size: int) -> str:
    if not sign:
        return digits
    first = len(digits) % size
    return sign.join(
        [*([digits[:first]] if first else []), *(digits[at : at + size] for at in range(first, len(digits), size))]
    )


def _digits(value: int | float) -> tuple[str, int]:
    """The digits that tell a number from its neighbours, and the power of ten of the first one."""
    text, _, power = repr(value).partition("e")
    whole, _, rest = text.partition(".")
    digits = (whole + rest).lstrip("0")
    first = len(whole) - 1 if whole.strip("0") else -1 - (len(rest) - len(rest.lstrip("0")))
    return digits.rstrip("0"), first + int(power or 0)


def _shortened(value: int | float, count: int) -> tuple[str, int]:
    """At most so many digits of a number, as it is exactly, halves rounded to even ones, and the power of ten of the first one."""
    if not value:
        return "0", 0
    digits, power = _digits(value)
    if len(digits) <= count <= _SURE and abs(power) < _USUAL:
        return digits, power
    head = _scaled(value, count - 1 - power)
    if head < 10 ** (count - 1):  # the shortest text is that of a number above it
        power -= 1
        head = _scaled(value, count - 1 - power)
    if head >= 10**count:
        head, power = head // 10, power + 1
    return str(head), power


def _scaled(value: int | float, places: int) -> int:
    """A number with its point so many places further, rounded."""
    return round(Fraction(value) * Fraction(10) ** places)


_SURE, _USUAL, _MANY = 15, 300, 10
"""Digits that a float keeps, but for the smallest ones; places that are rounded by hand."""


def _general(m: Interpreter, value: int | float, layout: Layout) -> Value:
    most = max(int(layout.precision or 6), 1)
    if not layout.kind and most < 2:
        return None
    digits, power = _shortened(value, most)
    if not -4 <= power < most - (not layout.kind):
        digits = digits.rstrip("0") or "0"
        rest = f".{digits[1:]}" if digits[1:] else ""
        return f"{digits[0]}{rest}{'E' if layout.kind == 'G' else 'e'}{'-' if power < 0 else '+'}{abs(power):02}"
    text = _plain(digits, power, max(len(digits) - 1 - power, 0))
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if layout.kind or "." in text else f"{text}.0"


def _plain(digits: str, power: int, places: int) -> str:
    """Digits with a point where it belongs, and so many places behind it."""
    if power < 0:
        digits, power = "0" * -power + digits, 0
    digits = digits.ljust(power + 1 + places, "0")
    return digits[: power + 1] + ("." + digits[power + 1 :] if places else "")


def _scientific(value: int | float, layout: Layout) -> Value:
    places = int(layout.precision or 6)
    digits, power = _shortened(value, places + 1)
    digits = digits.ljust(places + 1, "0")
    rest = f".{digits[1:]}" if places else ""
    return f"{digits[0]}{rest}{layout.kind}{'-' if power < 0 else '+'}{abs(power):02}"


def filled(text: str, before: str, layout: Layout, usual: str) -> str:
    """A text in its width; `before`: its sign and prefix."""
    width, fill = int(layout.width or 0), layout.fill or " "
    align = layout.align or usual
    if layout.zeros:
        fill, align = "0", "="
    missing = max(width - len(before) - len(text), 0)
    match align:
        case "<":
            return before + text + fill * missing
        case "=":
            return before + fill * missing + text
        case "^":
            return fill * (missing // 2) + before + text + fill * (missing - missing // 2)
        case ">":
            return fill * missing + before + text
    raise Lost


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def whole_of(m: Interpreter, text: str, base: int) -> Value:
    """`int(text, base)`. Raises Raised."""
    wrong = error("ValueError", f"invalid literal for int() with base {base}: {text!r}")
    given = text.strip().lower()
    sign, given = (given[0], given[1:]) if given[:1] in ("-", "+") else ("", given)
    for prefix, of in (("0b", 2), ("0o", 8), ("0x", 16)):
        if given.startswith(prefix) and base in (0, of):
            given, base = given[2:].removeprefix("_"), of
    base = base or 10
    if not given.isascii() or not given.replace("_", "") or given.strip("_") != given or "__" in given:
        raise wrong
    digits = [_DIGITS.find(each) for each in given.replace("_", "")]
    if not all(0 <= each < base for each in digits):
        raise wrong
    made: Value = 0
    for digit in digits:
        made = digit if not made else m.questions.sure(f"{m.questions.sure(f'{made} * {base}')} + {digit}")
    return -made if sign == "-" else made


_OF_ADDRESS = re.compile(r"(#?)0?(\d*)([xX])")


def as_address(m: Interpreter, value: Hashed, how: str) -> str:
    """An identity in hexadecimal digits. Raises Lost for other forms."""
    found = _OF_ADDRESS.fullmatch(how)
    if found is None:
        raise Lost
    prefix, width, kind = found.groups()
    digits = m.address(value).zfill(int(width or 0) - 2 * len(prefix))
    return (f"0{kind}" if prefix else "") + (digits.upper() if kind == "X" else digits)
