"""`str.format`, and `%` with a dict: a form taken apart into its fields, each of which is worked on as that of an f-string is.

Knows the grammar of fields; what a field shows is asked for (`machine.operators`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from string import Formatter

from cwm_trace.models.machine import classes, operators
from cwm_trace.models.machine.interpreter import Interpreter, Work
from cwm_trace.models.machine.questions import text_of
from cwm_trace.models.machine.values import Dict, List, Lost, Value, as_tuple, error, known

_PART = re.compile(r"\.([^\W\d]\w*)|\[([^\]]+)\]")
_NAMED = re.compile(r"%\((\w+)\)")


def formatted(m: Interpreter, form: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """`form.format(*args, **named)`. Raises Raised, Lost."""
    return (yield from _filled(m, form, args, named, count()))


def _filled(
    m: Interpreter, form: str, args: Sequence[Value], named: Mapping[str, Value], numbers: Iterator[int]
) -> Work:
    try:
        parts = list(Formatter().parse(form))
    except ValueError as wrong:
        raise error("ValueError", str(wrong)) from None
    texts: list[str] = []
    for text, name, how, conversion in parts:
        texts.append(text)
        if name is None:
            continue
        value = yield from _field(m, name, args, named, numbers)
        spec = yield from _filled(m, how or "", args, named, numbers)
        kind = {"r": "repr", "s": "str", "a": "ascii"}.get(conversion or "", "")
        texts.append(known((yield from operators.formatted(m, value, kind, spec))))
    return "".join(texts)


def _field(
    m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value], numbers: Iterator[int]
) -> Work:
    first = re.match(r"\w*", name)
    head = first[0] if first else ""
    if head and not head.isdecimal():
        if head not in named:
            raise error("KeyError", head)
        value = named[head]
    else:
        place = int(head) if head else next(numbers)
        if place >= len(args):
            text = f"Replacement index {place} out of range for positional args tuple"
            raise error("IndexError", text)
        value = args[place]
    for attribute, key in _PART.findall(name[len(head) :]):
        if attribute:
            value = yield from classes.attribute(m, value, attribute)
        else:
            value = yield from operators.item(m, value, int(key) if key.isdecimal() else key)
    return value


def by_percent(m: Interpreter, form: str, given: Value) -> Work:
    """`form % given`, where its fields have names; else as it is asked for."""
    names = _NAMED.findall(form)
    if not isinstance(given, Dict) or not (names or "%" not in form):
        return m.questions.value(f"{text_of(form)} % {text_of(given)}")
    if not names:
        return form
    values = []
    for name in names:
        values.append((yield from operators.item(m, given, name)))
    if any(isinstance(known(value), (List, Dict)) or as_tuple(known(value)) is not None for value in values):
        raise Lost
    return m.questions.value(f"{text_of(_NAMED.sub('%', form))} % {text_of(tuple(values))}")
