"""Which line of the context a frame stands at, where its text is all that is known and several lines read alike.

A Python frame stays in its function: of equal lines, those of other functions are out of the question, and what has been seen of it so far
rules out more. Knows source text and frames; runs nothing. Two equal lines in one function stay unknown.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.frames import Event, MalformedFrame, Step
from cwm_trace.parsing import parse


class Scope(NamedTuple):
    """A function, a class body or the module.

    Attributes:
        heads: lines where a 'call' event of it may be: its decorators and its `def` or `class`.
        lines: those of its own code, heads included; not those of functions and classes in it, but for their heads.
    """

    heads: frozenset[int]
    lines: frozenset[int]


_Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Places:
    """Follows the frames of a trace, and tells their lines."""

    def __init__(self, context: str, lines: dict[str, tuple[int, ...]]) -> None:
        """`lines`: each source line without its end -> its 1-based numbers."""
        self._context, self._lines = context, lines
        self._stack: list[tuple[Scope, ...]] = []  # of each Python frame, the scopes that it may be in

    def find(self, event: Event, source: str) -> int | None:
        """The line of the next frame; None if there is none that reads so, or more than one that it can be."""
        numbers = self._numbers(source)
        if len(numbers) > 1 and event is not Event.CALL and self._stack:
            lines = frozenset().union(*(scope.lines for scope in self._stack[-1]))
            numbers = tuple(number for number in numbers if number in lines)
        return numbers[0] if len(numbers) == 1 else None

    def observe(self, step: Step) -> None:
        """Take note of a frame."""
        if isinstance(step, MalformedFrame):
            return
        number = step.line_number
        numbers = frozenset(self._numbers(step.source) if number is None else (number,))
        if step.event is Event.CALL:
            self._stack.append(self._entered(numbers))
        elif self._stack:
            narrowed = tuple(scope for scope in self._stack[-1] if not scope.lines.isdisjoint(numbers))
            self._stack[-1] = narrowed or self._stack[-1]
            if step.event is Event.RETURN:
                self._stack.pop()

    def _numbers(self, source: str) -> tuple[int, ...]:
        return self._lines.get(source.rstrip("\r\n"), ())

    def _entered(self, numbers: frozenset[int]) -> tuple[Scope, ...]:
        """What a 'call' at these lines may enter: what begins there; else, as generators that go on and comprehensions do, what has them."""
        known = _scopes(self._context)
        begun = tuple(scope for scope in known if not scope.heads.isdisjoint(numbers))
        return begun or tuple(scope for scope in known if not scope.lines.isdisjoint(numbers))


@lru_cache(maxsize=8)
def _scopes(context: str) -> tuple[Scope, ...]:
    """All scopes of a source text; none where it is not valid here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse(context)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    end = context.count("\n") + 2
    module = Scope(frozenset({1}), frozenset(range(1, end)) - _inside(tree))
    return (module, *(_scope(node) for node in ast.walk(tree) if isinstance(node, _Scoped)))


def _scope(node: _Scoped) -> Scope:
    heads = {node.lineno, *(decorator.lineno for decorator in node.decorator_list)}
    lines = range(min(heads), (node.end_lineno or node.lineno) + 1)
    return Scope(frozenset(heads), frozenset(lines) - _inside(node))


def _inside(node: ast.AST) -> frozenset[int]:
    """The lines of the bodies of functions and classes in a node."""
    return frozenset(
        line
        for inner in _inner(node)
        for line in range(inner.body[0].lineno, (inner.end_lineno or inner.lineno) + 1)
        if line > inner.lineno
    )


def _inner(node: ast.AST) -> Iterator[_Scoped]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Scoped):
            yield child
        else:
            yield from _inner(child)
