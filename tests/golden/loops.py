# call: f([3, -1, 4, 0, 5], 'ab')
def f(numbers, text):
    total = 0
    for n in numbers:
        if n < 0:
            continue
        elif n == 0:
            break
        total += n
    else:
        total = -1
    for i, c in enumerate(text):
        total += i
    else:
        total *= 2
    while total > 3:
        total -= 4
        if total == 2: pass
        else: total -= 1
    while True:
        total += 1
        if total > 2: break
    for _ in range(2): total += 1
    while 0:
        total = None
    if 1: total += 1
    for a, (b, *rest) in [(1, (2, 3, 4)), (5, (6,))]:
        total += a + b + len(rest)
    del a, b
    a = [
        total,
        f'{total}',
        total if total > 5
        else None,
    ]
    return (
        total
        + len(a)
    )
