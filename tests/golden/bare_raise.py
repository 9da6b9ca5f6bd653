# call: f(3)
def f(n):
    try:
        raise
    except RuntimeError as error:
        text = str(error)
    try:
        again(n)
    except RuntimeError:
        n += 1
    try:
        try:
            {}['k']
        except KeyError:
            again(n)
    except KeyError as error:
        text = str(error)
    try:
        for value in each(n):
            again(value)
    except RuntimeError:
        raise


def each(n):
    try:
        yield n
    except GeneratorExit:
        raise


def again(n):
    raise
