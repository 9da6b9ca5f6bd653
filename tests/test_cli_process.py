"""The command as a process: the traced program's own streams and exit code, interrupts, what `--help` loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cwm_trace.cli.parser import parse_arguments
from cwm_trace.files import load
from cwm_trace.frames import Status

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "cwm_trace"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache"), "NO_COLOR": "1"}


def run(
    arguments: list[str], environment: dict[str, str], folder: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, cwd=folder, input=stdin, capture_output=True, text=True, timeout=300
    )


def start(arguments: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """The command in a session of its own, its streams to be read."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGHUP, signal.SIG_DFL
        ),  # nohup, where these tests run under it, has it ignored
    )


def test_help_loads_neither_torch_nor_rich(environment: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom cwm_trace.cli import main\n"
        "try:\n    main(['predict', '--help'])\n"
        "except SystemExit as stop:\n    print(stop.code, sorted({'torch', 'rich', 'transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.splitlines()[-1] == "0 []"


def test_trace_leaves_the_program_its_streams_and_exit_code(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "eval.py").write_text("NAME = 'the user\\'s own'\n")  # not to be confused with ours
    (tmp_path / "p.py").write_text(
        "import sys, eval\n\n\ndef main():\n    print(sys.argv[1:], input(), eval.NAME)\n"
        "    print('err', file=sys.stderr)\n    sys.exit(7)\n\n\nmain()\n"
    )
    done = run(["trace", "-o", "t.jsonl", "p.py", "-o", "x", "--json"], environment, tmp_path, "typed\n")
    assert done.stdout == "['-o', 'x', '--json'] typed the user's own\n"
    hint, error, summary = done.stderr.splitlines()
    assert hint == "cwm-trace: --json is the script's own here; ours come before SCRIPT"
    assert error == "err" and summary.startswith("cwm-trace: ") and "\x1b" not in summary
    assert done.returncode == 7
    assert load(tmp_path / "t.jsonl").raised == "SystemExit(7)"


SOURCE = (
    "import sys\ndef main():\n    return len(sys.argv)\nmain()\nprint(sys.argv, __name__, '__file__' in globals())\n"
)


def test_a_script_may_be_standard_input(environment: dict[str, str], tmp_path: Path) -> None:
    """As of plain python. Its text was asked for twice, and a pipe has it once."""
    plain = [sys.executable, "-", "a", "b"]
    expected = subprocess.run(plain, input=SOURCE, capture_output=True, text=True, timeout=60).stdout
    done = run(["trace", "-o", "t.jsonl", "-", "a", "b"], environment, tmp_path, SOURCE)
    assert (done.returncode, done.stdout, load(tmp_path / "t.jsonl").returned) == (0, expected, "3")
    for name in ("-", "/dev/stdin"):
        done = run(["predict", "-m", "oracle", "--verify", "--table", name], environment, tmp_path, SOURCE)
        assert done.returncode == 0 and "verified against the real run: all 2 frames exact" in done.stdout, done.stderr
    done = run(["trace", "-"], environment, tmp_path, "def f(:\n")
    assert done.returncode == 2 and "<stdin>:1: " in done.stderr


@pytest.mark.parametrize("options", ["trace -o t.jsonl", "predict -m oracle --verify -o t.jsonl"])
def test_a_script_may_come_through_a_pipe(options: str, environment: dict[str, str], tmp_path: Path) -> None:
    """`trace <(cat script.py)`."""
    (tmp_path / "p.py").write_text(SOURCE)
    out, into = os.pipe()
    os.write(into, SOURCE.encode())
    os.close(into)
    line = [*COMMAND, *options.split(), f"/dev/fd/{out}"]
    done = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, pass_fds=[out], timeout=300)
    os.close(out)
    assert (done.returncode, load(tmp_path / "t.jsonl").returned) == (0, "1"), done.stderr


