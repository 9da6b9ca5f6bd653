"""Programs that misbehave, limits, and what is left of a run: each ends with a clear outcome, and nothing stays behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwm_trace.errors import InputError, RunError
from cwm_trace.files import load
from cwm_trace.frames import Event, Frame, Status
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import (
    GroundTruth,
    Run,
    RunResult,
    code_job,
    context_job,
    finish,
    function_job,
    iter_run,
    module_job,
    run_script,
    run_source,
    script_job,
    source_job,
)
from cwm_trace.tracer.run_child import FrameTail

LIMITS = Limits(seconds=60.0)

LOOPS = "def main():\n    n = 0\n    while True:\n        n += 1\nmain()\n"
SLEEPS = "import time\ndef main():\n    x = 1\n    time.sleep(600)\nmain()\n"
RECURSES = "def f(n):\n    return f(n + 1)\ndef main():\n    f(0)\nmain()\n"
EATS = "def main():\n    a = bytearray(1 << 40)\nmain()\n"
PRINTS = "def main():\n    while True:\n        print('x' * 100_000)\nmain()\n"
BUSY = "def main():\n    sum(range(10 ** 14))\nmain()\n"
READS = "def main():\n    x = input()\nmain()\n"
CLOSES = "import os\ndef main():\n    os.closerange(0, 1000)\n    x = 1\n    return x\nmain()\n"
TAKES_NUMBERS = (
    "import os\ndef main():\n    os.closerange(3, 1000)\n    mine = [os.open('mine', os.O_RDWR | os.O_CREAT) for _ in range(300)]\n"
    "    x = 1\n    return x\nmain()\n"
)
LEAVES = "import os\ndef main():\n    x = 1\n    os._exit(0)\nmain()\n"
RAISES = "def main():\n    raise ValueError('no')\nmain()\n"
EXITS = "import sys\ndef main():\n    sys.exit(3)\nmain()\n"
KILLS_ITSELF = "import os, signal\ndef main():\n    x = 1\n    os.kill(os.getpid(), signal.SIGKILL)\nmain()\n"
SEGFAULTS = "import os, signal\ndef main():\n    x = 1\n    os.kill(os.getpid(), signal.SIGSEGV)\nmain()\n"
FORKS = "import os\ndef main():\n    pid = os.fork()\n    if pid:\n        os.waitpid(pid, 0)\n    x = 1\n    return x\nmain()\n"
BOMB = (
    "import os, time\ndef main():\n    for n in range(100):\n        if os.fork() == 0:\n            time.sleep(60)\n"
    "    time.sleep(60)\nmain()\n"
)
THREADS = (
    "import threading\ndef work(n):\n    m = n\ndef main():\n    all = [threading.Thread(target=work, args=(n,)) for n in range(5)]\n"
    "    for t in all: t.start()\n    for t in all: t.join()\n    return 7\nmain()\n"
)
CATCHES_ALL = (
    "def main():\n    n = 0\n    while True:\n        try:\n            n += 1\n        except BaseException:\n"
    "            continue\n        finally:\n            n += 1\nmain()\n"
)
BREAKS_RENDERING = (
    "class A:\n    def __repr__(self): raise SystemExit(9)\ndef main():\n    a = A()\n    return 1\nmain()\n"
)


def run(tmp_path: Path, source: str, limits: Limits = LIMITS, stdin: bytes | None = None) -> RunResult:
    path = tmp_path / "script.py"
    path.write_text(source)
    return run_script(path, stdin=stdin, capture=True, limits=limits)


def last(result: RunResult) -> Frame:
    step = result.trace[-1]
    assert isinstance(step, Frame)
    return step


@pytest.mark.parametrize(
    ("source", "limits", "status", "code"),
    [
        (LOOPS, Limits(frames=50), Status.FRAME_LIMIT, 125),
        (CATCHES_ALL, Limits(frames=50), Status.FRAME_LIMIT, 125),
        (LOOPS, Limits(trace_bytes=20_000), Status.SIZE_LIMIT, 125),
        (LOOPS, Limits(frames=None, file_bytes=20_000), Status.KILLED, 125),
        # Or the kernel's limit, two seconds more, may come first, where the parent waits for a core.
        (LOOPS, Limits(frames=None, trace_bytes=None, seconds=1.0, cpu_seconds=60), Status.TIME_LIMIT, -9),
        (SLEEPS, Limits(seconds=1.0), Status.TIME_LIMIT, -9),
        (BUSY, Limits(cpu_seconds=1, seconds=None), Status.TIME_LIMIT, -signal.SIGXCPU),
        (PRINTS, Limits(output_bytes=1_000_000), Status.SIZE_LIMIT, -9),
        (BOMB, Limits(processes=20), Status.KILLED, -9),
        (LEAVES, LIMITS, Status.KILLED, 0),
        (KILLS_ITSELF, LIMITS, Status.KILLED, -9),
        (SEGFAULTS, LIMITS, Status.KILLED, -11),
    ],
)
def test_an_unfinished_trace_keeps_what_came_and_says_why(
    source: str, limits: Limits, status: Status, code: int, tmp_path: Path
) -> None:
    result = run(tmp_path, source, limits)
    assert (result.trace.status, result.returncode) == (status, code)
    assert not result.trace.complete
    assert result.trace[0].event is Event.CALL
    assert len(result.trace) > 1 and all(isinstance(step, Frame) for step in result.trace)


@pytest.mark.parametrize(
    ("source", "code", "returned", "raised"),
    [
        (RECURSES, 1, None, "RecursionError"),
        (EATS, 1, None, "MemoryError"),
        (READS, 1, None, "EOFError"),
        (RAISES, 1, None, "ValueError('no')"),
        (EXITS, 3, None, "SystemExit(3)"),
        (CLOSES, 0, "1", None),
        (FORKS, 0, "1", None),
        (THREADS, 0, "7", None),
    ],
)
def test_a_program_that_ends_has_a_complete_trace(
    source: str, code: int, returned: str | None, raised: str | None, tmp_path: Path
) -> None:
    result = run(tmp_path, source)
    assert result.trace.complete and result.returncode == code
    assert result.trace.returned == returned
    assert (result.trace.raised or "").startswith(raised or "")
    assert (result.trace.raised is None) == (raised is None)


@pytest.mark.parametrize(
    "source", [LOOPS, RECURSES, EATS, READS, RAISES, EXITS, CLOSES, FORKS, THREADS, LEAVES, KILLS_ITSELF]
)
def test_the_warm_worker_records_the_same(source: str, tmp_path: Path) -> None:
    limits = Limits(frames=400)
    alone = run(tmp_path, source, limits).trace
    for _ in range(2):
        warm = run_source(source, limits=limits)
        assert warm.status is alone.status
        if source not in (FORKS, THREADS):  # these show process and thread numbers
            assert warm.frames == alone.frames
        assert [step.source for step in warm] == [step.source for step in alone]
    assert run_source(RAISES).raised == "ValueError('no')"


@pytest.mark.parametrize(
    ("source", "limits", "status"),
    [
        (LOOPS, Limits(frames=None, seconds=0.5), Status.TIME_LIMIT),
        (BOMB, Limits(processes=20), Status.KILLED),
        (BUSY, Limits(cpu_seconds=1, seconds=None), Status.TIME_LIMIT),
        (SEGFAULTS, LIMITS, Status.KILLED),
        (
            "import os, signal\ndef main():\n    os.kill(os.getppid(), signal.SIGKILL)\n    x = 1\nmain()\n",
            LIMITS,
            None,
        ),
    ],
)
def test_the_warm_worker_outlives_its_programs(source: str, limits: Limits, status: Status | None) -> None:
    with GroundTruth() as truth:
        for _ in range(2):
            trace = truth.trace(source_job(source, limits=limits))
            assert status is None or trace.status is status
        assert truth.trace(source_job("def f(x):\n    return x\n", "f(5)")).returned == "5"


def test_a_sandbox_without_bubblewrap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "script.py"
    path.write_text("x = 1\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="bubblewrap is not installed"):
        run_script(path, sandbox=True)


def _can_sandbox() -> bool:
    try:
        command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


SANDBOXED = """\
import os, socket
def main():
    try:
        open(os.path.join(os.path.dirname(__file__), 'written'), 'w')
    except OSError as error:
        print(type(error).__name__)
    try:
        socket.create_connection(('127.0.0.1', PORT), 1)
    except OSError as error:
        print(type(error).__name__)
    open('/tmp/own', 'w').write('x')
    print(os.path.exists('MARKER'))
    return 1
