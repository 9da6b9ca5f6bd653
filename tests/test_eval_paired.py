"""Two runs compared task by task."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.eval import Suite, Task, compare_runs, run_suite
from cwm_trace.eval.intervals import tango, wilson
from cwm_trace.eval.paired import sign_flips
from cwm_trace.models import load_model

SOURCE = "def f(x):\n    return x * {factor}\n"
TASKS = tuple(Task(f"t{factor}", SOURCE.format(factor=factor), "f(3)") for factor in (1, 1, 2, 3))
SUITE = Suite("products", "0" * 64, tuple(Task(f"{n}", task.source, task.call) for n, task in enumerate(TASKS)))


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """copy-input is right on two of the four (x * 1), oracle on all."""
    for name in ("copy-input", "oracle"):
        run_suite(load_model(name), SUITE, tmp_path / name)
    return tmp_path / "copy-input", tmp_path / "oracle"


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (0, 5, 0.0625), (2, 8, 0.109375), (8, 2, 0.109375), (3, 3, 1.0)],
)
def test_with_one_task_a_program_it_is_mcnemars_test(only_a: int, only_b: int, p: float) -> None:
    """(2, 8): 2 x (C(10,0) + C(10,1) + C(10,2)) / 1024 = 112 / 1024."""
    assert sign_flips([-1] * only_a + [1] * only_b + [0] * 7) == pytest.approx(p)


@pytest.mark.parametrize(
    ("differences", "p"), [([20], 1.0), ([3, 1], 0.5), ([3, -1], 1.0), ([2, 1, -1], 0.75), ([], 1.0)]
)
def test_tasks_of_one_program_stand_together(differences: list[int], p: float) -> None:
    """[2, 1, -1], whose sum is 2: of 8 choices of signs, 4, 2, 2, 0 and their negatives, three are at least as far: 6 of 8."""
    assert sign_flips(differences) == pytest.approx(p)


def test_calls_of_one_program_are_no_evidence_of_others(tmp_path: Path) -> None:
    calls = Suite("calls", "3" * 64, tuple(Task(f"{n}", TASKS[0].source, f"f({n})") for n in range(8)))
    for name in ("copy-input", "no-change"):
        run_suite(load_model(name), calls, tmp_path / name)
    made = compare_runs(tmp_path / "copy-input", tmp_path / "no-change")
    assert (made.only_a, made.only_b, made.p_value) == (8, 0, 1.0)


def test_a_comparison_counts_what_only_one_gets_right(runs: tuple[Path, Path]) -> None:
    made = compare_runs(*runs)
    output = made.metrics["output_pass_at_1"]
    assert (made.names, made.n, made.of) == (("copy-input", "oracle"), 4, 4)
    assert (made.only_a, made.only_b, made.p_value) == (0, 2, 0.5)
    assert (output.a, output.b, output.difference) == (50.0, 100.0, 50.0)
    assert 0 <= output.interval.low < 50 < output.interval.high <= 100

    back = compare_runs(*reversed(runs))
    assert (back.only_a, back.only_b) == (2, 0) and back.metrics["output_pass_at_1"].difference == -50.0


def test_a_run_compared_with_itself_differs_in_nothing(runs: tuple[Path, Path]) -> None:
    made = compare_runs(runs[0], runs[0])
    assert {item.difference for item in made.metrics.values()} == {0.0}
    assert all(-60 < item.interval.low < 0 < item.interval.high < 60 for item in made.metrics.values()), (
        "of four programs"
    )
    assert made.p_value == 1.0
    assert made.names == ("copy-input in copy-input", "copy-input in copy-input")


def test_survival_and_derived_numbers_are_compared_too(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """copy-input has the first two frames of every trace, main's LINE and the CALL, and then returns instead of f's LINE."""
    made = compare_runs(*runs)
    assert {k: (item.a, item.b, item.difference) for k, item in made.survival.items()} == {
        1: (100.0, 100.0, 0.0),
        2: (100.0, 100.0, 0.0),
        4: (0.0, 100.0, 100.0),
    }
    path = made.derived["path_exact"]
    assert (path.a, path.b, path.difference) == (0.0, 100.0, 100.0)
    # Three programs that are all alike: Newcombe's, of 0 of 3 and 3 of 3.
    missed = 1 - wilson(3, 3).low
    assert path.interval == pytest.approx((100 - 100 * 2**0.5 * missed, 100.0))
    assert "line_precision" not in made.derived, "copy-input writes no line: nothing to divide by"
    assert main(["eval", "compare", *map(str, runs)]) == 0
    text = capsys.readouterr().out
    assert "first 4 frames right" in text and "line path (CoCoNUT)" not in text
    assert main(["eval", "compare", *map(str, runs), "--derived"]) == 0
    assert "line path (CoCoNUT)" in capsys.readouterr().out
    assert main(["eval", "compare", *map(str, runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["derived"]["path_exact"]["difference"] == 100.0


def test_one_program_says_nothing_of_others(tmp_path: Path) -> None:
    suite = Suite("one", "1" * 64, TASKS[:1])
    for name in ("copy-input", "no-change"):
        run_suite(load_model(name), suite, tmp_path / name)
    output = compare_runs(tmp_path / "copy-input", tmp_path / "no-change").metrics["output_pass_at_1"]
    assert output.difference == -100.0
    assert output.interval == pytest.approx((-100.0, 58.7), abs=0.1)


def test_only_tasks_of_both_runs_count(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    samples = runs[1] / "samples.jsonl"
    samples.write_text("".join(samples.read_text().splitlines(keepends=True)[1:]))
    assert compare_runs(*runs).n == 3
    assert main(["eval", "compare", *map(str, runs)]) == 0
    assert "LIMITED (3 of 4 tasks are in both runs)" in capsys.readouterr().out


def test_the_command_prints_the_difference(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "compare", *map(str, runs)]) == 0
    text = capsys.readouterr().out
    assert "output pass@1" in text and "+50.0 [" in text and "p = 0.5" in text
    assert main(["eval", "compare", *map(str, runs), "--markdown"]) == 0
    assert "| output pass@1 | 50.0 | 100.0 | +50.0 [" in capsys.readouterr().out
    assert main(["eval", "compare", *map(str, runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["only_b"] == 2


@pytest.mark.parametrize("flags", [[], ["--teacher-forced"]])
def test_what_makes_a_comparison_doubtful_is_told(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, clock = tmp_path / "s.jsonl", "import time\ndef f():\n    return time.time_ns()\n"
    bad = {"id": "bad", "source": "def f(:\n", "call": "f()"}
    suite.write_text("".join(json.dumps(row) + "\n" for row in (bad, {"id": "clock", "source": clock, "call": "f()"})))
    runs = [str(tmp_path / name) for name in ("no-change", "copy-input")]
    for out in runs:
        main(["eval", str(suite), "-m", Path(out).name, "--out", out, *flags])
    capsys.readouterr()

    assert main(["eval", "compare", *runs]) == 0
    shown = capsys.readouterr()
    for out in runs:
        assert f"{out}: ORACLE IS NOT AT 100.0" in shown.out and f"cwm-trace: {out}: ORACLE IS NOT" in shown.err
        assert f"{out}: 1 of 2 tasks failed (truth_failed)\n" in shown.out
    assert main(["eval", "compare", *runs, "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["n"] == 2 and "1 of 2 tasks failed (truth_failed)" in shown.err


def test_of_two_suites_the_tasks_of_both_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = SUITE.tasks
    changed = replace(tasks[0], call=f"{tasks[0].call} or 1"), replace(tasks[1], source=f"{tasks[1].source}\n")
    other = Suite("other", "1" * 64, (*changed, *tasks[2:], replace(tasks[2], id="new"), replace(tasks[3], id="more")))
    for suite, name in ((SUITE, "copy-input"), (other, "oracle")):
        run_suite(load_model(name), suite, tmp_path / name)
    made = compare_runs(tmp_path / "copy-input", tmp_path / "oracle")
    assert (made.n, made.of, made.left_out) == (2, 2, (2, 4))
    assert made.suite == f"{SUITE.name} and other"
    assert main(["eval", "compare", str(tmp_path / "copy-input"), str(tmp_path / "oracle")]) == 0
    shown = capsys.readouterr().out
    assert "runs over different suites: 2 tasks of the first and 4 of the second are left out" in shown


def test_a_script_with_other_input_is_another_task(tmp_path: Path) -> None:
    script = "x = input()\n"
    for name, stdin in (("copy-input", "b\n"), ("no-change", "c\n")):
        tasks = (Task("a", script, None, stdin="a\n"), Task("b", script, None, stdin=stdin))
        run_suite(load_model(name), Suite("s", stdin * 32, tasks), tmp_path / name)
    made = compare_runs(tmp_path / "copy-input", tmp_path / "no-change")
    assert (made.n, made.left_out) == (1, (1, 1))


def test_what_cannot_be_compared(runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = tuple(replace(task, id=f"{task.id}, too") for task in SUITE.tasks)
    run_suite(load_model("oracle"), Suite("other", "1" * 64, others), tmp_path / "other")
    (runs[1] / "samples.jsonl").write_text("")
    for folder, message in (
        (tmp_path / "other", "no finished task in common"),
        (tmp_path, "no manifest"),
        (runs[1], "no finished task"),
    ):
        with pytest.raises(InputError, match=message):
            compare_runs(runs[0], folder)
    assert main(["eval", "compare", str(runs[0])]) == 2
    assert "give two run folders" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("gained", "lost", "n", "low", "high"),
    [
        (12, 2, 50, 0.0611, 0.3447),
        (0, 0, 30, -(1.959964**2) / (30 + 1.959964**2), 1.959964**2 / (30 + 1.959964**2)),
        (30, 0, 30, 0.7730, 1.0),
    ],
)
def test_the_score_interval_of_a_paired_difference(gained: int, lost: int, n: int, low: float, high: float) -> None:
    assert tango(gained, lost, n) == pytest.approx((low, high), abs=1e-4)
    assert tango(lost, gained, n) == pytest.approx((-high, -low), abs=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_its_ends_are_where_the_likeliest_counts_are_two_deviations_off(gained: int, lost: int, same: int) -> None:
    """Beside a search for the most likely share of what is lost."""
    n = gained + lost + same
    assume(0 < gained - lost < n or 0 < lost - gained < n)
    for end in tango(gained, lost, n):
        if not -0.99 < end < 0.99:
            continue
        shares = [max(0.0, -end) + k * (1 - abs(end)) / 2 / 4000 for k in range(1, 4000)]
        likely = max(
            shares,
            key=lambda q: (
                gained * math.log(q + end) + lost * math.log(q) + same * math.log(max(1 - 2 * q - end, 1e-300))
            ),
        )
        deviation = math.sqrt(n * (2 * likely + end - end * end))
        assert abs(gained - lost - n * end) / deviation == pytest.approx(1.96, abs=0.02)


def test_counts_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="3 gained and 1 lost of 3"):
        tango(3, 1, 3)
