"""Keeps benchmark programs, and renamed copies of them, out of the training data.

Two tests: a function whose syntax tree, with all names numbered and without docstrings, equals one of a suite's; and a program most of
whose character n-grams stand in a suite. Both read programs only, never inputs or outputs.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

NGRAM = 40
MAX_SHARED = 0.5


class _Numbered(ast.NodeTransformer):
    """Replaces every name of the program's own by a number, in order of appearance."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def _number(self, name: str) -> str:
        return self.names.setdefault(name, f"n{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._number(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._number(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._number(node.name)
        node.returns = None
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def fingerprints(source: str) -> set[str]:
    """One hash for each function of the program, equal for renamed copies and those with another docstring or none. Raises SyntaxError."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {_fingerprint(node) for node in functions}


def _fingerprint(function: ast.FunctionDef) -> str:
    copy = ast.parse(ast.unparse(function))
    text = ast.dump(_Numbered().visit(copy))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def ngrams(source: str) -> set[str]:
    """All runs of `NGRAM` characters, white space left out."""
    text = "".join(source.split())
    return {text[start : start + NGRAM] for start in range(len(text) - NGRAM + 1)}


@dataclass(slots=True)
class Filter:
    """Knows the programs of the suites; `counts` says how many programs each test rejected."""

    known: set[str] = field(default_factory=set)
    grams: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: {"programs": 0, "same_tree": 0, "shared_ngrams": 0})

    @classmethod
    def of(cls, sources: Iterable[str]) -> Filter:
        """A filter against these programs."""
        made = cls()
        for source in sources:
            with suppress(SyntaxError):  # no program of ours equals what does not parse, but it may share text with it
                made.known |= fingerprints(source)
            made.grams |= ngrams(source)
        return made

    def rejects(self, source: str) -> bool:
        """Whether a program must not be trained on; counts what it sees."""
        self.counts["programs"] += 1
        if not self.known.isdisjoint(fingerprints(source)):
            self.counts["same_tree"] += 1
            return True
        grams = ngrams(source)
        if grams and len(grams & self.grams) > MAX_SHARED * len(grams):
            self.counts["shared_ngrams"] += 1
            return True
        return False
