"""`shutil`: how wide a terminal is, where there is none, and files that are copied, moved and removed."""

import os
from collections import namedtuple

import _disk
from followed import lost, unknown

terminal_size = namedtuple("terminal_size", ["columns", "lines"])


class Error(OSError):
    pass


class SameFileError(Error):
    pass


def get_terminal_size(fallback=(80, 24)):
    return terminal_size(*fallback)


def copyfileobj(fsrc, fdst, length=0):
    while buf := fsrc.read(length or 65536):
        fdst.write(buf)


def copyfile(src, dst, *, follow_symlinks=True):
    node, there = _disk.look(src), _disk.look(dst)
    if node is None and _disk.is_elsewhere(src):
        lost()
    if node is not None and node is there:
        raise SameFileError(f"{src!r} and {dst!r} are the same file")
    for path in (src, dst):
        if path is dst or node is not None:
            found = _disk.look(path)
            if found is not None and found.is_folder:
                raise _disk.fails(21, path)
    data = _disk.found(src).data
    if there is None:
        there = _disk.put(dst, _disk.Node(b"", 0o644))
    there.data = data
    return dst


def _inside(src, dst):
    """Where a copy comes, if what is given is a folder."""
    there = _disk.look(dst)
    return os.path.join(dst, os.path.basename(src)) if there is not None and there.is_folder else dst


def copymode(src, dst, *, follow_symlinks=True):
    _disk.found(dst).mode = _disk.found(src).mode


def copystat(src, dst, *, follow_symlinks=True):
    copymode(src, dst)
    _disk.found(dst).times = _disk.found(src).times


def copy(src, dst, *, follow_symlinks=True):
    dst = _inside(src, dst)
    copyfile(src, dst)
    copymode(src, dst)
    return dst


def copy2(src, dst, *, follow_symlinks=True):
    dst = _inside(src, dst)
    copyfile(src, dst)
    copystat(src, dst)
    return dst


def ignore_patterns(*patterns):
    import fnmatch

    def _ignore_patterns(path, names):
        return {name for pattern in patterns for name in fnmatch.filter(names, pattern)}

    return _ignore_patterns


def copytree(
    src,
    dst,
    symlinks=False,
    ignore=None,
    copy_function=copy2,
    ignore_dangling_symlinks=False,
    dirs_exist_ok=False,
):
    names = list(_disk.found(src).data)
    left = set() if ignore is None else ignore(os.fspath(src), names)
    os.makedirs(dst, exist_ok=dirs_exist_ok)
    for name in names:
        if name in left:
            continue
        one, other = os.path.join(src, name), os.path.join(dst, name)
        if _disk.found(one).is_folder:
            copytree(one, other, symlinks, ignore, copy_function, ignore_dangling_symlinks, dirs_exist_ok)
        else:
            copy_function(one, other)
    return dst


def rmtree(path, ignore_errors=False, onerror=None, *, onexc=None, dir_fd=None):
    node = _disk.look(path)
    if node is None and ignore_errors:
        return
    if node is None or not node.is_folder:
        if onerror is not None or onexc is not None:
            lost()
        raise _disk.fails(2 if node is None else 20, path)
    into, name = _disk.place(path)
    del into.data[name]


def move(src, dst, copy_function=copy2):
    there = _disk.look(dst)
    if there is not None and there.is_folder and there is not _disk.look(src):
        dst = os.path.join(dst, os.path.basename(os.fspath(src).rstrip("/")))
        if _disk.look(dst) is not None:
            raise Error(f"Destination path '{dst}' already exists")
    if _disk.look(src) is None:
        raise _disk.fails(2, src)
    os.rename(src, dst)
    return dst


def which(cmd, mode=1, path=None):
    return unknown()


def disk_usage(path):
    return unknown()


def make_archive(*args, **named):
    return lost()


def unpack_archive(*args, **named):
    return lost()
