"""`random`: what is drawn without a seed is unknown, and leaves all else as it is."""

from followed import shuffle as _shuffled
from followed import unknown

_DRAWS = (
    "betavariate choice choices expovariate gammavariate gauss getrandbits lognormvariate normalvariate paretovariate randbytes randint random"
    " randrange sample triangular uniform vonmisesvariate weibullvariate binomialvariate"
).split()


def _drawing(method):
    def draw(self, *args, **named):
        is_seeded = (
            self._generator is not None or type(self).random is not _drawn or type(self).getrandbits is not _bits
        )
        return method(self, *args, **named) if is_seeded else unknown(method(_guesses, *args, **named))

    draw.__name__, draw.__qualname__ = method.__name__, method.__qualname__
    return draw


_guesses = Random(1)  # noqa: F821  # of what is drawn without a seed
for _name in _DRAWS:
    if hasattr(Random, _name):  # noqa: F821
        setattr(Random, _name, _drawing(getattr(Random, _name)))  # noqa: F821
_drawn, _bits, _shuffle = Random.random, Random.getrandbits, Random.shuffle  # noqa: F821


def _shuffling(self, x):
    return _shuffle(self, x) if self._generator is not None else _shuffled(x)


Random.shuffle = _shuffling  # noqa: F821
for _name in (*_DRAWS, "shuffle"):
    if hasattr(Random, _name):  # noqa: F821
        globals()[_name] = getattr(_inst, _name)  # noqa: F821
