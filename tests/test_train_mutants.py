"""Mutants: changed in the text, valid, reproducible, and trained on only where they do something else."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from cwm_trace.train.mutate import mutant
from cwm_trace.train.programs import Program, generate

ROOT = Path(__file__).resolve().parent.parent

CASES = {
    "operator": ("return a + b", {"return a - b", "return a * b"}),
    "parentheses": ("return (a) + (b)", {"return (a) - (b)", "return (a) * (b)"}),
    "augmented": ("a += b\n    return a", {"a -= b\n    return a", "a *= b\n    return a", "pass\n    return a"}),
    "comparison": ("return a < b", {"return a <= b", "return a > b", "return a >= b"}),
    "membership": ("return a not  in b", {"return a in b"}),
    "and": ("return a and b", {"return a or b"}),
    "not": ("return not a", {"return a"}),
    "bool": ("return True", {"return False"}),
    "method": (
        "return a.upper()",
        {f"return a.{name}()" for name in "lower title swapcase capitalize casefold".split()},
    ),
    "method over lines": (
        "return (a\n      .find(b))",
        {f"return (a\n      .{name}(b))" for name in "index rfind rindex count".split()},
    ),
    "append": ("a.append(b)", {"a.extend(b)", "a.insert(0, b)", "pass"}),
    "pop": ("return a.pop()", {"return a.pop(0)", "return a.pop(-1)"}),
    "builtin": ("return min(a, b)", {"return max(a, b)"}),
    "branches": ("if a:\n        b = a\n    else:\n        c = a", {"if a:\n        c = a\n    else:\n        b = a"}),
    "test": ("if a:\n        return b", {"if not (a):\n        return b"}),
    "either": ("return a if b else c", {"return c if b else a"}),
    "break": ("for x in a:\n        break", {"for x in a:\n        continue"}),
    "non-ascii": ("return 'é' < a", {"return 'é' <= a", "return 'é' > a", "return 'é' >= a"}),
    "docstring": ("'''A text.'''", set()),
    "f-string": ("return f'{a + b}'", set()),
    "decorated": ("@a.upper()\n    def g(): pass", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_what_can_be_changed_is(name: str) -> None:
    body, expected = CASES[name]
    head = "def f(a, b, c):\n    "
    found = {mutant(random.Random(seed), head + body) for seed in range(200)}
    changed = {text.removeprefix(head) for text in found if text}

    assert expected <= changed if expected else not changed
    assert None in found if not expected else True
    if name not in ("append", "pop", "non-ascii", "augmented", "branches"):  # these have places for other changes, too
        assert changed <= expected or name in ("method over lines",)


@pytest.mark.parametrize(
    "bound", ["range(n)", "range(1, n)", "sorted(n)", "n[1:]", "n[::-1]", "n[:2]", "n.insert(0, 'x')", "n.sort()"]
)
def test_bounds_and_slices_change(bound: str) -> None:
    source = f"def f(n):\n    return {bound}"
    made = {mutant(random.Random(seed), source) for seed in range(60)}

    assert len(made - {None, source}) >= 2
    assert all(ast.parse(text) for text in made if text)


def test_only_functions_change() -> None:
    source = "import os\nLIMIT = 3 + 4\nif __name__ == '__main__':\n    print(1 < 2)\n"

    assert mutant(random.Random(0), source) is None


def test_mutants_of_generated_programs_parse_and_differ() -> None:
    made = changed = 0
    for seed in range(300):
        program = generate(seed, 1, "mutant")
        assert program == generate(seed, 1, "mutant")
        if program.family != "mutant":
            continue
        made += 1
        changed += program.source != program.parent
        ast.parse(program.source)
        assert program.parent and len(program.parent.splitlines()) == len(program.source.splitlines())
    assert made == changed > 270


_DIGEST = """
import hashlib
import json
from cwm_trace.train.programs import generate
print(hashlib.sha256(repr([generate(seed, 2, family) for seed in range(60) for family in ("mutant", "wide")]).encode()).hexdigest())
"""


def test_mutants_and_wide_programs_are_functions_of_their_seed() -> None:
    made = [generate(seed, 2, family) for seed in range(60) for family in ("mutant", "wide")]
    environment = os.environ | {"PYTHONHASHSEED": "54321", "PYTHONPATH": str(ROOT)}
    elsewhere = subprocess.run([sys.executable, "-c", _DIGEST], capture_output=True, text=True, env=environment)

    assert elsewhere.stdout.strip() == hashlib.sha256(repr(made).encode()).hexdigest(), elsewhere.stderr


# --- recorded ---------------------------------------------------------------------------------------------------------


def test_only_mutants_that_do_something_else_are_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tokenizers", reason="the model extra is not installed")
    from cwm_trace.train import record
    from cwm_trace.train.record import Maker, Recipe, read_trace

    parent = "def f(x):\n    y = x + 1\n    return y * 2 if x < 9 else 1 // 0"
    mutants = [
        "def f(x):\n    y = x + 1\n    return y * 2 if x <= 9 else 1 // 0",
        parent.replace("+", "-"),
        parent.replace("< 9", "> 9"),
    ]

    def planted(seed: int, *_: object) -> Program:
        return Program(mutants[seed % 3], ("f(1)", "f(9)" if seed % 3 == 0 else "f(2)"), "mutant", parent)

    monkeypatch.setattr(record, "generate", planted)
    maker = Maker(Recipe(0, 0))
    traces = [read_trace(ids) for ids in maker.sequences(0)]
    assert [trace.returned for trace in traces] == ["4", None, "20"], (
        "the parent's, and the mutant's that ends otherwise"
    )
    assert maker.counts["same_as_parent"] == 1

    assert [read_trace(ids).returned for ids in maker.sequences(1)] == ["6", "0", "2"]
    raising = 0
    for seed in range(2, 602, 3):
        maker.seen.clear()
        raising += sum(read_trace(ids).raised is not None for ids in maker.sequences(seed))
    assert 60 < raising < 140, "one in four of two hundred programs' two calls"


def test_neither_a_mutant_nor_its_parent_may_be_of_a_suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="the model extra is not installed")
    from cwm_trace.train import record
    from cwm_trace.train.record import Maker, Recipe

    known = "def f(x):\n    y = x + 1\n    return y * 2 if x < 9 else 0"
    (tmp_path / "suite.jsonl").write_text(json.dumps({"id": "0", "code": known}) + "\n")
    other = "def f(x):\n    return x"
    pairs = [(known, other), (other, known), (other, other + " + 1")]
    monkeypatch.setattr(
        record, "generate", lambda seed, *_: Program(pairs[seed][0], ("f(1)",), "mutant", pairs[seed][1])
    )
    maker = Maker(Recipe(0, 0, suites=(str(tmp_path / "suite.jsonl"),)))

    assert [len(maker.sequences(seed)) for seed in range(3)] == [0, 0, 2]
    assert maker.keep.counts["same_tree"] == 2
