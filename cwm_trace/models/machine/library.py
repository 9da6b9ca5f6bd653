"""Functions of modules of Python's library that call what they are handed, or give items one by one; others are asked for as a whole, where
`models.modules` has a name for them.

Knows in which order they do what. Evaluates nothing.
"""

from __future__ import annotations

import ast
import functools
import math
import re
import typing
from collections.abc import Mapping, Sequence
from itertools import count

from cwm_trace.models import said
from cwm_trace.models.containers import PATTERN
from cwm_trace.models.machine import (
    arithmetic,
    assigning,
    classes,
    comparing,
    enums,
    holding,
    making,
    operators,
    parameters,
    records,
    refusals,
    tracebacks,
)
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import MAIN
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import Iterator, collected, iterator_of, over_items, step
from cwm_trace.models.machine.kinds import CHECKED
from cwm_trace.models.machine.questions import arguments, operand, text_of
from cwm_trace.models.machine.registry import NATIVES, native
from cwm_trace.models.machine.rendering import by_count, rendered
from cwm_trace.models.machine.values import (
    END,
    IMMUTABLE,
    UNSET,
    WITH_METHODS,
    Alias,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Literal,
    Lost,
    Method,
    Native,
    Object,
    Raised,
    Set,
    Slice,
    Unknown,
    Value,
    as_plain,
    closed,
    content_of,
    dict_from,
    error,
    find,
    is_made_of,
    kind_name,
    known,
    own_method,
)
from cwm_trace.models.modules import FUNCTIONS

_ASKED = {
    f"{module}.{name}": f"{module}_{name}"
    for module, names in FUNCTIONS.items()
    for name in names
    if module in ("math", "re")
}


_OWN_WAYS = {"math.ceil": "__ceil__", "math.floor": "__floor__", "math.trunc": "__trunc__"}
"""Functions that leave what they do to what they are given."""
_OF_WHOLE = ("math.comb", "math.factorial", "math.gcd", "math.isqrt", "math.lcm")


def _ask_for(name: str, spelled: str) -> None:
    def ask(m: Interpreter, *args: Value, **named: Value) -> Work:
        given = []
        for arg in args:
            value = content_of(as_plain(known(arg)))
            if isinstance(value, Object):
                if (own := find(value.kind, _OWN_WAYS.get(name, ""))) is not None:
                    return (yield from invoke(m, own, [value], {}))
                own = find(value.kind, "__index__" if name in _OF_WHOLE else "__float__")
                if own is None:
                    raise Lost
                value = known((yield from invoke(m, own, [value], {})))
            if name in _OF_WHOLE and isinstance(value, (float, str, bytes, type(None))):
                raise error("TypeError", f"'{kind_name(value)}' object cannot be interpreted as an integer")
            if name in _OWN_WAYS and arithmetic.is_endless(value):
                return arithmetic.computed(int, value)  # which is refused
            given.append(value if closed(value) is not None else List((yield from collected(m, value))))
        if any(isinstance(each, Function) for each in given):
            raise Lost
        return m.questions.value(f"{spelled}({arguments(given, dict(named))})")

    native(name)(ask)


for _name, _spelled in _ASKED.items():
    _ask_for(_name, _spelled)
_product = NATIVES["math.prod"]


@native("math.prod")
def _prod(m: Interpreter, iterable: Value, *, start: Value = 1) -> Work:
    iterator, plain_ones = (yield from iterator_of(m, known(iterable))), list[Value]()
    while (item := (yield from step(m, iterator))) is not END:
        if closed(known(start)) is not None and closed(known(item)) is not None:
            plain_ones.append(item)  # in whose product no step shows
            continue
        start = yield from operators.binary(m, "*", (yield from _multiplied(m, start, plain_ones)), item)
        plain_ones = []
    return (yield from _multiplied(m, start, plain_ones))


def _multiplied(m: Interpreter, start: Value, items: list[Value]) -> Work:
    if not items:
        return start
    if known(start) == 1 and isinstance(known(start), int):
        return (yield from _product(m, List(items)))
    for each in items:
        start = yield from operators.binary(m, "*", start, each)
    return start


