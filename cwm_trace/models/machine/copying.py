"""`copy`: values made anew, or with all that they hold (Lib/copy.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cwm_trace.models.machine import assigning, comparing, holding, sets
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import attribute
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import Iterator as Iterating
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.reducing import reduced, refuse_library
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.tracebacks import PythonFrame, Traceback
from cwm_trace.models.machine.values import (
    UNSET,
    WITH_METHODS,
    Cell,
    Class,
    Descriptor,
    Dict,
    Hashed,
    List,
    Lost,
    Module,
    Object,
    OwnDict,
    OwnList,
    Set,
    Value,
    View,
    as_tuple,
    class_of,
    find,
    is_exception,
    known,
    own_method,
)

_SAYING = tuple(
    f"__{name}__"
    for name in "new reduce reduce_ex getnewargs getnewargs_ex getstate setstate setattr getattribute".split()
)
"""Methods by which a class has a say in how its objects are copied."""
_PUTTING = ("append", "extend", "items", "__iter__", "__setitem__")
"""Those of lists and dicts by which a copy is filled."""


@dataclass(slots=True, eq=False)
class Memo(Dict):
    """What `deepcopy` has copied: as a program has it, a dict by numbers that nobody knows; `copies`: by what they are copies of."""

    copies: dict[int, tuple[Value, Value]] = field(default_factory=dict)


@native("copy.copy")
def _copy(m: Interpreter, value: Value) -> Work:
    value = known(value)
    kind = class_of(value)
    if isinstance(value, WITH_METHODS) and isinstance(kind, Class):
        if kind.flavour == "enum":
            return value
        if (own := find(kind, "__copy__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        refuse_library(value, kind, is_deep=False)
        if _has_a_say(value, kind):
            return (yield from _anew(m, value, None))
    match value:
        case OwnList():
            return OwnList([*value.items], value.kind, value.most, value.of, dict(value.attributes))
        case OwnDict():
            made = OwnDict([*value.keys], [*value.values], value.kind, value.make, value.of)
            made.attributes = dict(value.attributes)
            return made
        case Object(kind=Class()):
            content = sets.copied(value.content) if isinstance(value.content, Set) else value.content
            return Object(value.kind, dict(value.attributes), value.held, content=content)
        case List():
            return List([*value.items], value.kind, value.most)
        case Set():
            return sets.copied(value)
        case Dict():
            return Dict([*value.keys], [*value.values], value.kind, value.make)
    yield from _refuse(m, value)
    return value


def _refuse(m: Interpreter, value: Value) -> Work:
    """Raises Raised for what cannot be copied, Lost for what goes on of its own when it has been."""
    is_method = isinstance(value, Descriptor) and value.kind != "property"
    if is_method or isinstance(value, (Paused, View, Module, Cell, Traceback, PythonFrame)):
        yield from reduced(m, value, 4)
    if isinstance(value, Iterating):
        raise Lost


@native("copy.deepcopy")
def _deepcopy(m: Interpreter, x: Value, memo: Value = None) -> Work:
    memo = known(memo)
    if memo is not None and not isinstance(memo, Memo):
        if memo.keys:
            raise Lost
        memo = Memo()
    return (yield from _deep(m, x, Memo() if memo is None else memo))


def _has_a_say(value: Value, kind: Class) -> bool:
    """Whether methods of a class, or what its objects are, decide how they are copied."""
    names = _SAYING if isinstance(value, Object) else (*_SAYING, *_PUTTING)
    return is_exception(kind) or any(find(kind, name) is not None for name in names)


def _deep(m: Interpreter, value: Value, memo: Memo) -> Work:
    value = known(value)
    if id(value) in memo.copies:
        return memo.copies[id(value)][1]
    for key, made in zip(memo.keys, memo.values, strict=True):  # what the program has noted there itself
        if isinstance(known(key), Hashed) and known(key).content is m.identity(value).content:
            return made
    kind = class_of(value)
    if isinstance(value, WITH_METHODS) and isinstance(kind, Class):
        if kind.flavour == "enum":
            return value
        if (own := find(kind, "__deepcopy__")) is not None:
            made = yield from invoke(m, own, [value, memo], {})
            memo.copies[id(value)] = value, made
            return made
        refuse_library(value, kind, is_deep=True)
        if _has_a_say(value, kind):
            return (yield from _anew(m, value, memo))
    if isinstance(value, tuple):
        items = tuple((yield from _each(m, value, memo)))
        return value if all(known(one) is known(other) for one, other in zip(items, value, strict=True)) else items
    made = _empty(value)
    if made is value:
        yield from _refuse(m, value)
        return value
    memo.copies[id(value)] = value, made
    yield from _filled(m, made, value, memo)
    return made


def _anew(m: Interpreter, value: Value, memo: Memo | None) -> Work:
    """A copy as a class's objects say that they are made (`_reconstruct`); `memo`: of a deep one."""
    told = known((yield from reduced(m, value, 4)))
    if isinstance(told, str):
        return value
    parts: list[Value] = [*told, None, None, None][:5]
    function, args, state, items, pairs = parts[0], as_tuple(parts[1]) or (), *parts[2:]
    made = yield from invoke(m, function, args if memo is None else (yield from _each(m, args, memo)), {})
    if memo is not None:
        memo.copies[id(value)] = value, made
    if known(state) is not None:
        yield from _take_state(m, made, state if memo is None else (yield from _deep(m, state, memo)))
    more: list[Value] = [] if items is None else (yield from collected(m, items))
    for each in more:
        append = yield from attribute(m, made, "append")
        yield from invoke(m, append, [each if memo is None else (yield from _deep(m, each, memo))], {})
    held: list[Value] = [] if pairs is None else (yield from collected(m, pairs))
    for pair in held:
        both = as_tuple(pair) or ()
        key, each = both if memo is None else (yield from _each(m, both, memo))
        yield from holding.set_item(m, made, key, each)
    return made


