"""What `sys` says of the interpreter, which is the one that is running. Of its process it knows only that a recorded program
has no arguments."""

from __future__ import annotations

import sys
from typing import Any

from cwm_trace.models.machine.values import UNSET, Class, Dict, List, Object, Value

_LOOKED_UP = ("byteorder", "hexversion", "maxsize", "maxunicode", "platform", "version")


def attribute(name: str) -> Value:
    """What `sys` has under a name; UNSET: unknown."""
    if name in _LOOKED_UP:
        return getattr(sys, name)
    if name == "version_info":
        found: Any = sys.version_info
        names = ("major", "minor", "micro", "releaselevel", "serial")
        kind = Class("sys.version_info", "version_info", (), {}, flavour="namedtuple", module="sys")
        kind.fields = tuple((each, UNSET) for each in names)
        kind.line = (kind,)
        return Object(kind, held=tuple(found))
    if name == "argv":
        return List([""])
    if name == "modules":
        return Dict()
    return UNSET
