"""Alignment of two sequences by edit distance with insertions and deletions only, that is, by their longest common subsequence.

Knows nothing of frames: what is equal is told by the items themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple


class Match(NamedTuple):
    """A run of equal items: where it starts in each sequence, and its length."""

    left: int
    right: int
    length: int


def common_subsequence(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence (bit-parallel: Crochemore et al., 2001, Information Processing Letters 80)."""
    row = (1 << len(right)) - 1
    for row in _rows(left, right):  # noqa: B007
        pass
    return len(right) - row.bit_count()


def similarity(left: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """1 less the edit distance (insertions and deletions) over the sum of both lengths: 2 common / (left + right). 1 for two empty ones."""
    together = len(left) + len(right)
    return 2 * common_subsequence(left, right) / together if together else 1.0


def align(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Match]:
    """The runs of one longest common subsequence, in order. Takes a bit of memory for each pair of items."""
    rows = [(1 << len(right)) - 1, *_rows(left, right)]
    at, place = len(left), len(right)
    found: list[Match] = []
    while at and place:
        if _stays(rows[at], place):
            place -= 1
            continue
        at -= 1
        if _stays(rows[at], place):  # the item before `place` adds to the length from this row on: the two are equal
            place -= 1
            longer = found and found[-1][:2] == (at + 1, place + 1)
            length = found.pop().length + 1 if longer else 1
            found.append(Match(at, place, length))
    return found[::-1]


def _rows(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[int]:
    """For each item on the left a number whose bit n is 0 where item n on the right adds to the length so far."""
    places: dict[Hashable, int] = {}
    for position, item in enumerate(right):
        places[item] = places.get(item, 0) | 1 << position
    everything = row = (1 << len(right)) - 1
    for item in left:
        hits = row & places.get(item, 0)
        row = ((row + hits) | (row - hits)) & everything
        yield row


def _stays(row: int, place: int) -> int:
    return row >> (place - 1) & 1
