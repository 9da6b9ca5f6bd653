"""JSON, CSV and forms of `str.format`, which are values in another notation: read and written as Python's modules do it.

Knows which functions of the program they call, and when.
"""

from __future__ import annotations

import _string  # type: ignore[import-not-found]  # what `string.Formatter` is made of
import ast
import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import attribute
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import over_items
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    Builtin,
    Class,
    Dict,
    List,
    Lost,
    Object,
    Raised,
    Value,
    as_plain,
    content_of,
    dict_from,
    error,
    is_unknown,
    kind_name,
    known,
    octets_of,
    read,
)

_LAYOUT = frozenset({"allow_nan", "check_circular", "ensure_ascii", "indent", "separators", "skipkeys", "sort_keys"})
_NUMBERS = ("parse_float", "parse_int", "parse_constant")


class _Open(Exception):
    """Internal: something in the value is not known."""


class _Number(NamedTuple):
    """One of a JSON text, and which hook makes a value of it."""

    text: str
    hook: str


class _Pairs(NamedTuple):
    """An object of a JSON text."""

    items: list[tuple[str, Any]]


@native("json.loads")
def _loads(m: Interpreter, text: Value, cls: Value = None, **hooks: Value) -> Work:
    if is_unknown(text):
        return m.unknown()
    text = known(text)
    text = octets_of(text) or text
    if isinstance(text, str) and text.startswith("\ufeff"):
        raise _wrong(json.JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0))
    if not isinstance(text, (str, bytes)):
        kind = kind_name(text)
        raise error("TypeError", f"the JSON object must be str, bytes or bytearray, not {kind}")
    if isinstance(text, bytes):
        try:
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        except UnicodeDecodeError as wrong:
            raise error("UnicodeDecodeError", *wrong.args) from None
    if cls is not None:
        decoder = yield from invoke(m, cls, [], hooks)
        return (yield from invoke(m, (yield from attribute(m, decoder, "decode")), [text], {}))
    return (yield from _made(m, _read(lambda decoder: decoder.decode(text), hooks), hooks))


@native("followed.json_begun")
def _begun(m: Interpreter, text: Value, at: Value, **hooks: Value) -> Work:
    """What a JSON text begins with from there on, and where that ends."""
    try:
        found, end = _read(lambda decoder: decoder.raw_decode(known(text), known(at)), hooks)
    except StopIteration as stop:
        raise _wrong(json.JSONDecodeError("Expecting value", known(text), stop.value)) from None
    return ((yield from _made(m, found, hooks)), end)


def _read(read_by: Callable[[json.JSONDecoder], Any], hooks: Mapping[str, Value]) -> Any:
    """A JSON text's parts, with all that hooks may make of them. Raises Raised."""
    marks: dict[str, Any] = {name: partial(_Number, hook=name) for name in _NUMBERS}
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, strict=bool(known(hooks.get("strict", True))), **marks)
    try:
        return read_by(decoder)
    except json.JSONDecodeError as bad:
        raise _wrong(bad) from None


def _wrong(bad: json.JSONDecodeError) -> Raised:
    raised = error("json.JSONDecodeError", str(bad))
    raised.error.attributes.update({name: getattr(bad, name) for name in ("msg", "doc", "pos", "lineno", "colno")})
    return raised


def _made(m: Interpreter, found: Any, hooks: Mapping[str, Value]) -> Work:
    """The value that a JSON text says, inner ones first, as hooks are called."""
    match found:
        case _Number(text=text, hook=name):
            if (hook := known(hooks.get(name))) is None or hook in _PLAIN_NUMBERS:
                return read(repr(json.loads(text)))
            return (yield from invoke(m, hook, [text], {}))
        case _Pairs(items=items):
            made = []
            for key, value in items:
                made.append((key, (yield from _made(m, value, hooks))))
            if (hook := known(hooks.get("object_pairs_hook"))) is not None:
                return (yield from invoke(m, hook, [List([*made])], {}))
            held, hook = dict_from(dict(made)), known(hooks.get("object_hook"))
            return held if hook is None else (yield from invoke(m, hook, [held], {}))
        case list():
            parts = []
            for item in found:
                parts.append((yield from _made(m, item, hooks)))
            hook = known(hooks.get("array_hook"))  # from 3.15 on
            return List(parts) if hook is None else (yield from invoke(m, hook, [List(parts)], {}))
    return found


_PLAIN_NUMBERS = (Builtin("float"), Builtin("int"))


