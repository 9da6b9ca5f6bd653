"""Operations that Python does item by item, done so: the sum of a list by its additions, a look into a dict by comparisons with its keys, a text
in capitals by those of its characters.

A small network adds one number to another, or says whether two values are the same, where it fails at all of a list at once. What is done with
which item, in which order, and how items are put together again is fixed here, and in `models.characters` for texts; every number, comparison
and character that comes of it is asked for. Knows Python's operations; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from cwm_trace.models import said
from cwm_trace.models.characters import joined, of_text, translated
from cwm_trace.models.comparisons import compared, is_sequence, kind_of
from cwm_trace.models.containers import FACTORIES, MATCH, PATTERN, unwrapped
from cwm_trace.models.formats import by_percent, formatted
from cwm_trace.models.heaps import GIVING as HEAPS
from cwm_trace.models.heaps import given_by
from cwm_trace.models.items import (
    MOST,
    Raises,
    Steps,
    Way,
    dict_together,
    is_number,
    is_text,
    is_whole,
    item_at,
    items_of,
    list_together,
    put_pairs,
    put_together,
    raising,
    shown,
    texts_of,
    tuple_together,
)
from cwm_trace.models.iterables import by_count, function_of, gone_through, sorted_of
from cwm_trace.models.known import all_known, behind
from cwm_trace.models.library import of_infinity
from cwm_trace.models.numbers import is_step, of_numbers
from cwm_trace.models.octet_searches import of_search
from cwm_trace.models.operations import CACHED, is_value, truth_of
from cwm_trace.models.parts import characters
from cwm_trace.models.roots import power_of
from cwm_trace.models.searches import of_match
from cwm_trace.models.sets import combined, display_of, given_items, items_of_set, of_set
from cwm_trace.models.slices import between, slice_of
from cwm_trace.models.statements import COMPARISONS, SIGNS, kept, statement_of, text_of

_OF_WHOLE = re.compile(r"([0-9]+) ([-+*%<>&|^]|//|[<>=!]=) ([0-9]+)")
"""What is asked most, which needs no parser."""


@kept
def way_of(operation: str) -> Way | None:
    """How an operation on values is done by steps; None where it is a step itself."""
    if (numbers := _OF_WHOLE.fullmatch(operation)) is not None:
        return of_numbers(*numbers.groups())
    statement = statement_of(operation)
    return _way(statement.value, operation) if isinstance(statement, ast.Expr) else None


def _way(node: ast.expr, text: str) -> Way | None:
    match node:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as how], comparators=[ast.Call() as right]) if (
            inner := unwrapped(right)
        ) is not None:
            return compared(left, how, inner, text)
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="type"), args=[value], keywords=[]),
            ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq() as how],
            comparators=[ast.Name(id=name)],
        ) if (kind := kind_of(value)) and name in FACTORIES:
            return lambda steps: str((kind == name) is isinstance(how, (ast.Is, ast.Eq)))
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as how], comparators=[right]) if _is_set_made(left):
            sign, over = "in" if isinstance(how, ast.In) else "not in", text_of(right, text)
            return lambda steps: _made_in(text_of(left, text), f"{sign} {over}", steps)
        case ast.Compare(left=left, ops=[how], comparators=[right]):
            return (
                _infinite(left, COMPARISONS.get(type(how), ""), right, text)
                or _of_numbers(left, COMPARISONS.get(type(how), ""), right, text)
                or compared(left, how, right, text)
            )
        case ast.Compare(left=left, ops=hows, comparators=others):
            return _chained([left, *others], hows, text)
        case ast.BinOp(left=left, op=op, right=right) if _is_truth(left) or _is_truth(right):
            return _of_truths(left, SIGNS.get(type(op), ""), right, text)
        case ast.BinOp(left=left, op=op, right=right) if way := _infinite(left, SIGNS.get(type(op), ""), right, text):
            return way
        case ast.BinOp(left=left, op=op, right=right) if way := _of_numbers(left, SIGNS.get(type(op), ""), right, text):
            return way
        case ast.UnaryOp(op=ast.Not(), operand=operand) if (truth := truth_of(text_of(operand, text))) is not None:
            return lambda steps: str(not truth)
        case ast.UnaryOp(op=ast.Invert(), operand=operand) if is_whole(number := text_of(operand, text)):
            less = f"{number.removeprefix('-')} - 1" if number.startswith("-") else f"-{number} - 1"
            return lambda steps: steps.value(less)
        case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand)):
            return lambda steps: text_of(operand, text)
        case ast.BinOp(left=left, op=op, right=right) if _is_set_made(left) or _is_set_made(right):
            return lambda steps: _of_sets(text_of(left, text), SIGNS.get(type(op), ""), text_of(right, text), steps)
        case ast.BinOp(left=left, op=op, right=right) if items_of_set(left, text) is not None:
            return combined(left, SIGNS.get(type(op), ""), right, text)
        case ast.BinOp(left=ast.Constant(value=str(form)), op=ast.Mod(), right=right):
            given = texts_of(right.elts, text) if isinstance(right, ast.Tuple) else [shown(right, text) or ""]
            fits = not isinstance(right, ast.Tuple) or len(given) == len(right.elts)
            return by_percent(form, given) if fits and not isinstance(right, ast.Dict) else None
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if any(isinstance(part, ast.Starred) for part in parts):
            return _with_stars(node, parts, text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _together(left, right, text)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _repeated(left, text_of(right, text), text) or _repeated(right, text_of(left, text), text)
        case ast.BinOp(left=ast.Dict() as left, op=ast.BitOr(), right=ast.Dict() as right):
            return _merged([left, right], text)
        case ast.Set() if (items := items_of(node, text)) is not None:
            return display_of(items)
        case ast.Dict(keys=keys) if None in keys:
            return _merged([node], text)
        case ast.Subscript(value=ast.Dict() as over, slice=key):
            return _looked_up(shown(key, text), over, text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=None), attr=name)) if not hasattr(None, name):
            return raising(AttributeError(f"'NoneType' object has no attribute {name!r}"))
        case ast.Subscript(value=ast.Constant(value=None)):
            return raising(TypeError("'NoneType' object is not subscriptable"))
        case ast.Subscript(value=ast.Call(func=ast.Name(id=kind)) as found, slice=key) if kind == MATCH:
            return of_match(found, "__getitem__", [text_of(key, text)], text)
        case ast.Subscript(value=ast.Call() as over, slice=key) if (inner := unwrapped(over)) is not None:
            return _in_container(over, inner, key, text)
        case ast.Subscript(value=over, slice=ast.Slice() as part):
            return slice_of(over, part, text)
        case ast.Subscript(value=over, slice=place):
            return _at(over, text_of(place, text), text)
        case ast.Attribute(value=ast.Call(args=[value]), attr="__name__") if kind := kind_of(value):
            return lambda steps: repr(kind)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=[_, *_] as words) if all(word.arg for word in words):
            values = [shown(word.value, text) or "" for word in words]
            pairs = [(repr(word.arg), value) for word, value in zip(words, values, strict=True)]
            return (lambda steps: dict_together(pairs)) if all(values) else None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="str" | "list" | "dict"), attr=name), args=[first, *rest], keywords=[]
        ) if name not in ("maketrans", "fromkeys") and is_value(text_of(first, text)):
            behind_it = ", ".join(text_of(each, text) for each in rest)
            return lambda steps: steps.value(f"{text_of(first, text)}.{name}({behind_it})")
        case ast.Call(func=ast.Name(id=name), args=args, keywords=words) if name.startswith("re_"):
            return of_search(name.removeprefix("re_"), args, words, text)
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id=kind)) as pattern, attr=name), args=args, keywords=words
        ) if kind == PATTERN:
            return of_search(name, [pattern, *args], words, text)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=kind)) as found, attr=name), args=args) if (
            kind == MATCH
        ):
            return of_match(found, name, texts_of(args, text), text)
        case ast.Compare(
            left=ast.Constant(value=str(one)), ops=[ast.Eq()], comparators=[ast.Constant(value=str(other))]
        ) if len(one) == len(other) == 1 and (_says_number(one) or _says_number(other)):
            return lambda steps: str(one == other)
        case ast.Call(func=ast.Name(id="ord"), args=[ast.Constant(value=str(one))], keywords=[]) if _says_number(one):
            return lambda steps: str(ord(one))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return function_of(name, args, text)
        case ast.Call(func=ast.Name(id="sorted"), args=[over], keywords=[ast.keyword(arg="reverse", value=down)]):
            return sorted_of(over, text, isinstance(down, ast.Constant) and down.value is True)
        case ast.Call(func=ast.Attribute(value=over, attr=name), args=args, keywords=[]):
            return _method(over, name, texts_of(args, text), args, text)
    return None


def call_of(operation: str) -> tuple[str, tuple[str, ...]] | None:
    """The name of a function that keeps what it gives, and what it is given; None for what is no plain call of one."""
    match statement_of(operation):
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=args, keywords=[])) if name.startswith(CACHED):
            given = texts_of(args, operation)
            return (name.removeprefix(CACHED), tuple(given)) if len(given) == len(args) else None
    return None


def _infinite(left: ast.expr, sign: str, right: ast.expr, text: str) -> Way | None:
    told = of_infinity(text_of(left, text), sign, text_of(right, text)) if sign else None
    return None if told is None else lambda steps: told


def _says_number(character: str) -> bool:
    """Whether a character's text may say its number, as `\\x0b` and `\\u20ac` do."""
    is_escaped = len(character) == 1 and repr(character)[1] == "\\" and character not in "\\'"
    return is_escaped or len(character) == 1 and not character.isascii()


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _of_truths(left: ast.expr, sign: str, right: ast.expr, text: str) -> Way | None:
    """An operation on a truth and a number, or two truths, as on numbers."""
    one, other = _as_number(left, text), _as_number(right, text)
    if not one or not other or not sign or (sign in ("&", "|", "^") and _is_truth(left) and _is_truth(right)):
        return None
    return lambda steps: steps.value(f"{one} {sign} {other}")


