"""What Python's functions do with all that they go through, item by item (`models.steps`): `sum`, `max`, `sorted` of lists, ranges, maps.

Knows Python's functions; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from cwm_trace.models.comparisons import kind_of
from cwm_trace.models.containers import PATTERN, opened, unwrapped
from cwm_trace.models.formats import as_text, of_form
from cwm_trace.models.items import (
    MOST,
    Raises,
    Steps,
    Way,
    alike,
    dict_together,
    in_order,
    is_number,
    is_text,
    is_whole,
    items_of,
    list_together,
    put_pairs,
    raising,
    shown,
    texts_of,
    tuple_together,
)
from cwm_trace.models.known import all_known, behind
from cwm_trace.models.library import Through, of_items, of_itertools, of_library, of_number_and_items
from cwm_trace.models.numbers import number_of, of_number
from cwm_trace.models.octet_searches import of_finding
from cwm_trace.models.operations import ITERATORS, LIBRARY, truth_of
from cwm_trace.models.sets import ordered, set_of
from cwm_trace.models.statements import statement_of

_TYPES = frozenset("bool bytes dict float int list set str tuple".split())
_UNORDERED = frozenset("all any len max min set sorted sum".split())  # to which the order of items does not matter
_INFINITE = re.compile(r"([+-]?)inf(?:inity)?")
_BASES = {"2": "0b", "8": "0o", "16": "0x"}
_MAPPED = frozenset("abs ascii bin bool chr float hex int len list max min oct ord repr str sum tuple".split())


def gone_through(over: ast.expr, text: str) -> Through | None:
    """The items of a value, or of what Python makes while it goes through it; None where that is not known."""
    if (items := items_of(over, text)) is not None:
        return lambda steps: items
    match over:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if numbers := texts_of(args, text):
            return lambda steps: _ranged(numbers, steps)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: _enumerated(items, steps))
        case (
            ast.Call(func=ast.Name(id="enumerate"), args=[inner, start], keywords=[])
            | ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[ast.keyword(arg="start", value=start)])
        ) if is_whole(first := shown(start, text) or ""):
            return behind(gone_through(inner, text), lambda items, steps: _enumerated(items, steps, first))
        case ast.Call(func=ast.Name(id="set"), args=[inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: ordered(items, steps))
        case ast.Call(func=ast.Name(id="filter"), args=[ast.Constant(value=None), inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: _true(items))
        case ast.Call(
            func=ast.Name(id="filter"), args=[ast.Attribute(value=ast.Name(id="str"), attr=name), inner], keywords=[]
        ):
            return behind(gone_through(inner, text), lambda items, steps: _passing(f"{{}}.{name}()", items, steps))
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
            return behind(gone_through(inner, text), lambda items, steps: items[::-1])
        case ast.Call(func=ast.Name(id="itertools_finditer"), args=args, keywords=words):
            return of_finding(args, words, text)
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id=kind)) as pattern, attr="finditer"), args=args
        ) if kind == PATTERN:
            return of_finding([pattern, *args], [], text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=words) if name.startswith(ITERATORS):
            return _of_itertools(name, args, words, text)
        case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[]) if args:
            return _zipped([through for arg in args for through in _all_of(arg, text)])
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name), inner], keywords=[]) if name in _MAPPED:
            return behind(gone_through(inner, text), lambda items, steps: _mapped(f"{name}({{}})", items, steps))
        case ast.Call(
            func=ast.Name(id="map"), args=[ast.Attribute(value=ast.Name(id="str"), attr=name), inner], keywords=[]
        ):
            return behind(gone_through(inner, text), lambda items, steps: _mapped(f"{{}}.{name}()", items, steps))
    return None


def _of_itertools(name: str, args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str) -> Through | None:
    numbers = [shown(arg, text) or "" for arg in args]
    over = all_known(
        through
        for arg, number in zip(args, numbers, strict=True)
        if not is_whole(number)
        for through in _all_of(arg, text)
    )
    given = {word.arg or "": shown(word.value, text) or "" for word in words}
    return None if over is None else of_itertools(name, over, [number for number in numbers if is_whole(number)], given)


def _ranged(numbers: Sequence[str], steps: Steps) -> Sequence[str] | None:
    start, stop, step = ("0", *numbers, "1") if len(numbers) == 1 else (*numbers, "1")[:3]
    sign, size = (">", step[1:]) if step.startswith("-") else ("<", step)
    number: str | None = start
    made: list[str] = []
    while number is not None and steps.holds(f"{number} {sign} {stop}"):
        made.append(number)
        number = steps.value(f"{number} {'-' if sign == '>' else '+'} {size}") if len(made) <= MOST else None
    return None if number is None or not size.strip("0") else made


def _enumerated(items: Sequence[str], steps: Steps, first: str = "0") -> Sequence[str] | None:
    numbers = all_known(
        number if first == "0" else steps.value(f"{first} + {number}") for number, _ in steps.numbered(items)
    )
    return None if numbers is None else [tuple_together(pair) for pair in zip(numbers, items, strict=True)]


def _true(items: Sequence[str]) -> Sequence[str] | None:
    truths = all_known(map(truth_of, items))
    return None if truths is None else [item for item, truth in zip(items, truths, strict=True) if truth]


def _all_of(arg: ast.expr, text: str) -> list[Through | None]:
    """What is gone through of an argument, which may be several with a star."""
    if not isinstance(arg, ast.Starred):
        return [gone_through(arg, text)]
    items = arg.value.elts if isinstance(arg.value, (ast.List, ast.Tuple)) else [ast.Name("")]
    return [gone_through(item, text) for item in items]


def _zipped(throughs: Sequence[Through | None]) -> Through | None:
    known = all_known(throughs)
    if known is None:
        return None

    def zipped(steps: Steps) -> Sequence[str] | None:
        several = all_known(through(steps) for through in known)
        return None if several is None else list(map(tuple_together, zip(*several, strict=False)))

    return zipped


def _passing(form: str, items: Sequence[str], steps: Steps) -> Sequence[str] | None:
    """Those of which an operation gives what counts as true."""
    told = all_known(steps.value(form.format(item)) for item in items)
    truths = None if told is None else all_known(map(truth_of, told))
    return None if truths is None else [item for item, truth in zip(items, truths, strict=True) if truth]


def _mapped(form: str, items: Sequence[str], steps: Steps) -> Sequence[str] | None:
    return all_known(steps.value(form.format(item)) for item in items)


def function_of(name: str, args: Sequence[ast.expr], text: str) -> Way | None:
    """A function of what it goes through; None where it does not, or that is not known."""
    given = texts_of(args, text)
    if len(given) == len(args) and (way := _of_values(name, given)) is not None:
        return way
    match name, args:
        case "deque", []:
            return lambda steps: "deque([])"
        case "deque", [over]:
            return behind(gone_through(over, text), lambda items, steps: f"deque({list_together(items)})")
        case "Counter_put", [ast.Dict() as counts, key, ast.Dict(keys=before)]:
            return _counted(counts, shown(key, text) or "", len(before), text)
        case "dict", []:
            return lambda steps: "{}"
        case "dict", [ast.Dict() as over] if (copied := shown(over, text)) is not None:
            return lambda steps: copied
        case "dict", [ast.Call(func=ast.Name(id="defaultdict" | "Tally")) as over] if (
            inner := unwrapped(over)
        ) is not None:
            return function_of(name, [inner], text)
        case "Counter", []:
            return lambda steps: "Counter()"
        case "Counter", [over] if not isinstance(over, ast.Dict):
            return behind(gone_through(over, text), _tallied)
        case "defaultdict", [ast.Name(id=kind)]:
            return lambda steps: f"defaultdict({kind}, {{}})"
        case "heapq_nlargest" | "heapq_nsmallest", [number, over] if (items := items_of(over, text)) is not None:
            return of_number_and_items(name, shown(number, text) or "", items)
        case _, [over, *others] if name.startswith(LIBRARY) and (items := items_of(over, text)) is not None:
            return of_items(name, items, texts_of(others, text))
        case _, [over] if name in _UNORDERED and (counted := opened(over, ("Counter",))) is not None:
            return function_of(name, [counted], text)
        case "len", [ast.Call(func=ast.Name(id="deque" | "defaultdict" | "Counter" | "Tally")) as over] if (
            inner := unwrapped(over)
        ):
            return function_of(name, [inner], text)
        case "set", [over]:
            return behind(gone_through(over, text), set_of)
        case "isinstance", [value, ast.Name(id=kind)]:
            return _is_instance(kind_of(value), [kind])
        case "isinstance", [value, ast.Tuple(elts=kinds)]:
            return _is_instance(kind_of(value), [kind.id for kind in kinds if isinstance(kind, ast.Name)])
        case "max" | "min", [_, _, *_] if (given := texts_of(args, text)) and alike(given):
            return lambda steps: _extreme(name, given, steps)
        case "sum", [over, start] if (first := shown(start, text)) and is_number(first):
            return behind(gone_through(over, text), lambda items, steps: _summed([first, *items], steps))
        case "len" | "sorted", [ast.Call(func=ast.Name(id="set" | "frozenset"), args=[over], keywords=[])]:
            return behind(gone_through(over, text), lambda items, steps: _of_set(name, items, steps))
        case "len", [ast.Call(func=ast.Name())]:
            return None
        case "len", [ast.Constant(value=int() | float() | None) as value]:
            return raising(TypeError(f"object of type '{kind_of(value)}' has no len()"))
        case "sorted", [over]:
            return sorted_of(over, text, False)
        case _, [over] if name in _FUNCTIONS:
            return behind(gone_through(over, text), _FUNCTIONS[name])
    return None


def _of_values(name: str, given: Sequence[str]) -> Way | None:
    """A function of values that it does not go through."""
    match name, given:
        case "str", [value]:
            return lambda steps: as_text(value)
        case "repr", [value]:
            return lambda steps: repr(value)
        case "float", [text] if is_text(text) and (
            infinite := _INFINITE.fullmatch(ast.literal_eval(text).strip().lower())
        ):
            return lambda steps: "-inf" if infinite[1] == "-" else "inf"
        case "int", [text, base] if is_text(text) and base in _BASES:
            return lambda steps: _read_to_base(text, base, steps)
        case "bool", [value]:
            return lambda steps: None if (truth := truth_of(value)) is None else str(truth)
        case "float", [text] if is_text(text) and (number := number_of(ast.literal_eval(text))) is not None:
            return lambda steps: number.as_float
        case "int", [text] if is_text(text):
            return lambda steps: _read(text)
        case "format", [value, form] if is_text(form):
            return of_form(value, ast.literal_eval(form))
    return of_library(name, given) or of_number(name, given)


def _read(text: str) -> str:
    """The whole number that a text shows. Raises Raises: it shows none."""
    try:
        return str(int(ast.literal_eval(text)))  # a literal
    except ValueError as wrong:
        raise Raises(repr(wrong)) from None


def _read_to_base(text: str, base: str, steps: Steps) -> str | None:
    """The whole number that a text shows in digits of a base."""
    digits = ast.literal_eval(text).strip().lower()
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits.removeprefix("+"))
    digits = digits.removeprefix(_BASES[base]) if len(digits) > 2 else digits
    known = "0123456789abcdef"[: int(base)]
    if not digits or not set(digits) <= set(known):
        raise Raises(repr(ValueError(f"invalid literal for int() with base {base}: {text}")))
    made: str | None = "0"
    for digit in digits:
        made = steps.value(f"{steps.value(f'{made} * {base}')} + {known.index(digit)}")
    return made if not sign or made == "0" else f"-{made}"


def _is_instance(kind: str, kinds: Sequence[str]) -> Way | None:
    """Whether a value is of one of these types, which have no other names here; None: that is unknown."""
    if not kind or not kinds or not _TYPES.issuperset(kinds):
        return None
    return lambda steps: str(kind in kinds or (kind == "bool" and "int" in kinds))


def sorted_of(over: ast.expr, text: str, down: bool) -> Way | None:
    """All in order, in a list."""
    return behind(gone_through(over, text), lambda items, steps: _sorted(items, down, steps))


def _counted(counts: ast.Dict, key: str, before: int, text: str) -> Way | None:
    """A Counter behind a change of one key's number, of a dict in the order in which it was shown; None where others are as many, and it may
    be before them or behind. `before`: how many keys there were."""
    keys, numbers = items_of(counts, text) or [], [shown(number, text) or "" for number in counts.values]
    pairs = list(zip(keys, numbers, strict=False))
    own = next((number for each, number in pairs if each == key), None)
    if own is None or not all(map(is_whole, numbers)) or (numbers.count(own) > 1 and len(keys) == before):
        return None
    return lambda steps: counted_together(pairs, steps)


def _tallied(items: Sequence[str], steps: Steps) -> str | None:
    """How many there are of each, of those that are as many the first before the others."""
    counts: dict[str, str | None] = {}
    for item in items:
        key = next((each for each in counts if steps.same(each, item)), item)
        counts[key] = steps.next(counts.get(key, "0"))
    return counted_together(list(counts.items()), steps)


def by_count(pairs: Sequence[tuple[str, str]], steps: Steps) -> list[tuple[str, str]]:
    """Keys and numbers from the highest number on, of those that are as many in their order."""
    left, made = list(pairs), []
    for number in in_order([number for _, number in pairs], True, steps):
        made.append(left.pop(next(place for place, (_, other) in enumerate(left) if other == number)))
    return made


def counted_together(pairs: Sequence[tuple[str, str | None]], steps: Steps) -> str | None:
    """A Counter of these, in the order in which they were put in."""
    numbers = all_known(number for _, number in pairs)
    if numbers is None:
        return None
    made = by_count(list(zip([key for key, _ in pairs], numbers, strict=True)), steps)
    return f"Counter({dict_together(made)})" if made else "Counter()"


def _sorted(items: Sequence[str], down: bool, steps: Steps) -> str | None:
    return list_together(in_order(items, down, steps)) if alike(items) else None


def _of_set(name: str, items: Sequence[str], steps: Steps) -> str | None:
    """Of items that are the same the first: in which order a set has them does not matter here."""
    kept: list[str] = []
    for item in items:
        if not any(steps.same(item, each) for each in kept):
            kept.append(item)
    return steps.counted(kept) if name == "len" else _sorted(kept, False, steps)


def _summed(items: Sequence[str], steps: Steps) -> str | None:
    if not all(map(is_number, items)):
        return None
    first = items[0] if items else "0"
    made: str | None = "0.0" if first == "-0.0" else first  # 0 + -0.0
    for item in items[1:]:
        made = None if made is None else steps.value(f"{made} + {item}")
    return made


def _extreme(name: str, items: Sequence[str], steps: Steps) -> str | None:
    if not items:
        raise Raises
    if not alike(items):
        return None
    best, sign = items[0], ">" if name == "max" else "<"
    for item in items[1:]:
        best = item if steps.holds(f"{item} {sign} {best}") else best
    return best


def _told(name: str, items: Sequence[str]) -> str | None:
    truths = [truth_of(item) for item in items]
    return None if None in truths else str(any(truths) if name == "any" else all(truths))


def _dict_of(items: Sequence[str], steps: Steps) -> str | None:
    pairs = []
    for item in items:
        statement = statement_of(item)
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, (ast.Tuple, ast.List)):
            return None
        pair = texts_of(statement.value.elts, item)
        if pair is None or len(pair) != 2:
            return None
        pairs.append((pair[0], pair[1]))
    return dict_together(put_pairs(pairs, steps))


_FUNCTIONS: dict[str, Callable[[Sequence[str], Steps], str | None]] = {
    "sum": _summed,
    "max": lambda items, steps: _extreme("max", items, steps),
    "min": lambda items, steps: _extreme("min", items, steps),
    "len": lambda items, steps: steps.counted(items),
    "list": lambda items, steps: list_together(items),
    "tuple": lambda items, steps: tuple_together(items),
    "dict": _dict_of,
    "any": lambda items, steps: _told("any", items),
    "all": lambda items, steps: _told("all", items),
}
