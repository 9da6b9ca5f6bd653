"""Python's operators on values: what is done by where items stand is done here, what comes of numbers and texts is asked for.

Each is work (`machine.interpreter`), as classes of the program may have their own ways. Knows Python's rules; evaluates nothing.
"""

from __future__ import annotations

import dis
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.models.machine import arithmetic, guesses, layout, refusals
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.comparing import NUMBER, count_of, is_not_implemented, is_of_own, place_of
from cwm_trace.models.machine.holding import (
    change_set,
    combined_sets,
    extended,
    in_both,
    merged,
    repeated,
    set_of,
    updated,
)
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import MOST_ITEMS, collected
from cwm_trace.models.machine.naming import NOT_IMPLEMENTED, type_text
from cwm_trace.models.machine.parameters import either
from cwm_trace.models.machine.questions import operand, text_of
from cwm_trace.models.machine.rendering import rendered, written
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    WITH_METHODS,
    Alias,
    Builtin,
    Class,
    Dict,
    Hashed,
    List,
    Lost,
    Object,
    Raised,
    Range,
    Set,
    Value,
    View,
    as_plain,
    as_tuple,
    class_of,
    content_of,
    error,
    find,
    is_unknown,
    joined,
    kind_name,
    known,
    look_up,
    octets_of,
    own_method,
    without_class,
    wrongly_given,
)

SIGNS: Sequence[str] = [sign for _, sign in dis._nb_ops]  # type: ignore[attr-defined]
"""Of `BINARY_OP`, by its number."""


_METHODS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<<": "lshift",
    ">>": "rshift",
}


