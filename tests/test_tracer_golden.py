"""The texts in `golden/`, which a `sys.settrace` recorder wrote on 3.11, on every interpreter; and programs made at random."""

from __future__ import annotations

import optparse
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwm_trace.frames import Event
from cwm_trace.tracer import record_source
from cwm_trace.tracer.differences import DIFFERENCES, Difference
from cwm_trace.tracer.quirks import LAZY_ANNOTATIONS
from cwm_trace.tracer.values import render_value
from tests.settrace_oracle import GOLDEN, golden_call, settrace_text

REFERENCE = sys.version_info[:2] == (3, 11)
PROGRAMS = sorted(GOLDEN.glob("*.py"))
on_reference = pytest.mark.skipif(not REFERENCE, reason="the text of the format is that of 3.11")
_UNTIL = {"# 3.11 only: ": (3, 12), "# before 3.14: ": (3, 14)}


def _ours(source: str) -> str:
    return record_source(source, golden_call(source)).render()


def _difference(ours: str, truth: str) -> str:
    if ours == truth:
        return ""
    pairs = zip(ours.split("<|frame_sep|>"), truth.split("<|frame_sep|>"), strict=False)
    return next((f"frame {n}\n  ours:  {a}\n  truth: {b}" for n, (a, b) in enumerate(pairs) if a != b), "one is longer")


