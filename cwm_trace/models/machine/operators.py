"""Python's operators on values: what is done by where items stand is done here, what comes of numbers and texts is asked for.

Each is work (`machine.interpreter`), as classes of the program may have their own ways. Knows Python's rules; evaluates nothing.
"""

from __future__ import annotations

import builtins
import dis
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cwm_trace.models.machine import arithmetic, layout, records, sets, system
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, Work
from cwm_trace.models.machine.iterators import MOST_ITEMS, asked_for_length, collected, iterator_of, step
from cwm_trace.models.machine.questions import operand, text_of
from cwm_trace.models.machine.rendering import LOOKED_AT, rendered, written
from cwm_trace.models.machine.values import (
    END,
    GENERATED,
    IMMUTABLE,
    OWN,
    UNSET,
    Alias,
    Builtin,
    Class,
    Dict,
    Function,
    Hashed,
    List,
    Literal,
    Lost,
    Method,
    Names,
    Object,
    OwnDict,
    Raised,
    Range,
    Set,
    Slice,
    Unknown,
    Value,
    View,
    as_plain,
    as_tuple,
    class_of,
    closed,
    content_of,
    error,
    find,
    is_unknown,
    kind_name,
    known,
    nearest,
    octets_of,
    read,
    truth,
)
from cwm_trace.models.modules import VALUES

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
_COMPARED = {"==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
_SWAPPED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
NOT_IMPLEMENTED = Builtin("NotImplemented")
_NUMBER = (int, float, complex)
_SINGLE = {
    "NotImplemented": NOT_IMPLEMENTED,
    "Ellipsis": ...,
    "__name__": "__main__",
    "__debug__": True,
}


def of_python(name: Any) -> Value:
    """What a name stands for that the program has not bound. Raises Raised."""
    if name in _SINGLE:
        return _SINGLE[name]
    if hasattr(builtins, name):
        return Builtin(name)
    raise unbound(name)


def unbound(name: Any) -> Raised:
    """The error of a name that nothing has bound."""
    return error("NameError", f"name '{name}' is not defined")


def of_module(module: str, name: str) -> Value:
    """What a module of the library has under a name."""
    if module == "builtins":
        return of_python(name)
    if (module, name) in _MARKS:
        return Builtin(f"{module}.{name}")
    if (module, name) in VALUES:
        return read(VALUES[module, name])
    if module == "sys" and (own := system.attribute(name)) is not UNSET:
        return own
    if module in LOOKED_AT or module in sys.modules and module.partition(".")[0] in sys.stdlib_module_names:
        found = getattr(import_module(module), name, UNSET)
        if found is UNSET:
            raise error("AttributeError", f"module {module!r} has no attribute {name!r}")
        if not callable(found):
            return found if type(found) in (str, int, float, bool) and module not in _OF_ITS_OWN else Unknown()
    return Builtin(f"{module}.{name}")


_MARKS = frozenset([("dataclasses", "KW_ONLY"), ("dataclasses", "MISSING")])
"""Values that only are themselves."""
_OF_ITS_OWN = ("sys", "os", "time", "__main__")
"""Modules whose values are those of this process."""


def is_same(left: Value, right: Value) -> bool:
    """Whether two values are one. Raises Lost where that is CPython's choice."""
    if left is right:
        return True
    if isinstance(left, Builtin) and isinstance(right, Builtin):
        return left.name == right.name
    if isinstance(left, (bool, type(None), type(...))) or isinstance(right, (bool, type(None), type(...))):
        return left is right
    if isinstance(left, (*IMMUTABLE, tuple)) and isinstance(right, (*IMMUTABLE, tuple)):
        if type(left) is not type(right):
            return False
        if isinstance(left, int) and isinstance(right, int) and -6 < left < 257 and -6 < right < 257:
            return left == right
        if left != right:
            return False
        raise Lost
    return left is right


_WITH_METHODS = (Object, *OWN)


def _own(value: Value, name: str) -> Value | None:
    """A method of a class of the program."""
    if isinstance(value, Object):
        return find(value.kind, name)
    if isinstance(value, Class):
        return None if value.metaclass is None else find(value.metaclass, name)
    return find(value.of, name) if isinstance(value, OWN) else None


def _is_of_own(value: Value) -> bool:
    """Whether it is a class that a metaclass of the program's has made."""
    return isinstance(value, Class) and value.metaclass is not None


def _overridden(over: Value, name: str, is_plain: bool) -> Value | None:
    """A method that a class made from `list` or `dict` has in place of Python's."""
    return _own(over, name) if isinstance(over, OWN) and not is_plain else None


def binary(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """`left + right`, or `left += right`. Raises Raised, Lost."""
    if is_unknown(left) or is_unknown(right):
        return m.unknown()
    plain = sign.removesuffix("=")
    left, right = known(left), known(right)
    if plain not in _OF_FLAGS or not (_is_flag(left) or _is_flag(right)):
        left, right = as_plain(left), as_plain(right)
    if sign == "+=" and isinstance(left, List):
        yield from extended(m, left, right, left.items.append)
        return left
    if isinstance(left, _WITH_METHODS) or isinstance(right, _WITH_METHODS) or _is_of_own(left) or _is_of_own(right):
        given = yield from _by_methods(m, sign, plain, left, right)
        if given is not NOT_IMPLEMENTED:
            return given
    left, right = content_of(left), content_of(right)
    if plain == "|" and any(isinstance(each, (Builtin, Class, Alias)) for each in (left, right)):
        kinds = [
            each.args if isinstance(each, Alias) and each.origin is None else (_as_type(each),)
            for each in (left, right)
        ]
        return Alias(f"{type_text(left)} | {type_text(right)}", None, (*kinds[0], *kinds[1]))
    if sign != plain and isinstance(left, (List, Set, Dict)):
        given = yield from _in_place(m, plain, left, right)
        if given is not None:
            return given
    match left, plain, right:
        case ((bytes() | List(kind="bytearray")), ("+" | "%" | "*"), _) if (octets := octets_of(left)) is not None:
            return _of_octets(plain, left, octets, right)
        case List(), "+", List() if left.kind == right.kind:
            return List([*left.items, *right.items], left.kind)
        case tuple(), "+", tuple():
            return (*left, *right)
        case ((List() | tuple()), "*", int()):
            return _repeated(m, left, right)
        case int(), "*", (List() | tuple()):
            return _repeated(m, right, left)
        case Set(), ("|" | "&" | "-" | "^"), Set():
            return (yield from combined_sets(m, plain, left, right))
        case ((Set() | View()), ("|" | "&" | "-" | "^"), (Set() | View())) if isinstance(left, View) or isinstance(
            right, View
        ):
            if plain == "&":
                return (yield from _in_both(m, left, right))
            sides = []
            for side in (left, right):
                items = side.items if isinstance(side, Set) else (yield from collected(m, side))
                sides.append(side if isinstance(side, Set) else (yield from set_of(m, items)))
            return (yield from combined_sets(m, plain, *sides))
        case Dict(), "|", Dict() if left.kind == "dict":
            return (yield from _merged(m, left, right))
        case Dict(kind="Counter"), ("+" | "-" | "&" | "|"), Dict(kind="Counter"):
            return (yield from _tallies(m, plain, left, right))
        case str(), "%", _:
            return (yield from _form(m, left, right))
    wrong = _unfit(plain, sign, left, right)
    if wrong is not None:
        raise wrong
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return arithmetic.of_numbers(m, plain, left, right)
    if isinstance(left, _NUMBER) and isinstance(right, _NUMBER):
        return arithmetic.of_complex(plain, left, right)
    return m.questions.value(f"{operand(left)} {plain} {operand(right)}")


def _as_type(value: Value) -> Value:
    """What stands for a type, as one."""
    return Builtin("NoneType") if value is None else value


def _in_both(m: Interpreter, left: Set | View, right: Set | View) -> Work:
    """What views of dicts, and sets, have both: CPython goes through the right one, unless that is the larger one."""
    one, other = left.items if isinstance(left, Set) else (yield from collected(m, left)), right
    other_items = other.items if isinstance(other, Set) else (yield from collected(m, other))
    is_left = len(one) <= len(other_items) if isinstance(other, Set) else len(one) < len(other_items)
    if isinstance(left, Set):
        is_left = False  # which leaves it to the view
    first, second = (one, other_items) if is_left else (other_items, one)
    kept = []
    for each in first:
        if (yield from _among(m, each, second)):
            kept.append(each)
    return (yield from set_of(m, kept))


_OF_FLAGS = ("|", "&", "^")
"""Operations that flags have for themselves."""


def _is_flag(value: Value) -> bool:
    return isinstance(value, Object) and isinstance(value.kind, Class) and "_all_bits_" in value.kind.space


def _of_octets(sign: str, left: Value, octets: bytes, right: Value) -> Value:
    other = octets_of(right)
    if sign == "+" and other is not None:
        made: Value = octets + other
    elif sign == "*" and isinstance(right, int) and len(octets) * right <= MOST_ITEMS:
        made = octets * right
    else:
        raise _unfit(sign, sign, octets, right) or Lost
    return made if isinstance(left, bytes) else List(list(made), "bytearray")


def _form(m: Interpreter, form: str, given: Value) -> Work:
    from cwm_trace.models.machine.forms import by_percent  # which knows this module

    return (yield from by_percent(m, form, given))


def _repeated(m: Interpreter, over: Value, times: int) -> Value:
    items = over.items if isinstance(over, List) else over
    places = m.questions.places(len(items), f" * {times}") if items else []
    made = [items[place] for place in places]
    return List(made, over.kind) if isinstance(over, List) else tuple(made)


def _in_place(m: Interpreter, plain: str, left: Value, right: Value) -> Work:
    """What changes its left side; None where it does not."""
    match left, plain:
        case List(), "*":
            left.items[:] = _repeated(m, left, right).items
        case Set(kind="set"), ("|" | "&" | "-" | "^") if isinstance(right, Set):
            yield from change_set(m, plain, left, right)
        case Dict(), "|" if left.kind != "Counter":
            yield from updated(m, left, right)
        case Dict(kind="Counter"), ("+" | "-" | "&" | "|"):
            made = yield from _tallies(m, plain, left, right)
            left.keys[:], left.values[:] = made.keys, made.values
        case _:
            return None
    return left


def _tallies(m: Interpreter, sign: str, left: Dict, right: Dict) -> Work:
    """Counts of two Counters, those above zero."""
    made = Dict(kind="Counter")
    for key in left.keys if sign == "&" else [*left.keys, *right.keys]:
        if (yield from place_of(m, made, key)) is not None:
            continue
        one, other = (yield from _count(m, left, key)), (yield from _count(m, right, key))
        if sign in "+-":
            count = m.questions.sure(f"{operand(one)} {sign} {operand(other)}")
        else:
            less = m.questions.holds(f"{one} < {other}")
            count = other if less is (sign == "|") else one
        if m.questions.holds(f"{count} > 0"):
            made.keys.append(key)
            made.values.append(count)
    return made


def _count(m: Interpreter, over: Dict, key: Value) -> Work:
    place = yield from place_of(m, over, key)
    return 0 if place is None else over.values[place]


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
    unlike = isinstance(left, _NUMBER) and isinstance(right, (str, List, Dict, tuple)) and plain not in ("*",)
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
        if (own := _own(one, method)) is not None:
            given = yield from invoke(m, own, [one, other], {})
            if not is_not_implemented(given):
                return given
    items, more = as_tuple(left), as_tuple(right)
    if plain == "*" and items is not None and isinstance(right, int):
        return _repeated(m, items, right)
    if plain == "+" and items is not None and more is not None:
        return (*items, *more)
    if content_of(left) is not left or content_of(right) is not right:
        return NOT_IMPLEMENTED
    if isinstance(left, str) and plain == "%" or not isinstance(left, Object) and not isinstance(right, Object):
        return NOT_IMPLEMENTED
    raise _unfit(plain, sign, left, right) or Lost


def is_not_implemented(value: Value) -> bool:
    """Whether a method has said that it does not know."""
    return isinstance(value, Builtin) and value.name == "NotImplemented"


def unary(m: Interpreter, sign: str, value: Value) -> Work:
    """`-value`. Raises Raised."""
    if is_unknown(value):
        return m.unknown()
    value = known(value)
    name = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[sign]
    if _own(value, name) is None:
        value = content_of(value)
    if isinstance(value, Object):
        if (own := _own(value, name)) is None:
            raise error("TypeError", f"bad operand type for unary {sign}: '{kind_name(value)}'")
        return (yield from invoke(m, own, [value], {}))
    if isinstance(value, Dict) and value.kind == "Counter" and sign in "+-":
        kept = [(key, count) for key, count in zip(value.keys, value.values, strict=True)
                if m.questions.holds(f"{text_of(count)} {'>' if sign == '+' else '<'} 0")]  # fmt: skip
        counts = []
        for _, count in kept:
            counts.append(count if sign == "+" else (yield from unary(m, "-", count)))
        return Dict([key for key, _ in kept], counts, "Counter")
    if sign == "-" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return -value  # a sign before a number, which is no step
    return m.questions.value(f"{sign}{operand(value)}")


def compared(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """`left < right`. Raises Raised."""
    if is_unknown(left) or is_unknown(right):
        return m.unknown()
    left, right = as_plain(known(left)), as_plain(known(right))
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        left, right = (int(each) if isinstance(each, bool) else each for each in (left, right))
        if left != left or right != right:  # NaN
            return sign == "!="
        if arithmetic.has_power(left, right) and not (arithmetic.is_endless(left) or arithmetic.is_endless(right)):
            sides = arithmetic.over_one(m, left.as_integer_ratio(), right.as_integer_ratio())
            return m.questions.holds(f"{operand(sides[0])} {sign} {operand(sides[1])}")
    if isinstance(left, str) and isinstance(right, str) and not (left.isascii() and right.isascii()):
        left, right = List([*map(ord, left)]), List([*map(ord, right)])  # as their texts may say, too
    if isinstance(left, Object) or isinstance(right, Object) or _is_of_own(left) or _is_of_own(right):
        given = yield from _compared_by_methods(m, sign, left, right)
        if not is_not_implemented(given):
            return given
    left, right = content_of(left), content_of(right)
    one, other = as_tuple(left), as_tuple(right)
    if (
        one is not None
        and other is not None
        and (_is_mixed(one, other) or closed(left) is None or closed(right) is None)
    ):
        return (yield from _one_by_one(m, sign, one, other))
    if isinstance(left, List) and isinstance(right, List) and left.kind == right.kind:
        if _is_mixed(left.items, right.items) or closed(left) is None or closed(right) is None:
            return (yield from _one_by_one(m, sign, left.items, right.items))
    if isinstance(left, bytes) and isinstance(right, bytes):
        left, right = left.decode("latin-1"), right.decode("latin-1")
    if isinstance(left, (Set, View)) and isinstance(right, (Set, View)):
        first, second = (yield from _as_set(m, left)), (yield from _as_set(m, right))
        return (yield from _compared_sets(m, sign, first, second))
    if isinstance(left, complex) or isinstance(right, complex):
        return (yield from _compared_complex(m, sign, left, right))
    if isinstance(left, Dict) and isinstance(right, Dict) and sign in ("==", "!="):
        is_own = isinstance(left, OWN) or isinstance(right, OWN) or "OrderedDict" in (left.kind, right.kind)
        if is_own or _is_mixed(left.values, right.values):
            return (yield from _same_pairs(m, left, right)) is (sign == "==")
    texts = closed(left), closed(right)
    if None not in texts:
        wrong = _incomparable(sign, left, right)
        if wrong is not None:
            raise wrong
        return m.questions.holds(f"{operand(left)} {sign} {texts[1]}")
    if sign not in ("==", "!="):
        wrong = _incomparable(sign, left, right)
        raise wrong or Lost
    if isinstance(left, Hashed) and isinstance(right, Hashed):
        return (yield from same(m, left.content, right.content)) is (sign == "==")
    if isinstance(left, Dict) and isinstance(right, Dict):
        return (yield from _same_pairs(m, left, right)) is (sign == "==")
    if isinstance(left, Builtin) and isinstance(right, Builtin):
        return (left.name == right.name) is (sign == "==")
    if isinstance(left, Alias) and isinstance(right, Alias):
        return (left.shown == right.shown) is (sign == "==")
    return (left is right) is (sign == "==")


def _compared_complex(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """Complex numbers: by their parts."""
    if not isinstance(left, (int, float, complex)) or not isinstance(right, (int, float, complex)):
        return sign == "!="
    if sign not in ("==", "!="):
        raise _incomparable(sign, left, right) or Lost
    parts = [(each.real, each.imag) for each in (left, right)]
    return (yield from _one_by_one(m, sign, *parts))


def _is_mixed(left: Sequence[Value], right: Sequence[Value]) -> bool:
    """Whether items of two sequences are not all texts, or all numbers."""
    kinds = {type(known(each)) if not is_unknown(each) else Unknown for each in (*left, *right)}
    return not (kinds <= {int, float} or kinds <= {str})


def _as_set(m: Interpreter, value: Set | View) -> Work:
    """Keys or pairs of a dict, as a set."""
    return value if isinstance(value, Set) else Set((yield from collected(m, value)))


def _compared_sets(m: Interpreter, sign: str, left: Set, right: Set) -> Work:
    """Sets: whether what is in one is in the other, too."""
    if sign in (">", ">="):
        return (yield from _compared_sets(m, sign.replace(">", "<"), right, left))
    sizes = {"==": "==", "!=": "==", "<": "<", "<=": "<="}[sign]
    holds = m.questions.holds(f"{len(left.items)} {sizes} {len(right.items)}")
    for each in left.items if holds else ():
        if not (yield from _among(m, each, right.items)):
            holds = False
            break
    return holds is (sign != "!=")


def extended(m: Interpreter, over: Value, more: Value, append: Callable[[Value], Any]) -> Work:
    """A list with more behind it: one after the other, as what gives them may look at it meanwhile. Raises Raised."""
    more = known(more)
    if isinstance(more, (List, tuple, Set, Dict)):
        for each in (yield from collected(m, more)):
            append(each)
        return
    iterator = yield from iterator_of(m, more)
    yield from asked_for_length(m, more)
    while (each := (yield from step(m, iterator))) is not END:
        append(each)
        if len(over.items) > MOST_ITEMS:
            raise Lost


def check_module(name: str) -> None:
    """Raises Raised for a module that there is not."""
    top = name.partition(".")[0]
    if top not in sys.stdlib_module_names and find_spec(top) is None:
        raise error("ModuleNotFoundError", f"No module named {name!r}")


def _same_pairs(m: Interpreter, left: Dict, right: Dict) -> Work:
    if len(left.keys) != len(right.keys):
        return False
    for key, value in zip(left.keys, left.values, strict=True):
        place = yield from place_of(m, right, key)
        if place is None or not (yield from same(m, value, right.values[place])):
            return False
    if left.kind == right.kind == "OrderedDict":
        return (yield from _one_by_one(m, "==", left.keys, right.keys))
    return True


def _incomparable(sign: str, left: Value, right: Value) -> Raised | None:
    if sign in ("==", "!="):
        return None
    kinds = [_order_kind(left), _order_kind(right)]
    if kinds[0] == kinds[1] and kinds[0] not in ("", "None", "dict"):
        return None
    text = f"'{sign}' not supported between instances of '{kind_name(left)}' and '{kind_name(right)}'"
    return error("TypeError", text)


def _order_kind(value: Value) -> str:
    """Values of one such kind have an order."""
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, View):
        return "set"
    if isinstance(value, Object):
        return "object"
    return {"frozenset": "set", "NoneType": "None"}.get(kind_name(value), kind_name(value))


def _one_by_one(m: Interpreter, sign: str, left: Sequence[Value], right: Sequence[Value]) -> Work:
    """Sequences: the first items that are not the same decide."""
    if sign in ("==", "!=") and len(left) != len(right):
        return sign == "!="
    for one, other in zip(left, right, strict=False):
        if not (yield from same(m, one, other)):
            if sign in ("==", "!="):
                return sign == "!="
            return (yield from compared(m, sign, one, other))
    return m.questions.holds(f"{len(left)} {sign} {len(right)}")


def same(m: Interpreter, left: Value, right: Value) -> Work:
    """Whether two values are equal, as a container has it: what is the same object is."""
    left, right = known(left), known(right)
    if left is right and not isinstance(left, IMMUTABLE):
        return True
    if isinstance(left, Method) and isinstance(right, Method):
        return left.function is right.function and left.owner is right.owner
    given = yield from compared(m, "==", left, right)
    return (yield from truth_of(m, given))


def _compared_by_methods(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    tries = [(left, sign, right), (right, _SWAPPED[sign], left)]
    if isinstance(left, Object) and isinstance(right, Object) and left.kind is not right.kind:
        if left.kind in getattr(right.kind, "line", ())[1:]:
            tries.reverse()
    for one, how, other in tries:
        given = yield from _by_method(m, one, how, other)
        if not is_not_implemented(given):
            return given
    if as_tuple(left) is not None and as_tuple(right) is not None:
        return NOT_IMPLEMENTED
    if content_of(left) is not left or content_of(right) is not right:
        return NOT_IMPLEMENTED
    if sign in ("==", "!="):
        return (left is right) is (sign == "==")
    raise _incomparable(sign, left, right) or Lost


def _by_method(m: Interpreter, one: Value, how: str, other: Value) -> Work:
    name = f"__{_COMPARED[how]}__"
    if _is_of_own(one) and (own := _own(one, name)) is not None:
        return (yield from invoke(m, own, [one, other], {}))
    if not isinstance(one, Object) or not isinstance(one.kind, Class):
        return NOT_IMPLEMENTED
    is_made = nearest(one.kind, name) is GENERATED and (
        how in ("==", "!=") or "order" in one.kind.space.get("_options_", ())
    )
    if not is_made and (own := _own(one, name)) is not None:
        return (yield from invoke(m, own, [one, other], {}))
    if how == "!=" and not is_made and (own := _own(one, "__eq__")) is not None:
        given = yield from invoke(m, own, [one, other], {})
        return given if is_not_implemented(given) else not (yield from truth_of(m, given))
    is_equal = nearest(one.kind, "__eq__") is GENERATED
    if one.kind.flavour == "dataclass" and is_equal and isinstance(other, Object) and one.kind is other.kind:
        if how in ("==", "!=") or "order" in one.kind.space.get("_options_", ()):
            names = [
                name for name, default in one.kind.fields or () if records.says(default, "compare", True) is not False
            ]
            items = [tuple(each.attributes.get(name, UNSET) for name in names) for each in (one, other)]
            return (yield from _one_by_one(m, how, *items))
    return NOT_IMPLEMENTED


def truth_of(m: Interpreter, value: Value) -> Work:
    """Whether a value counts as true. Raises Raised."""
    value = known(value)
    found = truth(value)
    if found is not None:
        return found
    if isinstance(value, Range):
        return (yield from length(m, value)) != 0
    if (own := _own(value, "__bool__")) is not None:
        return known((yield from invoke(m, own, [value], {})))
    if (own := _own(value, "__len__")) is not None:
        return known((yield from invoke(m, own, [value], {}))) != 0
    return True


def length(m: Interpreter, value: Value) -> Work:
    """`len(value)`. Raises Raised."""
    if is_unknown(value):
        return m.unknown()
    value = known(value)
    if _own(value, "__len__") is None:
        value = content_of(value)
    items: Sequence[Value] | None = as_tuple(value)
    match value:
        case List() | Set():
            items = value.items
        case Dict():
            items = value.keys
        case View():
            items = value.over.keys
        case bytes():
            items = list(value)
        case Range() if not (counted := range(value.start, value.stop, value.step))[MOST_ITEMS:]:
            items = counted
        case Object() if (own := _own(value, "__len__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        case Class(metaclass=Class() as metaclass) if (own := find(metaclass, "__len__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        case Class(flavour="enum"):
            items = value.space["_members_"]
    if items is not None:
        return m.questions.value(f"len([{', '.join('0' for _ in items)}])")
    if isinstance(value, (str, Range)):
        return m.questions.value(f"len({text_of(value)})")
    raise error("TypeError", f"object of type '{kind_name(value)}' has no len()")


def check_hashable(value: Value) -> None:
    """Raises Raised for what cannot be a key."""
    value = known(value)
    is_mutable = isinstance(value, (List, Dict)) or (isinstance(value, Set) and value.kind == "set")
    if isinstance(value, Object) and isinstance(value.kind, Class):
        is_mutable = has_no_hash(value.kind)
    if is_mutable:
        raise error("TypeError", f"unhashable type: '{kind_name(value)}'")
    for each in as_tuple(value) or ():
        check_hashable(each)


def has_no_hash(kind: Class) -> bool:
    """Whether a class has a way to say what is equal, and none for hashes."""
    for each in kind.line:
        if isinstance(each, Class):
            if "__hash__" in each.space:
                return each.space["__hash__"] is None
            if "__eq__" in each.space:
                return True
            if each.flavour == "dataclass" and "_options_" in each.space and "__eq__" not in each.space["_not_made_"]:
                return "frozen" not in each.space["_options_"] and "unsafe_hash" not in each.space["_options_"]
    return False


def hashed(m: Interpreter, key: Value, is_kept: bool = False) -> Work:
    """The hash of a key, by its class's own way, unless it `is_kept` from before; None where it has none. Raises Raised."""
    check_hashable(key)
    for each in as_tuple(key) or ():
        yield from hashed(m, known(each), is_kept)
    if is_kept and isinstance(key, Object) and key.hashed is not None:
        return key.hashed
    if not isinstance(key, Object) or (own := _own(key, "__hash__")) is None:
        return None
    key.hashed = known((yield from invoke(m, own, [key], {})))
    return key.hashed


def may_equal(m: Interpreter, one: Value, other: Value) -> Work:
    """Whether two keys have the same hash, as far as classes of the program say so."""
    if not isinstance(one, Object) or not isinstance(other, Object) or one.hashed is None or other.hashed is None:
        return True
    first, second = (each.hashed.content if isinstance(each.hashed, Hashed) else each.hashed for each in (one, other))
    return (yield from same(m, first, second))


_LARGE = 100  # keys


def _is_table(m: Interpreter, over: Dict) -> bool:
    """Whether a dict is a large one by texts, or one of the library's, which nobody is asked about as a whole."""
    is_large = len(over.keys) > _LARGE or m.is_in_library
    return is_large and all(isinstance(each, (str, bytes)) for each in over.keys)


def place_of(m: Interpreter, over: Dict, key: Value) -> Work:
    """Where a key stands in a dict; None: nowhere. Raises Raised."""
    key = known(key)
    yield from hashed(m, key)
    if isinstance(key, (str, bytes)) and _is_table(m, over):
        return over.keys.index(key) if key in over.keys else None
    text, keys = closed(key), [closed(each) for each in over.keys]
    if text is not None and None not in keys:
        if not keys:
            return None
        numbered = ", ".join(f"{each}: {place}" for place, each in enumerate(keys))
        place = m.questions.sure(f"{{{numbered}}}.get({text}, -1)")
        return None if place == -1 else place
    for place, each in enumerate(over.keys):
        if _may_be(known(each), key):
            if known(each) is key or ((yield from may_equal(m, known(each), key)) and (yield from same(m, each, key))):
                return place
    return None


def _may_be(one: Value, other: Value) -> bool:
    """Whether two keys may be equal, by their kinds."""
    one, other = content_of(one), content_of(other)
    numbers = isinstance(one, _NUMBER) and isinstance(other, _NUMBER)
    return numbers or type(one) is type(other) or as_tuple(one) is not None


def item(m: Interpreter, over: Value, key: Value, is_plain: bool = False) -> Work:
    """`over[key]`; `is_plain`: as Python's own class does it. Raises Raised."""
    if is_unknown(over) or is_unknown(key):
        return m.unknown()
    over = known(over)
    if _own(over, "__getitem__") is None:
        over = content_of(over)
    if (own := _overridden(over, "__getitem__", is_plain)) is not None:
        return (yield from invoke(m, own, [over, key], {}))
    match over:
        case Dict():
            place = yield from place_of(m, over, known(key))
            return over.values[place] if place is not None else (yield from _missing(m, over, key))
        case Class() if (own := _own(over, "__getitem__")) is not None:
            return (yield from invoke(m, own, [over, key], {}))
        case Class() if (own := find(over, "__class_getitem__")) is not None and isinstance(own.get, Function):
            return (yield from invoke(m, own.get, [over, key], {}))
        case Class(flavour="enum"):
            found = over.space.get(known(key)) if isinstance(known(key), str) else None
            if not isinstance(found, Object) or found.kind is not over:
                raise error("KeyError", key)
            return found
        case Class() | Builtin() | Alias():
            parts = key if isinstance(key, tuple) else (key,)
            is_typing = type_text(over).startswith("typing.")
            shown = f"{type_text(over)}[{', '.join(type_text(part, is_typing) for part in parts)}]"
            return Alias(shown, over.origin if isinstance(over, Alias) else over, tuple(map(_as_type, parts)))
        case Object() if (own := _own(over, "__getitem__")) is not None:
            return (yield from invoke(m, own, [over, key], {}))
    key = yield from as_index(m, key)
    items = over.items if isinstance(over, List) else list(over) if isinstance(over, bytes) else as_tuple(over)
    if items is not None and not isinstance(over, (Set,)):
        kind = "tuple" if as_tuple(over) is not None else "list"
        if isinstance(key, (str, float, type(None), tuple, List)):
            name = "byte" if isinstance(over, bytes) else kind
            raise error("TypeError", f"{name} indices must be integers or slices, not {kind_name(key)}")
        if isinstance(over, List) and over.kind == "deque":
            return items[m.questions.sure(f"deque([{', '.join(map(str, range(len(items))))}])[{text_of(key)}]")]
        places = m.questions.places(len(items), f"[{_index(key)}]", kind)
        found = [items[place] for place in places]
        if not isinstance(key, Slice):
            return found[0]
        if isinstance(over, bytes):
            return bytes(found)
        return List(found, over.kind) if isinstance(over, List) else tuple(found)
    if isinstance(over, Range) and isinstance(key, Slice):
        bounds = [known(each) for each in (key.start, key.stop, key.step)]
        if not all(each is None or isinstance(each, int) for each in bounds) or bounds[2] == 0:
            raise Lost
        part = range(over.start, over.stop, over.step)[slice(*bounds)]
        return Range(part.start, part.stop, part.step)
    if isinstance(over, Range) and isinstance(key, int):
        numbers = range(over.start, over.stop, over.step)
        if not -len(numbers) <= key < len(numbers):
            raise error("IndexError", "range object index out of range")
        apart = m.questions.sure(f"{operand(over.step)} * {key % len(numbers)}")
        return m.questions.value(f"{operand(over.start)} + {operand(apart)}")
    if isinstance(over, (str, Range, Literal)):
        return m.questions.value(f"{text_of(over)}[{_index(key)}]")
    if over is None or isinstance(over, (int, float, Object, Set, Function)):
        raise error("TypeError", f"'{kind_name(over)}' object is not subscriptable")
    raise Lost


def type_text(value: Value, is_typing: bool = False) -> str:
    """A type as it is shown as a part of another."""
    match value:
        case None:
            return "None"
        case Class():
            return f"{value.module}.{value.qualname}"
        case Alias():
            return value.shown
        case Builtin():
            return value.name
        case List():
            return f"[{', '.join(map(type_text, value.items))}]"
        case str() if is_typing:
            return f"ForwardRef({value!r})"
    return "..." if value is ... else repr(value)


def as_index(m: Interpreter, key: Value) -> Work:
    """A key, by its class's `__index__` if it has one. Raises Raised."""
    key = as_plain(content_of(known(key)))
    if isinstance(key, Object) and (own := _own(key, "__index__")) is not None:
        return (yield from invoke(m, own, [key], {}))
    return int(key) if isinstance(key, bool) else key


def _index(key: Value) -> str:
    if not isinstance(key, Slice):
        return text_of(key)
    parts = ["" if known(part) is None else text_of(part) for part in (key.start, key.stop, key.step)]
    return ":".join(parts if parts[2] else parts[:2])


def _missing(m: Interpreter, over: Dict, key: Value) -> Work:
    if isinstance(over, OwnDict) and (own := _own(over, "__missing__")) is not None:
        return (yield from invoke(m, own, [over, key], {}))
    """What a dict gives for a key that it has not."""
    if over.kind == "Counter":
        return 0
    if over.kind == "defaultdict" and over.make is not None:
        made = yield from invoke(m, over.make, [], {})
        over.keys.append(key)
        over.values.append(made)
        return made
    raise error("KeyError", key)


def put(m: Interpreter, over: Dict, key: Value, value: Value) -> Work:
    """`over[key] = value`, of a dict."""
    place = yield from place_of(m, over, key)
    if place is None:
        over.keys.append(known(key))
        over.values.append(value)
    else:
        over.values[place] = value


def set_item(m: Interpreter, over: Value, key: Value, value: Value, is_plain: bool = False) -> Work:
    """`over[key] = value`; `is_plain`: as Python's own class does it. Raises Raised."""
    over = known(over)
    if (own := _overridden(over, "__setitem__", is_plain)) is not None:
        yield from invoke(m, own, [over, key, value], {})
        return
    match over:
        case Dict():
            yield from put(m, over, key, value)
            if isinstance(over, Names):
                over.space[known(key)] = value
        case List():
            key = yield from as_index(m, key)
            if isinstance(key, Slice):
                more = yield from collected(m, value)
                _set_slice(m, over, key, more)
                return
            if not isinstance(key, int):
                raise error("TypeError", f"list indices must be integers or slices, not {kind_name(key)}")
            try:
                (place,) = m.questions.places(len(over.items), f"[{text_of(key)}]")
            except Raised:
                text = "list assignment index out of range" if over.kind == "list" else "deque index out of range"
                raise error("IndexError", text) from None
            over.items[place] = value
        case Object() if (own := _own(over, "__setitem__")) is not None:
            yield from invoke(m, own, [over, key, value], {})
        case Class() if (own := _own(over, "__setitem__")) is not None:
            yield from invoke(m, own, [over, key, value], {})
        case str() | tuple() | Object() | int() | None | Range() | Set():
            raise error("TypeError", f"'{kind_name(over)}' object does not support item assignment")
        case _:
            raise Lost


def _set_slice(m: Interpreter, over: List, key: Slice, more: Sequence[Value]) -> None:
    places = m.questions.places(len(over.items), f"[{_index(key)}]")
    step_is_one = key.step is None or key.step == 1
    if not step_is_one:
        if len(places) != len(more):
            text = f"attempt to assign sequence of size {len(more)} to extended slice of size {len(places)}"
            raise error("ValueError", text)
        for place, value in zip(places, more, strict=True):
            over.items[place] = value
        return
    start = (
        places[0]
        if places
        else len(m.questions.places(len(over.items), f"[:{_index(Slice(key.start, None, None))[:-1]}]"))
        if key.start is not None
        else 0
    )
    over.items[start : start + len(places)] = more


def delete_item(m: Interpreter, over: Value, key: Value, is_plain: bool = False) -> Work:
    """`del over[key]`; `is_plain`: as Python's own class does it. Raises Raised."""
    over = known(over)
    if (own := _overridden(over, "__delitem__", is_plain)) is not None:
        yield from invoke(m, own, [over, key], {})
        return
    match over:
        case Dict():
            place = yield from place_of(m, over, key)
            if place is None and over.kind == "Counter":
                return
            if place is None:
                raise error("KeyError", key)
            del over.keys[place], over.values[place]
            if isinstance(over, Names):
                del over.space[known(key)]
        case List():
            key = yield from as_index(m, key)
            try:
                places = m.questions.places(len(over.items), f"[{_index(key)}]")
            except Raised:
                raise error("IndexError", "list assignment index out of range") from None
            for place in sorted(places, reverse=True):
                del over.items[place]
        case Object() if (own := _own(over, "__delitem__")) is not None:
            yield from invoke(m, own, [over, key], {})
        case str() | tuple() | Object():
            raise error("TypeError", f"'{kind_name(over)}' object doesn't support item deletion")
        case _:
            raise Lost


def contains(m: Interpreter, over: Value, value: Value, is_plain: bool = False) -> Work:
    """`value in over`; `is_plain`: as Python's own class does it. Raises Raised."""
    over, value = known(over), known(value)
    if _own(over, "__contains__") is None:
        over = content_of(over)
        value = content_of(value) if isinstance(over, (str, bytes)) else value
    if (own := _overridden(over, "__contains__", is_plain)) is not None:
        return (yield from truth_of(m, (yield from invoke(m, own, [over, value], {}))))
    match over:
        case Dict():
            return (yield from place_of(m, over, value)) is not None
        case View(kind="keys"):
            return (yield from place_of(m, over.over, value)) is not None
        case Object() | Class() if (own := _own(over, "__contains__")) is not None:
            given = yield from invoke(m, own, [over, value], {})
            return (yield from truth_of(m, given))
        case str() if not isinstance(value, str):
            text = f"'in <string>' requires string as left operand, not {kind_name(value)}"
            raise error("TypeError", text)
        case Set() if isinstance(value, Object) or as_tuple(value) is not None or closed(over) is None:
            yield from hashed(m, value)
            return (yield from _among(m, value, over.items))
        case bytes() if isinstance(value, bytes):
            return m.questions.holds(f"{value.decode('latin-1')!r} in {over.decode('latin-1')!r}")
        case bytes() if isinstance(value, int):
            return m.questions.holds(f"{value} in {list(over)!r}")
        case Range(start=start, stop=stop, step=by) if isinstance(value, int):
            return _in_range(m, int(value), start, stop, by)
        case str() | bytes() | Range() | Set():
            if closed(over) is not None and closed(value) is not None:
                return m.questions.holds(f"{operand(value)} in {text_of(over)}")
        case List() | tuple() if not isinstance(over, List) or over.kind == "list":
            if value != value:  # NaN, which is in there if it is itself
                return any(known(each) is value for each in (over.items if isinstance(over, List) else over))
            if closed(over) is not None and closed(value) is not None:
                return m.questions.holds(f"{operand(value)} in {text_of(over)}")
        case int() | float() | None:
            raise error("TypeError", f"argument of type '{kind_name(over)}' is not iterable")
    iterator = yield from iterator_of(m, over)
    while (each := (yield from step(m, iterator))) is not END:
        if (yield from same(m, each, value)):
            return True
    return False


def _in_range(m: Interpreter, number: int, start: int, stop: int, by: int) -> bool:
    low, high = (f"{operand(start)} <= {operand(number)}", f"{operand(number)} < {operand(stop)}")
    if by < 0:
        low, high = (f"{operand(stop)} < {operand(number)}", f"{operand(number)} <= {operand(start)}")
    if not m.questions.holds(low) or not m.questions.holds(high):
        return False
    apart = m.questions.sure(f"{operand(number)} - {operand(start)}")
    return abs(by) == 1 or m.questions.holds(f"{operand(m.questions.sure(f'{operand(apart)} % {operand(by)}'))} == 0")


def set_of(m: Interpreter, items: Sequence[Value], given: Value = None) -> Work:
    """A set of these; `given`: the set or dict that they are from."""
    for each in items:
        check_hashable(each)
    if len(items) > 1 and _are_numbers(items):
        told = m.questions.value(f"set([{', '.join(map(text_of, items))}])")
        if isinstance(told, Set):
            distinct = list(dict.fromkeys(map(known, items)))
            if {*distinct} == {*told.items}:
                return sets.put_together(distinct, given) or told
    distinct = []
    for each in items:
        yield from hashed(m, known(each), isinstance(given, (Set, Dict)))
        if not (yield from _among(m, each, distinct)):
            distinct.append(known(each))
    return sets.put_together(distinct, given) or ordered(m, distinct)


def _are_numbers(items: Sequence[Value]) -> bool:
    return all(type(known(each)) is int for each in items)


def _among(m: Interpreter, value: Value, others: Sequence[Value]) -> Work:
    if others and all(closed(known(each)) is not None for each in (value, *others)):
        return m.questions.holds(f"{operand(value)} in [{', '.join(map(text_of, others))}]")
    for each in others:
        if known(each) is known(value):
            return True
        if (yield from may_equal(m, known(each), known(value))) and (yield from same(m, each, value)):
            return True
    return False


def ordered(m: Interpreter, items: list[Value]) -> Set:
    """A set of these, which are all different, as if it were made of them now."""
    return sets.put_together(items) or Set(items, has_order=len(items) < 2)


def combined_sets(m: Interpreter, sign: str, left: Set, right: Set) -> Work:
    """`left | right`, of sets."""
    both, new = yield from _compared_items(m, sign, left, right)
    made = sets.joined(sign, left, right, both, new)
    if made is None:
        kept = [] if sign == "&" else [each for each in left.items if sign == "|" or each not in both]
        kept += both if sign == "&" else new if sign in "|^" else []
        is_left = len(kept) == len(left.items) and sign != "^"
        made = Set([*left.items], has_order=left.has_order) if is_left else ordered(m, kept)
    made.kind = left.kind
    return made


def _compared_items(m: Interpreter, sign: str, left: Set, right: Set) -> Work:
    """Items of the left one that are in both, and, but for `-` and some `&`, those that are in the right one only."""
    if _are_numbers((*left.items, *right.items)):
        texts = text_of(Set(left.items)), text_of(Set(right.items))
        told = m.questions.value(f"{texts[0]} & {texts[1]}"), m.questions.value(f"{texts[1]} - {texts[0]}")
        if all(isinstance(each, Set) for each in told):
            found = [{*each.items} for each in told]
            return tuple(
                [item for item in side.items if known(item) in each]
                for side, each in zip((left, right), found, strict=True)
            )
    goes_left = sign == "-" or (sign == "&" and len(left.items) < len(right.items))
    looked_up, held = (left, right) if goes_left else (right, left)
    is_there, pairs = list[bool](), list[Value]()
    for each in looked_up.items:
        other = yield from _found(m, each, held.items)
        is_there.append(other is not UNSET)
        pairs += [each if goes_left else other] if other is not UNSET else []
    if not goes_left:
        return pairs, [each for each, is_in_both in zip(looked_up.items, is_there, strict=True) if not is_in_both]
    return pairs, []


def _found(m: Interpreter, value: Value, others: Sequence[Value]) -> Work:
    """The one of several keys that equals a value, whose hash is known; `UNSET`: none does."""
    if all(closed(known(each)) is not None for each in (value, *others)):
        for each in others:
            if m.questions.holds(f"{operand(each)} == {text_of(value)}"):
                return each
        return UNSET
    for each in others:
        if known(each) is known(value):
            return each
        if (yield from may_equal(m, known(each), known(value))) and (yield from same(m, each, value)):
            return each
    return UNSET


def change_set(m: Interpreter, sign: str, over: Set, other: Set) -> Work:
    """`over |= other`, of sets."""
    if sign == "|":
        yield from all_added(m, over, other)
        return
    both, new = yield from _compared_items(m, sign if sign == "&" else "^", over, other)
    if sign == "&":
        sets.become(over, sets.joined(sign, over, other, both, new) or ordered(m, both))
        return
    if sign == "^" and sets.exchange(over, other, both, new):
        return
    sets.take_out(over, both)
    if sign == "^":
        put_in(m, over, new, None)


def added(m: Interpreter, over: Set, value: Value) -> Work:
    """An item more in a set. Raises Raised."""
    yield from all_added(m, over, (value,))


def all_added(m: Interpreter, over: Set, more: Value) -> Work:
    """Items more in a set. Raises Raised."""
    new: list[Value] = []
    has_hashes = isinstance(known(more), (Set, Dict))
    for each in (yield from collected(m, more)):
        yield from hashed(m, known(each), has_hashes)
        if not (yield from _among(m, each, [*over.items, *new])):
            new.append(known(each))
    if new:
        put_in(m, over, new, known(more))


def put_in(m: Interpreter, over: Set, new: Sequence[Value], given: Value) -> None:
    """New items in a set; `given`: what they are from."""
    if not sets.grown(over, new, given):
        sets.become(over, ordered(m, [*over.items, *new]))


def dict_of(m: Interpreter, keys: Sequence[Value], values: Sequence[Value]) -> Work:
    """A dict of these."""
    if len(keys) > _LARGE and all(isinstance(key, str) for key in keys) and len({*keys}) == len(keys):
        return Dict(list(keys), list(values))
    made = Dict()
    for key, value in zip(keys, values, strict=True):
        yield from put(m, made, key, value)
    return made


def updated(m: Interpreter, over: Dict, more: Value, named: Mapping[str, Value] | None = None) -> Work:
    """`over.update(more)`."""
    more = known(more)
    if isinstance(more, Dict):
        pairs = list(zip(more.keys, more.values, strict=True))
    elif (own := (yield from _keys_of(m, more))) is not None:
        pairs = []
        for key in (yield from collected(m, (yield from invoke(m, own, [], {})))):
            pairs.append((key, (yield from item(m, more, key))))
    else:
        pairs = []
        for each in (yield from collected(m, more)):
            pair = yield from collected(m, each)
            if len(pair) != 2:
                raise Lost
            pairs.append((pair[0], pair[1]))
    for key, value in [*pairs, *(named or {}).items()]:
        yield from put(m, over, key, value)


def _keys_of(m: Interpreter, value: Value) -> Work:
    """What an object has under the name `keys`, by which a dict takes it for a mapping; None: nothing."""
    if not isinstance(value, (Object, *OWN)):
        return None
    if (own := _own(value, "keys")) is not None:
        return Method(own, value)
    if (hook := _own(value, "__getattr__")) is None:
        return None
    try:
        return (yield from invoke(m, hook, [value, "keys"], {}))
    except Raised as raised:
        if not raised.is_a("AttributeError"):
            raise
        return None


def _merged(m: Interpreter, left: Dict, right: Dict) -> Work:
    made = Dict([*left.keys], [*left.values])
    yield from updated(m, made, right)
    return made


def unpacked(m: Interpreter, value: Value, count: int) -> Work:
    """As many items as there are names. Raises Raised."""
    if isinstance(value, Unknown) and value.value is UNSET:
        return [Unknown() for _ in range(count)]
    value = known(value)
    items = value.items if isinstance(value, List) else as_tuple(value)
    if items is None:
        iterator = yield from _unpackable(m, value)
        items = []
        while len(items) <= count and (each := (yield from step(m, iterator))) is not END:
            items.append(each)
    if len(items) > count:
        raise error("ValueError", f"too many values to unpack (expected {count})")
    if len(items) < count:
        raise error("ValueError", f"not enough values to unpack (expected {count}, got {len(items)})")
    return list(items)


def _unpackable(m: Interpreter, value: Value) -> Work:
    try:
        return (yield from iterator_of(m, value))
    except Raised:
        if isinstance(value, (int, float, type(None), Function)) or isinstance(value, Object):
            raise error("TypeError", f"cannot unpack non-iterable {kind_name(value)} object") from None
        raise


def unpacked_with_star(m: Interpreter, value: Value, first: int, last: int) -> Work:
    """As many items as there are names, the others in a list: made of the iterator, which is asked for one of its own."""
    iterator = yield from _unpackable(m, known(value))
    items: list[Value] = []
    while len(items) < first and (item := (yield from step(m, iterator))) is not END:
        items.append(item)
    if len(items) == first:
        items += yield from collected(m, iterator, is_list=True)
    if len(items) < first + last:
        text = f"not enough values to unpack (expected at least {first + last}, got {len(items)})"
        raise error("ValueError", text)
    behind = len(items) - last
    return [*items[:first], List(items[first:behind]), *items[behind:]]


def formatted(m: Interpreter, value: Value, conversion: str, how: Value) -> Work:
    """A field of an f-string. Raises Raised."""
    if is_unknown(value):
        return m.unknown()
    value = yield from converted(m, known(value), conversion)
    return (yield from format_of(m, value, known(how)))


def converted(m: Interpreter, value: Value, conversion: str) -> Work:
    """`value!r`. Raises Raised, Lost."""
    if conversion in ("repr", "ascii"):
        text = yield from rendered(m, value)
        if conversion == "ascii" and not known(text).isascii():
            raise Lost
        return text
    return (yield from written(m, value)) if conversion == "str" else value


def format_of(m: Interpreter, value: Value, how: str) -> Work:
    """`format(value, how)`. Raises Raised."""
    if (own := _own(value, "__format__")) is not None:
        return (yield from invoke(m, own, [value, how], {}))
    if not isinstance(value, Object) or "_mixed_" not in getattr(value.kind, "space", ()):
        value = as_plain(value)
    if not how:
        return (yield from written(m, value))
    value = content_of(value)
    if isinstance(value, (*IMMUTABLE,)) and value is not None:
        return layout.formatted(m, int(value) if isinstance(value, bool) else value, how)
    if isinstance(value, Object) and isinstance(value.kind, Class) and value.kind.flavour == "enum":
        return m.questions.value(f"format({(yield from written(m, value))!r}, {how!r})")
    raise error("TypeError", f"unsupported format string passed to {kind_name(value)}.__format__")
