"""Square roots, as they are done by hand: digit by digit, from the left, by what is left of the number; and powers that are no whole numbers.

Of what is no square as many digits as decide the float next to it. Knows how it is done; every product and comparison is asked for.
"""

from __future__ import annotations

from cwm_trace.models.items import Steps, Way
from cwm_trace.models.numbers import Number, number_of

_DIGITS = 26  # of a root, of which a float has 17 at most
_EXACT = 16  # digits of whole numbers that are floats, too


def whole_root(digits: str, steps: Steps) -> str | None:
    """The root of a whole number, rounded down; None: unknown."""
    found = _by_hand(digits, 0, steps)
    return None if found is None else found[0]


def root_of(number: Number, steps: Steps) -> str | None:
    """The root of a number, as a float shows it; None: unknown."""
    digits, places = number.digits, number.places or 0
    if places % 2:
        digits, places = f"{digits}0", places + 1
    found = _by_hand(digits, _DIGITS, steps)
    if found is None:
        return None
    root, more = found
    return Number(False, root, places // 2 + more).as_float


def power_of(one: str, other: str) -> Way | None:
    """`one ** other` where one of them is no whole number, or the power is below zero; None where it is another, or unknown.

    C's `pow` rounds as the exact result does in all but a few cases of a million, which are not seen here.
    """
    base, power = number_of(one), number_of(other)
    if base is None or power is None or not base.digits.strip("0"):
        return None
    if power.shown == "0.5" and not base.is_negative:
        return lambda steps: root_of(base, steps)
    if power.places is not None or len(power.digits) > 1 or (base.places is None and not power.is_negative):
        return None
    return lambda steps: _multiplied(base, power, steps)


def _multiplied(base: Number, power: Number, steps: Steps) -> str | None:
    digits: str | None = "1"
    for _ in range(int(power.digits)):
        digits = None if digits is None else steps.value(f"{digits} * {_bare(base.digits)}")
    if digits is None:
        return None
    sign = "-" if base.is_negative and int(power.digits) % 2 else ""
    if not power.is_negative:
        return Number(bool(sign), digits, (base.places or 0) * int(power.digits)).as_float
    return steps.value(f"1 / {sign}{digits}") if base.places is None and len(base.digits) < _EXACT else None


def _by_hand(digits: str, most: int, steps: Steps) -> tuple[str, int] | None:
    """The digits of a root, and how many of them come behind the number's own; with what is left over, so many in all, if that is more."""
    digits = digits.lstrip("0") or "0"
    digits = "0" * (len(digits) % 2) + digits
    pairs = [digits[place : place + 2] for place in range(0, len(digits), 2)]
    root, rest, more = "0", "0", 0
    while pairs or (rest != "0" and len(root) < most):
        more += not pairs
        rest = _bare(rest + (pairs.pop(0) if pairs else "00"))
        twice = steps.value(f"{root} * 2")
        found = None if twice is None else _digit(_bare(twice), rest, steps)
        if found is None:
            return None
        digit, rest = found
        root = _bare(root + digit)
    return root, more


def _digit(twice: str, rest: str, steps: Steps) -> tuple[str, str] | None:
    """The next digit of a root, and what it leaves."""
    for digit in "987654321":
        product = steps.value(f"{_bare(twice + digit)} * {digit}")
        if product is None:
            return None
        if steps.holds(f"{product} <= {rest}"):
            left = steps.value(f"{rest} - {product}")
            return None if left is None else (digit, left)
    return "0", rest


def _bare(digits: str) -> str:
    return digits.lstrip("0") or "0"
