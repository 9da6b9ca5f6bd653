"""Suites and runs on disk: what is kept, what a resumed run repeats, and that failures stay in the denominator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.errors import InputError, ModelError
from cwm_trace.eval import METRICS, Results, Sample, Suite, Task, compare_runs, load_run, load_suite, rescore, run_suite
from cwm_trace.eval.report import TITLES, as_markdown, as_text, mistakes_table, rows
from cwm_trace.eval.results import summarise
from cwm_trace.eval.samples import read_samples
from cwm_trace.eval.weights import weights_hash
from cwm_trace.format import render_frame
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.models import load_model
from cwm_trace.models.base import Decoding, FrameScore, Generated, Model, Stop
from cwm_trace.tracer.inprocess import record_context, record_source

SOURCE = "def f(x):\n    y = x + x\n    return y\n"
TASKS = (
    Task("int", SOURCE, "f(1)", "2"),
    Task("str", SOURCE, "f('ab')", "'abab'"),
    Task("raises", SOURCE, "f({})"),
    Task("other", "def f(a, b):\n    for c in a:\n        b += c\n    return b\n", "f('xy', 'z')", "'zxy'"),
)
FULL = "there is no place in the window"
TOKENS = 10  # that every frame of a scripted model costs
SUITE = Suite("doubles", "0" * 64, TASKS)


@dataclass
class Scripted:
    """A model for tests: the true trace, with the frames of some calls replaced by texts, and calls on which it fails."""

    name: str = "scripted"
    texts: dict[str, list[str]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def rollout(self, prompt: Trace, decoding: Decoding) -> ScriptedRollout:
        call = prompt.context.splitlines()[-1].removeprefix("    return ")
        self.asked.append(call)
        if call in self.failing:
            raise ModelError("the server went away")
        true = [render_frame(step) for step in record_context(prompt.context)[1:]]
        return ScriptedRollout(self.texts.get(call, true))

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        raise ModelError("no probabilities")


@dataclass
class ScriptedRollout:
    texts: list[str]
    position: int = 0

    def feed(self, step: Step) -> None:
        self.position += 1

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        if self.position == len(self.texts):
            return Generated("", Stop.END, 1)
        if self.texts[self.position] == FULL:
            return Generated("", Stop.TOKENS)
        if max_tokens is not None and max_tokens < TOKENS:
            return Generated(self.texts[self.position][:max_tokens], Stop.TOKENS, max_tokens)
        self.position += 1
        return Generated(self.texts[self.position - 1], Stop.FRAME, TOKENS)

    def close(self) -> None:
        pass


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def outcomes(folder: Path) -> dict[str, str]:
    return {record["id"]: record["outcome"] for record in lines(folder)}


def ids_asked(model: Scripted, suite: Suite = SUITE) -> list[str]:
    return [task.id for task in suite.tasks if task.call in model.asked]


# --- suites -----------------------------------------------------------------------------------------------------------


def test_both_spellings_of_a_suite(tmp_path: Path) -> None:
    path = tmp_path / "my-suite.jsonl"
    rows = [
        {"id": "a", "source": "def g(): pass", "call": "g()", "expected": "None"},
        {"id": 7, "code": "def f(x): return x\u2028", "input": "1, '\u2028'", "output": "1"},
        {"code": "f = x", "input": ""},
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", encoding="utf-8")

    suite = load_suite(path)

    assert suite.name == "my-suite"
    assert suite.tasks == (
        Task("a", "def g(): pass", "g()", "None"),
        Task("7", "def f(x): return x\u2028", "f(1, '\u2028')", "1"),
        Task("2", "f = x", "f()"),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"id": "a", "call": "f()"}', "needs source"),
        ('{"id": "a", "code": "x"}', "source, or code and call"),
        ('{"id": "a", "source": "x = ("}', "was never closed"),
        ('{"id": "a", "source": "# nothing"}', "nothing to trace"),
        ('{"id": "a", "source": "def f():\\n    return 1\\n"}', "nothing runs"),
        ('{"id": "a", "source": 1, "call": "f()"}', "source is not a string"),
        ('{"id": "a", "source": "x", "call": "x", "expected": 1}', "expected is not a string"),
        ("[" * 200_000, "not JSON"),
        ('{"id": "\udcff", "source": "x", "call": "x"}', "can't decode byte 0xff"),
    ],
)
def test_bad_lines_are_said_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"id": "good", "source": "x", "call": "x"}\n' + line + "\n", "utf-8", "surrogateescape")

    with pytest.raises(InputError, match=message) as caught:
        load_suite(path)

    assert str(caught.value).startswith(f"{path}:2: ")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    good, lines = '{"id": "good", "source": "x", "call": "x"}', ["{", '{"source": 3}', '{"source": "x", "tags": 1}']
    path.write_text("\n".join([good, *lines]))

    with pytest.raises(InputError) as caught:
        load_suite(path)
    head, *told = str(caught.value).split("\n  ")
    assert head == f"{path}: 3 records cannot be used"
    assert [line.partition(": ")[0] for line in told] == [f"{path}:{number}" for number in (2, 3, 4)]

    path.write_text("\n".join(lines[1:2] * 12))
    with pytest.raises(InputError) as caught:
        load_suite(path)
    head, *told = str(caught.value).split("\n  ")
    assert head == f"{path}: 12 records cannot be used" and len(told) == 11 and told[-1] == "... and 2 more"


def test_a_byte_order_mark_is_no_part_of_a_suite(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"id": "é", "source": "x", "call": "x", "expected": null}\n', "utf-8-sig")

    assert load_suite(path).tasks == (Task("é", "x", "x"),)


def test_suites_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    with pytest.raises(InputError, match="cannot read suite"):
        load_suite(path)
    path.write_text("\n")
    with pytest.raises(InputError, match="no tasks"):
        load_suite(path)
    path.write_text('{"id": "a", "source": "x", "call": "x"}\n' * 2)
    with pytest.raises(InputError, match="same id"):
        load_suite(path)


# --- runs -------------------------------------------------------------------------------------------------------------


def test_the_oracle_scores_exactly_100(tmp_path: Path) -> None:
    results = run_suite(load_model("oracle"), SUITE, tmp_path / "run")

    assert set(results.metrics) == set(METRICS)
    assert set(results.metrics.values()) == {100.0}
    assert results.outcomes == {"ok": 4}
    assert not results.limited


def test_long_traces_are_not_cut_off(tmp_path: Path) -> None:
    source = "def f(n):\n    for i in range(n):\n        pass\n"
    tasks = (Task("long", source, "f(700)"), Task("deep", "def f(n):\n    return f(n + 1)\n", "f(0)"))

    results = run_suite(load_model("oracle"), Suite("s", "", tasks), tmp_path / "run")

    assert all(record["frames"] > 1000 for record in lines(tmp_path / "run"))
    assert set(results.metrics.values()) == {100.0}


def test_results_that_the_suite_states_wrongly_are_counted(tmp_path: Path) -> None:
    tasks = (TASKS[0], Task("wrong", SOURCE, "f(2)", "5"), Task("raises", SOURCE, "f({})", "{}"))

    results = run_suite(load_model("oracle"), Suite("s", "", tasks), tmp_path / "run")

    assert results.unexpected == 2
    assert results.metrics["output_pass_at_1"] == 100.0
    assert rescore(tmp_path / "run").unexpected == 2
    assert "2 results of s are not what the real run gave (wrong, raises); the real run counts" in as_text([results])
    one = replace(results, unexpected=1, unexpected_tasks=("wrong",))
    assert "1 result of s is not what the real run gave (wrong); the real run counts" in as_text([one])
    many = replace(results, unexpected=12, unexpected_tasks=tuple("abcdefghijkl"))
    assert "gave (a, b, c, d, e, f, g, h, i, j, ...); the real run" in as_text([many])


def test_the_median_first_divergence(tmp_path: Path) -> None:
    call, other = "f(1)", "f('ab')"
    texts = {call: ["<|line_sep|>?"], other: ["<|line_sep|>{}<|action_sep|>    return f('ab')\n"]}

    results = run_suite(Scripted(texts=texts), SUITE, tmp_path / "run")

    assert results.first_divergence == 1.5  # frames 1 and 2
    assert results.first_divergence_interval == (1.5, 1.5)  # two calls of one program, drawn together
    assert "1.5 [1.5, 1.5]" in as_text([results])
    assert results.causes == {"format": 1, "missing": 1}
    assert run_suite(Scripted(), SUITE, tmp_path / "right").first_divergence is None


def test_the_oracle_scores_exactly_100_at_every_length(tmp_path: Path) -> None:
    results = run_suite(load_model("oracle"), SUITE, tmp_path / "run")

    assert list(results.survival) == [1, 2, 4, 8]  # the longest trace: 10 frames after main's CALL
    assert {(item.value, item.high, item.n) for item in results.survival.values()} == {(100.0, 100.0, 4)}


def test_first_frames_right_by_hand(tmp_path: Path) -> None:
    call, other = "f(1)", "f('ab')"
    texts = {call: ["<|line_sep|>?"], other: ["<|line_sep|>{}<|action_sep|>    return f('ab')\n"]}

    results = run_suite(Scripted(texts=texts, failing={"f({})"}), SUITE, tmp_path / "run")
    written = json.loads((tmp_path / "run" / "results.json").read_text())

    # "int" is wrong at frame 1, "str" at 2, "raises" had no prediction, "other" is right to its end.
    assert {k: item.value for k, item in results.survival.items()} == {1: 50.0, 2: 25.0, 4: 25.0, 8: 25.0}
    # Three calls of one program and one of another: either may be drawn twice.
    assert written["survival"]["2"] == {"value": 25.0, "low": 0.0, "high": 100.0, "n": 4}
    assert "first 4 frames right" in as_text([results])


def test_nano_without_its_constraint_is_called_the_network_alone(tmp_path: Path) -> None:
    """Else two systems have one name: a manifest keeps model and decoding apart, a table has one name for both."""
    made = {
        name: run_suite(Scripted(name), SUITE, tmp_path / folder, decoding=Decoding(constrained=constrained))
        for name, folder, constrained in (("nano", "alone", False), ("hf:nano", "other", False))
    } | {"whole": run_suite(Scripted("nano"), SUITE, tmp_path / "whole", decoding=Decoding(constrained=True))}
    assert rows(list(made.values()))[0] == ["", "nano (network alone)", "hf:nano", "nano"]
    assert rescore(tmp_path / "alone").model == "nano (network alone)" and rescore(tmp_path / "whole").model == "nano"
    manifest = json.loads((tmp_path / "alone" / "manifest.json").read_text())
    assert (manifest["model"], manifest["config"]["decoding"]["constrained"]) == ("nano", False)
    assert compare_runs(tmp_path / "alone", tmp_path / "whole").names == ("nano (network alone)", "nano")


def test_what_a_run_leaves_on_disk(tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []

    def watch(done: int, total: int, sample: Sample) -> None:
        seen.append((done, total, sample.id))

    results = run_suite(Scripted(), SUITE, tmp_path / "run", on_sample=watch, decoding=Decoding(0.5, 3))
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    written = json.loads((tmp_path / "run" / "results.json").read_text())

    assert seen == [(1, 4, "int"), (2, 4, "str"), (3, 4, "raises"), (4, 4, "other")]
    assert manifest["model"] == "scripted"
    assert (manifest["suite"], manifest["sha256"], manifest["n"]) == ("doubles", "0" * 64, 4)
    assert manifest["config"]["decoding"] == {
        "temperature": 0.5,
        "seed": 3,
        "speculative": True,
        "constrained": False,
    }
    assert manifest["python"] and manifest["machine"]
    assert written["metrics"] == results.metrics
    assert [record["id"] for record in lines(tmp_path / "run")] == ["int", "str", "raises", "other"]
    assert all(record["tokens"] > 0 for record in lines(tmp_path / "run"))


def test_the_manifest_names_the_weights_and_a_changed_model_is_another_run(tmp_path: Path) -> None:
    files = {"model.safetensors": b"numbers", "config.json": b"{}"}
    folder = tmp_path / "model"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "README.md").write_text("not the model")
    lines = "".join(f"{name} {sha256(data).hexdigest()}\n" for name, data in sorted(files.items()))
    model = Scripted(f"hf:{folder}")
    run_suite(model, SUITE, tmp_path / "run", limit=1)
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["weights"] == sha256(lines.encode()).hexdigest()
    run_suite(model, SUITE, tmp_path / "run", limit=2, resume=True)
    (folder / "model.safetensors").write_bytes(b"others")
    with pytest.raises(InputError, match="not the same: weights"):
        run_suite(model, SUITE, tmp_path / "run", resume=True)


def test_weights_in_a_cache_are_told_by_the_names_of_their_links(tmp_path: Path) -> None:
    """As the hub's cache has them: snapshots of links to blobs, which are named by their hashes."""
    blob = tmp_path / sha256(b"numbers").hexdigest()
    blob.write_bytes(b"not read")
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "model.safetensors").symlink_to(blob)
    line = f"model.safetensors {sha256(b'numbers').hexdigest()}\n"
    assert weights_hash(f"hf:{tmp_path / 'snapshot'}") == sha256(line.encode()).hexdigest()


