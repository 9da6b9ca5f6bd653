"""Functions of Python's library done by steps (`models.steps`), under the names that `models.modules` gives them: `math_gcd(12, 18)` by
remainders, the items of `itertools_product([1, 2], 'ab')`.

Knows what these functions do; evaluates nothing but literals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations, product
from typing import TypeAlias

from cwm_trace.models import said
from cwm_trace.models.items import (
    MOST,
    Raises,
    Steps,
    Way,
    alike,
    in_order,
    is_number,
    is_whole,
    list_together,
    tuple_together,
)
from cwm_trace.models.known import all_known, behind
from cwm_trace.models.numbers import number_of
from cwm_trace.models.roots import root_of, whole_root

Through: TypeAlias = Callable[[Steps], Sequence[str] | None]
"""Tells items one after the other; None: unknown."""
_MOST_FACTORS = 1000
_INFINITE = ("inf", "-inf")


def of_library(name: str, given: Sequence[str]) -> Way | None:
    """A function of values; None where it is none, or not known of these."""
    match name.partition("_")[::2], given:
        case ("copy", "copy" | "deepcopy"), [one]:
            return lambda steps: one
        case ("math", "gcd"), _ if all(map(is_whole, given)):
            return lambda steps: _folded(_gcd, given, "0", steps)
        case ("math", "lcm"), _ if all(map(is_whole, given)):
            return lambda steps: _folded(_lcm, given, "1", steps)
        case ("math", "factorial"), [number] if is_whole(number):
            return lambda steps: _factorial(number, steps)
        case ("math", "comb"), [number, taken] if is_whole(number) and is_whole(taken):
            return lambda steps: _comb(number, taken, steps)
        case ("math", "isqrt"), [number] if is_whole(number):
            return lambda steps: _root(number, "isqrt", steps)
        case ("math", "sqrt"), [number] if number_of(number) is not None:
            return lambda steps: _root(number, "sqrt", steps)
        case ("math", "hypot"), [one, other] if is_whole(one) and is_whole(other):
            return lambda steps: _hypotenuse(one, other, steps)
        case ("math", "floor" | "ceil" | "trunc" as kind), [number] if number_of(number) is not None:
            return lambda steps: _whole(number, kind, steps)
        case ("math", "fabs"), [number] if is_number(number):
            bare = number.removeprefix("-")
            return lambda steps: bare if "." in bare or "e" in bare else steps.value(f"float({bare})")
    return None


def of_items(name: str, items: Sequence[str], others: Sequence[str]) -> Way | None:
    """A function of what it goes through first, and of values; None as above."""
    match name, others:
        case "math_prod", [] if all(map(is_number, items)):
            return lambda steps: _folded(_times, items, "1", steps)
        case "bisect_bisect" | "bisect_bisect_right", [one] if alike([*items, one]):
            return lambda steps: steps.counted(items[: place_for(one, items, steps)])
        case "bisect_bisect_left", [one] if alike([*items, one]):
            return lambda steps: steps.counted(items[: place_for(one, items, steps, left=True)])
    return None


def of_number_and_items(name: str, number: str, items: Sequence[str]) -> Way | None:
    """`heapq.nlargest` and `nsmallest`; None where it is another."""
    if name in ("heapq_nlargest", "heapq_nsmallest") and is_whole(number) and alike(items):
        return lambda steps: list_together(in_order(items, name == "heapq_nlargest", steps)[: max(int(number), 0)])
    return None


def _folded(two: Callable[[str, str, Steps], str | None], given: Sequence[str], first: str, steps: Steps) -> str | None:
    made: str | None = first
    for number in given:
        made = None if made is None else two(made, number, steps)
    return made


def _times(one: str, other: str, steps: Steps) -> str | None:
    return steps.value(f"{one} * {other}")


def _gcd(one: str, other: str, steps: Steps) -> str | None:
    """By remainders, as Euclid."""
    first, second = one.removeprefix("-"), other.removeprefix("-")
    while not steps.same(second, "0"):
        if (rest := steps.value(f"{first} % {second}")) is None:
            return None
        first, second = second, rest
    return first


def _lcm(one: str, other: str, steps: Steps) -> str | None:
    if (common := _gcd(one, other, steps)) is None:
        return None
    if steps.same(common, "0"):
        return "0"
    times = steps.value(f"{one.removeprefix('-')} // {common}")
    return None if times is None else steps.value(f"{times} * {other.removeprefix('-')}")


def _factorial(number: str, steps: Steps) -> str | None:
    if number.startswith("-"):
        raise Raises(repr(ValueError("factorial() not defined for negative values")))
    if steps.holds(f"{number} > {_MOST_FACTORS}"):
        return None
    made: str | None = "1"
    for each in _up_to(number, steps):
        made = None if made is None else steps.value(f"{made} * {each}")
    return made


def _up_to(number: str, steps: Steps) -> Iterator[str]:
    """1, 2 and so on, this one included."""
    each: str | None = "1"
    while True:
        if each is None or steps.holds(f"{each} > {number}"):
            return
        yield each
        each = steps.next(each)


def _comb(number: str, taken: str, steps: Steps) -> str | None:
    if number.startswith("-") or taken.startswith("-"):
        which = "n" if number.startswith("-") else "k"
        raise Raises(repr(ValueError(f"{which} must be a non-negative integer")))
    if steps.holds(f"{taken} > {number}"):
        return "0"
    if steps.holds(f"{taken} > {_MOST_FACTORS}"):
        return None
    made: str | None = "1"
    for each in _up_to(taken, steps):
        left = steps.next(steps.value(f"{number} - {each}"))
        times = steps.value(f"{made} * {left}")
        made = steps.value(f"{times} // {each}")
    return made


def _root(text: str, kind: str, steps: Steps) -> str | None:
    number = number_of(text)
    if number is None:
        return None
    if number.is_negative and number.digits.strip("0"):
        of_float = said.NEGATIVE_ROOT.format(number.as_float)
        raise Raises(repr(ValueError(of_float if kind == "sqrt" else "isqrt() argument must be nonnegative")))
    return whole_root(number.digits, steps) if kind == "isqrt" else root_of(number, steps)


def _hypotenuse(one: str, other: str, steps: Steps) -> str | None:
    squares = [steps.value(f"{side} * {side}") for side in (one.lstrip("-"), other.lstrip("-"))]
    total = None if None in squares else number_of(steps.value(f"{squares[0]} + {squares[1]}") or "")
    return None if total is None else root_of(total, steps)


def _whole(number: str, kind: str, steps: Steps) -> str | None:
    cut = steps.value(f"int({number})")
    if cut is None or "." not in number or not number.partition(".")[2].strip("0"):
        return cut
    if kind == "floor" and number.startswith("-"):
        return steps.value(f"{cut} - 1")
    return steps.next(cut) if kind == "ceil" and not number.startswith("-") else cut


def place_for(one: str, items: Sequence[str], steps: Steps, left: bool = False) -> int:
    """Where `bisect` puts it: by halving, behind those that are equal, or `left` of them."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        before = steps.holds(f"{items[middle]} < {one}") if left else not steps.holds(f"{one} < {items[middle]}")
        low, high = (middle + 1, high) if before else (low, middle)
    return low


