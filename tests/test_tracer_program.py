"""Several calls of one program: each trace is the one that a recorder of its own gives."""

from __future__ import annotations

import builtins
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cwm_trace.errors import InputError
from cwm_trace.format import render
from cwm_trace.frames import Status, Trace
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer.entry import script_entry
from cwm_trace.tracer.inprocess import imported, record_context, record_source
from cwm_trace.tracer.program import TracedProgram
from cwm_trace.tracer.run import run_script, run_source
from cwm_trace.train.programs import generate


def facts(trace: Trace) -> tuple[Any, ...]:
    """All of a trace, what its equality leaves out, too."""
    lines = [step.line_number for step in trace]
    return trace, trace.status, dict(trace.meta), lines, [facts(thread) for thread in trace.threads]


pytestmark = pytest.mark.usefixtures("settled")
PROGRAMS = {
    "state": ("seen = []\ndef f(x):\n    seen.append(x)\n    return seen", ["f(1)", "f(2)", "f(1)"]),
    "raises": ("def f(x):\n    return 1 // x", ["f(0)", "f(1)", "f(0)", "g()"]),
    "generator": ("def f(n):\n    for i in range(n):\n        yield i", ["f(2)", "list(f(2))", "next(f(3))"]),
    "comprehension in the call": ("def f(x):\n    return x", ["[f(i) for i in 'ab']", "f((lambda y: y + 1)(2))"]),
    "several lines": ("def f(a, b):\n    return a + b\n\n", ["f(\n  'a',\n  'b'\n)", "f(1, 2)"]),
    "main guard": ("def f():\n    return __name__\nif __name__ == '__main__':\n    print(f())", ["f()", "f()"]),
    "own main": ("def main():\n    return 5\nf = main", ["f()", "f.__name__", "main.__name__"]),
    "class": ("class C:\n    def __repr__(self):\n        return 'c'\ndef f(c):\n    return c", ["f(C())", "C()"]),
    "rebinds a builtin": ("def f(x):\n    global len\n    len = sum\n    return len(x)", ["f([3])", "len([3])"]),
    "form feed": ("def f():\n    '\x0c \u2028'\n    return 1", ["f()", "f() + 1"]),
}


