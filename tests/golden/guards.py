# call: f()
def positive(x):
    return x > 0


def f():
    found = []
    for pair in ((1, 2), (1, 0), (0, 0)):
        match pair:
            case (a, b) if (a
                            and b):
                found.append(1)
            case (a, b) if (
                a > b
                and positive(a)
            ):
                found.append(2)
            case _:
                found.append(3)
    return found
