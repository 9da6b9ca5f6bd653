"""`concurrent.futures`, as far as it is followed: threads that work off what is submitted, in its order."""

from collections import deque
from threading import Thread, _turn, _until

from followed import lost

FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED = "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"


class CancelledError(Exception):
    pass


class Future:
    def __init__(self):
        self._state, self._result, self._exception, self._callbacks, self._ended = "pending", None, None, [], 0

    def __repr__(self):
        if self._state == "finished":
            if self._exception is not None:
                return f"<Future state=finished raised {type(self._exception).__name__}>"
            return f"<Future state=finished returned {type(self._result).__name__}>"
        return f"<Future state={self._state}>"

    def done(self):
        return self._state in ("finished", "cancelled")

    def running(self):
        return self._state == "running"

    def cancelled(self):
        return self._state == "cancelled"

    def cancel(self):
        if self._state in ("running", "finished"):
            return False
        self._end("cancelled")
        return True

    def _end(self, state):
        if self.done():
            return
        self._state = state
        _ends[0] += 1
        self._ended = _ends[0]
        for each in self._callbacks:
            each(self)

    def add_done_callback(self, function):
        if self.done():
            function(self)
        else:
            self._callbacks.append(function)

    def _wait(self, timeout):
        if not self.done() and not _until(self.done, timeout):
            raise TimeoutError
        if self._state == "cancelled":
            raise CancelledError

    def result(self, timeout=None):
        self._wait(timeout)
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self, timeout=None):
        self._wait(timeout)
        return self._exception

    def set_result(self, result):
        self._result = result
        self._end("finished")

    def set_exception(self, exception):
        self._exception = exception
        self._end("finished")


_ends = [0]


class Executor:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.shutdown()
        return False


class ThreadPoolExecutor(Executor):
    __module__ = "concurrent.futures.thread"

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=()):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        self._most, self._prefix, self._jobs, self._threads = max_workers or 8, thread_name_prefix, deque(), []
        self._idle, self._is_shut, self._start = 0, False, lost() if initializer else None

    def __repr__(self):
        return "<concurrent.futures.thread.ThreadPoolExecutor object>"

    def _work(self):
        while True:
            if not self._jobs:
                if self._is_shut:
                    return
                self._idle += 1
                _until(lambda: self._jobs or self._is_shut)
                self._idle -= 1
                continue
            future, function, args, words = self._jobs.popleft()
            if future.cancelled():
                continue
            future._state = "running"
            try:
                result = function(*args, **words)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

    def submit(self, function, /, *args, **words):
        if self._is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = Future()
        self._jobs.append((future, function, args, words))
        if self._idle < len(self._jobs) and len(self._threads) < self._most:
            thread = Thread(target=self._work, name=f"{self._prefix or 'ThreadPoolExecutor'}_{len(self._threads)}")
            self._threads.append(thread)
            thread.start()
        _turn()  # those that wait for work are quick
        return future

    def map(self, function, *iterables, timeout=None, chunksize=1):
        futures = [self.submit(function, *args) for args in zip(*iterables, strict=False)]

        def result_iterator():
            for future in futures:
                yield future.result(timeout)

        result_iterator.__qualname__ = "Executor.map.<locals>.result_iterator"
        return result_iterator()

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._is_shut = True
        if cancel_futures:
            for future, *_ in self._jobs:
                future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()


def as_completed(fs, timeout=None):
    left = list(fs)
    ready = [each for each in left if each.done()]
    if len(ready) > 1:
        lost()  # the order in which a set has them
    while left:
        _until(lambda: any([each.done() for each in left]), timeout)
        future = sorted([each for each in left if each.done()], key=lambda each: each._ended)[0]
        left.remove(future)
        yield future


def wait(fs, timeout=None, return_when=ALL_COMPLETED):
    futures = list(fs)

    def is_enough():
        ended = [each for each in futures if each.done()]
        failed = [each for each in ended if not each.cancelled() and each._exception is not None]
        if return_when == FIRST_COMPLETED and ended or return_when == FIRST_EXCEPTION and failed:
            return True
        return len(ended) == len(futures)

    _until(is_enough, timeout)
    return {each for each in futures if each.done()}, {each for each in futures if not each.done()}