def test_trace_json_keeps_the_program_out_of_stdout(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(["trace", "--json", "-c", "print('mine')"], environment, tmp_path)
    header, *frames, end = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0 and header["schema"] and end["end"] == "complete"
    assert [frame["event"] for frame in frames] == ["call", "line", "return"]
    assert done.stderr.startswith("mine\n")


def test_trace_time_limit(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(["trace", "--timeout", "1", "-c", "while True: pass"], environment, tmp_path)
    assert done.returncode == 124 and "time limit" in done.stderr


def test_interrupt_ends_the_program_and_keeps_its_trace(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\n\n\ndef main():\n    print('ready', flush=True)\n    time.sleep(600)\n\n\nmain()\n"
    )
    with start(["trace", "-o", "part.jsonl", "slow.py"], environment, tmp_path) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and to the program
        process.communicate(timeout=300)
    assert process.returncode == 130
    trace = load(tmp_path / "part.jsonl")
    assert [step.source.strip() for step in trace][:2] == ["def main():", "print('ready', flush=True)"]
    assert trace.status in (Status.INTERRUPTED, Status.COMPLETE)


def test_a_closed_pipe_is_no_error(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def main():\n    for i in range(500):\n        i\n\n\nmain()\n")
    with start(["predict", "-m", "oracle", "p.py"], environment, tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 141 and b"Traceback" not in errors and b"Exception" not in errors


def test_a_closed_pipe_ends_neither_the_program_nor_its_trace(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def main():\n    for i in range(3000):\n        i\n\n\nmain()\nopen('over', 'w')\n")
    with start(["trace", "--json", "-o", "t.jsonl", "p.py"], environment, tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0 and b"Traceback" not in errors
    assert (tmp_path / "over").exists()
    assert len(load(tmp_path / "t.jsonl")) == 6003


@pytest.mark.parametrize("options", ["", "--show", "--json", "--json --show"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.txt", "t.html", ""])
def test_a_trace_is_saved_whatever_else_is_made_of_it(
    environment: dict[str, str], tmp_path: Path, options: str, name: str
) -> None:
    """What was shown, too, was saved without a frame."""
    (tmp_path / "p.py").write_text("def main():\n    return 'the end'\n\n\nmain()\n")
    done = run(["trace", *options.split(), *(["-o", name] if name else []), "p.py"], environment, tmp_path)

    assert done.returncode == 0
    kept = next((tmp_path / "cache").rglob("*.jsonl"))
    assert (len(load(kept)), load(kept).returned) == (3, "'the end'")
    if name == "t.html":
        assert "the end" in (tmp_path / name).read_text()
    elif name:
        assert (len(load(tmp_path / name)), load(tmp_path / name).returned) == (3, "'the end'")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_program_too(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Sent to the command alone, as `docker stop` does: the program ran on without it."""
    (tmp_path / "p.py").write_text(
        "import os\nimport time\n\n\ndef main():\n    print(os.getpid(), flush=True)\n    time.sleep(100)\n\n\nmain()\n"
    )
    with start(["trace", "-o", "t.jsonl", "p.py"], environment, tmp_path) as process:
        assert process.stdout is not None
        program = int(process.stdout.readline())
        time.sleep(0.2)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == code
    with pytest.raises(ProcessLookupError):
        os.kill(program, 0)
    assert load(tmp_path / "t.jsonl").status is Status.INTERRUPTED
    assert len(load(tmp_path / "t.jsonl")) == 3


def test_an_entry_that_is_not_reached_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def main():\n    pass\n\n\nif 0:\n    main()\n")
    done = run(["trace", "p.py", "--call", "main()"], environment, tmp_path)

    assert "its entry, main (line 1), was not reached" in done.stderr
    assert "--call is the script's own here" in done.stderr


@pytest.mark.parametrize("command", ["doctor", "show --last --table", "show --last --text", "show --last --json"])
def test_stdout_may_have_any_encoding(environment: dict[str, str], tmp_path: Path, command: str) -> None:
    run(["trace", "-c", "word = 'äöü│'"], environment, tmp_path)
    done = run(command.split(), {**environment, "PYTHONIOENCODING": "ascii"}, tmp_path)

    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert done.stdout.isascii() and ("doctor" in command or "\\xe4" in done.stdout or "\\u00e4" in done.stdout)


def test_what_cannot_be_written_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    run(["trace", "-c", "pass"], environment, tmp_path)
    shell = f"{' '.join(COMMAND)} show --last"
    for redirection, code, message in (
        (">/dev/full", 125, "cannot write the output (No space left on device)"),
        (">&-", 0, ""),
    ):
        done = subprocess.run(
            ["/bin/sh", "-c", shell + redirection], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == code
        assert "Traceback" not in done.stderr and message in done.stderr


def test_options_are_not_shortened(environment: dict[str, str], tmp_path: Path) -> None:
    for line in ("trace --max-f 5 p.py", "predict --max-f 5 p.py", "eval --teacher real"):
        done = run(line.split(), environment, tmp_path)
        assert done.returncode == 2 and "unrecognized arguments: --" in done.stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("predict --max-frames x", "argument --max-frames: must be a whole number, 1 or more, not x"),
        ("predict --timeout abc", "must be a number of seconds above 0, not abc"),
        ("debug --timeout -1", "must be a number of seconds above 0, not -1"),
        ("trace --memory=-5", "must be a whole number, 1 or more, not -5"),
        ("eval --errors=-1", "must be a whole number, 0 or more, not -1"),
        ("eval --fail-under nan", "must be a number, 0 or more, not nan"),
        ("diff --given=-4", "must be a whole number, 0 or more, not -4"),
        ("predict --temperature inf", "must be a number, 0 or more, not inf"),
    ],
)
def test_numbers_are_checked(option: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments([*option.split(), "a", "b"])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "misplaced"),
    [
        ("trace s.py --timeout 3", ["--timeout"]),
        ("trace s.py a --max-frames=3 --sandbox -o x --show --show", ["--max-frames", "--sandbox", "-o", "--show"]),
        ("trace s.py --call f(1)", ["--call"]),
        ("trace -m mod --memory 5", ["--memory"]),
        ("trace --timeout 3 -o x s.py --timeout 4 -o y", []),  # who gave it to us as well means the script's
        ("trace s.py -m y -c z -h --help --own -- --timeout 3", []),
        ("trace s.py::f --call f(1) --json", []),
    ],
)
def test_options_of_ours_behind_the_script_are_noticed(line: str, misplaced: list[str]) -> None:
    """`trace SCRIPT --timeout 3` ran without a limit, and said nothing."""
    assert parse_arguments(line.split()).misplaced == misplaced


@pytest.mark.parametrize("stands", ["--timeout is", "--sandbox --show are"])
def test_options_of_ours_behind_the_script_are_told(stands: str, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import sys\nprint(sys.argv[1:])\n")
    options = stands.split()[:-1]
    done = run(["trace", "p.py", *options], environment, tmp_path)

    assert done.stderr.startswith(f"cwm-trace: {stands} the script's own here; ours come before SCRIPT\n")
    assert (done.returncode, done.stdout) == (0, f"{options}\n")
    done = run(["trace", "-c", "pass", *options], environment, tmp_path)
    assert f"{stands} the program's own here; ours come before -m and -c\n" in done.stderr


@pytest.mark.parametrize(
    ("line", "target", "arguments"),
    [
        ("trace --timeout 3 s.py --timeout 4", "s.py", ["--timeout", "4"]),
        ("trace -o x s.py -m y", "s.py", ["-m", "y"]),
        ("trace -m pkg.mod --json a::b", None, ["--json", "a::b"]),
        ("trace --json -mmod -o y", None, ["-o", "y"]),
        ("trace -c code s.py", None, ["s.py"]),
        ("trace s.py::f --call f(1) --json", "s.py::f", []),
        ("trace --call f(1) s.py::f --full", "s.py::f", []),
        ("trace", None, []),
    ],
)
def test_what_follows_the_program_is_the_programs(line: str, target: str | None, arguments: list[str]) -> None:
    args = parse_arguments(line.split())
    assert (args.target, args.arguments) == (target, arguments)
    assert args.timeout in (None, 3.0)
