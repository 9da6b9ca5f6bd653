"""Functions that keep what they give, lambdas inside other calls, generator expressions with two `for`s: settled with the true answers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from cwm_trace.models.inline import read
from cwm_trace.models.memos import cached_of, is_cached, with_cached
from cwm_trace.tracer.inprocess import record_source
from tests.benchmarks.outlooks import known

TEXT = (Path(__file__).with_name("kept.txt")).read_text()
PROGRAMS = [tuple(each.rsplit("\n### ", 1)) for each in TEXT.strip().split("\n\n\n")]


@pytest.mark.parametrize(("source", "call"), PROGRAMS)
def test_frames_are_known(source: str, call: str) -> None:
    told = known(record_source(f"{source}\n", call))
    assert told.frames and all(told.frames) and not told.wrong


@pytest.mark.parametrize(
    ("decorator", "keeps"),
    [
        ("cache", True),
        ("functools.cache", True),
        ("lru_cache", True),
        ("lru_cache()", True),
        ("lru_cache(None)", True),
        ("functools.lru_cache(maxsize=None)", True),
        ("lru_cache(maxsize=2)", False),  # forgets some
        ("lru_cache(SIZE)", False),
        ("lru_cache(maxsize=None, typed=True)", True),
        ("cached", False),
        ("other.cache", False),
    ],
)
def test_which_decorators_keep_all(decorator: str, keeps: bool) -> None:
    (node,) = ast.parse(f"@{decorator}\ndef f(x):\n    return x\n").body
    assert isinstance(node, ast.FunctionDef) and is_cached(node) is keeps


def test_only_calls_of_their_names_are_spelled_otherwise() -> None:
    names = cached_of("from functools import cache\n@cache\ndef fib(n):\n    return n\n")
    assert with_cached("x = fib(3) + a.fib(2) + fib + f'{fib(1)} fib(2)'", names) == (
        "x = cached_fib(3) + a.fib(2) + fib + f'{cached_fib(1)} fib(2)'"
    )
    assert read("cached_fib(3)")


SAME = "from functools import cache\n{}def f(a):\n    return g(a) + h(a) + g(a)\n"


def test_of_two_that_begin_alike_the_one_that_is_called_is_meant() -> None:
    functions = "".join(f"@cache\ndef {name}(x):\n    return x * {n}\n" for n, name in enumerate("gh", 2))
    told = known(record_source(SAME.format(functions), "f(3)"))
    assert not told.wrong
