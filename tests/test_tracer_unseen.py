"""Programs that could see the tracer, by what their objects are asked for or by what is kept alive: they come to what plain Python comes to.

Each in `odd_programs.txt` did not, once: it ended in an exception of ours, looped, crashed, or found its values alive.
"""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.tracer import fast, record_source

PROGRAMS = {
    name: (source.strip("\n") + "\n", call)
    for source, name, call in re.findall(
        r"(.*?)\n### ([^\n:]*): ([^\n]*)\n",
        Path(__file__).with_name("odd_programs.txt").read_text(encoding="utf-8"),
        re.DOTALL,
    )
}
pytestmark = pytest.mark.usefixtures("settled")
_HASHED = ("iterators of a class that has no hash", "exceptions of a class that has no hash")


@pytest.mark.filterwarnings("ignore:non-string key")
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_comes_to_what_plain_python_comes_to(name: str) -> None:
    if name in _HASHED and fast.module is None:
        pytest.skip("hooks in Python look for the type of each value in a table")
    source, call = PROGRAMS[name]
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(source, space)
    expected = repr(eval(call, space))
    gc.collect()
    assert record_source(source, call).returned == expected


def test_a_type_of_c_that_nobody_has_made_ready() -> None:
    pytest.importorskip("_testbuffer")
    source = "from _testbuffer import ndarray\ndef f():\n    a = ndarray([1, 2], shape=[2])\n    b = memoryview(a)\n    return b.tolist()\n"
    assert record_source(source, "f()").returned == "[1, 2]"
