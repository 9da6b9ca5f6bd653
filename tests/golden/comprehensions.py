# call: f([3, 1, 2], {'a': 1, 'b': 2})
def f(xs, d):
    a = [x * 2 for x in xs]
    b = {x % 2 for x in xs if x > 1}
    c = {k: v for k, v in d.items()}
    e = [(x, y) for x in xs for y in range(x) if x != y if y]
    g = [[y for y in range(x)] for x in xs]
    h = [
        x + n
        for x in xs
        for n in [len(a)]
    ]
    i = [x for x in []]
    j = sum(x * len(xs) for x in xs)
    k = {
        key:
        [v for _ in range(v)]
        for key, v
        in d.items()
    }
    m = [(lambda: x)() for x in xs]
    n = list(map(lambda x: x + len(a), xs))
    o = [x for x in [y for y in xs]]
    p = any(x > 2 for x in xs)
    q = [*(z for z in xs), *[w for w in d]]
    x = 'kept'
    r = [x for x in xs], x
    s = sorted([x for x in xs], key=lambda v: -v)
    return [x for x in xs][0]
