"""The task for lm-evaluation-harness. What needs the real package is skipped where it is not installed (it is in no extra of ours)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.eval import METRICS, Task, load_suite, run_suite
from cwm_trace.eval.harness import FOLDER, NO_TRUTH, document, prediction, process_results
from cwm_trace.format import END_OF_TEXT, FRAME_SEP
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer.inprocess import record_source

TASK = Task("double", "def f(x):\n    y = x + x\n    return y\n", "f('a')")
PROMPT = call_prompt(TASK.source, "f('a')")
RIGHT = record_source(TASK.source, "f('a')")


def continuation(trace: Trace, given: int = 1) -> str:
    return trace.render().removeprefix(Trace(trace.context, trace.frames[:given], False).render())


def test_a_document_has_our_prompt_and_the_true_trace() -> None:
    made = document(TASK)

    assert made["prompt"] == PROMPT.render()
    assert made["prompt"] + made["target"] == RIGHT.render()
    assert made["target"].endswith(END_OF_TEXT)
    assert all(isinstance(value, str) for value in made.values())  # one type a column


@pytest.mark.parametrize("end", ["", END_OF_TEXT])
def test_the_right_text_scores_1_with_and_without_its_cut_off_end(end: str) -> None:
    doc = document(TASK)

    found = process_results(doc, [doc["target"].removesuffix(END_OF_TEXT) + end])

    assert found == dict.fromkeys(METRICS, 1.0)


def test_an_end_is_put_back_only_where_the_entry_was_left() -> None:
    text = continuation(RIGHT).removesuffix(END_OF_TEXT)
    frames = text.split(FRAME_SEP)

    assert prediction(PROMPT, text).complete
    assert not prediction(PROMPT, FRAME_SEP.join(frames[:-2]) + FRAME_SEP).complete  # main has not returned
    assert not prediction(PROMPT, text + "<|line_sep|>").complete
    assert not prediction(PROMPT, text + "?" + FRAME_SEP).complete
    assert not prediction(PROMPT, "").complete


def test_a_wrong_text_is_scored_by_our_metrics() -> None:
    doc = document(TASK)
    wrong = doc["target"].replace("'aa'", "'ab'")

    found = process_results(doc, [wrong])

    assert (found["output_pass_at_1"], found["control_flow"], found["full_trace_exact_match"]) == (0.0, 1.0, 0.0)
    assert set(process_results(doc, [""]).values()) == {0.0}


def test_a_metric_that_says_nothing_of_a_trace_is_left_out() -> None:
    doc = document(Task("plain", "def f(x):\n    return x\n", "f(1)"))

    assert "changed_state_exact_match" not in process_results(doc, [doc["target"]])


def test_a_program_that_cannot_be_run_counts_as_wrong() -> None:
    doc = document(Task("bad", "def f(:\n", "f()"))

    assert "Only valid Python" in doc["error"]
    assert (
        doc["prompt"] == NO_TRUTH and NO_TRUTH.strip()
    )  # the harness's models refuse an empty one, and with it the whole run
    judged = set(METRICS) - {"changed_state_exact_match"}  # whether anything changes is not known
    assert process_results(doc, ["anything"]) == dict.fromkeys(judged, 0.0)


def test_the_task_file_has_every_metric() -> None:
    lines = [line.strip() for line in (FOLDER / "cwm_trace.yaml").read_text().splitlines()]

    assert [line for line in lines if line.startswith("- {metric")] == [
        f"- {{metric: {name}, aggregation: mean, higher_is_better: true}}" for name in METRICS
    ]


def test_the_command_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--list"]) == 0

    assert f"--include_path {FOLDER} --tasks cwm_trace" in capsys.readouterr().out


# --- with the real package --------------------------------------------------------------------------------------------


def evaluated(model: Any, suite: str, **arguments: Any) -> dict[str, Any]:
    """Results of the harness for our task."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(FOLDER), include_defaults=False, metadata={"suite": suite})
    found: dict[str, Any] = simple_evaluate(
        model=model, tasks=["cwm_trace"], task_manager=manager, bootstrap_iters=0, **arguments
    )
    return found


