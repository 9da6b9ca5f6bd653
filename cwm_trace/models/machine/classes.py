"""Classes of a program and their objects: attributes, and how they are looked for.

Knows what `@dataclass`, `namedtuple` and `Enum` make of a class. What methods do is work (`machine.interpreter`); how objects are made and
attributes are set is elsewhere (`machine.making`, `machine.assigning`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from collections.abc import Iterator as Iterates
from functools import partial
from re import Match, Pattern
from types import (
    AsyncGeneratorType,
    CellType,
    ClassMethodDescriptorType,
    CoroutineType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
)
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.containers import MATCH, PATTERN
from cwm_trace.models.machine import (
    annotating,
    awaiting,
    comparing,
    enums,
    generated,
    naming,
    patching,
    records,
    sets,
    shipped,
    tracebacks,
)
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import is_of_program
from cwm_trace.models.machine.imported import helper, member
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import COROUTINE_WRAPPER, Iterator
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.making import (
    CONTAINERS,
    CONTAINERS_WITHOUT_DICT,
    PLAIN_BASES,
    container_of,
    empty_set,
    fill_from,
    filled,
    filled_set,
    has_abstract,
    is_abstract,
    left_abstract,
    made_plainly,
    new_of,
    plain_kind,
    with_content,
    with_names,
)
from cwm_trace.models.machine.parameters import (
    args_of,
    is_variable,
    named_after,
    origin_of,
    parameters,
    with_parameters,
)
from cwm_trace.models.machine.rendering import OTHER_CLASSES
from cwm_trace.models.machine.values import (
    BOUND,
    GROUPS,
    OWN,
    PLAIN_KINDS,
    UNSET,
    Alias,
    Builtin,
    Cell,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Literal,
    Lost,
    Method,
    Module,
    Names,
    Native,
    NoFunction,
    Object,
    OwnDict,
    OwnList,
    Raised,
    Range,
    Set,
    Super,
    Unknown,
    Value,
    View,
    as_plain,
    as_tuple,
    class_of,
    content_of,
    dict_from,
    error,
    find,
    is_exception,
    is_group,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    last_unknown,
    look_up,
    own_method,
)
from cwm_trace.tracer.values import render_value

_LITERALS: Mapping[str, type] = {MATCH: Match, PATTERN: Pattern}
_TYPES: Mapping[str, type] = {
    "Counter": Counter,
    "OrderedDict": OrderedDict,
    "defaultdict": defaultdict,
    "deque": deque,
    "generator": GeneratorType,
    "coroutine": CoroutineType,
    "async_generator": AsyncGeneratorType,
    "range": range,
    "slice": slice,
} | {
    "list": list,
    "dict": dict,
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "str": str,
    "int": int,
    "bytearray": bytearray,
}
_DATA = frozenset(("real", "imag", "numerator", "denominator"))
REGISTERED = "_registered_"
"""What an abstract class has for the classes that are said to be of it."""
_NOT_SHOWN = ("__qualname__", "__classcell__", REGISTERED, *((annotating.NOTED,) if annotating.ARE_LAZY else ()))
_OF_WRAPPED = frozenset("__annotations__ __doc__ __module__ __name__ __qualname__".split())
"""What a class method, or a static one, takes from its function (Objects/funcobject.c, `functools_wraps`)."""
_OF_TYPE = ("type", "abc.ABCMeta")
"""Metaclasses of Python's own that those of a program are made from."""


class Attributes(MutableMapping[str, Value]):
    """Attributes of an object whose `__dict__` has been looked at."""

    def __init__(self, held: Dict) -> None:
        self.held = held

    def __getitem__(self, name: str) -> Value:
        return self.held.values[self._place(name)]

    def __setitem__(self, name: str, value: Value) -> None:
        if name in self.held.keys:
            self.held.values[self._place(name)] = value
        else:
            self.held.keys.append(name)
            self.held.values.append(value)

    def __delitem__(self, name: str) -> None:
        place = self._place(name)
        del self.held.keys[place], self.held.values[place]

    def __iter__(self) -> Iterates[str]:
        return iter(self.held.keys)

    def __len__(self) -> int:
        return len(self.held.keys)

    def _place(self, name: str) -> int:
        if name not in self.held.keys:
            raise KeyError(name)
        return self.held.keys.index(name)


class Asked(Attributes):
    """Names that an object of the program, which is no dict, is asked for one by one."""

    def __init__(self, held: Object) -> None:
        super().__init__(Dict())
        self.owner = held


