"""The files and folders that a program makes, in memory: what `io`, `os`, `shutil` and `tempfile` work on.

It begins in an empty folder of its own, as a program of text alone does when it is recorded, or with what lies in the working directory that
it is told of (`cwm_trace.lying`); what lies elsewhere on a machine is not known (`is_elsewhere`). Of a real disk nothing else is looked at,
and nothing is changed.
"""

from followed import drawn, lying, presume, read_there, starts_in, unknown

_SYSTEM = frozenset("bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys usr var".split())
_TEXTS = {
    1: "Operation not permitted",
    2: "No such file or directory",
    17: "File exists",
    20: "Not a directory",
    21: "Is a directory",
    22: "Invalid argument",
    39: "Directory not empty",
    40: "Too many levels of symbolic links",
}
_KINDS = {1: PermissionError, 2: FileNotFoundError, 17: FileExistsError, 20: NotADirectoryError, 21: IsADirectoryError}


class Node:
    kind = 0o100000  # in the mode of one that is no folder

    def __init__(self, data, mode):
        self.data, self.mode, self.target = data, mode, None  # target: of a symbolic link
        self.times = unknown(), unknown()
        self.links, self.number = 1, unknown()

    @property
    def is_folder(self):
        return isinstance(self.data, dict)


class _There(Node):
    """A file that was there before the program began: read when it is asked for."""

    is_folder = False

    def __init__(self, way, mode):
        self._way = way
        Node.__init__(self, None, mode)

    @property
    def data(self):
        if self._kept is None:
            self._kept = read_there(self._way)
        return self._kept

    @data.setter
    def data(self, data):
        self._kept = data


def folder():
    return Node({}, 0o755)


class _Nothing(Node):
    """A device that keeps nothing."""

    kind = 0o020000

    @property
    def data(self):
        return b""

    @data.setter
    def data(self, data):
        pass


_null = _Nothing(b"", 0o666)
_ring = Node(b"", 0)
"""What links lead to that lead to each other."""
_start = starts_in() or "/" + drawn("folder")
_root = folder()
_now = [_start]


def fails(number, *paths):
    """The error of the system with that number, which tells of paths."""
    kind = _KINDS.get(number, OSError)
    shown = [path if isinstance(path, (bytes, int)) else text(path) for path in paths]
    made = kind(number, _TEXTS[number], *shown[:1])
    if len(shown) > 1:
        made.filename2 = shown[1]
    return made


def text(path):
    """A path as a text."""
    if isinstance(path, (str, bytes)):
        return path.decode() if isinstance(path, bytes) else path
    if isinstance(path, int):
        return unknown()
    return path.__fspath__()


def here():
    return _now[0]


def go(path):
    node = found(path)
    if not node.is_folder:
        raise fails(20, path)
    names = []
    for name in _parts(path):
        names = names[:-1] if name == ".." else [*names, name]
    _now[0] = "/" + "/".join(names)


def _parts(path):
    """The names on the way from the root."""
    whole = text(path)
    if not whole.startswith("/"):
        whole = _now[0] + "/" + whole
    return [name for name in whole.split("/") if name not in ("", ".")]


def is_elsewhere(path):
    """Whether nobody knows what is there."""
    names, start = _parts(path), _parts(_start)
    is_in_system = bool(names) and names[0] in _SYSTEM and names[: len(start)] != start
    return is_in_system and look(path) is None


def look(path, is_followed=True):
    """What is at a path, if it was made by the program; else None. `is_followed`: not a link itself, but where it leads."""
    whole = text(path)
    if not whole:
        return None
    if _parts(path) == ["dev", "null"]:
        return _null
    node = _reached(_parts(path), is_followed or whole.endswith("/"), [])
    if node is _ring:
        raise fails(40, path)
    return node if node is None or node.is_folder or not whole.endswith("/") else None


def _reached(names, is_followed, seen):
    node, way, above = _root, [], []
    for place, name in enumerate(names):
        if not node.is_folder or name != ".." and name not in node.data:
            return None
        if name == "..":
            node, way = above.pop() if above else _root, way[:-1]
            continue
        above.append(node)
        node = node.data[name]
        is_last = place == len(names) - 1
        if node.target is not None and (is_followed or not is_last):
            if node in seen:
                return _ring
            start = node.target if node.target.startswith("/") else "/" + "/".join(way) + "/" + node.target
            return _reached(_parts(start) + names[place + 1 :], is_followed, [*seen, node])
        way.append(name)
    return node


def found(path, is_followed=True):
    """What is at a path. Raises OSError."""
    node = look(path, is_followed)
    if node is None:
        _presume_missing(path)
        raise fails(why_missing(path), path)
    return node


def _presume_missing(path):
    """Nothing is there, unless it was before the program began; what a frame shows then tells."""
    node = _root
    for name in _parts(path):
        if not node.is_folder or name not in node.data:
            break
        node = node.data[name]
    if node in (_root, _root.data["tmp"]) or node is _home and not _is_known:
        presume()


def why_missing(path):
    """Why there is nothing: a file on the way, or nothing."""
    names = _parts(path)
    for place in range(len(names) if text(path) else 0):
        node = _reached(names[:place], True, [])
        if node is _ring:
            return 40
        if node is not None and not node.is_folder:
            return 20
        if node is None:
            return 2
    return 20 if text(path).endswith("/") and _reached(names, True, []) is not None else 2


def place(path):
    """The folder that a path is in, and its name there. Raises OSError."""
    if not text(path):
        raise fails(2, path)
    names = _parts(path)
    node = _reached(names[:-1], True, [])
    if node is _ring:
        raise fails(40, path)
    if node is None:
        raise fails(why_missing("/" + "/".join(names[:-1])), path)
    if not node.is_folder:
        raise fails(20, path)
    return node, names[-1] if names else ""


def is_inside(outer, node):
    """Whether a folder is in another one, at any depth."""
    return any(each is node or each.is_folder and is_inside(each, node) for each in outer.data.values())


def put(path, node):
    """Lay something at a path, in the place of what may be there. Raises OSError."""
    into, name = place(path)
    into.data[name] = node
    return node


def make(path):
    """A folder and those on the way to it, as they are when a program starts."""
    node = _root
    for name in _parts(path):
        node = node.data.setdefault(name, folder())
    return node


def _fill(node, files, way=""):
    for name, mode, within in files:
        if within is None:
            node.data[name] = _There(way + name, mode)
        else:
            node.data[name] = Node({}, mode)
            _fill(node.data[name], within, f"{way}{name}/")


_home = make(_start)
make("/tmp")
_files = lying()
_is_known = _files is not None
_fill(_home, _files or ())
