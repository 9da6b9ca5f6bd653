"""The items of a value, as texts, and what steps are: who is asked what an operation on two of them gives (`models.steps`).

Knows Python's literals; evaluates nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from cwm_trace.models.containers import ORDERED, opened
from cwm_trace.models.digits import Facts
from cwm_trace.models.known import all_known
from cwm_trace.models.operations import as_shown
from cwm_trace.models.statements import statement_of, text_of

MOST = 20_000
"""Items of a value that are gone through."""
_DIGITS = frozenset("0123456789")


class Raises(Exception):
    """Internal: Python would raise something here.

    Attributes:
        value: what, as a frame shows it; None: unknown.
    """

    def __init__(self, value: str | None = None) -> None:
        super().__init__(value)
        self.value = value


def raising(error: Exception) -> Way:
    """The way of an operation that raises."""

    def way(steps: Steps) -> str | None:
        raise Raises(repr(error))

    return way


@dataclass(frozen=True)
class Steps:
    """Who tells what a step gives.

    Attributes:
        value: of an operation: the text of what it gives, None where it raises.
        holds: of a comparison, or another test: whether it holds.
        facts: what they have told of digits.
    """

    value: Callable[[str], str | None]
    holds: Callable[[str], bool]
    facts: Facts = field(default_factory=Facts, repr=False, compare=False)

    def next(self, number: str | None) -> str | None:
        """The number behind one."""
        return None if number is None else self.value(f"{number} + 1")

    def same(self, one: str, other: str) -> bool:
        """Whether two values are equal."""
        return self.holds(f"{one} == {other}")

    def counted(self, items: Iterable[object]) -> str | None:
        """How many there are."""
        number: str | None = "0"
        for _ in items:
            number = self.next(number)
        return number

    def numbered(self, items: Iterable[str]) -> Iterator[tuple[str | None, str]]:
        """Items with their numbers, from 0 on."""
        number: str | None = "0"
        for item in items:
            yield number, item
            number = self.next(number)

    def forward(self, place: str, items: Sequence[str]) -> str | None:
        """A place from the beginning on, of one that may be told from the end."""
        if not place.strip("-0"):
            return "0"
        if not place.startswith("-"):
            return place
        number = self.counted(items)
        return None if number is None else self.value(f"{number} - {place[1:]}")


Way: TypeAlias = Callable[[Steps], str | None]
"""Does an operation by steps: the text of what it gives, None where it raises or a step is unknown."""


def items_of(over: ast.expr, text: str) -> list[str] | None:
    """The texts of what there is in a value, as Python goes through it; None where that is not known, or too much."""
    if (inner := opened(over, ORDERED)) is not None:
        return items_of(inner, text)
    match over:
        case ast.Constant(value=str(value)):
            return list(map(repr, value)) if len(value) <= MOST else None
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return _shown(parts, text)
        case ast.Dict(keys=keys) | ast.Call(func=ast.Attribute(value=ast.Dict(keys=keys), attr="keys"), args=[]) if (
            None not in keys
        ):
            return _shown([key for key in keys if key is not None], text)
        case ast.Call(func=ast.Attribute(value=ast.Dict(values=values), attr="values"), args=[]):
            return _shown(values, text)
        case ast.Call(func=ast.Attribute(value=ast.Dict(keys=keys, values=values), attr="items"), args=[]):
            pairs = [_shown([*pair], text) for pair in zip(keys, values, strict=True) if pair[0] is not None]  # type: ignore[list-item]
            known = [tuple_together(pair) for pair in pairs if pair is not None]
            return known if len(known) == len(keys) else None
    return None


def _shown(parts: Sequence[ast.expr], text: str) -> list[str] | None:
    return all_known(shown(part, text) for part in parts) if len(parts) <= MOST + 1 else None


def shown(node: ast.expr, text: str) -> str | None:
    """The text of a value as a frame shows it; None where it is none."""
    return as_shown(text_of(node, text))


def shares_of(target: ast.expr, value: str) -> dict[str, str]:
    """What an assignment of a value to a target binds; nothing where it does not fit, or binds no names alone."""
    bound: dict[str, str] = {}
    for name, text in _shares(target, value):
        if not name:
            return {}
        bound[name] = text
    return bound


def _shares(target: ast.expr, value: str) -> Iterator[tuple[str, str]]:
    match target:
        case ast.Name(id=name):
            yield name, as_shown(value) or ""
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            statement = statement_of(value)
            items = items_of(statement.value, value) if isinstance(statement, ast.Expr) else None
            stars = [place for place, part in enumerate(parts) if isinstance(part, ast.Starred)]
            rest = 0 if items is None else len(items) - len(parts) + len(stars)
            if items is None or len(stars) > 1 or (rest != 0 if not stars else rest < 0):
                yield "", ""
                return
            for star in stars:
                items[star : star + rest] = [list_together(items[star : star + rest])]
            for part, item in zip(parts, items, strict=True):
                yield from _shares(part.value if isinstance(part, ast.Starred) else part, item)
        case _:
            yield "", ""


def put_together(over: ast.expr, items: Iterable[str]) -> str:
    """Items in a value of the kind of the one that they are from."""
    if isinstance(over, ast.Constant):
        return text_together(items)
    return list_together(items) if isinstance(over, ast.List) else tuple_together(items)


def list_together(items: Iterable[str]) -> str:
    """A list of these."""
    return f"[{', '.join(items)}]"


def tuple_together(items: Iterable[str]) -> str:
    """A tuple of these."""
    listed = list(items)
    return f"({', '.join(listed)}{',' * (len(listed) == 1)})"


def text_together(texts: Iterable[str]) -> str:
    """One text of several."""
    return repr("".join(map(_text_of, texts)))


def dict_together(pairs: Iterable[tuple[str, str]]) -> str:
    """A dict of these keys and values."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def put_pairs(pairs: Sequence[tuple[str, str]], steps: Steps) -> list[tuple[str, str]]:
    """Of pairs with the same key the first, with the value of the last."""
    made: list[tuple[str, str]] = []
    for key, value in pairs:
        place = next((place for place, (each, _) in enumerate(made) if steps.same(key, each)), None)
        if place is None:
            made.append((key, value))
        else:
            made[place] = (made[place][0], value)
    return made


