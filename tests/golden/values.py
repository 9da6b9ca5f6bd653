# call: f()
import re
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from enum import Enum


@dataclass
class Item:
    name: str
    price: float = 1.5


class Colour(Enum):
    RED = 1


P = namedtuple('P', 'x y')


def f():
    a = iter([1])
    b = (i for i in [1]); next(b)
    c = map(str, [1])
    d = lambda: 1
    e = f
    g = object()
    h = Item('x')
    i = Colour.RED, P(1, 2)
    j = defaultdict(list, a=[1])
    k = Counter('aab'), deque([1], 3)
    l = [1]
    l.append(l)
    m = {}.items(), {1: 2}.keys()
    n = [object(), iter('s'), d]
    o = float('nan'), 1e100, -0.0, 1j
    p = 'text'.upper, len, print
    q = re.compile('a+'), re.search('b', 'abc')
    r = {1: {2: [3]}}
    r[1][2].append(4)
    s = type(h), ValueError('x'), Ellipsis
    t = super
    u = range(3), slice(1), frozenset({1}), bytearray(b'x'), memoryview(b'x')
    return None
