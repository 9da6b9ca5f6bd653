"""A docstring: the module body is the entry."""
import sys
from math import sqrt


def add(a, b):
    return a + b


class Box:
    size = 3

    def get(self): return self.size


total = 0
for i in range(2):
    total = add(total, i)
squares = [i * i for i in range(3)]
box = Box()
if __name__ == '__main__':
    r = box.get()
try:
    del total
    total
except NameError as error:
    message = str(error)
x: int = sqrt(4)
