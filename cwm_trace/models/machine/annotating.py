"""Annotations that are code of their own (PEP 649, CPython 3.14): run where they are asked for, a class's when it is made.

A name that is not bound by then stands for `typing.Any`, as `annotationlib` has a `ForwardRef` there. No trace shows the frames of such
code: the reference has none. Does not know annotations in another format than values.
"""

from __future__ import annotations

import builtins

from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import CONVENTION
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.values import UNSET, Builtin, Cell, Class, Dict, Function, Raised, Value

ANNOTATE, OF_CLASS, NOTED = "__annotate__", "__annotate_func__", "__annotations__"
"""Where functions have that code, where a class's body has bound it, and what it gives."""
_KEPT = "__annotations_cache__"  # where a class shows that it has been asked
ARE_LAZY = CONVENTION.annotates_lazily
_VALUES = 1
"""`annotationlib.Format.VALUE`"""
_UNBOUND = Builtin("typing.Any")


class _Forward(dict[str, Value]):
    """A module's names, in which what is not bound stands for something, too."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or not hasattr(builtins, str(name))

    def __missing__(self, name: str) -> Value:
        return _UNBOUND


def of_function(m: Interpreter, function: Function) -> Value:
    """Those of a function; what it has none of is kept with it from then on. Raises Raised, Lost."""
    if NOTED not in function.attributes:
        code = function.attributes.get(ANNOTATE)
        function.attributes[NOTED] = _told(m, code) if isinstance(code, Function) else Dict()
    return function.attributes[NOTED]


def settle(m: Interpreter, made: Class) -> None:
    """Let a new class have what its body has noted. Raises Lost."""
    code = made.space.get(OF_CLASS)
    if not isinstance(code, Function):
        return
    try:
        made.space[NOTED] = _told(m, code)
    except Raised as raised:
        if not raised.is_a("NameError"):
            raise
        made.space[NOTED] = _told(m, _with_all_names(code))
        made.notes_later = True


def of_class(m: Interpreter, kind: Class) -> Value:
    """Those of a class itself; with names that were not bound when it was made. Raises Raised, Lost."""
    if kind.notes_later:
        kind.space[NOTED] = _told(m, kind.space[OF_CLASS])
        kind.notes_later = False
    found = kind.space.setdefault(NOTED, Dict())
    if ARE_LAZY:
        kind.space.setdefault(_KEPT, found)
    return found


def _told(m: Interpreter, code: Function) -> Value:
    return m.quietly(invoke(m, code, [_VALUES], {}))


def _with_all_names(code: Function) -> Function:
    cells = tuple(cell if cell.value is not UNSET else Cell(_UNBOUND) for cell in code.closure)
    return Function(code.code, _Forward(code.space), closure=cells, qualname=code.qualname)