def attribute(m: Interpreter, owner: Value, name: Any) -> Work:
    """`owner.name`. Raises Raised, Lost."""
    owner = owner if isinstance(owner, Unknown) and owner.value is UNSET else known(owner)
    match owner:
        case Object() if owner.kind is records.FIELD and name == "metadata":
            return (yield from _noted(m, owner))
        case Object() if owner.kind is records.FIELD and name in records.PARTS:
            return records.part_of(owner, name)
        case Object(kind=Class()) | OwnList() | OwnDict() | Class(metaclass=Class()):
            return (yield from _by_class(m, owner, name))
        case Object(kind=Builtin(name="member_descriptor")) if (part := _of_slot(owner, name)) is not UNSET:
            return part
        case Object():
            found = _of_exception(owner, name)
            if found is not UNSET:
                return found
        case Class():
            return (yield from _of_class(m, owner, name))
        case Super() if name in ("__thisclass__", "__self__", "__self_class__"):
            made_of: Value = (
                owner.owner.kind if isinstance(owner.owner, Object) else getattr(owner.owner, "of", owner.owner)
            )
            return {"__thisclass__": owner.kind, "__self__": owner.owner, "__self_class__": made_of}[name]
        case Super():
            return (yield from _of_super(m, owner, name))
        case Module():
            return (yield from member(m, owner.name, name))
        case Function() if name == annotating.NOTED:
            return annotating.of_function(m, owner)
        case Function():
            return _of_function(owner, name)
        case Native(attributes=attributes) if name in attributes:
            return attributes[name]
        case Native(wrapped=dict() as methods) if name in methods:  # of a context manager
            return methods[name]
        case Native(name="partial") if name in ("__name__", "__qualname__", "__wrapped__"):
            raise error("AttributeError", f"'functools.partial' object has no attribute '{name}'")
        case Native() if name in ("__name__", "__qualname__", "__module__", "__doc__", "__wrapped__"):
            wrapped = owner.wrapped
            return wrapped if name == "__wrapped__" else (yield from attribute(m, wrapped, name))
        case Native(name="partial", wrapped=(function, args, words)) if name in ("func", "args", "keywords"):
            return {"func": function, "args": tuple(args), "keywords": dict_from(words)}[name]
        case Paused() if name in ("__name__", "__qualname__"):
            return owner.name if name == "__qualname__" else owner.name.rpartition(".")[2]
        case Cell() if name == "cell_contents":
            if owner.value is UNSET:
                raise error("ValueError", "Cell is empty")
            return owner.value
        case Method() if name in ("__self__", "__func__"):
            return owner.owner if name == "__self__" else owner.function
        case Method() if name == "__call__":
            return _call_of(owner, kind_name(owner))
        case Method() if name in ("__name__", "__doc__", "__qualname__") or isinstance(owner.function, Function):
            return (yield from attribute(m, owner.function, name))
        case Descriptor(kind="classmethod" | "staticmethod") if name in ("__func__", "__wrapped__"):
            return owner.get
        case Descriptor(kind="classmethod" | "staticmethod") if name in _OF_WRAPPED:
            return (yield from attribute(m, owner.get, name))
        case Descriptor() if name in _ACCESSORS and (name == "__get__" or owner.kind == "property"):
            return Native(name, partial(_ACCESSORS[name], owner), shown=_WRAPPER.format(name, owner.kind))
        case Alias() if name == "__mro_entries__" and owner.origin is not None:
            return Native(name, lambda m, bases: (origin_of(owner),))
        case Descriptor() if name == "__isabstractmethod__":
            return is_abstract(owner)
        case Builtin():
            if name == "__dict__" and isinstance(real_of(owner), type):
                return (yield from _names_of_builtin(m, owner))
            if owner.name.startswith(("collections.abc.", "typing.")):
                return (yield from _of_abstract(m, owner, name))
            return _of_builtin(owner, name)
        case Descriptor(kind="property") if name == "__doc__":
            return None if owner.get is None else (yield from attribute(m, owner.get, name))
        case Descriptor(kind="property") if name in ("fget", "fset", "fdel"):
            return {"fget": owner.get, "fset": owner.set, "fdel": owner.delete}[name]
        case Paused() if name in ("gi_yieldfrom", "cr_await", "ag_await"):
            return owner.inner
        case Paused() if name in ("gi_suspended", "cr_suspended", "ag_suspended"):
            return owner.state == "SUSPENDED"
        case Paused() if name in _STATES:
            return f"{_STATES[name]}_{owner.state}"
        case Paused() if name in ("gi_running", "cr_running", "ag_running"):
            return owner.runs
        case Paused() if name in ("gi_frame", "cr_frame", "ag_frame"):
            return None if owner.ended else tracebacks.PythonFrame(owner.frame)
        case Iterator() if owner.shown == COROUTINE_WRAPPER and name in ("send", "throw", "close"):
            return Method(Builtin(f"coroutine.{name}"), owner.sources[0])
        case View() if name == "mapping":
            return (yield from _proxy_of(m, dict(zip(owner.over.keys, owner.over.values, strict=True))))
        case Descriptor(kind="property") if name in ("setter", "getter", "deleter"):
            return Native("accessor", lambda m, function: _with_accessor(owner, name, function))
        case Unknown() if (guess := last_unknown(owner).guess) is not UNSET:
            return _of_guess(m, (yield from attribute(m, guess, name)))
        case Unknown():
            return Builtin("random.shuffle") if name == "shuffle" else m.unknown()  # which changes what it is given
        case tracebacks.Traceback() | tracebacks.PythonFrame():
            return owner.attribute(name)
        case Alias(origin=Builtin("typing.Annotated"), args=(first, *notes)) if name in (
            "__metadata__",
            "__origin__",
            "__args__",
        ):
            return {"__metadata__": tuple(notes), "__origin__": first, "__args__": (first,)}[name]
        case Alias() if name.startswith("__") and name in owner.told:
            return owner.told[name]
        case Alias() if name == "__args__" and not owner.told:
            return args_of(owner)
        case Alias() if name == "__origin__" and owner.origin is not None:
            return origin_of(owner)
        case Alias() if name in ("__module__", "__name__", "__qualname__") and not is_variable(owner):
            of = named_after(owner)
            if isinstance(of, tuple):
                return of[name != "__module__"]
            return (yield from attribute(m, of, name))
        case Alias() if name == "__parameters__" and not owner.told:
            return tuple(parameters(owner).values())
    if name == "__class__":
        return (yield from invoke(m, Builtin("type"), [owner], {}))
    if isinstance(owner, Literal) and name in ("lastgroup", "lastindex"):
        return _last_group(m, owner, name)
    if isinstance(owner, Literal) and owner.kind == MATCH and name in _OF_MATCHES and owner.subject is not None:
        return (yield from _of_match(m, owner, name))
    if isinstance(owner, Literal) and owner.kind == PATTERN and name in _OF_PATTERNS:
        return (yield from _of_pattern(m, owner, name))
    if isinstance(owner, Literal) and not callable(getattr(_LITERALS.get(owner.kind), name, len)):
        return m.questions.value(f"{owner.text}.{name}")
    return _of_value(owner, name)
    yield


_OF_PATTERNS = ("pattern", "flags", "groups", "groupindex")


def _of_pattern(m: Interpreter, owner: Literal, name: str) -> Work:
    """What a compiled regular expression says of itself."""
    told = [ast.literal_eval(each) for each in ast.parse(owner.text, mode="eval").body.args]  # type: ignore[attr-defined]
    try:
        found = told[0] if name == "pattern" else getattr(re.compile(*told), name)
    except (re.error, ValueError):
        raise Lost(name) from None
    return (yield from _proxy_of(m, dict(found))) if name == "groupindex" else int(found) if name == "flags" else found


_OF_MATCHES = ("string", "re", "pos", "endpos", "regs")


