"""Class statements: which class comes of a body, its bases and its metaclass.

What bases of the library add is followed by sources of our own (`machine.imported`). Of metaclasses, those are followed that a program makes
from `type` or `ABCMeta`; they say by methods what operators on their classes do.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial

from cwm_trace.models import said
from cwm_trace.models.machine import annotating, enums, making, parameters, refusals, sets, shipped
from cwm_trace.models.machine.active import Body, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import Attributes, own_slots
from cwm_trace.models.machine.code import MAIN, is_of_program
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.making import CONTAINERS, PLAIN_BASES
from cwm_trace.models.machine.records import annotated
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    OF_COLLECTIONS,
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
    Lost,
    Native,
    Object,
    OwnDict,
    Raised,
    Set,
    Unknown,
    Value,
    as_tuple,
    class_of,
    dict_from,
    error,
    find,
    is_exception,
    is_unknown,
    kind_name,
    known,
    own_method,
)

_BY_ABC = "abc.ABCMeta"
_METACLASSES = frozenset(("type", _BY_ABC))
_OPEN = frozenset(
    "asyncio collections collections_abc contextlib csv _io json.decoder json.encoder numbers queue string threading".split()
)
"""Modules of sources whose classes programs may make their own from: they show themselves by their class's name."""
_MIXED_IN = ("collections.abc", "typing")
"""Modules of abstract classes that add methods to what is made from them."""


def build(m: Interpreter, function: Function, name: str, bases: Sequence[Value], words: Mapping[str, Value]) -> Work:
    """A class, whose body is run. Raises Raised, Lost."""
    return _built(m, lambda space: _run_body(function, space), name, bases, words)


def _run_body(function: Function, space: MutableMapping[str, Value]) -> Work:
    yield Body(function, space)


def _built(
    m: Interpreter,
    fill: Callable[[MutableMapping[str, Value]], Work],
    name: str,
    bases: Sequence[Value],
    words: Mapping[str, Value],
) -> Work:
    given = dict(words)
    told = given.pop("metaclass", None)
    metaclass = _metaclass(told, bases)
    for base in bases:
        for each in base.line if isinstance(base, Class) else ():
            enums.refuse_more(each, name)
    space: MutableMapping[str, Value] = enums.first_names(bases)
    if metaclass is not None and (prepare := find(metaclass, "__prepare__")) is not None:
        first = [metaclass] if isinstance(prepare, Descriptor) and prepare.kind == "classmethod" else []
        prepare = prepare.get if isinstance(prepare, Descriptor) else prepare
        prepared = known((yield from invoke(m, prepare, [*first, name, tuple(bases)], given)))
        if not isinstance(prepared, Dict):
            raise Lost
        space = Attributes(prepared) if isinstance(prepared, OwnDict) else space
        space.update(zip(prepared.keys, prepared.values, strict=True))
    yield from fill(space)
    if metaclass is None:
        made = yield from construct(m, name, bases, dict(space), given)
        made.by_abc = isinstance(told, Builtin) and told.name == _BY_ABC
        return made
    return (yield from _by_metaclass(m, metaclass, name, bases, space, given))


@native("enum._simple_enum")
def _simple_enum(m: Interpreter, etype: Value = None, **_: Value) -> Value:
    kind = etype if etype is not None else Builtin("enum.Enum")

    def convert(m: Interpreter, made: Class) -> Work:
        space, numbers = enums.first_names((kind,)), dict[int, Value]()
        for name, value in made.space.items():
            if isinstance(value, Object) and value.kind is enums.AUTO:
                if id(value) not in numbers:
                    numbers[id(value)] = yield from enums.next_value(m, space, name)
                value = numbers[id(value)]
            space[name] = value
        return (yield from construct(m, made.name, (kind,), space, {}))

    return Native("simple_enum", convert)


@native("enum.global_enum")
def _global_enum(m: Interpreter, made: Class, update_str: Value = False) -> Class:
    """Let the members of an enumeration be names of its module, too, and be shown as such."""
    space = m.shipped.get(made.module, m.frame.space)
    space.update((name, each) for name, each in made.space.items() if isinstance(each, Object) and each.kind is made)
    made.space["__repr__"] = Native("global_enum_repr", lambda m, each: f"{made.module}.{each.attributes['_name_']}")
    return made


