"""Whole numbers worked with digit by digit, as on paper: what two digits give is asked for (`models.numbers`).

Numbers are texts of their digits here, none is negative. Knows how sums are written below each other; no sum of two digits.
"""

from __future__ import annotations

from itertools import zip_longest

from cwm_trace.models.items import Steps

_MOST = 400  # digits of a number


class Unknown(Exception):
    """Internal: a step was not answered with a number."""


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
    made, carries = "", False
    for first, second in zip_longest(reversed(one), reversed(other)):
        # Beside nothing a digit stays as it is.
        total = told(f"{first} + {second}", steps) if first and second else first or second or ""
        total = told(f"{total} + 1", steps) if carries else total
        made, carries = total[-1] + made, len(total) > 1
    return bare(f"{'1' * carries}{made}")


def minus(one: str, other: str, steps: Steps) -> str:
    """What is left of one when another is taken away that is not greater."""
    made, borrowed = "", False
    for first, taken in zip_longest(reversed(one), reversed(other), fillvalue="0"):
        if borrowed and taken == "9":  # ten less of ten more
            made = first + made
            continue
        taken = told(f"{taken} + 1", steps) if borrowed else taken
        borrowed = steps.holds(f"{first} < {taken}")
        made = (told(f"{'1' * borrowed}{first} - {taken}", steps) if taken != "0" else first)[-1] + made
    return bare(made)


def times(one: str, other: str, steps: Steps) -> str:
    """The product of two."""
    made = "0"
    for place, digit in enumerate(reversed(other)):
        if digit != "0":
            made = plus(made, _times_digit(one, digit, steps) + "0" * place, steps)
    return made


def _times_digit(one: str, digit: str, steps: Steps) -> str:
    made, carried = "", ""
    for each in reversed(one):
        total = told(f"{each} * {digit}", steps)
        total = plus(total, carried, steps) if carried else total
        made, carried = total[-1] + made, total[:-1]
    return bare(carried + made)


def divided(one: str, other: str, steps: Steps) -> tuple[str, str]:
    """How often another, which is not 0, is in one, and what is left."""
    quotient, rest = "", ""
    for digit in one:
        rest, times_in = bare(rest + digit), "0"
        for _ in range(10):  # it never is in there ten times
            if less(rest, other, steps):
                break
            rest, times_in = minus(rest, other, steps), told(f"{times_in} + 1", steps)
        else:
            raise Unknown
        quotient += times_in[-1]
    return bare(quotient), rest


def less(one: str, other: str, steps: Steps) -> bool:
    """Whether one is less than another."""
    one, other = bare(one), bare(other)
    if len(one) != len(other):
        return len(one) < len(other)
    for first, second in zip(one, other, strict=True):
        if not steps.same(first, second):
            return steps.holds(f"{first} < {second}")
    return False


def equal(one: str, other: str, steps: Steps) -> bool:
    """Whether two are the same."""
    one, other = bare(one), bare(other)
    return len(one) == len(other) and all(steps.same(*pair) for pair in zip(one, other, strict=True))
