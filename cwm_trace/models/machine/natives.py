"""Python's own functions: those that call what the program hands them, or go through items, done so; all others asked for as a whole.

Knows in which order Python does what, as calls of the program's functions show it. Evaluates nothing.
"""

from __future__ import annotations

import collections.abc
import numbers
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
)
from typing import Any

from cwm_trace.models.machine import arithmetic, classes, comparing, forms, holding, naming, operators, records, sets
from cwm_trace.models.machine.calls import calls, invoke
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter, Paused, Work, done
from cwm_trace.models.machine.iterators import MOST_ITEMS, Iterator, collected, iterator_of, over_items, step
from cwm_trace.models.machine.layout import whole_of
from cwm_trace.models.machine.questions import arguments, operand, text_of
from cwm_trace.models.machine.rendering import OTHER_CLASSES, rendered, written
from cwm_trace.models.machine.values import (
    END,
    IMMUTABLE,
    OWN,
    PLAIN_KINDS,
    Alias,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    Hashed,
    List,
    Lost,
    Method,
    Names,
    Native,
    Object,
    OwnDict,
    OwnList,
    Raised,
    Range,
    Set,
    Slice,
    Super,
    Unknown,
    Value,
    View,
    as_plain,
    class_of,
    closed,
    content_of,
    dict_from,
    error,
    find,
    is_abstract_name,
    is_exception,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    octets_of,
)

NATIVES: dict[str, Callable[..., Any]] = {}
"""By their names, with those of their modules or classes."""
_WHOLE = frozenset("abs ascii bin bool chr complex divmod float hex int oct ord pow round".split())
_HOOKS = {name: f"__{name}__" for name in ("abs", "int", "float", "round", "complex", "divmod")}
_INDEXED = ("hex", "oct", "bin", "chr")
"""Functions of whole numbers, or of what says by `__index__` which it is."""
PURE = frozenset(
    "calendar datetime decimal fractions json locale math platform re statistics string textwrap time typing unicodedata"
    " secrets uuid zlib".split()
)
"""Modules whose functions change nothing that they are given: what they give is unknown, and no more."""
CHECKED = "_is_runtime_protocol"
"""What a class has whose objects `isinstance` tells by their members."""
_SMALL = 64  # items: CPython sorts fewer in one way, which the calls of a program's `__lt__` show


