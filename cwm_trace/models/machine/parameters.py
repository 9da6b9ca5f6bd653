"""Types with parameters: what becomes of `kind[…]`, which of them are left to be said, and what is refused (Lib/typing.py).

A type variable is an `Alias` that has no parameters, and `told` what it says of itself. Knows no program.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.naming import type_text, with_parts
from cwm_trace.models.machine.values import Alias, Builtin, Class, List, Lost, Value, class_of, error

VARIABLES = ("TypeVar", "ParamSpec", "TypeVarTuple")
"""Kinds of type variables, as `told` names them by "kind"."""
UNIONS_ARE_ONE = repr(int | str) == repr(typing.Union[int, str])  # noqa: UP007
"""Whether `Union[int, str]` is what `int | str` is, from CPython 3.14 on."""
_OPTIONAL, _UNION = Builtin("typing.Optional"), Builtin("typing.Union")
_NOT_VARIABLES = "Parameters to {}[...] must all be type variables or parameter specification variables."
_GENERIC = ("typing.Generic", "typing.Protocol")
_LEAST = "at least " if sys.version_info >= (3, 13) else ""
"""How a class of the program says that it has too few parameters, as some may have defaults."""


def as_type(value: Value) -> Value:
    """What stands for a type, as one."""
    return Builtin("NoneType") if value is None else value


def united(kinds: Sequence[Value]) -> Value:
    """`Union` of these, each once; those in unions are among them."""
    each_one = [each for kind in kinds for each in members(kind)]
    found = {"None" if each is None else type_text(each, is_typing=True): each for each in each_one}
    others = {text: each for text, each in found.items() if text != "None"}
    if len(found) == 1:
        return as_type(next(iter(found.values())))
    if UNIONS_ARE_ONE:
        return either([*found.values()], [*found])
    if len(others) == 1 < len(found):
        return Alias(with_parts(_OPTIONAL, [*others]), _OPTIONAL, tuple(others.values()))
    texts = ["NoneType" if text == "None" else text for text in found]
    return Alias(with_parts(_UNION, texts), _UNION, tuple(map(as_type, found.values())))


def members(kind: Value) -> Sequence[Value]:
    """Those that a type is one of; None stands for its class."""
    match kind:
        case Alias(origin=Builtin("typing.Optional"), args=args):
            return (*args, None)
        case Alias(origin=None | Builtin("typing.Union"), args=args) if args:
            return [each for arg in args for each in members(arg)]
        case Builtin("NoneType"):
            return (None,)
    return (kind,)


def are_same(one: Alias, other: Alias) -> bool:
    """Whether two types with parameters are equal; of unions, it does not matter in which order they are."""
    if one is other or is_variable(one) or is_variable(other):
        return one is other
    kinds = [sorted(type_text(as_type(each)) for each in members(alias)) for alias in (one, other)]
    return one.shown == other.shown or len(kinds[0]) > 1 and kinds[0] == kinds[1]


def either(kinds: Sequence[Value], texts: typing.Iterable[str]) -> Alias:
    """A type that is one of several, with how each is shown; one of them may be such a type itself."""
    inner = [
        each.args or (each,) if isinstance(each, Alias) and each.origin is None else (as_type(each),) for each in kinds
    ]
    return Alias(" | ".join(texts), None, tuple(part for parts in inner for part in parts))


def with_parameters(over: Class | Builtin | Alias, key: Value) -> Value:
    """`over[key]`, of a type. Raises Raised, Lost."""
    parts: Sequence[Value] = key if isinstance(key, tuple) else (key,)
    if isinstance(over, Alias):
        return _filled_in(over, parts)
    if isinstance(over, Class):
        _check_class(over, parts)
        return _made(over, parts)
    match over.name:
        case "typing.Optional":
            _check_single(key, "{} requires a single type.", over.name)
            return united((key, None))
        case "typing.Union":
            if not parts:
                raise error("TypeError", "Cannot take a Union of no types.")
            return united(parts)
        case "typing.ClassVar" | "typing.Final":
            _check_single(key, "{} accepts only single type.", over.name)
        case "typing.Annotated" if len(parts) < 2:
            raise error(
                "TypeError", "Annotated[...] should be used with at least two arguments (a type and an annotation)."
            )
        case "typing.Generic" | "typing.Protocol":
            _check_variables(over, parts)
        case _:
            parts = _checked(over, parts)
    return _made(over, parts)


def _made(over: Class | Builtin, parts: Sequence[Value]) -> Alias:
    name = type_text(over)
    is_generic = isinstance(over, Class) and parameters_of_class(over) is not None
    is_typing = is_generic or name.startswith("typing.") and name != "typing.Literal"
    plain = parts[1:] if name == "typing.Annotated" else ()
    texts = [type_text(part, is_typing) for part in parts[: len(parts) - len(plain)]]
    shown = with_parts(over, [*texts, *map(type_text, plain)] or ["()"])
    return Alias(shown, over, (*map(as_type, parts[: len(parts) - len(plain)]), *plain))


def _shown(part: Value) -> str:
    """What `repr` gives of what has been handed over for a type. Raises Lost."""
    if isinstance(part, Class) or isinstance(part, Builtin) and part.kind is not None:
        return f"<class '{type_text(part)}'>"
    if not (text := type_text(part)):
        raise Lost
    return text


def _check_single(key: Value, text: str, name: str) -> None:
    """Raises Raised for several types in place of one."""
    if isinstance(key, tuple):
        shown = f"({', '.join(map(_shown, key))}{',' if len(key) == 1 else ''})"
        raise error("TypeError", f"{text.format(name)} Got {shown:.100}.")


def _check_variables(over: Builtin, parts: Sequence[Value]) -> None:
    if any(isinstance(each, (Builtin, Class)) for each in parts):
        raise error("TypeError", _NOT_VARIABLES.format(over.name.rpartition(".")[2]))
    names = [type_text(each) for each in parts]
    if len({*names}) < len(names):
        raise error("TypeError", f"Parameters to {over.name.rpartition('.')[2]}[...] must all be unique")


def _checked(over: Builtin, parts: Sequence[Value]) -> Sequence[Value]:
    """The parameters of one of Python's own types, with those that are left out. Raises Raised."""
    real: Any = over.kind or looked_up(over.name)
    if isinstance(real, type) and real is not type and not hasattr(real, "__class_getitem__"):
        raise error("TypeError", f"type {real.__name__!r} is not subscriptable")
    kind = getattr(class_of(over), "name", "")
    if real is not MISSING and kind in ("builtin_function_or_method", "function") and not hasattr(real, "__getitem__"):
        raise error("TypeError", f"{kind!r} object is not subscriptable")
    count = getattr(real, "_nparams", -1)
    count = count if isinstance(count, int) else -1
    left_out = [
        Builtin("NoneType") if each is type(None) else Builtin(each.__name__) for each in getattr(real, "_defaults", ())
    ]
    if len(parts) < count <= len(parts) + len(left_out):
        return (*parts, *left_out[len(parts) - count :])
    if count >= 0 and len(parts) != count:
        if left_out:
            raise Lost
        _refuse_number(over.name, len(parts), str(count), len(parts) > count)
    return parts


