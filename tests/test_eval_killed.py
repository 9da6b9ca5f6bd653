"""Runs that are killed, at any moment, and folders that two of them want: nothing is lost, done twice, or mixed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.errors import InputError, RunTimeout
from cwm_trace.eval import Suite, Task, rescore, run_suite, truth
from cwm_trace.eval.folder import run_folder
from cwm_trace.eval.generations import score_generations
from cwm_trace.eval.samples import read_sample
from cwm_trace.eval.tasks import run_tasks
from cwm_trace.eval.teacher_runs import run_teacher_forced
from cwm_trace.frames import Status, Trace
from cwm_trace.models import Decoding, Rollout, load_model
from cwm_trace.models.base import FrameScore
from cwm_trace.tracer.inprocess import record_source

ROOT = Path(__file__).parents[1]
SOURCE = "def f(x):\n    return x\n"
SUITE = Suite("same", "0" * 64, tuple(Task(f"t{n}", SOURCE, f"f({n})") for n in range(3)))
WAITS = (
    "import os, time\ndef f(path):\n    open(path + '.begun', 'w').close()\n"
    "    while not os.path.exists(path):\n        time.sleep(0.01)\n    return 0\n"
)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def go(folder: Path, *, resume: bool = True) -> None:
    run_suite(load_model("copy-input"), SUITE, folder, resume=resume)


# --- what a kill leaves behind ----------------------------------------------------------------------------------------


def test_a_run_cut_off_at_any_byte_goes_on(tmp_path: Path) -> None:
    go(tmp_path / "whole", resume=False)
    whole = (tmp_path / "whole" / "samples.jsonl").read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    cuts = sorted({0, 1, *ends, *(end - 1 for end in ends), *(end + 1 for end in ends[:-1]), len(whole) // 2})
    for cut in cuts:
        folder = tmp_path / f"cut{cut}"
        go(folder, resume=False)
        (folder / "samples.jsonl").write_bytes(whole[:cut])
        go(folder)
        assert [record["id"] for record in records(folder)] == ["t0", "t1", "t2"], cut
        assert rescore(folder).metrics == rescore(tmp_path / "whole").metrics


@pytest.mark.parametrize("run", [run_suite, run_teacher_forced])
def test_a_run_that_was_interrupted_is_unfinished_not_limited(
    run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(done: int, total: int, sample: object) -> None:
        if done == 2:
            raise KeyboardInterrupt

    model = load_model("copy-input")
    run(model, SUITE, tmp_path, limit=1)
    main(["eval", "--from", str(tmp_path)])
    assert "LIMITED RUN (1 of 3): not for reporting\n" in capsys.readouterr().out
    with pytest.raises(KeyboardInterrupt):
        run(model, SUITE, tmp_path, resume=True, on_sample=interrupt)
    main(["eval", "--from", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "UNFINISHED RUN (2 of 3): go on with --resume\n" in shown and "LIMITED" not in shown
    run(model, SUITE, tmp_path, resume=True)
    main(["eval", "--from", str(tmp_path)])
    assert "RUN (" not in capsys.readouterr().out


def test_a_folder_without_a_manifest_is_begun(tmp_path: Path) -> None:
    """Killed between the folder and its manifest, or while that was written beside its place."""
    (tmp_path / "samples.jsonl").touch()
    (tmp_path / "manifest.json.part").write_text('{"model": "copy')
    go(tmp_path, resume=False)

    assert len(records(tmp_path)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "manifest.json",
        "report.html",
        "results.json",
        "samples.jsonl",
    ]


def test_samples_of_no_run_are_left_alone(tmp_path: Path) -> None:
    """Whose they are is not known: HumanEval's answers are called so, too."""
    answers = '{"task_id": "HumanEval/0", "completion": "x"}'
    (tmp_path / "samples.jsonl").write_text(answers)
    for resume in (False, True):
        with pytest.raises(InputError, match="holds a samples.jsonl that is not of a run"):
            go(tmp_path, resume=resume)
    assert (tmp_path / "samples.jsonl").read_text() == answers


def test_another_number_format_is_another_run(tmp_path: Path) -> None:
    model: Any = load_model("copy-input")
    model.dtype = "float32"
    run_suite(model, SUITE, tmp_path)
    run_suite(model, SUITE, tmp_path, resume=True)
    model.dtype = "bfloat16"
    with pytest.raises(InputError, match=r"not the same: dtype, float32 there and bfloat16 here\)"):
        run_suite(model, SUITE, tmp_path, resume=True)


