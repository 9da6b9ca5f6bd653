"""True traces recorded ahead: in order, a few at once, none too many, and nothing left running."""

from __future__ import annotations

import ast
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.errors import RunError
from cwm_trace.eval import truth
from cwm_trace.eval.benchmarks import Task
from cwm_trace.frames import Trace
from cwm_trace.models.oracle import Oracle
from cwm_trace.prompts import call_prompt
from cwm_trace.simulate import predict
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import PROCESSES, GroundTruth, run_source, source_job
from cwm_trace.tracer.run_folder import own_folder

# Each of two calls waits for the other: they end only if both run at once.
MEETS = (
    "import pathlib, time\ndef f(mine, other):\n    pathlib.Path(mine).touch()\n"
    "    while not pathlib.Path(other).exists():\n        time.sleep(0.01)\n    return mine\n"
)
SLEEPS = "import time\ndef f(path):\n    open(path, 'w').close()\n    time.sleep(600)\n"


def tasks(count: int) -> list[Task]:
    return [Task(f"t{n}", "def f(x):\n    return x\n", f"f({n})") for n in range(count)]


def meeting(folder: Path) -> list[str]:
    one, other = str(folder / "one"), str(folder / "other")
    return [f"f({one!r}, {other!r})", f"f({other!r}, {one!r})"]


@pytest.mark.skipif(PROCESSES < 2, reason="one processor only")
def test_programs_run_beside_each_other(tmp_path: Path) -> None:
    both = [Task(call, MEETS, call) for call in meeting(tmp_path)]
    with truth.true_traces(both) as trace:
        assert [trace(task).returned for task in both] == [repr(str(tmp_path / name)) for name in ("one", "other")]


def test_a_ground_truth_of_two_processes_runs_two_programs(tmp_path: Path) -> None:
    found: list[str | None] = []
    with GroundTruth(2) as two:
        threads = [
            threading.Thread(target=lambda call=call: found.append(two.trace(source_job(MEETS, call)).returned))
            for call in meeting(tmp_path)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, found)) == sorted(repr(str(tmp_path / name)) for name in ("one", "other"))


def test_only_a_few_are_recorded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def record(source: str, call: str, **options: Any) -> Trace:
        begun.append(call)
        return run_source(source, call, **options)

    monkeypatch.setattr(truth, "run_source", record)
    many = tasks(3 * truth.AHEAD + 9)
    with truth.true_traces(many) as trace:
        for number, task in enumerate(many):
            assert trace(task).returned == str(number)
            assert len(begun) <= number + 1 + truth.AHEAD
    assert sorted(begun) == sorted(str(task.call) for task in many), "each is run once"


def test_a_program_that_fails_is_told_where_it_is_asked_for() -> None:
    good, other = tasks(2)
    bad = Task("bad", "import os\ndef f():\n    os._exit(1)\n", "f()")
    with truth.true_traces([good, bad, other]) as trace:
        assert trace(good).returned == "0"
        with pytest.raises(RunError, match="the program ended as killed"):
            trace(bad)
        assert trace(other).returned == "1"


def test_an_interrupt_ends_the_programs_that_run(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    endless = [Task(str(n), SLEEPS, f"f({str(mark)!r})") for n in range(3)]

    def interrupt() -> None:
        while not mark.exists():
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), truth.true_traces(endless) as trace:
        threading.Thread(target=interrupt).start()
        trace(endless[0])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("true-traces")]
    assert run_source("def f():\n    return 1\n", "f()").returned == "1", "the next run starts anew"


def test_closing_ends_what_another_thread_waits_for(tmp_path: Path) -> None:
    mark, raised = tmp_path / "started", []
    sleeping = GroundTruth()

    def ask() -> None:
        try:
            sleeping.trace(source_job(SLEEPS, f"f({str(mark)!r})", limits=Limits(seconds=60.0)))
        except RunError as error:
            raised.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    while not mark.exists():
        time.sleep(0.01)
    sleeping.close()
    thread.join()
    assert raised == ["stopped while the program ran"]


@pytest.mark.parametrize(
    "source", ["raise KeyError\ndef f(x): return x", "import os; os._exit(3)", "import sys; sys.exit()"]
)
def test_a_program_that_ends_before_its_call_says_so(source: str) -> None:
    said = r"the program ended before f\(1\) was reached"
    with pytest.raises(RunError, match=said):
        truth.true_trace(Task("a", source, "f(1)"))
    with pytest.raises(RunError, match=said):
        predict(Oracle(), source, "f(1)")


APPENDS = """import os
def f(name):
    before = sorted(os.listdir())
    with open(name, "a") as file:
        file.write("x")
    return before, os.path.getsize(name), os.getcwd()
"""


def test_a_program_of_text_runs_in_an_empty_folder_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (run_source(APPENDS, "f('there.txt')") for _ in range(2))
    assert first == second
    before, size, folder = ast.literal_eval(str(first.returned))
    assert (before, size) == ([], 1)
    assert not Path(folder).exists()
    assert not any(tmp_path.iterdir())


def test_two_runs_of_one_program_at_once_have_a_folder_each(tmp_path: Path) -> None:
    with own_folder("a") as one, own_folder("a") as other:
        (Path(one) / "x").touch()
        assert one != other
        assert not any(Path(other).iterdir())
    assert not Path(one).exists() and not Path(other).exists()


def test_a_program_runs_where_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("ab")
    assert ast.literal_eval(str(run_source(APPENDS, "f('there.txt')", directory=str(tmp_path)).returned))[:2] == (
        ["there.txt"],
        3,
    )
    given = Oracle(directory=str(tmp_path)).write(call_prompt(APPENDS, "f('there.txt')"))
    assert str(given.returned).startswith("(['there.txt'], 4")
