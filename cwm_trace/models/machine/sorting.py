"""`heapq`, as far as it is of C, and `bisect`: CPython's own steps, by comparisons."""

from __future__ import annotations

from cwm_trace.models.machine import comparing, holding
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import attribute
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import List, Value, error, known


def _sift_down(m: Interpreter, heap: list[Value], start: int, place: int) -> Work:
    item = heap[place]
    while place > start:
        parent = (place - 1) >> 1
        if not (yield from comparing.holds(m, "<", item, heap[parent])):
            break
        heap[place], place = heap[parent], parent
    heap[place] = item


def _sift_up(m: Interpreter, heap: list[Value], place: int) -> Work:
    end, start, item = len(heap), place, heap[place]
    child = 2 * place + 1
    while child < end:
        right = child + 1
        if right < end and not (yield from comparing.holds(m, "<", heap[child], heap[right])):
            child = right
        heap[place], place = heap[child], child
        child = 2 * place + 1
    heap[place] = item
    yield from _sift_down(m, heap, start, place)


@native("heapq.heappush")
def _heappush(m: Interpreter, heap: Value, item: Value) -> Work:
    heap.items.append(item)
    yield from _sift_down(m, heap.items, 0, len(heap.items) - 1)


@native("heapq.heappop")
def _heappop(m: Interpreter, heap: Value) -> Work:
    if not heap.items:
        raise error("IndexError", "index out of range")
    last = heap.items.pop()
    if not heap.items:
        return last
    given, heap.items[0] = heap.items[0], last
    yield from _sift_up(m, heap.items, 0)
    return given


@native("heapq.heapify")
def _heapify(m: Interpreter, heap: Value) -> Work:
    for place in reversed(range(len(heap.items) // 2)):
        yield from _sift_up(m, heap.items, place)


@native("heapq.heapreplace")
def _heapreplace(m: Interpreter, heap: Value, item: Value) -> Work:
    if not heap.items:
        raise error("IndexError", "index out of range")
    given, heap.items[0] = heap.items[0], item
    yield from _sift_up(m, heap.items, 0)
    return given


@native("heapq.heappushpop")
def _heappushpop(m: Interpreter, heap: Value, item: Value) -> Work:
    if heap.items and (yield from comparing.holds(m, "<", heap.items[0], item)):
        item, heap.items[0] = heap.items[0], item
        yield from _sift_up(m, heap.items, 0)
    return item


def _place_in(
    m: Interpreter, over: Value, item: Value, is_left: bool, lo: Value = 0, hi: Value = None, key: Value = None
) -> Work:
    low, high = known(lo), known(hi)
    if low < 0:
        raise error("ValueError", "lo must be non-negative")
    high = known((yield from done(comparing.length(m, over)))) if high is None else high
    while low < high:
        middle = (low + high) // 2
        other = yield from holding.item(m, over, middle)
        other = other if key is None else (yield from invoke(m, key, [other], {}))
        if is_left:
            goes_on = yield from comparing.holds(m, "<", other, item)
        else:
            goes_on = not (yield from comparing.holds(m, "<", item, other))
        low, high = (middle + 1, high) if goes_on else (low, middle)
    return low


def _put_in(m: Interpreter, over: Value, item: Value, is_left: bool, lo: Value, hi: Value, key: Value) -> Work:
    wanted = item if key is None else (yield from invoke(m, key, [item], {}))
    place = yield from _place_in(m, over, wanted, is_left, lo, hi, key)
    if isinstance(known(over), List):
        known(over).items.insert(place, item)
    else:
        yield from invoke(m, (yield from attribute(m, over, "insert")), [place, item], {})


@native("bisect.bisect_left")
def _bisect_left(m: Interpreter, a: Value, x: Value, lo: Value = 0, hi: Value = None, *, key: Value = None) -> Work:
    return _place_in(m, a, x, True, lo, hi, key)


@native("bisect.bisect", "bisect.bisect_right")
def _bisect(m: Interpreter, a: Value, x: Value, lo: Value = 0, hi: Value = None, *, key: Value = None) -> Work:
    return _place_in(m, a, x, False, lo, hi, key)


@native("bisect.insort", "bisect.insort_right")
def _insort(m: Interpreter, a: Value, x: Value, lo: Value = 0, hi: Value = None, *, key: Value = None) -> Work:
    return _put_in(m, a, x, False, lo, hi, key)


@native("bisect.insort_left")
def _insort_left(m: Interpreter, a: Value, x: Value, lo: Value = 0, hi: Value = None, *, key: Value = None) -> Work:
    return _put_in(m, a, x, True, lo, hi, key)