def test_settings_that_are_not_the_same_are_named_with_both_values(tmp_path: Path) -> None:
    model = load_model("copy-input")
    run_suite(model, SUITE, tmp_path, max_tokens=9)
    said = r"\(not the same: max_tokens, 9 there and 16384 here; temperature, 0.0 there and 0.5 here\)"
    with pytest.raises(InputError, match=said):
        run_suite(model, SUITE, tmp_path, decoding=Decoding(0.5), resume=True)
    with pytest.raises(InputError, match=r"sha256, 000000000000\.\.\. there and 111111111111\.\.\. here"):
        run_suite(model, replace(SUITE, sha256="1" * 64), tmp_path, max_tokens=9, resume=True)
    with pytest.raises(InputError, match="teacher_forced, none there and True here"):
        run_teacher_forced(model, SUITE, tmp_path, resume=True)


def test_a_server_may_move_and_a_suite_may_be_renamed(tmp_path: Path) -> None:
    model: Any = load_model("copy-input")
    model.name = "http://localhost:8000/v1#facebook/cwm"
    run_suite(model, SUITE, tmp_path)
    model.name = "http://elsewhere:9000/v1#facebook/cwm"
    run_suite(model, replace(SUITE, name="renamed"), tmp_path, resume=True)
    model.name = "http://elsewhere:9000/v1#facebook/cwm-sft"
    with pytest.raises(InputError, match=r"model, facebook/cwm there and facebook/cwm-sft here"):
        run_suite(model, SUITE, tmp_path, resume=True)


