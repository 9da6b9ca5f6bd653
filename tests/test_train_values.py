"""Worlds of values: each kind of theme is asked for its own, and runs are in what repeats itself."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from itertools import groupby

import pytest

from cwm_trace.train.programs import generate
from cwm_trace.train.runs import RunsTheme
from cwm_trace.train.values import BroadTheme, Theme

OWN = {
    "text": ["str"],
    "long_text": ["text"],
    "char": ["char"],
    "bool_": ["bool"],
    "float_": ["float"],
    "int_": ["int", "li", "lli", "ti", "si", "dsi", "dis", "dsl", "dd", "lt"],
    "item": ["ls", "ts", "dsi", "dss", "dis", "dsl", "dd", "lt"],
}


def leaves(value: object) -> Iterator[object]:
    """What is in a value that is no container."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize(("method", "kind"), [(method, kind) for method, kinds in OWN.items() for kind in kinds])
def test_values_are_those_of_the_theme_that_is_asked(method: str, kind: str) -> None:
    """Makers once called `Theme`'s own methods: what `BroadTheme` has instead was in no argument of any program."""
    own: type[BroadTheme] = type("Own", (BroadTheme,), {method: lambda self: "own"})
    theme = own.draw(random.Random(1))
    found = [leaf for _ in range(20) for leaf in leaves(theme.value(kind))]

    assert found.count("own") >= len(found) / 4 > 0


def longest(value: object) -> int:
    """How long the longest run of a text or list is; 0 of other values."""
    items = value if isinstance(value, str | list | tuple) else ()
    return max((len(list(run)) for _, run in groupby(items)), default=0)


def test_runs_are_longer_than_elsewhere() -> None:
    shares = {}
    for kind in (Theme, BroadTheme, RunsTheme):
        values = [kind.draw(random.Random(seed)).value(name) for seed in range(300) for name in ("str", "li", "ls")]
        shares[kind] = sum(longest(value) >= 5 for value in values) / len(values)

    assert shares[RunsTheme] > 0.2 > 5 * max(shares[Theme], shares[BroadTheme])


def test_programs_of_runs_make_them() -> None:
    made, widths = 0, set()
    for seed in range(200):
        tree = ast.parse(generate(seed, 1, "runs").source)
        numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int]
        made += any(number >= 5 for number in numbers)
        widths |= set(numbers)

    assert made > 60
    assert len(widths) > 20
