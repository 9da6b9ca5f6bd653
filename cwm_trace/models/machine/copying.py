"""`copy`: values made anew, or with all that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from cwm_trace.models.machine import sets
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.natives import native
from cwm_trace.models.machine.values import (
    Class,
    Dict,
    Hashed,
    List,
    Lost,
    Object,
    OwnDict,
    OwnList,
    Set,
    Value,
    as_tuple,
    dict_from,
    find,
    known,
)

_OTHERWISE = ("__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")
"""Methods by which a class says in other ways how its objects are copied."""


@dataclass(slots=True, eq=False)
class Memo(Dict):
    """What `deepcopy` has copied: as a program has it, a dict by numbers that nobody knows; `copies`: by what they are copies of."""

    copies: dict[int, tuple[Value, Value]] = field(default_factory=dict)


@native("copy.copy")
def _copy(m: Interpreter, value: Value) -> Work:
    value = known(value)
    match value:
        case Object(kind=Class() as kind) | OwnList(of=kind) | OwnDict(of=kind):
            if (own := find(kind, "__copy__")) is not None:
                return (yield from invoke(m, own, [value], {}))
            _check_plain(kind)
            if (own := find(kind, "__reduce__")) is not None:
                return (yield from _reduced(m, value, own, None))
            if _has_states(value) and isinstance(value, Object):
                made: Value = Object(kind)
                yield from _take_state(m, made, (yield from _state_of(m, value)))
                return made
    match value:
        case OwnList():
            return OwnList([*value.items], of=value.of, attributes=dict(value.attributes))
        case OwnDict():
            return OwnDict([*value.keys], [*value.values], of=value.of, attributes=dict(value.attributes))
        case Object(kind=Class(flavour="enum")):
            return value
        case Object(kind=Class()):
            return Object(value.kind, dict(value.attributes), value.held)
        case List():
            return List([*value.items], value.kind, value.most)
        case Set():
            return sets.copied(value)
        case Dict():
            return Dict([*value.keys], [*value.values], value.kind, value.make)
    return value


def _check_plain(kind: Value) -> None:
    if any(find(kind, name) is not None for name in _OTHERWISE):
        raise Lost


@native("copy.deepcopy")
def _deepcopy(m: Interpreter, x: Value, memo: Value = None) -> Work:
    memo = known(memo)
    if memo is not None and not isinstance(memo, Memo):
        if memo.keys:
            raise Lost
        memo = Memo()
    return (yield from _deep(m, x, Memo() if memo is None else memo))


def _deep(m: Interpreter, value: Value, memo: Memo) -> Work:
    value = known(value)
    if id(value) in memo.copies:
        return memo.copies[id(value)][1]
    for key, made in zip(memo.keys, memo.values, strict=True):  # what the program has noted there itself
        if isinstance(known(key), Hashed) and known(key).content is m.identity(value).content:
            return made
    kind = value.kind if isinstance(value, Object) else getattr(value, "of", None)
    if isinstance(kind, Class):
        if kind.flavour == "enum":
            return value
        _check_plain(kind)
        if (own := find(kind, "__deepcopy__")) is not None:
            made = yield from invoke(m, own, [value, memo], {})
            memo.copies[id(value)] = value, made
            return made
        if (own := find(kind, "__reduce__")) is not None:
            made = yield from _reduced(m, value, own, memo)
            memo.copies[id(value)] = value, made
            return made
    if isinstance(value, tuple):
        items = tuple((yield from _each(m, value, memo)))
        return value if all(known(one) is known(other) for one, other in zip(items, value, strict=True)) else items
    made = _empty(value)
    if made is value:
        return value
    memo.copies[id(value)] = value, made
    if _has_states(value):
        state = yield from _state_of(m, value)
        yield from _take_state(m, made, (yield from _deep(m, state, memo)))
    else:
        yield from _filled(m, made, value, memo)
    return made


def _reduced(m: Interpreter, value: Value, reduce: Value, memo: Memo | None) -> Work:
    """A copy as a class's `__reduce__` tells; `memo`: of a deep one."""
    told = as_tuple((yield from invoke(m, reduce, [value], {})))
    if told is None or len(told) > 3:
        raise Lost
    parts = told[1:] if memo is None else (yield from _each(m, told[1:], memo))
    made = yield from invoke(m, told[0], as_tuple(parts[0]) or (), {})
    if len(parts) > 1:
        yield from _take_state(m, made, parts[1])
    return made


def _has_states(value: Value) -> bool:
    """Whether a class says what of its objects is copied."""
    return isinstance(value, Object) and any(
        find(value.kind, name) is not None for name in ("__getstate__", "__setstate__")
    )


def _state_of(m: Interpreter, value: Object) -> Work:
    own = find(value.kind, "__getstate__")
    return dict_from(value.attributes) if own is None else (yield from invoke(m, own, [value], {}))


def _take_state(m: Interpreter, made: Object, state: Value) -> Work:
    """Let a copy be as the other one has told (Lib/copy.py, `_reconstruct`)."""
    if known(state) is None:
        return
    if (own := find(made.kind, "__setstate__")) is not None:
        yield from invoke(m, own, [made, state], {})
    elif isinstance(known(state), Dict):
        made.attributes.update(zip(known(state).keys, known(state).values, strict=True))
    else:
        raise Lost


def _empty(value: Value) -> Value:
    """A copy with nothing in it; the value itself where that is not copied."""
    match value:
        case OwnList():
            return OwnList([], of=value.of)
        case OwnDict():
            return OwnDict(of=value.of)
        case List():
            return List([], value.kind, value.most)
        case Set():
            return Set([], value.kind)
        case Dict():
            return Dict([], [], value.kind, value.make)
        case Object(kind=Class()):
            return Object(value.kind)
    return value


def _filled(m: Interpreter, made: Value, value: Value, memo: Memo) -> Work:
    match value:
        case List():
            for each in value.items:
                made.items.append((yield from _deep(m, each, memo)))
        case Set():
            items = yield from _each(m, value.items, memo)
            put = sets.put_together(items) or Set(items, has_order=False)
            made.items, made.has_order, made.table = put.items, put.has_order, put.table
        case Dict():
            for key, each in zip(value.keys, value.values, strict=True):
                made.keys.append((yield from _deep(m, key, memo)))
                made.values.append((yield from _deep(m, each, memo)))
        case Object():
            made.held = tuple((yield from _each(m, value.held, memo)))
    if isinstance(value, (Object, OwnList, OwnDict)):
        for name, each in value.attributes.items():
            made.attributes[name] = yield from _deep(m, each, memo)


def _each(m: Interpreter, values: Value, memo: Memo) -> Work:
    made = []
    for value in values:
        made.append((yield from _deep(m, value, memo)))
    return made
