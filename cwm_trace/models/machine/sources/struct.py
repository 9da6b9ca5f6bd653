"""`struct`, as far as the machine has no functions of its own for it."""

import sys
from struct import calcsize, error, iter_unpack, pack, unpack, unpack_from


def pack_into(format, buffer, offset, *values):
    data = pack(format, *values)
    size, room = len(data), len(buffer)
    if offset < 0:
        if offset + size > 0:
            raise error(f"no space to pack {size} bytes at offset {offset}")
        if offset + room < 0:
            raise error(f"offset {offset} out of range for {room}-byte buffer")
        offset += room
    if room - offset < size:
        raise error(
            f"pack_into requires a buffer of at least {size + offset} bytes for packing {size} bytes at offset {offset}"
            f" (actual buffer size is {room})"
        )
    buffer[offset : offset + size] = data


class Struct:
    def __init__(self, format):
        self.format, self.size = format, calcsize(format)

    def __repr__(self):
        return f"Struct({self.format!r})" if sys.version_info >= (3, 13) else "<_struct.Struct object>"

    def pack(self, *values):
        return pack(self.format, *values)

    def pack_into(self, buffer, offset, *values):
        pack_into(self.format, buffer, offset, *values)

    def unpack(self, buffer):
        return unpack(self.format, buffer)

    def unpack_from(self, buffer, offset=0):
        return unpack_from(self.format, buffer, offset)

    def iter_unpack(self, buffer):
        return iter_unpack(self.format, buffer)
