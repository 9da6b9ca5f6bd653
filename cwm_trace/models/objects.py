"""Attributes of a program's objects, which no frame shows: what has been assigned to them and changed in them, line by line.

An object is known from where it is made on, by the variables that it is handed through; where several look the same and which one it is was
not seen, nothing is told of it. What an attribute is stays an operation until it is asked for. Nothing is run.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cwm_trace.models.operations import CHANGES, changed_name, is_value
from cwm_trace.models.statements import SIGNS, first_reading, readings, span, statement_of, text_of

BEFORE, _MORE = "_before_", "_more_"
"""The names, in an operation or a line, of what was there before, and of what comes to it."""
_LOOKS = re.compile(r"<.* object>")
_STEADY = re.compile(r"""b?['"]|-?\d|(?:True|False|None|inf)$""")  # how values begin that nothing changes
_DEEPEST = 60  # changes behind each other


class Later(NamedTuple):
    """A value that is still to be worked out.

    Attributes:
        text: an operation, or a line that changes something.
        parts: of it that are values, too, by the names that stand for them.
        before: what the line changes; None: it is an operation.
        depth: how many changes there are.
    """

    text: str
    parts: tuple[tuple[str, Later | str], ...] = ()
    before: Later | str | None = None
    depth: int = 0


Attribute = Later | str
"""What an attribute is: the text of a value, as a frame shows it, or one to be worked out."""
Resolve = Callable[[Attribute], str | None]
"""Works it out; None: unknown."""


def looks_like_object(value: str) -> bool:
    """Whether a frame shows nothing but that it is an object."""
    return _LOOKS.fullmatch(value) is not None


@dataclass(slots=True)
class Objects:
    """Those of one trace.

    Attributes:
        attributes: of each object, by its number; of what is no longer known there is none.
        looks: how each is shown.
        lent: attributes that may be what a variable is, too, or a part of that.
    """

    attributes: list[dict[str, Attribute]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    lent: set[tuple[int, str]] = field(default_factory=set)

    def new(self, look: str) -> int:
        """An object that is being made; its number."""
        self.attributes.append({})
        self.looks.append(look)
        return len(self.looks) - 1

    def only(self, look: str) -> int | None:
        """The number of the one that looks so; None where there are several, or none."""
        found = [number for number, each in enumerate(self.looks) if each == look]
        return found[0] if len(found) == 1 else None

    def changed(self, line: str) -> None:
        """Take note of a line that may change what variables are: attributes with other names are no longer known."""
        statement = statement_of(line) if self.lent else None
        if statement is None or not any(changed_name(node) for node in ast.walk(statement)):
            return
        for number, name in self.lent:
            if _is_mutable(self.attributes[number].get(name, "")):
                self.attributes[number].pop(name, None)
        self.lent.clear()

    def ran(self, line: str, known: Mapping[str, int], fill: Callable[[str], str]) -> None:
        """Take note of what a line has done that ran to its end. `known`: numbers of objects by names; `fill` puts values in place of names."""
        self.lent |= {place for node in _lent(line) if (place := _place(_outer(node), known)) is not None}
        statement = statement_of(line)
        if statement is None or not any(isinstance(node, ast.Attribute) for node in ast.walk(statement)):
            return
        done = list(self._done(statement, line, known, fill))
        inside = _changed_inside(statement, known)
        if len(inside) == 1:
            ((place, call),) = inside.items()
            alone = statement_of(text := text_of(call, line))
            if place not in [each[0] for each in done] and alone is not None:
                done, inside = [*done, *self._changed(alone, text, known, fill)], {}
        for number, name in _touched(statement, known):
            if (number, name) not in [each[0] for each in done]:
                self.attributes[number].pop(name, None)
        for (number, name), value in done:
            if (number, name) in inside or value is None or (isinstance(value, Later) and value.depth > _DEEPEST):
                self.attributes[number].pop(name, None)
            else:
                self.attributes[number][name] = value

    def _done(
        self, statement: ast.stmt, line: str, known: Mapping[str, int], fill: Callable[[str], str]
    ) -> Iterator[tuple[tuple[int, str], Attribute | None]]:
        pairs: list[tuple[ast.expr, ast.expr]]
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(
                values
            ):
                pairs = list(zip(targets, values, strict=True))
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                pairs = [(target, value)]
            case _:
                yield from self._changed(statement, line, known, fill)
                return
        for changed, given in pairs:
            if (place := _place(changed, known)) is not None:
                yield place, self._later(text_of(given, line), known, fill)
            elif isinstance(changed, ast.Subscript) and len(pairs) == 1:
                yield from self._changed(statement, line, known, fill)

    def _later(self, text: str, known: Mapping[str, int], fill: Callable[[str], str]) -> Later:
        taken, parts = self.taken(text, known)
        return Later(fill(taken), parts, depth=1 + max((_depth(part) for _, part in parts), default=0))

    def _changed(
        self, statement: ast.stmt, line: str, known: Mapping[str, int], fill: Callable[[str], str]
    ) -> Iterator[tuple[tuple[int, str], Attribute | None]]:
        """What a line does that changes what an attribute is, or something in it."""
        match statement:
            case ast.AugAssign(target=ast.Attribute() as target, value=added, op=op):
                place, before = self._before(target, known)
                if place is not None and before is not None:
                    more = self._later(text_of(added, line), known, fill)
                    depth = 1 + max(_depth(before), _depth(more))
                    text = f"{BEFORE} {SIGNS.get(type(op), '@')} {_MORE}"
                    yield place, Later(text, ((BEFORE, before), (_MORE, more)), None, depth)
                return
        if (changed := _changed_in(statement)) is None:
            return
        place, before = self._before(changed, known)
        if place is None or before is None:
            return
        begins, ends = span(line, changed, changed)
        taken, parts = self.taken(f"{line[:begins]}{BEFORE}{line[ends:]}", known)
        yield place, Later(fill(taken), parts, before, 1 + max([_depth(before), *(_depth(part) for _, part in parts)]))

    def _before(
        self, changed: ast.Attribute, known: Mapping[str, int]
    ) -> tuple[tuple[int, str] | None, Attribute | None]:
        place = _place(changed, known)
        return place, None if place is None else self.attributes[place[0]].get(place[1])

    def taken(self, text: str, known: Mapping[str, int]) -> tuple[str, tuple[tuple[str, Attribute], ...]]:
        """A text with names in place of the attributes that are known, and what these stand for."""
        parts: list[tuple[str, Attribute]] = []
        for start, inner, _ in readings(text):
            if (statement := statement_of(inner)) is None:
                continue
            for node in sorted(_read(statement), key=lambda node: (node.lineno, node.col_offset), reverse=True):
                place, value = self._before(node, known)
                if place is not None and value is not None:
                    begins, ends = (start + each for each in span(inner, node, node))
                    name = f"_attribute{len(parts)}_"
                    text = f"{text[:begins]}{name}{text[ends:]}"
                    parts.append((name, value))
            break
        return text, tuple(parts)

    def filled(self, text: str, known: Mapping[str, int], resolve: Resolve) -> str:
        """A text with values in place of the attributes that are known."""
        taken, parts = self.taken(text, known)
        if not parts:
            return text
        values = {name: value for name, part in parts if (value := resolve(part)) is not None and is_value(value)}
        return put(taken, values) if len(values) == len(parts) else text


def _lent(line: str) -> Iterator[ast.AST]:
    """What a line hands on as it is: to a variable, a loop, or a function that is not Python's."""
    reading = first_reading(line)
    for node in ast.walk(reading[1]) if reading else ():
        match node:
            case ast.Assign(value=value) | ast.Return(value=ast.expr() as value) | ast.For(iter=value):
                yield from value.elts if isinstance(value, (ast.Tuple, ast.List)) else (value,)
            case ast.Call(func=function, args=args) if not (
                isinstance(function, ast.Name) and function.id in vars(builtins)
            ):
                yield from args


def _is_mutable(value: Attribute) -> bool:
    """Whether it may be a list, or something else that can be changed."""
    if isinstance(value, str):
        return not is_value(value) or not _STEADY.match(value)
    if value.before is not None:
        return True
    if BEFORE in value.text:
        return any(_is_mutable(part) for name, part in value.parts if name == BEFORE)
    return not (is_value(value.text) and _STEADY.match(value.text))


def put(text: str, values: Mapping[str, str]) -> str:
    """A text with values in place of these names."""
    return re.sub(r"\b_[a-z]+\d*_\b", lambda found: _grouped(values.get(found[0], found[0])), text)


def _grouped(value: str) -> str:
    return f"({value})" if value.startswith("-") else value


def _depth(value: Attribute) -> int:
    return value.depth if isinstance(value, Later) else 0


def _place(target: ast.AST, known: Mapping[str, int]) -> tuple[int, str] | None:
    match target:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in known:
            return known[name], attr
    return None


def _outer(value: ast.AST) -> ast.AST:
    """What something is an item of, or of an item of."""
    while isinstance(value, ast.Subscript):
        value = value.value
    return value


def _changed_in(statement: ast.stmt) -> ast.Attribute | None:
    """The attribute of which a statement changes an item, or that it changes by a method."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=root, attr=method))) if method in CHANGES:
            changed = _outer(root)
        case (
            ast.Assign(targets=[ast.Subscript(value=root)])
            | ast.AugAssign(target=ast.Subscript(value=root))
            | ast.Delete(targets=[ast.Subscript(value=root)])
        ):
            changed = _outer(root)
        case _:
            return None
    return changed if isinstance(changed, ast.Attribute) else None


def _read(statement: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes of variables that are looked at, but for methods that are called."""
    called = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            if isinstance(node.value, ast.Name):
                yield node


def _changed_inside(statement: ast.stmt, known: Mapping[str, int]) -> dict[tuple[int, str], ast.Call]:
    """Attributes that calls in the midst of a statement change, as that of `pop` in `a.x[1] = a.x.pop(0)`, and the last such call."""
    own = statement.value if isinstance(statement, ast.Expr) else None
    found: dict[tuple[int, str], ast.Call] = {}
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if node is not own and method in CHANGES:
                if (place := _place(_outer(value), known)) is not None:
                    found[place] = node
    return found


def _touched(statement: ast.stmt, known: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Attributes that a statement may change."""
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                roots: Sequence[ast.AST] = [node]
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in CHANGES:
                roots = [value]
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
                roots = [value]
            case _:
                continue
        for root in roots:
            if (place := _place(_outer(root), known)) is not None:
                yield place


def bound_objects(line: str, known: Mapping[str, int], given: int | None) -> dict[str, int | None]:
    """The variables that a line has bound, and the numbers of the objects that they are, None: unknown. `given`: what was returned last."""
    match statement_of(line):
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other)):
            return {name: known.get(other)}
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call()):
            return {name: given}
        case ast.stmt() as statement:
            nodes = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            return {node.id: None for node in nodes if not isinstance(node.ctx, ast.Load)}
    return dict.fromkeys(re.findall(r"\w+", line.partition(" in ")[0])) if line.startswith(("for ", "with ")) else {}


def handed_objects(line: str, name: str, parameters: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """The objects that a line hands to a function, by its parameters; none where it calls it several times."""
    reading = first_reading(line)
    calls = [node for node in ast.walk(reading[1]) if isinstance(node, ast.Call)] if reading else []
    found = [(call, before) for call in calls if (before := _arguments(call, name)) is not None]
    if len(found) != 1:
        return {}
    call, before = found[0]
    given = [*before, *call.args]
    pairs = zip(parameters, given, strict=False)
    return {parameter: known[arg.id] for parameter, arg in pairs if isinstance(arg, ast.Name) and arg.id in known}


def _arguments(call: ast.Call, name: str) -> list[ast.expr] | None:
    """What stands before a call's arguments; None where it does not call that."""
    match call.func:
        case ast.Name(id=called) if called == name:
            return []
        case ast.Attribute(value=receiver, attr=called) if called == name:
            return [receiver]
    return None
