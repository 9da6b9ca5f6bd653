"""Scripts as they are started: what they see of their file, modules beside it, an entry that pauses, and what nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

import cwm_trace as ct
from cwm_trace.frames import Event, Trace
from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.prompts import Start, script_prompt, started
from cwm_trace.tracer.run import run_script
from tests.test_models_machine import followed, is_settled
from tests.test_models_outlook import TRUE

pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch, own_hashes: None) -> None:
    monkeypatch.setattr(Following, "is_strict", True)


def recorded(folder: Path, source: str, **modules: str) -> tuple[Trace, Start]:
    """The trace of a script with modules beside it, and how it is started."""
    for name, text in modules.items():
        file = folder.joinpath(*name.split("__")).with_suffix(".py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    script = folder / "script.py"
    script.write_text(source, encoding="utf-8")
    return run_script(script).trace, Start(str(script))


OF_ITS_FILE = """
import argparse, os, sys, traceback
from pathlib import Path
def fails():
    raise ValueError("x")
def main():
    here = __file__, Path(__file__).parent, os.path.basename(sys.argv[0]), len(sys.argv)
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=3)
    given = parser.parse_args(), parser.format_usage()
    try:
        fails()
    except ValueError as error:
        text = traceback.format_exc()
        name = error.__traceback__.tb_frame.f_code.co_filename
    return here, given
main()
"""


def test_a_script_sees_its_file(tmp_path: Path) -> None:
    assert is_settled(*recorded(tmp_path, OF_ITS_FILE))


WITH_CARETS = r"""
import traceback, sys


class Box:
    def __init__(self, items):
        self.items = items

    def total(self):
        return sum(item["price"] * item["count"]
                   for item in self.items)

    def at(self, i, j=0):
        return self.items[i][j] + (
            1 / 0)


def wrap(work, *args):
    try:
        work(*args)
    except Exception:
        return traceback.format_exc()


def nested(n):
    if n == 0:
        raise ValueError("bottom")
    return nested(n - 1) + 1


def chain():
    try:
        {}["key"]
    except KeyError as bad:
        bad.add_note("a note")
        raise RuntimeError("outer") from bad


def two():
    try:
        int("x")
    finally:
        a = [1, 2][5]


def long_line(aaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbb, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccccccccccccccccc):
    return aaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb + ccccccccccccccccccccccccc + (aaaaaaaaaaaaaaaaaaaaaa / bbbbbbbbbbbbbbbbbb)


def gen():
    yield 1
    assert False, "no"


async def co():
    await other()


async def other():
    raise LookupError("é", 3)


def main():
    box = Box([{"price": 2, "count": 3}, {"price": 2}])
    out = [wrap(box.total), wrap(box.at, 0), wrap(box.at, 9), wrap(nested, 3), wrap(nested, 8), wrap(chain), wrap(two)]
    out.append(wrap(long_line, 1, 0, 3, 2))
    out.append(wrap(list, gen()))
    try:
        co().send(None)
    except LookupError:
        out.append(traceback.format_exc(limit=1))
        kind, bad, tb = sys.exc_info()
        out.append("".join(traceback.format_exception(kind, bad, tb)))
        out.append([(each.name, each.lineno, each.line, each.colno, each.end_colno) for each in traceback.extract_tb(tb)])
    out.append(wrap(eval, "1 +"))
    out.append(wrap(eval, "1 + + ", {}))
    out.append(wrap(lambda: "é" + (lambda z: z.nope)(3)))
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError("t")])
    except ExceptionGroup as g:
        out.append(traceback.format_exc())
    return out


main()
"""


def test_tracebacks_mark_what_has_failed(tmp_path: Path) -> None:
    assert is_settled(*recorded(tmp_path, WITH_CARETS))


HELPER = '''"""Helpers."""
FACTOR = 3
def scale(x):
    return x * FACTOR
class Counter:
    def __init__(self, start=0):
        self.count = start
    def hit(self):
        self.count += 1
        return self.count
    def __repr__(self):
        return f"Counter({self.count})"
'''
BESIDE = """
import helper, random
from helper import scale as sc, Counter
import pkg.inner
from pkg import value, inner
from pkg import *
def main():
    c = helper.Counter()
    c.hit()
    d = sc(4), helper.FACTOR, value, pkg.inner.Thing(a=1), inner.value, random.choice([1])
    class Sub(Counter):
        pass
    s = Sub(2).hit(), type(c), isinstance(Sub(), Counter), helper
    helper.FACTOR = 10
    t = sc(1)
    for name in ("nope",):
        try:
            getattr(c, name)
        except AttributeError as error:
            u = str(error)
        try:
            getattr(helper, name)
        except AttributeError as error:
            v = str(error)
    return c, d, s, t
main()
"""


def test_modules_beside_a_script_are_followed(tmp_path: Path) -> None:
    """One of them has the name of a module of the library, which it hides."""
    modules = {
        "helper": HELPER,
        "pkg____init__": 'from .inner import value, Thing\n__all__ = ["value"]\n',
        "pkg__inner": "from helper import scale\nvalue = scale(14)\nclass Thing(dict):\n    pass\n",
        "random": "def choice(items):\n    return 'first', items[0]\n",
    }
    assert is_settled(*recorded(tmp_path, BESIDE, **modules))


PAUSES = {
    "a coroutine": """
