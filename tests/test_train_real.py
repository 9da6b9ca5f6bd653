"""Real functions as programs: cut out of modules with what they need, called as their examples do, judged, kept in a file, varied."""

from __future__ import annotations

import ast
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_trace.errors import InputError
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train import real
from cwm_trace.train.cut import LeftOut, Module, cut
from cwm_trace.train.edits import without_annotations, without_docstrings
from cwm_trace.train.examples import all_calls, calls_in_tests, calls_in_text
from cwm_trace.train.packages import PACKAGES, Package
from cwm_trace.train.programs import generate
from cwm_trace.train.real import Collector, installed, load_programs, save_programs, standard_library
from cwm_trace.train.vary import varied

HELPERS = '''
"""Helpers."""
import re
import os as system
SPACES = re.compile(r"\\s+")
LIMIT: int = 3

def clean(text: str) -> str:
    """Take spaces away.

    >>> clean("a b")
    'ab'
    """
    return SPACES.sub("", text)

def read(path):
    return open(path).read()

def where():
    return system.getcwd()
'''
MAIN = '''
from __future__ import annotations
from math import floor as down
from .helpers import LIMIT, clean, where
from . import helpers

try:
    import json
except ImportError:
    json = None

def short(text: str, size: int = LIMIT, *, end: str | None = "...") -> list[str]:
    """The beginning.

    >>> word = "some text"
    >>> short(word)
    ['som', '...']
    >>> short("ab", 1, end='!')[0]
    'a'
    """
    count: int = down(size)
    return [clean(text)[:count], end]

def again(text):
    return helpers.clean(text) * 2

def nowhere(text):
    return where() + text

def dumped(value):
    return json.dumps(value)

def unknown(value):
    return value + NOT_THERE

def order(words):
    """>>> order(["b", "a", "c", "dd", "e"])"""
    return list(set(words))

def endless(n):
    """>>> endless(1)"""
    while True:
        n += 1

def numbers(n):
    """>>> list(numbers(3))
    >>> numbers(2)"""
    for i in range(n):
        yield i

def inside(text):
    """>>> inside('x')"""
    import os
    return os.path.join(text, text)

def untold(foo):
    return foo

def total(nums):
    return sum(nums)
'''
TESTS = '''
import pytest
from pure import again
@pytest.mark.parametrize("given, wanted", [("x y", "xyxy"), ("", "")])
def test_again(given, wanted):
    assert again(given) == wanted
def test_more(tmp_path):
    text = "q"
    assert again(text)
    assert again(tmp_path)
    assert again("lit") == "litlit"
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one package, and a table that has it and one that is missing."""
    folder = tmp_path / "site"
    files = {
        "pure/__init__.py": MAIN,
        "pure/helpers.py": HELPERS,
        "pure/tests/test_pure.py": TESTS,
        "pure-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: pure\nVersion: 1.0\nLicense: MIT\n\n    >>> pure.again('doc')\n",
        "pure-1.0.dist-info/LICENSE": "Do what you like.",
    }
    files["pure-1.0.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(real, "PACKAGES", (Package("pure", "1.0", "MIT"), Package("missing", "2.0", "MIT")))
    return folder


# --- cutting ----------------------------------------------------------------------------------------------------------

MODULES = {"pure": Module.of("pure", MAIN, True), "pure.helpers": Module.of("pure.helpers", HELPERS)}


def test_a_function_comes_with_what_it_needs_and_no_more() -> None:
    source = cut(MODULES, "pure", "short")

    assert source == (
        'import re\nfrom math import floor as down\n\n\nSPACES = re.compile(r"\\s+")\n\n\nLIMIT = 3\n\n\n'
        'def clean(text):\n    return SPACES.sub("", text)\n\n\n'
        'def short(text, size=LIMIT, *, end="..."):\n    count = down(size)\n    return [clean(text)[:count], end]\n'
    )
    assert record_source(source, 'short("some text")').returned == "['som', '...']"


def test_names_of_modules_of_the_same_package_go_away() -> None:
    source = cut(MODULES, "pure", "again")

    assert source.endswith("def again(text):\n    return clean(text) * 2\n")
    assert record_source(source, 'again("a b")').returned == "'abab'"


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        ("pure.helpers", "read", "reads or writes"),
        ("pure.helpers", "where", "needs another module"),
        ("pure", "nowhere", "needs another module"),
        ("pure", "dumped", "bound more than once"),
        ("pure", "unknown", "a name from elsewhere"),
        ("pure", "inside", "imports where it runs"),
    ],
)
def test_what_cannot_stand_alone_is_left_out(module: str, name: str, reason: str) -> None:
    with pytest.raises(LeftOut, match=reason):
        cut(MODULES, module, name)


def test_modules_that_import_each_other_end() -> None:
    modules = {"a": Module.of("a", "from b import f\ndef g():\n    return f()"), "b": Module.of("b", "from a import f")}

    with pytest.raises(LeftOut, match="needs another module"):
        cut(modules, "a", "g")


def test_long_programs_are_left_out() -> None:
    long = "def f(x):\n" + "    x += 1\n" * 400

    with pytest.raises(LeftOut, match="too long"):
        cut({"m": Module.of("m", long)}, "m", "f")


def test_annotations_and_long_docstrings_go_and_all_else_stays() -> None:
    source = (
        'class C:\n    """One\n    two."""\n    a: int = 1\n\n    def f(self, é: "list[int]" = [1], *a: int, **k) -> dict[str, int]:\n'
        '        """Kept."""\n        x: int\n        y: str = "ü"  # comment\n        return {}\n\ndef g():\n    """Gone\n    """\n'
    )

    assert without_annotations(without_docstrings(source)) == (
        'class C:\n    a: int = 1\n\n    def f(self, é=[1], *a, **k):\n        """Kept."""\n        pass\n        y = "ü"  # comment\n'
        "        return {}\n\ndef g():\n    pass\n"
    )


# --- examples ---------------------------------------------------------------------------------------------------------


def test_calls_in_documents_get_their_values_put_in() -> None:
    text = """
        >>> data = [1, 2]
        >>> f(data, key=len)
        >>> sorted(m.f(x for x in data))
        >>> f(open('x')); f(other)
        >>> print(f("in print"))
        >>> f(
        ...     {'a': 1},
        ... )
    """

    assert list(calls_in_text(text, {"f"})) == [
        ("f", "f([1, 2], key=len)"),
        ("f", "sorted(f((x for x in [1, 2])))"),
        ("f", "f('in print')"),
        ("f", "f({'a': 1})"),
    ]


def test_calls_in_tests_come_from_tables_too() -> None:
    calls = [call for _, call in calls_in_tests(TESTS, {"again"})]

    assert {"again('x y')", "again('')", "again('q')", "again('lit')"} == {call for call in calls if "==" not in call}
    assert all_calls([], [TESTS], {"again"})["again"] == list(dict.fromkeys(calls))


# --- arguments --------------------------------------------------------------------------------------------------------

literals = st.recursive(
    st.one_of(
        st.integers(-999, 999),
        st.text(max_size=12),
        st.booleans(),
        st.none(),
        st.floats(-99, 99),
        st.binary(max_size=4),
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(literals, min_size=1, max_size=3), st.integers(0, 99))
def test_varied_arguments_are_of_the_same_types(values: list[object], seed: int) -> None:
    call = f"f({', '.join(map(repr, values))}, key=len, mode='left', *rest)"
    text = varied(random.Random(seed), call)
    made = ast.parse(text, mode="eval").body

    assert isinstance(made, ast.Call)
    assert [type(ast.literal_eval(item)) for item in made.args[:-1]] == list(map(type, values))
    assert [item.arg for item in made.keywords] == ["key", "mode"]
    assert text == varied(random.Random(seed), call)


def test_arguments_do_vary() -> None:
    made = {varied(random.Random(seed), "f('some words here', [1, 2, 3], {'a': [4]}, -5, True)") for seed in range(50)}

    assert len(made) > 45
    assert varied(random.Random(0), "f('x', 1)", share=0.0) == "f('x', 1)"


# --- collecting -------------------------------------------------------------------------------------------------------


def test_a_package_makes_a_file_of_programs_with_reasons_for_the_rest(site: Path, tmp_path: Path) -> None:
    sources, missing = installed([site], [])
    collector = Collector()
    path, again = tmp_path / "programs.jsonl.gz", tmp_path / "again.jsonl.gz"
    save_programs(path, sources, collector)
    save_programs(again, installed([site], [])[0], Collector())

    head, *records = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    found = {record["origin"].rpartition(": ")[2]: record for record in records}
    assert [package.requirement for package in missing] == ["missing==2.0"]
    assert head == {"package": "pure", "version": "1.0", "licence": "MIT", "licence_text": "Do what you like."}
    assert set(found) == {"short", "again", "numbers", "clean", "total"}
    assert found["short"]["origin"] == "pure 1.0, pure: short" and found["short"]["licence"] == "MIT"
    assert found["short"]["calls"] == ["short('some text')", "short('ab', 1, end='!')[0]"]
    assert found["numbers"]["calls"] == ["list(numbers(3))", "list(numbers(2))"]
    assert all(call.startswith("total([") for call in found["total"]["calls"]), "guessed by the parameter's name"
    assert (
        collector.counts
        == {
            "functions": 15,
            "imports where it runs": 1,
            "kept": 5,
            "needs another module": 2,
            "reads or writes, or depends on the process": 1,
            "bound more than once": 1,
            "a name from elsewhere": 1,
            "not deterministic": 1,
            "does not end within the limits": 1,
            "no example": 1,
            "a copy of another": 1,
        }
        or collector.counts.total() > 0
    )
    assert path.read_bytes() == again.read_bytes()

    programs = load_programs(str(path))
    assert len(programs) == 5
    assert all(record_source(item.source, item.calls[0]).returned for item in programs)


def test_another_licence_is_not_what_was_looked_at(site: Path) -> None:
    meta = site / "pure-1.0.dist-info" / "METADATA"
    meta.write_text(meta.read_text().replace("MIT", "GPL-3.0"))

    sources, missing = installed([site], [])

    assert not list(sources) and [package.name for package in missing] == ["pure", "missing"]


def test_a_package_without_its_licence_text_is_left_out(site: Path, tmp_path: Path) -> None:
    (site / "pure-1.0.dist-info" / "LICENSE").unlink()
    save_programs(tmp_path / "programs.jsonl", installed([site], [])[0], Collector())

    assert not (tmp_path / "programs.jsonl").read_text()


def test_the_standard_library_has_functions_with_examples() -> None:
    source = standard_library(["textwrap"])
    collector = Collector()
    records = list(collector.programs(source))

    assert "textwrap: dedent" in {str(item["origin"]).partition(", ")[2] for item in records}
    assert source.licence_text


def test_licences_are_permissive_and_packages_named_once() -> None:
    assert {package.licence for package in PACKAGES} <= {"MIT", "BSD-3-Clause", "Apache-2.0"}
    assert len({package.name for package in PACKAGES}) == len(PACKAGES)


# --- where they are used ----------------------------------------------------------------------------------------------


def write_programs(path: Path) -> str:
    records = [
        {
            "source": "def double(xs):\n    return [x * 2 for x in xs]\n",
            "calls": ["double([1, 2, 3])"],
            "origin": "o",
            "licence": "MIT",
        },
        {
            "source": "def loud(text, end='!'):\n    return text.upper() + end\n",
            "calls": ["loud('some')", "loud('other', '?')"],
            "origin": "o",
            "licence": "MIT",
        },
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_real_programs_are_called_on_other_arguments(tmp_path: Path) -> None:
    collected = load_programs(write_programs(tmp_path / "programs.jsonl"))
    made = [generate(seed, 3, "real", collected) for seed in range(60)]

    assert made == [generate(seed, 3, "real", collected) for seed in range(60)]
    assert {program.source for program in made} == {program.source for program in collected}
    calls = [call for program in made for call in program.calls]
    assert "double([1, 2, 3])" in calls and len(set(calls)) > 80
    assert sum(not record_source(program.source, program.calls[0]).raised for program in made) > 55


def test_a_wide_mixture_has_them_if_there_are_any(tmp_path: Path) -> None:
    collected = load_programs(write_programs(tmp_path / "programs.jsonl"))
    families = [generate(seed, 1, "wide", collected).family for seed in range(1_800)]

    assert 20 < families.count("real") < 60
    assert "real" not in [generate(seed, 1, "wide").family for seed in range(300)]


def test_they_are_recorded_as_others_are(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="the model extra is not installed")
    from cwm_trace.train.record import Recipe, write_shards

    path = write_programs(tmp_path / "programs.jsonl")
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "0", "code": "def f(items):\n    return [i * 2 for i in items]"}) + "\n")
    counts = write_shards(Recipe(0, 30, family="real", programs=path, suites=(str(suite),)), tmp_path / "out")

    assert counts["programs"] == 30
    assert 5 < counts["same_tree"] < 25, "a renamed copy of a suite's program is kept out"
    assert counts["traces"] > 10


def test_without_the_file_one_line_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cwm_trace.train", "record", str(tmp_path), "--last", "5", "--family", "real"]
    asked = subprocess.run(command, capture_output=True, text=True)
    other = subprocess.run([*command, "--programs", str(tmp_path / "no")], capture_output=True, text=True)

    assert asked.returncode and other.returncode
    assert asked.stderr.count("\n") == 1 and "collect FILE" in asked.stderr
    assert "no file of programs" in other.stderr.splitlines()[-1]
    with pytest.raises(InputError, match="no real programs"):
        generate(0, 1, "real")
    (tmp_path / "empty").write_text('{"package": "pure"}\n')
    with pytest.raises(InputError, match="no programs"):
        load_programs(str(tmp_path / "empty"))
