"""What sources of our own ask the machine for (`from followed import …`): what no program can tell of itself."""

from __future__ import annotations

import dis
import inspect
import linecache
from collections.abc import Mapping
from types import CodeType

from cwm_trace.models.machine import beside, shipped
from cwm_trace.models.machine.active import Finaliser, Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import attribute, slots_of
from cwm_trace.models.machine.code import MAIN, is_of_program
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected, over_items
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.making import has_abstract, left_abstract
from cwm_trace.models.machine.naming import type_text
from cwm_trace.models.machine.parameters import either
from cwm_trace.models.machine.records import GIVEN, default_of, says
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.tracebacks import real_code
from cwm_trace.models.machine.values import (
    GENERATED,
    IMMUTABLE,
    UNSET,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Method,
    Native,
    Object,
    Set,
    Value,
    dict_from,
    error,
    find,
    known,
    nearest,
)


@native("followed.lost")
def _lost(m: Interpreter) -> Value:
    raise Lost


@native("followed.let_go")
def _let_go(m: Interpreter) -> Work:
    """Have generators closed that nobody has any more, as behind each step of a program."""
    yield from m.closing_left()


@native("followed.unknown")
def _unknown(m: Interpreter, guess: Value = UNSET) -> Value:
    """What nobody knows; `guess`: what stands for it in a frame."""
    made = m.unknown()
    made.guess = guess
    return made


@native("followed.drawn")
def _drawn(m: Interpreter, kind: Value) -> str:
    return m.drawn.guess(known(kind))


@native("followed.shared")
def _shared(m: Interpreter, octets: Value, view: Value) -> None:
    """A view of a bytearray, which cannot change its size as long as the program has it."""
    m.views.append((known(octets), known(view)))


@native("followed.presume")
def _presume(m: Interpreter) -> None:
    m.presume()


@native("followed.in_any_order")
def _in_any_order(m: Interpreter, items: Value) -> Work:
    """All of them, where it does not matter in which order a set has them."""
    held = known(items)
    return List([*held.items]) if isinstance(held, Set) else List((yield from collected(m, held)))


@native("followed.iterator")
def _iterator(m: Interpreter, items: Value, shown: Value) -> Value:
    """Over a list, by the name of another kind of iterators."""
    return over_items(known(items).items, known(shown))


@native("followed.is_coroutine")
def _is_coroutine(m: Interpreter, value: Value) -> bool:
    return isinstance(value, Paused) and value.class_name == "coroutine"


@native("followed.state")
def _state(m: Interpreter, value: Value) -> str:
    """Where a generator or coroutine is, as `inspect` names it."""
    paused = known(value)
    if not isinstance(paused, Paused):
        raise Lost
    return paused.state


@native("followed.variables")
def _variables(m: Interpreter, value: Value) -> Value:
    """Of a generator or coroutine that waits."""
    paused = known(value)
    return Dict() if paused.ended else dict_from(paused.frame.variables())


@native("followed.place")
def _place(m: Interpreter, coroutine: Paused) -> str:
    """A coroutine, and where it is, as a task shows it."""
    made, line = coroutine.frame.code.made, coroutine.frame.line
    if not is_of_program(coroutine.frame.code.module):
        made = real_code(coroutine.frame.code.module, coroutine.name)
        line = 0 if coroutine.ended or coroutine.state == "CREATED" else _awaiting_line(coroutine, made)
    if coroutine.ended:
        return f"{coroutine.name}() done, defined at {made.co_filename}:{made.co_firstlineno}"
    return f"{coroutine.name}() running at {made.co_filename}:{line or made.co_firstlineno}"


@native("followed.inner_place")
def _inner_place(m: Interpreter, name: Value) -> str:
    """Where a function of `asyncio` is that another one makes. Raises Lost."""
    is_there = looked_up(f"asyncio.{known(name).partition('.')[0]}") is not MISSING
    made = real_code("asyncio" if is_there else "asyncio.futures", known(name))
    return f"{made.co_filename}:{made.co_firstlineno}"


def _awaiting_line(coroutine: Paused, made: CodeType) -> int:
    """The line where it waits, where there is one only. Raises Lost."""
    starts = dict(dis.findlinestarts(made))
    line, lines = made.co_firstlineno, list[int]()
    for instruction in dis.get_instructions(made):
        line = starts.get(instruction.offset) or line
        if instruction.opname == "GET_AWAITABLE" and line not in lines:
            lines.append(line)
    if coroutine.name == "sleep" and len(lines) == 2:  # a turn, or a time
        return lines["future" in coroutine.frame.variables()]
    if len(lines) != 1:
        raise Lost(coroutine.name)
    return lines[0]


