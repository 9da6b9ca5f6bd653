"""Python's own functions: those that call what the program hands them, or go through items, done so; all others asked for as a whole.

Knows in which order Python does what, as calls of the program's functions show it. Evaluates nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from cwm_trace.models.containers import MATCH
from cwm_trace.models.machine import (
    arithmetic,
    classes,
    comparing,
    conversions,
    holding,
    operators,
    patterns,
    refusals,
    texts,
)
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import calls, invoke
from cwm_trace.models.machine.code import is_of_program
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.iterators import iterator_of
from cwm_trace.models.machine.naming import NOT_IMPLEMENTED
from cwm_trace.models.machine.registry import NATIVES, native
from cwm_trace.models.machine.rendering import rendered, written
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    UNSET,
    Builtin,
    Class,
    Dict,
    List,
    Literal,
    Lost,
    Object,
    Raised,
    Range,
    Set,
    Unknown,
    Value,
    View,
    closed,
    content_of,
    error,
    is_exception,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    octets_of,
    own_method,
    without_class,
)

_ASKED_FOR = ("str", "bytes")
"""Classes of which the network would know an answer to what they refuse, too."""


PURE = frozenset(
    "calendar datetime decimal fractions json locale math platform re statistics string textwrap time typing unicodedata"
    " secrets uuid zlib".split()
)
"""Modules whose functions change nothing that they are given: what they give is unknown, and no more."""


OPAQUE = frozenset("http socket sqlite3 ssl subprocess tokenize urllib xml".split())
"""Modules of which nothing is known but that they call no functions of the program: all that comes of them is unknown."""


_TOLD = {"AttributeError": ("name", "obj"), "NameError": ("name",), "ImportError": ("name", "path")}
"""What exceptions may be told by name."""


_ALIKE = {"re.prefixmatch": "re.match", "literal.prefixmatch": "literal.match"}
"""Functions that are another one; these are so called from 3.15 on."""


@calls(Builtin)
def called(m: Interpreter, function: Builtin, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What one of Python's own gives. Raises Raised, Lost."""
    name = function.name
    if name in _ALIKE:
        return (yield from called(m, Builtin(_ALIKE[name]), args, named))
    if (refused := refusals.of_count(name, args, named)) is not None:
        raise refused
    if name in refusals.MAKING and (refused := refusals.of_making(name, args, named)) is not None:
        raise refused
    is_first = name in refusals.FIRST or len(args) > 1 and name in refusals.FIRST_OF_TWO
    is_by_kind = name in conversions.NAMES or bool(args) and name.partition(".")[0] in _ASKED_FOR
    if is_first or is_by_kind:
        if (refused := refusals.refusal(name, args, named, by_kind=not is_first)) is not None:
            raise refused
    doubt = m.doubt
    try:
        given = yield from _given(m, function, args, named)
    except (Lost, Raised):
        if (refused := refusals.refusal(name, args, named)) is not None:  # Python's words are surer than ours
            raise refused from None
        raise
    if isinstance(given, Unknown) and given.value is UNSET and not any(map(is_unknown, (*args, *named.values()))):
        if (refused := refusals.refusal(name, args, named)) is not None:
            m.doubt = doubt
            raise refused
    if isinstance(given, Literal) and given.kind == MATCH and name.rpartition(".")[2] in _MATCHING:
        told = dict(zip(("pattern", "string", "pos", "endpos"), args, strict=False)) | dict(named)
        given.pattern, given.subject = told["pattern"], told["string"]
        if name.startswith("literal."):
            given.within = (known(told.get("pos", 0)), known(told.get("endpos")))
    return given


_MATCHING = ("match", "search", "fullmatch")
"""What gives a match of a pattern in a text."""


