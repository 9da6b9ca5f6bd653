"""Mutants: programs that differ from another in an operator, a constant, a method, a bound, a branch, in the manner of CodeExecutor.

The change is made in the text, so that quotes, comments and line breaks stay. A function of the seed. Runs nothing: whether a mutant does
something else than its parent is seen where both are recorded (`record`).
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from cwm_trace.train.edits import Edit, Text

_METHODS = (
    ("lower upper title swapcase capitalize casefold", (0,)),
    ("strip lstrip rstrip", (0, 1)),
    ("isalpha isdigit isupper islower isspace isalnum istitle isnumeric isdecimal", (0,)),
    ("find index rfind rindex count", (1, 2)),
    ("startswith endswith", (1,)),
    ("split rsplit", (0, 1, 2)),
    ("partition rpartition", (1,)),
    ("removeprefix removesuffix", (1,)),
    ("ljust rjust center", (1, 2)),
    ("keys values", (0,)),
    ("sort reverse", (0,)),
    ("append extend", (1,)),
    ("add discard", (1,)),
    ("union intersection difference symmetric_difference", (1,)),
    ("issubset issuperset isdisjoint", (1,)),
    ("get pop setdefault", (2,)),
)
_FUNCTIONS = (
    ("min max", (1, 2, 3)),
    ("any all", (1,)),
    ("sum max min len", (1,)),
    ("sorted list", (1,)),
    ("str repr", (1,)),
    ("bin hex oct", (1,)),
)
_SWAPS: dict[tuple[str, int], tuple[str, ...]] = {}
for _table, _dot in ((_METHODS, "."), (_FUNCTIONS, "")):
    for _names, _counts in _table:
        for _name in _names.split():
            for _count in _counts:
                _SWAPS.setdefault((_dot + _name, _count), tuple(other for other in _names.split() if other != _name))

_OPERATORS: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-", "*")),
    ast.Sub: ("-", ("+", "+", "*")),
    ast.Mult: ("*", ("+", "-", "//")),
    ast.FloorDiv: ("//", ("%", "*", "-")),
    ast.Mod: ("%", ("//", "+", "-")),
    ast.Div: ("/", ("//", "*")),
    ast.Pow: ("**", ("*", "+")),
    ast.BitAnd: ("&", ("|", "^")),
    ast.BitOr: ("|", ("&", "^")),
    ast.BitXor: ("^", ("&", "|")),
    ast.LShift: ("<<", (">>",)),
    ast.RShift: (">>", ("<<",)),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">", ">=")),
    ast.LtE: ("<=", ("<", ">=", ">")),
    ast.Gt: (">", (">=", "<", "<=")),
    ast.GtE: (">=", (">", "<=", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
}
_CHANGES = (1, 1, 1, 2, 2, 3)


def mutant(rng: random.Random, source: str) -> str | None:
    """The program with one to three changes; None if it has no place for any. Raises SyntaxError if `source` does not parse."""
    text = Text(source)
    places = list(_places(rng, text, ast.parse(source)))
    for _ in range(6):
        chosen = rng.sample(places, min(rng.choice(_CHANGES), len(places)))
        made = text.edited(edit for place in chosen for edit in place)
        if made != source and _parses(made):
            return made
    return None


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _places(rng: random.Random, text: Text, tree: ast.Module) -> Iterator[list[Edit]]:
    """What can be changed in functions, a change for each place, drawn at once: all but what stands in f-strings and decorators."""
    # Not a set: its order would be that of addresses.
    waiting: list[ast.AST] = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)):
            continue
        for change in _CHANGERS.get(type(node), ()):
            if edits := change(rng, text, node):
                yield edits
        waiting += _children(node)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("decorator_list", "annotation", "returns", "pattern"):
            continue
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
                continue  # a docstring
            if isinstance(item, ast.AST):
                yield item


def _between(text: Text, left: ast.expr, right: ast.expr, old: str, new: str) -> list[Edit]:
    """The operator between two operands becomes another; none if it does not stand there alone."""
    start, end = text.span(left)[1], text.span(right)[0]
    gap = text.of(start, end)
    found = list(re.finditer(r"\s+".join(map(re.escape, old.split())), gap))
    if len(found) != 1 or not gap.isascii():
        return []
    return [Edit(start + found[0].start(), start + found[0].end(), new)]


def _operator(rng: random.Random, text: Text, node: ast.BinOp) -> list[Edit]:
    old, others = _OPERATORS.get(type(node.op), ("", ()))
    if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str) and old != "+":
        return []  # formatting
    return _between(text, node.left, node.right, old, rng.choice(others)) if others else []


def _augmented(rng: random.Random, text: Text, node: ast.AugAssign) -> list[Edit]:
    old, others = _OPERATORS.get(type(node.op), ("", ()))
    return _between(text, node.target, node.value, old + "=", rng.choice(others) + "=") if others else []


def _comparison(rng: random.Random, text: Text, node: ast.Compare) -> list[Edit]:
    old, others = _COMPARISONS[type(node.ops[0])]
    return _between(text, node.left, node.comparators[0], old, rng.choice(others))


def _and_or(rng: random.Random, text: Text, node: ast.BoolOp) -> list[Edit]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    return _between(text, node.values[0], node.values[1], old, new)


def _not(rng: random.Random, text: Text, node: ast.UnaryOp) -> list[Edit]:
    if isinstance(node.op, ast.Not):
        return [Edit(text.span(node)[0], text.span(node.operand)[0], "")] if _bare(text, node.operand) else []
    return [Edit(text.span(node)[0], text.span(node.operand)[0], "")] if isinstance(node.op, ast.USub) else []


def _bare(text: Text, node: ast.expr) -> bool:
    """Whether no parenthesis stands around it, which would be left open."""
    return text.of(text.span(node)[0] - 1, text.span(node)[0]) != "("


def _constant(rng: random.Random, text: Text, node: ast.Constant) -> list[Edit]:
    match node.value:
        case bool():
            return [Edit(*text.span(node), str(not node.value))]
        case int():
            near = [node.value + 1, max(node.value - 1, 0), node.value * 2, rng.randint(0, 5)]
            return [Edit(*text.span(node), str(rng.choice(near)))] if node.value < 10_000 else []
        case str() if node.value:
            return _string(rng, text, node, node.value)
    return []


def _string(rng: random.Random, text: Text, node: ast.Constant, value: str) -> list[Edit]:
    written = text.node(node)
    if len(written) != len(value) + 2 or "\n" in written:  # escapes, prefixes, several lines
        return []
    at = rng.randrange(len(value))
    changed = rng.choice(
        [
            value.swapcase(),
            value[:at] + value[at + 1 :],
            value[:at] + value[at] + value[at:],
            value[::-1],
            value + rng.choice("abxe ,-1"),
            " ",
        ]
    )
    return [Edit(*text.span(node), written[0] + changed + written[0])] if changed != value else []


def _call(rng: random.Random, text: Text, node: ast.Call) -> list[Edit]:
    match node:
        case ast.Call(func=ast.Attribute(attr="append", value=owner), args=[item], keywords=[]) if rng.random() < 0.5:
            return [Edit(text.span(owner)[1], text.span(node.func)[1], ".insert"), _before(text, item, "0, ")]
        case ast.Call(func=ast.Attribute(attr="insert", value=owner), args=[ast.expr() as where, item], keywords=[]):
            return [
                Edit(text.span(owner)[1], text.span(node.func)[1], ".append"),
                Edit(text.span(where)[0], text.span(item)[0], ""),
            ]
        case ast.Call(func=ast.Attribute(attr="pop"), args=[], keywords=[]):
            end = text.span(node)[1] - 1
            return [Edit(end, end, rng.choice(["0", "0", "-1"]))]
        case ast.Call(func=ast.Attribute(attr="sort"), args=[], keywords=[]) if rng.random() < 0.5:
            end = text.span(node)[1] - 1
            return [Edit(end, end, "reverse=True")]
        case ast.Call(func=ast.Name(id="sorted"), args=[_], keywords=[]) if rng.random() < 0.6:
            end = text.span(node)[1] - 1
            return [Edit(end, end, ", reverse=True")] if text.of(end - 1, end) != "," else []
        case ast.Call(func=ast.Name(id="range"), args=arguments, keywords=[]) if arguments:
            return _range(rng, text, node)
        case ast.Call(func=ast.Attribute(attr=name, value=owner), keywords=[]):
            others = _SWAPS.get((f".{name}", len(node.args)), ())
            start, end = text.span(owner)[1], text.span(node.func)[1]
            return [Edit(end - len(name.encode()), end, rng.choice(others))] if others and start < end else []
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            others = _SWAPS.get((name, len(node.args)), ())
            return [Edit(*text.span(node.func), rng.choice(others))] if others else []
    return []


def _before(text: Text, node: ast.expr, added: str) -> Edit:
    start = text.span(node)[0]
    return Edit(start, start, added)


def _range(rng: random.Random, text: Text, node: ast.Call) -> list[Edit]:
    """Another first, last or step."""
    end = text.span(node.args[-1])[1]
    match len(node.args):
        case 1:
            changed = rng.choice(["1, {}", "{} - 1", "{} + 1", "0, {}, 2", "{} // 2"])
            return (
                [Edit(*text.span(node.args[0]), changed.format(text.node(node.args[0])))]
                if _plain(node.args[0])
                else []
            )
        case 2:
            return [Edit(end, end, rng.choice([", 2", " - 1", " + 1"]))] if _plain(node.args[1]) else []
    return []


def _plain(node: ast.expr) -> bool:
    """Whether text can be put after it without parentheses."""
    return isinstance(node, (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript))


def _slice(rng: random.Random, text: Text, node: ast.Slice) -> list[Edit]:
    """A bound goes, or comes, or counts from the end; a step turns round."""
    start, end = text.span(node)
    lower, upper, step = (text.node(part) if part else "" for part in (node.lower, node.upper, node.step))
    small = str(rng.choice([1, 1, 2, 3]))
    match rng.randrange(4):
        case 0:
            lower = "" if lower else small
        case 1:
            upper = "" if upper else rng.choice(["-", ""]) + small
        case 2:
            lower, upper = upper, lower
        case _:
            step = step[1:] if step.startswith("-") else "-" + step if step else rng.choice(["2", "-1"])
    changed = f"{lower}:{upper}" + (f":{step}" if step else "")
    return [Edit(start, end, changed)] if changed != text.node(node) else []


def _branches(rng: random.Random, text: Text, node: ast.If) -> list[Edit]:
    """The branches change places; without another branch, the test is turned round."""
    if not node.orelse:
        test = text.node(node.test)
        return [Edit(*text.span(node.test), f"not ({test})")] if "\n" not in test else []
    first, other = node.body, node.orelse
    if (
        (len(other) == 1 and isinstance(other[0], ast.If))
        or first[0].lineno == node.lineno
        or other[0].col_offset != first[0].col_offset
    ):
        return []  # elif, or all in one line
    spans = [(text.span(branch[0])[0], text.span(branch[-1])[1]) for branch in (first, other)]
    return [Edit(*spans[0], text.of(*spans[1])), Edit(*spans[1], text.of(*spans[0]))]


def _either(rng: random.Random, text: Text, node: ast.IfExp) -> list[Edit]:
    return [Edit(*text.span(node.body), text.node(node.orelse)), Edit(*text.span(node.orelse), text.node(node.body))]


def _leave(rng: random.Random, text: Text, node: ast.Break | ast.Continue) -> list[Edit]:
    return [Edit(*text.span(node), "continue" if isinstance(node, ast.Break) else "break")]


def _dropped(rng: random.Random, text: Text, node: ast.Expr | ast.AugAssign) -> list[Edit]:
    """A statement that binds no name goes, one in four of them."""
    return [Edit(*text.span(node), "pass")] if rng.random() < 0.25 else []


_CHANGERS: dict[type[ast.AST], tuple[Callable[[random.Random, Text, Any], list[Edit]], ...]] = {
    ast.BinOp: (_operator,),
    ast.AugAssign: (_augmented, _dropped),
    ast.Compare: (_comparison,),
    ast.BoolOp: (_and_or,),
    ast.UnaryOp: (_not,),
    ast.Constant: (_constant,),
    ast.Call: (_call,),
    ast.Slice: (_slice,),
    ast.If: (_branches,),
    ast.IfExp: (_either,),
    ast.Break: (_leave,),
    ast.Continue: (_leave,),
    ast.Expr: (_dropped,),
}
