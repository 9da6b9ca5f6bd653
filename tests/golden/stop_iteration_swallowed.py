# call: f()
class It:
    def __next__(self):
        raise StopIteration


def give(x):
    return x


def swallowed():
    yield 1
    next(It(), None)


def passed_on():
    yield give(next(It(), 2))
    give(next(It(), None))


def between():
    try:
        yield 1
        next(It())
    except StopIteration:
        yield 2
        next(It(), None)


def delegates():
    x = yield from swallowed()
    next(It(), None)
    return x


def f():
    out = []
    for x in swallowed():
        out.append(x)
    for x in passed_on():
        out.append(x)
    for x in between():
        out.append(x)
    for x in delegates():
        out.append(x)
    for x in [1]:
        next(It(), None)
    return out
