# call: f()
def g(a, b=2, /, c=3, *rest, d, e=5, **more):
    return a, b, c, rest, d, e, more


def h(z, y, x):
    a = z
    x, z = z, x
    b: int = 5
    c: int
    return locals()


def f():
    g(1, d=4)
    g(1, 2, 3, 4, 5, d=6, q=7, r=8)
    (lambda: None)()
    return h(1, 2, 3)
