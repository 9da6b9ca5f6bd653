"""`dataclasses`: what `@dataclass` makes of a class, and how its objects are filled, which no trace shows."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field

from cwm_trace.models import said
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.binding import missing_arguments, too_many
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.values import (
    OF_COLLECTIONS,
    UNSET,
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
    Raised,
    Set,
    Unknown,
    Value,
    error,
    find,
    is_unknown,
    known,
    look_up,
    own_method,
)

FIELD = Builtin("dataclasses.field")
"""The class of what `field()` gives."""
GIVEN = "_given_"
"""What a class has for its `__init__`: names and defaults, those in order that are for `__post_init__` only, too."""
_OPTIONS = frozenset("eq frozen init kw_only match_args order repr slots unsafe_hash weakref_slot".split())
_OF_FIELD = frozenset("compare default default_factory doc hash init kw_only metadata repr".split())
_MADE = {"eq": ("__eq__",), "repr": ("__repr__",), "init": ("__init__",), "match_args": ("__match_args__",)}
"""What is made unless an option says no."""


def annotated(made: Class) -> list[str]:
    """Names that a class has annotations of, but for those of the class itself. Raises Lost."""
    return [name for name, kind in _annotations(made) if "ClassVar" not in _text(kind)]


def _annotations(made: Class) -> Iterator[tuple[str, Value]]:
    found = made.space.get("__annotations__")
    for name, kind in zip(found.keys, found.values, strict=True) if isinstance(found, Dict) else ():
        if isinstance(kind, Unknown):
            raise Lost
        yield name, kind


def _text(kind: Value) -> str:
    """What an annotation says, as far as it is a special one."""
    return kind if isinstance(kind, str) else str(getattr(kind, "shown", getattr(kind, "name", "")))


def fields_of(
    kind: Class, fields: Mapping[str, Value], args: Sequence[Value], named: Mapping[str, Value], method: str
) -> dict[str, Value]:
    """What names stand for in a call that is given so much. Raises Raised, Lost."""
    if method == "__new__":  # which a class that is made from a tuple with names has from that
        kind = [each for each in kind.line if isinstance(each, Class) and each.flavour == "namedtuple"][-1]
    words = [name for name, default in fields.items() if says(default, "kw_only", False)]
    places = [name for name in fields if name not in words]
    given = dict(zip(places, args, strict=False))
    for name, value in named.items():
        if name in given or name not in fields:
            called = f"{kind.qualname}.{method}"
            twice = f"{called}() got multiple values for argument {name!r}"
            raise error(
                "TypeError", twice if name in given else said.unexpected_keyword(called, name, ["self", *fields])
            )
        given[name] = value
    if len(args) > len(places):
        least = sum(default_of(fields[name]) is UNSET for name in places)
        raise too_many(f"{kind.qualname}.{method}", least + 1, len(places) + 1, len(args) + 1)
    for names, which in ((places, "positional"), (words, "keyword-only")):
        missing = [name for name in names if name not in given and default_of(fields[name]) is UNSET]
        if missing:
            raise missing_arguments(f"{kind.qualname}.{method}", which, missing)
    return {name: given.get(name, default_of(default)) for name, default in fields.items()}


def _is_field(default: Value) -> bool:
    """Whether `field()` has given it."""
    return isinstance(default, Object) and default.kind is FIELD


def _said(default: Value) -> Mapping[str, Value]:
    """What `field()` was given for a field, where it was called."""
    return default.attributes if _is_field(default) else {}


def says(default: Value, name: str, otherwise: Value) -> Value:
    """What a field is said to be."""
    return _said(default).get(name, otherwise)


MISSING = Builtin("dataclasses.MISSING")


def has_value(given: Mapping[str, Value], name: str) -> bool:
    """Whether `field()` has been told so much, and not that there is none."""
    value = known(given.get(name, MISSING))
    return not (isinstance(value, Builtin) and value.name == MISSING.name)


PARTS: Mapping[str, Value] = {
    **{"name": None, "type": None, "default": MISSING, "default_factory": MISSING},
    **{"init": True, "repr": True, "hash": None, "compare": True, "kw_only": MISSING},
}
"""What a field has that has been told nothing."""


def part_of(field: Object, name: str) -> Value:
    """What a field has under one of these names."""
    return field.attributes.get(name, PARTS[name])


def is_hashed(default: Value) -> bool:
    """Whether a field counts for the hash of a dataclass."""
    told = says(default, "hash", None)
    return bool(says(default, "compare", True) if told is None else told)


def field_of(name: str, kind: Value, default: Value) -> Object:
    """What `fields` gives of one."""
    given = _said(default)
    plain = given.get("default", MISSING) if default is UNSET or _is_field(default) else default
    held = {"name": name, "type": kind, "default": plain, "default_factory": given.get("default_factory", MISSING)}
    held |= {each: given.get(each, True) for each in ("init", "repr", "compare")}
    return Object(FIELD, held | {"hash": given.get("hash"), "kw_only": given.get("kw_only", False)} | _noted(given))


def fields_by_name(kind: Class) -> dict[str, Value]:
    """What a dataclass has as `__dataclass_fields__`, but for what is of the class itself or of its `__init__` alone."""
    types: dict[str, Value] = {}
    for each in reversed(kind.line):
        noted = each.space.get("__annotations__") if isinstance(each, Class) else None
        types |= dict(zip(noted.keys, noted.values, strict=True)) if isinstance(noted, Dict) else {}
    return {name: field_of(name, types.get(name, Unknown()), default) for name, default in kind.fields or ()}


def _noted(given: Mapping[str, Value]) -> dict[str, Value]:
    noted = {"metadata": given["metadata"]} if "metadata" in given else {}
    return {**noted, "doc": given.get("doc")} if "doc" in Field.__slots__ else noted  # from 3.14 on


def fill(
    m: Interpreter, owner: Object | OwnList | OwnDict, kind: Class, args: Sequence[Value], named: Mapping[str, Value]
) -> Work:
    """What the `__init__` of a dataclass does. Raises Raised, Lost."""
    every = given_by(kind)
    taken = {name: default for name, default in every.items() if says(default, "init", True) is not False}
    given = fields_of(kind, taken, args, named, "__init__")
    fields, told = dict(kind.fields or ()), []
    for name, default in every.items():
        value = given.get(name, default_of(default))
        if isinstance(value, Native) and value.name == "factory":
            value = yield from invoke(m, value.wrapped, [], {})
        if name not in fields:
            told.append(value)
        elif value is not UNSET and _has_ways(kind, name):
            way = "object.__setattr__" if kind.frozen else "setattr"
            yield from invoke(m, Builtin(way), [owner, name, value], {})
        elif value is not UNSET:
            owner.attributes[name] = value
    if find(kind, "_calls_post_") and (after := find(kind, "__post_init__")) is not None:
        yield from invoke(m, after, [owner, *told], {})


def in_field(m: Interpreter, owner: Object | OwnList | OwnDict, kind: Class, name: str) -> Work:
    """What an object has in a field: its default is in its class, too, and descriptors are asked; UNSET: nothing. Raises Raised."""
    found = look_up(kind, name)
    is_property = isinstance(found, Descriptor) and found.kind == "property"
    if is_property or own_method(found, "__get__") is not None:
        return (yield from invoke(m, Builtin("getattr"), [owner, name], {}))
    value = owner.attributes.get(name, UNSET)
    return found if value is UNSET and "__slots__" not in kind.space else value


def _has_ways(kind: Class, name: str) -> bool:
    """Whether a method of the program is called where an attribute of an object is bound."""
    found = find(kind, name)
    is_property = isinstance(found, Descriptor) and found.kind == "property"
    return is_property or own_method(found, "__set__") is not None or find(kind, "__setattr__") is not None


def default_of(default: Value) -> Value:
    if not _is_field(default):
        return default
    if "default_factory" in default.attributes:
        return Native("factory", lambda m: None, default.attributes["default_factory"])
    return default.attributes.get("default", UNSET)


def dataclass(m: Interpreter, kind: Value = None, **options: Value) -> Work:
    """`@dataclass`. Raises Raised, Lost."""
    if kind is None:
        return Native("dataclass", lambda m, kind: dataclass(m, kind, **options))
    if not isinstance(kind, Class) or set(options) - _OPTIONS:
        raise Lost
    if options.get("order") and options.get("eq") is False:
        raise error("ValueError", "eq must be true if order is true")
    given: dict[str, Value] = {}
    for base in reversed(kind.line[1:]):
        if isinstance(base, Class) and base.flavour == "dataclass":
            given |= dict(base.space.get(GIVEN) or base.fields or ())
    own = dict(_own_fields(kind, (yield from _defaults(m, kind)), options.get("kw_only") is True))
    given |= own
    _check_order(given)
    only_told = [name for name, noted in _annotations(kind) if "InitVar" in _text(noted)]
    inherited = [
        name for base in kind.line[1:] if isinstance(base, Class) for name in base.space.get("_only_told_", ())
    ]
    kind.fields = tuple((name, each) for name, each in given.items() if name not in (*only_told, *inherited))
    _check_frozen(kind, bool(options.get("frozen")))
    kind.flavour, kind.frozen = "dataclass", bool(options.get("frozen"))
    kind.space |= {GIVEN: tuple(given.items()), "_only_told_": [*only_told, *inherited]}
    kind.space["_calls_post_"] = find(kind, "__post_init__") is not None
    kind.space["_options_"] = [name for name, value in options.items() if value]
    kind.space["_not_made_"] = [
        name for option, names in _MADE.items() if options.get(option) is False for name in names
    ]
    if options.get("slots") is True:
        _take_slots(kind, [name for name in own if name not in only_told])
    return kind


def _defaults(m: Interpreter, kind: Class) -> Work:
    """What a class has under the names that it has annotations of; descriptors are asked, twice, as by Python's source."""
    told = {}
    names = [name for name, noted in _annotations(kind) if "KW_ONLY" not in _text(noted)]
    for name in (*names, *names):
        told[name] = look_up(kind, name)
        if own_method(told[name], "__get__") is not None:
            try:
                told[name] = known((yield from invoke(m, Builtin("getattr"), [kind, name], {})))
            except Raised as refused:
                if not refused.is_a("AttributeError"):
                    raise
                told[name] = UNSET
    return told


