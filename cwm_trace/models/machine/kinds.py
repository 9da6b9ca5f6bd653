"""Of which class a value is, or counts as: `isinstance`, `issubclass`, abstract classes, protocols."""

from __future__ import annotations

import collections.abc
import numbers
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
)
from typing import Any, Protocol, runtime_checkable

from cwm_trace.models import said
from cwm_trace.models.machine import classes, comparing, making, records, sets
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import Iterator
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.parameters import parameters_of_class
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.rendering import OTHER_CLASSES
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    OWN,
    Alias,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    Lazy,
    List,
    Lost,
    Method,
    Native,
    Object,
    Raised,
    Set,
    Value,
    View,
    class_of,
    error,
    find,
    is_abstract_name,
    is_exception,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    last_unknown,
)
from cwm_trace.tracer.quirks import NEW_CLASS_NAMES

CHECKED = "_is_runtime_protocol"
"""What a class has whose objects `isinstance` tells by their members."""


@native("isinstance")
def _isinstance(m: Interpreter, value: Value, kinds: Value) -> Work:
    if is_unknown(value):
        kinds = [*_kinds(kinds)]
        is_told = last_unknown(value).is_text and all(isinstance(kind, Builtin) for kind in kinds)
        return any(kind.name in ("str", "object") for kind in kinds) if is_told else m.unknown()
    for kind in _kinds(kinds):
        if (own := _of_metaclass(kind, "__instancecheck__")) is not None:
            holds = class_of(known(value)) is kind or (
                yield from comparing.truth_of(m, (yield from invoke(m, own, [kind, value], {})))
            )
        elif _has_hook(kind):
            holds = class_of(known(value)) is kind or (yield from _hooked(m, class_of(known(value)), kind))
        elif isinstance(kind, Class) and _asks_objects(kind) and isinstance(known(value), Object):
            holds = (yield from _has_attributes(m, known(value), kind)) or is_made_of(class_of(value), kind)
        else:
            holds = _is_one(value, kind)
        if holds:
            return True
    return False


def _members_of(kind: Class) -> list[str]:
    """What a protocol says that others are to have."""
    protocols = [each for each in kind.line if isinstance(each, Class) and _is_protocol(each)]
    names = [name for each in protocols for name in (*each.space, *records.annotated(each))]
    return list(dict.fromkeys(name for name in names if name not in _NO_MEMBERS))


def _asks_objects(kind: Class) -> bool:
    """Whether it is a protocol that says more than methods: each object is asked for what it has (Lib/typing.py, `_ProtocolMeta`)."""
    if not _is_protocol(kind) or CHECKED not in kind.space:
        return False
    return not all(isinstance(find(kind, name), Function) for name in _members_of(kind))


def _calls_properties() -> bool:
    called = list[int]()

    @runtime_checkable
    class One(Protocol):
        @property
        def one(self) -> int: ...

    class Other:
        @property
        def one(self) -> int:
            called.append(0)
            return 0

    return isinstance(Other(), One) and bool(called)


_CALLS_PROPERTIES = _calls_properties()
"""Whether what an object has is asked of the object (`hasattr`), as up to 3.11; later it is looked for (`inspect.getattr_static`)."""


def _has_attributes(m: Interpreter, value: Object, kind: Class) -> Work:
    """Whether an object has all that a protocol says, in the order of a set of these names. Raises Raised, Lost."""
    names = _members_of(kind)
    if not _CALLS_PROPERTIES:
        return _has_members(value, kind)
    ordered = sets.put_together(names)
    for name in ordered.items if ordered is not None else names:
        try:
            yield from classes.attribute(m, value, name)
        except Raised as raised:
            if not raised.is_a("AttributeError"):
                raise
            return False
    return True


@native("issubclass")
def _issubclass(m: Interpreter, value: Value, kinds: Value) -> Work:
    if isinstance(known(value), (*IMMUTABLE, tuple, List, Dict, Set)):
        raise error("TypeError", "issubclass() arg 1 must be a class")
    for kind in _kinds(kinds, "issubclass"):
        if isinstance(kind, Class) and _is_protocol(kind) and CHECKED not in kind.space and not m.is_in_library:
            raise error("TypeError", _UNCHECKED)
        if isinstance(kind, Class) and _asks_objects(kind):
            others = sorted(name for name in _members_of(kind) if not isinstance(find(kind, name), Function))
            raise error("TypeError", said.ASKS_OBJECTS.format(str(others)[1:-1]))
        if (own := _of_metaclass(kind, "__subclasscheck__")) is not None:
            holds = yield from comparing.truth_of(m, (yield from invoke(m, own, [kind, value], {})))
        elif _has_hook(kind):
            holds = yield from _hooked(m, known(value), kind)
        elif isinstance(kind, Class) and _is_protocol(kind) and CHECKED in kind.space:
            holds = _is_below(known(value), kind) or all(_has_member(known(value), name) for name in _members_of(kind))
        else:
            holds = _is_below(known(value), kind)
        if holds:
            return True
    return False


