"""Whether values are equal, less than others, or true, and the hashes by which dicts and sets look for them.

Each step on plain values is asked for. Knows in which order Python asks which method.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cwm_trace.models import said
from cwm_trace.models.containers import PATTERN
from cwm_trace.models.machine import arithmetic, parameters, records, sets, tracebacks
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import is_of_program
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import MOST_ITEMS, collected
from cwm_trace.models.machine.naming import NOT_IMPLEMENTED, canonical
from cwm_trace.models.machine.questions import operand, text_of
from cwm_trace.models.machine.values import (
    GENERATED,
    IMMUTABLE,
    OWN,
    UNSET,
    WITH_METHODS,
    Alias,
    Builtin,
    Class,
    Dict,
    Hashed,
    List,
    Literal,
    Lost,
    Method,
    Module,
    Object,
    OwnDict,
    OwnList,
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
    is_unknown,
    kind_name,
    known,
    nearest,
    own_method,
    truth,
    without_class,
    wrongly_given,
)

_COMPARED = {"==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}


_SWAPPED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


NUMBER = (int, float, complex)


def is_same(left: Value, right: Value) -> bool:
    """Whether two values are one. Raises Lost where that is CPython's choice."""
    if left is right:
        return True
    if isinstance(left, Builtin) and isinstance(right, Builtin):
        return left.name == right.name
    if isinstance(left, Module) and isinstance(right, Module):
        return canonical(left.name) == canonical(right.name)
    if isinstance(left, (bool, type(None), type(...))) or isinstance(right, (bool, type(None), type(...))):
        return left is right
    if isinstance(left, (*IMMUTABLE, tuple)) and isinstance(right, (*IMMUTABLE, tuple)):
        if type(left) is not type(right):
            return False
        if isinstance(left, int) and isinstance(right, int) and -6 < left < 257 and -6 < right < 257:
            return left == right
        if left != right or isinstance(left, (int, float, complex)):  # what is computed is a new one
            return False
        if isinstance(left, (str, bytes)) and len(left) < 2:  # there is one of each
            return True
        raise Lost
    if isinstance(left, tracebacks.Traceback) and isinstance(right, tracebacks.Traceback):
        return tracebacks.is_same(left, right)
    return left is right


def is_of_own(value: Value) -> bool:
    """Whether it is a class that a metaclass of the program's has made."""
    return isinstance(value, Class) and value.metaclass is not None


def is_not_implemented(value: Value) -> bool:
    """Whether a method has said that it does not know."""
    return isinstance(value, Builtin) and value.name == "NotImplemented"


