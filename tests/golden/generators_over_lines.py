# call: f([3, 0, 4])
def f(xs):
    a = any(
        x > 3
        for x in xs
    )
    b = sum(
        x * y
        for x in xs
        for y in (1, 2)
    )
    c = ', '.join(
        str(
            x
        ) for x in xs if x)
    d = [
        x or
        -1
        for x in xs
    ]
    e = {
        x:
        [y
         for y in range(x)]
        for x in xs
    }
    g = max(
        (x, -x) if x > 1 else
        (x, x) for x in xs)
    return a, b, c, d, e, g
