"""Renders values as CWM's data did: `repr`, without memory addresses. Knows nothing of frames.

Whatever a user's `__repr__` does, a text comes back: one that raises gives `<unprintable T object>`, as tracebacks do.
"""

from __future__ import annotations

import builtins
import re

from cwm_trace.tracer.raw import is_plain_type, name_of

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=[>:;, )\]}|]|$)| @ 0x[0-9a-fA-F]+(?=>)")
"""The second is that of the objects of `hashlib`."""
_SAFE = frozenset({int, bool, float, complex, type(None), bytes, range})


def render_value(value: object) -> str:
    """The text of a value: its repr, addresses removed (`<list_iterator object>`), never an exception.

    Addresses are removed from the whole text, so also from a string that spells one before `>`: CWM's authors have not said how they do
    it, and its output shows only addresses of objects.
    """
    kind = type(value)
    try:
        text = str.__str__(repr(value))  # of a class of the program's, it would run the program's code
    except Exception:  # a user's __repr__ may raise anything; an int of more than 4,300 digits raises ValueError
        return f"<unprintable {name_of(kind)} object>"
    if is_plain_type(kind) and kind in _SAFE:
        return text
    if kind is not str:
        text = without_addresses(text)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def without_addresses(text: str) -> str:
    """A text of a value without the addresses of objects in it."""
    return _ADDRESS.sub("", text) if " 0x" in text else text


def cap(text: str, limit: int | None) -> tuple[str, bool]:
    """The text cut to `limit` characters, and whether it was cut."""
    if limit is None or len(text) <= limit:
        return text, False
    return text[:limit] + "…", True
