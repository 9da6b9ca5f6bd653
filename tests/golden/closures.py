# call: f(3)
def counter(start):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count
    return step


def f(n):
    step = counter(n)
    step(); step(by=2)
    adders = [lambda x, i=i: x + i for i in range(2)]
    late = []
    for j in range(2):
        late.append(lambda: j)
    values = [g() for g in late] + [add(n) for add in adders]

    def outer():
        def inner():
            return n, values
        return inner()
    z = outer()
    del step

    def rebind():
        nonlocal n
        n = 'new'
        del n
        n = 7
    rebind()
    return n, z, (lambda *a, **k: (a, k))(1, b=2)
