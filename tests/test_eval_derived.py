"""Other benchmarks' questions answered from predicted traces: every count by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_trace.cli import main
from cwm_trace.eval import Suite, Task, derived, run_suite
from cwm_trace.eval.derived import QUESTIONS, after_lines, derived_metrics, line_path, program_lines
from cwm_trace.eval.groups import length, type_name
from cwm_trace.eval.metrics import same_value
from cwm_trace.eval.samples import Sample, judge, no_score
from cwm_trace.eval.tasks import Outcome
from cwm_trace.format import FRAME_SEP, parse, render, render_frame
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.entry import script_entry
from cwm_trace.tracer.inprocess import record_context, record_source

SOURCE = '''\
def f(n):
    """Count."""
    total = 0
    for i in range(n):
        total += i
    if total > 5:
        total = 5
    return total
'''
TRUTH = record_source(SOURCE, "f(2)")
# f's LINEs: total = 0 | for | total += i | for | total += i | for | if | return. Frame 3 is the first of them.
TOTAL, FOR, ADD, IF, CAP, RETURN = (line for line in SOURCE.splitlines()[2:])


def changed(texts: dict[int, str], *, until: int | None = None) -> Trace:
    """TRUTH with other frames in some places."""
    frames = [texts.get(n, render_frame(step)) for n, step in enumerate(TRUTH)][:until]
    return parse(render(Trace(TRUTH.context, (), False)) + FRAME_SEP.join([*frames, "<|end_of_text|>"]))


def line(source: str, shown: str) -> str:
    return f"<|line_sep|>{shown}<|action_sep|>{source}\n"


def answers(predicted: Trace) -> dict[str, tuple[float, float]]:
    return {name: ask(predicted, TRUTH) for name, (_, ask) in QUESTIONS.items()}


# Frame 5, `total += i`, with i = 1 and then nothing but the cap and the return.
SHORT = changed(
    {5: line(CAP, '{"n": "..", "total": "..", "i": "1"}'), 6: line(RETURN, '{"n": "..", "total": "5", "i": ".."}')},
    until=7,
)


def test_what_the_hand_counts_are_about() -> None:
    assert line_path(TRUTH) == [TOTAL, FOR, ADD, FOR, ADD, FOR, IF, RETURN]
    assert line_path(SHORT) == [TOTAL, FOR, CAP, RETURN]
    assert program_lines(TRUTH.context) == {TOTAL, FOR, ADD, IF, CAP, RETURN}
    assert [(name.strip(), dict(after)) for name, _, after in after_lines(SHORT)] == [
        ("total = 0", {"n": "2", "total": "0"}),
        ("for i in range(n):", {"n": "2", "total": "0", "i": "1"}),
        ("total = 5", {"n": "2", "total": "5", "i": "1"}),
    ]


def test_the_truth_answers_everything() -> None:
    assert all(right == asked for right, asked in answers(TRUTH).values())


def test_reval_by_hand() -> None:
    found = answers(SHORT)

    # Executed in truth: all but the cap; predicted: total = 0, for, cap, return. Right: total = 0, for, return.
    assert found["coverage"] == (3, 6)
    assert found["coverage_f1"] == (2 * 3, 4 + 5)
    # total = 0 -> for is right; for -> cap is none of (add, if); add -> nothing, but for; if -> nothing, but return; cap -> return, but it
    # is never executed; return -> nothing is right.
    assert found["next_line"] == (2, 6)
    # Asked: total after total = 0; i after for; total after total += i. `total += i` changes total at its second time only (i is 0 at first).
    # Right: 0; 1 is what the second time gives; the last has no answer.
    assert found["state_after_line"] == (2, 3)


def test_line_paths_by_hand() -> None:
    found = answers(SHORT)

    assert found["path_exact"] == (0, 1)
    assert found["path_similarity"] == (2 * 3 / (4 + 8), 1)  # total = 0, for, return are common


def test_code_executor_by_hand() -> None:
    found = answers(SHORT)

    # Position 1 and 2 have line and locals right; at 3 and 4 the lines differ.
    assert found["line_precision"] == (2, 4)
    assert found["line_recall"] == (2, 8)
    assert found["line_f1"] == (2 * 2, 4 + 8)
    # Identifiers: predicted 1 + 2 + 3 + 3, true 1 + 2 + 6 times 3; right where the lines are: 1 + 2.
    assert found["identifier_precision"] == (3, 9)
    assert found["identifier_recall"] == (3, 21)
    assert found["identifier_f1"] == (2 * 3, 9 + 21)


def test_a_wrong_value_is_wrong_for_as_long_as_it_is_shown_as_unchanged() -> None:
    found = answers(changed({4: line(FOR, '{"n": "..", "total": "7"}')}))

    # total is written out again in frame 8, where it is 1: frames 4 to 7 are wrong, one identifier in each.
    assert found["path_exact"] == (1, 1)
    assert found["line_recall"] == (8 - 4, 8)
    assert found["identifier_recall"] == (21 - 4, 21)


def test_floats_are_compared_within_a_millionth() -> None:
    source = "def f():\n    x = 1 / 3\n    return x\n"
    truth = record_source(source, "f()")
    texts = [render_frame(step) for step in truth]
    for value, right in (("0.3333333", 1), ("0.33", 0), ("1", 0), ("nonsense(", 0)):
        texts[4] = f'<|line_sep|>{{"x": "{value}"}}<|action_sep|>    return x\n'
        guess = parse(render(Trace(truth.context, (), False)) + FRAME_SEP.join([*texts, "<|end_of_text|>"]))
        assert QUESTIONS["state_after_line"][1](guess, truth) == (right, 1)


def test_callees_keep_their_lines_apart() -> None:
    source = "def f(x):\n    y = g(x)\n    return y\n\ndef g(x):\n    y = x + 1\n    return y\n"
    truth = record_source(source, "f(1)")

    assert [(name.strip(), dict(after)) for name, _, after in after_lines(truth)] == [
        ("y = x + 1", {"x": "1", "y": "2"}),
        ("y = g(x)", {"x": "1", "y": "2"}),
    ]


def test_nothing_predicted_answers_nothing() -> None:
    """Not even that a line is not executed, or that two paths are alike."""
    source = "def f():\n    if 0:\n        x = 1\n        y = 2\n"
    truth = record_source(source, "f()")
    for nothing in (None, Trace(truth.context, truth.frames[:1], True)):
        found = derived.answers(nothing, truth)
        assert [right for right, _ in found.values()] == [0] * len(QUESTIONS)
        assert {name: asked for name, (_, asked) in found.items() if name.startswith("path")} == dict.fromkeys(
            ("path_exact", "path_similarity"), 1
        )
        assert found["coverage"] == (0, 3)


def test_a_script_is_asked_of_its_own_entry() -> None:
    source = "def main():\n    x = 1\n    if x > 1:\n        x = 5\n    return x\nmain()\n"
    truth = record_context(script_entry(source).context)
    assert program_lines(truth.context) == {"    x = 1", "    if x > 1:", "        x = 5", "    return x"}
    assert line_path(truth) == ["    x = 1", "    if x > 1:", "    return x"]
    found = derived.answers(truth, truth)
    assert (found["coverage"], found["next_line"], found["state_after_line"]) == ((4, 4), (4, 4), (1, 1))
    assert length(truth) == "3"


def test_a_module_is_asked_of_all_its_lines() -> None:
    source = "def f():\n    return 1\nx = f()\nif x > 1:\n    x = 2\n"
    truth = record_context(script_entry(source).context)
    assert program_lines(truth.context) == {"def f():", "    return 1", "x = f()", "if x > 1:", "    x = 2"}
    assert derived.answers(truth, truth)["coverage"] == (5, 5)


# --- over all traces --------------------------------------------------------------------------------------------------


def test_metrics_are_ratios_of_sums() -> None:
    no_truth = Sample("none", Outcome.TRUTH_FAILED, no_score())
    failed = Sample("failed", Outcome.MODEL_ERROR, no_score(), actual=TRUTH)
    found = derived_metrics([judge("right", TRUTH, TRUTH), judge("short", SHORT, TRUTH), failed, no_truth])

    assert found["line_recall"].value == pytest.approx(100 * (8 + 2 + 0) / 24)
    assert found["line_recall"].n == 3
    assert found["line_precision"].value == pytest.approx(100 * (8 + 2) / 12)
    assert found["path_exact"].value == pytest.approx(100 / 3)
    for item in found.values():
        assert item.low <= item.value <= item.high
    assert derived_metrics([no_truth]) == {}


def test_the_oracle_scores_exactly_100_and_the_command_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = (Task("f", SOURCE, "f(4)"), Task("g", "def g(x):\n    return [y for y in x]\n", "g('ab')"))
    results = run_suite(load_model("oracle"), Suite("s", "0" * 64, tasks), tmp_path)

    assert set(results.derived) == set(QUESTIONS)
    assert {item.value for item in results.derived.values()} == {100.0}
    assert main(["eval", "--from", str(tmp_path), "--derived"]) == 0
    text = capsys.readouterr().out
    assert "derived from traces" in text and all(title in text for title, _ in QUESTIONS.values())


def test_wrong_escapes_in_programs_and_values_warn_nobody() -> None:
    """Warnings are errors here: a program with one had no lines, and its value was no literal."""
    context = "def f(x):\n    x = '\\d'\n    return x\ndef main():  # << START_OF_TRACE\n    return f(1)\n"
    assert program_lines(context) == {"    x = '\\d'", "    return x"}
    assert type_name("'\\d'") == "str"
    assert same_value("'\\d'", "'\\\\d'")
