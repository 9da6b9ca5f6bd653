"""How values are shown: `repr` and `str` as a program has them, and what frames show of its variables.

A class's own `__repr__` is work like any other; behind a frame it runs unseen. Knows how Python writes values.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections import OrderedDict
from collections.abc import Iterator as Iterates
from types import BuiltinFunctionType
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.containers import PATTERN, WITH_GROUPS, as_in_frames
from cwm_trace.models.machine import guesses, naming, records
from cwm_trace.models.machine.active import Paused, TooDeep, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import Code
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import IS_OF_C, collected
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.values import (
    GENERATED,
    IMMUTABLE,
    OF_C,
    OWN,
    UNSET,
    WITH_METHODS,
    Alias,
    Builtin,
    Cell,
    Class,
    Descriptor,
    Dict,
    Function,
    Hashed,
    Lazy,
    List,
    Literal,
    Lost,
    Method,
    Module,
    Native,
    Object,
    OwnDict,
    OwnList,
    Raised,
    Range,
    Set,
    Slice,
    Super,
    Value,
    View,
    as_plain,
    as_tuple,
    class_of,
    closed,
    content_of,
    error,
    find,
    guess_of,
    is_exception,
    is_group,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    last_unknown,
    nearest,
    own_method,
    wrongly_given,
)
from cwm_trace.tracer.values import render_value, without_addresses


def rendered(m: Interpreter, value: Value) -> Work:
    """`repr(value)`. Raises Raised, Lost."""
    if is_unknown(value):
        return m.unknown()
    value = known(value)
    if isinstance(value, IMMUTABLE):
        return m.questions.value(f"repr({closed(value)})") if isinstance(value, (str, bytes)) else _plain(value)
    return (yield from _shown(m, value, ()))


def written(m: Interpreter, value: Value) -> Work:
    """`str(value)`. Raises Raised, Lost."""
    if is_unknown(value):
        m.doubted()
        return guesses.worked(str, value)
    value = known(value)
    if isinstance(value, str):
        return value
    if isinstance(value, IMMUTABLE):
        return _plain(value)
    if (own := own_method(value, "__str__")) is not None:
        text = yield from invoke(m, own, [value], {})
        if not is_unknown(text) and not isinstance(content_of(known(text)), str):
            raise wrongly_given("__str__", value, known(text))
        return text
    if isinstance(value, Object):
        if is_exception(value.kind):
            return (yield from _message(m, value))
        if isinstance(value.content, str):
            return value.content
        if as_plain(value) is not value and "_mixed_" not in value.kind.space:
            return (yield from written(m, as_plain(value)))
        if isinstance(value.kind, Class) and value.kind.flavour == "enum":
            return f"{value.kind.name}.{value.attributes['_name_']}"
    return (yield from rendered(m, value))


def _plain(value: Value) -> str:
    text = closed(value)
    assert text is not None
    return text


def _message(m: Interpreter, value: Object) -> Work:
    if not value.held:
        return ""
    if is_group(value):
        count = len(value.attributes["exceptions"])
        return f"{value.attributes['message']} ({count} sub-exception{'s' if count > 1 else ''})"
    if len(value.held) == 1:
        is_key = value.kind.name == "KeyError" or any(
            isinstance(each, Builtin) and each.name == "KeyError" for each in getattr(value.kind, "line", ())
        )
        return (yield from (rendered if is_key else written)(m, value.held[0]))
    if is_made_of(value.kind, Builtin("OSError")) and len(value.held) == 2:
        number, text = value.held
        name, other = (value.attributes.get(each) for each in ("filename", "filename2"))
        at = "" if name is None else f": {(yield from rendered(m, name))}"
        at += "" if other is None else f" -> {(yield from rendered(m, other))}"
        return f"[Errno {(yield from written(m, number))}] {(yield from written(m, text))}{at}"
    if is_made_of(value.kind, Builtin("SyntaxError")) and len(value.held) == 2 and (where := as_tuple(value.held[1])):
        place, line = known(where[0]), known(where[1])
        text = yield from written(m, value.held[0])
        return (
            f"{text} ({place.rpartition('/')[2]}, line {line})" if isinstance(place, str) else f"{text} (line {line})"
        )
    if is_made_of(value.kind, Builtin("UnicodeError")) and (told := _of_coding(value)) is not None:
        return told
    return (yield from rendered(m, value.held))


def _of_coding(value: Object) -> str | None:
    """What an error of coding says; None: it was made otherwise."""
    kind = next((kind for kind in _OF_CODING if is_made_of(value.kind, Builtin(kind.__name__))), None)
    try:
        return None if kind is None else str(kind(*map(known, value.held)))
    except TypeError:
        return None


_OF_CODING: tuple[type[UnicodeError], ...] = (UnicodeDecodeError, UnicodeEncodeError)


def framed(m: Interpreter, value: Value) -> str | None:
    """A value as a frame shows it; None: unknown. Raises Lost."""
    value = guess_of(value)
    if value is UNSET:
        return None
    if isinstance(value, IMMUTABLE):
        return _plain(value)
    before, m.is_framing = m.is_framing, True
    try:
        text = m.quietly(_shown(m, value, ()))
    except (Raised, TooDeep):
        kind = class_of(value)
        is_own = isinstance(value, (*WITH_METHODS, Class)) and isinstance(kind, Class) or isinstance(value, Method)
        return f"<unprintable {kind.name} object>" if is_own else None
    except Lost:
        return None
    finally:
        m.is_framing = before
    return without_addresses(as_in_frames(text))


class Unshown(Lost):
    """Internal: how a value is shown is not known."""


_AGAIN: dict[type, str] = {List: "[...]", tuple: "(...)", Set: "set(...)", Object: "..."}
"""How a value is shown inside itself: `Py_ReprEnter` of each kind, and `_recursive_repr` of data classes."""


def _shown(m: Interpreter, value: Value, around: tuple[Value, ...]) -> Work:
    value = last_unknown(value).guess if m.is_framing and is_unknown(value) else value
    if value is UNSET or is_unknown(value):
        raise Unshown
    value = known(value)
    if any(value is each for each in around):
        return next((text for kind, text in _AGAIN.items() if isinstance(value, kind)), "{...}")
    inner = (*around, value)
    if isinstance(value, OWN) and nearest(value.of, "__repr__") is GENERATED:
        return (yield from by_fields(m, value, value.of, inner))
    if isinstance(value, OWN) and (own := find(value.of, "__repr__")) is not None:
        return known((yield from invoke(m, own, [value], {})))
    match value:
        case tuple():
            texts = yield from _each(m, value, inner)
            return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
        case List(kind="bytearray"):
            if (text := closed(value)) is None:
                raise Unshown
            return text.replace("'", "\\'") if _ESCAPES_ALL and text.startswith('bytearray(b"') else text
        case List():
            is_own = (
                value.kind == "deque" and own_method(value, "__iter__") is not None
            )  # which CPython asks for the items
            texts = yield from _each(m, (yield from collected(m, value)) if is_own else value.items, inner)
            text = f"[{', '.join(texts)}]"
            most = "" if value.most is None else f", maxlen={value.most}"
            return text if value.kind == "list" else f"{_class_name(value)}({text}{most})"
        case Set(has_order=False):
            raise Unshown
        case Set():
            texts = yield from _each(m, value.items, inner)
            text = f"{{{', '.join(texts)}}}"
            return (text if texts else "set()") if value.kind == "set" else f"frozenset({text if texts else ''})"
        case Dict() if getattr(value, "copies", None):  # by numbers that nobody knows
            raise Unshown
        case Dict():
            return (yield from _shown_dict(m, value, inner))
        case Class(metaclass=Class() as kind) if (own := find(kind, "__repr__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        case View():
            return (yield from _shown_view(m, value, inner))
        case Object(kind=Builtin(name="code"), attributes=told):
            return f'<code object {told["co_name"]}, file "{told["co_filename"]}", line {told["co_firstlineno"]}>'
        case Object(kind=Builtin(name="member_descriptor"), held=(name, owner)):
            return f"<member {name!r} of {owner.name!r} objects>"
        case Object(kind=Builtin(name="getset_descriptor"), held=(name, owner)):
            return said.ATTRIBUTE.format(name=name, kind=owner.name)
        case Object():
            return (yield from _shown_object(m, value, inner))
        case Hashed() if value.is_place:
            return m.place(value)
        case Literal(kind=kind) if kind == PATTERN:
            text = _cut_pattern(value.text)
            return text if m.is_framing else as_in_frames(text)
        case Literal():
            found = WITH_GROUPS.fullmatch(value.text)
            return f"{found[1]})" if found else value.text
        case Alias(shown="", origin=origin, args=args) if origin is not None:
            texts = []
            for each in args:
                texts.append(naming.type_text(each) or (yield from _shown(m, each, inner)))
            return f"{naming.type_text(origin)}[{', '.join(texts)}]"
        case Module(name=name) if name in m.own:
            return f"<module {name!r} from {m.own[name]['__file__']!r}>"
        case Super(kind=kind, owner=owner):
            return f"<super: <class '{kind.name}'>, <{kind_name(owner)} object>>"
        case Slice():
            parts = yield from _each(m, (value.start, value.stop, value.step), inner)
            return f"slice({', '.join(parts)})"
        case Range():
            return f"range({value.start}, {value.stop}{f', {value.step}' if value.step != 1 else ''})"
        case Method(function=Function(code=Code(module=module)) as function, owner=owner) if (
            module in OF_C or module in _AMENDING_C
        ):
            return f"<built-in method {_name_in(owner, function)} of {kind_name(owner)} object>"
        case Method(function=Function() as function, owner=Object(kind=Class(module="random") as kind)) if (
            name := function.qualname.rpartition(".")[2]
        ) in _RANDOM_OF_C:
            return f"<built-in method {name} of {kind.name} object>"
        case Method(function=Function() as function, owner=Object(kind=Class() as kind)) if (
            find(kind, IS_OF_C) is not None
        ):
            return f"<built-in method {function.code.name} of {kind.module}.{kind.name} object>"
        case Method(function=Function() | Native() as function, owner=owner):
            name = function.qualname if isinstance(function, Function) else function.name
            return f"<bound method {name} of {(yield from _shown(m, owner, inner))}>"
        case Native(name="partial", wrapped=(function, args, named)):
            texts = yield from _each(m, (function, *args, *named.values()), inner)
            words = ["", *[""] * len(args), *(f"{name}=" for name in named)]
            return f"functools.partial({', '.join(f'{word}{text}' for word, text in zip(words, texts, strict=True))})"
        case Method(function=Builtin(name=name), owner=owner):
            method = name.rpartition(".")[2]
            if isinstance(real := looked_up(name), BuiltinFunctionType):  # a method of the class itself
                return render_value(real)
            if kind_name(value) == "method-wrapper":
                return f"<method-wrapper {method!r} of {kind_name(owner)} object>"  # of a slot of the class
            return f"<built-in method {method} of {kind_name(owner)} object>"
    return _shown_simply(value)


_AMENDING_C = frozenset(("datetime_amended", "_pydecimal_amended"))
"""Sources of ours whose functions stand for those of C."""


def _name_in(owner: Value, function: Function) -> str:
    """The name under which a class has a function: one of ours may be called otherwise."""
    kind = owner if isinstance(owner, Class) else class_of(owner)
    for each in kind.line if isinstance(kind, Class) else ():
        for name, held in each.space.items() if isinstance(each, Class) else ():
            if held is function or isinstance(held, Descriptor) and held.get is function:
                return str(name)
    return function.code.name


def _cut_pattern(text: str) -> str:
    """A pattern as it is kept, with no more of its text than is shown (Modules/_sre, `pattern_repr`: `%.200R`)."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    shown = repr(ast.literal_eval(call.args[0]))
    if len(shown) <= _SHOWN:
        return text
    flags = as_in_frames(f"{PATTERN}(''{''.join(f', {ast.unparse(flags)}' for flags in call.args[1:])})")
    return flags.replace("''", shown[:_SHOWN])