@native("math.fsum")
def _fsum(m: Interpreter, seq: Value) -> Work:
    over, under = 0, 1
    for each in (yield from collected(m, seq)):
        if not isinstance(known(each), (int, float)):
            raise Lost
        ratio = known(each).as_integer_ratio()
        sides = arithmetic.over_one(m, (over, under), ratio)
        over = m.questions.sure(f"{operand(sides[0])} + {operand(sides[1])}")
        under = m.questions.sure(f"{under} * {ratio[1]}")
    return over / under  # a float in another notation


@native("math.hypot")
def _hypot(m: Interpreter, *coordinates: Value) -> Value:
    given = [known(each) for each in coordinates]
    if all(isinstance(each, int) for each in given) and len(given) == _PLANE:
        return m.questions.value(f"math_hypot({arguments(given, {})})")
    return arithmetic.computed(math.hypot, *given)


_PLANE = 2  # coordinates


@native("math.dist")
def _dist(m: Interpreter, p: Value, q: Value) -> Work:
    apart = list[Value]()
    sides = (yield from collected(m, p)), (yield from collected(m, q))
    if len(sides[0]) != len(sides[1]):
        raise error("ValueError", "both points must have the same number of dimensions")
    for one, other in zip(*sides, strict=True):
        apart.append((yield from operators.binary(m, "-", one, other)))
    return (yield from invoke(m, Builtin("math.hypot"), apart, {}))


_INLINE = re.compile(r"\(\?([aiLmsux]+)\)")


def _with_inline(pattern: Value, flags: Value) -> Value:
    """Flags, with those that a pattern begins with, as CPython shows them."""
    found = _INLINE.match(pattern) if isinstance(pattern, str) else None
    if found is None or not isinstance(flags, int):
        return flags
    for letter in found[1]:
        flags |= int(getattr(re, letter.upper()))
    return flags


@native("re.compile")
def _compile(m: Interpreter, pattern: Value, flags: Value = 0) -> Value:
    flags = _with_inline(known(pattern), known(flags))
    more = f", {text_of(flags)}" if flags else ""
    return Literal(f"{PATTERN}({text_of(pattern)}{more})", PATTERN)


@native("re.sub")
def _sub(m: Interpreter, pattern: Value, put: Value, text: Value, *more: Value, **named: Value) -> Work:
    if not isinstance(known(put), (Function, Method, Native, Builtin)):
        return m.questions.value(f"re_sub({arguments([pattern, put, text, *more], dict(named))})")
    told = dict(zip(("count", "flags"), more, strict=False)) | named
    most, flags = told.get("count", 0), told.get("flags", 0)
    found = _finditer(m, _compile(m, pattern, flags) if known(flags) else pattern, text)
    return (yield from _put_by(m, put, text, found, known(most)))


def _put_by(m: Interpreter, put: Value, text: Value, matches: Value, most: int = 0) -> Work:
    """A text with what a function gives in place of matches, or of so many of them; 0: of all."""
    parts, last, times = list[Value](), 0, count(1)
    while (not most or next(times) <= most) and (found := (yield from step(m, matches))) is not END:
        start, end = (each.value for each in ast.parse(found.text, mode="eval").body.args[:2])
        parts.append(known((yield from holding.item(m, text, Slice(last, start, None)))))
        parts.append(known((yield from invoke(m, put, [found], {}))))
        last = end
    return type(known(text))().join([*parts, known((yield from holding.item(m, text, Slice(last, None, None))))])


@native("re.subn")
def _subn(m: Interpreter, pattern: Value, put: Value, text: Value, count: Value = 0, flags: Value = 0) -> Work:
    if known(flags):
        pattern = _compile(m, pattern, flags)
    made = yield from _sub(m, pattern, put, text, *((count,) if known(count) else ()))
    found = m.questions.sure(f"list(itertools_finditer({arguments([pattern, text], {})}))")
    return (made, min(len(found.items), known(count) or len(found.items)))


@native("re.finditer")
def _finditer(m: Interpreter, *args: Value) -> Value:
    found = m.questions.sure(f"list(itertools_finditer({arguments(args, {})}))")
    for each in found.items:
        each.pattern, each.subject = args[:2]
    return over_items(list(found.items), "callable_iterator")


# --- collections


