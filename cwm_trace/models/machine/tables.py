"""`unicodedata`: tables, which are looked up, of the Python that is running."""

from __future__ import annotations

import unicodedata

from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import Lost, Value, error, is_unknown, known

_OF_CHARACTERS = (
    "bidirectional category combining decimal decomposition digit east_asian_width mirrored name numeric".split()
)


def _register(name: str) -> None:
    def look_up(m: Interpreter, *args: Value) -> Value:
        if any(map(is_unknown, args)):
            return m.unknown()
        try:
            return getattr(unicodedata, name)(*map(known, args))
        except (KeyError, ValueError) as bad:
            raise error(type(bad).__name__, *bad.args) from None
        except TypeError:
            raise Lost from None

    native(f"unicodedata.{name}")(look_up)


for _name in (*_OF_CHARACTERS, "is_normalized", "lookup", "normalize"):
    _register(_name)
