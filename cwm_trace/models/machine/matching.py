"""What `match` looks at: sequences, keys of dicts, attributes of objects. Knows the values; no instructions."""

from __future__ import annotations

from typing import Any

from cwm_trace.models.machine import classes, comparing, records
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.imported import member
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.values import (
    UNSET,
    Builtin,
    Class,
    Dict,
    List,
    Object,
    Raised,
    Range,
    Value,
    as_tuple,
    error,
    find,
    is_abstract_name,
    known,
)

_ITSELF = frozenset("bool bytearray bytes dict float frozenset int list set str tuple".split())


def is_sequence(m: Interpreter, value: Value) -> Work:
    """Whether a pattern of a sequence may fit."""
    if isinstance(value, (List, tuple, Range)) or as_tuple(value) is not None:
        return not isinstance(value, List) or value.kind != "bytearray"
    return (yield from _is_one_of(m, value, "Sequence"))


def is_mapping(m: Interpreter, value: Value) -> Work:
    """Whether a pattern of a mapping may fit."""
    return isinstance(value, Dict) or (yield from _is_one_of(m, value, "Mapping"))


def _is_one_of(m: Interpreter, value: Value, abstract: str) -> Work:
    """Whether it is of a class that is made from an abstract one, or counts as one. No text and no bytes are."""
    if not isinstance(value, Object) or value.content is not UNSET:
        return False
    kind = yield from member(m, "collections.abc", abstract)
    return (yield from invoke(m, Builtin("isinstance"), [value, kind], {}))


def values_of_keys(m: Interpreter, over: Value, keys: Any) -> Work:
    """The values of all these keys; None where one is missing."""
    found = []
    if not isinstance(over, Dict):
        get, missing = (yield from classes.attribute(m, over, "get")), Object(Builtin("object"))
        for key in keys:
            if (value := known((yield from invoke(m, get, [key, missing], {})))) is missing:
                return None
            found.append(value)
        return tuple(found)
    for key in keys:
        place = yield from comparing.place_of(m, over, key)
        if place is None:
            return None
        found.append(over.values[place])
    return tuple(found)


def parts_of(m: Interpreter, value: Value, kind: Value, count: int, names: Any) -> Work:
    """The attributes that a pattern of a class looks at; None where it does not fit."""
    if not (yield from invoke(m, Builtin("isinstance"), [value, kind], {})):
        return None
    if isinstance(kind, Builtin) and is_abstract_name(kind.name) and not count and not names:
        return ()
    if count == 1 and _is_itself(kind):
        found = yield from _attributes(m, value, names)
        return None if found is None else (value, *found)
    if isinstance(kind, Builtin) and count:
        raise error("TypeError", f"{kind.name}() accepts 0 positional sub-patterns ({count} given)")
    first: tuple[Value, ...] = ()
    if count and isinstance(kind, Class):
        first = _places(kind)[:count]
        if len(first) < count:
            many = "" if len(first) == 1 else "s"
            text = f"{kind.name}() accepts {len(first)} positional sub-pattern{many} ({count} given)"
            raise error("TypeError", text)
    return (yield from _attributes(m, value, (*first, *names)))


def _is_itself(kind: Value) -> bool:
    """Whether the one sub-pattern without a name is of the value itself: of some of Python's own classes, and of those made from them."""
    if isinstance(kind, Class):
        bases = [each for each in kind.line if isinstance(each, Builtin)]
        return not kind.fields and find(kind, "__match_args__") is None and any(each.name in _ITSELF for each in bases)
    return isinstance(kind, Builtin) and kind.name in _ITSELF


def _attributes(m: Interpreter, value: Value, names: Any) -> Work:
    """Those of a value; None where one is missing."""
    found = []
    for name in names:
        try:
            found.append((yield from classes.attribute(m, value, name)))
        except Raised as raised:
            if raised.is_a("AttributeError"):
                return None
            raise
    return tuple(found)


def _places(kind: Class) -> tuple[Value, ...]:
    own = find(kind, "__match_args__")
    if isinstance(own, tuple):
        return own
    if kind.flavour == "dataclass":
        return records.match_args(kind) or ()
    return tuple(name for name, _ in kind.fields or ())
