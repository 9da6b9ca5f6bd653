"""`make_dataclass`, `asdict` and `astuple` of `dataclasses`; what `@dataclass` does is `machine.records`."""

import sys
from copy import deepcopy as _copied
from dataclasses import dataclass, fields
from keyword import iskeyword as _is_keyword
from typing import Any as _Any


def make_dataclass(
    cls_name,
    fields,
    *,
    bases=(),
    namespace=None,
    init=True,
    repr=True,
    eq=True,
    order=False,
    unsafe_hash=False,
    frozen=False,
    match_args=True,
    kw_only=False,
    slots=False,
    weakref_slot=False,
    module=None,
):
    space, annotations = dict(namespace or {}), {}
    for each in fields:
        if isinstance(each, str):
            name, kind = each, _Any if sys.version_info >= (3, 14) else "typing.Any"
        elif len(each) == 2:
            name, kind = each
        elif len(each) == 3:
            name, kind, space[each[0]] = each
        else:
            raise TypeError(f"Invalid field: {each!r}")
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"Field names must be valid identifiers: {name!r}")
        if _is_keyword(name):
            raise TypeError(f"Field names must not be keywords: {name!r}")
        if name in annotations:
            raise TypeError(f"Field name duplicated: {name!r}")
        annotations[name] = kind
    space["__annotations__"] = annotations
    if module is None:
        module = "types" if sys.version_info < (3, 12) else sys._getframe(1).f_globals["__name__"]
    space["__module__"] = module
    options = {"init": init, "repr": repr, "eq": eq, "order": order, "unsafe_hash": unsafe_hash, "frozen": frozen}
    options |= {"match_args": match_args, "kw_only": kw_only, "slots": slots}
    return dataclass(**options)(type(cls_name, bases, space))


def _taken_apart(obj, of_fields):
    kind = type(obj)
    if hasattr(kind, "__dataclass_fields__"):
        return of_fields([(each.name, _taken_apart(getattr(obj, each.name), of_fields)) for each in fields(obj)])
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return kind(*[_taken_apart(each, of_fields) for each in obj])
    if isinstance(obj, (list, tuple)):
        return kind([_taken_apart(each, of_fields) for each in obj])
    if isinstance(obj, dict):
        pairs = [(_taken_apart(key, of_fields), _taken_apart(each, of_fields)) for key, each in obj.items()]
        if hasattr(kind, "default_factory") and sys.version_info >= (3, 12):
            return kind(obj.default_factory, pairs)
        return kind(pairs)
    if sys.version_info >= (3, 15) and isinstance(obj, frozendict):  # noqa: F821
        return kind({_taken_apart(key, of_fields): _taken_apart(each, of_fields) for key, each in obj.items()})
    return _copied(obj)


def asdict(obj, *, dict_factory=dict):
    if not hasattr(type(obj), "__dataclass_fields__"):
        raise TypeError("asdict() should be called on dataclass instances")
    return _taken_apart(obj, dict_factory)


def astuple(obj, *, tuple_factory=tuple):
    if not hasattr(type(obj), "__dataclass_fields__"):
        raise TypeError("astuple() should be called on dataclass instances")
    return _taken_apart(obj, lambda pairs: tuple_factory([each for _, each in pairs]))
