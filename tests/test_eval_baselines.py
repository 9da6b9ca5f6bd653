"""Baselines beside every model, an oracle that is not at 100, and several run folders in one table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.eval import Suite, Task, run_suite
from cwm_trace.eval.teacher_runs import run_teacher_forced
from cwm_trace.models import load_model

SOURCE = "def f(x):\n    return x * {factor}\n"
ROWS = [
    {
        "id": f"t{factor}",
        "source": SOURCE.format(factor=factor),
        "call": "f(3)",
        "tags": ["odd", "all"][factor % 2 == 0 :],
    }
    for factor in (1, 2, 3)
]
COUNTS = "def f(path):\n    with open(path, 'a') as file:\n        file.write('x')\n        return file.tell()\n"


def write_suite(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def suite(tmp_path: Path) -> str:
    return write_suite(tmp_path / "products.jsonl", ROWS)


def head(text: str) -> list[str]:
    return text.splitlines()[0].split()


# --- baselines --------------------------------------------------------------------------------------------------------


def test_baselines_stand_beside_every_model(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(["eval", suite, "-m", "copy-input", "--out", str(run), "--fail-under", "30"]) == 0
    table = capsys.readouterr().out
    assert head(table) == ["copy-input", "no-change", "oracle"]
    assert re.search(r"output pass@1 +33\.3 \[6\.1, 79\.2\] +0\.0 \[0\.0, 56\.1\] +100\.0 ", table)
    page = (run / "report.html").read_text()
    assert "<th>no-change</th><th>oracle</th>" in page and "copy-input on products" in page
    assert main(["eval", "--from", str(run)]) == 0
    assert capsys.readouterr().out == table
    assert main(["eval", "--from", str(run), "--no-baselines"]) == 0
    assert head(capsys.readouterr().out) == ["copy-input"]
    assert main(["eval", "--from", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "copy-input"


def test_first_errors_are_shown_of_what_was_asked_for(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", suite, "-m", "copy-input", "--out", str(tmp_path / "run"), "--errors", "--by", "output"]) == 0
    text = capsys.readouterr().out
    assert "copy-input: first error" in text and "no-change: first error" not in text
    assert "no-change: type of the output" in text


def test_no_task_at_all_is_no_run(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    for limit in ("0", "-1"):
        with pytest.raises(SystemExit):
            main(["eval", suite, "-m", "copy-input", "--limit", limit])
        assert "argument --limit" in capsys.readouterr().err


def test_a_baseline_below_the_threshold_is_no_failure(suite: str, tmp_path: Path) -> None:
    """no-change is at 0.0, and was not asked for."""
    assert main(["eval", suite, "-m", "oracle", "--out", str(tmp_path / "run"), "--fail-under", "100"]) == 0


def test_baselines_that_were_asked_for_are_not_run_twice(suite: str, tmp_path: Path) -> None:
    models = ["-m", "no-change", "-m", "oracle", "-m", "copy-input"]
    assert main(["eval", suite, *models, "--out", str(tmp_path / "all")]) == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["copy-input", "no-change", "oracle"]
    assert not list(tmp_path.glob("all/*/baselines"))


def test_baselines_go_on_with_a_run(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = [*("eval", suite, "-m", "copy-input", "--out", str(tmp_path / "run"))]
    assert main([*run, "--limit", "1"]) == 0
    kept = tmp_path / "run" / "baselines" / "oracle" / "samples.jsonl"
    first = kept.read_text()
    assert main([*run, "--resume"]) == 0
    assert kept.read_text().startswith(first) and len(kept.read_text().splitlines()) == 3
    assert capsys.readouterr().out.count("LIMITED RUN (1 of 3)") == 1, "of the first one only"


def test_baselines_beside_answers_without_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row | {"id": f"sample_{number}"} for number, row in enumerate(ROWS)]
    suite = write_suite(tmp_path / "s.jsonl", rows)
    answers = tmp_path / "generations.json"
    answers.write_text(json.dumps({"sample_0": ["3", "4"], "sample_1": ["6", "6"], "sample_2": ["9", "1"]}))
    assert main(["eval", suite, "-m", f"generations:{answers}", "--out", str(tmp_path / "run")]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("output pass@1"))
    shares = re.findall(r"([\d.]+) \[", row)
    assert shares == ["66.7", "33.3", "0.0", "100.0"]  # four of six answers; copy-input, no-change, oracle


# --- an oracle that is not at 100 -------------------------------------------------------------------------------------


def test_a_program_whose_runs_differ_is_found_by_the_oracle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "counter", "source": COUNTS, "call": f"f({str(tmp_path / 'count')!r})"}
    suite = write_suite(tmp_path / "s.jsonl", [*ROWS, row])
    assert main(["eval", suite, "-m", "copy-input", "--out", str(tmp_path / "run")]) == 0
    captured = capsys.readouterr()
    for text in captured:
        assert "ORACLE IS NOT AT 100.0" in text and "counter: " in text, "in the table and beside it"
    assert main(["eval", "--from", str(tmp_path / "run"), "--json"]) == 0
    assert "ORACLE IS NOT AT 100.0" in capsys.readouterr().err
    assert main(["eval", "--from", str(tmp_path / "run"), "--fail-under", "0"]) == 1


def test_a_program_that_cannot_be_run_is_named_with_its_outcome(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = write_suite(tmp_path / "s.jsonl", [*ROWS, {"id": "no python", "source": "def f(:\n", "call": "f()"}])
    assert main(["eval", suite, "-m", "copy-input", "--out", str(tmp_path / "run")]) == 0
    assert "do not report this table (1 truth_failed)" in capsys.readouterr().err


# --- several folders --------------------------------------------------------------------------------------------------


def test_several_folders_make_one_table(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        assert main(["eval", suite, "-m", "copy-input", "--out", str(folder)]) == 0
    capsys.readouterr()
    assert main(["eval", "--from", str(a), str(b)]) == 0
    assert head(capsys.readouterr().out) == "copy-input in a copy-input in b no-change oracle".split()
    assert (
        main(["eval", "--from", str(a), "--from", str(a / "baselines" / "oracle"), "--html", str(tmp_path / "p")]) == 0
    )
    assert head(capsys.readouterr().out) == ["copy-input", "oracle", "no-change"]
    assert main(["eval", "--from", str(a), str(b), "--json"]) == 0
    assert [json.loads(line)["model"] for line in capsys.readouterr().out.splitlines()] == [
        "copy-input in a",
        "copy-input in b",
    ]


def test_folders_of_several_suites_say_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        tasks = (Task(name, SOURCE.format(factor=1), "f(3)"),)
        run_suite(load_model("copy-input"), Suite(name, name, tasks), tmp_path / name)
    run_teacher_forced(load_model("copy-input"), Suite("one", "one", tasks), tmp_path / "forced")
    assert main(["eval", "--from", str(tmp_path / "one"), str(tmp_path / "two")]) == 0
    assert head(capsys.readouterr().out) == "copy-input on one copy-input on two".split()
    assert main(["eval", "--from", str(tmp_path / "one"), str(tmp_path / "forced")]) == 2
    assert "some of the runs are teacher-forced" in capsys.readouterr().err
    assert main(["eval", "--from", str(tmp_path / "one"), "--teacher-forced"]) == 2
    assert "the runs are not teacher-forced" in capsys.readouterr().err


# --- tags -------------------------------------------------------------------------------------------------------------


def test_by_tag(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Factors 1 and 3 are odd; copying the input is right for 1."""
    assert main(["eval", suite, "-m", "copy-input", "--out", str(tmp_path / "run"), "--no-baselines"]) == 0
    assert main(["eval", "--from", str(tmp_path / "run"), "--json"]) == 0
    groups = json.loads(capsys.readouterr().out.splitlines()[-1])["breakdowns"]["tag"]
    shares = {
        name: (round(found["output_pass_at_1"]["value"], 1), found["output_pass_at_1"]["n"])
        for name, found in groups.items()
    }
    assert shares == {"all": (33.3, 3), "odd": (50.0, 2)}
