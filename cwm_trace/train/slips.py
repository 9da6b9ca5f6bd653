"""Traces that go on behind a wrong value: what follows a mistake of a model's own, which it meets nowhere in true traces.

Once in a run, what a line gives is made another value (an assignment's, a returned one, or the answer of a test), and the program goes on
with that; the text is that of the program as it was written. Where the run first says something else than the true one, it slips. Everything
behind that is what really follows from what the text shows. Runs the program in this process; knows no tokens.
"""

from __future__ import annotations

import ast
import builtins
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.train.vary import varied

_NAME = "slipping__"  # what makes values wrong is called so, among the builtins
_TRIES = 4  # other values that are drawn until one is another
_LONGEST = 300  # characters of a value that is made another

Record = Callable[[str, str | None], Trace | None]
"""The trace of a source and a call; None where it does not end in time."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A trace that slips.

    Attributes:
        trace: with the text of the program as it was written.
        frame: the first one that is not as in the true trace.
    """

    trace: Trace
    frame: int


@dataclass(frozen=True, slots=True)
class _Place:
    """An expression of one line that may give another value; `test`: whether its answer is asked only."""

    line: int
    start: int
    end: int
    test: bool


def slip(true: Trace, source: str, call: str | None, rng: random.Random, record: Record) -> Slip | None:
    """The run of a program that slips once; None where none of a few tries shows it, or ends.

    `true` is its trace, `call` is None for a script. `record` needs limits, as loops may now go on for ever.
    """
    lines = source.splitlines(keepends=True)
    ran = [step.source for step in true.frames if step.event is Event.LINE]
    places = [
        place for place in _places(source) if lines[place.line].rstrip("\r\n") in {text.rstrip("\r\n") for text in ran}
    ]
    if not places:
        return None
    place = rng.choice(places)
    text = lines[place.line]
    changed = f"{text[: place.start]}{_NAME}(({text[place.start : place.end]})){text[place.end :]}"
    times = sum(one.rstrip("\r\n") == text.rstrip("\r\n") for one in ran)
    other = "".join([*lines[: place.line], changed, *lines[place.line + 1 :]])
    with _slipping(_Once(rng, rng.randint(1, times), place.test)):
        made = record(other, call)
    if made is None or not made.complete:
        return None
    trace = _as_written(made, other, source, changed, text)
    at = next((n for n, (one, two) in enumerate(zip(trace, true, strict=False)) if one != two), None)
    if trace.context != true.context or _NAME in trace.render() or at is None or not 0 < at < len(trace) - 1:
        return None
    return Slip(trace, at)


def _places(source: str) -> Iterator[_Place]:
    """In functions: what is assigned, returned or asked."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                yield from _of_statement(node, source)


def _of_statement(node: ast.AST, source: str) -> Iterator[_Place]:
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Return(value=ast.expr() as value):
            test = False
        case ast.If(test=value) | ast.While(test=value):
            test = True
        case _:
            return
    line = source.splitlines()[value.lineno - 1]
    # Columns are of UTF-8; a statement of several lines would have other events.
    if node.lineno == node.end_lineno == value.end_lineno or (test and value.lineno == value.end_lineno == node.lineno):
        if line.isascii():
            yield _Place(value.lineno - 1, value.col_offset, value.end_col_offset or 0, test)


class _Once:
    """Gives its argument back, but once, the n-th time, another value."""

    def __init__(self, rng: random.Random, wanted: int, test: bool) -> None:
        self._rng, self._left, self._test = rng, wanted, test

    def __call__(self, value: object) -> object:
        self._left -= 1
        if self._left:
            return value
        return (not value) if self._test else _another(self._rng, value)


def _another(rng: random.Random, value: object) -> object:
    """A value of the same kind, near to it; the same where none is known."""
    if isinstance(value, bool):
        return not value
    try:
        text = repr(value)
        if len(text) > _LONGEST or ast.literal_eval(text) != value:
            return value
        for _ in range(_TRIES):
            other = ast.literal_eval(varied(rng, text, rng.choice([0.2, 0.5])))
            if type(other) is type(value) and other != value:
                return other
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        pass
    return value


@contextmanager
def _slipping(once: _Once) -> Iterator[None]:
    names: dict[str, Any] = vars(builtins)
    names[_NAME] = once
    try:
        yield
    finally:
        names.pop(_NAME, None)


def _as_written(trace: Trace, other: str, source: str, changed: str, text: str) -> Trace:
    """The trace with the text of the program, whose one line was changed."""

    def back(step: Step) -> Step:
        if not isinstance(step, Frame) or step.source.rstrip("\r\n") != changed.rstrip("\r\n"):
            return step
        return replace(step, source=step.source.replace(changed.rstrip("\r\n"), text.rstrip("\r\n")))

    return replace(trace, context=trace.context.replace(other, source), frames=tuple(map(back, trace.frames)))
