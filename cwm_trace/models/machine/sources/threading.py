"""`threading`, as far as it is followed: threads that wait for each other (see `machine.threads`)."""

from functools import update_wrapper
from sys import version_info as _version

from followed import after, drawn, lost, moved, pause, spawn


def _until(holds, timeout=None):
    """Wait until it holds; whether it does in time."""
    last = None if timeout is None or timeout < 0 else after(timeout)
    me = _running[0]
    while not holds():
        may_hold = pause(last)
        _running[0] = me
        if not may_hold:
            return lost() if last is None else holds()
    moved()
    return True


def _turn():
    """Let those go on that can."""
    me = _running[0]
    pause(after(0))
    _running[0] = me


class Thread:
    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None):
        if name is None:
            _made[0] += 1
            name = f"Thread-{_made[0]}" if target is None else f"Thread-{_made[0]} ({target.__name__})"
        self._target, self.name, self._args, self._kwargs = target, str(name), args, kwargs or {}
        self.daemon, self._is_started, self._is_stopped, self._ident = bool(daemon), False, False, None

    def __repr__(self):
        status = "stopped" if self._is_stopped else "started" if self._is_started else "initial"
        ident = "" if self._ident is None else f" {self._ident}"
        return f"<{type(self).__name__}({self.name}, {status}{' daemon' if self.daemon else ''}{ident})>"

    @property
    def ident(self):
        return None if self._ident is None else int(self._ident)

    def run(self):
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def _work(self):
        _running[0] = self
        try:
            self.run()
        finally:
            self._is_stopped = True

    def start(self):
        if self._is_started:
            raise RuntimeError("threads can only be started once")
        self._is_started = True
        self._ident = drawn("place")
        me = _running[0]
        spawn(self._work)
        if type(self._target).__name__ == "builtin_function_or_method":
            _turn()  # what is done in C is done before anybody asks (8 of 8 runs)
        _running[0] = me

    def join(self, timeout=None):
        if not self._is_started:
            raise RuntimeError("cannot join thread before it is started")
        _until(lambda: self._is_stopped, timeout)

    def is_alive(self):
        return self._is_started and not self._is_stopped

    def getName(self):
        return self.name

    def setName(self, name):
        self.name = name


_made, _running = [0], [None]


class _MainThread(Thread):
    def __init__(self):
        Thread.__init__(self, name="MainThread")
        self._is_started, self._ident = True, drawn("place")


_main = _MainThread()


def main_thread():
    return _main


def current_thread():
    return _main if _running[0] is None else _running[0]


def get_ident():
    return current_thread().ident


class local:
    def __init__(self):
        object.__setattr__(self, "_held", [])

    def __repr__(self):
        return "<_thread._local object>"

    def _own(self):
        for thread, held in self._held:
            if thread is _running[0]:
                return held
        self._held.append((_running[0], {}))
        return self._held[-1][1]

    def __setattr__(self, name, value):
        self._own()[name] = value

    def __getattr__(self, name):
        held = self._own()
        if name in held:
            return held[name]
        raise AttributeError(f"'_thread._local' object has no attribute {name!r}")


def _check_wait(blocking, timeout):
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError(_NO_WAIT)


_NO_WAIT = "timeout value must be positive" if _version < (3, 13) else "timeout value must be a non-negative number"


class Lock:
    def __init__(self):
        self._locked = False

    def __repr__(self):
        return f"<{'' if self._locked else 'un'}locked _thread.lock object>"

    def acquire(self, blocking=True, timeout=-1):
        _check_wait(blocking, timeout)
        if self._locked and (not blocking or not _until(lambda: not self._locked, timeout)):
            return False
        self._locked = True
        return True

    def release(self):
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        self._locked = False

    def locked(self):
        return self._locked

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *error):
        self.release()


class RLock:
    def __init__(self):
        self._owner, self._count = None, 0

    def __repr__(self):
        return lost() if self._count else "<unlocked _thread.RLock object owner=0 count=0>"

    def _is_owned(self):
        return bool(self._count) and self._owner is (_running[0] or _main)

    if _version >= (3, 14):

        def locked(self):
            return self._count > 0

    def acquire(self, blocking=True, timeout=-1):
        _check_wait(blocking, timeout)
        me = _running[0] or _main
        if self._count and self._owner is not me:
            if not blocking or not _until(lambda: not self._count, timeout):
                return False
        self._owner = me
        self._count += 1
        return True

    def release(self):
        if not self._count or self._owner is not (_running[0] or _main):
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *error):
        self.release()


