"""`dbm`: texts under names, which live as long as the program does."""

from _disk import Node, fails, look, put
from _disk import text as _text

error = (OSError,)


class _Database:
    def __init__(self, node):
        self._held = node.held

    def __repr__(self):
        return "<_gdbm.gdbm object>"

    def _key(self, key):
        return key.encode() if isinstance(key, str) else key

    def __getitem__(self, key):
        return self._held[self._key(key)]

    def __setitem__(self, key, value):
        self._held[self._key(key)] = self._key(value)

    def __delitem__(self, key):
        del self._held[self._key(key)]

    def __contains__(self, key):
        return self._key(key) in self._held

    def __len__(self):
        return len(self._held)

    def __iter__(self):
        return iter(self.keys())

    def keys(self):
        return list(self._held)

    def get(self, key, default=None):
        return self._held.get(self._key(key), default)

    def setdefault(self, key, default=b""):
        return self._held.setdefault(self._key(key), default)

    def sync(self):
        pass

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def open(file, flag="r", mode=0o666):
    path = _text(file)
    node = look(path)
    if node is None and flag in ("r", "w"):
        raise fails(2, path)
    if node is None or flag == "n":
        node = put(path, Node(b"", 0o644))
        node.held = {}
    return _Database(node)