_SHOWN = 200  # characters of a pattern's text
_ESCAPES_ALL = "\\" in repr(bytearray(b"'"))
"""Whether a bytearray is shown with all its `'` escaped, also where `"` stands around it, as up to 3.14 (Objects/bytearrayobject.c)."""


def _shown_simply(value: Any) -> str:
    if isinstance(value, IMMUTABLE):
        return _plain(value)
    match value:
        case Function() if value.code.module in OF_C:
            module = value.code.module.removeprefix("_py")
            return _of_library(f"{module}.{value.qualname}") or f"<built-in function {value.qualname}>"
        case Function():
            return f"<function {value.qualname}>"
        case Class(flavour="enum"):
            return f"<{'flag' if '_all_bits_' in value.space else 'enum'} '{value.name}'>"
        case Class(module="builtins"):
            return f"<class '{value.name}'>"
        case Class():
            return f"<class '{value.module}.{value.qualname}'>"
        case Builtin() if value.kind is not None:
            return f"<class '{value.name}'>"
        case Builtin() if value.name in OTHER_CLASSES:
            return f"<class '{value.name}'>"
        case Builtin() if value.name == "NotImplemented":
            return value.name
        case Builtin() if "." not in value.name:
            return f"<built-in function {value.name}>"
        case Paused():
            return f"<{value.class_name} object {value.name}>"
        case Native(shown=shown) if shown:
            return shown
        case Cell():
            return "<cell: empty>" if value.value is UNSET else f"<cell: {kind_name(value.value)} object>"
        case Descriptor(kind="property"):
            return "<property object>"
        case Descriptor():
            return f"<{value.kind}({_shown_simply(value.get)})>"
        case Builtin() if "." in value.name and (found := _of_type(value.name)) is not None:
            return found
        case Builtin() if (found := _of_library(value.name)) is not None:
            return found
        case Lazy():
            return f"<lazy_import {value.name!r}>"
        case Module() if (told := naming.module_text(value.name)) is not None:
            return told
        case Module("__main__" | "program"):  # the program's own
            return f"<module {value.name!r} (built-in)>"
        case Module() | Native() | Builtin():
            raise Unshown
    text: str | None = getattr(value, "shown", None)
    if not text:
        raise Unshown
    return text


