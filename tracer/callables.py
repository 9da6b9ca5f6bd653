"""Records a call of a Python function of this process."""

from __future__ import annotations

import gc
import inspect
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.format import mark_entry
from cwm_trace.frames import Status, Trace
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import definition_line, parse_source
from cwm_trace.tracer.inprocess import FrameList
from cwm_trace.tracer.record import Recorder, all_code
from cwm_trace.tracer.run import read_source


def trace(function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Trace:
    """The trace of `function(*arguments, **keywords)`, called here and now; functions of the same file are stepped into.

    What other threads do of it until it has ended is in `Trace.threads`. Calls of `trace` itself in several threads take turns.

    What the call raises is part of the trace (`Trace.raised`), and is not raised again; but where it raises before the function is entered, as
    for wrong arguments. Raises InputError where the source is not to be had, and where the call does not enter the function, as that of a
    generator function does not.
    """
    plain = inspect.unwrap(function)
    plain = getattr(plain, "__func__", plain)
    if not isinstance(plain, FunctionType):
        raise InputError(f"{function!r} is not a Python function", hint="Trace a function or a method")
    path, others = plain.__code__.co_filename, FrameList()
    with _TURN:  # 3.11's `ast.parse` fails at times in several threads, too: "AST constructor recursion depth mismatch"
        line, source = _definition_line(plain), _source(plain, path)
        recorder = Recorder(source, path, entry_line=line, emit=None, threads=others.thread)
        error = _called(recorder, source, plain, function, arguments, keywords)
    frames = tuple(recorder.frames())
    if not frames:
        raise error or _not_entered(plain)
    status = Status.COMPLETE if recorder.complete else Status.OPEN
    meta = {"name": f"{path.rsplit('/', 1)[-1]}::{plain.__qualname__}"} | differs(source)
    threads = tuple(thread.trace(source, meta) for thread in others.threads)
    return Trace(mark_entry(source, line), frames, recorder.complete, status, meta, threads)


_TURN = threading.RLock()  # a function has one code at a time; a trace within a trace is of the same thread


def _called(
    recorder: Recorder,
    source: str,
    plain: FunctionType,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> Exception | None:
    """Call `function` while those of its file have the recorder's code; what it raises."""
    path, before = recorder.filename, plain.__code__
    originals = swap_code(path, compile(source, path, "exec", dont_inherit=True), recorder.code)
    if plain.__code__ is not before:  # of several lambdas on a line, this one
        recorder.start_at(plain.__code__)
    try:
        made = function(*arguments, **keywords)
        if inspect.iscoroutine(made):
            made.close()  # it would warn that nobody has awaited it
    except Exception as raised:  # part of the trace
        return raised
    finally:
        recorder.stop()
        for known, code in originals:
            known.__code__ = code
    return None


def _not_entered(function: FunctionType) -> InputError:
    """For a call after which there is no frame."""
    later = (
        inspect.isgeneratorfunction(function)
        or inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
    )
    hint = (
        "It runs when what it returns is gone through: trace a function that does that"
        if later
        else "Has its file changed?"
    )
    return InputError(f"calling {function.__qualname__} does not enter it", hint=hint)


def _definition_line(function: FunctionType) -> int:
    """The line of its `def`, which decorators come before, or of a lambda. Raises InputError."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise InputError(f"no source text of {function.__qualname__}", hint="Use trace_source with the text") from None
    if function.__name__ == "<lambda>":
        return function.__code__.co_firstlineno
    return first - 1 + definition_line(lines, 1)


def _source(function: FunctionType, path: str) -> str:
    try:
        source = read_source(path)
    except InputError:
        source = "".join(inspect.findsource(function)[0])
    parse_source(source, path)
    return source


def swap_code(path: str, plain: CodeType, changed: CodeType) -> list[tuple[FunctionType, CodeType]]:
    """Give every living function of a file the code that `changed` has for it; returns what to put back.

    `plain` is the file's module as compiled from its text: it tells two lambdas of one line apart.
    """
    found = replacements({path: (plain, changed)})
    originals = [(known, known.__code__) for known, _ in found]
    for known, code in found:
        known.__code__ = code
    return originals


def replacements(modules: Mapping[str, tuple[CodeType, CodeType]]) -> list[tuple[FunctionType, CodeType]]:
    """The living functions of some files, and the code that each is to get: path -> the module's code, plain and changed."""
    named = {path: (_by_name(plain), _by_name(changed)) for path, (plain, changed) in modules.items()}
    found = []
    for known in _living():
        if known.__code__.co_filename in named:
            code = _counterpart(known.__code__, *named[known.__code__.co_filename])
            if code is not None and code.co_freevars == known.__code__.co_freevars:
                flags = known.__code__.co_flags  # types.coroutine sets one
                found.append((known, code if code.co_flags == flags else code.replace(co_flags=flags)))
    return found


def _living() -> list[FunctionType]:
    with _alone():
        objects = gc.get_objects()
        if (
            gc.get_freeze_count() > _FROZEN_AT_START
        ):  # these are not among all objects (`gc.freeze`, as servers do before they fork)
            objects = _reached({id(known): known for known in objects})
        return [known for known in objects if type(known) is FunctionType]


def _reached(known: dict[int, Any]) -> list[Any]:
    """What is known, and all that modules and the variables of running frames lead to."""
    running = [dict(frame.f_locals) for top in sys._current_frames().values() for frame, _ in traceback.walk_stack(top)]
    fresh: dict[int, Any] = known | {id(found): found for found in (sys.modules, *running)}
    while fresh:
        known |= fresh
        # What is not tracked leads to nothing: numbers and texts, which most of all objects are.
        tracked = filter(gc.is_tracked, gc.get_referents(*fresh.values()))
        fresh = {id(found): found for found in tracked if id(found) not in known}
    return [*known.values()]


_FROZEN_AT_START = (
    1_000  # 3.12 begins with 375 objects of its own; `gc.freeze` takes all there are, which are thousands
)
_UNDISTURBED = 0.25  # seconds: many times what going through all objects takes


@contextmanager
def _alone() -> Iterator[None]:
    """No other thread runs meanwhile, unless it takes long.

    A list of all objects has the tuples that other threads are making: CPython refuses to let these grow while there is another reference
    ("SystemError: bad argument to internal function", in their code).
    """
    if threading.active_count() == 1:
        yield
        return
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_UNDISTURBED)
    try:
        time.sleep(2 * interval)  # who waits already does so with the interval of before
        yield
    finally:
        sys.setswitchinterval(interval)


_Name = tuple[str, int, str]


def _by_name(module: CodeType) -> dict[_Name, list[CodeType]]:
    named: dict[_Name, list[CodeType]] = {}
    for code in all_code(module):
        named.setdefault(_name(code), []).append(code)
    return named


def _counterpart(code: CodeType, old: dict[_Name, list[CodeType]], new: dict[_Name, list[CodeType]]) -> CodeType | None:
    """The code of the same place in the text; None where that is not certain."""
    before, after = old.get(_name(code), []), new.get(_name(code), [])
    if len(before) != len(after) or (len(before) > 1 and code not in before):
        return None
    return after[0 if len(before) == 1 else before.index(code)] if after else None


def _name(code: CodeType) -> _Name:
    """Without the comprehensions around it, which have names on some interpreters only."""
    return code.co_name, code.co_firstlineno, _COMPREHENSION.sub("", code.co_qualname)


_COMPREHENSION = re.compile(r"<(?:list|set|dict)comp>\.(?:<locals>\.)?")
