"""What names stand for that a program has not bound: Python's own, and those of modules of the library."""

from __future__ import annotations
import __future__

import builtins
import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cwm_trace.models.machine import system
from cwm_trace.models.machine.looked_up import may_be_looked_at
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    PATTERN_ERROR,
    UNSET,
    Alias,
    Builtin,
    Class,
    List,
    Lost,
    Native,
    Raised,
    Unknown,
    Value,
    dict_from,
    error,
    read,
)
from cwm_trace.models.modules import VALUES
from cwm_trace.tracer.values import render_value

NOT_IMPLEMENTED = Builtin("NotImplemented")


_SINGLE = {
    "NotImplemented": NOT_IMPLEMENTED,
    "Ellipsis": ...,
    "__name__": "__main__",
    "__debug__": True,
}


def of_python(name: Any) -> Value:
    """What a name stands for that the program has not bound. Raises Raised."""
    if name in _SINGLE:
        return _SINGLE[name]
    if hasattr(builtins, name):
        return Builtin(name)
    raise unbound(name)


def unbound(name: Any) -> Raised:
    """The error of a name that nothing has bound."""
    return error("NameError", f"name '{name}' is not defined")


def of_module(module: str, name: str) -> Value:
    """What a module of the library has under a name."""
    if module == "builtins":
        if name not in _SINGLE and not hasattr(builtins, name):
            raise no_member(module, name)
        return of_python(name)
    if module == "re" and name in ("error", "PatternError") and hasattr(re, name):
        return Builtin(PATTERN_ERROR)
    if (module, name) in _MARKS:
        return Builtin(f"{module}.{name}")
    if (module, name) in VALUES:
        return read(VALUES[module, name])
    if module == "sys" and (own := system.attribute(name)) is not UNSET:
        return own
    if module == "__future__" and name in __future__.all_feature_names:
        feature = getattr(__future__, name)
        parts = {"optional": feature.optional, "mandatory": feature.mandatory, "compiler_flag": feature.compiler_flag}
        return Native(name, _no_call, shown=repr(feature), attributes=parts)
    if may_be_looked_at(module):
        found = getattr(import_module(module), name, UNSET)
        if found is UNSET:
            raise no_member(module, name)
        if not callable(found):
            is_same = module not in _OF_ITS_OWN or f"{module}.{name}" in _OF_PLATFORM
            if (
                is_same
                and isinstance(found, dict)
                and len(found) <= _MOST
                and all(_is_plain(each) for each in (*found, *found.values()))
            ):
                return dict_from(found)
            return found if _is_plain(found) and is_same else Unknown()
    return Builtin(f"{module}.{name}")


_MOST = 1000


def _is_plain(value: object) -> bool:
    return type(value) in (str, int, float, bool, bytes)


def module_text(name: str) -> str | None:
    """How a module of the library shows itself; None: it is none."""
    if name.partition(".")[0] not in sys.stdlib_module_names:
        return None
    if name in sys.modules:
        return repr(sys.modules[name])
    try:
        spec = find_spec(name)
    except ImportError:
        return None
    if spec is None:
        return None
    return f"<module {name!r} from {spec.origin!r}>" if spec.has_location else f"<module {name!r} ({spec.origin})>"


def with_parts(origin: Value, texts: Sequence[str]) -> str:
    """A type with parameters, as it is shown; "" where one of these has a text of its own to be asked for."""
    return f"{type_text(origin)}[{', '.join(texts)}]" if all(texts) else ""


def type_text(value: Value, is_typing: bool = False) -> str:
    """A type as it is shown as a part of another; "" of what has a text of its own to be asked for, as in `Annotated[int, Above(3)]`."""
    match value:
        case None:
            return "NoneType" if is_typing else "None"
        case Class():
            return f"{value.module}.{value.qualname}"
        case Alias():
            return value.shown
        case Builtin():
            return value.name
        case List():
            texts = [type_text(each, is_typing) for each in value.items]
            return f"[{', '.join(texts)}]" if all(texts) else ""
        case str() if is_typing:
            return f"ForwardRef({value!r})"
    if value is ...:
        return "..."
    return repr(value) if isinstance(value, IMMUTABLE) else ""


def no_member(module: str, name: str) -> Raised:
    """The error of a name that a module does not have."""
    return error("AttributeError", f"module {module!r} has no attribute {name!r}")


def no_module(name: str, why: str = "") -> Raised:
    """The error of a module that there is not."""
    raised = error("ModuleNotFoundError", f"No module named {name!r}{why}")
    raised.error.attributes["name"] = name
    return raised


def place_of(module: str) -> str | None:
    """Where a module of the library lies, as errors say it; None: it may not be looked at."""
    if not may_be_looked_at(module):
        return None
    return getattr(import_module(module), "__file__", None) or NOWHERE


NOWHERE = "unknown location"
"""Where errors say that a module lies that is part of the interpreter."""


def canonical(module: str) -> str:
    """The name of a module that has several."""
    return {"os.path": "posixpath"}.get(module, module)


def has(module: str, name: str) -> bool:
    """Whether a module of the library has such a name."""
    return may_be_looked_at(module) and hasattr(import_module(module), name)


SHARED = ("_codecs",)
"""Modules written in C of which a source of our own has some names, and the machine itself the others."""


def listed(module: str, is_ours: bool) -> list[str]:
    """The names that `from module import *` binds, of a module of the library that may be looked at. Raises Lost."""
    if is_ours and module.startswith("_") and module not in SHARED or not may_be_looked_at(module):
        raise Lost(module)  # and Python's sources do without what is written in C
    made = import_module(module)
    return list(getattr(made, "__all__", [name for name in vars(made) if not name.startswith("_")]))


def all_of(module: str) -> list[str]:
    """All names of a module of the library that may be looked at. Raises Lost."""
    if not may_be_looked_at(module):
        raise Lost(module)
    return list(vars(import_module(module)))


def of_import(module: str, name: str) -> Value:
    """What the import has put into a module: where it is from; None: another name."""
    if name in ("__loader__", "__spec__") and may_be_looked_at(module):
        return Native(name, lambda m: None, shown=render_value(getattr(import_module(module), name)))
    return None


@cache
def shown_builtins() -> Native:
    """The dict of Python's own names."""
    return Native("__builtins__", lambda m: None, shown=render_value(vars(builtins)))


def _no_call(*_: Any) -> None:
    return None


_MARKS = frozenset([("dataclasses", "KW_ONLY"), ("dataclasses", "MISSING"), ("functools", "Placeholder")])
"""Values that only are themselves."""


_OF_ITS_OWN = ("sys", "os", "time", "__main__")
"""Modules whose values are those of this process."""


_OF_PLATFORM = frozenset(f"os.{name}" for name in "curdir devnull extsep linesep name pardir pathsep sep".split())


def check_module(name: str) -> None:
    """Raises Raised for a module that there is not."""
    top = name.partition(".")[0]
    if top == "__main__":
        raise Lost(name)
    if top not in sys.modules and find_spec(top) is None:  # the library has some for other systems only
        raise no_module(top)