LATE_END = """
import gc
def late(box):
    try:
        yield 1
    finally:
        box.append(2)
def f(n):
    gc.collect()
    box = []
    it = late(box)
    box.append(it)
    next(it)
    return n
"""
LATE_DEL = """
import gc
class Late:
    def __del__(self):
        x = 1
def f(n):
    gc.collect()
    item = Late()
    item.self = item
    return n
"""
# A thread's own text names its number, which the system chooses.
THREADS = """
import threading
class Worker(threading.Thread):
    __repr__ = lambda self: 'worker'
def work(n):
    return n + 1
def f(n):
    for _ in range(n):
        thread = Worker(target=work, args=(n,), name='worker')
        thread.start()
        thread.join()
    return n
"""
PROGRAMS["threads"] = (THREADS, ["f(1)", "f(2)", "f(0)", "f(1)"])
PROGRAMS["exec and eval"] = (
    "def f(x):\n    exec('y = 1\\ny = x')\n    return eval('x + 1')",
    ["f(1)", "f(2)", "eval('f(3)')"],
)
PROGRAMS["generator that ends in the next call"] = (LATE_END, ["f(1)", "f(2)"])
PROGRAMS["finaliser that runs in the next call"] = (LATE_DEL, ["f(1)", "f(2)"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_call_is_recorded_as_alone(name: str) -> None:
    source, calls = PROGRAMS[name]
    program = TracedProgram(source)

    assert [facts(program.trace(call)) for call in calls] == [facts(record_source(source, call)) for call in calls]


def test_calls_of_generated_programs_are_recorded_as_alone() -> None:
    compared = 0
    for seed in range(70_000_000, 70_000_060):
        made = generate(seed, 3)
        try:
            program = TracedProgram(made.source)
        except InputError:
            continue
        for call in made.calls:
            limits: Any = {"max_frames": 50, "max_characters": 900}
            assert facts(program.trace(call, **limits)) == facts(record_source(made.source, call, **limits))
            compared += 1
    assert compared > 100


MODULES = {
    "names of builtins": ("import builtins\ndef f():\n    builtins.fish = 1\n    return fish\n", "1"),
    "builtins rebound": (
        "import builtins\ndef f():\n    old, builtins.len = len, lambda x: 7\n    n, builtins.len = len([]), old\n    return n\n",
        "7",
    ),
    "the builtins are a module": ("def f():\n    return type(__builtins__).__name__\n", "'module'"),
    "annotations that are looked up": (
        "from __future__ import annotations\nfrom dataclasses import InitVar, dataclass\n@dataclass\nclass A:\n    n: InitVar[int]\n"
        "def f():\n    return vars(A(1))\n",
        "{}",
    ),
    "pickled": (
        "import pickle\nclass A:\n    pass\ndef f():\n    return type(pickle.loads(pickle.dumps(A()))) is A\n",
        "True",
    ),
    "asked for its name": (
        "import sys\ndef f():\n    return sys.modules[__name__].f is f\nif __name__ == '__main__':\n    f()\n",
        "True",
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_program_finds_itself_and_its_builtins(name: str) -> None:
    source, returned = MODULES[name]
    before = dict(sys.modules), dict(vars(builtins))
    assert record_source(source, "f()").returned == returned
    assert TracedProgram(source).trace("f()").returned == returned
    assert run_source(source, "f()").returned == returned
    vars(builtins).pop("fish", None)
    assert vars(builtins) == before[1]
    assert {name: module for name, module in sys.modules.items() if name in before[0]} == before[0]
    assert "program" not in sys.modules


def test_programs_in_threads_find_themselves_one_after_another() -> None:
    main = sys.modules["__main__"]
    modules = [ModuleType("__main__") for _ in "abc"]
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(imported(modules[0]))
        second.enter_context(imported(modules[1]))
        first.close()
        assert sys.modules["__main__"] is modules[1]
        with imported(modules[2]):
            assert sys.modules["__main__"] is modules[2]
        assert sys.modules["__main__"] is modules[1]
    assert sys.modules["__main__"] is main


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer of the system's")
def test_a_call_that_was_cut_off_leaves_nothing_to_the_next() -> None:
    class Late(BaseException):
        pass

    def alarm(*_: object) -> None:
        raise Late

    source = "def f(n):\n    for i in range(n):\n        x = [i]\n    return n"
    program = TracedProgram(source)
    before = signal.signal(signal.SIGALRM, alarm)
    try:
        # Again and again, as one that falls into a callback is lost ("Exception ignored in"); and of a program that ends, with what it fills.
        signal.setitimer(signal.ITIMER_REAL, 0.2, 1.0)
        with pytest.raises(Late):
            program.trace("f(10 ** 7)")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert program.trace("f(100)", max_frames=20).status is Status.FRAME_LIMIT
    assert facts(program.trace("f(2)")) == facts(record_source(source, "f(2)"))


def test_what_cannot_be_traced_is_said_in_a_line() -> None:
    with pytest.raises(InputError, match="<source>:1"):
        TracedProgram("def f(:")
    with pytest.raises(InputError, match="not an expression"):
        TracedProgram("def f(): pass").trace("f(")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_end_as_python_reads_them(tmp_path: Path, end: str) -> None:
    """A trace of a file from Windows is that of its lines, as `linecache` has them."""
    source = "def f(x):\n    text = '''a\n  b'''\n    return text, x\nprint(f(3))\n"
    (tmp_path / "p.py").write_text(source, newline=end)

    whole = run_script(tmp_path / "p.py").trace
    assert "\r" not in render(whole) and whole.context == script_entry(source).context
    assert record_source(source.replace("\n", end), "f(1)") == record_source(source, "f(1)")
    assert run_source(source.replace("\n", end), "f(1)") == record_source(source, "f(1)")
    assert call_prompt(source.replace("\n", end), "f(1)") == call_prompt(source, "f(1)")
    assert record_context(whole.context.replace("\n", end)) == record_context(whole.context)
