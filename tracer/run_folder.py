"""The working directory of a program that comes as text alone: empty, of its own, and removed behind it.

So a program neither leaves files where we are, nor finds those of the run before. Its name is the same each time, as a program may show it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import count


@contextlib.contextmanager
def own_folder(text: str) -> Iterator[str]:
    """An empty folder for a program with this text; another one, while the first is in use."""
    folder = _made(os.path.join(tempfile.gettempdir(), f"cwm-trace-{sha256(text.encode()).hexdigest()[:8]}"))
    try:
        yield folder
    finally:
        try:
            os.rmdir(folder)  # most programs write nothing
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)


def _made(path: str) -> str:
    for number in count():
        folder = f"{path}-{number}" if number else path
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            return folder
    raise AssertionError("unreachable")
