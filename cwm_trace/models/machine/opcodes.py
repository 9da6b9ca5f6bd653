"""What each instruction of bytecode does with a Python frame's stack and variables.

One function for each, by the names that CPython 3.11 has for them; what needs more than the stack is `machine.operators` and others. Knows no
trace.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from cwm_trace.frames import Event
from cwm_trace.models.machine import (
    awaiting,
    classes,
    comparing,
    enums,
    groups,
    holding,
    matching,
    naming,
    operators,
    sets,
    tracebacks,
)
from cwm_trace.models.machine.active import Activation, Again, Choice, Leaves, Work, Wrapped
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import CONVENTION, MAIN, Code, Display, Instruction
from cwm_trace.models.machine.imported import FOLLOWED, everything, member
from cwm_trace.models.machine.interpreter import Interpreter, chained
from cwm_trace.models.machine.iterators import collected, iterator_of, step
from cwm_trace.models.machine.values import (
    END,
    NULL,
    UNSET,
    Builtin,
    Cell,
    Class,
    Dict,
    Function,
    List,
    Lost,
    Module,
    Native,
    Object,
    OwnDict,
    Raised,
    Set,
    Slice,
    Unknown,
    Value,
    error,
    is_exception,
    is_made_of,
    is_unknown,
    known,
    truth,
)
from cwm_trace.models.statements import ITERATOR

Operation: TypeAlias = Callable[[Interpreter, Activation, Instruction], Leaves | None]
OPERATIONS: dict[str, Operation] = {}
"""By the names of instructions."""


def _operation(*names: str) -> Callable[[Callable[[Interpreter, Activation, Any], Leaves | None]], Operation]:
    def keep(function: Operation) -> Operation:
        OPERATIONS.update(dict.fromkeys(names, function))
        return function

    return keep


def _popped(frame: Activation, count: int) -> list[Value]:
    if not count:
        return []
    values = frame.stack[-count:]
    del frame.stack[-count:]
    return values


@_operation("NOP", "RESUME", "PRECALL", "CACHE", "EXTENDED_ARG", "SETUP_ANNOTATIONS", "RETURN_GENERATOR")
def _nothing(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.name == "SETUP_ANNOTATIONS" and frame.names is not None:
        frame.names.setdefault("__annotations__", Dict())


@_operation("POP_TOP")
def _pop_top(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.let_go(frame.stack.pop())


@_operation("PUSH_NULL")
def _push_null(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(NULL)


@_operation("COPY")
def _copy(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(frame.stack[-ins.arg])


@_operation("SWAP")
def _swap(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    stack = frame.stack
    stack[-1], stack[-ins.arg] = stack[-ins.arg], stack[-1]


@_operation("LOAD_CONST")
def _load_const(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(_constant(ins.value, frame.code))


def _constant(value: Any, of: Code | None = None) -> Value:
    if hasattr(value, "co_code"):
        return Code(value, of.source, of.module) if of is not None else Code(value)
    if isinstance(value, (Display, frozenset)):
        made = sets.displayed(value) if isinstance(value, Display) else None
        made = made or Set(list(value), has_order=False)
        made.kind = "frozenset"
        return made
    return value


@_operation("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST")
def _load_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    for name in _names(ins):
        _load(frame, name)


def _names(ins: Instruction) -> tuple[str, ...]:
    """The variables of an instruction, one or two."""
    return ins.value if isinstance(ins.value, tuple) else (ins.value,)


def _load(frame: Activation, name: str) -> None:
    value = frame.fast.get(name, UNSET)
    if value is UNSET:
        if name not in frame.cells:
            raise _unbound(name)
        value = frame.cells[name]  # of a closure, from 3.13 on
    frame.stack.append(value)


@_operation("LOAD_FAST_AND_CLEAR")
def _load_fast_and_clear(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if not frame.code.name.startswith("<") and frame.code.module == MAIN:
        raise Lost(ins.name)  # of a comprehension without a function of its own, which the reference has
    frame.stack.append(frame.fast.pop(ins.value, UNSET))


@_operation("STORE_FAST_LOAD_FAST")
def _store_fast_load_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    stored, loaded = _names(ins)
    frame.fast[stored] = frame.stack.pop()
    _load(frame, loaded)


@_operation("STORE_FAST_STORE_FAST")
def _store_fast_store_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    for name in _names(ins):
        old, frame.fast[name] = frame.fast.get(name), frame.stack.pop()
        m.let_go(old)


def _unbound(name: Any) -> Raised:
    text = f"cannot access local variable '{name}' where it is not associated with a value"
    return error("UnboundLocalError", text)


@_operation("STORE_FAST")
def _store_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, old = frame.stack.pop(), frame.fast.pop(ins.value, None)
    if value is not UNSET:
        frame.fast[ins.value] = value
    m.let_go(old)


@_operation("DELETE_FAST")
def _delete_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if (old := frame.fast.pop(ins.value, UNSET)) is UNSET:
        raise _unbound(ins.value)
    m.let_go(old)


@_operation("MAKE_CELL")
def _make_cell(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.cells[ins.value] = Cell(frame.fast.pop(ins.value, UNSET))


@_operation("COPY_FREE_VARS")
def _copy_free_vars(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if frame.function is not None:
        frame.cells.update(zip(frame.code.made.co_freevars, frame.function.closure, strict=True))


@_operation("LOAD_CLOSURE")
def _load_closure(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(frame.cells[ins.value])


@_operation("LOAD_DEREF", "LOAD_CLASSDEREF")
def _load_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if frame.names is not None and ins.value in frame.names:
        frame.stack.append(frame.names[ins.value])
        return
    value = frame.cells[ins.value].value
    if value is UNSET:
        if ins.value in frame.code.made.co_cellvars:
            raise _unbound(ins.value)
        text = f"cannot access free variable '{ins.value}' where it is not associated with a value in enclosing scope"
        raise error("NameError", text)
    frame.stack.append(value)


@_operation("STORE_DEREF")
def _store_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    cell = frame.cells[ins.value]
    old, cell.value = cell.value, frame.stack.pop()
    m.let_go(old)


@_operation("DELETE_DEREF")
def _delete_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    cell = frame.cells[ins.value]
    if (old := cell.value) is UNSET:
        raise _unbound(ins.value)
    cell.value = UNSET
    m.let_go(old)


@_operation("LOAD_NAME")
def _load_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    if (prepared := _prepared(names)) is not None:
        m.begin(_of_prepared(m, frame, prepared, ins.value))
        return
    frame.stack.append(names[ins.value] if ins.value in names else _global(frame, ins.value))


def _prepared(names: Mapping[str, Value]) -> OwnDict | None:
    """What a metaclass has prepared for the names of a class, where it is of a class of the program's."""
    return names.held if isinstance(names, classes.Attributes) and isinstance(names.held, OwnDict) else None


