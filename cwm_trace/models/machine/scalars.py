"""Functions of numbers, texts and bytes that are made of others: `bit_length` of `bin`, `rsplit` of `split`, `isclose` of differences.

Each step of them is asked for. Knows what Python's documentation says that they do.
"""

from __future__ import annotations

import math
from typing import Any

from cwm_trace.models.machine import operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.questions import operand, text_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    List,
    Lost,
    Value,
    as_plain,
    content_of,
    error,
    is_unknown,
    known,
    own_method,
)


@native("int.bit_length", "bool.bit_length")
def _bit_length(m: Interpreter, number: Value) -> Value:
    if known(number) == 0:
        return 0
    digits = m.questions.sure(f"bin({text_of(number)})")
    return m.questions.value(f"len({digits.partition('b')[2]!r})")


@native("int.bit_count", "bool.bit_count")
def _bit_count(m: Interpreter, number: Value) -> Value:
    digits = m.questions.sure(f"bin({text_of(number)})")
    return m.questions.value(f"{digits.partition('b')[2]!r}.count('1')")


def _looked_at(name: str) -> None:
    def holds(m: Interpreter, number: Value) -> Value:
        if is_unknown(number):
            return m.unknown()
        if not isinstance(known(number), (int, float)):
            raise Lost
        return bool(getattr(math, name)(known(number)))  # as its text says

    native(f"math.{name}")(holds)


for _name in ("isnan", "isinf", "isfinite"):
    _looked_at(_name)


@native("int.as_integer_ratio", "bool.as_integer_ratio")
def _ratio_of_whole(m: Interpreter, number: Value) -> Value:
    return int(known(number)), 1


@native("int.conjugate", "float.conjugate", "int.__index__", "int.__int__", "int.__trunc__")
def _itself(m: Interpreter, number: Value) -> Value:
    return +known(number)


@native("float.as_integer_ratio")
def _as_integer_ratio(m: Interpreter, number: Value) -> Value:
    return float(known(number)).as_integer_ratio()  # the number in another notation


@native("str.isidentifier")
def _isidentifier(m: Interpreter, text: Value) -> Value:
    text = known(text)
    if not text.isascii():
        return m.questions.holds(f"{text!r}.isidentifier()")
    tests = [("isalpha" if place == 0 else "isalnum", each) for place, each in enumerate(text)]
    return bool(text) and all(each == "_" or m.questions.holds(f"{each!r}.{test}()") for test, each in tests)


_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Characters that end a line of a text, beside the usual ones."""


@native("str.splitlines")
def _splitlines(m: Interpreter, text: Value, keepends: Value = False) -> Value:
    text = known(text)
    plain = text
    for other in _ENDS:  # which its tables say
        plain = plain.replace(other, "\n")
    for other in ("\r\n", "\r"):
        plain = m.questions.sure(f"{plain!r}.replace({other!r}, '\\n')") if other in plain else plain
    lines = m.questions.sure(f"{plain!r}.splitlines()")
    if not known(keepends):
        return lines
    made, at = [], 0
    for line in lines.items:
        end = at + len(line)
        end = min(end + (2 if text[end : end + 2] == "\r\n" else 1), len(text))
        made.append(text[at:end])
        at = end
    return List(made)


@native("ord")
def _ord(m: Interpreter, character: Value) -> Value:
    given = known(character)
    if isinstance(given, str) and len(given) == 1 and repr(given)[1] == "\\" and given not in "\\'":
        return ord(given)  # which its text says: \x0b
    if isinstance(given, bytes) and len(given) == 1:
        return given[0]
    return m.questions.value(f"ord({text_of(given)})")


@native("float.is_integer")
def _is_integer(m: Interpreter, number: Value) -> Value:
    given = known(number)
    if isinstance(given, float) and not math.isfinite(given):
        return False
    whole = m.questions.sure(f"int({text_of(number)})")
    return m.questions.holds(f"{operand(whole)} == {text_of(number)}")


@native("pow")
def _pow(m: Interpreter, base: Value, exp: Value, mod: Value = None) -> Work:
    base, exp, mod = (as_plain(known(each)) for each in (base, exp, mod))
    if mod is None:
        return (yield from operators.binary(m, "**", base, exp))
    if (own := own_method(base, "__pow__")) is not None:
        return (yield from invoke(m, own, [base, exp, mod], {}))
    return _power_in_ring(m, *map(content_of, (base, exp, mod)))


def _power_in_ring(m: Interpreter, base: Value, exp: Value, mod: Value) -> Value:
    """A power of whole numbers, of which what a division leaves is kept at each step. Raises Raised."""
    left, power, over = known(exp), known(base), known(mod)
    if isinstance(left, int) and left < 0 and isinstance(power, int) and isinstance(over, int) and over > 0:
        left, power = -left, _inverse(m, power, over)
    if not all(isinstance(each, int) for each in (left, power, over)) or left < 0:
        return m.questions.value(f"pow({text_of(base)}, {text_of(exp)}, {text_of(mod)})")
    made: Any = m.questions.sure(f"1 % {operand(over)}")
    for bit in m.questions.sure(f"bin({left})").partition("b")[2]:
        made = m.questions.sure(f"{operand(m.questions.sure(f'{operand(made)} * {operand(made)}'))} % {operand(over)}")
        if bit == "1":
            made = m.questions.sure(
                f"{operand(m.questions.sure(f'{operand(made)} * {operand(power)}'))} % {operand(over)}"
            )
    return made


def _inverse(m: Interpreter, number: int, over: int) -> int:
    """The number by which a product with this one leaves 1, by Euclid's algorithm. Raises Raised."""
    old, new, before, now = m.questions.sure(f"{operand(number)} % {over}"), over, 1, 0
    while new:
        whole = m.questions.sure(f"{old} // {new}")
        old, new = new, m.questions.sure(f"{old} % {new}")
        less = m.questions.sure(f"{operand(whole)} * {operand(now)}")
        before, now = now, m.questions.sure(f"{operand(before)} - {operand(less)}")
    if old != 1:
        raise error("ValueError", "base is not invertible for the given modulus")
    return int(m.questions.sure(f"{operand(before)} % {over}"))