def _as_number(node: ast.expr, text: str) -> str:
    """The text of a number, of a truth as one; "" for others."""
    number = text_of(node, text)
    return {"True": "1", "False": "0"}.get(number, number if is_number(number) else "")


def _is_set_made(node: ast.expr) -> bool:
    """Whether it is a set of what is gone through, which has no text yet."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "set" and len(node.args) == 1
    )


def _of_sets(left: str, sign: str, right: str, steps: Steps) -> str | None:
    one, other = (steps.value(each) if each.startswith("set(") and each != "set()" else each for each in (left, right))
    return steps.value(f"{one} {sign} {other}") if one and other and sign else None


def _made_in(made: str, rest: str, steps: Steps) -> str | None:
    one = steps.value(made)
    return None if one is None else str(steps.holds(f"{one} {rest}"))


def _in_container(over: ast.Call, inner: ast.List | ast.Dict, key: ast.expr, text: str) -> Way | None:
    """An item of an object of `collections`; of what a `defaultdict` has not, as it would have it then, nothing is told."""
    place = shown(key, text)
    if isinstance(inner, ast.List):
        items = items_of(inner, text)
        if items is None or place is None or not is_whole(place):
            return None
        return lambda steps: item_at(place, items, steps, "deque index out of range")
    counts = isinstance(over.func, ast.Name) and over.func.id in ("Counter", "Tally")
    way = _looked_up(place, inner, text, "0" if counts else "")
    return None if way is None else lambda steps: way(steps) or None


def _of_numbers(left: ast.expr, sign: str, right: ast.expr, text: str) -> Way | None:
    one, other = text_of(left, text), text_of(right, text)
    if (way := (power_of(one, other) if sign == "**" else None) or of_numbers(one, sign, other)) is not None:
        return way
    asked = f"{one} {sign} {other}"
    # A step is asked for in one way only.
    return (lambda steps: steps.value(asked)) if sign and asked != text and is_step(one, sign, other) else None


def _chained(values: Sequence[ast.expr], hows: Sequence[ast.cmpop], text: str) -> Way | None:
    """Several comparisons, each of which must hold for the next one to be made."""
    texts = [text_of(value, text) for value in values]
    signs = [COMPARISONS.get(type(how)) for how in hows]
    if not all(map(is_value, texts)) or None in signs:
        return None
    pairs = list(zip(texts, signs, texts[1:], strict=False))
    return lambda steps: str(all(steps.holds(f"{one} {sign} {other}") for one, sign, other in pairs))


def _together(left: ast.expr, right: ast.expr, text: str) -> Way | None:
    one, other = items_of(left, text), items_of(right, text)
    if one is None or other is None or type(left) is not type(right) or not is_sequence(left):
        return None
    return lambda steps: put_together(left, [*one, *other])


def _with_stars(over: ast.expr, parts: Sequence[ast.expr], text: str) -> Way | None:
    """A list or a tuple with all that there is in others."""
    each = [gone_through(part.value if isinstance(part, ast.Starred) else ast.List([part]), text) for part in parts]
    known = all_known(each)
    if known is None:
        return None

    def way(steps: Steps) -> str | None:
        items = all_known(through(steps) for through in known)
        return None if items is None else put_together(over, [item for several in items for item in several])

    return way


def _repeated(over: ast.expr, times: str, text: str) -> Way | None:
    items = items_of(over, text) if is_sequence(over) else None
    if items is None or not is_whole(times):
        return None

    def way(steps: Steps) -> str | None:
        made: list[str] = []
        number: str | None = "0"
        while not times.startswith("-") and number is not None and not steps.same(number, times):
            made += items
            number = steps.next(number) if len(made) <= MOST else None
        return None if number is None else put_together(over, made)

    return way


def _merged(parts: Sequence[ast.Dict], text: str) -> Way | None:
    """Pairs of several dicts in one: of keys that are the same the first, with the last value."""
    pairs = list(_pairs(parts, text))
    if len(pairs) > MOST or not all(map(is_value, (each for pair in pairs for each in pair))):
        return None
    return lambda steps: dict_together(put_pairs(pairs, steps))


def _pairs(parts: Sequence[ast.Dict], text: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        for key, value in zip(part.keys, part.values, strict=True):
            if key is not None:
                yield shown(key, text) or "", shown(value, text) or ""
            elif isinstance(value, ast.Dict):
                yield from _pairs([value], text)
            else:
                yield "", ""


def _looked_up(key: str | None, over: ast.Dict, text: str, default: str | None = None) -> Way | None:
    """The value of a key, or the default; None: that raises."""
    keys, values = items_of(over, text), [shown(value, text) for value in over.values]
    if keys is None or key is None or None in values:
        return None

    def way(steps: Steps) -> str | None:
        for each, value in zip(keys, values, strict=True):
            if steps.same(key, each):
                return value
        if default is None:
            raise Raises(f"KeyError({key})")
        return default

    return way


def _at(over: ast.expr, place: str, text: str) -> Way | None:
    items = items_of(over, text) if is_sequence(over) else None
    if items is None or not is_whole(place):
        return None
    kind = "list" if isinstance(over, ast.List) else "tuple" if isinstance(over, ast.Tuple) else "string"
    return lambda steps: item_at(place, items, steps, f"{kind} index out of range")


def _method(over: ast.expr, name: str, given: Sequence[str], args: Sequence[ast.expr], text: str) -> Way | None:
    if isinstance(over, ast.Call) and (inner := unwrapped(over)) is not None:
        return _of_container(inner, name, given, args, text)
    if (members := items_of_set(over, text)) is not None:
        others = given_items(given) if given else None
        return of_set(name, members, others, given) if len(given) == len(args) else None
    items = items_of(over, text)
    match over, name, given:
        case ((ast.Name(id="str") | ast.Constant(value=str())), "maketrans", [one, other]) if is_text(one) and is_text(
            other
        ):
            return lambda steps: _table(characters(one), characters(other), steps)
        case ast.Name(id="dict"), "fromkeys", [_, *value] if len(value) < 2:
            through = gone_through(args[0], text)
            return behind(through, lambda keys, steps: _from_keys(keys, [*value, "None"][0], steps))
        case ast.Dict(), "get" | "setdefault", [key, *others] if len(others) < 2:
            return _looked_up(key, over, text, [*others, "None"][0])
        case ast.Dict(), "pop", [key, *others] if len(others) < 2:
            return _looked_up(key, over, text, *others)
        case ast.Constant(value=str()), "join", _ if len(args) == 1:
            return joined(shown(over, text) or "", gone_through(args[0], text))
        case ast.Constant(value=str()), "translate", [_] if items is not None and isinstance(args[0], ast.Dict):
            return translated(args[0], text, items)
        case ast.Constant(value=str(form)), "format", _ if len(given) == len(args):
            return formatted(form, given)
        case ast.Constant(value=str()), _, _ if items is not None and len(given) == len(args):
            return of_text(name, given, items)
        case ((ast.List() | ast.Tuple()), _, _) if items is not None:
            return _of_items(over, name, given, items)
    return None


def _of_container(
    inner: ast.List | ast.Dict, name: str, given: Sequence[str], args: Sequence[ast.expr], text: str
) -> Way | None:
    """A method of an object of `collections` with this in it."""
    items = items_of(inner, text)
    match inner, name, given:
        case ast.Dict(), "get" | "pop", _:
            return _method(inner, name, given, args, text)
        case ast.Dict(), "most_common", [] | [_] if items is not None and all(map(is_whole, given)):
            return lambda steps: _most_common(inner, items, given, text, steps)
        case ast.List(), "popleft" | "pop", [] if items is not None:
            place = "0" if name == "popleft" else "-1"
            return lambda steps: item_at(place, items, steps, "pop from an empty deque")
        case ast.List(), "index" | "count", _ if items is not None:
            return _of_items(inner, name, given, items)
        case ast.List(), "copy", [] if items is not None:
            return lambda steps: f"deque({list_together(items)})"
    return None


def _most_common(inner: ast.Dict, keys: Sequence[str], given: Sequence[str], text: str, steps: Steps) -> str | None:
    """The keys with the highest counts, those that are as many in their order."""
    counts = all_known(shown(count, text) for count in inner.values)
    if counts is None:
        return None
    made = by_count(list(zip(keys, counts, strict=True)), steps)
    return list_together(map(tuple_together, made[: int(given[0]) if given else None]))


def _of_items(over: ast.expr, name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method of a list or a tuple of these."""
    match over, name, given:
        case _, "count", [one]:
            return lambda steps: steps.counted([item for item in items if steps.same(item, one)])
        case _, "index", [one, *bounds] if len(bounds) < 3 and all(map(is_whole, bounds)):
            missing = said.NOT_IN_LIST.format(one) if isinstance(over, ast.List) else "tuple.index(x): x not in tuple"
            return lambda steps: _index(one, items, [*bounds, None, None][:2], missing, steps)
        case ast.List(), "pop", [] if items is not None:
            return lambda steps: item_at("-1", items, steps, "pop from empty list")
        case ast.List(), "pop", [place] if items is not None and is_whole(place):
            missing = "pop index out of range" if items else "pop from empty list"
            return lambda steps: item_at(place, items, steps, missing)
        case ast.List(), _, _ if name in HEAPS:
            return lambda steps: given_by(name, items, given, steps)
        case ast.List(), "copy", []:
            return lambda steps: list_together(items)
    return None


def _index(one: str, items: Sequence[str], bounds: Sequence[str | None], missing: str, steps: Steps) -> str | None:
    if (places := between(bounds[0], bounds[1], items, steps)) is None:
        return None
    at = next((at for at in range(*places) if steps.same(items[at], one)), None)
    if at is None:
        raise Raises(repr(ValueError(missing)))
    return steps.counted(items[:at])


def _table(keys: Sequence[str], others: Sequence[str], steps: Steps) -> str | None:
    """What `str.translate` is given: numbers of characters, and of those in their places."""
    if len(keys) != len(others):
        raise Raises(repr(ValueError("the first two maketrans arguments must have equal length")))
    numbers = all_known(steps.value(f"ord({each})") for each in [*keys, *others])
    return (
        None
        if numbers is None
        else dict_together(put_pairs(list(zip(numbers, numbers[len(keys) :], strict=False)), steps))
    )


def _from_keys(keys: Sequence[str], value: str, steps: Steps) -> str:
    return dict_together(put_pairs([(key, value) for key in keys], steps))
