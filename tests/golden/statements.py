# call: f(2)
import sys
counter = 0


def touch():
    global counter
    counter += 1
    return counter


def f(n):
    global fresh
    fresh = n
    import os.path as path, json as js; del js
    from math import floor as fl
    x = y = z = []
    x += [1]; y.append(2); z = z + [3]
    x[0], x[1:] = touch(), [touch()]
    del x[0]
    a = b = 1
    a <<= 3; b = a if a > n else b
    c = 1 < a < 3 or not b
    t = touch() and touch() or touch()
    d = n and (
        touch() and
        touch()
    )
    s = f'{n!r:>{a}} {touch()}'
    assert n, 'no'
    if n == 1: pass
    elif n == 2:
        ...
    else: n = 3
    if (m := n + 1) > 2 and \
            m < 5:
        m = 0
    eval('(lambda i: i)(2)')
    def g(a=touch(),
          b=[touch()
             ]): return a
    g()
    'a docstring-like statement'
    n
    return touch() if c else None
