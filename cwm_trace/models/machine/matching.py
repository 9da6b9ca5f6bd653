"""What `match` looks at: sequences, keys of dicts, attributes of objects. Knows the values; no instructions."""

from __future__ import annotations

from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import classes, comparing
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
    class_of,
    error,
    is_abstract_name,
    kind_name,
    known,
)

_NO_CLASSES = frozenset("builtin_function_or_method function int method str tuple".split())
"""Of what a pattern's name may stand for by mistake, the kinds."""
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
    if getattr(class_of(kind), "name", "") in _NO_CLASSES:
        raise error("TypeError", said.NO_CLASS_IN_PATTERN)
    if not (yield from invoke(m, Builtin("isinstance"), [value, kind], {})):
        return None
    if isinstance(kind, Builtin) and is_abstract_name(kind.name) and not count and not names:
        return ()
    told = yield from _places(m, kind)
    is_itself = told is None and _is_itself(kind)
    most = 1 if is_itself else len(told or ())
    if most < count:
        raise error(
            "TypeError",
            f"{kind.name}() accepts {most} positional sub-pattern{'' if most == 1 else 's'} ({count} given)",
        )
    places = () if is_itself else (told or ())[:count]
    found = yield from _attributes(m, kind, value, (*places, *names))
    return found if found is None or not is_itself or not count else (value, *found)


def _is_itself(kind: Value) -> bool:
    """Whether the one sub-pattern without a name is of the value itself: of some of Python's own classes, and of those made from them."""
    if isinstance(kind, Class):
        return any(isinstance(each, Builtin) and each.name in _ITSELF for each in kind.line)
    return isinstance(kind, Builtin) and kind.name in _ITSELF


def _attributes(m: Interpreter, kind: Value, value: Value, names: Any) -> Work:
    """Those of a value; None where one is missing. Raises Raised (Python/ceval.c, `match_class`)."""
    found, seen = [], set[str]()
    for name in map(known, names):
        if not isinstance(name, str):
            raise error("TypeError", f"__match_args__ elements must be strings (got {kind_name(name)})")
        if name in seen:
            raise error("TypeError", f"{kind.name}() got multiple sub-patterns for attribute {name!r}")
        seen.add(name)
        try:
            found.append((yield from classes.attribute(m, value, name)))
        except Raised as raised:
            if raised.is_a("AttributeError"):
                return None
            raise
    return tuple(found)


def _places(m: Interpreter, kind: Value) -> Work:
    """The `__match_args__` of a class; None: it has none. Raises Raised."""
    if not isinstance(kind, Class):
        return None
    try:
        told = known((yield from classes.attribute(m, kind, "__match_args__")))
    except Raised as raised:
        if raised.is_a("AttributeError"):
            return None
        raise
    if not isinstance(told, tuple):
        raise error("TypeError", f"{kind.name}.__match_args__ must be a tuple (got {kind_name(told)})")
    return told
