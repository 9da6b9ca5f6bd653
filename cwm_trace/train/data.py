"""Batches of recorded traces for training, from token shards. Knows nothing of programs or of how they were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cwm_trace.train.shards import IdArray, load_shard, shard_paths

_TOGETHER = 2  # shards shuffled together
IGNORED = -100  # of torch's cross-entropy


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded sequences: `ids` and `labels`, both (batch, time); labels are shifted by the trainer, `IGNORED` = no loss."""

    ids: torch.Tensor
    labels: torch.Tensor

    @property
    def tokens(self) -> int:
        """Tokens that the model computes on, padding included."""
        return self.ids.numel()


def loss_start(sequence: IdArray, frame_sep: int) -> int:
    """Index of the first predicted token: after the context and the entry's CALL, which are always given."""
    separators = np.flatnonzero(sequence == frame_sep)
    return int(separators[1]) + 1 if len(separators) > 1 else len(sequence)


def make_batch(sequences: Sequence[IdArray], frame_sep: int, pad: int) -> Batch:
    """Pad to the longest, rounded up to 32; no loss on padding, context and entry."""
    width = -(-max(map(len, sequences)) // 32) * 32
    ids = torch.full((len(sequences), width), pad, dtype=torch.long)
    labels = torch.full((len(sequences), width), IGNORED, dtype=torch.long)
    for row, sequence in enumerate(sequences):
        tokens = torch.from_numpy(sequence.astype(np.int64))
        ids[row, : len(tokens)] = tokens
        start = loss_start(sequence, frame_sep)
        labels[row, start : len(tokens)] = tokens[start:]
    return Batch(ids, labels)


def bucketed(sequences: Sequence[IdArray], tokens_per_batch: int, rng: np.random.Generator) -> Iterator[list[IdArray]]:
    """Groups of similar length with about so many padded tokens each, in random order."""
    keys = [len(sequence) * rng.uniform(0.93, 1.07) for sequence in sequences]
    groups: list[list[IdArray]] = [[]]
    widest = 0
    for index in np.argsort(keys):
        widest = max(widest, len(sequences[index]))
        if groups[-1] and widest * (len(groups[-1]) + 1) > tokens_per_batch:
            groups.append([])
            widest = len(sequences[index])
        groups[-1].append(sequences[index])
    for index in rng.permutation(len(groups)):
        yield groups[index]


def batches(
    folder: Path, tokens_per_batch: int, frame_sep: int, pad: int, seed: int, *, max_length: Callable[[], int]
) -> Iterator[Batch]:
    """Endless batches over all shards, new shards first (a shard that appears while training runs is taken up).

    `max_length` is asked anew for every group of shards; longer sequences are left out. Raises FileNotFoundError without shards.
    """
    number = done = 0
    while True:
        paths = shard_paths(folder)
        if not paths:
            raise FileNotFoundError(f"no shards in {folder}")
        rng = np.random.default_rng((seed, number))
        chosen = paths[done : done + _TOGETHER] or [paths[index] for index in rng.permutation(len(paths))[:_TOGETHER]]
        done = min(done + _TOGETHER, len(paths))
        limit = max_length()
        sequences = [sequence for path in chosen for sequence in load_shard(path) if len(sequence) <= limit]
        for group in bucketed(sequences, tokens_per_batch, rng):
            yield make_batch(group, frame_sep, pad)
        number += 1
