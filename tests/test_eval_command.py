"""`cwm-trace eval`: what is refused before a model takes its time, and what is said of a run that did not end well."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.cli.labels import labelled
from cwm_trace.cli.parser import build_parser
from cwm_trace.cli.progress import Counter
from cwm_trace.errors import InputError, ModelError
from cwm_trace.eval import load_run, rescore
from cwm_trace.eval.breakdown import KINDS
from cwm_trace.eval.teacher_details import TEACHER_KINDS
from cwm_trace.eval.teacher_runs import load_teacher_run
from cwm_trace.files import save
from cwm_trace.frames import Trace
from cwm_trace.models.oracle import Oracle
from cwm_trace.models.scripted import CopyInput, NoChange
from cwm_trace.tracer.inprocess import record_source

SOURCE = "def f(x):\n    return x\n"
TASKS = [{"id": name, "source": SOURCE, "call": f"f({name!r})"} for name in ("a", "b", "c")]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("tiny.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    return "tiny.jsonl"


def refused(command: list[str], capsys: pytest.CaptureFixture[str], code: int = 2) -> str:
    """One line, and nothing was run."""
    capsys.readouterr()
    assert main(command) == code
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("cwm-trace: ") and captured.err.count("\n") == 1
    assert not Path("runs").exists()
    return captured.err


# --- before anything is run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-m", "no-change", "-m", "orcale"], "Did you mean oracle?"),
        (["-m", "no-change", "-m", "no-change"], "the model no-change is given twice"),
        (["-m", "no-change", "-m", "generations:absent.json"], "cannot read absent.json"),
        (["-m", "no-change", "-m", "generations:absent.json", "--teacher-forced"], "has answers only"),
        (["-m", "no-change", "-m", "replay:absent.jsonl"], "no such trace file: absent.jsonl"),
        (["-m", "no-change", "--html", "absent/page.html"], "there is no folder absent"),
        (["-m", "no-change", "--html", "."], "is a folder"),
        (["-m", "no-change", "--html", "absent/page.html", "--teacher-forced"], "there is no folder absent"),
        (["-m", "no-change", "--json", "--markdown"], "--json and --markdown"),
        (["-m", "no-change", "--resume"], "--out DIR"),
    ],
)
def test_what_can_be_told_is_told_first(
    flags: list[str], said: str, suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(["eval", suite, *flags], capsys)


def test_a_device_that_is_not_there_is_told_first(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    models = ["-m", "no-change", "-m", "hf:some/model"]
    assert "Use --device cpu" in refused(["eval", suite, *models, "--device", "cuda:99"], capsys)
    assert "Use --dtype float32" in refused(["eval", suite, *models, "--dtype", "float12"], capsys)


def test_a_server_that_is_not_there_is_told_first(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("httpx")
    said = refused(["eval", suite, "-m", "no-change", "-m", "http://127.0.0.1:9/v1"], capsys, ModelError.exit_code)
    assert "no server at http://127.0.0.1:9/v1" in said


def test_a_folder_that_holds_a_run_is_told_first(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", suite, "-m", "oracle", "--out", "all/oracle"]) == 0
    said = refused(["eval", suite, "-m", "copy-input", "-m", "oracle", "--out", "all"], capsys)
    assert "all/oracle already holds a run. Use --resume" in said and not Path("all/copy-input").exists()
    assert main(["eval", suite, "-m", "copy-input", "-m", "oracle", "--out", "all", "--resume"]) == 0


def test_two_models_of_one_folder_are_told_first(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t").mkdir()
    for path in ("t/x.jsonl", "t_x.jsonl"):
        save([record_source(SOURCE, "f('a')")], path)
    said = refused(["eval", suite, "-m", "replay:t/x.jsonl", "-m", "replay:t_x.jsonl", "--out", "all"], capsys)
    assert "replay:t/x.jsonl and replay:t_x.jsonl have one folder, all/replay_t_x.jsonl" in said


# --- options that would do nothing ------------------------------------------------------------------------------------

_VALUES = {
    "model": "oracle",
    "temperature": "0.5",
    "seed": "3",
    "max_frames": "7",
    "max_tokens": "7",
    "batch": "2",
    "fail_under": "5",
    "device": "cpu",
    "dtype": "float32",
    "limit": "1",
    "timeout": "9",
    "truth_frames": "9",
    "out": "elsewhere",
    "by": "tag",
    "errors": "1",
    "html": "page.html",
}


def given(*names: str) -> list[list[str]]:
    return [[f"--{name.replace('_', '-')}", *([_VALUES[name]] if name in _VALUES else [])] for name in names]


@pytest.mark.parametrize(
    "flags",
    given("temperature", "seed", "constrained", "max_frames", "max_tokens", "batch", "fail_under", "derived")
    + given("no_constrained"),
    ids=str,
)
def test_what_is_about_predictions_is_refused_where_there_are_none(
    flags: list[str], suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(["eval", suite, "-m", "oracle", "--teacher-forced", *flags], capsys)
    assert f"a teacher-forced run predicts no traces, so {flags[0]} has no meaning" in said


@pytest.mark.parametrize(
    "flags",
    given("model", "device", "dtype", "limit", "out", "resume", "temperature", "seed", "constrained", "max_frames")
    + given("max_tokens", "batch", "timeout", "truth_frames"),
    ids=str,
)
def test_what_is_about_a_model_is_refused_where_none_is_asked(
    flags: list[str], suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["eval", *flags, "--from", "r"], ["eval", "compare", "r", "r", *flags]):
        assert f"so {flags[0]} has no meaning" in refused(command, capsys)
    assert f"so {flags[0]} has no meaning" in refused(["eval", "export", "r", "g.json", *flags], capsys)


@pytest.mark.parametrize(
    "flags", given("teacher_forced", "no_baselines", "fail_under", "by", "errors", "html"), ids=str
)
def test_what_is_about_a_table_is_refused_where_there_is_none(
    flags: list[str], suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["compare", "r", "r"], ["export", "r", "g.json"]):
        assert f"so {flags[0]} has no meaning" in refused(["eval", *command, *flags], capsys)


def test_every_option_is_known_to_be_tested_above() -> None:
    """A new one must be thought of: where does it mean nothing?"""
    plain = vars(build_parser().parse_args(["eval"]))
    elsewhere = {"command", "suite", "list", "folder", "json", "markdown", "color", "debug"}
    flags = {"constrained", "resume", "teacher_forced", "no_baselines", "derived"}
    assert set(plain) == elsewhere | flags | set(_VALUES)


def test_json_has_all_that_tables_can_show(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So that --by, --errors and --derived beside --json leave nothing out."""
    for flags, kinds in (([], KINDS), (["--teacher-forced"], TEACHER_KINDS)):
        out = f"run{len(flags)}"
        assert main(["eval", suite, "-m", "copy-input", "--out", out, *flags]) == 0
        capsys.readouterr()
        assert main(["eval", "--from", out, "--json", "--by", "events", "--errors"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert set(shown["breakdowns"]) == set(kinds) and shown["mistakes"]
        assert flags or shown["derived"]


# --- runs that did not end --------------------------------------------------------------------------------------------


def interrupt(monkeypatch: pytest.MonkeyPatch, kind: type[Any], calls: str) -> None:
    """Have a model interrupted at one call."""
    plain = kind.write

    def write(self: Any, prompt: Trace) -> Trace:
        if calls in prompt.context:
            raise KeyboardInterrupt
        made: Trace = plain(self, prompt)
        return made

    monkeypatch.setattr(kind, "write", write)


@pytest.mark.parametrize("kind", [CopyInput, NoChange, Oracle])
@pytest.mark.parametrize(
    "flags",
    [
        ["-m", "copy-input", "-m", "no-change"],
        ["-m", "copy-input", "-m", "no-change", "--out", "all runs"],
        ["-m", "copy-input"],
        ["-m", "copy-input", "--no-constrained"],
        ["-m", "copy-input", "--constrained"],
        ["-m", "copy-input", "--teacher-forced", "--by", "tag", "--by", "depth", "--json"],
        ["-m", "copy-input", "--max-frames", "9", "--temperature", "0.5", "--limit", "2", "--errors", "--out", "one"],
    ],
    ids=" ".join,
)
def test_an_interrupted_run_says_how_to_go_on(
    kind: type[Any], flags: list[str], suite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        interrupt(patched, kind, "f('b')")
        assert main(["eval", suite, *flags]) == 130
    go_on, last = capsys.readouterr().err.splitlines()[-2:]
    assert last == "cwm-trace: interrupted" and go_on.startswith(f"go on: cwm-trace eval {suite} -m ")
    words = shlex.split(go_on.removeprefix("go on: cwm-trace "))
    assert words[-1] == "--resume"
    assert main(words) == 0
    assert "another run" not in capsys.readouterr().err
    (out,) = (Path(words[n + 1]) for n, word in enumerate(words) if word == "--out")
    folders = [out] if (out / "manifest.json").exists() else [*out.iterdir()]
    assert {len(read(folder).samples) for folder in folders} == {2 if "--limit" in flags else 3}


def read(folder: Path) -> Any:
    try:
        return load_run(folder)
    except InputError:
        return load_teacher_run(folder)


def test_an_interruption_before_the_run_has_begun_says_no_more(
    suite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cwm_trace.cli.evaluate.load_model", interrupted)
    assert main(["eval", suite, "-m", "oracle"]) == 130
    assert capsys.readouterr().err == "cwm-trace: interrupted\n"


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_model_that_answers_nothing_is_unreachable(
    failing: int, suite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", suite, "-m", "copy-input", "--out", "run", "--fail-under", "0"]
    with monkeypatch.context() as patched:
        plain = CopyInput.write

        def write(self: CopyInput, prompt: Trace) -> Trace:
            if any(f"f({name!r})" in prompt.context for name in "abc"[:failing]):
                raise ModelError("it went away")
            return plain(self, prompt)

        patched.setattr(CopyInput, "write", write)
        assert main(command) == (3 if failing == 3 else 0)
    said = capsys.readouterr().err
    again = "cwm-trace eval tiny.jsonl -m copy-input --fail-under 0.0 --out run --resume"
    assert (f"copy-input failed on every task (a: it went away)\ngo on, once it answers: {again}\n" in said) == (
        failing == 3
    )
    assert main(["eval", "--from", "run"]) == 0  # a run that is shown again: nobody is asked
    assert main(shlex.split(again)[1:]) == 0
    assert load_run(Path("run")).results.outcomes == {"ok": 3}


def test_a_program_that_fails_is_no_answer_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": "bad", "source": "def f(:\n", "call": "f()"}, *TASKS]
    Path("s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def write(self: CopyInput, prompt: Trace) -> Trace:
        raise ModelError("it went away")

    monkeypatch.setattr(CopyInput, "write", write)
    for number, flags in enumerate(([], ["--teacher-forced"])):
        assert main(["eval", "s.jsonl", "-m", "copy-input", "--out", str(number), "--no-baselines", *flags]) == 3
        assert "copy-input failed on every task (a: it went away)\n" in capsys.readouterr().err
    assert main(["eval", "s.jsonl", "-m", "copy-input", "--out", "bad", "--no-baselines", "--limit", "1"]) == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.01, [200]),  # a line for each tenth would be ten in two seconds
        (1, [20, 40, 60, 80, 100, 120, 140, 160, 180, 200]),
        (0.2, [50, 100, 150, 200]),
        (100, [*range(3, 200, 3), 200]),  # a tenth takes half an hour
    ],
)
def test_lines_that_nobody_overwrites_come_now_and_then(
    seconds: float, told: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr("cwm_trace.cli.progress.time.monotonic", lambda: now)
    counter = Counter()
    for done in range(1, 201):
        now = 1000.0 + done * seconds
        counter(f"{done}", done, 200)
    assert [int(line) for line in capsys.readouterr().err.splitlines()] == told


# --- names in tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [[], ["--teacher-forced"]])
def test_a_model_may_be_given_a_name(flags: list[str], suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    models = ["-m", "my model=no-change", "-m", "copy-input"]
    assert main(["eval", suite, *models, "--out", "all", "--no-baselines", *flags]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert "  my model  " in head and head.endswith("  copy-input")
    manifest = json.loads(Path("all/my_model/manifest.json").read_text())
    assert (manifest["model"], manifest["label"]) == ("no-change", "my model")
    assert main(["eval", "--from", "all/my_model"]) == 0
    assert "my model" in capsys.readouterr().out
    assert main(["eval", "compare", "all/my_model", "all/copy-input"]) == 0
    assert "my model  " in capsys.readouterr().out
    for name, shown in (("no-change", "my model"), ("other=no-change", "other")):
        command = ["eval", suite, "-m", name, "--out", "all/my_model", "--no-baselines", "--resume", "--json", *flags]
        assert main(command) == 0
        assert json.loads(capsys.readouterr().out)["model"] == shown


def test_answers_of_a_file_may_be_given_a_name(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("g=1.json").write_text(json.dumps({name: [f"'{name}'"] for name in "abc"}))
    assert main(["eval", suite, "-m", "them=generations:g=1.json", "--no-baselines", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "them"


@pytest.mark.parametrize(
    "text",
    ["replay:runs/lr=3.jsonl", "http://host:8000/v1?key=3", "hf:a/b=c", "generations:a=b.json", "nano", "=", "a="],
)
def test_an_equals_sign_in_a_path_is_no_name(text: str) -> None:
    assert labelled(text) == (None, text)


@pytest.mark.parametrize("name", ["oracle", "oracle 2", "nano", "copy-input", " "])
def test_a_name_of_another_model_is_refused(name: str, suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be the name of hf:some/model" in refused(["eval", suite, "-m", f"{name}=hf:some/model"], capsys)


# --- limits of true traces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [[], ["--teacher-forced"]])
def test_a_true_trace_may_be_limited(flags: list[str], suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", suite, "-m", "no-change", "--out", "run", "--no-baselines", *flags]
    assert main([*command, "--truth-frames", "3", "--timeout", "20"]) == 0
    assert json.loads(Path("run/results.json").read_text())["outcomes"] == {"truth_failed": 3}
    assert "the program ended as frame_limit" in capsys.readouterr().out
    manifest = json.loads(Path("run/manifest.json").read_text())
    assert manifest["config"]["truth"] == {"seconds": 20.0, "frames": 3}
    assert main([*command, "--resume"]) == 2
    assert "truth.seconds, 20.0 there and 30.0 here; truth.frames, 3 there and 100000 here" in capsys.readouterr().err


def test_a_manifest_without_limits_is_of_a_run_with_the_usual_ones(suite: str) -> None:
    command = ["eval", suite, "-m", "no-change", "--out", "run", "--no-baselines"]
    assert main(command) == 0
    path = Path("run/manifest.json")
    manifest = json.loads(path.read_text())
    del manifest["config"]["truth"]
    path.write_text(json.dumps(manifest))
    assert main([*command, "--resume", "--timeout", "31"]) == 2
    assert main([*command, "--resume"]) == 0


def test_the_oracle_has_the_limits_of_the_truth(suite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def write(self: Oracle, prompt: Trace) -> Trace:
        limits.append(self.limits)
        return NoChange().write(prompt)

    monkeypatch.setattr(Oracle, "write", write)
    for number, model in enumerate(("oracle", "no-change")):
        assert main(["eval", suite, "-m", model, "--limit", "1", "--timeout", "77", "--out", str(number)]) == 0
    assert [item and item.seconds for item in limits] == [77.0, 77.0]


# --- two kinds of runs ------------------------------------------------------------------------------------------------


def test_a_run_of_one_kind_is_not_read_as_the_other(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", suite, "-m", "copy-input", "--out", "forced", "--teacher-forced"]) == 0
    assert main(["eval", suite, "-m", "copy-input", "--out", "free"]) == 0
    said = refused(["eval", "export", "free", "forced", "g.json"], capsys)
    assert "forced is teacher-forced: it has no predicted traces. Export runs that were made without" in said
    with pytest.raises(InputError, match="forced is teacher-forced"):
        rescore(Path("forced"))
    with pytest.raises(InputError, match="free is not teacher-forced"):
        load_teacher_run(Path("free"))