def native(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function under these names."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        NATIVES.update(dict.fromkeys(names, function))
        return function

    return keep


@calls(Builtin)
def called(m: Interpreter, function: Builtin, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What one of Python's own gives. Raises Raised, Lost."""
    name = function.name
    if (own := NATIVES.get(name)) is not None:
        try:
            given = own(m, *args, **named)
        except TypeError as wrong:
            if wrong.__traceback__ is None or wrong.__traceback__.tb_next is not None:
                raise
            raise Lost(name) from None  # it takes other arguments, of which the program's error would tell
        return (yield from done(given))
    if is_exception(function):
        if named:
            raise error("TypeError", f"{name}() takes no keyword arguments")
        if len(args) > 1 and is_made_of(function, Builtin("OSError")):
            return _of_system(function, *map(known, args))
        return Object(function, held=tuple(args))
    if name in _WHOLE:
        return (yield from _whole(m, name, args, named))
    owner, _, method = name.rpartition(".")
    if owner == "literal" and method == "sub" and len(args) > 2:
        return (yield from called(m, Builtin("re.sub"), args, named))
    if owner == "literal" and method == "subn":
        return (yield from called(m, Builtin("re.subn"), args, named))
    if owner == "literal" and method == "finditer":
        return (yield from called(m, Builtin("re.finditer"), args, named))
    if method in _OF_METHODS and args and owner in _OWNERS:
        return (yield from done(_OF_METHODS[method](m, *args)))
    if owner == "bytearray" and args:
        given = yield from called(m, Builtin(f"bytes.{method}"), [octets_of(known(args[0])), *args[1:]], named)
        return List(list(given), "bytearray") if isinstance(given, bytes) else given
    if owner == "complex" and args:
        return arithmetic.computed(getattr(complex, method), *args, **named)
    if owner in ("str", "bytes", "int", "float", "literal") and args:
        return (yield from of_text(m, method, args, named))
    if name.partition(".")[0] in PURE:
        return m.unknown()
    raise Lost(name)


def _of_system(kind: Builtin, number: Value, text: Value, filename: Value = None, *others: Value) -> Object:
    """An `OSError` with its number, which may say which one it is (Objects/exceptions.c, `OSError_new`)."""
    if not isinstance(number, int) or others:
        raise Lost
    exact = type(OSError(number, "")).__name__ if kind.name in ("OSError", "IOError", "EnvironmentError") else kind.name
    attributes = {} if filename is None else {"filename": filename}
    return Object(Builtin(exact), attributes, held=(number, text))


def _whole(m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    if any(map(is_unknown, args)):
        return m.unknown()
    args = [as_plain(known(arg)) for arg in args]
    if args and (not isinstance(args[0], Object) or find(args[0].kind, _HOOKS.get(name, "")) is None):
        args = [content_of(arg) for arg in args]
    if args and isinstance(args[0], Object) and (own := find(args[0].kind, _HOOKS.get(name, ""))) is not None:
        return (yield from invoke(m, own, args, named))
    if name in _INDEXED and args and isinstance(args[0], Object):
        args[0] = yield from holding.as_index(m, args[0])
    if name == "divmod" and len(args) == 2 and any(isinstance(each, Object) for each in args):
        if isinstance(args[1], Object) and (own := find(args[1].kind, "__rdivmod__")) is not None:
            return (yield from invoke(m, own, [args[1], args[0]], {}))
        kinds = " and ".join(repr(kind_name(each)) for each in args)
        raise error("TypeError", f"unsupported operand type(s) for divmod(): {kinds}")
    if len(args) == 1 and name == "abs" and isinstance(args[0], (int, float)):
        return abs(args[0])
    if len(args) == 1 and name == "abs" and isinstance(args[0], complex):
        return arithmetic.computed(abs, args[0])
    if len(args) == 1 and name == "float" and isinstance(args[0], float):
        return args[0]
    if name == "int" and len(args) == 1 and isinstance(args[0], float) and args[0] - args[0] != 0:
        is_number = args[0] == args[0]
        kind, what = ("OverflowError", "infinity") if is_number else ("ValueError", "NaN")
        raise error(kind, f"cannot convert float {what} to integer")
    if name == "int" and len(args) == 1 and "base" in named:
        args.append(known(named["base"]))
    if name == "int" and len(args) == 2 and isinstance(args[0], str) and isinstance(args[1], int):
        return whole_of(m, args[0], args[1])
    if name == "round" and len(args) == 2 and isinstance(args[0], int) and isinstance(args[1], int) and args[1] < 0:
        return _rounded(m, args[0], args[1])
    if name == "complex" and len(args) == 2 and all(isinstance(each, (int, float)) for each in args):
        return complex(*args)
    if len(args) == 1 and name == "float" and isinstance(args[0], str):
        return _number(args[0])
    if name == "bool" and len(args) == 1:
        return (yield from comparing.truth_of(m, args[0]))
    if args and name in ("int", "float") and isinstance(args[0], (List, Dict, Set, tuple, type(None))):
        what = "a string, a bytes-like object or a real number" if name == "int" else "a string or a real number"
        raise error("TypeError", f"{name}() argument must be {what}, not '{kind_name(args[0])}'")
    return m.questions.value(f"{name}({arguments(args, dict(named))})")


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


def _without_class(value: Value) -> Value:
    """What a class that is made from `list` or `dict` adds to, without that."""
    if isinstance(value, OwnList):
        return List(value.items)
    return Dict(value.keys, value.values) if isinstance(value, OwnDict) else value


def _as_binary(sign: str) -> Callable[..., Any]:
    return lambda m, left, right: operators.binary(m, sign, left, right)


def _as_comparison(sign: str) -> Callable[..., Any]:
    return lambda m, left, right: comparing.compared(m, sign, left, right)


_OF_METHODS: dict[str, Callable[..., Any]] = {
    "__iter__": iterator_of,
    "__contains__": partial(holding.contains, is_plain=True),
    "__delitem__": partial(holding.delete_item, is_plain=True),
    "__getitem__": partial(holding.item, is_plain=True),
    "__len__": comparing.length,
    "__setitem__": partial(holding.set_item, is_plain=True),
    "__repr__": lambda m, value: rendered(m, _without_class(known(value))),
    "__str__": lambda m, value: written(m, _without_class(known(value))),
    **{
        f"__{name}__": _as_binary(sign)
        for name, sign in zip("add sub mul mod and or xor".split(), "+-*%&|^", strict=True)
    },
    **{
        f"__{name}__": _as_comparison(sign)
        for name, sign in zip("eq ne lt le gt ge".split(), ("==", "!=", "<", "<=", ">", ">="), strict=True)
    },
}
"""What methods of Python's own classes do, as operations."""
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
    owner, *others = (content_of(known(arg)) for arg in args)
    if method == "join" and len(others) == 1:
        items = [content_of(known(each)) for each in (yield from collected(m, others[0], is_list=True))]
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
    if method == "format_map" and len(others) == 1 and isinstance(others[0], Dict):
        return (yield from forms.formatted(m, owner, (), dict(zip(others[0].keys, others[0].values, strict=True))))
    if isinstance(owner, bytes) and method in _OF_OCTETS:
        return (yield from _of_octets(m, method, owner, others, named))
    if isinstance(owner, str) and method in _TESTS and not others:
        if len(owner) == 1 and not owner.isascii():
            return getattr(owner, method)()  # which its tables say
        return m.questions.holds(f"{owner!r}.{method}()")
    return m.questions.value(f"{operand(owner)}.{method}({arguments(others, dict(named))})")


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


def _of_octets(m: Interpreter, method: str, owner: bytes, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """A method of bytes, as that of the text of these characters. Raises Raised, Lost."""

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
def _print(m: Interpreter, *values: Value, sep: Value = " ", end: Value = "\n", file: Value = None, **_: Value) -> Work:
    texts = []
    for value in values:
        texts.append(Unknown() if isinstance(value, Unknown) else known((yield from written(m, value))))
    target = file if file is not None else m.streams.get("stdout")
    target = None if is_unknown(target) else known(target)
    if isinstance(target, Object) and isinstance(target.kind, Class):
        between, last = " " if sep is None else known(sep), "\n" if end is None else known(end)
        text = Unknown() if any(map(is_unknown, texts)) else between.join(map(str, texts)) + last
        yield from invoke(m, (yield from classes.attribute(m, target, "write")), [text], {})


@native("repr")
def _repr(m: Interpreter, value: Value) -> Work:
    return rendered(m, value)


@native("str")
def _str(m: Interpreter, value: Value = "", *more: Value) -> Work:
    if more:
        return m.questions.value(f"str({arguments([value, *more], {})})")
    if is_unknown(value):
        return (yield from written(m, value))
    value = known(value)
    text = closed(value) if not isinstance(value, (str, Object)) else None
    if text is not None and not isinstance(value, (Dict, View)):
        return m.questions.value(f"str({text})")
    return (yield from written(m, value))


@native("format")
def _format(m: Interpreter, value: Value, how: Value = "") -> Work:
    return operators.format_of(m, known(value), known(how))


@native("range")
def _range(m: Interpreter, *bounds: Value) -> Work:
    numbers = []
    for bound in bounds:
        numbers.append((yield from holding.as_index(m, bound)))
    for number in numbers:
        if not isinstance(number, int):
            raise error("TypeError", f"'{kind_name(number)}' object cannot be interpreted as an integer")
    start, stop, step_by = [0, *numbers, 1] if len(numbers) == 1 else [*numbers, 1][:3]
    if step_by == 0:
        raise error("ValueError", "range() arg 3 must not be zero")
    return Range(int(start), int(stop), int(step_by))


@native("slice")
def _slice(m: Interpreter, *bounds: Value) -> Value:
    return Slice(None, bounds[0], None) if len(bounds) == 1 else Slice(*bounds, *[None] * (3 - len(bounds)))


@native("iter")
def _iter(m: Interpreter, value: Value, *end: Value) -> Work:
    if not end:
        return (yield from iterator_of(m, value))

    def advance(m: Interpreter) -> Work:
        given = yield from invoke(m, value, [], {})
        return END if (yield from comparing.same(m, given, end[0])) else given

    return Iterator("<callable_iterator object>", advance, (value,))


@native("next")
def _next(m: Interpreter, iterator: Value, *default: Value) -> Work:
    iterator = known(iterator)
    if isinstance(iterator, Object) and (advance := find(iterator.kind, "__next__")) is not None:
        try:
            return (yield from invoke(m, advance, [iterator], {}))
        except Raised as raised:
            if not default or not raised.is_a("StopIteration"):
                raise
            return default[0]
    given = yield from step(m, iterator)
    if given is not END:
        return given
    if default:
        return default[0]
    raise Raised(m.stop) if m.stop is not None else error("StopIteration")


@native("enumerate")
def _enumerate(m: Interpreter, over: Value, start: Value = 0) -> Work:
    inner, number = (yield from iterator_of(m, over)), known(start)

    def advance(m: Interpreter) -> Work:
        nonlocal number
        item = yield from step(m, inner)
        if item is END:
            return END
        given = number
        number = m.questions.sure(f"{number} + 1")
        return (given, item)

    return Iterator("<enumerate object>", advance, (inner,))


def _iterators_of(m: Interpreter, overs: Sequence[Value]) -> Work:
    made = []
    for over in overs:
        made.append((yield from iterator_of(m, over)))
    return made


def _one_of_each(m: Interpreter, iterators: Sequence[Value]) -> Work:
    """The next item of each; END where one has no more, and those behind it are not asked."""
    items = []
    for each in iterators:
        item = yield from step(m, each)
        if item is END:
            return END
        items.append(item)
    return items


def _check_ended(m: Interpreter, inner: Sequence[Value]) -> Work:
    """Raises Raised where one of several iterators has ended before the others, or after them."""
    first = next(place for place, each in enumerate(inner) if getattr(each, "ended", True))
    before = "argument 1" if first == 1 else f"arguments 1-{first}"
    if first:
        raise error("ValueError", f"zip() argument {first + 1} is shorter than {before}")
    for place, each in enumerate(inner[1:], 1):
        if (yield from step(m, each)) is not END:
            before = "argument 1" if place == 1 else f"arguments 1-{place}"
            raise error("ValueError", f"zip() argument {place + 1} is longer than {before}")


@native("zip")
def _zip(m: Interpreter, *overs: Value, strict: Value = False) -> Work:
    inner = yield from _iterators_of(m, overs)

    def advance(m: Interpreter) -> Work:
        items = yield from _one_of_each(m, inner)
        if items is END and known(strict):
            yield from _check_ended(m, inner)
        return tuple(items) if items is not END and items else END

    return Iterator("<zip object>", advance, inner)


@native("map")
def _map(m: Interpreter, function: Value, *overs: Value) -> Work:
    inner = yield from _iterators_of(m, overs)

    def advance(m: Interpreter) -> Work:
        items = yield from _one_of_each(m, inner)
        return END if items is END else (yield from invoke(m, function, items, {}))

    return Iterator("<map object>", advance, [*inner, function])


@native("filter")
def _filter(m: Interpreter, function: Value, over: Value) -> Work:
    inner = yield from iterator_of(m, over)

    def advance(m: Interpreter) -> Work:
        while (item := (yield from step(m, inner))) is not END:
            passes = item if function is None else (yield from invoke(m, function, [item], {}))
            if (yield from comparing.truth_of(m, passes)):
                return item
        return END

    return Iterator("<filter object>", advance, (inner, function))


@native("reversed")
def _reversed(m: Interpreter, over: Value) -> Work:
    over = known(over)
    match over:
        case List():
            return _backwards(over)
        case Range():
            numbers = yield from collected(m, over)
            return over_items(numbers[::-1], "range_iterator")
        case str() | tuple():
            return over_items(list(over)[::-1], "reversed")
        case Dict() | View():
            held = over if isinstance(over, Dict) else over.over
            kind = "keys" if isinstance(over, Dict) else over.kind
            pairs = list(zip(held.keys, held.values, strict=True))[::-1]
            items = {"keys": [key for key, _ in pairs], "values": [value for _, value in pairs], "items": pairs}[kind]
            return over_items(items, f"dict_reverse{kind.removesuffix('s')}iterator")
        case Object():
            if (own := find(over.kind, "__reversed__")) is not None:
                return (yield from invoke(m, own, [over], {}))
            if (get := find(over.kind, "__getitem__")) is None:
                raise Lost
            size = known((yield from comparing.length(m, over)))

            def backwards(m: Interpreter) -> Work:
                nonlocal size
                size -= 1
                return END if size < 0 else (yield from invoke(m, get, [over, size], {}))

            return Iterator("<reversed object>", backwards, (over,))
    raise error("TypeError", f"'{kind_name(over)}' object is not reversible")


def _backwards(over: List) -> Iterator:
    """Over a list that may change meanwhile, from its end."""
    place = len(over.items)

    def advance(_: Interpreter) -> Value:
        nonlocal place
        place -= 1
        return over.items[place] if 0 <= place < len(over.items) else END

    shown = "list_reverseiterator" if over.kind == "list" else "_collections._deque_reverse_iterator"
    return Iterator(f"<{shown} object>", advance, (over,))


@native("list")
def _list(m: Interpreter, over: Value = ()) -> Work:
    return List((yield from collected(m, over, is_list=True)))


@native("tuple")
def _tuple(m: Interpreter, over: Value = ()) -> Work:
    return tuple((yield from collected(m, over, is_list=True)))


@native("set")
def _set(m: Interpreter, over: Value = ()) -> Work:
    if isinstance(known(over), Set) and not known(over).has_order:
        return Set([*known(over).items], has_order=False)
    if not isinstance(known(over), Paused):
        return (yield from holding.set_of(m, (yield from collected(m, over)), known(over)))
    items, iterator = list[Value](), known(over)
    while (item := (yield from step(m, iterator))) is not END:  # each has its place before the next one comes
        yield from comparing.hashed(m, item)
        items.append(item)
    return (yield from holding.set_of(m, items, has_hashes=True))


@native("frozenset")
def _frozenset(m: Interpreter, over: Value = ()) -> Work:
    made = yield from _set(m, over)
    made.kind = "frozenset"
    return made


@native("dict")
def _dict(m: Interpreter, *more: Value, **named: Value) -> Work:
    made = Dict()
    yield from holding.updated(m, made, more[0] if more else (), named)
    return made


@native("any")
def _any(m: Interpreter, over: Value) -> Work:
    return (yield from _first_that(m, over, True))


@native("all")
def _all(m: Interpreter, over: Value) -> Work:
    return not (yield from _first_that(m, over, False))


def _first_that(m: Interpreter, over: Value, wanted: bool) -> Work:
    """Whether an item is so."""
    iterator = yield from iterator_of(m, over)
    while (item := (yield from step(m, iterator))) is not END:
        if (yield from comparing.truth_of(m, item)) is wanted:
            return True
    return False


@native("sum")
def _sum(m: Interpreter, over: Value, start: Value = 0) -> Work:
    if isinstance(start, str):
        raise error("TypeError", "sum() can't sum strings [use ''.join(seq) instead]")
    iterator = yield from iterator_of(m, over)
    items = list[Value]()
    while (item := (yield from step(m, iterator))) is not END and _is_summed(item) and _is_summed(start):
        items.append(item)
        if len(items) > MOST_ITEMS:
            raise Lost
    total = _sum_of_numbers(m, items, start) if items else start
    while item is not END:  # another one, whose class may have its own way
        total = yield from operators.binary(m, "+", total, item)
        item = yield from step(m, iterator)
    return total


def _is_summed(value: Value) -> bool:
    return not is_unknown(value) and isinstance(known(value), (int, float))


def _sum_of_numbers(m: Interpreter, items: Sequence[Value], start: Value) -> Value:
    more = "" if start == 0 and isinstance(start, int) else f", {text_of(start)}"
    numbers = [int(each) if isinstance(each, bool) else each for each in map(known, items)]
    return m.questions.value(f"sum([{', '.join(map(text_of, numbers))}]{more})")


@native("min")
def _min(m: Interpreter, *values: Value, key: Value = None, **default: Value) -> Work:
    return (yield from _best(m, "<", values, key, default))


@native("max")
def _max(m: Interpreter, *values: Value, key: Value = None, **default: Value) -> Work:
    return (yield from _best(m, ">", values, key, default))


def _best(m: Interpreter, sign: str, values: Sequence[Value], key: Value, default: Mapping[str, Value]) -> Work:
    if len(values) == 1:
        iterator = yield from iterator_of(m, values[0])
    else:
        iterator = over_items(list(values), "list_iterator")
    best: Any = END
    best_key: Value = None
    while (item := (yield from step(m, iterator))) is not END:
        given = item if key is None else (yield from invoke(m, key, [item], {}))
        if best is not END and (is_unknown(given) or is_unknown(best_key)):
            best = best_key = m.unknown()
        elif best is END or (yield from _holds(m, sign, given, best_key)):
            best, best_key = item, given
    if best is not END:
        return best
    if "default" in default:
        return default["default"]
    name = "min" if sign == "<" else "max"
    raise error("ValueError", f"{name}() arg is an empty sequence")


def _holds(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    return (yield from comparing.truth_of(m, (yield from comparing.compared(m, sign, left, right))))


@native("sorted")
def _sorted(m: Interpreter, over: Value, key: Value = None, reverse: Value = False) -> Work:
    if isinstance(known(over), Set) and key is None and _is_plain(known(over).items):
        items = list(known(over).items)  # whatever their order was
    else:
        items = yield from collected(m, over, is_list=True)
    return List((yield from in_order(m, items, key, known(reverse))))


def in_order(m: Interpreter, items: Sequence[Value], key: Value, is_down: bool) -> Work:
    """As `list.sort` does it for short lists: the run at the beginning, then each item put into its place by halves. Raises Raised, Lost."""
    keys = []
    for item in items:
        keys.append(item if key is None else (yield from invoke(m, key, [item], {})))
    if any(map(is_unknown, keys)):
        return [m.unknown() for _ in items]
    if len(items) >= _SMALL and any(isinstance(known(each), Object) for each in keys):
        raise Lost
    if key is None and _is_plain(items):
        told = m.questions.value(f"sorted([{', '.join(map(text_of, items))}]{', reverse=True' if is_down else ''})")
        if not isinstance(told, Unknown) and len(told.items) == len(items):
            return list(told.items)
    pairs = list(zip(keys, items, strict=True))
    pairs = (yield from _by_halves(m, pairs[::-1]))[::-1] if is_down else (yield from _by_halves(m, pairs))
    return [item for _, item in pairs]


def _is_plain(items: Sequence[Value]) -> bool:
    """Whether all are texts, or all whole numbers."""
    kinds = {type(known(item)) for item in items}
    return len(items) > 1 and kinds in ({str}, {int})


def _by_halves(m: Interpreter, pairs: list[tuple[Value, Value]]) -> Work:
    if len(pairs) < 2:
        return pairs
    run, falls = 2, (yield from _holds(m, "<", pairs[1][0], pairs[0][0]))
    while run < len(pairs) and (yield from _holds(m, "<", pairs[run][0], pairs[run - 1][0])) is falls:
        run += 1
    made = pairs[:run][::-1] if falls else pairs[:run]
    for pair in pairs[run:]:
        low, high = 0, len(made)
        while low < high:
            middle = (low + high) // 2
            if (yield from _holds(m, "<", pair[0], made[middle][0])):
                high = middle
            else:
                low = middle + 1
        made.insert(low, pair)
    return made


@native("isinstance")
def _isinstance(m: Interpreter, value: Value, kinds: Value) -> Value:
    if is_unknown(value):
        return m.unknown()
    return any(_is_one(value, kind) for kind in _kinds(kinds))


@native("issubclass")
def _issubclass(m: Interpreter, value: Value, kinds: Value) -> Value:
    return any(_is_below(known(value), kind) for kind in _kinds(kinds))


def _is_below(value: Value, kind: Value) -> bool:
    """Whether a class is another, or made from it, or counts as an abstract one. Raises Lost."""
    if not isinstance(kind, Builtin) or not is_abstract_name(kind.name):
        return _is_made_of(value, kind)
    module, _, name = kind.name.rpartition(".")
    if isinstance(value, Class):
        return _is_abstract(value, name)
    if (real := _SAMPLES.get(value.name.removeprefix("collections.")) or value.kind) is None:
        raise Lost
    return issubclass(real, getattr(numbers if module == "numbers" else collections.abc, name))


_SAMPLES: Mapping[str, type] = {
    **{kind.__name__: kind for kind in (list, tuple, str, bytes, bytearray, dict, set, frozenset, range, slice)},
    **{kind.__name__: kind for kind in (int, float, complex, bool, type(None), type(...))},
    **{kind.__name__: kind for kind in (deque, Counter, defaultdict, OrderedDict, GeneratorType, CoroutineType)},
    **{"function": FunctionType, "method": MethodType, "builtin_function_or_method": BuiltinFunctionType},
    **{"async_generator": AsyncGeneratorType, "type": type},
    **{f"dict_{name}": type(getattr({}, name)()) for name in ("keys", "values", "items")},
}
"""Python's own classes, of which it is looked up which abstract ones they are of."""


def _is_of_abstract(value: Value, module: str, name: str) -> bool:
    """Whether a value of one of Python's own classes is of an abstract one. Raises Lost."""
    if isinstance(value, Iterator):
        return name in ("Iterable", "Iterator", "Hashable")
    kind = BaseException if isinstance(value, Object) and is_exception(value.kind) else _SAMPLES.get(kind_name(value))
    abstract = getattr(numbers if module == "numbers" else collections.abc, name, None)
    if kind is None or not isinstance(abstract, type):
        raise Lost
    return issubclass(kind, abstract)


def _is_one(value: Value, kind: Value) -> bool:
    value = known(value)
    if isinstance(kind, Builtin):
        module, _, name = kind.name.rpartition(".")
        if module in ("collections.abc", "typing", "numbers"):
            if isinstance(value, Object) and isinstance(value.kind, Class) and not is_exception(value.kind):
                return _is_abstract(value.kind, name)
            return _is_of_abstract(value, module, name)
        if kind.name.startswith("collections.") and isinstance(value, OWN):
            return is_made_of(value.of, kind)
        if kind.name.startswith("collections."):
            return kind_name(value) == kind.name.rpartition(".")[2]
        if kind.name in OTHER_CLASSES or kind.name == "memoryview":
            return kind_name(value) == kind.name
        if kind.kind is None:
            raise Lost
        if isinstance(value, Dict):
            return kind.name in ("dict", "object")
        if isinstance(value, List) and value.kind == "deque":
            return kind.name == "object"
        if isinstance(value, (Paused, Iterator, View, Function, Method, Native)):
            return kind.name == "object"
    if isinstance(kind, Class) and _is_protocol(kind):
        return is_made_of(class_of(value), kind) or _has_members(value, kind)
    return _is_made_of(class_of(value), kind)


def _is_made_of(value: Value, kind: Value) -> bool:
    """Whether a class is another or made from it, or from one that is registered there."""
    if is_made_of(value, kind):
        return True
    also = (
        [each for each in (kind, *all_derived(kind)) for each in each.space.get(classes.REGISTERED, ())]
        if isinstance(kind, Class)
        else ()
    )
    return any(_is_made_of(value, each) for each in also)


def all_derived(kind: Class) -> Sequence[Class]:
    """Classes that are made from one, and from these."""
    return [each for one in kind.derived for each in (one, *all_derived(one))]


_ABSTRACT = ("collections_abc", "numbers")
"""Modules of sources that have abstract classes."""
_MEMBERS: Mapping[str, Sequence[str]] = {
    "Callable": ("__call__",),
    "Collection": ("__len__", "__iter__", "__contains__"),
    "Container": ("__contains__",),
    "Iterable": ("__iter__",),
    "Iterator": ("__iter__", "__next__"),
    "Reversible": ("__iter__", "__reversed__"),
    "Sized": ("__len__",),
}
"""Abstract classes that a class is of if it has these methods."""


def _is_abstract(kind: Class, name: str) -> bool:
    """Whether objects of a class are of an abstract one."""
    if any(isinstance(each, Class) and each.module in _ABSTRACT and each.name == name for each in kind.line):
        return True
    if name in _MEMBERS:
        return all(find(kind, each) is not None for each in _MEMBERS[name])
    if name == "Hashable":
        return not comparing.has_no_hash(kind)
    if not hasattr(collections.abc, name) and not hasattr(numbers, name):
        raise Lost
    return False


def _is_protocol(kind: Class) -> bool:
    """Whether a class says what others are to have (PEP 544)."""
    return any(isinstance(base, Builtin) and base.name == "typing.Protocol" for base in kind.bases)


def _has_members(value: Value, kind: Class) -> bool:
    """Whether an object has all that a protocol says. Raises Raised, Lost."""
    if CHECKED not in kind.space:
        raise error("TypeError", "Instance and class checks can only be used with @runtime_checkable protocols")
    protocols = [each for each in kind.line if isinstance(each, Class) and _is_protocol(each)]
    names = {name for each in protocols for name in (*each.space, *records.annotated(each)) if name not in _NO_MEMBERS}
    if not isinstance(value, Object) or is_exception(value.kind):
        sample = _SAMPLES.get(kind_name(value))
        if sample is None:
            raise Lost
        held = getattr(value, "attributes", {})
        return all(name in held or hasattr(sample, name) for name in names)
    if not isinstance(value.kind, Class) or find(value.kind, "__getattr__") is not None:
        raise Lost
    held = {*value.attributes, *(name for name, _ in value.kind.fields or () if value.kind.flavour == "namedtuple")}
    return all(name in held or find(value.kind, name) is not None or hasattr(object, name) for name in names)


_NO_MEMBERS = frozenset(
    f"__{name}__"
    for name in (
        *"annotations dict doc firstlineno init module orig_bases parameters qualname slots".split(),
        *"static_attributes subclasshook weakref".split(),
    )
) | {CHECKED}
"""Names in the body of a protocol that say nothing of what others are to have."""


def _kinds(kinds: Value) -> Sequence[Value]:
    if isinstance(kinds, tuple):
        return [each for part in kinds for each in _kinds(part)]
    if isinstance(kinds, Alias) and kinds.origin is None and kinds.args:
        return [each for part in kinds.args for each in _kinds(part)]
    if not isinstance(kinds, (Builtin, Class)):
        raise Lost
    return (kinds,)


@native("getattr")
def _getattr(m: Interpreter, owner: Value, name: Value, *default: Value) -> Work:
    try:
        return (yield from classes.attribute(m, owner, known(name)))
    except Raised as raised:
        if not default or not raised.is_a("AttributeError"):
            raise
        return default[0]


@native("hasattr")
def _hasattr(m: Interpreter, owner: Value, name: Value) -> Work:
    try:
        yield from classes.attribute(m, owner, known(name))
    except Raised as raised:
        if not raised.is_a("AttributeError"):
            raise
        return False
    return True


@native("setattr")
def _setattr(m: Interpreter, owner: Value, name: Value, value: Value) -> Work:
    return classes.set_attribute(m, owner, known(name), value)


@native("delattr")
def _delattr(m: Interpreter, owner: Value, name: Value) -> Work:
    return classes.delete_attribute(m, owner, known(name))


@native("vars")
def _vars(m: Interpreter, owner: Value) -> Work:
    return classes.attribute(m, owner, "__dict__")


@native("callable")
def _callable(m: Interpreter, value: Value) -> Value:
    value = known(value)
    if isinstance(value, Object):
        return find(value.kind, "__call__") is not None
    return isinstance(value, (Function, Method, Builtin, Class, Native))


@native("globals")
def _globals(m: Interpreter) -> Value:
    space = m.frame.space
    return Names(list(space), list(space.values()), space=space)


@native("locals")
def _locals(m: Interpreter) -> Value:
    if m.frame.names is m.frame.space:
        return _globals(m)
    variables = m.frame.variables()
    return dict_from(variables)


_OF_MODULES = ("__builtins__", "__doc__", "__loader__", "__name__", "__package__", "__spec__")


@native("dir")
def _dir(m: Interpreter, *given: Value) -> Work:
    if not given:
        names = m.frame.variables()
        return List(sorted({*names, *(_OF_MODULES if m.frame.names is m.frame.space else ())}))
    owner = known(given[0]) if given else None
    if isinstance(owner, Object) and (own := find(owner.kind, "__dir__")) is not None:
        return List(
            (yield from in_order(m, (yield from collected(m, (yield from invoke(m, own, [owner], {})))), None, False))
        )
    return List(sorted((yield from _names_of(m, owner)).items))


@native("object.__dir__")
def _names_of(m: Interpreter, owner: Value) -> Work:
    kind = owner.kind if isinstance(owner, Object) else owner
    if not isinstance(kind, Class) or kind.flavour:
        raise Lost
    names = {
        "__dict__",
        "__weakref__",
        "__module__",
        "__doc__",
        *(owner.attributes if isinstance(owner, Object) else ()),
    }
    for each in kind.line:
        names |= each.space.keys() if isinstance(each, Class) else {*dir(each.kind)}
    return List(list(names - {"__qualname__"}))
    yield


@native("iterator.__next__")
def _next_of(m: Interpreter, iterator: Value) -> Work:
    return (yield from _next(m, iterator))


@native("iterator.__iter__")
def _itself(m: Interpreter, iterator: Value) -> Value:
    return iterator


@native("memoryview")
def _memoryview(m: Interpreter, over: Value) -> Work:
    return (yield from invoke(m, (yield from helper(m, "views", "memoryview")), [over], {}))


@native("os.fspath")
def _fspath(m: Interpreter, path: Value) -> Work:
    path = known(path)
    if isinstance(path, (str, bytes)):
        return path
    if isinstance(path, Object) and (own := find(path.kind, "__fspath__")) is not None:
        return (yield from invoke(m, own, [path], {}))
    raise error("TypeError", f"expected str, bytes or os.PathLike object, not {kind_name(path)}")


@native("id")
def _id(m: Interpreter, value: Value) -> Value:
    value = known(value)
    is_shared = isinstance(value, IMMUTABLE) and value is not None  # perhaps, with an equal one
    return m.unknown() if is_shared and not m.is_in_library else m.identity(value)


@native("random.shuffle", "followed.shuffle")
def _shuffle(m: Interpreter, x: Value) -> None:
    if not isinstance(x, List):
        raise Lost
    if not all(isinstance(known(each), IMMUTABLE) for each in x.items):
        raise Lost  # whose methods would be called
    x.items[:] = [m.unknown() for _ in x.items]


@native("open", "input", "float.fromhex")
def _unknown(m: Interpreter, *_: Value, **__: Value) -> Value:
    return m.unknown()


@native("hash")
def _hash(m: Interpreter, value: Value) -> Work:
    value = known(value)
    if isinstance(value, Object) and (own := find(value.kind, "__hash__")) is not None:
        return (yield from invoke(m, own, [value], {}))
    yield from comparing.hashed(m, value)
    found = sets.number_of(value)
    return Hashed(value) if found is None else found


@native("super")
def _super(m: Interpreter, *args: Value) -> Value:
    if args:
        return Super(args[0], args[1])
    frame = m.frame
    cell, first = frame.cells.get("__class__"), frame.code.made.co_varnames[:1]
    if cell is None or not first:
        raise Lost
    owner = frame.cells[first[0]].value if first[0] in frame.cells else frame.fast[first[0]]
    return Super(cell.value, owner)


@native("property")
def _property(m: Interpreter, fget: Value = None, fset: Value = None, fdel: Value = None, doc: Value = None) -> Value:
    return Descriptor("property", fget, fset, fdel)


@native("str.maketrans", "bytes.maketrans")
def _maketrans(m: Interpreter, *args: Value) -> Value:
    if len(args) == 2 and all(isinstance(known(each), bytes) for each in args):
        return bytes.maketrans(known(args[0]), known(args[1]))
    if len(args) == 1 and isinstance(known(args[0]), Dict):
        over = known(args[0])
        keys = [m.questions.sure(f"ord({known(key)!r})") if isinstance(known(key), str) else key for key in over.keys]
        return Dict(keys, list(over.values))
    if len(args) == 1 or not all(isinstance(known(each), str) for each in args):
        return m.questions.value(f"str.maketrans({arguments(args, {})})")
    left, right, gone = (*map(known, args), "")[:3]
    if len(left) != len(right):
        raise error("ValueError", "the first two maketrans arguments must have equal length")
    numbers = {each: m.questions.sure(f"ord({each!r})") for each in {*left, *right, *gone}}
    made = {numbers[each]: numbers[other] for each, other in zip(left, right, strict=True)}
    made |= dict.fromkeys((numbers[each] for each in gone), None)
    return dict_from(made)


@native("staticmethod")
def _staticmethod(m: Interpreter, function: Value) -> Value:
    return Descriptor("staticmethod", function)


@native("classmethod")
def _classmethod(m: Interpreter, function: Value) -> Value:
    return Descriptor("classmethod", function)


@native("object")
def _object(m: Interpreter) -> Value:
    return Object(Builtin("object"))


@native("pprint.pprint")
def _pprint(m: Interpreter, value: Value, *_: Value, **__: Value) -> None:
    if closed(known(value)) is None:
        raise Lost


@native("object.__init__", "object.__init_subclass__", "Exception.__init_subclass__")
def _init(m: Interpreter, owner: Value, *args: Value, **named: Value) -> Value:
    if args and not (isinstance(owner, Object) and is_exception(owner.kind)):
        raise Lost
    return None


@native("Exception.add_note")
def _add_note(m: Interpreter, owner: Value, note: Value) -> None:
    owner.attributes.setdefault("__notes__", List([])).items.append(note)


@native("Exception.__init__")
def _exception_init(m: Interpreter, owner: Value, *args: Value, **named: Value) -> Value:
    owner.held = tuple(args)
    return None


@native("Exception.__str__")
def _exception_str(m: Interpreter, owner: Value) -> Work:
    if not owner.held:
        return ""
    return (yield from written(m, owner.held[0] if len(owner.held) == 1 else owner.held))


@native("Exception.with_traceback")
def _with_traceback(m: Interpreter, owner: Value, _: Value) -> Value:
    return owner


def _register_new(name: str) -> None:
    def new(m: Interpreter, kind: Value, *args: Value, **named: Value) -> Work:
        if isinstance(kind, Class) and kind.flavour != "namedtuple":
            return (yield from classes.with_content(m, kind, *args, **named))
        return (yield from invoke(m, Builtin(name), args, named))

    native(f"{name}.__new__")(new)


for _name in PLAIN_KINDS:
    _register_new(_name)


@native("object.__new__")
def _new(m: Interpreter, kind: Value, *_: Value, **__: Value) -> Value:
    if _ and isinstance(kind, Class) and find(kind, "__new__") is not None:
        raise error("TypeError", "object.__new__() takes exactly one argument (the type to instantiate)")
    return Object(kind)


@native("object.__setattr__")
def _object_setattr(m: Interpreter, owner: Value, name: Value, value: Value) -> Value:
    owner.attributes[known(name)] = value
    return None


@native("object.__delattr__")
def _object_delattr(m: Interpreter, owner: Value, name: Value) -> None:
    if known(name) not in owner.attributes:
        raise error("AttributeError", f"'{kind_name(owner)}' object has no attribute '{known(name)}'")
    del owner.attributes[known(name)]


@native("object.__getattribute__")
def _object_getattr(m: Interpreter, owner: Value, name: Value) -> Work:
    return classes.attribute(m, owner, known(name))


@native("object.__repr__", "object.__str__")
def _object_repr(m: Interpreter, owner: Value) -> Value:
    return Unknown()


@native("object.__eq__")
def _object_eq(m: Interpreter, owner: Value, other: Value) -> Value:
    return True if owner is other else naming.NOT_IMPLEMENTED


@native("object.__hash__")
def _object_hash(m: Interpreter, owner: Value) -> Value:
    return Unknown()
