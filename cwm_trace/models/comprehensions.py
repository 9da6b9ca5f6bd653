"""Comprehensions at work: what a list or a dict has gathered so far, item by item, and what a generator expression gives for each.

A frame shows the items of a comprehension one after the other, and what has come of them only when it returns. Its tests, and what it makes of
an item, are expressions of values alone, as lines are. Knows Python's comprehensions; evaluates nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.models.inline import filled
from cwm_trace.models.known import all_known
from cwm_trace.models.loops import Loop
from cwm_trace.models.operations import CHANGES, as_shown, worked
from cwm_trace.models.questions import condition_of
from cwm_trace.models.statements import DISPLAYS, readings, span, statement_of, text_of

Item = tuple[str, ...]
"""What comes of an item: an element, a key and a value, or nothing."""


class Form(NamedTuple):
    """The comprehension of a line.

    Attributes:
        element: the text of what it makes, of a dict's key and value.
        tests: the texts of its conditions.
        targets: the names of an item.
        header: what it goes through, as a loop's header.
        draws: whether it is a generator expression.
        taker: the function or method that takes from that, "" where that is unknown.
        start, end: where it stands in the line.
        kind: what it makes: a `[`, a `{` of a dict, an `s` of a set; a `(` is a generator expression.
        more: the headers and conditions of the loops in the first one.
    """

    element: tuple[str, ...]
    tests: tuple[str, ...]
    targets: frozenset[str]
    header: str
    draws: bool
    taker: str
    start: int
    end: int
    kind: str
    more: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def gives_none(self) -> bool:
        """Whether what it makes may be None, as far as that is written."""
        statement = statement_of(self.element[0])
        return not isinstance(statement, ast.Expr) or not _is_something(statement.value)

    @property
    def inner(self) -> tuple[Form | None, ...]:
        """Those in it."""
        return tuple(form for text in (*self.tests, *self.element) for form in forms_of(text))


class Drawing(NamedTuple):
    """A comprehension, or a generator expression, that goes on to its next item.

    Attributes:
        loop: what it goes through.
        element, tests: as those of its form, with values in place of names, but for those of an item.
    """

    loop: Loop
    element: tuple[str, ...]
    tests: tuple[str, ...]


class Gathering(NamedTuple):
    """A comprehension at an item.

    Attributes:
        element, tests: as those of its form, with values in place of names.
        made: what has come of its items, by their numbers from 1 on; None: unknown. To be filled in.
        item: the number of this one.
        kind: of the comprehension's form.
    """

    element: tuple[str, ...]
    tests: tuple[str, ...]
    made: dict[int, Item | None]
    item: int
    kind: str


_DISPLAYED = (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_GIVING = frozenset("abs bool chr float int isinstance len ord repr round sorted str".split())
_OF_TEXTS = frozenset(name for name in dir(str) if not name.startswith("_"))


@lru_cache(maxsize=1000)
def forms_of(line: str) -> tuple[Form | None, ...]:
    """The comprehensions of a line, or an expression, in order, without those in others; None for one that is not known."""
    for start, text, _ in readings(line):
        if (statement := statement_of(text)) is not None:
            return tuple(_form_in(node, statement, text, start) for node in outermost(statement))
    return ()


def outermost(node: ast.AST) -> Iterator[ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp]:
    """The comprehensions in something, in order, without those in others, but for what these go through first."""
    if isinstance(node, (*DISPLAYS, ast.GeneratorExp)):
        yield from outermost(node.generators[0].iter)
        yield node
    elif not isinstance(node, ast.Lambda):
        for part in ast.iter_child_nodes(node):
            yield from outermost(part)


def _form_in(node: ast.expr, statement: ast.stmt, text: str, start: int) -> Form | None:
    taking = taken_by(node, statement)
    return _form(node, text, start, taking[0] if taking else "")


def taken_by(drawn: ast.expr, within: ast.AST) -> tuple[str, ast.Call] | None:
    """The call, with its name, that has this as its first argument; None where there is none."""
    for node in ast.walk(within):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if first is drawn:
                return name, node
    return None


def _form(node: ast.expr, text: str, start: int, taker: str) -> Form | None:
    if not isinstance(node, (*DISPLAYS, ast.GeneratorExp)) or any(over.is_async for over in node.generators):
        return None
    over, *others = node.generators
    parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    if not all(isinstance(part, ast.expr) and not isinstance(part, ast.Starred) for part in parts):
        return None  # what is unpacked in it (PEP 798)
    inner = (each for other in others for each in (other.iter, *other.ifs))
    if any(_has_effects(each) for part in (*parts, *over.ifs, *inner) for each in ast.walk(part)):
        return None
    names = (name for each in node.generators for name in ast.walk(each.target))
    targets = frozenset(name.id for name in names if isinstance(name, ast.Name))
    header, tests = _level(over, text)
    more = tuple(_level(other, text) for other in others)
    elements, draws = tuple(text_of(part, text) for part in parts), isinstance(node, ast.GeneratorExp)
    begins, ends = (start + place for place in span(text, node, node))
    kind = {ast.ListComp: "[", ast.DictComp: "{", ast.SetComp: "s"}.get(type(node), "(")
    return Form(elements, tests, targets, header, draws, taker, begins, ends, kind, more)


def _is_something(node: ast.expr) -> bool:
    """Whether an expression cannot give None."""
    match node:
        case ast.Constant(value=value):
            return value is not None
        case ast.IfExp(body=body, orelse=other):
            return _is_something(body) and _is_something(other)
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _GIVING
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _OF_TEXTS
    return isinstance(node, _DISPLAYED)


def _level(over: ast.comprehension, text: str) -> tuple[str, tuple[str, ...]]:
    header = f"for {text_of(over.target, text)} in {text_of(over.iter, text)}:"
    return header, tuple(text_of(test, text) for test in over.ifs)


def _has_effects(node: ast.AST) -> bool:
    """Whether it may bind or change something."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES
    return isinstance(node, (ast.Lambda, ast.NamedExpr))