@native("collections.deque")
def _deque(m: Interpreter, over: Value = (), maxlen: Value = None) -> Work:
    items = yield from collected(m, over)
    most = known(maxlen)
    if most is not None and not isinstance(most, int):
        raise error("TypeError", "an integer is required")
    if most is not None and most < 0:
        raise error("ValueError", "maxlen must be non-negative")
    return List(items if most is None else items[len(items) - most :] if len(items) > most else items, "deque", most)


@native("collections.defaultdict")
def _defaultdict(m: Interpreter, make: Value = None, /, *more: Value, **named: Value) -> Work:
    made = Dict(kind="defaultdict", make=make)
    yield from holding.updated(m, made, more[0] if more else (), named)
    return made


@native("collections.OrderedDict")
def _ordered(m: Interpreter, /, *more: Value, **named: Value) -> Work:
    made = Dict(kind="OrderedDict")
    yield from holding.updated(m, made, more[0] if more else (), named)
    return made


@native("collections.Counter")
def _counter(m: Interpreter, /, *more: Value, **named: Value) -> Work:
    made = Dict(kind="Counter")
    yield from _count_up(m, made, *more, **named)
    return made


@native("Counter.update")
def _count_up(m: Interpreter, over: Value, more: Value = None, /, **named: Value) -> Work:
    yield from _counted(m, over, more, named, "+")


@native("Counter.subtract")
def _count_down(m: Interpreter, over: Value, more: Value = None, /, **named: Value) -> Work:
    yield from _counted(m, over, more, named, "-")


def _counted(m: Interpreter, over: Dict, more: Value, named: Mapping[str, Value], sign: str) -> Work:
    more = known(more)
    if isinstance(more, Dict):
        pairs = list(zip(more.keys, more.values, strict=True))
    else:
        pairs = [] if more is None else [(item, 1) for item in (yield from collected(m, more))]
    for key, number in [*pairs, *named.items()]:
        comparing.check_hashable(key)
        place = yield from comparing.place_of(m, over, key)
        if place is None:
            holding.append(over, key, number if sign == "+" else m.questions.sure(f"-{text_of(number)}"))
        else:
            over.values[place] = m.questions.sure(f"{text_of(over.values[place])} {sign} {text_of(number)}")


@native("Counter.most_common")
def _most_common(m: Interpreter, over: Value, most: Value = None) -> Value:
    if isinstance(known(most), (str, float)):
        raise Lost
    keys, counts = by_count(m, list(over.keys), list(over.values))
    pairs = list(zip(keys, counts, strict=True))
    return List(pairs if most is None else pairs[: max(0, known(most))])


@native("Counter.elements")
def _elements(m: Interpreter, over: Value) -> Value:
    if any(known(count) > 1000 for count in over.values):
        raise Lost
    made = over_items(
        [key for key, count in zip(over.keys, over.values, strict=True) for _ in range(known(count))], "chain"
    )
    made.shown = "<itertools.chain object>"
    return made


@native("Counter.total")
def _total(m: Interpreter, over: Value) -> Value:
    return m.questions.value(f"sum([{', '.join(map(text_of, over.values))}])")


native("collections.namedtuple")(making.namedtuple)
native("dataclasses.dataclass")(records.dataclass)


@native("dataclasses.field")
def _field(m: Interpreter, /, **options: Value) -> Value:
    if (refused := refusals.refusal("dataclasses.field", (), options, of_shape=True)) is not None:
        raise refused
    if records.has_value(options, "default") and records.has_value(options, "default_factory"):
        raise error("ValueError", "cannot specify both default and default_factory")
    return Object(records.FIELD, dict(options))


@native("dataclasses.is_dataclass")
def _is_dataclass(m: Interpreter, value: Value) -> bool:
    kind = value.kind if isinstance(value, Object) else value
    return isinstance(kind, Class) and kind.flavour == "dataclass"


@native("dataclasses.fields")
def _fields(m: Interpreter, value: Value) -> Value:
    kind = value.kind if isinstance(value, Object) else value
    if not isinstance(kind, Class) or kind.flavour != "dataclass":
        raise error("TypeError", "must be called with a dataclass type or instance")
    return tuple(records.fields_by_name(kind).values())