def _own_fields(kind: Class, defaults: Mapping[str, Value], is_by_name: bool) -> Iterator[tuple[str, Value]]:
    """Those that a class has annotations of, and their defaults."""
    for name, noted in _annotations(kind):
        if "KW_ONLY" in _text(noted):
            is_by_name = True
        if name not in annotated(kind) or "KW_ONLY" in _text(noted):
            continue
        default = defaults[name]
        plain = _said(default).get("default", MISSING) if _is_field(default) else default
        if not is_unknown(plain) and (mutable := _mutable_kind(known(plain))) is not None:
            text = f"mutable default <class '{mutable}'> for field {name} is not allowed: use default_factory"
            raise error("ValueError", text)
        if _is_field(default):
            if not set(default.attributes) <= _OF_FIELD:
                raise Lost
            kind.space.pop(name, None)
            if "default" in default.attributes:
                kind.space[name] = default.attributes["default"]
        if is_by_name and says(default, "kw_only", True) is True:
            held = _said(default) if default is UNSET or _is_field(default) else {"default": default}
            default = Object(FIELD, {**held, "kw_only": True})
        yield name, default


def _mutable_kind(default: Value) -> str | None:
    """The class of a default that has no hash, by which Python knows what may be changed."""
    kind = default.kind if isinstance(default, Object) else getattr(default, "of", None)
    if isinstance(kind, Class):
        is_mutable = isinstance(default, (OwnList, OwnDict)) or hashes_by(kind) is False
        return f"{kind.module}.{kind.qualname}" if is_mutable else None
    if isinstance(default, (List, Dict, Set)) and default.kind != "frozenset":
        return f"collections.{default.kind}" if default.kind in OF_COLLECTIONS else str(default.kind)
    return None


