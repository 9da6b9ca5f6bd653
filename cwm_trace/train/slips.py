"""Traces that go on behind a wrong value: what follows a mistake of a model's own, which it meets nowhere in true traces.

Once in a run, what a line gives is made another value (an assignment's, a returned one, or the answer of a test), and the program goes on
with that; the text is that of the program as it was written. Where the run first says something else than the true one, it slips. Everything
behind that is what really follows from what the text shows. Runs the program in this process; knows no tokens.
"""

from __future__ import annotations

import ast
import builtins
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.train.edits import Edit, Text
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


class _Place(NamedTuple):
    """An expression of one line that may give another value; `test`: whether its answer is asked only."""

    node: ast.expr
    test: bool


def slip(true: Trace, source: str, call: str | None, rng: random.Random, record: Record) -> Slip | None:
    """The run of a program that slips once; None where the one that is drawn does not show it, or does not end.

    `true` is its trace, `call` is None for a script. `record` needs limits, as loops may now go on for ever.
    """
    text = Text(source)
    ran = Counter(step.source.rstrip("\r\n") for step in true.frames if step.event is Event.LINE)
    places = [place for place in _places(source) if ran[_line(text, place.node)]]
    if not places:
        return None
    node, test = rng.choice(places)
    line, slipping = _line(text, node), f"{_NAME}(({text.node(node)}))"
    other = text.edited([Edit(*text.span(node), slipping)])
    changed = f"{line[: node.col_offset]}{slipping}{line[node.end_col_offset :]}"
    with _slipping(_Once(rng, rng.randint(1, ran[line]), test)):
        made = record(other, call)
    if made is None or not made.complete:
        return None
    frames = tuple(_as_written(step, changed, line) for step in made.frames)
    trace = replace(made, context=made.context.replace(other, source), frames=frames)
    at = next((n for n, (one, two) in enumerate(zip(trace, true, strict=False)) if one != two), None)
    if trace.context != true.context or _NAME in trace.render() or at is None or not 0 < at < len(trace) - 1:
        return None
    return Slip(trace, at)


def _line(text: Text, node: ast.expr) -> str:
    """The line of a node, without its end."""
    start, _ = text.span(node)
    return text.of(text.line(start), text.line_after(start)).rstrip("\r\n")


def _as_written(step: Step, changed: str, line: str) -> Step:
    """A frame with the program's own line in place of the changed one."""
    if not isinstance(step, Frame) or step.source.rstrip("\r\n") != changed:
        return step
    return replace(step, source=step.source.replace(changed, line))


def _places(source: str) -> Iterator[_Place]:
    """In functions: what is assigned, returned or asked, on lines of ASCII, whose columns are characters."""
    ascii_lines = [line.isascii() for line in source.split("\n")]
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                place = _of_statement(node)
                if place is not None and ascii_lines[place.node.lineno - 1]:
                    yield place


def _of_statement(node: ast.AST) -> _Place | None:
    """None where it goes over several lines: the call around it would make other events."""
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Return(value=ast.expr() as value):
            return _Place(value, False) if node.lineno == node.end_lineno else None
        case ast.If(test=value) | ast.While(test=value):
            return _Place(value, True) if node.lineno == value.end_lineno else None
    return None


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
