"""Enumerations: what becomes of the names in their bodies, and which member a value belongs to.

What members of flags do is a source of our own (`sources/enum.py`). Knows no other metaclass.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from enum import Enum, EnumMeta, Flag, IntEnum, IntFlag, StrEnum
from typing import Any

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.comparing import same
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.looked_up import looked_up
from cwm_trace.models.machine.rendering import rendered
from cwm_trace.models.machine.values import (
    BOUND,
    IMMUTABLE,
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
    Raised,
    Unknown,
    Value,
    as_plain,
    dict_from,
    error,
    find,
    kind_name,
    known,
    own_method,
)

KINDS = {
    "enum.Enum": "Enum",
    "enum.IntEnum": "Enum",
    "enum.StrEnum": "StrEnum",
    "enum.Flag": "Flag",
    "enum.IntFlag": "Flag",
}
"""Classes of enumerations, and whose function their bodies begin with."""
AUTO = Builtin("enum.auto")
"""The class of what stands for the next number."""
GENERATES = "_generate_next_value_"
"""What the body of an enumeration begins with."""


def first_names(bases: Sequence[Value]) -> dict[str, Value]:
    """What the body of a class begins with."""
    line = [each for base in bases for each in (base.line if isinstance(base, Class) else (base,))]
    if given := next(
        (each.space[GENERATES] for each in line if isinstance(each, Class) and GENERATES in each.space), None
    ):
        return {GENERATES: given.get if isinstance(given, Descriptor) else given}
    names = [getattr(base, "name", "") for base in line]
    own = next((KINDS[name] for name in names if name in KINDS), "")
    if not own:
        return {}
    return {GENERATES: Native("generate", lambda m: None, shown=f"<function {own}._generate_next_value_>")}


def is_member(kind: str, name: str, value: Value) -> bool:
    """Whether what the body of an enumeration of this name binds becomes a member."""
    if _is_sunder(name) or name.startswith("__") and name.endswith("__") or name.startswith(f"_{kind}__"):
        return False
    if isinstance(value, Class):
        return _TAKES_CLASSES
    if isinstance(value, Native):
        return value.name in _PLAIN_NATIVES
    if isinstance(value, Builtin) and hasattr(looked_up(value.name), "__get__"):
        return False
    is_descriptor = any(own_method(value, f"__{each}__") is not None for each in ("get", "set", "delete"))
    return not isinstance(value, (Function, Descriptor)) and not is_descriptor


_TAKES_CLASSES = sys.version_info < (3, 13)
"""Whether classes in the body of an enumeration become members."""
_PLAIN_NATIVES = frozenset(("enum.member", "attrgetter", "itemgetter", "methodcaller")) | {"partial"} - {*BOUND}
"""Functions of ours that become members, as they have no `__get__`."""
_IGNORE = "_ignore_"


def _is_sunder(name: str) -> bool:
    return len(name) > 2 and name[0] == name[-1] == "_" and "_" not in (name[1], name[-2])


def _ignored(names: Mapping[str, Value]) -> Sequence[Value]:
    """The names that the body of an enumeration says are to be ignored."""
    told = names.get(_IGNORE)
    return told.items if isinstance(told, List) else ()


def noted(m: Interpreter, names: Mapping[str, Value], name: str, value: Value) -> Work:
    """What a name in the body of an enumeration is bound to (Lib/enum.py, `_EnumDict.__setitem__`). Raises Raised, Lost."""
    qualname = names.get("__qualname__")
    kind = qualname.rpartition(".")[2] if isinstance(qualname, str) else ""
    if name == _IGNORE:
        listed = value.replace(",", " ").split() if isinstance(value, str) else (yield from collected(m, value))
        return List(listed)
    if _is_sunder(name):
        _refuse_sunder(name)
    elif name in names and not name.startswith(("__", f"_{kind}__")) and name not in _ignored(names):
        if is_member(kind, name, names[name]) or is_member(kind, name, value):
            raise error("TypeError", f"{name!r} already defined as {(yield from rendered(m, names[name]))}")
    if _is_auto(value):
        return (yield from next_value(m, names, name))
    if isinstance(value, tuple) and any(map(_is_auto, value)):
        parts = []
        for part in value:
            parts.append((yield from next_value(m, names, name)) if _is_auto(part) else part)
        return tuple(parts)
    return value


def _is_auto(value: Value) -> bool:
    return isinstance(value, Object) and value.kind is AUTO


def _refuse_sunder(name: str) -> None:
    """Raises Raised for a name that enumerations are to have later; Python's own is asked."""
    space: Any = EnumMeta.__prepare__("_", (Enum,))
    try:
        space[name] = ()
    except ValueError as refused:
        raise error("ValueError", str(refused)) from None
    except TypeError:
        return


