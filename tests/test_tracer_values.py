"""Values whose `repr` does what it should not: the program's result is its own, the trace is whole, and the text is the repr's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cwm_trace.format import parse
from cwm_trace.frames import Event, Status, Trace
from cwm_trace.tracer import Limits, Settings, record_source, run_script
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
