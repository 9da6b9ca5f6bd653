"""`zlib`: objects that pack and unpack piece by piece; what comes of a piece is computed from all that came before."""

from zlib import Z_DEFAULT_COMPRESSION

from followed import packed, unpacked

DEFLATED, MAX_WBITS, DEF_MEM_LEVEL, DEF_BUF_SIZE = 8, 15, 8, 16384
Z_DEFAULT_STRATEGY, Z_BEST_COMPRESSION, Z_BEST_SPEED, Z_NO_COMPRESSION = 0, 9, 1, 0
Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH = 0, 2, 3, 4


class Compress:
    def __init__(self, settings, pieces=()):
        self._settings, self._pieces = settings, list(pieces)

    def __repr__(self):
        return "<zlib.Compress object>"

    def compress(self, data, /):
        self._pieces.append(bytes(data))
        return packed(self._settings, self._pieces)

    def flush(self, mode=4, /):
        self._pieces.append(mode)
        return packed(self._settings, self._pieces)

    def copy(self):
        return Compress(self._settings, self._pieces)


class Decompress:
    def __init__(self, settings):
        self._settings, self._pieces = settings, []
        self.unused_data, self.unconsumed_tail, self.eof = b"", b"", False

    def __repr__(self):
        return "<zlib.Decompress object>"

    def _next(self, piece):
        self._pieces.append(piece)
        given, self.unused_data, self.unconsumed_tail, self.eof = unpacked(self._settings, self._pieces)
        return given

    def decompress(self, data, /, max_length=0):
        return self._next((bytes(data), max_length))

    def flush(self, length=16384, /):
        return self._next(None)


def compressobj(level=Z_DEFAULT_COMPRESSION, method=8, wbits=15, memLevel=8, strategy=0, zdict=None):
    return Compress((level, method, wbits, memLevel, strategy))


def decompressobj(wbits=15, zdict=b""):
    return Decompress((wbits,))
