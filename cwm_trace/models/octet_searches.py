"""What functions of `re` give of bytes: as of texts of these characters, of which such a pattern knows ASCII's (`models.searches`).

Knows how a search in bytes is written as one in a text, and what it gives as bytes again; of patterns nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from cwm_trace.models import searches
from cwm_trace.models.containers import MATCH, PATTERN
from cwm_trace.models.items import Steps, Way
from cwm_trace.models.known import all_known
from cwm_trace.models.library import Through


class _Texts(NamedTuple):
    """A search in a text."""

    args: Sequence[ast.expr]
    words: Sequence[ast.keyword]
    text: str


def of_search(name: str, args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str) -> Way | None:
    """As `searches.of_search`."""
    if (texts := _as_texts(name, args, words)) is None:
        return searches.of_search(name, args, words, text)
    if (way := searches.of_search(name, *texts)) is None:
        return None
    return lambda steps: _as_bytes(way(_with_groups(steps)), steps)


def of_finding(args: Sequence[ast.expr], words: Sequence[ast.keyword], text: str) -> Through | None:
    """As `searches.of_finding`."""
    if (texts := _as_texts("finditer", args, words)) is None:
        return searches.of_finding(args, words, text)
    if (through := searches.of_finding(*texts)) is None:
        return None

    def found(steps: Steps) -> list[str] | None:
        told = through(_with_groups(steps))
        return None if told is None else all_known(_as_bytes(each, steps) for each in told)

    return found


def _as_texts(name: str, args: Sequence[ast.expr], words: Sequence[ast.keyword]) -> _Texts | None:
    """None where the pattern is none of bytes."""
    match args:
        case [ast.Constant(value=bytes()) as pattern, *others] if len(others) <= len(
            names := searches.PARAMETERS.get(name, ())
        ):
            parts = [*map(ast.keyword, names, others), *words]
            flags = [word.value for word in parts if word.arg == "flags"]
            given: list[ast.expr] = [ast.Call(ast.Name(PATTERN), [pattern, *flags], [])]
            words = [word for word in parts if word.arg != "flags"]
        case [ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=bytes()), *_]), *_] if kind == PATTERN:
            given = [*args]
        case _:
            return None
    call = ast.Call(ast.Name("search"), given, [*words])
    spelled = ast.unparse(_Decoded().visit(ast.parse(ast.unparse(call), mode="eval")))
    made = ast.parse(spelled, mode="eval").body
    assert isinstance(made, ast.Call)
    return _Texts(made.args, made.keywords, spelled)


class _Decoded(ast.NodeTransformer):
    """Bytes as texts, and patterns with the flag that says what they are."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(node.value.decode("latin-1")) if isinstance(node.value, bytes) else node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id != PATTERN:
            return node
        own = ast.literal_eval(node.args[1]) if len(node.args) > 1 else 0
        return ast.Call(node.func, [node.args[0], ast.Constant(own | int(re.ASCII))], [])


class _Encoded(ast.NodeTransformer):
    """Texts as bytes, but for the names of groups."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(node.value.encode("latin-1")) if isinstance(node.value, str) else node

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        return node


def _with_groups(steps: Steps) -> Steps:
    """Steps after which a match has its groups still, to be told as one of bytes."""
    return replace(steps, value=lambda asked: asked if asked.startswith(f"{MATCH}(") else steps.value(asked))


def _as_bytes(told: str | None, steps: Steps) -> str | None:
    if told is None:
        return None
    made = ast.unparse(_Encoded().visit(ast.parse(told, mode="eval")))
    return steps.value(made) if made.startswith(f"{MATCH}(") else made