@native("copy.replace")
def _replaced(m: Interpreter, value: Value, /, **changes: Value) -> Work:
    if isinstance(known(value), Object) and getattr(value.kind, "flavour", "") == "dataclass":
        return (yield from _replace(m, value, **changes))
    own = own_method(known(value), "__replace__")
    if own is None:
        raise Lost
    return (yield from invoke(m, own, [value], changes))


@native("dataclasses.replace")
def _replace(m: Interpreter, value: Value, /, **changes: Value) -> Work:
    if not _is_dataclass(m, value) or not isinstance(value, Object):
        raise error("TypeError", "replace() should be called on dataclass instances")
    given, fields = dict(changes), dict(value.kind.fields or ())
    for name, each in records.given_by(value.kind).items():
        is_told = records.says(each, "init", True)
        if name in changes and not is_told:
            text = f"field {name} is declared with init=False, it cannot be specified with replace()"
            raise error(said.NOT_REPLACED, text)
        if name in changes or not is_told:
            continue
        if name in fields:
            given[name] = yield from records.in_field(m, value, value.kind, name)
        elif records.default_of(each) is UNSET:
            raise error(said.NOT_REPLACED, f"InitVar {name!r} must be specified with replace()")
    return (yield from invoke(m, value.kind, [], given))


@native("enum.auto")
def _auto(m: Interpreter) -> Value:
    return Object(enums.AUTO)


@native("enum.member")
def _member(m: Interpreter, value: Value) -> Value:
    return Native("enum.member", lambda m: None, known(value))


@native("enum.nonmember")
def _nonmember(m: Interpreter, value: Value) -> Value:
    return Native("enum.nonmember", lambda m: None, known(value))


@native("method")
def _method(m: Interpreter, function: Value, owner: Value) -> Value:
    if known(owner) is None:
        raise error("TypeError", "self must not be None")
    return Method(known(function), owner)


def _left(iterator: Iterator) -> int:
    """How many items are to come. Raises Lost."""
    if iterator.left is None:
        raise Lost
    return 0 if iterator.ended else iterator.left()


@native("iterator.__length_hint__")
def _length_left(m: Interpreter, iterator: Value) -> int:
    return _left(iterator)


@native("operator.length_hint")
def _length_hint(m: Interpreter, value: Value, default: Value = 0) -> Work:
    value = known(value)
    for name in ("__len__", "__length_hint__"):
        if (own := own_method(value, name)) is not None:
            given = yield from invoke(m, own, [value], {})
            return default if comparing.is_not_implemented(given) else given
    if isinstance(value, Paused):
        return default
    if isinstance(value, Iterator):
        return default if value.left is None else _left(value)
    if isinstance(value, (int, float, type(None))):
        return default
    return default if isinstance(value, Object) and value.content is UNSET else (yield from comparing.length(m, value))


@native("typing.runtime_checkable")
def _runtime_checkable(m: Interpreter, made: Value) -> Value:
    made.space[CHECKED] = True
    return made


native("enum.EnumType.__contains__")(enums.holds)


@native("enum.property")
def _enum_property(m: Interpreter, fget: Value = None, fset: Value = None, fdel: Value = None) -> Value:
    return Descriptor("property", fget, fset, fdel)


@native("enum.unique")
def _unique(m: Interpreter, kind: Value) -> Value:
    again = [
        f"{name} -> {member.attributes['_name_']}"
        for name, member in kind.space.items()
        if isinstance(member, Object) and member.kind is kind and member.attributes["_name_"] != name
    ]
    if again:
        what = "flag" if "_all_bits_" in kind.space else "enum"
        raise error("ValueError", f"duplicate values found in <{what} {kind.name!r}>: {', '.join(again)}")
    return kind


@native("typing.final")
def _final(m: Interpreter, method: Value) -> Work:
    return _marked(m, method, "__final__")


@native("typing.assert_never")
def _assert_never(m: Interpreter, arg: Value, /) -> Work:
    text = yield from rendered(m, arg)
    raise error(
        "AssertionError",
        f"Expected code to be unreachable, but got: {text if len(text) <= 100 else text[:100] + '...'}",
    )


@native("typing.no_type_check", "typing.disjoint_base", "typing.TypeForm", "sys.intern")
def _itself(m: Interpreter, value: Value) -> Value:
    return value