OTHER_CLASSES = frozenset(("NoneType", "function", "method", "generator", "module", "builtin_function_or_method"))
"""Classes of Python's own that have no name among its functions."""


def _of_type(name: str) -> str | None:
    """A method of one of Python's own classes, as it is shown."""
    kind, _, method = name.partition(".")
    found = getattr(getattr(builtins, kind, None), method, None)
    return None if found is None else render_value(found)


def _of_library(name: str) -> str | None:
    """Something of a module of Python's, as frames show it; None where that is not among those that may be looked at."""
    found = looked_up(name)
    return None if found is MISSING else render_value(found)


def _each(m: Interpreter, items: Any, around: tuple[Value, ...]) -> Work:
    texts = []
    for item in items:  # mostly plain, and many
        texts.append(repr(item) if type(item) in _PLAIN else (yield from _shown(m, item, around)))
    return texts


_PLAIN = frozenset((int, str, bool, type(None)))


def _shown_dict(m: Interpreter, value: Dict, around: tuple[Value, ...]) -> Work:
    keys, values = list(value.keys), list(value.values)
    if value.kind == "Counter":
        keys, values = by_count(m, keys, values)
    if value.kind == "OrderedDict" and not _SHOWS_PAIRS and (own := own_method(value, "__getitem__")) is not None:
        asked = list[Value]()
        for key in keys:
            asked.append((yield from invoke(m, own, [value, key], {})))
        values = asked
    keys = yield from _each(m, keys, around)
    values = yield from _each(m, values, around)
    text = "{" + ", ".join(f"{key}: {each}" for key, each in zip(keys, values, strict=True)) + "}"
    name = _class_name(value)
    match value.kind:
        case "Counter":
            return f"{name}({text})" if keys else f"{name}()"
        case "OrderedDict":
            pairs = ", ".join(f"({key}, {each})" for key, each in zip(keys, values, strict=True))
            return f"{name}({f'[{pairs}]' if _SHOWS_PAIRS else text})" if keys else f"{name}()"
        case "defaultdict":
            make = "None" if value.make is None else _shown_simply(value.make)
            return f"{name}({make}, {text})"
    return text


