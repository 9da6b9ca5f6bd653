"""What functions of `re` give, and methods of what they give, done by steps: `re_findall('[0-9]+', 'a12b')`, under the names that
`models.modules` gives them; a match is written as a call, `re_Match(1, 3, '12')`, as frames show no groups.

Knows these functions; where a pattern fits, `models.regex` tells.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from cwm_trace.models.containers import MATCH, PATTERN
from cwm_trace.models.items import (
    Raises,
    Steps,
    Way,
    dict_together,
    is_text,
    is_whole,
    list_together,
    shown,
    text_together,
    tuple_together,
)
from cwm_trace.models.known import all_known
from cwm_trace.models.library import Through
from cwm_trace.models.parts import characters
from cwm_trace.models.regex import Fit, Pattern, Unknown, first_fit, fit_at, fits_in, read_pattern

_Told = TypeVar("_Told")
# Of functions behind the pattern: what they are given, in order.
PARAMETERS: Mapping[str, Sequence[str]] = {
    "findall": ("string", "flags"),
    "finditer": ("string", "flags"),
    "fullmatch": ("string", "flags"),
    "match": ("string", "flags"),
    "search": ("string", "flags"),
    "split": ("string", "maxsplit", "flags"),
    "sub": ("repl", "string", "count", "flags"),
}
_OF_PATTERNS = ("findall", "finditer", "fullmatch", "match", "search")
"""Methods of patterns that are given where to begin, and where the text is held to end, in place of flags."""
_REFERENCE = re.compile(r"\\(?:([1-9]\d?)(?!\d)|g<(\w+)>|([\\abfnrtv]))|([^\\]+|\\[^\\0-9A-Za-z])", re.DOTALL)
_ESCAPED = {"\\": "\\", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def of_search(name: str, args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str) -> Way | None:
    """A function of a pattern, which is its first argument; None where it is another, or not known of these."""
    if (given := _given(name, args, words, text)) is None:
        return None
    pattern, parts = given
    items, at = _from(parts)
    match name:
        case "search":
            return _way(lambda steps: _matched(first_fit(pattern, items, steps, at), pattern, items, steps))
        case "match" | "fullmatch":
            whole = name == "fullmatch"
            return _way(lambda steps: _matched(fit_at(pattern, items, steps, at, whole=whole), pattern, items, steps))
        case "findall":
            return _way(
                lambda steps: list_together(_texts(fit, pattern, items) for fit in fits_in(pattern, items, steps, at))
            )
        case "split" if is_whole(most := parts.get("maxsplit", "0")):
            return _way(lambda steps: list_together(_split(pattern, items, int(most), steps)))
        case "sub" if is_whole(most := parts.get("count", "0")) and is_text(parts["repl"]):
            return _way(lambda steps: _put(pattern, ast.literal_eval(parts["repl"]), items, int(most), steps))
    return None


def of_finding(args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str) -> Through | None:
    """The matches that `finditer` gives one after the other; None as above."""
    if (given := _given("finditer", args, words, text)) is None:
        return None
    pattern, parts = given
    items, at = _from(parts)
    return _way(
        lambda steps: all_known(_matched(fit, pattern, items, steps) for fit in fits_in(pattern, items, steps, at))
    )


def _from(parts: Mapping[str, str]) -> tuple[list[str], int]:
    """The characters that are searched, and where to begin."""
    items = list(characters(parts["string"]))
    at, end = int(parts.get("pos", "0")), int(parts.get("endpos", str(len(items))))
    items = items[: max(end, 0)]
    return items, min(max(at, 0), len(items))


def _given(
    name: str, args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str
) -> tuple[Pattern, Mapping[str, str]] | None:
    """The pattern, and the texts of all other arguments by their names."""
    told = [shown(arg, text) for arg in args]
    named = {word.arg or "": shown(word.value, text) for word in words}
    if name not in PARAMETERS or not told:
        return None
    is_made = isinstance(args[0], ast.Call)
    names = ("string", "pos", "endpos") if is_made and name in _OF_PATTERNS else PARAMETERS[name]
    parts = {**dict(zip(names, told[1:], strict=False)), **named}
    known = {each: value for each, value in parts.items() if value is not None}
    flags = known.get("flags", "0")
    if len(told) > len(names) + 1 or len(known) < len(parts) or not parts.keys() <= {*names}:
        return None
    if not all(is_whole(known.get(each, "0")) for each in ("flags", "pos", "endpos")):
        return None
    pattern = _pattern_of(args[0], told[0], int(flags))
    return None if pattern is None or not is_text(known.get("string", "")) else (pattern, known)


def _pattern_of(node: ast.expr, told: str | None, flags: int) -> Pattern | None:
    """Of a text, or of a pattern that was compiled before."""
    match node:
        case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(pattern)), *own]) if kind == PATTERN:
            given = ast.literal_eval(own[0]) if own else 0
            return read_pattern(pattern, given) if isinstance(given, int) and not flags else None
    return read_pattern(ast.literal_eval(told), flags) if told and is_text(told) else None


def _way(found: Callable[[Steps], _Told | None]) -> Callable[[Steps], _Told | None]:
    """One that is unknown where a part of the pattern is."""

    def way(steps: Steps) -> _Told | None:
        try:
            return found(steps)
        except Unknown:
            return None

    return way


def _matched(fit: Fit | None, pattern: Pattern, items: Sequence[str], steps: Steps) -> str | None:
    """A match as it is told to who keeps its groups (`models.stepwise`)."""
    if fit is None:
        return "None"
    start, end = (steps.counted(items[:place]) for place in fit[:2])
    groups = [_group(fit, number, items) or "None" for number in range(1, pattern.groups + 1)]
    spans = [_span(fit, number, items, steps) for number in range(1, pattern.groups + 1)]
    held = f"{list_together(groups)}, {pattern.names!r}, {list_together(spans)}"
    return steps.value(f"{MATCH}({start}, {end}, {_whole(fit, items)}, {held})")


def _span(fit: Fit, number: int, items: Sequence[str], steps: Steps) -> str:
    """Where a group begins and ends."""
    if number not in fit.groups:
        return "(-1, -1)"
    start, end = (steps.counted(items[:place]) for place in fit.groups[number])
    return f"({start}, {end})"


def _whole(fit: Fit, items: Sequence[str]) -> str:
    return text_together(items[fit.start : fit.end])


def _group(fit: Fit, number: int, items: Sequence[str]) -> str | None:
    """The text of a group; None: it is not part of the fit."""
    if number == 0:
        return _whole(fit, items)
    return text_together(items[slice(*fit.groups[number])]) if number in fit.groups else None


def _texts(fit: Fit, pattern: Pattern, items: Sequence[str]) -> str:
    """What `findall` has of a fit: all of it where there are no groups, else these."""
    groups = [_group(fit, number, items) or "''" for number in range(1, pattern.groups + 1)]
    if not groups:
        return _whole(fit, items)
    return groups[0] if len(groups) == 1 else tuple_together(groups)


def _some(pattern: Pattern, items: Sequence[str], most: int, steps: Steps) -> Iterator[Fit]:
    """At most so many fits, 0: all."""
    for number, fit in enumerate(fits_in(pattern, items, steps)):
        if most < 0 or (most and number == most):
            return
        yield fit


def _split(pattern: Pattern, items: Sequence[str], most: int, steps: Steps) -> Iterator[str]:
    at = 0
    for fit in _some(pattern, items, most, steps):
        yield text_together(items[at : fit.start])
        yield from (_group(fit, number, items) or "None" for number in range(1, pattern.groups + 1))
        at = fit.end
    yield text_together(items[at:])


def _put(pattern: Pattern, instead: str, items: Sequence[str], most: int, steps: Steps) -> str | None:
    made, at = list[str](), 0
    for fit in _some(pattern, items, most, steps):
        groups = [_group(fit, number, items) or "''" for number in range(pattern.groups + 1)]
        made += [*items[at : fit.start], repr(_filled(instead, groups, pattern.names))]
        at = fit.end
    return text_together([*made, *items[at:]])


def _filled(instead: str, groups: Sequence[str], names: Mapping[str, int]) -> str:
    """What comes in the place of a fit, with its groups, of which these are the texts, in place of references."""
    made, at = [], 0
    while at < len(instead):
        if (found := _REFERENCE.match(instead, at)) is None:
            raise Unknown
        digit, name, escaped, plain = found.groups()
        if digit or name:
            number = int(digit or name) if (digit or name).isdigit() else names.get(name, -1)
            if not 0 <= number < len(groups):
                raise Unknown
            made.append(ast.literal_eval(groups[number]) or "")
        else:
            made.append(_ESCAPED.get(escaped, "") or plain)
        at = found.end()
    return "".join(made)


def of_match(match: ast.Call, name: str, given: Sequence[str], text: str) -> Way | None:
    """A method of a match; None where it is another, or is about groups and they are not known."""
    start, end, whole, *groups = [shown(arg, text) or "" for arg in match.args]
    match name, given:
        case "group" | "__getitem__", [] | ["0"]:
            return lambda steps: whole
        case "start", [] | ["0"]:
            return lambda steps: start
        case "end", [] | ["0"]:
            return lambda steps: end
        case "span", [] | ["0"]:
            return lambda steps: tuple_together([start, end])
    if len(groups) != 3:
        return None
    several, names, spans = (ast.literal_eval(each) for each in groups)
    texts = [whole, *map(repr, several)]
    match name, given:
        case "groups", [] | [_]:
            default = [*given, "None"][0]
            return lambda steps: tuple_together(default if each == "None" else each for each in texts[1:])
        case "groupdict", [] | [_]:
            default = [*given, "None"][0]
            by_name = [(repr(each), texts[number]) for each, number in names.items()]
            return lambda steps: dict_together([(key, default if each == "None" else each) for key, each in by_name])
        case "expand", [template] if is_text(template):
            return _way(lambda steps: repr(_filled(ast.literal_eval(template), texts, names)))
        case "group" | "__getitem__", _:
            found = [_told(each, texts, names) for each in given]
            return lambda steps: found[0] if len(found) == 1 else tuple_together(found)
        case "start" | "end" | "span", [which]:
            first, behind = ast.literal_eval(_told(which, [f"({start}, {end})", *map(repr, spans)], names))
            return lambda steps: repr({"start": first, "end": behind, "span": (first, behind)}[name])
    return None


def _told(which: str, texts: Sequence[str], names: Mapping[str, int]) -> str:
    """What there is of a group. Raises Raises."""
    key = ast.literal_eval(which)
    key = names.get(key, key)
    if not isinstance(key, int) or not 0 <= key < len(texts):
        raise Raises(repr(IndexError("no such group")))
    return texts[key]
