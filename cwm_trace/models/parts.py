"""What Python does with a text by a part of it: finds, counts, replaces it, takes the text apart there, done by steps (`models.steps`).

Whether two characters are the same is asked. Knows the methods of texts; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence

from cwm_trace.models.items import Raises, Steps, Way, is_text, items_of, list_together, matches, text_together
from cwm_trace.models.slices import between, bound_of
from cwm_trace.models.statements import statement_of

_EMPTY = "empty separator"
_EMPTY_PART = re.compile(r"(?<!\w)(?:''|\"\")")

_Way = Callable[[Sequence[str], int, Steps], str | None]
"""Does a method in some of a text's characters, the first of which has this number."""


def with_part(name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method that looks for a part of a text of these characters; None where it is none, or not known."""
    if (way := _within(name, given[0])) is not None:
        # Nothing is found behind the end.
        return None if given[1:] and _EMPTY_PART.search(given[0]) else _in_bounds(way, given[1:], items)
    return _apart_by(name, characters(given[0]), given[1:], items) if is_text(given[0]) else None


def characters(text: str) -> list[str]:
    """Those of a text, each as one."""
    return list(map(repr, ast.literal_eval(text)))


def _in_bounds(way: _Way, given: Sequence[str], items: Sequence[str]) -> Way | None:
    """Done between places, if there are any."""
    bounds = [bound_of(each) for each in given]
    if len(bounds) > 2 or not all(fits for fits, _ in bounds):
        return None
    lower, upper = [*(bound for _, bound in bounds), None, None][:2]

    def bounded(steps: Steps) -> str | None:
        places = between(lower, upper, items, steps)
        return None if places is None else way(items[slice(*places)], places[0], steps)

    return bounded


def _within(name: str, part: str) -> _Way | None:
    if name in ("startswith", "endswith"):
        return _edges(name, part)
    if not is_text(part) or name not in ("count", "find", "rfind", "index", "rindex"):
        return None
    parts = characters(part)
    if name == "count":
        more = int(not parts)  # nothing is behind the last, too
        return lambda items, _, steps: steps.counted([*_matches(parts, items, steps), *[0] * more])
    found = _last if name in ("rfind", "rindex") else _first
    missing = "-1" if name in ("find", "rfind") else None
    return lambda items, before, steps: _place(found(parts, items, steps), before, missing, steps)


def _matches(parts: Sequence[str], items: Sequence[str], steps: Steps, most: int | None = None) -> list[int]:
    """Where they stand; nothing stands before each."""
    return matches(parts, items, steps, most) if parts else list(range(len(items)))


def _first(parts: Sequence[str], items: Sequence[str], steps: Steps) -> int | None:
    return next(iter(matches(parts, items, steps, 1)), None) if parts else 0


def _last(parts: Sequence[str], items: Sequence[str], steps: Steps) -> int | None:
    return next(iter(_from_the_end(parts, items, steps, 1)), None) if parts else len(items)


def _place(found: int | None, before: int, missing: str | None, steps: Steps) -> str | None:
    if found is None and missing is None:
        raise Raises(repr(ValueError("substring not found")))
    return missing if found is None else steps.counted(range(before + found))


def _from_the_end(parts: Sequence[str], items: Sequence[str], steps: Steps, most: int | None) -> list[int]:
    """Where the last of the parts stand, the last one first."""
    found = matches(parts[::-1], items[::-1], steps, most)
    return [len(items) - len(parts) - place for place in found]


def _edges(name: str, part: str) -> _Way | None:
    """Whether a text begins or ends so, or in one of several ways."""
    statement = statement_of(part)
    several = [part]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Tuple):
        several = items_of(statement.value, part) or []
    if not several or not all(map(is_text, several)):
        return None
    ways = [characters(each) for each in several]
    return lambda items, _, steps: str(any(_is_at(name, parts, items, steps) for parts in ways))


def _is_at(name: str, parts: Sequence[str], items: Sequence[str], steps: Steps) -> bool:
    edge = items[: len(parts)] if name in ("startswith", "removeprefix") else items[max(len(items) - len(parts), 0) :]
    return len(edge) == len(parts) and all(map(steps.same, edge, parts))


def _apart_by(name: str, parts: Sequence[str], others: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method that takes a text apart, or puts something in place of a part."""
    match name, others:
        case "replace", [other, *most] if is_text(other) and len(most) < 2 and all(map(str.isdigit, most)):
            return lambda steps: _replaced(parts, items, other, int(most[0]) if most else None, steps)
        case "split" | "rsplit" | "partition" | "rpartition", _ if not parts:
            return lambda steps: _raise(ValueError(_EMPTY))
        case "split", [*most] if len(most) < 2 and all(map(str.isdigit, most)):
            count = int(most[0]) if most else None
            return lambda steps: listed(_apart(parts, items, matches(parts, items, steps, count)))
        case "rsplit", [*most] if len(most) < 2 and all(map(str.isdigit, most)):
            count = int(most[0]) if most else None
            return lambda steps: listed(_apart(parts, items, _from_the_end(parts, items, steps, count)[::-1]))
        case "partition", []:
            return lambda steps: _parted(parts, items, _first(parts, items, steps), 0)
        case "rpartition", []:
            return lambda steps: _parted(parts, items, _last(parts, items, steps), 2)
        case "removeprefix", []:
            return lambda steps: text_together(items[len(parts) * _is_at(name, parts, items, steps) :])
        case "removesuffix", []:
            return lambda steps: text_together(items[: len(items) - len(parts) * _is_at(name, parts, items, steps)])
    return None


def _raise(error: Exception) -> str:
    raise Raises(repr(error))


def _replaced(parts: Sequence[str], items: Sequence[str], other: str, most: int | None, steps: Steps) -> str:
    found = _matches(parts, items, steps, most)
    if not parts:
        found = [*found, len(items)][:most]
    first, *rest = _apart(parts, items, found)
    return text_together([*first, *(text for each in rest for text in (other, *each))])


def _apart(parts: Sequence[str], items: Sequence[str], found: Sequence[int]) -> list[Sequence[str]]:
    """What stands before, between and behind the parts."""
    starts = [0, *(place + len(parts) for place in found)]
    return [items[start:end] for start, end in zip(starts, [*found, len(items)], strict=True)]


def listed(texts: Iterable[Sequence[str]]) -> str:
    """A list of texts, each of its characters."""
    return list_together(map(text_together, texts))


def _parted(parts: Sequence[str], items: Sequence[str], found: int | None, whole: int) -> str:
    """Three texts; of what has no such part, all in one of them."""
    if found is None:
        three: list[Sequence[str]] = [items if place == whole else [] for place in range(3)]
    else:
        three = [items[:found], parts, items[found + len(parts) :]]
    return f"({', '.join(map(text_together, three))})"
