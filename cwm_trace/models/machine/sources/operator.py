"""`operator`, as far as the machine has no functions of its own for it."""

from sys import version_info as _version

if _version >= (3, 14):

    def is_none(a, /):
        return a is None

    def is_not_none(a, /):
        return a is not None


def countOf(a, b):
    return sum([1 for each in a if b in [each]])


def indexOf(a, b):
    for place, each in enumerate(a):
        if b in [each]:
            return place
    raise ValueError("sequence.index(x): x not in sequence")


def call(obj, /, *args, **kwargs):
    return obj(*args, **kwargs)
