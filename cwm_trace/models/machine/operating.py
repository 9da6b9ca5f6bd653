"""`operator`: the operators as functions, and functions that look items, attributes and methods up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.models.machine import classes, comparing, holding, operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import Builtin, Native, Slice, Value, closed, error, kind_name, known


@native("operator.methodcaller")
def _methodcaller(m: Interpreter, name: Value, /, *args: Value, **named: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        method = yield from classes.attribute(m, value, known(name))
        return (yield from invoke(m, method, args, named))

    return _shown_call("methodcaller", run, (name, *args), named)


@native("operator.itemgetter")
def _itemgetter(m: Interpreter, *keys: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        found = []
        for key in keys:
            found.append((yield from holding.item(m, value, key)))
        return found[0] if len(found) == 1 else tuple(found)

    return _shown_call("itemgetter", run, keys)


@native("operator.attrgetter")
def _attrgetter(m: Interpreter, *names: Value) -> Value:
    def run(m: Interpreter, value: Value) -> Work:
        found = []
        for name in names:
            given = value
            for part in known(name).split("."):
                given = yield from classes.attribute(m, given, part)
            found.append(given)
        return found[0] if len(found) == 1 else tuple(found)

    return _shown_call("attrgetter", run, names)


def _shown_call(
    name: str, run: Callable[..., Any], args: Sequence[Value], named: Mapping[str, Value] | None = None
) -> Native:
    """A function that is shown as the call that has made it."""
    texts = [_text(known(each)) for each in args]
    words = {word: _text(known(each)) for word, each in (named or {}).items()}
    told = [*texts, *(f"{word}={text}" for word, text in words.items())]
    made = "" if None in (*texts, *words.values()) else f"operator.{name}({', '.join(map(str, told))})"
    return Native(name, run, shown=made)


def _text(value: Value) -> str | None:
    """A value's text, if it is a plain one, or a slice of such."""
    if not isinstance(value, Slice):
        return closed(value)
    parts = [closed(known(each)) for each in (value.start, value.stop, value.step)]
    return None if None in parts else f"slice({', '.join(map(str, parts))})"


def _of_sign(name: str, sign: str) -> None:
    def run(m: Interpreter, left: Value, right: Value) -> Work:
        if sign in ("==", "!=", "<", ">", "<=", ">="):
            return comparing.compared(m, sign, left, right)
        return operators.binary(m, sign, left, right)

    native(f"operator.{name}")(run)


for _name, _sign in {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "and_": "&", "or_": "|",
    "xor": "^", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "concat": "+",
    "lshift": "<<", "rshift": ">>", "matmul": "@", "iadd": "+=", "isub": "-=", "imul": "*=", "itruediv": "/=", "ifloordiv": "//=",
    "imod": "%=", "ipow": "**=", "iand": "&=", "ior": "|=", "ixor": "^=", "ilshift": "<<=", "irshift": ">>=", "iconcat": "+=",
}.items():  # fmt: skip
    _of_sign(_name, _sign)


@native("operator.not_")
def _not(m: Interpreter, value: Value) -> Work:
    return not (yield from comparing.truth_of(m, value))


@native("operator.truth")
def _truth(m: Interpreter, value: Value) -> Work:
    return (yield from comparing.truth_of(m, value))


@native("operator.contains")
def _contains(m: Interpreter, over: Value, value: Value) -> Work:
    return holding.contains(m, over, value)


@native("operator.setitem")
def _setitem(m: Interpreter, over: Value, key: Value, value: Value) -> Work:
    return holding.set_item(m, over, key, value)


@native("operator.delitem")
def _delitem(m: Interpreter, over: Value, key: Value) -> Work:
    return holding.delete_item(m, over, key)


@native("operator.is_")
def _is(m: Interpreter, left: Value, right: Value) -> Value:
    return comparing.is_same(known(left), known(right))


@native("operator.is_not")
def _is_not(m: Interpreter, left: Value, right: Value) -> Value:
    return not comparing.is_same(known(left), known(right))


def _of_one(name: str, sign: str) -> None:
    native(f"operator.{name}")(lambda m, value: operators.unary(m, sign, value))


for _name, _sign in {"neg": "-", "pos": "+", "inv": "~", "invert": "~"}.items():
    _of_one(_name, _sign)


@native("operator.abs")
def _abs(m: Interpreter, value: Value) -> Work:
    return invoke(m, Builtin("abs"), [value], {})


@native("operator.index")
def _index(m: Interpreter, value: Value) -> Work:
    given = yield from holding.as_index(m, value)
    if not isinstance(given, int):
        raise error("TypeError", f"'{kind_name(given)}' object cannot be interpreted as an integer")
    return int(given)


@native("operator.getitem")
def _getitem(m: Interpreter, over: Value, key: Value) -> Work:
    return holding.item(m, over, key)
