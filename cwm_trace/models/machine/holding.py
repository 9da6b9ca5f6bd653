"""What lists, dicts, sets and other containers hold: looked up, put in, taken out, gone through, put together.

What is equal is asked elsewhere (`machine.comparing`). Knows in which order Python looks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.models import said
from cwm_trace.models.machine import parameters, refusals, sets
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.comparing import (
    LARGE,
    check_hashable,
    found_among,
    hashed,
    is_among,
    place_of,
    same,
    truth_of,
)
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import MOST_ITEMS, asked_for_length, collected, iterator_of, step
from cwm_trace.models.machine.questions import operand, text_of
from cwm_trace.models.machine.values import (
    END,
    OWN,
    UNSET,
    WITH_METHODS,
    Alias,
    Builtin,
    Class,
    Dict,
    Function,
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
    closed,
    content_of,
    error,
    find,
    is_unknown,
    kind_name,
    known,
    look_up,
    own_method,
    without_class,
    wrongly_given,
)


def _overridden(over: Value, name: str, is_plain: bool) -> Value | None:
    """A method that a class made from `list` or `dict` has in place of Python's."""
    return own_method(over, name) if isinstance(over, OWN) and not is_plain else None


def in_both(m: Interpreter, left: Set | View, right: Set | View) -> Work:
    """What views of dicts, and sets, have both: CPython goes through the right one, unless that is the larger one."""
    one, other = left.items if isinstance(left, Set) else (yield from collected(m, left)), right
    other_items = other.items if isinstance(other, Set) else (yield from collected(m, other))
    is_left = len(one) <= len(other_items) if isinstance(other, Set) else len(one) < len(other_items)
    if isinstance(left, Set):
        is_left = False  # which leaves it to the view
    first, second = (one, other_items) if is_left else (other_items, one)
    kept = []
    for each in first:
        if (yield from is_among(m, each, second)):
            kept.append(each)
    return (yield from set_of(m, kept))


_MANY = 1000  # items


def repeated(m: Interpreter, over: Value, times: int) -> Value:
    items = over.items if isinstance(over, List) else over
    if len(items) * max(times, 0) > MOST_ITEMS:
        raise Lost
    if len(items) * max(times, 0) > _MANY:
        made = [*items] * times  # as often as it says
    else:
        made = [items[place] for place in (m.questions.places(len(items), f" * {times}") if items else [])]
    if isinstance(over, List) and over.most is not None:
        made = made[max(0, len(made) - over.most) :]
    return List(made, over.kind, over.most) if isinstance(over, List) else tuple(made)


def extended(m: Interpreter, over: Value, more: Value, append: Callable[[Value], Any]) -> Work:
    """A list with more behind it: one after the other, as what gives them may look at it meanwhile. Raises Raised."""
    more = known(more)
    if isinstance(more, (List, tuple, Set, Dict)) and not isinstance(more, OWN):
        for each in (yield from collected(m, more)):
            append(each)
        return
    iterator = yield from iterator_of(m, more)
    yield from asked_for_length(m, more)
    while (each := (yield from step(m, iterator))) is not END:
        append(each)
        if len(over.items) > MOST_ITEMS:
            raise Lost


