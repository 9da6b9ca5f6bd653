"""Values of which some may be unknown. Knows nothing of what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_From = TypeVar("_From")
_Made = TypeVar("_Made")


def all_known(items: Iterable[_Item | None] | None) -> list[_Item] | None:
    """None where one of them is."""
    if items is None:
        return None
    listed = list(items)
    known = [item for item in listed if item is not None]
    return known if len(known) == len(listed) else None


def behind(
    told: Callable[[_From], Sequence[str] | None] | None, make: Callable[[Sequence[str], _From], _Made | None]
) -> Callable[[_From], _Made | None] | None:
    """A function that makes something of what another tells, where that is known; None where there is no other."""
    if told is None:
        return None

    def both(given: _From) -> _Made | None:
        items = told(given)
        return None if items is None else make(items, given)

    return both