def texts_of(parts: Sequence[ast.expr], text: str) -> list[str]:
    """The texts of values, none where one of them is none."""
    return _shown(parts, text) or []


def alike(items: Sequence[str]) -> bool:
    """Whether they can be put in order: numbers, or values of another kind alone."""
    return all(map(is_number, items)) or len({"'" if is_text(item) else item[0] for item in items}) == 1


@lru_cache(maxsize=1024)
def _text_of(shown: str) -> str:
    return str(ast.literal_eval(shown))


def is_text(text: str) -> bool:
    """Whether a value is one."""
    return text[:1] in ("'", '"')


def is_number(text: str) -> bool:
    """Whether a value is one that is no truth."""
    return text.lstrip("-")[:1] in _DIGITS or text in ("inf", "-inf")


def is_whole(text: str) -> bool:
    """Whether a value is a whole number."""
    return text.isascii() and text.removeprefix("-").isdecimal()


def found_at(wanted: str, items: Sequence[str], steps: Steps) -> int | None:
    """Where the item with this number stands, which is told from the beginning; None: there is none."""
    numbered = enumerate(steps.numbered(items))
    return next((at for at, (number, _) in numbered if number and steps.same(number, wanted)), None)


def item_at(place: str, items: Sequence[str], steps: Steps, missing: str) -> str | None:
    """The item with this number, which may be told from the end. Raises Raises: there is none; `missing` says so."""
    if (wanted := steps.forward(place, items)) is None:
        return None
    if (at := found_at(wanted, items, steps)) is None:
        raise Raises(repr(IndexError(missing)))
    return items[at]


def place_of(one: str, items: Sequence[str], steps: Steps, missing: str) -> str | None:
    """The number of the first item that is equal to one. Raises Raises: there is none; `missing` says so."""
    for number, item in steps.numbered(items):
        if steps.same(item, one):
            return number
    raise Raises(repr(ValueError(missing)))


def matches(parts: Sequence[str], items: Sequence[str], steps: Steps, most: int | None = None) -> list[int]:
    """Where in items these parts stand one behind the other, as often as they fit; at most so many."""
    found: list[int] = []
    place = 0
    while place + len(parts) <= len(items) and (most is None or len(found) < most):
        if all(steps.same(item, part) for item, part in zip(items[place:], parts, strict=False)):
            found.append(place)
            place += len(parts)
        else:
            place += 1
    return found


def in_order(items: Sequence[str], down: bool, steps: Steps) -> list[str]:
    """From the least on, or `down` to it; of two that are equal the first one is before the other."""
    if len(items) < 2:
        return list(items)
    half = len(items) // 2
    one, other = in_order(items[:half], down, steps), in_order(items[half:], down, steps)
    made = []
    while one and other:
        less, more = (one[0], other[0]) if down else (other[0], one[0])
        made.append((other if steps.holds(f"{less} < {more}") else one).pop(0))
    return [*made, *one, *other]
