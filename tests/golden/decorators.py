# call: f(2)
import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        result = function(*args)
        return result
    return wrapper


def repeat(times):
    def decorate(function):
        def wrapper(x):
            for _ in range(times):
                x = function(x)
            return x
        return wrapper
    return decorate


@logged
@repeat(
    2
)
def double(x):
    return x * 2


@functools.lru_cache(maxsize=None)
def fact(n): return n * fact(n - 1) if n else 1


def f(n):
    @logged
    def local(y):
        return y

    @functools.total_ordering
    class Size:
        def __init__(self, n): self.n = n
        def __lt__(self, other): return self.n < other.n
        def __eq__(self, other): return self.n == other.n
    return double(n), fact(3), fact(3), local(1), Size(1) >= Size(2)
