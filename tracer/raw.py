"""Looks at the program's objects without running code of theirs: past `__getattribute__`, properties and metaclasses.

Knows nothing of frames. What a type hashes to is asked for only where that is Python's own (`is_plain_type`).
"""

from __future__ import annotations

import builtins
from types import TracebackType
from typing import Any

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_line_of, _names_of, _name_of = (type.__dict__[name].__get__ for name in ("__mro__", "__dict__", "__name__"))
_traceback_of: Any = BaseException.__dict__["__traceback__"].__get__
_MISSING = object()


def is_plain_type(kind: type) -> bool:
    """Whether it may be looked for in a set: a metaclass may have its own idea of what is equal."""
    return type(kind) is type


def name_of(kind: type) -> str:
    """Of a type."""
    name: str = _name_of(kind)
    return name


def found_in(kind: type, name: str) -> object:
    """What a type has under a name, or one that it is made from, as it stands there; None if nothing."""
    for base in _line_of(kind) or (kind, object):
        names = _names_of(base)
        if (
            names is not None and (found := names.get(name, _MISSING)) is not _MISSING
        ):  # None: of C's, and not made ready yet
            return found
    return None


def traceback_of(error: BaseException) -> TracebackType | None:
    """Of an exception."""
    found: TracebackType | None = _traceback_of(error)
    return found


def is_a(error: object, kind: type) -> bool:
    """`isinstance`, which would ask an object for its `__class__`."""
    return issubclass(type(error), kind)
