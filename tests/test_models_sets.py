"""Sets: the order of whole numbers, and of tuples of these, is CPython's."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_trace.models.items import Raises, Steps
from cwm_trace.models.sets import changed_set, display_of, set_of
from cwm_trace.models.steps import way_of
from tests.test_models_numbers import digit_steps
from tests.test_models_operations import evaluated

STEPS = Steps(evaluated, lambda test: evaluated(test) == "True")
ITEM = st.one_of(st.integers(-40, 400), st.booleans(), st.tuples(st.integers(-2, 9), st.integers(0, 9)))
ITEMS = st.lists(ITEM, max_size=14)
SMALL = st.lists(st.integers(0, 30), max_size=9)


@given(ITEMS)
def test_a_new_set(items: list[object]) -> None:
    assert set_of(list(map(repr, items)), STEPS) == repr(set(items))


@given(st.lists(st.integers(-9, 400), min_size=1, max_size=14))
def test_a_set_that_is_written_out(items: list[int]) -> None:
    way = display_of(list(map(repr, items)))
    assert way is not None
    assert way(STEPS) == evaluated(f"{{{', '.join(map(repr, items))}}}")


@given(SMALL, SMALL)
def test_two_sets(one: list[int], other: list[int]) -> None:
    """In what order a set came to be is not shown: where a collision hides it the order may be another, but not the items."""
    first, second = set(one), set(other)
    for sign in "|&-^":
        operation = f"{first!r} {sign} {second!r}"
        way = way_of(operation)
        assert way is not None
        told = way(STEPS)
        assert told is None or eval(told) == eval(operation)
    for method in ("issubset", "issuperset", "isdisjoint", "union", "intersection", "difference"):
        operation = f"{first!r}.{method}({other!r})"
        way = way_of(operation)
        told = None if way is None else way(STEPS)
        assert told is None or eval(told) == eval(operation)


def test_two_sets_of_small_numbers_keep_their_order() -> None:
    known = 0
    for number in range(300):
        one, other = {number % 7, number % 11, number % 3}, {number % 5, number % 13}
        for sign in "|&-^":
            way = way_of(f"{one!r} {sign} {other!r}")
            assert way is not None
            known += way(STEPS) == evaluated(f"{one!r} {sign} {other!r}")
    assert known >= 1190


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "discard", "remove", "update", "difference_update", "pop"]), SMALL),
        max_size=8,
    )
)
def test_changes_one_after_the_other(changes: list[tuple[str, list[int]]]) -> None:
    now: set[int] = set()
    popped = False  # where the next `pop` looks first is not shown
    for name, given_ in changes:
        before = list(map(str, now))
        args = given_[:1] if name in ("add", "discard", "remove") else []
        if (name in ("add", "discard", "remove") and not args) or (name == "pop" and (popped or not now)):
            continue
        popped |= name == "pop"
        way = changed_set(name, before, list(map(str, args)), list(map(str, given_)))
        try:
            told = None if way is None else way(STEPS)
        except Raises as error:
            assert error.value == f"KeyError({args[0]})" and args[0] not in now
            continue
        given_all: list[object] = [*args] if args else [] if name == "pop" else [given_]
        getattr(now, name)(*given_all)
        assert told is None or eval(told) == now


def test_only_equality_is_asked() -> None:
    asks: list[str] = []
    way = way_of("set([3, 14, 3])")
    assert way is not None and way(digit_steps(asks)) == repr({3, 14})
    assert asks and all(" == " in operation for operation in asks)