def _of_match(m: Interpreter, match: Literal, name: str) -> Work:
    """What a match has been found in, by which pattern, and where it and its groups are."""
    match name:
        case "string":
            return match.subject
        case "re" if isinstance(known(match.pattern), Literal):
            return match.pattern
        case "re":
            return (yield from invoke(m, Builtin("re.compile"), [match.pattern], {}))
        case "pos" | "endpos":
            size = yield from comparing.length(m, match.subject)
            place = match.within[name == "endpos"]
            return size if place is None else min(place, size)
    args = ast.parse(match.text, mode="eval").body.args  # type: ignore[attr-defined]
    if len(args) not in (3, 6):
        return m.unknown()
    groups = ast.literal_eval(args[5]) if len(args) == 6 else []
    return (tuple(map(ast.literal_eval, args[:2])), *map(tuple, groups))


def _last_group(m: Interpreter, match: Literal, name: str) -> Value:
    """Of a match: the group that has been closed last, its number or its name."""
    args = ast.parse(match.text, mode="eval").body.args  # type: ignore[attr-defined]
    if len(args) != 6:
        return m.unknown()
    names, spans = map(ast.literal_eval, args[4:])
    if not any(end >= 0 for _, end in spans):
        return None
    last = max(end for _, end in spans)
    closed = [number for number, (start, end) in enumerate(spans, 1) if end == last]
    if len(closed) > 1 and any(spans[number - 1][0] == last for number in closed):
        return m.unknown()  # an empty group may be behind the others, or in one of them
    if name == "lastindex":
        return closed[0]
    return next((each for each, number in names.items() if number == closed[0]), None)


def _with_accessor(owner: Descriptor, name: str, function: Value) -> Descriptor:
    """A property with another function for one of its three uses."""
    given = {"setter": "set", "getter": "get", "deleter": "delete"}[name]
    parts = {"get": owner.get, "set": owner.set, "delete": owner.delete, given: function}
    return Descriptor("property", parts["get"], parts["set"], parts["delete"])


def missing(owner: Value, name: str, text: str = "'{kind}' object has no attribute '{name}'") -> Exception:
    if isinstance(owner, Object) and isinstance(owner.kind, Class) and owner.kind.is_partial:
        return Lost(name)
    raised = error("AttributeError", text.format(kind=kind_name(owner), name=name))
    raised.error.attributes |= {"name": name, "obj": owner}
    return raised


def _noted(m: Interpreter, field: Object) -> Work:
    """The `metadata` of a field of a dataclass."""
    held = known(field.attributes.get("metadata"))
    return _proxy_of(m, {} if held is None else dict(zip(held.keys, held.values, strict=True)))


def _by_class(m: Interpreter, owner: Object | OwnList | OwnDict | Class, name: str) -> Work:
    """An attribute of an object as its class has it looked for (Objects/typeobject.c, `slot_tp_getattr_hook`)."""
    own = own_method(owner, "__getattribute__")
    try:
        return (yield from _plainly(m, owner, name) if own is None else invoke(m, own, [owner, name], {}))
    except Raised as raised:
        hook = own_method(owner, "__getattr__")
        if not raised.is_a("AttributeError"):
            raise
        if hook is None:
            _say_what_is_missing(raised.error, owner, name)
            raise
        try:
            return (yield from invoke(m, hook, [owner, name], {}))
        except Raised as again:
            if again.is_a("AttributeError"):
                _say_what_is_missing(again.error, owner, name)
            raise


def _plainly(m: Interpreter, owner: Object | OwnList | OwnDict | Class, name: str) -> Work:
    """As `object` or `type` has it looked for."""
    return _of_class(m, owner, name) if isinstance(owner, Class) else of_object(m, owner, name)


def _say_what_is_missing(raised: Object, owner: Value, name: str) -> None:
    """An `AttributeError` that says nothing else is told what was looked for (Objects/object.c, `set_attribute_error_context`)."""
    if not any(raised.attributes.get(each) for each in ("name", "obj")):
        raised.attributes.update(name=name, obj=owner)


def of_object(m: Interpreter, owner: Object | OwnList | OwnDict, name: str) -> Work:
    """What `object.__getattribute__` gives. Raises Raised, Lost."""
    if isinstance(owner, OWN):
        return (yield from _of_own(m, owner, name))
    if name == "__class__":
        return owner.kind
    found = look_up(owner.kind, name)
    if isinstance(found, Descriptor) and found.kind == "property":
        return (yield from invoke(m, found.get, [owner], {}))
    if (get := _getter(found)) is not None and (is_data(found) or name not in owner.attributes):
        return (yield from invoke(m, get, [found, owner, owner.kind], {}))
    if name == "__doc__" and name not in owner.attributes:
        return (yield from _of_class(m, owner.kind, name))
    if isinstance(found, Native) and found.name == "cached_property" and name not in owner.attributes:
        made = yield from invoke(m, found.wrapped, [owner], {})
        owner.attributes[name] = made
        return made
    if name in owner.attributes:
        return owner.attributes[name]
    if owner.kind.flavour == "enum" and name in ("name", "value"):
        return owner.attributes[f"_{name}_"]
    names = [each for each, _ in owner.kind.fields or ()]
    if owner.kind.flavour == "namedtuple" and name in names:
        return owner.held[names.index(name)]
    if _is_property_of_class(found):
        return (yield from invoke(m, found.get.get, [owner.kind], {}))
    if name == "__new__":  # which is a static method
        return (yield from attribute(m, owner.kind, name))
    if found is not UNSET:
        return _bound(found, owner, owner.kind)
    if name == "__dict__" and not has_slots_only(owner.kind):
        return _dict_of(owner)
    if is_exception(owner.kind) and (part := _of_exception(owner, name)) is not UNSET:
        return part
    if owner.kind.flavour == "namedtuple" and name in ("_fields", "_field_defaults", "_make"):
        return (yield from attribute(m, owner.kind, name))
    if owner.kind.flavour == "dataclass" and name.startswith("__dataclass_"):
        return (yield from attribute(m, owner.kind, name))
    if owner.kind.flavour == "namedtuple" and name in ("_replace", "_asdict", "index", "count"):
        return Method(Builtin(f"namedtuple.{name}"), owner)
    plain = as_plain(content_of(owner))
    if isinstance(plain, Set) and hasattr(set, name) and not name.startswith("__"):
        return _of_content(owner, name)
    if plain is not owner and hasattr(type(plain), name) and not name.startswith("__"):
        return (yield from attribute(m, plain, name))
    if name in vars(object):
        return Method(Builtin(f"object.{name}"), owner)
    if name == "__weakref__" and not _has_slots(owner.kind):
        return None
    is_followed = is_of_program(owner.kind.module) or owner.kind.module in shipped.MODULES
    is_whole = is_followed or find(owner.kind, "__getattr__") is not None
    if not is_whole and not _is_missing_in_library(owner.kind, name):
        raise Lost(name)
    raise missing(owner, name)


