# call: f([1], [[2], [3]], ([4], [5]), {'k': [6]})
def f(q, g, t, d):
    r = q; r += [0]
    n = 1
    n = 2
    for row in g: row += [n]
    n = 3
    x = t[0]; x += [n]
    n = 4
    y, z = t; z *= 2
    n = 5
    if (b := q) and n: b += [n]
    n = 6
    v = d['k']; v += [n]; v = len(v)
    n = 7
    for key in d: w = d[key]; w += [key]
    n = 8
    a = b = q; a += [n]
    n = 9
    (c := g).append([n]); c = n
    return n, r, a

