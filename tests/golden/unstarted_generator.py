# call: f()
# 3.11 only: from 3.12 on, a generator that is closed before its start is not entered
def count(n):
    yield n


def f():
    g = count(1)
    g.close()
    count(2)
    x = (i for i in [1])
    del x
    return g