def test_what_has_no_files_has_no_weights(tmp_path: Path) -> None:
    assert weights_hash("nano") is not None
    for name in (
        "oracle",
        "copy-input",
        "http://localhost:8000/v1",
        "hf:",
        f"hf:{tmp_path}",
        f"replay:{tmp_path / 'no'}",
    ):
        assert weights_hash(name) is None


BROKEN = {"f(1)": ["<|line_sep|>?", "?", "?", "?", "?"]}


def test_every_outcome_is_in_the_denominator(tmp_path: Path) -> None:
    tasks = (
        *TASKS,
        Task("no python", "def f(:\n", "f(1)"),
        Task("killed", "import os\ndef f():\n    os._exit(1)\n", "f()"),
    )
    endless = {"f('ab')": ['<|line_sep|>{}<|action_sep|>    return f("ab")\n'] * 50}
    model = Scripted(texts=BROKEN | endless, failing={"f({})"})

    results = run_suite(model, Suite("s", "", tasks), tmp_path / "run", max_frames=20)

    assert outcomes(tmp_path / "run") == {
        "int": "malformed",
        "str": "truncated",
        "raises": "model_error",
        "other": "ok",
        "no python": "truth_failed",
        "killed": "truth_failed",
    }
    assert results.n == 6
    assert results.metrics["output_pass_at_1"] == results.metrics["full_trace_exact_match"] == pytest.approx(100 / 6)
    notes = as_text([results]).splitlines()
    place = notes.index("scripted: 1 malformed, 1 truncated, 1 model_error, 2 truth_failed (no python, killed)")
    assert notes[place + 1] == "scripted: first model_error: raises: the server went away"
    assert notes[place + 2].startswith("scripted: first truth_failed: no python: ")


