"""What Python does with two numbers, done digit by digit (`models.digits`); of single digits alone, that is asked for.

A number with a point is worked with as what its literal stands for, and what comes of it is rounded as Python reads a literal.
Knows Python's numbers; evaluates nothing but literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from cwm_trace.models import said
from cwm_trace.models.digits import Unknown, bare, divided, equal, is_zero, less, minus, plus, scaled, times
from cwm_trace.models.items import Raises, Steps, Way, is_whole

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d\d)?")
_LONGEST = 700  # characters of a number
_PRECISE = 40  # digits of a quotient: more than are shown
_MIDDLE = 60  # those with which a quotient in the very middle of two floats ends
_MOST_DIGITS = 4  # of an exponent
_COMPARED = frozenset(("<", ">", "<=", ">=", "==", "!="))
_BITS: dict[str, frozenset[int]] = {"&": frozenset({2}), "|": frozenset({1, 2}), "^": frozenset({1})}
"""How many of two bits are set where the one that comes of them is."""


class Number(NamedTuple):
    """A number.

    Attributes:
        is_negative: whether it is below zero.
        digits: all of them.
        places: how many of these are behind the point; None: a whole number.
    """

    is_negative: bool
    digits: str
    places: int | None = None

    @property
    def shown(self) -> str:
        """As Python shows it."""
        sign = "-" * self.is_negative
        if self.places is None:
            return sign * (not is_zero(self.digits)) + bare(self.digits)
        return repr(float(f"{sign}{self.digits}e-{self.places}"))

    @property
    def as_float(self) -> str:
        """As Python shows it with a point."""
        return self._replace(places=self.places or 0).shown


def number_of(text: str) -> Number | None:
    """The number that a text shows; None where it is none, or one with an exponent."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    if is_whole(text):
        return Number(text.startswith("-"), bare(text.lstrip("-")))
    exact = Decimal(float(text)).as_tuple()
    places = max(-int(exact.exponent), 0)
    return Number(bool(exact.sign), "".join(map(str, exact.digits)) + "0" * max(int(exact.exponent), 0), places)


def of_numbers(one: str, sign: str, other: str) -> Way | None:
    """An operation on two numbers; None where it is a step itself, or not known."""
    first, second = number_of(one), number_of(other)
    if first is None or second is None or is_step(one, sign, other):
        return None
    return _way(first, sign, second)


def _way(first: Number, sign: str, second: Number) -> Way | None:
    if sign in _COMPARED:
        return lambda steps: _answered(lambda: str(_holds(*_aligned(first, second), sign, steps)))
    whole = first.places is None and second.places is None
    if sign in ("//", "%") and not whole:
        return lambda steps: _answered(lambda: _rounded_down(first, sign, second, steps))
    if sign in _WHOLE and not whole:
        return None
    way = {**_WHOLE, **_ALL}.get(sign)
    return None if way is None else lambda steps: _answered(lambda: way(first, second, steps))


def _answered(way: Callable[[], str | Number]) -> str | None:
    try:
        made = way()
    except (Unknown, OverflowError):
        return None
    return made if isinstance(made, str) else made.shown


def is_step(one: str, sign: str, other: str) -> bool:
    """Of digits, of ten to eighteen less a digit, of bits."""
    if sign in _BITS:
        return one in "01" and other in "01"
    if sign not in ("<", "==", "+", "-", "*"):
        return False
    many = sign == "-" and len(one) == 2 and one.startswith("1")
    return one.isdecimal() and other.isdecimal() and len(other) == 1 and (len(one) == 1 or many)


def _aligned(first: Number, second: Number) -> tuple[Number, Number]:
    """With as many digits behind the point."""
    if first.places is None and second.places is None:
        return first, second
    places = max(first.places or 0, second.places or 0)
    return _with_places(first, places), _with_places(second, places)


def _with_places(number: Number, places: int) -> Number:
    return Number(number.is_negative, number.digits + "0" * (places - (number.places or 0)), places)


def _holds(first: Number, second: Number, sign: str, steps: Steps) -> bool:
    if sign in ("==", "!="):
        return _same(first, second, steps) is (sign == "==")
    if sign in (">", "<="):
        return _less(second, first, steps) is (sign == ">")
    return _less(first, second, steps) is (sign == "<")


def _same(first: Number, second: Number, steps: Steps) -> bool:
    if is_zero(first.digits) and is_zero(second.digits):
        return True
    return first.is_negative is second.is_negative and equal(first.digits, second.digits, steps)


