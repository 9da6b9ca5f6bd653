"""What objects say of themselves when they are pickled: how they are made anew, and what state they are in then (Objects/typeobject.c,
`object_reduce_ex`). Knows the protocols from 2 on."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_trace.models import said
from cwm_trace.models.machine import shipped
from cwm_trace.models.machine.active import Paused, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import slots_of
from cwm_trace.models.machine.imported import member
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import iterator_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.tracebacks import PythonFrame, Traceback
from cwm_trace.models.machine.values import (
    UNSET,
    WITH_METHODS,
    Builtin,
    Cell,
    Class,
    Descriptor,
    Dict,
    Function,
    List,
    Lost,
    Method,
    Module,
    Native,
    Object,
    OwnDict,
    OwnList,
    Raised,
    Range,
    Value,
    View,
    as_tuple,
    class_of,
    dict_from,
    error,
    find,
    is_exception,
    kind_name,
    known,
)


@native("followed.found")
def _found(m: Interpreter, module: Value, name: Value) -> Work:
    """What a module has under a name, in a tuple; (): nothing."""
    base = m.active[0]
    space = getattr(base, "space", {})
    if space.get("__name__") == known(module):
        return (space[known(name)],) if known(name) in space else ()
    try:
        return ((yield from member(m, known(module), known(name))),)
    except Raised:
        return ()


@native("followed.reduced")
def reduced(m: Interpreter, value: Value, protocol: Value) -> Work:
    """What `value.__reduce_ex__(protocol)` gives. Raises Raised, Lost."""
    value = known(value)
    kind = value.kind if isinstance(value, Object) else getattr(value, "of", None)
    if isinstance(kind, Class):
        if (own := find(kind, "__reduce_ex__")) is not None:
            return (yield from invoke(m, own, [value, protocol], {}))
        if (own := find(kind, "__reduce__")) is not None:
            return (yield from invoke(m, own, [value], {}))
        if kind.flavour == "enum":
            return kind, (value.attributes["_value_"],)
        if is_exception(kind):
            return kind, value.held, *_if_any(dict_from(value.attributes))
        return (yield from _as_new(m, value, kind))
    match value:
        case Dict(kind="defaultdict"):
            pairs = yield from _pairs(m, value)
            return Builtin("collections.defaultdict"), () if value.make is None else (value.make,), None, None, pairs
        case Dict(kind="OrderedDict"):
            return Builtin("collections.OrderedDict"), (), None, None, (yield from _pairs(m, value))
        case Dict(kind="Counter"):
            return Builtin("collections.Counter"), (Dict([*value.keys], [*value.values]),)
        case List(kind="deque"):
            args: Value = () if value.most is None else ((), value.most)
            return Builtin("collections.deque"), args, None, (yield from iterator_of(m, value))
        case Range():
            return Builtin("range"), (value.start, value.stop, value.step)
        case Object(kind=Builtin()) if is_exception(value.kind):
            return value.kind, value.held, *_if_any(dict_from(value.attributes))
        case Method(function=Function() as function):
            return Builtin("getattr"), (value.owner, function.code.name)
        case Builtin():
            return value.name.rpartition(".")[2]
        case Descriptor(kind="classmethod" | "staticmethod"):
            raise error("TypeError", f"cannot pickle '{value.kind}' object")
        case Paused() | Native() | View() | Module() | Cell() | Traceback() | PythonFrame():
            raise error("TypeError", f"cannot pickle '{kind_name(value)}' object")
    raise Lost


_OF_C = {
    **{
        ("threading", "Lock"): "_thread.lock",
        ("threading", "RLock"): "_thread.RLock",
        ("threading", "local"): "_thread._local",
    },
    **{("_queue", "SimpleQueue"): "_queue.SimpleQueue", ("builtins", "mappingproxy"): "mappingproxy"},
}
"""Classes of the library, as sources of ours have them, that are of C, and cannot be copied: what they are called."""
_WITH_LOCK = frozenset(
    [("queue", name) for name in ("Queue", "LifoQueue", "PriorityQueue")]
    + [("threading", name) for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier")]
)
"""Those that hold a lock, which a deep copy meets."""
_FILES = frozenset(("BufferedRandom", "BufferedReader", "BufferedWriter", "FileIO", "TextIOWrapper"))


def refuse_library(value: Value, kind: Class, is_deep: bool) -> None:
    """Raises Raised for what the library does not let anybody copy."""
    for each in kind.line:
        named = (each.module, each.name) if isinstance(each, Class) else ("", "")
        if named in _OF_C:
            raise error("TypeError", f"cannot pickle '{_OF_C[named]}' object")
        if is_deep and named in _WITH_LOCK:
            held = [
                inner.kind
                for inner in value.attributes.values()
                if isinstance(inner, Object) and isinstance(inner.kind, Class)
            ]
            lock = next((_OF_C[pair] for each in held if (pair := (each.module, each.name)) in _OF_C), "_thread.lock")
            raise error("TypeError", f"cannot pickle '{lock}' object")
        if named[0] == "_io" and named[1] in _FILES:
            raise error("TypeError", said.NO_COPY_OF_FILE.format(kind.name))


def _as_new(m: Interpreter, value: Value, kind: Class) -> Work:
    """By `__new__`, with what that takes, and with what it holds."""
    refuse_library(value, kind, is_deep=True)
    args: Sequence[Value] = ()
    function = "__newobj__"
    if find(kind, "__getnewargs_ex__") is not None:
        raise Lost
    if (own := find(kind, "__getnewargs__")) is not None:
        args = as_tuple((yield from invoke(m, own, [value], {}))) or ()
    elif isinstance(value, Object) and kind.flavour == "namedtuple":
        args = value.held
    elif isinstance(value, Object) and value.content is not UNSET:
        args = (value.content,)
    elif isinstance(value, Object) and value.held:
        raise Lost
    state = yield from _state_of(m, value, kind)
    items = (yield from iterator_of(m, List(value.items))) if isinstance(value, OwnList) else None
    pairs = (yield from _pairs(m, value)) if isinstance(value, OwnDict) else None
    made = yield from member(m, "copyreg", function)
    return made, (kind, *args), state, items, pairs


@native("object.__getstate__")
def _get_state(m: Interpreter, value: Value) -> Work:
    value = known(value)
    if not isinstance(value, WITH_METHODS) or not isinstance(kind := class_of(value), Class):
        raise Lost
    return (yield from _held_state(m, value, kind))


def _state_of(m: Interpreter, value: Value, kind: Class) -> Work:
    if (own := find(kind, "__getstate__")) is not None:
        return (yield from invoke(m, own, [value], {}))
    return (yield from _held_state(m, value, kind))


def _held_state(m: Interpreter, value: Value, kind: Class) -> Work:
    """What an object holds, in a dict; what its places hold, in another one."""
    is_of_python = kind.module in shipped.MODULES or kind.module in m.shipped
    if kind.module not in ("__main__", "program") and kind.flavour != "namedtuple" and not is_of_python:
        raise error("TypeError", f"cannot pickle '{kind_name(value)}' object")  # of C, as far as it is followed
    slots = slots_of(kind)
    held = {name: each for name, each in value.attributes.items() if name not in slots}
    slotted = {name: each for name, each in value.attributes.items() if name in slots}
    state = dict_from(held) if held else None
    return (state, dict_from(slotted)) if slotted else state
    yield


def _if_any(state: Dict) -> tuple[Value, ...]:
    return (state,) if state.keys else ()


def _pairs(m: Interpreter, value: Dict) -> Work:
    return (yield from iterator_of(m, List([*zip(value.keys, value.values, strict=True)])))
