"""`queue`, as far as it is followed."""

from collections import deque
from heapq import heappop, heappush
from sys import version_info as _version
from threading import _until


class Empty(Exception):
    pass


class Full(Exception):
    pass


class ShutDown(Exception):
    pass


class Queue:
    def __init__(self, maxsize=0):
        self.maxsize, self.unfinished_tasks, self.is_shutdown = maxsize, 0, False
        self._init(maxsize)

    def _init(self, maxsize):
        self.queue = deque()

    def _put(self, item):
        self.queue.append(item)

    def _get(self):
        return self.queue.popleft()

    def qsize(self):
        return len(self.queue)

    def empty(self):
        return not self.queue

    def full(self):
        return 0 < self.maxsize <= len(self.queue)

    def put(self, item, block=True, timeout=None):
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        self._check(True)
        if self.full() and (not block or not _until(lambda: self.is_shutdown or not self.full(), timeout)):
            raise Full
        self._check(True)
        self._put(item)
        self.unfinished_tasks += 1

    def get(self, block=True, timeout=None):
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        self._check(not self.queue)
        if not self.queue and (not block or not _until(lambda: self.queue or self.is_shutdown, timeout)):
            raise Empty
        self._check(not self.queue)
        return self._get()

    def _check(self, ends):
        if ends and self.is_shutdown:
            raise ShutDown

    def shutdown(self, immediate=False):
        self.is_shutdown = True
        while immediate and self.queue:
            self._get()
            self.unfinished_tasks -= self.unfinished_tasks > 0

    def put_nowait(self, item):
        return self.put(item, block=False)

    def get_nowait(self):
        return self.get(block=False)

    def task_done(self):
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1

    def join(self):
        if self.unfinished_tasks:
            _until(lambda: not self.unfinished_tasks)


class PriorityQueue(Queue):
    def _init(self, maxsize):
        self.queue = []

    def _put(self, item):
        heappush(self.queue, item)

    def _get(self):
        return heappop(self.queue)


class LifoQueue(Queue):
    def _init(self, maxsize):
        self.queue = []

    def _get(self):
        return self.queue.pop()


class SimpleQueue(Queue):
    __module__ = "_queue"

    def __init__(self):
        Queue.__init__(self)


if _version < (3, 13):
    del ShutDown
