# call: f()
# before 3.14: locals are released last first from 3.14 on
log = []


class Noisy:
    def __init__(self, name): self.name = name

    def __del__(self):
        log.append(self.name)

    def __repr__(self): return self.name


def gen():
    try:
        yield 1
        yield 2
    finally:
        log.append('closed')


def leaving():
    a = Noisy('a')
    g = gen()
    next(g)
    return 1


def raising():
    b = Noisy('b')
    raise ValueError(1)


def f():
    leaving()
    try:
        raising()
    except ValueError:
        pass
    d = [Noisy('d')]
    d.clear()
    for x in gen():
        break
    x = log[:]
    return len(log)