def test_resume_runs_only_what_is_missing_and_what_the_model_failed_on(tmp_path: Path) -> None:
    first = run_suite(Scripted(failing={"f('ab')"}), SUITE, tmp_path, limit=2)
    again = Scripted()
    results = run_suite(again, SUITE, tmp_path, resume=True)

    assert (first.n, first.outcomes) == (2, {"ok": 1, "model_error": 1})
    assert ids_asked(again) == ["str", "raises", "other"]
    assert [record["id"] for record in lines(tmp_path)] == ["int", "str", "str", "raises", "other"]
    assert set(results.metrics.values()) == {100.0}
    assert {sample.id for sample in read_samples(tmp_path)} == {"int", "str", "raises", "other"}


def test_resume_after_a_crash_inside_a_line(tmp_path: Path) -> None:
    run_suite(Scripted(), SUITE, tmp_path)
    whole = (tmp_path / "samples.jsonl").read_text()
    (tmp_path / "samples.jsonl").write_text(whole[:-40])
    assert rescore(tmp_path).n == 3
    assert (tmp_path / "samples.jsonl").read_text() == whole[:-40], "scoring again only reads"
    again = Scripted()

    run_suite(again, SUITE, tmp_path, resume=True)

    assert ids_asked(again) == ["other"]
    assert [record["id"] for record in lines(tmp_path)] == ["int", "str", "raises", "other"]


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    run_suite(Scripted(), SUITE, tmp_path, limit=1)

    with pytest.raises(InputError, match="already holds a run"):
        run_suite(Scripted(), SUITE, tmp_path)
    with pytest.raises(InputError, match="holds another run"):
        run_suite(Scripted("another model"), SUITE, tmp_path, resume=True)
    with pytest.raises(InputError, match="holds another run"):
        run_suite(Scripted(), SUITE, tmp_path, resume=True, max_frames=3)
    with pytest.raises(InputError, match="holds another run"):
        run_suite(Scripted(), Suite("doubles", "1" * 64, TASKS), tmp_path, resume=True)


