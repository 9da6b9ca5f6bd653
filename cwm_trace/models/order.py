"""Where a line of a program may lead, with nothing left out: the order of `models.flow`, and where that says too little to rule anything out.

A line that is left through a `finally` or a `with`, a class's body, what is asynchronous: there any line may come. So may it behind what
stands in no statement. Reads a source once; knows no trace.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from cwm_trace.format import escape_source
from cwm_trace.frames import Frame
from cwm_trace.models.flow import LEFT, Flow
from cwm_trace.models.statements import (
    DEFINITIONS,
    DISPLAYS,
    FUNCTIONS,
    PAUSES,
    first_line,
    header,
    header_parts,
    lines,
    parsed,
    passed_on,
)
from cwm_trace.tracer.comprehensions import needs_its_function

_SURE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
_CONDITIONAL = (ast.BoolOp, ast.IfExp, ast.Compare)  # whose parts may be left out
_KEPT = (ast.Lambda, ast.GeneratorExp)  # which may run behind the line that made them
_INLINE = (*DISPLAYS, *_KEPT)
_LOOKS_UP = {"eval", "exec", "getattr", "globals", "locals", "vars"}  # functions by their names
_EXECUTES = {"eval", "exec"}
_INITIALISER = "__init__"
_MAKING = frozenset(("__init__", "__class__", "cls", "copy", "deepcopy", "replace", "super", "type"))
"""Words of lines that may make an object, besides names of classes."""
_BASES = frozenset(
    ("object", "Exception", "ValueError", "KeyError", "TypeError", "RuntimeError", "LookupError", "ArithmeticError")
)
_TAKE = frozenset("all any dict frozenset list max min set sorted sum tuple".split())
_WORD = re.compile(r"\w+")
_JUMPS = (ast.Return, ast.Break, ast.Continue)

_Numbers = frozenset[int]


class Order:
    """The lines of one source, by their numbers from 1 on.

    Attributes:
        sure: of a line that is all of a statement: how many CALLs come in its midst, at least, unless it raises.
        paused: the lines where a function may be left, and gone on with.
        entries: of a line that begins a function: the lines that may run first in it; None: any.
        executes: whether texts may be executed, whose lines stand in frames, too.
        callable_lines: those with which a CALL may come.
        quiet: those that begin functions, lambdas and comprehensions in which nothing is raised before a line runs: a generator may be told
            to raise at once.
    """

    def __init__(self, source: str) -> None:
        self._flow = Flow(source)
        self.sure: dict[int, int] = {}
        self._most: dict[int, int] = {}  # of such lines: how many CALLs there can be
        self.paused: _Numbers = frozenset()
        self.entries: dict[int, _Numbers | None] = {}
        self.quiet: set[int] = set()
        self._inside: dict[int, _Numbers] = {}
        # Lines: behind which any may come, of lambdas and comprehensions, of those of them that stay, of what may go on behind an exception.
        self._loose: set[int] = set()
        self._inline: set[int] = set()
        self._drawn: set[int] = set()  # of generator expressions
        self._kept: set[int] = set()
        self._counts: Counter[int] = Counter()  # of the lines
        self._used_up: set[int] = set()  # identities of those that end with their call
        self._loops: set[int] = set()
        self._endless: dict[int, _Numbers] = {}  # headers of `while True`, and where they lead
        # That begin functions: those that only lines with one of some names call, with these, and others.
        self._defined: dict[int, frozenset[str]] = {}
        self._anywhere: set[int] = set()
        self._classes: set[int] = set()  # lines that begin these, and run them
        tree = parsed(source)
        nodes = [] if tree is None else list(ast.walk(tree))
        self._first = first_line(tree.body[0]) if tree is not None and tree.body else None
        self._hidden = _hidden(nodes)
        self._making = _MAKING.union(node.name for node in nodes if isinstance(node, ast.ClassDef))
        bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        names = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
        self._names = {*names, *bound}
        self._plain = {name for name in names if names.count(name) == 1} - self._hidden - bound
        self.executes = any(isinstance(node, ast.Name) and node.id in _EXECUTES for node in nodes)
        for node in nodes:
            if isinstance(node, ast.stmt):
                self._note_statement(node)
        for node in nodes:
            self._note(node)
        self.quiet |= self._inline - self._drawn - self.paused
        self.callable_lines = frozenset(self._defined) | self._anywhere | self._classes | self._inline | self.paused

    def numbers(self, line: str) -> _Numbers:
        """Of all lines that are this one."""
        numbers = self._flow.numbers(line)
        exact = frozenset(number for number in numbers if self._flow.lines[number] == line.rstrip("\r\n"))
        return exact or frozenset(numbers)

    def may_be_module(self, call: Frame) -> bool:
        """Whether this may be the CALL of the source itself, and not of the function that its first line defines."""
        # Of a function without parameters it is unknown.
        return self._first in self.numbers(call.source) and not call.locals

    def texts(self, numbers: Iterable[int]) -> frozenset[str]:
        """These lines as frames show them, without line ends."""
        return frozenset(escape_source(self._flow.lines[number]) for number in numbers)

    def inside(self, number: int) -> _Numbers:
        """The lines of the statement, of a compound one the header's, that this one is of; among them itself."""
        return self._inside.get(number, frozenset()) | {number}

    def is_inline(self, number: int) -> bool:
        """Whether a lambda or a comprehension is in this line, and no function begins or goes on there."""
        others: tuple[Collection[int], ...] = (self.paused, self._anywhere, self._classes, self._defined)
        return number in self._inline and not any(number in lines for lines in others)

    def leads(self, number: int, raised: bool = False) -> _Numbers | None:
        """The lines that may run behind this one in the same Python frame, `LEFT` if that may be left; None: any.

        `raised`: there was an exception in it.
        """
        if number in self._loose or number not in self._flow.after:
            return None
        after = self._whole(self._endless.get(number, self._flow.after[number])) | self._inside.get(number, frozenset())
        if not raised:
            return after
        if number in self.paused:  # an exception may be how what is waited for ends
            return None
        caught = self._whole(self._flow.caught.get(number, (LEFT,)))
        return caught | after if number in self._loops else caught

    def _whole(self, numbers: Iterable[int]) -> _Numbers:
        """A statement over several lines may begin with any of them."""
        return frozenset().union(*(self.inside(number) for number in numbers))

    def calls(self, number: int, done: int = 0) -> _Numbers | None:
        """The lines of functions, lambdas and comprehensions that may be called in the midst of this line; None: any, of executed text, too.
        `done`: how many have been."""
        if self.executes:
            return None
        words = {word for line in self.inside(number) for word in _WORD.findall(self._flow.lines[line])}
        named = (line for line, names in self._defined.items() if names & words)
        own = (self._inline | self._classes) & self.inside(number)
        if done >= self._most.get(number, done + 1):
            return frozenset(self._kept - own)
        return frozenset(named) | self._anywhere | self._kept | own

    def is_alone(self, number: int) -> bool:
        """Whether there is one comprehension in this line's statement, and nothing else that is called there."""
        return all(self._counts.get(line, 0) <= 1 for line in self.inside(number))

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self._used_up |= {id(part) for part in _used_up(node, self._names)}
        if isinstance(node, _INLINE):
            weight = 2 if isinstance(node, ast.Lambda) or len(lines(node)) > 1 else 1
            self._counts.update(dict.fromkeys(lines(node), weight))
            self._drawn.update(lines(node) if isinstance(node, ast.GeneratorExp) else ())
            self._inline.update(lines(node))
            self._kept.update(lines(node) if isinstance(node, _KEPT) and id(node) not in self._used_up else ())
        elif isinstance(node, PAUSES):
            self.paused |= set(header(node) if isinstance(node, ast.stmt) else lines(node))
        if isinstance(node, (ast.Try, ast.TryStar)):
            self._note_try(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            self._loose.update(header(node), *map(lines, _leaving(node.body)))
        if isinstance(node, DEFINITIONS):
            self._note_definition(node)

    def _note_statement(self, node: ast.stmt) -> None:
        own = header(node)
        if len(own) > 1:
            for number in own:
                self._inside[number] = self._inside.get(number, frozenset()) | set(own)
                self._flow.after.setdefault(number, self._flow.after.get(own[0], ()))
        again = len(own) == 1 and _may_jump_back(node)
        if again:
            self._inside[own[0]] = frozenset(own)
        counts = len(own) == 1 and not again and isinstance(node, _SURE) and own[0] not in self.sure
        if counts and not self._hidden:
            self._most[own[0]] = _most_calls(node)
        self.sure[own[0]] = sum(map(self._is_sure, _unconditional(node))) if counts and not self.executes else 0
        if isinstance(node, (ast.For, ast.AsyncFor, ast.Match)):
            self._loops.update(own)
        if isinstance(node, ast.Raise) and node.exc is None:
            self._loose.update(lines(node))
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
            self._note_endless(node)
        if isinstance(node, ast.Match):
            for case in node.cases:
                if len(own := header(case)) > 1:
                    self._loose.update(own)

    def _note_endless(self, node: ast.While) -> None:
        """A loop whose test is not asked: its header runs each time, and leads into it."""
        body = first_line(node.body[0])
        if isinstance(node.test, ast.Constant) and node.test.value and len(header(node)) == 1 and body > node.lineno:
            self._endless[node.lineno] = frozenset((body,))
        else:
            self._loose.update(lines(node))

    def _is_sure(self, node: ast.AST) -> bool:
        """Whether this gives a CALL where it is evaluated."""
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in self._plain
        # From 3.12 on, some are run as a part of the line.
        return isinstance(node, DISPLAYS) and not needs_its_function(node)

    def _note_try(self, node: ast.Try | ast.TryStar) -> None:
        for handler in node.handlers:
            self._loose.update(header(handler))
        if isinstance(node, ast.TryStar):
            self._loose.update(lines(node))
        if node.finalbody:
            self._loose.update(range(node.finalbody[0].lineno, (node.finalbody[-1].end_lineno or 0) + 1))
            rest = [*node.body, *node.orelse, *(part for handler in node.handlers for part in handler.body)]
            self._loose.update(*map(lines, _leaving(rest)))

    def _note_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        begin = range(first_line(node), node.lineno + 1)
        if isinstance(node, ast.ClassDef):
            self._classes.update(begin)
        elif node.name in self._hidden:
            self._anywhere.update(begin)
        else:
            names = self._making if node.name == _INITIALISER else frozenset((node.name,))
            self._defined.update(dict.fromkeys(begin, names))
        for number in begin:
            started = self._whole(self._flow.entered.get(number, ()))
            formats = any(map(_formats, ast.walk(node)))
            is_plain = isinstance(node, ast.FunctionDef) and started and LEFT not in started and not formats
            self.entries[number] = started if is_plain else None
            if is_plain and isinstance(node, ast.FunctionDef) and not _may_pause(node):
                self.quiet.add(number)
            self._loose.update(begin if formats else ())
        if not isinstance(node, ast.FunctionDef):
            self._loose.update(_own_lines(node))


def _used_up(call: ast.Call, own: Collection[str]) -> Iterator[ast.AST]:
    """Generator expressions and lambdas that nothing calls when this call has ended; `own`: names that the program binds."""
    match call.func:
        case ast.Name(id=name) if name in _TAKE and name not in own:
            yield from (arg for arg in call.args[:1] if isinstance(arg, ast.GeneratorExp))
        case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
            yield from call.args
        case ast.Attribute(attr="sort"):
            pass
        case _:
            return
    yield from (word.value for word in call.keywords if word.arg == "key")


def _own_lines(node: ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[int]:
    """All lines of an asynchronous function; of a class those that are not its methods'."""
    inside = [
        range(part.body[0].lineno, (part.end_lineno or 0) + 1)
        for part in node.body
        if isinstance(node, ast.ClassDef) and isinstance(part, ast.FunctionDef)
    ]
    own = range(first_line(node), (node.end_lineno or 0) + 1)
    return (number for number in own if not any(number in each for each in inside))


def _hidden(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Names of functions that lines without the name may call: methods, generators, and what is not only called or is decorated."""
    functions = [node for node in nodes if isinstance(node, FUNCTIONS)]
    if any(isinstance(node, ast.Name) and node.id in _LOOKS_UP for node in nodes):
        return frozenset(node.name for node in functions)
    classes = (node for node in nodes if isinstance(node, ast.ClassDef))
    methods = {part.name for node in classes for part in node.body if isinstance(part, FUNCTIONS)}
    plain = {name for name in methods if not name.startswith("__")} | {_INITIALISER}
    loose = methods if _has_strange_classes(nodes) else (methods - plain) | _handed_on(nodes)
    return frozenset(loose | (passed_on(nodes) - plain) | {node.name for node in functions if _may_pause(node)})


def _formats(node: ast.AST) -> bool:
    """Whether CPython 3.11 makes an f-string of this, without a line of its own: a function that begins with it may run its `def` line."""
    match node:
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=ast.Tuple()):
            return True
    return False


def _most_calls(node: ast.stmt) -> int:
    """How many CALLs a statement has at most, whose comprehensions and generator expressions may have any number."""
    parts = list(ast.walk(node))
    if any(isinstance(part, _INLINE) for part in parts):
        return 10**9
    return sum(isinstance(part, ast.Call) for part in parts)


def _has_strange_classes(nodes: Sequence[ast.AST]) -> bool:
    """Whether others than lines with their names may make objects of classes, and call their methods: where they are made from other modules',
    are decorated, or are not only called."""
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    names = {node.name for node in classes}
    bases = {id(base) for node in classes for base in node.bases}
    own = all(isinstance(base, ast.Name) and base.id in names | _BASES for node in classes for base in node.bases)
    called = _called(nodes)
    called |= {id(part) for node in nodes for each in _kinds_in(node) for part in ast.walk(each)}
    called |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    read = [node for node in nodes if isinstance(node, ast.Name) and node.id in names]
    return (
        not own
        or any(node.keywords or node.decorator_list for node in classes)
        or not all(id(node) in called | bases for node in read)
    )


def _called(nodes: Sequence[ast.AST]) -> set[int]:
    """The identities of what stands where it is called."""
    return {id(node.func) for node in nodes if isinstance(node, ast.Call)}


def _kinds_in(node: ast.AST) -> Iterator[ast.expr]:
    """Where a class is named and nothing is called."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kind]):
            yield kind
        case (
            ast.ExceptHandler(type=ast.expr() as kind)
            | ast.AnnAssign(annotation=kind)
            | ast.arg(annotation=ast.expr() as kind)
        ):
            yield kind
        case ast.FunctionDef(returns=ast.expr() as kind) | ast.MatchClass(cls=kind):
            yield kind
        case ast.Raise(exc=ast.expr() as kind):
            yield kind


def _handed_on(nodes: Sequence[ast.AST]) -> set[str]:
    """Methods that are named where they are not called, and decorated ones."""
    called = _called(nodes)
    decorated = {node.name for node in nodes if isinstance(node, FUNCTIONS) and node.decorator_list}
    return decorated | {node.attr for node in nodes if isinstance(node, ast.Attribute) and id(node) not in called}


def _unconditional(node: ast.AST) -> Iterator[ast.AST]:
    """Of an expression in a statement: all that is evaluated once for sure, and in this Python frame."""
    for part in ast.iter_child_nodes(node):
        yield part
        if not isinstance(part, (*_INLINE, *_CONDITIONAL)):
            yield from _unconditional(part)


def _may_jump_back(node: ast.stmt) -> bool:
    """Whether the compiler may put parts of its line before others, as in `return a or b if c else d`: the line runs again."""
    parts = list(header_parts(node))
    return all(any(isinstance(part, kind) for part in parts) for kind in (ast.IfExp, ast.BoolOp))


def _may_pause(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(node, ast.AsyncFunctionDef) or any(isinstance(part, PAUSES) for part in ast.walk(node))


def _leaving(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """What may leave these statements in their midst."""
    for statement in body:
        yield from (node for node in ast.walk(statement) if isinstance(node, _JUMPS))
