"""The files that lie where a program starts, as they were before it ran: names at once, contents when they are asked for.

Only reads, and only below one folder. What has changed since then, is large, or leads out of the folder is not known.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST = 2_000
"""Names that are taken note of; of a folder that has more nothing is known."""
LARGEST = 20_000
"""Bytes of a file whose contents are told."""
_CLOSED = frozenset(("__pycache__", "node_modules", "site-packages"))
"""Folders that nobody looks into, as those whose names begin with a point."""


@dataclass(frozen=True, slots=True)
class File:
    """A file, or a folder with what is in it (`within`, in the order in which the system lists it; None: a file, or not looked into)."""

    name: str
    mode: int
    size: int
    changed: int
    is_folder: bool = False
    within: tuple[File, ...] | None = None


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in a folder; `files`: None where there is too much of it."""

    folder: str
    files: tuple[File, ...] | None = field(default=None)

    def read(self, path: str) -> bytes | None:
        """The contents of a file, by its path from the folder on; None: they are not known."""
        found, place = self._find(path), Path(self.folder, path)
        if found is None or found.is_folder or found.size > LARGEST:
            return None
        try:
            now = place.stat()
            is_here = place.resolve().is_relative_to(Path(self.folder).resolve())
            is_same = stat.S_ISREG(now.st_mode) and (now.st_size, now.st_mtime_ns) == (found.size, found.changed)
            return place.read_bytes() if is_here and is_same else None
        except OSError:
            return None

    def _find(self, path: str) -> File | None:
        level, found = self.files or (), None
        for name in path.split("/"):
            found = next((each for each in level if each.name == name), None)
            level = (found.within if found is not None else None) or ()
        return found


_taken: dict[str, Lying] = {}


def take_note(folder: str) -> None:
    """Let `lying_in` tell what is in a folder now, whatever becomes of it."""
    _taken[folder] = _looked_at(folder)


def lying_in(folder: str) -> Lying:
    """What was in a folder when note was taken of it, else what is there now."""
    return _taken.get(folder) or _looked_at(folder)


def _looked_at(folder: str) -> Lying:
    left = iter(range(MOST))
    try:
        return Lying(folder, _within(folder, left))
    except (OSError, StopIteration):
        return Lying(folder)


def _within(folder: str, left: Iterator[int]) -> tuple[File, ...]:
    """Raises StopIteration where there is too much of it, OSError."""
    with os.scandir(folder) as entries:
        return tuple([_file(entry, left) for entry in entries if next(left) >= 0])


def _file(entry: os.DirEntry[str], left: Iterator[int]) -> File:
    told = entry.stat(follow_symlinks=False)
    is_folder = entry.is_dir(follow_symlinks=False)
    is_open = is_folder and not entry.name.startswith(".") and entry.name not in _CLOSED
    within = _within(entry.path, left) if is_open else None
    return File(entry.name, stat.S_IMODE(told.st_mode), told.st_size, told.st_mtime_ns, is_folder, within)
