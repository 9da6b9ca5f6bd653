"""Bytecode of a program as it is followed: instructions with their lines, and where exceptions lead.

Knows what `compile` makes of a source in the versions of CPython that are followed (`CONVENTIONS`), with the lines and comprehensions of the
reference, as the tracer has it. Compiles; runs nothing.
"""

from __future__ import annotations

import ast
import dis
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from cwm_trace.format import source_lines
from cwm_trace.models.statements import ITERATOR
from cwm_trace.tracer.comprehensions import FRAME_NAMES
from cwm_trace.tracer.listing import first_resume, lines_of, restoring
from cwm_trace.tracer.quirks import INLINES_COMPREHENSIONS
from cwm_trace.tracer.record import compile_source


class Convention(NamedTuple):
    """How one version's bytecode has what differs between versions.

    Attributes:
        null_is_first: of a call without a receiver, the mark for that stands below the function, and not on top of it.
        keeps_receiver: behind `yield from` the generator stands below what it gave, till `END_SEND`.
        calls_methods: `LOAD_ATTR` may be of a method that is called, as its argument says.
        enters_unbegun: closing a generator that has not begun enters it.
        keeps_locals: a frame that has been looked at keeps what its variables were then (till PEP 667).
        flags_docstrings: whether the first constant is a docstring is said by a flag (`CO_HAS_DOCSTRING`).
        keeps_iterator: a loop that has ended leaves its iterator to a `POP_ITER` behind it.
        always_has_words: `CALL_FUNCTION_EX` has a place for arguments by name on the stack, whether there are any or not.
        looks_up_contexts: the methods of a context are looked up one by one, each with a place for its receiver.
        copies_sets: the compiler copies the frozen sets that it makes of what is written out (compile.c, `merge_consts_recursive`).
        clears_backwards: a frame that is left lets go of its variables last first.
        annotates_lazily: annotations are code of their own, which is run when they are asked for (PEP 649).
        iterator_entries: how many entries on the stack an iterator has that a loop or SEND asks: beside it an index or NULL, or nothing.
        may_import_later: the argument of `IMPORT_NAME` says whether a module is imported when its name is used first.
        gives_iterables: comprehensions and generator expressions ask themselves for an iterator of what they are given.
    """

    null_is_first: bool = False
    keeps_receiver: bool = False
    calls_methods: bool = False
    enters_unbegun: bool = False
    keeps_locals: bool = False
    flags_docstrings: bool = False
    keeps_iterator: bool = False
    always_has_words: bool = False
    looks_up_contexts: bool = False
    copies_sets: bool = False
    clears_backwards: bool = False
    annotates_lazily: bool = False
    iterator_entries: int = 1
    gives_iterables: bool = False
    may_import_later: bool = False


_3_11 = Convention(null_is_first=True, enters_unbegun=True, keeps_locals=True, copies_sets=True)
_3_12 = _3_11._replace(keeps_receiver=True, calls_methods=True, enters_unbegun=False)
_3_13 = _3_12._replace(null_is_first=False, keeps_locals=False)
_3_14 = _3_13._replace(
    flags_docstrings=True,
    keeps_iterator=True,
    always_has_words=True,
    looks_up_contexts=True,
    copies_sets=False,
    clears_backwards=True,
    annotates_lazily=True,
)
_3_15 = _3_14._replace(iterator_entries=2, gives_iterables=True, may_import_later=True)
CONVENTIONS = {(3, 11): _3_11, (3, 12): _3_12, (3, 13): _3_13, (3, 14): _3_14, (3, 15): _3_15}
"""Of the versions whose bytecode is followed; evidence: `Python/bytecodes.c` of each, and tests/test_models_machine.py, which compares with
traces."""
CONVENTION = CONVENTIONS.get(sys.version_info[:2], _3_15)
"""This Python's; of one that is not followed, the last one's."""
_VARARGS, _VARKEYWORDS, _HAS_DOCSTRING = 0x04, 0x08, 0x4000000
_PAUSING = {0x20: "generator", 0x80: "coroutine", 0x200: "async_generator"}
"""Flags of code of which a call gives something that pauses, and what that is."""
_TOLD_OTHERWISE = (*FRAME_NAMES.values(), "<genexpr>", "<lambda>")
"""Names of functions whose lines a recording has in another way than the compiler."""


def is_supported() -> bool:
    """Whether this Python's bytecode is followed."""
    return sys.version_info[:2] in CONVENTIONS


class Instruction(NamedTuple):
    """One of a code object.

    Attributes:
        name: of the operation.
        arg: its number, 0 where it has none.
        value: what that stands for, as `dis` tells it: a name, a constant, a jump's target.
        offset: in the code.
        line: of the source; 0: none.
    """

    name: str
    arg: int
    value: Any
    offset: int
    line: int


class Handler(NamedTuple):
    """Where an exception leads that is raised between two offsets, with so much of the stack, and whether with the place where it was."""

    start: int
    end: int
    target: int
    depth: int
    has_place: bool


MAIN, EXECUTED, PROGRAM = "__main__", "<string>", "<program>"
OF_PROGRAM = (MAIN, "program")
_OURS = frozenset(path.stem for path in Path(__file__).with_name("sources").glob("*.py"))
"""What a program's module may be called: the latter where it asks for its name, and a call is traced (`tracer.inprocess.module_name`)."""
"""The module of a program, and the file of a text that it executes."""


def is_of_program(module: str) -> bool:
    """Whether a module is the program's, or one beside it: of all others none is followed but those of the library."""
    top = module.partition(".")[0]
    is_known = top in sys.stdlib_module_names or top in _OURS or module in _OURS
    return module in OF_PROGRAM or bool(module) and not is_known


