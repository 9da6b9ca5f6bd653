"""How loops end: by which StopIteration, and what dies meanwhile; and what the tables say of C's iterators. Against `sys.settrace`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from itertools import (
    accumulate,
    chain,
    compress,
    cycle,
    dropwhile,
    filterfalse,
    groupby,
    islice,
    pairwise,
    starmap,
    takewhile,
    tee,
    zip_longest,
)
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cwm_trace.tracer import quirks, record_source
from tests.settrace_oracle import GOLDEN, settrace_text


class Ends:
    def __iter__(self) -> Ends:
        return self

    def __next__(self) -> Any:
        raise StopIteration


ITERATORS: dict[str, Callable[[], Iterator[Any]]] = {
    "_grouper": lambda: next(groupby(chain([1], Ends())))[1],
    "reader": lambda: csv.reader(Ends()),
    "_tee": lambda: tee(Ends())[0],
    "accumulate": lambda: accumulate(Ends()),
    "callable_iterator": lambda: iter(Ends().__next__, 1),
    "chain": lambda: chain(Ends()),
    "compress": lambda: compress(Ends(), [1]),
    "cycle": lambda: cycle(Ends()),
    "dropwhile": lambda: dropwhile(bool, Ends()),
    "enumerate": lambda: enumerate(Ends()),
    "filter": lambda: filter(None, Ends()),
    "filterfalse": lambda: filterfalse(None, Ends()),
    "groupby": lambda: groupby(Ends()),
    "islice": lambda: islice(Ends(), 5),
    "iterator": lambda: iter(Items()),
    "map": lambda: map(str, Ends()),
    "pairwise": lambda: pairwise(Ends()),
    "starmap": lambda: starmap(max, Ends()),
    "takewhile": lambda: takewhile(bool, Ends()),
    "zip": lambda: zip(Ends(), strict=False),
    "zip_longest": lambda: zip_longest(Ends()),
}
if sys.version_info >= (3, 12):
    from itertools import batched

    ITERATORS["batched"] = lambda: batched(Ends(), 2)


class Items:
    def __getitem__(self, index: int) -> int:
        raise StopIteration


def _events(iterator: Iterator[Any]) -> list[str]:
    """The exceptions that `sys.settrace` shows in the Python frame that goes through an iterator."""
    shown: list[str] = []

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception":
            shown.append(argument[0].__name__)
        return local

    def loop() -> None:
        for _ in iterator:
            pass

    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: local if frame.f_code is loop.__code__ else None)
    try:
        loop()
    finally:
        sys.settrace(before)
    return shown


@pytest.mark.parametrize("name", ITERATORS)
def test_iterators_of_c_end_as_the_tables_say(name: str) -> None:
    assert type(ITERATORS[name]()).__name__ == name
    assert (name in quirks.PASS_STOP_ITERATION_ON) == (_events(ITERATORS[name]()) == ["StopIteration"])
    assert (name in quirks.CLEAR_STOP_ITERATION) == (_events(ITERATORS[name]()) == [])


def test_no_iterator_of_the_tables_is_left_out() -> None:
    named = quirks.CLEAR_STOP_ITERATION | quirks.PASS_STOP_ITERATION_ON
    assert named - ITERATORS.keys() <= {"batched"}


# --- programs -----------------------------------------------------------------------------------------------------------

PRELUDE = (
    "import shlex\nfrom io import StringIO\n"
    + (GOLDEN / "ends_of_loops.py").read_text(encoding="utf-8").split("def f():", maxsplit=1)[0]
)
_sources = st.sampled_from(
    [
        "Steps({})",
        "Noted({})",
        "Holds({})",
        "Makes({})",
        "plain({})",
        "guarded({})",
        "answers({})",
        "[Noted(9)] * {}",
        "range({})",
    ]
).flatmap(lambda form: st.integers(0, 3).map(form.format))
_unseen = st.sampled_from(["csv.DictReader(StringIO('a\\n' + '1\\n' * {}))", "shlex.shlex('a ' * {})"]).flatmap(
    lambda form: st.integers(0, 3).map(form.format)
)
"""Of the library's Python code, which raises where no hook sees it."""
# Several iterators: not where more than one of them can let go of something before the loop ends (see `test_tracer_differences`).
_pairs = st.builds("zip({}, {})".format, _sources, _sources).filter(lambda text: "answers" not in text)
_iterators = st.recursive(
    st.one_of(_sources, _pairs, st.builds("islice({}, 2)".format, _sources)),
    lambda inner: st.one_of(
        st.builds("enumerate({})".format, inner),
        st.builds("map(lambda x: x, {})".format, inner),
        st.builds("filter(bool, {})".format, inner),
        st.builds("takewhile(bool, {})".format, inner),
        st.builds("(x for x in {})".format, inner),
        st.builds("[x for x in {}]".format, inner),
        st.builds("zip_longest({}, {})".format, inner, inner),
        st.builds("chain({}, {})".format, inner, inner),
        st.builds("iter(iter({}).__next__, 1)".format, inner),
    ),
    max_leaves=3,
)
_over_unseen = st.recursive(
    _unseen,
    lambda inner: st.sampled_from(
        (
            "enumerate({})",
            "map(lambda x: x, {})",
            "filter(None, {})",
            "(x for x in {})",
            "[x for x in {}]",
            "zip({})",
            "chain({})",
        )
    ).flatmap(lambda form: inner.map(form.format)),
    max_leaves=3,
)
_uses = st.sampled_from(
    [
        "for x in {}: pass",
        "for x in {}: y = x",
        "list({})",
        "[x for x in {}]",
        "[*through({})]",
        "for x in {}: break",
        "a, *b = {}",
    ]
)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the text of the format is that of 3.11")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@example(
    "for x in chain(islice([Noted(9)] * 1, 2), Steps(1)): pass"
)  # what `f_locals` has seen lives on when `x` is bound anew
@given(st.builds(str.format, _uses, st.one_of(_iterators, _over_unseen)))
def test_loops_end_as_settrace_says(line: str) -> None:
    source = f"{PRELUDE}def f():\n    {line}\n"
    assert record_source(source, "f()").render() == settrace_text(source, "f()")
