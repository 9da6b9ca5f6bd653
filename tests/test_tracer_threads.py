"""Threads, each with traces of its own, against `sys.settrace` in each thread; and forks, which are not recorded."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.files import iter_traces, load
from cwm_trace.frames import Event, Status, Trace
from cwm_trace.tracer import Limits, record_source, run_script, trace, trace_source
from cwm_trace.tracer.record import Recorder
from tests.settrace_oracle import settrace_threads

pytestmark = pytest.mark.skipif(sys.platform == "emscripten", reason="neither threads nor processes there")

# What shows threads (whose reprs change) is kept out of the locals.
PROGRAMS = {
    "functions": """
        import threading
        def double(x):
            return x * 2
        def work(n):
            total = 0
            for i in range(n):
                total += double(i)
            return total
        def f():
            for n in range(3):
                run(work, n)
            return double(4)
        def run(target, n):
            made = [threading.Thread(target=target, args=(n,), name=f"w{n}")]
            STARTED.append(made.pop())
            STARTED[-1].start()
            STARTED[-1].join()
        STARTED = []
    """,
    "side by side": """
        import sys, threading
        KEPT = []
        def work(n):
            done = []
            for i in range(300):
                done.append((i, n))
                if len(done) > 3:
                    done.clear()
            return len(done)
        def f():
            sys.setswitchinterval(1e-5)
            for n in range(4):
                KEPT.append(threading.Thread(target=work, args=(n,), name=f"w{n}"))
                KEPT[-1].start()
            some = []
            for n in range(100):
                some.append(n)
            for n in range(4):
                KEPT[n].join()
            sys.setswitchinterval(0.005)
    """,
    "what a thread raises": """
        import threading
        KEPT = []
        def inner(d):
            try:
                return d["x"]
            finally:
                d["y"] = 1
        def work(d):
            for key in "ab":
                inner(d)
        def f():
            KEPT.append(threading.Thread(target=work, args=({},), name="w"))
            KEPT[0].start()
            KEPT[0].join()
    """,
    "methods, closures and generators": """
        import threading
        class Worker(threading.Thread):
            def __init__(self, n):
                super().__init__(name=f"w{n}")
                self.n = n
            def run(self):
                k = self.n
                for x in pairs(k):
                    k += x
                self.result = (lambda y: y + k)(1)
            def __repr__(self):
                return "W"
        def pairs(n):
            got = yield n
            yield from range(n)
            return 5
        def f():
            every = [Worker(2), Worker(3)]
            for w in every:
                w.start()
                w.join()
            return every[0].result, every[1].result
    """,
    "a pool": """
        from concurrent.futures import ThreadPoolExecutor
        def task(n):
            if n == 2:
                raise ValueError(n)
            return [n] * n
        def f():
            KEPT.append(ThreadPoolExecutor(1, "pool"))
            for n in range(4):
                KEPT.append(KEPT[0].submit(task, n))
            KEPT[0].shutdown()
            return repr(KEPT[-1].result())
        KEPT = []
    """,
    "a thread starts a thread": """
        import threading
        KEPT = []
        def leaf(n):
            return n
        def branch(n):
            run(leaf)
            return leaf(n + 1)
        def f():
            run(branch)
            return leaf(7)
        def run(target):
            KEPT.append(threading.Thread(target=target, args=(1,), name=target.__name__))
            KEPT[-1].start()
            KEPT[len(KEPT) - 1 - (target is branch)].join()
    """,
    "a generator in another thread": """
        import threading
        KEPT = []
        def numbers():
            n = 0
            while n < 3:
                got = yield n
                n += 1
        def f():
            KEPT.append(threading.Thread(target=list, args=(numbers(),), name="w"))
            KEPT[0].start()
            KEPT[0].join()
            return 1
    """,
    "before the entry, nothing": """
        import threading
        KEPT = []
        def work(event):
            event.wait()
            return later(1)
        def later(n):
            return n
        EVENT = type("Event", (threading.Event,), {"__repr__": lambda self: "event"})()
        KEPT.append(threading.Thread(target=work, args=(EVENT,), name="w"))
        KEPT[0].start()
        def f():
            EVENT.set()
            KEPT[0].join()
    """,
}


@pytest.fixture(autouse=True)
def _no_word_of_what_threads_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.excepthook", id)


def _by_thread(recorded: Trace) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for other in recorded.threads:
        texts.setdefault(other.meta["thread"], []).append(other.render())
        assert other.meta["call in thread"] == str(len(texts[other.meta["thread"]]))
    return texts


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_thread_equals_settrace(name: str) -> None:
    source = textwrap.dedent(PROGRAMS[name])
    recorded = record_source(source, "f()")
    main, threads = settrace_threads(source, "f()")
    assert recorded.render() == main
    assert _by_thread(recorded) == threads
    assert threads


@pytest.mark.parametrize("name", PROGRAMS)
def test_child_processes_record_the_same(name: str, tmp_path: Path) -> None:
    source = textwrap.dedent(PROGRAMS[name])
    here = record_source(source, "f()")
    for recorded in (trace_source(source, "f()"), _saved(source, tmp_path)):
        assert _by_thread(recorded) == _by_thread(here)
        assert recorded.render() == here.render()
        assert {other.meta["parent"] for other in recorded.threads} == {recorded.meta["name"]}


def _saved(source: str, tmp_path: Path) -> Trace:
    """By way of the command, which keeps no frames in memory, and of its file; `f()` in the place that a call has."""
    path = tmp_path / "script.py"
    path.write_text(source)
    line = [sys.executable, "-m", "cwm_trace", "trace", f"{path}::f", "--call", "f()", "-o", str(tmp_path / "t.jsonl")]
    subprocess.run(line, check=True, capture_output=True)
    return load(tmp_path / "t.jsonl")


FORK = """
import multiprocessing, os, sys, threading
def work(n):
    return n + 1