@native("math.isclose")
def _isclose(m: Interpreter, one: Value, other: Value, *, rel_tol: Value = 1e-09, abs_tol: Value = 0.0) -> Value:
    if m.questions.holds(f"{operand(one)} == {text_of(other)}"):
        return True
    apart = abs(m.questions.sure(f"{operand(one)} - {operand(other)}"))
    for side in (one, other):
        near = m.questions.sure(f"{text_of(rel_tol)} * {text_of(abs(known(side)))}")
        if m.questions.holds(f"{operand(apart)} <= {operand(near)}"):
            return True
    return m.questions.holds(f"{operand(apart)} <= {text_of(abs_tol)}")


@native("str.split")
def _split(m: Interpreter, text: Value, sep: Value = None, maxsplit: Value = -1) -> Value:
    text, sep, most = known(text), known(sep), known(maxsplit)
    if sep is not None:
        return m.questions.value(f"{operand(text)}.split({repr(sep) if most == -1 else f'{sep!r}, {most!r}'})")
    parts = m.questions.sure(f"{text!r}.split()").items
    if most < 0 or len(parts) <= most + 1:
        if most >= 0 and len(parts) == most + 1:  # the last one is what is left
            parts = [*parts[:-1], text[text.rindex(parts[-1]) :]]
        return List(list(parts))
    left = m.questions.sure(f"{text!r}.lstrip()")
    for part in parts[:most]:
        left = m.questions.sure(f"{left!r}.removeprefix({part!r})")
        left = m.questions.sure(f"{left!r}.lstrip()")
    return List([*parts[:most], left])


@native("str.rsplit")
def _rsplit(m: Interpreter, text: Value, sep: Value = None, maxsplit: Value = -1) -> Value:
    text, sep, most = known(text), known(sep), known(maxsplit)
    parts = m.questions.sure(f"{text!r}.split({'' if sep is None else repr(sep)})").items
    if most < 0 or len(parts) <= most + 1:
        if sep is None and most >= 0 and len(parts) == most + 1:  # the first one is what is left
            parts = [text[: text.index(parts[0]) + len(parts[0])], *parts[1:]]
        return List(list(parts))
    last = parts[len(parts) - most :] if most else []
    if sep is not None:
        return List([m.questions.sure(f"{sep!r}.join({parts[: len(parts) - most]!r})"), *last])
    left = m.questions.sure(f"{text!r}.rstrip()")
    for part in reversed(last):
        left = m.questions.sure(f"{left!r}.removesuffix({part!r})")
        left = m.questions.sure(f"{left!r}.rstrip()")
    return List([left, *last])


@native("chr")
def _chr(m: Interpreter, number: Value) -> Value:
    given = known(number)
    if isinstance(given, int) and not 0 <= given < 0x110000:
        raise error("ValueError", "chr() arg not in range(0x110000)")
    if isinstance(given, int) and (0 <= given < 32 or 127 <= given < 0x110000):
        return chr(given)  # of which the number is another notation: \\u20ac
    return m.questions.value(f"chr({text_of(number)})")


def _by_characters(name: str) -> None:
    """Texts that are not of ASCII: each character by itself, others than those of ASCII as Python has them in its tables."""

    def run(m: Interpreter, text: Value) -> Value:
        text = known(text)
        if "\u03a3" in text:  # which is another letter at the end of a word
            return getattr(text, name)()
        if text.isascii():
            return m.questions.value(f"{text!r}.{name}()")
        parts = [
            known(m.questions.value(f"{each!r}.{name}()")) if each.isascii() else getattr(each, name)() for each in text
        ]
        return "".join(parts)

    native(f"str.{name}")(run)


for _name in ("casefold", "lower", "swapcase", "upper"):
    _by_characters(_name)


def _by_tables(name: str) -> None:
    """Texts that are not of ASCII, as Python has it in its tables what is upper, and what is no letter."""

    def run(m: Interpreter, text: Value) -> Value:
        text = known(text)
        return m.questions.value(f"{text!r}.{name}()") if text.isascii() else getattr(text, name)()

    native(f"str.{name}")(run)


for _name in ("capitalize", "title"):
    _by_tables(_name)
