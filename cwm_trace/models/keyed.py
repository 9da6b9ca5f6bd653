"""Calls that ask a lambda about each item, `sorted(x, key=lambda ...)` or `map(lambda ..., x)`: what they give when it has told of all.

What a lambda told of each item the trace shows. To put that in order is an operation to be asked for; which item has which key is looked up.
Knows Python's expressions; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cwm_trace.models.at_work import Running
from cwm_trace.models.calls import OWN, TAKERS, Handed, done
from cwm_trace.models.comprehensions import taken_by
from cwm_trace.models.inline import filled
from cwm_trace.models.known import all_known
from cwm_trace.models.loops import Loop, header_of, items_of
from cwm_trace.models.operations import is_value, put, roots, truth_of, worked
from cwm_trace.models.statements import first_reading, lambda_body, span, statement_of, text_of

_ASKING = frozenset("filter functools_reduce map max min sort sorted".split())
_KEYS = frozenset("abs float int len max min ord repr str sum".split())
_Method: TypeAlias = ast.Attribute | ast.Name | ast.Call
_BOUND = "r = "  # before what a loop goes through: a line that can be read
Value = Callable[[str], str | None]
"""Tells what an operation gives; None: unknown."""


def asks_lambda(source: str) -> bool:
    """Whether a line, or a header, has a call that asks a lambda about items."""
    reading = first_reading(source)
    return reading is not None and any(isinstance(node, ast.Call) and _asks(node) for node in ast.walk(reading[1]))


def without_lambda(running: Running, value: Value) -> Running | None:
    """The line with what such a call gives in its place; None where that is unknown, or not all has been told."""
    statement = statement_of(running.source)
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _asks(node)] if statement else []
    if statement is None or len(calls) != 1 or not lambda_body(running.source):
        return None
    return _with(running, calls[0], running.told, value)


def loop_without_lambda(loop: Loop, value: Value) -> Loop | None:
    """The same of what a loop, or a comprehension, goes through; None as above."""
    if (header := header_of(loop.source)) is None:
        return None
    over = header.of(header.over)
    plain = without_lambda(Running(f"{_BOUND}{over}", "", loop.before, loop.told), value)
    if plain is None:
        return None
    source = header.text.replace(over, plain.source.removeprefix(_BOUND), 1)
    line = filled(source, loop.before.get)
    return loop._replace(header=source, line=line, now=line, source=source)


def _with(running: Running, call: ast.Call, told: tuple[str, ...], value: Value) -> Running | None:
    """The line with what a call gives in its place, of whose items these are the keys."""
    statement = statement_of(running.source)
    others = [node for node in ast.walk(statement) if isinstance(node, ast.Call)] if statement else []
    given = _given(call, running._replace(told=told), value, any(call in node.args for node in others))
    if given is None:
        return None
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="sort")) as whole) if (
            whole is call
        ):
            source = f"{name} = {given}"
        case _:
            source = put(running.source, *span(running.source, call, call), given)
    return Running(source, filled(source, running.names.get), running.names)


def without_method(running: Running, value: Value) -> Running | None:
    """The same of a line whose key is a method of a value, or of texts: `max(x, key=x.count)`, `sorted(x, key=str.lower)`; None where there is
    none, or what it gives is unknown."""
    statement = statement_of(running.source)
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _method(node)] if statement else []
    if len(calls) != 1 or (method := _method(call := calls[0])) is None:
        return None
    over = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else None
    items = None if over is None else items_of(filled(text_of(over, running.source), running.names.get), value)
    if items is None:
        return None
    told = all_known([_key(_told_by(method, item, running), value) for item in items])
    return None if told is None else _with(running, call, tuple(told), value)


def _key(operation: str, value: Value) -> str | None:
    """What one, or a tuple of several, gives; None: unknown."""
    told = worked(f"return {operation}", value).removeprefix("return ")
    return told if is_value(told) else None


def _method(call: ast.Call) -> _Method | None:
    """The method, or the function of Python's, that is the key of a call; a call of `itemgetter`."""
    given = [word.value for word in call.keywords if word.arg == "key"]
    match given:
        case [ast.Attribute() as method]:
            return method
        case [ast.Name(id=name) as function] if name in _KEYS:
            return function
        case [ast.Call(func=ast.Name(id="operator_itemgetter"), args=[_, *_], keywords=[]) as getter]:
            return getter
    return None


def _told_by(method: _Method, item: str, running: Running) -> str:
    """The operation by which an item has its key."""
    if isinstance(method, ast.Call):
        places = [filled(text_of(arg, running.source), running.names.get) for arg in method.args]
        parts = ", ".join(f"{item}[{place}]" for place in places)
        return parts if len(places) == 1 else f"({parts})"
    if isinstance(method, ast.Name):
        return f"{method.id}({item})"
    if isinstance(method.value, ast.Name) and method.value.id == "str":
        return f"{item}.{method.attr}()"
    return f"{filled(text_of(method.value, running.source), running.names.get)}.{method.attr}({item})"


