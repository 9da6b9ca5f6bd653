"""Python text of a program's or a model's, read without executing it, and without the warnings that its reader may print (wrong escapes)."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from cwm_trace.parsing import literal_eval, parse


def literal_value(text: str) -> Any:
    """What a literal stands for. Raises ValueError for any other text."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError("not a literal") from error


def program_tree(source: str) -> ast.Module | None:
    """The syntax tree of a program; None where it has none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree: ast.Module = parse(source)
            return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
