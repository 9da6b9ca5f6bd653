"""The command line of programs that are given arguments and standard input: to the real run, to the model, and kept with the trace."""

import io
import os
from pathlib import Path

import pytest

from cwm_trace.cli import main
from cwm_trace.cli.target import parse_target
from cwm_trace.errors import InputError
from cwm_trace.files import load
from cwm_trace.prompts import Start, start_of

pytestmark = pytest.mark.usefixtures("cache_home")

SOURCE = """\
import sys

def main():
    k = int(sys.argv[1])
    total = sum(k * int(line) for line in sys.stdin)
    return total

main()
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "add.py"
    path.write_text(SOURCE)
    (tmp_path / "in.txt").write_text("3\n4\n")
    return str(path)


def test_a_prediction_and_the_real_run_are_given_the_same(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed, kept = str(tmp_path / "in.txt"), tmp_path / "t.jsonl"
    assert (
        main(["predict", script, "-m", "oracle", "--verify", "--table", "--stdin", typed, "-o", str(kept), "--", "10"])
        == 0
    )
    captured = capsys.readouterr()
    assert "returns 70" in captured.out and "verified" in captured.out and "note" not in captured.err
    assert start_of(load(kept)) == Start(script, ("10",), "3\n4\n", os.getcwd())


def test_the_real_run_of_a_kept_trace_is_given_it_again(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = str(tmp_path / "t.jsonl")
    assert main(["predict", script, "-m", "oracle", "--stdin", str(tmp_path / "in.txt"), "-o", kept, "--", "10"]) == 0
    capsys.readouterr()
    assert main(["debug", kept, "--frame", "3", "-x", "truth"]) == 0
    assert "✓ as in the real run" in capsys.readouterr().out
    assert main(["debug", kept, "--stdin", "x"]) == 2
    assert "a trace has what its program was given" in capsys.readouterr().err


def test_a_script_is_debugged_with_it(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--stdin", str(tmp_path / "in.txt"), "-m", "oracle", "-x", "n; n; n; truth; p k"]
    assert main(["debug", script, *given, "--", "10"]) == 0
    assert "✓ as in the real run\n(cwm) p k\n10" in capsys.readouterr().out


def test_standard_input_may_be_ours(
    script: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("5\n"))
    assert main(["predict", script, "-m", "oracle", "--table", "--stdin", "-", "--", "2"]) == 0
    assert "returns 10" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "and what it reads is guessed: give it with --stdin FILE"),
        (("--verify",), "which is empty: give it with --stdin FILE"),
    ],
)
def test_a_script_that_reads_what_it_is_not_given_is_told_of(
    flags: tuple[str, ...], said: str, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["predict", script, "-m", "no-change", "--max-frames", "1", *flags])
    assert f"add.py reads standard input, {said}" in capsys.readouterr().err


def test_what_is_no_input_is_refused(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", script, "--stdin", str(tmp_path / "none")]) == 2
    assert "none (No such file or directory)" in capsys.readouterr().err
    (tmp_path / "octets").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match=r"octets is not UTF-8 \(invalid start byte at byte 2\)"):
        parse_target(script, None, stdin=str(tmp_path / "octets"))


def test_a_program_that_is_standard_input_can_read_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwm_trace.cli.target.read_source", lambda path: "x = 1\n")
    assert main(["predict", "-", "--stdin", "-"]) == 2
    assert "the program is standard input, so it can read none" in capsys.readouterr().err


def test_words_that_are_the_scripts_stand_behind_two_dashes(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["predict", script, "10"])
    assert "unrecognized arguments: 10" in capsys.readouterr().err