def match_args(kind: Class) -> tuple[str, ...] | None:
    """The `__match_args__` of a dataclass; None: neither it nor a class that it is made from has them."""
    for each in filter(_is_made, kind.line):
        if "__match_args__" not in each.space["_not_made_"]:
            given = dict(each.space[GIVEN])
            return tuple(
                name for name, said in given.items() if says(said, "init", True) and not says(said, "kw_only", False)
            )
    return None


def _is_made(kind: Value) -> bool:
    """Whether a class has been decorated itself."""
    return isinstance(kind, Class) and "_options_" in kind.space


def _check_frozen(kind: Class, is_frozen: bool) -> None:
    """Raises Raised where only one of a class and what it is made from is frozen."""
    above = [base for base in kind.line[1:] if _is_made(base)]
    is_above = any("frozen" in base.space["_options_"] for base in above)
    if above and is_above != is_frozen:
        words = ("non-frozen", "a frozen") if is_above else ("frozen", "a non-frozen")
        raise error("TypeError", f"cannot inherit {words[0]} dataclass from {words[1]} one")


def refuse_change(kind: Class, name: str, doing: str) -> None:
    """What frozen dataclasses do before an attribute is changed (dataclasses.py, `_frozen_get_del_attr`). Raises Raised."""
    for each in filter(_is_made, kind.line):
        if "frozen" not in each.space["_options_"]:
            continue
        is_replaced = "slots" in each.space["_options_"] and not _KNOW_NEW_CLASS
        if name in dict(each.fields or ()) or (kind is each and not is_replaced):
            raise error("dataclasses.FrozenInstanceError", f"cannot {doing} field {name!r}")
        if is_replaced:
            raise error("TypeError", _NO_SUPER.format(each.name, kind.name))


