# call: f(1)
# 3.11 only: later compilers give the calls of __enter__ and __exit__ the line of the item
class Manager:
    def __init__(self, swallow): self.swallow = swallow

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return self.swallow


def f(n):
    with (
        Manager(True) as a,
        Manager(False) as b,
    ):
        n = [][0]
    return n
