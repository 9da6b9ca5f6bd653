"""What the statements of a source can do to variables, and which variables its functions have: read off its tree and its compiled code.

Nothing is run. What may do anything, as a call of a function of the program may to a list, is told apart from what leaves all as it is. Of
expressions, only names and literals have values here.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType

from cwm_trace.models.statements import (
    DEFINITIONS,
    DISPLAYS,
    PAUSES,
    Statement,
    header,
    header_parts,
    lines,
    parsed,
    passed_on,
)

_KEEPING = """abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float format frozenset hash hex int isinstance issubclass
len list map max min oct ord pow print range repr reversed round set slice sorted str sum tuple type zip"""
_CHANGING = """add append clear difference_update discard extend insert intersection_update pop popitem remove reverse setdefault sort
symmetric_difference_update update"""
_KEEPS = frozenset(_KEEPING.split()) & frozenset(dir(builtins))
_BUILT_IN = (bool, bytes, complex, dict, float, frozenset, int, list, range, set, slice, str, tuple)
_METHODS = frozenset(name for kind in _BUILT_IN for name in dir(kind)) - frozenset(_CHANGING.split())
_NAMED = re.compile(
    r"(?!True|False|None|[bB]')[A-Za-z_]\w*[(\[{<:]|<[A-Za-z_]\w*[ (:]"
)  # how texts begin that are no literal's
_UNQUIET = (*PAUSES, ast.AugAssign, ast.With, ast.Import, ast.ImportFrom)
# From 3.12 on these are compiled into the function around them (PEP 709); traces are as if they were not.
_DISPLAYS_HAVE_CODE = any(isinstance(part, CodeType) for part in compile("[x for x in ()]", "", "eval").co_consts)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


class Bindings:
    """The statements of one source, by the numbers of their lines, from 1 on.

    Attributes:
        stores: the names that a line may bind or delete in its own function.
        binds: of a line that is all of one assignment: the names that it binds if nothing is raised.
        touches: the names that a line may bind, or whose values it may change, but for what functions of the program do.
        touches_before: the same, but for what it does when all else in it has been done.
        unbinds: the names that a line may delete.
        quiet: the lines that leave every value as it is, if no value is an object of a class of the program.
        deleted: all names that are deleted somewhere.
        plain: of a line that is all of one `x = ...` or `return ...`: what stands there, and the name that is bound, "" for none.
        shows_anything: whether an object may be shown as a number or a text is.
        giving: lines by which a function may be left with something else than None.
        calls: of a line: its calls of functions by their names.
        unclear: names of several functions, of a function and a variable, of what is decorated, and of what is not only called.
        shared: names that are bound from other functions than their own, or from comprehensions, and those of exceptions that are
            handled, which end with a handler.
        handled: the latter.
        codes: compiled functions, lambdas and comprehensions, by the line that begins them.
        uncoded: lines that begin some that are not compiled.
        mixed: variables of these, which stand among those of the function around them.
    """

    def __init__(self, source: str) -> None:
        self.stores: dict[int, frozenset[str]] = {}
        self.binds: dict[int, frozenset[str]] = {}
        self.touches: dict[int, frozenset[str]] = {}
        self.touches_before: dict[int, frozenset[str]] = {}
        self.unbinds: dict[int, frozenset[str]] = {}
        self.deleted: frozenset[str] = frozenset()
        self.quiet: set[int] = set()
        self.plain: dict[int, tuple[str, ast.expr | None]] = {}
        self.giving: set[int] = set()
        self.shows_anything = "__repr__" in source
        self.calls: dict[int, list[ast.Call]] = {}
        self._unquiet: dict[int, list[ast.AST]] = {}
        self.unclear: set[str] = set()
        self.shared: set[str] = set()
        self.handled: set[str] = set()
        self.codes: dict[int, list[CodeType]] = {}
        self.uncoded: set[int] = set()
        self.mixed: set[str] = set()
        tree = parsed(source)
        if tree is None:
            return
        nodes = list(ast.walk(tree))
        names = [node.name for node in nodes if isinstance(node, DEFINITIONS)]
        self.shows_anything = source.count("__repr__") > sum(map(_shows_a_name, nodes))
        self._own = set(names)
        self._bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self._bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self.unclear = {name for name in names if names.count(name) > 1} | (self._own & self._bound)
        self.unclear |= passed_on(nodes)
        for node in nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self.shared.update(node.names)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.shared.add(node.name)
                self.handled.add(node.name)
            elif isinstance(node, (*DISPLAYS, ast.GeneratorExp)):
                self.shared.update(part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
            self.giving.update(_giving(node))
            if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                self._note(node)
        self.deleted = frozenset().union(*self.unbinds.values())
        if not _DISPLAYS_HAVE_CODE:
            displays = [node for node in nodes if isinstance(node, DISPLAYS)]
            self.uncoded = {node.lineno for node in displays}
            inner = [part for node in displays for part in ast.walk(node) if isinstance(part, ast.Name)]
            self.mixed = {part.id for part in inner if isinstance(part.ctx, ast.Store)}
        has_classes = any(isinstance(node, ast.ClassDef) for node in nodes)
        self.quiet = set() if has_classes else set(self.stores) - set(self._unquiet)
        self._compile(tree)

    def _note(self, node: Statement) -> None:
        parts, own = list(header_parts(node)), header(node)
        stored, deleted = frozenset(_stored(node, parts)), frozenset(_deleted(parts))
        changing = [part for part in parts if self._is_unquiet(part)]
        if isinstance(node, _UNQUIET) or getattr(node, "decorator_list", None):
            changing.append(node)
        for number in own:
            is_alone = number not in self.stores and len(own) == 1
            self.binds[number] = stored if is_alone and isinstance(node, _ASSIGNMENTS) else frozenset()
            self.plain.pop(number, None)
            if is_alone and (plain := _plain(node)):
                self.plain[number] = plain
            self.calls.setdefault(number, []).extend(_calls(parts))
            if changing:
                self._unquiet.setdefault(number, []).extend(changing)
            self.stores[number] = self.stores.get(number, frozenset()) | stored
            before = self.touches_before.get(number, frozenset()) | frozenset(self._touched(node, parts))
            self.touches_before[number] = before
            self.touches[number] = (
                self.touches.get(number, frozenset()) | before | stored | frozenset(_last_touched(node))
            )
            self.unbinds[number] = self.unbinds.get(number, frozenset()) | deleted

    def is_quiet_but_for(self, number: int, call: ast.Call) -> bool:
        """Whether nothing else in the line may change a value."""
        return all(part is call for part in self._unquiet.get(number, ()))

    def _touched(self, node: Statement, parts: Iterable[ast.AST]) -> Iterator[str]:
        """The names whose values a statement may change: by methods, items, and functions that are not the program's."""
        last = node.value if isinstance(node, ast.Expr) else None  # what it does when all else in it has been done
        for part in parts:
            match part:
                case ast.Call(func=ast.Attribute(value=value)) if part is not last:
                    yield from _root(value)
                case (
                    ast.Subscript(value=value, ctx=ast.Store() | ast.Del())
                    | ast.Attribute(value=value, ctx=ast.Store() | ast.Del())
                ):
                    yield from _root(value)
            if isinstance(part, ast.Call) and not self._keeps(part.func) and not self._is_own(part.func):
                yield from (each for arg in part.args for each in _root(arg))

    def _is_own(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and function.id in self._own

    def _is_unquiet(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            return not (self._keeps(node.func) and all(self._is_data(part) for part in given))
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            return not isinstance(node.ctx, ast.Load)
        return isinstance(node, _UNQUIET)

    def _keeps(self, function: ast.expr) -> bool:
        """Whether this is a function, or a method, that leaves all values as they are, but for those it is given."""
        if isinstance(function, ast.Name):
            return function.id in _KEEPS - self._own - self._bound
        return isinstance(function, ast.Attribute) and function.attr in _METHODS

    def _is_data(self, node: ast.expr) -> bool:
        """Whether this is no function that may do anything."""
        if isinstance(node, ast.Name):
            return node.id in self._bound - self._own or self._keeps(node)
        return not isinstance(node, ast.Attribute) or self._keeps(node)

    def _compile(self, tree: ast.Module) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                left: list[object] = [compile(tree, "", "exec", dont_inherit=True)]
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
        while left:
            code = left.pop()
            if isinstance(code, CodeType):
                self.codes.setdefault(code.co_firstlineno, []).append(code)
                left += code.co_consts
        self.codes[1] = [code for code in self.codes.get(1, []) if code.co_name != "<module>"]


def literal(expression: ast.expr) -> str | None:
    """The value of a literal, as a trace shows it; None for what is none, and for sets, which have no order."""
    if any(isinstance(part, ast.Set) for part in ast.walk(expression)):
        return None
    try:
        return repr(ast.literal_eval(expression))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def arguments(code: CodeType) -> tuple[str, ...]:
    """The parameters of a function, in the order of its variables."""
    stars = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]


def variables(code: CodeType) -> tuple[str, ...]:
    """All variables of a function; its frames show those that are bound at once in this order."""
    return tuple(dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))


