"""Where a frame goes on: opcodes of loops and jumps, of what pauses, of exceptions, contexts and patterns.

Those of names, values and calls are in `opcodes`.
"""

from __future__ import annotations

from collections.abc import Callable

from cwm_trace.frames import Event
from cwm_trace.models.machine import (
    awaiting,
    classes,
    comparing,
    groups,
    matching,
    tracebacks,
)
from cwm_trace.models.machine.active import Activation, Again, Choice, Leaves, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.code import CONVENTION, Code, Instruction
from cwm_trace.models.machine.interpreter import Interpreter, chained
from cwm_trace.models.machine.iterators import iterator_of, step
from cwm_trace.models.machine.opcodes import constant, operation, popped, with_truth
from cwm_trace.models.machine.values import (
    END,
    NULL,
    UNSET,
    Alias,
    Builtin,
    Class,
    Lost,
    Native,
    Object,
    Raised,
    Unknown,
    Value,
    error,
    guess_of,
    is_exception,
    is_made_of,
    is_unknown,
    known,
    last_unknown,
)
from cwm_trace.models.statements import ITERATOR


@operation("GET_ITER")
def _get_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    given = frame.stack.pop()

    def then(iterator: Value) -> None:
        frame.stack += [iterator, *[NULL] * (CONVENTION.iterator_entries - 1)]

    if frame.fast.get(ITERATOR) is given:  # of a comprehension, which has one already
        then(given)
    elif guess_of(given) is UNSET:
        m.doubted()
        then(given)
    else:
        m.begin(iterator_of(m, given), then)


@operation("GET_YIELD_FROM_ITER")
def _get_yield_from_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(iterator_of(m, frame.stack.pop()))


@operation("FOR_ITER")
def _for_iter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    def then(value: Value) -> None:
        if value is END:
            if not CONVENTION.keeps_iterator:
                m.let_go(frame.stack.pop())
            frame.at = _behind_loop(frame.code, frame.code.places[_target(ins)])
        else:
            frame.stack.append(value)

    iterator = frame.stack[-CONVENTION.iterator_entries]
    if is_unknown(iterator):
        ways = frame.at, _behind_loop(frame.code, frame.code.places[_target(ins)])
        m.choice = _choice(frame, ins, ways, lambda goes_on: then(Unknown() if goes_on else END))
    else:
        m.begin(step(m, iterator, is_seen=True), then)


def _behind_loop(code: Code, at: int) -> int:
    """What is next when a loop has ended: from 3.12 on, not what its end takes from the stack, which is not there."""
    if code.instructions[at].name != "END_FOR":
        return at
    return at + 1 if CONVENTION.null_is_first or CONVENTION.keeps_iterator else at + 2


def _target(ins: Instruction) -> int:
    assert isinstance(ins.value, int)
    return ins.value


