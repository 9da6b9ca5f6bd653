"""Attributes that are set and deleted: of objects, classes, functions and what else a program may give some."""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import patching, records, tracebacks
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import Attributes, has_slots_only, is_data, missing, own_slots, slots_of
from cwm_trace.models.machine.imported import STREAMS, member, place_of
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.looked_up import looked_up
from cwm_trace.models.machine.making import container_of, plain_kind
from cwm_trace.models.machine.values import (
    UNSET,
    WITH_METHODS,
    Builtin,
    Cell,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Module,
    Native,
    Object,
    OwnDict,
    OwnList,
    Value,
    as_tuple,
    class_of,
    error,
    find,
    is_exception,
    is_unknown,
    kind_name,
    known,
    own_method,
)


def set_attribute(m: Interpreter, owner: Value, name: Any, value: Value) -> Work:
    """`owner.name = value`. Raises Raised, Lost."""
    owner = known(owner)
    match owner:
        case OwnList() | OwnDict():
            if name in ("__class__", "__dict__"):
                raise Lost(name)
            if (hook := find(owner.of, "__setattr__")) is not None:
                yield from invoke(m, hook, [owner, name, value], {})
            else:
                yield from set_plainly(m, owner, name, value)
        case Object() if name in ("__context__", "__cause__") and is_exception(owner.kind):
            setattr(owner, name.strip("_"), value)
            if name == "__cause__":
                owner.attributes["__suppress_context__"] = True
        case Object() if name == "__traceback__" and is_exception(owner.kind):
            tracebacks.put(owner, value)
        case Object() if name == "args" and is_exception(owner.kind):
            owner.held = tuple((yield from collected(m, value)))
        case Object(kind=Class() as kind):
            if name == "__dict__":
                if has_slots_only(kind) or kind.flavour:
                    raise Lost(name)
                if not isinstance(known(value), Dict):
                    raise error("TypeError", f"__dict__ must be set to a dictionary, not a '{kind_name(known(value))}'")
                owner.attributes = Attributes(known(value))
                return
            if kind.flavour == "enum" and name in ("name", "value"):
                raise error("AttributeError", f"<enum 'Enum'> cannot set attribute {name!r}")
            if name == "__class__" and find(kind, "__setattr__") is None:
                _set_class(owner, kind, known(value))
                return
            if (hook := find(kind, "__setattr__")) is not None:
                yield from invoke(m, hook, [owner, name, value], {})
                return
            if kind.frozen:
                records.refuse_change(kind, name, "assign to")
            yield from set_plainly(m, owner, name, value)
        case Module(name="sys") if name in STREAMS:
            m.streams[name] = value
        case Module():
            patching.patch(m, place_of(owner.name), name, value)
        case Class():
            if (
                owner.flavour == "enum"
                and isinstance(owner.space.get(name), Object)
                and owner.space[name].kind is owner
            ):
                raise error("AttributeError", f"cannot reassign member {name!r}")
            if owner.flavour == "enum" and isinstance(known(value), Object) and known(value).kind is owner:
                raise Lost(name)
            if name in ("__name__", "__qualname__", "__module__") and not owner.flavour:
                setattr(owner, name.strip("_"), known(value))
            hook = None if owner.metaclass is None else find(owner.metaclass, "__setattr__")
            above = None if owner.metaclass is None else find(owner.metaclass, name)
            if hook is not None:
                yield from invoke(m, hook, [owner, name, value], {})
            elif isinstance(above, Descriptor) and above.kind == "property":
                yield from _set_property(m, above, owner, owner.metaclass.name, name, value)
            else:
                is_maker = name == "__new__" and isinstance(value, Function)  # which is not given to objects either
                owner.space[name] = Descriptor("staticmethod", value) if is_maker else value
        case Cell() if name == "cell_contents":
            owner.value = value
        case Function() if name == "__qualname__":
            owner.attributes[name] = value
            owner.qualname = owner.qualname if is_unknown(value) else known(value)
        case Function() if name == "__defaults__":
            owner.defaults = as_tuple(value) or ()
        case Function() if name == "__kwdefaults__":
            owner.named = dict(zip(known(value).keys, known(value).values, strict=True)) if known(value) else {}
        case Function() if name == "__code__":
            raise Lost(name)
        case Function():
            owner.attributes[name] = value
        case Native(name="partial", attributes=dict() as attributes):
            attributes[name] = value
        case tracebacks.Traceback() if name == "tb_next":
            owner.inner = value
        case Object(kind=Builtin(name="object")):
            raise missing(owner, name, said.NO_PLACE)
        case Object():
            owner.attributes[name] = value
        case int() | float() if name in ("real", "imag", "numerator", "denominator") and hasattr(owner, name):
            raise error("AttributeError", f"attribute {name!r} of '{kind_name(owner)}' objects is not writable")
        case None | int() | float() | str() | List() | Dict() | tuple():
            raise missing(owner, name, said.NO_PLACE)
        case Builtin() if owner.kind is None and isinstance(looked_up(owner.name), BuiltinFunctionType):
            raise missing(owner, name, said.NO_PLACE)
        case Builtin() if owner.kind is not None:
            raise error("TypeError", f"cannot set {name!r} attribute of immutable type {owner.name!r}")
        case _:
            raise Lost


