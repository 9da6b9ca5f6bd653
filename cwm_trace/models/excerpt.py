"""What is told of a program that is too long to be read whole: its entry, and the functions that frames are of.

Knows the lines of a source; no frames' values, and no model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from cwm_trace.format import strip_mark
from cwm_trace.frames import Event, Frame
from cwm_trace.parsing import parse


class _Definition(NamedTuple):
    """A function or a class: its lines, from the first decorator on, that of its name, and those of its docstring; all from 0 on."""

    lines: range
    head: int
    is_class: bool
    says: range


class Excerpts:
    """Those of one context."""

    def __init__(self, context: str) -> None:
        self._context = context
        self._lines = context.splitlines(keepends=True)
        self._spelled = [strip_mark(line).rstrip("\r\n") for line in self._lines]

    def of(self, frames: Sequence[Frame], fits: Callable[[str], bool]) -> str:
        """The lines that belong to these frames, in their order: the entry, what they show, and of the functions that they call, from the
        last one on, as many as fit, without comments and docstrings."""
        kept: set[int] = set()
        for number, line in enumerate(self._lines):
            if line.rstrip("\r\n") != self._spelled[number]:  # it is marked
                kept |= self._function_at(number)
        places = [self._places.get(frame.source.rstrip("\r\n"), ()) for frame in frames]
        kept |= {number for each in places for number in each}
        for frame, each in zip(reversed(frames), reversed(places), strict=True):
            if frame.event is Event.CALL:
                more = kept.union(*map(self._function_at, each))
                kept = more if fits(self._text(more)) else kept
        return self._text(kept)

    def _text(self, kept: Iterable[int]) -> str:
        return "".join(self._lines[number] for number in sorted(kept))

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Where a line stands."""
        places: dict[str, list[int]] = {}
        for number, line in enumerate(self._spelled):
            places.setdefault(line, []).append(number)
        return places

    @cached_property
    def _definitions(self) -> list[_Definition]:
        try:
            return [*_definitions(parse(self._context))]
        except (SyntaxError, ValueError):
            return []

    @cached_property
    def _said(self) -> set[int]:
        """Lines that do nothing: comments, docstrings and empty ones."""
        said = {number for number, line in enumerate(self._spelled) if line.lstrip()[:1] in ("", "#")}
        for each in self._definitions:
            said |= {*each.says}
        return said

    def _function_at(self, number: int) -> set[int]:
        """The lines of the innermost function that a line is of, and the first ones of the classes around it."""
        around = [each for each in self._definitions if number in each.lines]
        inner = min((each.lines for each in around if not each.is_class), key=len, default=range(number, number + 1))
        return {*inner, *(each.head for each in around if each.is_class)} - self._said


def _definitions(tree: ast.AST) -> Iterator[_Definition]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines = range(first - 1, node.end_lineno or node.lineno)
            yield _Definition(lines, node.lineno - 1, isinstance(node, ast.ClassDef), _docstring(node))


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> range:
    """Its lines, but for one that has something else, too."""
    match node.body:
        case [ast.Expr(value=ast.Constant(value=str())) as text, _, *_] if text.lineno > node.lineno:
            return range(text.lineno - 1, text.end_lineno or text.lineno)
    return range(0)
