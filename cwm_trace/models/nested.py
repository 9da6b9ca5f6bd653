"""Comprehensions with a `for` in a `for`: what their frames show, item by item, and what they make.

A frame comes for each item of the inner one, and for each of the outer one when the inner one has no more. Knows Python's comprehensions;
evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from cwm_trace.models.comprehensions import Form, Item, holding, made_of, put_together
from cwm_trace.models.inline import filled
from cwm_trace.models.items import shares_of
from cwm_trace.models.known import all_known
from cwm_trace.models.loops import header_of, items_of
from cwm_trace.models.questions import Way

_MOST = 400  # frames


class Nested(NamedTuple):
    """A comprehension that runs.

    Attributes:
        form: of it, with values in place of names, but for those that it binds.
        shown: how many items its frames have shown.
        way, behind: of its LINE, and of its RETURN.
    """

    form: Form
    shown: int
    way: Way
    behind: Way


class Turn(NamedTuple):
    """What is next.

    Attributes:
        bound: its variables, if there is an item.
        made: what it gives, if there is none.
    """

    bound: Mapping[str, str]
    made: str | None = None


class _Unknown(Exception):
    pass


def next_turn(nested: Nested, holds: Callable[[str], bool], value: Callable[[str], str | None]) -> Turn | None:
    """The next item, or what comes of all; None: unknown."""
    shown = _shown(nested, holds, value)
    if shown is None:
        return None
    if len(shown) > nested.shown:
        bound, item = shown[-1]
        return Turn({}, item[0]) if item and nested.form.draws else Turn(bound)
    if nested.form.draws:
        return Turn({}, "None")
    made = put_together(nested.form.kind, [item for _, item in shown if item], value)
    return None if made is None else Turn({}, made)


def resumed(
    nested: Nested, holds: Callable[[str], bool], value: Callable[[str], str | None]
) -> Mapping[str, str] | None:
    """The variables of a generator expression's CALL behind an item that it has given; None: unknown."""
    shown = _shown(nested, holds, value)
    return shown[-1][0] if shown and len(shown) > nested.shown else None


def _shown(
    nested: Nested, holds: Callable[[str], bool], value: Callable[[str], str | None]
) -> list[tuple[Mapping[str, str], Item | None]] | None:
    """What frames have shown, and the one that is next shows, as far as there is one; None: unknown."""
    if nested.shown > _MOST:
        return None
    try:
        return list(islice(_Frames(nested.form, holds, value).of(0, {}), nested.shown + 1))
    except _Unknown:
        return None


class _Frames:
    def __init__(self, form: Form, holds: Callable[[str], bool], value: Callable[[str], str | None]) -> None:
        self._form, self._holds, self._value = form, holds, value
        self._levels = [(form.header, form.tests), *form.more]
        self._shown: dict[str, str] = {}

    def of(self, number: int, around: Mapping[str, str]) -> Iterator[tuple[Mapping[str, str], Item | None]]:
        """What each frame of a `for` shows, and what comes of the item."""
        header, tests = self._levels[number]
        for turn in self._turns(filled(header, around.get), header):
            now = {**around, **turn}
            self._shown |= turn
            passes = holding(tests, now, self._holds)
            if passes is None:
                raise _Unknown
            if passes and number + 1 < len(self._levels):
                yield from self.of(number + 1, now)
                yield dict(self._shown), None
            else:
                yield dict(self._shown), self._made(now) if passes else None

    def _turns(self, line: str, written: str) -> Iterator[Mapping[str, str]]:
        header, own = header_of(line), header_of(written)
        items = None if header is None else items_of(header.of(header.over), self._value)
        if items is None or own is None:
            raise _Unknown
        for item in items:
            turn = shares_of(own.target, item)
            if not turn or not all(turn.values()):
                raise _Unknown
            yield turn

    def _made(self, now: Mapping[str, str]) -> Item:
        made = all_known(made_of(text, now, self._value) for text in self._form.element)
        if made is None:
            raise _Unknown
        return tuple(made)
