"""Gives the loops of comprehensions and generator expressions the lines that 3.11's compiler gave them, on later interpreters.

There, what goes round, hands a value out or decides on a condition has no line of its own but that of the comprehension, or, behind a
condition that compares (compile.c of 3.11, `compiler_jump_if`: SET_LOC), of that comparison. Later compilers give it that of the iterable,
the condition or the element. Knows instructions only; what a condition is, is told by where it jumps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from bytecode import Instr, Label
from bytecode.instr import InstrLocation

from cwm_trace.tracer.flow import Element

_ROUND = frozenset({"FOR_ITER", "JUMP_BACKWARD", "LIST_APPEND", "SET_ADD", "MAP_ADD"})
_HANDED_OUT = frozenset({"YIELD_VALUE", "RESUME"})
_DROPS_ITERATOR = frozenset({"POP_TOP", "POP_ITER"})
_LOOP_ENDS = frozenset({"END_FOR", "END_ASYNC_FOR"})
_NOTHING = frozenset({"NOT_TAKEN", "TO_BOOL", "NOP"})  # or no more than a truth value of what was compared
_COMPARISONS = frozenset({"COMPARE_OP", "CONTAINS_OP", "IS_OP"})


def set_loop_lines(
    elements: Sequence[Element], positions: Mapping[Label, int], first: int, *, awaits: bool, yields: bool
) -> None:
    """Give the instructions of a comprehension's code object their lines, in place.

    `positions`: of the instruction behind each label. `first`: the comprehension's own line. `awaits`: whether a YIELD_VALUE may be that of
    an `await`. `yields`: whether it is a generator expression, which ends on its own line.
    """
    items = [item for item in elements if isinstance(item, Instr) and item.name not in _NOTHING]
    conditions = set(map(id, _conditions(items, elements, positions)))
    own = here = InstrLocation(first, None, None, None)
    back: dict[object, InstrLocation] = {}
    heads: list[InstrLocation] = []
    for before, item in pairwise([Instr("NOP"), *items]):
        if id(item) in conditions:
            here = _line_of(before) if before.name in _COMPARISONS or item.name.endswith("NONE") else here
            item.location = here
        elif item.name == "END_FOR":
            item.location = heads.pop()  # it is jumped over: what comes next is what FOR_ITER leads to
        elif before.name == "END_FOR" and item.name in _DROPS_ITERATOR:
            item.location = before.location
        elif _goes_on(before, item, awaits):
            item.location = here
        if item.name == "FOR_ITER":
            heads.append(here)
        if item.name == "JUMP_BACKWARD":
            back[item.arg] = here
    for item in _behind(items):
        item.location = own if yields else here
    _settle(elements, back)


def _settle(elements: Sequence[Element], back: Mapping[object, InstrLocation]) -> None:
    """What later compilers put in of their own is where its neighbour is."""
    items = [item for item in elements if isinstance(item, Instr)]
    for item in items:  # 3.11 has one jump back for a loop, where the last condition leaves off
        if item.name == "JUMP_BACKWARD" and item.arg in back:
            item.location = back[item.arg]
    for before, item in pairwise(items):
        if item.name == "NOT_TAKEN":
            item.location = before.location


def _goes_on(before: Instr, item: Instr, awaits: bool) -> bool:
    hands_out = item.name in _HANDED_OUT or (before.name, item.name) == ("RESUME", "POP_TOP")
    return item.name in _ROUND or (hands_out and not awaits)


def _behind(items: Sequence[Instr]) -> Iterator[Instr]:
    """What follows the loop, up to the return."""
    start = max(number for number, item in enumerate(items) if item.name in _LOOP_ENDS) + 1
    for item in items[start + (items[start].name in _DROPS_ITERATOR) :]:
        yield item
        if item.name.startswith("RETURN"):
            return


def _conditions(items: Sequence[Instr], elements: Sequence[Element], positions: Mapping[Label, int]) -> Iterator[Instr]:
    """The conditional jumps of each loop up to the last that may go round."""
    waiting: list[Instr] = []
    for item, following in pairwise(items):
        if item.name == "FOR_ITER":
            waiting = []
        elif item.name.startswith("POP_JUMP"):
            waiting.append(item)
            assert isinstance(item.arg, Label)
            if any(getattr(goal, "name", "") == "JUMP_BACKWARD" for goal in (following, elements[positions[item.arg]])):
                yield from waiting
                waiting = []


def _line_of(item: Instr) -> InstrLocation:
    place = item.location
    return InstrLocation(place.lineno if place else None, None, None, None)
