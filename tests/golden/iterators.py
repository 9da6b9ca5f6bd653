# call: f(2)
class Countdown:
    def __init__(self, n): self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Valued(Countdown):
    def __next__(self):
        if not self.n: raise StopIteration('value')
        return super().__next__()


def finishing(n):
    yield n
    return 'end'


def nothing():
    return 'nothing'
    yield


def delegating(it):
    got = yield from it
    return got


def f(n):
    for x in Countdown(n):
        pass
    else:
        x = -1
    for x in Countdown(n):
        if x == 1:
            break
    while n:
        for x in Valued(n): n -= 1
    a = [y for y in Countdown(2)]
    b = list(Countdown(1)) + [*Valued(1)]
    c, d = Countdown(2)
    for x in map(str, Countdown(1)):
        e = x
    for x, y in zip(Countdown(1), "ab"): pass
    for x in finishing(1):
        for y in finishing(x):
            g = 1
    for x in list(nothing()):
        pass
    for x in nothing():
        pass
    h = [z for z in list(nothing())], [z for z in nothing()]
    i = {z: w for z in finishing(1) for w in finishing(z)}
    j = sum(z for z in finishing(3))
    k = list(delegating(Countdown(1))), list(delegating(Valued(1))), list(delegating([1])), list(delegating(nothing()))
    l = list(delegating(delegating(finishing(1))))
    m = next(Countdown(0), 'default'), next(nothing(), None)
    try:
        next(nothing())
    except StopIteration as stop:
        o = stop.value
    p = 1 in Countdown(2), max(Countdown(2)), dict(enumerate(finishing(1)))
    for q, r in enumerate(finishing(2)):
        if r: continue
    for s in reversed([1]): pass
    return None