def enum_of_names(
    m: Interpreter,
    kind: Value,
    value: Value,
    names: Value = (),
    *,
    start: Value = 1,
    type: Value = None,
    module: Value = None,
    qualname: Value = None,
    **words: Value,
) -> Work:
    """An enumeration of names that are told, as `Enum("Colour", "RED BLUE")` makes it."""
    bases = (kind,) if known(type) is None else (known(type), kind)
    space: dict[str, Value] = enums.first_names(bases)
    space |= {
        f"__{name}__": known(told)
        for name, told in (("module", module), ("qualname", qualname))
        if known(told) is not None
    }
    listed = known(names)
    if isinstance(listed, str):
        listed = List(listed.replace(",", " ").split())
    for place, each in enumerate((yield from collected(m, listed))):
        name = known(each)
        if isinstance(listed, Dict):
            value_of = listed.values[place]
        elif (pair := as_tuple(name)) is not None:
            name, value_of = map(known, pair)
        else:
            value_of = yield from enums.next_value(m, space, name, known(start))
        space[name] = yield from enums.noted(m, space, name, value_of)
    return (yield from construct(m, known(value), bases, space, words))


native("enum.EnumType._create_")(enum_of_names)
for _name in enums.KINDS:
    native(_name)(partial(lambda name, m, *args, **words: enum_of_names(m, Builtin(name), *args, **words), _name))


@native("types.new_class")
def _new_class(m: Interpreter, name: Value, bases: Value = (), kwds: Value = None, exec_body: Value = None) -> Work:
    def fill(space: MutableMapping[str, Value]) -> Work:
        if exec_body is not None:
            names = space.held if isinstance(space, Attributes) else dict_from(space)
            yield from invoke(m, exec_body, [names], {})
            space.update(zip(names.keys, names.values, strict=True))
        space.setdefault("__module__", "types")  # which calls `type`

    words = {} if kwds is None else dict(zip(known(kwds).keys, known(kwds).values, strict=True))
    return _built(m, fill, known(name), bases, words)


def _by_metaclass(
    m: Interpreter,
    metaclass: Class,
    name: str,
    bases: Sequence[Value],
    space: MutableMapping[str, Value],
    given: Mapping[str, Value],
) -> Work:
    held = space.held if isinstance(space, Attributes) else dict_from(space)
    new, start = find(metaclass, "__new__"), find(metaclass, "__init__")
    if new is None:
        made = yield from construct(m, name, bases, dict(space), given if start is None else {}, metaclass)
    else:
        new = new.get if isinstance(new, Descriptor) else new
        made = yield from invoke(m, new, [metaclass, name, tuple(bases), held], given)
    if start is not None and isinstance(made, Class):
        yield from invoke(m, start, [made, name, tuple(bases), held], given)
    return made


_CONFLICT = "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases"


def _metaclass(given: Value, bases: Sequence[Value]) -> Class | None:
    """The metaclass of the program's that makes a class; None: Python's own. Raises Lost."""
    found = [given, *(each.metaclass for each in bases if isinstance(each, Class))]
    if isinstance(given, Builtin) and given.name not in _METACLASSES:
        raise Lost
    own = [each for each in found if isinstance(each, Class)]
    made = next((each for each in own if all(other in each.line for other in own)), None)
    if own and made is None:
        raise error("TypeError", _CONFLICT)
    return made


@native("followed.class_by")
def _class_by(m: Interpreter, metaclass: Class, name: Value, bases: Value, names: Value, /, **words: Value) -> Work:
    """What a call of a metaclass gives."""
    held = known(names)
    space = dict(zip(held.keys, held.values, strict=True))
    return (yield from _by_metaclass(m, metaclass, known(name), known(bases), space, words))


@native("__build_class__")
def _build_class(m: Interpreter, function: Value, name: Value, /, *bases: Value, **words: Value) -> Work:
    return build(m, function, name, bases, words)


@native("type.__new__")
def _new(m: Interpreter, metaclass: Value, name: Value, bases: Value, space: Value, /, **words: Value) -> Work:
    names = dict(zip(space.keys, space.values, strict=True))
    return construct(m, known(name), bases, names, words, metaclass if isinstance(metaclass, Class) else None)


@native("type.__init__")
def _init(m: Interpreter, /, *_: Value, **__: Value) -> None:
    return None


@native("type")
def _type(m: Interpreter, /, *args: Value, **words: Value) -> Work:
    if len(args) == 3:
        name, bases, held = map(known, args)
        if not (isinstance(name, str) and isinstance(bases, tuple) and isinstance(held, Dict)):
            if (refused := refusals.of_class(args)) is not None:
                raise refused
            raise Lost
        metaclass = _metaclass(None, bases)
        if metaclass is None:
            return (yield from _new(m, None, name, bases, held, **words))
        return (yield from _class_by(m, metaclass, name, bases, held, **words))
    (value,) = map(known, args)
    kind = "" if isinstance(value, OWN) else getattr(value, "kind", "")
    return Builtin(f"collections.{kind}") if kind in OF_COLLECTIONS else class_of(value)


