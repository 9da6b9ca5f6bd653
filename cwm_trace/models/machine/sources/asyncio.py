"""`asyncio`, as far as it is followed: one loop, with a clock that stands still while code runs.

Tasks take turns as in CPython: what is called soon is called in the next round; a future tells those that wait for it in a round of its own.
"""

import sys
from collections import deque
from contextvars import copy_context
from heapq import heappop, heappush
from reprlib import repr as shortened

from followed import after, in_any_order, inner_place, is_coroutine, lost, place

FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED = "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"
TimeoutError = TimeoutError


class CancelledError(BaseException):
    pass


class InvalidStateError(Exception):
    pass


class BrokenBarrierError(RuntimeError):
    pass


class QueueEmpty(Exception):
    pass


class QueueFull(Exception):
    pass


if sys.version_info >= (3, 13):

    class QueueShutDown(Exception):
        pass


class _Handle:
    def __init__(self, function, args):
        self._function, self._args, self._cancelled = function, args, False

    def cancel(self):
        self._cancelled = True

    def cancelled(self):
        return self._cancelled


class _Loop:
    def __init__(self):
        self._ready, self._timers, self._now, self._made, self._named = deque(), [], 0.0, 0, 0
        self._tasks, self._task, self._is_closed = [], None, False
        self._executor, self._jobs = None, 0  # jobs: what threads do

    def time(self):
        return self._now

    def call_soon(self, function, *args):
        handle = _Handle(function, args)
        self._ready.append(handle)
        return handle

    def call_later(self, delay, function, *args):
        return self.call_at(self._now + delay, function, *args)

    def call_at(self, when, function, *args):
        handle = _Handle(function, args)
        self._made += 1
        heappush(self._timers, (when, self._made, handle))
        return handle

    def create_future(self):
        return Future()

    def create_task(self, coro, *, name=None):
        return Task(coro, name=name)

    def run_until_complete(self, given):
        return _run_in(self, given)

    def __repr__(self):
        return f"<_UnixSelectorEventLoop running={self.is_running()} closed={self._is_closed} debug=False>"

    def is_running(self):
        return self in _running

    def is_closed(self):
        return self._is_closed

    def close(self):
        self._is_closed = True

    def _wait_for_threads(self, most):
        from threading import _until

        before = after(0)
        _until(lambda: self._ready, most)
        self._now += after(0) - before

    def run_in_executor(self, executor, func, *args):
        if executor is None:
            if self._executor is None:
                from concurrent.futures import ThreadPoolExecutor

                self._executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
            executor = self._executor
        job, future = executor.submit(func, *args), Future()
        self._jobs += 1

        def _call_check_cancel(future):
            if future.cancelled():
                job.cancel()

        def _set_state():
            self._jobs -= 1
            if future.cancelled():
                return
            if job.cancelled():
                future.cancel()
            elif job.exception() is None:
                future.set_result(job.result())
            else:
                future.set_exception(job.exception())

        future.add_done_callback(_call_check_cancel)
        job.add_done_callback(lambda _: self.call_soon(_set_state))
        return future

    def _round_if_ready(self):
        if self._ready:
            self._round()

    def _round(self):
        while self._timers and self._timers[0][2]._cancelled:
            heappop(self._timers)
        if not self._ready:
            if self._jobs:
                self._wait_for_threads(self._timers[0][0] - self._now if self._timers else None)
            elif not self._timers:
                lost()
            if not self._ready:
                self._now = self._timers[0][0]
        while self._timers and self._timers[0][0] <= self._now:
            self._ready.append(heappop(self._timers)[2])
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._function(*handle._args)


_running = []
_tasks_made = [0]


def _loop():
    if not _running:
        raise RuntimeError("no running event loop")
    return _running[-1]


get_running_loop = _loop


def get_event_loop():
    return _running[-1] if _running else lost()


def new_event_loop():
    return _Loop()


def set_event_loop(loop):
    pass


def current_task():
    return _loop()._task


def all_tasks():
    left = [each for each in _loop()._tasks if not each.done()]
    return set(left) if len(left) < 2 else lost()


def iscoroutinefunction(func):
    from inspect import iscoroutinefunction as is_one

    return is_one(func)


