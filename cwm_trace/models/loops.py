"""Loops: what the next item of a `for` binds, where what it goes through has been worked out, or that there is none.

What a loop goes through a network is asked for, as for the operations of other lines; which item is next is read off that by its place. Of a
`range` each number is asked for: what a step makes of the one before, and whether it is within. A list that a loop changes while it goes through
it is looked at as it is now, as Python does. Knows Python's loops; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cwm_trace.models.operations import as_shown, is_value, readings, worked
from cwm_trace.models.questions import Way
from cwm_trace.models.statements import statement_of, text_of

_NUMBER = re.compile(r"-?\d+")
_NO_ITEM = ""  # in place of the text of one


class Loop(NamedTuple):
    """A `for` whose header has run, or a comprehension that is at work.

    Attributes:
        header: as it is written; of a comprehension, as that of a loop.
        line, now: with the values that its names had when it began, and with those of now.
        before, names: the variables then and now.
        last: those when the item before came.
        binds, changes: names that its body may bind to something else, and those whose values it may change.
        item: the number of the item that is next, from 1 on.
        way, behind: where the trace goes on if there is such an item, and if not.
    """

    header: str
    line: str
    now: str
    before: Mapping[str, str]
    names: Mapping[str, str]
    last: Mapping[str, str]
    binds: frozenset[str]
    changes: frozenset[str]
    item: int
    way: Way
    behind: Way


class Header(NamedTuple):
    """A loop's header as it stands in a text."""

    target: ast.expr
    over: ast.expr
    text: str

    def of(self, node: ast.expr) -> str:
        """The text of a part of it."""
        return text_of(node, self.text)


def turn_of(loop: Loop, holds: Callable[[str], bool], value: Callable[[str], str | None]) -> Mapping[str, str] | None:
    """What the next item binds; nothing where there is none; None: unknown. `holds` tells of a test, `value` what an operation gives."""
    written = header_of(loop.header)
    line = None if written is None else _looked_at(loop, written)
    header = None if line is None else header_of(worked(line, value))
    if written is None or header is None:
        return None
    match header.over:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            item = _counted(loop, header, [header.of(arg) for arg in args], holds, value)
        case _:
            item = _Items(header, loop.item, isinstance(written.over, ast.Name), value).item(header.over)
    return {} if item == _NO_ITEM else None if item is None else _bound(header.target, item)


def items_of(line: str, value: Callable[[str], str | None]) -> list[str] | None:
    """All that a header with values goes through; None: unknown."""
    header = header_of(line)
    return None if header is None else _Items(header, 0, True, value).all(header.over)


def header_of(line: str) -> Header | None:
    """None where a line is no `for`."""
    for _, text, _ in readings(line):
        statement = statement_of(text)
        if isinstance(statement, ast.For):
            return Header(statement.target, statement.iter, text)
    return None


def _looked_at(loop: Loop, header: Header) -> str | None:
    """The header with the values that count; None where they are unknown, for they have changed since."""
    gone_through = _live(header.over)
    changed = [name for name in gone_through if loop.before.get(name) != loop.names.get(name)]
    if not changed:
        return loop.line
    (name, *others), before = changed, loop.before.get(changed[0], "")
    if not before.startswith(("[", "{")):  # what cannot be changed: the name has another value now, the loop has not
        return None if others else loop.line
    now = loop.names.get(name, "")
    if name in loop.binds and name not in loop.changes and not others:
        return loop.line
    if name in loop.binds or len(gone_through) > 1 or _is_reversed(header.over):
        return None
    return loop.now if before.startswith("[") or _size(before) == _size(now) else None


def _live(over: ast.expr) -> list[str]:
    """The names of what a loop looks at again for each item."""
    match over:
        case (
            ast.Name(id=name)
            | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="items" | "keys" | "values"), args=[])
        ):
            return [name]
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "reversed"), args=args):
            return [name for arg in args for name in _live(arg)]
    return []


def _is_reversed(over: ast.expr) -> bool:
    return isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "reversed"


def _size(value: str) -> int | None:
    """Of a dict or a set, how many items it has."""
    match statement_of(value):
        case ast.Expr(value=ast.Dict(keys=items)) | ast.Expr(value=ast.Set(elts=items)):
            return len(items)
    return None