@native("abc.abstractmethod", "typing.overload")
def _abstractmethod(m: Interpreter, function: Value) -> Value:
    if isinstance(function, Function):
        function.attributes["__isabstractmethod__"] = True
    return function


def _say_type_variable(kind: str) -> None:
    def make(
        m: Interpreter,
        name: Value,
        *constraints: Value,
        covariant: Value = False,
        contravariant: Value = False,
        **more: Value,
    ) -> Value:
        is_plain = kind == "TypeVarTuple" and not _MARKS_TUPLES or known(more.get("infer_variance", False)) is True
        sign = "" if is_plain else "+" if known(covariant) else "-" if known(contravariant) else "~"
        told = {"kind": kind, "__name__": known(name), "__module__": str(m.frame.space.get("__name__", MAIN))}
        if kind != "TypeVarTuple":
            told |= {"__covariant__": covariant, "__contravariant__": contravariant, "__bound__": more.get("bound")}
        if kind == "TypeVar":
            told |= {"__constraints__": tuple(map(parameters.as_type, constraints))}
        if "default" in more:
            told["__default__"] = parameters.as_type(known(more["default"]))
        return Alias(f"{sign}{known(name)}", told=told)

    native(f"typing.{kind}")(make)


_MARKS_TUPLES = repr(typing.TypeVarTuple("Ts")).startswith("~")
"""Whether a `TypeVarTuple` is shown as other variables are, from 3.15 on."""
for _kind in parameters.VARIABLES:
    _say_type_variable(_kind)


@native("typing.override")
def _override(m: Interpreter, method: Value) -> Work:
    return _marked(m, method, "__override__")


def _marked(m: Interpreter, method: Value, name: str) -> Work:
    """A function or class that has a mark from now on, if it can have one."""
    try:
        yield from assigning.set_attribute(m, method, name, True)
    except Raised as refused:
        if not refused.is_a("AttributeError"):
            raise
    return method


@native("typing.NewType")
def _new_type(m: Interpreter, name: Value, tp: Value) -> Value:
    module = m.frame.space.get("__name__", MAIN)
    own = str(known(name)).rpartition(".")[2]
    told = {"__name__": own, "__qualname__": name, "__module__": module, "__supertype__": tp, "__doc__": None}
    return Native("NewType", lambda m, value: value, shown=f"{module}.{known(name)}", attributes=told)


@native("typing.get_origin")
def _get_origin(m: Interpreter, tp: Value) -> Value:
    tp = known(tp)
    return parameters.origin_of(tp) if isinstance(tp, Alias) else None


@native("typing.get_args")
def _get_args(m: Interpreter, tp: Value) -> Value:
    tp = known(tp)
    if not isinstance(tp, Alias):
        return ()
    return tp.args if getattr(tp.origin, "name", "").endswith(".Callable") else parameters.args_of(tp)


@native("typing.cast")
def _cast(m: Interpreter, _: Value, value: Value) -> Value:
    return value


# --- functools


@native("functools.reduce")
def _reduce(m: Interpreter, function: Value, over: Value, /, initial: Value = UNSET) -> Work:
    if isinstance(known(over), (int, float, type(None))):
        raise error("TypeError", "reduce() arg 2 must support iteration")
    iterator = yield from iterator_of(m, over)
    made = initial if initial is not UNSET else (yield from step(m, iterator))
    if made is END:
        raise error("TypeError", "reduce() of empty iterable with no initial value")
    while (item := (yield from step(m, iterator))) is not END:
        made = yield from invoke(m, function, [made, item], {})
    return made


def _is_placeholder(value: Value) -> bool:
    return isinstance(value, Builtin) and value.name == "functools.Placeholder"


def _in_places(held: Sequence[Value], more: Sequence[Value]) -> tuple[Value, ...]:
    """Arguments that come later, in the places that are kept for them (from 3.14 on), and behind."""
    left = iter(more)
    filled = [next(left, each) if _is_placeholder(each) else each for each in held]
    return (*filled, *left)


