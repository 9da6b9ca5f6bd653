# call: f(3)
def count(n):
    i = 0
    while i < n:
        got = yield i
        if got: i = got
        i += 1
    return 'done'


def delegating(n):
    result = yield from count(n)
    yield result
    yield from [7, 8]


def closing():
    try:
        yield 1
        yield 2
    finally:
        closed = True


def catching():
    while True:
        try:
            yield 'wait'
        except ValueError as error:
            yield str(error)
        else:
            break


def throw_in_iterator():
    class It:
        def __iter__(self): return self
        def __next__(self): return 5
        def throw(self, *a): raise StopIteration('thrown')
    r = yield from It()
    yield r


def f(n):
    a = list(count(n))
    g = count(10)
    next(g), g.send(5), g.send(None)
    b = list(delegating(2))
    c = closing()
    next(c)
    c.close()
    d = catching()
    next(d)
    e = d.throw(ValueError('oops'))
    next(d)
    try:
        next(d)
    except StopIteration as stop:
        e = stop.value
    h = throw_in_iterator()
    next(h)
    i = h.throw(KeyError('k'))
    j = [x for x in count(2)]
    k = delegating(3)
    next(k)
    try:
        k.throw(KeyError('through'))
    except KeyError:
        pass
    for x in count(5):
        if x: break
    m = (y * y for y in range(3) if y != 1)
    first = next(m)
    rest = list(m)
    n = dict((z, z) for z in 'ab')
    o, *p = count(3)
    g.close(), h.close()  # not left to the order in which locals are released
    return a, b, first, rest