def _has_hook(kind: Value) -> bool:
    return isinstance(kind, Class) and making.has_abstract(kind) and find(kind, "__subclasshook__") is not None


def _hooked(m: Interpreter, value: Value, kind: Class) -> Work:
    """Whether a class counts as an abstract one of the program that has a say in it (`_abc__abc_subclasscheck_impl`, with its caches)."""
    pair = id(kind), value.name if isinstance(value, Builtin) else id(value)
    told = m.hooked.get(pair)
    if told is None:
        own = find(kind, "__subclasshook__")
        given = known((yield from invoke(m, own.get if isinstance(own, Descriptor) else own, [kind, value], {})))
        if comparing.is_not_implemented(given) and any(
            each is value for each in kind.space.get(classes.REGISTERED, ())
        ):
            return True  # which is kept nowhere
        holds = (yield from _is_below_others(m, value, kind)) if comparing.is_not_implemented(given) else bool(given)
        told = m.hooked[pair] = value, holds
    return told[1]


def _is_below_others(m: Interpreter, value: Value, kind: Class) -> Work:
    """Whether a class is made from an abstract one, or counts as one that is registered there, or is made from it."""
    if isinstance(value, Class) and any(each is kind for each in value.line):
        return True
    for each in (*kind.space.get(classes.REGISTERED, ()), *kind.derived):
        if (yield from _issubclass(m, value, each)):
            return True
    return False


@native("type.__instancecheck__")
def _is_instance(m: Interpreter, kind: Value, value: Value) -> bool:
    return _is_one(value, kind)


@native("type.__subclasscheck__")
def _is_subclass(m: Interpreter, kind: Value, value: Value) -> bool:
    return _is_below(known(value), kind)


def _of_metaclass(kind: Value, name: str) -> Value:
    """What the metaclass of a class of the program has for the question; None: nothing of its own."""
    return find(kind.metaclass, name) if isinstance(kind, Class) and isinstance(kind.metaclass, Class) else None


def _is_below(value: Value, kind: Value) -> bool:
    """Whether a class is another, or made from it, or counts as an abstract one. Raises Lost."""
    if isinstance(kind, Builtin) and kind.name.startswith(_SUPPORTS):
        return _supports(value, looked_up(kind.name))
    if not isinstance(kind, Builtin) or not is_abstract_name(kind.name):
        return _is_made_of(value, kind)
    module, _, name = kind.name.rpartition(".")
    if isinstance(value, Class):
        return _is_abstract(value, name)
    if (real := _SAMPLES.get(value.name.removeprefix("collections.")) or value.kind) is None:
        raise Lost
    return issubclass(real, getattr(numbers if module == "numbers" else collections.abc, name))


_SAMPLES: Mapping[str, type] = {
    **{kind.__name__: kind for kind in (list, tuple, str, bytes, bytearray, dict, set, frozenset, range, slice)},
    **{kind.__name__: kind for kind in (int, float, complex, bool, type(None), type(...))},
    **{kind.__name__: kind for kind in (deque, Counter, defaultdict, OrderedDict, GeneratorType, CoroutineType)},
    **{"function": FunctionType, "method": MethodType, "builtin_function_or_method": BuiltinFunctionType},
    **{"async_generator": AsyncGeneratorType, "type": type},
    **{f"dict_{name}": type(getattr({}, name)()) for name in ("keys", "values", "items")},
}
"""Python's own classes, of which it is looked up which abstract ones they are of."""


def _sample_of(value: Value) -> Any:
    return _SAMPLES.get(kind_name(value).removeprefix("collections.").replace("odict_", "dict_"))


def _is_of_abstract(value: Value, module: str, name: str) -> bool:
    """Whether a value of one of Python's own classes is of an abstract one. Raises Lost."""
    if isinstance(value, Iterator):
        return name in ("Iterable", "Iterator", "Hashable")
    kind = BaseException if isinstance(value, Object) and is_exception(value.kind) else _sample_of(value)
    abstract = getattr(numbers if module == "numbers" else collections.abc, name, None)
    if kind is None or not isinstance(abstract, type):
        raise Lost
    return issubclass(kind, abstract)


