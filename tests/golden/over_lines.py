# call: f(2, 5)
def g(*a, **k):
    return len(a)
def f(a, b):
    if (a and
            b):
        a += 1
    if (a == 3 or
            b == 4 or
            not a):
        b += 1
    while (a and
           b and
           a < 6):
        a += 1
    x = (a and
         b or
         g(a))
    assert (a or
            b), (
        'no')
    y = (a
         if a
         else b)
    z = g(
        a,
        b if a
        else 3,
        *[
            1,
            2],
        k=g(
            a
        )
    )
    w = a < \
        b < \
        10
    s = (f'{a}'
         f'{b}'
         'c')
    d = {
        'a': 1,
        'b':
            g(2),
    }
    d['x'
      ] = d[
        'a']
    t = (lambda p:
         p + 1)(
             2)
    return (x,
            y,
            z, w, s, d, t)
