# call: f()
def f():
    h = lambda: (
        yield 1
    )
    made = h()
    next(made)
    try:
        made.send(5)
    except StopIteration as stop:
        return stop.value
