# call: f(1)
from contextlib import contextmanager, suppress


class Manager:
    def __init__(self, swallow): self.swallow = swallow

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return self.swallow


@contextmanager
def managed(x):
    try:
        yield x
    finally:
        x += 1


def returning(m):
    with m:
        return 1


def looping(m):
    for i in range(3):
        with m as k:
            if i == 0: continue
            break
    return i


def f(n):
    with Manager(False) as m, Manager(True) as k:
        n += 1
    with Manager(True):
        raise ValueError(n)
    with suppress(KeyError): {}['x']
    with managed(n) as v:
        w = v
    try:
        with Manager(False):
            1 / 0
    except ZeroDivisionError:
        pass
    try:
        with managed(n) as v:
            raise KeyError(v)
    except KeyError:
        n = 5
    return returning(Manager(False)), looping(Manager(False))
