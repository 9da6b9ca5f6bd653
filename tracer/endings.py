"""What becomes of a StopIteration of the program's code: does `sys.settrace` show it where the iterator is gone through that has caused it?

Knows iterators by their types, and by what those of C hold. What C code of others does is not known.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from enum import Enum
from types import CoroutineType, GeneratorType, WrapperDescriptorType

from cwm_trace.tracer import quirks
from cwm_trace.tracer.raw import found_in, is_plain_type, name_of
from cwm_trace.tracer.renderings import is_plain_iterator

_referents = gc.get_referents  # bound now: a traced program may replace it
_RETURN = frozenset({GeneratorType, CoroutineType})
_DEPTH = 4  # of iterators that ask others


class Ending(Enum):
    """Of an iterator, where code of the program that it asks raises StopIteration.

    RAISED: the same as PASSED_ON, and it ends in no other way: where nothing of the program has raised one, the library's code has.
    PASSED_ON: it ends the loop. What runs before that is of what dies with the iterator, and runs after the event.
    RETURNED: so it does, but it is what a generator or coroutine returns. What runs before that is of what dies with its locals, and runs
        ahead of the event.
    CLEARED: nothing comes of it, and the iterator may go on.
    UNKNOWN: the one or the other.
    """

    PASSED_ON = 1
    RETURNED = 2
    CLEARED = 3
    UNKNOWN = 4
    RAISED = 5


PASSES_ON = frozenset((Ending.PASSED_ON, Ending.RAISED))


def ending(iterator: object, depth: int = _DEPTH) -> Ending:
    """How an iterator ends."""
    kind = _defines_next(iterator)
    if kind is None:
        return Ending.RAISED
    if kind in _RETURN:
        return Ending.RETURNED
    name = name_of(kind)
    if name in quirks.CLEAR_STOP_ITERATION:
        return Ending.CLEARED
    if name not in quirks.PASS_STOP_ITERATION_ON or not depth:
        return Ending.UNKNOWN
    sources = [ending(source, depth - 1) for source in _sources(iterator)]
    if len(sources) == 1 or {*sources} == {Ending.CLEARED}:
        ends_itself = name not in quirks.END_WITH_THEIR_SOURCE or _has_plain(iterator)
        return Ending.PASSED_ON if ends_itself and sources[0] is Ending.RAISED else sources[0]
    return Ending.UNKNOWN if Ending.CLEARED in sources or Ending.UNKNOWN in sources else Ending.PASSED_ON


def _defines_next(iterator: object) -> type | None:
    """The type of C whose `__next__` this is, or that has none, as a coroutine has none; None: that is written in Python."""
    kind = type(iterator)
    if is_plain_type(kind) and kind in _RETURN:
        return kind
    step = found_in(kind, "__next__")
    if step is None:
        return object
    return step.__objclass__ if type(step) is WrapperDescriptorType else None


def _has_plain(held: object) -> bool:
    """Whether an iterator of C asks one of those that run no code, too, which may end first."""
    return any(_has_plain(inner) if type(inner) is tuple else is_plain_iterator(inner) for inner in _referents(held))


def _sources(held: object) -> Iterator[object]:
    """The iterators that one of C holds, by itself or in tuples; but no plain ones, which run no code."""
    for inner in _referents(held):
        if type(inner) is tuple:
            yield from _sources(inner)
        elif not is_plain_iterator(inner) and found_in(type(inner), "__next__") is not None:
            yield inner