def part_of(kind: Class, name: str) -> Value:
    """What an enumeration has of its members, by one of Python's own names; UNSET: nothing."""
    if name == "_member_names_":
        return List([each.attributes["_name_"] for each in kind.space["_members_"]])
    if name == "_member_map_":
        return dict_from(named(kind))
    if name == "_value2member_map_":
        keys = [each.attributes["_value_"] for each in kind.space["_all_"]]
        return Dict(keys, [*kind.space["_all_"]]) if all(isinstance(key, IMMUTABLE) for key in keys) else Unknown()
    if name == "_missing_":
        of, what = ("Flag", "flag") if _is_flag(kind) else ("Enum", "enum")
        shown = f"<bound method {of}._missing_ of <{what} {kind.name!r}>>"
        return Native("_missing_", lambda m, value: _composed(m, kind, value) if _is_flag(kind) else None, shown=shown)
    return UNSET


def named(kind: Class) -> dict[str, Value]:
    """The members of an enumeration, those with other names for the same, too."""
    return {each: value for each, value in kind.space.items() if isinstance(value, Object) and value.kind is kind}


def holds(m: Interpreter, kind: Class, value: Value) -> Work:
    """Whether an enumeration has a member, or a member of this value. Raises Raised."""
    if isinstance(value, Object) and isinstance(value.kind, Class) and value.kind.flavour == "enum":
        if value.kind is kind:
            return _HOLDS_COMPOSED or not _is_flag(kind) or value.attributes["_name_"] in kind.space
        if _REFUSES_VALUES or as_plain(value) is value:
            return False
    if _REFUSES_VALUES:
        raise error(
            "TypeError", f"unsupported operand type(s) for 'in': '{kind_name(value)}' and {type(Enum).__name__!r}"
        )
    if _MAKES_COMPOSED and _is_flag(kind) and isinstance(value, int):
        try:
            yield from _composed(m, kind, value)
        except Raised as refused:
            if not refused.is_a("ValueError"):
                raise
    for each in kind.space["_all_"]:
        if (yield from same(m, each.attributes["_value_"], value)):
            return True
    return False


_REFUSES_VALUES = sys.version_info < (3, 12)
"""Whether only members may be asked for (`in`)."""
_HOLDS_COMPOSED = sys.version_info >= (3, 12)
_MAKES_COMPOSED = sys.version_info >= (3, 14)
"""Whether the member of several flags is made where it is asked whether there is one."""


class _Plain(Enum):
    A = 1


class _Number(IntEnum):
    A = 1


class _Text(StrEnum):
    A = "a"


class _Bits(Flag):
    A = 1


class _NumberBits(IntFlag):
    A = 1


_SAMPLES: Mapping[str, type[Enum]] = {
    **{"enum.IntFlag": _NumberBits, "enum.Flag": _Bits, "enum.StrEnum": _Text, "enum.IntEnum": _Number},
    **{"str": _Text, "int": _Number, "enum.Enum": _Plain},
}
_LISTS_ALL_FLAGS = sys.version_info >= (3, 14)


def names_of(owner: Value) -> list[str]:
    """What `dir` gives of an enumeration, or of a member of one (Lib/enum.py, `__dir__`)."""
    kind = owner if isinstance(owner, Class) else owner.kind
    line = [each.name for each in kind.line if isinstance(each, Builtin)]
    sample = next(sample for name, sample in _SAMPLES.items() if name in line)
    if isinstance(owner, Class):
        is_all = _is_flag(kind) and _LISTS_ALL_FLAGS
        members = named(kind) if is_all else [each.attributes["_name_"] for each in kind.space["_members_"]]
        more = [name for name in ("__new__", "__init_subclass__") if find(kind, name) is not None]
        return sorted({*dir(sample), *members, *more} - ({"A"} - {*members}))
    held = [*owner.attributes, *(name for each in kind.line if isinstance(each, Class) for name in each.space)]
    own = {name for name in held if not name.startswith("_") and name not in named(kind)}
    return sorted({*dir(next(iter(sample))), *own} - {"A"})


