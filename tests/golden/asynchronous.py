# call: f()
import asyncio


class Context:
    async def __aenter__(self): return 'entered'

    async def __aexit__(self, *a):
        return a[0] is KeyError


async def ticks(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


async def work(x):
    await asyncio.sleep(0)
    return x * 2


async def failing():
    await work(1)
    raise ValueError('async')


async def run():
    a = await work(2)
    b = []
    async for t in ticks(2):
        b.append(t)
    else:
        b.append('end')
    async with Context() as c:
        b.append(c)
    async with Context():
        raise KeyError
    try:
        await failing()
    except ValueError as error:
        d = str(error)
    e = await asyncio.gather(work(3), work(4))
    return a, b, e


class Await:
    def __await__(self):
        got = yield 'asked'
        return got


async def plain(): return await Await()


def f():
    c = plain()
    x = c.send(None)
    try:
        c.send(5)
    except StopIteration as stop:
        x = stop.value
    return asyncio.run(run()), x
