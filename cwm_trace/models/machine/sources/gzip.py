"""`gzip`: files that are packed as a whole when they are closed. The time that their heads have is the beginning of all times."""

import struct
import sys
import zlib
from builtins import open as _open
from io import SEEK_SET, BufferedIOBase, BytesIO, TextIOWrapper

from _disk import text
from followed import unknown

READ, WRITE = 1, 2
_LEVEL = 9 if sys.version_info < (3, 15) else 6


class BadGzipFile(OSError):
    pass


def compress(data, compresslevel=_LEVEL, *, mtime=None if sys.version_info < (3, 14) else 0):
    if mtime == 0 and sys.version_info < (3, 13):
        packing = zlib.compressobj(compresslevel, zlib.DEFLATED, 31)
        return packing.compress(data) + packing.flush()
    return _head(compresslevel, mtime, b"") + _body(bytes(data), compresslevel)


def _head(level, mtime, name):
    flags, best = (8 if name else 0), {9: 2, 1: 4}.get(level, 0)
    return struct.pack("<2sBBLBB", b"\x1f\x8b", 8, flags, int(mtime or 0), best, 255) + (name + b"\0" if name else b"")


def _body(data, level):
    packing = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, 0)
    return packing.compress(data) + packing.flush() + struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def decompress(data):
    data, parts = bytes(data), []
    while data:
        if data[:2] != b"\x1f\x8b":
            raise BadGzipFile(f"Not a gzipped file ({data[:2]!r})")
        unpacking = zlib.decompressobj(31)
        parts.append(unpacking.decompress(data))
        if not unpacking.eof:
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        data = unpacking.unused_data.lstrip(b"\0")
    return b"".join(parts)


class GzipFile(BufferedIOBase):
    _is_of_c = True
    _unpack = staticmethod(decompress)

    def __init__(self, filename=None, mode=None, compresslevel=_LEVEL, fileobj=None, mtime=None):
        mode = (mode or getattr(fileobj, "mode", None) or "rb").replace("t", "b")
        if mode not in ("r", "rb", "w", "wb", "a", "ab", "x", "xb"):
            raise ValueError(f"Invalid mode: {mode!r}")
        self.myfileobj = None
        if fileobj is None:
            fileobj = self.myfileobj = _open(filename, mode if "b" in mode else f"{mode}b")
        if filename is None:
            filename = getattr(fileobj, "name", "")
        self.name = text(filename) if isinstance(filename, (str, bytes)) or hasattr(filename, "__fspath__") else ""
        self.fileobj, self._level, self._given = fileobj, compresslevel, mtime
        self.mode = READ if mode[0] == "r" else WRITE
        self._buffer = BytesIO()
        self._is_read = False
        self.closed = False

    def __repr__(self):
        return f"<gzip {repr(self.fileobj)[1:-1]} {hex(id(self))}>"

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")

    @property
    def mtime(self):
        return self._given

    def _reading(self):
        self._check()
        if self.mode != READ:
            raise OSError(9, "read() on write-only GzipFile object")
        if not self._is_read:
            self._buffer, self._is_read = BytesIO(self._unpack(self.fileobj.read())), True
        return self._buffer

    def read(self, size=-1):
        return self._reading().read(size)

    read1 = read

    def peek(self, n=0):
        return self._reading().getvalue()[self._buffer.tell() :]

    def readline(self, size=-1):
        return self._reading().readline(size)

    def readinto(self, buffer):
        return self._reading().readinto(buffer)

    def write(self, data):
        if self.closed:
            raise ValueError("write() on closed GzipFile object")
        if self.mode != WRITE:
            raise OSError(9, "write() on read-only GzipFile object")
        return self._buffer.write(data)

    def tell(self):
        self._check()
        return self._buffer.tell()

    def seek(self, offset, whence=SEEK_SET):
        if self.mode == READ:
            return self._reading().seek(offset, whence)
        if offset < self.tell():
            raise OSError("Negative seek in write mode")
        self._buffer.write(bytes(offset - self.tell()))
        return offset

    def rewind(self):
        self.seek(0)

    def readable(self):
        return self.mode == READ

    def writable(self):
        return self.mode == WRITE

    def seekable(self):
        return True

    def flush(self, mode=2):
        self._check()

    def fileno(self):
        return unknown()

    def _pack(self, data):
        name = self.name.rpartition("/")[2].removesuffix(".gz").encode("latin-1", "ignore")
        return _head(self._level, self._given, name) + _body(data, self._level)

    def close(self):
        if self.closed:
            return
        self.closed = True
        if self.mode == WRITE:
            self.fileobj.write(self._pack(self._buffer.getvalue()))
        if self.myfileobj is not None:
            self.myfileobj.close()
        self.fileobj = self.myfileobj = None

    def __enter__(self):
        self._check()
        return self


def open(filename, mode="rb", compresslevel=_LEVEL, encoding=None, errors=None, newline=None, kind=GzipFile):
    if "t" in mode and "b" in mode:
        raise ValueError(f"Invalid mode: {mode!r}")
    if "t" not in mode:
        for name, value in (("encoding", encoding), ("errors", errors), ("newline", newline)):
            if value is not None:
                raise ValueError(f"Argument {name!r} not supported in binary mode")
    plain = mode.replace("t", "")
    if isinstance(filename, (str, bytes)) or hasattr(filename, "__fspath__"):
        made = kind(filename, plain, compresslevel)
    elif hasattr(filename, "read") or hasattr(filename, "write"):
        made = kind(None, plain, compresslevel, filename)
    else:
        raise TypeError("filename must be a str or bytes object, or a file")
    return TextIOWrapper(made, encoding, errors, newline) if "t" in mode else made
