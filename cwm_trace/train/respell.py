"""The same program by another hand: other names for its variables, fewer spaces, values as nobody would print them. Never what it does.

The generator's own names are those that are most frequent, each for values of its kind. A model that has read no others spells the ones it
knows where it should copy; and a word of the tokenizer's table that never stands in the data is a token that cannot be copied at all.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from cwm_trace.train.edits import Edit, Text
from cwm_trace.train.names import RESERVED, novel_name, word
from cwm_trace.train.style import STRINGS
from cwm_trace.train.tokenizer import WORDS

_RENAMED = 0.5  # share of programs that get other names
_KEPT = 0.35  # share of names that stay in these
_TABLE, _TRADE = 0.65, 0.85  # up to here a word of the tokenizer's table, then one of the trade, then any
_TIGHT_CALLS, _TIGHT = 0.15, 0.08  # shares of calls and of programs without the spaces that nobody needs
_VALUES = 0.12  # of calls with a value that is not written as Python prints it
_LARGE = 1e6  # from here on floats stay as they are
_LOOKED_UP = {"locals", "vars", "dir", "eval", "exec", "globals"}  # to these, names are texts
_OPERATOR = re.compile(r" ([-+*/%]|//) ")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def respelled(rng: random.Random, source: str, calls: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A program and its calls as somebody else might have written them; as they are, where that is not safe. Raises SyntaxError."""
    if rng.random() < _RENAMED:
        source = renamed(rng, source, calls)
    if rng.random() < _TIGHT and '"""' not in source:
        source = "\n".join(_tight_line(line) for line in source.split("\n"))
    calls = tuple(other_values(rng, call) if rng.random() < _VALUES else call for call in calls)
    return source, tuple(tight(call) if rng.random() < _TIGHT_CALLS else call for call in calls)


# --- names ------------------------------------------------------------------------------------------------------------


def renamed(rng: random.Random, source: str, calls: tuple[str, ...] = ()) -> str:
    """The program with other names for some of its functions' variables, each name everywhere the same. Raises SyntaxError."""
    tree = ast.parse(source)
    variables, fixed = set(_variables(tree)), _fixed(tree)
    known = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | variables
    given = set(chain(_keywords(tree), *(_keywords(ast.parse(call)) for call in calls)))
    if None in given or not known.isdisjoint(_LOOKED_UP):
        return source
    others: dict[str, str] = {}
    for name in sorted(variables - fixed - given):
        if rng.random() > _KEPT:
            others[name] = _other(rng, known | fixed | set(others.values()))
    text = Text(source)
    return text.edited(edit for node in ast.walk(tree) for edit in _edits(text, node, others))


def _edits(text: Text, node: ast.AST, others: dict[str, str]) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and node.id in others:
        yield Edit(*text.span(node), others[node.id])
    elif isinstance(node, ast.arg) and node.arg in others:
        start, _ = text.span(node)
        yield Edit(start, start + len(node.arg.encode()), others[node.arg])


def _variables(tree: ast.AST) -> Iterator[str]:
    """Parameters, and what is stored in functions and comprehensions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _fixed(tree: ast.AST) -> set[str]:
    """Names that mean something elsewhere, or stand where the tree does not say: of builtins, functions and modules, in f-strings."""
    names = {*RESERVED, "cls"}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, (ast.ClassDef, ast.Module)):
            names.update(_stored(node))
        elif isinstance(node, ast.JoinedStr):  # whose places are wrong before 3.12
            names.update(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
            names.update(filter(None, (getattr(node, "name", None), getattr(node, "rest", None))))
    return names


def _keywords(tree: ast.AST) -> Iterator[str | None]:
    """The names of arguments in calls, None for `**`, whose names nobody sees."""
    return (node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword))


def _stored(node: ast.AST) -> Iterator[str]:
    """What a module or class binds itself, comprehensions in it included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _SCOPES):
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        yield from _stored(child)


def _other(rng: random.Random, taken: set[str]) -> str:
    while True:
        roll = rng.random()
        name = rng.choice(_table()) if roll < _TABLE else word(rng) if roll < _TRADE else novel_name(rng)
        if name not in taken:
            return name


@lru_cache(maxsize=1)
def _table() -> tuple[str, ...]:
    """Words that are one token each and may name a variable."""
    return tuple(name for name in WORDS if name.isidentifier() and name not in RESERVED)


