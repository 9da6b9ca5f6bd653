"""What operations on values give, asked for by their text.

Knows who answers (`Answering`), and how values are written; of what an answer tells a value is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from cwm_trace.models.containers import MATCH
from cwm_trace.models.items import Raises
from cwm_trace.models.machine.values import Lost, Object, Raised, Unknown, Value, closed, content_of, error, known, read


class Answering(Protocol):
    """Who is asked; `Raises` where the operation raises, None where that is not known."""

    def told(self, operation: str) -> str | None:
        """The text of what an operation gives."""

    def told_truth(self, test: str) -> bool | None:
        """Whether a test holds."""

    def with_groups(self, told: str) -> str:
        """What an operation has just given, with the groups of its matches."""


class Questions:
    """Those of one program.

    Attributes:
        on_unknown: is called where nobody tells what an operation gives.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.on_unknown: Callable[[], None] = lambda: None

    def value(self, operation: str) -> Value:
        """What an operation gives; an `Unknown` where nobody tells. Raises Raised."""
        try:
            told = self._answering.told(operation)
        except Raises as raises:
            raise _raised(raises) from None
        if told is None:
            self.on_unknown()
            return Unknown()
        return read(self._answering.with_groups(told) if MATCH in told else told)

    def sure(self, operation: str) -> Value:
        """The same, which must be known. Raises Raised, Lost."""
        return known(self.value(operation))

    def holds(self, test: str) -> bool:
        """Whether a test holds. Raises Raised, Lost."""
        try:
            told = self._answering.told_truth(test)
        except Raises as raises:
            raise _raised(raises) from None
        if told is None:
            raise Lost(test)
        return told

    def places(self, count: int, behind: str, kind: str = "list") -> list[int]:
        """Which of so many items an operation on all of them gives, in order. Raises Raised, Lost."""
        if count > _LARGE and (bounds := _BOUNDS.fullmatch(behind)) is not None:
            return self._places_of_many(count, kind, *bounds.groups())
        items = ", ".join(map(str, range(count)))
        try:
            told = self.sure(
                f"({items}{',' if count == 1 else ''}){behind}" if kind == "tuple" else f"[{items}]{behind}"
            )
        except Raised as raised:
            if kind in ("list", "tuple") or not raised.is_a("IndexError"):
                raise
            raise error("IndexError", f"{kind} index out of range") from None
        found: Any = getattr(told, "items", told)
        if isinstance(found, int):
            return [found]
        if not all(isinstance(place, int) and 0 <= place < count for place in found):
            raise Lost
        return list(found)

    def _places_of_many(self, count: int, kind: str, first: str, colon: str, last: str) -> list[int]:
        """The same, where so many items are not asked about one by one: by where the bounds are."""
        start = self._bound(count, first, 0)
        if colon:
            return list(range(start, max(start, self._bound(count, last, count))))
        if not self.holds(f"{start} < {count}") or first.startswith("-") and self.holds(f"{first[1:]} > {count}"):
            raise error("IndexError", f"{kind} index out of range")
        return [start]

    def _bound(self, count: int, told: str, otherwise: int) -> int:
        """Where a bound is among so many items; one below zero counts from the end."""
        if not told:
            return otherwise
        if not told.startswith("-"):
            return int(told) if self.holds(f"{told} < {count}") else count
        return int(self.sure(f"{count} - {told[1:]}")) if self.holds(f"{told[1:]} <= {count}") else 0


_LARGE = 60  # items
_BOUNDS = re.compile(r"\[(-?\d*)(:?)(-?\d*):?\]")


def _raised(raises: Raises) -> Raised:
    raised = read(raises.value or "")
    if not isinstance(raised, Object):
        raise Lost
    return Raised(raised)


def text_of(value: Value) -> str:
    """A value as operations have it. Raises Lost where it has no such text."""
    text = closed(content_of(known(value)))
    if text is None:
        raise Lost
    return text


def operand(value: Value) -> str:
    """The same, in front of a sign or a point."""
    text = text_of(value)
    return f"({text})" if text.startswith("-") else text


def arguments(args: Sequence[Value], named: dict[str, Value]) -> str:
    """What stands between the parentheses of a call."""
    return ", ".join([*map(text_of, args), *(f"{name}={text_of(value)}" for name, value in named.items())])