def construct(
    m: Interpreter,
    name: str,
    bases: Sequence[Value],
    space: dict[str, Value],
    words: Mapping[str, Value],
    metaclass: Class | None = None,
) -> Work:
    """A class of these names. Raises Raised, Lost."""
    if any(isinstance(base, (*IMMUTABLE, Object, List, Dict)) for base in bases):
        raise error("TypeError", _CONFLICT)  # of its class, of which the new one would be
    if not all(isinstance(base, (Builtin, Class, Unknown)) or getattr(base, "origin", None) for base in bases):
        raise Lost
    if any(isinstance(base, Alias) for base in bases):
        said = [base for base in bases if isinstance(base, Alias) and _name_of(base.origin) == _GENERIC]
        names = {name: each for base in said or bases for name, each in parameters.parameters(base).items()}
        space |= {"__orig_bases__": tuple(bases), "__parameters__": tuple(names.values())}
    has_unknown = any(map(is_unknown, bases))
    bases = _stood_for([base for base in bases if not is_unknown(base)]) or (Builtin("object"),)
    made = Class(
        name,
        space.get("__qualname__", name),
        (),
        space,
        module=space.get("__module__", str(m.frame.space.get("__name__", MAIN))),
        metaclass=metaclass,
    )
    made.by_abc = metaclass is not None and any(getattr(each, "name", "") == _BY_ABC for each in metaclass.line)
    made.bases = yield from _mixed_in(m, bases)
    made.line = _line_of(made)
    if made.is_of_abc and "__module__" not in space:
        made.module = "abc"  # `ABCMeta.__new__` is a function of Python's, whose module is taken for that of the class
    if find(made, "__del__") is not None:
        _watch_objects(m, made)
    for method in ("__init_subclass__", "__class_getitem__"):
        if isinstance(space.get(method), Function):
            space[method] = Descriptor("classmethod", space[method])
    space.pop("__classdictcell__", None)
    annotating.settle(m, made)
    cell = space.pop("__classcell__", None)
    if isinstance(cell, Cell):
        cell.value = made
    space.setdefault("__module__", made.module)
    made.own, made.is_open = len(space), has_unknown
    yield from _take_from_bases(m, made)
    made.bases = bases
    for base in bases:
        if isinstance(base, Class):
            base.derived.append(made)
    if made.flavour == "typeddict":
        _say_which_keys(made, words.get("total", True))
        if hasattr(typing, "NoExtraItems"):  # PEP 728, from 3.15 on
            made.space["__closed__"] = words.get("closed")
            made.space["__extra_items__"] = words.get("extra_items", Builtin("typing.NoExtraItems"))
    if made.flavour == "enum":
        yield from enums.make_members(m, made)
    yield from _told(m, made, words)
    return made


def _watch_objects(m: Interpreter, made: Class) -> None:
    """Take note that objects of a class are finalised; those of the library close what nobody sees. Raises Lost for containers and values."""
    plain = (*PLAIN_BASES, *CONTAINERS, *PLAIN_KINDS)
    if not is_of_program(made.module):
        return
    if any(isinstance(base, Builtin) and base.name not in plain for base in made.line):
        raise Lost
    m.has_finalisers = True


_GENERIC, _PROTOCOL = "typing.Generic", "typing.Protocol"


def _stood_for(bases: Sequence[Value]) -> tuple[Value, ...]:
    """The bases that those of a class statement stand for; `Generic[T]` for none where others say it, too (typing, `__mro_entries__`)."""
    found = []
    for number, base in enumerate(bases):
        if not isinstance(base, Alias):
            found.append(known(base))
        elif _name_of(base.origin) != _GENERIC or not _is_said_again(bases, number):
            found.append(base.origin)
    return tuple(found)


def _is_said_again(bases: Sequence[Value], number: int) -> bool:
    is_protocol = any(_name_of(known(each)) == _PROTOCOL for each in bases)
    return is_protocol or any(isinstance(each, Alias) for each in bases[number + 1 :])


def _name_of(base: Value) -> str:
    return base.name if isinstance(base, Builtin) else ""


def _mixed_in(m: Interpreter, bases: Sequence[Value]) -> Work:
    """Bases, with sources of our own in place of abstract ones."""
    found = []
    for base in bases:
        module, _, name = base.name.rpartition(".") if isinstance(base, Builtin) else ("", "", "")
        own = (yield from helper(m, "collections_abc", name)) if module in _MIXED_IN else None
        own = shipped.names(m, module).get(name) if module == "numbers" else own
        found.append(base if own is None else own)
    return tuple(found)


