"""CRUXEval's `generations.json`: what is written is what its official scorer reads, and what is read is scored as it would score it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.eval import (
    Suite,
    Task,
    compare_runs,
    export_generations,
    load_run,
    load_suite,
    rescore,
    run_suite,
    score_generations,
)
from cwm_trace.eval.generations import answer
from cwm_trace.eval.samples import judge, read_samples
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.inprocess import record_source

DOUBLE = "def f(x):\n    return x + x\n"
ROWS = [
    {"id": "sample_10", "code": DOUBLE, "input": "1", "output": "2"},
    {"id": "sample_2", "code": DOUBLE, "input": "'ab'", "output": "'abab'"},
    {"id": "sample_3", "code": "def f(x):\n    return x == 1\n", "input": "1", "output": "True"},
]
OFFICIAL = {"sample_2": "'abab'", "sample_3": "1", "sample_10": "3"}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    path = tmp_path / "crux.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return load_suite(path)


def saved(path: Path, generations: object) -> Path:
    path.write_text(json.dumps(generations))
    return path


def official_scores(path: Path) -> dict[str, list[bool]]:
    """What the official scorer computes of a file, by its rules, re-stated here: it executes `assert output == answer`."""
    found: dict[str, list[bool]] = {}
    for name, answers in json.loads(path.read_text()).items():
        row = next(row for row in ROWS if row["id"] == name)
        found[name] = []
        for text in answers:
            try:
                exec(f"{row['code']}\nassert {row['output']} == {text}", {})
            except Exception:
                found[name].append(False)
            else:
                found[name].append(True)
    return found


def test_a_run_is_written_in_the_official_form(tmp_path: Path, suite: Suite) -> None:
    run_suite(load_model("oracle"), suite, tmp_path / "run")

    export_generations([tmp_path / "run"], tmp_path / "generations.json")

    text = (tmp_path / "generations.json").read_text()
    assert text == '{"sample_2": ["\'abab\'"], "sample_3": ["True"], "sample_10": ["2"]}\n'
    assert official_scores(tmp_path / "generations.json") == {
        "sample_2": [True],
        "sample_3": [True],
        "sample_10": [True],
    }


def test_several_runs_are_several_answers(tmp_path: Path, suite: Suite) -> None:
    for name in ("oracle", "copy-input"):
        run_suite(load_model(name), suite, tmp_path / name)
    runs = [tmp_path / "oracle", tmp_path / "copy-input"]

    made = export_generations(runs, tmp_path / "g.json")

    assert made == {"sample_2": ["'abab'", "'ab'"], "sample_3": ["True", "1"], "sample_10": ["2", "1"]}
    assert json.loads((tmp_path / "g.json").read_text()) == made


def test_what_is_written_and_read_again_scores_the_same(tmp_path: Path, suite: Suite) -> None:
    for name in ("oracle", "copy-input"):
        before = run_suite(load_model(name), suite, tmp_path / name)
        export_generations([tmp_path / name], tmp_path / f"{name}.json")
        after = score_generations(tmp_path / f"{name}.json", suite, tmp_path / f"{name}-again")

        assert after.metrics == {key: before.metrics[key] for key in ("output_pass_at_1", "output_compatible")}
        assert export_generations([tmp_path / f"{name}-again"], tmp_path / "g.json") == json.loads(
            (tmp_path / f"{name}.json").read_text()
        )


def test_a_tuple_is_written_with_its_parentheses(suite: Suite) -> None:
    """The official scorer's `assert (1, 2) == 1, 2` would compare the 1, and say 2 where that is wrong."""
    trace = record_source(DOUBLE, "f((1,))")

    def returning(text: str) -> str:
        *frames, last = trace.frames
        assert isinstance(last, Frame)
        return answer(judge("sample_2", replace(trace, frames=(*frames, replace(last, raw=None, value=text))), trace))

    written = {text: returning(text) for text in ("1, 2", "(1, 2)", "(1), 2", "1,", "()", "(1)", "[1, 2]")}
    assert written == {
        "1, 2": "(1, 2)",
        "(1, 2)": "(1, 2)",
        "(1), 2": "((1), 2)",
        "1,": "(1,)",
        "()": "()",
        "(1)": "(1)",
        "[1, 2]": "[1, 2]",
    }


