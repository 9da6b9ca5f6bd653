# call: f([3, 0, 4])
# 3.11 only: later compilers give the jumps of a conditional expression in a condition other lines
def f(xs):
    return {
        z
        for z in xs
        if (z if z
            else 1) and z in
        (3, 4)
        or z is None
    }