def item(m: Interpreter, over: Value, key: Value, is_plain: bool = False) -> Work:
    """`over[key]`; `is_plain`: as Python's own class does it. Raises Raised."""
    if is_unknown(over) or is_unknown(key):
        return m.unknown()
    is_odd = isinstance(known(key), (Slice, float, str, bytes, type(None)))
    if is_odd and isinstance(known(over), (List, tuple, str, bytes)):
        if (refused := refusals.of_operator("[]", over, key)) is not None:
            raise refused
    over = known(over)
    if own_method(over, "__getitem__") is None:
        over = content_of(over)
    if (own := _overridden(over, "__getitem__", is_plain)) is not None:
        return (yield from invoke(m, own, [over, key], {}))
    match over:
        case Dict():
            place = yield from place_of(m, over, known(key))
            return over.values[place] if place is not None else (yield from _missing(m, over, key))
        case Class() if (own := own_method(over, "__getitem__")) is not None:
            return (yield from invoke(m, own, [over, key], {}))
        case Class() if (own := find(over, "__class_getitem__")) is not None and isinstance(own.get, Function):
            return (yield from invoke(m, own.get, [over, key], {}))
        case Class(flavour="enum"):
            found = over.space.get(known(key)) if isinstance(known(key), str) else None
            if not isinstance(found, Object) or found.kind is not over:
                raise error("KeyError", key)
            return found
        case Class() | Builtin() | Alias():
            return parameters.with_parameters(over, key)
        case Object() if (own := own_method(over, "__getitem__")) is not None:
            return (yield from invoke(m, own, [over, key], {}))
    key = yield from as_index(m, key)
    if isinstance(key, Object) and isinstance(over, (List, tuple, str, bytes)):
        if isinstance(over, str):
            raise error("TypeError", f"string indices must be integers, not '{kind_name(key)}'")
        kind = "byte" if isinstance(over, bytes) else kind_name(over)
        raise error("TypeError", f"{kind} indices must be integers or slices, not {kind_name(key)}")
    items = over.items if isinstance(over, List) else list(over) if isinstance(over, bytes) else as_tuple(over)
    if items is not None and not isinstance(over, (Set,)):
        kind = "tuple" if as_tuple(over) is not None else over.kind if kind_name(over) == "bytearray" else "list"
        if isinstance(key, (str, float, type(None), tuple, List)):
            name = "byte" if isinstance(over, bytes) else kind
            raise error("TypeError", f"{name} indices must be integers or slices, not {kind_name(key)}")
        if isinstance(over, List) and over.kind == "deque":
            return items[m.questions.sure(f"deque([{', '.join(map(str, range(len(items))))}])[{text_of(key)}]")]
        if isinstance(over, bytes) and isinstance(key, int) and not -len(over) <= key < len(over):
            raise error("IndexError", "index out of range")
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
        count = max((over.stop - over.start + over.step - (1 if over.step > 0 else -1)) // over.step, 0)
        if not -count <= key < count:
            raise error("IndexError", "range object index out of range")
        apart = m.questions.sure(f"{operand(over.step)} * {key % count}")
        return m.questions.value(f"{operand(over.start)} + {operand(apart)}")
    if isinstance(over, (str, Range, Literal)):
        return m.questions.value(f"{text_of(over)}[{_index(key)}]")
    if over is None or isinstance(over, (int, float, complex, Object, Set, Function, Slice)):
        raise error("TypeError", f"'{kind_name(over)}' object is not subscriptable")
    raise Lost


def as_index(m: Interpreter, key: Value) -> Work:
    """A key, or the bounds of a slice, by its class's `__index__` if it has one. Raises Raised."""
    key = known(key)
    is_number = isinstance(content_of(key), int)  # which is not asked which one it is
    if isinstance(key, WITH_METHODS) and not is_number and (own := own_method(key, "__index__")) is not None:
        told = yield from invoke(m, own, [key], {})
        if not is_unknown(told) and not isinstance(content_of(known(told)), int):
            raise wrongly_given("__index__", key, known(told))
        return told
    key = as_plain(content_of(key))
    if isinstance(key, Slice):
        start = yield from as_index(m, key.start)
        stop = yield from as_index(m, key.stop)
        return Slice(start, stop, (yield from as_index(m, key.step)))
    return int(key) if isinstance(key, bool) else key


def _index(key: Value) -> str:
    if not isinstance(key, Slice):
        return text_of(key)
    parts = ["" if known(part) is None else text_of(part) for part in (key.start, key.stop, key.step)]
    return ":".join(parts if parts[2] else parts[:2])


_MISSING_IS_SET = sys.version_info < (3, 14)
"""Whether a `defaultdict` puts what it makes there by its class's `__setitem__` (Modules/_collectionsmodule.c, `defdict_missing`)."""


def _missing(m: Interpreter, over: Dict, key: Value) -> Work:
    """What a dict gives for a key that it has not."""
    if isinstance(over, OwnDict) and (own := own_method(over, "__missing__")) is not None:
        return (yield from invoke(m, own, [over, key], {}))
    if over.kind == "Counter":
        return 0
    if over.kind == "defaultdict" and over.make is not None:
        made = yield from invoke(m, over.make, [], {})
        if _MISSING_IS_SET and _overridden(over, "__setitem__", False) is not None:
            yield from set_item(m, over, key, made)
        elif own_method(key, "__hash__") is not None:
            yield from put(m, over, key, made)
        else:
            over.keys.append(key)
            over.values.append(made)
        return made
    raise error("KeyError", key)


def put(m: Interpreter, over: Dict, key: Value, value: Value) -> Work:
    """`over[key] = value`, of a dict."""
    place = yield from place_of(m, over, key)
    if place is None:
        append(over, key, value)
        return
    over.values[place] = value
    if isinstance(over, Names):
        over.space[known(key)] = value


def append(over: Dict, key: Value, value: Value) -> None:
    """`over[key] = value`, of a dict that has no such key."""
    over.keys.append(known(key))
    over.values.append(value)
    if isinstance(over, Names):
        over.space[known(key)] = value


def set_item(m: Interpreter, over: Value, key: Value, value: Value, is_plain: bool = False) -> Work:
    """`over[key] = value`; `is_plain`: as Python's own class does it. Raises Raised."""
    over = known(over)
    if (own := _overridden(over, "__setitem__", is_plain)) is not None:
        yield from invoke(m, own, [over, key, value], {})
        return
    match over:
        case Dict():
            yield from put(m, over, key, value)
        case List():
            key = yield from as_index(m, key)
            if isinstance(key, Slice):
                if isinstance(known(value), (int, float, type(None), Function)):
                    is_plain_one = known(key.step) in (None, 1)
                    text = said.SLICE_OF_NONE if is_plain_one else "must assign iterable to extended slice"
                    raise error("TypeError", text)
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
        case Object() if (own := own_method(over, "__setitem__")) is not None:
            yield from invoke(m, own, [over, key, value], {})
        case Class() if (own := own_method(over, "__setitem__")) is not None:
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
            if over.kind == "bytearray":
                m.check_size(over)
            key = yield from as_index(m, key)
            try:
                places = m.questions.places(len(over.items), f"[{_index(key)}]")
            except Raised:
                raise error("IndexError", "list assignment index out of range") from None
            for place in sorted(places, reverse=True):
                del over.items[place]
        case Object() if (own := own_method(over, "__delitem__")) is not None:
            yield from invoke(m, own, [over, key], {})
        case str() | tuple() | Object():
            raise error("TypeError", f"'{kind_name(over)}' object doesn't support item deletion")
        case _:
            raise Lost


def contains(m: Interpreter, over: Value, value: Value, is_plain: bool = False) -> Work:
    """`value in over`; `is_plain`: as Python's own class does it. Raises Raised."""
    over, value = known(over), known(value)
    if isinstance(over, Object) and look_up(over.kind, "__contains__") is None:
        raise error("TypeError", f"'{kind_name(over)}' object is not a container")
    if own_method(over, "__contains__") is None:
        over = content_of(over)
        value = content_of(as_plain(value)) if isinstance(over, (str, bytes, Range)) else value
    if (own := _overridden(over, "__contains__", is_plain)) is not None:
        return (yield from truth_of(m, (yield from invoke(m, own, [over, value], {}))))
    over = without_class(over)
    match over:
        case Dict():
            return (yield from place_of(m, over, value)) is not None
        case View(kind="keys"):
            return (yield from place_of(m, over.over, value)) is not None
        case Class(flavour="enum") if own_method(over, "__contains__") is None:
            return (yield from invoke(m, Builtin("enum.EnumType.__contains__"), [over, value], {}))
        case Object() | Class() if (own := own_method(over, "__contains__")) is not None:
            given = yield from invoke(m, own, [over, value], {})
            return (yield from truth_of(m, given))
        case str() if not isinstance(value, str):
            text = f"'in <string>' requires string as left operand, not {kind_name(value)}"
            raise error("TypeError", text)
        case Set():
            if not isinstance(value, Set):  # as which a set that can be no key is looked for
                yield from hashed(m, value, of="set element")
            return (yield from is_among(m, value, over.items))
        case bytes() | List(kind="bytearray"):
            return _has_octets(m, _octets(over), value)
        case Range(start=start, stop=stop, step=by) if isinstance(value, int):
            return _in_range(m, int(value), start, stop, by)
        case str() | bytes() | Range():
            if closed(over) is not None and closed(value) is not None:
                return m.questions.holds(f"{operand(value)} in {text_of(over)}")
        case List() | tuple() if not isinstance(over, List) or over.kind == "list":
            if value != value:  # NaN, which is in there if it is itself
                return any(known(each) is value for each in (over.items if isinstance(over, List) else over))
            if not isinstance(value, Object) and closed(over) is not None and closed(value) is not None:
                return m.questions.holds(f"{operand(value)} in {text_of(over)}")
        case int() | float() | None:
            raise error("TypeError", said.NO_CONTAINER.format(kind_name(over)))
        case Object() if all(look_up(over.kind, each) in (UNSET, None) for each in ("__iter__", "__getitem__")) or (
            look_up(over.kind, "__iter__") is None
        ):
            if content_of(over) is over and as_tuple(over) is None:
                raise error("TypeError", said.NO_CONTAINER.format(kind_name(over)))
    iterator = yield from iterator_of(m, over)
    while (each := (yield from step(m, iterator))) is not END:
        if (yield from same(m, each, value)):
            return True
    return False


def _octets(value: Value) -> bytes:
    return value if isinstance(value, bytes) else bytes(map(known, value.items))


def _has_octets(m: Interpreter, over: bytes, value: Value) -> bool:
    """`value in over`, a number or some bytes (Objects/bytes_methods.c, `_Py_bytes_contains`). Raises Raised."""
    if isinstance(value, int):
        if not 0 <= value < 256:
            raise error("ValueError", "byte must be in range(0, 256)")
        return m.questions.holds(f"{int(value)} in {list(over)!r}")
    if not isinstance(value, bytes) and not (isinstance(value, List) and value.kind == "bytearray"):
        raise error("TypeError", f"a bytes-like object is required, not '{kind_name(value)}'")
    return m.questions.holds(f"{_octets(value).decode('latin-1')!r} in {over.decode('latin-1')!r}")


def _in_range(m: Interpreter, number: int, start: int, stop: int, by: int) -> bool:
    low, high = (f"{operand(start)} <= {operand(number)}", f"{operand(number)} < {operand(stop)}")
    if by < 0:
        low, high = (f"{operand(stop)} < {operand(number)}", f"{operand(number)} <= {operand(start)}")
    if not m.questions.holds(low) or not m.questions.holds(high):
        return False
    apart = m.questions.sure(f"{operand(number)} - {operand(start)}")
    return abs(by) == 1 or m.questions.holds(f"{operand(m.questions.sure(f'{operand(apart)} % {operand(by)}'))} == 0")


def set_of(m: Interpreter, items: Sequence[Value], given: Value = None, has_hashes: bool = False) -> Work:
    """A set of these; `given`: the set or dict that they are from; `has_hashes`: whether they have been asked for theirs."""
    has_hashes = has_hashes or isinstance(given, (Set, Dict))
    for each in items:
        check_hashable(each, "set element")
    if len(items) > 1 and _are_numbers(items):
        told = m.questions.value(f"set([{', '.join(map(text_of, items))}])")
        if isinstance(told, Set):
            distinct = list(dict.fromkeys(map(known, items)))
            if {*distinct} == {*told.items}:
                return sets.put_together(distinct, given) or told
    distinct = []
    for each in items:
        yield from hashed(m, known(each), has_hashes, "set element")
        if not (yield from is_among(m, each, distinct)):
            distinct.append(known(each))
    return sets.put_together(distinct, given) or ordered(m, distinct)


def _are_numbers(items: Sequence[Value]) -> bool:
    return all(type(known(each)) is int for each in items)


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
        other = yield from found_among(m, each, held.items)
        is_there.append(other is not UNSET)
        pairs += [each if goes_left else other] if other is not UNSET else []
    if not goes_left:
        return pairs, [each for each, is_in_both in zip(looked_up.items, is_there, strict=True) if not is_in_both]
    return pairs, []


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
    if isinstance(content_of(known(more)), Set):  # whose items are taken as they lie
        more = content_of(known(more))
    has_hashes = isinstance(known(more), (Set, Dict))
    for each in (yield from collected(m, more)):
        yield from hashed(m, known(each), has_hashes, "set element")
        if not (yield from is_among(m, each, [*over.items, *new])):
            new.append(known(each))
    if new:
        put_in(m, over, new, known(more))


def put_in(m: Interpreter, over: Set, new: Sequence[Value], given: Value) -> None:
    """New items in a set; `given`: what they are from."""
    if not sets.grown(over, new, given):
        sets.become(over, ordered(m, [*over.items, *new]))


def dict_of(m: Interpreter, keys: Sequence[Value], values: Sequence[Value]) -> Work:
    """A dict of these."""
    if len(keys) > LARGE and all(isinstance(key, str) for key in keys) and len({*keys}) == len(keys):
        return Dict(list(keys), list(values))
    made = Dict()
    for key, value in zip(keys, values, strict=True):
        yield from put(m, made, key, value)
    return made


def updated(m: Interpreter, over: Dict, more: Value, named: Mapping[str, Value] | None = None) -> Work:
    """`over.update(more)`."""
    more = known(more)
    if isinstance(more, Dict) and (not isinstance(more, OWN) or own_method(more, "__iter__") is None):
        pairs = list(zip(more.keys, more.values, strict=True))
    elif (own := (yield from _keys_of(m, more))) is not None:
        pairs = []
        for key in (yield from collected(m, (yield from invoke(m, own, [], {})))):
            pairs.append((key, (yield from item(m, more, key))))
    else:
        pairs = []
        for place, each in enumerate((yield from collected(m, more))):
            pair = yield from _as_pair(m, place, each)
            pairs.append((pair[0], pair[1]))
    for key, value in [*pairs, *(named or {}).items()]:
        yield from put(m, over, key, value)


def _as_pair(m: Interpreter, place: int, value: Value) -> Work:
    """A key and what is under it, of what a dict is made of. Raises Raised."""
    which = f"dictionary update sequence element #{place}"
    if isinstance(known(value), (int, float, type(None), Function)):
        raise error("TypeError", said.NO_PAIR.format(place))
    pair = yield from collected(m, value)
    if len(pair) != 2:
        raise error("ValueError", f"{which} has length {len(pair)}; 2 is required")
    return pair


def _keys_of(m: Interpreter, value: Value) -> Work:
    """What an object has under the name `keys`, by which a dict takes it for a mapping; None: nothing."""
    if not isinstance(value, (Object, *OWN)):
        return None
    if (own := own_method(value, "keys")) is not None:
        return Method(own, value)
    if (hook := own_method(value, "__getattr__")) is None:
        return None
    try:
        return (yield from invoke(m, hook, [value, "keys"], {}))
    except Raised as raised:
        if not raised.is_a("AttributeError"):
            raise
        return None


def merged(m: Interpreter, left: Dict, right: Dict) -> Work:
    made = Dict([*left.keys], [*left.values], left.kind, left.make)
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
        told = said.TOO_MANY if isinstance(value, (List, Dict, tuple)) else said.TOO_MANY_OF_OTHERS
        raise error("ValueError", told.format(expected=count, got=len(items)))
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