def answering(answer: Callable[[str], str]) -> Any:
    """A model of the harness that continues a prompt by a function."""
    from lm_eval.api.model import LM

    class Answering(LM):  # type: ignore[misc]  # lm_eval has no types
        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            return [answer(request.args[0]).split(request.args[1]["until"][0])[0] for request in requests]

        def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> Any:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> Any:
            raise NotImplementedError

    return Answering()


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "s.jsonl"
    rows = [TASK, Task("other", "def g(a):\n    for b in a:\n        a = b\n    return a\n", "g('xy')")]
    path.write_text("".join(json.dumps({"id": t.id, "source": t.source, "call": t.call}) + "\n" for t in rows), "ascii")
    return str(path)


@pytest.mark.filterwarnings("ignore")
def test_the_truth_scores_1_in_the_harness(suite: str) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    right = {document(task)["prompt"]: document(task)["target"] for task in load_suite(suite).tasks}

    found = evaluated(answering(right.__getitem__), suite)

    scores = found["results"]["cwm_trace"]
    assert {name: scores[f"{name},none"] for name in METRICS} == dict.fromkeys(METRICS, 1.0)
    assert found["n-samples"]["cwm_trace"] == {"original": 2, "effective": 2}


@pytest.mark.filterwarnings("ignore")
def test_a_baseline_scores_the_same_in_the_harness_and_here(suite: str, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    tasks = load_suite(suite).tasks
    ours = run_suite(load_model("copy-input"), load_suite(suite), tmp_path / "run").metrics
    model: Any = load_model("copy-input")
    texts = {
        prompt.render(): continuation(model.write(prompt))
        for prompt in (call_prompt(task.source, str(task.call)) for task in tasks)
    }

    scores = evaluated(answering(texts.__getitem__), suite)["results"]["cwm_trace"]

    assert {name: 100 * scores[f"{name},none"] for name in ours} == pytest.approx(ours)


@pytest.mark.filterwarnings("ignore")
def test_nano_predicts_the_same_in_the_harness_and_here(suite: str, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    pytest.importorskip("torch", reason="the model extra is not installed")
    from cwm_trace.eval.harness.hf import TraceHFLM
    from cwm_trace.models import NANO_FOLDER

    ours = run_suite(load_model("nano"), load_suite(suite), tmp_path / "run", max_tokens=300).metrics
    model = TraceHFLM(pretrained=str(NANO_FOLDER), device="cpu", dtype="float32", batch_size=1)

    scores = evaluated(model, suite, gen_kwargs="max_gen_toks=300")["results"]["cwm_trace"]

    assert {name: 100 * scores[f"{name},none"] for name in ours} == pytest.approx(ours)


@pytest.mark.filterwarnings("ignore")
def test_a_program_that_cannot_be_run_does_not_end_the_harness(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    pytest.importorskip("torch", reason="the model extra is not installed")
    from cwm_trace.eval.harness.hf import TraceHFLM
    from cwm_trace.models import NANO_FOLDER

    path = tmp_path / "s.jsonl"
    bad = {"id": "bad", "source": "def f(:\n", "call": "f()"}
    rows = [{"id": TASK.id, "source": TASK.source, "call": TASK.call}, bad]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    nano = TraceHFLM(pretrained=str(NANO_FOLDER), device="cpu", dtype="float32", batch_size=1)

    for model, right in (("dummy", 0.0), (nano, 0.5)):
        found = evaluated(model, str(path), gen_kwargs="max_gen_toks=300")
        assert found["results"]["cwm_trace"]["output_pass_at_1,none"] == right
        assert found["n-samples"]["cwm_trace"] == {"original": 2, "effective": 2}
