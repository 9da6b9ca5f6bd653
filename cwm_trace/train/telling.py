"""The positions that a network is told of (`models.trace_positions`), of many traces at once: here, or in processes of their own, where one
alone would not feed a GPU. Knows nothing of batches."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cwm_trace.models.trace_positions import PositionsReader
from cwm_trace.train.shards import IdArray

ToldArray = np.ndarray[Any, np.dtype[np.int16]]
"""(tokens, kinds)"""
Tell = Callable[[Sequence[IdArray]], list[ToldArray]]  # of each trace
_reader: PositionsReader | None = None  # of a process that tells


def telling(reader: PositionsReader) -> Tell:
    """What tells in this process."""
    return lambda traces: [np.array(reader.columns(trace.tolist()), dtype=np.int16).T for trace in traces]


@contextmanager
def telling_apart(reader: PositionsReader, processes: int) -> Iterator[Tell]:
    """What tells in so many processes, which end with `with`."""
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (reader,)) as pool:

        def tell(traces: Sequence[IdArray]) -> list[ToldArray]:
            parts = pool.map(_tell, [traces[first::processes] for first in range(processes)], chunksize=1)
            return [parts[number % processes][number // processes] for number in range(len(traces))]

        yield tell


def _begin(reader: PositionsReader) -> None:
    global _reader
    _reader = reader


def _tell(traces: Sequence[IdArray]) -> list[ToldArray]:
    assert _reader is not None
    return telling(_reader)(traces)