def test_answers_are_scored_as_the_official_scorer_does(tmp_path: Path, suite: Suite) -> None:
    path = saved(tmp_path / "g.json", {name: [text] for name, text in OFFICIAL.items()})

    results = score_generations(path, suite, tmp_path / "run")

    # repr: 1 is not True; the official scorer's == says it is.
    right = [score for scores in official_scores(path).values() for score in scores]
    assert right == [True, True, False]
    assert results.metrics == pytest.approx({"output_pass_at_1": 100 / 3, "output_compatible": 200 / 3})
    assert (results.n, results.of, results.model) == (3, 3, f"generations:{path}")
    assert not any((results.survival, results.mistakes, results.derived, results.causes))


def metas_check() -> Callable[[str], bool]:
    """Meta's own check of an answer, of which lm-evaluation-harness (from 0.4.13 on) has a copy: does a program run to its end?

    What that package does before it is not asked: it takes the quotes off a text, so that no text is ever right.
    """
    package = pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    path = Path(package.__file__).parent / "tasks" / "cruxeval" / "utils.py"
    if not path.is_file():
        pytest.skip("this lm-evaluation-harness has no CRUXEval")
    spec = importlib.util.spec_from_file_location("cruxeval_utils", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[str], bool] = module.check_correctness
    return check


@pytest.mark.parametrize("name", ["oracle", "copy-input", "no-change"])
def test_metas_check_finds_the_same_answers_right(tmp_path: Path, suite: Suite, name: str) -> None:
    check = metas_check()
    results = run_suite(load_model(name), suite, tmp_path / "run")
    answers = export_generations([tmp_path / "run"], tmp_path / "g.json")
    rows = {row["id"]: row for row in ROWS}

    right = [
        bool(text) and check(f"{rows[name]['code']}\nassert {rows[name]['output']} == {text}")
        for name, (text,) in answers.items()
    ]

    assert results.metrics["output_compatible"] == pytest.approx(100 * sum(right) / len(right))


def test_several_answers_are_samples_of_one_cluster(tmp_path: Path, suite: Suite) -> None:
    generations = {"sample_10": ["2", " 2 "], "sample_2": ["'abab'", ""], "sample_3": ["False", "no"]}

    results = score_generations(saved(tmp_path / "g.json", generations), suite, tmp_path / "run", limit=2)

    samples = {sample.id: sample for sample in read_samples(tmp_path / "run")}
    assert list(samples) == ["sample_10#1", "sample_10#2", "sample_2#1", "sample_2#2"]
    assert (results.n, results.of, results.limited) == (4, 6, True)
    assert results.metrics["output_pass_at_1"] == 75.0  # the mean of 2 of 2 and 1 of 2, as pass@1 is
    assert samples["sample_2#2"].outcome == "malformed"
    assert len({sample.cluster for sample in samples.values()}) == 1  # both are calls of one program
    assert rescore(tmp_path / "run") == results


def test_what_is_no_literal_is_written_as_nothing() -> None:
    truth = record_source(DOUBLE, "f(1)")

    def answered(value: str, complete: bool = True) -> str:
        frames = (*truth.frames[:-1], Frame(Event.RETURN, truth.frames[-1].source, value=value))
        return answer(judge("sample_0", Trace(truth.context, frames, complete), truth))

    assert [answered(text) for text in ("[1, 'a']", "-2.5", "set()", "{1: (2,)}", "None")] == [
        "[1, 'a']",
        "-2.5",
        "set()",
        "{1: (2,)}",
        "None",
    ]
    bad = ("2 or True", "__import__('os')", "<object object>", "", "2)\nprint(1", "x" * 5, "(" * 500)
    assert {answered(text) for text in bad} == {""}
    assert answered("2", complete=False) == ""


def test_an_exception_has_no_answer(tmp_path: Path) -> None:
    suite = Suite("s", "0" * 64, (Task("sample_0", DOUBLE, "f({})"),))
    run_suite(load_model("oracle"), suite, tmp_path / "run")

    assert export_generations([tmp_path / "run"], tmp_path / "g.json") == {"sample_0": [""]}


