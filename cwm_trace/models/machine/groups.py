"""Groups of exceptions: what `except*` takes of one, and what is raised of the rest.

Knows Python's own groups, and classes that a program makes from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cwm_trace.models.machine.active import Activation, Work
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.comparing import truth_of
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    GROUPS,
    Builtin,
    Class,
    Function,
    List,
    Lost,
    Object,
    Value,
    error,
    find,
    is_exception,
    is_group,
    is_made_of,
    kind_name,
    known,
    truth,
)

_ORIGIN = "<split from>"
"""Of a group that is part of another: which that is. CPython tells by tracebacks, causes and notes, which parts share."""


@native(GROUPS[0])
def _made(m: Interpreter, message: Value, given: Value) -> Work:
    if not isinstance(known(message), str):
        raise error("TypeError", f"BaseExceptionGroup.__new__() argument 1 must be str, not {kind_name(message)}")
    if not isinstance(known(given), (List, tuple)):
        raise error("TypeError", "second argument (exceptions) must be a sequence")
    parts = yield from collected(m, given)
    if not parts:
        raise error("ValueError", "second argument (exceptions) must be a non-empty sequence")
    for number, part in enumerate(parts):
        if not isinstance(known(part), Object) or not is_exception(known(part).kind):
            raise error("ValueError", f"Item {number} of second argument (exceptions) is not an exception")
    return _group(message, given, parts)


@native("ExceptionGroup")
def _made_plain(m: Interpreter, message: Value, given: Value) -> Work:
    made = yield from _made(m, message, given)
    if made.kind.name != "ExceptionGroup":
        raise error("TypeError", "Cannot nest BaseExceptions in an ExceptionGroup")
    return made


@native(*(f"{name}.__new__" for name in GROUPS))
def _new(m: Interpreter, kind: Value, message: Value, given: Value) -> Work:
    made = yield from _made(m, message, given)
    if isinstance(kind, Class):
        if made.kind.name != "ExceptionGroup" and is_made_of(kind, Builtin("Exception")):
            raise error("TypeError", f"Cannot nest BaseExceptions in '{kind.name}'")
        made.kind = kind
    return made


@native("BaseException.__new__", "Exception.__new__")
def _new_exception(m: Interpreter, kind: Value, /, *args: Value, **_: Value) -> Work:
    if is_made_of(kind, Builtin(GROUPS[0])):
        return (yield from _new(m, kind, *args))
    return Object(kind, held=tuple(args))


def _group(message: Value, given: Value, parts: Sequence[Value]) -> Object:
    is_plain = all(is_made_of(known(part).kind, Builtin("Exception")) for part in parts)
    kind = Builtin("ExceptionGroup" if is_plain else "BaseExceptionGroup")
    return Object(kind, {"message": message, "exceptions": tuple(parts)}, (message, given))


def _derived(m: Interpreter, group: Object, parts: Sequence[Value]) -> Work:
    if (own := find(group.kind, "derive")) is not None:
        made = known((yield from invoke(m, own, [group, List(list(parts))], {})))
    else:
        made = _group(group.attributes["message"], List(list(parts)), parts)
    made.cause, made.context = group.cause, group.context
    if "__notes__" in group.attributes:
        made.attributes["__notes__"] = List(list(group.attributes["__notes__"].items))
    made.attributes[_ORIGIN] = group.attributes.get(_ORIGIN, group)
    return made


def _split(m: Interpreter, raised: Object, fits: Callable[[Object], Work], with_rest: bool = True) -> Work:
    """What of an exception fits, and what does not, if that is wanted; None: nothing (`exceptiongroup_split_recursive` in C)."""
    if (yield from fits(raised)):
        return raised, None
    if not is_group(raised):
        return None, raised
    ins, outs = [], []
    for part in raised.attributes["exceptions"]:
        one, other = yield from _split(m, known(part), fits, with_rest)
        ins += [one] if one is not None else []
        outs += [other] if other is not None else []
    fitting = (yield from _derived(m, raised, ins)) if ins else None
    return fitting, (yield from _derived(m, raised, outs)) if outs and with_rest else None


def _test(m: Interpreter, condition: Value) -> Callable[[Object], Work]:
    kinds = condition if isinstance(condition, tuple) else (condition,)

    def fits(raised: Object) -> Work:
        if not isinstance(condition, Function):
            return any(is_made_of(raised.kind, kind) for kind in kinds)
        given = known((yield from invoke(m, condition, [raised], {})))
        found = truth(given)
        return (yield from truth_of(m, given)) if found is None else found
        yield

    if not isinstance(condition, Function) and not all(isinstance(kind, (Builtin, Class)) for kind in kinds):
        raise Lost
    return fits


@native("BaseExceptionGroup.split")
def _parted(m: Interpreter, group: Object, condition: Value) -> Work:
    return (yield from _split(m, group, _test(m, condition)))


@native("BaseExceptionGroup.subgroup")
def _part(m: Interpreter, group: Object, condition: Value) -> Work:
    fitting, _ = yield from _split(m, group, _test(m, condition), with_rest=False)
    return fitting


@native("BaseExceptionGroup.derive")
def _derive(m: Interpreter, group: Object, given: Value) -> Work:
    return (yield from _made(m, group.attributes["message"], given))


def take(m: Interpreter, frame: Activation, kind: Value) -> Work:
    """`except* kind`: what is left of the exception on top of the stack, and what is handled now (CPython 3.11, CHECK_EG_MATCH)."""
    raised = frame.stack.pop()
    if raised is None:  # nothing is left for this clause
        frame.stack += [None, None]
        return
    fitting, rest = yield from _split(m, raised, _test(m, kind))
    if fitting is None:
        frame.stack += [raised, None]
        return
    if not is_group(fitting):
        fitting = _group("", (fitting,), [fitting])
    frame.stack += [rest, fitting]
    m.handled = fitting


def left_of(m: Interpreter, given: Object, raised: Sequence[Value]) -> Work:
    """What is raised behind the last `except*` (CPython 3.11, `_PyExc_PrepReraiseStar`); None: nothing."""
    left = [each for each in raised if each is not None]
    if not left or not is_group(given):
        return left[0] if left else None
    again = [each for each in left if each is given or each.attributes.get(_ORIGIN) is given]
    new = [each for each in left if each not in again]
    if again:
        leaves = [leaf for each in again for leaf in _leaves(each)]

        def is_left(each: Object) -> Work:
            return any(each is leaf for leaf in leaves)
            yield

        rest, _ = yield from _split(m, given, is_left, with_rest=False)
        if not new:
            return rest
        new.append(rest)
    return new[0] if len(new) == 1 else _group("", List(list(new)), new)


def _leaves(raised: Object) -> list[Object]:
    if not is_group(raised):
        return [raised]
    return [leaf for part in raised.attributes["exceptions"] for leaf in _leaves(known(part))]