def _set_class(owner: Object, kind: Class, value: Value) -> None:
    """`owner.__class__ = value` (Objects/typeobject.c, `object_set_class`). Raises Raised."""
    if isinstance(value, Builtin):
        raise error("TypeError", "__class__ assignment only supported for mutable types or ModuleType subclasses")
    if not isinstance(value, Class):
        raise error("TypeError", f"__class__ must be set to a class, not '{kind_name(value)}' object")
    layouts = [
        (has_slots_only(each), {*slots_of(each)}, container_of(each), plain_kind(each) is None)
        for each in (kind, value)
    ]
    if layouts[0] != layouts[1]:
        raise error("TypeError", f"__class__ assignment: {value.name!r} object layout differs from {kind.name!r}")
    owner.kind = value


def _set_property(m: Interpreter, found: Descriptor, owner: Value, kind: str, name: str, value: Value) -> Work:
    if found.set is None:
        raise error("AttributeError", f"property '{name}' of '{kind}' object has no setter")
    yield from invoke(m, found.set, [owner, value], {})


def set_plainly(m: Interpreter, owner: Object | OwnList | OwnDict, name: str, value: Value) -> Work:
    """What `object.__setattr__` does. Raises Raised, Lost."""
    kind = class_of(owner)
    found = find(kind, name)
    if isinstance(found, Descriptor) and found.kind == "property":
        yield from _set_property(m, found, owner, kind.name, name, value)
    elif isinstance(found, WITH_METHODS) and is_data(found):
        if (own := own_method(found, "__set__")) is None:
            raise error("AttributeError", "__set__")
        yield from invoke(m, own, [found, owner, value], {})
    else:
        _check_place(owner, kind, name)
        owner.attributes[name] = value


def _check_place(owner: Object | OwnList | OwnDict, kind: Class, name: str) -> None:
    """A class may say which attributes there are."""
    if kind.flavour == "namedtuple":
        if name in [each for each, _ in kind.fields or ()]:
            raise error("AttributeError", "can't set attribute")
        if not any(isinstance(base, Class) for base in kind.bases):
            raise missing(owner, name)
    if not has_slots_only(kind):
        return
    for each in kind.line:
        if isinstance(each, Class) and name in own_slots(each):
            return
        if isinstance(each, Class) and name in each.space:
            raise error("AttributeError", f"{kind.name!r} object attribute {name!r} is read-only")
    raise missing(owner, name, said.NO_PLACE)


def delete_attribute(m: Interpreter, owner: Value, name: Any) -> Work:
    """`del owner.name`. Raises Raised, Lost."""
    owner = known(owner)
    kind = class_of(owner)
    if isinstance(owner, WITH_METHODS) and isinstance(kind, Class):
        if (hook := find(kind, "__delattr__")) is not None:
            yield from invoke(m, hook, [owner, name], {})
            return
        found = find(kind, name)
        if isinstance(found, Descriptor) and found.kind == "property" and found.delete is not None:
            yield from invoke(m, found.delete, [owner], {})
            return
        if isinstance(found, Descriptor) and found.kind == "property":
            raise error("AttributeError", f"property {name!r} of {kind.qualname!r} object has no deleter")
        if found is not None and (own := own_method(found, "__delete__")) is not None:
            yield from invoke(m, own, [found, owner], {})
            return
        if kind.frozen:
            records.refuse_change(kind, name, "delete")
        if isinstance(found, Descriptor) or kind.flavour not in ("", "dataclass"):
            raise Lost
        if name not in owner.attributes and any(
            name in own_slots(each) for each in kind.line if isinstance(each, Class)
        ):
            raise error("AttributeError", name)
        if name not in owner.attributes:
            raise missing(owner, name, said.NO_PLACE) if has_slots_only(kind) else missing(owner, name)
        del owner.attributes[name]
        return
    if isinstance(owner, Class) and owner.flavour == "enum" and isinstance(owner.space.get(name), Object):
        raise error("AttributeError", f"{owner.name!r} cannot delete member {name!r}.")
    if isinstance(owner, Class) and not owner.flavour:
        if name not in owner.space:
            raise error("AttributeError", name) if not hasattr(type, name) else Lost(name)
        del owner.space[name]
        return
    if isinstance(owner, Module):
        yield from member(m, owner.name, name)  # which is to be there
        patching.patch(m, place_of(owner.name), name, UNSET)
        return
    if owner is None or isinstance(owner, (int, str, List, Dict, tuple)):
        raise missing(owner, name, said.NO_PLACE)
    if isinstance(owner, Builtin) and owner.kind is not None:
        raise error("TypeError", f"cannot set {name!r} attribute of immutable type {owner.name!r}")
    raise Lost
