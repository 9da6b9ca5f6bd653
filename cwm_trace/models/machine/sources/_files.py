"""Files that are open, as `open` gives them: bytes, and texts in a coding. What is written is there at once, where a real one waits for
`flush`. Codings of which a character's bytes tell nothing (UTF-16, ...) are read as a whole only."""

import sys
from io import BufferedIOBase, RawIOBase, TextIOBase, UnsupportedOperation

from _disk import Node, fails, found, is_elsewhere, look, put
from _disk import text as _text
from followed import lost, typed, unknown

_BY_LINES = frozenset("utf-8 utf8 ascii us-ascii latin-1 latin1 iso-8859-1 iso8859-1 cp1252 locale utf-8-sig".split())


_numbers = {}
"""What is open under which file descriptor; the three standard streams have the first ones."""


def numbered(raw):
    """The least free file descriptor, for what is open now."""
    number = 3
    while number in _numbers:
        number += 1
    _numbers[number] = raw
    return number


def by_number(number):
    """What is open under a file descriptor. Raises OSError."""
    if number not in _numbers:
        raise OSError(9, "Bad file descriptor")
    return _numbers[number]


def line_typed(prompt):
    """What `input` gives."""
    for stream in (sys.stdin, sys.stdout):
        if stream is None:
            raise RuntimeError(f"input(): lost sys.{'stdout' if stream is sys.stdout else 'stdin'}")
    print(prompt, end="")
    line = sys.stdin.readline()
    if not isinstance(line, str):
        raise TypeError("object.readline() returned non-string")
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")


def opened(file, mode, buffering, encoding, errors, newline, opener):
    _check(file, mode, buffering, encoding, errors, newline)
    if opener is not None or isinstance(file, int) and file < 3 and file not in _numbers:
        return unknown()
    if isinstance(file, int):
        raw = by_number(file)
        raw.name, raw._mode = file, mode
    else:
        path = _text(file)
        node = _node(path, mode)
        if node is None:
            return unknown()
        raw = FileIO(node, path, mode)
    if "b" in mode:
        return raw if buffering == 0 else _buffered(raw)
    return TextIOWrapper(_buffered(raw), encoding, errors, newline, mode=mode)


def _check(file, mode, buffering, encoding, errors, newline):
    if not isinstance(file, (str, bytes, int)) and not hasattr(file, "__fspath__"):
        raise TypeError(f"expected str, bytes or os.PathLike object, not {type(file).__name__}")
    if not isinstance(mode, str):
        raise TypeError(f"open() argument 'mode' must be str, not {type(mode).__name__}")
    if set(mode) - set("rwxabt+U") or len(mode) != len(set(mode)):
        raise ValueError(f"invalid mode: {mode!r}")
    if "t" in mode and "b" in mode:
        raise ValueError("can't have text and binary mode at once")
    if sum(each in mode for each in "rwxa") != 1:
        raise ValueError("must have exactly one of create/read/write/append mode")
    if "b" in mode and encoding is not None:
        raise ValueError("binary mode doesn't take an encoding argument")
    if "b" in mode and errors is not None:
        raise ValueError("binary mode doesn't take an errors argument")
    if "b" in mode and newline is not None:
        raise ValueError("binary mode doesn't take a newline argument")
    if "b" not in mode and buffering == 0:
        raise ValueError("can't have unbuffered text I/O")
    if newline not in (None, "", "\n", "\r", "\r\n"):
        raise ValueError(f"illegal newline value: {newline!r}")


def _node(path, mode):
    """What is opened; None: nobody knows what is there. Raises OSError."""
    node = look(path)
    if node is not None and node.is_folder:
        raise fails(21, path)
    if node is None and is_elsewhere(path):
        return None
    if "x" in mode and node is not None:
        raise fails(17, path)
    if "r" in mode:
        return found(path)
    if node is None:
        if path.endswith("/"):
            raise fails(21, path)
        node = put(path, Node(b"", 0o644))
    if "w" in mode:
        node.data = b""
    return node


def _buffered(raw):
    if "+" in raw._mode:
        return BufferedRandom(raw)
    return BufferedReader(raw) if "r" in raw._mode else BufferedWriter(raw)