import asyncio
async def fetch(n):
    await asyncio.sleep(0.01 * n)
    return n * 2
async def numbers():
    for i in range(3):
        yield i
        await asyncio.sleep(0)
async def main():
    a = await fetch(1)
    r = await asyncio.gather(fetch(2), fetch(1))
    t = asyncio.create_task(fetch(3))
    s = 0
    async for x in numbers():
        s += x
    return a, r, await t, s
def after():
    return 1
print(asyncio.run(main()))
after()
""",
    "a generator": "def main():\n    yield 1\n    yield 2\nprint(list(main()))\n",
    "one in a loop": "def main():\n    yield 1\n    yield 2\nfor x in main():\n    print(x)\n",
    "one that is not gone on with": "def main():\n    x = yield 1\n    y = yield x\ng = main()\nnext(g)\nprint('no more')\n",
    "definitions alone": "def f(n):\n    return n\n\n\nclass P:\n    y = 1\n",
    "tests": """
import unittest
class T(unittest.TestCase):
    def test_good(self):
        self.assertEqual(1 + 2, 3)
    def test_bad(self):
        self.assertEqual(1 + 2, 4)
if __name__ == "__main__":
    unittest.main()
""",
}


@pytest.mark.parametrize("name", PAUSES)
def test_an_entry_is_followed_to_its_end(name: str, tmp_path: Path) -> None:
    assert is_settled(*recorded(tmp_path, PAUSES[name]))


UNKNOWN = """
import datetime, os, random, time, uuid
def main():
    start = time.time()
    now = datetime.datetime.now()
    day = datetime.date.today()
    x = random.random()
    n = random.randint(1, 6)
    elapsed = time.time() - start
    text = f"{elapsed:.1f} s"
    if elapsed > 5:
        text = "slow"
    pid, made = os.getpid(), uuid.uuid4()
    home = os.environ.get("HOME")
    return text
main()
"""


def test_what_nobody_knows_has_a_guess_of_its_kind(tmp_path: Path) -> None:
    trace, start = recorded(tmp_path, UNKNOWN)
    kinds = {
        "start": "1767",
        "now": "datetime.datetime(2026, 1, 1, ",
        "day": "datetime.date(",
        "x": "0.",
        "n": "",
        "text": "'0.0",
    }
    seen = set()
    for told, step in followed(trace, Stepwise(TRUE), start):
        assert told is not None and (told.event, [*told.locals]) == (step.event, [*step.locals])
        for name in kinds.keys() & step.locals.keys() - step.unchanged:
            value = told.locals[name]
            assert value is not None and value.startswith(kinds[name]), name
            seen.add(name)
    assert seen == kinds.keys()


def test_a_trace_goes_on_from_guesses(tmp_path: Path) -> None:
    """What a rollout has written of a clock is what the clock said: differences and formats are of that."""
    trace = ct.predict(ct.load_model("nano"), prompt=started(script_prompt(UNKNOWN), Start("script.py")))
    assert trace.complete and trace.returned == "'0.0 s'"
    assert not any(step.event is None for step in trace.frames)


READS = """
import sys, random
def main():
    name = input("name? ").strip()
    if name == "q":
        return "quit"
    a, b = (list(map(int, input().split())) * 2)[:2]
    n = int(input())
    total = 0
    for i in range(n):
        total += int(input())
    guess = random.randint(1, 10)
    while guess != 7 and total < 5:
        total += 1
        guess = random.randint(1, 10)
    parts = [p for p in input().split(",") if p]
    up = name.upper() + "!"
    return total, a + b, parts, up
main()
"""


def test_a_program_that_reads_lines_goes_on_from_guesses() -> None:
    trace = ct.predict(ct.load_model("nano"), READS)
    assert trace.complete and (trace.returned or "").startswith("(") and not trace.malformed
    assert any(step.locals.get("parts") == "['1']" for step in trace.frames)


@pytest.mark.parametrize("source", ["x = 1\nprint(x)", "def main():\n    return 1\nmain()\nif True:\n    print(2)"])
def test_a_last_line_without_a_newline_is_shown_as_it_is(source: str) -> None:
    trace = ct.predict(ct.load_model("nano"), source)
    assert [step.source for step in trace.frames] == [step.source for step in ct.trace_source(source).frames]
    assert trace.frames[-1].event is Event.RETURN


def test_a_mark_in_the_source_is_no_part_of_a_call() -> None:
    source = "def helper(x):  # << START_OF_TRACE\n    y = x + 1\n    return y\n"
    predicted, true = ct.predict(ct.load_model("nano"), source, "helper(3)"), ct.trace_source(source, call="helper(3)")
    assert ct.diff(predicted, true).first is None and predicted.returned == "4"


@pytest.mark.parametrize("name", ["a coroutine", "definitions alone", "a loop that raises"])
def test_a_single_step_is_what_the_entry_comes_to(name: str) -> None:
    """A RETURN is forced, with no frames before it, as CWM is asked in a single step."""
    raises = "def main():\n    for i in range(9):\n        x = 10 // (5 - i)\nmain()\n"
    source = PAUSES.get(name, raises)
    trace = ct.predict(ct.load_model("nano"), source, force=Event.RETURN)
    true = ct.trace_source(source).frames[-1]
    assert [(step.event, step.source, step.value) for step in trace.frames[1:]] == [
        (true.event, true.source, true.value)
    ]
