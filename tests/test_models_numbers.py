"""Numbers digit by digit: what comes of digits is what Python gives, and nothing is asked for but digits."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cwm_trace.models.items import Raises, Steps
from cwm_trace.models.numbers import of_number, of_numbers
from cwm_trace.models.steps import way_of
from tests.test_models_operations import evaluated

ASKED = re.compile(r"1?\d [-+*] \d|\d (?:<|==) \d|[01] [&|^] [01]")
SIGNS = "+ - * / // % ** << >> & | ^ < > <= >= == !=".split()
WHOLE = st.one_of(
    st.integers(-30, 30), st.integers(-100_000, 100_000), st.integers(0, 10**18), st.integers(-(2**200), 2**200)
)
PRICE = st.floats(-1000, 1000).map(lambda number: round(number, 2))
NUMBER = st.one_of(WHOLE, PRICE, st.floats(1e-25, 1e25), st.floats(-1e25, -1e-25))


def digit_steps(asks: list[str]) -> Steps:
    """Steps that note what a network would be asked."""

    def told(operation: str) -> str | None:
        if (way := way_of(operation)) is not None:
            return way(steps)
        asks.append(operation)
        return evaluated(operation)

    steps = Steps(told, lambda test: told(test) == "True")
    return steps


def outcome(operation: str) -> str:
    """What Python gives, or raises."""
    try:
        return repr(eval(operation))
    except Exception as error:
        return repr(error)


@example(0, "-", 0.5)  # of which the other has more digits, noughts
@example(12511562714788659, "/", 562949953421312)  # a quotient in the middle of two floats
@example(9591930083799873, "/", 9007199254740992)
@given(NUMBER, st.sampled_from(SIGNS), NUMBER)
def test_two_numbers(one: float, sign: str, other: float) -> None:
    if sign in ("**", "<<", ">>"):
        other = int(abs(other)) % 7
    asks: list[str] = []
    way = of_numbers(repr(one), sign, repr(other))
    if way is None:
        return
    try:
        told = way(digit_steps(asks))
    except Raises as error:
        told = error.value
    expected = outcome(f"({one!r}) {sign} ({other!r})")
    assert told == expected or (told == "0.0" and expected == "-0.0")
    assert all(map(ASKED.fullmatch, asks)), asks


@pytest.mark.parametrize("sign", SIGNS)
def test_whole_numbers_have_ways(sign: str) -> None:
    assert of_numbers("23", sign, "7") is not None
    assert (of_numbers("1", sign, "1") is None) is (sign in ("+", "-", "*", "<", "==", "&", "|", "^"))


@given(NUMBER, st.integers(0, 4))
def test_functions_of_numbers(number: float, places: int) -> None:
    for name, given_ in (
        ("abs", []),
        ("round", []),
        ("round", [places]),
        ("int", []),
        ("float", []),
        ("bin", []),
        ("hex", []),
    ):
        way = of_number(name, [repr(number), *map(str, given_)])
        if way is not None:
            assert way(digit_steps([])) == outcome(f"{name}({', '.join(map(repr, (number, *given_)))})")


@given(WHOLE, WHOLE)
def test_divmod(one: int, other: int) -> None:
    way = of_number("divmod", [str(one), str(other)])
    assert way is not None
    try:
        assert way(digit_steps([])) == repr(divmod(one, other))
    except Raises as error:
        assert other == 0 and error.value == outcome("divmod(1, 0)")


@given(st.integers(2**53, 2**54 - 1), st.integers(0, 80), st.booleans())
def test_quotients_in_the_middle_of_two_floats(number: int, power: int, is_negative: bool) -> None:
    one, other = (-number if is_negative else number) | 1, 2**power
    way = of_numbers(repr(one), "/", repr(other))
    assert way is not None and way(digit_steps([])) == repr(one / other)


def test_what_is_answered_wrongly_ends() -> None:
    """A network that says nothing true must not keep the program busy."""
    for answer in ("9", "", "x", "-3", "99999"):
        steps = Steps(lambda operation, answer=answer: answer, lambda test: False)  # type: ignore[misc]
        for sign in SIGNS:
            way = of_numbers("4711", sign, "13")
            assert way is not None
            way(steps)


def test_numbers_that_are_none() -> None:
    assert of_numbers("1e5", "+", "1") is None
    assert of_numbers("'1'", "+", "1") is None
    assert of_numbers(str(math.inf), "+", "1") is None