def _counted(
    loop: Loop, header: Header, args: Sequence[str], holds: Callable[[str], bool], value: Callable[[str], str | None]
) -> str | None:
    """The next number of a range."""
    if not all(map(_NUMBER.fullmatch, args)) or not 0 < len(args) < 4:
        return None
    start, stop, step = ("0", *args, "1") if len(args) == 1 else (*args, "1")[:3]
    number: str | None = start
    if loop.item > 1:
        last = loop.last.get(header.of(header.target), "")
        if not _NUMBER.fullmatch(last):
            return None
        number = value(f"{last} - {step[1:]}" if step.startswith("-") else f"{last} + {step}")
    if number is None or not _NUMBER.fullmatch(number) or not int(step):
        return None
    return number if holds(f"{number} {'>' if step.startswith('-') else '<'} {stop}") else _NO_ITEM


class _Items(NamedTuple):
    """What is looked for in what a loop goes through.

    Attributes:
        header: with values in place of names and operations.
        number: of the item, from 1 on.
        in_order: whether a set is shown in its order.
        value: tells what an operation gives.
    """

    header: Header
    number: int
    in_order: bool
    value: Callable[[str], str | None]

    def item(self, over: ast.expr) -> str | None:
        """The text of the item, `_NO_ITEM` where there is none, None where that is unknown."""
        match over:
            case ast.Call(func=ast.Name(id="enumerate"), args=[items], keywords=[]):
                return self._together([str(self.number - 1), self.item(items)])
            case (
                ast.Call(func=ast.Name(id="enumerate"), args=[items, start], keywords=[])
                | ast.Call(func=ast.Name(id="enumerate"), args=[items], keywords=[ast.keyword(value=start)])
            ) if _NUMBER.fullmatch(begins := self.header.of(start)):
                return self._together([self.value(f"{begins} + {self.number - 1}"), self.item(items)])
            case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as args, keywords=[]):
                return self._together([self.item(arg) for arg in args])
            case ast.Call(func=ast.Name(id="reversed"), args=[items], keywords=[]):
                return self._at(self.all(items), -self.number)
        return self._at(self.all(over), self.number - 1)

    def _together(self, parts: Sequence[str | None]) -> str | None:
        for part in parts:
            if not part:
                return part
        return f"({', '.join(map(str, parts))}{',' * (len(parts) == 1)})"

    def _at(self, items: Sequence[str] | None, place: int) -> str | None:
        if items is None:
            return None
        return items[place] if -len(items) <= place < len(items) else _NO_ITEM

    def all(self, over: ast.expr) -> list[str] | None:
        """The texts of all items."""
        match over:
            case ast.Call(func=ast.Name(id="range")):
                told = self.value(f"list({self.header.of(over)})")
                listed = None if told is None or not is_value(told) else header_of(f"for _ in {told}: pass")
                return None if listed is None else self._replaced(listed).all(listed.over)
            case ast.Call(func=ast.Attribute(value=ast.Dict(keys=keys, values=values), attr=attr), args=[]):
                names = [None if key is None else self._text(key) for key in keys]
                items = [self._text(item) for item in values]
                pairs = [self._together(pair) for pair in zip(names, items, strict=True)]
                return _known({"keys": names, "values": items, "items": pairs}.get(attr))
            case ast.Constant(value=str(text)):
                return list(map(repr, text))
            case ast.Constant(value=bytes(data)):
                return list(map(str, data))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return _known(list(map(self._text, parts)))
            case ast.Set(elts=parts) if self.in_order:
                return _known(list(map(self._text, parts)))
            case ast.Dict(keys=keys):
                return _known([None if key is None else self._text(key) for key in keys])
        return None

    def _replaced(self, header: Header) -> _Items:
        return self._replace(header=header)

    def _text(self, node: ast.expr) -> str | None:
        text = self.header.of(node)
        return as_shown(text) if is_value(text) else None


def _known(items: Sequence[str | None] | None) -> list[str] | None:
    known = [item for item in items or () if item is not None]
    return None if items is None or len(known) < len(items) else known


def _bound(target: ast.expr, item: str) -> Mapping[str, str] | None:
    """What an item gives its names; None where it does not fit."""
    statement = statement_of(item)
    assert isinstance(statement, ast.Expr)
    pairs = _pairs(target, statement.value)
    texts = {name: text_of(part, item) for name, part in pairs or ()}
    return (
        {name: as_shown(text) for name, text in texts.items()} if pairs and all(map(is_value, texts.values())) else None
    )


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]] | None:
    match target, value:
        case ast.Name(id=name), _:
            return [(name, value)]
        case ((ast.Tuple(elts=names) | ast.List(elts=names)), (ast.Tuple(elts=parts) | ast.List(elts=parts))):
            made = [_pairs(one, part) for one, part in zip(names, parts, strict=False)]
            known = [pairs for pairs in made if pairs is not None]
            fits = len(names) == len(parts) and len(known) == len(made)
            return [pair for pairs in known for pair in pairs] if fits else None
    return None
