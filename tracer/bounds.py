"""Values whose text would not fit in memory: told by counting, before any text is made, and shown by their beginning.

A list of all objects of the process has a text of gigabytes; forty lists, each with the one before in it twice, one of a terabyte. Counted are
the items of built-in containers, as often as a text would show them. Not known here: how long the text of any other object is.
"""

from __future__ import annotations

import builtins
from collections import Counter, OrderedDict, defaultdict, deque
from itertools import islice
from typing import Any, Final

from cwm_trace.tracer.log import Cut
from cwm_trace.tracer.raw import is_plain_type
from cwm_trace.tracer.values import cap, render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

SAFE_ITEMS: Final = 1_000_000
"""Of one value: where other people's programs run, in a child process."""
_MAPPINGS: frozenset[type] = frozenset({dict, defaultdict, OrderedDict, Counter})
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
COUNTED: frozenset[type] = _MAPPINGS | {list, tuple, set, frozenset, deque, *_VIEWS}
_OPENING: dict[type, str] = {list: "[", tuple: "(", dict: "{", set: "{"}
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_SHOWN_ITEMS, _SHOWN_CHARS = 20, 1_000


def bounded_text(value: object, most: int | None) -> str:
    """The text of a value; of one with more than `most` items only the beginning, marked as cut."""
    if most is None or not _is_counted(value) or not is_larger(value, most):
        return render_value(value)
    return beginning(value)


def _is_counted(value: object) -> bool:
    kind = type(value)
    return is_plain_type(kind) and kind in COUNTED


def beginning(value: object) -> str:
    """The text of a container's first items, marked as cut."""
    return Cut(cap(_open(value), _SHOWN_CHARS)[0].rstrip("…") + "…")


def is_larger(value: object, most: int) -> bool:
    """Whether a container has more than `most` items, with those of containers in it."""
    try:
        return _count(value, most, {}) > most
    except RecursionError:  # as its repr will
        return False


def _count(value: Any, most: int, known: dict[int, tuple[int, list[Any]]]) -> int:
    """How many items a text would show, each as often as it would; what is beyond `most` is not counted.

    `known` has what was counted before, with its items, so that no other object gets their place in memory meanwhile.
    """
    count = len(value)
    if count > most:
        return count
    items = _items(value)
    if _has_counted(items):
        known[id(value)] = 0, items  # in itself it is shown as `[...]`
        for item in items:
            if _is_counted(item):
                count += known[id(item)][0] if id(item) in known else _count(item, most - count, known)
                if count > most:
                    return count
    known[id(value)] = count, items
    return count


def _has_counted(items: list[Any]) -> bool:
    try:
        return not COUNTED.isdisjoint(map(type, items))
    except TypeError:  # a metaclass whose classes have no hash
        return True


def _items(value: Any) -> list[Any]:
    """All at once: another thread may add some."""
    return [*dict.keys(value), *dict.values(value)] if type(value) in _MAPPINGS else list(value)


def _open(value: Any) -> str:
    """The first items of a container, open at the end."""
    kind: type = type(value)
    opening = _OPENING.get(kind, f"{kind.__name__}(")
    if kind in _MAPPINGS:
        shown = [f"{render_value(key)}: {_item(item)}" for key, item in islice(dict.items(value), _SHOWN_ITEMS)]
    else:
        shown = [_item(item) for item in islice(value, _SHOWN_ITEMS)]
    return opening + ", ".join(shown) + "…"


def _item(value: object) -> str:
    kind = type(value)
    if not _is_counted(value) or not is_larger(value, _SHOWN_ITEMS):
        return render_value(value)
    opening = _OPENING.get(kind, f"{kind.__name__}(")
    return f"{opening}…{_CLOSING[opening[-1]]}"