def _of_prepared(m: Interpreter, frame: Activation, prepared: OwnDict, name: Any) -> Work:
    try:
        return (yield from holding.item(m, prepared, name))
    except Raised as raised:
        if not raised.is_a("KeyError"):
            raise
    return _global(frame, name)


@_operation("LOAD_GLOBAL")
def _load_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.arg & 1:
        _push_callable(frame, _global(frame, ins.value))
    else:
        frame.stack.append(_global(frame, ins.value))


def _null_is_first() -> bool:
    return CONVENTION is not None and CONVENTION.null_is_first


def _push_callable(frame: Activation, function: Value) -> None:
    """Something that is called next, without a receiver."""
    frame.stack += [NULL, function] if _null_is_first() else [function, NULL]


_ASKING = ("_pydecimal", "_pydatetime", "datetime")
"""Modules of the library that look whether they have a name."""


def _global(frame: Activation, name: Any) -> Value:
    if name in frame.space:
        value = frame.space[name]
        if value is UNSET:
            raise Lost
        return value
    if isinstance(own := frame.space.get("__builtins__"), Dict):  # of a text that is executed
        if name not in own.keys:
            raise error("NameError", f"name {name!r} is not defined")
        return own.values[own.keys.index(name)]
    if frame.code.module in _ASKING and not hasattr(builtins, name):
        raise error("NameError", f"name {name!r} is not defined")
    if frame.code.module != MAIN and not hasattr(builtins, name):
        raise Lost(name)  # which a statement that is not followed has bound
    return naming.of_python(name)


