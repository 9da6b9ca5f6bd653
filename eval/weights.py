"""What a model is, beyond its name: one hash of the files that it was read from, so that a changed model is not taken for the old one.

Told by the model's name. A server's weights are not to be seen; baselines and `oracle` have none. Files in the cache of the Hugging Face
hub are links whose targets are named by their hashes: those are taken as they are, not read again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from cwm_trace.models import NANO_FOLDER

_KINDS = (".safetensors", ".bin", ".json", ".model")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def weights_hash(name: str) -> str | None:
    """A hash of the files of the model of this name, in the order of their names; None where there are none to be seen."""
    kind, _, rest = name.partition(":")
    if name == "nano":
        return _of_files(_files(NANO_FOLDER))
    if kind == "hf" and rest:
        folder = Path(rest) if Path(rest).is_dir() else _cached(rest)
        return _of_files(_files(folder)) if folder else None
    return _of_files([Path(rest)]) if kind == "replay" and Path(rest).is_file() else None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _KINDS)


def _cached(identity: str) -> Path | None:
    """The folder of a model of the hub, as far as it is in the cache."""
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(identity, local_files_only=True))
    except Exception:  # not installed, not there, not a name: the hub's errors have no common root
        return None


def _of_files(files: Iterable[Path]) -> str | None:
    lines = [f"{path.name} {_of_file(path)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None


def _of_file(path: Path) -> str:
    if path.is_symlink() and _HASH.fullmatch(path.readlink().name):
        return path.readlink().name
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