def iscoroutine(given):
    return is_coroutine(given)


def isfuture(given):
    return isinstance(given, Future)


class _Waiting:
    """What `await` asks of a future."""

    def __init__(self, future):
        self._future, self._asked = future, False

    def __next__(self):
        if not self._asked and not self._future.done():
            self._asked = True
            return self._future
        result = self._future.result()
        if result is None:
            raise StopIteration
        raise StopIteration(result)

    def send(self, value):
        return self.__next__()

    def throw(self, error):
        raise error

    def close(self):
        pass


class _Turn:
    """What waits for one round."""

    def __init__(self):
        self._asked = False

    def __await__(self):
        return self

    def __next__(self):
        if self._asked:
            raise StopIteration
        self._asked = True

    def throw(self, error):
        raise error

    def close(self):
        pass


_NAMES = {
    "_Loop.run_in_executor.<locals>._call_check_cancel": "_chain_future.<locals>._call_check_cancel",
    "gather.<locals>.tell": "gather.<locals>._done_callback",
    "shield.<locals>.tell": "shield.<locals>._inner_done_callback",
}
"""What callbacks are called in CPython."""


def _callback(function):
    """How a future shows what it will call."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, Task):
        return "Task.task_wakeup()"
    if isinstance(owner, TaskGroup):
        return f"{function.__qualname__}()"
    if getattr(function, "__module__", "") == "asyncio":
        name = _NAMES.get(function.__qualname__, function.__qualname__)
        return f"{name}() at {inner_place(name)}"
    if getattr(function, "__module__", "") != "__main__":
        return lost()
    code = None if owner is not None else function.__code__
    return f"{function.__qualname__}(){'' if code is None else f' at {code.co_filename}:{code.co_firstlineno}'}"


class Future:
    def __init__(self):
        self._home, self._state, self._result, self._exception = _loop(), "pending", None, None
        self._callbacks, self._message, self._cause = [], None, None

    def __await__(self):
        return _Waiting(self)

    __iter__ = __await__

    def _told(self):
        parts = [self._state]
        if self._state == "finished":
            if self._exception is not None:
                parts.append(f"exception={self._exception!r}")
            else:
                parts.append(f"result={shortened(self._result)}")
        if self._callbacks:
            told = [_callback(each) for each in self._callbacks]
            if len(told) > 2:
                told[1:-1] = [f"<{len(told) - 2} more>"]
            parts.append(f"cb=[{', '.join(told)}]")
        return parts

    def __repr__(self):
        return f"<{type(self).__name__} {' '.join(self._told())}>"

    def get_loop(self):
        return self._home

    def done(self):
        return self._state != "pending"

    def cancelled(self):
        return self._state == "cancelled"

    def _error(self):
        if self._cause is not None:
            cause, self._cause = self._cause, None
            return cause
        return CancelledError() if self._message is None else CancelledError(self._message)

    def _check_ended(self, what):
        if self._state == "cancelled":
            raise self._error()
        if self._state == "pending":
            raise InvalidStateError(f"{what} is not set.")

    def result(self):
        self._check_ended("Result")
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self):
        self._check_ended("Exception")
        return self._exception

    def add_done_callback(self, function):
        if self.done():
            self._home.call_soon(function, self)
        else:
            self._callbacks.append(function)

    def remove_done_callback(self, function):
        left = [each for each in self._callbacks if each != function]
        removed = len(self._callbacks) - len(left)
        self._callbacks = left
        return removed

    def _end(self, state):
        self._state = state
        functions, self._callbacks = self._callbacks, []
        for function in functions:
            self._home.call_soon(function, self)

    def _check(self):
        if self.done():
            raise InvalidStateError("invalid state")

    def set_result(self, result):
        self._check()
        self._result = result
        self._end("finished")

    def set_exception(self, exception):
        self._check()
        self._exception = exception() if isinstance(exception, type) else exception
        self._end("finished")

    def cancel(self, msg=None):
        if self.done():
            return False
        self._message = msg
        self._end("cancelled")
        return True


class Task(Future):
    def __init__(self, coro, *, name=None, context=None):
        if not is_coroutine(coro) and not isinstance(coro, _Closing):
            raise TypeError(f"a coroutine was expected, got {coro!r}")
        Future.__init__(self)
        self._coro, self._waits_for, self._must_cancel, self._asked_to_end = coro, None, False, 0
        self._context = copy_context() if context is None else context
        if name is None:
            _tasks_made[0] += 1
            name = f"Task-{_tasks_made[0]}"
        self._name = str(name)
        self._home._tasks.append(self)
        self._home.call_soon(self._step)

    def __repr__(self):
        parts = self._told()
        if self._asked_to_end and not self.done():
            parts[0] = "cancelling"
        parts[1:1] = [f"name={self._name!r}", f"coro=<{place(self._coro)}>"]
        if self._waits_for is not None:
            parts.insert(3, f"wait_for={self._waits_for!r}")
        return f"<Task {' '.join(parts)}>"

    def get_name(self):
        return self._name

    def set_name(self, name):
        self._name = str(name)

    def get_coro(self):
        return self._coro

    def cancelling(self):
        return self._asked_to_end

    def uncancel(self):
        self._asked_to_end = max(self._asked_to_end - 1, 0)
        return self._asked_to_end

    def cancel(self, msg=None):
        if self.done():
            return False
        self._asked_to_end += 1
        if self._waits_for is not None and self._waits_for.cancel(msg=msg):
            return True
        self._must_cancel, self._message = True, msg
        return True

    def _step(self, error=None):
        if self._must_cancel:
            error = error if isinstance(error, CancelledError) else self._error()
            self._must_cancel = False
        self._waits_for = None
        around, self._home._task = self._home._task, self
        try:
            given = self._context.run(self._coro.send if error is None else self._coro.throw, error)
        except StopIteration as ended:
            if self._must_cancel:
                self._must_cancel = False
                Future.cancel(self, self._message)
            else:
                self.set_result(ended.value)
        except CancelledError as raised:
            self._cause = raised
            Future.cancel(self, self._message)
        except (KeyboardInterrupt, SystemExit) as raised:
            self.set_exception(raised)
            raise
        except BaseException as raised:
            self.set_exception(raised)
        else:
            self._wait(given)
        finally:
            self._home._task = around

    def _wait(self, given):
        if given is None:
            self._home.call_soon(self._step)
        elif isinstance(given, Future) and given is not self:
            given.add_done_callback(self._wakeup)
            self._waits_for = given
            if self._must_cancel and given.cancel(msg=self._message):
                self._must_cancel = False
        else:
            lost()

    def _wakeup(self, future):
        try:
            future.result()
        except BaseException as error:
            self._step(error)
        else:
            self._step()


def ensure_future(given, *, loop=None):
    if isinstance(given, Future):
        return given
    if is_coroutine(given):
        return Task(given)
    if hasattr(given, "__await__"):
        return lost()
    raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")


def create_task(coro, *, name=None):
    if sys.version_info >= (3, 13) or name is None:
        return _loop().create_task(coro, name=name)
    task = _loop().create_task(coro)  # which is numbered first
    task.set_name(name)
    return task


def _run_in(loop, given, context=None, is_last=False):
    _running.append(loop)
    try:
        main = ensure_future(given) if context is None else Task(given, context=context)
        while not main.done():
            loop._round()
        loop._round_if_ready()  # that in which the loop is told to stop
        if is_last:
            _end_tasks(loop)
        return main.result()
    finally:
        _running.pop()


def _end_tasks(loop):
    left = [each for each in loop._tasks if not each.done()]
    for each in left:
        each.cancel()
    while not all([each.done() for each in left]):
        loop._round()
    for _ in range(5):  # in which CPython's closes what else there is
        loop._round_if_ready()


class _Closing:
    """What closes an asynchronous generator that nobody has any more."""

    def __init__(self, generator):
        self._generator, self._steps = generator, None

    def send(self, value):
        if self._steps is None:
            self._steps = self._generator.aclose()
        return next(self._steps)

    def throw(self, error):
        if self._steps is not None:
            lost()
        self._steps = self._generator.athrow(error)
        return next(self._steps)


def _let_go(generator):
    """What becomes of an asynchronous generator that nobody has any more."""
    loop = _loop() if _running else lost()
    loop.call_soon(lambda: loop.create_task(_Closing(generator)))


def _check_main(given):
    if is_coroutine(given):
        return
    if sys.version_info >= (3, 14):
        if hasattr(given, "__await__"):
            lost()
        raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
    raise ValueError(f"a coroutine was expected, got {given!r}")


def run(main, *, debug=None):
    if _running:
        raise RuntimeError("asyncio.run() cannot be called from a running event loop")
    _check_main(main)
    try:
        return _run_in(_Loop(), main, is_last=True)
    finally:
        _tasks_made[0] += 2  # in which generators and threads are shut down


class Runner:
    __module__ = "asyncio.runners"

    def __init__(self, *, debug=None, loop_factory=None):
        self._factory, self._loop, self._context, self._is_closed = loop_factory, None, None, False

    def __enter__(self):
        self._begin()
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def _begin(self):
        if self._is_closed:
            raise RuntimeError("Runner is closed")
        if self._loop is None:
            self._loop = _Loop() if self._factory is None else self._factory()
            self._context = copy_context()

    def get_loop(self):
        self._begin()
        return self._loop

    def run(self, coro, *, context=None):
        _check_main(coro)
        if _running:
            raise RuntimeError("Runner.run() cannot be called from a running event loop")
        self._begin()
        return _run_in(self._loop, coro, self._context if context is None else context)

    def close(self):
        if self._loop is None or self._is_closed:
            return
        _running.append(self._loop)
        try:
            _end_tasks(self._loop)
        finally:
            _running.pop()
            _tasks_made[0] += 2
            self._loop.close()
            self._is_closed = True


async def sleep(delay, result=None):
    if delay <= 0:
        await _Turn()
        return result
    future = Future()
    handle = _loop().call_later(delay, _settle, future, result)
    try:
        return await future
    finally:
        handle.cancel()


def _settle(future, result=None):
    if not future.done():
        future.set_result(result)


class _GatheringFuture(Future):
    def __init__(self, children):
        Future.__init__(self)
        self._children, self._is_asked = children, False

    def cancel(self, msg=None):
        if self.done():
            return False
        given = [each.cancel(msg=msg) for each in self._children]
        self._is_asked = self._is_asked or any(given)
        return any(given)


def gather(*given, return_exceptions=False):
    if not given:
        future = Future()
        future.set_result([])
        return future
    outer, ended, made = None, 0, []

    def tell(future):
        nonlocal ended
        ended += 1
        if outer.done():
            return
        if not return_exceptions and (future.cancelled() or future.exception() is not None):
            outer.set_exception(future._error() if future.cancelled() else future.exception())
        elif ended == len(set_of):
            if outer._is_asked:
                outer.set_exception(future._error())
            else:
                outer.set_result([_outcome(each) for each in made])

    set_of, early = [], []
    for each in given:
        known = [future for one, future in set_of if one is each]
        if known:
            made.append(known[0])
            continue
        future = ensure_future(each)
        set_of.append((each, future))
        made.append(future)
        if future.done() and sys.version_info >= (3, 12):
            early.append(future)
        else:
            future.add_done_callback(tell)
    outer = _GatheringFuture(made)
    for future in early:
        tell(future)
    return outer


def _outcome(future):
    if future.cancelled():
        return CancelledError(future._message or "")
    return future.result() if future.exception() is None else future.exception()


def shield(given):
    inner = ensure_future(given)
    if inner.done():
        return inner
    outer = Future()

    def tell(future):
        if outer.done():
            return
        if inner.cancelled():
            outer.cancel()
        elif inner.exception() is not None:
            outer.set_exception(inner.exception())
        else:
            outer.set_result(inner.result())

    def _outer_done_callback(_):
        inner.remove_done_callback(tell)

    inner.add_done_callback(tell)
    outer.add_done_callback(_outer_done_callback)
    return outer


async def _ended(future):
    """Cancel it, and wait until it has ended."""
    waiter = Future()

    def tell(_):
        _settle(waiter)

    future.add_done_callback(tell)
    try:
        future.cancel()
        await waiter
    finally:
        future.remove_done_callback(tell)


def _in_time(future):
    try:
        return future.result()
    except CancelledError as error:
        raise TimeoutError from error


async def _within(fut, seconds):
    async with timeout(seconds):
        return await fut


async def wait_for(fut, timeout):
    if timeout is None:
        return await fut
    if timeout <= 0:
        fut = ensure_future(fut)
        if fut.done():
            return fut.result()
        await _ended(fut)
        return _in_time(fut)
    if sys.version_info >= (3, 12):
        return await _within(fut, timeout)
    waiter = Future()

    def tell(*_):
        _settle(waiter)

    handle = _loop().call_later(timeout, tell)
    fut = ensure_future(fut)
    fut.add_done_callback(tell)
    try:
        try:
            await waiter
        except CancelledError:
            if fut.done():
                return fut.result()
            fut.remove_done_callback(tell)
            await _ended(fut)
            raise
        if fut.done():
            return fut.result()
        fut.remove_done_callback(tell)
        await _ended(fut)
        return _in_time(fut)
    finally:
        handle.cancel()


async def wait(fs, *, timeout=None, return_when=ALL_COMPLETED):
    futures = in_any_order(fs)
    if not futures:
        raise ValueError("Set of Tasks/Futures is empty.")
    if any([is_coroutine(each) for each in futures]):
        raise TypeError("Passing coroutines is forbidden, use tasks explicitly.")
    waiter, left, handle = Future(), len(futures), None
    if timeout is not None:
        handle = _loop().call_later(timeout, _settle, waiter)

    def tell(future):
        nonlocal left
        left -= 1
        failed = not future.cancelled() and future.exception() is not None
        if left <= 0 or return_when == FIRST_COMPLETED or (return_when == FIRST_EXCEPTION and failed):
            if handle is not None:
                handle.cancel()
            _settle(waiter)

    for each in futures:
        each.add_done_callback(tell)
    try:
        await waiter
    finally:
        if handle is not None:
            handle.cancel()
        for each in futures:
            each.remove_done_callback(tell)
    return {each for each in futures if each.done()}, {each for each in futures if not each.done()}


class _AsCompletedIterator:
    def __init__(self, futures):
        self._done, self._left = Queue(), len(futures)
        for each in futures:
            each.add_done_callback(self._done.put_nowait)

    def __aiter__(self):
        return self

    def __iter__(self):
        return self

    async def __anext__(self):
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        return await self._wait_for_one()

    def __next__(self):
        if not self._left:
            raise StopIteration
        self._left -= 1
        return self._wait_for_one(True)

    async def _wait_for_one(self, resolve=False):
        try:
            found = await self._done.get()
        except BaseException:
            self._left += 1
            raise
        return found.result() if resolve else found


def _futures_of(fs, timeout):
    given = list(fs)
    if timeout is not None or len(given) > 1 and any([is_coroutine(each) for each in given]):
        lost()  # the order in which a set has them
    return [ensure_future(each) for each in given]


def as_completed(fs, *, timeout=None):
    futures = _futures_of(fs, timeout)
    done = Queue()

    async def _wait_for_one():
        return (await done.get()).result()

    for each in futures:
        each.add_done_callback(done.put_nowait)
    for _ in futures:
        yield _wait_for_one()


if sys.version_info >= (3, 13):

    def as_completed(fs, *, timeout=None):
        return _AsCompletedIterator(_futures_of(fs, timeout))


_NO_PARTIES = "parties must be > 0" if sys.version_info < (3, 14) else "parties must be >= 1"


def _shown(over, state):
    waiters = f", waiters:{len(over._waiters)}" if over._waiters else ""
    return f"<asyncio.locks.{type(over).__name__} object [{state}{waiters}]>"


class Event:
    def __init__(self):
        self._waiters, self._value = deque(), False

    def __repr__(self):
        return _shown(self, "set" if self._value else "unset")

    def is_set(self):
        return self._value

    def set(self):
        if not self._value:
            self._value = True
            for each in self._waiters:
                _settle(each, True)

    def clear(self):
        self._value = False

    async def wait(self):
        if self._value:
            return True
        future = Future()
        self._waiters.append(future)
        try:
            await future
            return True
        finally:
            self._waiters.remove(future)


class Lock:
    def __init__(self):
        self._waiters, self._locked = deque(), False

    def __repr__(self):
        return _shown(self, "locked" if self._locked else "unlocked")

    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, *error):
        self.release()

    def locked(self):
        return self._locked

    async def acquire(self):
        if not self._locked and all([each.cancelled() for each in self._waiters]):
            self._locked = True
            return True
        future = Future()
        self._waiters.append(future)
        try:
            try:
                await future
            finally:
                self._waiters.remove(future)
        except CancelledError:
            if not self._locked:
                self._wake()
            raise
        self._locked = True
        return True

    def release(self):
        if not self._locked:
            raise RuntimeError("Lock is not acquired.")
        self._locked = False
        self._wake()

    def _wake(self):
        if self._waiters:
            _settle(self._waiters[0], True)


class Semaphore:
    def __init__(self, value=1):
        if value < 0:
            raise ValueError("Semaphore initial value must be >= 0")
        self._waiters, self._value = deque(), value

    def __repr__(self):
        return _shown(self, "locked" if self.locked() else f"unlocked, value:{self._value}")

    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, *error):
        self.release()

    def locked(self):
        return self._value == 0 or any([not each.cancelled() for each in self._waiters])

    async def acquire(self):
        if not self.locked():
            self._value -= 1
            return True
        future = Future()
        self._waiters.append(future)
        try:
            try:
                await future
            finally:
                self._waiters.remove(future)
        except CancelledError:
            if not future.cancelled():
                self._value += 1
                self._wake()
            raise
        if self._value > 0:
            self._wake()
        return True

    def release(self):
        self._value += 1
        self._wake()

    def _wake(self):
        for each in self._waiters:
            if not each.done():
                self._value -= 1
                each.set_result(True)
                return


class BoundedSemaphore(Semaphore):
    def __init__(self, value=1):
        Semaphore.__init__(self, value)
        self._bound = value

    def release(self):
        if self._value >= self._bound:
            raise ValueError("BoundedSemaphore released too many times")
        Semaphore.release(self)


class Condition:
    def __init__(self, lock=None):
        self._lock, self._waiters = lock or Lock(), deque()

    def __repr__(self):
        return _shown(self, "locked" if self.locked() else "unlocked")

    async def __aenter__(self):
        await self._lock.acquire()

    async def __aexit__(self, *error):
        self._lock.release()

    def locked(self):
        return self._lock.locked()

    async def acquire(self):
        return await self._lock.acquire()

    def release(self):
        self._lock.release()

    async def wait(self):
        if not self.locked():
            raise RuntimeError("cannot wait on un-acquired lock")
        self.release()
        try:
            future = Future()
            self._waiters.append(future)
            try:
                await future
                return True
            finally:
                self._waiters.remove(future)
        finally:
            await self.acquire()

    async def wait_for(self, predicate):
        while not (result := predicate()):
            await self.wait()
        return result

    def notify(self, n=1):
        if not self.locked():
            raise RuntimeError("cannot notify on un-acquired lock")
        for each in [each for each in self._waiters if not each.done()][:n]:
            each.set_result(False)

    def notify_all(self):
        self.notify(len(self._waiters))


class Barrier:
    def __init__(self, parties):
        if parties < 1:
            raise ValueError(_NO_PARTIES)
        self._cond, self._parties, self._state, self._count = Condition(), parties, "filling", 0

    def __repr__(self):
        told = self._state if self.broken else f"{self._state}, waiters:{self.n_waiting}/{self.parties}"
        return f"<asyncio.locks.Barrier object [{told}]>"

    async def __aenter__(self):
        return await self.wait()

    async def __aexit__(self, *error):
        pass

    async def wait(self):
        async with self._cond:
            await self._cond.wait_for(lambda: self._state not in ("draining", "resetting"))
            if self.broken:
                raise BrokenBarrierError("Barrier aborted")
            try:
                index = self._count
                self._count += 1
                if index + 1 == self._parties:
                    self._state = "draining"
                    self._cond.notify_all()
                else:
                    await self._cond.wait_for(lambda: self._state != "filling")
                    if self._state in ("broken", "resetting"):
                        raise BrokenBarrierError("Abort or reset of barrier")
                return index
            finally:
                self._count -= 1
                self._leave()

    def _leave(self):
        if self._count == 0:
            if self._state in ("resetting", "draining"):
                self._state = "filling"
            self._cond.notify_all()

    async def reset(self):
        async with self._cond:
            self._state = "resetting" if self._count > 0 else "filling"
            self._cond.notify_all()

    async def abort(self):
        async with self._cond:
            self._state = "broken"
            self._cond.notify_all()

    @property
    def parties(self):
        return self._parties

    @property
    def n_waiting(self):
        return self._count if self._state == "filling" else 0

    @property
    def broken(self):
        return self._state == "broken"


class Queue:
    def __init__(self, maxsize=0):
        self._most, self._getters, self._putters, self._open = maxsize, deque(), deque(), 0
        self._finished, self._is_shutdown = Event(), False
        self._finished.set()
        self._queue = self._empty()

    def _empty(self):
        return deque()

    def _put(self, item):
        self._queue.append(item)

    def _get(self):
        return self._queue.popleft()

    def __repr__(self):
        parts = [f"maxsize={self._most!r}"]
        if self._queue:
            parts.append(f"_queue={list(self._queue)!r}")
        if self._getters:
            parts.append(f"_getters[{len(self._getters)}]")
        if self._putters:
            parts.append(f"_putters[{len(self._putters)}]")
        if self._open:
            parts.append(f"tasks={self._open}")
        if self._is_shutdown:
            parts.append("shutdown")
        return f"<{type(self).__name__} {' '.join(parts)}>"

    @property
    def maxsize(self):
        return self._most

    def qsize(self):
        return len(self._queue)

    def empty(self):
        return not self._queue

    def full(self):
        return self._most > 0 and len(self._queue) >= self._most

    def _wake(self, waiters):
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _until(self, waiters, is_blocked):
        while is_blocked():
            waiter = Future()
            waiters.append(waiter)
            try:
                await waiter
            except BaseException:
                waiter.cancel()
                if waiter in waiters:
                    waiters.remove(waiter)
                if not is_blocked() and not waiter.cancelled():
                    self._wake(waiters)
                raise

    def _check(self, ends):
        if ends and self._is_shutdown:
            raise QueueShutDown

    async def put(self, item):
        if self.full():
            self._check(True)
            await self._until(self._putters, lambda: self.full() and not self._is_shutdown)
        return self.put_nowait(item)

    def put_nowait(self, item):
        self._check(True)
        if self.full():
            raise QueueFull
        self._put(item)
        self._open += 1
        self._finished.clear()
        self._wake(self._getters)

    async def get(self):
        if self.empty():
            self._check(True)
            await self._until(self._getters, lambda: self.empty() and not self._is_shutdown)
        return self.get_nowait()

    def get_nowait(self):
        self._check(self.empty())
        if self.empty():
            raise QueueEmpty
        item = self._get()
        self._wake(self._putters)
        return item

    def task_done(self):
        if self._open <= 0:
            raise ValueError("task_done() called too many times")
        self._open -= 1
        if self._open == 0:
            self._finished.set()

    async def join(self):
        if self._open > 0:
            await self._finished.wait()

    def shutdown(self, immediate=False):
        self._is_shutdown = True
        while immediate and self._queue:
            self._get()
            self._open -= self._open > 0
        if immediate and self._open == 0:
            self._finished.set()
        for waiters in (self._getters, self._putters):
            while waiters:
                self._wake(waiters)


class PriorityQueue(Queue):
    def _empty(self):
        return []

    def _put(self, item):
        heappush(self._queue, item)

    def _get(self):
        return heappop(self._queue)


class LifoQueue(Queue):
    def _empty(self):
        return []

    def _get(self):
        return self._queue.pop()


_ENDS_LATE = sys.version_info >= (3, 13)  # the cancelling of its own parent, when all its tasks have ended


class TaskGroup:
    def __init__(self):
        self._state, self._tasks, self._errors, self._parent, self._waiter = "", [], [], None, None
        self._is_aborting = self._has_cancelled = self._is_leaving = self._is_cancelled_early = False

    def __repr__(self):
        parts = ["<TaskGroup"]
        if self._tasks:
            parts.append(f"tasks={len(self._tasks)}")
        if self._errors:
            parts.append(f"errors={len(self._errors)}")
        if self._is_aborting:
            parts.append("cancelling")
        elif self._parent is not None:
            parts.append("entered")
        return f"{' '.join(parts)}>"

    def create_task(self, coro, *, name=None):
        if self._parent is None:
            raise RuntimeError(f"TaskGroup {self!r} has not been entered")
        if self._is_leaving and not self._tasks:
            raise RuntimeError(f"TaskGroup {self!r} is finished")
        if self._is_aborting:
            raise RuntimeError(f"TaskGroup {self!r} is shutting down")
        task = create_task(coro, name=name)
        task.add_done_callback(self._on_task_done)
        self._tasks.append(task)
        return task

    def _abort(self):
        self._is_aborting = True
        for each in self._tasks:
            if not each.done():
                each.cancel()

    def _on_task_done(self, task):
        self._tasks.remove(task)
        if self._waiter is not None and not self._tasks:
            _settle(self._waiter, True)
        if task.cancelled() or task.exception() is None:
            return
        self._errors.append(task.exception())
        if not self._is_aborting and not self._has_cancelled:
            self._abort()
            self._has_cancelled = True
            self._parent.cancel()

    async def __aenter__(self):
        self._parent = current_task()
        if self._is_cancelled_early:
            self.cancel()
        return self

    async def __aexit__(self, kind, error, traceback):
        self._is_leaving = True
        cancelled = error if isinstance(error, CancelledError) else None
        if not _ENDS_LATE and self._has_cancelled and self._parent.uncancel() == 0:
            cancelled = None
        if error is not None and not self._is_aborting:
            self._abort()
        while self._tasks:
            self._waiter = self._waiter or Future()
            try:
                await self._waiter
            except CancelledError as other:
                if not self._is_aborting:
                    cancelled = other
                    self._abort()
            self._waiter = None
        if _ENDS_LATE and self._has_cancelled and self._parent.uncancel() == 0:
            cancelled = None
        if cancelled is not None and not self._errors:
            raise cancelled
        if error is not None and not isinstance(error, CancelledError):
            self._errors.append(error)
        errors, self._errors = self._errors, []
        if errors:
            if len(errors) == 1 and sys.version_info >= (3, 15) and isinstance(error, GeneratorExit):
                raise error
            raise BaseExceptionGroup("unhandled errors in a TaskGroup", errors) from None
        return sys.version_info >= (3, 15) or None

    if sys.version_info >= (3, 15):

        def cancel(self):
            if self._parent is None:
                self._is_cancelled_early = True
            elif not self._is_aborting and (self._tasks or not self._is_leaving):
                self._abort()
                if not self._has_cancelled:
                    self._has_cancelled = True
                    self._parent.cancel()


class Timeout:
    def __init__(self, when):
        self._state, self._when, self._handle, self._task, self._before = "created", when, None, None, 0

    def __repr__(self):
        return lost()

    def when(self):
        return self._when

    def expired(self):
        return self._state in ("expiring", "expired")

    def reschedule(self, when):
        self._when = when
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
        if when is not None:
            loop = _loop()
            soon = when <= loop.time()
            self._handle = loop.call_soon(self._expire) if soon else loop.call_at(when, self._expire)

    def _expire(self):
        self._task.cancel()
        self._state, self._handle = "expiring", None

    async def __aenter__(self):
        self._state, self._task = "active", current_task()
        self._before = self._task.cancelling()
        self.reschedule(self._when)
        return self

    async def __aexit__(self, kind, error, traceback):
        if self._handle is not None:
            self._handle.cancel()
        if self._state == "expiring":
            self._state = "expired"
            if self._task.uncancel() <= self._before and isinstance(error, CancelledError):
                raise TimeoutError from error
        else:
            self._state = "finished"


def timeout(delay):
    return Timeout(None if delay is None else _loop().time() + delay)


async def to_thread(func, /, *args, **kwargs):
    context = copy_context()
    return await _loop().run_in_executor(None, lambda: context.run(func, *args, **kwargs))
