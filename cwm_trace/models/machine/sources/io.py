"""`io`, as far as it is followed: texts that are read and written as files are."""

from followed import lost

DEFAULT_BUFFER_SIZE = 8192
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2


class UnsupportedOperation(OSError, ValueError):
    pass


def text_encoding(encoding, stacklevel=2, /):
    return "locale" if encoding is None else encoding


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    from _files import opened

    return opened(file, mode, buffering, encoding, errors, newline, opener)


class IOBase:
    closed = False

    def close(self):
        self.closed = True

    def flush(self):
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def __enter__(self):
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def readable(self):
        return False

    def writable(self):
        return False

    def seekable(self):
        return False

    def isatty(self):
        return False

    def readline(self, size=-1):
        made = b""
        while (size is None or size < 0 or len(made) < size) and (each := self.read(1)):
            made += each
            if each == b"\n":
                break
        return made

    def readlines(self, hint=-1):
        return list(self)

    def writelines(self, lines):
        for line in lines:
            self.write(line)


class RawIOBase(IOBase):
    pass


class BufferedIOBase(IOBase):
    pass


class TextIOBase(IOBase):
    pass


class _Memory:
    __module__ = "_io"
    _is_of_c = True

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__qualname__} object>"

    def __getattr__(self, name):
        raise AttributeError(f"'_io.{type(self).__name__}' object has no attribute {name!r}")

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def __enter__(self):
        self._check()
        return self

    def getvalue(self):
        self._check()
        return self._text

    def read(self, size=-1):
        self._check()
        end = len(self._text) if size is None or size < 0 else self._at + size
        given = self._text[self._at : end]
        self._at += len(given)
        return given

    def readline(self, size=-1):
        self._check()
        end = self._text.find(self._line_end, self._at)
        end = len(self._text) if end < 0 else end + 1
        if size is not None and size >= 0:
            end = min(end, self._at + size)
        given = self._text[self._at : end]
        self._at += len(given)
        return given

    def tell(self):
        self._check()
        return self._at

    def truncate(self, size=None):
        self._check()
        size = self._at if size is None else size
        self._text = self._text[:size]
        return size

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def flush(self):
        self._check()


class StringIO(_Memory, TextIOBase):
    __module__ = "_io"
    _line_end = "\n"

    def __init__(self, initial_value="", newline="\n"):
        if newline not in ("\n", "", None):
            lost()
        self._is_translated = newline is None
        self._text, self._at, self.closed = self._taken(initial_value or ""), 0, False
        self._is_behind = not initial_value  # at its end, however long it is, which may be unknown

    def write(self, text):
        self._check()
        if not isinstance(text, str):
            raise TypeError(f"string argument expected, got {type(text).__name__!r}")
        if not text:
            return 0
        size, text = len(text), self._taken(text)
        if self._is_behind or self._at == len(self._text):
            self._text += text
        else:
            self._text = self._text[: self._at].ljust(self._at, "\0") + text + self._text[self._at + len(text) :]
        self._at += len(text)
        return size

    def _taken(self, text):
        return text.replace("\r\n", "\n").replace("\r", "\n") if self._is_translated else text

    def seek(self, place, whence=0):
        self._check()
        if whence == 0 and place < 0:
            raise ValueError(f"Negative seek position {place}")
        if whence and place:
            raise OSError("Can't do nonzero cur-relative seeks")
        self._at = (place, self._at, len(self._text))[whence]
        self._is_behind = whence == 2
        return self._at

    def truncate(self, size=None):
        self._is_behind = False
        return _Memory.truncate(self, size)


class BytesIO(_Memory, BufferedIOBase):
    __module__ = "_io"
    _line_end = b"\n"

    def __init__(self, initial_bytes=b""):
        self._text, self._at, self.closed = bytes(initial_bytes), 0, False

    def write(self, text):
        self._check()
        if isinstance(text, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        text = bytes(text)
        before = self._text[: self._at]
        before += bytes(self._at - len(before))
        self._text = before + text + self._text[self._at + len(text) :]
        self._at += len(text)
        return len(text)

    def readinto(self, buffer):
        given = self.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)

    def getbuffer(self):
        return memoryview(self._text)

    def read1(self, size=-1):
        return self.read(size)

    def seek(self, place, whence=0):
        self._check()
        if whence == 0 and place < 0:
            raise ValueError(f"negative seek value {place}")
        self._at = max(0, (0, self._at, len(self._text))[whence] + place)
        return self._at


class _Stream:
    """A stream of `sys`, of which nobody looks at what is written."""

    __module__ = "_io"
    _is_of_c = True

    def __init__(self, name):
        self.name, self.encoding, self.closed = f"<{name}>", "utf-8", False

    def __repr__(self):
        return f"<_io.TextIOWrapper name={self.name!r} mode='w' encoding='utf-8'>"

    def write(self, s):
        return len(s)

    def writelines(self, lines):
        for _ in lines:
            pass

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True


_Stream.__name__ = _Stream.__qualname__ = "TextIOWrapper"
_stdout, _stderr = _Stream("stdout"), _Stream("stderr")
