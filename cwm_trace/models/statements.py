"""Python statements and the lines they stand in: what `ast` does not say of them by itself. Knows no order of them."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, wraps
from typing import TypeVar

from cwm_trace.parsing import parse

Statement = ast.stmt | ast.ExceptHandler | ast.match_case
"""What has lines of its own before its blocks."""

ITERATOR = ".0"
"""The first argument of a comprehension's frame."""
BEGINNINGS = ("def ", "async def ", "class ", "@")
"""Of lines that begin a function or a class."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
DISPLAYS = (ast.ListComp, ast.SetComp, ast.DictComp)
PAUSES = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith)
"""Where a function may be left, and gone on with."""

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
"""Operators of two values, as they are written; with `=` behind, those of assignments."""
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
"""Those that numbers have an order by, as they are written."""

_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@lru_cache(maxsize=4)  # the same source is looked at in several ways
def parsed(source: str) -> ast.Module | None:
    """The tree of a source, not to be changed; None where this Python does not parse it."""
    return _parsed(source)


_Made = TypeVar("_Made")
_SHORT = 4000  # characters


def kept(function: Callable[[str], _Made]) -> Callable[[str], _Made]:
    """As `lru_cache`, of a function of a text: what long texts come to is large, so few of these are kept."""
    short, long = lru_cache(maxsize=10_000)(function), lru_cache(maxsize=64)(function)
    return wraps(function)(lambda text: short(text) if len(text) <= _SHORT else long(text))


@kept
def statement_of(line: str) -> ast.stmt | None:
    """The only statement of a line, not to be changed; None where it has another number of these, or is none by itself."""
    tree = _parsed(line)
    return tree.body[0] if tree is not None and len(tree.body) == 1 else None


def readings(line: str) -> Iterator[tuple[int, str, bool]]:
    """Texts that may be parsed in place of a line, where in it they begin, and whether they are what is added to something."""
    yield 0, line, False
    if line.startswith("elif"):
        yield 2, f"{line[2:]} pass", False
    elif line.startswith(("if", "while", "for")):
        code, sign, _ = line.rpartition(":  # ")  # a loop's number
        yield 0, f"{code}: pass" if sign else f"{line} pass", False
    if (behind := _behind_augmented(line)) is not None:
        yield behind, line[behind:], True


@lru_cache(maxsize=10_000)
def first_reading(line: str) -> tuple[str, ast.stmt] | None:
    """The first of these that is a statement, and that, not to be changed; None where none is."""
    for _, text, _ in readings(line):
        if (statement := statement_of(text)) is not None:
            return text, statement
    return None


def _behind_augmented(line: str) -> int | None:
    """Where the value of `5 += 1` begins, which is no Python."""
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            depth += _BRACKETS.get(token.string, 0)
            augments = (
                token.type == tokenize.OP
                and token.string.endswith("=")
                and token.string[:-1] not in ("", "=", "!", "<", ">", ":")
            )
            if augments and not depth:
                rest = line[token.end[1] :]
                return len(line) - len(rest.lstrip())
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass
    return None


def span(text: str, first: ast.expr, last: ast.expr) -> tuple[int, int]:
    """Where in a text one part of it begins and another ends, in characters; the nodes tell it in bytes."""
    begins, ends = first.col_offset, last.end_col_offset or 0
    if text.isascii():
        return begins, ends
    coded = text.encode()
    return len(coded[:begins].decode()), len(coded[:ends].decode())


def text_of(node: ast.AST, line: str) -> str:
    """What it is made of, in the line that it was read from."""
    first = getattr(node, "lineno", 0)
    if first == 1 == getattr(node, "end_lineno", 0):  # else all lines would be taken apart, each time
        begins, ends = span(line, node, node)  # type: ignore[arg-type]
        return line[begins:ends]
    return ast.get_source_segment(line, node) or ""


@lru_cache(maxsize=1000)
def lambda_body(line: str) -> str:
    """What the only lambda of a line gives; "" where there is none, or several."""
    if (reading := first_reading(line)) is None:
        return ""
    text, statement = reading
    found = [node for node in ast.walk(statement) if isinstance(node, ast.Lambda)]
    return text_of(found[0].body, text) if len(found) == 1 else ""


def _parsed(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree: ast.Module = parse(source)
            return tree
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def passed_on(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that are not only called, and those of decorated functions and classes: others may call what they stand for."""
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    decorated = {node.name for node in nodes if isinstance(node, DEFINITIONS) and node.decorator_list}
    return decorated | {node.id for node in nodes if isinstance(node, ast.Name) and node not in called}


def own_parts(function: ast.AST) -> Iterator[ast.AST]:
    """All that is in a function, but for what is in functions inside."""
    for part in ast.iter_child_nodes(function):
        yield part
        if not isinstance(part, (*DEFINITIONS, ast.Lambda)):
            yield from own_parts(part)


def first_line(node: Statement | ast.Lambda) -> int:
    """The number of its first line, decorators included."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno


def lines(node: ast.stmt | ast.ExceptHandler | ast.expr) -> range:
    """All lines of it, but for decorators."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def header(node: Statement) -> range:
    """The lines of it before its first block; of what has no block, all."""
    first, inner = first_line(node), next(_inner(node), None)
    if inner is not None:
        return range(first, max(first_line(inner), first + 1))
    return range(first, 1 + (first if isinstance(node, ast.match_case) else node.end_lineno or first))


def header_parts(node: Statement) -> Iterator[ast.AST]:
    """All that it is made of, without what is in its blocks."""
    for name, value in ast.iter_fields(node):
        if name not in _BLOCKS:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    yield from ast.walk(part)


def _inner(node: Statement) -> Iterator[Statement]:
    for name in ("body", "cases"):
        yield from getattr(node, name, ())