_RANDOM_OF_C = ("random", "getrandbits")
"""Methods of what draws numbers that are of C, in the amended source."""
_SHOWS_PAIRS = "[" in repr(OrderedDict(a=1))
"""Whether an ordered dict is shown as pairs, as up to 3.11, or as a dict."""


def _class_name(value: List | Dict) -> str:
    return str(value.of.name) if isinstance(value, OWN) else value.kind


def by_count(m: Interpreter, keys: list[Value], values: list[Value]) -> tuple[list[Value], list[Value]]:
    """Keys and their counts, the highest first, those that are as many in their order."""
    made: list[tuple[Value, Value]] = []
    for key, count in zip(keys, values, strict=True):
        place = len(made)
        while place and m.questions.holds(f"{closed(known(made[place - 1][1]))} < {closed(known(count))}"):
            place -= 1
        made.insert(place, (key, count))
    return [key for key, _ in made], [count for _, count in made]


def _shown_view(m: Interpreter, value: View, around: tuple[Value, ...]) -> Work:
    keys = yield from _each(m, value.over.keys, around)
    values = yield from _each(m, value.over.values, around)
    parts = {
        "keys": keys,
        "values": values,
        "items": [f"({key}, {each})" for key, each in zip(keys, values, strict=True)],
    }
    return f"{value.prefix}_{value.kind}([{', '.join(parts[value.kind])}])"


