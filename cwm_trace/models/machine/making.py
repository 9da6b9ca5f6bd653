"""Objects of a program's classes, as calls of these make them, and what `namedtuple` makes a class of.

Knows what `@dataclass` and `Enum` make of a call. Attributes are looked for elsewhere (`machine.classes`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from keyword import iskeyword
from typing import TypeVar

from cwm_trace.models import said
from cwm_trace.models.machine import enums, records
from cwm_trace.models.machine.active import Finaliser, Work
from cwm_trace.models.machine.binding import missing_arguments
from cwm_trace.models.machine.calls import calls, invoke
from cwm_trace.models.machine.code import MAIN
from cwm_trace.models.machine.holding import updated
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.values import (
    GENERATED,
    GROUPS,
    OWN,
    PLAIN_KINDS,
    UNSET,
    WITH_METHODS,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Native,
    Object,
    OwnDict,
    OwnList,
    Set,
    Value,
    class_of,
    content_of,
    error,
    find,
    is_exception,
    is_made_of,
    kind_name,
    known,
    nearest,
    own_method,
)

CONTAINERS_WITHOUT_DICT = ("list", "dict", "collections.defaultdict", "collections.deque")
CONTAINERS = (*CONTAINERS_WITHOUT_DICT, "collections.Counter", "collections.OrderedDict")
"""Python's own classes of containers that classes of the program may be made from."""
PLAIN_BASES = frozenset(("object", "abc.ABC", "typing.Generic", "typing.Protocol"))
"""Bases that add nothing to a class which is looked at."""


def filled(owner: OwnList | OwnDict, m: Interpreter, /, *args: Value, **named: Value) -> Work:
    """`list.__init__`, or `dict.__init__`."""
    if not isinstance(owner, (List, Dict)):
        raise Lost
    if owner.kind == "Counter":
        yield from invoke(m, own_method(owner, "update") or Builtin("Counter.update"), [owner, *args], named)
    elif isinstance(owner, Dict):
        if owner.kind == "defaultdict":
            owner.make, args = (args[0], args[1:]) if args else (None, ())
        yield from updated(m, owner, args[0] if args else (), named)
    else:
        owner.most = named.get("maxlen", args[1] if len(args) > 1 else None)
        owner.items[:] = (yield from collected(m, args[0])) if args else []


