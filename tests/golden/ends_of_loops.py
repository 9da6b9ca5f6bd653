# call: f()
import csv
from itertools import accumulate, chain, cycle, groupby, islice, pairwise, takewhile, zip_longest


class Steps:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n <= 0: raise StopIteration
        self.n -= 1
        return self.n


class Noted(Steps):
    def __del__(self): pass


class Holds(Steps):
    def __init__(self, n):
        self.n = n
        self.inner = plain(3)
        next(self.inner)


class Makes(Steps):
    def __next__(self):
        made = Noted(0)
        return super().__next__()


def plain(n):
    for i in range(n):
        yield i


def guarded(n):
    try:
        yield from range(n)
    finally:
        done = True


def answers(n):
    kept = Noted(n)
    yield from range(n)
    return kept.n


def through(iterator):
    got = yield from iterator


def through_pairs():
    yield from zip(guarded(3), Steps(1))


def f():
    for x in Noted(1): pass
    for x in Holds(1): pass
    for x in Makes(1): pass
    for x in answers(1): pass
    for x, y in zip(plain(3), Steps(1)): pass
    for x, y in zip(guarded(3), plain(1)): pass
    for x, y in zip(guarded(3), Noted(1)): pass
    for n, x in enumerate(Holds(1)): pass
    for x in map(lambda x: x, Noted(1)): pass
    for x in islice(Holds(1), 3):
        y = x
    else:
        z = x
    for x in takewhile(lambda x: True, Noted(1)): pass
    for x in accumulate(pairwise(Noted(3))): pass
    for x in chain(Steps(1), []): pass
    for x in chain(Noted(1), Holds(1)): pass
    for x in enumerate(chain(Steps(1), Noted(1))): pass
    for x in zip_longest(Holds(1), plain(2)): pass
    for x in iter(Noted(2).__next__, 7): pass
    for x in cycle(Noted(0)): pass
    for x in csv.reader(Noted(0)): pass
    for x, y in groupby(Noted(2)):
        for z in y: pass
    a = [x for x in chain(Steps(1), [])]
    a = {x for x in Holds(1)}
    a = max(x for x in chain(Steps(1), Noted(1)))
    for x in through(Noted(1)): pass
    for x in through(Holds(1)): pass
    for x in through(answers(1)): pass
    for x in through(chain(Steps(1), [])): pass
    for x in through(map(str, Holds(1))): pass
    a = list(through_pairs())
    return a