def compared(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """`left < right`. Raises Raised."""
    if is_unknown(left) or is_unknown(right):
        return m.unknown()
    left, right = as_plain(known(left)), as_plain(known(right))
    if isinstance(left, Method) and isinstance(right, Method) and sign in ("==", "!="):
        is_one = left.function is right.function or (
            isinstance(left.function, Builtin)
            and isinstance(right.function, Builtin)
            and left.function.name == right.function.name
        )
        return (is_one and left.owner is right.owner) is (sign == "==")
    if isinstance(left, Slice) and isinstance(right, Slice):
        return (yield from compared(m, sign, *((each.start, each.stop, each.step) for each in (left, right))))
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        left, right = (int(each) if isinstance(each, bool) else each for each in (left, right))
        if left != left or right != right:  # NaN
            return sign == "!="
        if arithmetic.has_power(left, right) and not (arithmetic.is_endless(left) or arithmetic.is_endless(right)):
            sides = arithmetic.over_one(m, left.as_integer_ratio(), right.as_integer_ratio())
            return m.questions.holds(f"{operand(sides[0])} {sign} {operand(sides[1])}")
    if isinstance(left, bytes) and isinstance(right, bytes):
        left, right = left.decode("latin-1"), right.decode("latin-1")
    if isinstance(left, str) and isinstance(right, str) and not (_is_of_texts(left) and _is_of_texts(right)):
        left, right = List([*map(ord, left)]), List([*map(ord, right)])  # as their texts may say, too
    if isinstance(left, WITH_METHODS) or isinstance(right, WITH_METHODS) or is_of_own(left) or is_of_own(right):
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
        has_nan = any(each != each for each in map(known, left.items) if isinstance(each, float))
        is_text = left.kind == "list" and closed(left) is not None and closed(right) is not None
        if has_nan or not is_text or _is_mixed(left.items, right.items):
            return (yield from _one_by_one(m, sign, left.items, right.items))
    if isinstance(left, View) and left.kind == "values" or isinstance(right, View) and right.kind == "values":
        if sign in ("==", "!="):
            return (left is right) is (sign == "==")
        raise _unordered(sign, left, right)
    if isinstance(left, (Set, View)) and isinstance(right, (Set, View)):
        first, second = (yield from _as_set(m, left)), (yield from _as_set(m, right))
        return (yield from _compared_sets(m, sign, first, second))
    if isinstance(left, complex) or isinstance(right, complex):
        return (yield from _compared_complex(m, sign, left, right))
    if isinstance(left, Dict) and isinstance(right, Dict) and left.kind == right.kind == "Counter":
        return (yield from _compared_counts(m, sign, left, right))
    if isinstance(left, Dict) and isinstance(right, Dict) and sign in ("==", "!="):
        is_own = isinstance(left, OWN) or isinstance(right, OWN) or "OrderedDict" in (left.kind, right.kind)
        if is_own or left.kind != right.kind or _is_mixed(left.values, right.values):
            return (yield from _same_pairs(m, left, right)) is (sign == "==")
    if isinstance(left, Literal) and isinstance(right, Literal) and left.kind == right.kind == PATTERN:
        if sign not in ("==", "!="):
            raise _unordered(sign, left, right)
        return (left.text == right.text) is (sign == "==")
    if sign not in ("==", "!=") and (isinstance(left, Range) or isinstance(right, Range)):
        raise _unordered(sign, left, right)
    if sign in ("==", "!=") and _never_equal(left, right):
        return sign == "!="
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
        return parameters.are_same(left, right) is (sign == "==")
    return (left is right) is (sign == "==")


def _is_of_texts(text: str) -> bool:
    """Whether its characters are those that texts are made of, as the network knows them."""
    return text.isascii() and not any(each < " " and each not in "\n\t\r" or each == "\x7f" for each in text)


def _never_equal(left: Value, right: Value) -> bool:
    """Whether one is a container of some kind, and the other none of it."""
    kinds = [_container(left), _container(right)]
    has_view = isinstance(left, View) or isinstance(right, View)
    return kinds[0] != kinds[1] and "bytearray" not in kinds and not has_view


def _container(value: Value) -> str:
    """Which container a value is; "": none of these."""
    match value:
        case Set():
            return "set"
        case Dict():
            return "dict"
        case List():
            return value.kind
    return ""


def _compared_complex(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """Complex numbers: by their parts."""
    if not isinstance(left, (int, float, complex)) or not isinstance(right, (int, float, complex)):
        return sign == "!="
    if sign not in ("==", "!="):
        raise _unordered(sign, left, right)
    parts = [(each.real, each.imag) for each in (left, right)]
    return (yield from _one_by_one(m, sign, *parts))


def _is_mixed(left: Sequence[Value], right: Sequence[Value]) -> bool:
    """Whether items of two sequences are not all texts, or all numbers that are equal to themselves."""
    kinds = {type(known(each)) if not is_unknown(each) else Unknown for each in (*left, *right)}
    if float in kinds and any(known(each) != known(each) for each in (*left, *right)):
        return True
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
        if not (yield from is_among(m, each, right.items)):
            holds = False
            break
    return holds is (sign != "!=")


def _same_pairs(m: Interpreter, left: Dict, right: Dict) -> Work:
    if len(left.keys) != len(right.keys):
        return False
    for key, value in zip(left.keys, left.values, strict=True):
        place = yield from place_of_hashed(m, right, known(key))  # its hash stands in the dict that has it
        if place is None or not (yield from same(m, value, right.values[place])):
            return False
    if left.kind == right.kind == "OrderedDict":
        return (yield from _one_by_one(m, "==", left.keys, right.keys))
    return True


def _compared_counts(m: Interpreter, sign: str, left: Dict, right: Dict) -> Work:
    """Two Counters, as their source does it (Lib/collections/__init__.py): what one does not have counts as zero."""
    if sign in ("<", ">"):
        if not (yield from _compared_counts(m, f"{sign}=", left, right)):
            return False
        sign = "!="
    if sign == "!=":
        return not (yield from _compared_counts(m, "==", left, right))
    for key in (*left.keys, *right.keys):
        if not (yield from holds(m, sign, (yield from count_of(m, left, key)), (yield from count_of(m, right, key)))):
            return False
    return True


def count_of(m: Interpreter, over: Dict, key: Value) -> Work:
    """The number that a Counter has for a key."""
    place = yield from place_of(m, over, key)
    return 0 if place is None else over.values[place]


def _incomparable(sign: str, left: Value, right: Value) -> Raised | None:
    if sign in ("==", "!="):
        return None
    kinds = [_order_kind(left), _order_kind(right)]
    if kinds[0] == kinds[1] and kinds[0] not in ("", "None", "dict"):
        return None
    return _unordered(sign, left, right)


def _unordered(sign: str, left: Value, right: Value) -> Raised:
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


def holds(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    """Whether `left < right` is true. Raises Raised."""
    return (yield from truth_of(m, (yield from compared(m, sign, left, right))))


def same(m: Interpreter, left: Value, right: Value) -> Work:
    """Whether two values are equal, as a container has it: what is the same object is."""
    left, right = known(left), known(right)
    if left is right and (not isinstance(left, IMMUTABLE) or left != left):
        return True
    given = yield from compared(m, "==", left, right)
    return (yield from truth_of(m, given))


def _compared_by_methods(m: Interpreter, sign: str, left: Value, right: Value) -> Work:
    tries = [(left, sign, right), (right, _SWAPPED[sign], left)]
    kind = class_of(left)
    if any(is_same(kind, each) for each in getattr(class_of(right), "line", ())[1:]):
        tries.reverse()
    for one, how, other in tries:
        given = yield from by_method(m, one, how, other)
        if not is_not_implemented(given):
            return given
        if own_method(one, f"__{_COMPARED[how]}__") is None and _is_pythons(how, one, other):
            break  # which Python's own method, that comes next, compares
    are_tuples = as_tuple(left) is not None and as_tuple(right) is not None
    are_plain = are_tuples or isinstance(left, OWN) or isinstance(right, OWN)
    have_own = all(map(_has_own, tries))
    if (are_plain or content_of(left) is not left or content_of(right) is not right) and not have_own:
        return NOT_IMPLEMENTED
    if sign in ("==", "!="):
        return (left is right) is (sign == "==")
    if have_own:
        raise _unordered(sign, left, right)
    if all(
        isinstance(each, Object) and is_of_program(getattr(each.kind, "module", "builtins")) for each in (left, right)
    ):
        raise _unordered(sign, left, right)
    raise _incomparable(sign, left, right) or Lost


def _has_own(tried: tuple[Value, str, Value]) -> bool:
    """Whether a method of the program has been asked, in place of that of a class of Python's."""
    one, how, _ = tried
    return isinstance(one, WITH_METHODS) and own_method(one, f"__{_COMPARED[how]}__") is not None


def by_method(m: Interpreter, one: Value, how: str, other: Value) -> Work:
    """What the method for a comparison gives, which may be `NotImplemented`. Raises Raised."""
    name = f"__{_COMPARED[how]}__"
    if is_of_own(one) and (own := own_method(one, name)) is not None:
        return (yield from invoke(m, own, [one, other], {}))
    if not isinstance(one, WITH_METHODS) or not isinstance(kind := class_of(one), Class):
        return NOT_IMPLEMENTED
    is_equal = nearest(kind, "__eq__") is GENERATED
    is_ordered = "order" in kind.space.get("_options_", ())
    is_made = is_equal if how in ("==", "!=") else is_ordered and nearest(kind, name) is GENERATED
    # None makes `__ne__`: that of `object` turns what `__eq__` gives.
    if (how == "!=" or not is_made) and (own := own_method(one, name)) is not None:
        return (yield from invoke(m, own, [one, other], {}))
    is_turned = how == "!=" and not is_made and not _has_pythons(kind)
    if is_turned and (own := own_method(one, "__eq__")) is not None:
        given = yield from invoke(m, own, [one, other], {})
        return given if is_not_implemented(given) else not (yield from truth_of(m, given))
    if kind.flavour == "dataclass" and is_equal and (how in ("==", "!=") or is_ordered):
        return (yield from by_fields(m, how, one, other))
    return NOT_IMPLEMENTED


def by_fields(m: Interpreter, how: str, one: Object | OwnList | OwnDict, other: Value) -> Work:
    """What a comparison gives that a dataclass has been made with, which may be `NotImplemented`. Raises Raised."""
    kind = class_of(one)
    if not isinstance(other, WITH_METHODS) or kind is not class_of(other):
        return NOT_IMPLEMENTED
    names = [name for name, default in kind.fields or () if records.says(default, "compare", True) is not False]
    if _EACH_FIELD and how in ("==", "!="):
        given = yield from _equal_fields(m, one, other, kind, names)
        return given if how == "==" else not (yield from truth_of(m, given))
    items: list[list[Value]] = [[], []]
    for held, each in zip(items, (one, other), strict=True):
        for name in names:
            held.append((yield from records.in_field(m, each, kind, name)))
    return (yield from _one_by_one(m, how, *items))


_EACH_FIELD = sys.version_info >= (3, 13)
"""Whether dataclasses compare `self.x==other.x and ...` (`_process_class`), in place of tuples of all fields."""


def _equal_fields(m: Interpreter, one: Value, other: Value, kind: Class, names: Sequence[str]) -> Work:
    """What the last field gives that is asked. Raises Raised."""
    given: Value = True
    for name in () if one is other else names:
        left = yield from records.in_field(m, one, kind, name)
        given = yield from compared(m, "==", left, (yield from records.in_field(m, other, kind, name)))
        if not (yield from truth_of(m, given)):
            break
    return given


def _has_pythons(kind: Class) -> bool:
    """Whether a class is made from one of Python's own that has a `__ne__`, which does not ask for `__eq__` of the program."""
    made_of = [each for each in kind.line if isinstance(each, Builtin)]
    if any(each.name == "collections.Counter" for each in made_of):
        return False  # whose `__ne__` is Python's source
    has_own = any(each.kind is not None and "__ne__" in vars(each.kind) and each.name != "object" for each in made_of)
    return has_own or any(each.name in _WITH_ORDER for each in made_of)


_WITH_ORDER = ("collections.deque", "collections.OrderedDict", "collections.defaultdict")


def _is_pythons(how: str, one: Value, other: Value) -> bool:
    """Whether Python's own way compares two values so: of one of its own kinds, or of classes that are made from it."""
    if as_tuple(one) is not None and as_tuple(other) is not None:
        return True
    left, right = (without_class(content_of(each)) for each in (one, other))
    if isinstance(left, Dict) and left.kind != "Counter" and how not in ("==", "!="):
        return False
    is_plain = left is not one or not isinstance(one, Object)
    return is_plain and type(left) is type(right) and not isinstance(left, (Object, Class))


def truth_of(m: Interpreter, value: Value) -> Work:
    """Whether a value counts as true. Raises Raised."""
    value = known(value)
    found = truth(value)
    if found is not None:
        return found
    if isinstance(value, Range):
        return (yield from length(m, value)) != 0
    if (own := own_method(value, "__bool__")) is not None:
        told = known((yield from invoke(m, own, [value], {})))
        if not isinstance(told, bool):
            raise wrongly_given("__bool__", value, told)
        return told
    if own_method(value, "__len__") is not None:
        return known((yield from length(m, value))) != 0
    return True


def length(m: Interpreter, value: Value) -> Work:
    """`len(value)`. Raises Raised."""
    if is_unknown(value):
        return m.unknown()
    value = known(value)
    if (own := own_method(value, "__len__")) is not None:
        return (yield from _told_length(m, own, value))
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
        case Class(flavour="enum"):
            items = value.space["_members_"]
    if items is not None:
        return _counted(m, len(items))
    if isinstance(value, (str, Range)):
        return m.questions.value(f"len({text_of(value)})")
    raise error("TypeError", f"object of type '{kind_name(value)}' has no len()")


def _told_length(m: Interpreter, own: Value, value: Value) -> Work:
    told = known((yield from invoke(m, own, [value], {})))
    if isinstance(told, int) and told < 0:
        raise error("ValueError", "__len__() should return >= 0")
    if isinstance(told, (str, float, List, tuple, type(None))):
        raise error("TypeError", f"'{kind_name(told)}' object cannot be interpreted as an integer")
    return told


def _counted(m: Interpreter, number: int) -> Value:
    """How many items there are, counted by so many at a time as may be asked for."""
    counts = [min(_AT_ONCE, number - place) for place in range(0, number, _AT_ONCE)] or [0]
    total: Value = None
    for count in counts:
        found = m.questions.value(f"len([{', '.join('0' * count)}])")
        total = found if total is None else m.questions.value(f"{text_of(total)} + {text_of(found)}")
    return total


_AT_ONCE = 50  # items


def check_hashable(value: Value, of: str = "", outer: Value = UNSET) -> None:
    """Raises Raised for what has no hash; `of`: what it is to be (`said.UNHASHABLE`); `outer`: the tuple that it is in."""
    value = known(value)
    is_mutable = isinstance(value, (List, Dict)) or (isinstance(value, Set) and value.kind == "set")
    if isinstance(value, Object) and isinstance(value.kind, Class):
        is_mutable = records.hashes_by(value.kind) is False
    elif isinstance(value, OWN):
        is_mutable = own_method(value, "__hash__") is None
    if is_mutable:
        outer = value if outer is UNSET else outer
        raise error("TypeError", said.UNHASHABLE[of].format(outer=kind_name(outer), inner=kind_name(value)))
    for each in as_tuple(value) or ():
        check_hashable(each, of, value if outer is UNSET else outer)


def hashed(m: Interpreter, key: Value, is_kept: bool = False, of: str = "") -> Work:
    """The hash of a key, by its class's own way, unless it `is_kept` from before; None where it has none. Raises Raised."""
    check_hashable(key, of)
    for each in as_tuple(key) or ():
        yield from hashed(m, known(each), is_kept)
    if is_kept and isinstance(key, WITH_METHODS) and key.hashed is not None:
        return key.hashed
    if (kind := sets.hashed_by(key)) is not None:
        parts = yield from parts_of_hash(m, key, kind)
        yield from hashed(m, parts, is_kept)
        key.hashed = sets.number_of(parts)
        return key.hashed
    if not isinstance(key, WITH_METHODS) or (own := own_method(key, "__hash__")) is None or isinstance(own, Builtin):
        return None
    try:
        key.hashed = checked_hash(known((yield from invoke(m, own, [key], {}))))
    except Raised as raised:
        raise _of_use(raised, key, of) from None
    return key.hashed


def parts_of_hash(m: Interpreter, key: Object, kind: Class) -> Work:
    """The tuple whose hash is that of a dataclass by its fields."""
    parts = []
    for name in records.hashed_fields(kind):
        parts.append(known((yield from records.in_field(m, key, kind, name))))
    return tuple(parts)


def _of_use(raised: Raised, key: Value, of: str) -> Raised:
    """The error of a hash, which says what for it was asked, from 3.14 on."""
    if (
        not of
        or not said.TELLS_USE
        or not isinstance(raised.error.kind, Builtin)
        or raised.error.kind.name != "TypeError"
    ):
        return raised
    text = raised.error.held[0] if raised.error.held else ""
    return error("TypeError", f"cannot use '{kind_name(key)}' as a {of} ({text})")


def checked_hash(told: Value) -> Value:
    """What a `__hash__` has given. Raises Raised."""
    if not isinstance(content_of(as_plain(told)), int) and not isinstance(told, (Unknown, Hashed)):
        raise error("TypeError", "__hash__ method should return an integer")
    return told


def may_equal(m: Interpreter, one: Value, other: Value) -> Work:
    """Whether two keys have the same hash, as far as classes of the program say so."""
    hashes = [each.hashed if isinstance(each, WITH_METHODS) else None for each in (one, other)]
    if hashes == [None, None]:
        return not _have_other_hashes(one, other)
    if isinstance(one, WITH_METHODS) and isinstance(other, WITH_METHODS) and None in hashes:
        return True
    first, second = (_hash_of(*each) for each in zip((one, other), hashes, strict=True))
    return type(first) is type(second) and (yield from same(m, first, second))


def _have_other_hashes(one: Value, other: Value) -> bool:
    """Whether tuples with objects in them have hashes that are not the same; of others it is not asked."""
    items = [as_tuple(each) for each in (one, other)]
    if None in items or not any(isinstance(known(each), (*WITH_METHODS, tuple)) for each in items[0] or ()):
        return False
    numbers = [sets.number_of(each) for each in (one, other)]
    return None not in numbers and numbers[0] != numbers[1]


def _hash_of(value: Value, told: Value) -> Value:
    """What tells of a hash: the number that it is, or a value that has it."""
    if told is None:
        number = sets.number_of(value)
        return value if number is None else number
    return told.content if isinstance(told, Hashed) else told


LARGE = 100  # keys


def _is_table(m: Interpreter, over: Dict) -> bool:
    """Whether a dict is a large one by texts, or one of the library's, which nobody is asked about as a whole."""
    is_large = len(over.keys) > LARGE or m.is_in_library
    return is_large and all(isinstance(each, (str, bytes)) for each in over.keys)


def place_of(m: Interpreter, over: Dict, key: Value) -> Work:
    """Where a key stands in a dict; None: nowhere. Raises Raised."""
    key = known(key)
    yield from hashed(m, key, of="dict key")
    return (yield from place_of_hashed(m, over, key))


def place_of_hashed(m: Interpreter, over: Dict, key: Value) -> Work:
    """The same of a key whose hash has been asked for. Raises Raised."""
    if isinstance(key, (str, bytes)) and _is_table(m, over):
        return over.keys.index(key) if key in over.keys else None
    text, *keys = (_as_key(known(each)) for each in (key, *over.keys))
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


def _as_key(value: Value) -> str | None:
    """The text of a key that is asked for among others; None where each is compared."""
    if isinstance(value, complex):
        return None
    return closed(int(value) if isinstance(value, bool) else value)


def _may_be(one: Value, other: Value) -> bool:
    """Whether two keys may be equal, by their kinds."""
    if any(isinstance(each, WITH_METHODS) and each.hashed is not None for each in (one, other)):
        return True  # it may be equal to anything
    one, other = content_of(as_plain(one)), content_of(as_plain(other))
    numbers = isinstance(one, NUMBER) and isinstance(other, NUMBER)
    return numbers or type(one) is type(other) or as_tuple(one) is not None


def _as_texts(value: Value, others: Sequence[Value]) -> tuple[Value, Sequence[Value]]:
    """Bytes, if all are, as the texts of these characters, which are equal where they are; truth values as the numbers that they are."""
    value, *others = (int(known(each)) if isinstance(known(each), bool) else each for each in (value, *others))
    if not all(isinstance(known(each), bytes) for each in (value, *others)):
        return value, others
    return known(value).decode("latin-1"), [known(each).decode("latin-1") for each in others]


def is_among(m: Interpreter, value: Value, others: Sequence[Value]) -> Work:
    value, others = _as_texts(value, others)
    if isinstance(known(value), float) and known(value) != known(value):  # which equals nothing, and is itself
        return any(known(each) is known(value) for each in others)
    if others and all(_as_key(known(each)) is not None for each in (value, *others)):
        return m.questions.holds(f"{operand(value)} in [{', '.join(map(text_of, others))}]")
    return (yield from found_by_hash(m, value, others)) is not UNSET


def found_among(m: Interpreter, value: Value, others: Sequence[Value]) -> Work:
    """The one of several keys that equals a value, whose hash is known; `UNSET`: none does."""
    if all(closed(known(each)) is not None for each in (value, *others)):
        wanted, asked = _as_texts(value, others)
        for each, text in zip(others, asked, strict=True):
            if m.questions.holds(f"{operand(text)} == {text_of(wanted)}"):
                return each
        return UNSET
    return (yield from found_by_hash(m, value, others))


def found_by_hash(m: Interpreter, value: Value, others: Sequence[Value]) -> Work:
    """The same, one by one: each is it itself, or has its hash, perhaps, and says that it is equal."""
    for each in others:
        if known(each) is known(value):
            return each
        if (yield from may_equal(m, known(each), known(value))) and (yield from same(m, each, value)):
            return each
    return UNSET