@native("followed.weak")
def _weak(m: Interpreter, target: Value) -> Value:
    """A function that gives a value as long as something else has it, then None."""
    target = known(target)
    m.weakly.append(target)

    def run(m: Interpreter) -> Value:
        return target if isinstance(target, Builtin) or m.reaches(target) else None

    return Native("weak", run)


@native("followed.refers_weakly")
def _refers_weakly(m: Interpreter, target: Value) -> bool:
    """Whether there may be weak references to a value."""
    target = known(target)
    if isinstance(target, Object) and isinstance(target.kind, Class):
        kinds = [each for each in target.kind.line if isinstance(each, Class)]
        has_slots = all("__slots__" in each.space for each in kinds)
        is_plain = target.content is UNSET and target.kind.flavour != "namedtuple"
        return not has_slots or "__weakref__" in slots_of(target.kind) if is_plain else target.content is not UNSET
    return not isinstance(target, (*IMMUTABLE, tuple, Dict)) and not (
        isinstance(target, List) and target.kind == "list"
    )


@native("followed.is_inside")
def _is_inside(m: Interpreter, value: Value) -> bool:
    """Whether the function that asks has been called for a value by way of itself, and is not through with it."""
    asks, *others = m.frames()
    return any(each.code is asks.code and known(each.fast.get("self")) is value for each in others)


@native("followed.watch")
def _watch(m: Interpreter, target: Value, function: Value, needs: Value) -> Value:
    """Call a function when nothing has a value any more; if it needs something, only while that is there, which else keeps the function."""

    def work() -> Work:
        yield from invoke(m, function, [], {})

    finaliser = Finaliser(target, work, needs, () if needs is not None else (function,))
    m.watch(finaliser)
    return Native("unwatch", lambda m: m.unwatch(finaliser))


@native("gc.collect")
def _collect(m: Interpreter, *_: Value) -> Work:
    yield from m.collect()
    return m.unknown()


@native("followed.caller")
def _caller(m: Interpreter, level: Value = 1) -> Value:
    """The file, the line and the function that have called the module of what asks; None where that is the library."""
    asks = m.frame.code.module
    outside = [each for each in m.frames() if each.code.module not in (asks, asks.removesuffix("_amended"))]
    place = known(level) - 1
    if not 0 <= place < len(outside) or outside[place].code.module != MAIN:
        return None
    return (outside[place].code.made.co_filename, outside[place].line, outside[place].code.name)


@native("followed.main_name")
def _main_name(m: Interpreter) -> Value:
    """What the program's module is called."""
    return next((each.space.get("__name__", MAIN) for each in m.frames() if each.code.module == MAIN), MAIN)


@native("followed.pausing")
def _pausing(m: Interpreter, function: Value) -> Value:
    """What a call of a function gives, where that is a generator or the like, else ""."""
    plain = known(function)
    while isinstance(plain, Method):
        plain = known(plain.function)
    return plain.code.pausing if isinstance(plain, Function) else ""


@native("followed.either")
def _either(m: Interpreter, one: Value, other: Value) -> Work:
    """A type or another; one of them may be an object that stands for itself, as it is shown."""
    kinds, texts = (known(one), known(other)), list[str]()
    for each in kinds:
        is_object = isinstance(each, Object)
        texts.append((yield from invoke(m, Builtin("repr"), [each], {})) if is_object else type_text(each))
    return either(kinds, texts)


@native("followed.redirect")
def _redirect(m: Interpreter, name: Value, target: Value) -> Value:
    """Let what is written to a stream of `sys` go there; None: nobody looks at it. Gives where it went before."""
    before, m.streams[known(name)] = m.streams.get(known(name)), target
    return before


@native("followed.has_abstract")
def _has_abstract(m: Interpreter, kind: Value) -> bool:
    """Whether a class has abstract methods left, so that there are no objects of it."""
    return isinstance(kind, Class) and has_abstract(kind) and bool(left_abstract(kind))


@native("followed.lines_of")
def _lines_of(m: Interpreter, file: Value) -> Value:
    """The lines of one of the program's own files, or of the library's; none of another."""
    name = known(file)
    return List([*(beside.lines_of(m, name) or (linecache.getlines(name) if shipped.is_source(name) else ()))])


