"""The command in this process: transcripts, JSON lines, files, exit codes. What needs a process of its own is in test_cli_process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.cli.history import KEPT, folder, not_kept, remember
from cwm_trace.cli.parser import parse_arguments
from cwm_trace.cli.target import parse_target
from cwm_trace.errors import InputError
from cwm_trace.eval import diff
from cwm_trace.files import SCHEMA, iter_traces, load, save
from cwm_trace.format import parse, render, render_prompt
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models import Decoding
from cwm_trace.models.scripted import CopyInput, ScriptedRollout
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.tracer.run import run_script

SOURCE = """\
def count(s, letter):
    n = 0
    for c in s:
        if c == letter:
            n += 1
    return n
"""
CALL = "count('bo', 'o')"
TABLE = """\
   0  call        8 │ def main():                          │
   1  line        9 │     return count('bo', 'o')          │
   2  call        1 │   def count(s, letter):              │ s = 'bo', letter = 'o'
   3  line        2 │       n = 0                          │ n = 0
   4  line        3 │       for c in s:                    │ c = 'b'
   5  line        4 │           if c == letter:            │
   6  line        3 │       for c in s:                    │ c = 'o'
   7  line        4 │           if c == letter:            │
   8  line        5 │               n += 1                 │ n = 1
   9  line        3 │       for c in s:                    │
  10  line        6 │       return n                       │
  11  return      6 │       return n                       │ ↩ 1
  12  return      9 │     return count('bo', 'o')          │ ↩ 1
"""
DIVERGED = """\
   8  line        5 │               n += 1                 │ n = 7                                 ≠
   9  line        3 │       for c in s:                    │                                       ✗

9 frames predicted

first divergence at frame 9 (value)
  predicted: line 3 │ for c in s: │ n = 7
  actual:    line 3 │ for c in s: │ n = 1