def test_scoring_again_needs_the_folder_only(tmp_path: Path) -> None:
    model = Scripted(texts=BROKEN, failing={"f({})"})
    results = run_suite(model, SUITE, tmp_path)
    asked = list(model.asked)

    again = rescore(tmp_path)

    assert again == results
    assert model.asked == asked


def test_scoring_again_has_the_order_of_the_suite_whatever_ended_first(tmp_path: Path) -> None:
    """Of several programs at once the shortest is written first; intervals and examples depend on the order."""
    results = run_suite(Scripted(texts=BROKEN, failing={"f({})"}), SUITE, tmp_path)
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))

    assert rescore(tmp_path) == results
    assert [sample.id for sample in load_run(tmp_path).samples] == [task.id for task in TASKS]


def test_scoring_again_reads_the_traces_not_the_old_scores(tmp_path: Path) -> None:
    run_suite(Scripted(), SUITE, tmp_path)
    records = lines(tmp_path)
    for record in records:
        record["score"] = dict.fromkeys(record["score"], 0.0)
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))

    assert set(rescore(tmp_path).metrics.values()) == {100.0}


def test_folders_that_hold_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        rescore(tmp_path)
    run_suite(Scripted(), SUITE, tmp_path)
    (tmp_path / "samples.jsonl").write_text('{"id": "int"}\n')
    with pytest.raises(InputError, match="samples.jsonl:1: damaged sample"):
        rescore(tmp_path)
    (tmp_path / "samples.jsonl").write_text("")
    with pytest.raises(InputError, match="no finished sample"):
        rescore(tmp_path)


