"""`_random`, the numbers of a Mersenne Twister: those of a seed; without one they are unknown."""

from followed import seeded as _seeded
from followed import unknown


class Random:
    _generator = None

    def __init__(self, x=None):
        self.seed(x)

    def seed(self, a=None):
        self._generator = None if a is None else _seeded(abs(a) if isinstance(a, int) else hash(a))

    def random(self):
        return unknown() if self._generator is None else self._generator.random()

    def getrandbits(self, k, /):
        return unknown() if self._generator is None else self._generator.getrandbits(k)

    def getstate(self):
        return unknown() if self._generator is None else self._generator.getstate()

    def setstate(self, state):
        if self._generator is None:
            self._generator = _seeded(0)
        self._generator.setstate(state)
