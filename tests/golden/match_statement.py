# call: f()
class Point:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y): self.x, self.y = x, y


def g(value):
    match value:
        case 0 | 1:
            return 'small'
        case int(n) if n > 10:
            return n
        case [x, y, *rest]:
            return x, y, rest
        case {'key': v, **others}:
            return v, others
        case Point(x=0) | Point(x=_, y=0):
            return 'axis'
        case Point(x, y):
            return x + y
        case str() as text:
            pass
        case None: return 'none'
        case _:
            return 'other'
    return text


def f():
    return [g(v) for v in (0, 11, 5, [1, 2, 3], {'key': 1, 'k': 2}, Point(0, 1), Point(2, 3), 'text', None, 1.5)]
