# call: f(0)
def risky(n):
    if n == 0:
        raise ValueError('zero')
    return 10 / (n - 1)


def g(n):
    try:
        return risky(n)
    except ValueError as error:
        return str(error)
    except (ZeroDivisionError, TypeError):
        pass
    else:
        return 'never'
    finally:
        n += 1
    return n


def chained():
    try:
        try:
            {}['missing']
        except KeyError as error:
            raise RuntimeError('chained') from error
    except RuntimeError as error:
        return repr(error.__cause__)


def reraising(n):
    try:
        risky(n)
    except ValueError:
        try:
            int('x')
        except ValueError:
            n = 1
        raise
    finally:
        n = 2


def finally_wins():
    for i in range(3):
        try:
            if i == 1:
                continue
            return i
        finally:
            if i == 0:
                break
    try:
        return 1
    finally:
        return 2


def unmatched():
    try:
        raise KeyError(1)
    except IndexError:
        return 'no'


def nested():
    try:
        try:
            unmatched()
        finally:
            x = 1
    except LookupError as e:
        y = e
    return [name for name in ('e', 'y') if name in locals()]


def one_line(): raise Exception


def f(n):
    a = g(0), g(1), g(2), g('s')
    b = chained()
    try:
        reraising(n)
    except ValueError as error:
        c = error.args
    d = finally_wins()
    e = nested()
    try:
        one_line()
    except:
        pass
    try:
        x = (1 +
             unknown)
    except NameError:
        assert a, 'message'
    try:
        assert not a, (
            'message')
    except AssertionError as error:
        h = error
    try:
        a.b.c
    except AttributeError: i = 1
    return d
