"""Values put into texts, with a width, a fill, places behind the point, done by steps (`models.steps`): `format`, the method of that name, `%`.

Source: Python's format specification mini-language, and printf-style formatting. Knows them but for exponents; evaluates nothing but literals.
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
    r"(?:(?P<fill>.)?(?P<align>[<>^]))?(?P<sign>[+ ])?(?P<zero>0)?(?P<width>[1-9]\d*)?(?P<comma>[,_])?(?:\.(?P<places>\d))?"
    r"(?P<kind>[sdf%bxo])?"
)
_PERCENT = re.compile(r"%(?P<flags>[-+ 0]*)(?P<width>[1-9]\d*)?(?:\.(?P<places>\d))?(?P<kind>[sdifr%])|[^%]+")
_BASES = {"b": "bin", "x": "hex", "o": "oct"}
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
    whole = kind == "d" or kind in _BASES
    fits = is_text(value) if kind == "s" else is_whole(value) if whole else kind is None or is_number
    if not fits or (places and kind not in ("f", "%")) or (match["zero"] and (match["align"] or value.startswith("-"))):
        return None
    if (match["sign"] or match["comma"]) and (not is_number or match["zero"] or kind in _BASES):
        return None
    if match["comma"] and (kind == "%" or (kind is None and not is_whole(value))):
        return None
    side = match["align"] or (">" if is_number else "<")
    fill = repr("0" if match["zero"] else match["fill"] or " ")

    def way(steps: Steps) -> str | None:
        text = _of_kind(value, kind, places, steps)
        text = text and _grouped(text, match["comma"] or "")
        signed = f"{match['sign']}{text[1:-1]}" if text and match["sign"] and not value.startswith("-") else None
        return _filled(repr(signed) if signed else text, _SIDES[side], match["width"], fill, steps)

    return way


def _of_kind(value: str, kind: str | None, places: str | None, steps: Steps) -> str | None:
    """The text of a value by itself."""
    if kind in _BASES:
        told = steps.value(f"{_BASES[kind]}({value})")
        return None if told is None else repr(ast.literal_eval(told).replace(f"0{kind}", "", 1))
    if kind == "%":
        times = steps.value(f"{value} * 100")
        text = None if times is None else _with_places(times, places or "6", steps)
        return None if text is None else f"{text[:-1]}%'"
    return _with_places(value, (places or "6") if kind == "f" else None, steps)


def _grouped(text: str, comma: str) -> str:
    """With a sign between groups of three digits."""
    if not comma:
        return text
    whole, point, rest = text[1:-1].partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    groups = [digits[max(end - 3, 0) : end] for end in range(len(digits), 0, -3)]
    return repr(f"{sign}{comma.join(reversed(groups))}{point}{rest}")


def by_percent(form: str, given: Sequence[str]) -> Way | None:
    """What `%` makes of a form and as many values; None where that is not known."""
    parts, left = list[Way](), list(given)
    if "".join(found[0] for found in _PERCENT.finditer(form)) != form:
        return None
    for found in _PERCENT.finditer(form):
        kind = found["kind"]
        if kind is None or kind == "%":
            parts.append(_fixed(repr("%" if kind else found[0])))
            continue
        way = _one_by_percent(left.pop(0), found) if left else None
        if way is None:
            return None
        parts.append(way)
    return None if left else lambda steps: _together([way(steps) for way in parts])


def _one_by_percent(value: str, found: re.Match[str]) -> Way | None:
    kind, flags, width = found["kind"], found["flags"], found["width"] or ""
    if kind in "sr":
        text = as_text(value) if kind == "s" else repr(value)
        return (
            None
            if found["places"] or "0" in flags
            else of_form(text, ("<" if "-" in flags else ">") + width)
            if width
            else _fixed(text)
        )
    if number_of(value) is None or (kind != "f" and (not is_whole(value) or found["places"])):
        return None
    align = "<" if "-" in flags else "" if "0" in flags else ">" if width else ""
    sign = "+" if "+" in flags else " " if " " in flags else ""
    zero = "0" if "0" in flags and not align else ""
    places = f".{found['places'] or '6'}" if kind == "f" else ""
    return of_form(value, f"{align}{sign}{zero}{width}{places}{'f' if kind == 'f' else 'd'}")


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
