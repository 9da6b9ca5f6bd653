# call: f(3)
# 3.11 only: comprehensions with await, async for or := stay inlined from 3.12 on
def f(n):
    w = [last := i for i in range(n)]
    t = [y for x in range(n) if (y := x * 2) >= 0]
    return w, last, t, y