def _less(first: Number, second: Number, steps: Steps) -> bool:
    if first.is_negative is not second.is_negative:
        return first.is_negative and not (is_zero(first.digits) and is_zero(second.digits))
    pair = (second, first) if first.is_negative else (first, second)
    return less(pair[0].digits, pair[1].digits, steps)


def _sum(first: Number, second: Number, steps: Steps) -> Number:
    first, second = _aligned(first, second)
    if first.is_negative is second.is_negative:
        return first._replace(digits=plus(first.digits, second.digits, steps))
    big, small = (second, first) if less(first.digits, second.digits, steps) else (first, second)
    digits = minus(big.digits, small.digits, steps)
    return big._replace(digits=digits, is_negative=big.is_negative and not is_zero(digits))


def _difference(first: Number, second: Number, steps: Steps) -> Number:
    return _sum(first, second._replace(is_negative=not second.is_negative), steps)


def _product(first: Number, second: Number, steps: Steps) -> Number:
    places = None if first.places is None and second.places is None else (first.places or 0) + (second.places or 0)
    digits = times(first.digits, second.digits, steps)
    return Number(first.is_negative is not second.is_negative, digits, places)


def _quotient(first: Number, second: Number, steps: Steps) -> str:
    if is_zero(second.digits):
        of_two = said.BY_ZERO if first.places is None and second.places is None else said.FLOAT_BY_ZERO
        raise Raises(repr(ZeroDivisionError(of_two["/"])))
    first, second = _aligned(first, second)
    more = max(len(second.digits) - len(first.digits), 0)
    is_negative = first.is_negative is not second.is_negative
    for places in (more + _PRECISE, 4 * more + _MIDDLE):
        digits, rest = divided(first.digits + "0" * places, second.digits, steps)
        below, above = (Number(is_negative, each, places).shown for each in (digits, str(int(digits) + 1)))
        if is_zero(rest) or below == above:
            return below
    # A digit more, where it does not end there: it is no longer in the middle of two numbers.
    return Number(is_negative, f"{digits}1", places + 1).shown


def _both(first: Number, second: Number, steps: Steps, kind: str) -> tuple[Number, Number]:
    """What `//` and `%` give: the quotient is rounded down."""
    if is_zero(second.digits):
        raise Raises(repr(ZeroDivisionError(said.BY_ZERO[kind])))
    quotient, rest = divided(first.digits, second.digits, steps)
    if first.is_negative is not second.is_negative and not is_zero(rest):
        quotient, rest = plus(quotient, "1", steps), minus(second.digits, rest, steps)
    return Number(first.is_negative is not second.is_negative, quotient), Number(second.is_negative, rest)


def _rounded_down(first: Number, sign: str, second: Number, steps: Steps) -> str:
    """What `//` and `%` give where one of them has a point."""
    if is_zero(second.digits):
        raise Raises(repr(ZeroDivisionError(said.FLOAT_BY_ZERO[sign])))
    first, second = _aligned(first, second)
    quotient, rest = _both(first._replace(places=None), second._replace(places=None), steps, sign)
    return quotient.as_float if sign == "//" else rest._replace(places=first.places).as_float


def _power(first: Number, second: Number, steps: Steps) -> Number:
    if second.is_negative or len(bare(second.digits)) > _MOST_DIGITS:
        raise Unknown
    made = Number(False, "1")
    for bit in based(second.digits, "2", steps):
        if len(made.digits) > _LONGEST:
            raise Unknown
        made = _product(made, made, steps)
        made = _product(made, first, steps) if bit == "1" else made
    return made


def _of_bits(sign: str) -> Callable[[Number, Number, Steps], Number | str]:
    def way(first: Number, second: Number, steps: Steps) -> Number:
        width, wanted = 4 * max(len(first.digits), len(second.digits)) + 1, _BITS[sign]
        pairs = zip(bits_of(first, width, steps), bits_of(second, width, steps), strict=True)
        return of_bits("".join(str(int(pair.count("1") in wanted)) for pair in map("".join, pairs)), steps)

    return way


def bits_of(number: Number, width: int, steps: Steps) -> str:
    """Those of a number, of one below zero as of a number that has ones without end before it."""
    if not number.is_negative:
        return based(number.digits, "2", steps).rjust(width, "0")
    return _other_bits(based(minus(number.digits, "1", steps), "2", steps).rjust(width, "0"))


def _other_bits(bits: str) -> str:
    return bits.translate({ord("0"): "1", ord("1"): "0"})