def _shown_of_library(m: Interpreter, value: Object, around: tuple[Value, ...]) -> Work:
    if value.kind.name != "dataclasses.field":
        return f"<{value.kind.name} object>"
    is_of_class = "name" in value.attributes
    parts = {"name": "None", "type": "None", "default": _NO_DEFAULT, "default_factory": _NO_DEFAULT}
    parts |= {"init": "True", "repr": "True", "hash": "None", "compare": "True", "metadata": _NO_METADATA}
    parts |= {"kw_only": _NO_DEFAULT, **({"doc": "None"} if "doc" in dataclasses.Field.__slots__ else {})}
    parts |= {"_field_type": "_FIELD" if is_of_class else "None"}
    for name, each in value.attributes.items():
        is_missing = isinstance(each, Builtin) and each.name == "dataclasses.MISSING"
        text = _NO_DEFAULT if is_missing else (yield from _shown(m, each, around))
        parts[name] = f"mappingproxy({text})" if name == "metadata" and each is not None else text
    return f"Field({','.join(f'{name}={text}' for name, text in parts.items())})"


_NO_DEFAULT = without_addresses(repr(dataclasses.MISSING))
_NO_METADATA = repr(dataclasses.field().metadata)


_STAYING = frozenset(
    [("decimal", "Decimal"), ("fractions", "Fraction"), ("uuid", "UUID")]
    + [("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")]
)
"""Classes of the library, by their modules, whose objects never change."""


