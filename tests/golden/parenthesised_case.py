# call: f()
# 3.11 only: later compilers give the jumps of a pattern over several lines other lines
class Point:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y): self.x, self.y = x, y


def f():
    match Point(2, 3):
        case Point(
            x,
            y,
        ):
            return x + y

