"""`tempfile`: files and folders whose names are drawn, and told when a frame shows one."""

import io
import os
import shutil
import sys

import _disk
from followed import drawn

tempdir = None
TMP_MAX = 10000
template = "tmp"


def gettempdir():
    return tempdir or "/tmp"


def gettempprefix():
    return template


def _name(suffix, prefix, dir):
    folder = gettempdir() if dir is None else _disk.text(dir)
    name = f"{template if prefix is None else prefix}{drawn('name')}{suffix or ''}"
    return folder + name if folder.endswith("/") else folder + "/" + name


def _absolute(path):
    return path if path.startswith("/") else os.path.abspath(path)


def mkdtemp(suffix=None, prefix=None, dir=None):
    path = _absolute(_name(suffix, prefix, dir))
    _disk.put(path, _disk.Node({}, 0o700))
    return path


def mkstemp(suffix=None, prefix=None, dir=None, text=False):
    path = _absolute(_name(suffix, prefix, dir))
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), path


def mktemp(suffix="", prefix=template, dir=None):
    return _absolute(_name(suffix, prefix, dir))


class TemporaryDirectory:
    def __init__(self, suffix=None, prefix=None, dir=None, ignore_cleanup_errors=False, *, delete=True):
        self.name, self._is_deleted_last = mkdtemp(suffix, prefix, dir), delete

    def __repr__(self):
        return f"<TemporaryDirectory {self.name!r}>"

    def __enter__(self):
        return self.name

    def __exit__(self, *error):
        if self._is_deleted_last:
            self.cleanup()

    def cleanup(self):
        if _disk.look(self.name) is not None:
            shutil.rmtree(self.name)


class _TemporaryFileWrapper:
    def __init__(self, file, name, delete):
        self.file, self.name, self.delete = file, name, delete

    def __repr__(self):
        if sys.version_info >= (3, 14):
            return f"<{self.__class__.__name__} file={self.file!r}>"
        return "<tempfile._TemporaryFileWrapper object>"

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.file.close()
        if self.delete and _disk.look(self.name) is not None:
            os.remove(self.name)

    def __iter__(self):
        yield from self.file


def NamedTemporaryFile(
    mode="w+b",
    buffering=-1,
    encoding=None,
    newline=None,
    suffix=None,
    prefix=None,
    dir=None,
    delete=True,
    *,
    errors=None,
    delete_on_close=True,
):
    path = _absolute(_name(suffix, prefix, dir))
    file = open(path, mode, buffering, encoding, errors, newline)
    _disk.look(path).mode = 0o600
    return _TemporaryFileWrapper(file, path, delete)


def TemporaryFile(
    mode="w+b", buffering=-1, encoding=None, newline=None, suffix=None, prefix=None, dir=None, *, errors=None
):
    path = _absolute(_name(suffix, prefix, dir))
    file = open(path, mode, buffering, encoding, errors, newline)
    os.remove(path)
    raw = file.raw if "b" in mode else file.buffer.raw
    raw.name = raw.fileno()
    return file


class SpooledTemporaryFile:
    def __init__(self, max_size=0, mode="w+b", *_, **__):
        self._max_size, self._rolled = max_size, False
        self._file = io.BytesIO() if "b" in mode else io.StringIO()

    def __repr__(self):
        return "<tempfile.SpooledTemporaryFile object>"

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def __iter__(self):
        return iter(self._file)

    def write(self, text):
        given = self._file.write(text)
        self._rolled = self._rolled or 0 < self._max_size < self._file.tell()
        return given

    def rollover(self):
        self._rolled = True