_NO_BASES = ("bool", "NoneType", "function", "range", "slice", "memoryview", "generator", "ellipsis")
_LAID_OUT = ("int", "float", "complex", "str", "bytes", "bytearray", "list", "dict", "set", "frozenset", "tuple")
"""Classes whose objects have a layout of their own, of which a class can have one only."""


def _check_bases(made: Class) -> None:
    """Raises Raised for what no class can be made from."""
    names = [base.name for base in made.bases if isinstance(base, Builtin)]
    if wrong := next((name for name in names if name in _NO_BASES), ""):
        raise error("TypeError", f"type {wrong!r} is not an acceptable base type")
    if (twice := next((each for each in own_slots(made) if each in made.space), None)) is not None:
        raise error("ValueError", f"{twice!r} in __slots__ conflicts with class variable")
    line = [each.name for each in made.line if isinstance(each, Builtin) and each.name in _LAID_OUT]
    if len(line) > 1 or _has_two_layouts(made.bases):
        raise error("TypeError", "multiple bases have instance lay-out conflict")


def _has_two_layouts(bases: Sequence[Value]) -> bool:
    """Whether two bases have places for attributes of their own, neither of which is made from the other."""
    solid = [
        next((each for each in base.line if isinstance(each, Class) and _has_places(each)), None)
        for base in bases
        if isinstance(base, Class)
    ]
    found = [each for each in solid if each is not None]
    return any(one not in other.line and other not in one.line for one in found for other in found)


def _has_places(kind: Class) -> bool:
    return any(name not in ("__dict__", "__weakref__") for name in own_slots(kind))


def _take_from_bases(m: Interpreter, made: Class) -> Work:
    _check_bases(made)
    for base in made.bases:
        if isinstance(base, Class):
            is_open = (
                base.module in (*_OPEN, *shipped.MODULES)
                or is_of_program(base.module)
                or not is_of_program(made.module)
            )
            if not is_open and not is_exception(base):
                made.is_open = True  # which shows itself by another name
            if base.flavour in ("enum", "namedtuple", "typeddict"):
                made.flavour = base.flavour
            if base.flavour == "enum":
                made.space |= enums.taken_on(base)
            if base.fields is not None and made.fields is None:
                made.fields, made.flavour = base.fields, base.flavour
            made.frozen = made.frozen or base.frozen
        elif base.name in enums.KINDS:
            yield from enums.derive(m, made, base.name)
        elif base.name == "typing.NamedTuple":
            _name_items(made)
        elif base.name == "typing.TypedDict":
            made.flavour = "typeddict"
        elif base.name in ("str", "int") and any(getattr(other, "name", "") in enums.KINDS for other in made.bases):
            made.space |= {"_plain_": True, "_mixed_": True}
        elif not is_exception(base) and base.name not in PLAIN_BASES | _METACLASSES and base.name not in PLAIN_KINDS:
            made.is_open = made.is_open or base.name not in CONTAINERS


def _say_which_keys(made: Class, is_total: Value) -> None:
    """What a typed dict says of its keys: which there must be."""
    needed, may_be = [], []
    for base in made.bases:
        if isinstance(base, Class):
            needed += base.space["__required_keys__"].items
            may_be += base.space["__optional_keys__"].items
    noted = made.space.get("__annotations__")
    for name, kind in zip(noted.keys, noted.values, strict=True) if isinstance(noted, Dict) else ():
        said = kind if isinstance(kind, str) else getattr(kind, "shown", "")
        is_needed = is_total if "Required[" not in said else "NotRequired[" not in said
        (needed if is_needed else may_be).append(name)
    made.space["__total__"] = is_total
    made.space |= {"__required_keys__": _frozen(needed), "__optional_keys__": _frozen(may_be)}


def _frozen(names: list[Value]) -> Set:
    """A frozen set of a set that these have been put into."""
    first = sets.put_together(names)
    made = None if first is None else sets.put_together(first.items, first)
    return Set(names if made is None else made.items, "frozenset", has_order=len(names) < 2 or made is not None)