class Condition:
    def __init__(self, lock=None):
        self._lock, self._waiters = lock or RLock(), []
        self.acquire, self.release = self._lock.acquire, self._lock.release

    def __repr__(self):
        return f"<Condition({self._lock!r}, {len(self._waiters)})>"

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *error):
        return self._lock.__exit__(*error)

    def wait(self, timeout=None):
        waiter = [False]
        self._waiters.append(waiter)
        self.release()
        try:
            return _until(lambda: waiter[0], timeout)
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            self.acquire()

    def wait_for(self, predicate, timeout=None):
        last = None if timeout is None else after(timeout)
        while not (result := predicate()):
            if last is not None and (timeout <= 0 or not self.wait(last - after(0))):
                return predicate()
            if last is None:
                self.wait()
        return result

    def notify(self, n=1):
        for each in self._waiters[:n]:
            each[0] = True
        del self._waiters[:n]

    def notify_all(self):
        self.notify(len(self._waiters))


class Event:
    def __init__(self):
        self._flag = False

    def __repr__(self):
        return f"<threading.Event: {'set' if self._flag else 'unset'}>"

    def is_set(self):
        return self._flag

    def set(self):
        self._flag = True

    def clear(self):
        self._flag = False

    def wait(self, timeout=None):
        return self._flag or _until(lambda: self._flag, timeout)


class Semaphore:
    def __init__(self, value=1):
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._value = value

    def __repr__(self):
        return lost()

    def acquire(self, blocking=True, timeout=None):
        if not self._value and (not blocking or not _until(lambda: self._value > 0, timeout)):
            return False
        self._value -= 1
        return True

    def release(self, n=1):
        self._value += n

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *error):
        self.release()


class BoundedSemaphore(Semaphore):
    def __init__(self, value=1):
        Semaphore.__init__(self, value)
        self._most = value

    def release(self, n=1):
        if self._value + n > self._most:
            raise ValueError("Semaphore released too many times")
        self._value += n


class serialize_iterator:
    __slots__ = ("_iterator", "_lock")

    def __init__(self, iterable):
        self._iterator, self._lock = iter(iterable), Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            return next(self._iterator)

    def send(self, value, /):
        with self._lock:
            return self._iterator.send(value)

    def throw(self, *args):
        with self._lock:
            return self._iterator.throw(*args)

    def close(self):
        with self._lock:
            return self._iterator.close()


def synchronized_iterator(function):
    def inner(*args, **words):
        return serialize_iterator(function(*args, **words))

    return update_wrapper(inner, function)


def concurrent_tee(iterable, n=2):
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    made = [_concurrent_tee(iterable)] if n else []
    return (*made, *[_concurrent_tee(made[0]) for _ in range(n - 1)])


class _concurrent_tee:
    __slots__ = ("_iterator", "_link", "_lock")

    def __init__(self, iterable):
        if isinstance(iterable, _concurrent_tee):
            self._iterator, self._link, self._lock = iterable._iterator, iterable._link, iterable._lock
        else:
            self._iterator, self._link, self._lock = iter(iterable), [None, None], Lock()

    def __iter__(self):
        return self

    def __next__(self):
        link = self._link
        if link[1] is None:
            with self._lock:
                if link[1] is None:
                    link[:] = next(self._iterator), [None, None]
        value, self._link = link
        return value


class Barrier:
    def __init__(self, parties, action=None, timeout=None):
        self.parties, self._action, self._count, self._round = parties, action, 0, 0

    def __repr__(self):
        return lost()

    def wait(self, timeout=None):
        index, mine = self._count, self._round
        self._count += 1
        if self._count == self.parties:
            if self._action is not None:
                self._action()
            self._count, self._round = 0, mine + 1
        elif not _until(lambda: self._round > mine, timeout):
            lost()
        return index


if _version < (3, 15):
    del concurrent_tee, serialize_iterator, synchronized_iterator
