# call: f([1, 0, 2])
def f(xs):
    return [
        x
        for x in xs
        if x
    ]
