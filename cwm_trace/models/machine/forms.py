"""`str.format`, and `%` with what has no text of its own: a form in parts, each field like an f-string's.

Knows the grammar of fields; what a field shows is asked for (`machine.operators`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from math import isfinite
from string import Formatter
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import classes, holding, operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.layout import PLAIN, Layout, as_address, filled, formatted_number
from cwm_trace.models.machine.questions import operand
from cwm_trace.models.machine.values import (
    UNSET,
    Builtin,
    Dict,
    Hashed,
    List,
    Lost,
    Object,
    OwnDict,
    Value,
    as_plain,
    as_tuple,
    content_of,
    error,
    is_unknown,
    joined,
    kind_name,
    known,
    own_method,
)

_PART = re.compile(r"\.([^\W\d]\w*)|\[([^\]]+)\]")
_EMPTY_PART = re.compile(r"\[\]|\.(?![^.\[])")
_FLAGS = re.compile(r"([-#0 +]*)(\d*)(?:\.(\d*))?")
_PERCENT = re.compile(r"%(?:\((\w+)\))?([-#0 +]*(?:\*|\d*)(?:\.(?:\*|\d*))?)([a-zA-Z%])")


def formatted(m: Interpreter, form: str, args: Sequence[Value], named: Any) -> Work:
    """`form.format(*args, **named)`; `named` may be a mapping of the program. Raises Raised, Lost."""
    return (yield from _filled(m, form, args, named, _Numbers()))


class _Numbers:
    """Places of fields: all are told, or none is (Objects/stringlib/unicode_format.h, `autonumber_state_error`)."""

    def __init__(self) -> None:
        self._next = 0
        self._is_told: bool | None = None

    def told(self, place: int) -> int:
        """One that is told. Raises Raised."""
        self._take("automatic field numbering", "manual field specification", is_told=True)
        return place

    def next(self) -> int:
        """One that is not. Raises Raised."""
        self._take("manual field specification", "automatic field numbering", is_told=False)
        self._next += 1
        return self._next - 1

    def _take(self, other: str, this: str, *, is_told: bool) -> None:
        if self._is_told is not None and self._is_told != is_told:
            raise error("ValueError", f"cannot switch from {other} to {this}")
        self._is_told = is_told


def _filled(m: Interpreter, form: str, args: Sequence[Value], named: Any, numbers: _Numbers) -> Work:
    try:
        parts = list(Formatter().parse(form))
    except ValueError as wrong:
        raise error("ValueError", str(wrong)) from None
    texts: list[str] = []
    for text, name, how, conversion in parts:
        texts.append(text)
        if name is None:
            continue
        value = yield from _field(m, name, args, named, numbers)
        spec = yield from _filled(m, how or "", args, named, numbers)
        if conversion not in (None, "", "r", "s", "a"):
            raise error("ValueError", f"Unknown conversion specifier {conversion!r}")
        kind = {"r": "repr", "s": "str", "a": "ascii"}.get(conversion or "", "")
        texts.append(known((yield from operators.formatted(m, value, kind, spec))))
    return "".join(texts)


def _field(m: Interpreter, name: str, args: Sequence[Value], named: Any, numbers: _Numbers) -> Work:
    first = re.match(r"\w*", name)
    head = first[0] if first else ""
    if head and isinstance(named, (Object, OwnDict)):
        value = yield from holding.item(m, named, head)
    elif head and not head.isdecimal():
        if head not in named:
            raise error("KeyError", head)
        value = named[head]
    else:
        place = numbers.told(int(head)) if head else numbers.next()
        if place >= len(args):
            text = f"Replacement index {place} out of range for positional args tuple"
            raise error("IndexError", text)
        value = args[place]
    if _EMPTY_PART.search(_PART.sub("", name[len(head) :])):
        raise error("ValueError", "Empty attribute in format string")
    for attribute, key in _PART.findall(name[len(head) :]):
        if attribute:
            value = yield from classes.attribute(m, value, attribute)
        else:
            value = yield from holding.item(m, value, int(key) if key.isdecimal() else key)
    return value


def by_percent(m: Interpreter, form: str, given: Value) -> Work:
    """`form % given`, field by field. Raises Raised, Lost."""
    items, texts, last = as_tuple(given), list[Value](), 0
    values = iter((given,) if items is None else items)
    for field in _PERCENT.finditer(form):
        name, layout, kind = field.groups()
        texts.append(form[last : field.start()])
        last = field.end()
        if kind == "%":
            texts.append("%")
            continue
        while "*" in layout:
            width = known(next(values, UNSET))
            if not isinstance(width, int):
                raise Lost
            layout = layout.replace("*", str(width), 1)
        if name is None:
            value = next(values, UNSET)
        elif isinstance(content_of(given), (int, float, str, tuple, type(None))):
            raise error("TypeError", "format requires a mapping")
        else:
            value = yield from holding.item(m, given, name)
        if value is UNSET:
            raise error("TypeError", "not enough arguments for format string")
        texts.append((yield from _filled_in(m, layout, kind, value)))
    if "%" in form[last:]:
        raise Lost
    is_mapping = isinstance(given, (Dict, List)) or own_method(given, "__getitem__") is not None
    if not is_mapping and next(values, UNSET) is not UNSET:
        raise error("TypeError", "not all arguments converted during string formatting")
    texts.append(form[last:])
    if any(map(is_unknown, texts)):
        m.doubted()
    return joined(texts)


def _filled_in(m: Interpreter, layout: str, kind: str, value: Value) -> Work:
    """The text of one field."""
    if is_unknown(value):
        return value
    if kind in "sra":
        conversion = {"s": "str", "r": "repr", "a": "ascii"}[kind]
        value, kind = (yield from operators.converted(m, known(value), conversion)), "s"
        if not layout or is_unknown(value):
            return value
    if isinstance(known(value), Hashed) and kind in "xX":
        return as_address(m, known(value), layout + kind)
    if kind in _NUMBERS and isinstance(known(value), Object):
        value = yield from _converted(m, kind, known(value))
    return _laid_out(m, layout, kind, as_plain(content_of(known(value))))


_INDEX = ("operator.index", ("__index__",))
_NUMBERS = {
    **dict.fromkeys("diu", ("int", ("__int__", "__index__"))),
    **dict.fromkeys("oxXc", _INDEX),
    **dict.fromkeys("eEfFgG", ("float", ("__float__", "__index__"))),
}
"""What makes a number of an object in a field of this kind, where its class has one of these (Objects/unicodeobject.c)."""


def _converted(m: Interpreter, kind: str, value: Object) -> Work:
    function, methods = _NUMBERS[kind]
    if all(own_method(value, name) is None for name in methods):
        return value
    return (yield from invoke(m, Builtin(function), [value], {}))


def _laid_out(m: Interpreter, written: str, kind: str, value: Value) -> Value:
    """A text, or a number, as a field of `%` says, which is one of `format` in another notation. Raises Raised, Lost."""
    found = _FLAGS.fullmatch(written)
    if found is None:
        raise Lost
    flags, width, precision = found.groups()
    layout = Layout(
        fill="",
        align="<" if "-" in flags else "",
        sign="+" if "+" in flags else " " if " " in flags else "",
        alternate="#" if "#" in flags else "",
        zeros="0" if "0" in flags and "-" not in flags else "",
        width=width,
        grouping="",
        precision="" if precision is None else precision or "0",
        kind=kind,
    )
    if kind in "sc":
        text = _character(value) if kind == "c" else value[: int(layout.precision)] if layout.precision else value
        return filled(text, "", layout._replace(zeros=""), ">")
    if kind not in "diuoxXeEfFgG":
        raise Lost
    if not isinstance(value, (int, float)) or kind in "oxX" and isinstance(value, float):
        needs = "an integer" if kind in "oxX" else "a real number" if kind in "diu" else ""
        raise (
            error("TypeError", f"%{kind} format: {needs} is required, not {kind_name(value)}")
            if needs
            else error("TypeError", f"must be real number, not {kind_name(value)}")
        )
    if kind in "diuoxX":
        return _whole(m, layout, value)
    return formatted_number(m, float(value), layout)


def _whole(m: Interpreter, layout: Layout, value: int | float) -> str:
    """A whole number, with at least as many digits as the precision says."""
    if isinstance(value, float) and not isfinite(value):
        is_nan = value != value
        raise error(
            "ValueError" if is_nan else "OverflowError",
            f"cannot convert float {'NaN' if is_nan else 'infinity'} to integer",
        )
    number = m.questions.sure(f"int({operand(value)})") if isinstance(value, float) else int(value)
    digits, prefix = str(abs(number)), ""
    if layout.kind in "oxX":
        digits = known(formatted_number(m, abs(number), PLAIN._replace(kind=layout.kind)))
        prefix = f"0{layout.kind}" if layout.alternate else ""
    sign = "-" if number < 0 else layout.sign
    return filled(digits.rjust(int(layout.precision or 0), "0"), sign + prefix, layout, ">")


def _character(value: Value) -> str:
    if isinstance(value, int):
        if not 0 <= value <= sys.maxunicode:
            raise error("OverflowError", said.NO_SUCH_CHARACTER)
        return chr(value)
    if not isinstance(value, str):
        raise error("TypeError", said.NO_CHARACTER_AT_ALL.format(kind_name(value)))
    if len(value) != 1:
        raise error("TypeError", said.NO_CHARACTER.format(length=len(value)))
    return value
