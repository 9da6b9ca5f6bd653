"""Guesses how a frame reads, from the program's text and the frames before it: for speculative decoding, where a wrong guess costs time only.

Knows the format, and of Python what a line's shape says: which names it binds, which line follows, what a literal or a name's value looks like.
Nothing is run, and nothing here knows of tokens or models.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cwm_trace.format import (
    ACTION_SEP,
    ARG_SEP,
    EVENT_TOKENS,
    FRAME_SEP,
    UNCHANGED,
    FrameParser,
    escape_source,
    render_value,
    source_lines,
    strip_mark,
)
from cwm_trace.frames import Event, Frame, Step

_CALL, _LINE, _RETURN = (EVENT_TOKENS[event] for event in (Event.CALL, Event.LINE, Event.RETURN))
_ITEM = re.compile(r'(?:, )?("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*")')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED = re.compile(r"""((?:, )?"\w+)(?:": ?("[^"]*)?)?""")
_ASSIGNED = re.compile(r"(\w+(?:, *\w+)*) *(?:: *[^=]+)?=(?!=) *(.*)")
_UPDATED = re.compile(r"(\w+) *(?:[-+*/%&|^@]|//|\*\*|<<|>>)= *(.*)")
_CHANGED = re.compile(r"(\w+)(?:\.\w+\(|\[.*\] *[^=<>!]*=(?!=))|del (\w+)\[")
_LOOP = re.compile(r"for (.+?) in (.+):")
_FUNCTION = re.compile(r"def (\w+)\(")
_CLAUSES = ("else:", "elif ", "except", "finally:")
_MUTATORS = re.compile(
    r"\w+\.(?:append|add|insert|extend|pop|popitem|remove|discard|clear|update|setdefault|sort|reverse|write)\("
)


@dataclass(slots=True)
class _Line:
    """A line of code: its text as an action shows it, without and with indentation."""

    action: str
    code: str
    indent: int


@dataclass(slots=True)
class _Scope:
    """A function that is running: what was last seen of it.

    Attributes:
        line: the number of the line that runs in it, None where that is not known.
        values: of its locals, by name.
        turns: how often each loop has begun a turn, by its line.
        fresh: whether the last observation is of this scope, so that what stays the same is not written again.
    """

    line: int | None
    values: dict[str, str] = field(default_factory=dict)
    turns: dict[int, int] = field(default_factory=dict)
    fresh: bool = True


class Expectation:
    """The frames of one trace, as they are likely to come."""

    def __init__(self, context: str) -> None:
        lines = (strip_mark(line.rstrip("\r\n")) for line in source_lines(context))
        self._lines = [
            _Line(escape_source(line) + "\n", line.strip(), len(line) - len(line.lstrip()))
            for line in lines
            if line.strip() and not line.lstrip().startswith("#")
        ]
        self._numbers: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines):
            self._numbers.setdefault(line.action, []).append(number)
        self._functions = {found[1]: n for n, line in enumerate(self._lines) if (found := _FUNCTION.match(line.code))}
        self._calls = (
            re.compile(r"\b(" + "|".join(map(re.escape, self._functions)) + r")\(") if self._functions else None
        )
        self._parser = FrameParser()
        self._scopes: list[_Scope] = []
        self._went: dict[int, int] = {}  # the line that followed a line last time
        self._last: Step | None = None

    # --- what happened ------------------------------------------------------------------------------------------------

    def observe(self, text: str) -> None:
        """Take note of a whole frame."""
        step = self._parser.parse(text)
        self._last = step
        if not isinstance(step, Frame):
            return
        if step.event is Event.CALL:
            if self._scopes:
                self._scopes[-1].fresh = False
            self._scopes.append(_Scope(self._number(step.source, None), dict(step.locals)))
        elif step.event is Event.RETURN:
            del self._scopes[-1:]
            if self._scopes:
                self._scopes[-1].fresh = False
        elif step.event is Event.LINE:
            if not self._scopes:
                self._scopes.append(_Scope(None))
            self._arrive(self._scopes[-1], step)

    def _arrive(self, scope: _Scope, step: Frame) -> None:
        number = self._number(step.source, scope.line)
        if scope.line is not None and number is not None:
            self._went[scope.line] = number
            if self._lines[number].code.startswith("for "):
                entered = scope.line < number or number not in scope.turns
                scope.turns[number] = 0 if entered else scope.turns[number] + 1
        scope.line, scope.values, scope.fresh = number, dict(step.locals), True

    def _number(self, action: str, after: int | None) -> int | None:
        """The line that reads so; of several, the next one."""
        found = self._numbers.get(escape_source(action))
        if not found:
            return None
        if len(found) == 1 or after is None:
            return found[0]
        return next((number for number in found if number > after), found[0])

    # --- what comes ---------------------------------------------------------------------------------------------------

    def frame(self, begun: str) -> str:
        """The likely text of the frame that begins so, its end included, or as much of it as there is a guess of."""
        expected = self._expected(begun)
        return expected if expected.startswith(begun) else begun  # what breaks the format

    def _expected(self, begun: str) -> str:
        scope = self._scopes[-1] if self._scopes else None
        token = next((token for token in EVENT_TOKENS.values() if begun.startswith(token)), None)
        if token is None:
            if begun:
                return begun
            token = self._event(scope)
        if scope is None:
            return begun
        if token == _LINE:
            return self._observation(begun or token, token, self._items(scope), self._next(scope))
        if token == _CALL:
            called = self._called(scope)
            if called is None:
                return begun or token
            return self._observation(begun or token, token, self._arguments(called, scope), called)
        if token == _RETURN:
            return self._returned(begun or token, scope)
        return begun

    def _event(self, scope: _Scope | None) -> str:
        last = self._last
        if scope is None or scope.line is None or last is None or last.event is None:
            return _LINE
        if last.event is Event.LINE and self._called(scope) is not None:
            return _CALL
        code = self._lines[scope.line].code
        if last.event in (Event.LINE, Event.RETURN) and code.startswith("return"):
            return _RETURN
        return _LINE if last.event is Event.CALL or self._next(scope) is not None else _RETURN

    def _observation(self, begun: str, token: str, items: list[tuple[str, list[str]]], action: int | None) -> str:
        observed, separator, source = begun.partition(ACTION_SEP)
        if separator:
            return observed + separator + _ended(self._action(source, action))
        made = _object(observed[len(token) :], items)
        if not made.endswith("}"):
            return token + made
        return token + made + ACTION_SEP + _ended(self._action("", action))

    def _action(self, begun: str, expected: int | None) -> str:
        if expected is not None and self._lines[expected].action.startswith(begun):
            return self._lines[expected].action
        if not begun:
            return ""
        near = self._scopes[-1].line or 0
        found = [number for number, line in enumerate(self._lines) if line.action.startswith(begun)]
        best = min(found, key=lambda number: abs(number - near), default=None)
        return begun if best is None else self._lines[best].action

    def _returned(self, begun: str, scope: _Scope) -> str:
        before, separator, value = begun.partition(ARG_SEP)
        source = before[len(_RETURN) + len(ACTION_SEP) :]
        if not separator:
            source = self._action(source, scope.line)
            if not source:
                return _RETURN + ACTION_SEP
        value = _completed(value, list(map(render_value, self._results(scope, source.strip()))))
        return f"{_RETURN}{ACTION_SEP}{source}{ARG_SEP}{value}{FRAME_SEP if _STRING.fullmatch(value) else ''}"

    def _results(self, scope: _Scope, code: str) -> Iterator[str]:
        expression = code.removeprefix("return").strip() if code.startswith("return") else "None"
        yield from self._value_of(expression or "None", scope)
        yield from self._came_back()

    def _came_back(self) -> list[str]:
        """What the last frame returned."""
        last = self._last
        return [last.value] if isinstance(last, Frame) and last.event is Event.RETURN and last.value is not None else []

    # --- control flow -------------------------------------------------------------------------------------------------

    def _next(self, scope: _Scope) -> int | None:
        """The line that is likely to follow in this function, None for its end."""
        if scope.line is None:
            return None
        if loop := _LOOP.match(self._lines[scope.line].code):
            turn, turns = scope.turns.get(scope.line, 0), self._count(loop[2], scope)
            if turns is not None and turn <= turns:  # a model that once did not stop will go on
                return scope.line + 1 if turn < turns else self._beyond(scope.line)
        went = self._went.get(scope.line)
        return self._after(scope.line) if went is None else went

    def _beyond(self, number: int) -> int | None:
        """The line that follows a whole statement."""
        past = self._past(number)
        if past is None:
            return self._header(number)
        return past if self._lines[past].indent == self._lines[number].indent else self._up(number, past)

    def _after(self, number: int) -> int | None:
        lines = self._lines
        here, following = lines[number], number + 1
        if here.code == "continue":
            return self._header(number)
        if here.code == "break":
            header = self._header(number)
            return None if header is None else self._beyond(header)
        if following >= len(lines):
            return self._header(number)
        if here.code.endswith(":"):
            return following
        if lines[following].indent >= here.indent and not lines[following].code.startswith(_CLAUSES):
            return following
        return self._up(number, following)

    def _up(self, number: int, following: int) -> int | None:
        """A block ends: its loop goes on, or what comes after the statement that it belongs to."""
        lines, indent = self._lines, self._lines[number].indent
        for before in range(number - 1, -1, -1):
            outer = lines[before]
            if outer.indent >= indent:
                continue
            indent = outer.indent
            if outer.code.startswith("def "):
                return None
            if outer.code.startswith(("for ", "while ")):
                return before
            if lines[following].indent == indent:
                if not lines[following].code.startswith(_CLAUSES):
                    return following
                past = self._past(following)
                if past is not None and lines[past].indent == indent:
                    return past
                following = len(lines) - 1 if past is None else past
        return None

    def _past(self, number: int) -> int | None:
        """The line after a whole statement, its further clauses included."""
        lines, indent = self._lines, self._lines[number].indent
        for later in range(number + 1, len(lines)):
            line = lines[later]
            if line.indent < indent or (line.indent == indent and not line.code.startswith(_CLAUSES)):
                return later
        return None

    def _header(self, number: int) -> int | None:
        """The loop around a line."""
        indent = self._lines[number].indent
        for before in range(number - 1, -1, -1):
            line = self._lines[before]
            if line.indent < indent:
                indent = line.indent
                if line.code.startswith(("for ", "while ")):
                    return before
                if line.code.startswith("def "):
                    return None
        return None

    # --- values -------------------------------------------------------------------------------------------------------

    def _items(self, scope: _Scope) -> list[tuple[str, list[str]]]:
        """Names and, for each, what may be written: likeliest first, in JSON."""
        bound, grown = self._bound(scope)
        items = []
        for name, value in scope.values.items():
            same = UNCHANGED if scope.fresh else render_value(value)
            if name in bound:
                items.append((name, [*map(render_value, bound[name]), same]))
            elif name in grown:
                items.append((name, [render_value(value)[:-2] if value[-1:] in _CLOSERS.values() else "", same]))
            else:
                items.append((name, [same, render_value(value)]))
        items += [
            (name, [render_value(value) for value in values])
            for name, values in bound.items()
            if name not in scope.values
        ]
        return items

    def _bound(self, scope: _Scope) -> tuple[dict[str, list[str]], set[str]]:
        """What the line that ran has bound, with likely values, and what it has changed."""
        if scope.line is None or (isinstance(self._last, Frame) and self._last.event is Event.CALL):
            return {}, set()
        code = self._lines[scope.line].code
        if loop := _LOOP.match(code):
            if self._next(scope) != scope.line + 1:
                return {}, set()
            names = _names(loop[1])
            return dict(zip(names, self._turn(loop[2], len(names), scope), strict=True)), set()
        if found := _UPDATED.match(code):
            return {}, {found[1]}
        if found := _ASSIGNED.match(code):
            names, expressions = _names(found[1]), [found[2]]
            if len(names) > 1:
                parts = found[2].split(", ")
                expressions = parts if len(parts) == len(names) else [""] * len(names)
            return {
                name: list(self._value_of(text, scope)) or self._came_back()
                for name, text in zip(names, expressions, strict=True)
            }, set()
        if found := _CHANGED.match(code):
            if "." in found[0] and not _MUTATORS.match(code):
                return {}, set()
            return {}, {found[1] or found[2]}
        return {}, set()

    def _turn(self, iterable: str, count: int, scope: _Scope) -> list[list[str]]:
        """What a loop binds next."""
        assert scope.line is not None
        turn = scope.turns.get(scope.line, 0)
        none: list[list[str]] = [[] for _ in range(count)]
        if iterable.startswith("range(") and count == 1:
            first, *more = iterable[6:-1].split(", ")
            start = next(self._value_of(first, scope), "") if more else "0"
            return [[str(int(start) + turn)]] if _INTEGER.fullmatch(start) and len(more) < 2 else none
        if iterable.startswith("enumerate(") and count == 2:
            return [[str(turn)], self._element(iterable[10:-1], turn, scope)]
        if count == 1:
            return [self._element(iterable, turn, scope)]
        return none

    def _count(self, iterable: str, scope: _Scope) -> int | None:
        """How many turns a loop has."""
        if iterable.startswith("range("):
            bounds = [next(self._value_of(bound, scope), "") for bound in iterable[6:-1].split(", ")]
            numbers = [int(bound) for bound in bounds if _INTEGER.fullmatch(bound)]
            whole = len(numbers) == len(bounds) <= 3 and numbers[2:] != [0]
            return len(range(*numbers)) if whole else None
        elements = _literal(next(self._value_of(_ENUMERATED.sub(r"\1", iterable), scope), ""))
        return len(elements) if isinstance(elements, str | list | tuple | dict) else None

    def _element(self, iterable: str, turn: int, scope: _Scope) -> list[str]:
        values = _literal(next(self._value_of(iterable, scope), ""))
        return (
            [repr(list(values)[turn])] if isinstance(values, str | list | tuple | dict) and turn < len(values) else []
        )

    def _value_of(self, expression: str, scope: _Scope) -> Iterator[str]:
        """What an expression that is a name or a literal reads like; nothing of another."""
        if expression in scope.values:
            yield scope.values[expression]
            return
        value = _literal(expression)
        if value is not _NOTHING:
            yield repr(value)

    # --- calls --------------------------------------------------------------------------------------------------------

    def _called(self, scope: _Scope) -> int | None:
        """The function of the program that the line calls."""
        if scope.line is None or self._calls is None:
            return None
        code = self._lines[scope.line].code
        if code.startswith(("def ", "class ", "@")):
            return None
        found = self._calls.search(code)
        return self._functions[found[1]] if found else None

    def _arguments(self, called: int, scope: _Scope) -> list[tuple[str, list[str]]]:
        assert scope.line is not None
        code = self._lines[scope.line].code
        if "\\" in code:  # of a wrong escape, Python would warn on the terminal
            return []
        try:
            definition = ast.parse(self._lines[called].code + " pass").body[0]
            statement = ast.parse(code + " pass" if code.endswith(":") else f"def f():\n {code}").body[0]
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return []
        if not isinstance(definition, ast.FunctionDef):
            return []
        names = [one.arg for one in definition.args.posonlyargs + definition.args.args]
        calls = (
            node
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == definition.name
        )
        call = next(calls, None)
        if call is None:
            return [(name, []) for name in names]
        given = dict(zip(names, call.args, strict=False)) | {
            one.arg: one.value for one in call.keywords if one.arg is not None
        }
        defaults = definition.args.defaults
        given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)) | given
        texts = {name: list(self._value_of(_spelled(node), scope)) for name, node in given.items()}
        return [(name, [render_value(text) for text in texts.get(name, [])]) for name in names]


_INTEGER = re.compile(r"-?[0-9]{1,9}")
_ENUMERATED = re.compile(r"enumerate\((.*)\)")
_CLOSERS = {"'": "'", "[": "]", "(": ")", "{": "}"}
_LONGEST = 1000  # characters of a literal that is worth reading
_LITERAL = re.compile(r"""[-\d'"\[({]|None$|True$|False$|[rbf]['"]""")
_NOTHING = object()


