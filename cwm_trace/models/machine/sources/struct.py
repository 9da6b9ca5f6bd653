"""`struct`, as far as the machine has no functions of its own for it."""

import sys
from struct import calcsize, iter_unpack, pack, unpack, unpack_from


class Struct:
    def __init__(self, format):
        self.format, self.size = format, calcsize(format)

    def __repr__(self):
        return f"Struct({self.format!r})" if sys.version_info >= (3, 13) else "<_struct.Struct object>"

    def pack(self, *values):
        return pack(self.format, *values)

    def unpack(self, buffer):
        return unpack(self.format, buffer)

    def unpack_from(self, buffer, offset=0):
        return unpack_from(self.format, buffer, offset)

    def iter_unpack(self, buffer):
        return iter_unpack(self.format, buffer)