@native("functools.partial")
def _partial(m: Interpreter, function: Value, /, *args: Value, **named: Value) -> Value:
    inner = known(function)
    if isinstance(inner, (*IMMUTABLE, tuple, List, Dict, Set)) and own_method(inner, "__call__") is None:
        raise error("TypeError", "the first argument must be callable")
    if isinstance(inner, Native) and inner.name == "partial" and not inner.attributes:  # one of these becomes the other
        function, before, words = inner.wrapped
        args, named = _in_places(before, args), {**words, **named}
    if args and _is_placeholder(args[-1]):
        raise error("TypeError", "trailing Placeholders are not allowed")

    def run(m: Interpreter, *more: Value, **others: Value) -> Work:
        if (places := sum(map(_is_placeholder, args))) > len(more):
            text = "missing positional arguments in 'partial' call; expected at least"
            raise error("TypeError", f"{text} {places}, got {len(more)}")
        return invoke(m, function, [*_in_places(args, more)], {**named, **others})

    return Native("partial", run, (function, args, named), sources=(function, *args, *named.values()))


_ASSIGNED = tuple(map(str, functools.WRAPPER_ASSIGNMENTS))


@native("functools.wraps")
def _wraps(m: Interpreter, wrapped: Value, *more: Value, **named: Value) -> Value:
    return Native("wraps", lambda m, wrapper: _update_wrapper(m, wrapper, wrapped, *more, **named))


@native("functools.update_wrapper")
def _update_wrapper(
    m: Interpreter, wrapper: Value, wrapped: Value, assigned: Value = _ASSIGNED, updated: Value = ("__dict__",)
) -> Work:
    """What stands for a function takes its names of it (Lib/functools.py), as far as they are known."""
    if not isinstance(wrapper, (Function, *WITH_METHODS)):
        raise Lost
    wrapped = known(wrapped)
    for name in (yield from collected(m, assigned)):
        try:
            value = yield from classes.attribute(m, wrapped, known(name))
        except Raised as raised:
            if not raised.is_a("AttributeError"):
                raise
            continue
        except Lost:
            value = Unknown()
        yield from assigning.set_attribute(m, wrapper, known(name), value)
    for _ in (yield from collected(m, updated)):
        inner = wrapped.function if isinstance(wrapped, Method) else wrapped
        held = inner.attributes if isinstance(inner, (Function, *WITH_METHODS)) else {}
        wrapper.attributes.update({name: each for name, each in held.items() if name not in _ASSIGNED})
    yield from assigning.set_attribute(m, wrapper, "__wrapped__", wrapped)
    return wrapper


def _name_of(function: Function) -> Value:
    return function.attributes.get("__name__", function.code.name)


@native("functools.lru_cache")
def _lru_cache(m: Interpreter, maxsize: Value = 128, typed: Value = False) -> Value:
    if isinstance(maxsize, (Function, Method)):
        return _cached(maxsize, 128)
    if isinstance(known(maxsize), (str, float, tuple, List)):
        raise error("TypeError", "Expected first argument to be an integer, a callable, or None")
    return Native("lru_cache", lambda m, function: _cached(function, known(maxsize), bool(known(typed))))


@native("functools.cache")
def _cache(m: Interpreter, function: Value) -> Value:
    return _cached(function, None)


def _cached(function: Value, most: int | None, is_typed: bool = False) -> Value:
    held, counts = Dict(), {"hits": 0, "misses": 0}

    def run(m: Interpreter, *args: Value, **named: Value) -> Work:
        kinds = tuple(kind_name(known(each)) for each in (*args, *named.values())) if is_typed else ()
        # A whole number, or a text, alone is its own key (Lib/functools.py, `_make_key`), which no tuple equals.
        is_alone = len(args) == 1 and not named and not is_typed and type(known(args[0])) in (int, str)
        key = (tuple(args), tuple(named.items()), kinds, is_alone)
        comparing.check_hashable(key)
        place = yield from comparing.place_of(m, held, key)
        counts["misses" if place is None else "hits"] += 1
        if place is not None:
            held.keys.append(held.keys.pop(place))
            held.values.append(held.values.pop(place))
            return held.values[-1]
        given = yield from invoke(m, function, args, named)
        if (yield from comparing.place_of_hashed(m, held, key)) is None:  # a call inside may have kept it
            held.keys.append(key)
            held.values.append(given)
        if most is not None and len(held.keys) > most:
            del held.keys[0], held.values[0]
        return given

    def info(_: Interpreter) -> Value:
        return Object(_CACHE_INFO, held=(counts["hits"], counts["misses"], most, len(held.keys)))

    def clear(_: Interpreter) -> None:
        held.keys.clear()
        held.values.clear()
        counts.update(hits=0, misses=0)

    def parameters(_: Interpreter) -> Value:
        return dict_from({"maxsize": most, "typed": is_typed})

    own = {"cache_info": Native("cache_info", info), "cache_clear": Native("cache_clear", clear)}
    own["cache_parameters"] = Native("cache_parameters", parameters)
    return Native("lru_cache", run, function, "<functools._lru_cache_wrapper object>", (held,), own)


