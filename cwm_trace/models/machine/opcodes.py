"""What each instruction of bytecode does with a Python frame's stack and variables.

One function for each, by the names that CPython 3.11 has for them; what needs more than the stack is `machine.operators` and others, and where a
frame goes on is `branching`. Knows no trace.
"""

from __future__ import annotations

import builtins
import opcode
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from cwm_trace.models import said
from cwm_trace.models.machine import (
    annotating,
    assigning,
    awaiting,
    beside,
    classes,
    comparing,
    enums,
    holding,
    naming,
    operators,
    patching,
    sets,
)
from cwm_trace.models.machine.active import Activation, Leaves, Work, Wrapped
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import CONVENTION, MAIN, Code, Display, Instruction, is_of_program
from cwm_trace.models.machine.imported import WRITTEN_IN_C, everything, helper, member
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import ASKS_FOR_LENGTH, collected, iterator_of
from cwm_trace.models.machine.values import (
    NULL,
    UNSET,
    Alias,
    Builtin,
    Cell,
    Dict,
    Function,
    Lazy,
    List,
    Lost,
    Module,
    Names,
    Object,
    OwnDict,
    Raised,
    Set,
    Slice,
    Unknown,
    Value,
    content_of,
    error,
    is_unknown,
    joined,
    kind_name,
    known,
    truth,
)

Operation: TypeAlias = Callable[[Interpreter, Activation, Instruction], Leaves | None]
OPERATIONS: dict[str, Operation] = {}
"""By the names of instructions."""


def operation(*names: str) -> Callable[[Callable[[Interpreter, Activation, Any], Leaves | None]], Operation]:
    """Registers a function for instructions of these names."""

    def keep(function: Operation) -> Operation:
        OPERATIONS.update(dict.fromkeys(names, function))
        return function

    return keep


def popped(frame: Activation, count: int) -> list[Value]:
    """The values on top of the stack, which go from there."""
    if not count:
        return []
    values = frame.stack[-count:]
    del frame.stack[-count:]
    return values


