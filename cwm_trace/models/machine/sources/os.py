"""`os`, as far as it is about files, folders and the environment: those that the program makes itself."""

import builtins
from abc import ABC, abstractmethod
from sys import version_info

import _disk
from _disk import fails, found, is_elsewhere, look
from followed import lost, unknown

error = OSError
altsep, sep, curdir, pardir, extsep, pathsep = None, "/", ".", "..", ".", ":"
linesep, name, devnull, defpath = "\n", "posix", "/dev/null", "/bin:/usr/bin"
F_OK, R_OK, W_OK, X_OK = 0, 4, 2, 1
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND = 0, 1, 2, 64, 128, 512, 1024
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2
_ON_A_SYSTEM = frozenset(
    "HOME PATH USER LOGNAME SHELL LANG LC_ALL LC_CTYPE TERM PWD OLDPWD HOSTNAME TMPDIR EDITOR DISPLAY TZ PYTHONPATH"
    " PYTHONHASHSEED VIRTUAL_ENV SHLVL _ MAIL COLUMNS LINES NO_COLOR CI".split()
)


class PathLike(ABC):
    @abstractmethod
    def __fspath__(self):
        raise NotImplementedError

    @classmethod
    def __subclasshook__(cls, subclass):
        return hasattr(subclass, "__fspath__") if cls is PathLike else NotImplemented

    def __class_getitem__(cls, item):
        return cls


class stat_result:
    def __init__(self, node):
        kind = 0o120000 if node.target is not None else 0o040000 if node.is_folder else node.kind
        self.st_mode = kind | node.mode
        self.st_size = unknown() if node.is_folder else len(node.target or node.data)
        self.st_atime, self.st_mtime = node.times
        self.st_nlink, self.st_ino = unknown() if node.is_folder else node.links, node.number

    def __repr__(self):
        return unknown()

    def __getattr__(self, name):
        return unknown()

    def __getitem__(self, place):
        return (self.st_mode, self.st_ino, unknown(), self.st_nlink, unknown(), unknown(), self.st_size)[place]


def stat(path, *, dir_fd=None, follow_symlinks=True):
    if is_elsewhere(path):
        return unknown()
    return stat_result(found(path, follow_symlinks))


def lstat(path, *, dir_fd=None):
    return stat(path, follow_symlinks=False)


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    return unknown() if is_elsewhere(path) else look(path) is not None


def getcwd():
    return _disk.here()


def chdir(path):
    _disk.go(path)


def _folder(path):
    node = found(path)
    if not node.is_folder:
        raise fails(20, path)
    return node


def listdir(path="."):
    return list(_folder("." if path is None else path).data)


class DirEntry:
    __module__ = "posix"

    def __init__(self, folder, name, node):
        self.name, self._node = name, node
        self.path = name if folder is None else _joined(folder, name)

    def __repr__(self):
        return f"<DirEntry {self.name!r}>"

    def __fspath__(self):
        return self.path

    def _seen(self, follow_symlinks):
        try:
            return look(self.path) if follow_symlinks and self._node.target is not None else self._node
        except OSError:  # links in a ring
            return None

    def is_dir(self, *, follow_symlinks=True):
        node = self._seen(follow_symlinks)
        return node is not None and node.is_folder

    def is_file(self, *, follow_symlinks=True):
        node = self._seen(follow_symlinks)
        return node is not None and not node.is_folder and node.target is None

    def is_symlink(self):
        return self._node.target is not None

    def is_junction(self):
        return False

    def stat(self, *, follow_symlinks=True):
        return stat_result(self._seen(follow_symlinks))


class _Scan:
    __module__ = "posix"
    _is_of_c = True

    def __init__(self, entries):
        self._entries = iter(entries)

    def __repr__(self):
        return "<posix.ScandirIterator object>"

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self._entries = iter(())


def _joined(folder, name):
    folder = _disk.text(folder)
    return folder + name if folder.endswith("/") or not folder else folder + "/" + name


def scandir(path="."):
    path = "." if path is None else path
    return _Scan([DirEntry(path, name, node) for name, node in _folder(path).data.items()])