def with_ended(line: str, ended: Sequence[tuple[Form, str]]) -> str:
    """The line with what comprehensions have given in their places: of a generator expression a list, which has the call's parentheses."""
    for number, (form, text) in reversed(list(enumerate(ended))):
        if any(other.start <= form.start < other.end for other, _ in ended[number + 1 :]):
            continue  # in what another one went through
        called = form.draws and line[: form.start].rstrip()[-1:].isidentifier()
        line = line[: form.start] + (f"({text})" if called else text) + line[form.end :]
    return line


def gathered(gathering: Gathering, holds: Callable[[str], bool], value: Callable[[str], str | None]) -> str | None:
    """The text of what there is so far, this item included; None where something of it is unknown."""
    gathering.made[gathering.item] = _item(gathering, holds, value)
    known = all_known(gathering.made.get(number) for number in range(1, gathering.item + 1))
    if known is None:
        return None
    return put_together(gathering.kind, known, value)


def put_together(kind: str, items: Sequence[Item], value: Callable[[str], str | None]) -> str | None:
    """What a comprehension of a kind makes of what comes of its items; None: unknown."""
    if kind == "{":
        pairs = dict(item for item in items if len(item) == 2)
        return f"{{{', '.join(f'{key}: {text}' for key, text in pairs.items())}}}"
    made = f"[{', '.join(text for item in items for text in item)}]"
    return value(f"set({made})") if kind == "s" else made


def _item(gathering: Gathering, holds: Callable[[str], bool], value: Callable[[str], str | None]) -> Item | None:
    passes = holding(gathering.tests, {}, holds)
    if not passes:
        return None if passes is None else ()
    made = all_known([made_of(text, {}, value) for text in gathering.element])
    return None if made is None else tuple(made)


def holding(tests: Sequence[str], item: Mapping[str, str], holds: Callable[[str], bool]) -> bool | None:
    """Whether all tests hold for an item; None: unknown."""
    for test in tests:
        condition = condition_of(f"if {filled(test, item.get)}:", constant=True)
        if condition is None:
            return None
        if not condition.holds(holds):
            return False
    return True


def made_of(element: str, item: Mapping[str, str], ask: Callable[[str], str | None]) -> str | None:
    """What comes of an item; None: unknown."""
    text = filled(element, item.get)
    return as_shown(worked(f"return {text}", ask).removeprefix("return "))
