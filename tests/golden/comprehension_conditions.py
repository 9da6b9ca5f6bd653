# call: f()
def f():
    a = [x for x in range(5)
         if x
         and x != 3]
    b = sum(y for y in (1, 2, 0)
            if y == 1
            or y
            == 2)
    c = any(z
            for z in (0, 1)
            if z < 2)
    d = all(w > 5
            and w
            for w in (0, 6))
    return a, b, c, d
