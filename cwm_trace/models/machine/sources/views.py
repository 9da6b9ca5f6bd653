"""`memoryview`, as far as it is followed: bytes of others, seen one by one."""

from followed import iterator, lost


class memoryview:
    __module__ = "builtins"

    def __init__(self, object):
        if isinstance(object, memoryview):
            self.obj, self._places, self.readonly = object.obj, object._places, object.readonly
        elif type(object).__name__ == "array":
            self.obj, self._places, self.readonly = object, range(len(object)), False
            self.format, self.itemsize = object.typecode, object.itemsize
        elif isinstance(object, (bytes, bytearray)):
            self.obj, self._places, self.readonly = object, range(len(object)), isinstance(object, bytes)
        else:
            lost()
        self._is_released = False

    format, itemsize, ndim = "B", 1, 1

    def __repr__(self):
        return "<released memory>" if self._is_released else "<memory>"

    def _check(self):
        if self._is_released:
            raise ValueError("operation forbidden on released memoryview object")

    @property
    def nbytes(self):
        return len(self._places) * self.itemsize

    @property
    def shape(self):
        return (len(self._places),)

    def __len__(self):
        self._check()
        return len(self._places)

    def __getitem__(self, place):
        self._check()
        if isinstance(place, slice):
            made = memoryview(self.obj)
            made._places, made.readonly = self._places[place], self.readonly
            made.format, made.itemsize = self.format, self.itemsize
            return made
        if not -len(self._places) <= place < len(self._places):
            raise IndexError("index out of bounds on dimension 1")
        return self.obj[self._places[place]]

    def __setitem__(self, place, value):
        self._check()
        if self.readonly:
            raise TypeError("cannot modify read-only memory")
        if isinstance(place, slice):
            places = self._places[place]
            if len(places) != len(value):
                raise ValueError("memoryview assignment: lvalue and rvalue have different structures")
            for each, one in zip(list(places), list(value), strict=True):
                self.obj[each] = one
        else:
            self.obj[self._places[place]] = value

    def __iter__(self):
        return iterator([self.obj[each] for each in self._places], "memory_iterator")

    def __eq__(self, other):
        if isinstance(other, (bytes, bytearray, memoryview)):
            return self.tobytes() == bytes(other)
        return NotImplemented

    def __bytes__(self):
        return self.tobytes()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()

    def tobytes(self):
        self._check()
        if self.format != "B":
            from struct import pack

            return pack(f"<{len(self._places)}{self.format}", *self)
        return bytes([self.obj[each] for each in self._places])

    def tolist(self):
        return list(self)

    def hex(self, *how):
        return self.tobytes().hex(*how)

    def release(self):
        self._is_released = True

    def toreadonly(self):
        made = self[:]
        made.readonly = True
        return made
