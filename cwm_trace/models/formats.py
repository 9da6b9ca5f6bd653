"""Values put into texts, with a width, a fill, places behind the point, done by steps (`models.steps`): `format`, and the method of that name.

Source: Python's format specification mini-language. Knows it but for signs, grouping and exponents; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Sequence

from cwm_trace.models.characters import filled
from cwm_trace.models.items import Steps, Way, is_text, is_whole, text_together, texts_of, tuple_together
from cwm_trace.models.numbers import number_of, rounded
from cwm_trace.models.operations import EXCEPTIONS
from cwm_trace.models.parts import characters
from cwm_trace.models.statements import statement_of

_FORM = re.compile(
    r"(?:(?P<fill>.)?(?P<align>[<>^]))?(?P<zero>0)?(?P<width>[1-9]\d*)?(?:\.(?P<places>\d))?(?P<kind>[sdf])?"
)
_SIDES = {"<": "ljust", ">": "rjust", "^": "center"}


def as_text(value: str) -> str:
    """What `str` gives of a value."""
    match statement_of(value):
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=args)) if name in EXCEPTIONS:
            return _said(name, texts_of(args, value))
    return value if is_text(value) else repr(value)


def _said(name: str, given: Sequence[str]) -> str:
    """What an exception says."""
    if len(given) == 1 and name != "KeyError":
        return as_text(given[0])
    return repr(given[0] if len(given) == 1 else tuple_together(given) if given else "")


def of_form(value: str, form: str) -> Way | None:
    """What `format` gives of a value; None where the form is not known."""
    match = _FORM.fullmatch(form)
    is_number = number_of(value) is not None
    if match is None or not (is_number or is_text(value)) or (match["zero"] and not is_number):
        return None
    kind, places = match["kind"], match["places"]
    fits = is_text(value) if kind == "s" else is_whole(value) if kind == "d" else kind is None or is_number
    if not fits or bool(places) is not (kind == "f") or (match["zero"] and (match["align"] or value.startswith("-"))):
        return None
    side = match["align"] or (">" if is_number else "<")
    fill = repr("0" if match["zero"] else match["fill"] or " ")
    return lambda steps: _filled(_with_places(value, places, steps), _SIDES[side], match["width"], fill, steps)


def _filled(text: str | None, side: str, width: str | None, fill: str, steps: Steps) -> str | None:
    if text is None or width is None:
        return text
    if side == "center":  # the odd one is behind it
        return _centered(text, width, fill, steps)
    return filled(side, width, fill, characters(text), steps)


def _centered(text: str, width: str, fill: str, steps: Steps) -> str | None:
    items = characters(text)
    number = steps.counted(items)
    if number is None or not steps.holds(f"{number} < {width}"):
        return text
    missing = steps.value(f"{width} - {number}") or "0"
    before = steps.value(f"{steps.value(f'{missing} // 2')} + {number}") or width
    left = filled("rjust", before, fill, items, steps)
    return None if left is None else filled("ljust", width, fill, characters(left), steps)


def _with_places(value: str, places: str | None, steps: Steps) -> str | None:
    number = number_of(value)
    if places is None or number is None:
        return as_text(value)
    made = rounded(number, int(places), steps)
    digits = made.digits.rjust(int(places) + 1, "0")
    whole, rest = (digits[: -int(places)], digits[-int(places) :]) if int(places) else (digits, "")
    sign = "-" * number.is_negative
    return repr(f"{sign}{whole.lstrip('0') or '0'}{'.' if rest else ''}{rest}")


def formatted(form: str, given: Sequence[str]) -> Way | None:
    """What `str.format` makes of a form and values; None where a field is not one of these, in or out of order."""
    try:
        fields = list(string.Formatter().parse(form))
    except ValueError:
        return None
    parts: list[Way] = []
    for number, (text, name, how, conversion) in enumerate(fields):
        parts.append(_fixed(repr(text)))
        if name is None:
            continue
        place = int(name) if name.isdecimal() else number if not name else len(given)
        way = (
            None
            if place >= len(given) or conversion
            else of_form(given[place], how or "")
            if how
            else _fixed(as_text(given[place]))
        )
        if way is None:
            return None
        parts.append(way)
    return lambda steps: _together([way(steps) for way in parts])


def _fixed(text: str) -> Way:
    return lambda steps: text


def _together(texts: Sequence[str | None]) -> str | None:
    known = [text for text in texts if text is not None]
    return text_together(known) if len(known) == len(texts) else None
