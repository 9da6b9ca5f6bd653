"""Batches of recorded traces for training, from token shards. Knows nothing of programs or of how they were recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from cwm_trace.train.shards import IdArray, load_shard, shard_paths, some_shards

if TYPE_CHECKING:
    from cwm_trace.train.live import LiveShards

_PAUSE = 0.2  # seconds between looks for the first live shard
_TOGETHER = 2  # shards shuffled together
LearnedArray = np.ndarray[tuple[int], np.dtype[np.bool_]]
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

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(self.ids.to(device), self.labels.to(device))


def loss_start(sequence: IdArray, frame_sep: int) -> int:
    """Index of the first predicted token: after the context and the entry's CALL, which are always given."""
    separators = np.flatnonzero(sequence == frame_sep)
    return int(separators[1]) + 1 if len(separators) > 1 else len(sequence)


def learned(sequence: IdArray, frame_sep: int, pad: int) -> tuple[IdArray, LearnedArray]:
    """The tokens of a trace, and which of them are learned.

    Padding tokens in it (`record`), which no network reads, say where that begins and ends, in turn; without one, all behind the entry are.
    """
    marks = sequence == pad
    if not marks.any():
        return sequence, np.arange(len(sequence)) >= loss_start(sequence, frame_sep)
    return sequence[~marks], (np.cumsum(marks) % 2 == 1)[~marks]


def make_batch(sequences: Sequence[IdArray], frame_sep: int, pad: int) -> Batch:
    """Pad to the longest, rounded up to 32; no loss on padding, context and entry, nor on what was told anew or noted."""
    traces = [learned(sequence, frame_sep, pad) for sequence in sequences]
    width = -(-max(len(trace) for trace, _ in traces) // 32) * 32
    ids = torch.full((len(sequences), width), pad, dtype=torch.long)
    labels = torch.full((len(sequences), width), IGNORED, dtype=torch.long)
    for row, (trace, wanted) in enumerate(traces):
        tokens = torch.from_numpy(trace.astype(np.int64))
        ids[row, : len(tokens)] = tokens
        labels[row, : len(tokens)] = tokens.where(torch.from_numpy(wanted), IGNORED)
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


def groups(
    folder: Path, seed: int, *, max_length: Callable[[], int], live: LiveShards | None = None
) -> Iterator[list[IdArray]]:
    """Traces of a few shards at a time, in the shards' order: those of `live` as they come, else new shards first (one that appears
    while training runs is taken up), then any.

    `max_length` is asked anew for every group; longer traces are left out. Raises InputError without shards.
    """
    number = done = 0
    while True:
        fresh = live.take(_TOGETHER) if live else []
        paths = shard_paths(folder) if live else some_shards(folder)
        if fresh or paths:
            rng = np.random.default_rng((seed, number))
            chosen = paths[done : done + _TOGETHER] or [
                paths[index] for index in rng.permutation(len(paths))[:_TOGETHER]
            ]
            if not fresh:
                done = min(done + _TOGETHER, len(paths))
                fresh = [sequence for path in chosen for sequence in load_shard(path)]
            limit = max_length()
            yield [sequence for sequence in fresh if len(sequence) <= limit]
            number += 1
        else:
            time.sleep(_PAUSE)


def batches(
    folder: Path, tokens_per_batch: int, frame_sep: int, pad: int, seed: int, *, max_length: Callable[[], int]
) -> Iterator[Batch]:
    """Endless padded batches over all shards (see `groups`)."""
    return padded(groups(folder, seed, max_length=max_length), tokens_per_batch, frame_sep, pad, seed)


def padded(
    traces: Iterable[list[IdArray]], tokens_per_batch: int, frame_sep: int, pad: int, seed: int
) -> Iterator[Batch]:
    """The batches of each group of traces."""
    for number, sequences in enumerate(traces):
        rng = np.random.default_rng((seed, number, 1))
        for group in bucketed(sequences, tokens_per_batch, rng):
            yield make_batch(group, frame_sep, pad)


def shuffled(traces: Iterable[list[IdArray]], seed: int) -> Iterator[IdArray]:
    """The traces of each group, in random order."""
    for number, group in enumerate(traces):
        for index in np.random.default_rng((seed, number, 2)).permutation(len(group)):
            yield group[index]
