"""Puts blocks around code, so that every exception is reported before what the Python frame holds is dropped.

`sys.settrace` reports an exception where it is raised. A handler is entered later: after the interpreter has dropped what lay on the stack above
the block's depth. That may be the last reference to a generator in a `for`, which is then closed, visibly. So code inside a loop gets a block
of its own that keeps the loop's iterator, reports, and raises on, to the block around it if there is one.

Knows nothing of events but that there is code that reports them. Not known to it: temporary values of an expression, which go before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bytecode import Instr, Label
from bytecode.instr import TryBegin, TryEnd

from cwm_trace.tracer.flow import Element, Step


def alive_iterators(
    elements: Sequence[Element],
    steps: Mapping[int, Sequence[Step]],
    positions: Mapping[Label, int],
    blocks: Mapping[int, TryBegin],
    start: int,
) -> dict[int, int]:
    """For each instruction in a loop: the depth of the stack up to the iterator of the innermost loop that it leaves in place.

    Those whose handler keeps that much of the stack anyway are left out.
    """
    loops = [
        (index, positions[item.arg])
        for index, item in enumerate(elements)
        if isinstance(item, Instr) and item.name == "FOR_ITER" and isinstance(item.arg, Label) and index >= start
    ]
    if not loops:
        return {}
    depths = _depths(elements, steps, positions, blocks, start)
    alive: dict[int, int] = {}
    for begin, end in loops:  # outer loops come first
        for index in range(begin, end):
            if begin in depths and index in depths and _lowest(elements[index], depths[index]) >= depths[begin]:
                alive[index] = depths[begin]
    return {index: depth for index, depth in alive.items() if index not in blocks or blocks[index].stack_depth < depth}


def blocks_of(elements: Sequence[Element]) -> dict[int, TryBegin]:
    """The block that each instruction is in."""
    found: dict[int, TryBegin] = {}
    block: TryBegin | None = None
    for index, element in enumerate(elements):
        if isinstance(element, TryBegin):
            block = element
        elif isinstance(element, TryEnd):
            block = None
        elif isinstance(element, Instr) and block is not None:
            found[index] = block
    return found


def cover_nops(elements: Sequence[Element]) -> list[Element]:
    """The elements, each NOP in the block of an instruction that leads there: `try:` and `pass` raise nothing, so compilers leave them out of
    all blocks; but they are lines, and what comes up in a hook there, the block around is to catch."""
    blocks = blocks_of(elements)
    out: list[Element] = []
    for index, element in enumerate(elements):
        if isinstance(element, Instr) and element.name == "NOP" and index not in blocks:
            block = blocks.get(leading_to(elements, index))
            if block is not None:
                blocks[index] = block
                out += [block, element, TryEnd(block)]
                continue
        out.append(element)
    return out


def leading_to(elements: Sequence[Element], index: int) -> int:
    """An instruction from which control comes to this one, by falling through or by a jump; -1 if there is none."""
    labels = []
    before = index - 1
    while before >= 0 and not isinstance(elements[before], Instr):
        labels.append(elements[before])
        before -= 1
    if before >= 0 and not (elements[before].is_final() or elements[before].is_uncond_jump()):
        return before
    jumps = (n for n, item in enumerate(elements) if isinstance(item, Instr) and any(item.arg is one for one in labels))
    return next(jumps, -1)


def _depths(
    elements: Sequence[Element],
    steps: Mapping[int, Sequence[Step]],
    positions: Mapping[Label, int],
    blocks: Mapping[int, TryBegin],
    start: int,
) -> dict[int, int]:
    """How many entries the stack has before each instruction."""
    depths = {start: _given(elements)}
    waiting = [start]
    while waiting:
        index = waiting.pop()
        reached = [(step.target, depths[index] + elements[index].stack_effect(step.jump)) for step in steps[index]]
        if index in blocks:
            block = blocks[index]
            assert isinstance(block.target, Label)
            reached.append((positions[block.target], block.stack_depth + 1 + block.push_lasti))
        for target, depth in reached:
            if target not in depths:
                depths[target] = depth
                waiting.append(target)
    return depths


def _given(elements: Sequence[Element]) -> int:
    """How many entries the stack has where a generator begins to run: a generator expression may have begun to iterate before it is one."""
    depth = 0
    for item in elements:
        if isinstance(item, Instr):
            if item.name == "RETURN_GENERATOR":
                return depth
            depth += item.stack_effect(False)
    return 0


def _lowest(item: Element, depth: int) -> int:
    """How many entries an instruction leaves in place, at least."""
    if item.name == "FOR_ITER":
        return depth
    before: int = item.pre_and_post_stack_effect(False)[0]
    after: int = item.stack_effect(False)
    return depth + min(before, after, 0)


class Blocks:
    """The blocks of one code object.

    Blocks must not nest: each stretch of code is in one. They are the compiler's; those that report what leaves the Python frame, around all
    that the compiler's leave out; and those that report what leaves a loop.
    """

    def __init__(self, kept: Mapping[int, int], handler: Callable[[bool], list[Element]]) -> None:
        """`kept`: by the id of an instruction, the depth of the stack that its handler must find; `handler`: the reporting code."""
        self._kept, self._handler = kept, handler
        self._last = Label()  # where the Python frame is left
        self._labels: dict[tuple[int, int], Label] = {}
        self._outer: dict[tuple[int, int], TryBegin | None] = {}

    def cover(self, head: Sequence[Element], elements: Sequence[Element]) -> list[Element]:
        """`elements` with all blocks; `head` comes before, with the compiler's only (from 3.12 on, one may be open at its end)."""
        marks = [element for element in head if isinstance(element, (TryBegin, TryEnd))]
        open_block = block = marks[-1] if marks and isinstance(marks[-1], TryBegin) else None
        wanted: tuple[TryBegin | None, int] | None = (block, 0) if block is not None else None
        out: list[Element] = []
        for element in elements:
            if isinstance(element, (TryBegin, TryEnd)):
                block = element if isinstance(element, TryBegin) else None
                continue
            if isinstance(element, Instr):
                now = block, self._kept.get(id(element), 0)
                if now != wanted:
                    out += [TryEnd(open_block)] if open_block is not None else []
                    open_block, wanted = self._begin(*now), now
                    out.append(open_block)
            out.append(element)
        return [*out, TryEnd(open_block)] if open_block is not None else out

    def _begin(self, block: TryBegin | None, kept: int) -> TryBegin:
        if kept:
            key = (0 if block is None else id(block.target), kept)
            self._outer.setdefault(key, block)
            return TryBegin(self._labels.setdefault(key, Label()), push_lasti=True, stack_depth=kept)
        if block is None:
            return TryBegin(self._last, push_lasti=True, stack_depth=0)
        return TryBegin(block.target, block.push_lasti, block.stack_depth)

    def handlers(self) -> list[Element]:
        """The code that the reporting blocks lead to; to be put at the end."""
        out: list[Element] = []
        for key, label in self._labels.items():
            around = self._begin(self._outer[key], 0)
            out += [label, around, *self._handler(False), TryEnd(around)]
        return [*out, self._last, *self._handler(True)]
