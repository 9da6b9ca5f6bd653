# call: f([1, 0, 2])
# 3.11 only: later compilers give the jump of an `if` on another line than the comprehension's the line of the `if`
def f(xs):
    return [
        x
        for x in xs
        if x
    ]
