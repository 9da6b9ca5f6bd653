"""Loops: what the next item of a `for` binds, where what it goes through has been worked out, or that there is none.

What a loop goes through a network is asked for, as for the operations of other lines; which item is next is read off that by its place. Of a
`range` each number is asked for: what a step makes of the one before, and whether it is within. A list that a loop changes while it goes through
it is looked at as it is now, as Python does. Knows Python's loops; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cwm_trace.models.containers import ORDERED, opened
from cwm_trace.models.items import shares_of
from cwm_trace.models.known import all_known
from cwm_trace.models.operations import ITERATORS, as_shown, changed_name, is_finding, is_value, worked
from cwm_trace.models.questions import Way
from cwm_trace.models.statements import readings, statement_of, text_of

_NUMBER = re.compile(r"-?\d+")
_NO_ITEM = ""  # in place of the text of one


class Loop(NamedTuple):
    """A `for` whose header has run, or a comprehension that is at work.

    Attributes:
        header: as it is written; of a comprehension, as that of a loop.
        line, now: with the values that its names had when it began, and with those of now.
        before, names: the variables then and now.
        last: those when the item before came.
        body: its statements, of a comprehension none.
        item: the number of the item that is next, from 1 on.
        way, behind: where the trace goes on if there is such an item, and if not.
        source: the header with attributes, and names from modules, as they are worked on.
        told: what a lambda in it has given.
    """

    header: str
    line: str
    now: str
    before: Mapping[str, str]
    names: Mapping[str, str]
    last: Mapping[str, str]
    body: Sequence[ast.stmt]
    item: int
    way: Way
    behind: Way
    source: str = ""
    told: tuple[str, ...] = ()


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
            item = _Items(header, loop.item, not isinstance(written.over, ast.Set), value).item(header.over)
    return {} if item == _NO_ITEM else None if item is None else _bound(header.target, item)


def items_of(over: str, value: Callable[[str], str | None]) -> list[str] | None:
    """All that a loop over this goes through, of which the names have values in their place; None: unknown."""
    header = header_of(worked(f"for _ in {over}: pass", value))
    return None if header is None else _Items(header, 0, True, value).all(header.over)


def header_of(line: str) -> Header | None:
    """None where a line is no `for`."""
    for _, text, _ in readings(line):
        statement = statement_of(text)
        if isinstance(statement, ast.For):
            return Header(statement.target, statement.iter, text)
    return None


def targets_of(line: str) -> list[str]:
    """The names that a header binds."""
    header = header_of(line)
    nodes = () if header is None else ast.walk(header.target)
    return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _looked_at(loop: Loop, header: Header) -> str | None:
    """The header with the values that count; None where they are unknown, for they have changed since."""
    gone_through = _live(header.over)
    changed = [name for name in gone_through if loop.before.get(name) != loop.names.get(name)]
    if not changed:
        return loop.line
    (name, *others), before = changed, loop.before.get(changed[0], "")
    if not before.startswith(("[", "{")):  # what cannot be changed: the name has another value now, the loop has not
        return None if others else loop.line
    now, (binds, changes) = loop.names.get(name, ""), _effects(loop.body)
    if name in binds and name not in changes and not others:
        return loop.line
    if name in binds or len(gone_through) > 1 or _is_reversed(header.over):
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
                return self._together([self.item(each) for arg in args for each in _each_of(arg)])
            case ast.Call(func=ast.Name(id="reversed"), args=[items], keywords=[]):
                return self._at(self.all(items), -self.number)
        return self._at(self.all(over), self.number - 1)

    def _together(self, parts: Sequence[str | None]) -> str | None:
        if not parts:
            return _NO_ITEM
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
        if (inner := opened(over, ORDERED)) is not None:
            return self.all(inner)
        match over:
            case ast.Call() if _gives_items(over):
                told = self.value(f"list({self.header.of(over)})")
                return None if told is None or not is_value(told) else items_of(told, self.value)
            case ast.Call(func=ast.Attribute(value=ast.Dict(keys=keys, values=values), attr=attr), args=[]):
                names = [None if key is None else self._text(key) for key in keys]
                items = [self._text(item) for item in values]
                pairs = [self._together(pair) for pair in zip(names, items, strict=True)]
                return all_known({"keys": names, "values": items, "items": pairs}.get(attr))
            case ast.Constant(value=str(text)):
                return list(map(repr, text))
            case ast.Constant(value=bytes(data)):
                return list(map(str, data))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return all_known(list(map(self._text, parts)))
            case ast.Set(elts=parts) if self.in_order:
                return all_known(list(map(self._text, parts)))
            case ast.Dict(keys=keys):
                return all_known([None if key is None else self._text(key) for key in keys])
        return None

    def _text(self, node: ast.expr) -> str | None:
        return as_shown(self.header.of(node))


def _gives_items(over: ast.Call) -> bool:
    """Whether it is a call that gives items one by one."""
    named = isinstance(over.func, ast.Name) and (over.func.id == "range" or over.func.id.startswith(ITERATORS))
    return named or is_finding(over)


def _each_of(arg: ast.expr) -> Sequence[ast.expr]:
    """An argument, or those that one with a star is."""
    if isinstance(arg, ast.Starred):
        return arg.value.elts if isinstance(arg.value, (ast.List, ast.Tuple)) else [arg]
    return [arg]


def _bound(target: ast.expr, item: str) -> Mapping[str, str] | None:
    """What an item gives its names; None where it does not fit."""
    known = shares_of(target, item)
    return known if known and all(known.values()) else None


def _effects(body: Iterable[ast.stmt]) -> tuple[frozenset[str], frozenset[str]]:
    """The names that statements may bind to something else, and those whose values they may change."""
    bound, changed = Counter[str](), set[str]()
    for node in (node for statement in body for node in ast.walk(statement)):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                bound[name] += 1
            case ast.AugAssign(target=ast.Name(id=name)):
                bound[name] -= 1
        changed.add(changed_name(node))
    return frozenset(+bound), frozenset(changed)
