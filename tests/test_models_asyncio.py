"""The source of our own by which `asyncio` is followed, against Python's: tasks that do anything take turns in the same order.

Python's loop has a clock here that hardly moves while code runs; ours stands still.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwm_trace.models.machine import imported

Step = tuple[str, int]
_LIMIT = 3


class Clocked(asyncio.SelectorEventLoop):
    """One that waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def told(timeout: float | None = None) -> Any:
            self._now += ceil((timeout or 0.0) * 1e3) * 1e-3  # as `selectors` asks the system to wait
            return select(0)

        self._selector.select = told  # type: ignore[attr-defined]

    def time(self) -> float:
        self._now += 1e-6
        return self._now


@pytest.fixture(scope="module")
def ours() -> Iterator[dict[str, Any]]:
    made = ModuleType("followed")
    vars(made).update(lost=lambda: pytest.fail("lost"), is_coroutine=inspect.iscoroutine, place=repr, in_any_order=list)
    vars(made).update(after=lambda seconds: seconds, inner_place=repr)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "followed", made)
        source = Path(imported.__file__).with_name("sources") / "asyncio.py"
        space: dict[str, Any] = {"__name__": "asyncio"}
        exec(compile(source.read_text(encoding="utf-8"), "asyncio", "exec"), space)
        yield space


class Work:
    """Tasks that do steps, and what comes of that."""

    def __init__(self, library: dict[str, Any], plans: list[list[Step]]) -> None:
        self.library, self.plans = library, plans
        self.log: list[object] = []
        self.tasks: list[Any] = []
        self.group: Any = None

    async def main(self) -> None:
        self.lock, self.semaphore = self.library["Lock"](), self.library["Semaphore"](2)
        self.event, self.queue = self.library["Event"](), self.library["Queue"](2)
        self.future = self.library["get_running_loop"]().create_future()
        self.tasks += [self.library["create_task"](self.run(n, plan)) for n, plan in enumerate(self.plans)]
        for task in self.tasks:
            try:
                self.log.append(("came", await self.library["wait_for"](task, 50)))
            except Exception as error:
                self.log.append(("failed", type(error).__name__))
            except self.library["CancelledError"]:
                self.log.append(("cancelled", [each.cancelled() for each in self.tasks]))

    async def run(self, name: int, plan: list[Step]) -> int:
        try:
            for kind, number in plan:
                self.log.append((name, kind, number))
                result = await getattr(self, kind)(number)
                self.log.append((name, kind, number, result))
        except self.library["CancelledError"]:
            self.log.append((name, "is cancelled"))
            raise
        except Exception as error:
            self.log.append((name, type(error).__name__))
            raise
        finally:
            self.log.append((name, "leaves"))
        return name

    async def sleeps(self, number: int) -> None:
        await self.library["sleep"](number)

    async def locks(self, number: int) -> None:
        async with self.lock:
            await self.library["sleep"](number)

    async def enters(self, number: int) -> None:
        async with self.semaphore:
            await self.library["sleep"](number)

    async def sets(self, number: int) -> None:
        self.event.set() if number else self.event.clear()

    async def waits(self, number: int) -> Any:
        return await self.event.wait()

    async def puts(self, number: int) -> None:
        await self.queue.put(number)

    async def gets(self, number: int) -> Any:
        given = await self.queue.get()
        self.queue.task_done()
        return given

    async def joins(self, number: int) -> None:
        await self.queue.join()

    async def fails(self, number: int) -> None:
        if number == 1:
            raise ValueError(number)

    async def cancels(self, number: int) -> Any:
        return self.tasks[number % len(self.tasks)].cancel()

    async def hurries(self, number: int) -> Any:
        try:
            return await self.library["wait_for"](self.library["sleep"](2, "slept"), number)
        except TimeoutError:
            return "too late"

    async def is_timed(self, number: int) -> Any:
        try:
            async with self.library["timeout"](number):
                await self.library["sleep"](2)
        except TimeoutError:
            return "too late"
        return "in time"

    async def gathers(self, number: int) -> Any:
        async def one(n: int) -> int:
            await self.library["sleep"](n)
            if n == 1 and number == 2:
                raise KeyError(n)
            return n

        try:
            return [
                repr(each) for each in await self.library["gather"](*map(one, range(3)), return_exceptions=number == 1)
            ]
        except KeyError as error:
            return repr(error)

    async def groups(self, number: int) -> Any:
        async def one(n: int) -> int:
            await self.library["sleep"](n)
            if n == number:
                raise KeyError(n)
            return n

        try:
            async with self.library["TaskGroup"]() as group:
                made = [group.create_task(one(n)) for n in range(_LIMIT)]
            return [each.result() for each in made]
        except BaseExceptionGroup as error:
            return repr(error)

    async def shields(self, number: int) -> Any:
        return await self.library["shield"](self.library["sleep"](number, "safe"))

    async def picks(self, number: int) -> Any:
        made = [self.library["create_task"](self.library["sleep"](n, n)) for n in range(2)]
        done, left = await self.library["wait"](
            made, timeout=number, return_when=self.library["FIRST_COMPLETED" if number else "ALL_COMPLETED"]
        )
        return sorted(each.result() for each in done), len(left)

    async def resolves(self, number: int) -> None:
        if not self.future.done():
            self.future.set_result(number)

    async def expects(self, number: int) -> Any:
        return await self.future


_KINDS = [
    name for name, value in vars(Work).items() if inspect.iscoroutinefunction(value) and name not in ("main", "run")
]
_PLANS = st.lists(
    st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, _LIMIT)), max_size=5), min_size=1, max_size=4
)


def _happened(library: dict[str, Any], plans: list[list[Step]], run: Callable[[Any], Any]) -> list[object]:
    work = Work(library, plans)
    try:
        run(work.main())
    except BaseException as error:
        work.log.append(type(error).__name__)
    return work.log


def _by_python(main: Any) -> Any:
    with asyncio.Runner(loop_factory=Clocked) as runner:
        return runner.run(main)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="wait_for, queues and groups take other turns from 3.12 on")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(plans=_PLANS)
def test_tasks_take_turns_as_in_python(ours: dict[str, Any], plans: list[list[Step]]) -> None:
    assert _happened(ours, plans, ours["run"]) == _happened(vars(asyncio), plans, _by_python)
