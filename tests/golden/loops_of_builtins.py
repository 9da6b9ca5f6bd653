# call: f([3, 0, 4])
def f(xs):
    a = all(x for x in xs)
    b = any(x > 3 for x in xs)
    c = tuple(x + 1 for x in xs if x)
    d = all(
        y
        for y in c
    )
    try:
        e = any(1 / x for x in [0])
    except ZeroDivisionError:
        e = None
    return a, b, c, d, all(y for y in ()) and any(y for y in c)
