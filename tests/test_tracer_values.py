"""Values whose `repr` does what it should not: the program's result is its own, the trace is whole, and the text is the repr's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cwm_trace.format import parse
from cwm_trace.frames import Event, Status, Trace
from cwm_trace.tracer import Limits, Settings, record_source, run_script, trace_source
from cwm_trace.tracer.run import run_source


def _seen(trace: Trace, name: str) -> list[str]:
    """What the LINE frames show of a name."""
    return [step.locals[name] for step in trace if step.event is Event.LINE and name in step.locals]


def _odd(body: str, work: str = "    y = 1\n    return x.n\n") -> str:
    return f"class Odd:\n    n = 0\n    def __repr__(self):\n        {body}\ndef f():\n    x = Odd()\n{work}"


def test_a_repr_that_recurses_without_end() -> None:
    recorded = record_source(_odd("return repr(self)"), "f()")
    assert recorded.returned == "0" and set(_seen(recorded, "x")) == {"<unprintable Odd object>"}


def test_a_repr_that_raises_is_not_the_programs_affair(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(_odd("raise KeyError(self)") + "print(f())\n")
    result = run_script(path, capture=True)
    assert (result.stdout, result.trace.complete) == (b"0\n", True)


def test_a_repr_that_changes_its_object() -> None:
    """It runs, as under any recorder that shows values; the trace says what it returned."""
    recorded = record_source(_odd("self.n += 1; return f'n={self.n}'"), "f()")
    seen = _seen(recorded, "x")
    assert seen[0] == "n=1" and all(text.startswith("n=") for text in seen)
    assert parse(recorded.render()) == recorded


def test_a_repr_of_a_class_of_texts_runs_no_more_of_the_program() -> None:
    odd = "class Text(str):\n    __contains__ = __eq__ = __hash__ = isascii = encode = None\n"
    recorded = record_source(odd + _odd("return Text('hello')", "    y = 1\n    y = 2\n    return x\n"), "f()")
    assert recorded.returned == "hello" and _seen(recorded, "x") == ["hello"] * 3
    assert parse(recorded.render()) == recorded


def test_a_repr_that_prints(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(_odd("print('noise'); return 'Odd()'") + "print('end', f())\n")
    result = run_script(path, capture=True)
    assert result.stdout is not None and result.stdout.endswith(b"end 0\n")
    assert _seen(result.trace, "x") == ["Odd()", "Odd()"]


def test_a_repr_of_megabytes_is_shown_whole_and_can_be_cut() -> None:
    source = _odd("return 'x' * 3_000_000")
    assert len(_seen(record_source(source, "f()"), "x")[0]) == 3_000_000
    cut = record_source(source, "f()", settings=Settings(max_value_chars=10))
    assert _seen(cut, "x")[0] == "xxxxxxxxxx…"
    assert [step.capped for step in cut if step.event is Event.LINE and "x" in step.locals] == [True, True]


def test_a_repr_that_takes_for_ever_is_ended_by_the_clock() -> None:
    source = _odd(
        "return 'Odd()' if self.n == 0 else [0 for _ in iter(int, 1)]", "    y = 1\n    Odd.n = 1\n    return y\n"
    )
    recorded = run_source(source, "f()", limits=Limits(seconds=3.0))
    assert (recorded.status, recorded.complete) == (Status.TIME_LIMIT, False)
    assert recorded[-1].source.strip() == "Odd.n = 1"  # everything before the endless one
    assert _seen(recorded, "x")[-1] == "Odd()"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("float('nan')", "nan"),
        ("[float('nan'), float('-inf'), -0.0]", "[nan, -inf, -0.0]"),
        ("(lambda a: a.append(a) or a)([1])", "[1, [...]]"),
        ("(lambda a: a.update(a=a) or a)({})", "{'a': {...}}"),
        ("{3, 1, 2}", "{1, 2, 3}"),
        ("set()", "set()"),
        ("{'a': 1}.items()", "dict_items([('a', 1)])"),
        ("reversed({1: 2})", "<dict_reversekeyiterator object>"),
        ("type('T', (), {'__slots__': ('a',)})()", "<__main__.T object>"),
        ("type('T', (type,), {'__repr__': lambda c: 1 / 0})('U', (), {})", "<unprintable T object>"),
        ("__import__('unittest.mock').mock.sentinel.a", "sentinel.a"),
        ("10 ** 5000", "<unprintable int object>"),
        ("[10 ** 5000]", "<unprintable list object>"),
        ("'\\ud800\\x00é'", "'\\ud800\\x00é'"),
        ("type('T', (), {'__repr__': lambda t: 'T at 0x7fe0'})()", "T"),
        ("type('T', (), {'__repr__': lambda t: 'T at 0x7fe0!'})()", "T at 0x7fe0!"),
    ],
)
def test_values_as_they_are_shown(expression: str, text: str) -> None:
    assert record_source("def f(): pass", expression).returned == text


def test_numpy_arrays() -> None:
    numpy: Any = pytest.importorskip("numpy")
    source = "import numpy as np\ndef f():\n    a = np.arange(3)\n    a[0] = 7\n    b = np.zeros((2000, 2))\n    return a == 1\n"
    recorded = record_source(source, "f()")
    assert _seen(recorded, "a") == ["array([0, 1, 2])", "array([7, 1, 2])", "array([7, 1, 2])"]
    assert _seen(recorded, "b") == [repr(numpy.zeros((2000, 2)))]  # with numpy's own "..."
    assert recorded.returned == "array([False,  True, False])"


def test_pandas_frames() -> None:
    pandas: Any = pytest.importorskip("pandas")
    source = "import pandas as pd\ndef f():\n    d = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})\n    d['c'] = d.a * 2\n    return d.c.sum()\n"
    recorded = record_source(source, "f()")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]})
    before = repr(frame)
    frame["c"] = frame.a * 2
    assert _seen(recorded, "d") == [before, repr(frame)]
    assert recorded.returned == repr(frame.c.sum())


SHARED = "def f(n):\n    made = [0]\n    for _ in range(n):\n        made = [made, made]\n    return made\n"


def test_a_value_too_large_for_memory_is_shown_by_its_beginning() -> None:
    """Its whole text would have 2**50 times `0`."""
    recorded = record_source(SHARED, "f(50)", settings=Settings(max_value_items=1_000))
    assert recorded.returned is not None and len(recorded.returned) < 1_000 and recorded.returned.endswith("…")
    assert recorded[-1].capped and not recorded[3].capped
    whole = record_source(SHARED, "f(5)")
    assert record_source(SHARED, "f(5)", settings=Settings(max_value_items=126)).render() == whole.render()
    assert record_source(SHARED, "f(5)", settings=Settings(max_value_items=93)).returned != whole.returned


def test_a_child_process_survives_such_values() -> None:
    recorded = trace_source(SHARED + "def g():\n    f(60)\n", "g()", limits=Limits(memory=1 << 30, seconds=60.0))
    assert recorded.returned == "None"
    assert any(step.capped for step in recorded)


def test_what_is_in_itself_is_not_large() -> None:
    source = "def f():\n    a = [1]\n    a.append(a)\n    d = {'a': a}\n    d['d'] = d\n    return a, d\n"
    assert record_source(source, "f()", settings=Settings(max_value_items=50)) == record_source(source, "f()")


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("list(range(100))", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19…"),
        ("dict.fromkeys('abcdefghijk', [1, 'é'])", "{'a': [1, 'é'], 'b': [1, 'é'], "),
        ("deque('abcdefghijklmn')", "deque('a', 'b', "),
        ("[['x' * 5000] for _ in range(12)]", "[['xxx"),
        ("[[0], [0] * 30, {1: [2] * 40}, (3,) * 30]", "[[0], […], {…}, (…)…"),
        ("{n: n for n in range(12)}.items()", "dict_items((0, 0), (1, 1), "),
    ],
)
def test_the_beginning_of_a_large_value(expression: str, shown: str) -> None:
    source = f"from collections import deque\ndef f():\n    return {expression}\n"
    returned = record_source(source, "f()", settings=Settings(max_value_items=10)).returned
    assert returned is not None and returned.startswith(shown) and returned.endswith("…") and len(returned) <= 1_001