@native("json.dumps")
def _dumps(m: Interpreter, value: Value, default: Value = None, cls: Value = None, **layout: Value) -> Work:
    if cls is not None:
        encoder = yield from invoke(m, cls, [], layout if default is None else {**layout, "default": default})
        return (yield from invoke(m, (yield from attribute(m, encoder, "encode")), [value], {}))
    return (yield from _written(m, value, default, **layout))


@native("followed.json_written")
def _written(m: Interpreter, value: Value, default: Value = None, **layout: Value) -> Work:
    """A value as JSON has it."""
    return _encoded(m, value, default, layout, json.dumps)


@native("followed.json_chunks")
def _chunks(m: Interpreter, value: Value, default: Value = None, **layout: Value) -> Work:
    """The same, in the parts that are written to a file one by one."""

    def parts(plain: Any, **told: Any) -> Any:
        return List(list(json.JSONEncoder(**told).iterencode(plain)))

    return _encoded(m, value, default, layout, parts)


def _encoded(
    m: Interpreter, value: Value, default: Value, layout: Mapping[str, Value], encode: Callable[..., Value]
) -> Work:
    if not _LAYOUT.issuperset(layout) or any(map(is_unknown, layout.values())):
        return m.unknown()
    try:
        told = yield from _Writer(m, None).plain(dict_from(layout))
        writer = _Writer(m, known(default), bool(told.get("sort_keys")), bool(told.get("skipkeys")))
        plain = yield from writer.plain(value)
    except _Open:
        return m.unknown()
    try:
        return encode(plain, **told)
    except (TypeError, ValueError) as wrong:
        raise error(type(wrong).__name__, str(wrong)) from None


@dataclass
class _Writer:
    """Makes values Python's own, which JSON can be made of; `around`: the containers that it is in."""

    m: Interpreter
    default: Value
    sorts: bool = False
    skips: bool = False
    around: list[Value] = field(default_factory=list)

    def plain(self, value: Value) -> Work:
        """A value as this Python's own. Raises Raised for what JSON has no notation for, Lost, _Open."""
        if is_unknown(value):
            raise _Open
        value = known(value)
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, Object) and isinstance(inner := as_plain(content_of(value)), (int, float, str, tuple)):
            return (yield from self.plain(inner))
        if any(value is each for each in self.around):
            raise error("ValueError", "Circular reference detected")
        self.around.append(value)
        made = yield from self._container(value)
        self.around.pop()
        return made

    def _container(self, value: Value) -> Work:
        match value:
            case List(kind="list", items=items) | (tuple() as items):
                made = []
                for item in items:
                    made.append((yield from self.plain(item)))
                return made
            case Object(kind=Class(flavour="namedtuple"), held=items):
                return (yield from self._container(tuple(items)))
            case Dict():
                return (yield from self._object(value))
            case Object(kind=Class(name="frozendict", module="builtins"), attributes={"_held": held}):
                return (yield from self._object(held))
        if self.default is None:
            raise error("TypeError", f"Object of type {kind_name(value)} is not JSON serializable")
        return (yield from self.plain((yield from invoke(self.m, self.default, [value], {}))))

    def _object(self, value: Dict) -> Work:
        if any(is_unknown(key) for key in value.keys):
            raise _Open
        pairs = [(as_plain(content_of(known(key))), each) for key, each in zip(value.keys, value.values, strict=True)]
        if self.sorts:
            try:
                pairs.sort(key=lambda pair: pair[0])
            except TypeError as wrong:
                raise error("TypeError", str(wrong)) from None
        held = {}
        for key, each in pairs:
            if key is None or isinstance(key, (bool, int, float, str)):
                held[key] = yield from self.plain(each)
            elif not self.skips:
                raise error("TypeError", f"keys must be str, int, float, bool or None, not {kind_name(key)}")
        return held


@native("followed.csv_fields")
def _fields(m: Interpreter, line: Value, words: Value) -> Value:
    """Those of a line of CSV in a dialect, and what is wrong with it; None: the last of them goes on in the next line."""
    given = known(words)
    form = {known(name): known(value) for name, value in zip(given.keys, given.values, strict=True)}
    try:
        rows = list(csv.reader([known(line), "1"], **form))
    except ValueError as wrong:  # of what stands without quotes, where that is a number
        raise error("ValueError", str(wrong)) from None
    except csv.Error as wrong:
        is_open = str(wrong) == "unexpected end of data"
        return (None, "" if is_open else str(wrong))
    return (List(rows[0]) if len(rows) > 1 else None, "")


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


@native("followed.literal_value")
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
    return found if isinstance(found, complex) else read(repr(found))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