@lru_cache(maxsize=256)
def _literal(text: str) -> Any:
    """What a literal stands for, `_NOTHING` for any other text, and for one with escapes, of which wrong ones would warn on the terminal."""
    if len(text) > _LONGEST or "\\" in text or not _LITERAL.match(text):
        return _NOTHING
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _NOTHING


def _spelled(node: ast.expr) -> str:
    """The text of an expression, "" where it is too deep."""
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return ""


def _names(targets: str) -> list[str]:
    return [name.strip(" ()*") for name in targets.split(",") if name.strip(" ()*")]


def _object(begun: str, items: Sequence[tuple[str, list[str]]]) -> str:
    """A JSON object that begins so, with these names and likely values; ends where there is no guess."""
    if begun.endswith("}") and _whole(begun):
        return begun
    at = 1
    left = list(items)
    first = True
    while found := _ITEM.match(begun, at):
        at, first = found.end(), False
        name = found[1][1:-1]
        position = next((n for n, (one, _) in enumerate(left) if one == name), None)
        if position is not None:
            del left[: position + 1]
    made, rest = begun[:at] or "{", begun[at:]
    while left:
        name, values = left.pop(0)
        text = ("" if first else ", ") + render_value(name) + ": "
        if rest and not (text.startswith(rest) or rest.startswith(text)):
            continue
        value = _completed(rest[len(text) :], values)
        made, rest, first = made + text + value, "", False
        if not _STRING.fullmatch(value):
            return made
    if named := _NAMED.fullmatch(rest):  # a name that was not expected
        value = _completed(named[2] or "", [])
        return f'{made}{named[1]}": {value}' if value.startswith(named[2] or "") else made + rest
    return made + rest if rest else made + "}"


def _whole(text: str) -> bool:
    at = 1
    while found := _ITEM.match(text, at):
        at = found.end()
    return text[at:] == "}"


def _completed(begun: str, values: Sequence[str]) -> str:
    """The likeliest of these texts that begins so; of another, its end where it looks like a whole string or collection."""
    found = next((value for value in values if value.startswith(begun)), None)
    if found is not None:
        return found
    value = begun[1:]
    last = _CLOSERS.get(value[:1])
    whole = last is not None and len(value) > 1 and value[-1] == last and value.count(value[0]) == value.count(last)
    return begun + '"' if whole and begun[:1] == '"' and not _STRING.fullmatch(begun) else begun or '"'


def _ended(action: str) -> str:
    return action + FRAME_SEP if action.endswith("\n") else action