def binary(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """`left + right`, or `left += right`. Raises Raised, Lost."""
    if is_unknown(left) or is_unknown(right):
        m.doubted()
        is_text = sign in ("+", "+=") and any(isinstance(each, str) for each in (left, right))
        return joined((left, right)) if is_text else guesses.of_operator(sign, left, right)
    doubt = m.doubt
    if _may_be_refused(sign, known(left), known(right)):
        if (refused := refusals.of_operator(sign, left, right)) is not None:
            raise refused
    try:
        given = yield from _combined(m, sign, left, right)
    except Lost:
        if (refused := refusals.of_operator(sign, left, right)) is not None:
            raise refused from None
        raise
    if is_unknown(given) and (refused := refusals.of_operator(sign, left, right)) is not None:
        m.doubt = doubt
        raise refused
    return given


_ARITHMETIC = frozenset("+ - * / // % ** += -= *= /= //= %= **=".split())
_OF_PYTHON = (int, float, complex, str, bytes, tuple, List, Set, Dict, Range, type(None))


def _may_be_refused(sign: str, left: Value, right: Value) -> bool:
    """Whether an operator may not take two of Python's own values, to which the network would give an answer all the same."""
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return sign not in _ARITHMETIC and (isinstance(left, float) or isinstance(right, float))
    is_plain = isinstance(left, _OF_PYTHON) and isinstance(right, _OF_PYTHON)
    return is_plain and (type(left) is not type(right) or isinstance(left, (Set, Dict, type(None))))


def _as_count(m: Interpreter, value: Object) -> Work:
    """How often a sequence is repeated, as an object says it."""
    own = own_method(value, "__index__")
    return value if own is None else known((yield from invoke(m, own, [value], {})))


def _combined(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    plain = sign.removesuffix("=")
    left, right = known(left), known(right)
    if plain == "%" and isinstance(left, str) and not (isinstance(right, Object) and own_method(right, "__rmod__")):
        return (yield from _form(m, left, right))
    if plain not in _OF_FLAGS or not (_is_flag(left) or _is_flag(right)):
        left, right = as_plain(left), as_plain(right)
    if sign in ("+=", "*=") and isinstance(left, List) and left.kind == "bytearray":
        m.check_size(left)
    if sign == "+=" and isinstance(left, List) and own_method(left, "__iadd__") is None:
        yield from extended(m, left, right, left.items.append)
        return left
    if plain == "*" and isinstance(left, _REPEATED) and isinstance(right, Object) and not own_method(right, "__rmul__"):
        right = yield from _as_count(m, right)
    if plain == "*" and isinstance(right, _REPEATED) and isinstance(left, Object) and not own_method(left, "__mul__"):
        left = yield from _as_count(m, left)
    if sign in _IN_PLACE and isinstance(left, WITH_METHODS) and own_method(left, f"__i{_METHODS[plain]}__") is None:
        held = without_class(content_of(left))
        if isinstance(held, _IN_PLACE[sign]) and held.kind != "frozenset":
            given = yield from _combined(m, sign, held, right)
            return left if given is held else given
    if isinstance(left, WITH_METHODS) or isinstance(right, WITH_METHODS) or is_of_own(left) or is_of_own(right):
        given = yield from _by_methods(m, sign, plain, left, right)
        if given is not NOT_IMPLEMENTED:
            return given
    if (
        plain == "*"
        and isinstance(left, int)
        and (isinstance(right, bytes) or getattr(right, "kind", "") == "bytearray")
    ):
        left, right = right, left
    left, right = _as_numbers(plain, content_of(left), content_of(right))
    if plain == "|" and any(isinstance(each, (Builtin, Class, Alias)) for each in (left, right)):
        return either((left, right), map(type_text, (left, right)))
    if sign != plain and isinstance(left, (List, Set, Dict)):
        given = yield from _in_place(m, plain, left, right)
        if given is not None:
            return given
    match left, plain, right:
        case ((bytes() | List(kind="bytearray")), ("+" | "%" | "*"), _) if (octets := octets_of(left)) is not None:
            return (yield from _of_octets(m, plain, left, octets, right))
        case bool(), ("&" | "|" | "^"), bool():
            return bool(m.questions.sure(f"{int(left)} {plain} {int(right)}"))
        case List(), "+", List() if left.kind == right.kind:
            return List([*left.items, *right.items], left.kind)
        case tuple(), "+", tuple():
            return (*left, *right)
        case ((List() | tuple()), "*", int()):
            return repeated(m, left, right)
        case int(), "*", (List() | tuple()):
            return repeated(m, right, left)
        case Set(), ("|" | "&" | "-" | "^"), Set():
            return (yield from combined_sets(m, plain, left, right))
        case ((Set() | View()), ("|" | "&" | "-" | "^"), (Set() | View())) if isinstance(left, View) or isinstance(
            right, View
        ):
            if plain == "&":
                return (yield from in_both(m, left, right))
            sides = []
            for side in (left, right):
                items = side.items if isinstance(side, Set) else (yield from collected(m, side))
                sides.append(side if isinstance(side, Set) else (yield from set_of(m, items)))
            return (yield from combined_sets(m, plain, *sides))
        case Dict(), "|", Dict() if left.kind in ("dict", "OrderedDict", "defaultdict"):
            return (yield from merged(m, left, right))
        case Dict(kind="Counter"), sign, Dict(kind="Counter") if plain in _OF_COUNTERS:
            return (yield from _tallies(m, plain, left, right))
        case str(), "%", _:
            return (yield from _form(m, left, right))
    if plain in ("-", "&", "|", "^") and isinstance(left, View) and left.kind != "values":
        one = yield from set_of(m, (yield from collected(m, left)))
        other = yield from set_of(m, (yield from collected(m, right)))
        return (yield from combined_sets(m, plain, one, other))
    wrong = _unfit(plain, sign, left, right)
    if wrong is not None:
        raise wrong
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return arithmetic.of_numbers(m, plain, left, right)
    if isinstance(left, NUMBER) and isinstance(right, NUMBER):
        return arithmetic.of_complex(plain, left, right)
    return m.questions.value(f"{operand(left)} {plain} {operand(right)}")


_REPEATED = (str, bytes, tuple, List)
_IN_PLACE: Mapping[str, Any] = {"|=": (Dict, Set), "&=": Set, "^=": Set, "-=": Set}
"""What does an operation on itself in ways of its own, which come before methods that make something new."""


def _as_numbers(sign: str, left: Value, right: Value) -> tuple[Value, Value]:
    """Both, with truth values as the numbers that they are, where these are worked with."""
    for one, other in ((left, right), (right, left)):
        if not isinstance(one, bool):
            continue
        is_number = isinstance(other, (int, float, complex)) and not (sign in _OF_FLAGS and isinstance(other, bool))
        if is_number or (sign == "*" and isinstance(other, _REPEATED)):
            return int(left) if isinstance(left, bool) else left, int(right) if isinstance(right, bool) else right
    return left, right


_OF_FLAGS = ("|", "&", "^")
"""Operations that flags have for themselves."""


def _is_flag(value: Value) -> bool:
    return isinstance(value, Object) and isinstance(value.kind, Class) and "_all_bits_" in value.kind.space


def _as_text(value: Value) -> Value:
    octets = octets_of(known(value))
    return value if octets is None else octets.decode("latin-1")


def _of_octets(m: Interpreter, sign: str, left: Value, octets: bytes, right: Value) -> Work:
    other = octets_of(right)
    if sign == "+" and other is not None:
        made: Value = octets + other
    elif sign == "*" and isinstance(right, int) and len(octets) * right <= MOST_ITEMS:
        made = octets * right
    elif sign == "%":
        given = tuple(map(_as_text, right)) if isinstance(right, tuple) else _as_text(right)
        made = (yield from binary(m, "%", octets.decode("latin-1").replace("%b", "%s"), given)).encode("latin-1")
    else:
        raise _unfit(sign, sign, octets, right) or Lost
    return made if isinstance(left, bytes) else List(list(made), "bytearray")


def _form(m: Interpreter, form: str, given: Value) -> Work:
    from cwm_trace.models.machine.forms import by_percent  # which knows this module

    return (yield from by_percent(m, form, given))


def _in_place(m: Interpreter, plain: str, left: Value, right: Value) -> Work:
    """What changes its left side; None where it does not."""
    match left, plain:
        case List(), "*":
            left.items[:] = repeated(m, left, right).items
        case Set(kind="set"), ("|" | "&" | "-" | "^") if isinstance(right, Set):
            yield from change_set(m, plain, left, right)
        case Dict(), "|" if left.kind != "Counter":
            yield from updated(m, left, right)
        case Dict(kind="Counter"), _ if plain in _OF_COUNTERS:
            made = yield from _tallies(m, plain, left, right)
            left.keys[:], left.values[:] = made.keys, made.values
        case _:
            return None
    return left


_OF_COUNTERS = ("+", "-", "&", "|", *(["^"] if hasattr(Counter, "__xor__") else []))
"""Operators of two Counters."""


def _tallies(m: Interpreter, sign: str, left: Dict, right: Dict) -> Work:
    """Counts of two Counters, those above zero."""
    made = Dict(kind="Counter")
    for key in left.keys if sign == "&" else [*left.keys, *right.keys]:
        if (yield from place_of(m, made, key)) is not None:
            continue
        one, other = (yield from count_of(m, left, key)), (yield from count_of(m, right, key))
        if sign in "+-":
            count = m.questions.sure(f"{operand(one)} {sign} {operand(other)}")
        else:
            less = m.questions.holds(f"{one} < {other}")
            count, least = (other, one) if less is (sign != "&") else (one, other)
            if sign == "^":
                count = m.questions.sure(f"{operand(count)} - {operand(least)}")
        if m.questions.holds(f"{count} > 0"):
            made.keys.append(key)
            made.values.append(count)
    return made


def _unfit(plain: str, sign: str, left: Value, right: Value) -> Raised | None:
    """The error of an operator on kinds that have none."""
    one, other = kind_name(left), kind_name(right)
    if plain == "+" and isinstance(left, (str, List, tuple, bytes)) and type(left) is not type(right):
        if isinstance(left, str):
            return error("TypeError", f'can only concatenate str (not "{other}") to str')
        if isinstance(left, (List, tuple)) and one in ("list", "tuple"):
            return error("TypeError", f'can only concatenate {one} (not "{other}") to {one}')
    if plain == "*" and isinstance(left, (List, tuple, str, bytes)) and (right is None or isinstance(right, Object)):
        return error("TypeError", f"can't multiply sequence by non-int of type '{other}'")
    if plain == "*" and isinstance(right, (List, tuple, str, bytes)) and (left is None or isinstance(left, Object)):
        return error("TypeError", f"can't multiply sequence by non-int of type '{one}'")
    if plain == "*" and isinstance(left, (List, tuple, str)):
        return None
    if isinstance(left, bytes) and plain == "+" and not isinstance(right, bytes):
        return error("TypeError", f"can't concat {other} to bytes")
    unlike = isinstance(left, NUMBER) and isinstance(right, (str, List, Dict, tuple)) and plain not in ("*",)
    alike = isinstance(left, (str, List, Dict, tuple)) and plain in ("-", "/", "//", "**")
    strange = isinstance(left, Object) or isinstance(right, Object)
    if strange or unlike or alike or (left is None or right is None) and not (isinstance(left, str) and plain == "%"):
        name = "** or pow()" if sign == "**" else sign
        return error("TypeError", f"unsupported operand type(s) for {name}: '{one}' and '{other}'")
    return None


def _by_methods(m: Interpreter, sign: str, plain: str, left: Value, right: Value) -> Work:
    """By what classes of the program have for it; `NOT_IMPLEMENTED` where that is nothing."""
    name = _METHODS[plain]
    tries: list[tuple[Value, str, Value]] = [(left, f"__{name}__", right)]
    if class_of(left) is not class_of(right):
        tries.append((right, f"__r{name}__", left))
        if isinstance(left, Object) and isinstance(right, Object) and left.kind in getattr(right.kind, "line", ())[1:]:
            if find(left.kind, f"__r{name}__") is not find(right.kind, f"__r{name}__"):
                tries.reverse()
    if sign != plain:
        tries.insert(0, (left, f"__i{name}__", right))
    for one, method, other in tries:
        if isinstance(one, Object) and look_up(one.kind, method) is None:
            raise error("TypeError", "'NoneType' object is not callable")
        if (own := own_method(one, method)) is not None:
            given = yield from invoke(m, own, [one, other], {})
            if not is_not_implemented(given):
                return given
    items, more = as_tuple(left), as_tuple(right)
    if plain == "*" and items is not None and isinstance(right, int):
        return repeated(m, items, right)
    if plain == "+" and items is not None and more is not None:
        return (*items, *more)
    if content_of(left) is not left or content_of(right) is not right:
        return NOT_IMPLEMENTED
    if isinstance(left, str) and plain == "%" or not isinstance(left, Object) and not isinstance(right, Object):
        return NOT_IMPLEMENTED
    raise _unfit(plain, sign, left, right) or Lost


def unary(m: Interpreter, sign: str, value: Value) -> Work:
    """`-value`. Raises Raised."""
    if is_unknown(value):
        return m.unknown()
    value = known(value)
    name = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[sign]
    if (own := own_method(value, name)) is not None:
        return (yield from invoke(m, own, [value], {}))
    value = content_of(as_plain(value))
    if (
        isinstance(value, (str, bytes, List, tuple, Set, Object, type(None)))
        or isinstance(value, (float, complex))
        and sign == "~"
        or isinstance(value, Dict)
        and value.kind != "Counter"
    ):
        raise error("TypeError", f"bad operand type for unary {sign}: '{kind_name(value)}'")
    if isinstance(value, Dict) and value.kind == "Counter" and sign in "+-":
        kept = [(key, count) for key, count in zip(value.keys, value.values, strict=True)
                if m.questions.holds(f"{text_of(count)} {'>' if sign == '+' else '<'} 0")]  # fmt: skip
        counts = []
        for _, count in kept:
            counts.append(count if sign == "+" else (yield from unary(m, "-", count)))
        return Dict([key for key, _ in kept], counts, "Counter")
    value = int(value) if isinstance(value, bool) else value
    if sign in "+-" and isinstance(value, (int, float, complex)):
        return -value if sign == "-" else value  # a sign before a number, which is no step
    return m.questions.value(f"{sign}{operand(value)}")


_PLAINLY: Mapping[str, Callable[[Any], Any]] = {"": lambda each: each, "str": str, "repr": repr, "ascii": ascii}


def formatted(m: Interpreter, value: Value, conversion: str, how: Value) -> Work:
    """A field of an f-string. Raises Raised."""
    if is_unknown(value) or is_unknown(how):
        m.doubted()
        convert = _PLAINLY[conversion]
        return guesses.worked(lambda each, form: format(convert(each), form), value, how)
    value = yield from converted(m, known(value), conversion)
    return (yield from format_of(m, value, known(how)))


def converted(m: Interpreter, value: Value, conversion: str) -> Work:
    """`value!r`. Raises Raised, Lost."""
    if conversion in ("repr", "ascii"):
        text = yield from rendered(m, value)
        return known(text).encode("ascii", "backslashreplace").decode() if conversion == "ascii" else text
    return (yield from written(m, value)) if conversion == "str" else value


def format_of(m: Interpreter, value: Value, how: str) -> Work:
    """`format(value, how)`. Raises Raised."""
    if (own := own_method(value, "__format__")) is not None:
        text = yield from invoke(m, own, [value, how], {})
        if not is_unknown(text) and not isinstance(content_of(known(text)), str):
            raise wrongly_given("__format__", value, known(text))
        return text
    given = value  # without a form, as `str` has it
    if not isinstance(value, Object) or "_mixed_" not in getattr(value.kind, "space", ()):
        value = as_plain(value)
    if own_method(given, "__str__") is None:
        given = value
    if not how:
        return (yield from written(m, given))
    value = content_of(value)
    if isinstance(value, Hashed):
        return layout.as_address(m, value, how)
    if isinstance(value, (*IMMUTABLE,)) and value is not None:
        if (refused := refusals.refusal("format", (value, how), {})) is not None:
            raise refused
        given = layout.formatted(m, int(value) if isinstance(value, bool) else value, how)
        if is_unknown(given) and (refused := refusals.refusal("format", (value, how), {})) is not None:
            raise refused
        return given
    if isinstance(value, Object) and isinstance(value.kind, Class) and value.kind.flavour == "enum":
        return m.questions.value(f"format({(yield from written(m, value))!r}, {how!r})")
    raise error("TypeError", f"unsupported format string passed to {kind_name(value)}.__format__")
