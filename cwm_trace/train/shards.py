"""Token shards on disk: written whole or not at all, read by the trainer.

A shard is an `.npz` of token ids (`ids`, uint16, all traces one after another) and `lengths` (uint32). Needs numpy only: the
processes that write shards import no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cwm_trace.errors import InputError

COUNTS = "counts.jsonl"  # beside shards: what became of the programs that they were made of

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


def mix_shards(folders: Sequence[Path], out: Path, count: int, seed: int = 0) -> int:
    """Deal the traces of all these folders, in random order, to so many shards in `out`; their counts go along. Returns how many there are.

    Raises InputError where a folder has no shards or no counts, or `out` has shards, or there are fewer traces than shards.
    """
    paths = [found for folder in folders for found in some_shards(folder)]
    if shard_paths(out):
        raise InputError(f"{out} has shards already", hint="Give another folder")
    counts = "".join(map(counts_text, folders))
    traces = [trace for path in paths for trace in load_shard(path)]
    if not 0 < count <= len(traces):
        raise InputError(f"{len(traces)} traces cannot be dealt to {count} shards")
    order = np.random.default_rng(seed).permutation(len(traces))
    out.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        save_shard(out / f"shard-{number:09d}.npz", [traces[index].tolist() for index in order[number::count]])
    (out / COUNTS).write_text(counts, "utf-8")
    return len(traces)


def counts_text(folder: Path) -> str:
    """The counts beside a folder's shards, a JSON object a line. Raises InputError where there are none."""
    path = folder / COUNTS
    if not path.is_file():
        raise InputError(f"{folder} has no {COUNTS}", hint="Give a folder that `record` or `mix` wrote")
    return path.read_text("utf-8")


def some_shards(folder: Path) -> list[Path]:
    """The finished shards of a folder, in order. Raises InputError where there are none."""
    if not (found := shard_paths(folder)):
        raise InputError(f"no shards in {folder}", hint="Give a folder that `record` or `mix` wrote")
    return found
