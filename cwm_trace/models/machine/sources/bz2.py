"""`bz2`: files that are packed as a whole when they are closed."""

from bz2 import compress, decompress
from gzip import GzipFile
from gzip import open as _open


class BZ2File(GzipFile):
    _unpack = staticmethod(decompress)

    def __init__(self, filename=None, mode="r", compresslevel=9, fileobj=None, mtime=None):
        GzipFile.__init__(self, filename, mode, compresslevel, fileobj)

    def __repr__(self):
        return "<bz2.BZ2File object>"

    def _pack(self, data):
        return compress(data)


def open(filename, mode="rb", compresslevel=9, encoding=None, errors=None, newline=None, **more):
    return _open(filename, mode, compresslevel, encoding, errors, newline, BZ2File)