main()
"""


@pytest.mark.skipif(not _can_sandbox(), reason="bubblewrap is not installed or may not make namespaces here")
def test_the_sandbox_writes_nothing_and_reaches_nobody(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "script.py"
    with socket.create_server(("127.0.0.1", 0)) as server:
        with tempfile.NamedTemporaryFile(dir="/tmp") as marker:  # of the real /tmp, which the program must not see
            ports = SANDBOXED.replace("PORT", str(server.getsockname()[1]))
            path.write_text(ports.replace("MARKER", marker.name))
            result = run_script(path, capture=True, sandbox=True)
    assert result.stdout == b"OSError\nConnectionRefusedError\nFalse\n", result.stderr
    assert result.trace.returned == "1"
    assert not (tmp_path / "written").exists() and not Path("/tmp/own").exists()


def test_the_programs_files_do_not_get_our_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(tmp_path, TAKES_NUMBERS)
    assert result.trace.returned == "1"
    assert (tmp_path / "mine").read_bytes() == b""


def test_a_forked_process_adds_nothing(tmp_path: Path) -> None:
    forked = run(tmp_path, FORKS).trace
    sources = [step.source.strip() for step in forked if step.event is Event.LINE]
    assert sources == ["pid = os.fork()", "if pid:", "os.waitpid(pid, 0)", "x = 1", "return x"]


def test_frames_limit_is_exact(tmp_path: Path) -> None:
    source = "def main():\n    return 1\nmain()\n"
    assert run(tmp_path, source, Limits(frames=3)).trace.complete
    short = run(tmp_path, source, Limits(frames=2)).trace
    assert (short.status, len(short)) == (Status.FRAME_LIMIT, 2)


def test_frames_come_while_the_program_runs(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SLEEPS)
    steps = iter_run(script_job(path, limits=LIMITS))
    assert [next(steps).event for _ in range(3)] == [Event.CALL, Event.LINE, Event.LINE]
    steps.close()  # type: ignore[attr-defined]


def _alive(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except FileNotFoundError:
        return False


def _wait_until_dead(pid: int) -> None:
    """A kill is carried out soon, not at once; pytest's own limit, or the reader's, ends the wait."""
    for _ in range(500):
        if not _alive(pid):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} lives on")


FAMILY = """\
import os, sys, time
def main():
    if os.fork() == 0:
        if {session}: os.setsid()
        open(sys.argv[1] if len(sys.argv) > 1 else 'pid', 'w').write(str(os.getpid()))
        time.sleep(600)
    while True: time.sleep(0.1)
