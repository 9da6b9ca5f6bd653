# call: f()
def f():
    seen = []
    for make in (
        lambda: [x for x in -1],
        lambda: {x for x in 1 + 1},
        lambda: {x: 1 for x in not 1},
        lambda: [x for x in __debug__],
        lambda: [x for x in (1, 2)[1]],
    ):
        try:
            make()
        except TypeError:
            seen.append('not iterable')
    texts = [c for c in 'ab' * 2]
    numbers = [x for x in {10, -27, 3, 42, 51, 60, 7, 88}]
    return seen, texts, numbers
