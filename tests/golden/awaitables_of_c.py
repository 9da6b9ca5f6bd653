# call: run(both())
import asyncio


async def steps(n):
    for i in range(n):
        yield i


async def nothing():
    return None


def finished():
    asyncio.get_running_loop().futures = [asyncio.get_running_loop().create_future()]
    asyncio.get_running_loop().futures[0].set_result(None)
    return asyncio.get_running_loop().futures[0]


async def waits():
    await finished()
    await asyncio.sleep(0)
    found = await asyncio.gather(nothing(), nothing())
    return found


async def closes():
    numbers = steps(3)
    first = await anext(numbers)
    await numbers.aclose()
    await numbers.aclose()
    last = await anext(numbers, None)
    unstarted = steps(1)
    await unstarted.aclose()
    other = steps(2)
    await other.asend(None)
    try:
        await other.athrow(KeyError)
    except KeyError:
        pass
    return first, last


async def both():
    await closes()
    return await waits()


def run(awaitable):
    return asyncio.run(awaitable)
