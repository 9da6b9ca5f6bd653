"""Whether an exception left a Python frame, read off its frames and the source: a RETURN of None is shown in either case.

After the EXCEPTION only what unwinds may run: `finally` blocks around its line, and the ends of `with` statements, which may end the exception,
too. Their own frames tell whether they did; where they have none, so does the name (`suppress`, `raises`). Knows no values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cwm_trace.frames import Event, Frame, Step
from cwm_trace.parsing import parse

_FALSE = ("None", "False", "0")
_ENDING = ("suppress", "raises", "assertRaises", "assertRaisesRegex")
"""What ends exceptions and has no frames of its own."""


def exception_that_left(context: str, frames: Sequence[Step]) -> str | None:
    """The rendered exception with which the Python frame of the first of these ended, else None; they end with its RETURN, of None."""
    own = [*_own(frames)]
    last = next((place for place in reversed(range(len(own))) if own[place][1].event is Event.EXCEPTION), None)
    if last is None:
        return None
    raised, lines = own[last][1], own[last + 1 : -1]
    tree = _tree(context) if lines else None
    if lines and tree is None:
        return None
    places = [*(place for place, _ in lines), len(frames) - 1]
    for (place, step), after in zip(lines, places[1:], strict=True):
        assert tree is not None
        if step.event is not Event.LINE or not _unwinds(context, tree, raised, step, frames[place + 1 : after]):
            return None
    return raised.value


def _own(frames: Sequence[Step]) -> Iterator[tuple[int, Frame]]:
    """Those of the first one's Python frame, with their places."""
    depth = -1
    for place, step in enumerate(frames):
        depth += step.event is Event.CALL
        if depth == 0 and isinstance(step, Frame):
            yield place, step
        depth -= step.event is Event.RETURN


def _unwinds(context: str, tree: ast.Module, raised: Frame, line: Frame, inner: Sequence[Step]) -> bool:
    """Whether a line runs because an exception goes by, which goes on behind it; `inner`: frames of what it calls."""
    at, of = line.line_number, raised.line_number
    if at is None or of is None:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and _has(node.finalbody, at):
            return any(_has(part, of) for part in (node.body, node.handlers, node.orelse))
        if (
            isinstance(node, (ast.With, ast.AsyncWith))
            and node.lineno <= at < node.body[0].lineno
            and _has(node.body, of)
        ):
            return not _ended(context, node, inner)
    return False


def _has(nodes: Sequence[ast.stmt | ast.ExceptHandler], line: int) -> bool:
    return bool(nodes) and nodes[0].lineno <= line <= (nodes[-1].end_lineno or 0)


def _ended(context: str, node: ast.With | ast.AsyncWith, inner: Sequence[Step]) -> bool:
    """Whether the end of a `with` ended the exception, too."""
    first, last = next(iter(inner), None), next(reversed(inner), None)
    if not isinstance(first, Frame) or not isinstance(last, Frame):
        names = {getattr(part, "id", getattr(part, "attr", "")) for item in node.items for part in ast.walk(item)}
        return not names.isdisjoint(_ENDING)
    if "yield" in first.source:  # of a function that `contextmanager` made one of
        return exception_that_left(context, inner) is None
    return last.event is Event.RETURN and last.value not in _FALSE


@lru_cache(maxsize=8)
def _tree(context: str) -> ast.Module | None:
    try:
        tree = parse(context)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Module) else None
