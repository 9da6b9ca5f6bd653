"""How the arguments of a call are bound to parameters, and the errors of a call that does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwm_trace.models import said
from cwm_trace.models.machine.values import (
    Function,
    Lost,
    Raised,
    Value,
    dict_from,
    error,
)


def bound(function: Function, args: Sequence[Value], named: Mapping[str, Value]) -> dict[str, Value]:
    """Parameters, and what they are. Raises Raised for a call that does not fit."""
    code = function.code.made
    places, names = code.co_argcount, function.code.parameters
    more, others = function.code.takes_more
    made: dict[str, Value] = dict(zip(names[:places], args, strict=False))
    rest = {}
    for name, value in named.items():
        if name in made and name in names[code.co_posonlyargcount :]:
            raise error("TypeError", f"{function.qualname}() got multiple values for argument {name!r}")
        if name in names[code.co_posonlyargcount :]:
            made[name] = value
        elif others:
            rest[name] = value
        elif name in names:
            raise Lost  # one that has a place only
        else:
            raise error("TypeError", said.unexpected_keyword(function.qualname, name, names[code.co_posonlyargcount :]))
    if len(args) > places and not more:
        raise _misfit(function, args, named)
    defaults = function.defaults[max(0, len(function.defaults) - places) :]  # which may have been assigned
    behind = names[places - len(defaults) : places]
    for name, value in [*zip(behind, defaults, strict=True), *function.named.items()]:
        made.setdefault(name, value)
    _check(function, made, names, places)
    if more:
        made[more] = tuple(args[places:])
    if others:
        made[others] = dict_from(rest)
    return {name: made[name] for name in code.co_varnames if name in made}


def _check(function: Function, made: Mapping[str, Value], names: Sequence[str], places: int) -> None:
    for part, kind in ((names[:places], "positional"), (names[places:], "keyword-only")):
        missing = [name for name in part if name not in made]
        if missing:
            raise missing_arguments(function.qualname, kind, missing)


def missing_arguments(name: str, kind: str, missing: Sequence[str]) -> Raised:
    """The error of a call of a function that lacks these arguments, which are positional or keyword-only."""
    *first, last = map(repr, missing)
    before = f"{', '.join(first)}{',' if len(first) > 1 else ''} and " if first else ""
    many = "s" if first else ""
    return error("TypeError", f"{name}() missing {len(missing)} required {kind} argument{many}: {before}{last}")


def _misfit(function: Function, args: Sequence[Value], named: Mapping[str, Value]) -> Raised:
    places, least = function.code.made.co_argcount, function.code.made.co_argcount - len(function.defaults)
    last = function.code.parameters[places : places + function.code.made.co_kwonlyargcount]
    return too_many(function.qualname, least, places, len(args), sum(name in named for name in last))


def too_many(name: str, least: int, places: int, count: int, last: int = 0) -> Raised:
    """The error of a call with more arguments than there are places for; `last`: how many have been given that go by names only."""
    takes = str(places) if least == places else f"from {least} to {places}"
    many = "" if places == 1 and least == places else "s"
    more = (
        f" positional argument{'' if count == 1 else 's'} (and {last} keyword-only argument{'' if last == 1 else 's'})"
        if last
        else ""
    )
    were = "was" if count == 1 and not last else "were"
    return error("TypeError", f"{name}() takes {takes} positional argument{many} but {count}{more} {were} given")
