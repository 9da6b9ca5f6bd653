"""Loaders of public benchmarks: small made-up records in their documented shapes, and what becomes of tests that cannot be used."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.eval import Suite, Task, load_run, load_suite, rescore, run_suite
from cwm_trace.eval.suites import suite_programs
from cwm_trace.files import save
from cwm_trace.models import load_model
from cwm_trace.tracer.run import run_source

PROMPT = 'from typing import List\n\n\ndef longest(words: List[str]) -> int:\n    """Length of the longest word."""\n'
SOLUTION = "    return max((len(word) for word in words), default=0)\n"
TEST = """
METADATA = {"author": "x"}


def check(candidate):
    assert candidate(["a", "bcd"]) == 3
    assert candidate([]) == 0, "none"
    assert not candidate([
        "",
    ])
    assert abs(candidate(list("ab")) - 1) < 1e-6
    for size in range(3):
        assert candidate(["x" * size]) == size
    assert True
    assert candidate(helper()) == 1
"""
HUMANEVAL = {
    "task_id": "HumanEval/0",
    "prompt": PROMPT,
    "canonical_solution": SOLUTION,
    "test": TEST,
    "entry_point": "longest",
}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def calls(suite: Suite) -> dict[str, tuple[str | None, str | None]]:
    return {task.id: (task.call, task.expected) for task in suite.tasks}


def reasons(suite: Suite) -> dict[str, str]:
    return {item.id: item.reason for item in suite.left_out}


def test_humaneval(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path / "HumanEval.jsonl", HUMANEVAL))

    assert calls(suite) == {
        "HumanEval/0#1": ('longest(["a", "bcd"])', "3"),
        "HumanEval/0#2": ("longest([])", "0"),
        "HumanEval/0#3": ("longest([''])", None),
        "HumanEval/0#4": ('longest(list("ab"))', None),
    }
    assert {task.source for task in suite.tasks} == {PROMPT + SOLUTION}
    assert reasons(suite) == {
        "HumanEval/0#5": "the test makes size in a for statement",
        "HumanEval/0#6": "the assert calls no function of the program",
        "HumanEval/0#7": "the program has no helper",
    }


def test_a_name_that_the_test_binds_is_no_builtin(tmp_path: Path) -> None:
    test = "def check(candidate):\n    str = 'a'\n    assert candidate([str]) == 1\n    assert candidate(['a']) == 1\n"
    suite = load_suite(written(tmp_path / "h.jsonl", HUMANEVAL | {"test": test}))

    assert reasons(suite) == {"HumanEval/0#1": "the test makes str"}
    assert list(calls(suite)) == ["HumanEval/0#2"]


def test_humaneval_plus(tmp_path: Path) -> None:
    row = HUMANEVAL | {"base_input": [[["a", "bc"]]], "plus_input": [[[]], [[float("inf")]], [["é"], 2]], "atol": 0}

    suite = load_suite(written(tmp_path / "HumanEvalPlus.jsonl", row))

    assert calls(suite) == {
        "HumanEval/0#base1": ("longest(['a', 'bc'])", None),
        "HumanEval/0#plus1": ("longest([])", None),
        "HumanEval/0#plus3": ("longest(['é'], 2)", None),
    }
    assert reasons(suite) == {"HumanEval/0#plus2": "an argument has no literal (inf, nan)"}


def test_humaneval_plus_of_the_hub(tmp_path: Path) -> None:
    test = (
        "def check(candidate):\n"
        "    inputs = [[['a']], [['b', 'cd']], [[x]]]\n"
        "    results = [1, 2, 3]\n"
        "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n"
        "        assertion(candidate(*inp), exp, 0)\n"
    )

    suite = load_suite(written(tmp_path / "h.jsonl", HUMANEVAL | {"test": test}))

    assert calls(suite) == {"HumanEval/0#1": ("longest(['a'])", "1"), "HumanEval/0#2": ("longest(['b', 'cd'])", "2")}
    assert reasons(suite) == {"HumanEval/0#3": "its arguments are no list of literals"}


MBPP = {
    "task_id": 11,
    "text": "Write a function to ...",
    "code": "def twice(text):\r\n    return text * 2\r\n\r\ndef node(n):\r\n    return [n]",
    "test_list": [
        "assert twice('ab') == 'abab'",
        "assert set(twice((3, 4))) == set((3, 4))",
        "assert math.isclose(twice(1.5), 3.0)",
    ],
    "test_setup_code": "root = node(1)",
    "challenge_test_list": ["assert twice(root) == [1, 1]"],
}


def test_mbpp(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path / "mbpp.jsonl", MBPP))

    assert calls(suite) == {
        "MBPP/11#1": ("twice('ab')", "'abab'"),
        "MBPP/11#2": ("twice((3, 4))", None),
        "MBPP/11#3": ("twice(1.5)", None),
        "MBPP/11#4": ("twice(root)", "[1, 1]"),
    }
    assert {task.source for task in suite.tasks} == {
        "def twice(text):\n    return text * 2\n\ndef node(n):\n    return [n]\n\nroot = node(1)\n"
    }


def test_sanitized_mbpp_is_a_json_list(tmp_path: Path) -> None:
    row = {
        "source_file": "x",
        "task_id": 2,
        "prompt": "...",
        "code": "def up(s):\n    return s.upper()\n",
        "test_imports": ["import math"],
        "test_list": ["assert up('a') == 'A'", "assert up(\n    'b'\n) == 'B'"],
    }
    path = tmp_path / "sanitized-mbpp.json"
    path.write_text(json.dumps([row]))

    suite = load_suite(path)

    assert (suite.name, calls(suite)) == (
        "sanitized-mbpp",
        {"MBPP/2#1": ("up('a')", "'A'"), "MBPP/2#2": ("up('b')", "'B'")},
    )
    assert suite.tasks[0].source == "def up(s):\n    return s.upper()\n\nimport math\n"


def test_mbpp_plus_of_the_hub(tmp_path: Path) -> None:
    test = (
        "import numpy as np\n\nprint(*zip(*[[1]]))\ninputs = [['ab'], [(3, 4)]]\nresults = ['abab', (3, 4, 3, 4)]\n"
        "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(twice(*inp), exp, 0)\n"
    )
    row = {name: value for name, value in MBPP.items() if name != "test_setup_code"} | {"test": test}

    suite = load_suite(written(tmp_path / "mbppplus.jsonl", row))

    assert calls(suite) == {"MBPP/11#1": ("twice('ab')", "'abab'"), "MBPP/11#2": ("twice((3, 4))", "(3, 4, 3, 4)")}


def test_livecodebench_execution(tmp_path: Path) -> None:
    row = {
        "question_id": 2777,
        "id": "sample_0",
        "function_name": "most",
        "code": "def most(words: List[str], k: int) -> int:\n    return max(Counter(words).values()) + math.floor(inf > k)\n",
        "input": "most(words = ['a', 'a'], k = 1)",
        "output": "3",
        "numsteps": 4,
    }
    other = row | {"id": "sample_1", "input": "['b'], 2", "output": "2"}
    unknown = row | {"id": "sample_2", "code": "def most(words, k):\n    return np.max(words)\n"}

    suite = load_suite(written(tmp_path / "lcb.jsonl", row, other, unknown))

    assert calls(suite) == {
        "sample_0": ("most(words = ['a', 'a'], k = 1)", "3"),
        "sample_1": ("most(['b'], 2)", "2"),
    }
    assert suite.tasks[0].source == (
        "import math\nfrom collections import Counter\nfrom typing import List\nfrom math import inf\n\n\n"
        + row["code"]  # type: ignore[operator]
    )
    assert reasons(suite) == {"sample_2": "the program has no np"}
    assert run_suite(load_model("oracle"), suite, tmp_path / "run").unexpected == 0


REVAL = {
    "task_id": "DREval/0",
    "code": "def add(a, b):\n    return a + b\n",
    "entry_point": "add",
    "inputs": ["1, 2", "add('x', 'y')", "1 +"],
    "outputs": ["3", "'xy'"],
}


def test_reval(tmp_path: Path) -> None:
    classes = {"task_id": "DREval/85", "code": "class A:\n    pass\n", "entry_point": "ATest", "inputs": ["..."]}
    itself = classes | {"task_id": "DREval/86", "entry_point": "A", "inputs": ["T.test"]}

    suite = load_suite(written(tmp_path / "DREval_data.jsonl", REVAL, classes, itself))

    assert calls(suite) == {"DREval/0#1": ("add(1, 2)", "3"), "DREval/0#2": ("add('x', 'y')", "'xy'")}
    assert reasons(suite) == {
        "DREval/0#3": "its input is neither arguments nor a call",
        "DREval/85": "the program has no function ATest",
        "DREval/86": "A is a class, driven by tests of its own",
    }


@pytest.mark.parametrize(
    "row",
    [
        {"task_id": "C/0", "code": "def add(a, b):\n    return a + b\n", "function_name": "add", "inputs": [[1, 2]]},
        {"id": "C/0", "source": "def add(a, b):\n    return a + b\n", "entry_point": "add", "call": "add(1, 2)"},
        {
            "id": "C/0",
            "prompt": "def add(a, b):\n",
            "canonical_solution": "    return a + b\n",
            "entry_point": "add",
            "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
        },
    ],
)
def test_coconut_by_name(tmp_path: Path, row: dict[str, Any]) -> None:
    suite = load_suite(f"coconut:{written(tmp_path / 'c.jsonl', row)}")

    assert [(task.source, task.call) for task in suite.tasks] == [("def add(a, b):\n    return a + b\n", "add(1, 2)")]


def test_records_of_another_shape_are_left_out_by_name(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        HUMANEVAL | {"test": "def check(candidate):\n    assert candidate(['a']) == 1\n"},
        {"task_id": "HumanEval/1", "prompt": PROMPT},
        HUMANEVAL | {"task_id": "HumanEval/2", "canonical_solution": "  return ((\n"},
        HUMANEVAL | {"task_id": "HumanEval/3", "test": 3},
        HUMANEVAL | {"task_id": "HumanEval/4", "test": "def check(candidate):\n    pass\n"},
        {"prompt": PROMPT},
    ]
    path = written(tmp_path / "h.jsonl", *rows)

    suite = load_suite(f"humaneval:{path}")

    found = reasons(suite)
    assert len(suite.tasks) == 1
    assert found["HumanEval/1"] == "no canonical_solution; its fields: task_id, prompt"
    assert found["HumanEval/2"].startswith("not valid Python")
    assert found["HumanEval/3"] == "test is not a string"
    assert found["HumanEval/4"] == "its tests have no assert"
    assert found[f"{path}:6"] == "no canonical_solution; its fields: prompt"


ADD = "def add(a, b):\n    return a + b\n"
CHECK = "def check(candidate):\n    assert candidate(1, 2) == 3\n"


@pytest.mark.parametrize(
    ("row", "identity"),
    [
        ({"task_id": 7, "code": ADD, "entry_point": "add", "inputs": ["1, 2"], "outputs": ["3"]}, "7#1"),
        ({"task_id": "D/0", "code": ADD, "entry_point": "add", "inputs": "['1, 2']", "outputs": ["3"]}, "D/0#1"),
        ({"question_id": 8, "code": ADD, "input": "add(1, 2)", "output": "3"}, "8"),
        ({"question_id": "9", "code": ADD, "function_name": "add", "input": "1, 2", "output": "3"}, "9"),
        ({"task_id": 1, "prompt": ADD, "canonical_solution": "", "test": CHECK}, "1#1"),
        ({"task_id": 2, "text": "", "code": ADD, "test_list": "['assert add(1, 2) == 3']"}, "MBPP/2#1"),
    ],
    ids=["number", "list as text", "whole call", "arguments", "no entry point", "asserts as text"],
)
def test_other_spellings_of_the_same_records(tmp_path: Path, row: dict[str, Any], identity: str) -> None:
    (task,) = load_suite(written(tmp_path / "x.jsonl", row)).tasks
    assert (task.id, str(task.call).replace(" ", ""), task.expected) == (identity, "add(1,2)", "3")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"foo": 1, "bar": 2}, "needs source, or code and call .or input.; its fields: foo, bar. A benchmark"),
        (
            {"question_id": "9", "code": ADD, "input": "1, 2", "output": "3"},
            "no function_name, and its input is no call",
        ),
        ({"task_id": "D/1", "code": ADD, "entry_point": "add", "inputs": []}, "it has no inputs"),
    ],
)
def test_a_record_that_cannot_be_used_says_what_it_has(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_suite(written(tmp_path / "x.jsonl", row))


def test_a_benchmark_without_a_usable_record_is_no_suite(tmp_path: Path) -> None:
    path = written(tmp_path / "m.jsonl", MBPP | {"test_list": ["assert f(1)"], "challenge_test_list": []})

    with pytest.raises(InputError, match=r"no tasks. Left out: MBPP/11#1 \(the assert calls no function"):
        load_suite(path)


def test_programs_of_a_suite_are_those_of_every_record(tmp_path: Path) -> None:
    broken = HUMANEVAL | {"task_id": "HumanEval/1", "test": ""}
    path = written(tmp_path / "h.jsonl", HUMANEVAL, broken, {"code": "x = 1"}, {"prompt": "def f(): pass"})

    assert suite_programs(f"humaneval:{path}") == [PROMPT + SOLUTION, PROMPT + SOLUTION, "x = 1", "def f(): pass"]
    with pytest.raises(InputError, match=r"n.jsonl:1: no program"):
        suite_programs(written(tmp_path / "n.jsonl", {"task_id": "x"}))


# --- calls of what is not there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text", "call"),
    [
        ("add", "1, 2", "add(1, 2)"),
        ("add", "add(1, 2)", "add(1, 2)"),
        ("add", "add(1, 2), 3", "add(add(1, 2), 3)"),
        (None, "1, 2", "f(1, 2)"),
    ],
)
def test_input_is_of_the_function_that_is_named(tmp_path: Path, entry: str | None, text: str, call: str) -> None:
    row = {"code": ADD + ADD.replace("add", "f"), "input": text, "entry_point": entry}

    assert load_suite(written(tmp_path / "x.jsonl", row)).tasks[0].call == call


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"code": ADD, "input": "1, 2"}, r"x.jsonl:1: the call 'f\(1, 2\)' calls f, which the program does not have"),
        ({"source": ADD, "call": "Node(sub(1)).add(1)"}, "calls Node, sub, which"),
        (
            {"code": ADD, "input": "1", "entry_point": "A().add"},
            "'A.*add' is not the name of a function. Give the whole",
        ),
        ({"source": ADD, "call": " "}, "x.jsonl:1: the call is empty"),
        ({"source": ADD, "call": ""}, "x.jsonl:1: the call is empty"),
    ],
)
def test_a_call_of_what_is_not_there_is_refused(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_suite(written(tmp_path / "x.jsonl", row))


@pytest.mark.parametrize(
    "source",
    [
        "from math import *\n",
        "from math import sqrt as f\n",
        "exec('def f(x): return x')\n",
        "globals()['f'] = len\n",
        "import sys\nvars(sys.modules[__name__])['f'] = len\n",
        "def g():\n    global f\n    f = len\ng()\n",
        "match len:\n    case f:\n        pass\n",
        "if True:\n    class f:\n        pass\n",
        "print((f := len)('a'))\n",
        "f = (\n",
    ],
)
def test_a_call_of_what_may_be_there_is_left_to_the_run(tmp_path: Path, source: str) -> None:
    (task,) = load_suite(written(tmp_path / "x.jsonl", {"source": source, "call": "f('a')"})).tasks
    assert task.call == "f('a')"


@pytest.mark.parametrize(
    "call", ["max(f(1), 2)", "[f(i) for i in (1, 2)]", "(lambda g: g(1))(f)", "(g := f)(1) + g(2)"]
)
def test_what_a_call_binds_itself_is_there(tmp_path: Path, call: str) -> None:
    source = "def f(x):\n    return x\n"
    assert load_suite(written(tmp_path / "x.jsonl", {"source": source, "call": call})).tasks[0].call == call


def test_a_benchmarks_call_of_what_is_not_there_is_left_out_by_name(tmp_path: Path) -> None:
    row = {"task_id": "HumanEval/7", "entry_point": "shortest"}

    suite = load_suite(written(tmp_path / "h.jsonl", HUMANEVAL, HUMANEVAL | row))

    assert len(suite.tasks) == 4
    assert reasons(suite)["HumanEval/7#1"] == "the program has no shortest"


# --- where records come from ------------------------------------------------------------------------------------------

ROWS = [{"id": "a", "code": "def f(x): return x", "input": "1", "output": "1"}]
EXPECTED = (Task("a", "def f(x): return x", "f(1)", "1"),)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".jsonl.gz", ".json.gz"])
def test_files_of_every_kind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"my{suffix}"
    data = json.dumps(ROWS if ".json" in path.suffixes else ROWS[0]).encode()
    if suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    else:
        path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)

    suite = load_suite(path)

    assert (suite.name, suite.tasks) == ("my", EXPECTED)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b"{}", "not a list"),
        ("a.json", b"[1]", r"a.json\[0\]: not a JSON object"),
        ("a.jsonl.gz", b"plain", "[Nn]ot a gzipped"),
        ("a.parquet", b"plain", "no Parquet file"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(InputError, match=message):
        load_suite(tmp_path / name)


@pytest.mark.parametrize(("name", "package"), [("a.parquet", "pyarrow"), ("org/name", "datasets")])
def test_a_package_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    if name.endswith(".parquet"):
        (tmp_path / name).write_bytes(b"")

    with pytest.raises(InputError, match=f"pip install {package}"):
        load_suite(name)


class Hub:
    """Stands in for the package `datasets`: what was asked for, and a data set of these splits."""

    def __init__(self, splits: dict[str, list[dict[str, Any]]]) -> None:
        self.splits = splits
        self.asked: list[tuple[str, str | None]] = []

    def load_dataset(self, identity: str, config: str | None) -> dict[str, list[dict[str, Any]]]:
        self.asked.append((identity, config))
        if identity != "org/name":
            raise ConnectionError("no such data set\nand more")
        return self.splits


def test_data_sets_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hub = Hub({"train": [], "test": ROWS, "other": [HUMANEVAL]})
    monkeypatch.setitem(sys.modules, "datasets", hub)

    suite = load_suite("org/name")
    assert (suite.name, suite.tasks) == ("name", EXPECTED)
    assert load_suite("humaneval:org/name#full/other").tasks[0].call == 'longest(["a", "bcd"])'
    assert hub.asked == [("org/name", None), ("org/name", "full")]
    assert load_suite("org/name#other").sha256 != suite.sha256 == load_suite("org/name#test").sha256
    with pytest.raises(InputError, match="which split.*one of train, test, other"):
        load_suite("org/name#dev")
    with pytest.raises(
        InputError, match="cannot read suite org/else: ConnectionError: no such data set. Without a way"
    ):
        load_suite("org/else")


def test_a_missing_file_is_no_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hub = Hub({"test": ROWS})
    monkeypatch.setitem(sys.modules, "datasets", hub)

    for name in ("data/mine.jsonl", "data/mine.json.gz", "nothing"):
        with pytest.raises(InputError, match="No such file"):
            load_suite(name)
    assert hub.asked == []


def test_the_real_package_reads_a_folder_of_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    loaded = datasets.DatasetDict({"test": datasets.Dataset.from_list(ROWS)})
    monkeypatch.setattr(datasets, "load_dataset", lambda identity, config: loaded)

    assert load_suite("org/name").tasks == EXPECTED


# --- the command ------------------------------------------------------------------------------------------------------


def test_what_is_left_out_is_said_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "HumanEval.jsonl", HUMANEVAL)

    code = main(["eval", str(path), "-m", "oracle", "--out", str(tmp_path / "run")])

    shown = capsys.readouterr()
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert code == 0
    assert "HumanEval: 4 tasks, 3 tests left out: HumanEval/0#5 (the test makes size in a for statement)" in shown.err
    assert manifest["left_out"][2] == "HumanEval/0#7 (the program has no helper)"
    assert manifest["n"] == 4
    assert "are not what the real run gave" not in shown.out


def test_calls_of_one_program_are_one_cluster(tmp_path: Path) -> None:
    from cwm_trace.eval.samples import read_samples

    suite = load_suite(written(tmp_path / "h.jsonl", HUMANEVAL, REVAL | HUMANEVAL | {"task_id": "HumanEval/1"}))
    run_suite(load_model("copy-input"), suite, tmp_path / "run")

    clusters = [sample.cluster for sample in read_samples(tmp_path / "run")]
    assert len(clusters) == 8 and len(set(clusters)) == 1


def test_an_id_of_several_tasks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        "".join(json.dumps({"id": name, "source": "def f(): pass", "call": "f()"}) + "\n" for name in "abba")
    )
    with pytest.raises(
        InputError,
        match=r"own.jsonl: two tasks have the same id, 'a' \(.*own.jsonl:1 and .*own.jsonl:4\); and 1 more ids",
    ):
        load_suite(path)


# --- scripts ----------------------------------------------------------------------------------------------------------

SCRIPTS = {
    "module": "x = 1\ny = [x, 2]\n",
    "loops": "def double(n):\n    return n + n\ntotal = 0\nfor n in range(3):\n    total += double(n)\n",
    "main": "def main():\n    words = 'a b'.split()\n    return words[0]\nif __name__ == '__main__':\n    main()\n",
    "arguments": "def main(a, b=2):\n    c = a + b\n    return c\nmain(1)\n",
    "marked": "def f(s):  # << START_OF_TRACE\n    t = s * 2\n    return t\nprint(f('x'))\n",
    "raises": "def main():\n    x = {}\n    return x['a']\nmain()\n",
    "raises-at-the-top": "x = 1\nx.y\n",
    "exits": "import sys\nx = 3\nsys.exit(x)\n",
    "string-at-the-top": '"""Text\nover lines."""\nx = 1\n',
}


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return written(tmp_path / "scripts.jsonl", *({"id": name, "source": source} for name, source in SCRIPTS.items()))


def test_scripts_run_from_their_entry_on(scripts: Path, tmp_path: Path) -> None:
    suite = load_suite(scripts)
    assert [(task.id, task.call) for task in suite.tasks] == [(name, None) for name in SCRIPTS]
    results = run_suite(load_model("oracle"), suite, tmp_path / "run")
    assert results.outcomes == {"ok": len(SCRIPTS)} and set(results.metrics.values()) == {100.0}
    assert {found.value for found in results.derived.values()} == {100.0}
    samples = {sample.id: sample for sample in load_run(tmp_path / "run").samples}
    for name, source in SCRIPTS.items():
        truth = run_source(source)
        assert samples[name].actual == samples[name].predicted == truth
    assert str(samples["arguments"].actual).startswith("<Trace <program> 4 frames returns 3")
    assert rescore(tmp_path / "run").metrics == results.metrics


@pytest.mark.parametrize("flags", [[], ["--teacher-forced"]])
def test_scripts_by_the_command(
    flags: list[str], scripts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    command = ["eval", str(scripts), "-m", "no-change", "--out", str(out), *flags]
    assert main([*command, "--limit", "4"]) == 0
    assert main([*command, "--resume", *([] if flags else ["--derived"])]) == 0
    captured = capsys.readouterr()
    assert "ORACLE IS NOT" not in captured.out + captured.err and "model_error" not in captured.out
    assert main(["eval", "--from", str(out)]) == 0
    assert "oracle" in capsys.readouterr().out and (out / "report.html").exists()


def test_scripts_that_were_predicted_before(scripts: Path, tmp_path: Path) -> None:
    save([run_source(source) for source in SCRIPTS.values()], tmp_path / "t.jsonl")
    model = load_model(f"replay:{tmp_path / 't.jsonl'}")
    assert set(run_suite(model, load_suite(scripts), tmp_path / "run").metrics.values()) == {100.0}
