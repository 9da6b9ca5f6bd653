"""`memoryview`: bytes of others, seen one by one, or several as one number. What shares them cannot change its size meanwhile."""

from followed import iterator, lost, shared

_SIZES = {
    "b": 1,
    "B": 1,
    "c": 1,
    "?": 1,
    "h": 2,
    "H": 2,
    "i": 4,
    "I": 4,
    "l": 8,
    "L": 8,
    "q": 8,
    "Q": 8,
    "f": 4,
    "d": 8,
}


class memoryview:
    __module__ = "builtins"

    def __init__(self, object):
        if isinstance(object, memoryview):
            object._check()
            self.obj, self._places, self.readonly = object.obj, object._places, object.readonly
            self._base, self._shape = object._base, object._shape
            self.format, self.itemsize = object.format, object.itemsize
        elif type(object).__name__ == "array":
            self.obj, self._places, self.readonly = object, range(len(object)), False
            self._base, self._shape = object.typecode, None
            self.format, self.itemsize = object.typecode, object.itemsize
        elif isinstance(object, (bytes, bytearray)):
            self.obj, self._places, self.readonly = object, range(len(object)), isinstance(object, bytes)
            self.format, self.itemsize, self._base, self._shape = "B", 1, "B", None
        else:
            raise TypeError(f"memoryview: a bytes-like object is required, not {type(object).__name__!r}")
        self._is_released = False
        if isinstance(self.obj, bytearray):
            shared(self.obj, self)

    def __repr__(self):
        return "<released memory>" if self._is_released else "<memory>"

    def _check(self):
        if self._is_released:
            raise ValueError("operation forbidden on released memoryview object")

    def _with(self, places):
        made = memoryview(self)
        made._places = places
        return made

    @property
    def ndim(self):
        self._check()
        return 1 if self._shape is None else len(self._shape)

    @property
    def nbytes(self):
        self._check()
        return len(self._places) * self.itemsize

    @property
    def shape(self):
        self._check()
        return self._shape or (len(self._places),)

    @property
    def strides(self):
        self._check()
        if self._shape is None:
            return ((self._places.step if isinstance(self._places, range) else 1) * self.itemsize,)
        made, size = [], self.itemsize
        for each in reversed(self._shape):
            made.insert(0, size)
            size *= each
        return tuple(made)

    suboffsets = ()

    @property
    def c_contiguous(self):
        self._check()
        return self.strides == (self.itemsize,) or self._shape is not None or len(self._places) < 2

    contiguous = f_contiguous = c_contiguous

    def __len__(self):
        self._check()
        return len(self._places) if self._shape is None else self._shape[0]

    def _number(self, place):
        if self._base == self.format:
            return self.obj[place]
        from struct import unpack

        return unpack(f"<{self.format}", bytes(self.obj[place : place + self.itemsize]))[0]

    def __getitem__(self, place):
        self._check()
        if self._shape is not None and len(self._shape) > 1:
            return self._item(place)
        if isinstance(place, slice):
            return self._with(self._places[place])
        if place is ...:
            return self
        if not isinstance(place, int):
            raise TypeError("memoryview: invalid slice key")
        if not -len(self._places) <= place < len(self._places):
            raise IndexError("index out of bounds on dimension 1")
        return self._number(self._places[place])

    def _item(self, place):
        if not isinstance(place, tuple) or len(place) != len(self._shape):
            if isinstance(place, (int, slice)):
                raise NotImplementedError(
                    "multi-dimensional sub-views are not implemented"
                    if isinstance(place, int)
                    else "multi-dimensional slicing is not implemented"
                )
            lost()
        at = 0
        for number, (each, size) in enumerate(zip(place, self._shape, strict=True), 1):
            if not -size <= each < size:
                raise IndexError(f"index out of bounds on dimension {number}")
            at = at * size + each % size
        return self._number(self._places[at])

    def __setitem__(self, place, value):
        self._check()
        if self.readonly:
            raise TypeError("cannot modify read-only memory")
        if isinstance(place, slice):
            places = self._places[place]
            if len(places) != len(value):
                raise ValueError("memoryview assignment: lvalue and rvalue have different structures")
            for each, one in zip(list(places), list(value), strict=True):
                self._put(each, one)
        elif self._shape is not None and len(self._shape) > 1:
            lost()
        elif not -len(self._places) <= place < len(self._places):
            raise IndexError("index out of bounds on dimension 1")
        else:
            self._put(self._places[place], value)

    def _put(self, place, value):
        if self._base == self.format == "B" and isinstance(self.obj, bytearray):
            if not isinstance(value, int):
                raise TypeError("memoryview: invalid type for format 'B'")
            if not 0 <= value < 256:
                raise ValueError("memoryview: invalid value for format 'B'")
        if self._base == self.format:
            self.obj[place] = value
            return
        from struct import pack

        for number, octet in enumerate(pack(f"<{self.format}", value)):
            self.obj[place + number] = octet

    def __iter__(self):
        self._check()
        return iterator([self._number(each) for each in self._places], "memory_iterator")

    def __contains__(self, value):
        return value in self.tolist()

    def __reversed__(self):
        return reversed(self.tolist())

    def __eq__(self, other):
        if isinstance(other, (bytes, bytearray, memoryview)):
            if isinstance(other, memoryview) and (self.format, other.format) != ("B", "B"):
                return self.tolist() == other.tolist()
            return self.tobytes() == bytes(other)
        return NotImplemented

    def __hash__(self):
        self._check()
        if not self.readonly:
            raise ValueError("cannot hash writable memoryview object")
        return hash(self.tobytes())

    def __bytes__(self):
        return self.tobytes()

    def __enter__(self):
        self._check()
        return self

    def __exit__(self, *_):
        self.release()

    def tobytes(self, order=None):
        self._check()
        if self.format != "B" and self._base == self.format:
            from struct import pack

            return pack(f"<{len(self._places)}{self.format}", *self)
        size = self.itemsize
        return bytes([self.obj[each + number] for each in self._places for number in range(size)])

    def tolist(self):
        self._check()
        flat = [self._number(each) for each in self._places]
        for size in reversed((self._shape or ())[1:]):
            flat = [flat[place : place + size] for place in range(0, len(flat), size)]
        return flat

    def hex(self, *how):
        return self.tobytes().hex(*how)

    def cast(self, format, shape=None):
        self._check()
        if format not in _SIZES or self._base != "B" or not self.c_contiguous:
            lost()
        if self.format != "B" and format not in ("B", "b", "c"):
            raise TypeError("memoryview: cannot cast between two non-byte formats")
        if self.nbytes % _SIZES[format]:
            raise TypeError("memoryview: length is not a multiple of itemsize")
        first = self._places[0] if self._places else 0
        made = self._with(range(first, first + self.nbytes, _SIZES[format]))
        made.format, made.itemsize = format, _SIZES[format]
        made._shape = None if shape is None or len(shape) < 2 else tuple(shape)
        if made._shape is not None:
            size = 1
            for each in made._shape:
                size *= each
            if size != len(made._places):
                raise TypeError("memoryview: product(shape) * itemsize != buffer size")
        return made

    def release(self):
        self._is_released = True

    def toreadonly(self):
        made = self._with(self._places)
        made.readonly = True
        return made
