"""What `sys` says of the interpreter, which is the one that is running. Of its process it knows only that a recorded program
has no options."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from cwm_trace.models.machine.values import UNSET, Class, List, Native, Object, Set, Value

_BY_NAME = ("version_info", "float_info", "int_info", "hash_info")
_LOOKED_UP = (
    "api_version",
    "byteorder",
    "copyright",
    "float_repr_style",
    "hexversion",
    "maxsize",
    "maxunicode",
    "platform",
    "version",
)
_NO_OPTIONS: Mapping[str, Value] = dict.fromkeys(
    "bytes_warning debug inspect interactive optimize quiet verbose".split(), 0
) | {"dev_mode": False}
"""What `sys.flags` says where a program has none of these options; others depend on how it is recorded."""


def attribute(name: str) -> Value:
    """What `sys` has under a name; UNSET: unknown."""
    if name in _LOOKED_UP:
        return getattr(sys, name)
    if name in _BY_NAME:
        found: Any = getattr(sys, name)
        kind = Class(f"sys.{name}", name, (), {}, flavour="namedtuple", module="sys")
        kind.fields = tuple((each, UNSET) for each in found.__match_args__)
        kind.line = (kind,)
        return Object(kind, held=tuple(found))
    if name in ("stdlib_module_names", "builtin_module_names"):
        names: Any = getattr(sys, name)
        return Set([*names], "frozenset", has_order=False) if isinstance(names, frozenset) else tuple(names)
    if name == "warnoptions":
        return List([])
    if name == "flags":
        return Native(name, lambda m: None, attributes=dict(_NO_OPTIONS))
    if name == "implementation":
        told = {each: value for each, value in vars(sys.implementation).items() if isinstance(value, (str, int))}
        parts = {**told, "version": attribute("version_info")}
        return Native(name, lambda m: None, shown=repr(sys.implementation), attributes=parts)
    return UNSET