def _converted(m: Interpreter, made: Class, value: Value) -> Work:
    """What the value of a member is that is a number, or a text. Raises Raised."""
    line = [each.name for each in made.line if isinstance(each, Builtin)]
    args = value if isinstance(value, tuple) else (value,)
    if "enum.StrEnum" in line and len(args) == 1 and not isinstance(known(args[0]), str):
        raise error("TypeError", f"{(yield from rendered(m, args[0]))} is not a string")
    for kind, names in (("int", ("enum.IntEnum", "enum.IntFlag", "int")), ("str", ("enum.StrEnum", "str"))):
        if any(name in line for name in names):
            is_one = len(args) == 1 and type(known(args[0])).__name__ == kind
            return args[0] if is_one else (yield from invoke(m, Builtin(kind), args, {}))
    return value


def refuse_more(base: Value, name: str) -> None:
    """An enumeration that has members cannot be made from. Raises Raised."""
    if isinstance(base, Class) and base.flavour == "enum" and base.space.get("_members_"):
        kind = "flag" if _is_flag(base) else "enum"
        raise error("TypeError", f"<enum {name!r}> cannot extend <{kind} {base.name!r}>")


def has_members(kind: Class) -> bool:
    return bool(kind.space.get("_all_"))


def derive(m: Interpreter, made: Class, base: str) -> Work:
    """Make a class one of these kinds of enumerations."""
    made.flavour = "enum"
    if base in ("enum.IntEnum", "enum.StrEnum", "enum.IntFlag"):
        made.space["_plain_"] = True
    if KINDS[base] == "Flag":
        is_int = base == "enum.IntFlag"
        made.space |= {"_is_int_": is_int, "_bounds_": "KEEP" if is_int else "STRICT", **_of_flags()}
        flag = yield from helper(m, "enum", "_Flag")
        made.line = (*made.line[:-1], flag, made.line[-1])


def taken_on(base: Class) -> dict[str, Value]:
    """What an enumeration is that is made from one without members."""
    taken = {name: base.space[name] for name in ("_plain_", "_mixed_", "_is_int_", "_bounds_") if name in base.space}
    return taken | (_of_flags() if "_is_int_" in taken else {})


def _of_flags() -> dict[str, Value]:
    return {"_all_bits_": 0, "_singles_mask_": 0, "_flag_mask_": 0, "_aliases_": List([])}


def make_members(m: Interpreter, made: Class) -> Work:
    """Make the members of an enumeration of what its body has bound. Raises Raised, Lost."""
    members: list[Object] = []
    made.space["_members_"], made.space["_all_"] = members, []
    for ignored in _ignored(made.space):
        made.space.pop(ignored, None)
    made.space.pop(_IGNORE, None)
    for name, value in list(made.space.items()):
        is_said = isinstance(value, Native) and value.name in ("enum.member", "enum.nonmember")
        if is_said and value.name == "enum.nonmember":
            made.space[name] = value.wrapped
            continue
        if not is_member(made.name, name, value):
            continue
        value = value.wrapped if is_said else value
        if (new := find(made, "__new__")) is not None:
            member = yield from _by_new(m, made, new, name, value)
        else:
            value = yield from _converted(m, made, value)
            member = _of_value(made, value) or Object(made, {"_name_": name, "_value_": value})
        if member not in made.space["_all_"]:
            made.space["_all_"].append(member)
            if not _is_flag(made) or _is_single(m, made, member):
                members.append(member)
            if (own := find(made, "__init__")) is not None:
                yield from invoke(m, own, [member, *(value if isinstance(value, tuple) else (value,))], {})
        made.space[name] = member
    if _is_flag(made):
        above = _next_bit(m, made.space["_flag_mask_"])
        made.space["_all_bits_"] = m.questions.sure(f"{above} - 1")


def _by_new(m: Interpreter, made: Class, new: Value, name: str, value: Value) -> Work:
    """A member that its class's own way makes of what stands behind its name; one with the same value is that one."""
    args = value if isinstance(value, tuple) else (value,)
    member = yield from invoke(m, new.get if isinstance(new, Descriptor) else new, [made, *args], {})
    if not isinstance(member, Object) or member.kind is not made:
        raise Lost
    own = member.attributes.get("_value_", value if member.content is UNSET else member.content)
    if (same := _of_value(made, own)) is not None:
        return same
    member.content = UNSET  # which its value is in place of
    member.attributes = {"_name_": name, "_value_": own, **member.attributes}
    return member


