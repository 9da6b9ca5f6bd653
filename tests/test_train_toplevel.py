"""Functions become scripts that do the same: what they print is what the calls give."""

from __future__ import annotations

import ast
import contextlib
import io
import random
from collections import Counter

import pytest

from cwm_trace.train.programs import generate
from cwm_trace.train.toplevel import as_script

_PROGRAM = "def f(a, b):\n    c = [a, b]\n    return c"


def _printed(source: str) -> list[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "script", "exec"), {"__name__": "__main__"})
    return out.getvalue().splitlines()


def _given(source: str, calls: tuple[str, ...]) -> list[str]:
    """What each call gives, as text, and where it gives a tuple, its parts as text, too."""
    scope: dict[str, object] = {"__name__": "other"}
    exec(source, scope)
    given = [eval(call, scope) for call in calls]
    return [*map(str, given), *(" ".join(map(str, value)) for value in given if isinstance(value, tuple))]


@pytest.mark.parametrize("family", ["plain", "idiom", "steps", "dense", "chain"])
def test_a_script_prints_what_the_calls_give(family: str) -> None:
    compared = 0
    for seed in range(60):
        program = generate(seed, 2, family)
        if "print" in program.source or "import" in program.source or " at 0x" in program.source:
            continue
        try:
            given = _given(program.source, program.calls)
        except Exception:  # a generated program may raise
            continue
        if any(
            not value or " at 0x" in value or "{" in value or "\n" in value for value in given
        ):  # sets have any order
            continue
        printed = "\n".join(_printed(as_script(random.Random(seed), program.source, program.calls)))
        assert not printed or any(value in printed for value in given), (printed, given)
        compared += bool(printed)
    assert compared > 25


def test_all_shapes() -> None:
    shapes = Counter[str]()
    for seed in range(300):
        script = as_script(random.Random(seed), _PROGRAM, ("f('x', 2)", "f([1], {})"))
        assert script.endswith("\n") and set(_printed(script)) <= {
            "['x', 2]",
            "[[1], {}]",
            "None",
            "(['x', 2], [[1], {}])",
        }
        shapes["no function"] += "def" not in script
        shapes["main"] += "def main" in script
        shapes["guard"] += "__main__" in script and "def main" not in script
        shapes["bound"] += "a = 'x'\n" in script
    assert all(25 < count < 275 for count in shapes.values()), shapes


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("def f(x):\n    if x:\n        return 1\n    return 2", "f(1)"),
        ("def f(x, k=1):\n    y = x\n    return y", "f(1)"),
        ("def f(x):\n    def g(): return x\n    return g()", "f(1)"),
        ("def f(x):\n    for i in x:\n        yield i\n    return 1", "f([])"),
        ("def g(x): return x\ndef f(x):\n    y = g(x)\n    return y", "f(1)"),
        ("def f(x):\n    y = x\n    return y", "f(x=1)"),
        ("def f(x):\n    y = x\n    return", "f(1)"),
        ("def f(n):\n    x = n - 1\n    return n if n < 1 else f(x)", "f(3)"),
        ("def f(x):\n    yield from x\n    return 1", "f([])"),
        ("def f(x): y = x; return y", "f(1)"),
        ("@g\ndef f(x):\n    y = x\n    return y", "f(1)"),
    ],
)
def test_what_must_stay_a_function(source: str, call: str) -> None:
    for seed in range(25):
        assert "def f" in as_script(random.Random(seed), source, (call,))


def test_values_of_several_lines_and_names_of_functions() -> None:
    long, same = "def f(x):\n    y = x\n    return (y\n        + 1)", "def f(f):\n    y = f\n    return y"
    for seed in range(25):
        assert set(_printed(as_script(random.Random(seed), long, ("f(1)",)))) <= {"2", "None"}
        assert set(_printed(as_script(random.Random(seed), same, ("f(1)",)))) <= {"1", "None"}


def test_a_program_that_does_not_compile_stays_as_it_is() -> None:
    for seed in (9602524, 9603485, 9603709):  # 7.conjugate(), quotes in an f-string
        generate(seed, 1, "toplevel")


def test_the_family_is_a_function_of_its_seed_and_runs() -> None:
    made = [generate(seed, 1, "toplevel") for seed in range(80)]

    assert made == [generate(seed, 1, "toplevel") for seed in range(80)]
    assert not any(program.calls for program in made)
    ended = 0
    for program in made:
        ast.parse(program.source)
        with contextlib.suppress(Exception):  # a generated program may raise
            ended += bool(_printed(program.source))
    assert ended > 50


def test_a_main_whose_result_is_printed_has_one() -> None:
    made = [
        program.source for seed in range(700) if "print(main())" in (program := generate(seed, 1, "toplevel")).source
    ]

    assert len(made) > 5
    for source in made:
        (main,) = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "main")
        assert isinstance(main.body[-1], ast.Return)
