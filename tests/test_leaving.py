"""What left a Python frame, by its frames and the source: of exceptions that go by `finally` and `with`, and of those that end there."""

from __future__ import annotations

import pytest

import cwm_trace as ct
from cwm_trace.frames import Trace

LEAVES: dict[str, tuple[str, str | None]] = {
    "finally": (
        """
def main():
    try:
        x = {}['a']
    finally:
        print('end')
    return x
main()
""",
        "KeyError('a')",
    ),
    "finally loop": (
        """
def main():
    try:
        x = {}['a']
    finally:
        for i in range(2):
            print(i)
    return x
main()
""",
        "KeyError('a')",
    ),
    "caught": (
        """
def main():
    try:
        x = {}['a']
    except KeyError:
        pass
    finally:
        print('end')
main()
""",
        None,
    ),
    "raised in handler": (
        """
def main():
    try:
        x = {}['a']
    except KeyError:
        raise ValueError(1)
    finally:
        print('end')
main()
""",
        'ValueError(1)',
    ),
    "with": (
        """
def main():
    with open('/dev/null') as file:
        x = {}['a']
    return 1
main()
""",
        "KeyError('a')",
    ),
    "suppress": (
        """
from contextlib import suppress
def main():
    with suppress(KeyError):
        x = {}['a']
main()
""",
        None,
    ),
    "own exit": (
        """
class C:
    def __enter__(self):
        return self
    def __exit__(self, *a):
        return None
def main():
    with C():
        x = {}['a']
main()
""",
        "KeyError('a')",
    ),
    "own exit ends": (
        """
class C:
    def __enter__(self):
        return self
    def __exit__(self, *a):
        return True
def main():
    with C():
        x = {}['a']
main()
""",
        None,
    ),
    "manager": (
        """
from contextlib import contextmanager
@contextmanager
def c():
    try:
        yield 1
    finally:
        print(1)
def main():
    with c():
        x = {}['a']
main()
""",
        "KeyError('a')",
    ),
    "manager ends": (
        """
from contextlib import contextmanager
@contextmanager
def c():
    try:
        yield 1
    except KeyError:
        print(1)
def main():
    with c():
        x = {}['a']
main()
""",
        None,
    ),
    "return in finally": (
        """
def main():
    try:
        x = {}['a']
    finally:
        return 3
main()
""",
        None,
    ),
    "loop": (
        """
def main():
    for i in range(2):
        try:
            x = {}['a']
        except KeyError:
            continue
main()
""",
        None,
    ),
    "nested finally": (
        """
def main():
    try:
        try:
            x = {}['a']
        finally:
            y = 1
    finally:
        z = 2
main()
""",
        "KeyError('a')",
    ),
    "with in finally": (
        """
def main():
    try:
        with open('/dev/null'):
            x = {}['a']
    finally:
        z = 2
main()
""",
        "KeyError('a')",
    ),
}


@pytest.mark.parametrize("name", LEAVES)
def test_what_left_the_entry(name: str) -> None:
    source, wanted = LEAVES[name]
    trace = ct.trace_source(source)
    assert trace.raised == wanted and (trace.returned is None) is (wanted is not None)


def test_it_is_read_off_the_text_alone() -> None:
    """Of a trace that a model wrote, too, whose lines have no numbers but those that are found for them."""
    source, wanted = LEAVES["with in finally"]
    assert ct.parse(ct.trace_source(source).render()).raised == wanted


def test_a_context_that_is_no_python_tells_nothing_more() -> None:
    trace = ct.trace_source(LEAVES["finally"][0])
    assert Trace("def (", trace.frames).raised is None
