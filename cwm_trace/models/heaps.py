"""Lists as heaps, and in order: what `heapq` and `bisect` make of them, comparison by comparison (`models.steps`).

The algorithms are those of CPython's `heapq` (`Lib/heapq.py`, `Modules/_heapqmodule.c`: the same comparisons); who compares is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from cwm_trace.models.items import Raises, Steps
from cwm_trace.models.library import place_for

_EMPTY = repr(IndexError("index out of range"))
_Heap = list[str]


def given_by(name: str, items: Sequence[str], given: Sequence[str], steps: Steps) -> str | None:
    """What such a function gives of a heap; None for one that gives None. Raises Raises: the heap is empty."""
    match name, given:
        case "heappop", []:
            return _first(items)
        case "heapreplace", [_]:
            return _first(items)
        case "heappushpop", [one]:
            return items[0] if items and _less(items[0], one, steps) else one
    return None


def _first(items: Sequence[str]) -> str:
    if not items:
        raise Raises(_EMPTY)
    return items[0]


def left_by(name: str, items: Sequence[str], given: Sequence[str], steps: Steps) -> list[str] | None:
    """The list behind a call of such a function; None: not known. Raises Raises: the heap is empty."""
    heap = list(items)
    match name, given:
        case "heappush", [one]:
            heap.append(one)
            return _down(heap, 0, len(heap) - 1, steps)
        case "heappop", []:
            _first(heap)
            last = heap.pop()
            return _up([last, *heap[1:]], 0, steps) if heap else heap
        case "heapreplace", [one]:
            _first(heap)
            return _up([one, *heap[1:]], 0, steps)
        case "heappushpop", [one]:
            return _up([one, *heap[1:]], 0, steps) if heap and _less(heap[0], one, steps) else heap
        case "heapify", []:
            for place in reversed(range(len(heap) // 2)):
                heap = _up(heap, place, steps)
            return heap
        case "insort" | "insort_left" | "insort_right", [one]:
            place = place_for(one, heap, steps, left=name == "insort_left")
            return [*heap[:place], one, *heap[place:]]
    return None


def _less(one: str, other: str, steps: Steps) -> bool:
    return steps.holds(f"{one} < {other}")


def _down(heap: _Heap, start: int, place: int, steps: Steps) -> _Heap:
    """Let the item at a place go towards the start until its parent is not more."""
    item = heap[place]
    while place > start and _less(item, heap[(place - 1) >> 1], steps):
        heap[place] = heap[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap[place] = item
    return heap


def _up(heap: _Heap, place: int, steps: Steps) -> _Heap:
    """Let the smaller children come up until there are none, and the item go where it belongs from there."""
    start, item, child = place, heap[place], 2 * place + 1
    while child < len(heap):
        if child + 1 < len(heap) and not _less(heap[child], heap[child + 1], steps):
            child += 1
        heap[place], place, child = heap[child], child, 2 * child + 1
    heap[place] = item
    return _down(heap, start, place, steps)


GIVING = frozenset("heappop heappushpop heapreplace".split())
"""Functions that give something else than None."""