class Display(tuple[Any, ...]):
    """The constants of a set that is written out, in the order of the source, which the compiled one does not have."""


@dataclass(frozen=True, eq=False)
class Code:
    """A code object, and the source and the name of its module; `is_text`: of a text that the program executes, which has lines of its own."""

    made: CodeType
    source: str = ""
    module: str = MAIN
    is_text: bool = False

    @cached_property
    def own_lines(self) -> Sequence[str]:
        """The lines of a text that is executed, which are not the program's; none: it is of these."""
        if self.module != MAIN or not self.is_text:
            return ()
        return [line.rstrip("\r\n") for line in source_lines(self.source)]

    @property
    def name(self) -> str:
        """Of the function."""
        return self.made.co_name

    @property
    def docstring(self) -> str | None:
        """Of the function; None: it has none."""
        first = self.made.co_consts[0] if self.made.co_consts else None
        is_one = not CONVENTION.flags_docstrings or self.made.co_flags & _HAS_DOCSTRING
        return first if isinstance(first, str) and is_one else None

    @cached_property
    def pausing(self) -> str:
        """What a call of it gives, where that is a generator or the like, else ""."""
        return next((kind for flag, kind in _PAUSING.items() if self.made.co_flags & flag), "")

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All, in order."""
        made = [
            Instruction(each.opname, each.arg or 0, self._value(each), each.offset, self._lines.get(each.offset, 0))
            for each in self._disassembled
        ]
        names = [each.name for each in made]
        first = first_resume(names)
        if made[first].line:  # a function with decorators begins with the first of them
            made[first] = made[first]._replace(line=self.made.co_firstlineno)
        starts = {each.target for each in self.handlers} if INLINES_COMPREHENSIONS else ()
        for number in [*restoring(enumerate(names), lambda number: made[number].offset in starts)]:
            made[number] = made[number]._replace(line=0)  # which a trace does not show
        return tuple(made)

    @cached_property
    def _disassembled(self) -> Sequence[dis.Instruction]:
        return [*dis.get_instructions(self.made)]

    @cached_property
    def _lines(self) -> Mapping[int, int]:
        """By the offsets of instructions; 0: none."""
        lines = {offset: line or 0 for start, end, line in self.made.co_lines() for offset in range(start, end, 2)}
        if self.module != MAIN or self.name not in _TOLD_OTHERWISE or len({*lines.values()} - {0}) < 2:
            return lines
        told = [each.offset for each in self._disassembled if each.opname != "EXTENDED_ARG"]
        return {**lines, **{at: line or 0 for at, line in zip(told, lines_of(self.made), strict=True)}}

    def _value(self, instruction: dis.Instruction) -> Any:
        value, place = instruction.argval, instruction.positions
        if not isinstance(value, frozenset) or not self.source or place is None or None in place:
            return value
        return _displayed(ast.get_source_segment(self.source, place) or "") or value  # type: ignore[arg-type]

    @cached_property
    def places(self) -> dict[int, int]:
        """Which instruction is at an offset."""
        return {each.offset: number for number, each in enumerate(self.instructions)}

    @cached_property
    def begins(self) -> int:
        """Which instruction is the first that is traced."""
        return first_resume([each.name for each in self.instructions])

    @cached_property
    def is_given_iterator(self) -> bool:
        """Whether it is a comprehension or a generator expression, which a trace shows with the iterator that it goes through."""
        return self.made.co_varnames[:1] == (ITERATOR,)

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """In the order in which they are looked for; those that restore the variables of a comprehension are none of the reference's."""
        if INLINES_COMPREHENSIONS and self.name in FRAME_NAMES.values():
            return ()
        found = dis._parse_exception_table(self.made)  # type: ignore[attr-defined]
        return tuple(Handler(each.start, each.end, each.target, each.depth, each.lasti) for each in found)

    def handler_of(self, instruction: Instruction) -> Handler | None:
        """Where an exception that an instruction raises leads; None: out of the frame.

        What later versions do on the way with one that is thrown into a delegating generator (`CLEANUP_THROW`) is seen to by who throws it.
        """
        found = next((each for each in self.handlers if each.start <= instruction.offset < each.end), None)
        if found is None:
            return None
        target = self.instructions[self.places[found.target]]
        return self.handler_of(target) if target.name == "CLEANUP_THROW" else found

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of those that have a place, in order, then of those that have not."""
        made = self.made
        return made.co_varnames[: made.co_argcount + made.co_kwonlyargcount]

    @property
    def takes_more(self) -> tuple[str, str]:
        """The names of `*args` and `**kwargs`, "" where there is none."""
        names = self.made.co_varnames[len(self.parameters) :]
        first = names[0] if self.made.co_flags & _VARARGS else ""
        rest = names[1:] if first else names
        return first, rest[0] if self.made.co_flags & _VARKEYWORDS else ""

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All variables, in the order in which a frame has them."""
        made = self.made
        return (
            *made.co_varnames,
            *(name for name in made.co_cellvars if name not in made.co_varnames),
            *made.co_freevars,
        )


def _displayed(text: str) -> Display | None:
    try:
        tree = ast.parse(text, mode="eval").body
        return Display(map(ast.literal_eval, tree.elts)) if isinstance(tree, ast.Set) else None
    except (SyntaxError, ValueError):
        return None


def compiled(source: str, path: str = PROGRAM) -> Code | None:
    """The code of a program's module, whose file that is; None where it is no Python, or this Python's bytecode is not followed."""
    if not is_supported():
        return None
    try:
        return Code(compile_source(source, path), source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
