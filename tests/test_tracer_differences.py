"""Where our events are not those of `sys.settrace`, and why they cannot be. Mending one makes its test fail, and the entry is to go.

Beside these, settrace itself changes some programs, see the last test; and where hooks are Python functions, RecursionError comes a few Python
frames earlier than under plain python. Where they are in C (`test_tracer_accelerated`), it does not.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from cwm_trace.tracer import record_source
from tests.settrace_oracle import settrace_text

DIFFERENCES = {
    "a generator returns a value and lets go of what it held, before the loop ends; what dies with the zip dies after it": (
        "class Noted:\n    def __del__(self): pass\ndef g():\n    kept = Noted()\n    yield 1\n    return 2\n"
        "def f():\n    for x in zip([1, 2], (z for z in [3, 4]), g()):\n        pass\n"
    ),
    "C code clears the StopIteration of one of several iterators, which others may pass on": (
        "from itertools import chain\nclass Empty:\n    def __iter__(self): return self\n    def __next__(self): raise StopIteration\n"
        "def f():\n    for x in zip(chain(Empty()), Empty()):\n        pass\n"
    ),
    "C code raises StopIteration itself, which ends a delegation as if nothing had been raised": (
        "def h():\n    yield from map(next, [iter(())])\ndef f():\n    list(h())\n"
    ),
    "C code raises StopIteration itself, which ends a loop as if nothing had been raised": (
        "def f():\n    for x in map(next, [iter(())]):\n        pass\n"
    ),
    "an iterator of C that may end by itself ends by the StopIteration of one that the library has in Python": (
        "import csv\nfrom itertools import islice\ndef f():\n    for x in islice(csv.DictReader(['a']), 5):\n        pass\n"
    ),
    "what an expression has made so far dies when its exception is handled, and only the handler can report that": (
        "class Noted:\n    def __del__(self): pass\ndef f():\n    [Noted(), 1 // 0]\n"
    ),
    "what a generator delegates to dies before the generator is told that it is closed": (
        "class Noted:\n    def __del__(self): pass\ndef g():\n    yield from [3, Noted()]\ndef f():\n    next(g())\n"
    ),
    "an exception leaves an `async for`, whose iterator is closed before the handler runs that reports the exception": (
        "class Odd:\n    def __iter__(self): raise KeyError\nasync def steps():\n    yield Odd()\n"
        "async def g():\n    async for a, b in steps(): pass\ndef f():\n    try: g().send(None)\n    except KeyError: pass\n"
    ),
}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the truth is 3.11's")
@pytest.mark.parametrize("reason", DIFFERENCES)
def test_it_still_differs(reason: str) -> None:
    source = DIFFERENCES[reason]
    assert record_source(source, "f()").render() != settrace_text(source, "f()")


C_METHOD = "def f():\n    try: ''.find(k=1)\n    except TypeError as error: return str(error)\n"


def test_what_a_c_method_says_is_as_under_plain_python() -> None:
    namespace: dict[str, Any] = {}
    exec(C_METHOD, namespace)
    assert record_source(C_METHOD, "f()").returned == repr(namespace["f"]())


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="of 3.11")
def test_settrace_changes_what_a_c_method_says() -> None:
    """It has C methods called as bound ones, for a profiler (ceval.c, `trace_call_function`), whose error has a shorter name."""
    assert record_source(C_METHOD, "f()").render() != settrace_text(C_METHOD, "f()")