def of_itertools(name: str, args: Sequence[Through], others: Sequence[str], words: dict[str, str]) -> Through | None:
    """The items of an iterator over what these go through; `others`: arguments that are numbers; None: not known.

    `args`: the arguments that are gone through.
    """
    match name, len(args), others:
        case "itertools_product", _, [] if words.keys() <= {"repeat"} and is_whole(times := words.get("repeat", "1")):
            return _of_all(args, lambda items: product(*items, repeat=int(times)))
        case "itertools_permutations" | "itertools_combinations", 1, [*size] if len(size) < 2 and all(
            map(is_whole, size)
        ):
            made = permutations if name.endswith("permutations") else combinations
            if not size and made is combinations:
                return None
            return _of_all(args, lambda items: made(items[0], int(size[0]) if size else len(items[0])))
        case "itertools_islice", 1, [*bounds] if 0 < len(bounds) < 4 and not any("-" in bound for bound in bounds):
            return behind(args[0], lambda items, steps: items[slice(*map(int, bounds))])
        case "itertools_merge", _, [] if not words:
            return lambda steps: _in_turn([through(steps) for through in args], steps)
        case "itertools_pairwise", 1, []:
            return _of_all(args, lambda items: zip(items[0], items[0][1:], strict=False))
        case "itertools_chain", _, []:
            return lambda steps: _chained([through(steps) for through in args])
        case "itertools_zip_longest", _, [] if words.keys() <= {"fillvalue"}:
            return _of_all(args, lambda items: _filled_up(items, words.get("fillvalue", "None")))
        case "itertools_accumulate", 1, [] if words.keys() <= {"initial"}:
            return lambda steps: _accumulated(args[0](steps), words.get("initial"), steps)
    return None


