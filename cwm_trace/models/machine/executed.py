"""`eval` and `exec` of a text: its bytecode is followed as the program's own, in frames that show its lines.

Code that has been compiled from a tree has no lines, and so no frames.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from operator import is_
from typing import Any

from cwm_trace.models.machine import annotating, naming
from cwm_trace.models.machine.active import Activation, Body, Work
from cwm_trace.models.machine.classes import Asked, Attributes
from cwm_trace.models.machine.code import EXECUTED, Code
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.naming import type_text, with_parts
from cwm_trace.models.machine.parameters import either
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.trees import wrong_text
from cwm_trace.models.machine.values import (
    Alias,
    Builtin,
    Cell,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Names,
    Object,
    Value,
    as_tuple,
    dict_from,
    error,
    kind_name,
    known,
    own_method,
)


@native("eval")
def _eval(m: Interpreter, source: Value, globals: Value = None, locals: Value = None, /) -> Work:
    return (yield from evaluated(m, source, "eval", globals, locals, m.frame.code.module))


@native("exec")
def _exec(
    m: Interpreter, source: Value, globals: Value = None, locals: Value = None, /, *, closure: Value = None
) -> Work:
    yield from evaluated(m, source, "exec", globals, locals, m.frame.code.module)


def evaluated(m: Interpreter, source: Value, kind: str, space: Value, names: Value, module: str) -> Work:
    """What a text comes to, in these dicts of names; None: those of what runs. It is of the module that asks. Raises Raised, Lost."""
    held = _names(known(space), m.frame.space)
    if isinstance(known(space), Dict):
        held.setdefault("__builtins__", naming.shown_builtins())  # which Python puts there, whatever the text is
    code = _code_of(known(source), kind, module)
    if known(space) is not None:
        own = _local_names(known(names), held, kind)
    elif known(names) is None and m.frame.names is None:
        return (yield from _among_variables(m.frame, Function(code, held, qualname="<module>")))
    else:
        own = _local_names(known(names), m.frame.names, kind)
    return (yield Body(Function(code, held, qualname="<module>"), own))


def _among_variables(frame: Activation, function: Function) -> Work:
    """In a copy of a function's variables; CPython keeps what is new there, up to 3.12 (PEP 667)."""
    own = frame.variables()
    try:
        return (yield Body(function, own))
    finally:
        if sys.version_info < (3, 13):
            frame.others |= {name: value for name, value in own.items() if name not in frame.code.order}


@native("typing.get_type_hints")
def _hints(
    m: Interpreter, of: Value, globalns: Value = None, localns: Value = None, include_extras: Value = False
) -> Work:
    """What annotations say, those that are texts evaluated, where the program's names are; those of classes from the first class on."""
    of, found = known(of), dict[str, Value]()
    *_, outer = m.frames()
    for each in reversed(of.line) if isinstance(of, Class) else (of,):
        inner = each.get if isinstance(each, Descriptor) else each
        space = inner.space if isinstance(inner, Function) else outer.space
        held = _annotations(m, each)
        for name, value in zip(held.keys, held.values, strict=True) if isinstance(held, Dict) else ():
            found[name] = yield from _hint(m, known(value), space)
    return dict_from(found if known(include_extras) else {name: _without_notes(each) for name, each in found.items()})


def _without_notes(hint: Value) -> Value:
    """A type without what `Annotated` adds to it, or to its parts. Raises Lost."""
    match hint:
        case Alias(origin=Builtin("typing.Annotated"), args=(first, *_)):
            return _without_notes(first)
        case Alias(args=args, shown=text) if args and (not text or "typing.Annotated[" in text):
            return _of_parts(hint, tuple(map(_without_notes, args)))
    return hint


def _of_parts(hint: Alias, parts: tuple[Value, ...]) -> Alias:
    """A type with other parameters."""
    if all(map(is_, parts, hint.args)):
        return hint
    texts = [*map(type_text, parts)]
    if hint.origin is None:
        return either(parts, ["None" if text == "NoneType" else text for text in texts])
    return Alias(with_parts(hint.origin, texts), hint.origin, parts)


def _annotations(m: Interpreter, of: Value) -> Value:
    if isinstance(of, Descriptor):
        return _annotations(m, of.get)
    if isinstance(of, Function):
        return annotating.of_function(m, of)
    return annotating.of_class(m, of) if isinstance(of, Class) and annotating.NOTED in of.space else None


def _hint(m: Interpreter, value: Value, space: Any) -> Work:
    if isinstance(value, str):
        value = known((yield Body(Function(_compiled(value, "eval", "typing"), space, qualname="<module>"), space)))
    match value:
        case None:
            return Builtin("NoneType")
        case Alias(origin=Builtin("typing.Literal")):
            return value
        case Alias(origin=Builtin("typing.Annotated"), args=(first, *notes)):
            return _of_parts(value, ((yield from _hint(m, known(first), space)), *notes))
        case Alias(args=args) if args:
            return _of_parts(value, tuple((yield from _hints_in(m, args, space))))
        case List(items=items):  # of what is called
            return List((yield from _hints_in(m, items, space)))
    return value


def _hints_in(m: Interpreter, values: Sequence[Value], space: Any) -> Work:
    found = []
    for each in values:
        found.append((yield from _hint(m, known(each), space)))
    return found


def _names(given: Value, otherwise: Any) -> Any:
    if given is None:
        return otherwise
    if isinstance(given, Names):
        return given.space
    if not isinstance(given, Dict):
        raise error("TypeError", f"globals must be a dict, not {kind_name(given)}")
    return Attributes(given)


def _local_names(given: Value, otherwise: Any, kind: str) -> Any:
    """The same of local names, which any mapping may have."""
    if own_method(given, "__getitem__") is not None and isinstance(given, Object):
        return Asked(given)
    if given is not None and not isinstance(given, (Names, Dict)):
        more = f" or None, not {kind_name(given)}" if kind == "exec" else ""
        raise error("TypeError", f"locals must be a mapping{more}")
    return _names(given, otherwise)


def _code_of(source: Value, kind: str, module: str) -> Code:
    match source:
        case str():
            return _compiled(source.lstrip(" \t") if kind == "eval" else source, kind, module)
        case Object(kind=Builtin(name="code"), held=(Code() as code,)):
            return code
    raise Lost(kind)


def _compiled(text: str, kind: str, module: str) -> Code:
    try:
        return Code(compile(text, EXECUTED, kind, dont_inherit=True), text, module, is_text=True)
    except SyntaxError as bad:
        raise wrong_text(bad) from None
    except (ValueError, RecursionError, MemoryError):
        raise Lost from None


@native("function")
def _function(
    m: Interpreter, code: Value, globals: Value, name: Value = None, argdefs: Value = None, closure: Value = None
) -> Value:
    """`types.FunctionType`."""
    made = known(code)
    if not isinstance(made, Object) or not made.held or not isinstance(made.held[0], Code):
        raise Lost
    own = made.held[0]
    cells = tuple(each for each in map(known, as_tuple(closure) or ()) if isinstance(each, Cell))
    defaults = as_tuple(argdefs) or ()
    space = _names(known(globals), m.frame.space)
    function = Function(own, space, defaults, closure=cells, qualname=own.made.co_qualname)
    function.attributes["__name__"] = own.made.co_name if known(name) is None else known(name)
    return function