@native("followed.names_of")
def _names_of(m: Interpreter, kind: Value) -> Value:
    """What a class has names for, but for those of the library's own."""
    return List([name for name in kind.space if isinstance(name, str)] if isinstance(kind, Class) else [])


@native("followed.parameters")
def _parameters(m: Interpreter, function: Value) -> Work:
    """Of what a function is called with: names, kinds, defaults and annotations (of which there are none, or one); its result's annotation."""
    value, is_bound = known(function), False
    if isinstance(value, Builtin):
        return _parameters_of_python(value)
    if isinstance(value, Class):
        if nearest(value, "__init__") is GENERATED:
            return _parameters_of_fields(value)
        value, is_bound = _maker_of(value), True
        if value is None:
            return (), ()
    if isinstance(value, Object):
        value, is_bound = find(value.kind, "__call__"), True
    if isinstance(value, Method):
        value, is_bound = value.function, True
    if not isinstance(value, Function):
        raise Lost
    noted = known((yield from attribute(m, value, "__annotations__")))
    types = dict(zip(noted.keys, noted.values, strict=True))
    made, found = value.code.made, []
    more, others = value.code.takes_more
    names = value.code.parameters
    places = made.co_argcount
    defaults = dict(zip(names[places - len(value.defaults) : places], value.defaults, strict=True)) | dict(value.named)
    for place, name in enumerate(names[:places]):
        found.append((name, 0 if place < made.co_posonlyargcount else 1))
    found += [(more, 2)] if more else []
    found += [(name, 3) for name in names[places:]]
    found += [(others, 4)] if others else []
    told = [(name, kind, _one_of(defaults, name), _one_of(types, name)) for name, kind in found[is_bound:]]
    return tuple(told), _one_of(types, "return")


def _maker_of(kind: Class) -> Value:
    """What a call of a class is a call of: its metaclass's, its `__new__` or `__init__`, whichever is nearer; None: nothing of the program's."""
    if isinstance(kind.metaclass, Class) and (own := find(kind.metaclass, "__call__")) is not None:
        return own
    spaces = [each.space for each in kind.line if isinstance(each, Class)]
    names = [name for space in spaces for name in ("__new__", "__init__") if name in space]
    found = find(kind, names[0]) if names else None
    return found.get if isinstance(found, Descriptor) else found


def _parameters_of_python(function: Builtin) -> Value:
    """Those of a function that Python has."""
    if (real := looked_up(function.name)) is MISSING:
        raise Lost
    try:
        told = inspect.signature(real)
    except ValueError as none:
        raise error("ValueError", str(none)) from None
    except TypeError:
        raise Lost from None
    empty = inspect.Parameter.empty
    given = [
        (each.name, int(each.kind), () if each.default is empty else (each.default,))
        for each in told.parameters.values()
    ]
    if any(default and not isinstance(default[0], IMMUTABLE) for _, _, default in given):
        raise Lost
    return tuple((*each, ()) for each in given), ()


def _parameters_of_fields(kind: Class) -> Value:
    """Those of the `__init__` that `@dataclass` makes."""
    maker = next(each for each in kind.line if isinstance(each, Class) and GIVEN in each.space)
    fields = {name: each for name, each in maker.space[GIVEN] if says(each, "init", True)}
    types: dict[str, Value] = {}
    for each in reversed(kind.line):
        if isinstance(each, Class) and isinstance(held := each.space.get("__annotations__"), Dict):
            types |= dict(zip(held.keys, held.values, strict=True))
    last = {name for name, each in fields.items() if says(each, "kw_only", False)}
    defaults = {
        name: default_of(each) if says(each, "default_factory", UNSET) is UNSET else _FACTORY
        for name, each in fields.items()
    }
    told = [
        (name, 3 if name in last else 1, () if defaults[name] is UNSET else (defaults[name],), _one_of(types, name))
        for name in fields
    ]
    return tuple(sorted(told, key=lambda each: each[1])), (None,)


_FACTORY = Native("<factory>", lambda m: None, shown="<factory>")
"""What stands for a default that is made (dataclasses.py, `_HAS_DEFAULT_FACTORY`)."""


def _one_of(held: Mapping[str, Value], name: str) -> tuple[Value, ...]:
    return (held[name],) if name in held else ()