class _Base:
    __module__ = "_io"
    _is_of_c = True

    def __enter__(self):
        self._check()
        return self

    def __iter__(self):
        self._check()
        return self

    def readlines(self, hint=-1):
        self._check()
        lines, size = [], 0
        while line := self.readline():
            lines.append(line)
            size += len(line)
            if hint is not None and 0 < hint <= size:
                break
        return lines

    def isatty(self):
        self._check()
        return False

    def seekable(self):
        self._check()
        return True


class FileIO(_Base, RawIOBase):
    __module__ = "_io"

    def __init__(self, node, path, mode, number=None):
        self._node, self._mode, self.name, self.closed = node, mode, path, False
        self._number = numbered(self) if number is None else number
        self._at = len(node.data) if "a" in mode else 0

    @property
    def mode(self):
        kind = next(each for each in "rwxa" if each in self._mode)
        if "+" not in self._mode:
            return f"{kind}b"
        return f"{'rb' if kind in 'rw' else f'{kind}b'}+"

    def __repr__(self):
        if self.closed:
            return "<_io.FileIO [closed]>"
        return f"<_io.FileIO name={self.name!r} mode={self.mode!r} closefd=True>"

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def close(self):
        if not self.closed:
            _numbers.pop(self._number, None)
        self.closed = True

    def fileno(self):
        self._check()
        return self._number

    def flush(self):
        self._check()

    def readable(self):
        self._check()
        return "r" in self._mode or "+" in self._mode

    def writable(self):
        self._check()
        return "r" not in self._mode or "+" in self._mode

    def _check_read(self):
        if not self.readable():
            raise UnsupportedOperation("File not open for reading")

    def _check_write(self):
        if not self.writable():
            raise UnsupportedOperation("File not open for writing")

    def read(self, size=-1, /):
        self._check_read()
        data = self._node.data
        end = len(data) if size is None or size < 0 else self._at + size
        given = data[self._at : end]
        self._at += len(given)
        return given

    read1 = readall = read

    def readline(self, size=-1, /):
        self._check_read()
        data = self._node.data
        end = data.find(b"\n", self._at)
        end = len(data) if end < 0 else end + 1
        if size is not None and size >= 0:
            end = min(end, self._at + size)
        given = data[self._at : end]
        self._at = max(self._at, end)
        return given

    def readinto(self, buffer, /):
        given = self.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)

    def write(self, data, /):
        self._check_write()
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        added, node = bytes(data), self._node
        if not added:
            return 0
        if "a" in self._mode:
            self._at = len(node.data)
        if self._at == len(node.data):
            node.data += added
        else:
            before = node.data[: self._at]
            before += bytes(self._at - len(before))
            node.data = before + added + node.data[self._at + len(added) :]
        self._at += len(added)
        node.times = node.times[0], unknown()
        return len(added)

    def tell(self):
        self._check()
        return self._at

    def seek(self, place, whence=0, /):
        self._check()
        at = (0, self._at, len(self._node.data))[whence] + place
        if at < 0:
            raise fails(22)
        self._at = at
        return at

    def truncate(self, size=None, /):
        self._check_write()
        size = self._at if size is None else size
        data = self._node.data[:size]
        self._node.data = data + bytes(size - len(data))
        return size


class _Buffered(_Base, BufferedIOBase):
    __module__ = "_io"

    def __init__(self, raw, buffer_size=8192):
        self.raw = raw

    def __repr__(self):
        return f"<_io.{type(self).__name__} name={self.raw.name!r}>"

    def _check(self):
        if self.raw.closed:
            raise ValueError("I/O operation on closed file.")

    @property
    def name(self):
        return self.raw.name

    @property
    def mode(self):
        return self.raw.mode

    @property
    def closed(self):
        return self.raw.closed

    def close(self):
        self.raw.close()

    def flush(self):
        if self.closed:
            raise ValueError("flush of closed file")

    def detach(self):
        return self.raw

    def fileno(self):
        self._check()
        return self.raw.fileno()

    def readable(self):
        return self.raw.readable()

    def writable(self):
        return self.raw.writable()

    def tell(self):
        return self.raw.tell()

    def seek(self, place, whence=0, /):
        if self.closed:
            raise ValueError("seek of closed file")
        return self.raw.seek(place, whence)

    def truncate(self, size=None, /):
        if self.closed:
            raise ValueError("truncate of closed file")
        if not self.raw.writable():
            raise UnsupportedOperation("truncate")
        return self.raw.truncate(size)

    def read(self, size=-1, /):
        if self.closed:
            raise ValueError("read of closed file")
        self._check_read()
        return self.raw.read() if size is None or size < 0 else self.raw.read(size)

    def read1(self, size=-1, /):
        return self.read(size)

    def peek(self, size=0, /):
        at = self.raw.tell()
        given = self.read(-1)
        self.raw.seek(at)
        return given

    def readline(self, size=-1, /):
        if self.closed:
            raise ValueError("readline of closed file")
        if size == 0:
            return b""
        self._check_read()
        own = getattr(self.raw, "readline", None)
        return BufferedIOBase.readline(self, size) if own is None else own(size)

    def readinto(self, buffer, /):
        self._check_read()
        return self.raw.readinto(buffer)

    def write(self, data, /):
        if self.closed:
            raise ValueError("write to closed file")
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        self._check_write()
        return self.raw.write(data)

    def _check_read(self):
        if not self.raw.readable():
            raise UnsupportedOperation("read")

    def _check_write(self):
        if not self.raw.writable():
            raise UnsupportedOperation("write")