def reason_to_differ(source: str) -> str | None:
    """Why a program's text is another one on this interpreter, where it is."""
    second = source.split("\n")[1]
    reasons = (
        second.removeprefix(mark) for mark, end in _UNTIL.items() if second.startswith(mark) and sys.version_info >= end
    )
    return next(reasons, None)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_text_is_golden(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    difference = _difference(_ours(source), path.with_suffix(".txt").read_text(encoding="utf-8"))
    reason = reason_to_differ(source)
    if difference and reason:
        pytest.xfail(reason)
    assert not difference, difference


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
def test_a_record_says_what_this_interpreter_tells_otherwise(difference: Difference) -> None:
    source = (GOLDEN / f"{difference.golden}.py").read_text(encoding="utf-8")
    differs = record_source(source, golden_call(source)).meta.get("differs", "")
    assert (difference.name in differs) == (sys.version_info >= difference.since)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_no_record_differs_unmarked(path: Path) -> None:
    """But for what shows in no text; and what is marked is not everything."""
    source = path.read_text(encoding="utf-8")
    recorded = record_source(source, golden_call(source))
    if path.stem not in ("unstarted_generator", "lifetimes") and "differs" not in recorded.meta:
        assert recorded.render() == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert "differs" not in record_source("def f(a: int):\n    return [x for x in [a] if x]\n", "f(1)").meta


@on_reference
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_golden_is_what_settrace_reports(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    truth = settrace_text(source, golden_call(source))
    assert truth == path.with_suffix(".txt").read_text(encoding="utf-8")


# --- programs made at random ------------------------------------------------------------------------------------------

_PRELUDE = """
log = []
class Odd(Exception): pass
class Manager:
    def __init__(self, swallow): self.swallow = swallow
    def __enter__(self): return self
    def __exit__(self, *error): return self.swallow
class Steps:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        self.n -= 1
        if self.n < 0: raise StopIteration
        return self.n
def gen(n):
    try:
        for i in range(n):
            got = yield i
    finally:
        log.append(n)
    return n
def risky(n):
    if n % 3 == 0: raise Odd(n)
    if n % 5 == 1: return [][n]
    return n + 1
"""
_names = st.sampled_from(["a", "b", "c"])
_values = st.sampled_from(
    [
        "1", "a", "b + 1", "risky(a)", "[x for x in range(b % 4)]", "sum(x for x in gen(2))", "a and risky(b)", "(lambda q: q + c)(a)",
        "a if b % 2 else risky(c)", "next(gen(1))", "list(Steps(2))[0]", "len(log)", "{x: y for x in 'ab' for y in gen(1)}['a']", "-c",
    ]
)  # fmt: skip
_tests = st.sampled_from(["a", "b % 2", "c > 2 or a", "not a", "risky(b) > 1 and c"])
# No generators: where an exception leaves their loop, they are closed before the handler runs that reports the exception, and after
# settrace has reported it. Code inside the Python frame cannot see the one before the other.
_loops = st.sampled_from(
    ["range(2)", "list(gen(2))", "Steps(2)", "[3, 4]", "[a]", "map(str, [1])", "[*gen(1), *Steps(2)]"]
)
_leaves = st.one_of(
    st.builds("{} = {}".format, _names, _values),
    st.builds("{} += {}".format, _names, st.just("1")),
    st.builds("if {}: a += 1".format, _tests),
    st.builds("for {} in {}: pass".format, _names, _loops),
    st.sampled_from(
        ["pass", "return a", "raise Odd(a)", "log.append(a)", "(a, b), c = (b, a), (c\n    or 1)", "assert b, c"]
    ),
    st.sampled_from(["continue", "break"]),
).map(lambda text: text.split("\n"))
Block = list[str]


def _indent(block: Block) -> Block:
    return ["    " + line for line in block]


def _compound(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    def make(head: str, tails: list[str], bodies: list[Block]) -> Block:
        heads = [head, *tails]
        return [line for start, body in zip(heads, bodies, strict=False) for line in [start, *_indent(body)]]

    bodies = st.lists(blocks, min_size=4, max_size=4)
    handlers = st.sampled_from(
        [
            ["except Odd as e:"],
            ["except (Odd, IndexError):", "else:", "finally:"],
            ["finally:"],
            ["except Exception:", "finally:"],
        ]
    )
    branches = st.sampled_from([[], ["else:"], ["elif c:", "else:"]])
    managers = st.sampled_from(["with Manager(True):", "with Manager(False) as m, Manager(a % 2):"])
    return st.one_of(
        st.builds(make, st.just("try:"), handlers, bodies),
        st.builds(make, st.builds("if {}:".format, _tests), branches, bodies),
        st.builds(make, st.builds("for {} in {}:".format, _names, _loops), st.sampled_from([[], ["else:"]]), bodies),
        st.builds(make, managers, st.just([]), bodies),
    )


def _sequence(block: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.lists(block, min_size=1, max_size=3).map(lambda blocks: [line for each in blocks for line in each])


_bodies = st.recursive(_sequence(_leaves), lambda inner: _sequence(st.one_of(_leaves, _compound(inner))), max_leaves=10)


def _valid(source: str) -> bool:
    try:
        compile(source, "<made>", "exec")
    except SyntaxError:  # `break` outside a loop
        return False
    return True


def _program(body: Block, is_generator: bool) -> str:
    lines = ["    for once in (1, 2):", *_indent(_indent(body))]
    if is_generator:
        lines = [*lines, "    yield a"]
    return _PRELUDE + "def f(a, b, c):\n" + "\n".join(lines) + "\n"


@on_reference
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(_bodies, st.booleans(), st.sampled_from(["f(1, 2, 3)", "f(0, 1, 6)", "f(4, 3, 0)"]))
def test_random_programs_equal_settrace(body: Block, is_generator: bool, call: str) -> None:
    source = _program(body, is_generator)
    if not _valid(source):
        return
    call = f"list({call})" if is_generator else call
    difference = _difference(record_source(source, call).render(), settrace_text(source, call))
    assert not difference, f"{difference}\n{source}"


# --- traps ------------------------------------------------------------------------------------------------------------


def test_the_program_reaches_its_own_recursion_limit() -> None:
    source = "def g(n):\n    return g(n + 1)\ndef f():\n    try:\n        g(0)\n    except RecursionError:\n        return 'deep'\n"
    recorded = record_source(source, "f()")
    assert recorded.returned == "'deep'"
    assert recorded.complete


def test_a_program_that_rebinds_builtins() -> None:
    source = (
        "import builtins\ndef f():\n    keep = builtins.len, builtins.repr, builtins.isinstance\n"
        "    builtins.len = builtins.repr = builtins.isinstance = lambda *a: 1 / 0\n    x = 'a'\n"
        "    builtins.len, builtins.repr, builtins.isinstance = keep\n    return x\n"
    )
    recorded = record_source(source, "f()")
    assert recorded.returned == "'a'"
    assert [step.source for step in recorded].count("    x = 'a'\n") == 1


def test_super_and_cells_keep_working() -> None:
    source = (
        "class A:\n    def m(self): return 1\nclass B(A):\n    def m(self):\n        def inner(): return super(B, self).m(), __class__\n"
        "        return super().m(), inner()[0]\ndef f(): return B().m()\n"
    )
    assert record_source(source, "f()").returned == "(1, 1)"


def test_a_class_is_local_to_its_body_on_every_interpreter() -> None:
    recorded = record_source("def f():\n    class A:\n        x: int = 1\n        y = 2\n    return A.y\n", "f()")
    names = [list(step.locals) for step in recorded if step.source.strip() == "y = 2" and step.event is Event.LINE]
    own = ["__module__", "__qualname__"] if LAZY_ANNOTATIONS else ["__module__", "__qualname__", "__annotations__"]
    assert names == [[*own, "x"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (iter([]), "<list_iterator object>"),
        ([object()], "[<object object>]"),
        (optparse.Option("-a"), "<Option: -a>"),
        ("<a at 0x1f>", "'<a at 0x1f>'"),
        ("\ud800", "'\\ud800'"),
        ("é", "'é'"),
        ({1: "\n"}, "{1: '\\n'}"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert render_value(value) == text