def _take_state(m: Interpreter, made: Value, state: Value) -> Work:
    """Let a copy be as the other one has told."""
    if (own := own_method(made, "__setstate__")) is not None:
        yield from invoke(m, own, [made, state], {})
        return
    pair = as_tuple(state)
    held, slotted = pair if pair is not None and len(pair) == 2 else (state, None)
    if isinstance(known(held), Dict):
        made.attributes.update(zip(known(held).keys, known(held).values, strict=True))
    elif known(held) is not None:
        raise Lost
    if known(slotted) is not None:
        for name, each in zip(known(slotted).keys, known(slotted).values, strict=True):
            yield from assigning.set_attribute(m, made, name, each)


def _empty(value: Value) -> Value:
    """A copy with nothing in it; the value itself where that is not copied."""
    match value:
        case OwnList():
            return OwnList([], value.kind, value.most, value.of)
        case OwnDict():
            return OwnDict([], [], value.kind, value.make, value.of)
        case List():
            return List([], value.kind, value.most)
        case Set():
            return Set([], value.kind)
        case Dict():
            return Dict([], [], value.kind, value.make)
        case Object(kind=Class()):
            content = Set([], value.content.kind) if isinstance(value.content, Set) else value.content
            return Object(value.kind, content=content)
    return value


def _put(m: Interpreter, made: Dict, key: Value, value: Value) -> Work:
    """Another pair of a dict in which no key is equal; a hash of the program's own is asked for."""
    if own_method(known(key), "__hash__") is not None:
        yield from holding.set_item(m, made, key, value)
    else:
        made.keys.append(key)
        made.values.append(value)


def _filled(m: Interpreter, made: Value, value: Value, memo: Memo) -> Work:
    match value:
        case List():
            for each in value.items:
                made.items.append((yield from _deep(m, each, memo)))
        case Set():
            yield from _filled_set(m, made, value, memo)
        case Dict():
            is_plain = not isinstance(value, OwnDict) and value.kind == "dict"
            for key, each in zip(value.keys, value.values, strict=True):
                # `y[deepcopy(key)] = deepcopy(value)` of a dict, in which the value comes first; others are given pairs.
                copy = (yield from _deep(m, each, memo)) if is_plain else None
                place = yield from _deep(m, key, memo)
                copy = copy if is_plain else (yield from _deep(m, each, memo))
                yield from _put(m, made, place, copy)
        case Object():
            made.held = tuple((yield from _each(m, value.held, memo)))
            if isinstance(value.content, Set):
                yield from _filled_set(m, made.content, value.content, memo)
            elif value.content is not UNSET:
                made.content = yield from _deep(m, value.content, memo)
    if isinstance(value, WITH_METHODS):
        for name, each in [*value.attributes.items()]:
            made.attributes[name] = yield from _deep(m, each, memo)


def _filled_set(m: Interpreter, made: Set, value: Set, memo: Memo) -> Work:
    items = yield from _each(m, value.items, memo)
    for each in items:
        yield from comparing.hashed(m, known(each))
    put = sets.put_together(items) or Set(items, has_order=False)
    made.items, made.has_order, made.table = put.items, put.has_order, put.table


def _each(m: Interpreter, values: Sequence[Value] | Iterator[Value], memo: Memo) -> Work:
    made = []
    for value in values:
        made.append((yield from _deep(m, value, memo)))
    return made