def _registered(owner: Class, m: Interpreter, kind: Value) -> Value:
    """Let a class count as an abstract one; what was none of these may be one now."""
    owner.space.setdefault(REGISTERED, []).append(known(kind))
    m.hooked = {pair: told for pair, told in m.hooked.items() if told[1]}
    return kind


def _best_base(kind: Class) -> Value:
    """The base whose layout a class's objects have: the first that is made from a value or container of Python's own, else the first."""
    plain = (*PLAIN_BASES, *GROUPS)
    laid_out = (
        base
        for base in kind.bases
        if any(isinstance(each, Builtin) and each.name not in plain for each in getattr(base, "line", (base,)))
    )
    return next(laid_out, kind.bases[0] if kind.bases else Builtin("object"))


def _has_slots(kind: Class) -> bool:
    """Whether a class, or one that it is made from, says which attributes there are."""
    return any("__slots__" in each.space for each in kind.line if isinstance(each, Class))


def _is_missing_in_library(kind: Class, name: str) -> bool:
    """Whether the library's own class, which this one stands for and may have less than, has no such attribute either."""
    real = looked_up("types.MappingProxyType" if kind.name == "mappingproxy" else f"{kind.module}.{kind.name}")
    return isinstance(real, type) and not hasattr(real, name)


def _getter(found: Value) -> Value:
    """The `__get__` of what a class has, which is a descriptor of the program; None for others."""
    return own_method(found, "__get__")


def has_slots_only(kind: Class) -> bool:
    """Whether its objects have places for some names, and no dict."""
    without = (*PLAIN_BASES, *CONTAINERS_WITHOUT_DICT, *PLAIN_KINDS)
    are_all = all("__slots__" in each.space if isinstance(each, Class) else each.name in without for each in kind.line)
    return are_all and "__dict__" not in slots_of(kind)


_SUPPRESSES = "__suppress_context__"  # which an exception has elsewhere


def _dict_of(owner: Object | OwnList | OwnDict) -> Value:
    """The dict that has an object's attributes from now on."""
    if not isinstance(owner.attributes, Attributes):
        slots = slots_of(owner.kind if isinstance(owner, Object) else owner.of)
        held = {each: value for each, value in owner.attributes.items() if each != _SUPPRESSES and each not in slots}
        if len(held) < len(owner.attributes):
            return dict_from(held)  # which is not what is written to
        owner.attributes = Attributes(dict_from(held))
    return owner.attributes.held


def is_data(found: Value) -> bool:
    return any(own_method(found, name) is not None for name in ("__set__", "__delete__"))


def _of_own(m: Interpreter, owner: OwnList | OwnDict, name: str) -> Work:
    """Of an object of a class that is made from `list` or `dict`."""
    if name == "__class__":
        return owner.of
    if name == "__dict__" and not has_slots_only(owner.of):
        return _dict_of(owner)
    found = look_up(owner.of, name)
    if isinstance(found, Descriptor) and found.kind == "property":
        return (yield from invoke(m, found.get, [owner], {}))
    if (get := _getter(found)) is not None and (is_data(found) or name not in owner.attributes):
        return (yield from invoke(m, get, [found, owner, owner.of], {}))
    if isinstance(found, Native) and found.name == "cached_property" and name not in owner.attributes:
        owner.attributes[name] = yield from invoke(m, found.wrapped, [owner], {})
    if name in owner.attributes:
        return owner.attributes[name]
    if name == "__new__":
        return (yield from attribute(m, owner.of, name))
    if found is not UNSET:
        return _bound(found, owner, owner.of)
    if hasattr(_TYPES[owner.kind], name) and name != "__dict__":
        return Method(Builtin(f"{owner.kind}.{name}"), owner)
    raise missing(owner, name)


def _of_exception(owner: Object, name: str) -> Value:
    if name == "args":
        return owner.held
    if name in owner.attributes:
        return owner.attributes[name]
    if name == "__cause__":
        return owner.cause
    if name == "__context__":
        return owner.context
    if name == "__suppress_context__":
        return False
    if name == "_metadata" and is_made_of(owner.kind, Builtin("SyntaxError")) and hasattr(SyntaxError, name):
        return None  # by which keywords are proposed, from 3.14 on
    if name == "msg" and is_made_of(owner.kind, Builtin("SyntaxError")):
        return owner.held[0] if owner.held else None
    if name == "code" and is_made_of(owner.kind, Builtin("SystemExit")):
        return (owner.held[0] if len(owner.held) == 1 else owner.held) if owner.held else None
    if name in (parts := _parts_of_exception(owner)):
        return parts[name]
    if name == "__traceback__":
        return tracebacks.of_exception(owner)
    if name in ("split", "subgroup", "derive") and is_group(owner):
        return Method(Builtin(f"{GROUPS[0]}.{name}"), owner)
    if name == "value" and isinstance(owner.kind, Builtin) and owner.kind.name == "StopIteration":
        return owner.held[0] if owner.held else None
    if name in ("with_traceback", "add_note", "__str__", "__repr__"):
        return Method(Builtin(f"Exception.{name}"), owner)
    if name == "__class__":
        return owner.kind
    if name == "__setstate__":
        return Method(Builtin("Exception.__setstate__"), owner)
    if name.startswith("__") and hasattr(BaseException, name):
        raise Lost(name)
    if isinstance(owner.kind, Builtin):
        real = owner.kind.kind or looked_up(owner.kind.name)
        if hasattr(real, name) or (real is MISSING and "." in owner.kind.name):  # of a module nobody may look at
            raise Lost(name)
        raise missing(owner, name)
    return UNSET