# --- values -----------------------------------------------------------------------------------------------------------


def other_values(rng: random.Random, call: str) -> str:
    """The call with one of its literals written in another way, or computed; as it is where there is none. Raises SyntaxError."""
    text = Text(call)
    found: dict[str, list[Edit]] = {}  # by kind, or texts would be all that is changed
    for node in _literals(ast.parse(call, mode="eval").body):
        for kind, spelled in _spellings(rng, text, node):
            found.setdefault(kind, []).append(Edit(*text.span(node), spelled))
    return text.edited([rng.choice(rng.choice(list(found.values())))]) if found else call


def _literals(node: ast.expr) -> Iterator[ast.expr]:
    """What stands alone: a call's arguments, and what is in lists, tuples, sets and dicts there; no part of a computation."""
    match node:
        case ast.Call(args=arguments, keywords=keywords):
            parts = [*arguments, *(keyword.value for keyword in keywords)]
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            yield node
        case ast.Dict(values=parts):
            yield node
        case ast.Constant() | ast.UnaryOp(operand=ast.Constant(value=float())):
            yield node.operand if isinstance(node, ast.UnaryOp) else node
            return
        case _:
            return
    for part in parts:
        if not isinstance(part, ast.Call):
            yield from _literals(part)


def _spellings(rng: random.Random, text: Text, node: ast.expr) -> list[tuple[str, str]]:
    """Kinds of spelling, and the texts."""
    match node:
        case ast.Constant(value=float() as number) if abs(number) < _LARGE and number == round(number, 1):
            return [("float", f"{number:.2f}"), ("float", f"{number:.3f}")]
        case ast.Constant(value=str() as word) if len(word) > 1:
            at = rng.randrange(1, len(word))
            parts = [f"{word[:at]!r} + {word[at:]!r}", f"{''!r}.join({[word[:at], word[at:]]!r})"]
            alike = [("repeated", f"{word[0]!r} * {len(word)}")] if len(set(word)) == 1 else []
            return [*alike, *(("text", part) for part in parts)]
        case ast.List(elts=[ast.Constant() as first, *others]) if others and _alike(text, node.elts):
            return [("repeated", f"[{text.node(first)}] * {len(node.elts)}")]
        case ast.List(elts=elements) if len(elements) > 1 and (span := _consecutive(elements)):
            return [("range", f"list(range({span[0]}, {span[1]}))")]
        case ast.Dict(keys=[_, *_] as keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return [("twice", twice)] if (twice := _first_key_twice(rng, text, keys, values)) else []
    return []


def _alike(text: Text, elements: list[ast.expr]) -> bool:
    return len({text.node(item) for item in elements}) == 1


def _first_key_twice(rng: random.Random, text: Text, keys: list[Any], values: list[ast.expr]) -> str | None:
    """The dict with its first key again at its end: the first place of a key counts, and its last value."""
    if len({key.value for key in keys}) < len(keys):
        return None
    names, shown = [text.node(key) for key in keys], [text.node(value) for value in values]
    pairs = zip([*names, names[0]], [rng.choice(shown), *shown[1:], shown[0]], strict=True)
    return f"{{{', '.join(f'{name}: {value}' for name, value in pairs)}}}"


def _consecutive(elements: list[ast.expr]) -> tuple[int, int] | None:
    """The range that these numbers are."""
    numbers = [item.value for item in elements if isinstance(item, ast.Constant) and type(item.value) is int]
    if len(numbers) == len(elements) and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return numbers[0], numbers[-1] + 1
    return None


# --- spaces -----------------------------------------------------------------------------------------------------------


def tight(text: str) -> str:
    """An expression without spaces after commas and colons: `{'a':[1,2]}`."""
    return _outside_strings(text, lambda code: code.replace(", ", ",").replace(": ", ":"))


def _tight_line(line: str) -> str:
    if line.lstrip().startswith(("def ", "class ", "@", "import ", "from ")):
        return line
    return _outside_strings(line, lambda code: _OPERATOR.sub(r"\1", code.replace(", ", ",")))


def _outside_strings(text: str, change: Callable[[str], str]) -> str:
    made, at = [], 0
    for match in STRINGS.finditer(text):
        made += [change(text[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*made, change(text[at:])])