def _refuse_number(text: str, given: int, wanted: str, is_more: bool) -> None:
    raise error(
        "TypeError", f"Too {'many' if is_more else 'few'} arguments for {text}; actual {given}, expected {wanted}"
    )


def parameters_of_class(kind: Class) -> tuple[Value, ...] | None:
    """The type variables that a class of the program has left; None: neither it nor what it is made from is generic."""
    if "__parameters__" in kind.space:
        told = kind.space["__parameters__"]
        return told if isinstance(told, tuple) else None
    return () if any(isinstance(each, Class) and "__parameters__" in each.space for each in kind.line[1:]) else None


def _check_class(kind: Class, parts: Sequence[Value]) -> None:
    """Raises Raised where a class takes no parameters, or another number of them."""
    variables = parameters_of_class(kind)
    if variables is None:
        may_take = any(
            each.module != kind.module
            if isinstance(each, Class)
            else hasattr(each.kind or looked_up(each.name), "__class_getitem__")
            for each in kind.line
        )
        if may_take or kind.is_partial:
            return
        raise error("TypeError", f"type {kind.name!r} is not subscriptable")
    shown = f"<class '{kind.module}.{kind.qualname}'>"
    if not variables:
        raise error("TypeError", f"{shown} is not a generic class")
    if _are_plain(variables) and len(parts) != len(variables):
        is_more = len(parts) > len(variables)
        _refuse_number(shown, len(parts), f"{'' if is_more else _LEAST}{len(variables)}", is_more)


