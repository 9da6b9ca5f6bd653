# call: f(0)
def f(depth):
    return g(30), depth


def g(n):
    return 0 if n == 0 else 1 + g(n - 1)
