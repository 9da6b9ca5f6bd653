"""JSON, CSV and forms of `str.format`, which are values in another notation: read and written as Python's modules do it.

Knows which functions of the program they call, and when. Decoders of the program's own classes are not followed, and of encoders only `default`.
"""

from __future__ import annotations

import _string  # type: ignore[import-not-found]  # what `string.Formatter` is made of
import ast
import csv
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, Work
from cwm_trace.models.machine.iterators import over_items
from cwm_trace.models.machine.natives import native
from cwm_trace.models.machine.values import (
    Dict,
    List,
    Lost,
    Method,
    Object,
    Value,
    as_plain,
    content_of,
    dict_from,
    error,
    find,
    is_unknown,
    kind_name,
    known,
    read,
)

_LAYOUT = frozenset({"ensure_ascii", "indent", "separators", "sort_keys"})


class _Open(Exception):
    """Internal: something in the value is not known."""


@native("json.loads")
def _loads(m: Interpreter, text: Value, object_hook: Value = None, **others: Value) -> Work:
    if is_unknown(text) or others:
        return m.unknown()
    text = known(text)
    if not isinstance(text, (str, bytes)):
        kind = kind_name(text)
        raise error("TypeError", f"the JSON object must be str, bytes or bytearray, not {kind}")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as bad:
        raised = error("json.JSONDecodeError", str(bad))
        raised.error.attributes.update({name: getattr(bad, name) for name in ("msg", "doc", "pos", "lineno", "colno")})
        raise raised from None
    return (yield from _made(m, found, known(object_hook)))


def _made(m: Interpreter, found: Any, hook: Value) -> Work:
    """The value that a JSON text says, inner ones first, as the hook is called."""
    if isinstance(found, list):
        items = []
        for item in found:
            items.append((yield from _made(m, item, hook)))
        return List(items)
    if not isinstance(found, dict):
        return read(repr(found))
    made = Dict()
    for key, value in found.items():
        made.keys.append(key)
        made.values.append((yield from _made(m, value, hook)))
    return made if hook is None else (yield from invoke(m, hook, [made], {}))


@native("json.dumps")
def _dumps(m: Interpreter, value: Value, default: Value = None, cls: Value = None, **layout: Value) -> Work:
    if cls is not None:
        encoder = known((yield from invoke(m, cls, [], {})))
        if find(encoder.kind, "encode") is not find(encoder.kind.line[-2], "encode"):
            raise Lost
        default = Method(find(encoder.kind, "default"), encoder)
    if not _LAYOUT.issuperset(layout) or any(map(is_unknown, layout.values())):
        return m.unknown()
    try:
        given = yield from _plain(m, dict_from(layout), None)
        plain = yield from _plain(m, value, known(default), bool(given.get("sort_keys")))
    except _Open:
        return m.unknown()
    return _written(plain, given)


def _written(plain: Any, layout: Mapping[str, Any]) -> str:
    try:
        return json.dumps(plain, **layout)
    except (TypeError, ValueError):  # keys of several kinds
        raise Lost from None


def _plain(m: Interpreter, value: Value, default: Value, sorts: bool = False) -> Work:
    """A value as this Python's own. Raises Raised for what JSON has no notation for, Lost, _Open."""
    if is_unknown(value):
        raise _Open
    value = known(value)
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Object() if isinstance(plain := as_plain(content_of(value)), (int, float, str, tuple)):
            return (yield from _plain(m, plain, default, sorts))
        case List(kind="list", items=items) | (tuple() as items):
            made = []
            for item in items:
                made.append((yield from _plain(m, item, default, sorts)))
            return made
        case Dict():
            if any(is_unknown(key) for key in value.keys):
                raise _Open
            keys = [_key(known(key)) for key in value.keys]
            pairs = list(zip(keys, value.values, strict=True))
            held = {}
            for key, each in sorted(pairs, key=lambda pair: pair[0]) if sorts else pairs:
                held[key] = yield from _plain(m, each, default, sorts)
            return held
    if default is None:
        raise error("TypeError", f"Object of type {kind_name(value)} is not JSON serializable")
    return (yield from _plain(m, (yield from invoke(m, default, [value], {})), default, sorts))


@native("followed.csv_fields")
def _fields(m: Interpreter, line: Value, delimiter: Value, quote: Value, skips: Value) -> Value:
    """Those of a line of CSV; None: the last of them goes on in the next line. Raises Lost."""
    form = {"delimiter": known(delimiter), "quotechar": known(quote), "skipinitialspace": known(skips)}
    try:
        return List(next(csv.reader([known(line)], strict=True, **form)))
    except csv.Error:
        pass
    if len(found := next(csv.reader([known(line)], **form))) and known(line).count(known(quote)) % 2:
        return None
    return List(found)


def _key(key: Value) -> Value:
    if key is None or isinstance(key, (bool, int, float, str)):
        return key
    raise error("TypeError", f"keys must be str, int, float, bool or None, not {kind_name(key)}")


@native("_string.formatter_parser")
def _fields_of_form(m: Interpreter, form: Value) -> Value:
    return over_items(list(_string_of(_string.formatter_parser, form)), "formatteriterator")


@native("_string.formatter_field_name_split")
def _field_name(m: Interpreter, name: Value) -> Value:
    first, rest = _string_of(_string.formatter_field_name_split, name)
    return (first, over_items(list(rest), "fieldnameiterator"))


def _string_of(function: Callable[[str], Any], text: Value) -> Any:
    """What `string.Formatter` takes apart. Raises Raised."""
    try:
        return function(known(text))
    except ValueError as wrong:
        raise error("ValueError", str(wrong)) from None


@native("ast.literal_eval")
def _literal_eval(m: Interpreter, text: Value) -> Value:
    if is_unknown(text):
        return m.unknown()
    if not isinstance(known(text), str):
        raise Lost
    try:
        found = ast.literal_eval(known(text))
    except SyntaxError as bad:
        raise error(type(bad).__name__, *bad.args) from None
    except ValueError as bad:
        raise error("ValueError", _ADDRESS.sub("", str(bad))) from None
    return read(repr(found))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
