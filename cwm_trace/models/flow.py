"""Which lines of a program may run next, read off its source: what follows a statement, the ways of a branch, the functions a line names.

An order of statements, no more: no value is known and nothing is run, so that of an `if` both ways are named, and of a loop its body and what
is behind it; of an exception, where it leads. What jumps in the midst of a statement over several lines is not followed. Source that this
Python does not parse has no next lines.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cwm_trace.format import escape_source, source_lines, strip_mark
from cwm_trace.models.statements import DEFINITIONS, first_line, parsed
from cwm_trace.prompts import UNKNOWN_START, Start

_NAMED = re.compile(r"(?<!def )(?<!class )\b[^\W\d]\w*")
# In a line: what has frames with that line, or leaves by it.
_ON_ITS_OWN = re.compile(r"\b(?:for|lambda|yield|await)\b")
_LOOP = re.compile(r"^\s*(?:async\s+)?for\b")
LEFT = 0
"""In place of a line: the function is left, by the line that ran last."""
_MOST = 4  # lines

_Numbers = tuple[int, ...]


class Repeated(NamedTuple):
    """A loop over items.

    Attributes:
        first, behind: the lines to which its header leads, with an item and without.
        lines: those of its body.
        body: its statements.
    """

    first: int
    behind: int
    lines: range
    body: Sequence[ast.stmt]


class Case(NamedTuple):
    """A case of a `match` without a guard.

    Attributes:
        subject: what is matched.
        pattern: of the case.
        fits, fails: the lines to which it leads.
    """

    subject: str
    pattern: ast.pattern
    fits: int
    fails: int


class Flow:
    """The lines of one source, by their numbers from 1 on.

    Attributes:
        source: what it is of.
        start: how it is started.
        lines: their texts; the first is no line.
        after: what may run behind a line.
        entered: what may run first behind the line that begins a function.
        caught: where an exception that is raised in a line leads.
        whole: lines that are a statement each, and nothing else.
        spread: of the lines of a `return` over several, what it is in one.
        ways: where the test of a line, all that it has, leads if it passes and if it fails.
        short: of an `if` of one line with its only statement: where that leads, and where the line does if the test fails.
        cases: of the lines of cases in a `match`: what is matched, the pattern, and where they lead if that fits and if not.
        loops: of the headers of loops over items, where they lead, and their bodies.
    """

    def __init__(self, source: str, start: Start = UNKNOWN_START) -> None:
        self.source, self.start = source, start
        self.lines = ["", *(strip_mark(line).rstrip("\r\n") for line in source_lines(source))]
        self._numbers: dict[str, list[int]] = {}
        for number, line in enumerate(self.lines):
            self._numbers.setdefault(line.strip(), []).append(number)
        self.after: dict[int, _Numbers] = {}
        self.entered: dict[int, _Numbers] = {}
        self.caught: dict[int, _Numbers] = {}
        self.whole: set[int] = set()
        self.spread: dict[int, str] = {}
        self.ways: dict[int, tuple[int, int]] = {}
        self.short: dict[int, tuple[int, int]] = {}
        self.loops: dict[int, Repeated] = {}
        self.cases: dict[int, Case] = {}
        self._named: dict[str, int] = {}
        if (tree := parsed(source)) is not None:
            self._block(tree.body, (LEFT,))
            self._define(tree)

    def numbers(self, line: str) -> Sequence[int]:
        """Of all lines that are this one, however indented."""
        return self._numbers.get(line.strip(), ())

    def place(self, line: str, before: int | None) -> int:
        """The number of a line that runs, behind one that ran in the same Python frame (None: it is the first there); 0: unknown.

        Of several that are the same: one that may be next, else the next below, else the nearest.
        """
        numbers = self.numbers(line)
        if before is None:
            return next((number for number in numbers if number in self.entered), min(numbers, default=0))
        following = self.after.get(before, ()) + self.entered.get(before, ())
        return min(
            numbers,
            key=lambda number: (number not in following, number <= before, abs(number - before)),
            default=0,
        )

    def following(self, number: int, entered: bool = False, left: str | None = None) -> tuple[str, ...]:
        """The lines that may run behind this one, as frames show them, without line ends; `entered`: it begins a function, or is all of one,
        as a comprehension's. `left`: what is still to run of it."""
        if not 0 < number < len(self.lines):
            return ()
        if entered and number in self.entered:
            return self._shown(self.entered[number], number)
        line = self.lines[number] if left is None else left
        own = (number,) if entered or _ON_ITS_OWN.search(_LOOP.sub("", line)) else ()
        called = (self._named[name] for name in _NAMED.findall(line) if name in self._named)
        ends = entered and "yield" not in line  # a generator goes on behind it
        return self._shown((*called, *own, *(() if ends else self.after.get(number, ()))), number)

    def raised(self, number: int, caught: bool = True) -> tuple[str, ...]:
        """The line that may run behind an exception in this one; not `caught`: it came from a call, and is told again."""
        if not 0 < number < len(self.lines):
            return ()
        return self._shown(self.caught.get(number, (LEFT,)) if caught else (LEFT,), number)

    def _shown(self, numbers: Iterable[int], own: int) -> tuple[str, ...]:
        texts = (escape_source(self.lines[number or own]) for number in numbers)
        return tuple(dict.fromkeys(texts))[:_MOST]

    def _define(self, tree: ast.Module) -> None:
        """Functions and classes by their names; of several the first."""
        for node in ast.walk(tree):
            if isinstance(node, DEFINITIONS) and node.lineno in self.entered:
                made = next((part for part in node.body if getattr(part, "name", "") == "__init__"), None)
                if not isinstance(node, ast.ClassDef):
                    self._named.setdefault(node.name, first_line(node))
                elif made is not None:
                    self._named.setdefault(node.name, first_line(made))

    def _block(self, body: Sequence[ast.stmt], after: _Numbers, ends: _Numbers = (), goes_on: _Numbers = ()) -> None:
        """Statements one after the other, then one of `after`; `ends` and `goes_on` are where `break` and `continue` lead."""
        for number, statement in enumerate(body):
            below = (other for other in body[number + 1 :] if first_line(other) > (statement.end_lineno or 0))
            self._statement(statement, _start(below, after), ends, goes_on)

    def _statement(self, node: ast.stmt, after: _Numbers, ends: _Numbers, goes_on: _Numbers) -> None:
        number = first_line(node)
        if isinstance(node, (ast.If, ast.While, ast.For)):
            self._part(node, after)
        if isinstance(node, ast.If):
            self._note_short(node, after, ends, goes_on)
            self._follow(number, (*_start(node.body, after), *_start(node.orelse, after)))
            self._block(node.body, after, ends, goes_on)
            self._block(node.orelse, after, ends, goes_on)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self._follow(number, (*_start(node.body, (number,)), *_start(node.orelse, after)))
            self._block(node.body, (number,), after, (number,))
            self._block(node.orelse, after, ends, goes_on)
        elif isinstance(node, (ast.With, ast.AsyncWith)):  # whose line runs again when it is left
            self._follow(number, (*_start(node.body, after), *after))
            self._catch(node.body, (number,))
            self._block(node.body, (number,), ends, goes_on)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._try(node, after, ends, goes_on)
        elif isinstance(node, ast.Match):
            self._match(node, after, ends, goes_on)
        elif isinstance(node, DEFINITIONS):
            body = _without_docstring(node.body)
            self.entered[node.lineno] = self.entered[number] = _start(body, (LEFT,))
            self._block(body, (LEFT,))
            self._follow(number, after)
        else:
            self._plain(node, after, ends, goes_on)

    def _part(self, node: ast.If | ast.While | ast.For, after: _Numbers) -> None:
        passes, fails = _start(node.body, ()), _start(node.orelse, after)
        last = node.iter if isinstance(node, ast.For) else node.test
        if not (len(passes) == len(fails) == 1 and passes != fails and last.end_lineno == node.lineno < passes[0]):
            return
        if isinstance(node, ast.For):
            inside = range(node.lineno + 1, (node.body[-1].end_lineno or 0) + 1)
            self.loops[node.lineno] = Repeated(passes[0], fails[0], inside, node.body)
        else:
            self.ways[node.lineno] = passes[0], fails[0]

    def _note_short(self, node: ast.If, after: _Numbers, ends: _Numbers, goes_on: _Numbers) -> None:
        leads: dict[type[ast.stmt], _Numbers] = {
            ast.Return: (LEFT,),
            ast.Break: ends,
            ast.Continue: goes_on,
            ast.Raise: (),
        }
        behind, fails = leads.get(type(node.body[0]), after), _start(node.orelse, after)
        if node.lineno == node.body[-1].end_lineno and len(node.body) == len(behind) == len(fails) == 1:
            self.short[node.lineno] = behind[0], fails[0]

    def _plain(self, node: ast.stmt, after: _Numbers, ends: _Numbers, goes_on: _Numbers) -> None:
        leads: dict[type[ast.stmt], _Numbers] = {
            ast.Return: (LEFT,),
            ast.Raise: (),
            ast.Break: ends,
            ast.Continue: goes_on,
        }
        if node.end_lineno == node.lineno and node.lineno not in self.after:
            self.whole.add(node.lineno)
        else:
            self.whole -= {node.lineno, node.end_lineno}
        if isinstance(node, ast.Return) and node.end_lineno != node.lineno:
            self.spread |= dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), ast.unparse(node))
        for number in range(node.lineno, (node.end_lineno or 0) + 1):
            self._follow(number, leads.get(type(node), after))

    def _try(self, node: ast.Try | ast.TryStar, after: _Numbers, ends: _Numbers, goes_on: _Numbers) -> None:
        last = _start(node.finalbody, after)
        self._follow(first_line(node), _start(node.body, last))
        self._catch([*node.body, *node.orelse, *node.handlers], _start(node.finalbody, ()))
        self._catch(node.body, (node.handlers[0].lineno,) if node.handlers else ())
        self._block(node.body, _start(node.orelse, last), ends, goes_on)
        self._block(node.orelse, last, ends, goes_on)
        for number, handler in enumerate(node.handlers):
            others = tuple(other.lineno for other in node.handlers[number + 1 : number + 2])
            self._follow(handler.lineno, (*_start(handler.body, last), *others))
            self._block(handler.body, last, ends, goes_on)
        self._block(node.finalbody, after, ends, goes_on)

    def _catch(self, body: Sequence[ast.stmt | ast.ExceptHandler], leads: _Numbers) -> None:
        """Outer ones first: those inside replace them."""
        if leads:
            for number in range(body[0].lineno, (body[-1].end_lineno or 0) + 1):
                self.caught[number] = leads

    def _match(self, node: ast.Match, after: _Numbers, ends: _Numbers, goes_on: _Numbers) -> None:
        starts = [case.pattern.lineno for case in node.cases]
        self._follow(node.lineno, (starts[0],))
        for case, number, other in zip(node.cases, starts, [*((start,) for start in starts[1:]), after], strict=True):
            self._follow(number, (*_start(case.body, after), *other))
            body = _start(case.body, after)
            own = number == case.pattern.end_lineno < body[0]
            if case.guard is None and own and len(other) == 1 and node.subject.end_lineno == node.lineno:
                self.cases[number] = Case(ast.unparse(node.subject), case.pattern, body[0], other[0])
            self._block(case.body, after, ends, goes_on)

    def _follow(self, number: int, after: _Numbers) -> None:
        """Several statements may stand in one line."""
        self.after[number] = tuple(dict.fromkeys((*self.after.get(number, ()), *after)))


def _start(body: Iterable[ast.stmt], after: _Numbers) -> _Numbers:
    """The first line that runs of these statements, or `after` where none does."""
    bare: _Numbers = ()
    for node in body:
        if isinstance(node, ast.AnnAssign) and node.value is None:  # runs in classes and modules only
            bare += (node.lineno,)
        elif not isinstance(node, (ast.Global, ast.Nonlocal)):  # for which nothing is run
            return (*bare, first_line(node))
    return bare + after


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    first = body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if said else body
