# One function for each thing that Python has; the tracer's tests call every function named in CALLS.
import contextlib
import functools


def nested(n):
    def add(x):
        def twice(y):
            return y + y + n

        return twice(x) + x

    return [add(i) for i in range(n)]


def recursion(n):
    return 1 if n < 2 else n * recursion(n - 1)


def closures(n):
    count = 0

    def up(by=1):
        nonlocal count
        count += by
        return count

    up()
    up(n)
    return count, up.__closure__ is not None


class Animal:
    legs = 4

    def __init__(self, name):
        self.name = name

    @property
    def title(self):
        return self.name.title()

    @classmethod
    def make(cls, name):
        return cls(name)

    @staticmethod
    def sound():
        return "..."

    def __repr__(self):
        return f"Animal({self.name!r})"


class Bird(Animal):
    legs = 2

    def __init__(self, name):
        super().__init__(name)
        self.wings = [Animal.sound() for _ in range(2)]

    @functools.cached_property
    def flat(self):
        return "".join(self.wings)


def classes(name):
    bird = Bird.make(name)
    return bird.title, bird.legs, bird.flat, bird


def class_body(n):
    class Local:
        a = n
        b = [a_ for a_ in range(n)]

        def get(self):
            return self.a

    return Local().get(), Local.b


def exceptions(values):
    out = []
    for v in values:
        try:
            out.append(10 / v)
        except ZeroDivisionError as e:
            out.append(str(e))
        except (TypeError, ValueError):
            out.append("type")
        else:
            out.append("fine")
        finally:
            out.append("end")
    return out


def reraised(n):
    try:
        try:
            raise ValueError(n)
        except ValueError as e:
            raise KeyError(n) from e
    except KeyError as e:
        return type(e.__cause__).__name__


def raises(n):
    if n:
        raise RuntimeError("no")
    return raises(n + 1)


def through(n):
    try:
        raises(n)
    finally:
        n += 1
    return n


def bare(n):
    try:
        raises(n)
    except RuntimeError:
        try:
            raise
        except RuntimeError as again:
            return str(again)


def finally_return(n):
    for i in range(3):
        try:
            if i == n:
                return i
        finally:
            if i == 1:
                continue
    return -1


@contextlib.contextmanager
def opened(name):
    yield name.upper()


class Closing:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is KeyError


def withs(name):
    with opened(name) as a, Closing():
        b = a + "!"
        if name == "k":
            raise KeyError(name)
    return b


def generators(n):
    def numbers(limit):
        i = 0
        while i < limit:
            got = yield i
            i += 1 if got is None else got
        return "done"

    def outer():
        result = yield from numbers(n)
        yield result

    first = list(outer())
    g = numbers(9)
    next(g)
    second = [g.send(2), g.send(3)]
    g.close()
    return first, second


def delegates(n):
    def echo():
        try:
            yield 1
            yield 2
        except ValueError as e:
            yield str(e)

    def outer():
        yield from echo()
        yield from [7, 8]

    g = outer()
    next(g)
    return [g.throw(ValueError("thrown")), next(g), next(g)]


def comprehensions(n):
    a = [i * j for i in range(n) for j in range(i) if j % 2]
    b = {i: [k for k in range(i)] for i in range(n)}
    c = {x for x in (n, n + 1)}
    d = sum(x for x in a)
    return a, b, c, d, [lambda: i for i in range(2)][0]()


def lambdas(n):
    f = lambda x, y=2: x * y  # noqa: E731
    return sorted(range(n), key=lambda v: -v), f(n), (lambda: n)()


def matches(value):
    match value:
        case 0:
            return "zero"
        case [a, *rest] if rest:
            return a, rest
        case {"k": v}:
            return v
        case str() as s:
            return s
        case _:
            return None


def loops(n):
    out = []
    for i in range(n):
        if i == 1:
            continue
        while True:
            n -= 1
            if n < 2:
                break
        else:
            out.append("never")
        out.append(i)
    else:
        out.append("else")
    for _ in (): pass
    return out


def multi_line(a):
    result = dict(
        first=a,
        second=[
            a,
            a + 1,
        ],
    )
    return (
        result["first"]
        + result["second"][1]
    )


def unpacking(a):
    (x, y), *z = [(a, a + 1), 3, 4]
    x, y = y, x
    del z[0]
    del a
    q = w = z
    return x, y, q is w


def star(*args, key=1, **kwargs):
    return args, key, kwargs


def stars(n):
    return star(*range(n), key=n, **{"other": n})


def walrus(n):
    if (m := n * 2) > 3:
        return m
    return [last := i for i in range(n)], last


def strings(s):
    t = f"{s!r:>8} {len(s)}"
    return t + "\n" + 'quote " and \\ back', "é", s


def assertion(n):
    assert n, "message"
    return n


def one_line(n):
    if n: n += 1; n *= 2
    return n and recursion(n) or 0


def conditional_calls(a):
    return a and recursion(2) if a else recursion(1)


def decorated(n):
    @functools.lru_cache(None)
    def slow(x):
        return x * x

    return slow(n) + slow(n)


def globals_too(n):
    global COUNTER
    COUNTER = n
    return COUNTER


def same_lines(n):
    x = n
    x = n
    x = n + 1
    x = n
    return x


def async_functions(n):
    import asyncio

    async def numbers(k):
        for i in range(k):
            await asyncio.sleep(0)
            yield i

    async def total():
        out = 0
        async for i in numbers(n):
            out += i
        return out, [i async for i in numbers(2)]

    return asyncio.run(total())


def groups(n):
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError as e:
        n += len(e.exceptions)
    except* TypeError:
        n += 10
    return n


def long_line(d):
    a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
    b = 1
    c = 2
    return a[:b] + str(c)


def iterator_class(n):
    class Up:
        def __iter__(self):
            return iter(range(n))

    return [*Up()]


def unbound(n):
    try:
        if n > 5:
            late = 1
        return late
    except UnboundLocalError as e:
        return type(e).__name__


def many_names():
    z, y, x = 1, 2, 3
    a = z
    b = a + y
    return b + x


CALLS = [
    "nested(2)", "recursion(3)", "closures(4)", "classes('kiwi')", "class_body(2)", "exceptions([1, 0, 'a'])", "reraised(1)",
    "through(0)", "bare(1)", "raises(1)", "finally_return(1)", "finally_return(5)", "withs('a')", "generators(2)", "delegates(1)",
    "comprehensions(3)", "lambdas(3)", "matches(0)", "matches([1, 2])", "matches({'k': 3})", "matches('s')", "matches(None)",
    "loops(3)", "multi_line(1)", "unpacking(1)", "stars(2)", "walrus(2)", "strings('a')", "assertion(0)", "assertion(1)",
    "one_line(1)", "conditional_calls(1)", "conditional_calls(0)", "decorated(2)", "globals_too(3)", "same_lines(1)",
    "async_functions(2)", "groups(1)", "long_line({})", "iterator_class(2)", "unbound(1)", "many_names()",
]
