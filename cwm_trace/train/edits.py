"""Changes to a program's text at the places of its syntax tree, so that all else stays as its author wrote it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol


class Placed(Protocol):
    """A node that has a place in the text."""

    lineno: int
    col_offset: int
    end_lineno: int | None
    end_col_offset: int | None


class Edit(NamedTuple):
    """Bytes from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


class Text:
    """A program's text, whose places are bytes: the tree's columns are."""

    def __init__(self, source: str) -> None:
        self.data = source.encode("utf-8", "surrogatepass")
        self._starts = [0]
        # As the parser counts lines: a form feed or another separator ends none.
        for line in self.data.split(b"\n")[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: Placed) -> tuple[int, int]:
        """Where a node begins and ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.place(node.lineno, node.col_offset), self.place(node.end_lineno, node.end_col_offset)

    def place(self, line: int, column: int) -> int:
        """A line and column of the tree."""
        return self._starts[line - 1] + column

    def line(self, place: int) -> int:
        """Where the line of a place begins."""
        return self.data.rfind(b"\n", 0, place) + 1

    def line_after(self, place: int) -> int:
        """Where the next line begins, or the text ends."""
        return self.data.find(b"\n", place) + 1 or len(self.data)

    def of(self, start: int, end: int) -> str:
        """The text between two places."""
        return self.data[start:end].decode("utf-8", "surrogatepass")

    def node(self, node: Placed) -> str:
        """The text of a node."""
        return self.of(*self.span(node))

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text with these changes; of two that overlap, the later one in the text is made."""
        data, before = self.data, len(self.data) + 1
        for start, end, text in sorted(set(edits), reverse=True):
            if end <= before:
                data = data[:start] + text.encode("utf-8", "surrogatepass") + data[end:]
                before = start
        return data.decode("utf-8", "surrogatepass")


def without_docstrings(source: str, longest: int = 80) -> str:
    """A program without docstrings of several lines, or of more than so many characters. Raises SyntaxError."""
    text, edits = Text(source), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            docstring = ast.get_docstring(node, clean=False)
            if docstring is None or ("\n" not in docstring and len(docstring) <= longest and ">>>" not in docstring):
                continue
            edits.append(_without(text, node))
    return _without_blank_ends(text.edited(edits))


def _without(text: Text, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Edit:
    """Takes the docstring's lines away, or makes `pass` of it where something needs to stand there."""
    start, end = text.span(node.body[0])
    first, after = text.line(start), text.line_after(end)
    if len(node.body) > 1 and not text.of(first, start).strip() and not text.of(end, after).strip():
        return Edit(first, after, "")
    return Edit(start, end, "pass")


def _without_blank_ends(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.split("\n"))


def _defaults(node: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    positional = [*node.posonlyargs, *node.args]
    yield from zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)
    yield from (
        (name, value) for name, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value is not None
    )


def without_annotations(source: str) -> str:
    """A program whose functions have no annotations; classes keep those of their attributes. Raises SyntaxError."""
    tree = ast.parse(source)
    text, edits = Text(source), []
    in_classes = {item for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}
    defaults = {
        name: value for node in ast.walk(tree) if isinstance(node, ast.arguments) for name, value in _defaults(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            start, end = text.span(node)[0] + len(node.arg.encode()), text.span(node.annotation)[1]
            default = defaults.get(node)
            equals = text.data.find(b"=", end)
            # Without an annotation, no spaces around it.
            plain = default is not None and not text.of(equals + 1, text.span(default)[0]).strip()
            edits.append(Edit(start, text.span(default)[0], "=") if default and plain else Edit(start, end, ""))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
            start, end = text.span(node.returns)
            closing = text.data.rfind(b")", 0, text.data.rfind(b"->", 0, start)) + 1
            edits.append(Edit(closing, text.data.find(b":", end), ""))
        elif isinstance(node, ast.AnnAssign) and node not in in_classes:
            if node.value is None:
                edits.append(Edit(*text.span(node), "pass"))
            else:
                edits.append(Edit(text.span(node.target)[1], text.span(node.annotation)[1], ""))
    return text.edited(edits)
