"""`tarfile`: what an archive notes of a file, as far as it is known; whose it is, and when it was made, is guessed."""

import sys

import _disk


def _of_file(self, name=None, arcname=None, fileobj=None):
    self._check("awx")
    if fileobj is not None:
        name = fileobj.name
    name = _disk.text(name)
    node = _disk.found(name)
    made = self.tarinfo()
    if sys.version_info < (3, 13):
        made.tarfile = self
    else:
        made._tarfile = self
    made.name = (name if arcname is None else _disk.text(arcname)).lstrip("/")
    made.mode = node.mode
    made.uid = made.gid = made.mtime = 0
    made.uname = made.gname = "root"
    made.size = 0 if node.is_folder else len(node.data)
    made.type = DIRTYPE if node.is_folder else REGTYPE  # noqa: F821
    made.linkname = ""
    return made


def _owned(self, tarinfo, targetpath, *more, **named):
    pass


TarFile.gettarinfo, TarFile.chown, TarFile.utime = _of_file, _owned, _owned  # noqa: F821