@pytest.mark.parametrize("name", ["copy-input", "no-change"])
def test_baselines_run_and_are_not_right_everywhere(tmp_path: Path, name: str) -> None:
    results = run_suite(load_model(name), SUITE, tmp_path)

    assert results.n == 4
    assert results.metrics["full_trace_exact_match"] < 100.0


# --- reports ----------------------------------------------------------------------------------------------------------


def results_of(folder: Path, model: Model, limit: int | None = None) -> Results:
    return run_suite(model, SUITE, folder, limit=limit)


def test_a_limited_run_says_so_in_every_table(tmp_path: Path) -> None:
    limited, whole = results_of(tmp_path / "a", Scripted(), 2), results_of(tmp_path / "b", Scripted())

    assert limited.limited and not whole.limited
    for table in (as_text([limited]), as_markdown([limited])):
        assert "LIMITED RUN (2 of 4): not for reporting" in table
    for table in (as_text([whole]), as_markdown([whole])):
        assert "LIMITED" not in table


def test_tables_show_value_and_interval(tmp_path: Path) -> None:
    results = results_of(tmp_path, Scripted(texts=BROKEN))
    header, rule, row, *_ = as_markdown([results, results]).splitlines()

    assert header == "|  | scripted | scripted |"
    assert header.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| output pass@1 | 75.0 [")
    assert as_text([results]).splitlines()[1].split()[:3] == ["output", "pass@1", "75.0"]
    assert {row[0] for row in rows([results])} >= set(TITLES.values())
    assert set(TITLES) == set(METRICS)


def test_calls_of_one_program_are_drawn_together(tmp_path: Path) -> None:
    run_suite(Scripted(texts=BROKEN), SUITE, tmp_path)
    samples = read_samples(tmp_path)

    assert len({sample.program for sample in samples}) == 2
    found = summarise("m", "s", samples, 4).intervals["output_pass_at_1"]
    assert found == pytest.approx((100 * 2 / 3, 100.0))  # either program alone: 2 of 3, 1 of 1


def test_an_oracle_below_100_is_said_to_be_a_fault(tmp_path: Path) -> None:
    faulty = results_of(tmp_path, Scripted("oracle", texts=BROKEN))

    assert "do not report this table" in as_text([faulty])


def test_a_prediction_stopped_by_the_token_limit_is_truncated(tmp_path: Path) -> None:
    run_suite(Scripted(), SUITE, tmp_path, max_tokens=25)

    assert {record["outcome"] for record in lines(tmp_path)} == {"truncated"}
    assert all(sample.predicted and sample.predicted.status is Status.TOKEN_LIMIT for sample in read_samples(tmp_path))


@pytest.mark.parametrize("batch", [1, 2])
def test_a_prediction_stopped_by_the_models_window_says_so(tmp_path: Path, batch: int) -> None:
    class Windowed(Scripted):
        window = 4096

        def concurrent(self) -> Model:
            return Scripted(texts=self.texts)  # which does not say its window

    texts = {"f(1)": ["<|line_sep|>?", FULL]}
    results = run_suite(Windowed(texts=texts), SUITE, tmp_path / "known", batch=batch)
    said = "the model's window of 4096 tokens is full, 10 tokens after the prompt"
    assert [record["error"] for record in lines(tmp_path / "known") if record["id"] == "int"] == [said]
    assert results.errors == {"truncated": f"int: {said}"} and rescore(tmp_path / "known") == results
    run_suite(Windowed(texts=texts), SUITE, tmp_path / "ours", max_tokens=10)
    run_suite(Scripted(texts=texts), SUITE, tmp_path / "not counted")
    for name in ("ours", "not counted"):
        assert {record["error"] for record in lines(tmp_path / name)} == {""}


# --- what was wrong first ---------------------------------------------------------------------------------------------


def test_tasks_without_a_prediction_are_told_beside_the_first_errors(tmp_path: Path) -> None:
    tasks = (*TASKS, Task("no python", "def f(:\n", "f(1)"))
    model = Scripted(texts=BROKEN, failing={"f({})"})
    some = mistakes_table(run_suite(model, Suite("s", "", tasks), tmp_path / "some"), 1).text()
    model = Scripted(failing={str(task.call) for task in TASKS})
    none = mistakes_table(run_suite(model, Suite("s", "", tasks), tmp_path / "none"), 1).text()

    assert "breaks the format\n" in some
    assert "scripted: 1 of 5 tasks model_error, first raises: the server went away\n" in some
    assert "scripted: 1 of 5 tasks truth_failed, first no python: " in some
    assert none.splitlines()[1] == "not known: no task has a prediction"
    assert "scripted: 4 of 5 tasks model_error, first int: the server went away\n" in none
    assert "no frame is wrong" in mistakes_table(run_suite(Scripted(), SUITE, tmp_path / "right"), 1).text()


def test_long_values_are_shown_where_they_part(tmp_path: Path) -> None:
    suite = Suite("s", "", (Task("long", "def f(x):\n    y = x * 300\n    return y\n", "f('ab')"),))
    wrong = "x" * 300
    frame = '<|line_sep|>{"x": "..", "y": "' + f"'{'ab' * 100}{wrong}'" + '"}<|action_sep|>    return y\n'
    true = [render_frame(step) for step in record_source(suite.tasks[0].source, "f('ab')")[1:]]
    model = Scripted(texts={"f('ab')": [*true[:3], frame, *true[4:]]})

    shown = mistakes_table(run_suite(model, suite, tmp_path), 1).text()

    predicted, actual = shown.splitlines()[-2:]
    assert predicted.endswith(f"predicted …{'ab' * 20}{'x' * 80}…") and actual.endswith(f"true …{'ab' * 60}…")


def test_samples_are_told_apart_from_programs(tmp_path: Path) -> None:
    results = results_of(tmp_path, Scripted())
    table = {row[0]: row[1:] for row in rows([results])}
    alone = {row[0]: row[1:] for row in rows([replace(results, programs=4)])}

    assert (table["programs"], table["samples"]) == (["2"], ["4"]) and "seconds per sample" in table
    assert alone["programs"] == ["4"] and "samples" not in alone and "seconds per program" in alone