class BufferedReader(_Buffered):
    __module__ = "_io"

    def writable(self):
        return False

    def write(self, data, /):
        raise UnsupportedOperation("write")


class BufferedWriter(_Buffered):
    __module__ = "_io"

    def readable(self):
        return False

    def read(self, size=-1, /):
        raise UnsupportedOperation("read")

    def readline(self, size=-1, /):
        return self.read() if size else b""


class BufferedRandom(_Buffered):
    __module__ = "_io"


_ENCODINGS = {None: "UTF-8" if sys.version_info < (3, 15) else "utf-8", "locale": "UTF-8"}


class TextIOWrapper(_Base, TextIOBase):
    __module__ = "_io"

    def __init__(
        self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False, *, mode=None
    ):
        self.buffer, self.errors, self._newline = buffer, errors or "strict", newline
        self.encoding = _ENCODINGS.get(encoding, encoding)
        self._coding = "utf-8" if encoding in (None, "locale") else encoding
        self.line_buffering, self.write_through, self.newlines = line_buffering, write_through, None
        " ".encode(self._coding)  # which knows it, or raises
        self._is_by_lines = self._coding.lower().replace("_", "-") in _BY_LINES
        self._is_begun = self._is_gone_through = False
        if mode is not None:
            self.mode = mode

    def __repr__(self):
        told = [f"{name}={value!r}" for name in ("name", "mode") if (value := getattr(self, name, None)) is not None]
        return f"<_io.TextIOWrapper {''.join(f'{each} ' for each in told)}encoding={self.encoding!r}>"

    def _check(self):
        if self.buffer.closed:
            raise ValueError("I/O operation on closed file.")

    @property
    def name(self):
        return self.buffer.name

    @property
    def closed(self):
        return self.buffer.closed

    def close(self):
        if not self.buffer.closed:
            self.buffer.close()

    def flush(self):
        self._check()
        self.buffer.flush()

    def detach(self):
        return self.buffer

    def fileno(self):
        self._check()
        return self.buffer.fileno()

    def reconfigure(self, **named):
        lost()

    def readable(self):
        return self.buffer.readable()

    def writable(self):
        return self.buffer.writable()

    def tell(self):
        self._check()
        if self._is_gone_through:
            raise OSError("telling position disabled by next() call")
        return self.buffer.tell()

    def seek(self, place, whence=0, /):
        self._check()
        if whence == 1 and place:
            raise UnsupportedOperation("can't do nonzero cur-relative seeks")
        if whence == 2 and place:
            raise UnsupportedOperation("can't do nonzero end-relative seeks")
        if place < 0:
            raise ValueError(f"negative seek position {place}")
        self._is_gone_through = False
        return self.buffer.seek(place, whence)

    def truncate(self, size=None, /):
        self._check()
        return self.buffer.truncate(size)

    def _check_read(self):
        self._check()
        if not self.buffer.readable():
            raise UnsupportedOperation("not readable")

    def _decoded(self, data):
        if self._coding == "utf-8-sig" and self.buffer.tell() > len(data):
            return data.decode("utf-8", self.errors)
        return data.decode(self._coding, self.errors)

    def _with_line_feeds(self, text):
        if self._newline is not None or "\r" not in text:
            return text
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def read(self, size=-1, /):
        self._check_read()
        start = self.buffer.tell()
        data = self.buffer.read()
        if size is None or size < 0 or not data:
            return self._with_line_feeds(self._decoded(data))
        if not self._is_by_lines:
            lost()
        text = self._decoded(data)
        end = size
        if self._newline is None:
            for place in range(size):  # two characters of an end of a line are read as one
                if text[end - size + place : end - size + place + 2] == "\r\n":
                    end += 1
        self.buffer.seek(start + len(text[:end].encode(self._coding, self.errors)))
        return self._with_line_feeds(text[:end])

    def readline(self, size=-1, /):
        self._check_read()
        if not self._is_by_lines:
            return self._line_of_all()
        start = self.buffer.tell()
        data = self.buffer.readline() if self._newline in (None, "", "\n") else self._until_own_end()
        if self._newline in (None, "") and b"\r" in data[:-1]:
            end = data.find(b"\r") + 1
            data = data[: end + 1] if data[end : end + 1] == b"\n" else data[:end]
            self.buffer.seek(start + len(data))
        line = self._with_line_feeds(self._decoded(data))
        if size is not None and 0 <= size < len(line):
            line = line[:size]
            self.buffer.seek(start + len(line.encode(self._coding, self.errors)))
        return line

    def _until_own_end(self):
        start = self.buffer.tell()
        data = self.buffer.read()
        ending = self._newline.encode()
        end = data.find(ending)
        if end >= 0:
            data = data[: end + len(ending)]
            self.buffer.seek(start + len(data))
        return data

    def _line_of_all(self):
        """A line in a coding whose bytes do not tell where lines end: all are read when the first is."""
        if not hasattr(self, "_lines"):
            self._lines = self.read().splitlines(keepends=True)
        return self._lines.pop(0) if self._lines else ""

    def __next__(self):
        line = self.readline()
        self._is_gone_through = bool(line)
        if not line:
            raise StopIteration
        return line

    def write(self, text, /):
        self._check()
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not self.buffer.writable():
            raise UnsupportedOperation("not writable")
        given = text.replace("\n", self._newline) if self._newline in ("\r", "\r\n") else text
        coding = self._coding
        if coding in ("utf-8-sig", "utf-16", "utf-32") and self.buffer.tell():
            coding = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[coding]
        self.buffer.write(given.encode(coding, self.errors))
        return len(text)