def walk(top, topdown=True, onerror=None, followlinks=False):
    return _walk(top, topdown, onerror, followlinks)


def _walk(top, topdown, onerror, followlinks):
    top = _disk.text(top)
    try:
        entries = list(scandir(top))
    except OSError as problem:
        if onerror is not None:
            onerror(problem)
        return
    folders = [entry.name for entry in entries if entry.is_dir()]
    others = [entry.name for entry in entries if not entry.is_dir()]
    if topdown:
        yield top, folders, others
    for name in folders:
        if followlinks or look(_joined(top, name), False).target is None:
            yield from _walk(_joined(top, name), topdown, onerror, followlinks)
    if not topdown:
        yield top, folders, others


def _walk_as_3_12_names_it():
    def walk(top, topdown=True, onerror=None, followlinks=False):
        yield from _walk(top, topdown, onerror, followlinks)

    walk.__qualname__ = "walk"
    return walk


if version_info >= (3, 12):
    walk = _walk_as_3_12_names_it()


def mkdir(path, mode=0o777, *, dir_fd=None):
    if is_elsewhere(path):
        lost()
    if look(path, False) is not None:
        raise fails(17, path)
    _disk.put(path, _disk.folder())


def makedirs(name, mode=0o777, exist_ok=False):
    whole = _disk.text(name)
    if is_elsewhere(whole):
        lost()
    before = whole.rstrip("/").rpartition("/")[0]
    if before and look(before) is None:
        try:
            makedirs(before, exist_ok=exist_ok)
        except FileExistsError:
            pass
    try:
        mkdir(name)
    except OSError:
        there = look(whole)
        if not exist_ok or there is None or not there.is_folder:
            raise


def rmdir(path, *, dir_fd=None):
    node = found(path, False)
    if not node.is_folder:
        raise fails(20, path)
    if node.data:
        raise fails(39, path)
    into, name = _disk.place(path)
    del into.data[name]


def removedirs(name):
    rmdir(name)
    before = _disk.text(name).rstrip("/").rpartition("/")[0]
    while before and look(before) is not None and not look(before).data:
        rmdir(before)
        before = before.rpartition("/")[0]


def remove(path, *, dir_fd=None):
    node = found(path, False)
    if node.is_folder:
        raise fails(21, path)
    into, name = _disk.place(path)
    del into.data[name]
    node.links -= 1


unlink = remove


def rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None):
    node = look(src, False)
    if node is None:
        raise fails(_disk.why_missing(src), src, dst)
    there = look(dst, False)
    if there is node:
        return
    if there is not None and there.is_folder:
        if not node.is_folder:
            raise fails(21, src, dst)
        if there.data:
            raise fails(39, src, dst)
    elif there is not None and node.is_folder:
        raise fails(20, src, dst)
    try:
        into, name = _disk.place(dst)
    except OSError as problem:
        raise fails(problem.errno, src, dst) from None
    if node is into or node.is_folder and _disk.is_inside(node, into):
        raise fails(22, src, dst)
    before, last = _disk.place(src)
    del before.data[last]
    into.data.pop(name, None)
    into.data[name] = node


def replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None):
    rename(src, dst)


def renames(old, new):
    before = _disk.text(new).rpartition("/")[0]
    if before:
        makedirs(before, exist_ok=True)
    rename(old, new)


def link(src, dst, **more):
    node = found(src)
    if look(dst) is not None:
        raise fails(17, src, dst)
    node.links += 1
    _put_for(src, dst, node)


def symlink(src, dst, target_is_directory=False, *, dir_fd=None):
    if look(dst, False) is not None:
        raise fails(17, src, dst)
    node = _put_for(src, dst, _disk.Node(b"", 0o777))
    node.target = _disk.text(src)


def _put_for(src, dst, node):
    try:
        return _disk.put(dst, node)
    except OSError as problem:
        raise fails(problem.errno, src, dst) from None


def readlink(path, *, dir_fd=None):
    node = found(path, False)
    if node.target is None:
        raise fails(22, path)
    return node.target