8 of 12 frames exact · control flow 9/12 · values 8/12 · 3 not predicted, as it stopped here
the real run returns 1
next: cwm-trace debug --last --frame 9 -x truth
"""


pytestmark = pytest.mark.usefixtures("cache_home")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "count.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def truth() -> Trace:
    return record_source(SOURCE, CALL)


def wrong(truth: Trace) -> Trace:
    """The same trace, with n = 7 from frame 9 on."""
    head, tail = truth.frames[:9], truth.frames[9:]
    text = render_prompt("", tail).replace('"n": "1"', '"n": "7"').replace('"1"', '"7"')
    changed = parse(text.partition("<|frame_sep|>")[2], prompt=Trace(truth.context, head, complete=False))
    return Trace(truth.context, changed.frames)


def clean(text: str) -> str:
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def predict(script: Path, *flags: str) -> list[str]:
    return ["predict", f"{script}::count", "--call", CALL, *flags]


# --- predict -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "name"), [((), "nano"), (("--constrained",), "nano"), (("--no-constrained",), "nano (network alone)")]
)
def test_the_headline_says_which_nano_it_is(
    flags: tuple[str, ...], name: str, script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Nano(CopyInput):
        constrained = True
        name = "nano"

    monkeypatch.setattr("cwm_trace.cli.predict.load_model", lambda *_, **__: Nano())
    main(predict(script, "-m", "nano", "--table", *flags))
    assert capsys.readouterr().out.startswith(f"predicting {CALL}   {name} · temperature 0")


def test_predict_shows_each_line_with_what_it_did(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([truth], tmp_path / "t.jsonl")
    assert main(predict(script, "-m", f"replay:{tmp_path / 't.jsonl'}", "--table")) == 0
    shown = clean(capsys.readouterr().out)
    assert shown.startswith(f"predicting {CALL}   replay:") and "count.py was NOT run" in shown
    assert TABLE in shown
    assert "12 frames predicted · returns 1" in shown
    assert "\x1b" not in shown


def test_verify_stops_at_the_first_divergence(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([wrong(truth)], tmp_path / "w.jsonl")
    flags = ["-m", f"replay:{tmp_path / 'w.jsonl'}", "--verify", "--table", "-o", str(tmp_path / "kept.jsonl")]
    assert main(predict(script, *flags)) == 1
    captured = capsys.readouterr()
    lines = clean(captured.out).splitlines()
    footer = next(n for n, line in enumerate(lines) if "frames predicted" in line)
    lines[footer] = lines[footer].rpartition(" · ")[0]  # the seconds
    assert "\n".join(lines[-11:]) + "\n" == DIVERGED
    assert "in a child process" in captured.err
    assert len(load(tmp_path / "kept.jsonl")) == 10


def test_json_lines_say_the_same(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([wrong(truth)], tmp_path / "w.jsonl")
    flags = ["-m", f"replay:{tmp_path / 'w.jsonl'}", "--verify", "--on-divergence", "continue"]
    assert main(predict(script, *flags)) == 1
    header, *frames, end, verdict = records(capsys.readouterr().out)
    assert header["schema"] == "cwm-trace-frames/1" and header["given"] == 1 and len(header["prompt_sha256"]) == 64
    assert [frame["i"] for frame in frames] == list(range(13))
    assert [frame["line"] for frame in frames] == [8, 9, 1, 2, 3, 4, 3, 4, 5, 3, 6, 6, 9]
    assert [frame.get("exact") for frame in frames] == [None] + [True] * 8 + [False, False, False, False]
    assert frames[2]["locals"] == {"s": "'bo'", "letter": "'o'"} and frames[3]["changed"] == ["n"]
    assert end == {"end": "complete", "frames": 13, "returned": "7", "raised": None}
    assert (verdict["verified"], verdict["first_divergence"], verdict["cause"]) == (False, 9, "value")
    assert (verdict["control_flow"], verdict["total"], verdict["return_equal"]) == (12, 12, False)


def test_resync_goes_on_from_the_true_frame(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([wrong(truth)], tmp_path / "w.jsonl")
    flags = ["-m", f"replay:{tmp_path / 'w.jsonl'}", "--verify", "--on-divergence", "resync"]
    assert main(predict(script, *flags, "--table")) == 1
    shown = clean(capsys.readouterr().out)
    assert (
        "   9  line        3 │       for c in s:                    │                                       ✗\n"
        "      wrote: line 3 │ for c in s: │ n = 7\n"
        "  10  line        6"
    ) in shown
    assert "9 of 12 frames right, the true ones before each being given; wrong at 3: 9, 11, 12" in shown
    assert main(predict(script, *flags, "--json")) == 1
    _, *frames, _, said = records(capsys.readouterr().out)
    assert said == {"resynchronised": True, "total": 12, "wrong": [9, 11, 12]}
    assert [frame["i"] for frame in frames if "predicted" in frame] == said["wrong"]
    assert frames[12]["value"] == "1" and frames[12]["predicted"].endswith('<|arg_sep|>"7"')
    assert main(predict(script, "-m", "oracle", "--verify", "--on-divergence", "resync", "--table")) == 0
    for more, words in (
        (["-o", "x.jsonl"], "resync makes no one trace that -o could save. Leave out -o"),
        (["--samples", "2"], "resync and --samples are two ways to predict. Give one of them"),
        (["--single-step"], "resync and --single-step are two ways to predict. Give one of them"),
    ):
        capsys.readouterr()
        assert main(predict(script, *flags, *more)) == 2
        assert words in capsys.readouterr().err


def test_resync_stops_at_the_frame_limit(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is of all frames, and no end that the model wrote."""
    save([wrong(truth)], tmp_path / "w.jsonl")
    flags = ["-m", f"replay:{tmp_path / 'w.jsonl'}", "--verify", "--on-divergence", "resync", "--max-frames"]
    assert main(predict(script, *flags, "3", "--table")) == 124
    shown = clean(capsys.readouterr().out)
    assert "3 of 3 frames right, the true ones before each being given; wrong at 0 · stopped at --max-frames 3" in shown
    assert shown.endswith(", 9 true ones not reached\n")
    assert main(predict(script, *flags, "10", "--json")) == 1
    *_, end, said = records(capsys.readouterr().out)
    assert (end["end"], end["frames"], said) == ("frame_limit", 11, {"resynchronised": True, "total": 10, "wrong": [9]})
    assert main(predict(script, *flags, "12", "--json")) == 1
    assert records(capsys.readouterr().out)[-2]["end"] == "complete"


