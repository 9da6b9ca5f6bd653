"""Enumerations: what becomes of the names in their bodies, and which member a value belongs to.

What members of flags do is a source of our own (`sources/enum.py`). Knows no other metaclass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.comparing import same
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.rendering import rendered
from cwm_trace.models.machine.values import (
    UNSET,
    Builtin,
    Class,
    Descriptor,
    Function,
    List,
    Lost,
    Native,
    Object,
    Value,
    error,
    find,
    known,
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


def refuse_more(base: Value, name: str) -> None:
    """An enumeration that has members cannot be made from. Raises Raised."""
    if isinstance(base, Class) and base.flavour == "enum" and base.space.get("_members_"):
        kind = "flag" if _is_flag(base) else "enum"
        raise error("TypeError", f"<enum {name!r}> cannot extend <{kind} {base.name!r}>")


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
    for name, value in list(made.space.items()):
        is_said = isinstance(value, Native) and value.name in ("enum.member", "enum.nonmember")
        if is_said and value.name == "enum.nonmember":
            made.space[name] = value.wrapped
            continue
        if is_said:
            value = value.wrapped
        elif name.startswith("_") or isinstance(value, (Function, Descriptor, Native)):
            continue
        if (new := find(made, "__new__")) is not None:
            member = yield from _by_new(m, made, new, name, value)
        else:
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


def next_value(m: Interpreter, names: Mapping[str, Value], name: str) -> Work:
    """What `auto()` is in the body of an enumeration: a number, the next bit, its name, or what its own way says."""
    way = names[GENERATES]
    if isinstance(way, (Function, Descriptor)):
        hidden = (Function, Descriptor, Native)
        before = [each for other, each in names.items() if not other.startswith("_") and not isinstance(each, hidden)]
        function = way.get if isinstance(way, Descriptor) else way
        return (yield from invoke(m, function, [name, 1, len(before), List(before)], {}))
    kind = way.shown
    if "StrEnum" in kind:
        return m.questions.sure(f"{name!r}.lower()")
    numbers = [value for name, value in names.items() if not name.startswith("_") and isinstance(value, int)]
    if "Flag" not in kind:
        return m.questions.sure(f"{max(numbers, default=0)} + 1")
    return _next_bit(m, max(numbers, default=0))


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
        if given is not None:
            raise Lost
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
