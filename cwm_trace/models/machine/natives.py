"""Python's own functions: those that call what the program hands them, or go through items, done so; all others asked for as a whole.

Knows in which order Python does what, as calls of the program's functions show it. Evaluates nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from cwm_trace.models.machine import arithmetic, classes, comparing, forms, holding, operators, refusals
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import calls, invoke
from cwm_trace.models.machine.code import OF_PROGRAM
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.iterators import collected, iterator_of
from cwm_trace.models.machine.layout import whole_of
from cwm_trace.models.machine.questions import arguments, operand
from cwm_trace.models.machine.rendering import rendered, written
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    OWN,
    UNSET,
    Builtin,
    Class,
    Dict,
    Hashed,
    List,
    Lost,
    Object,
    OwnDict,
    Raised,
    Range,
    Set,
    Unknown,
    Value,
    View,
    as_plain,
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

NATIVES: dict[str, Callable[..., Any]] = {}
"""By their names, with those of their modules or classes."""


_ASKED_FOR = ("str", "bytes")
"""Classes of which the network would know an answer to what they refuse, too."""
_WHOLE = frozenset("abs ascii bin bool chr complex divmod float hex int oct ord pow round".split())


_HOOKS = {name: f"__{name}__" for name in ("abs", "int", "float", "round", "complex", "divmod")}


_OF_FLOATS = 1000  # bits, which they have place for
_INDEXED = ("hex", "oct", "bin", "chr")
"""Functions of whole numbers, or of what says by `__index__` which it is."""


PURE = frozenset(
    "calendar datetime decimal fractions json locale math platform re statistics string textwrap time typing unicodedata"
    " secrets uuid zlib".split()
)
"""Modules whose functions change nothing that they are given: what they give is unknown, and no more."""


OPAQUE = frozenset("http socket sqlite3 ssl subprocess tokenize urllib xml".split())
"""Modules of which nothing is known but that they call no functions of the program: all that comes of them is unknown."""


def native(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function under these names."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        NATIVES.update(dict.fromkeys(names, function))
        return function

    return keep


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
    is_first = name in refusals.FIRST or len(args) > 1 and name in refusals.FIRST_OF_TWO
    is_by_kind = name in _WHOLE or bool(args) and name.partition(".")[0] in _ASKED_FOR
    if is_first or is_by_kind:
        if (refused := refusals.refusal(name, args, named, by_kind=not is_first)) is not None:
            raise refused
    doubt = m.doubt
    try:
        given = yield from _given(m, function, args, named)
    except Lost:
        if (refused := refusals.refusal(name, args, named)) is not None:
            raise refused from None
        raise
    if isinstance(given, Unknown) and given.value is UNSET and not any(map(is_unknown, (*args, *named.values()))):
        if (refused := refusals.refusal(name, args, named)) is not None:
            m.doubt = doubt
            raise refused
    return given


def _given(m: Interpreter, function: Builtin, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    name = function.name
    if (own := NATIVES.get(name)) is not None:
        try:
            given = own(m, *args, **named)
        except (TypeError, AttributeError) as wrong:
            if (refused := refusals.refusal(name, args, named, of_shape=True)) is not None:
                raise refused from None
            if wrong.__traceback__ is None or wrong.__traceback__.tb_next is not None:
                raise
            raise Lost(name) from None  # it takes other arguments
        return (yield from done(given))
    if is_exception(function):
        told = next((names for kind, names in _TOLD.items() if is_made_of(function, Builtin(kind))), ())
        if not {*named} <= {*told}:
            raise error("TypeError", f"{name}() takes no keyword arguments")
        if named:
            return Object(function, {each: named.get(each) for each in told}, held=tuple(args))
        if len(args) > 1 and is_made_of(function, Builtin("OSError")):
            return _of_system(function, *map(known, args))
        return Object(function, held=tuple(args))
    if name in _WHOLE:
        return (yield from _whole(m, name, args, named))
    owner, _, method = name.rpartition(".")
    if owner and is_exception(Builtin(owner)) and f"Exception.{method}" in NATIVES:
        return (yield from called(m, Builtin(f"Exception.{method}"), args, named))
    if owner == "literal" and method in _FROM_PLACES and named:
        places = {"pos": 0, "endpos": sys.maxsize} | {name: each for name, each in named.items() if name != "string"}
        args, named = [args[0], *args[1:2], *([named["string"]] if "string" in named else []), *places.values()], {}
        args = args if known(args[-1]) != sys.maxsize else args[:-1]
    if owner == "literal" and method in ("groups", "groupdict") and [*named] == ["default"]:
        args, named = [*args, named["default"]], {}
    if owner == "literal" and method == "sub" and len(args) > 2:
        return (yield from called(m, Builtin("re.sub"), args, named))
    if owner == "literal" and method == "subn":
        return (yield from called(m, Builtin("re.subn"), args, named))
    if owner == "literal" and method == "finditer":
        return (yield from called(m, Builtin("re.finditer"), args, named))
    if method == "__dir__" and len(args) == 1:
        return (yield from called(m, Builtin("dir"), args, {}))
    if method in _OF_METHODS and args and owner.removeprefix("collections.") in _OWNERS:
        plain = len(args) if method in _OF_TWO else 1
        given = (content_of(known(arg)) if number < plain else arg for number, arg in enumerate(args))
        return (yield from done(_OF_METHODS[method](m, *given)))
    if owner == "bytearray" and args:
        given = yield from called(m, Builtin(f"bytes.{method}"), [octets_of(known(args[0])), *args[1:]], named)
        return List(list(given), "bytearray") if isinstance(given, bytes) else given
    if owner == "complex" and args:
        return arithmetic.computed(getattr(complex, method), *args, **named)
    if owner in ("str", "bytes", "int", "float", "literal") and args:
        return (yield from of_text(m, method, args, named))
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


def _whole(m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    if any(map(is_unknown, args)):
        return m.unknown()
    if name == "ascii" and len(args) == 1:
        return (yield from operators.converted(m, args[0], name))
    args = [as_plain(known(arg)) for arg in args]
    if args and (own := own_method(args[0], _HOOKS.get(name, ""))) is not None:
        return (yield from invoke(m, own, args, named))
    if name == "bool" and len(args) == 1:
        return (yield from comparing.truth_of(m, args[0]))
    args = [content_of(arg) for arg in args]
    if name in (*_INDEXED, "int", "float", "complex") and args and isinstance(args[0], (Object, *OWN)):
        args[0] = yield from holding.as_index(m, args[0])
    if name == "divmod" and len(args) == 2 and any(isinstance(each, Object) for each in args):
        if (own := own_method(args[1], "__rdivmod__")) is not None:
            return (yield from invoke(m, own, [args[1], args[0]], {}))
        kinds = " and ".join(repr(kind_name(each)) for each in args)
        raise error("TypeError", f"unsupported operand type(s) for divmod(): {kinds}")
    if name == "round" and len(args) == 1 and "ndigits" in named:
        args, named = [*args, known(named["ndigits"])], {}
    if name == "round" and len(args) == 2 and args[1] is None:
        args = args[:1]
    if name == "round" and isinstance(args[0], int) and (len(args) == 1 or isinstance(args[1], int) and args[1] >= 0):
        return int(args[0])
    if (
        name == "int"
        and len(args) == 1
        and isinstance(args[0], float)
        and abs(args[0]) >= _ALL_WHOLE
        and args[0] - args[0] == 0
    ):
        return int(args[0])
    if name == "round" and len(args) == 2 and isinstance(args[0], float) and isinstance(args[1], int):
        decimals = repr(args[0]).partition(".")[2]
        if decimals.isdigit() and len(decimals) <= args[1]:
            return args[0]
    if name == "divmod" and len(args) == 2 and all(isinstance(each, (int, float)) for each in args) and args[1] != 0:
        if any(isinstance(each, float) for each in args):
            quotient = yield from operators.binary(m, "//", *args)
            return quotient, (yield from operators.binary(m, "%", *args))
    if len(args) == 1 and name == "float" and isinstance(args[0], bool):
        return float(args[0])
    if len(args) == 1 and name == "abs" and isinstance(args[0], (int, float)):
        return abs(args[0])
    if len(args) == 1 and name == "abs" and isinstance(args[0], complex):
        return arithmetic.computed(abs, args[0])
    if len(args) == 1 and name == "hex" and isinstance(args[0], Hashed):
        return f"0x{m.address(args[0])}"
    if len(args) == 1 and name == "float" and isinstance(args[0], float):
        return args[0]
    if name == "float" and len(args) == 1 and isinstance(args[0], int) and args[0].bit_length() > _OF_FLOATS:
        return arithmetic.computed(float, args[0])
    if name in ("int", "round") and len(args) == 1 and isinstance(args[0], float) and args[0] - args[0] != 0:
        is_number = args[0] == args[0]
        kind, what = ("OverflowError", "infinity") if is_number else ("ValueError", "NaN")
        raise error(kind, f"cannot convert float {what} to integer")
    if name == "int" and len(args) == 1 and "base" in named:
        args.append(known(named["base"]))
    if (
        name in ("int", "float")
        and args
        and isinstance(args[0], (bytes, List))
        and kind_name(args[0]).startswith("byte")
    ):
        return (yield from _of_digits(m, name, args))
    if name == "int" and len(args) == 2 and isinstance(args[0], str) and isinstance(args[1], int):
        return whole_of(m, args[0], args[1])
    if name == "round" and len(args) == 2 and isinstance(args[0], float) and isinstance(args[1], int) and args[1] < 0:
        return arithmetic.computed(round, *args)  # a float has no tens that would be rounded as those of a whole number
    if name == "round" and len(args) == 2 and isinstance(args[0], int) and isinstance(args[1], int) and args[1] < 0:
        return _rounded(m, args[0], args[1])
    if name == "complex" and all(
        isinstance(each, (int, float, complex)) for each in (*args, *map(known, named.values()))
    ):
        return complex(*args, **{each: known(value) for each, value in named.items()})
    if len(args) == 1 and name == "float" and isinstance(args[0], str):
        return _number(args[0])
    if len(args) == 1 and name == "complex" and isinstance(args[0], str):
        return arithmetic.computed(complex, args[0])
    if args and name in ("int", "float") and isinstance(args[0], (List, Dict, Set, tuple, type(None))):
        what = "a string, a bytes-like object or a real number" if name == "int" else "a string or a real number"
        raise error("TypeError", f"{name}() argument must be {what}, not '{kind_name(args[0])}'")
    return m.questions.value(f"{name}({arguments(args, dict(named))})")


_ALL_WHOLE = 2.0**53  # from which on every float is a whole number


def _of_digits(m: Interpreter, name: str, args: Sequence[Value]) -> Work:
    """A number that bytes spell."""
    octets = arithmetic.plain(args[0])
    text = octets.decode("latin-1")
    try:
        return (yield from _whole(m, name, [text, *args[1:]], {}))
    except Raised as raised:
        if not raised.is_a("ValueError"):
            raise
        (said,) = raised.error.held
        shown = closed(args[0]) if name == "float" else repr(octets)
        raise error("ValueError", str(said).replace(repr(text), shown or "")) from None


def _rounded(m: Interpreter, number: int, places: int) -> Value:
    """A whole number to tens, hundreds and so on, halves to the even one."""
    unit = 10**-places
    whole = m.questions.sure(f"{operand(number)} // {unit}")
    rest = m.questions.sure(f"{operand(number)} % {unit}")
    twice = m.questions.sure(f"{rest} * 2")
    is_odd = m.questions.sure(f"{operand(whole)} % 2") == 1
    if m.questions.holds(f"{twice} > {unit}") or m.questions.holds(f"{twice} == {unit}") and is_odd:
        whole = m.questions.sure(f"{operand(whole)} + 1")
    return m.questions.value(f"{operand(whole)} * {unit}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise error("ValueError", f"could not convert string to float: {text!r}") from None


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, *values: function(m, *(without_class(known(each)) for each in values))


def _as_binary(sign: str) -> Callable[..., Any]:
    return _plainly(lambda m, left, right: operators.binary(m, sign, left, right))


def _as_comparison(sign: str) -> Callable[..., Any]:
    return _plainly(lambda m, left, right: comparing.compared(m, sign, left, right))


_OF_METHODS: dict[str, Callable[..., Any]] = {
    "__iter__": _plainly(iterator_of),
    "__reversed__": _plainly(lambda m, value: invoke(m, Builtin("reversed"), [value], {})),
    "__contains__": partial(holding.contains, is_plain=True),
    "__delitem__": partial(holding.delete_item, is_plain=True),
    "__getitem__": partial(holding.item, is_plain=True),
    "__len__": _plainly(comparing.length),
    "__setitem__": partial(holding.set_item, is_plain=True),
    "__repr__": _plainly(rendered),
    "__str__": _plainly(written),
    **{
        f"__{name}__": _as_binary(sign)
        for name, sign in zip(
            "add sub mul mod and or xor pow truediv floordiv lshift rshift".split(),
            "+ - * % & | ^ ** / // << >>".split(),
            strict=True,
        )
    },
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


def _by_place(args: Sequence[Value], named: Mapping[str, Value]) -> list[Value]:
    """What `split` is given by name, too, by its place."""
    given = {"sep": None, "maxsplit": -1} | dict(zip(("sep", "maxsplit"), args[1:], strict=False)) | dict(named)
    is_all = given["maxsplit"] == -1 and given["sep"] is not None
    return [args[0], given["sep"]] if is_all else [args[0], *given.values()]


def of_text(m: Interpreter, method: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """A method of a text or a number, with what it is given gone through before. Raises Raised, Lost."""
    if any(map(is_unknown, args)):
        return m.unknown()
    if method == "split" and not {"sep", "maxsplit"}.isdisjoint(named):
        args, named = _by_place(args, named), {}
    owner, *others = (
        known(arg) if place and method == "format" else content_of(known(arg)) for place, arg in enumerate(args)
    )
    if method in _PLACING and others and others[0] == "" and isinstance(owner, str):
        return getattr(owner, method)(*others)  # nothing is found where it is looked for
    if method in _COUNTING:
        others = [int(each) if isinstance(each, bool) else each for each in others]
    if method == "join" and len(others) == 1:
        items = [content_of(known(each)) for each in (yield from collected(m, others[0], is_list=True))]
        if isinstance(owner, bytes):
            items = [each if octets_of(each) is None else octets_of(each) for each in items]
        for place, item in enumerate(map(known, items)):
            if not isinstance(item, type(owner)):
                text = f"sequence item {place}: expected {type(owner).__name__} instance, {kind_name(item)} found"
                raise error("TypeError", text)
        others = [List(items)]
        if isinstance(owner, bytes):
            parts = [owner if place % 2 else known(items[place // 2]) for place in range(2 * len(items) - 1)]
            return b"".join(parts)
    if method == "format" and isinstance(owner, str):
        return (yield from forms.formatted(m, owner, others, named))
    if (
        method == "format_map"
        and len(others) == 1
        and isinstance(others[0], Dict)
        and not isinstance(others[0], OwnDict)
    ):
        return (yield from forms.formatted(m, owner, (), dict(zip(others[0].keys, others[0].values, strict=True))))
    if method == "format_map" and len(others) == 1 and isinstance(others[0], (Object, OwnDict)):
        return (yield from forms.formatted(m, owner, (), others[0]))
    if isinstance(owner, bytes) and method in _OF_OCTETS:
        return (yield from _of_octets(m, method, owner, others, named))
    if isinstance(owner, str) and method in _TESTS and not others:
        if len(owner) == 1 and not owner.isascii():
            return getattr(owner, method)()  # which its tables say
        return m.questions.holds(f"{owner!r}.{method}()")
    return m.questions.value(f"{operand(owner)}.{method}({arguments(others, dict(named))})")


_PLACING = frozenset("endswith find index rfind rindex startswith".split())
_COUNTING = frozenset("center expandtabs ljust replace rjust rsplit split zfill".split())
"""Methods of texts that take numbers, as which truth values count."""
_TESTS = frozenset(
    "isalnum isalpha isascii isdecimal isdigit islower isnumeric isprintable isspace istitle isupper".split()
)


_OF_OCTETS = (_TESTS - {"isdecimal", "isnumeric", "isprintable"}) | frozenset(
    "capitalize center count endswith expandtabs find index ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust"
    " rpartition rstrip split splitlines startswith strip swapcase title upper zfill".split()
)
"""Methods of bytes that do what those of texts do, as far as all are ASCII."""


_BY_PLACE = frozenset(
    "count endswith find index join partition removeprefix removesuffix replace rfind rindex rpartition rsplit split startswith"
    " strip lstrip rstrip center ljust rjust".split()
)
"""Those that do so whatever the bytes are."""


_BY_NUMBER = frozenset("count find index rfind rindex".split())
"""Methods of bytes that take one of these as a number, too."""


def _of_octets(m: Interpreter, method: str, owner: bytes, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """A method of bytes, as that of the text of these characters. Raises Raised, Lost."""
    if method in _BY_NUMBER and args and isinstance(args[0], int) and 0 <= args[0] < 256:
        args = [bytes([args[0]]), *args[1:]]

    def as_text(value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(map(as_text, value))
        octets = octets_of(value)
        if octets is None:
            return value
        is_by_kind = method not in _BY_PLACE or method in ("split", "rsplit", "strip", "lstrip", "rstrip") and not args
        if is_by_kind and (not octets.isascii() or any(each in octets for each in b"\x1c\x1d\x1e\x1f")):
            raise Lost
        return octets.decode("latin-1")

    text, *others = map(as_text, (owner, *args))
    function = NATIVES.get(f"str.{method}")
    try:
        if function is not None:
            given = yield from done(function(m, text, *others, **named))
        else:
            given = yield from of_text(m, method, [text, *others], named)
    except Raised as raised:
        if not raised.is_a("ValueError") or raised.error.held != ("substring not found",):
            raise
        raise error("ValueError", "subsection not found") from None
    return _as_octets(known(given))


def _as_octets(value: Value) -> Value:
    match value:
        case str():
            return value.encode("latin-1")
        case tuple():
            return tuple(map(_as_octets, value))
        case List():
            return List([_as_octets(known(each)) for each in value.items])
    return value


@native("len")
def _len(m: Interpreter, value: Value) -> Work:
    return comparing.length(m, value)


@native("print")
def _print(
    m: Interpreter, /, *values: Value, sep: Value = " ", end: Value = "\n", file: Value = None, **_: Value
) -> Work:
    target = file if file is not None else m.streams.get("stdout")
    target = None if is_unknown(target) else known(target)
    if isinstance(target, Object) and isinstance(target.kind, Class) and target.kind.module in OF_PROGRAM:
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
    if text is not None and not isinstance(value, (Dict, List, Set, View, tuple)):
        return m.questions.value(f"str({text})")
    return (yield from written(m, value))


@native("format")
def _format(m: Interpreter, value: Value, how: Value = "") -> Work:
    return operators.format_of(m, known(value), known(how))
