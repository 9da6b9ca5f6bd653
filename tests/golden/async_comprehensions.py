# call: f()
# 3.11 only: comprehensions with await, async for or := stay inlined from 3.12 on
async def ticks(n):
    for i in range(n):
        yield i


async def one(x):
    return x


async def run():
    a = [i async for i in ticks(2)]
    b = {k: k async for k in ticks(2) if k}
    c = [await one(i) for i in range(2)]
    d = (i async for i in ticks(2))
    e = [i async for i in d]
    return a, b, c, e


def f():
    try:
        run().send(None)
    except StopIteration as stop:
        return stop.value
