"""`operator`, as far as the machine has no functions of its own for it."""


def countOf(a, b):
    return sum([1 for each in a if b in [each]])


def indexOf(a, b):
    for place, each in enumerate(a):
        if b in [each]:
            return place
    raise ValueError("sequence.index(x): x not in sequence")


def call(obj, /, *args, **kwargs):
    return obj(*args, **kwargs)
