"""The instructions of a code object, with the lines that they have on 3.11, the format's reference.

From 3.12 on, compilers put what a lambda gives, and the loops of comprehensions, on other lines; what else differs, they have been told by
the syntax tree (`reference_lines`). Knows no events.
"""

from __future__ import annotations

import opcode
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CodeType

from bytecode import Bytecode, Instr, Label
from bytecode.instr import BITFLAG_OPCODES, FORMAT_VALUE_OPS, INTRINSIC, INTRINSIC_2OP, InstrLocation

from cwm_trace.tracer import quirks
from cwm_trace.tracer.blocks import cover_nops
from cwm_trace.tracer.comprehension_lines import set_loop_lines
from cwm_trace.tracer.comprehensions import FRAME_NAMES, ITERATOR_NAME
from cwm_trace.tracer.flow import Element

_GENERATOR, _ASYNC_GENERATOR = 0x20, 0x200  # of co_flags
_NO_BUILTIN = object()


for _misread in quirks.MISREAD_ARGUMENTS:
    for _opcodes in (BITFLAG_OPCODES, FORMAT_VALUE_OPS, INTRINSIC, INTRINSIC_2OP):
        _opcodes.discard(opcode.opmap[_misread])


def lines_of(code: CodeType) -> list[int | None]:
    """The line of each instruction as it is recorded, in order; `EXTENDED_ARG` and caches are left out.

    Raises IndexError or ValueError for what `bytecode` cannot read.
    """
    listing = Listing(code)
    listing.set_lines()
    return [line_of(item) for _, item in listing.instructions()]


def first_resume(names: Sequence[str]) -> int:
    """Where a Python frame begins to run, by the names of its instructions: of a generator, behind what makes it one. Raises ValueError."""
    made = names.index("RETURN_GENERATOR") if "RETURN_GENERATOR" in names else 0
    return names.index("RESUME", made)


def restoring(instructions: Iterable[tuple[int, str]], is_handler: Callable[[int], bool]) -> Iterator[int]:
    """Of instructions, with their names, those that restore a comprehension's variables behind an exception; 3.11 has none. No other handler
    begins with a SWAP."""
    inside = False
    for index, name in instructions:
        inside = inside or (name == "SWAP" and is_handler(index))
        if inside:
            yield index
            inside = name != "RERAISE"


class Listing:
    """A code object's instructions and labels, which can be changed.

    Attributes:
        positions: of the instruction that each label stands before.
        outlined: whether this is a comprehension that `comprehensions` made a function.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.bytecode = Bytecode.from_code(code, conserve_exception_block_stackdepth=True)
        self.elements: list[Element] = cover_nops([_called(element) for element in self.bytecode])
        self.positions = self._label_positions()
        is_comprehension = code.co_name in FRAME_NAMES.values() and code.co_varnames[:1] == (ITERATOR_NAME,)
        self.outlined = quirks.INLINES_COMPREHENSIONS and is_comprehension

    def set_lines(self) -> None:
        """Give instructions the lines that they have on 3.11, as far as the compiler has been told otherwise."""
        self._lambda_lines()
        self._comprehension_lines()

    def _lambda_lines(self) -> None:
        """On 3.11 a lambda returns on its first line; later compilers put that on the line of its value. Not so where it yields."""
        plain = self.code.co_name == "<lambda>" and not self.code.co_flags & (_GENERATOR | _ASYNC_GENERATOR)
        for _, item in self.instructions() if plain else ():
            if item.name == "RETURN_VALUE":
                item.location = InstrLocation(self.code.co_firstlineno, None, None, None)

    def _comprehension_lines(self) -> None:
        """On 3.11 the loop of a comprehension is on its first line."""
        yields = self.code.co_name == "<genexpr>"
        if not quirks.INLINES_COMPREHENSIONS or not (yields or self.outlined):
            return
        for index, item in () if quirks.GIVES_ITERABLES else self.instructions():
            if item.name == "GET_ITER" and loads_iterator(self.elements[self.previous(index)]):
                item.set("NOP")  # the caller has done it
        awaits = bool(self.code.co_flags & _ASYNC_GENERATOR)
        set_loop_lines(self.elements, self.positions, self.code.co_firstlineno, awaits=awaits, yields=yields)

    def instructions(self) -> Iterator[tuple[int, Instr]]:
        for index, element in enumerate(self.elements):
            if isinstance(element, Instr):
                yield index, element

    def previous(self, index: int) -> int:
        """The instruction before an index, over labels and block marks."""
        index -= 1
        while index >= 0 and not isinstance(self.elements[index], Instr):
            index -= 1
        return index

    def following(self, index: int) -> int | None:
        return next((n for n in range(index + 1, len(self.elements)) if isinstance(self.elements[n], Instr)), None)

    def jump_target(self, item: Instr) -> int:
        assert isinstance(item.arg, Label)
        return self.positions[item.arg]

    def _label_positions(self) -> dict[Label, int]:
        """The instruction that each label stands before."""
        positions: dict[Label, int] = {}
        for index, element in enumerate(self.elements):
            if isinstance(element, Label):
                following = self.following(index)
                if following is not None:
                    positions[element] = following
        return positions


def line_of(item: Instr) -> int | None:
    """The instruction's line (not `item.lineno`, whose UNSET is an int)."""
    return item.location.lineno if item.location is not None else None


def loads_iterator(item: Element) -> bool:
    return isinstance(item, Instr) and item.name.startswith("LOAD_FAST") and item.arg == ITERATOR_NAME


def _called(element: Element) -> Element:
    """The element; but a builtin that a shortcut is taken for is looked for in vain, so that it is called."""
    if getattr(element, "name", "") in quirks.BUILTIN_OF_SHORTCUT and element.arg.name.startswith("BUILTIN_"):
        return Instr("LOAD_CONST", _NO_BUILTIN, location=element.location)
    return element