_CACHE_INFO = Class(
    "CacheInfo",
    "CacheInfo",
    (Builtin("tuple"),),
    {},
    flavour="namedtuple",
    fields=tuple((name, UNSET) for name in ("hits", "misses", "maxsize", "currsize")),
)
_CACHE_INFO.line = (_CACHE_INFO, Builtin("tuple"), Builtin("object"))


@native("functools.cached_property")
def _cached_property(m: Interpreter, function: Value) -> Value:
    return Native("cached_property", lambda m: None, function, "<functools.cached_property object>")


# --- contextlib, sys, random


@native("contextlib.suppress")
def _suppress(m: Interpreter, *kinds: Value) -> Value:
    def leave(m: Interpreter, kind: Value, _: Value, __: Value) -> Value:
        return kind is not None and any(is_made_of(kind, each) for each in kinds)

    return Native(
        "suppress",
        leave,
        {"__enter__": Native("enter", lambda m: None), "__exit__": Native("exit", leave)},
        "<contextlib.suppress object>",
    )


@native(
    *("os.getcwd", "os.urandom"),
)
def _untold(m: Interpreter, /, *_: Value, **__: Value) -> Value:
    return Unknown()


@native("threading.get_ident", "_thread.get_ident")
def _ident(m: Interpreter) -> Value:
    return m.identity(m.threads[-1] if m.threads else m.bottom)


@native("atexit.register", "gc.disable", "gc.enable", "sys.audit")
def _nothing(m: Interpreter, /, *_: Value, **__: Value) -> Value:
    return None


@native("sys.getdefaultencoding", "sys.getfilesystemencoding")
def _coding(m: Interpreter) -> Value:
    return "utf-8"


@native("sys.exc_info")
def _exc_info(m: Interpreter) -> Value:
    if m.handled is None:
        return (None, None, None)
    return (m.handled.kind, m.handled, tracebacks.of_exception(m.handled))


@native("sys.exception")
def _exception(m: Interpreter) -> Value:
    return m.handled


@native("sys.exit", "exit", "quit")
def _exit(m: Interpreter, status: Value = None) -> None:
    status = known(status)
    raise error("SystemExit", *(() if status is None else status if isinstance(status, tuple) else (status,)))


@native("sys.getrecursionlimit")
def _getrecursionlimit(m: Interpreter) -> Value:
    return m.deepest


@native("sys.setrecursionlimit")
def _setrecursionlimit(m: Interpreter, limit: Value) -> None:
    m.deepest = known(limit)


@native("sys._getframe", "inspect.currentframe")
def _getframe(m: Interpreter, depth: Value = 0) -> Value:
    frames = list(m.frames())
    if known(depth) >= len(frames):
        raise error("ValueError", "call stack is not deep enough")
    return tracebacks.PythonFrame(frames[known(depth)], frames[known(depth) + 1 :])


@native("functools.cmp_to_key")
def _cmp_to_key(m: Interpreter, compare: Value) -> Value:
    def less(m: Interpreter, one: Value, other: Value) -> Work:
        given = yield from invoke(m, compare, [one.attributes["obj"], other.attributes["obj"]], {})
        return m.questions.holds(f"{text_of(given)} < 0")

    kind = Class("K", "K", (Builtin("object"),), {"__lt__": Native("wrapper", less)})
    kind.line = (kind, Builtin("object"))
    return Native("K", lambda m, value: Object(kind, {"obj": value}))