def begun_with(folder: Path, **changed: Any) -> None:
    """Have a run's manifest say so."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_the_truth_of_two_pythons_is_not_mixed(tmp_path: Path) -> None:
    go(tmp_path, resume=False)
    begun_with(tmp_path, python="3.4.10")
    with pytest.raises(InputError, match=r"was begun with Python 3\.4\.10, and this is .* Go on with Python 3\.4, or"):
        go(tmp_path)


def test_other_versions_are_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, out = tmp_path / "s.jsonl", tmp_path / "run"
    suite.write_text(json.dumps({"id": "t", "source": SOURCE, "call": "f(1)"}) + "\n")
    command = ["eval", str(suite), "-m", "copy-input", "--no-baselines", "--out", str(out)]
    assert main(command) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert "resumed" not in manifest
    assert main([*command, "--resume"]) == 0
    assert "was begun with" not in capsys.readouterr().err
    begun_with(out, git="abc", packages=manifest["packages"] | {"torch": "0.1"})
    assert main([*command, "--resume"]) == 0
    torch, git = manifest["packages"]["torch"], manifest["git"]
    said = (
        f"cwm-trace: {out} was begun with git abc, now {git or 'none'}, torch 0.1, now {torch or 'none'}; its manifest"
    )
    assert said in capsys.readouterr().err
    resumed = json.loads((out / "manifest.json").read_text())["resumed"]
    assert [item["differs"] for item in resumed] == [{}, {"git": ["abc", git], "torch": ["0.1", torch]}]
    assert all(item["time"][:2] == "20" for item in resumed)


@pytest.mark.parametrize("flags", [[], ["--teacher-forced"]])
def test_a_limit_takes_nothing_away_from_a_run_that_is_gone_on_with(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, out = tmp_path / "s.jsonl", tmp_path / "run"
    rows = [{"id": f"t{n}", "source": SOURCE, "call": f"f({n})"} for n in range(4)]
    suite.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["eval", str(suite), "-m", "no-change", "--out", str(out), *flags]
    assert main([*command, "--limit", "3"]) == 0
    assert main([*command, "--limit", "1", "--resume"]) == 0
    assert json.loads((out / "results.json").read_text())["n"] == 3
    assert [row["id"] for row in records(out)] == [row["id"] for row in records(out / "baselines" / "oracle")]
    assert main(["eval", "--from", str(out)]) == 0
    assert capsys.readouterr().out.count("LIMITED RUN (3 of 4)") == 3
    assert main([*command, "--resume"]) == 0
    assert len(records(out / "baselines" / "oracle")) == 4


def test_a_limit_of_answers_takes_none_away(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    path.write_text(json.dumps({task.id: ["1", "2"] for task in SUITE.tasks}))
    assert score_generations(path, SUITE, tmp_path / "run", limit=2).n == 4
    assert score_generations(path, SUITE, tmp_path / "run", limit=1, resume=True).n == 4


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot write to"):
        go(tmp_path)


@pytest.mark.parametrize("text", ['{"model": "copy', "", "[" * 200_000, "[]", '{"model": "copy-input"}', "\xff"])
def test_a_damaged_manifest_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    go(tmp_path, resume=False)
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    for use in (lambda: go(tmp_path), lambda: rescore(tmp_path)):
        with pytest.raises(InputError, match=r"manifest\.json: damaged"):
            use()


@pytest.mark.parametrize("line", [b"\0\0\0", b"\xff\xfe", b"[]", b'"text"', b"{}", b'{"id": "t0", "predicted": 3}'])
def test_a_damaged_line_is_said_with_its_number(tmp_path: Path, line: bytes) -> None:
    go(tmp_path, resume=False)
    first, *rest = (tmp_path / "samples.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "samples.jsonl").write_bytes(b"".join([first, line + b"\n", *rest]))
    with pytest.raises(InputError, match=r"samples\.jsonl:2: damaged sample .*Delete this line"):
        go(tmp_path)


def test_a_process_that_is_killed_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two programs are done, the third waits; while it does, nobody else may write to the folder. Then SIGKILL."""
    gate, run, suite = tmp_path / "gate", tmp_path / "run", tmp_path / "s.jsonl"
    rows = [{"id": f"t{n}", "source": SOURCE, "call": f"f({n})"} for n in range(4)]
    rows.insert(2, {"id": "waits", "source": WAITS, "call": f"f({str(gate)!r})"})
    suite.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["eval", str(suite), "-m", "copy-input", "--out", str(run), "--no-baselines"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cwm_trace", *arguments]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        samples = run / "samples.jsonl"
        while not (samples.exists() and samples.read_bytes().count(b"\n") == 2 and Path(f"{gate}.begun").exists()):
            assert process.poll() is None
            time.sleep(0.02)
        assert main([*arguments, "--resume"]) == 2
        assert f"another process is writing to {run}. Wait for it" in capsys.readouterr().err
        process.send_signal(signal.SIGKILL)
    before = samples.read_bytes()
    gate.touch()

    assert main([*arguments, "--resume"]) == 0
    assert samples.read_bytes().startswith(before), "what was there is kept as it was"
    assert [record["id"] for record in records(run)] == ["t0", "t1", "waits", "t2", "t3"]
    assert {record["outcome"] for record in records(run)} == {"ok"}


def test_a_folder_is_free_again_after_a_run_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_folder(tmp_path, "copy-input", SUITE, {}, resume=False):
        raise ZeroDivisionError
    with run_folder(tmp_path, "copy-input", SUITE, {}, resume=True):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to .*file"):
        go(tmp_path / "file", resume=False)


# --- outcomes ---------------------------------------------------------------------------------------------------------


class Crashes:
    """A model that raises what no protocol foresees, but for one task."""

    name = "crashes"

    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout:
        if "f(1)" in prompt.context:
            return load_model("copy-input").rollout(prompt, decoding)
        raise RuntimeError("CUDA error: an illegal\nmemory access")

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        raise IndexError("list index out of range")


def test_a_crash_of_the_model_costs_its_task_not_the_run(tmp_path: Path) -> None:
    made = run_suite(Crashes(), SUITE, tmp_path / "rollouts")
    assert made.outcomes == {"model_error": 2, "ok": 1}
    assert made.metrics["output_pass_at_1"] == pytest.approx(100 / 3)
    assert records(tmp_path / "rollouts")[0]["error"].startswith("RuntimeError: CUDA error")
    forced = run_teacher_forced(Crashes(), SUITE, tmp_path / "forced")
    assert forced.outcomes == {"model_error": 3} and forced.metrics["next_frame"] == 0.0
    assert records(tmp_path / "forced")[0]["error"] == "IndexError: list index out of range"


def test_a_program_stopped_at_its_time_limit_has_an_outcome_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = record_source(SOURCE, "f(0)")

    def record(source: str, call: str, **options: Any) -> Trace:
        status = {"f(0)": Status.TIME_LIMIT, "f(1)": Status.KILLED}.get(call, Status.COMPLETE)
        return Trace(slow.context, slow.frames, status is Status.COMPLETE, status)

    monkeypatch.setattr(truth, "run_source", record)
    with pytest.raises(RunTimeout, match="the program ended as time_limit"):
        truth.true_trace(SUITE.tasks[0])
    made = run_suite(load_model("copy-input"), SUITE, tmp_path)
    assert made.outcomes == {"truth_timeout": 1, "truth_failed": 1, "ok": 1}


def test_nothing_is_run_again_where_all_is_there(tmp_path: Path) -> None:
    go(tmp_path, resume=False)
    before = (tmp_path / "samples.jsonl").read_bytes()

    def never(*_: object) -> Any:
        raise AssertionError("asked again")

    assert len(run_tasks(SUITE.tasks, tmp_path, never, read_sample)) == 3
    go(tmp_path)
    assert (tmp_path / "samples.jsonl").read_bytes() == before