_OF_TYPING = {
    **{name.title(): name for name in "list dict tuple set type".split()},
    **{"FrozenSet": "frozenset", "Deque": "collections.deque", "DefaultDict": "collections.defaultdict"},
    **{"Counter": "collections.Counter", "OrderedDict": "collections.OrderedDict", "Text": "str"},
}
"""Names that `typing` has for Python's own classes."""


def _is_one(value: Value, kind: Value) -> bool:
    value = known(value)
    if isinstance(kind, Builtin):
        module, _, name = kind.name.rpartition(".")
        if module == "typing" and name in _OF_TYPING:
            return _is_one(value, Builtin(_OF_TYPING[name]))
        if kind.name.startswith(_SUPPORTS):
            return _supports(class_of(value), looked_up(kind.name))
        if module in ("collections.abc", "typing", "numbers"):
            if isinstance(value, Object) and isinstance(value.kind, Class) and not is_exception(value.kind):
                return _is_abstract(value.kind, name)
            return _is_of_abstract(value, module, name)
        if kind.name.startswith("collections.") and isinstance(value, OWN):
            return is_made_of(value.of, kind)
        if kind.name.startswith("collections."):
            return kind_name(value).rpartition(".")[2] == kind.name.rpartition(".")[2]
        if kind.name in OTHER_CLASSES or kind.name == "memoryview":
            return kind_name(value) == kind.name
        if kind.kind is None:
            return _is_of_library(value, kind.name)
        if isinstance(value, Dict):
            return kind.name in ("dict", "object")
        if isinstance(value, List) and value.kind == "deque":
            return kind.name == "object"
        if isinstance(value, (Paused, Iterator, View, Function, Method, Native)):
            return kind.name == "object"
    if isinstance(kind, Class) and _is_protocol(kind):
        return is_made_of(class_of(value), kind) or _has_members(value, kind)
    return _is_made_of(class_of(value), kind)


_NATIVE = ("functools.partial", "functools.cached_property")
"""Classes of the library whose objects the machine has one of its own functions for."""


def _is_of_library(value: Value, name: str) -> bool:
    """Whether it is of a class of the library that has no source here. Raises Lost."""
    if name == "types.LazyImportType":
        return isinstance(value, Lazy)
    if name in _NATIVE:
        return isinstance(value, Native) and value.name == name.rpartition(".")[2]
    if name == "type":
        return isinstance(value, Class) or isinstance(value, Builtin) and isinstance(classes.real_of(value), type)
    wanted, own = looked_up(name), class_of(value)
    if isinstance(own, Class):
        return any(isinstance(base, Builtin) and base.name == name for base in own.line)
    found = classes.real_of(own)
    if not isinstance(wanted, type) or not isinstance(found, type) or isinstance(value, Native):
        raise Lost
    return issubclass(found, wanted)


_SUPPORTS = "typing.Supports"
"""What protocols of the library begin with that ask for one method."""


def _supports(kind: Value, wanted: Any) -> bool:
    """Whether a class has the method of one of these protocols. Raises Lost."""
    for each in kind.line if isinstance(kind, Class) else (kind,):
        real = None if isinstance(each, Class) else classes.real_of(each)
        if real is MISSING:
            raise Lost
        if any(name in each.space if real is None else hasattr(real, name) for name in wanted.__abstractmethods__):
            return True
    return False


def _is_made_of(value: Value, kind: Value) -> bool:
    """Whether a class is another or made from it, or from one that is registered there."""
    if is_made_of(value, kind):
        return True
    also = (
        [each for each in (kind, *all_derived(kind)) for each in each.space.get(classes.REGISTERED, ())]
        if isinstance(kind, Class)
        else ()
    )
    return any(_is_made_of(value, each) for each in also)


def all_derived(kind: Class) -> Sequence[Class]:
    """Classes that are made from one, and from these."""
    return [each for one in kind.derived for each in (one, *all_derived(one))]


_ABSTRACT = ("collections_abc", "numbers")
"""Modules of sources that have abstract classes."""


_MEMBERS: Mapping[str, Sequence[str]] = {
    "Callable": ("__call__",),
    "Collection": ("__len__", "__iter__", "__contains__"),
    "Container": ("__contains__",),
    "Iterable": ("__iter__",),
    "Iterator": ("__iter__", "__next__"),
    "Reversible": ("__iter__", "__reversed__"),
    "Sized": ("__len__",),
}
"""Abstract classes that a class is of if it has these methods."""