def _told(m: Interpreter, made: Class, words: Mapping[str, Value]) -> Work:
    """What is told of a new class: its descriptors, and the class that it is made from."""
    for key, value in list(made.space.items()):
        if (own := own_method(value, "__set_name__")) is not None:
            try:
                yield from invoke(m, own, [value, made, key], {})
            except Raised as raised:
                raise _of_naming(
                    raised, f"Error calling __set_name__ on '{kind_name(value)}' instance {key!r} in {made.name!r}"
                ) from None
    above = [each.space for each in made.line[1:] if isinstance(each, Class)]
    hook = next((space["__init_subclass__"] for space in above if "__init_subclass__" in space), None)
    if hook is not None:
        yield from invoke(m, hook.get if isinstance(hook, Descriptor) else hook, [made], words)
    elif words and made.flavour == "enum" and [*words] == ["boundary"]:
        made.space["_boundary_"] = words["boundary"]
        made.space["_bounds_"] = known(words["boundary"]).attributes["_name_"]
    elif words and made.flavour != "typeddict":
        raise Lost


def _of_naming(raised: Raised, text: str) -> Raised:
    """The error of a `__set_name__` that raises; from 3.12 on it is that one, with a note (What's New)."""
    if sys.version_info >= (3, 12):
        notes = raised.error.attributes.setdefault("__notes__", List([]))
        known(notes).items.append(text)
        return raised
    made = error("RuntimeError", text)
    made.error.cause = made.error.context = raised.error
    return made


def _line_of(made: Class) -> tuple[Value, ...]:
    """C3: where attributes are looked for, in order."""
    top = Builtin("object")
    lines: list[list[Value]] = [
        list(base.line) if isinstance(base, Class) else [base] if _is_one(base, top) else [base, *_above(base), top]
        for base in made.bases
    ]
    left = [*lines, list(made.bases)]
    order: list[Value] = [made]
    while left := [line for line in left if line]:
        for line in left:
            head = line[0]
            if not any(_among(head, other[1:]) for other in left):
                break
        else:
            names = ", ".join(dict.fromkeys(line[0].name.rpartition(".")[2] for line in left))
            raise error("TypeError", said.NO_ORDER.format(names))
        order.append(head)
        left = [[each for each in line if not _is_one(each, head)] for line in left]
    return tuple(order)


_ABOVE = {
    **dict.fromkeys(("collections.OrderedDict", "collections.Counter", "collections.defaultdict"), (Builtin("dict"),)),
}
"""What classes of the library are made from, beside `object`."""


def _above(base: Value) -> Sequence[Value]:
    """What a class that is not the program's is made from, beside `object`."""
    if isinstance(base, Builtin) and base.kind is not None:
        return [Builtin(each.__name__) for each in base.kind.__mro__[1:-1]]
    return _ABOVE.get(base.name, ())


def _is_one(left: Value, right: Value) -> bool:
    return left is right or (isinstance(left, Builtin) and isinstance(right, Builtin) and left.name == right.name)


def _among(value: Value, line: Sequence[Value]) -> bool:
    return any(_is_one(value, each) for each in line)


def _name_items(made: Class) -> None:
    names = annotated(made)
    last: list[str] = []
    for name in names:
        if name in made.space:
            last.append(name)
        elif last:
            many = "s" if len(last) > 1 else ""
            text = f"Non-default namedtuple field {name} cannot follow default field{many} {', '.join(last)}"
            raise error("TypeError", text)
    made.flavour = "namedtuple"
    made.bases, made.line = (tuple(_in_place_of_function(each) for each in kinds) for kinds in (made.bases, made.line))
    made.fields = tuple((name, made.space.pop(name, UNSET)) for name in names)
    made.space.setdefault("__doc__", making.doc_of(made.name, names))


def _in_place_of_function(base: Value) -> Value:
    """`NamedTuple` is a function, which says that the class is one of `tuple`."""
    return Builtin("tuple") if isinstance(base, Builtin) and base.name == "typing.NamedTuple" else base


@native("typing.NamedTuple")
def _named_tuple(m: Interpreter, typename: Value, fields: Value = (), /, **words: Value) -> Work:
    pairs = []
    for each in (yield from collected(m, known(fields) or ())):
        pairs.append(tuple((yield from collected(m, each))))
    noted = dict_from(dict(pairs) | words)
    return (yield from construct(m, known(typename), (Builtin("typing.NamedTuple"),), {"__annotations__": noted}, {}))


@native("typing.TypedDict")
def _typed_dict(
    m: Interpreter, typename: Value, fields: Value = None, /, *, total: Value = True, **words: Value
) -> Work:
    held = known(fields)
    noted = dict_from(words) if held is None else Dict([*held.keys], [*held.values])
    told = {"total": total, **({} if held is None else words)}
    return (yield from construct(m, known(typename), (Builtin("typing.TypedDict"),), {"__annotations__": noted}, told))
