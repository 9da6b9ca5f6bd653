"""Parts of a list or a text by their places, told from the beginning or the end, found by steps (`models.steps`).

Knows Python's slices; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from cwm_trace.models.items import Steps, Way, is_whole, items_of, put_together
from cwm_trace.models.statements import text_of

Bound = str | None
"""A whole number as it is written; None: from the first, or to the last."""


def bound_of(text: str | None) -> tuple[bool, Bound]:
    """Whether a text is a bound, and which."""
    if text is None or text == "None":
        return True, None
    return is_whole(text), text


def edge(bound: str, items: Sequence[str], steps: Steps) -> int | None:
    """Where a place is that may be behind all items, or before them: -1. None: unknown."""
    if (wanted := steps.forward(bound, items)) is None:
        return None
    if wanted.startswith("-"):
        return -1
    numbered = enumerate(steps.numbered(items))
    return next((at for at, (number, _) in numbered if number is None or steps.same(number, wanted)), len(items))


def between(lower: Bound, upper: Bound, items: Sequence[str], steps: Steps) -> tuple[int, int] | None:
    """The first place between two bounds, and the one behind the last. None: unknown."""
    first = 0 if lower is None else edge(lower, items, steps)
    last = len(items) if upper is None else edge(upper, items, steps)
    if first is None or last is None:
        return None
    first = max(first, 0)
    return first, max(last, first)


def slice_of(over: ast.expr, part: ast.Slice, text: str) -> Way | None:
    """A slice of a list, a tuple, or a text; None where it is none of these, or too long."""
    items = items_of(over, text) if isinstance(over, (ast.List, ast.Tuple, ast.Constant)) else None
    bounds = [bound_of(None if each is None else text_of(each, text)) for each in (part.lower, part.upper, part.step)]
    lower, upper, step = (bound for _, bound in bounds)
    if items is None or not all(fits for fits, _ in bounds) or (step is not None and not step.strip("-0")):
        return None

    def way(steps: Steps) -> str | None:
        kept = _kept(items, lower, upper, step or "1", steps)
        return None if kept is None else put_together(over, kept)

    return way


def _kept(items: Sequence[str], lower: Bound, upper: Bound, step: str, steps: Steps) -> Sequence[str] | None:
    if not step.startswith("-"):
        places = between(lower, upper, items, steps)
        return None if places is None else _each(items[slice(*places)], step, steps)
    first = len(items) if lower is None else edge(lower, items, steps)
    last = -1 if upper is None else edge(upper, items, steps)
    if first is None or last is None:
        return None
    return _each(items[last + 1 : first + 1][::-1], step[1:], steps)


def _each(items: Sequence[str], step: str, steps: Steps) -> Sequence[str] | None:
    """The first, and each so-manieth."""
    if step == "1":
        return items
    kept, wanted = list[str](), "0"
    for number, item in steps.numbered(items):
        if number is None:
            return None
        if steps.same(number, wanted):
            kept.append(item)
            wanted = steps.value(f"{wanted} + {step}") or wanted
    return kept
