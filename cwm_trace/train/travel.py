"""Folders in parts: a trained model comes back from a machine that gives out files of a limited size only.

A folder becomes one tar file, cut into parts named `part-000` and so on, and `parts.json`, which says how many there are and what the whole
hashes to. Plain files at the folder's top only.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from cwm_trace.errors import InputError

_LIST = "parts.json"


def split_folder(folder: Path, out: Path, size: int) -> list[Path]:
    """Write the parts, of `size` bytes at most, and their list; what was there of another folder is removed. Returns their paths."""
    files = sorted(path for path in folder.glob("*") if path.is_file())
    if not files:
        raise InputError(f"no files in {folder}")
    if size < 1:
        raise InputError(f"parts of {size} bytes")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in files:
            tar.add(path, path.name)
    data = buffer.getvalue()
    out.mkdir(parents=True, exist_ok=True)
    for path in out.glob("part-*"):
        path.unlink()
    parts = []
    for number, start in enumerate(range(0, len(data), size)):
        parts.append(out / f"part-{number:03d}")
        parts[-1].write_bytes(data[start : start + size])
    listed = {"parts": len(parts), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (out / _LIST).write_text(json.dumps(listed))
    return [*parts, out / _LIST]


def join_parts(parts: Path, folder: Path) -> list[str]:
    """Write the files that were split, and return their names. Raises InputError if a part is missing or damaged."""
    try:
        listed = json.loads((parts / _LIST).read_text())
        pieces = [(parts / f"part-{number:03d}").read_bytes() for number in range(listed["parts"])]
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is missing") from None
    data = b"".join(pieces)
    if hashlib.sha256(data).hexdigest() != listed["sha256"]:
        raise InputError(f"the parts in {parts} are damaged", hint="Fetch them again")
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:  # before 3.11.4; the files are those that were split, by their hash
            tar.extractall(folder)
        return tar.getnames()
