"""Bytecode of a program as it is followed: instructions with their lines, and where exceptions lead.

Knows what `compile` makes of a source in the CPython whose events the format has (`SUPPORTED`). Compiles; runs nothing.
"""

from __future__ import annotations

import dis
import sys
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any, NamedTuple

SUPPORTED = frozenset({(3, 11)})
"""Versions of CPython whose bytecode is followed; evidence: tests/test_models_machine.py, which compares it with traces."""
_GENERATOR, _VARARGS, _VARKEYWORDS, _ASYNC = 0x20, 0x04, 0x08, 0x80 | 0x100 | 0x200


def is_supported() -> bool:
    """Whether this Python's bytecode is followed."""
    return sys.version_info[:2] in SUPPORTED


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


@dataclass(frozen=True, eq=False)
class Code:
    """A code object."""

    made: CodeType

    @property
    def name(self) -> str:
        """Of the function."""
        return self.made.co_name

    @property
    def is_generator(self) -> bool:
        """Whether a call of it gives a generator."""
        return bool(self.made.co_flags & _GENERATOR)

    @property
    def is_strange(self) -> bool:
        """Whether it is asynchronous."""
        return bool(self.made.co_flags & _ASYNC)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All, in order."""
        lines = {offset: line or 0 for start, end, line in self.made.co_lines() for offset in range(start, end, 2)}
        return tuple(
            Instruction(each.opname, each.arg or 0, each.argval, each.offset, lines.get(each.offset, 0))
            for each in dis.get_instructions(self.made)
        )

    @cached_property
    def places(self) -> dict[int, int]:
        """Which instruction is at an offset."""
        return {each.offset: number for number, each in enumerate(self.instructions)}

    @cached_property
    def begins(self) -> int:
        """Which instruction is the first that is traced."""
        return next(number for number, each in enumerate(self.instructions) if each.name == "RESUME")

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """In the order in which they are looked for."""
        found = dis._parse_exception_table(self.made)  # type: ignore[attr-defined]
        return tuple(Handler(each.start, each.end, each.target, each.depth, each.lasti) for each in found)

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


def compiled(source: str) -> Code | None:
    """The code of a module; None where it is no Python, or this Python's bytecode is not followed."""
    if not is_supported():
        return None
    try:
        return Code(compile(source, "<source>", "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
