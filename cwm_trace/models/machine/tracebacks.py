"""Where an exception has come by, and Python frames, as a program may look at them.

Python frames of the library are there as far as its own sources are followed (`machine.shipped`); those of sources of our own are known where
the library has a function of the same name, and in it the same line.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import ClassVar

from cwm_trace.models.machine import shipped
from cwm_trace.models.machine.active import Activation
from cwm_trace.models.machine.code import Code, is_of_program
from cwm_trace.models.machine.iterators import over_items
from cwm_trace.models.machine.looked_up import looked_up
from cwm_trace.models.machine.values import Builtin, Lost, Native, Object, Value, dict_from, known
from cwm_trace.models.machine.values import error as raised
from cwm_trace.tracer.quirks import BYTECODE_COLUMN_LIMIT

_OF_CODE = (
    *("co_name", "co_qualname", "co_argcount", "co_kwonlyargcount", "co_posonlyargcount"),
    *(
        "co_varnames",
        "co_filename",
        "co_firstlineno",
        "co_flags",
        "co_freevars",
        "co_cellvars",
        "co_names",
        "co_nlocals",
    ),
)


@dataclass(slots=True, eq=False)
class Traceback:
    """A Python frame that an exception has come by, its line there, and what is further inside."""

    frame: Activation
    line: int
    offset: int  # of the instruction
    inner: Traceback | None
    class_name: ClassVar[str] = "traceback"
    shown: ClassVar[str] = "<traceback object>"

    def attribute(self, name: str) -> Value:
        """What it has under a name. Raises Lost."""
        match name:
            case "tb_frame":
                return PythonFrame(self.frame)
            case "tb_lineno":
                return line_of(self.frame.code, self.line)
            case "tb_lasti":
                return 0 if _is_ours(self.frame.code.module) else self.offset
            case "tb_next":
                return self.inner
        raise Lost(name)


def of_exception(error: Object) -> Value:
    """Its `__traceback__`."""
    made = None
    for frame, line, offset in error.places:  # the innermost is the first
        made = Traceback(frame, line, offset, made)
    return made


def put(error: Object, told: Value) -> None:
    """What setting its `__traceback__` does. Raises Raised, Lost."""
    told = known(told)
    if told is not None and not isinstance(told, Traceback):
        raise raised("TypeError", "__traceback__ must be a traceback or None")
    places: list[tuple[Activation, int, int]] = []
    while told is not None:
        places.insert(0, (told.frame, told.line, told.offset))
        told = told.inner
    error.places[:] = places


def is_same(left: Traceback | None, right: Traceback | None) -> bool:
    """Whether two of these, each of which is made when it is asked for, are one in CPython."""
    if left is None or right is None:
        return left is right
    return left.frame is right.frame and left.offset == right.offset and is_same(left.inner, right.inner)


@dataclass(slots=True, eq=False)
class PythonFrame:
    """A Python frame, as it is at any time."""

    frame: Activation
    around: Sequence[Activation] = ()
    class_name: ClassVar[str] = "frame"

    @property
    def shown(self) -> str:
        """As `repr` shows it. Raises Lost."""
        return f"<frame, file {of_code(self.frame.code).attributes['co_filename']!r}, line {self.frame.line}, code {self.frame.code.name}>"

    def attribute(self, name: str) -> Value:
        """What it has under a name. Raises Lost."""
        match name:
            case "f_back" if self.around:
                return PythonFrame(self.around[0], self.around[1:])
            case "f_code":
                return of_code(self.frame.code)
            case "f_lineno":
                return line_of(self.frame.code, self.frame.line)
            case "f_locals":
                variables = self.frame.variables()
                return dict_from(variables)
            case "f_globals":
                return dict_from(self.frame.space)
            case "clear":
                return Native("clear", lambda m: None)  # what it lets go of, nobody has
        raise Lost(name)


def _is_ours(module: str) -> bool:
    return module not in shipped.MODULES and not is_of_program(module)


@cache
def real_code(module: str, qualname: str) -> CodeType:
    """That of a function of the library, or of one in it. Raises Raised, Lost."""
    outer, _, _ = qualname.partition(".<locals>")
    found = looked_up(f"{module}.{outer}")
    if isinstance(found, BuiltinFunctionType):
        raise raised("AttributeError", "'builtin_function_or_method' object has no attribute '__code__'")
    if not isinstance(found, FunctionType):
        raise Lost(qualname)
    left = [found.__code__]
    while left:
        made = left.pop()
        if made.co_qualname == qualname:
            return made
        left += [each for each in made.co_consts if isinstance(each, CodeType)]
    raise Lost(qualname)


@cache
def line_of(code: Code, line: int) -> int:
    """The line of a file where a frame is; of a source of our own, the library's with the same text. Raises Lost."""
    if not _is_ours(code.module):
        return line
    made, text = real_code(code.module, code.made.co_qualname), code.source.splitlines()[line - 1].strip()
    lines = linecache.getlines(made.co_filename)
    numbers = sorted({number for *_, number in made.co_lines() if number})
    found = next(
        (number for number in numbers if lines[number - 1 : number] and lines[number - 1].strip() == text), None
    )
    if found is None:
        raise Lost(text)
    return found


def of_code(code: Code) -> Value:
    """A code object. Raises Lost for one of a source of our own that the library has no function like."""
    if _is_ours(code.module):
        return _of_code(real_code(code.module, code.made.co_qualname), code.module)
    found = _of_code(code.made, code.module)
    found.held = found.held or (code,)
    return found


_NOWHERE = (None, None, None, None)
"""Where in the library's text an instruction of a source of our own would stand, nobody knows."""


@lru_cache(maxsize=1024)
def _of_code(made: CodeType, module: str) -> Object:
    held = parts_of_code(made)
    if module in shipped.MODULES:
        held["co_filename"] = str(shipped.path(module))
    if _is_ours(module):
        held["co_positions"] = _positions(lambda: [_NOWHERE])
    return Object(Builtin("code"), held)


def parts_of_code(made: CodeType) -> dict[str, Value]:
    """What a code object has by its names, but for what the tracer changes."""
    return {name: getattr(made, name) for name in _OF_CODE} | {"co_positions": _positions(partial(_places, made))}


def _positions(places: Callable[[], Iterable[Value]]) -> Native:
    return Native("co_positions", lambda m: over_items([*places()], "positions_iterator"))


def _places(made: CodeType) -> Iterator[tuple[int | None, ...]]:
    """Where each instruction stands in the source: as the tracer leaves it, without far columns."""
    for place in made.co_positions():
        is_far = any(column is not None and column >= BYTECODE_COLUMN_LIMIT for column in place[2:])
        yield (*place[:1], None, None, None) if is_far else place
