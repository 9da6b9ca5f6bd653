"""Whole numbers worked with digit by digit, as on paper: what two digits give is asked for (`models.numbers`), once.

Numbers are texts of their digits here, none is negative. Knows how sums are written below each other; no sum of two digits.
"""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwm_trace.models.items import Steps

_MOST = 4000  # digits of a number


class Unknown(Exception):
    """Internal: a step was not answered with a number."""


class Facts:
    """What digits give, as it has been told: a table each, as they are learned by heart; what is not in it yet is asked for.

    Attributes:
        sums: the last digit and what is carried, of two digits (none: "") and what was carried.
        rests: the digit and whether one is borrowed, of a digit, one that is taken away, and whether one had been borrowed.
        products: the last digit and what is carried, of a digit, a factor of one or two, and what was carried.
        shares: how often a divisor of one or two digits is in a number, and what is left.
        lesser, same: whether it holds of two digits.
        bits: the four of a digit to the base of sixteen.
        numbers: what four bits are.
        powers: those of two.
    """

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.rests: dict[tuple[str, str, bool], tuple[str, bool]] = {}
        self.products: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.shares: dict[tuple[str, str], tuple[str, str]] = {}
        self.lesser: dict[tuple[str, str], bool] = {}
        self.same: dict[tuple[str, str], bool] = {}
        self.bits: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.powers: dict[str, str] = {}


def told(operation: str, steps: Steps) -> str:
    """The digits of what an operation gives. Raises Unknown: that is no number."""
    digits = steps.value(operation)
    if digits is None or not digits.isdecimal() or len(digits) > _MOST:
        raise Unknown
    return bare(digits)


def bare(digits: str) -> str:
    """Without zeros in front."""
    return digits.lstrip("0") or "0"


def is_zero(digits: str) -> bool:
    """Whether all digits are zeros, or there are none."""
    return not digits.strip("0")


def plus(one: str, other: str, steps: Steps) -> str:
    """The sum of two."""
    made, carried, sums = list[str](), "", steps.facts.sums
    for pair in zip_longest(reversed(one), reversed(other), fillvalue=""):
        key = (*pair, carried)
        digit, carried = sums.get(key) or sums.setdefault(key, _sum(*key, steps))
        made.append(digit)
    return bare(carried + "".join(reversed(made)))


def _sum(first: str, second: str, carried: str, steps: Steps) -> tuple[str, str]:
    # Beside nothing a digit stays as it is.
    total = told(f"{first} + {second}", steps) if first and second else first or second
    total = told(f"{total} + 1", steps) if carried else total
    return total[-1], "1" * (len(total) > 1)


def minus(one: str, other: str, steps: Steps) -> str:
    """What is left of one when another is taken away that is not greater."""
    made, borrowed, rests = list[str](), False, steps.facts.rests
    for pair in zip_longest(reversed(one), reversed(other), fillvalue="0"):
        key = (*pair, borrowed)
        digit, borrowed = rests.get(key) or rests.setdefault(key, _rest(*key, steps))
        made.append(digit)
    return bare("".join(reversed(made)))


def _rest(first: str, taken: str, borrowed: bool, steps: Steps) -> tuple[str, bool]:
    if borrowed and taken == "9":  # ten less of ten more
        return first, True
    taken = told(f"{taken} + 1", steps) if borrowed else taken
    borrows = steps.holds(f"{first} < {taken}")
    return (told(f"{'1' * borrows}{first} - {taken}", steps) if taken != "0" else first)[-1], borrows


def times(one: str, other: str, steps: Steps) -> str:
    """The product of two."""
    made = "0"
    for place, digit in enumerate(reversed(other)):
        if digit != "0":
            made = plus(made, scaled(one, digit, "", steps) + "0" * place, steps)
    return made


def scaled(one: str, factor: str, carried: str, steps: Steps) -> str:
    """The product of a number and a factor of one or two digits, and what is carried added to it."""
    made, products = list[str](), steps.facts.products
    for each in reversed(one):
        key = each, factor, carried
        digit, carried = products.get(key) or products.setdefault(key, _product(*key, steps))
        made.append(digit)
    return bare(carried + "".join(reversed(made)))


def _product(each: str, factor: str, carried: str, steps: Steps) -> tuple[str, str]:
    total = told(f"{each} * {factor}", steps) if len(factor) == 1 else times(factor, each, steps)
    total = plus(total, carried, steps) if carried else total
    return total[-1], total[:-1]


def divided(one: str, other: str, steps: Steps) -> tuple[str, str]:
    """How often another, which is not 0, is in one, and what is left."""
    other = bare(other)
    share = partial(_known_share if len(other) < 3 else _share, other=other, steps=steps)
    quotient, rest = list[str](), ""
    for digit in one:
        times_in, rest = share(bare(rest + digit))
        quotient.append(times_in)
    return bare("".join(quotient)), rest


def _known_share(one: str, other: str, steps: Steps) -> tuple[str, str]:
    shares, key = steps.facts.shares, (one, other)
    return shares.get(key) or shares.setdefault(key, _share(one, other, steps))


def _share(one: str, other: str, steps: Steps) -> tuple[str, str]:
    rest, times_in = one, "0"
    for _ in range(10):  # it never is in there ten times
        if less(rest, other, steps):
            return times_in[-1], rest
        rest, times_in = minus(rest, other, steps), _sum(times_in, "1", "", steps)[0]
    raise Unknown


def less(one: str, other: str, steps: Steps) -> bool:
    """Whether one is less than another."""
    one, other = bare(one), bare(other)
    if len(one) != len(other):
        return len(one) < len(other)
    lesser = steps.facts.lesser
    for key in zip(one, other, strict=True):
        if not _is_same(key, steps):
            if key not in lesser:
                lesser[key] = steps.holds("{} < {}".format(*key))
            return lesser[key]
    return False


def equal(one: str, other: str, steps: Steps) -> bool:
    """Whether two are the same."""
    one, other = bare(one), bare(other)
    return len(one) == len(other) and all(_is_same(pair, steps) for pair in zip(one, other, strict=True))


def _is_same(key: tuple[str, str], steps: Steps) -> bool:
    same = steps.facts.same
    return same[key] if key in same else same.setdefault(key, steps.same(*key))