main()
"""


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("detached", [False, True])
def test_at_a_limit_the_whole_family_ends(session: bool, detached: bool, tmp_path: Path) -> None:
    path, note = tmp_path / "script.py", tmp_path / "pid"
    path.write_text(FAMILY.format(session=session))
    job = script_job(path, [str(note)], limits=Limits(frames=None, seconds=2.0))
    result = finish(Run(job, capture=True, detached=detached))
    assert result.trace.status is Status.TIME_LIMIT
    _wait_until_dead(int(note.read_text()))


def test_what_a_program_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    path, note = tmp_path / "script.py", tmp_path / "pid"
    path.write_text(
        "import subprocess, sys\np = subprocess.Popen(['sleep', '600'])\nopen(sys.argv[1], 'w').write(str(p.pid))\n"
    )
    assert finish(Run(script_job(path, [str(note)], limits=LIMITS))).returncode == 0
    _wait_until_dead(int(note.read_text()))


def test_an_interrupt_keeps_the_frames_and_ends_the_program(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SLEEPS)
    child = Run(script_job(path, limits=LIMITS))
    with contextlib.closing(child):
        with pytest.raises(KeyboardInterrupt):
            for number, _ in enumerate(child):
                if number == 2:
                    signal.raise_signal(signal.SIGINT)
        child.kill()
        result = child.result()
    assert result.trace.status is Status.INTERRUPTED
    assert len(result.trace) == 3


@pytest.mark.parametrize("ending", ["", "raise ValueError(n)\n", "os.kill(os.getpid(), 9)\n"])
def test_frames_that_are_not_kept_are_all_saved(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "script.py"
    path.write_text(f"import os\nn = 0\nwhile n < 300:\n    n += 1\n{ending}")
    whole = finish(Run(script_job(path, limits=LIMITS)))
    child = Run(script_job(path, limits=LIMITS), keep=False)
    with contextlib.closing(child):
        assert list(child) == []
        result = child.result()
        child.save(tmp_path / "t.jsonl")
    kept = load(tmp_path / "t.jsonl")
    assert (kept, kept.status, kept.meta) == (whole.trace, whole.trace.status, whole.trace.meta)
    assert (result.frames, result.returncode) == (len(whole.trace), whole.returncode)
    summary = result.trace
    assert (summary.status, summary.returned, summary.raised) == (kept.status, kept.returned, kept.raised)
    assert len(summary) == 2


def test_an_interrupted_question_is_not_answered_later() -> None:
    with GroundTruth() as truth:
        truth.trace(source_job("x = 1\n"))
        main = threading.main_thread().ident
        with pytest.raises(KeyboardInterrupt):
            threading.Timer(0.3, signal.pthread_kill, [main, signal.SIGINT]).start()
            truth.trace(source_job(SLEEPS, limits=LIMITS))
        assert truth.trace(source_job("def f():\n    return 'second'\n", "f()")).returned == "'second'"


def test_a_fork_of_ours_has_a_worker_of_its_own() -> None:
    with GroundTruth() as truth:
        assert truth.trace(source_job("def f():\n    return 1\n", "f()")).returned == "1"
        pid = os.fork()
        if pid == 0:
            code = 1
            with contextlib.suppress(BaseException):
                code = 0 if truth.trace(source_job("def f():\n    return 2\n", "f()")).returned == "2" else 2
                truth.close()
            os._exit(code)
        assert truth.trace(source_job("def f():\n    return 3\n", "f()")).returned == "3"
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_many_threads_may_ask() -> None:
    answers: dict[int, str | None] = {}

    def ask(number: int) -> None:
        answers[number] = run_source("def f(x):\n    return x\n", f"f({number})").returned

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number) for number in range(8)}


def test_an_incomplete_last_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_bytes(b'{"end": "comp')
    with contextlib.closing(FrameTail(str(path))) as tail:
        assert tail.read() == [] and tail.status is None
        with path.open("ab") as file:
            file.write(b'lete"}\n')
        assert tail.read() == [] and tail.status is Status.COMPLETE


def test_a_program_that_writes_faster_than_is_read_does_not_keep_the_reader(tmp_path: Path) -> None:
    """On a starved machine a limit of one second took minutes: what had come meanwhile was read as a whole before the clock was looked at."""
    path = tmp_path / "frames.jsonl"
    frame = {"event": "line", "line": 1, "source": "x = 1\n", "locals": [], "value": None}
    line = json.dumps(frame | dict.fromkeys(("logprob", "tokens", "raw")) | {"capped": False}).encode() + b"\n"
    path.write_bytes(line * 10_000)
    with contextlib.closing(FrameTail(str(path))) as tail:
        first = len(tail.read())
        assert 0 < first < 10_000 and tail.behind
        rest = 0
        for _ in tail.rest():
            rest += 1
            with path.open("ab") as file:
                file.write(line * 2)
        assert 10_000 <= first + rest < 20_000
        assert len([*tail.rest()]) == 10_000 + 2 * rest - first - rest
        assert not tail.behind and tail.count == 10_000 + 2 * rest
    with contextlib.closing(FrameTail(str(path), keep=False)) as tail:
        for _ in tail.rest():
            pytest.fail("a frame that is skipped is not given")
        assert not tail.behind and tail.count == 10_000 + 2 * rest


def test_our_own_failure_is_said_to_be_ours(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text(json.dumps({"fault": "IndexError: x"}) + "\n")
    with contextlib.closing(FrameTail(str(path))) as tail, pytest.raises(RunError, match="IndexError: x"):
        tail.read()


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    run(tmp_path, RAISES)
    run(tmp_path, LOOPS, Limits(frames=5))
    with GroundTruth() as truth:
        truth.trace(source_job(RAISES))
    assert list(folder.iterdir()) == []


GUARDED = "import sys\ndef f(x):\n    return x * 2\nif __name__ == '__main__':\n    sys.exit('must not run')\n"


def test_a_call_does_not_run_the_scripts_own_main(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(GUARDED)
    result = finish(Run(function_job(path, "f(4)", limits=LIMITS), capture=True))
    assert result.trace.returned == "8" and result.returncode == 0
    assert result.trace.context == f"\n{GUARDED}\ndef main():  # << START_OF_TRACE\n    return f(4)\n"
    assert run_source(GUARDED, "f(4)").frames == result.trace.frames


def test_a_marked_context_runs_as_it_was_made() -> None:
    made = run_source(GUARDED, "f(4)")
    with GroundTruth() as truth:
        assert truth.trace(context_job(made.context)).frames == made.frames


def test_finding_a_module_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "a_package_of_this_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / "inner.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert module_job("a_package_of_this_test.inner").file == str(package / "inner.py")
    assert package.name not in sys.modules
    for missing in ("a_package_of_this_test", "a_package_of_this_test.none", "none_such", "sys", "x..y", ""):
        with pytest.raises(InputError):
            module_job(missing)


@pytest.fixture
def bad_source() -> Iterator[dict[str, bytes]]:
    yield {
        "syntax": b"x = 1\ndef f(:\n",
        "return_outside": b"x = 1\nreturn 2\n",
        "nul": b"x = 1\0\n",
        "encoding": b"x = '\xff'\n",
        "unknown_encoding": b"# coding: none-such\n",
        "empty": b"# nothing\n",
        "deep": b"(" * 5000 + b")" * 5000 + b"\n",
        "deep_operators": b"x = " + b"-" * 100_000 + b"1\n",
    }


def test_what_is_not_python_is_one_clear_line(bad_source: dict[str, bytes], tmp_path: Path) -> None:
    for name, text in bad_source.items():
        path = tmp_path / f"{name}.py"
        path.write_bytes(text)
        with pytest.raises(InputError, match=name) as caught:
            script_job(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="syntax.py:2"):
        script_job(tmp_path / "syntax.py")
    with pytest.raises(InputError, match="return_outside.py:2"):
        script_job(tmp_path / "return_outside.py")
    with pytest.raises(InputError, match="cannot read .* Run a package by its name: -m NAME"):
        script_job(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        script_job(tmp_path / "none.py")


def test_a_repr_that_ends_the_program_is_seen(tmp_path: Path) -> None:
    result = run(tmp_path, BREAKS_RENDERING)
    assert result.trace.complete or result.returncode == 9


def test_environment_of_the_child(tmp_path: Path) -> None:
    source = "import os\ndef main():\n    return os.environ.get('PYTHONHASHSEED')\nmain()\n"
    assert run(tmp_path, source).trace.returned == repr(os.environ.get("PYTHONHASHSEED", "0"))


def test_an_interrupt_at_any_place_leaves_nothing_to_wait_for() -> None:
    """As one between taking `Popen`'s lock and the `try` that gives it back: the command waited for ever."""
    run = Run(code_job("while True:\n    pass\n"))
    run._process._waitpid_lock.acquire()  # type: ignore[attr-defined]
    closing = threading.Thread(target=run.close, daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive() and run._process.returncode == -signal.SIGKILL