_REGISTERED = {("decimal", "Decimal"): "Number", ("_pydecimal", "Decimal"): "Number"}
"""Classes of the library that count as abstract ones without being made from them."""


def _is_abstract(kind: Class, name: str) -> bool:
    """Whether objects of a class are of an abstract one."""
    if any(isinstance(each, Class) and each.module in _ABSTRACT and each.name == name for each in kind.line):
        return True
    if any(isinstance(each, Class) and _REGISTERED.get((each.module, each.name)) == name for each in kind.line):
        return True
    if name in _MEMBERS:
        return all(find(kind, each) is not None for each in _MEMBERS[name])
    if name == "Hashable":
        return records.hashes_by(kind) is not False
    if not hasattr(collections.abc, name) and not hasattr(numbers, name):
        raise Lost
    return False


def _is_protocol(kind: Class) -> bool:
    """Whether a class says what others are to have (PEP 544)."""
    return any(isinstance(base, Builtin) and base.name == "typing.Protocol" for base in kind.bases)


def _has_member(kind: Value, name: str) -> bool:
    """Whether a class has what a protocol says. Raises Lost."""
    if isinstance(kind, Class):
        return find(kind, name) is not None or hasattr(object, name)
    if not isinstance(kind, Builtin) or kind.kind is None:
        raise Lost
    return hasattr(kind.kind, name)


_UNCHECKED = "Instance and class checks can only be used with @runtime_checkable protocols"


def _has_members(value: Value, kind: Class) -> bool:
    """Whether an object has all that a protocol says. Raises Raised, Lost."""
    if CHECKED not in kind.space:
        raise error("TypeError", _UNCHECKED)
    names = _members_of(kind)
    if not isinstance(value, Object) or is_exception(value.kind):
        sample = _sample_of(value)
        if sample is None:
            raise Lost
        held = getattr(value, "attributes", {})
        return all(name in held or hasattr(sample, name) for name in names)
    if isinstance(value.kind, Builtin) and value.kind.kind is object:
        return all(_has_member(value.kind, name) for name in names)
    if not isinstance(value.kind, Class) or find(value.kind, "__getattr__") is not None:
        raise Lost
    held = {*value.attributes, *(name for name, _ in value.kind.fields or () if value.kind.flavour == "namedtuple")}
    return all(name in held or find(value.kind, name) is not None or hasattr(object, name) for name in names)


_NO_MEMBERS = frozenset(
    f"__{name}__"
    for name in (
        *"annotations dict doc firstlineno init module orig_bases parameters qualname slots".split(),
        *"static_attributes subclasshook weakref".split(),
    )
) | {CHECKED, *NEW_CLASS_NAMES}
"""Names in the body of a protocol that say nothing of what others are to have."""


def _kinds(kinds: Value, asked: str = "isinstance") -> Iterable[Value]:
    """The classes of which a value may be, one by one. Raises Raised, Lost for what is none."""
    kinds = known(kinds)
    if isinstance(kinds, tuple):
        for part in kinds:
            yield from _kinds(part, asked)
        return
    is_union = isinstance(kinds, Alias) and kinds.shown.startswith(("typing.Optional[", "typing.Union["))
    if isinstance(kinds, Alias) and kinds.args and (kinds.origin is None or is_union):
        if kinds.shown.startswith("typing.Optional["):
            yield Builtin("NoneType")
        for part in kinds.args:
            yield from _kinds(part, asked)
        return
    if isinstance(kinds, Alias) and kinds.args and kinds.origin is not None:
        is_generic = isinstance(kinds.origin, Class) and parameters_of_class(kinds.origin) is not None
        if is_generic or kinds.shown.startswith("typing."):
            raise error("TypeError", "Subscripted generics cannot be used with class and instance checks")
        raise error("TypeError", f"{asked}() argument 2 cannot be a parameterized generic")
    if isinstance(kinds, Builtin) and kinds.name == "typing.Any" and asked == "isinstance":
        raise error("TypeError", "typing.Any cannot be used with isinstance()")
    if isinstance(kinds, (*IMMUTABLE, List, Dict, Set, Function, Method)):
        what = "class" if asked == "issubclass" else "type"
        raise error(
            "TypeError",
            f"{asked}() arg 2 must be a {what}, a tuple of {what}{'es' if what == 'class' else 's'}, or a union",
        )
    if not isinstance(kinds, (Builtin, Class)):
        raise Lost
    yield kinds
