# call: f(1)
# 3.11 only: a constant in a condition over several lines has other lines from 3.12 on
def f(a):
    if (a and
            1 - 1):
        return 'wrong'
    n = 0
    while (a and
           -1):
        n += 1
        if n > 2:
            break
    x = 'A' if (not a or
                2 - 2) else 'B'
    assert (not a or
            2 - 3)
    if (a and
            not -1):
        return 'wrong'
    if (a and
            __debug__ and
            (1, 2)[1] - 2):
        return 'wrong'
    return n, x
