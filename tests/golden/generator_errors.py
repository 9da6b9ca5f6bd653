# call: f()
def bad():
    yield 1
    raise ValueError('inside')


def stops():
    yield 1
    raise StopIteration


def ignoring():
    try:
        yield 1
    except GeneratorExit:
        yield 2


def f():
    try:
        for x in bad():
            pass
    except ValueError as error:
        a = repr(error)
    try:
        list(stops())
    except RuntimeError as error:
        b = str(error)
    g = ignoring()
    next(g)
    try:
        g.close()
    except RuntimeError as error:
        c = str(error)
    h = bad()
    try:
        h.throw(KeyError('before start'))
    except KeyError:
        d = 'k'
    return a, b, c