def _of_all(args: Sequence[Through], made: Callable[[list[Sequence[str]]], Iterator[tuple[str, ...]]]) -> Through:
    def through(steps: Steps) -> Sequence[str] | None:
        items = all_known(arg(steps) for arg in args)
        if items is None:
            return None
        found = [tuple_together(each) for each, _ in zip(made(items), range(MOST + 1), strict=False)]
        return found if len(found) <= MOST else None

    return through


def _chained(several: Sequence[Sequence[str] | None]) -> Sequence[str] | None:
    known = all_known(several)
    return None if known is None else [item for items in known for item in items]


def _in_turn(several: Sequence[Sequence[str] | None], steps: Steps) -> Sequence[str] | None:
    """The least of those that are first, again and again; of two that are equal that of the first one."""
    known = all_known(several)
    left = [list(items) for items in known or () if items]
    if known is None or not alike([item for items in left for item in items] or ["0"]):
        return None
    made: list[str] = []
    while left:
        least = left[0]
        for items in left[1:]:
            least = items if steps.holds(f"{items[0]} < {least[0]}") else least
        made.append(least.pop(0))
        left = [items for items in left if items]
    return made


def _filled_up(items: list[Sequence[str]], value: str) -> Iterator[tuple[str, ...]]:
    for place in range(max(map(len, items), default=0)):
        yield tuple(each[place] if place < len(each) else value for each in items)


def _accumulated(items: Sequence[str] | None, initial: str | None, steps: Steps) -> Sequence[str] | None:
    if items is None:
        return None
    made: list[str] = [] if initial is None else [initial]
    for item in items:
        total = item if not made else steps.value(f"{made[-1]} + {item}")
        if total is None:
            return None
        made.append(total)
    return made


def of_infinity(one: str, sign: str, other: str) -> str | None:
    """What an operation or a comparison gives of numbers of which one is infinite; None: not known, or none is."""
    infinite = one in _INFINITE, other in _INFINITE
    if not any(infinite) or not all(number in _INFINITE or is_number(number) for number in (one, other)):
        return None
    ranks = [{"inf": 1, "-inf": -1}.get(number, 0) for number in (one, other)]
    match sign:
        case "<" | "<=" | ">" | ">=" | "==" | "!=":
            less, same = ranks[0] < ranks[1], ranks[0] == ranks[1]
            told = {"<": less, "<=": less or same, ">": not less and not same, ">=": not less}
            return str({**told, "==": same, "!=": not same}[sign])
        case "+" | "-" if not all(infinite):
            if infinite[0]:
                return one
            return other if sign == "+" else {"inf": "-inf", "-inf": "inf"}[other]
        case "+" if one == other:
            return one
    return None
