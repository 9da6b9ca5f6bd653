# call: f([1, 2])
def h(xs):
    try:
        return xs[5]
    finally:
        xs.append(0)


def g(xs):
    y = len(xs)
    return h(xs) + y


def f(xs):
    with open('/dev/null', encoding='utf-8') as file:
        del file
        r = g(
            xs
        )
    return r