class _Guessed(_Base, TextIOBase):
    """Standard input of which nobody knows what is on it: three lines, as one may type them."""

    __module__ = "_io"

    def __init__(self, lines, **attributes):
        self._lines, self.name, self.closed = lines, "<stdin>", False
        for name, value in attributes.items():
            setattr(self, name, value)

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def fileno(self):
        return 0

    def readable(self):
        return True

    def readline(self, size=-1, /):
        self._check()
        return unknown(self._lines.pop(0)) if self._lines else self._empty

    def read(self, size=-1, /):
        self._check()
        text = self._empty.join(self._lines)
        self._lines.clear()
        return unknown(text) if text else text

    def readlines(self, hint=-1):
        return list(self)

    def __next__(self):
        if not self._lines:
            raise StopIteration
        return self.readline()


class _GuessedText(_Guessed):
    _empty, mode, encoding, errors = "", "r", "utf-8", "strict"

    def __repr__(self):
        return "<_io.TextIOWrapper name='<stdin>' mode='r' encoding='utf-8'>"


class _GuessedBytes(_Guessed):
    _empty, mode = b"", "rb"

    def __repr__(self):
        return "<_io.BufferedReader name='<stdin>'>"


_GuessedText.__name__ = _GuessedText.__qualname__ = "TextIOWrapper"
_GuessedBytes.__name__ = _GuessedBytes.__qualname__ = "BufferedReader"


def _standard_input():
    if (data := typed()) is None:
        return _GuessedText(["1\n", "2\n", "3\n"], buffer=_GuessedBytes([b"1\n", b"2\n", b"3\n"]))
    raw = _numbers[0] = FileIO(Node(data, 0o600), "<stdin>", "r", 0)
    return TextIOWrapper(BufferedReader(raw), "utf-8", mode="r")


_stdin = _standard_input()