def _are_plain(variables: Sequence[Value]) -> bool:
    """Whether each stands for one type, and none has a default."""
    return all(
        isinstance(each, Alias) and each.told.get("kind") == "TypeVar" and "__default__" not in each.told
        for each in variables
    )


def is_variable(value: Value) -> bool:
    return isinstance(value, Alias) and "kind" in value.told


def parameters(value: Value) -> dict[str, Value]:
    """The type variables in a type with parameters, by how they are shown."""
    if is_variable(value):
        return {value.shown: value}
    found: dict[str, Value] = {}
    parts = value.args if isinstance(value, Alias) else value.items if isinstance(value, List) else ()
    for each in parts:
        found |= parameters(each)
    return found


def _filled_in(over: Alias, parts: Sequence[Value]) -> Value:
    """A type whose variables are said. Raises Raised, Lost."""
    found = parameters(over)
    if not found:
        if not over.shown or over.origin is None:
            raise Lost
        raise error("TypeError", f"{over.shown} is not a generic class")
    if is_variable(over) or not _are_plain([*found.values()]):
        raise Lost
    if len(parts) != len(found):
        _refuse_number(over.shown, len(parts), str(len(found)), len(parts) > len(found))
    return _replaced(over, dict(zip(found, map(as_type, parts), strict=True)))


def _replaced(value: Value, told: Mapping[str, Value]) -> Value:
    if is_variable(value):
        return told.get(value.shown, value)
    if isinstance(value, List):
        return List([_replaced(each, told) for each in value.items])
    if not isinstance(value, Alias) or not parameters(value):
        return value
    parts = tuple(_replaced(each, told) for each in value.args)
    match value.origin:
        case Builtin("typing.Optional"):
            return united((*parts, None))
        case Builtin("typing.Union"):
            return united(parts)
        case None:
            return either(parts, ["None" if (text := type_text(each)) == "NoneType" else text for each in parts])
    return _made(value.origin, parts)


def origin_of(alias: Alias) -> Value:
    """What a type with parameters is one of, as it says itself."""
    if alias.origin is None:
        return None if is_variable(alias) else Builtin("typing.Union" if UNIONS_ARE_ONE else "types.UnionType")
    name = getattr(alias.origin, "name", "")
    if name == "typing.Optional":
        return _UNION
    real = (
        getattr(looked_up(name), "__origin__", None)
        if isinstance(alias.origin, Builtin) and name.startswith("typing.")
        else None
    )
    if not isinstance(real, type):
        return alias.origin
    return Builtin(real.__name__ if real.__module__ == "builtins" else f"{real.__module__}.{real.__name__}")


def named_after(alias: Alias) -> Value | tuple[str, str]:
    """What has the module and the name that a type with parameters says are its own; or these two."""
    name = getattr(alias.origin, "name", "")
    if name == "typing.Annotated" and _NOTES_ARE_OF_THE_NOTED:
        return alias.args[0]
    if alias.origin is None:
        return Builtin("typing.Union" if UNIONS_ARE_ONE else "types.UnionType")
    return ("typing", name.removeprefix("typing.")) if name.startswith("typing.") else alias.origin


_NOTES_ARE_OF_THE_NOTED = sys.version_info < (3, 12)
"""Whether `Annotated[kind, ...]` has module and name of its `kind` (`_AnnotatedAlias.__init__` gave no name before)."""


def args_of(alias: Alias) -> tuple[Value, ...]:
    """The `__args__` of a type with parameters: those of what is called lie side by side."""
    if getattr(alias.origin, "name", "") == "typing.Optional":
        return (*alias.args, Builtin("NoneType"))
    if getattr(alias.origin, "name", "").endswith(".Callable") and alias.args and isinstance(alias.args[0], List):
        return (*map(as_type, alias.args[0].items), *alias.args[1:])
    return alias.args
