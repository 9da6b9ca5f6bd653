"""Where a regular expression fits in a text, found character by character (`models.steps`): whether two characters are the same, or one is a
digit, is asked.

Knows the parts of patterns, as Python's own parser of them (`re._parser`) gives them, and that one looks back where it does not get on;
nothing of the functions of `re` (`models.searches`). Without the flag LOCALE.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]
import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from re import _casefix  # type: ignore[attr-defined]
from typing import Any, NamedTuple, TypeAlias

from cwm_trace.models.items import Steps

# What `re` is made of has no public name.
_EXTRA_CASES: Mapping[int, Sequence[int]] = _casefix._EXTRA_CASES
"""Letters that are the same to a pattern without cases, beside those with the same small one."""
_PARSER: Any = re._parser  # type: ignore[attr-defined]
_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE | re.ASCII
_LAST_ASCII = 127
_SCOPED = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE  # flags of a part
_MOST = 20_000  # characters of a text
_Groups: TypeAlias = Mapping[int, tuple[int, int]]
"""Where groups, by their numbers, begin and end."""
_Ends: TypeAlias = Iterator[tuple[int, _Groups]]
_Test: TypeAlias = Callable[[str], bool]

_CLASSES: Mapping[str, Sequence[str]] = {"DIGIT": ("isdecimal",), "SPACE": ("isspace",), "WORD": ("isalnum",)}


class Unknown(Exception):
    """Internal: a part that is not known here."""


class Pattern(NamedTuple):
    """A pattern as it was read.

    Attributes:
        parts: of it, as the parser gives them.
        flags: those that it was given, and its own.
        groups: how many.
        names: numbers of groups by their names.
    """

    parts: Any
    flags: int
    groups: int
    names: Mapping[str, int]


class Fit(NamedTuple):
    """Where a pattern fits, its end excluded, and its groups; those that are not part of it are left out."""

    start: int
    end: int
    groups: _Groups


@lru_cache(maxsize=1000)
def read_pattern(text: str, flags: int = 0) -> Pattern | None:
    """A pattern; None where it is none, or has flags that are not known here."""
    try:
        parts = _PARSER.parse(text, flags)
    except (re.error, ValueError, OverflowError, RecursionError):
        return None
    if parts.state.flags & ~_FLAGS:
        return None
    return Pattern(parts, parts.state.flags, parts.state.groups - 1, dict(parts.state.groupdict))


def fits_in(pattern: Pattern, items: Sequence[str], steps: Steps, at: int = 0) -> Iterator[Fit]:
    """All fits of a pattern in a text of these characters, one behind the other, from a place on. Raises Unknown."""
    advances = False
    while (found := first_fit(pattern, items, steps, at, advances)) is not None:
        yield found
        at, advances = found.end, found.start == found.end


def first_fit(pattern: Pattern, items: Sequence[str], steps: Steps, at: int = 0, advances: bool = False) -> Fit | None:
    """The first one from a place on, which there may not be empty where it must advance. Raises Unknown."""
    starts = (fit_at(pattern, items, steps, start, advances and start == at) for start in range(at, len(items) + 1))
    return next((found for found in starts if found is not None), None)


def fit_at(
    pattern: Pattern, items: Sequence[str], steps: Steps, start: int, advances: bool = False, whole: bool = False
) -> Fit | None:
    """That which begins at a place; `whole`: and ends with the text. Raises Unknown."""
    if len(items) > _MOST:
        raise Unknown
    ends = _Reading(items, steps, pattern.flags).after([*pattern.parts], start, {})
    fitting = ((end, groups) for end, groups in ends if not (advances and end == start))
    found = next(((end, groups) for end, groups in fitting if not whole or end == len(items)), None)
    return None if found is None else Fit(start, *found)


class _Reading:
    """A text that is read by a pattern."""

    def __init__(self, items: Sequence[str], steps: Steps, flags: int) -> None:
        self._items, self._steps, self._flags = items, steps, flags

    def after(self, parts: Sequence[Any], at: int, groups: _Groups) -> _Ends:
        """Where these parts may end that begin at a place, in the order in which they are tried, and the groups then."""
        if not parts:
            yield at, groups
            return
        (kind, what), rest = parts[0], parts[1:]
        for end, found in self._after(str(kind), what, at, groups):
            yield from self.after(rest, end, found)

    def _after(self, kind: str, what: Any, at: int, groups: _Groups) -> _Ends:
        if (test := self._test(kind, what)) is not None:
            if at < len(self._items) and test(self._items[at]):
                yield at + 1, groups
            return
        match kind:
            case "AT":
                if self._is_at(str(what), at):
                    yield at, groups
            case "FAILURE":  # `(?!)`
                return
            case "BRANCH":
                for branch in what[1]:
                    yield from self.after([*branch], at, groups)
            case "SUBPATTERN":
                yield from self._grouped(what, at, groups)
            case "MAX_REPEAT" | "MIN_REPEAT":
                yield from self._repeated(kind == "MIN_REPEAT", what, at, groups)
            case "ASSERT" | "ASSERT_NOT":
                yield from self._ahead(kind == "ASSERT", what, at, groups)
            case "GROUPREF":
                yield from self._again(what, at, groups)
            case "POSSESSIVE_REPEAT":
                found = self._repeated(False, what, at, groups)
                yield from (each for each, _ in zip(found, range(1), strict=False))
            case "GROUPREF_EXISTS":
                number, there, otherwise = what
                yield from self.after([*(there if number in groups else otherwise or ())], at, groups)
            case "ATOMIC_GROUP":
                yield from (each for each, _ in zip(self.after([*what], at, groups), range(1), strict=False))
            case _:
                raise Unknown

    def _grouped(self, what: tuple[int | None, int, int, Any], at: int, groups: _Groups) -> _Ends:
        number, more, less, inner = what
        if (more | less) & ~_SCOPED:
            raise Unknown
        reading = _Reading(self._items, self._steps, (self._flags | more) & ~less) if more or less else self
        for end, found in reading.after([*inner], at, groups):
            yield end, found if number is None else {**found, number: (at, end)}

    def _repeated(self, is_lazy: bool, what: tuple[int, Any, Any], at: int, groups: _Groups) -> _Ends:
        least, inner = what[0], [*what[2]]
        most = max(least, min(int(what[1]), len(self._items) + 1))
        test = self._test(str(inner[0][0]), inner[0][1]) if len(inner) == 1 else None
        if test is None:
            yield from self._times(is_lazy, (least, most), inner, at, groups)
            return
        if is_lazy:
            end = at
            while end - at <= most and (end - at < least or (yield end, groups) is None):
                if end >= len(self._items) or not test(self._items[end]):
                    return
                end += 1
            return
        end = at
        while end - at < most and end < len(self._items) and test(self._items[end]):
            end += 1
        yield from ((each, groups) for each in range(end, at + least - 1, -1))

    def _times(
        self, is_lazy: bool, bounds: tuple[int, int], inner: Sequence[Any], at: int, groups: _Groups, last: int = -1
    ) -> _Ends:
        """The same of what is more than one character: once more first, or last. `last`: where the time before began."""
        least, most = bounds
        if is_lazy and least <= 0:
            yield at, groups
        if most > 0 and (at != last or least > 0):  # behind nothing, nothing again would go on for ever
            for end, found in self.after(inner, at, groups):
                yield from self._times(is_lazy, (least - 1, most - 1), inner, end, found, at)
        if not is_lazy and least <= 0:
            yield at, groups

    def _ahead(self, wanted: bool, what: tuple[int, Any], at: int, groups: _Groups) -> _Ends:
        direction, inner = what[0], [*what[1]]
        start = at
        if direction < 0:
            low, high = what[1].getwidth()
            start = at - low
            if low != high:
                raise Unknown
        found = next(self.after(inner, start, groups), None) if start >= 0 else None
        if (found is not None) is wanted:
            yield at, groups if found is None else found[1]

    def _again(self, number: int, at: int, groups: _Groups) -> _Ends:
        if number not in groups:
            return
        same = self._items[slice(*groups[number])]
        here = self._items[at : at + len(same)]
        if len(here) == len(same) and all(map(self._is_same, same, here)):
            yield at + len(same), groups

    def _is_at(self, what: str, at: int) -> bool:
        lines = bool(self._flags & re.MULTILINE)
        match what:
            case "AT_BEGINNING":
                return at == 0 or (lines and self._is_line_end(at - 1))
            case "AT_BEGINNING_STRING":
                return at == 0
            case "AT_END_STRING":
                return at == len(self._items)
            case "AT_END":
                last = at == len(self._items)
                return last or ((lines or at == len(self._items) - 1) and self._is_line_end(at))
            case "AT_BOUNDARY" | "AT_NON_BOUNDARY":
                return (self._is_word(at - 1) is not self._is_word(at)) is (what == "AT_BOUNDARY")
        raise Unknown

    def _is_line_end(self, at: int) -> bool:
        return self._steps.same(self._items[at], repr("\n"))

    def _is_word(self, at: int) -> bool:
        return 0 <= at < len(self._items) and self._is_of("WORD", self._items[at])

    def _is_of(self, name: str, item: str) -> bool:
        if self._flags & re.ASCII and ("\\x1c" <= item.strip("'") <= "\\x1f" or not ast.literal_eval(item).isascii()):
            return False
        if name == "WORD" and self._steps.same(item, "'_'"):
            return True
        return any(self._steps.holds(f"{item}.{method}()") for method in _CLASSES[name])

    def _test(self, kind: str, what: Any) -> _Test | None:
        """What is asked of one character; None of a part that is no single one."""
        match kind:
            case "LITERAL":
                return lambda item: self._is_same(item, repr(chr(what)))
            case "NOT_LITERAL":
                return lambda item: not self._is_same(item, repr(chr(what)))
            case "ANY" if self._flags & re.DOTALL:
                return lambda item: True
            case "ANY":
                return lambda item: not self._steps.same(item, repr("\n"))
            case "IN":
                negative = str(what[0][0]) == "NEGATE"
                tests = [self._of_set(str(each), of) for each, of in what[negative:]]
                return lambda item: any(test(item) for test in tests) is not negative
        return None

    def _of_set(self, kind: str, what: Any) -> _Test:
        match kind:
            case "LITERAL":
                return lambda item: self._is_same(item, repr(chr(what)))
            case "RANGE":
                first, last = (repr(chr(each)) for each in what)
                has_cases = what[1] > _LAST_ASCII or any(chr(each).isalpha() for each in range(what[0], what[1] + 1))
                if not self._flags & re.IGNORECASE or not has_cases:
                    return lambda item: self._is_between(first, item, last)
                return lambda item: any(self._is_between(first, each, last) for each in self._cases(item))
            case "CATEGORY":
                *_, no, name = ["", *str(what).removeprefix("CATEGORY_").split("_")]
                return lambda item: self._is_of(name, item) is not (no == "NOT")
        raise Unknown

    def _is_between(self, first: str, item: str, last: str) -> bool:
        return self._steps.holds(f"{first} <= {item}") and self._steps.holds(f"{item} <= {last}")

    def _cases(self, item: str) -> Iterator[str]:
        """A character in small and in large, as `sre` looks for both in a range."""
        yield (lower := self._lower(item))
        letter = ast.literal_eval(lower)
        large = letter.upper() if len(letter.upper()) == 1 else letter
        upper = self._steps.value(f"{lower}.upper()") if letter.isascii() else repr(large)
        if upper is None:
            raise Unknown
        yield upper

    def _is_same(self, item: str, other: str) -> bool:
        if not self._flags & re.IGNORECASE:
            return self._steps.same(item, other)
        one, two = self._lower(item), self._lower(other)
        if one.isascii() and two.isascii() or self._flags & re.ASCII:
            return self._steps.same(one, two)
        letter = ast.literal_eval(one)
        return one == two or ord(letter) in _EXTRA_CASES.get(ord(ast.literal_eval(two)), ())

    def _lower(self, item: str) -> str:
        if self._flags & re.ASCII and not ast.literal_eval(item).isascii():
            return item
        if not item.isascii():  # of which Unicode's tables tell
            return repr(chr(_sre.unicode_tolower(ord(ast.literal_eval(item)))))
        lower = self._steps.value(f"{item}.lower()")
        if lower is None:
            raise Unknown
        return lower
