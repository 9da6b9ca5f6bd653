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
    assert done.stderr.startswith("err\n") and "\ncwm-trace: " in done.stderr and "\x1b" not in done.stderr
    assert done.returncode == 7
    assert load(tmp_path / "t.jsonl").raised == "SystemExit(7)"


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
    assert process.returncode == 0 and b"Traceback" not in errors and b"Exception" not in errors


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
