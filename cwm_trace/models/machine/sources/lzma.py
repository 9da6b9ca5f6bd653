"""`lzma`: files that are packed as a whole when they are closed."""

from gzip import GzipFile
from gzip import open as _open
from lzma import compress, decompress


class LZMAFile(GzipFile):
    _unpack = staticmethod(decompress)

    def __init__(self, filename=None, mode="r", compresslevel=9, fileobj=None, mtime=None):
        GzipFile.__init__(self, filename, mode, compresslevel, fileobj)

    def __repr__(self):
        return "<lzma.LZMAFile object>"

    def _pack(self, data):
        return compress(data)


def open(filename, mode="rb", compresslevel=9, encoding=None, errors=None, newline=None, **more):
    return _open(filename, mode, compresslevel, encoding, errors, newline, LZMAFile)