_KNOW_NEW_CLASS = hasattr(dataclasses, "_frozen_set_del_attr")
"""Whether these methods know the class with places that takes the place of the one they were made for (3.14 and later)."""
_NO_SUPER = (
    "super(type, obj): obj must be an instance or subtype of type"
    if sys.version_info < (3, 13)
    else "super(type, obj): obj (instance of {1}) is not an instance or subtype of type ({0})."
)


def _check_order(given: Mapping[str, Value]) -> None:
    """Raises Raised where a field without a default comes behind one that has one."""
    is_given = False
    for name, default in given.items():
        if says(default, "kw_only", False) or says(default, "init", True) is False:
            continue
        if default_of(default) is not UNSET:
            is_given = True
        elif is_given:
            raise error("TypeError", f"non-default argument {name!r} follows default argument")


def _take_slots(kind: Class, names: Sequence[str]) -> None:
    """Let its objects have these attributes only. Raises Lost where a method knows the class that this one takes the place of."""
    if any(isinstance(each, Function) and "__class__" in each.code.made.co_freevars for each in kind.space.values()):
        raise Lost
    above = [slot for base in kind.line[1:] if isinstance(base, Class) for slot in base.space.get("__slots__", ())]
    kind.space["__slots__"] = tuple(name for name in names if name not in above)
    for name in names:
        kind.space.pop(name, None)


def given_by(kind: Class) -> dict[str, Value]:
    """What a dataclass is made with, by name, in order: its fields, and what is told to `__post_init__` only."""
    return dict(find(kind, GIVEN) or kind.fields or ())


def hashed_fields(kind: Class) -> list[str]:
    """The fields of a dataclass that are parts of its hash."""
    return [name for name, default in kind.fields or () if is_hashed(default)]


def hashes_by(kind: Class) -> Class | bool:
    """What has the hash of a class's objects: a dataclass, by its fields; True: another way; False: they have none.

    As `dataclasses._hash_action` says, and `type` of a class that says what is equal.
    """
    for each in kind.line:
        if not isinstance(each, Class):
            continue
        own = each.space.get("__hash__", UNSET)
        is_own = own is not UNSET and (own is not None or "__eq__" not in each.space)
        if each.flavour == "dataclass" and "_options_" in each.space:
            options, has_equal = each.space["_options_"], "__eq__" not in each.space["_not_made_"]
            if "unsafe_hash" in options or has_equal and not is_own and "frozen" in options:
                return each
            if has_equal and not is_own:
                return False
        if own is not UNSET or "__eq__" in each.space:
            return own is not UNSET and own is not None
    return True