@_operation("STORE_NAME")
def _store_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names, value = frame.names if frame.names is not None else frame.fast, frame.stack.pop()
    if (prepared := _prepared(names)) is not None:
        m.begin(holding.set_item(m, prepared, ins.value, value), lambda _: None)
        return
    if isinstance(value, Object) and value.kind is enums.AUTO and enums.GENERATES in names:
        value = enums.next_value(m, names, ins.value)
    old, names[ins.value] = names.get(ins.value), value
    m.let_go(old)


@_operation("DELETE_NAME")
def _delete_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    if ins.value not in names:
        raise naming.unbound(ins.value)
    m.let_go(names.pop(ins.value))


@_operation("STORE_GLOBAL")
def _store_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    old, frame.space[ins.value] = frame.space.get(ins.value), frame.stack.pop()
    m.let_go(old)


@_operation("DELETE_GLOBAL")
def _delete_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.value not in frame.space:
        raise naming.unbound(ins.value)
    m.let_go(frame.space.pop(ins.value))


@_operation("LOAD_ATTR")
def _load_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if CONVENTION is not None and CONVENTION.calls_methods and ins.arg & 1:
        _load_method(m, frame, ins)
    else:
        m.begin(classes.attribute(m, frame.stack.pop(), ins.value))


@_operation("LOAD_METHOD")
def _load_method(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(classes.attribute(m, frame.stack.pop(), ins.value), lambda value: _push_callable(frame, value))


@_operation("LOAD_SUPER_ATTR")
def _load_super_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    function, kind, owner = _popped(frame, 3)

    def work() -> Work:
        parent = yield from invoke(m, function, [kind, owner], {})
        return (yield from classes.attribute(m, parent, ins.value))

    m.begin(work(), (lambda value: _push_callable(frame, value)) if ins.arg & 1 else None)


@_operation("STORE_ATTR")
def _store_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, owner = _popped(frame, 2)
    m.begin(classes.set_attribute(m, owner, ins.value, value), lambda _: None)


@_operation("DELETE_ATTR")
def _delete_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(classes.delete_attribute(m, frame.stack.pop(), ins.value), lambda _: None)


@_operation("KW_NAMES")
def _kw_names(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.words = frame.code.made.co_consts[ins.arg]


@_operation("CALL")
def _call(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    args, words = _popped(frame, ins.arg), frame.words
    function = _callable(frame, args)
    frame.words = ()
    named = dict(zip(words, args[len(args) - len(words) :], strict=True)) if words else {}
    _called(m, function, args[: len(args) - len(words)], named)


def _callable(frame: Activation, args: list[Value]) -> Value:
    """What is called, from the stack; a receiver there is put before what it is given."""
    below, above = _popped(frame, 2)
    if _null_is_first() and below is NULL:
        return above
    if above is not NULL:
        args.insert(0, above)
    return below


@_operation("CALL_KW")
def _call_kw(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.words = frame.stack.pop()
    _call(m, frame, ins)


@_operation("CALL_FUNCTION_EX")
def _call_function_ex(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    named = frame.stack.pop() if ins.arg & 1 else Dict()
    args = frame.stack.pop()
    function = _callable(frame, [])

    def work() -> Work:
        given = yield from collected(m, args, is_list=True)
        return (yield from invoke(m, function, given, dict(zip(named.keys, named.values, strict=True))))

    m.begin(work())


def _called(m: Interpreter, function: Value, args: list[Value], named: dict[str, Value]) -> None:
    if isinstance(function, Function):
        m.push(function, args, named)
    else:
        m.begin(invoke(m, function, args, named))


@_operation("SET_FUNCTION_ATTRIBUTE")
def _set_function_attribute(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    function = frame.stack.pop()
    value = frame.stack.pop()
    if ins.arg & 1:
        function.defaults = value
    elif ins.arg & 2:
        function.named = dict(zip(value.keys, value.values, strict=True))
    elif ins.arg & 4:
        function.attributes["__annotations__"] = _by_name(value)
    elif ins.arg & 8:
        function.closure = value
    frame.stack.append(function)


def _by_name(annotations: Sequence[Value]) -> Dict:
    """Annotations, as a function's code has them: names and what belongs to them in turn."""
    return Dict(list(annotations[::2]), list(annotations[1::2]))


@_operation("MAKE_FUNCTION")
def _make_function(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    code = frame.stack.pop()
    closure = frame.stack.pop() if ins.arg & 8 else ()
    annotations = frame.stack.pop() if ins.arg & 4 else ()
    named = frame.stack.pop() if ins.arg & 2 else Dict()
    defaults = frame.stack.pop() if ins.arg & 1 else ()
    words = dict(zip(named.keys, named.values, strict=True))
    made = Function(code, frame.space, defaults, words, closure, qualname=code.made.co_qualname)
    if code.made.co_consts and isinstance(code.made.co_consts[0], str):
        made.attributes["__doc__"] = code.made.co_consts[0]
    if annotations:
        made.attributes["__annotations__"] = _by_name(annotations)
    frame.stack.append(made)


@_operation("BUILD_TUPLE")
def _build_tuple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(tuple(_popped(frame, ins.arg)))


@_operation("BUILD_LIST")
def _build_list(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(List(_popped(frame, ins.arg)))


@_operation("BUILD_SET")
def _build_set(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.set_of(m, _popped(frame, ins.arg)))


@_operation("BUILD_MAP")
def _build_map(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    parts = _popped(frame, 2 * ins.arg)
    m.begin(holding.dict_of(m, parts[::2], parts[1::2]))


@_operation("BUILD_CONST_KEY_MAP")
def _build_const_key_map(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    keys = frame.stack.pop()
    m.begin(holding.dict_of(m, keys, _popped(frame, ins.arg)))


@_operation("BUILD_STRING")
def _build_string(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    parts = _popped(frame, ins.arg)
    frame.stack.append(Unknown() if any(map(is_unknown, parts)) else "".join(map(known, parts)))


@_operation("BUILD_SLICE")
def _build_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Slice(*_popped(frame, ins.arg), *[None] * (3 - ins.arg)))


@_operation("LIST_APPEND")
def _list_append(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    frame.stack[-ins.arg].items.append(value)


@_operation("SET_ADD")
def _set_add(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    m.begin(holding.added(m, frame.stack[-ins.arg], value), lambda _: None)


@_operation("MAP_ADD")
def _map_add(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    key, value = _popped(frame, 2)
    m.begin(holding.put(m, frame.stack[-ins.arg], key, value), lambda _: None)


@_operation("LIST_EXTEND")
def _list_extend(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more = frame.stack.pop()
    over = frame.stack[-ins.arg]
    m.begin(holding.extended(m, over, more, over.items.append), lambda _: None)


@_operation("SET_UPDATE")
def _set_update(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more, over = frame.stack.pop(), frame.stack[-ins.arg]
    if not over.items and isinstance(more, Set):  # of constants
        holding.put_in(m, over, more.items, more)
        return
    m.begin(holding.all_added(m, over, more), lambda _: None)


@_operation("DICT_UPDATE", "DICT_MERGE")
def _dict_update(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more, over = frame.stack.pop(), frame.stack[-ins.arg]
    m.begin(holding.updated(m, over, more), lambda _: None)


@_operation("LIST_TO_TUPLE")
def _list_to_tuple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(tuple(frame.stack.pop().items))


@_operation("BINARY_OP")
def _binary_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = _popped(frame, 2)
    m.begin(operators.binary(m, operators.SIGNS[ins.arg], left, right))


@_operation("BINARY_SUBSCR")
def _binary_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.item(m, *_popped(frame, 2)))


@_operation("STORE_SUBSCR")
def _store_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, over, key = _popped(frame, 3)
    m.begin(holding.set_item(m, over, key, value), lambda _: None)


@_operation("DELETE_SUBSCR")
def _delete_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.delete_item(m, *_popped(frame, 2)), lambda _: None)


@_operation("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
def _unary(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    sign = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~"}[ins.name]
    m.begin(operators.unary(m, sign, frame.stack.pop()))


@_operation("UNARY_NOT")
def _unary_not(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if is_unknown(frame.stack[-1]):
        frame.stack[-1] = Unknown()
    else:
        _with_truth(m, frame.stack.pop(), lambda holds: frame.stack.append(not holds))


def _with_truth(m: Interpreter, value: Value, then: Callable[[bool], Any]) -> None:
    value = known(value)
    found = truth(value)
    m.begin(comparing.truth_of(m, value) if found is None else found, then)


@_operation("COMPARE_OP")
def _compare_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = _popped(frame, 2)
    m.begin(comparing.compared(m, str(ins.value), left, right))


@_operation("IS_OP")
def _is_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = _popped(frame, 2)
    if is_unknown(left) or is_unknown(right):
        frame.stack.append(Unknown())
        return
    is_library = frame.code.module != MAIN  # which asks whether a constant of its own has come back
    same = is_library and known(left) is known(right) or comparing.is_same(known(left), known(right))
    frame.stack.append(same is not bool(ins.arg))


@_operation("CONTAINS_OP")
def _contains_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = _popped(frame, 2)
    if is_unknown(left) or is_unknown(right):
        frame.stack.append(m.unknown())
        return
    m.begin(holding.contains(m, right, left), lambda found: frame.stack.append(found is not bool(ins.arg)))


@_operation("FORMAT_VALUE")
def _format_value(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    how = frame.stack.pop() if ins.arg & 4 else ""
    m.begin(operators.formatted(m, frame.stack.pop(), ("", "str", "repr", "ascii")[ins.arg & 3], how))


@_operation("CONVERT_VALUE")
def _convert_value(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(operators.converted(m, known(frame.stack.pop()), ("", "str", "repr", "ascii")[ins.arg]))


@_operation("FORMAT_SIMPLE")
def _format_simple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(operators.formatted(m, frame.stack.pop(), "", ""))


@_operation("FORMAT_WITH_SPEC")
def _format_with_spec(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, how = _popped(frame, 2)
    m.begin(operators.formatted(m, value, "", how))


@_operation("BINARY_SLICE")
def _binary_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    over, start, stop = _popped(frame, 3)
    m.begin(holding.item(m, over, Slice(start, stop, None)))


@_operation("STORE_SLICE")
def _store_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, over, start, stop = _popped(frame, 4)
    m.begin(holding.set_item(m, over, Slice(start, stop, None), value), lambda _: None)


_IMPORT_STAR, _STOPITERATION_ERROR, _ASYNC_GEN_WRAP, _UNARY_POSITIVE, _LIST_TO_TUPLE = range(2, 7)
"""Of `CALL_INTRINSIC_1`."""


@_operation("CALL_INTRINSIC_1")
def _call_intrinsic(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.arg == _LIST_TO_TUPLE:
        _list_to_tuple(m, frame, ins)
    elif ins.arg == _IMPORT_STAR:
        m.begin(everything(m, frame.stack.pop().name), frame.space.update)
        frame.stack.append(None)
    elif ins.arg == _ASYNC_GEN_WRAP:
        _async_gen_wrap(m, frame, ins)
    elif ins.arg == _UNARY_POSITIVE:
        m.begin(operators.unary(m, "+", frame.stack.pop()))
    elif ins.arg != _STOPITERATION_ERROR:  # which the interpreter sees to, where the generator is left
        raise Lost(ins.name)


@_operation("LOAD_LOCALS")
def _load_locals(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(NULL)  # in place of the names of a class, which what comes next looks at


@_operation("LOAD_FROM_DICT_OR_DEREF")
def _load_from_dict_or_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.pop()
    _load_deref(m, frame, ins)


@_operation("LOAD_FROM_DICT_OR_GLOBALS")
def _load_from_dict_or_globals(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.pop()
    _load_name(m, frame, ins)


@_operation("UNPACK_SEQUENCE")
def _unpack_sequence(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.unpacked(m, frame.stack.pop(), ins.arg), lambda items: frame.stack.extend(reversed(items)))


@_operation("UNPACK_EX")
def _unpack_ex(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    first, last = ins.arg & 0xFF, ins.arg >> 8
    m.begin(
        holding.unpacked_with_star(m, frame.stack.pop(), first, last),
        lambda items: frame.stack.extend(reversed(items)),
    )


@_operation("GET_ITER")
def _get_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if frame.fast.get(ITERATOR) is frame.stack[-1]:
        return  # of a comprehension, which has one already
    if is_unknown(frame.stack[-1]):
        m.doubted()
        return
    m.begin(iterator_of(m, frame.stack.pop()))


@_operation("GET_YIELD_FROM_ITER")
def _get_yield_from_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(iterator_of(m, frame.stack.pop()))


@_operation("FOR_ITER")
def _for_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    def then(value: Value) -> None:
        if value is END:
            m.let_go(frame.stack.pop())
            frame.at = _behind_loop(frame.code, frame.code.places[_target(ins)])
        else:
            frame.stack.append(value)

    if is_unknown(frame.stack[-1]):
        ways = frame.at, _behind_loop(frame.code, frame.code.places[_target(ins)])
        m.choice = _choice(frame, ins, ways, lambda goes_on: then(Unknown() if goes_on else END))
    else:
        m.begin(step(m, frame.stack[-1], is_seen=True), then)


def _behind_loop(code: Code, at: int) -> int:
    """What is next when a loop has ended: from 3.12 on, not what its end takes from the stack, which is not there."""
    if code.instructions[at].name != "END_FOR":
        return at
    return at + 1 if _null_is_first() else at + 2


def _target(ins: Instruction) -> int:
    assert isinstance(ins.value, int)
    return ins.value


@_operation("SEND")
def _send(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    sent = frame.stack.pop()
    inner = frame.stack[-1]

    def then(value: Value) -> None:
        if value is END:
            if CONVENTION is None or not CONVENTION.keeps_receiver:
                frame.stack.pop()
            frame.stack.append(_result(m))
            frame.at = frame.code.places[_target(ins)]
        else:
            frame.stack.append(value)

    m.begin(step(m, inner, sent, is_seen=True), then)


def _result(m: Interpreter) -> Value:
    """What `yield from` gives: what came with the end."""
    return m.stop.held[0] if m.stop is not None and m.stop.held else None


@_operation("GET_AWAITABLE")
def _get_awaitable(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.awaitable(m, frame.stack.pop()))


@_operation("GET_AITER")
def _get_aiter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.iterator(m, frame.stack.pop()))


@_operation("GET_ANEXT")
def _get_anext(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.next_of(m, frame.stack[-1]))


@_operation("END_ASYNC_FOR")
def _end_async_for(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    raised = frame.stack.pop()
    if not is_made_of(raised.kind, Builtin("StopAsyncIteration")):
        raise Again(raised)
    frame.stack.pop()


@_operation("BEFORE_ASYNC_WITH")
def _before_async_with(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.enter(m, frame, frame.stack.pop()))


@_operation("ASYNC_GEN_WRAP")
def _async_gen_wrap(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack[-1] = Wrapped(frame.stack[-1])


@_operation("END_SEND")
def _end_send(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    del frame.stack[-2]


@_operation("YIELD_VALUE")
def _yield_value(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(frame.stack.pop(), pauses=True)


@_operation("RETURN_CONST")
def _return_const(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(_constant(ins.value))


@_operation("RETURN_VALUE")
def _return_value(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(frame.stack.pop())


@_operation("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
def _jump(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.at = frame.code.places[_target(ins)]


@_operation("TO_BOOL")
def _to_bool(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if not is_unknown(frame.stack[-1]):
        _with_truth(m, frame.stack.pop(), frame.stack.append)


@_operation(*(f"POP_JUMP_{way}IF_{wanted}" for way in ("", "FORWARD_", "BACKWARD_") for wanted in ("TRUE", "FALSE")))
def _pop_jump(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    _jump_if(m, frame, ins, frame.stack.pop(), ins.name.endswith("TRUE"))


def _jump_if(m: Interpreter, frame: Activation, ins: Instruction, value: Value, wanted: bool) -> None:
    target = frame.code.places[_target(ins)]

    def then(holds: bool) -> None:
        if holds is wanted:
            frame.at = target

    if is_unknown(value):
        ways = (target, frame.at) if wanted else (frame.at, target)
        m.choice = _choice(frame, ins, ways, then)
    else:
        _with_truth(m, value, then)


def _choice(frame: Activation, ins: Instruction, ways: tuple[int, int], then: Callable[[bool], None]) -> Choice:
    """Between two places to go on at, of which the next line tells."""
    return Choice((_first_event(frame.code, ins, ways[0]), _first_event(frame.code, ins, ways[1])), then)


def _first_event(code: Code, before: Instruction, at: int) -> tuple[Event, int] | None:
    """The first event, and its line, that comes behind a place which is reached from an instruction; None: unknown."""
    line = before.line
    for _ in code.instructions:
        instruction = code.instructions[at]
        if instruction.line and (instruction.line != line or instruction.offset < before.offset):
            return Event.LINE, instruction.line
        if instruction.name.startswith(("RETURN", "YIELD")):
            return Event.RETURN, line
        before, at = instruction, code.places[instruction.value] if instruction.name.startswith("JUMP_") else at + 1
    return None


@_operation(*(f"POP_JUMP_{way}IF_{wanted}" for way in ("", "FORWARD_", "BACKWARD_") for wanted in ("NONE", "NOT_NONE")))
def _pop_jump_none(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    is_none = value if is_unknown(value) else known(value) is None
    _jump_if(m, frame, ins, is_none, not ins.name.endswith("NOT_NONE"))


@_operation("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP")
def _jump_or_pop(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    def then(holds: bool) -> None:
        if holds is (ins.name == "JUMP_IF_TRUE_OR_POP"):
            frame.at = frame.code.places[_target(ins)]
        else:
            frame.stack.pop()

    _with_truth(m, frame.stack[-1], then)


@_operation("LOAD_BUILD_CLASS")
def _load_build_class(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Builtin("__build_class__"))


@_operation("LOAD_ASSERTION_ERROR")
def _load_assertion_error(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Builtin("AssertionError"))


@_operation("IMPORT_NAME")
def _import_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    level, names = _popped(frame, 2)
    name = str(ins.value)
    if level:
        package = frame.space.get("__package__")
        if not isinstance(package, str):
            raise Lost(name)
        above = package.split(".")[: package.count(".") + 2 - level]
        name = ".".join([*above, *filter(None, (name,))])
    elif name != FOLLOWED:
        naming.check_module(name)
    frame.stack.append(Module(name if names else name.partition(".")[0]))


@_operation("IMPORT_STAR")
def _import_star(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    m.begin(everything(m, frame.stack.pop().name), names.update)


@_operation("IMPORT_FROM")
def _import_from(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(_imported(m, frame.stack[-1].name, str(ins.value), frame.code.module != MAIN))


def _imported(m: Interpreter, module: str, name: str, is_ours: bool) -> Work:
    try:
        return (yield from member(m, module, name, is_ours))
    except Raised:
        raise Lost(name) from None


@_operation("RAISE_VARARGS")
def _raise_varargs(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    given = _popped(frame, ins.arg)
    if not given:
        if m.handled is None:
            raise error("RuntimeError", "No active exception to reraise")
        raise Again(m.handled)  # CPython does not trace it anew
    m.begin(_raised(m, *given), lambda _: None)


def _raised(m: Interpreter, given: Value, cause: Value = UNSET) -> Work:
    if isinstance(given, (Builtin, Class)) and is_exception(given):
        given = yield from invoke(m, given, [], {})
    if not isinstance(given, Object) or not is_exception(given.kind):
        raise error("TypeError", "exceptions must derive from BaseException")
    if isinstance(cause, (Builtin, Class)):
        cause = yield from invoke(m, cause, [], {})
    if cause is not None and cause is not UNSET and not isinstance(cause, Object):
        raise Lost
    given.context = chained(given, m.handled)
    if cause is not UNSET:
        given.cause = cause
        given.attributes["__suppress_context__"] = True
    raise Raised(given)


@_operation("RERAISE")
def _reraise(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    error = frame.stack.pop()
    if ins.arg:
        frame.before = frame.stack[-ins.arg]
        frame.line = frame.code.instructions[frame.before].line or frame.line
    raise Again(error)


@_operation("PUSH_EXC_INFO")
def _push_exc_info(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    error = frame.stack.pop()
    frame.stack += [m.handled, error]
    m.handled = error


@_operation("POP_EXCEPT")
def _pop_except(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    old, m.handled = m.handled, frame.stack.pop()
    m.let_go(old)


@_operation("CHECK_EXC_MATCH")
def _check_exc_match(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    given, raised = frame.stack.pop(), frame.stack[-1]
    kinds = given if isinstance(given, tuple) else (given,)
    if not all(isinstance(kind, (Builtin, Class)) for kind in kinds):
        raise Lost
    frame.stack.append(any(is_made_of(raised.kind, kind) for kind in kinds))


@_operation("CHECK_EG_MATCH")
def _check_eg_match(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(groups.take(m, frame, frame.stack.pop()), lambda _: None)


@_operation("PREP_RERAISE_STAR", "CALL_INTRINSIC_2")
def _prep_reraise_star(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.name == "CALL_INTRINSIC_2" and ins.arg != _PREP_RERAISE_STAR:
        raise Lost(ins.name)
    given, raised = _popped(frame, 2)
    m.begin(groups.left_of(given, raised.items))


_PREP_RERAISE_STAR = 1
"""Of `CALL_INTRINSIC_2`."""


@_operation("BEFORE_WITH")
def _before_with(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    context = frame.stack.pop()
    if is_unknown(context):  # as a file is
        frame.stack += [Native("exit", lambda m, *_: False), m.unknown()]
        return

    def work() -> Work:
        enter = yield from classes.special(m, context, "__enter__")
        leave = yield from classes.special(m, context, "__exit__")
        frame.stack.append(leave)
        return (yield from invoke(m, enter, [], {}))

    m.begin(work())


@_operation("WITH_EXCEPT_START")
def _with_except_start(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    leave, error = frame.stack[-4], frame.stack[-1]
    m.begin(invoke(m, leave, [error.kind, error, tracebacks.of_exception(error)], {}))


@_operation("MATCH_SEQUENCE", "MATCH_MAPPING")
def _match_kind(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = known(frame.stack[-1])
    fits = isinstance(value, Dict) if ins.name == "MATCH_MAPPING" else matching.is_sequence(value)
    frame.stack.append(fits)


@_operation("GET_LEN")
def _get_len(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(comparing.length(m, frame.stack[-1]))


@_operation("MATCH_KEYS")
def _match_keys(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(matching.values_of_keys(m, frame.stack[-2], frame.stack[-1]))


@_operation("MATCH_CLASS")
def _match_class(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, kind, names = _popped(frame, 3)
    m.begin(matching.parts_of(m, known(value), kind, ins.arg, names))
