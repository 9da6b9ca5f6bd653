# call: f()
def count(n):
    try:
        for i in range(n):
            yield i
    finally:
        n = 0


def pairs():
    for a in count(3):
        for b in count(2):
            yield a, b


def first():
    for pair in pairs():
        return pair


def first_two():
    taken = []
    for pair in pairs():
        taken.append(pair)
        if len(taken) == 2:
            break
    return taken


def fails(kind):
    for a in count(2):
        for b in count(2):
            if b:
                raise kind(a)


def caught():
    out = 0
    try:
        for a in count(2):
            out += 1
            for b in count(2):
                try:
                    out += int(10 / b)
                except ValueError:
                    out = 1
                finally:
                    out += 1
    except ZeroDivisionError as e:
        out += 2
    return out


def inside(n):
    for a in count(3):
        try:
            for b in count(a):
                if b == n:
                    raise KeyError(b)
        except KeyError:
            continue
        else:
            n -= 1
    return n


class Suppress:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return kind is ValueError


def managed():
    with Suppress():
        for a in count(2):
            with Suppress():
                for b in count(2):
                    fails(IndexError)


def f():
    first()
    first_two()
    try:
        fails(ValueError)
    except ValueError:
        pass
    caught()
    inside(1)
    try:
        managed()
    except IndexError as e:
        e = None
    return [x for x in first_two() for y in count(1)]
