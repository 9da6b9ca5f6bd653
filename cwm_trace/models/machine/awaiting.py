"""What `await`, `async for` and `async with` ask for: awaitables, and what asynchronous generators give.

A coroutine is gone on with as a generator is (`machine.interpreter`); loops are the library's (`sources/asyncio.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from cwm_trace.models.machine.active import Activation, Paused, Resume, Work, Wrapped
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter, done, thrown
from cwm_trace.models.machine.iterators import Iterator
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import (
    END,
    Builtin,
    Function,
    Lost,
    Method,
    Object,
    Raised,
    Value,
    error,
    find,
    is_unknown,
    kind_name,
    known,
    own_method,
)


def awaitable(m: Interpreter, value: Value) -> Work:
    """What `await value` goes on with. Raises Raised, Lost."""
    if isinstance(known(value), Paused) and any(known(value).frame.function is each for each in m.awaitables):
        return known(value)
    if is_unknown(value):
        raise Lost
    value = known(value)
    if isinstance(value, Iterator) or isinstance(value, Paused) and value.class_name == "coroutine":
        return value
    own = own_method(value, "__await__")
    if own is None:
        raise error("TypeError", f"object {kind_name(value)} can't be used in 'await' expression")
    return (yield from invoke(m, own, [value], {}))


def iterator(m: Interpreter, value: Value) -> Work:
    """What `async for` goes through. Raises Raised, Lost."""
    value = known(value)
    if isinstance(value, Paused) and value.class_name == "async_generator":
        return value
    own = own_method(value, "__aiter__")
    if own is None:
        text = f"'async for' requires an object with __aiter__ method, got {kind_name(value)}"
        raise error("TypeError", text)
    return (yield from invoke(m, own, [value], {}))


def next_of(m: Interpreter, value: Value) -> Work:
    """What is awaited for the next item. Raises Raised, Lost."""
    value = known(value)
    if isinstance(value, Paused):
        return _steps(value, "asend", lambda: Resume(value))
    own = own_method(value, "__anext__")
    if own is None:
        raise Lost
    return (yield from awaitable(m, (yield from invoke(m, own, [value], {}))))


@native("types.coroutine")
def _coroutine(m: Interpreter, function: Value) -> Value:
    """What makes generators that can be awaited."""
    if not isinstance(known(function), Function) or known(function).code.pausing not in ("generator", "coroutine"):
        raise Lost
    m.awaitables.append(known(function))
    return function


@native("async_generator.__anext__", "async_generator.asend")
def _sent(m: Interpreter, generator: Paused, value: Value = None) -> Iterator:
    return _steps(generator, "asend", lambda: Resume(generator, value))


@native("async_generator.__aiter__")
def _iter(m: Interpreter, generator: Paused) -> Paused:
    return generator


@native("async_generator.athrow")
def _thrown(m: Interpreter, generator: Paused, raised: Value) -> Work:
    if not isinstance(raised, Object):
        raised = yield from invoke(m, raised, [], {})
    return _steps(generator, "athrow", lambda: Resume(generator, error=raised))


@native("async_generator.aclose")
def _closed(m: Interpreter, generator: Paused) -> Iterator:
    steps = _steps(generator, "athrow", lambda: Resume(generator, error=Object(Builtin("GeneratorExit"))))
    advance = steps.advance

    def close(m: Interpreter) -> Work:
        if generator.ended:
            return _ends(m, None)
        try:
            given = yield from advance(m)
        except Raised as raised:
            if raised.is_a("GeneratorExit") or raised.is_a("StopAsyncIteration"):
                return _ends(m, None)
            raise
        if given is END:
            raise error("RuntimeError", "async generator ignored GeneratorExit")
        return given

    steps.advance = close
    return steps


@native("anext")
def _anext(m: Interpreter, over: Value, *default: Value) -> Work:
    steps = yield from next_of(m, over)
    if not default:
        return steps
    if not isinstance(steps, Iterator):
        raise Lost

    def advance(m: Interpreter) -> Work:
        try:
            return (yield from done(steps.advance(m)))
        except Raised as raised:
            if raised.is_a("StopAsyncIteration"):
                return _ends(m, default[0])
            raise

    return Iterator("<anext_awaitable object>", advance, (steps, *default))


@native("aiter")
def _aiter(m: Interpreter, over: Value) -> Work:
    return iterator(m, over)


def _steps(generator: Paused, name: str, first: Callable[[], Resume]) -> Iterator:
    """What is awaited of an asynchronous generator: it goes on until that yields, or ends."""
    is_first = True

    def advance(m: Interpreter) -> Work:
        nonlocal is_first
        request, is_first = first() if is_first else Resume(generator), False
        given = yield request
        if given is END:
            raise error("StopAsyncIteration")
        return _ends(m, given.value) if isinstance(given, Wrapped) else given

    def throw(raised: Value, told: Sequence[Value]) -> Work:
        nonlocal is_first
        is_first = False
        given = yield from thrown(generator, raised, told)
        if given is END:
            raise error("StopAsyncIteration")
        return given

    return Iterator(f"<async_generator_{name} object>", advance, (generator,), throw=throw)


def _ends(m: Interpreter, value: Value) -> Value:
    m.stop = Object(Builtin("StopIteration"), held=() if value is None else (value,))
    return END


def enter(m: Interpreter, frame: Activation, context: Value) -> Work:
    """`async with context`: what is awaited first; what is called at the end is put on the stack. Raises Raised, Lost."""
    come, leave = special(context, "__aenter__"), special(context, "__aexit__")
    frame.stack.append(leave)
    return (yield from invoke(m, come, [], {}))


SAYS_WHICH_IS_MISSING = sys.version_info >= (3, 14)
"""Whether `with` says of each of the two methods that it is missing."""


def special(context: Value, name: str) -> Value:
    """A method for `async with`. Raises Raised."""
    context = known(context)
    if (found := find(context.kind, name) if isinstance(context, Object) else None) is not None:
        return Method(found, context)
    missed = f" (missed {name} method)" if name == "__aexit__" or SAYS_WHICH_IS_MISSING else ""
    text = f"'{kind_name(context)}' object does not support the asynchronous context manager protocol{missed}"
    raise error("TypeError", text)
