"""Other arguments of the same shape: the literals of a call changed type by type.

Numbers stay near, texts keep their kinds of characters, containers their kinds of elements, names and keywords stay. Runs nothing.
"""

from __future__ import annotations

import ast
import random
import string
from collections.abc import Sequence

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_LONGEST = 40  # elements or characters that a change makes


def varied(rng: random.Random, call: str, share: float = 0.7) -> str:
    """The call with about such a share of its literals changed. Raises SyntaxError."""
    tree = ast.parse(call, mode="eval").body
    return ast.unparse(ast.fix_missing_locations(_Vary(rng, share).visit(tree)))


class _Vary(ast.NodeTransformer):
    def __init__(self, rng: random.Random, share: float) -> None:
        self._rng, self._share = rng, share

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if self._rng.random() >= self._share:
            return node
        # A negative number is an operation on one.
        return ast.parse(repr(_other(self._rng, node.value)), mode="eval").body

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return self.visit_Constant(ast.Constant(-value))
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def visit_List(self, node: ast.List) -> ast.List:
        return ast.List(self._elements(node.elts), node.ctx)

    def visit_Tuple(self, node: ast.Tuple) -> ast.Tuple:
        # The number of a tuple's elements means something more often than not.
        return ast.Tuple([self.visit(item) for item in node.elts], node.ctx)

    def visit_Set(self, node: ast.Set) -> ast.Set:
        return ast.Set(self._elements(node.elts) or node.elts)

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        pairs = list(zip(node.keys, node.values, strict=True))
        if len(pairs) > 1 and self._rng.random() < 0.3 * self._share:
            pairs.pop(self._rng.randrange(len(pairs)))
        if self._rng.random() < 0.2 * self._share:
            self._rng.shuffle(pairs)
        keys = [key and self.visit(key) if self._rng.random() < 0.5 else key for key, _ in pairs]
        return ast.Dict(keys, [self.visit(value) for _, value in pairs])

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        # A text there is a mode more often than data.
        kept = (
            isinstance(node.value, ast.Constant)
            and not isinstance(node.value.value, int | float)
            and self._rng.random() < 0.8
        )
        return node if kept else ast.keyword(node.arg, self.visit(node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        return ast.Subscript(self.visit(node.value), node.slice, node.ctx)

    def _elements(self, items: Sequence[ast.expr]) -> list[ast.expr]:
        made = [self.visit(item) for item in items]
        if not made:
            return made
        roll = self._rng.random() / self._share if self._share else 1.0
        if roll < 0.15:
            self._rng.shuffle(made)
        elif roll < 0.35 and len(made) > 1:
            made.pop(self._rng.randrange(len(made)))
        elif roll < 0.6 and len(made) < _LONGEST:
            copied = ast.parse(ast.unparse(self._rng.choice(made)), mode="eval").body
            made.insert(self._rng.randrange(len(made) + 1), self.visit(copied))
        elif roll < 0.63:
            made = []
        return made


def _other(rng: random.Random, value: object) -> object:
    match value:
        case bool():
            return rng.random() < 0.5
        case int():
            return _number(rng, value)
        case float():
            return round(value * rng.choice([0.5, 1, 1, 2]) + rng.choice([-1, -0.5, 0, 0.25, 1, 3]), 3)
        case str():
            return other_text(rng, value)
        case bytes():
            return other_text(rng, value.decode("latin-1")).encode("latin-1", "replace")
    return value


def _number(rng: random.Random, value: int) -> int:
    if abs(value) > 100 and rng.random() < 0.5:
        return rng.randrange(abs(value) * 2) * (-1 if value < 0 else 1)
    changed = value + rng.choice([-3, -2, -1, -1, 1, 1, 2, 3, 5])
    # A count that becomes negative is mostly an error.
    return abs(changed) if value >= 0 and rng.random() < 0.9 else changed


def other_text(rng: random.Random, text: str) -> str:
    """Characters of the same kinds, at most times of the same number; or words moved, left out, repeated."""
    if not text:
        return rng.choice(["", "", "a", " ", "ab"])
    roll = rng.random()
    words = text.split(" ")
    if len(words) > 1 and roll < 0.5:
        return " ".join(_moved(rng, words))
    if roll < 0.7:
        return "".join(_like(rng, letter) if rng.random() < 0.4 else letter for letter in text)
    if roll < 0.85:
        return "".join(_moved(rng, list(text)))
    return "".join(_like(rng, letter) for letter in text)


def _moved(rng: random.Random, parts: list[str]) -> list[str]:
    at = rng.randrange(len(parts))
    roll = rng.random()
    if roll < 0.3 and len(parts) > 1:
        return [*parts[:at], *parts[at + 1 :]]
    if roll < 0.6 and len(parts) < _LONGEST:
        return [*parts[:at], parts[rng.randrange(len(parts))], *parts[at:]]
    if roll < 0.8:
        return [*parts[at:], *parts[:at]]
    return rng.sample(parts, len(parts))


def _like(rng: random.Random, letter: str) -> str:
    return next((rng.choice(kind) for kind in _CLASSES if letter in kind), letter)
