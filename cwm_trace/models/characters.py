"""What Python does with a text character by character, done so (`models.steps`): whether two are the same, what one is in capitals, is
asked.

Knows the methods of texts; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from cwm_trace.models.items import Raises, Steps, Way, is_text, matches, text_together
from cwm_trace.models.known import behind

_EACH = frozenset(("upper", "lower", "swapcase"))
_ALL = frozenset(("isalpha", "isdigit", "isalnum", "isspace", "isnumeric", "isdecimal"))


def joined(between: str, over: Callable[[Steps], Sequence[str] | None] | None) -> Way | None:
    """Texts in one, with another between them."""
    return behind(over, lambda items, steps: _joined(between, items))


def _joined(between: str, items: Sequence[str]) -> str | None:
    if not all(map(is_text, items)):
        return None
    return text_together([part for item in items for part in (between, item)][1:])


def of_text(name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method of a text of these characters."""
    match name, given:
        case _, [] if name in _EACH and len(items) != 1:
            return lambda steps: _all_known([steps.value(f"{item}.{name}()") for item in items])
        case _, [] if name in _ALL and len(items) > 1:
            return lambda steps: str(all(steps.holds(f"{item}.{name}()") for item in items))
        case "capitalize", []:
            return lambda steps: _all_known(_lowered(items, [place == 0 for place in range(len(items))], steps))
        case "title", [] if all(item.isascii() for item in items):  # where all letters have capitals
            return lambda steps: _titled(items, steps)
        case "strip" | "lstrip" | "rstrip", []:
            return lambda steps: _stripped(name, lambda item: _is_space(item, steps), items)
        case "strip" | "lstrip" | "rstrip", [which] if is_text(which):
            edge = _characters(which)
            return lambda steps: _stripped(name, lambda item: any(steps.same(item, each) for each in edge), items)
        case "split", []:
            return lambda steps: _words(items, steps)
        case "ljust" | "rjust", [width, *fill] if width.isdigit() and len(fill) < 2:
            return lambda steps: _filled(name, width, [*fill, "' '"][0], items, steps)
        case "zfill", [width] if width.isdigit() and items[:1] not in (["'-'"], ["'+'"]):
            return lambda steps: _filled("rjust", width, "'0'", items, steps)
    if given and is_text(given[0]) and (parts := _characters(given[0])):
        return _with_part(name, parts, given[1:], items)
    return None


def _with_part(name: str, parts: Sequence[str], others: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method that looks for a part of a text."""
    match name, others:
        case "count", []:
            return lambda steps: steps.counted(matches(parts, items, steps))
        case "find" | "index", []:
            missing = "-1" if name == "find" else None
            return lambda steps: _place(matches(parts, items, steps, 1), missing, steps)
        case "rfind" | "rindex", []:
            missing = "-1" if name == "rfind" else None
            return lambda steps: _place(_from_the_end(parts, items, steps), missing, steps)
        case "replace", [other] if is_text(other):
            return lambda steps: text_together(_between(parts, items, matches(parts, items, steps), other))
        case "split", []:
            return lambda steps: _listed(_apart(parts, items, matches(parts, items, steps)))
        case "split", [most] if most.isdigit():
            return lambda steps: _listed(_apart(parts, items, matches(parts, items, steps, int(most))))
        case "partition", []:
            return lambda steps: _parted(parts, items, matches(parts, items, steps, 1), 0)
        case "rpartition", []:
            return lambda steps: _parted(parts, items, _from_the_end(parts, items, steps), 2)
        case "startswith" | "removeprefix", []:
            return lambda steps: _at_edge(name, parts, items, items[: len(parts)], items[len(parts) :], steps)
        case "endswith" | "removesuffix", []:
            edge = max(len(items) - len(parts), 0)
            return lambda steps: _at_edge(name, parts, items, items[edge:], items[:edge], steps)
    return None


def _characters(text: str) -> list[str]:
    return list(map(repr, ast.literal_eval(text)))


def _all_known(texts: Sequence[str | None]) -> str | None:
    known = [text for text in texts if text is not None and is_text(text)]
    return text_together(known) if len(known) == len(texts) else None


def _listed(texts: Iterable[Sequence[str]]) -> str:
    return f"[{', '.join(map(text_together, texts))}]"


def _is_space(item: str, steps: Steps) -> bool:
    return steps.holds(f"{item}.isspace()")


def _lowered(items: Sequence[str], begins: Sequence[bool], steps: Steps) -> list[str | None]:
    pairs = zip(items, begins, strict=True)
    return [steps.value(f"{item}.{'upper' if begins_one else 'lower'}()") for item, begins_one in pairs]


def _titled(items: Sequence[str], steps: Steps) -> str | None:
    letters = [steps.holds(f"{item}.isalpha()") for item in items]
    return _all_known(_lowered(items, [not before for before in [False, *letters][: len(items)]], steps))


def _stripped(name: str, goes: Callable[[str], bool], items: Sequence[str]) -> str:
    left = list(items)
    while left and name != "rstrip" and goes(left[0]):
        del left[0]
    while left and name != "lstrip" and goes(left[-1]):
        del left[-1]
    return text_together(left)


def _words(items: Sequence[str], steps: Steps) -> str:
    words: list[list[str]] = [[]]
    for item in items:
        if _is_space(item, steps):
            words.append([])
        else:
            words[-1].append(item)
    return _listed(word for word in words if word)


def _filled(name: str, width: str, fill: str, items: Sequence[str], steps: Steps) -> str | None:
    """As wide as that, or wider."""
    number = steps.counted(items)
    if number is None or not steps.holds(f"{number} < {width}"):
        return text_together(items)
    added: list[str] = []
    while number is not None and not steps.same(number, width):
        added.append(fill)
        number = steps.next(number) if len(added) < 200 else None
    if number is None:
        return None
    return text_together([*added, *items] if name == "rjust" else [*items, *added])


def _place(found: Sequence[int], missing: str | None, steps: Steps) -> str | None:
    if not found and missing is None:
        raise Raises(repr(ValueError("substring not found")))
    return steps.counted(range(found[0])) if found else missing


def _from_the_end(parts: Sequence[str], items: Sequence[str], steps: Steps) -> list[int]:
    """Where the last of the parts stand."""
    found = matches(parts[::-1], items[::-1], steps, 1)
    return [len(items) - len(parts) - place for place in found]


def _apart(parts: Sequence[str], items: Sequence[str], found: Sequence[int]) -> list[Sequence[str]]:
    """What stands before, between and behind the parts."""
    starts = [0, *(place + len(parts) for place in found)]
    return [items[start:end] for start, end in zip(starts, [*found, len(items)], strict=True)]


def _between(parts: Sequence[str], items: Sequence[str], found: Sequence[int], other: str) -> list[str]:
    first, *rest = _apart(parts, items, found)
    return [*first, *(text for each in rest for text in (other, *each))]


def _parted(parts: Sequence[str], items: Sequence[str], found: Sequence[int], whole: int) -> str:
    """Three texts; of what has no such part, all in one of them."""
    if found:
        before, behind = _apart(parts, items, found)
        three = [before, parts, behind]
    else:
        three = [items if place == whole else [] for place in range(3)]
    return f"({', '.join(map(text_together, three))})"


def _at_edge(
    name: str, parts: Sequence[str], items: Sequence[str], edge: Sequence[str], rest: Sequence[str], steps: Steps
) -> str:
    is_there = len(edge) == len(parts) and bool(matches(parts, edge, steps, 1))
    if name.endswith("with"):
        return str(is_there)
    return text_together(rest if is_there else items)
