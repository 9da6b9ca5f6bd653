"""Token shards on disk: written whole or not at all, read by the trainer.

A shard is an `.npz` of token ids (`ids`, uint16, all traces one after another) and `lengths` (uint32). Needs numpy only: the
processes that write shards import no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

IdArray = np.ndarray[tuple[int], np.dtype[np.uint16]]


def save_shard(path: Path, sequences: Sequence[Sequence[int]], *, compressed: bool = True) -> None:
    """Write a shard, whole or not at all."""
    partial = path.with_suffix(".partial.npz")
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.uint32)
    flat = np.fromiter(
        (token for sequence in sequences for token in sequence), dtype=np.uint16, count=int(lengths.sum())
    )
    (np.savez_compressed if compressed else np.savez)(partial, ids=flat, lengths=lengths)
    partial.replace(path)


def load_shard(path: Path) -> list[IdArray]:
    """The sequences of a shard."""
    with np.load(path) as shard:
        return list(np.split(shard["ids"], np.cumsum(shard["lengths"])))[:-1]  # what is behind the last one is empty


def shard_paths(folder: Path) -> list[Path]:
    """Finished shards, in order."""
    return sorted(path for path in folder.glob("shard-*.npz") if ".partial" not in path.name)
