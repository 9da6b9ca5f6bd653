# call: f()
def g(group):
    try:
        raise group
    except* ValueError as error:
        a = error.exceptions
    except* KeyError:
        b = 1
    else:
        c = 1
    finally:
        d = 2
    return sorted(locals())


def f():
    g(ExceptionGroup('g', [ValueError(1), KeyError(2)]))
    try:
        g(ExceptionGroup('h', [OSError(3)]))
    except ExceptionGroup as error:
        x = error.message
    try:
        g(ValueError('alone'))
    except* ValueError:
        x += '!'
    return x