def _of_value(made: Class, value: Value) -> Object | None:
    """The member that has this value already."""
    known: list[Object] = made.space["_all_"]
    for each in known:
        own = each.attributes["_value_"]
        if type(own) is type(value) and own == value:
            return each
    return None


def _is_flag(made: Class) -> bool:
    return "_all_bits_" in made.space


def _is_single(m: Interpreter, made: Class, member: Object) -> bool:
    """Whether a flag is of one bit; others are not gone through. Takes note of its bits."""
    value = member.attributes["_value_"]
    if not isinstance(value, int):
        raise Lost
    is_single = False
    if m.questions.holds(f"{value} > 0"):
        rest = m.questions.sure(f"{value} & {m.questions.sure(f'{value} - 1')}")
        is_single = m.questions.holds(f"{rest} == 0")
    for mask in ("_flag_mask_", "_singles_mask_") if is_single else ("_flag_mask_",):
        made.space[mask] = m.questions.sure(f"{made.space[mask]} | {value}")
    if not is_single:
        made.space["_aliases_"].items.append(member)
    return is_single


def next_value(m: Interpreter, names: Mapping[str, Value], name: str, start: Value = 1) -> Work:
    """What `auto()` is in the body of an enumeration: a number, the next bit, its name, or what its own way says; `start`: the first one."""
    way = names[GENERATES]
    if isinstance(way, (Function, Descriptor)):
        hidden = (Function, Descriptor, Native)
        before = [each for other, each in names.items() if not _is_hidden(other) and not isinstance(each, hidden)]
        function = way.get if isinstance(way, Descriptor) else way
        return (yield from invoke(m, function, [name, start, len(before), List(before)], {}))
    kind = way.shown
    if "StrEnum" in kind:
        return m.questions.sure(f"{name!r}.lower()")
    ignored = _ignored(names)
    told = {each: value for each, value in names.items() if not _is_hidden(each) and each not in ignored}
    given = [value[0] if isinstance(value, tuple) and value else value for value in told.values()]
    numbers = [value for value in given if isinstance(value, int)]
    if not numbers:
        return start
    if "Flag" not in kind:
        return m.questions.sure(f"{max(numbers, default=0)} + 1")
    return _next_bit(m, max(numbers, default=0))


def _is_hidden(name: str) -> bool:
    return name.startswith("__") or _is_sunder(name)


def _next_bit(m: Interpreter, number: int) -> Value:
    """The lowest power of two that is above a number."""
    made: Value = 1
    while m.questions.holds(f"{made} <= {number}"):
        made = m.questions.sure(f"{made} * 2")
    return made


def member_of(m: Interpreter, kind: Class, value: Value) -> Work:
    """What an enumeration gives for a value. Raises Raised, Lost."""
    if isinstance(value, Object) and value.kind is kind:
        return value
    for each in kind.space["_all_"]:
        if (yield from same(m, each.attributes["_value_"], value)):
            return each
    if (own := find(kind, "_missing_")) is not None:
        given = known((yield from invoke(m, own.get if isinstance(own, Descriptor) else own, [kind, value], {})))
        if isinstance(given, Object) and given.kind is kind:
            return given
        if given is not None and _is_flag(kind):
            raise Lost
        if given is not None:
            text = f"error in {kind.name}._missing_: returned {(yield from rendered(m, given))} instead of None or a valid member"
            raised = error("TypeError", text)
            raised.error.context = error(
                "ValueError", f"{(yield from rendered(m, value))} is not a valid {kind.qualname}"
            ).error
            raise raised
    if _is_flag(kind) and isinstance(value, int):
        return (yield from _composed(m, kind, value))
    raise error("ValueError", f"{(yield from rendered(m, value))} is not a valid {kind.qualname}")


def _composed(m: Interpreter, kind: Class, value: int) -> Work:
    """The member of several flags, which is made when it is met first."""
    parts = yield from helper(m, "enum", "_parts")
    told = yield from invoke(m, parts, [kind, value], {})
    if not isinstance(told, tuple):
        return told
    number, name = told
    made = _of_value(kind, number)
    if made is None:
        made = Object(kind, {"_name_": name, "_value_": number})
        kind.space["_all_"].append(made)
    return made