@operation("SEND")
def _send(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    sent = frame.stack.pop()
    inner = frame.stack[-CONVENTION.iterator_entries]

    def then(value: Value) -> None:
        if value is END:
            if not CONVENTION.keeps_receiver:
                frame.stack.pop()
            frame.stack.append(_result(m))
            frame.at = frame.code.places[_target(ins)]
        else:
            frame.stack.append(value)

    m.begin(step(m, inner, sent, is_seen=True), then)


def _result(m: Interpreter) -> Value:
    """What `yield from` gives: what came with the end."""
    return m.stop.held[0] if m.stop is not None and m.stop.held else None


@operation("GET_AWAITABLE")
def _get_awaitable(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.awaitable(m, frame.stack.pop()))


@operation("GET_AITER")
def _get_aiter(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if frame.fast.get(ITERATOR) is not frame.stack[-1]:  # else it has been asked for
        m.begin(awaiting.iterator(m, frame.stack.pop()))


@operation("GET_ANEXT")
def _get_anext(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.next_of(m, frame.stack[-1]))


@operation("END_ASYNC_FOR")
def _end_async_for(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    raised = frame.stack.pop()
    if not is_made_of(raised.kind, Builtin("StopAsyncIteration")):
        raise Again(raised)
    frame.stack.pop()


@operation("BEFORE_ASYNC_WITH")
def _before_async_with(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(awaiting.enter(m, frame, frame.stack.pop()))


@operation("END_SEND")
def _end_send(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    m.let_go(popped(frame, CONVENTION.iterator_entries)[0])
    frame.stack.append(value)


@operation("YIELD_VALUE")
def _yield_value(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(frame.stack.pop(), pauses=True)


@operation("RETURN_CONST")
def _return_const(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(constant(ins.value))


@operation("RETURN_VALUE")
def _return_value(m: Interpreter, frame: Activation, ins: Instruction) -> Leaves:
    return Leaves(frame.stack.pop())


@operation("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
def _jump(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    frame.at = frame.code.places[_target(ins)]


@operation("TO_BOOL")
def _to_bool(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if is_unknown(frame.stack[-1]) and last_unknown(frame.stack[-1]).is_filled:
        frame.stack[-1] = True
    elif not is_unknown(frame.stack[-1]):
        with_truth(m, frame.stack.pop(), frame.stack.append)


@operation(*(f"POP_JUMP_{way}IF_{wanted}" for way in ("", "FORWARD_", "BACKWARD_") for wanted in ("TRUE", "FALSE")))
def _pop_jump(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    _jump_if(m, frame, ins, frame.stack.pop(), ins.name.endswith("TRUE"))


def _jump_if(m: Interpreter, frame: Activation, ins: Instruction, value: Value, wanted: bool) -> None:
    target = frame.code.places[_target(ins)]

    def then(holds: bool) -> None:
        if holds is wanted:
            frame.at = target

    if is_unknown(value) and last_unknown(value).is_filled:
        then(True)
    elif is_unknown(value):
        ways = (target, frame.at) if wanted else (frame.at, target)
        m.choice = _choice(frame, ins, ways, then)
    else:
        with_truth(m, value, then)


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


@operation(*(f"POP_JUMP_{way}IF_{wanted}" for way in ("", "FORWARD_", "BACKWARD_") for wanted in ("NONE", "NOT_NONE")))
def _pop_jump_none(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = frame.stack.pop()
    is_none = value if is_unknown(value) else known(value) is None
    _jump_if(m, frame, ins, is_none, not ins.name.endswith("NOT_NONE"))


@operation("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP")
def _jump_or_pop(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    def then(holds: bool) -> None:
        if holds is (ins.name == "JUMP_IF_TRUE_OR_POP"):
            frame.at = frame.code.places[_target(ins)]
        else:
            frame.stack.pop()

    with_truth(m, frame.stack[-1], then)


@operation("RAISE_VARARGS")
def _raise_varargs(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    given = popped(frame, ins.arg)
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
    if isinstance(cause, (Builtin, Class)) and is_exception(cause):
        cause = yield from invoke(m, cause, [], {})
    if is_unknown(cause):
        raise Lost
    if cause is not None and cause is not UNSET and not (isinstance(cause, Object) and is_exception(cause.kind)):
        raise error("TypeError", "exception causes must derive from BaseException")
    given.context = chained(given, m.handled)
    if cause is not UNSET:
        given.cause = cause
        given.attributes["__suppress_context__"] = True
    raise Raised(given)


@operation("RERAISE")
def _reraise(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    error = frame.stack.pop()
    if ins.arg:
        frame.before = frame.stack[-ins.arg]
        frame.line = frame.code.instructions[frame.before].line or frame.line
    raise Again(error)


@operation("PUSH_EXC_INFO")
def _push_exc_info(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    error = frame.stack.pop()
    frame.stack += [m.handled, error]
    m.handled = error


@operation("POP_EXCEPT")
def _pop_except(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    old, m.handled = m.handled, frame.stack.pop()
    m.let_go(old)


@operation("CHECK_EXC_MATCH")
def _check_exc_match(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    given, raised = frame.stack.pop(), frame.stack[-1]
    kinds = given if isinstance(given, tuple) else (given,)
    if any(isinstance(kind, Unknown) for kind in kinds):
        raise Lost
    if not all(isinstance(kind, (Builtin, Class)) and is_exception(kind) for kind in map(known, kinds)):
        raise error("TypeError", "catching classes that do not inherit from BaseException is not allowed")
    frame.stack.append(any(is_made_of(raised.kind, kind) for kind in kinds))


@operation("CHECK_EG_MATCH")
def _check_eg_match(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(groups.take(m, frame, frame.stack.pop()), lambda _: None)


@operation("PREP_RERAISE_STAR", "CALL_INTRINSIC_2")
def _prep_reraise_star(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    if ins.name == "CALL_INTRINSIC_2" and ins.arg != _PREP_RERAISE_STAR:
        _of_type_parameters(frame, ins)
        return
    given, raised = popped(frame, 2)
    m.begin(groups.left_of(m, given, raised.items))


_PREP_RERAISE_STAR, _WITH_BOUND, _WITH_CONSTRAINTS, _SET_TYPE_PARAMETERS, _SET_DEFAULT = range(1, 6)
"""Of `CALL_INTRINSIC_2`."""


def _of_type_parameters(frame: Activation, ins: Instruction) -> None:
    """What is said of a type's parameter, or that a function has some (PEP 695)."""
    first, second = popped(frame, 2)
    if ins.arg in (_WITH_BOUND, _WITH_CONSTRAINTS):
        frame.stack.append(Alias(str(known(first)), told={"kind": "TypeVar", "__name__": str(known(first))}))
        return
    if ins.arg == _SET_TYPE_PARAMETERS:
        first.attributes["__type_params__"] = second
    elif ins.arg != _SET_DEFAULT:
        raise Lost(ins.name)
    frame.stack.append(first)


@operation("BEFORE_WITH")
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


_SPECIAL = ("__enter__", "__exit__", "__aenter__", "__aexit__")
"""Of `LOAD_SPECIAL`: `opcode._special_method_names`."""


@operation("LOAD_SPECIAL")
def _load_special(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    context, name = frame.stack.pop(), _SPECIAL[ins.arg]
    if is_unknown(context):  # as a file is
        frame.stack += [Native(name, lambda m, *_: False if name == "__exit__" else m.unknown()), NULL]
        return
    if name.startswith("__a"):
        frame.stack += [awaiting.special(context, name), NULL]
    else:
        m.begin(classes.special(m, context, name), lambda value: frame.stack.extend((value, NULL)))


@operation("WITH_EXCEPT_START")
def _with_except_start(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    leave, error = frame.stack[-5 if CONVENTION.looks_up_contexts else -4], frame.stack[-1]
    m.begin(invoke(m, leave, [error.kind, error, tracebacks.of_exception(error)], {}))


@operation("MATCH_SEQUENCE", "MATCH_MAPPING")
def _match_kind(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value = known(frame.stack[-1])
    m.begin((matching.is_mapping if ins.name == "MATCH_MAPPING" else matching.is_sequence)(m, value))


@operation("GET_LEN")
def _get_len(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(comparing.length(m, frame.stack[-1]))


@operation("MATCH_KEYS")
def _match_keys(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    m.begin(matching.values_of_keys(m, frame.stack[-2], frame.stack[-1]))


@operation("MATCH_CLASS")
def _match_class(m: Interpreter, frame: Activation, ins: Instruction) -> None:
    value, kind, names = popped(frame, 3)
    m.begin(matching.parts_of(m, known(value), kind, ins.arg, names))