def _given(m: Interpreter, function: Builtin, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    name = function.name
    if (own := NATIVES.get(name)) is not None:
        return (yield from _by_own(m, own, name, args, named))
    if is_exception(function):
        return _exception(function, args, named)
    if name in conversions.NAMES:
        return (yield from conversions.converted(m, name, args, named))
    owner, _, method = name.rpartition(".")
    if owner and is_exception(Builtin(owner)) and f"Exception.{method}" in NATIVES:
        return (yield from called(m, Builtin(f"Exception.{method}"), args, named))
    if method == "__dir__" and len(args) == 1:
        return (yield from called(m, Builtin("dir"), args, {}))
    if args and owner in _WITH_METHODS:
        return (yield from _method(m, owner, method, args, named))
    return _unfollowed(m, name, args, named)


def _by_own(
    m: Interpreter, own: Callable[..., Any], name: str, args: Sequence[Value], named: Mapping[str, Value]
) -> Work:
    """What the function gives that stands for one; Python's words where it takes other arguments."""
    try:
        return (yield from done(own(m, *args, **named)))
    except (
        TypeError,
        AttributeError,
        ValueError,
        IndexError,
        OverflowError,
    ) as wrong:  # of ours, as it takes less than Python does
        refused = refusals.refusal(name, args, named) or refusals.refusal(name, args, named, of_shape=True)
        if refused is not None:
            raise refused from None
        if wrong.__traceback__ is None or wrong.__traceback__.tb_next is not None:
            raise
        raise Lost(name) from None


def _exception(kind: Builtin, args: Sequence[Value], named: Mapping[str, Value]) -> Object:
    told = next((names for each, names in _TOLD.items() if is_made_of(kind, Builtin(each))), ())
    if not {*named} <= {*told}:
        raise error("TypeError", f"{kind.name}() takes no keyword arguments")
    if named:
        return Object(kind, {each: named.get(each) for each in told}, held=tuple(args))
    if len(args) > 1 and is_made_of(kind, Builtin("OSError")):
        return _of_system(kind, *map(known, args))
    return Object(kind, held=tuple(args))


def _method(m: Interpreter, owner: str, method: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """A method of a value of Python's own classes, or of a pattern."""
    if owner == "literal":
        return (yield from _of_pattern(m, method, args, named))
    if method in _OF_METHODS and owner.removeprefix("collections.") in _OWNERS:
        plain = len(args) if method in _OF_TWO else 1
        given = (content_of(known(arg)) if number < plain else arg for number, arg in enumerate(args))
        return (yield from done(_OF_METHODS[method](m, *given)))
    if owner == "bytearray":
        given = yield from called(m, Builtin(f"bytes.{method}"), [octets_of(known(args[0])), *args[1:]], named)
        return List(list(given), "bytearray") if isinstance(given, bytes) else given
    if owner == "complex":
        return arithmetic.computed(getattr(complex, method), *args, **named)
    if owner in _OF_SCALARS:
        return (yield from texts.method(m, method, args, named))
    return _unfollowed(m, f"{owner}.{method}", args, named)


def _of_pattern(m: Interpreter, method: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    if method in _FROM_PLACES and named:
        places = {"pos": 0, "endpos": sys.maxsize} | {name: each for name, each in named.items() if name != "string"}
        args, named = [args[0], *args[1:2], *([named["string"]] if "string" in named else []), *places.values()], {}
        args = args if known(args[-1]) != sys.maxsize else args[:-1]
    if method in _ON_SUBJECTS:
        at = 2 if method in ("sub", "subn") else 1
        patterns.check_subject(args[0], args[at] if len(args) > at else named.get("string", Unknown()))
    if method in _OF_RE and (method != "sub" or len(args) > 2):
        return (yield from called(m, Builtin(f"re.{method}"), args, named))
    if method in ("groups", "groupdict") and [*named] == ["default"]:
        args, named = [*args, named["default"]], {}
    return (yield from texts.method(m, method, args, named))


def _unfollowed(m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """What is not known here is unknown, where it can have changed nothing. Raises Raised, Lost."""
    if (module := name.partition(".")[0]) in PURE or module in OPAQUE:
        m.doubted()
        return Unknown(is_filled=name in _CLOCKS)
    if (refused := refusals.of_abstract(name)) is not None:
        raise refused
    if "." in name and all(map(_is_harmless, (*args, *named.values()))):
        return m.unknown()
    raise Lost(name)


_CLOCKS = tuple(
    f"time.{name}{unit}" for name in "time monotonic perf_counter process_time".split() for unit in ("", "_ns")
)
"""What never says nothing."""


_FROM_PLACES = ("match", "search", "fullmatch", "findall", "finditer")
"""Methods of patterns that take from where to where they look."""
_ON_SUBJECTS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
_OF_RE = ("sub", "subn", "finditer")
"""Those that functions of `re` stand for."""


def _is_harmless(value: Value) -> bool:
    """Whether nothing that the program has changes, or runs, because a function is given this."""
    if is_unknown(value):
        return True
    value = content_of(known(value))
    return isinstance(value, (*IMMUTABLE, Builtin, Class)) or isinstance(value, tuple) and all(map(_is_harmless, value))


def _of_system(
    kind: Builtin,
    number: Value,
    text: Value,
    filename: Value = None,
    _: Value = None,
    other: Value = None,
    *more: Value,
) -> Object:
    """An `OSError` with its number, which may say which one it is (Objects/exceptions.c, `OSError_new`)."""
    if not isinstance(number, int) or more:
        raise Lost
    exact = type(OSError(number, "")).__name__ if kind.name in ("OSError", "IOError", "EnvironmentError") else kind.name
    told = {"filename": filename, "filename2": other}
    attributes = {name: each for name, each in told.items() if each is not None}
    return Object(Builtin(exact), attributes, held=(number, text))


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, *values: function(m, *(without_class(known(each)) for each in values))


def _as_binary(sign: str, is_reversed: bool = False) -> Callable[..., Any]:
    def run(m: Interpreter, left: Value, right: Value, *over: Value) -> Work:
        if sign == "**" and over:
            return (
                yield from invoke(m, Builtin("pow"), [*((right, left) if is_reversed else (left, right)), *over], {})
            )
        if isinstance(left, (int, float)) and not isinstance(right, int if isinstance(left, int) else (int, float)):
            return NOT_IMPLEMENTED
        return (yield from operators.binary(m, sign, *((right, left) if is_reversed else (left, right))))

    return _plainly(run)


def _as_function(name: str, is_reversed: bool = False) -> Callable[..., Any]:
    def run(m: Interpreter, *values: Value) -> Work:
        return (yield from invoke(m, Builtin(name), values[::-1] if is_reversed else values, {}))

    return _plainly(run)


def _as_unary(sign: str) -> Callable[..., Any]:
    return _plainly(lambda m, value: operators.unary(m, sign, value))


def _as_comparison(sign: str) -> Callable[..., Any]:
    return _plainly(lambda m, left, right: comparing.compared(m, sign, left, right))


_SIGNS = dict(
    zip(
        "add sub mul mod and or xor pow truediv floordiv lshift rshift".split(),
        "+ - * % & | ^ ** / // << >>".split(),
        strict=True,
    )
)
_FUNCTIONS = {
    **{f"__{name}__": name for name in "abs round divmod int float hash format bool".split()},
    **{f"__{name}__": f"math.{name}" for name in "ceil floor trunc".split()},
}
"""What methods of numbers do, as functions."""
_OF_METHODS: dict[str, Callable[..., Any]] = {
    **{name: _as_function(function) for name, function in _FUNCTIONS.items()},
    "__rdivmod__": _as_function("divmod", is_reversed=True),
    **{name: _as_unary(sign) for name, sign in (("__neg__", "-"), ("__pos__", "+"), ("__invert__", "~"))},
    "__iter__": _plainly(iterator_of),
    "__reversed__": _plainly(lambda m, value: invoke(m, Builtin("reversed"), [value], {})),
    "__contains__": partial(holding.contains, is_plain=True),
    "__delitem__": partial(holding.delete_item, is_plain=True),
    "__getitem__": partial(holding.item, is_plain=True),
    "__len__": _plainly(comparing.length),
    "__setitem__": partial(holding.set_item, is_plain=True),
    "__repr__": _plainly(rendered),
    "__str__": _plainly(written),
    **{f"__{name}__": _as_binary(sign) for name, sign in _SIGNS.items()},
    **{f"__r{name}__": _as_binary(sign, is_reversed=True) for name, sign in _SIGNS.items()},
    **{
        f"__{name}__": _as_comparison(sign)
        for name, sign in zip("eq ne lt le gt ge".split(), ("==", "!=", "<", "<=", ">", ">="), strict=True)
    },
}
"""What methods of Python's own classes do, as operations."""
_OF_TWO = frozenset(f"__{name}__" for name in "eq ne lt le gt ge add sub mul mod and or xor".split())
"""Those that take two values of one kind, each as what its class is made from."""


_OWNERS = frozenset(
    "list dict tuple str set frozenset bytes bytearray int float bool range deque defaultdict Counter OrderedDict".split()
)
_OF_SCALARS = frozenset("str bytes int float".split())
_WITH_METHODS = frozenset((*_OWNERS, *(f"collections.{name}" for name in _OWNERS), "literal", "complex"))


@native("len")
def _len(m: Interpreter, value: Value) -> Work:
    return comparing.length(m, value)


@native("print")
def _print(
    m: Interpreter, /, *values: Value, sep: Value = " ", end: Value = "\n", file: Value = None, flush: Value = False
) -> Work:
    for told, each in (("sep", sep), ("end", end)):
        if not is_unknown(each) and not isinstance(content_of(known(each)), (str, type(None))):
            raise error("TypeError", f"{told} must be None or a string, not {kind_name(known(each))}")
    target = file if file is not None else m.streams.get("stdout")
    target = None if is_unknown(target) else known(target)
    if isinstance(target, (int, float, str, bytes, tuple, List, Dict, Set)):
        yield from classes.attribute(m, target, "write")  # which it has not
    if isinstance(target, Object) and isinstance(target.kind, Class) and is_of_program(target.kind.module):
        yield from _printed_by_parts(m, values, (" " if sep is None else sep), "\n" if end is None else end, target)
        return
    texts = []
    for value in values:
        texts.append(Unknown() if isinstance(value, Unknown) else known((yield from written(m, value))))
    if isinstance(target, Object) and isinstance(target.kind, Class):
        between, last = " " if sep is None else known(sep), "\n" if end is None else known(end)
        text = Unknown() if any(map(is_unknown, texts)) else between.join(map(str, texts)) + last
        yield from invoke(m, (yield from classes.attribute(m, target, "write")), [text], {})


def _printed_by_parts(m: Interpreter, values: Sequence[Value], sep: Value, end: Value, target: Object) -> Work:
    """As `print` writes to what may look at each part (Python/bltinmodule.c, `builtin_print_impl`)."""
    for place, value in enumerate(values):
        if place:
            yield from invoke(m, (yield from classes.attribute(m, target, "write")), [sep], {})
        text = Unknown() if isinstance(value, Unknown) else (yield from written(m, value))
        yield from invoke(m, (yield from classes.attribute(m, target, "write")), [text], {})
    yield from invoke(m, (yield from classes.attribute(m, target, "write")), [end], {})


@native("repr")
def _repr(m: Interpreter, value: Value) -> Work:
    return rendered(m, value)


@native("str")
def _str(m: Interpreter, value: Value = "", *more: Value) -> Work:
    if more:
        if (own := own_method(known(value), "__bytes__")) is not None:
            value = yield from invoke(m, own, [value], {})
        return (yield from called(m, Builtin("bytes.decode"), [value, *more], {}))
    if is_unknown(value):
        return (yield from written(m, value))
    value = known(value)
    text = closed(value) if not isinstance(value, (str, Object, Range, complex)) else None
    if text is not None and not isinstance(value, (Dict, List, Set, View, tuple, Literal)):
        return m.questions.value(f"str({text})")
    return (yield from written(m, value))


@native("format")
def _format(m: Interpreter, value: Value, how: Value = "") -> Work:
    return operators.format_of(m, known(value), known(how))
