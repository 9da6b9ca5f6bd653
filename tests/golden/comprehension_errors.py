# call: f([1, 0])
def f(xs):
    try:
        a = [1 / x for x in xs]
    except ZeroDivisionError as error:
        a = str(error)
    try:
        b = {
            x:
            1 / x
            for x in xs
        }
    except ZeroDivisionError:
        b = None
    try:
        c = [x for x in 5]
    except TypeError as error:
        c = str(error)
    try:
        d = [undefined for x in xs]
    except NameError:
        d = 'unbound'
    try:
        e = [[1 / y for y in xs] for x in xs]
    except ArithmeticError:
        e = 1
    finally:
        e2 = 0
    return a, b, c, d