def child(how):
    x = 1
    if how == "raises":
        raise ValueError(x)
    if how == "leaves at once":
        os._exit(3)
    if how == "starts a thread":
        started = threading.Thread(target=work, args=(x,))
        started.start()
        started.join()
    if how == "exits":
        sys.exit(4)
    return x
def main():
    before = 1
    pid = os.fork()
    if not pid:
        child(HOW)
        return 5
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return work(status)
HOW = sys.argv[1]
main()
"""


@pytest.mark.parametrize(
    ("how", "code"),
    [("returns", 0), ("raises", 1), ("leaves at once", 3), ("starts a thread", 0), ("exits", 4)],
)
def test_a_forked_process_is_not_recorded(how: str, code: int, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(FORK)
    recorded = run_script(path, [how], capture=True).trace
    assert recorded.complete and recorded.returned == str(code + 1)
    assert [step.source.strip() for step in recorded if step.event is Event.CALL] == ["def main():", "def work(n):"]
    assert recorded.meta["forks"] == "1 (not recorded)"
    assert not recorded.threads


def test_a_recorder_adds_nothing_in_a_forked_process() -> None:
    source = (
        "import os\ndef work():\n    return 1\ndef main():\n    pid = os.fork()\n    work()\n    if not pid:\n        os._exit(known())\n"
        "    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
    )
    recorder = Recorder(source, "<forks>", entry_line=4, emit=None)
    namespace: dict[str, Any] = {"known": lambda: len(recorder.entries)}
    exec(recorder.code, namespace)
    assert namespace["main"]() == 2  # what was there when it forked: CALL, LINE
    assert len(recorder.entries) > 5


def test_a_fork_while_threads_run(tmp_path: Path) -> None:
    """In the child, locks that threads held stay locked for ever."""
    path = tmp_path / "script.py"
    path.write_text(
        "import os, sys, threading\n"
        "def spin(stop):\n    n = 0\n    while not stop:\n        n += 1\n"
        "def child(n):\n    return n\n"
        "def main():\n    stop = []\n    sys.setswitchinterval(1e-5)\n"
        "    for _ in range(3):\n        threading.Thread(target=spin, args=(stop,)).start()\n"
        "    for n in range(20):\n        pid = os.fork()\n        if not pid:\n            child(n)\n            os._exit(0)\n"
        "        os.waitpid(pid, 0)\n    stop.append(1)\n    return n\nmain()\n"
    )
    recorded = run_script(path, capture=True, limits=Limits(frames=None, seconds=60.0)).trace
    assert recorded.returned == "19"
    assert recorded.meta["forks"] == "20 (not recorded)"
    assert [one.returned for one in recorded.threads] == ["None"] * 3


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import multiprocessing\n"
        "def task(n):\n    m = n * n\n    return m\n"
        f"def main():\n    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
        "        out = pool.map(task, range(4))\n    return out, task(9)\n"
        "if __name__ == '__main__':\n    print(main())\n"
    )
    plain = subprocess.run([sys.executable, str(path)], capture_output=True, check=True)
    result = run_script(path, capture=True)
    assert (result.stdout, result.stderr, result.returncode) == (plain.stdout, plain.stderr, 0)
    assert result.trace.returned == "([0, 1, 4, 9], 81)"
    assert [step.source.strip() for step in result.trace if step.event is Event.CALL] == ["def main():", "def task(n):"]
    assert result.trace.meta.get("forks") == ("2 (not recorded)" if method == "fork" else None)


def test_a_daemon_thread_that_runs_on_has_an_open_trace(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import threading, time\ndef work(event):\n    while True:\n        time.sleep(0.001)\n        event.set()\n"
        "def main():\n    event = threading.Event()\n"
        "    threading.Thread(target=work, args=(event,), daemon=True, name='w').start()\n    event.wait()\n    return 1\nmain()\n"
    )
    recorded = run_script(path, capture=True).trace
    assert recorded.returned == "1"
    (other,) = recorded.threads
    assert (other.meta["thread"], other.status, other.complete) == ("w", Status.OPEN, False)
    assert len(other) >= 3 and other[0].event is Event.CALL


def test_a_thread_goes_on_when_the_entry_is_left(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import threading\ndef work(main):\n    main.join()\n    n = 0\n    while n < 50:\n        n += 1\n    return n\n"
        "def main():\n    threading.Thread(target=work, args=(threading.main_thread(),)).start()\n    return 1\nmain()\n"
    )
    for recorded in (run_script(path, capture=True).trace, trace_source(path.read_text())):
        assert [recorded.returned, *(other.returned for other in recorded.threads)] == ["1", "50"]


@pytest.mark.parametrize(("join", "complete"), [("t.join()", False), ("pass", True)])
def test_limits_count_all_threads(join: str, complete: bool, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import threading\ndef work():\n    n = 0\n    while True:\n        n += 1\n"
        f"def main():\n    t = threading.Thread(target=work)\n    t.start()\n    {join}\nmain()\n"
    )
    result = run_script(path, capture=True, limits=Limits(frames=5_000, seconds=60.0))
    (other,) = result.trace.threads
    assert result.frames == len(result.trace) + len(other) == 5_000
    assert (result.trace.complete, other.status) == (complete, Status.FRAME_LIMIT)


def test_the_file_has_a_line_for_each(tmp_path: Path) -> None:
    recorded = record_source(textwrap.dedent(PROGRAMS["functions"]), "f()")
    recorded.save(str(tmp_path / "t.jsonl"))
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    assert [json.loads(line)["schema"] for line in lines] == ["cwm-trace/1"] * 4
    assert list(iter_traces(tmp_path / "t.jsonl")) == [recorded, *recorded.threads]
    assert load(tmp_path / "t.jsonl").threads == recorded.threads
    recorded.save(str(tmp_path / "t.txt"))
    assert load(tmp_path / "t.txt") == recorded


def test_a_call_in_this_process() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def task(n: int) -> int:
        return n + 1

    def work() -> int:
        with ThreadPoolExecutor(1, "pool") as pool:
            return pool.submit(task, 4).result()

    recorded = trace(work)
    (other,) = recorded.threads
    assert (recorded.returned, other.returned, other.meta["thread"]) == ("5", "5", "pool_0")
    assert not trace(task, 1).threads


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def waits(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_traces_of_functions_take_turns() -> None:
    """Who began last and ended first left its code in the function."""
    before = fibonacci.__code__, waits.__code__
    first = threading.Thread(target=trace, args=(waits, 0.4))
    with ThreadPoolExecutor(4) as pool:
        first.start()
        time.sleep(0.1)
        made = list(pool.map(lambda n: trace(fibonacci, n % 3), range(6)))
        first.join()

    assert made == [trace(fibonacci, n) for n in range(3)] * 2
    assert (fibonacci.__code__, waits.__code__) == before


_MAKES_TUPLES = """
import sys, threading
from cwm_trace.tracer.callables import _living
def work():
    while not over:
        tuple(i for i in range(60))  # grows
over = []
errors = []
threading.excepthook = errors.append
threads = [threading.Thread(target=work) for _ in range(3)]
sys.setswitchinterval(1e-5)
for thread in threads:
    thread.start()
for _ in range(8):
    _living()
over.append(1)
for thread in threads:
    thread.join()
print(errors, sys.getswitchinterval() < 1e-4)
"""


def test_looking_for_functions_leaves_other_threads_alone() -> None:
    """A list of all objects has tuples that are being made, which then cannot grow: SystemError in whoever makes them."""
    done = subprocess.run([sys.executable, "-c", _MAKES_TUPLES], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[] True\n", "")
