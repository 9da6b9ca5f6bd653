# call: f(3)
import sys


class Place:
    """Shows the line that its Python frame is at, as tasks and frames do."""

    def __repr__(self):
        return f'line {self.frame.f_lineno}'


def f(n):
    here = Place()
    here.frame = sys._getframe()
    for i in range(n):
        if i:
            n += i
    while n > 4:
        n -= 1
        if n == 5: continue
    try:
        for i in [1]:
            n = 1 / 0
    except ZeroDivisionError:
        n = 0
    del here.frame
    here = None
    return n