def test_runs_that_are_no_answers_of_one_suite(tmp_path: Path, suite: Suite) -> None:
    model = load_model("copy-input")
    run_suite(model, suite, tmp_path / "whole")
    run_suite(model, suite, tmp_path / "part", limit=1)
    run_suite(model, Suite("other", "1" * 64, suite.tasks), tmp_path / "other")
    run_suite(model, Suite("named", "2" * 64, (replace(suite.tasks[0], id="my task"),)), tmp_path / "named")

    for runs, message in (
        (["whole", "part"], "not finished the same tasks"),
        (["whole", "other"], "different suites"),
        (["named"], "called sample_N, not 'my task'"),
        (["nothing"], "not a run folder"),
    ):
        with pytest.raises(InputError, match=message):
            export_generations([tmp_path / name for name in runs], tmp_path / "g.json")
    assert not (tmp_path / "g.json").exists()
    with pytest.raises(InputError, match="cannot write"):
        export_generations([tmp_path / "whole"], tmp_path / "no folder" / "g.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ([], "not an object of lists"),
        ({}, "not an object of lists"),
        ({"sample_2": "2"}, "sample_2 is not a list of strings"),
        ({"sample_2": []}, "sample_2 is not a list of strings"),
        ({"sample_2": [2]}, "sample_2 is not a list of strings"),
        ({"sample_2": ["1", "2"], "sample_3": ["1"], "sample_10": ["1"]}, "sample_3 has 1 answers, others have 2"),
        ({"sample_2": ["1"]}, r"no answer to sample_10 of crux \(2 are missing\)"),
        (dict.fromkeys(["sample_2", "sample_3", "sample_10", "sample_4"], ["1"]), "crux has no task sample_4"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, suite: Suite, change: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_generations(saved(tmp_path / "g.json", change), suite, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_files_that_cannot_be_read(tmp_path: Path, suite: Suite) -> None:
    with pytest.raises(InputError, match="cannot read"):
        score_generations(tmp_path / "g.json", suite, tmp_path / "run")
    (tmp_path / "g.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        score_generations(tmp_path / "g.json", suite, tmp_path / "run")


def test_other_answers_are_another_run(tmp_path: Path, suite: Suite) -> None:
    path = saved(tmp_path / "g.json", {name: [text] for name, text in OFFICIAL.items()})
    score_generations(path, suite, tmp_path / "run", limit=1)

    assert score_generations(path, suite, tmp_path / "run", resume=True).n == 3
    saved(path, dict.fromkeys(OFFICIAL, ["0"]))
    with pytest.raises(InputError, match="holds another run"):
        score_generations(path, suite, tmp_path / "run", resume=True)


def test_answers_are_compared_by_their_outputs_only(tmp_path: Path, suite: Suite) -> None:
    run_suite(load_model("copy-input"), suite, tmp_path / "steps")
    score_generations(
        saved(tmp_path / "g.json", {name: [text] for name, text in OFFICIAL.items()}), suite, tmp_path / "answers"
    )

    made = compare_runs(tmp_path / "steps", tmp_path / "answers")

    assert set(made.metrics) == {"output_pass_at_1", "output_compatible"}
    assert (made.only_a, made.only_b) == (0, 1)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_and_reads(tmp_path: Path, suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    path, file, out = tmp_path / "crux.jsonl", tmp_path / "generations.json", tmp_path / "runs"
    assert main(["eval", str(path), "-m", "oracle", "--out", str(tmp_path / "run")]) == 0
    assert main(["eval", "export", str(tmp_path / "run"), str(file)]) == 0
    assert "3 tasks, 1 answers each, 0 empty" in capsys.readouterr().err

    models = ["-m", f"generations:{file}", "-m", "copy-input"]
    assert main(["eval", str(path), *models, "--out", str(out), "--markdown", "--html", str(tmp_path / "a.html")]) == 0

    table = capsys.readouterr().out
    assert f"| generations:{file} | copy-input |" in table
    assert "| output pass@1 | 100.0 [" in table
    assert "| state exact match | – |" in table
    assert (tmp_path / "a.html").read_text().count("generations:") > 0
    assert {load_run(folder).results.n for folder in out.iterdir()} == {3}


def test_the_command_refuses_what_has_no_meaning(
    tmp_path: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path / "g.json", {name: [text] for name, text in OFFICIAL.items()})

    assert main(["eval", str(tmp_path / "crux.jsonl"), "-m", f"generations:{file}", "--teacher-forced"]) == 2
    assert "has answers only, no frames" in capsys.readouterr().err
    assert main(["eval", "export", str(tmp_path)]) == 2
    assert "eval export RUN ... generations.json" in capsys.readouterr().err