def asked_next(source: str, names: Mapping[str, str], told: Sequence[str], value: Value) -> Handed | None:
    """What the lambda of a line is given next; None where that is unknown, or something else may be done before."""
    if (header := header_of(source)) is not None:
        source = f"{_BOUND}{header.of(header.over)}"
    statement = statement_of(source)
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _asks(node)] if statement else []
    if statement is None or len(calls) != 1 or not lambda_body(source) or not _is_first(calls[0], statement):
        return None
    (call,) = calls
    match call:
        case ast.Call(
            func=ast.Name(id="functools_reduce"), args=[ast.Lambda(args=parameters), over, *first], keywords=[]
        ) if [*parameters.args] == [*ast.iter_child_nodes(parameters)] and len(parameters.args) == 2:
            items = _reduced(over, first, source, names, value)
            if items and len(told) < len(items) - 1:
                one, other = (parameter.arg for parameter in parameters.args)
                return Handed(OWN, {one: told[-1] if told else items[0], other: items[len(told) + 1]})
        case (
            ast.Call(func=ast.Name(id="map" | "filter"), args=[ast.Lambda(args=parameters), over], keywords=[])
            | ast.Call(
                func=ast.Name(id="sorted" | "max" | "min"),
                args=[over],
                keywords=[ast.keyword(arg="key", value=ast.Lambda(args=parameters)), *_],
            )
            | ast.Call(
                func=ast.Attribute(value=ast.Name() as over, attr="sort"),
                args=[],
                keywords=[ast.keyword(arg="key", value=ast.Lambda(args=parameters)), *_],
            )
        ) if [*parameters.args] == [*ast.iter_child_nodes(parameters)] and len(parameters.args) == 1:
            items = items_of(filled(text_of(over, source), names.get), value)
            if items is not None and len(told) < len(items):
                return Handed(OWN, {parameters.args[0].arg: items[len(told)]})
    return None


def _reduced(
    over: ast.expr, first: Sequence[ast.expr], source: str, names: Mapping[str, str], value: Value
) -> list[str] | None:
    """The values of which `reduce` makes one."""
    begins = all_known(_key(filled(text_of(each, source), names.get), value) for each in first)
    items = items_of(filled(text_of(over, source), names.get), value)
    return None if items is None or begins is None else [*begins, *items]


def _is_first(call: ast.Call, statement: ast.stmt) -> bool:
    """Whether nothing but this, and what asks for its items at once, may be done in a statement before it."""
    for root, _ in roots(statement):
        for node in done(root):
            if node is call:
                return _is_asked_at_once(call, root)
            if any(part is call for part in ast.walk(node)) or not isinstance(node, ast.Call):
                return False
    return False


def _is_asked_at_once(call: ast.Call, root: ast.expr) -> bool:
    if not isinstance(call.func, ast.Name) or call.func.id not in ("map", "filter"):
        return True
    taking = taken_by(call, root)
    return taking is not None and taking[0] in TAKERS


def _asks(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name not in _ASKING:
            return False
    return any(isinstance(part, ast.Lambda) for part in (*call.args, *(keyword.value for keyword in call.keywords)))


def _given(call: ast.Call, running: Running, value: Value, is_argument: bool) -> str | None:
    match call:
        case ast.Call(func=ast.Name(id="functools_reduce"), args=[ast.Lambda(), over, *first], keywords=[]):
            reduced = _reduced(over, first, running.source, running.names, value)
            made = [*(reduced or ())[:1], *running.told]
            return made[-1] if reduced and len(made) == len(reduced) else None
        case ast.Call(func=ast.Name(id="map" | "filter" as name), args=[ast.Lambda(), over], keywords=[]) if (
            is_argument
        ):
            items = _items(over, running, value)
            if items is None:
                return None
            return _displayed(running.told if name == "map" else _kept(items, running.told))
        case ast.Call(func=ast.Name(id="sorted" | "max" | "min" as name), args=[over], keywords=options):
            items = _items(over, running, value)
        case ast.Call(func=ast.Attribute(value=ast.Name() as over, attr="sort"), args=[], keywords=options):
            name, items = "sorted", _items(over, running, value)
        case _:
            return None
    others = [option for option in options if option.arg != "key"]
    if not items or any(option.arg != "reverse" or not isinstance(option.value, ast.Constant) for option in others):
        return None
    keys = ", ".join([_displayed(running.told), *(text_of(option, running.source) for option in others)])
    return _placed(name, value(f"{name}({keys})"), items, running.told)


def _items(over: ast.expr, running: Running, value: Value) -> Sequence[str] | None:
    """Of what the lambda is asked about, if it has been asked about all."""
    items = items_of(filled(text_of(over, running.source), running.names.get), value)
    return items if items is not None and len(items) == len(running.told) else None


def _kept(items: Sequence[str], told: Sequence[str]) -> list[str]:
    return [item for item, tells in zip(items, told, strict=True) if truth_of(tells)]


def _displayed(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _placed(name: str, answer: str | None, items: Sequence[str], told: Sequence[str]) -> str | None:
    """Items in the order of their keys, those with the same key as they were; or the first that has a key."""
    if answer is None:
        return None
    if name != "sorted":
        return items[told.index(answer)] if answer in told else None
    left, made = list(range(len(told))), []
    for key in items_of(answer, lambda _: None) or ():
        place = next((place for place in left if told[place] == key), None)
        if place is None:
            return None
        left.remove(place)
        made.append(items[place])
    return None if left else _displayed(made)