def _asks_sets() -> bool:
    class Other(set[int]):
        def __iter__(self) -> Iterates[int]:
            return iter((2,))

    return "2" in repr(Other((1,)))


_ASKS_SETS = _asks_sets()
"""Whether a set of a class that is made from `set` is asked for the items that are shown, as up to 3.13."""


def _shown_content(m: Interpreter, value: Object, around: tuple[Value, ...]) -> Work:
    """An object of a class that is made from `str`, `set` or the like."""
    if not isinstance(value.content, Set):
        return (yield from _shown(m, value.content, around))
    if _ASKS_SETS and find(value.kind, "__iter__") is not None:
        items = yield from _each(m, (yield from collected(m, value)), around)
        return f"{value.kind.name}({{{', '.join(items)}}})" if value.content.items else f"{value.kind.name}()"
    text = yield from _shown(m, value.content, around)
    inner = text.removeprefix("frozenset(").removesuffix(")" if value.content.kind == "frozenset" else "")
    return f"{value.kind.name}({inner if value.content.items else ''})"


def _shown_object(m: Interpreter, value: Object, around: tuple[Value, ...]) -> Work:
    kind = value.kind
    own = nearest(kind, "__repr__")
    if own is UNSET and value.content is not UNSET:
        return (yield from _shown_content(m, value, around))
    if own not in (UNSET, GENERATED):
        if value.shown:
            return value.shown
        text = known((yield from invoke(m, own, [value], {})))
        if isinstance(text, Object) and isinstance(text.content, str):
            text = text.content
        if not isinstance(text, str):
            raise wrongly_given("__repr__", value, text)
        if isinstance(kind, Class) and (kind.module, kind.name) in _STAYING:
            value.shown = text
        return text
    if is_exception(kind) and own is not GENERATED:
        texts = yield from _each(m, value.held, around)
        if said.SHOWS_MODULES and is_made_of(kind, Builtin("ImportError")):
            for name in ("name", "path"):
                if name in value.attributes:
                    texts.append(f"{name}={(yield from _shown(m, value.attributes[name], around))}")
        return f"{kind.name.rpartition('.')[2]}({', '.join(texts)})"
    if not isinstance(kind, Class):
        return (yield from _shown_of_library(m, value, around))
    match kind.flavour:
        case "namedtuple" | "dataclass" if kind.flavour == "namedtuple" or own is GENERATED:
            return (yield from by_fields(m, value, kind, around))
        case "enum":
            inner = yield from _shown(m, value.attributes["_value_"], around)
            return f"<{kind.name}.{value.attributes['_name_']}: {inner}>"
    return by_object(m, value, kind)


def by_fields(m: Interpreter, value: Object | OwnList | OwnDict, kind: Class, around: tuple[Value, ...]) -> Work:
    """What the `__repr__` gives that a class with named fields has been made with."""
    names = [name for name, default in kind.fields or () if records.says(default, "repr", True) is not False]
    held: list[Value] = []
    if isinstance(value, Object) and kind.flavour == "namedtuple":
        held += value.held
    else:
        for name in names:
            held.append((yield from records.in_field(m, value, kind, name)))
    if UNSET in held and m.is_framing:
        return f"<unprintable {kind.name} object>"
    if UNSET in held:
        raise error("AttributeError", f"'{kind.name}' object has no attribute '{names[held.index(UNSET)]}'")
    texts = yield from _each(m, held, around)
    name = kind.name if kind.flavour == "namedtuple" else kind.qualname
    return f"{name}({', '.join(f'{name}={text}' for name, text in zip(names, texts, strict=True))})"


def by_object(m: Interpreter, value: Value, kind: Class) -> str:
    """What `object.__repr__` gives; frames have no addresses."""
    at = "" if m.is_framing else f" at 0x{m.address(m.identity(value))}"
    return f"<{kind.module}.{kind.qualname} object{at}>"
