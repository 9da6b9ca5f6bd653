# call: f()
from itertools import chain, islice


def plain():
    yield 1


def catches():
    try: yield 1
    except KeyError: pass


def last_operand(d):
    try:
        x = (d or
             (yield from plain()))
    except KeyError: pass
    yield 2


def branch(d):
    try:
        x = (1 if d else
             (yield from plain()))
    except KeyError:
        y = 3
    finally:
        z = 4
    yield 5


def inner(d):
    try:
        try: pass
        finally:
            x = (d or
                 (yield from plain()))
    except KeyError: pass
    yield 6


class Manager:
    def __enter__(self): return self
    def __exit__(self, *error): return True


def managed(d):
    with Manager() as m:
        x = (d and 1 or
             (yield from plain()))
    yield 7


def goes_on():
    yield from catches()
    1 / 0


def adds():
    x = (yield from catches()) or 1
    yield x + 1
    return [].x


class Answers:
    def __iter__(self): return self
    def __next__(self): return 1
    def throw(self, *error): raise StopIteration(4)


def answered():
    x = yield from Answers()
    yield x
    x.y


class Ends:
    def __iter__(self): return self
    def __next__(self): raise StopIteration


def returns():
    yield 1
    return 5


def valued(d):
    for n in (1, 2):
        x = (d or
             (yield from Ends()) or
             (yield from returns()))
        yield x


def thrown(it):
    next(it)
    try: first = it.throw(KeyError)
    except Exception as error: first = error
    try: second = next(it)
    except Exception as error: second = error
    return first, second


def f():
    told = [thrown(g(0)) for g in (last_operand, branch, inner, managed)]
    more = [thrown(g()) for g in (goes_on, adds, answered)]
    for x in chain(returns()):
        for y in list(Ends()): pass
    for x in islice(chain(returns(), ()), 2):
        for y in dict.fromkeys(Ends()).items(): break
    told += [list(valued(0)), list(valued(1)), thrown(valued(0))]
    return told, more
