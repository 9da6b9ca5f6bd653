"""Fields of texts: as `format` lays them out, and numbers that are read from texts, with the true answers of what is asked for."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from cwm_trace.models.machine.forms import by_percent
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.layout import formatted, whole_of
from cwm_trace.models.machine.opcodes import OPERATIONS
from cwm_trace.models.machine.questions import Questions
from cwm_trace.models.machine.values import Raised, Unknown
from cwm_trace.models.stepwise import Stepwise
from tests.test_models_outlook import TRUE

SPECIFICATIONS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "<", ">", "^", "=", "*<", "x>", "_^", "0="]),
        st.sampled_from(["", "", "+", "-", " "]),
        st.sampled_from(["", "", "#"]),
        st.sampled_from(["", "", "0"]),
        st.sampled_from(["", "3", "10", "25"]),
        st.sampled_from(["", "", ",", "_"]),
        st.sampled_from(["", "", ".0", ".2", ".5", ".12"]),
        st.sampled_from(["", "d", "b", "o", "x", "X", "f", "e", "E", "g", "G", "%", "s"]),
    ),
)
VALUES = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda each: round(each, 4)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 0.0, 9.9999995, 0.0001, 1e-5, 123456.7, 1e15, 999999.5, -0.5, 5.0, 0.1]),
    st.text("abcé", max_size=6),
)


def machine() -> Interpreter:
    return Interpreter(OPERATIONS, Questions(Stepwise(TRUE)))


def told(work: Any) -> str:
    """What comes of it, as text; "unknown" where that is not known."""
    try:
        given = work()
    except Raised as raised:
        return f"{raised.error.kind.name}: {raised.error.held[0]}"
    except ValueError as error:
        return f"ValueError: {error}"
    return "unknown" if isinstance(given, Unknown) else str(given)


@example(5e-324, ".3e")
@example(0.1, ".20e")
@example(1e23, ".18g")
@example(2.1, "e")
@example(3, "#04x")
@example(-3.14159, "+08.2f")
@example("Oak plank", "<20.12")
@given(VALUES, SPECIFICATIONS)
def test_values_are_laid_out_as_by_python(value: Any, how: str) -> None:
    m = machine()
    given, true = told(lambda: formatted(m, value, how)), told(lambda: format(value, how))
    assert given in ("unknown", true) or (given.startswith("ValueError: max()") and true.startswith("ValueError"))


_FIELDS = st.from_regex(r"%[-#0 +]{0,2}[0-9]?(\.[0-9]{0,2})?[sdiuxXoeEfFgGcr]", fullmatch=True)


@example("%#.3x", 255)
@example("%5.f|", 2.5)
@given(_FIELDS, VALUES)
def test_fields_with_percent_are_laid_out_as_by_python(form: str, value: Any) -> None:
    m = machine()
    assert told(lambda: m.quietly(by_percent(m, form, value))) in ("unknown", _by_python(form, value))


def _by_python(form: str, value: Any) -> str:
    try:
        return str(form % value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@example("-0x_ff", 0)
@given(st.text("01289abfxoz_+- ", max_size=7), st.sampled_from([0, 2, 8, 10, 16, 36]))
def test_whole_numbers_are_read_as_by_python(text: str, base: int) -> None:
    is_zeros = base == 0 and text.strip().lstrip("+-").startswith("0")
    if is_zeros and not text.strip().lstrip("+-")[1:2].isalpha():
        return  # which may only be zero
    assert told(lambda: whole_of(machine(), text, base)) == told(lambda: int(text, base))