def _parts_of_exception(owner: Object) -> Mapping[str, Value]:
    """What exceptions of some kinds have beside `args`, by their names."""
    if is_made_of(owner.kind, Builtin("UnicodeError")) and len(owner.held) == len(_OF_UNICODE):
        return dict(zip(_OF_UNICODE, owner.held, strict=True))
    if is_made_of(owner.kind, Builtin("UnicodeTranslateError")) and len(owner.held) == len(_OF_UNICODE) - 1:
        return dict(zip(_OF_UNICODE[1:], owner.held, strict=True))
    if is_made_of(owner.kind, Builtin("OSError")):
        told = owner.held if len(owner.held) > 1 else (None, None)
        return {"filename": None, "filename2": None, **dict(zip(("errno", "strerror"), told, strict=False))}
    if is_made_of(owner.kind, Builtin("NameError")):
        text = owner.held[0] if len(owner.held) == 1 else ""
        found = _OF_NAME.match(text) if isinstance(text, str) and isinstance(owner.kind, Builtin) else None
        return {"name": found[1] if found and owner.kind.name == "NameError" else None}
    if is_made_of(owner.kind, Builtin("AttributeError")) and "name" not in owner.attributes:
        text = owner.held[0] if len(owner.held) == 1 else ""
        found = _OF_ATTRIBUTE.search(text) if isinstance(text, str) and isinstance(owner.kind, Builtin) else None
        return {"name": found[1] if found else None}
    if is_made_of(owner.kind, Builtin("ImportError")):
        return {"name": None, "path": None, "msg": owner.held[0] if len(owner.held) == 1 else None}
    if is_made_of(owner.kind, Builtin("SyntaxError")):
        told = owner.held[1] if len(owner.held) > 1 and isinstance(owner.held[1], tuple) else ()
        return dict(zip(_OF_SYNTAX, (*told, *[None] * len(_OF_SYNTAX)), strict=False))
    return {}


_STATES = {"gi_state": "GEN", "cr_state": "CORO", "ag_state": "AGEN"} if hasattr(GeneratorType, "gi_state") else {}
"""How what pauses says in which state it is, from 3.15 on, and what that begins with."""
_OF_NAME = re.compile(r"(?:free variable|name) '(\w+)'")
_OF_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'$")
_OF_UNICODE = ("encoding", "object", "start", "end", "reason")
_OF_SYNTAX = ("filename", "lineno", "offset", "text", "end_lineno", "end_offset")


def _method_of(name: str) -> Any:
    """What `list.append` is as an attribute of its class, if objects are bound to it; None for others."""
    kind, _, attribute_name = name.partition(".")
    found = vars(_TYPES[kind]).get(attribute_name)
    return found if hasattr(found, "__get__") and not isinstance(found, (classmethod, staticmethod)) else None


def _is_property_of_class(found: Value) -> bool:
    """Whether it is `@classmethod @property`, whose getter is called with the class, till 3.12."""
    is_one = isinstance(found, Descriptor) and found.kind == "classmethod" and isinstance(found.get, Descriptor)
    return is_one and found.get.kind == "property" and sys.version_info < (3, 13)


def _bound(found: Value, owner: Value, kind: Value) -> Value:
    """What a class has, looked at through one of its objects."""
    match found:
        case Function():
            return Method(found, owner)
        case Native() if found.name in BOUND:
            return Method(found, owner)
        case Builtin() if found.name.partition(".")[0] in _TYPES and callable(_method_of(found.name)):
            return Method(found, owner)
        case Descriptor(kind="classmethod"):
            return Method(found.get, kind)
        case Descriptor(kind="staticmethod"):
            return found.get
    return found


def _of_class(m: Interpreter, owner: Class, name: str) -> Work:
    if name in ("__name__", "__qualname__"):
        return owner.name if name == "__name__" else owner.qualname
    if name == "__dict__":
        if owner.flavour:
            raise Lost(name)
        order = [*owner.space]
        if not any(isinstance(each, Class) for each in owner.line[1:]) and "__slots__" not in owner.space:
            order[owner.own : owner.own] = ["__dict__", "__weakref__"]
        if "__doc__" not in order:
            order.insert(owner.own + ("__dict__" in order) * 2, "__doc__")
        made = {each: Object(Builtin("getset_descriptor"), held=(each, owner)) for each in ("__dict__", "__weakref__")}
        places = {each: slot_of(owner, each) for each in own_slots(owner) if each not in made}
        made |= places
        order[owner.own : owner.own] = places
        held = {each: owner.space.get(each, made.get(each)) for each in order if each not in _NOT_SHOWN}
        return (yield from _proxy_of(m, held))
    if name == "__doc__" and not owner.space.get(name) and "_options_" in owner.space:
        return (yield from _signature_of(m, owner))
    if name == "__doc__":
        return owner.space.get(name)
    if name == "__class__":
        return class_of(owner)
    if name == annotating.NOTED:
        return annotating.of_class(m, owner)
    if name == annotating.ANNOTATE and annotating.ARE_LAZY:
        return owner.space.get(annotating.OF_CLASS)
    found = look_up(owner, name)
    if _is_property_of_class(found):
        return (yield from invoke(m, found.get.get, [owner], {}))
    if found is not UNSET:
        match found:
            case Descriptor(kind="classmethod"):
                return Method(found.get, owner)
            case Descriptor(kind="staticmethod"):
                return found.get
        if (get := _getter(found)) is not None:
            return (yield from invoke(m, get, [found, None, owner], {}))
        return found
    if name in ("__mro__", "mro"):
        return owner.line if name == "__mro__" else Native("mro", lambda m: List(list(owner.line)))
    if name == "__bases__":
        return owner.bases
    if name == "__base__":
        return _best_base(owner)
    if owner.flavour == "enum" and name == "__members__":
        return (yield from _proxy_of(m, enums.named(owner)))
    if owner.flavour == "enum" and "_all_" in owner.space and (part := enums.part_of(owner, name)) is not UNSET:
        return part
    if name == "register" and owner.is_of_abc:
        return Native("register", partial(_registered, owner))
    if name == "__abstractmethods__" and has_abstract(owner):
        left = sets.put_together(left_abstract(owner))
        return Set(left.items, "frozenset", table=left.table) if left is not None else m.unknown()
    if name == "__subclasses__":
        return Native("__subclasses__", lambda m: List([*owner.derived]))
    if owner.flavour == "namedtuple" and name == "_field_defaults":
        given = [(each, default) for each, default in owner.fields or () if default is not UNSET]
        return Dict([each for each, _ in given], [default for _, default in given])
    if owner.flavour == "namedtuple" and name in [each for each, _ in owner.fields or ()]:
        number = [each for each, _ in owner.fields or ()].index(name)
        return Object(Builtin("_collections._tuplegetter"), {"__doc__": f"Alias for field number {number}"})
    if owner.flavour == "namedtuple" and name == "__new__":
        return new_of(owner)
    if owner.flavour == "namedtuple" and name in ("_make", "_fields"):
        names = tuple(each for each, _ in owner.fields or ())
        return names if name == "_fields" else Method(Builtin("namedtuple._make"), owner)
    is_found_first = name in vars(object)  # by the class itself, and not by what it is one of
    if owner.metaclass is not None and not is_found_first and (found := look_up(owner.metaclass, name)) is not UNSET:
        if isinstance(found, Descriptor) and found.kind == "property":
            return (yield from invoke(m, found.get, [owner], {}))
        return _bound(found, owner, owner.metaclass)
    for base in owner.line:
        if isinstance(base, Builtin) and base.name not in PLAIN_BASES and base.kind and hasattr(base.kind, name):
            return Builtin(f"{base.name}.{name}")
    if name == "__dataclass_fields__" and owner.flavour == "dataclass":
        return dict_from(records.fields_by_name(owner))
    if name == "__dataclass_params__" and owner.flavour == "dataclass":
        raise Lost(name)
    if owner.flavour == "dataclass" and (function := generated.method(owner, name)) is not None:
        return function
    if name == "__match_args__" and owner.flavour == "dataclass" and (told := records.match_args(owner)) is not None:
        return told
    if name == "__match_args__" and owner.flavour == "namedtuple":
        return tuple(each for each, _ in owner.fields or ())
    if name == "__hash__" and records.hashes_by(owner) is False:
        return None
    if hasattr(object, name):
        return Builtin(f"object.{name}")
    if name == "__weakref__" and not _has_slots(owner):
        return Object(Builtin("getset_descriptor"), held=(name, owner))
    if (place := slot_of(owner, name)) is not None:
        return place
    if not is_of_program(owner.module) and owner.module not in (*shipped.MODULES, *m.shipped):
        real = looked_up(f"{owner.module.lstrip('_')}.{owner.name}")
        if real is MISSING or hasattr(real, name):
            raise Lost(name)
    text = said.NO_MEMBER if owner.flavour == "enum" else "type object '{kind}' has no attribute '{name}'"
    raise error("AttributeError", text.format(kind=owner.name, name=name))
    yield