def _shows_a_name(node: ast.AST) -> bool:
    """Whether this is a `__repr__` whose texts all begin with a name, as `f"Point({self.x})"` does."""
    if not isinstance(node, ast.FunctionDef) or node.name != "__repr__":
        return False
    given = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
    return bool(given) and all(map(_begins_with_name, given))


def _begins_with_name(text: ast.expr | None) -> bool:
    match text:
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(begun)), *_])
            | ast.Constant(value=str(begun))
            | ast.BinOp(left=ast.Constant(value=str(begun)), op=ast.Mod())
        ):
            return bool(_NAMED.match(begun))
        case ast.BinOp(left=left, op=ast.Add()):
            return _begins_with_name(left)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(begun)), attr="format")):
            return bool(_NAMED.match(begun))
    return False


def _giving(node: ast.AST) -> Iterable[int]:
    """The lines of what gives something back; a `with` and a `finally` may stand between that and the end of a function."""
    match node:
        case ast.Return() | ast.Yield() | ast.YieldFrom() | ast.Await():
            return lines(node)
        case ast.With() | ast.AsyncWith():
            return header(node)
        case ast.Try(finalbody=[first, *_]) | ast.TryStar(finalbody=[first, *_]):
            return range(first.lineno, (node.end_lineno or 0) + 1)
    return ()


