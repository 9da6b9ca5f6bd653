# call: f([3, 0, 4], {'a': 1, 'b': 22})
def f(xs, d):
    a = [
        (x, y)
        for x in xs
        if x
        for y in range(x)
        if y % 2 == 1
        if y
    ]
    b = {
        k: v
        for k, v in d.items()
        if not v > 5
        and k
    }
    c = sum(
        x
        for x in xs
        if 0 < x
        < 4
    )
    g = {
        z
        for z in xs
        if z and z in
        (3, 4)
        or z is None
    }
    h = [z for z in xs
         if all(q for q in xs
                if q != z) or z or d]
    i = list(
        x for x in xs if (
            x and
            x > 3
        ))
    return a, b, c, g, h, i