def _signature_of(m: Interpreter, owner: Class) -> Work:
    """What `@dataclass` says of a class that says nothing of itself."""
    signature = yield from invoke(m, (yield from helper(m, "inspect", "signature")), [owner], {})
    text = yield from invoke(m, Builtin("str"), [signature], {})
    return f"{owner.name}{known(text).replace(' -> None', '')}"


def _proxy_of(m: Interpreter, held: Mapping[str, Value]) -> Work:
    """A mapping that is looked at only."""
    return (yield from invoke(m, (yield from helper(m, "types", "mappingproxy")), [dict_from(held)], {}))


def _takes_parameters(kind: Value) -> bool:
    """Whether it is one of Python's own classes that may be told types."""
    return isinstance(kind, Builtin) and (kind.name == "typing.Generic" or hasattr(kind.kind, "__class_getitem__"))


def _of_super(m: Interpreter, owner: Super, name: str) -> Work:
    kind = owner.owner.kind if isinstance(owner.owner, Object) else getattr(owner.owner, "of", owner.owner)
    if isinstance(kind, Class) and any(isinstance(base, Builtin) and base.name in _OF_TYPE for base in owner.kind.line):
        return _of_type(m, owner, kind, name)
    if not isinstance(kind, Class) or owner.kind not in kind.line:
        raise Lost
    line = kind.line[kind.line.index(owner.kind) + 1 :]
    for each in line:
        if isinstance(each, Class) and name in each.space:
            found = each.space[name]
            if isinstance(found, Descriptor) and found.kind == "property":
                return (yield from invoke(m, found.get, [owner.owner], {}))
            return _bound(found, owner.owner, kind)
        if isinstance(each, Class) and each.flavour == "dataclass" and name == "__init__" and each.fields is not None:
            return Native("wrapper", partial(fill_from, owner.owner, each))
    if kind.flavour == "enum" and name == "_missing_":
        return enums.part_of(kind, name)
    if is_exception(kind):
        return Builtin("Exception.__new__") if name == "__new__" else Method(Builtin(f"Exception.{name}"), owner.owner)
    if isinstance(owner.owner, OWN) and hasattr(_TYPES[owner.owner.kind], name):
        if name == "__init__":
            return Native("wrapper", partial(filled, owner.owner))
        return Method(Builtin(f"{owner.owner.kind}.{name}"), owner.owner)
    if name == "__new__" and kind.flavour == "namedtuple":
        return Native("__new__", with_names)
    plain = plain_kind(kind)
    if name == "__new__" and plain is not None:
        return Native("__new__", empty_set if plain.name == "set" else with_content)
    if name == "__init__" and plain is not None and plain.name == "set":
        return Native("wrapper", partial(filled_set, owner.owner))
    if name == "__new__" and container_of(kind):
        return Builtin(f"{container_of(kind)}.__new__")
    if name in _OF_OBJECTS and plain is not None:
        return Method(Builtin(f"object.{name}"), owner.owner)
    if plain is not None and isinstance(owner.owner, Object) and hasattr(plain.kind, name):
        return Native("wrapper", lambda m: None) if name == "__init__" else _of_content(owner.owner, name)
    if name == "__new__":  # which is a static method
        return Builtin("object.__new__")
    if name == "__class_getitem__" and isinstance(owner.owner, Class) and any(map(_takes_parameters, line)):
        return Native(name, lambda m, key: with_parameters(kind, key))
    if kind.is_partial and name == "__init__":
        return Native("wrapper", lambda m, *_, **__: None)  # what it does, attributes that are not known tell
    if hasattr(object, name):
        return Method(Builtin(f"object.{name}"), owner.owner)
    raise Lost(name) if kind.is_partial else error("AttributeError", f"'super' object has no attribute '{name}'")


_OF_OBJECTS = frozenset(("__getattribute__", "__setattr__", "__delattr__", "__dir__"))
"""Methods that are about an object's attributes, whatever it is made from."""


