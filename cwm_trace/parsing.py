"""`ast.parse` and `ast.literal_eval` that may be called by several threads at once.

In CPython 3.11 one of two threads that parse may be told `SystemError: AST constructor recursion depth mismatch`, as they share a counter
(gh-106905); once more, and it parses.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

_ATTEMPTS = 20
_Made = TypeVar("_Made")


def parse(source: str, filename: str = "<unknown>", mode: str = "exec") -> Any:
    """As `ast.parse`. Raises what that raises."""
    return _again(lambda: ast.parse(source, filename, mode))


def literal_eval(text: str | ast.expr) -> Any:
    """As `ast.literal_eval`. Raises what that raises."""
    return _again(lambda: ast.literal_eval(text))


def _again(work: Callable[[], _Made]) -> _Made:
    for _ in range(_ATTEMPTS):
        try:
            return work()
        except SystemError:
            continue
    return work()