def of_bits(bits: str, steps: Steps) -> Number:
    """The number that has these bits, of which the first tells whether it is below zero."""
    is_negative, made = bits.startswith("1"), "0"
    shown = _other_bits(bits) if is_negative else bits
    shown = shown.rjust(-(-len(shown) // 4) * 4, "0")
    for place in range(0, len(shown), 4):
        made = scaled(made, "16", _of_four(shown[place : place + 4], steps), steps)
    return Number(is_negative, plus(made, "1", steps) if is_negative else made)


def _of_four(bits: str, steps: Steps) -> str:
    if bits not in steps.facts.numbers:
        made = "0"
        for bit in bits:
            made = plus(plus(made, made, steps), bit, steps)
        steps.facts.numbers[bits] = made
    return steps.facts.numbers[bits]


def based(digits: str, base: str, steps: Steps) -> str:
    """A number's digits to another base, of 2 to 16."""
    if base == "2":
        fours = "".join(_four(each, steps) for each in based(digits, "16", steps))
        return bare(fours)
    made = list[str]()
    while not made or not is_zero(digits):
        digits, rest = divided(digits, base, steps)
        made.append(f"{int(rest):x}")
        if len(made) > _LONGEST:
            raise Unknown
    return "".join(reversed(made))


def _four(digit: str, steps: Steps) -> str:
    """The bits of a digit to the base of sixteen."""
    if digit not in steps.facts.bits:
        rest, bits = str(int(digit, 16)), ""
        for _ in range(4):
            rest, bit = divided(rest, "2", steps)
            bits = bit + bits
        steps.facts.bits[digit] = bits
    return steps.facts.bits[digit]


def _shifted(sign: str) -> Callable[[Number, Number, Steps], Number | str]:
    def way(first: Number, second: Number, steps: Steps) -> Number | str:
        if second.is_negative:
            raise Raises(repr(ValueError("negative shift count")))
        powers, digits = steps.facts.powers, second.digits
        if digits not in powers:
            powers[digits] = _power(Number(False, "2"), second, steps).digits
        by = Number(False, powers[digits])
        return _product(first, by, steps) if sign == "<<" else _both(first, by, steps, "//")[0]

    return way


_Done = Callable[[Number, Number, Steps], Number | str]
_ALL: dict[str, _Done] = {"+": _sum, "-": _difference, "*": _product, "/": _quotient}
_WHOLE: dict[str, _Done] = {
    "//": lambda first, second, steps: _both(first, second, steps, "//")[0],
    "%": lambda first, second, steps: _both(first, second, steps, "%")[1],
    "**": _power,
    "<<": _shifted("<<"),
    ">>": _shifted(">>"),
    **{sign: _of_bits(sign) for sign in _BITS},
}


def rounded(number: Number, places: int, steps: Steps) -> Number:
    """With so many digits behind the point, to the nearest, of two to the even one."""
    number = _with_places(number, max(number.places or 0, places))
    over = (number.places or 0) - places
    digits = number.digits.rjust(over + 1, "0")
    kept, cut = (digits[:-over], digits[-over:]) if over else (digits, "0")
    half = "5".ljust(len(cut), "0")
    up = less(half, cut, steps) or (equal(half, cut, steps) and kept[-1] in "13579")
    return Number(number.is_negative, plus(kept, "1", steps) if up else kept, places)


def of_number(name: str, given: Sequence[str]) -> Way | None:
    """A function of a number; None where it is none, or not known."""
    numbers = [number_of(text) for text in given]
    match name, numbers:
        case "abs", [Number() as number]:
            return lambda steps: number._replace(is_negative=False).shown
        case "bin" | "oct" | "hex", [Number(places=None) as number]:
            base = {"bin": "2", "oct": "8", "hex": "16"}[name]
            sign = "-" * number.is_negative
            return lambda steps: _answered(
                lambda: f"'{sign}0{name[0] if name != 'hex' else 'x'}{based(number.digits, base, steps)}'"
            )
        case "divmod", [Number(places=None) as one, Number(places=None) as other]:
            return lambda steps: _answered(
                lambda: "({}, {})".format(*(each.shown for each in _both(one, other, steps, "divmod")))
            )
        case "round", [Number(places=int()) as number]:
            return lambda steps: _answered(lambda: rounded(number, 0, steps)._replace(places=None))
        case "round", [Number(places=int()) as number, Number(False, places, None)] if len(places) < 3:
            return lambda steps: _answered(lambda: rounded(number, int(places), steps))
        case "int", [Number(places=int(places)) as number]:
            return lambda steps: (
                Number(number.is_negative, number.digits.rjust(places + 1, "0")[: -places or None]).shown
            )
        case "int", [Number() as number]:
            return lambda steps: number.shown
        case "float", [Number() as number] if len(number.digits) < 17:
            return lambda steps: number.as_float
    return None