def _of_content(owner: Object, name: str) -> Value:
    """A method of the one of Python's own classes that an object's class is made from."""
    plain = plain_kind(owner.kind)
    return Method(Builtin(f"{'' if plain is None else plain.name}.{name}"), owner.content)


def _of_type(m: Interpreter, owner: Super, kind: Class, name: str) -> Value:
    """What `super()` has in a metaclass."""
    line = kind.line if kind.metaclass is None or owner.kind in kind.line else kind.metaclass.line
    for each in line[line.index(owner.kind) + 1 :]:
        if isinstance(each, Class) and name in each.space:
            return _bound(each.space[name], owner.owner, kind)
    if name == "__call__":
        return Native("call", lambda m, *args, **named: made_plainly(m, owner.owner, args, named))
    return Builtin("type.__new__") if name == "__new__" else Method(Builtin(f"type.{name}"), owner.owner)


def _of_function(owner: Function, name: str) -> Value:
    if name in owner.attributes:
        return owner.attributes[name]
    match name:
        case "__name__":
            return owner.code.name
        case "__qualname__":
            return owner.qualname
        case "__doc__":
            return None
        case "__dict__":
            held = {each: value for each, value in owner.attributes.items() if each not in _OF_FUNCTIONS}
            return Names(list(held), list(held.values()), space=owner.attributes)
        case "__defaults__":
            return owner.defaults or None
        case "__kwdefaults__":
            return dict_from(owner.named) if owner.named else None
        case "__closure__":
            return owner.closure or None
        case annotating.ANNOTATE if annotating.ARE_LAZY:
            return None
        case "__type_params__" if hasattr(_sample, name):
            return ()
        case "__module__":
            return owner.space.get("__name__", None if "__builtins__" in owner.space else owner.code.module)
        case "__code__":
            return tracebacks.of_code(owner.code)
        case "__closure__":
            return owner.closure or None
        case "__globals__":
            return patching.names(owner.space)
        case "__class__":
            return Builtin("function")
        case "__call__":
            return _call_of(owner, "function")
        case "__get__":
            return Native("__get__", partial(_got, owner), shown=_WRAPPER.format(name, "function"))
        case "__new__":
            return Builtin("function.__new__")
        case "__builtins__":
            return naming.shown_builtins()
    if hasattr(object, name):
        return Method(Builtin(f"object.{name}"), owner)
    if hasattr(_sample, name):
        raise Lost
    raise error("AttributeError", f"'function' object has no attribute '{name}'")


_WRAPPER = "<method-wrapper '{}' of {} object>"


def _call_of(owner: Function | Method, kind: str) -> Native:
    """The `__call__` of what is called."""
    return Native(
        "__call__", lambda m, *args, **named: invoke(m, owner, args, named), shown=_WRAPPER.format("__call__", kind)
    )


def _got(function: Function, m: Interpreter, owner: Value, kind: Value = None) -> Value:
    """What the `__get__` of a function gives."""
    return function if known(owner) is None else Method(function, owner)


def _of_guess(m: Interpreter, found: Value) -> Value:
    """An attribute of what stands for something unknown, which is unknown, too; what a method gives is, as well."""
    m.doubted()
    if not isinstance(found, (Method, Function, Builtin, Native)):
        return Unknown(guess=found)

    def run(m: Interpreter, *args: Value, **named: Value) -> Work:
        given = yield from invoke(m, found, args, named)
        return given if is_unknown(given) else Unknown(guess=known(given))

    return Native("guessed", run)


def _got_by(owner: Descriptor, m: Interpreter, of: Value, kind: Value = None) -> Work:
    """What the `__get__` of a property or of a class's method gives."""
    of = known(of)
    if owner.kind != "property":
        return _bound(owner, of, class_of(of) if known(kind) is None else known(kind))
    return owner if of is None else (yield from invoke(m, owner.get, [of], {}))


def _set_by(owner: Descriptor, m: Interpreter, of: Value, value: Value) -> Work:
    yield from invoke(m, owner.set, [of, value], {})


def _deleted_by(owner: Descriptor, m: Interpreter, of: Value) -> Work:
    yield from invoke(m, owner.delete, [of], {})


_ACCESSORS: Mapping[str, Callable[..., Work]] = {"__get__": _got_by, "__set__": _set_by, "__delete__": _deleted_by}


_OF_FUNCTIONS = (
    "__doc__",
    "__annotations__",
    "__annotate__",
    "__name__",
    "__qualname__",
    "__module__",
    "__type_params__",
)
"""What functions have beside their attributes."""


def _sample() -> None:
    """A function, for what functions have."""


def _of_abstract(m: Interpreter, owner: Builtin, name: str) -> Work:
    """What one of `collections.abc` has, whose methods are followed."""
    own = yield from helper(m, "collections_abc", owner.name.rpartition(".")[2])
    if own is not None and name in own.space:
        return (yield from attribute(m, own, name))
    return _of_builtin(owner, name)


def _of_builtin(owner: Builtin, name: str) -> Value:
    if name in ("__name__", "__qualname__"):
        return owner.name.rpartition(".")[2]
    if name == "__class__":
        return class_of(owner)
    if name == "__module__":
        return owner.kind.__module__ if owner.kind is not None else owner.name.rpartition(".")[0] or "builtins"
    if owner.name in _OF_COLLECTIONS:
        owner = Builtin(f"collections.{owner.name}")
    real = real_of(owner)
    if name == "__mro__" and isinstance(real, type):
        return (owner, *map(_named, real.__mro__[1:]))
    if name in ("__bases__", "__base__") and isinstance(real, type):
        bases = tuple(map(_named, real.__bases__))
        return bases if name == "__bases__" else _named(real.__base__) if real.__base__ else None
    if name == "__mro__" and owner.name in OTHER_CLASSES:
        return (owner, Builtin("object"))
    if real is not MISSING and not hasattr(real, name):
        what = f"type object '{real.__name__}'" if isinstance(real, type) else f"'{type(real).__name__}' object"
        raise error("AttributeError", f"{what} has no attribute '{name}'")
    return Builtin(f"{owner.name}.{name}")


_OF_COLLECTIONS = frozenset(name.rpartition(".")[2] for name in CONTAINERS if "." in name)


def _named(kind: type) -> Builtin:
    return Builtin(kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}")


def real_of(owner: Builtin) -> Any:
    """One of Python's own classes, or another thing of the library."""
    return owner.kind or looked_up(owner.name)