def chmod(path, mode, *, dir_fd=None, follow_symlinks=True):
    found(path).mode = mode


def utime(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True):
    node = found(path)
    node.times = tuple(map(float, times)) if times is not None else (unknown(), unknown())


def truncate(path, length):
    node = found(path)
    node.data = node.data[:length] + bytes(length - len(node.data[:length]))


def fsencode(filename):
    return _disk.text(filename).encode()


def fsdecode(filename):
    return _disk.text(filename)


def open(path, flags, mode=0o777, *, dir_fd=None):
    from _files import FileIO

    node = look(path)
    if node is None and is_elsewhere(path):
        lost()
    if node is not None and flags & O_CREAT and flags & O_EXCL:
        raise fails(17, path)
    if node is None and flags & O_CREAT:
        node = _disk.put(path, _disk.Node(b"", mode & 0o755))
    elif node is None:
        node = found(path)
    if node.is_folder and flags & 3:
        raise fails(21, path)
    if flags & O_TRUNC:
        node.data = b""
    form = ("rb", "wb", "r+b")[flags & 3]
    return FileIO(node, _disk.text(path), "ab" if flags & O_APPEND else form).fileno()


def close(fd):
    _by_number(fd).close()


def read(fd, n, /):
    return _by_number(fd).read(n)


def write(fd, data, /):
    return _by_number(fd).write(data)


def lseek(fd, position, whence, /):
    return _by_number(fd).seek(position, whence)


def fstat(fd):
    return stat_result(_by_number(fd)._node)


def ftruncate(fd, length, /):
    _by_number(fd).truncate(length)


def fsync(fd):
    _by_number(fd)


def fdopen(fd, mode="r", buffering=-1, encoding=None, *args, **named):

    return builtins.open(fd, mode, buffering, encoding, *args, **named)


def _by_number(fd):
    from _files import by_number

    return by_number(fd if isinstance(fd, int) else fd.fileno())


_USUAL = {
    "HOME": "/root",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "USER": "root",
    "LANG": "C.UTF-8",
    "SHELL": "/bin/bash",
    "PWD": "/tmp",
}


class _Environ:
    """What a program sets itself is there, what a system sets is unknown, and nothing else is."""

    __module__ = "os"

    def __init__(self):
        self._set, self._gone = {}, set()

    def __repr__(self):
        return unknown()

    def _check(self, key):
        if not isinstance(key, str):
            raise TypeError(f"str expected, not {type(key).__name__}")

    def __getitem__(self, key):
        self._check(key)
        if key in self._set:
            return self._set[key]
        if key in _ON_A_SYSTEM and key not in self._gone:
            return unknown(_USUAL.get(key, "1"))
        raise KeyError(key)

    def __setitem__(self, key, value):
        self._check(key)
        self._check(value)
        self._set[key] = value

    def __delitem__(self, key):
        self[key]
        self._set.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key):
        if key in self._set:
            return True
        return unknown() if key in _ON_A_SYSTEM and key not in self._gone else False

    def get(self, key, default=None):
        try:
            return self[key]
        except KeyError:
            return default

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key, *default):
        try:
            value = self[key]
        except KeyError:
            if default:
                return default[0]
            raise
        del self[key]
        return value

    def update(self, other=(), /, **more):
        if isinstance(other, _Environ) and not self._set and _ON_A_SYSTEM <= self._gone:
            self._set, self._gone = dict(other._set), set(other._gone)
            other = ()
        for key, value in dict(other, **more).items():
            self[key] = value

    def clear(self):
        self._set.clear()
        self._gone |= _ON_A_SYSTEM

    def copy(self):
        """To be put back, where all has been taken away; it is a dict, which nobody knows."""
        made = _Environ()
        made.update(self._set)
        made._gone |= self._gone
        return made

    def _unknown(self):
        return unknown()

    keys = values = items = _unknown

    def __iter__(self):
        return lost()

    def __len__(self):
        return unknown()


environ = _Environ()


def getenv(key, default=None):
    return environ.get(key, default)


def putenv(name, value):
    pass


def unsetenv(name):
    pass