def test_resync_where_the_model_ends_too_early(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([Trace(truth.context, truth.frames[:11])], tmp_path / "w.jsonl")
    flags = ["-m", f"replay:{tmp_path / 'w.jsonl'}", "--verify", "--on-divergence", "resync", "--table"]
    assert main(predict(script, *flags)) == 1
    shown = clean(capsys.readouterr().out)
    assert shown.count("      wrote: (the trace had ended)\n") == 2 and "wrong at 2: 11, 12" in shown


@pytest.fixture
def drawn(truth: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Has the replay of t.jsonl written wrongly with seed 8; gives seeds and temperatures as they are asked for."""
    from cwm_trace.models.scripted import Replay

    save([truth], tmp_path / "t.jsonl")
    seeds: list[tuple[int, float]] = []

    def rollout(self: Replay, prompt: Trace, decoding: Decoding) -> ScriptedRollout:
        seeds.append((decoding.seed, decoding.temperature))
        return ScriptedRollout((wrong(truth) if decoding.seed == 8 else truth).frames, True, len(prompt))

    monkeypatch.setattr(Replay, "rollout", rollout)
    return seeds


def samples(script: Path, count: int, *flags: str) -> list[str]:
    return predict(script, "-m", f"replay:{script.parent / 't.jsonl'}", "--samples", str(count), *flags)


def test_several_samples_and_how_far_they_agree(
    script: Path, drawn: list[tuple[int, float]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "many.jsonl"
    assert main(samples(script, 3, "--table", "--seed", "7", "-o", str(out))) == 0
    assert "3 samples: returns 1 ×2, returns 7 ×1 · first split at frame 9\n" in capsys.readouterr().out
    assert drawn == [(7, 1.0), (8, 1.0), (9, 1.0)]
    assert [trace.returned for trace in iter_traces(out)] == ["1", "7", "1"]


@pytest.mark.parametrize("seed", [7, 8])
def test_every_sample_is_verified_and_none_is_cut_off(
    seed: int, script: Path, drawn: list[tuple[int, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(samples(script, 2, "--seed", str(seed), "--verify", "--table")) == 1
    shown = clean(capsys.readouterr().out)
    assert "first split at frame 9\n" in shown and "12 frames predicted" in shown
    assert f"against the real run: 1 of 2 samples exact · wrong: {2 if seed == 7 else 1} at frame 9 (value)\n" in shown
    assert ("sample 1, which is shown:\n\nfirst divergence at frame 9" in shown) == (seed == 8)
    assert main(samples(script, 1, "--seed", "7", "--verify")) == 0
    assert main(samples(script, 2, "--seed", "9", "--verify")) == 0


@pytest.mark.parametrize("name", ["x.html", "x.txt", "x.tokens", "x.opt.json"])
def test_a_file_of_one_trace_takes_no_samples(
    name: str, script: Path, drawn: list[tuple[int, float]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(samples(script, 2, "-o", str(tmp_path / name))) == 2
    assert "file holds one trace, not 2. Use .jsonl" in capsys.readouterr().err
    assert drawn == []


def test_samples_in_json(script: Path, drawn: list[tuple[int, float]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(samples(script, 2, "--seed", "7", "--verify", "--json")) == 1
    header, *_, end, agreed, first, second = records(capsys.readouterr().out)
    assert (header["temperature"], header["seed"]) == (1.0, 7) == tuple(reversed(drawn[0]))
    whole = {"end": "complete", "frames": 13, "raised": None}
    assert end == whole | {"returned": "1"}
    assert agreed == {
        "samples": [whole | {"seed": 7, "returned": "1"}, whole | {"seed": 8, "returned": "7"}],
        "first_split": 9,
    }
    assert (first["sample"], first["verified"], first["frames_exact"]) == (1, True, 12)
    assert (second["sample"], second["verified"], second["first_divergence"]) == (2, False, 9)


def test_single_steps_are_whole_traces(
    script: Path, drawn: list[tuple[int, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(samples(script, 2, "--seed", "9", "--single-step", "--verify", "--table")) == 0
    shown = capsys.readouterr().out
    assert "1 frame predicted · returns 1" in shown and "2 samples: returns 1 ×2 · all the same" in shown
    assert "right: 2 of 2 samples; the real run returns 1\n" in shown
    assert main(samples(script, 1, "--seed", "7", "--single-step", "--json")) == 0
    assert records(capsys.readouterr().out)[-1] == {"end": "complete", "frames": 2, "returned": "1", "raised": None}


def test_raw_is_the_text_as_it_is_written(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save([truth], tmp_path / "t.jsonl")
    assert main(predict(script, "-m", f"replay:{tmp_path / 't.jsonl'}", "--raw")) == 0
    prompt = call_prompt(SOURCE, CALL)
    assert render_prompt(prompt.context, prompt.frames) + capsys.readouterr().out == render(truth) + "\n"


def test_oracle_is_right_and_says_that_it_runs(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(predict(script, "-m", "oracle", "--verify", "--table")) == 0
    shown = capsys.readouterr().out
    assert "the oracle RUNS count.py" in shown and shown.count("✓\n") == 12
    assert "verified against the real run: all 12 frames exact" in shown


def test_single_step_is_judged_by_the_returned_value(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(predict(script, "-m", "copy-input", "--single-step", "--verify", "--table")) == 1
    assert "wrong: the real run returns 1" in capsys.readouterr().out


def test_frame_limit(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(predict(script, "-m", "no-change", "--max-frames", "2", "--table")) == 124
    assert "2 frames predicted · stopped at the frame limit (2)" in capsys.readouterr().out


def test_malformed_frames_are_shown_and_counted(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = render(truth).replace('"n": "1"', '"n": oops', 1)
    (tmp_path / "m.txt").write_text(text)
    replay = f"replay:{tmp_path / 'm.txt'}"
    assert main(predict(script, "-m", replay, "--table", "--full")) == 0
    shown = capsys.readouterr().out
    assert "oops" in shown and "not a JSON string" in shown and "2 malformed" in shown  # the next one says ".."
    assert main(predict(script, "-m", replay, "--strict")) == 4


def test_show_prompt_is_the_text_that_a_model_is_given(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(predict(script, "--show-prompt")) == 0
    prompt = call_prompt(SOURCE, CALL)
    assert capsys.readouterr().out == render_prompt(prompt.context, prompt.frames)


def test_long_values_are_cut_unless_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.py"
    path.write_text("def f(s):\n    return s\n")
    command = ["predict", str(path), "--call", f"f('{'a' * 300}')", "-m", "copy-input", "--table"]
    main(command)
    rows = [line for line in capsys.readouterr().out.splitlines() if " │ " in line]
    assert rows and all(len(line) <= 100 for line in rows) and any(line.endswith("…") for line in rows)
    main([*command, "--full"])
    assert "a" * 300 + "'" in capsys.readouterr().out


def test_default_model_from_the_environment(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CWM_TRACE_MODEL", "no-change")
    assert main(predict(script)) == 0
    assert records(capsys.readouterr().out)[0]["model"] == "no-change"
    monkeypatch.setenv("CWM_TRACE_MODEL", "")  # as good as unset
    assert parse_arguments(predict(script)).model == "nano"


def test_the_oracle_does_not_run_outside_of_a_sandbox_that_was_asked_for(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(predict(script, "-m", "oracle", "--sandbox")) == 2
    assert "--sandbox is for the run that --verify makes" in capsys.readouterr().err


def test_colour_only_when_asked_for(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(predict(script, "-m", "copy-input", "--color", "always"))
    assert "\x1b[" in capsys.readouterr().out
    main(predict(script, "-m", "copy-input", "--color", "never", "--table"))
    assert "\x1b[" not in capsys.readouterr().out


def test_interrupt_keeps_what_came(
    script: Path, truth: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save([truth], tmp_path / "t.jsonl")
    plain = ScriptedRollout.next_frame

    def interrupted(self: ScriptedRollout, **options: Any) -> Any:
        if self.position == 4:
            raise KeyboardInterrupt
        return plain(self, **options)

    monkeypatch.setattr(ScriptedRollout, "next_frame", interrupted)
    out = tmp_path / "part.jsonl"
    assert main(predict(script, "-m", f"replay:{tmp_path / 't.jsonl'}", "--table", "-o", str(out))) == 130
    assert "3 frames predicted · was interrupted" in capsys.readouterr().out
    assert len(load(out)) == 4 and load(out).status == "interrupted"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("word_count", "count(['a', 'b', 'a'])"),
        ("matrix", "multiply([[1, 2]], [[3], [4]])"),
        ("recursive_parser", "expression('1+2', 0)"),
        ("bank_account", "Account('Bo', 3).deposit(4)"),
        ("pipeline", "list(lines('a'))"),
    ],
)
def test_a_call_of_a_script_that_has_and_calls_a_main_of_its_own(
    name: str, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = str(Path(__file__).parent.parent / "examples" / f"{name}.py")
    assert main(["predict", script, "--call", call, "-m", "oracle", "--verify", "--table"]) == 0
    assert "verified against the real run" in capsys.readouterr().out


def test_a_truth_that_does_not_reach_the_call_verifies_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "early.py"
    path.write_text("def f(x):\n    return x\nraise KeyError('early')\n")
    assert main(["predict", str(path), "--call", "f(1)", "-m", "no-change", "--verify", "--table"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and "early.py ended before f(1) was reached: KeyError: 'early'" in captured.err


@pytest.mark.parametrize(
    ("head", "entry"),
    [
        ("def main():", "its entry, main (line 2),"),
        ("async def main(a):", "its entry, main (line 2),"),
        ("def other():  # << START_OF_TRACE", "its entry, other (line 2),"),
    ],
)
@pytest.mark.parametrize("verify", [[], ["--verify"]])
def test_an_entry_that_is_never_reached_is_named(
    head: str, entry: str, verify: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "unreached.py"
    path.write_text(f"import sys\n{head}\n    return 1\nif len(sys.argv) > 99:\n    main()\n")
    assert main(["predict", str(path), "-m", "oracle", "--table", *verify]) == 1
    program = path if verify else "the program"
    assert capsys.readouterr().err.endswith(f"cwm-trace: {program} ended before {entry} was reached\n")
    assert main(["debug", str(path), "-m", "no-change", "-x", "truth"]) == 1
    assert capsys.readouterr().err.endswith(f"ended before {entry} was reached\n")


def test_a_limit_that_cut_a_right_prediction_off(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(predict(script, "-m", "oracle", "--max-frames", "2", "--verify", "--table")) == 124
    assert "all 2 frames predicted are exact, 10 true ones not reached" in capsys.readouterr().out
    assert main(predict(script, "-m", "oracle", "--max-frames", "11", "--verify", "--table")) == 124
    assert "all 11 frames predicted are exact, 1 true one not reached" in capsys.readouterr().out


def test_a_difference_counts_more_than_a_limit(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--max-frames", "5", "--verify", "--on-divergence", "continue"]
    assert main(predict(script, "-m", "no-change", *flags)) == 1
    assert records(capsys.readouterr().out)[-2]["end"] == "frame_limit"


@pytest.mark.parametrize("first", ["import requests_nope", "from . import sibling", "raise SystemExit(7)"])
def test_a_script_that_fails_before_its_entry_is_no_failure_of_ours(
    first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fails.py"
    path.write_text(f"{first}\ndef main():\n    return 1\nmain()\n")
    assert main(["predict", str(path), "-m", "no-change", "--verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.splitlines()[-1].startswith(
        f"cwm-trace: {path} ended before its entry, main (line 2), was reached"
    )


KILLED = {
    "os.kill(os.getpid(), 9)": "was killed by SIGKILL",
    "os._exit(3)": "left at once with code 3",
}


@pytest.fixture(params=KILLED)
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A script whose process ends amid it, and how; beside it a trace that goes on, t.jsonl."""
    path = tmp_path / "killed.py"
    path.write_text(f"import os\ndef main():\n    x = 1\n    {request.param}\nmain()\n")
    true = run_script(path).trace
    last = Frame(Event.RETURN, true[-1].source, value="None", line_number=4)
    save([Trace(true.context, (*true.frames, last))], tmp_path / "t.jsonl")
    return str(path), KILLED[request.param]


def test_what_lies_behind_the_end_of_a_killed_run_is_not_judged(
    killed: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was marked as wrong, under which there stood that all was right."""
    script, how = killed
    command = ["predict", script, "-m", f"replay:{tmp_path / 't.jsonl'}", "--verify"]
    assert main([*command, "--table"]) == 1
    shown = clean(capsys.readouterr().out)
    assert "✗\n" not in shown and shown.count("✓\n") == 2 and "verified" not in shown
    assert shown.endswith(
        f"the real run {how} after 3 frames: all 2 frames predicted up to there are exact, 1 behind it cannot be judged\n"
    )
    assert main([*command, "--json"]) == 1
    *_, before, last, _, said = records(capsys.readouterr().out)
    assert before["exact"] is True and "exact" not in last
    assert (said["verified"], said["first_divergence"], said["real_run"]) == (False, None, "killed")
    assert main([*command, "--table", "--samples", "2"]) == 1
    assert f"the real run {how} after 3 frames" in capsys.readouterr().out


def test_a_killed_run_in_other_comparisons(
    killed: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, how = killed
    command = ["predict", script, "-m", f"replay:{tmp_path / 't.jsonl'}", "--verify", "--table"]
    assert main([*command, "--single-step"]) == 1
    assert f"not judged: the real run {how} after 3 frames\n" in capsys.readouterr().out
    assert main([*command, "--on-divergence", "resync"]) == 1
    assert f"2 of 2 frames right, the true ones before each being given; wrong at 0 · the real run {how}" in (
        capsys.readouterr().out
    )


def test_one_frame_is_one_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.py"
    path.write_text("def main(): return 1\nmain()\n")
    assert main(["predict", str(path), "-m", "oracle", "--verify", "--table"]) == 0
    assert "verified against the real run: all 2 frames exact" in capsys.readouterr().out
    assert main(["predict", str(path), "-m", "oracle", "--max-frames", "1", "--verify", "--table"]) == 124
    assert "the 1 frame predicted is exact, 1 true one not reached" in capsys.readouterr().out


def test_single_step_is_one_frame(
    script: Path, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the model would write behind it."""
    text = render_prompt(truth.context, (truth[0], truth[-1], *truth.frames[1:5]))
    (tmp_path / "s.txt").write_text(text)
    assert main(predict(script, "-m", f"replay:{tmp_path / 's.txt'}", "--single-step", "--verify", "--table")) == 0
    shown = capsys.readouterr().out
    assert "1 frame predicted" in shown and "right: the real run returns 1" in shown


def test_where_a_trace_cannot_be_written_nothing_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "touch.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    for command in (["predict", "-m", "oracle"], ["trace"]):
        for name in ("x.png", "absent/x.jsonl", "."):
            assert main([*command, "-o", str(tmp_path / name), str(path)]) == 2
            assert capsys.readouterr().err.startswith("cwm-trace: cannot ")
    assert not (tmp_path / "ran").exists()


def test_a_replay_is_of_the_same_program(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save([record_source("def g():\n    return 1\n", "g()")], tmp_path / "g.jsonl")
    assert main(predict(script, "-m", f"replay:{tmp_path / 'g.jsonl'}")) == 3
    assert "g.jsonl has no trace of this program. It has 1 of others" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag", [["--temperature", "-1"], ["--max-frames", "0"], ["--timeout", "0"], ["--timeout", "nan"]]
)
def test_numbers_are_checked(flag: list[str], script: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(predict(script, *flag))
    assert stop.value.code == 2


def test_the_last_run_is_not_another_one(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(predict(script, "-m", "copy-input"))
    remember(not_kept)
    assert main(["show", "--last"]) == 2
    assert "the last run was too large to be kept. Save such runs with -o FILE.jsonl" in capsys.readouterr().err


def test_what_is_no_trace_file(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.jsonl").touch()
    main(predict(script, "-m", "copy-input", "--json"))
    (tmp_path / "frames.jsonl").write_text(capsys.readouterr().out)
    said = {script: "not a trace file", tmp_path: "is a folder", tmp_path / "empty.jsonl": "holds no trace"}
    for path, words in {**said, tmp_path / "frames.jsonl": "Save traces with -o FILE.jsonl"}.items():
        assert main(["show", str(path)]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


# --- what is named -------------------------------------------------------------------------------------------------------

METHODS = """\
class Stack:
    def __init__(self, items=()):
        self.items = list(items)
    def push(self, x):
        self.items.append(x)
        return x
    @classmethod
    def make(cls):
        return 'made'
    @staticmethod
    def two(*, a=2):
        return a
if True:
    def hello(name='you'):
        return name
def needs(a, *, b):
    def inner():
        return a
    return inner()
async def later():
    return 1
"""


@pytest.fixture
def methods(tmp_path: Path) -> str:
    (tmp_path / "methods.py").write_text(METHODS)
    return str(tmp_path / "methods.py")


@pytest.mark.parametrize(
    ("function", "call", "made"),
    [
        ("hello", None, "hello()"),  # it said that this needs arguments
        ("Stack.make", None, "Stack.make()"),
        ("make", None, "Stack.make()"),
        ("Stack.two", None, "Stack.two()"),
        ("Stack.push", "Stack().push(1)", "Stack().push(1)"),
        ("push", "Stack().push(1)", "Stack().push(1)"),
        ("Stack.__init__", "Stack()", "Stack()"),
        ("hello", "hello('Bo')", "hello('Bo')"),
    ],
)
def test_a_function_or_a_method_is_named(function: str, call: str | None, made: str, methods: str) -> None:
    target = parse_target(f"{methods}::{function}", call)
    assert target.call == made and target.prompt().context.endswith(f"    return {made}\n")


@pytest.mark.parametrize(
    ("function", "call", "said"),
    [
        ("Stack.push", None, 'needs its arguments. Give --call "Stack(...).push(...)"'),
        ("Stack.push", "Stack()", 'does not call Stack.push. Give --call "Stack(...).push(...)"'),
        ("Stack", None, 'needs a call. Give --call "Stack(...)"'),
        ("needs", None, 'needs its arguments. Give --call "needs(...)"'),
        ("later", None, 'needs a call. Give --call "later(...)"'),
        ("Stak.push", None, "Did you mean Stack.push?"),
        ("inner", None, "It has: Stack, Stack.__init__, Stack.push, Stack.make, Stack.two, hello, needs, later"),
    ],
)
def test_what_a_name_leaves_open_is_asked_for(function: str, call: str | None, said: str, methods: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_target(f"{methods}::{function}", call)
    assert str(caught.value).endswith(said)


def test_a_folder_is_no_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In `predict` -m is the model."""
    assert main(["predict", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"cwm-trace: {tmp_path} is a folder. Give a Python file in it\n"
    (tmp_path / "__main__.py").touch()
    assert main(["debug", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith(f"is a folder. Give {tmp_path}/__main__.py\n")
    assert main(["trace", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("Run a package by its name: -m NAME\n")


def test_the_function_that_a_script_calls_itself_needs_no_call(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("def main():\n    return 1\nmain()\n")
    assert parse_target(f"{path}::main", None) == parse_target(str(path), None)


# --- diff, show, eval ----------------------------------------------------------------------------------------------------


def test_diff_exit_codes_and_json(truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = str(tmp_path / "a.jsonl"), str(tmp_path / "b.txt")
    save([wrong(truth)], a)
    save([truth], b)
    assert main(["diff", b, b]) == 0
    assert capsys.readouterr().out == "equal: 12 frames compared, 1 given\n"
    assert main(["diff", a, b]) == 1
    assert "first divergence at frame 9 (value)" in capsys.readouterr().out
    assert main(["diff", a, b, "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["first"] == 9 and record["valid_trace_format"] == 100.0 and record["output_pass_at_1"] == 0.0


def test_diff_compares_something(truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, part = str(tmp_path / "whole.jsonl"), str(tmp_path / "part.jsonl")
    save([truth], whole)
    save([Trace(truth.context, truth.frames[:11])], part)
    for traces, given, said in (
        ((whole, whole), 13, "ACTUAL has 13. Give --given 12 or less"),
        ((whole, whole), 100, "PREDICTED has 13. Give --given 12 or less"),
        ((part, whole), 12, "PREDICTED has 11. Give --given 11 or less"),
        ((whole, part), 11, "ACTUAL has 11. Give --given 10 or less"),
    ):
        assert main(["diff", *traces, "--given", str(given)]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and f"cwm-trace: {given} frames cannot have been given: {said}\n" == captured.err
    assert main(["diff", part, whole, "--given", "11"]) == 1  # a prediction may end with what was given to it
    with pytest.raises(InputError, match="-4 frames cannot have been given"):
        diff(truth, truth, -4)


@pytest.fixture
def several(truth: Trace, tmp_path: Path) -> str:
    """Three traces, of which two are called the same; the second is a wrong one."""
    made = (replace(trace, meta={"name": name}) for trace, name in ((truth, "a"), (wrong(truth), "b"), (truth, "a")))
    save(made, tmp_path / "several.jsonl")
    return str(tmp_path / "several.jsonl")


CHOOSE = "Choose with --trace N, from 1 to 3, or --trace NAME (a, b)\n"


def test_one_of_several_traces(several: str, truth: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = str(tmp_path / "one.jsonl")
    save([truth], one)
    assert main(["diff", several, one, "--trace", "3"]) == 0
    assert main(["diff", one, several, "--trace", "b"]) == 1
    assert main(["diff", several, several, "--trace", "2"]) == 0
    assert main(["debug", several, "--trace", "b", "-x", "goto 9"]) == 0
    assert "n = 7" in capsys.readouterr().out
    for which, returned in (("1", "1"), ("2", "7"), ("b", "7")):
        assert main(["show", several, "--trace", which, "--json"]) == 0
        header, *_, end = records(capsys.readouterr().out)
        assert "schema" in header and end["returned"] == returned
    assert main(["show", several, "--trace", "2", "-o", one]) == 0
    assert load(one) == wrong(truth)
    assert main(["show", several, "--json"]) == 0
    captured = capsys.readouterr()
    assert [line["returned"] for line in records(captured.out) if "end" in line] == ["1", "7", "1"]
    assert captured.err.startswith(f"cwm-trace: {several} holds 3 traces; --trace N shows one\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("diff S S", f"S holds 3 traces, not one. {CHOOSE}"),
        ("debug S", f"S holds 3 traces, not one. {CHOOSE}"),
        ("show S --trace 4", f"S has no trace 4; it holds 3 traces. {CHOOSE}"),
        ("show S --trace 0", f"S has no trace 0; it holds 3 traces. {CHOOSE}"),
        ("debug S --trace c", f"S has no trace c; it holds 3 traces. {CHOOSE}"),
        ("show S --trace a", "S holds 2 traces called a. Choose by number: 1, 3\n"),
        ("debug x.py --trace 1", "--trace is of a file of traces. Leave it out, or give such a file\n"),
    ],
)
def test_which_of_several_traces_is_asked_for(
    command: str, said: str, several: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([several if word == "S" else word for word in command.split()]) == 2
    assert capsys.readouterr().err == f"cwm-trace: {said.replace('S ', several + ' ', 1)}"


def test_show_the_last_run_in_every_form(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(predict(script, "-m", "copy-input", "-o", str(tmp_path / "p.txt")))
    capsys.readouterr()
    kept = load(tmp_path / "p.txt")
    assert main(["show", "--last", "--text"]) == 0
    assert capsys.readouterr().out == kept.render()
    assert main(["show", "--last", "--table"]) == 0
    assert "↩ 'bo'" in capsys.readouterr().out
    assert main(["show", str(tmp_path / "p.txt")]) == 0
    assert len(records(capsys.readouterr().out)) == len(kept) + 2
    assert main(["show", "--last", "-o", str(tmp_path / "q.jsonl")]) == 0
    assert load(tmp_path / "q.jsonl") == kept


def test_history_keeps_the_newest(truth: Trace) -> None:
    paths = [remember(lambda path: save([truth], path)) for _ in range(KEPT + 3)]
    assert sorted(folder().iterdir()) == paths[3:]


def test_history_leaves_alone_what_another_process_writes(truth: Trace) -> None:
    """A file that is not whole yet was taken for the oldest run, so that commands that ran at the same time failed."""
    folder().mkdir(parents=True, exist_ok=True)
    beside = folder() / ".4711-20261130T120000-000000001.jsonl"
    beside.write_text("{}")
    for _ in range(KEPT + 3):
        remember(lambda path: save([truth], path))
    assert beside.exists()


def test_a_command_does_not_fail_for_its_history(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder().parent.mkdir(parents=True, exist_ok=True)
    folder().write_text("no folder")
    script = tmp_path / "s.py"
    script.write_text("def f(x):\n    return x\n")
    assert main(["trace", f"{script}::f", "--call", "f(1)", "-o", str(tmp_path / "t.jsonl")]) == 0
    assert load(tmp_path / "t.jsonl").returned == "1"
    assert remember(lambda path: save([load(tmp_path / "t.jsonl")], tmp_path / "none" / "t.jsonl")) is None


def test_history_is_in_order_where_a_second_ends(truth: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    second = 1_700_000_000_000_000_000
    moments = iter([second - 2, second - 1, second, second + 1])
    monkeypatch.setattr("cwm_trace.cli.history.time.time_ns", lambda: next(moments))

    paths = [remember(lambda path: save([truth], path)) for _ in range(4)]

    assert sorted(folder().iterdir()) == paths
    assert {path and path.name[-16:-6] for path in paths} == {"-999999998", "-999999999", "-000000000", "-000000001"}


def test_eval_table_resume_and_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tmp_path / "tiny.jsonl"
    tasks = [{"id": "a", "source": "def f(x):\n    return x\n", "call": "f(1)"}]
    tasks += [{"id": "b", "source": "def f(x):\n    return -x\n", "call": "f(1)"}]
    suite.write_text("".join(json.dumps(task) + "\n" for task in tasks))
    out = str(tmp_path / "run")
    command = ["eval", str(suite), "-m", "copy-input", "--out", out, "--json"]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["metrics"]["output_pass_at_1"] == 50.0
    assert "copy-input 2/2 · 1 right" in captured.err
    assert main([*command, "--resume", "--fail-under", "50"]) == 0
    assert main(["eval", "--from", out, "--fail-under", "51"]) == 1
    assert "copy-input" in capsys.readouterr().out
    assert main(command) == 2  # the folder is taken


# --- errors ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["predict", "absent.py"], 2, "absent.py"),
        (["predict", "{script}::cuont"], 2, "Did you mean count?"),
        (["predict", "{script}::count"], 2, 'needs its arguments. Give --call "count(...)"'),
        (["trace", "{script}::count"], 2, 'needs its arguments. Give --call "count(...)"'),
        (["predict", "{script}", "--on-divergence", "resync"], 2, "Add --verify"),
        (["predict", "{script}", "--call", "count('a', 'b')", "-m", "orakle"], 2, "Did you mean oracle?"),
        (["predict", "{script}", "--call", "count(", "-m", "oracle"], 2, ""),
        (["predict", "{script}", "--call", "main()", "-m", "oracle"], 2, "calls `main`"),
        (["predict", "{script}::count", "--call", "len('a')", "-m", "oracle"], 2, "does not call count. Give"),
        (["predict", "{script}", "--call", "count('a', 'b')", "-m", "http://127.0.0.1:9/v1"], 3, "127.0.0.1:9"),
        (["trace"], 2, "SCRIPT"),
        (["diff", "{script}", "{script}"], 2, ""),
        (["show"], 2, "--last"),
        (["show", "--last"], 2, "predict or trace first"),
        (["eval"], 2, "SUITE"),
        (["eval", "absent.jsonl"], 2, "absent.jsonl"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], code: int, words: str, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx") if code == 3 else None
    assert main([word.replace("{script}", str(script)) for word in arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cwm-trace: ") and captured.err.count("\n") == 1 and words in captured.err


@pytest.mark.parametrize("arguments", [[], ["prodict"], ["predict"], ["predict", "a.py", "--verfy"], ["diff", "a"]])
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_a_bug_is_reported_with_its_traceback(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("cwm_trace.cli.predict.parse_target", broken)
    assert main(predict(script)) == 125
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: ours" in shown and "Please report" in shown


def test_doctor_checks_what_the_model_in_question_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cwm_trace.cli.doctor._gpu", lambda: None)  # torch takes seconds to import
    assert main(["doctor", "-m", "oracle"]) == 0
    shown = capsys.readouterr().out
    assert "ok  tracer" in shown and "ok  bytecode" in shown and "ok  model oracle" in shown
    assert main(["doctor", "-m", "orakle"]) == 2
    assert "Did you mean oracle?" in capsys.readouterr().out


def test_version_names_the_trace_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert SCHEMA in capsys.readouterr().out


def test_who_is_not_followed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model that reads the program has no text of such a module; one beside the script it has."""
    (tmp_path / "near.py").write_text("def near():\n    return 2\n")
    script = tmp_path / "uses.py"
    script.write_text(
        "import json\nimport near\nimport no_such_package.inner\ndef main():\n    return near.near()\nmain()\n"
    )
    assert main(["predict", str(script), "--json"]) == 0
    assert "note: no_such_package is neither Python's nor beside" in capsys.readouterr().err
    assert main(["predict", str(script), "--json", "--no-constrained", "--max-frames", "1"]) in (0, 124)
    assert "neither" not in capsys.readouterr().err