@calls(Class)
def made(m: Interpreter, kind: Class, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What a call of a class gives. Raises Raised, Lost."""
    own = find(kind.metaclass, "__call__") if kind.metaclass is not None else None
    if own is not None:
        return (yield from invoke(m, own, [kind, *args], named))
    if any(isinstance(base, Builtin) and base.name == "type" for base in kind.line):
        return (yield from invoke(m, Builtin("followed.class_by"), [kind, *args], named))
    return (yield from made_plainly(m, kind, args, named))


def made_plainly(m: Interpreter, kind: Class, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """An object of a class. Raises Raised, Lost."""
    if kind.flavour == "enum" and (not enums.has_members(kind) or len(args) != 1 or named):
        return (yield from _of_enum(m, kind, args, named))
    if kind.flavour == "enum":
        return (yield from enums.member_of(m, kind, *args))
    if kind.flavour == "typeddict":
        return (yield from invoke(m, Builtin("dict"), args, named))
    if find(kind, "__new__") is not None:
        plain = (
            ("object", "tuple") if kind.flavour == "namedtuple" else (*PLAIN_BASES, *PLAIN_KINDS, *GROUPS, *CONTAINERS)
        )
        if kind.flavour not in ("", "namedtuple", "dataclass") or any(
            isinstance(base, Builtin) and base.name not in plain and not is_exception(base) for base in kind.line
        ):
            raise Lost
        return (yield from _by_new(m, kind, args, named))
    if any(isinstance(base, Builtin) and base.name == "typing.Protocol" for base in kind.bases):
        raise error("TypeError", "Protocols cannot be instantiated")
    _check_abstract(kind)
    if container_of(kind):
        owned = contained(m, kind)
        if nearest(kind, "__init__") is GENERATED:
            yield from records.fill(m, owned, kind, args, named)
            return owned
        own = find(kind, "__init__")
        yield from invoke(m, own, [owned, *args], named) if own is not None else filled(owned, m, *args, **named)
        return owned
    if kind.flavour == "namedtuple":
        return with_names(m, kind, *args, **named)
    if (base := plain_kind(kind)) is not None:
        own = find(kind, "__init__")
        if base.name == "set":
            owner = empty_set(m, kind)
            yield from filled_set(owner, m, *args, **named) if own is None else invoke(m, own, [owner, *args], named)
            return owner
        owner = watched(m, (yield from with_content(m, kind, *args, **named)))
        if nearest(kind, "__init__") is GENERATED:
            yield from records.fill(m, owner, kind, args, named)
        elif own is not None:
            yield from invoke(m, own, [owner, *args], named)
        return owner
    if is_made_of(kind, Builtin(GROUPS[0])):
        group = yield from invoke(m, Builtin(f"{GROUPS[0]}.__new__"), [kind, *args], named)
        if (own := find(kind, "__init__")) is not None:
            yield from invoke(m, own, [group, *args], named)
        return group
    # An `OSError` leaves what it was made with to a class's own `__init__` (Objects/exceptions.c, `oserror_use_init`).
    takes = is_exception(kind) and not (is_made_of(kind, Builtin("OSError")) and find(kind, "__init__") is not None)
    owner = watched(m, Object(kind, held=tuple(args) if takes else ()))
    return (yield from _initialised(m, owner, kind, args, named))


def _of_enum(m: Interpreter, kind: Class, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What a call of an enumeration gives that is not only told a value."""
    if not args and "value" not in named:
        raise missing_arguments("EnumType.__call__", "positional", ["value"])
    if enums.has_members(kind) and len(args) > 1 and not named and sys.version_info >= (3, 12):
        return (yield from enums.member_of(m, kind, tuple(args)))
    if enums.has_members(kind) and "names" not in named and len(args) < 2:
        if len(args) or [*named] != ["value"]:
            raise Lost
        return (yield from enums.member_of(m, kind, named["value"]))
    if len(args) == 1 and not {*named} & {"names", "type"}:
        raise error("TypeError", said.NO_MEMBERS.format(kind.name))
    for each in kind.line:
        enums.refuse_more(each, str(known(args[0])) if args else "")
    return (yield from invoke(m, Builtin("enum.EnumType._create_"), [kind, *args], named))


def container_of(kind: Class) -> str:
    """The one of Python's own classes of lists and dicts that a class is made from; "": it is not."""
    found = next((each.name for each in kind.line if isinstance(each, Builtin) and each.name in CONTAINERS), "")
    return found.rpartition(".")[2]


def contained(m: Interpreter, kind: Class) -> OwnList | OwnDict:
    """An object of a class that is made from one of them, with nothing in it."""
    short = container_of(kind)
    return watched(m, OwnList([], short, of=kind) if short in ("list", "deque") else OwnDict(kind=short, of=kind))


_Watched = TypeVar("_Watched", Object, OwnList, OwnDict, OwnList | OwnDict)


def watched(m: Interpreter, owner: _Watched) -> _Watched:
    """The object: when nothing has it any more, its `__del__` is called."""
    if m.has_finalisers and (function := own_method(owner, "__del__")) is not None:
        m.finalisers.append(Finaliser(owner, lambda: invoke(m, function, [owner], {})))
    return owner


def plain_kind(kind: Class) -> Builtin | None:
    """The one of Python's own classes of values that a class is made from; None: it is not."""
    return next((each for each in kind.line if isinstance(each, Builtin) and each.name in PLAIN_KINDS), None)


def with_content(m: Interpreter, kind: Class, /, *args: Value, **named: Value) -> Work:
    """An object of a class that is made from `str`, `int` or the like, as these make one."""
    content = yield from invoke(m, plain_kind(kind), args, named)
    return Object(kind, content=content_of(known(content)))


def empty_set(m: Interpreter, kind: Class, /, *_: Value, **__: Value) -> Value:
    """What `set.__new__` makes, whatever it is given."""
    return watched(m, Object(kind, content=Set([])))


def filled_set(owner: Object, m: Interpreter, /, *args: Value) -> Work:
    """`set.__init__`."""
    made = known((yield from invoke(m, Builtin("set"), args, {})))
    for each in fields(Set):
        setattr(owner.content, each.name, getattr(made, each.name))


def with_names(m: Interpreter, kind: Class, /, *args: Value, **named: Value) -> Value:
    """A tuple with names."""
    held = records.fields_of(kind, dict(kind.fields or ()), args, named, "__new__").values()
    return Object(kind, held=tuple(held))


def _initialised(m: Interpreter, owner: Object, kind: Class, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    own = find(kind, "__init__")
    if kind.flavour == "dataclass" and nearest(kind, "__init__") is GENERATED:
        yield from records.fill(m, owner, kind, args, named)
        return owner
    if own is not None:
        given = yield from invoke(m, own, [owner, *args], named)
        if given is not None:
            raise error("TypeError", f"__init__() should return None, not '{kind_name(given)}'")
    elif named and is_exception(kind):
        raise error("TypeError", f"{kind.name}() takes no keyword arguments")
    elif (args or named) and not is_exception(kind) and not kind.is_partial:
        raise error("TypeError", f"{kind.name}() takes no arguments")
    return owner


def _by_new(m: Interpreter, kind: Class, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    new = find(kind, "__new__")
    owner = yield from invoke(m, new.get if isinstance(new, Descriptor) else new, [kind, *args], named)
    is_one = isinstance(owner, WITH_METHODS) and any(each is kind for each in getattr(class_of(owner), "line", ()))
    if is_one and nearest(class_of(owner), "__init__") is GENERATED:
        yield from records.fill(m, owner, class_of(owner), args, named)
    elif is_one and (own := own_method(owner, "__init__")) is not None:
        yield from invoke(m, own, [owner, *args], named)
    elif is_one and isinstance(owner, OWN):
        yield from filled(owner, m, *args, **named)
    elif is_one and isinstance(owner.content, Set) and owner.content.kind == "set":
        yield from filled_set(owner, m, *args, **named)
    elif is_one and owner.kind is kind and is_exception(kind):
        owner.held = tuple(args)
    return owner


def has_abstract(kind: Class) -> bool:
    """Whether a class may have abstract methods."""
    return kind.is_of_abc


def left_abstract(kind: Class) -> list[str]:
    held = [[*each.space][: each.own or None] for each in kind.line if isinstance(each, Class)]  # when they were made
    names = sorted({name for each in held for name in each})
    return [name for name in names if is_abstract(find(kind, name))]


def _check_abstract(kind: Class) -> None:
    left = left_abstract(kind) if has_abstract(kind) else []
    if left:
        raise error("TypeError", said.left_abstract(kind.name, left))


def is_abstract(found: Value) -> bool:
    if isinstance(found, Descriptor):
        found = found.get
    return isinstance(found, Function) and "__isabstractmethod__" in found.attributes


def fill_from(owner: Object, kind: Class, m: Interpreter, /, *args: Value, **named: Value) -> Work:
    return records.fill(m, owner, kind, args, named)


def namedtuple(
    m: Interpreter, name: Value, names: Value, *, rename: Value = False, defaults: Value = (), module: Value = None
) -> Work:
    """`namedtuple(name, names)`."""
    if isinstance(names, str):
        listed = names.replace(",", " ").split()
    else:
        listed = yield from collected(m, names)
    is_renamed = known(rename)
    if is_renamed:
        listed = [each if _is_name(each, listed[:place]) else f"_{place}" for place, each in enumerate(listed)]
    if not is_renamed:
        _check_names(known(name), [known(each) for each in listed])
    given = yield from collected(m, defaults or ())
    behind = dict(zip(listed[len(listed) - len(given) :], given, strict=True))
    fields = tuple((each, behind.get(each, UNSET)) for each in listed)
    module = known(m.frame.space.get("__name__", MAIN) if module is None else module)
    space = {"__module__": module, "__slots__": (), "__doc__": doc_of(known(name), [known(each) for each in listed])}
    kind = Class(name, name, (Builtin("tuple"),), space, flavour="namedtuple", fields=fields, module=module)
    kind.line = (kind, Builtin("tuple"), Builtin("object"))
    return kind


def doc_of(name: str, fields: Sequence[str]) -> str:
    """What the class of a tuple with names says of itself."""
    return f"{name}({', '.join(fields)}{',' * (len(fields) == 1)})"


def new_of(kind: Class) -> Native:
    """The `__new__` of the class of a tuple with names."""
    given = tuple(default for _, default in kind.fields or () if default is not UNSET)
    is_typed = any(isinstance(each, Class) and "__annotations__" in each.space for each in kind.line)
    told = {
        "__name__": "__new__",
        "__qualname__": f"{kind.name}.__new__",
        "__defaults__": given if given or is_typed else None,
    }
    return Native("__new__", with_names, attributes=told)


def _check_names(name: str, names: Sequence[str]) -> None:
    """Raises Raised for what neither such a class nor a field of it may be called (Lib/collections/__init__.py, `namedtuple`)."""
    for each in (name, *names):
        if not each.isidentifier():
            raise error("ValueError", f"Type names and field names must be valid identifiers: {each!r}")
        if iskeyword(each):
            raise error("ValueError", f"Type names and field names cannot be a keyword: {each!r}")
    for place, each in enumerate(names):
        if each.startswith("_"):
            raise error("ValueError", f"Field names cannot start with an underscore: {each!r}")
        if each in names[:place]:
            raise error("ValueError", f"Encountered duplicate field name: {each!r}")


def _is_name(text: str, before: Sequence[str]) -> bool:
    """Whether a field may be called so."""
    return text.isidentifier() and not iskeyword(text) and not text.startswith("_") and text not in before