def _names_of_builtin(m: Interpreter, owner: Builtin) -> Work:
    """The `__dict__` of one of Python's own classes."""
    held = {name: _of_names(owner, name, value) for name, value in vars(real_of(owner)).items()}
    return _proxy_of(m, held)


def _of_names(owner: Builtin, name: str, value: object) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(
        value, (ClassMethodDescriptorType, GetSetDescriptorType, MemberDescriptorType)
    ):  # another than the class's
        return Native(name, _lost, shown=render_value(value))
    return Builtin(f"{owner.name}.{name}")


def _lost(m: Interpreter, /, *_: Value, **__: Value) -> Value:
    raise Lost


def _missed(owner: Value, name: str) -> Value:
    raise missing(owner, name)


_PARTS = {
    ("range", "start"): "start",
    ("range", "stop"): "stop",
    ("range", "step"): "step",
    ("slice", "start"): "start",
    ("slice", "stop"): "stop",
    ("slice", "step"): "step",
    ("deque", "maxlen"): "most",
    ("defaultdict", "default_factory"): "make",
}
"""Attributes of Python's own values, and what they are here."""


def _of_value(owner: Value, name: str) -> Value:
    kind = kind_name(owner).removeprefix("collections.")
    base: Any = _TYPES.get(kind)
    match owner:
        case bool() | int() | float() | complex() | str() | bytes() | None:
            base = type(owner)
        case tuple():
            base = tuple
        case Range():
            base = range
        case View():
            base = type(getattr({}, owner.kind)())
    if isinstance(owner, complex) and name in ("real", "imag"):
        return getattr(owner, name)
    if isinstance(owner, (int, float)) and name in _DATA:
        parts = {"imag": 0 if isinstance(owner, int) else 0.0, "denominator": 1}
        return parts.get(name, +owner) if hasattr(owner, name) else _missed(owner, name)
    if isinstance(owner, Iterator) and name == "__length_hint__" and owner.left is None:
        raise Lost(name)
    if isinstance(owner, Iterator) and name in ("__next__", "__iter__", "__length_hint__"):
        return Method(Builtin(f"iterator.{name}"), owner)
    if (held := _PARTS.get((kind, name))) is not None:
        return getattr(owner, held)
    if isinstance(owner, Iterator) and not hasattr(iter(()), name):
        raise missing(owner, name)
    if isinstance(owner, Alias) and owner.origin is None and name in ("args", "kwargs"):  # of a ParamSpec
        return Alias(f"{owner.shown.lstrip('~')}.{name}")
    if isinstance(owner, Alias) and owner.origin is None and name == "__name__":
        return owner.shown.lstrip("~+-")
    if isinstance(owner, Cell) and not hasattr(CellType, name):
        raise error("AttributeError", f"'cell' object has no attribute '{name}'")
    if isinstance(owner, Method) and not hasattr([].append, name) and not hasattr([].__len__, name):
        raise missing(owner, name)
    if isinstance(owner, (Native, Descriptor)) and not hasattr(_sample, name):
        raise missing(owner, name)
    if isinstance(owner, Native) and name == "__get__":
        return Method(Builtin("descriptor.__get__"), owner)  # which is asked for, hardly called
    if base is None and not isinstance(owner, Literal):
        raise Lost(name)
    if base is not None and not any(name in vars(each) for each in base.__mro__):
        raise missing(owner, name)
    if base is not None and name == "__doc__":
        return base.__doc__
    if base is not None and getattr(base, name) is None:
        return None
    if base is not None and not callable(getattr(base, name)):
        raise Lost(name)
    if isinstance(owner, Literal):
        return Method(Builtin(f"literal.{name}"), owner)
    if name in ("fromkeys", "maketrans"):
        return Builtin(f"{kind}.{name}")  # which are no methods of the value
    return Method(Builtin(f"{'dict_view' if isinstance(owner, View) else kind}.{name}"), owner)


def slot_of(kind: Class, name: str) -> Value:
    """The descriptor of a place for an attribute; None: there is none of that name."""
    for each in kind.line:
        if isinstance(each, Class) and name in own_slots(each):
            return Object(Builtin("member_descriptor"), held=(name, each))
    return None


def _of_slot(owner: Object, name: str) -> Value:
    """An attribute of a place's descriptor; UNSET: it has none that is known."""
    place, kind = owner.held
    if name == "__get__":
        return Native("__get__", lambda m, one, _=None: owner if known(one) is None else attribute(m, one, place))
    found = {
        "__name__": place,
        "__qualname__": f"{kind.qualname}.{place}",
        "__objclass__": kind,
        "__doc__": None,
    }
    return found.get(name, UNSET)


def slots_of(kind: Class) -> Sequence[Value]:
    """The names that a class, and those that it is made from, have places for."""
    return [slot for each in kind.line if isinstance(each, Class) for slot in own_slots(each)]


def own_slots(kind: Class) -> Sequence[Value]:
    """The names that a class itself has places for; private ones as they are mangled."""
    told = known(kind.space.get("__slots__", ()))
    if isinstance(told, str):
        told = (told,)
    names = told.keys if isinstance(told, Dict) else told.items if isinstance(told, List) else as_tuple(told) or ()
    return [_mangled(kind, known(name)) for name in names]


def _mangled(kind: Class, name: str) -> str:
    return f"_{kind.name.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name


_PLAIN = (int, float, str, bytes, tuple, List, Dict, Set, Function, Builtin, Class)
"""What has no such methods."""


def special(m: Interpreter, owner: Value, name: str) -> Work:
    """A method that Python looks for in the class. Raises Raised, Lost."""
    owner = known(owner)
    if isinstance(owner, (Object, *OWN)) and (found := own_method(owner, name)) is not None:
        return Method(found, owner) if isinstance(found, NoFunction) else _bound(found, owner, class_of(owner))
    if isinstance(owner, Native) and name in ("__enter__", "__exit__"):
        return owner.wrapped[name]
    if (isinstance(owner, Object) and isinstance(owner.kind, Class)) or owner is None or isinstance(owner, _PLAIN):
        missed = f" (missed {name} method)" if name == "__exit__" or awaiting.SAYS_WHICH_IS_MISSING else ""
        text = f"'{kind_name(owner)}' object does not support the context manager protocol{missed}"
        raise error("TypeError", text)
    raise Lost
    yield
