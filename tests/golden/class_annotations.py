# call: f(2)
# before 3.14: annotations are evaluated when they are asked for, and class bodies have no __annotations__ (PEP 649)
def f(n):
    class Local:
        limit: int = n
        name: str
        after = limit
    x: int = 1
    y: str
    return Local.after, x