def _last_touched(node: Statement) -> Iterator[str]:
    """The variable that a statement changes by the method or the operator that it consists of."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))):
            yield from _root(value)
        case ast.AugAssign(target=target):
            yield from _root(target)


def _root(value: ast.expr) -> Iterator[str]:
    """The variable that something is, or is a part of."""
    while isinstance(value, (ast.Subscript, ast.Attribute, ast.Starred)):
        value = value.value
    if isinstance(value, ast.Name):
        yield value.id


def _stored(node: ast.AST, parts: Iterable[ast.AST]) -> Iterator[str]:
    if isinstance(node, DEFINITIONS) or (isinstance(node, ast.ExceptHandler) and node.name):
        yield str(node.name)
    parts = list(parts)
    own = {id(inner) for part in parts if isinstance(part, ast.comprehension) for inner in ast.walk(part.target)}
    for part in parts:
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load) and id(part) not in own:
            yield part.id
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]
        elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
            yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest


def _deleted(parts: Iterable[ast.AST]) -> Iterator[str]:
    return (part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del))


def _plain(node: Statement) -> tuple[str, ast.expr | None] | None:
    if isinstance(node, ast.Return):
        return "", node.value
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    return None


def _calls(parts: Iterable[ast.AST]) -> Iterator[ast.Call]:
    return (part for part in parts if isinstance(part, ast.Call) and isinstance(part.func, ast.Name))
