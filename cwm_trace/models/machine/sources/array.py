"""`array`, as far as it is followed: numbers in a list, each of which fits."""

from collections.abc import MutableSequence
from struct import pack, unpack

from followed import iterator, lost

_SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "f": 4, "d": 8}
_BOUNDS = {
    "b": [("signed short integer", -(2**15), 2**15), ("signed char", -(2**7), 2**7)],
    "B": [("unsigned byte integer", 0, 2**8)],
    "h": [("signed short integer", -(2**15), 2**15)],
    "H": [("unsigned short", 0, 2**16)],
    "i": [("signed integer", -(2**31), 2**31)],
    "I": [("unsigned int", 0, 2**32)],
}


def _misfit(code, value):
    """Why a number is none of this kind; "": it is one."""
    if code in "IL" and value < 0:
        return "can't convert negative value to unsigned int"
    if code == "Q" and value < 0:
        return "can't convert negative int to unsigned"
    low, high = (0, 2**64) if code in "ILQ" else (-(2**63), 2**63)
    if not low <= value < high:
        if code in "qQ":
            return "int too big to convert"
        return f"Python int too large to convert to C {'unsigned ' if code in 'IL' else ''}long"
    for name, low, high in _BOUNDS.get(code, ()):
        if value < low:
            return f"{name} is less than minimum"
        if value >= high:
            return f"{name} is greater than maximum"
    return ""


typecodes = "bBuhHiIlLqQfd"


class array(MutableSequence):
    def __init__(self, typecode, initializer=()):
        if typecode not in _SIZES or isinstance(initializer, str):
            lost()
        self.typecode, self.itemsize, self._items = typecode, _SIZES[typecode], []
        if isinstance(initializer, (bytes, bytearray)):
            self.frombytes(initializer)
        else:
            self._items = [self._fit(each) for each in initializer]

    def _fit(self, value):
        code = self.typecode
        if code in "fd":
            if not isinstance(value, (int, float)):
                raise TypeError("must be real number, not " + type(value).__name__)
            return unpack("<f", pack("<f", value))[0] if code == "f" else float(value)
        if not isinstance(value, int):
            raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
        wrong = _misfit(code, value)
        if wrong:
            raise OverflowError(wrong)
        return value

    def frombytes(self, octets):
        if len(octets) % self.itemsize:
            raise ValueError("bytes length not a multiple of item size")
        code = {"l": "q", "L": "Q"}.get(self.typecode, self.typecode)
        self._items.extend(unpack(f"<{len(octets) // self.itemsize}{code}", bytes(octets)))

    def _of(self, items):
        made = array(self.typecode)
        made._items = items
        return made

    def __repr__(self):
        return f"array({self.typecode!r}, {self._items!r})" if self._items else f"array({self.typecode!r})"

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iterator(self._items, "array.arrayiterator")

    def __getitem__(self, place):
        if isinstance(place, slice):
            return self._of(self._items[place])
        if not -len(self._items) <= place < len(self._items):
            raise IndexError("array index out of range")
        return self._items[place]

    def __setitem__(self, place, value):
        if isinstance(place, slice):
            if not isinstance(value, array):
                raise TypeError(f"can only assign array (not \"{type(value).__name__}\") to array slice")
            self._items[place] = value._items
            return
        if not -len(self._items) <= place < len(self._items):
            raise IndexError("array assignment index out of range")
        self._items[place] = self._fit(value)

    def __delitem__(self, place):
        if not isinstance(place, slice) and not -len(self._items) <= place < len(self._items):
            raise IndexError("array assignment index out of range")
        del self._items[place]

    def __contains__(self, value):
        return value in self._items

    def __eq__(self, other):
        return self._items == other._items if isinstance(other, array) else NotImplemented

    def __add__(self, other):
        if not isinstance(other, array):
            raise TypeError(f"can only append array (not \"{type(other).__name__}\") to array")
        return self._of(self._items + other._items)

    def __mul__(self, times):
        return self._of(self._items * times)

    def append(self, value):
        self._items.append(self._fit(value))

    def extend(self, values):
        for each in values:
            self.append(each)

    fromlist = extend

    def insert(self, place, value):
        self._items.insert(place, self._fit(value))

    def pop(self, place=-1):
        if not self._items:
            raise IndexError("pop from empty array")
        if not -len(self._items) <= place < len(self._items):
            raise IndexError("pop index out of range")
        return self._items.pop(place)

    def remove(self, value):
        if value not in self._items:
            raise ValueError("array.remove(x): x not in array")
        self._items.remove(value)

    def index(self, value, *bounds):
        if bounds:
            lost()
        if value not in self._items:
            raise ValueError("array.index(x): x not in array")
        return self._items.index(value)

    def count(self, value):
        return self._items.count(value)

    def reverse(self):
        self._items.reverse()

    def tolist(self):
        return list(self._items)

    def byteswap(self):
        code = {"l": "q", "L": "Q"}.get(self.typecode, self.typecode)
        self._items = [unpack(f"<{code}", pack(f">{code}", each))[0] for each in self._items]

    def __bytes__(self):  # what C reads of it as a buffer
        return self.tobytes()

    def tobytes(self):
        if self.typecode in "fd":
            lost()
        parts = [each.to_bytes(self.itemsize, "little", signed=self.typecode.islower()) for each in self._items]
        return b"".join(parts)


ArrayType = array
