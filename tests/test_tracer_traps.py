"""What the library `bytecode` 0.19.1 gets wrong or does not check, and what the tracer does about it: one test for each trap.

Its wrong line table beyond column 127 is `golden/long_lines.py`.
"""

from __future__ import annotations

import opcode
import sys
from collections.abc import Generator
from types import CodeType, coroutine
from typing import Any

import pytest

from cwm_trace.frames import Frame
from cwm_trace.tracer import record_source, trace, trace_source
from cwm_trace.tracer.instrument import Hooks, instrument
from cwm_trace.tracer.listing import Listing
from cwm_trace.tracer.record import all_code, compile_source
from tests.settrace_oracle import GOLDEN

_HOOKS = [name for name in vars(Hooks) if not name.startswith("_")]


class _Silent:
    """Hooks that do nothing but note their names."""

    def __init__(self) -> None:
        self.noted: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name not in _HOOKS:
            raise AttributeError(name)
        return lambda *values: self.noted.add(name)

    def execute(self, called: object, first: object, second: object) -> object:
        """This one's value is used."""
        self.noted.add("execute")
        return first


def _golden() -> list[tuple[str, CodeType]]:
    paths = sorted(GOLDEN.glob("*.py"))
    return [(path.stem, compile_source(path.read_text(encoding="utf-8"), str(path))) for path in paths]


def _lines_by_offset(code: CodeType) -> list[int]:
    return [line for _, _, line in code.co_lines() if line]


def _in_order(code: CodeType) -> list[CodeType]:
    """The constants of a code object stand in another order than compiled, after the library."""
    return sorted(all_code(code), key=lambda item: (item.co_firstlineno, item.co_qualname))


@pytest.mark.parametrize(("name", "plain"), _golden())
def test_what_a_code_object_says_of_itself_is_kept(name: str, plain: CodeType) -> None:
    hooks: Any = _Silent()
    for before, after in zip(_in_order(plain), _in_order(instrument(plain, hooks, [])), strict=True):
        # The library numbers variables by first use; locals() and the trace show them in this order.
        assert after.co_varnames == before.co_varnames
        assert (after.co_freevars, set(after.co_cellvars)) == (before.co_freevars, set(before.co_cellvars))
        assert (after.co_name, after.co_qualname, after.co_firstlineno) == (
            before.co_name,
            before.co_qualname,
            before.co_firstlineno,
        )
        assert (after.co_flags, after.co_argcount, after.co_kwonlyargcount, after.co_posonlyargcount) == (
            before.co_flags,
            before.co_argcount,
            before.co_kwonlyargcount,
            before.co_posonlyargcount,
        )
        assert set(_lines_by_offset(after)) == set(_lines_by_offset(before))
        assert after.co_stacksize >= before.co_stacksize


def test_every_hook_is_called_with_the_stack_as_it_must_be() -> None:
    """Kinds of stack entries are not checked: a call in the wrong order is a crash, so every site is run once."""
    hooks: Any = _Silent()
    for name, plain in _golden():
        namespace: dict[str, Any] = {"__name__": name}
        source = (GOLDEN / f"{name}.py").read_text(encoding="utf-8")
        try:
            exec(instrument(plain, hooks, []), namespace)
            if source.startswith("# call: "):
                eval(source.split("\n", 1)[0].removeprefix("# call: "), namespace)
        except (Exception, SystemExit):  # some programs end so
            pass
    exec(instrument(compile("x = eval('1', {})", "<executes>", "exec"), hooks, []), {})
    only_later = {"thrown"} if "CLEANUP_THROW" not in opcode.opmap else set()
    assert hooks.noted == set(_HOOKS) - only_later


def test_what_cannot_be_read_still_gets_its_iterators(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 3.15 on a comprehension that is a function of its own is given an iterator by instrumented code alone."""
    read = Listing.__init__

    def unreadable(listing: Listing, code: CodeType) -> None:
        if code.co_name == "f":
            raise IndexError
        read(listing, code)

    monkeypatch.setattr(Listing, "__init__", unreadable)
    source = "def f(n):\n    return [x for x in range(n)], list(y for y in (1, 2)), {z: z for z in 'a'}\ndef g():\n    return f(2)\n"
    recorded = record_source(source, "g()")
    assert (recorded.returned, recorded.meta["untraced"]) == ("([0, 1], [1, 2], {'a': 'a'})", "f")


_GENERIC = "class C[T]:\n    x = [lambda: (y := T) for i in range(2)]\ndef f():\n    return len(C.x)\n"


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 13), reason="the library reads it on 3.12 and 3.14; 3.11 has no type parameters"
)
@pytest.mark.parametrize("record", [record_source, trace_source])
def test_code_that_the_library_cannot_read_runs_untraced_and_is_named(record: Any) -> None:
    recorded = record(_GENERIC, "f()")
    assert recorded.returned == "2"
    assert recorded.meta["untraced"] == "C"


_DEFAULTS = """class A[T = int, **P = [int]]:
    def get(self, x: T) -> T:
        return x
class B[*Ts = *tuple[int, ...]]: pass
def g[T: (int, str) = int](x: T) -> T:
    return x
type L[T = str] = list[T]
def f():
    return A().get(1), g(2), L[int].__args__
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="type parameters have defaults from 3.13 on")
@pytest.mark.parametrize("record", [record_source, trace_source])
def test_defaults_of_type_parameters_are_recorded(record: Any) -> None:
    recorded = record(_DEFAULTS, "f()")
    assert (recorded.returned, "untraced" in recorded.meta) == ("(1, 2, (<class 'int'>,))", False)


def test_nothing_is_called_untraced_without_cause() -> None:
    assert "untraced" not in record_source("def f(): return 1", "f()").meta


def test_lambdas_of_one_line_keep_their_own_code() -> None:
    both = lambda n: n + 1, lambda n: n * 10  # noqa: E731

    def work() -> tuple[int, int]:
        return both[0](2), both[1](2)

    assert trace(work).returned == "(3, 20)"


@coroutine
def _waits() -> Generator[int, None, str]:
    yield 1
    return "done"


async def _awaits() -> str:
    return await _waits()


def test_a_function_keeps_the_flag_that_makes_it_awaitable() -> None:
    def work() -> object:
        running = _awaits()
        running.send(None)
        with pytest.raises(StopIteration) as end:
            running.send(None)
        return end.value.value

    recorded = trace(work)
    assert recorded.returned == "'done'"
    assert [frame.source.strip() for frame in recorded.frames if isinstance(frame, Frame)].count("yield 1") > 1