@operation("NOP", "NOT_TAKEN", "RESUME", "PRECALL", "CACHE", "EXTENDED_ARG", "SETUP_ANNOTATIONS", "RETURN_GENERATOR")
def _nothing(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.name == "SETUP_ANNOTATIONS" and frame.names is not None:
        frame.names.setdefault("__annotations__", Dict())


@operation("POP_TOP")
def _pop_top(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.let_go(frame.stack.pop())


@operation("POP_ITER")
def _pop_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.let_go(popped(frame, CONVENTION.iterator_entries)[0])


@operation("PUSH_NULL")
def _push_null(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(NULL)


@operation("COPY")
def _copy(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(frame.stack[-ins.arg])


@operation("SWAP")
def _swap(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    stack = frame.stack
    stack[-1], stack[-ins.arg] = stack[-ins.arg], stack[-1]


@operation("LOAD_CONST", "LOAD_SMALL_INT")
def _load_const(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(constant(ins.value, frame.code))


def constant(value: Any, of: Code | None = None) -> Value:
    """A constant of code as the program has it; `of`: the code that it is in."""
    if hasattr(value, "co_code"):
        return Code(value, of.source, of.module, of.is_text) if of is not None else Code(value)
    if isinstance(value, (Display, frozenset)):
        made = sets.displayed(value, "" if of is None else of.source) if isinstance(value, Display) else None
        made = made or Set(list(value), has_order=False)
        made.kind = "frozenset"
        return made
    if isinstance(value, slice):  # from 3.14 on
        return Slice(value.start, value.stop, value.step)
    if isinstance(value, tuple):
        return tuple(constant(each, of) for each in value)
    return value


@operation(
    *("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_BORROW_LOAD_FAST_BORROW")
)
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


@operation("LOAD_FAST_AND_CLEAR")
def _load_fast_and_clear(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.value in frame.cells:
        frame.stack.append(frame.cells.pop(ins.value))
    else:
        frame.stack.append(frame.fast.pop(ins.value, UNSET))


@operation("STORE_FAST_LOAD_FAST")
def _store_fast_load_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    stored, loaded = _names(ins)
    frame.fast[stored] = frame.stack.pop()
    _load(frame, loaded)


@operation("STORE_FAST_STORE_FAST")
def _store_fast_store_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    for name in _names(ins):
        old, frame.fast[name] = frame.fast.get(name), frame.stack.pop()
        m.let_go(old)


def _unbound(name: Any) -> Raised:
    text = f"cannot access local variable '{name}' where it is not associated with a value"
    return error("UnboundLocalError", text)


@operation("STORE_FAST")
def _store_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, old = frame.stack.pop(), frame.fast.pop(ins.value, None)
    if ins.value in frame.cells:  # a comprehension's, whose variables are restored
        old = frame.cells.pop(ins.value).value
    if isinstance(value, Cell) and ins.value in frame.code.made.co_cellvars:
        frame.cells[ins.value] = value
    elif value is not UNSET:
        frame.fast[ins.value] = value
    m.let_go(old)


@operation("DELETE_FAST")
def _delete_fast(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if (old := frame.fast.pop(ins.value, UNSET)) is UNSET:
        raise _unbound(ins.value)
    m.let_go(old)


@operation("MAKE_CELL")
def _make_cell(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.cells[ins.value] = Cell(frame.fast.pop(ins.value, UNSET))


@operation("COPY_FREE_VARS")
def _copy_free_vars(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if frame.function is not None:
        frame.cells.update(zip(frame.code.made.co_freevars, frame.function.closure, strict=True))


@operation("LOAD_CLOSURE")
def _load_closure(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(frame.cells[ins.value])


@operation("LOAD_DEREF", "LOAD_CLASSDEREF")
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


@operation("STORE_DEREF")
def _store_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    cell = frame.cells[ins.value]
    old, cell.value = cell.value, frame.stack.pop()
    m.let_go(old)


@operation("DELETE_DEREF")
def _delete_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    cell = frame.cells[ins.value]
    if (old := cell.value) is UNSET:
        raise _unbound(ins.value)
    cell.value = UNSET
    m.let_go(old)


@operation("LOAD_NAME")
def _load_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    if (prepared := _prepared(names)) is not None:
        m.begin(_of_prepared(m, frame, prepared, ins.value))
        return
    if ins.value in names:
        frame.stack.append(_loaded(names, ins.value))
    else:
        _push_global(m, frame, ins.value, frame.stack.append)


def _loaded(names: MutableMapping[str, Value], name: Any) -> Value:
    """What a name stands for; a module that was to be imported later is imported now."""
    value = names[name]
    if isinstance(value, Lazy):
        naming.check_module(value.name)
        value = names[name] = Module(value.name.partition(".")[0])
    return value


def _prepared(names: Mapping[str, Value]) -> OwnDict | Object | None:
    """What a metaclass has prepared for the names of a class, where it is of a class of the program's, or what `eval` is given for them."""
    if isinstance(names, classes.Asked):
        return names.owner
    return names.held if isinstance(names, classes.Attributes) and isinstance(names.held, OwnDict) else None


def _of_prepared(m: Interpreter, frame: Activation, prepared: OwnDict | Object, name: Any) -> Work:
    try:
        return (yield from holding.item(m, prepared, name))
    except Raised as raised:
        if not raised.is_a("KeyError"):
            raise
    return _global(frame, name)


@operation("LOAD_GLOBAL")
def _load_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    push = (lambda value: _push_callable(frame, value)) if ins.arg & 1 else frame.stack.append
    _push_global(m, frame, ins.value, push)


_OF_OURS = frozenset(name for name in ("frozendict", "sentinel") if hasattr(builtins, name))
"""Python's own classes that are followed by a source of ours (`sources/builtins.py`)."""


def _push_global(m: Interpreter, frame: Activation, name: Any, push: Callable[[Value], None]) -> None:
    is_patched = ("builtins", name) in m.patched and name not in frame.space
    value = patching.patched(m, "builtins", name) if is_patched else _global(frame, name)
    if isinstance(value, Builtin) and value.name in _OF_OURS:
        m.begin(helper(m, "builtins", value.name), push)
    else:
        push(value)


def _push_callable(frame: Activation, function: Value) -> None:
    """Something that is called next, without a receiver."""
    frame.stack += [NULL, function] if CONVENTION.null_is_first else [function, NULL]


_ASKING = ("_pydecimal", "_pydatetime", "ast", "datetime")
"""Modules of the library that look whether they have a name."""


def _global(frame: Activation, name: Any) -> Value:
    if name in frame.space:
        value = _loaded(frame.space, name)
        if value is UNSET:
            raise Lost
        return value
    if isinstance(own := frame.space.get("__builtins__"), Dict):  # of a text that is executed
        if name not in own.keys:
            raise error("NameError", f"name {name!r} is not defined")
        return own.values[own.keys.index(name)]
    if name == "__name__" and "__builtins__" in frame.space:  # of a text that is executed among names of its own
        return "builtins"
    if frame.code.module in _ASKING and not hasattr(builtins, name):
        raise error("NameError", f"name {name!r} is not defined")
    if frame.code.module != MAIN and not hasattr(builtins, name):
        raise Lost(name)  # which a statement that is not followed has bound
    return naming.of_python(name)


@operation("STORE_NAME")
def _store_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names, value = frame.names if frame.names is not None else frame.fast, frame.stack.pop()
    if (prepared := _prepared(names)) is not None:
        m.begin(holding.set_item(m, prepared, ins.value, value), lambda _: None)
        return

    def bind(value: Value) -> None:
        old, names[ins.value] = names.get(ins.value), value
        m.let_go(old)

    if enums.GENERATES in names:
        m.begin(enums.noted(m, names, ins.value, value), bind)
        return
    bind(value)


@operation("DELETE_NAME")
def _delete_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    if ins.value not in names:
        raise naming.unbound(ins.value)
    m.let_go(names.pop(ins.value))


@operation("STORE_GLOBAL")
def _store_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    old, frame.space[ins.value] = frame.space.get(ins.value), frame.stack.pop()
    m.let_go(old)


@operation("DELETE_GLOBAL")
def _delete_global(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.value not in frame.space:
        raise naming.unbound(ins.value)
    m.let_go(frame.space.pop(ins.value))


@operation("LOAD_ATTR")
def _load_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if CONVENTION.calls_methods and ins.arg & 1:
        _load_method(m, frame, ins)
    else:
        m.begin(classes.attribute(m, frame.stack.pop(), ins.value))


@operation("LOAD_METHOD")
def _load_method(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(classes.attribute(m, frame.stack.pop(), ins.value), lambda value: _push_callable(frame, value))


@operation("LOAD_SUPER_ATTR")
def _load_super_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    function, kind, owner = popped(frame, 3)

    def work() -> Work:
        parent = yield from invoke(m, function, [kind, owner], {})
        return (yield from classes.attribute(m, parent, ins.value))

    m.begin(work(), (lambda value: _push_callable(frame, value)) if ins.arg & 1 else None)


@operation("STORE_ATTR")
def _store_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, owner = popped(frame, 2)
    m.begin(assigning.set_attribute(m, owner, ins.value, value), lambda _: None)


@operation("DELETE_ATTR")
def _delete_attr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(assigning.delete_attribute(m, frame.stack.pop(), ins.value), lambda _: None)


@operation("KW_NAMES")
def _kw_names(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.words = frame.code.made.co_consts[ins.arg]


@operation("CALL")
def _call(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    args, words = popped(frame, ins.arg), frame.words
    function = _callable(frame, args)
    frame.words = ()
    named = dict(zip(words, args[len(args) - len(words) :], strict=True)) if words else {}
    if CONVENTION.gives_iterables and isinstance(function, Function) and function.code.is_given_iterator:
        m.begin(_iterator_for(m, function, *args), lambda iterator: m.push(function, [iterator], {}))
        return
    _called(m, function, args[: len(args) - len(words)], named)


def _iterator_for(m: Interpreter, function: Function, given: Value) -> Work:
    """What a comprehension or a generator expression goes through."""
    if is_unknown(given):
        m.doubted()
        return given
    is_asynchronous = any(each.name == "GET_AITER" for each in function.code.instructions[: function.code.begins])
    return (yield from (awaiting.iterator if is_asynchronous else iterator_of)(m, given))


def _callable(frame: Activation, args: list[Value]) -> Value:
    """What is called, from the stack; a receiver there is put before what it is given."""
    below, above = popped(frame, 2)
    if CONVENTION.null_is_first and below is NULL:
        return above
    if above is not NULL:
        args.insert(0, above)
    return below


@operation("CALL_KW")
def _call_kw(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.words = frame.stack.pop()
    _call(m, frame, ins)


@operation("CALL_FUNCTION_EX")
def _call_function_ex(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    has_words = ins.arg & 1 or CONVENTION.always_has_words
    named: Value = frame.stack.pop() if has_words else NULL
    named = Dict() if named is NULL else named
    args = frame.stack.pop()
    function = _callable(frame, [])

    def work() -> Work:
        try:
            given = yield from collected(m, args, is_list=ASKS_FOR_LENGTH)
        except Raised as raised:
            if isinstance(known(args), (int, float, type(None))):
                raise (_no_more(said.AFTER_STAR, function, args) or raised) from None
            raise raised from None
        return (yield from invoke(m, function, given, dict(zip(named.keys, named.values, strict=True))))

    m.begin(work())


def _no_more(message: str, function: Value, given: Value) -> Raised | None:
    """Of what stands behind a star in a call and cannot; None: what it says is not known."""
    where = _function_text(function)
    if "{function}" in message and not where:
        return None
    return error("TypeError", message.format(function=where, kind=kind_name(given)))


def _function_text(function: Value) -> str:
    """A function as messages about its arguments have it; "" where that is not known."""
    if isinstance(function, Builtin) and hasattr(builtins, function.name):
        return f"{function.name}()"
    if not isinstance(function, Function):
        return ""
    return f"{function.space.get('__name__', function.code.module)}.{function.qualname}()"


def _called(m: Interpreter, function: Value, args: list[Value], named: dict[str, Value]) -> None:
    if isinstance(function, Function):
        m.push(function, args, named)
    else:
        m.begin(invoke(m, function, args, named))


@operation("SET_FUNCTION_ATTRIBUTE")
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
    elif ins.arg & 16:
        function.attributes[annotating.ANNOTATE] = value
    frame.stack.append(function)


def _by_name(annotations: Sequence[Value]) -> Dict:
    """Annotations, as a function's code has them: names and what belongs to them in turn."""
    return Dict(list(annotations[::2]), list(annotations[1::2]))


@operation("MAKE_FUNCTION")
def _make_function(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    code = frame.stack.pop()
    closure = frame.stack.pop() if ins.arg & 8 else ()
    annotations = frame.stack.pop() if ins.arg & 4 else ()
    named = frame.stack.pop() if ins.arg & 2 else Dict()
    defaults = frame.stack.pop() if ins.arg & 1 else ()
    words = dict(zip(named.keys, named.values, strict=True))
    made = Function(code, frame.space, defaults, words, closure, qualname=code.made.co_qualname)
    if code.docstring is not None:
        made.attributes["__doc__"] = code.docstring
    if annotations:
        made.attributes["__annotations__"] = _by_name(annotations)
    frame.stack.append(made)


@operation("BUILD_TUPLE")
def _build_tuple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(tuple(popped(frame, ins.arg)))


@operation("BUILD_LIST")
def _build_list(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(List(popped(frame, ins.arg)))


@operation("BUILD_SET")
def _build_set(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.set_of(m, popped(frame, ins.arg)))


@operation("BUILD_MAP")
def _build_map(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    parts = popped(frame, 2 * ins.arg)
    m.begin(holding.dict_of(m, parts[::2], parts[1::2]))


@operation("BUILD_CONST_KEY_MAP")
def _build_const_key_map(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    keys = frame.stack.pop()
    m.begin(holding.dict_of(m, keys, popped(frame, ins.arg)))


@operation("BUILD_STRING")
def _build_string(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    parts = popped(frame, ins.arg)
    frame.stack.append(joined(parts))


@operation("BUILD_SLICE")
def _build_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Slice(*popped(frame, ins.arg), *[None] * (3 - ins.arg)))


@operation("LIST_APPEND")
def _list_append(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    frame.stack[-ins.arg].items.append(value)


@operation("SET_ADD")
def _set_add(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    m.begin(holding.added(m, frame.stack[-ins.arg], value), lambda _: None)


@operation("MAP_ADD")
def _map_add(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    key, value = popped(frame, 2)
    m.begin(holding.put(m, frame.stack[-ins.arg], key, value), lambda _: None)


@operation("LIST_EXTEND")
def _list_extend(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more = frame.stack.pop()
    over = frame.stack[-ins.arg]
    if isinstance(known(more), (int, float, type(None), Function)):
        raise error("TypeError", f"Value after * must be an iterable, not {kind_name(more)}")
    m.begin(holding.extended(m, over, more, over.items.append), lambda _: None)


@operation("SET_UPDATE")
def _set_update(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more, over = frame.stack.pop(), frame.stack[-ins.arg]
    if not over.items and isinstance(more, Set):  # of constants
        holding.put_in(m, over, more.items, more)
        return
    m.begin(holding.all_added(m, over, more), lambda _: None)


@operation("DICT_UPDATE", "DICT_MERGE")
def _dict_update(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    more, over = frame.stack.pop(), frame.stack[-ins.arg]
    if ins.name == "DICT_MERGE" and isinstance(known(more), (int, float, str, List, tuple, type(None))):
        if (refused := _no_more(said.AFTER_TWO_STARS, known(_called_below(frame, ins)), more)) is not None:
            raise refused
    if ins.name == "DICT_UPDATE" and isinstance(known(more), (int, float, str, List, tuple, Set, type(None))):
        raise error("TypeError", f"'{kind_name(more)}' object is not a mapping")
    if ins.name == "DICT_MERGE" and isinstance(known(more), Dict):
        if not all(isinstance(content_of(known(key)), str) for key in known(more).keys):
            raise error("TypeError", "keywords must be strings")
        twice = [key for key in known(more).keys if isinstance(key, str) and key in over.keys]
        if twice and (where := _function_text(known(_called_below(frame, ins)))):
            raise error("TypeError", f"{where} got multiple values for keyword argument '{twice[0]}'")
    m.begin(holding.updated(m, over, more), lambda _: None)


def _called_below(frame: Activation, ins: Instruction) -> Value:
    """What is called with the keywords that are put together."""
    return frame.stack[-ins.arg - (2 if CONVENTION.null_is_first else 3)]


@operation("LIST_TO_TUPLE")
def _list_to_tuple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(tuple(frame.stack.pop().items))


@operation("BINARY_OP")
def _binary_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = popped(frame, 2)
    if ins.arg == _SUBSCRIPT:
        m.begin(holding.item(m, left, right))
        return
    m.begin(operators.binary(m, operators.SIGNS[ins.arg], left, right))


_SUBSCRIPT = 26
"""Of `BINARY_OP`, from 3.14 on: `opcode._nb_ops`."""


@operation("BINARY_SUBSCR")
def _binary_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.item(m, *popped(frame, 2)))


@operation("STORE_SUBSCR")
def _store_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, over, key = popped(frame, 3)
    m.begin(holding.set_item(m, over, key, value), lambda _: None)


@operation("DELETE_SUBSCR")
def _delete_subscr(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.delete_item(m, *popped(frame, 2)), lambda _: None)


@operation("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
def _unary(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    sign = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~"}[ins.name]
    m.begin(operators.unary(m, sign, frame.stack.pop()))


@operation("UNARY_NOT")
def _unary_not(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if is_unknown(frame.stack[-1]):
        frame.stack[-1] = Unknown()
    else:
        with_truth(m, frame.stack.pop(), lambda holds: frame.stack.append(not holds))


def with_truth(m: Interpreter, value: Value, then: Callable[[bool], Any]) -> None:
    """Go on with whether a value is true."""
    value = known(value)
    found = truth(value)
    m.begin(comparing.truth_of(m, value) if found is None else found, then)


@operation("COMPARE_OP")
def _compare_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = popped(frame, 2)
    m.begin(comparing.compared(m, str(ins.value), left, right))


@operation("IS_OP")
def _is_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = popped(frame, 2)
    if is_unknown(left) or is_unknown(right):
        frame.stack.append(Unknown())
        return
    left, right = known(left), known(right)
    is_library = frame.code.module != MAIN  # which asks whether a constant, or a text, of its own has come back
    is_back = is_library and (left is right or isinstance(left, str) and isinstance(right, str) and left == right)
    same = is_back or comparing.is_same(left, right)
    frame.stack.append(same is not bool(ins.arg))


@operation("CONTAINS_OP")
def _contains_op(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    left, right = popped(frame, 2)
    if is_unknown(left) or is_unknown(right):
        frame.stack.append(m.unknown())
        return
    m.begin(holding.contains(m, right, left), lambda found: frame.stack.append(found is not bool(ins.arg)))


@operation("FORMAT_VALUE")
def _format_value(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    how = frame.stack.pop() if ins.arg & 4 else ""
    m.begin(operators.formatted(m, frame.stack.pop(), ("", "str", "repr", "ascii")[ins.arg & 3], how))


@operation("CONVERT_VALUE")
def _convert_value(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(operators.converted(m, known(frame.stack.pop()), ("", "str", "repr", "ascii")[ins.arg]))


@operation("FORMAT_SIMPLE")
def _format_simple(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(operators.formatted(m, frame.stack.pop(), "", ""))


@operation("FORMAT_WITH_SPEC")
def _format_with_spec(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, how = popped(frame, 2)
    m.begin(operators.formatted(m, value, "", how))


_CONVERSIONS = (None, "s", "r", "a")
"""Of a part of a t-string, by their numbers."""


@operation("BUILD_INTERPOLATION")
def _build_interpolation(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    how = frame.stack.pop() if ins.arg & 1 else ""
    value, text = popped(frame, 2)
    m.begin(_of_templates(m, "Interpolation", [value, text, _CONVERSIONS[ins.arg >> 2], how]))


@operation("BUILD_TEMPLATE")
def _build_template(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(_of_templates(m, "_made", popped(frame, 2)))


def _of_templates(m: Interpreter, name: str, given: Sequence[Value]) -> Work:
    return (yield from invoke(m, (yield from helper(m, "string.templatelib", name)), given, {}))


@operation("BINARY_SLICE")
def _binary_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    over, start, stop = popped(frame, 3)
    m.begin(holding.item(m, over, Slice(start, stop, None)))


@operation("STORE_SLICE")
def _store_slice(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, over, start, stop = popped(frame, 4)
    m.begin(holding.set_item(m, over, Slice(start, stop, None), value), lambda _: None)


_IMPORT_STAR, _STOPITERATION_ERROR, _ASYNC_GEN_WRAP, _UNARY_POSITIVE, _LIST_TO_TUPLE = range(2, 7)
_TYPEVAR, _PARAMSPEC, _TYPEVARTUPLE, _SUBSCRIPT_GENERIC, _TYPEALIAS = range(7, 12)
"""Of `CALL_INTRINSIC_1`."""


@operation("CALL_INTRINSIC_1")
def _call_intrinsic(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.arg == _LIST_TO_TUPLE:
        _list_to_tuple(m, frame, ins)
    elif ins.arg == _IMPORT_STAR:
        m.begin(everything(m, frame.stack.pop().name, frame.code.module != MAIN), frame.space.update)
        frame.stack.append(None)
    elif ins.arg == _ASYNC_GEN_WRAP:
        _async_gen_wrap(m, frame, ins)
    elif ins.arg in (_TYPEVAR, _PARAMSPEC, _TYPEVARTUPLE):
        kind = {_TYPEVAR: "TypeVar", _PARAMSPEC: "ParamSpec", _TYPEVARTUPLE: "TypeVarTuple"}[ins.arg]
        name = str(known(frame.stack.pop()))
        frame.stack.append(Alias(name, told={"kind": kind, "__name__": name}))
    elif ins.arg == _SUBSCRIPT_GENERIC:
        m.begin(holding.item(m, Builtin("typing.Generic"), frame.stack.pop()))
    elif ins.arg == _TYPEALIAS:
        name, *_ = frame.stack.pop()
        frame.stack.append(Alias(str(known(name))))
    elif ins.arg == _UNARY_POSITIVE:
        m.begin(operators.unary(m, "+", frame.stack.pop()))
    elif ins.arg != _STOPITERATION_ERROR:  # which the interpreter sees to, where the generator is left
        raise Lost(ins.name)


@operation("LOAD_LOCALS")
def _load_locals(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    space: Any = frame.names
    if isinstance(space, classes.Attributes):  # what a metaclass has prepared
        frame.stack.append(space.held)
    else:
        frame.stack.append(Names(space=space) if space is not None else NULL)


@operation("LOAD_FROM_DICT_OR_DEREF")
def _load_from_dict_or_deref(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if not _load_of_class(frame, ins.value):
        _load_deref(m, frame, ins)


@operation("LOAD_FROM_DICT_OR_GLOBALS")
def _load_from_dict_or_globals(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if not _load_of_class(frame, ins.value):
        _load_name(m, frame, ins)


def _load_of_class(frame: Activation, name: Any) -> bool:
    """Whether the names of a class, which are on the stack and go from there, have one; that is loaded."""
    held = frame.stack.pop()
    space: Any = held.space if isinstance(held, Names) else classes.Attributes(held) if isinstance(held, Dict) else {}
    if space is frame.names or getattr(frame.names, "held", UNSET) is held or name not in space:
        return False
    frame.stack.append(space[name])
    return True


@operation("UNPACK_SEQUENCE")
def _unpack_sequence(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(holding.unpacked(m, frame.stack.pop(), ins.arg), lambda items: frame.stack.extend(reversed(items)))


@operation("UNPACK_EX")
def _unpack_ex(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    first, last = ins.arg & 0xFF, ins.arg >> 8
    m.begin(
        holding.unpacked_with_star(m, frame.stack.pop(), first, last),
        lambda items: frame.stack.extend(reversed(items)),
    )


@operation("ASYNC_GEN_WRAP")
def _async_gen_wrap(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack[-1] = Wrapped(frame.stack[-1])


@operation("LOAD_BUILD_CLASS")
def _load_build_class(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Builtin("__build_class__"))


_OF_SHORTCUTS = ("tuple", "all", "any", "list", "set")
"""What a generator expression may be given to, whose loop later versions then run in the caller; a trace has that as a call, as the reference
does."""
_COMMON_CONSTANTS: Sequence[Any] = getattr(opcode, "_common_constants", ())
"""Of `LOAD_COMMON_CONSTANT`, from 3.14 on; from 3.15 on plain values, too."""


@operation("LOAD_COMMON_CONSTANT")
def _load_common_constant(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = _COMMON_CONSTANTS[ins.arg]
    name = getattr(value, "__name__", "")
    if not name:
        frame.stack.append(value)
    else:
        frame.stack.append(NULL if name in _OF_SHORTCUTS else Builtin(name))


@operation("LOAD_ASSERTION_ERROR")
def _load_assertion_error(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.stack.append(Builtin("AssertionError"))


@operation("IMPORT_NAME")
def _import_name(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    level, names = popped(frame, 2)
    name = str(ins.value)
    if _is_lazy(frame, ins):
        frame.stack.append(Lazy(name))
        return
    name = _absolute(frame, name, level) if level else name
    given = Module(name if names else name.partition(".")[0])
    if is_of_program(frame.code.module) and beside.is_there(m, name):
        m.begin(beside.loaded(m, name), lambda _: frame.stack.append(given))
    else:
        frame.stack.append(given if level else _of_name(m, frame, name, given))


def _absolute(frame: Activation, name: str, level: int) -> str:
    """The name of a module that is named from the one that is running. Raises Lost."""
    package = frame.space.get("__package__")
    if not isinstance(package, str):
        raise Lost(name)
    above = package.split(".")[: package.count(".") + 2 - level]
    return ".".join([*above, *filter(None, (name,))])


def _of_name(m: Interpreter, frame: Activation, name: str, given: Module) -> Value:
    """What stands in `sys.modules`, or the module of that name. Raises Raised where there is none, Lost."""
    if frame.code.module != MAIN:
        if name in WRITTEN_IN_C:
            raise naming.no_module(name)
        return given
    if patching.own_space(m, name) is not None:
        return Module(name)
    put = m.imported.values[m.imported.keys.index(name)] if name in m.imported.keys else UNSET
    if put is not UNSET and not (isinstance(put, Module) and put.name == name):
        return put
    naming.check_module(name)
    above = accumulate(name.split("."), "{}.{}".format)
    new = [each for each in above if each not in m.imported.keys]
    m.imported.keys += new
    m.imported.values += map(Module, new)
    return given


def _is_lazy(frame: Activation, ins: Instruction) -> bool:
    """Whether a program imports a module when its name is used first. What it takes from one is, as a rule, of one that is there already."""
    if not CONVENTION.may_import_later or ins.arg & 3 != _LAZILY or frame.code.module != MAIN:
        return False
    return frame.code.instructions[frame.at].name == "STORE_NAME"


_LAZILY = 1
"""In the last two bits of the argument of `IMPORT_NAME`, from 3.15 on."""


@operation("IMPORT_STAR")
def _import_star(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    names = frame.names if frame.names is not None else frame.fast
    m.begin(everything(m, frame.stack.pop().name, frame.code.module != MAIN), names.update)


@operation("IMPORT_FROM")
def _import_from(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if isinstance(frame.stack[-1], Object):
        m.begin(classes.attribute(m, frame.stack[-1], str(ins.value)))
    else:
        m.begin(_imported(m, frame.stack[-1].name, str(ins.value), frame.code.module != MAIN))


def _imported(m: Interpreter, module: str, name: str, is_ours: bool) -> Work:
    try:
        return (yield from member(m, module, name, is_ours))
    except Raised:
        if (place := naming.place_of(module)) is None:
            raise Lost(name) from None
        raised = error("ImportError", f"cannot import name {name!r} from {module!r} ({place})")
        raised.error.attributes |= {"name": module, "path": None if place == naming.NOWHERE else place}
        raise raised from None
