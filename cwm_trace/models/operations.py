"""Operations on values alone in a line of which notes have made such: which one Python does first, and the line with what it gives in its place.

`return len('abc'.split('b')) + 1` is three operations. Done one by one, each is of a kind that is frequent in training data, and what it is done
on stands before it. What is not certain to be done, and what changes a value, stays as it is: a part of a comprehension, what stands behind
`and` and `or`, `pop`. Knows Python's expressions; evaluates nothing.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.models.bindings import literal
from cwm_trace.models.containers import CONTAINERS, FACTORIES, MATCH, PATTERN, TALLY, unwrapped
from cwm_trace.models.fields import SHOWN, TEXT, put_together
from cwm_trace.models.statements import DISPLAYS, kept, readings, span, statement_of, text_of

_LONGEST = 40_000  # characters of a line
_MOST = 16  # operations of a line
_FUNCTIONS = frozenset(
    "abs all any ascii bin bool chr dict divmod float format hex int isinstance len list max min oct ord pow repr round sorted str sum"
    " tuple".split()
)
# What they give has no text of its own, or one in no certain order: it is part of the operation around it.
_PARTIAL = frozenset("enumerate filter frozenset iter map range reversed set zip".split())
EXCEPTIONS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
)
"""Names of Python's own, which are shown as calls that make them."""
_VIEWS = frozenset(("items", "keys", "values"))
CHANGES = frozenset(
    "add append appendleft clear difference_update discard extend extendleft heapify heappop heappush heappushpop heapreplace insert insort"
    " insort_left insort_right intersection_update pop popitem popleft remove reverse rotate setdefault sort symmetric_difference_update"
    " update".split()
)
"""Methods, and functions that `models.modules` spells so, that change a value."""
CACHED = "cached_"
"""How the names of functions begin that keep what they give (`models.memos`)."""
LIBRARY = ("bisect_", "copy_", "heapq_", "math_", "re_", CACHED)
"""How the names of functions begin that `models.modules` spells."""
ITERATORS = "itertools_"
"""The same, of those that give an iterator."""
_CLOSED = (ast.Lambda, ast.JoinedStr, ast.NamedExpr)  # nothing is worked out in these


class Operation(NamedTuple):
    """An operation in a line.

    Attributes:
        text: as it stands there.
        start, end: where.
        known: what comes in its place if its first part is a value: the part of it that Python goes on with; "": it must be done.
    """

    text: str
    start: int
    end: int
    known: str = ""


def worked(line: str, ask: Callable[[str], str | None]) -> str:
    """The line with values in place of its operations, but for a test and for what stands alone.

    `ask` is given an operation and tells the text of what it gives; None: unknown, which leaves it and what is around it.
    """
    for _ in range(_MOST):
        operation = first_operation(line)
        if operation is None:
            break
        value = operation.known or ask(operation.text)
        if value is None or not (operation.known or is_value(value)):
            break
        line = put(line, operation.start, operation.end, value)
    return line


@lru_cache(maxsize=10_000)
def first_operation(line: str) -> Operation | None:
    """The first operation of a line that is sure to be done, on values alone, and is no test; None where there is none."""
    if len(line) > _LONGEST:
        return None
    for start, text, augments in readings(line):
        statement = statement_of(text)
        if statement is None:
            continue
        parts = ((root, kept and not augments) for root, kept in roots(statement))
        found = next((node for root, kept in parts if (node := _first(root, root if kept else None))), None)
        if found is None:
            return None
        begins, ends = (start + place for place in span(text, found, found))
        return Operation(line[begins:ends], begins, ends, _known(found, text))
    return None


@kept
def is_value(text: str) -> bool:
    """Whether a text is a literal, or a display of such."""
    statement = statement_of(text) if len(text) <= _LONGEST else None
    return isinstance(statement, ast.Expr) and _is_value(statement.value)


def as_shown(text: str) -> str | None:
    """A value as a frame shows it, None where it is none; the order of a set is as it stands there."""
    statement = statement_of(text) if is_value(text) else None
    if not isinstance(statement, ast.Expr):
        return None
    node = statement.value
    if isinstance(node, ast.Call) and node.args:  # of an exception
        args = [text_of(arg, text) for arg in node.args]
        shown = [arg if arg in FACTORIES else as_shown(arg) or "" for arg in args]
        return f"{text_of(node.func, text)}({', '.join(shown)})"
    bare = isinstance(node, ast.Tuple) and node.elts and node.elts[0].col_offset == 0
    return literal(node) or (f"({text})" if bare else text)


def bindings_of(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names that an assignment binds, and to what, as far as that stands there."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        if len(target.elts) == len(value.elts) and not any(isinstance(part, ast.Starred) for part in target.elts):
            for one, part in zip(target.elts, value.elts, strict=True):
                yield from bindings_of(one, part)


def changed_name(node: ast.AST) -> str:
    """The name whose value a node changes, as `x += y` does a list's, and `x[0].append(y)`; "" for none."""
    match node:
        case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) | ast.AugAssign(target=ast.Name() as value):
            return root_of(value)
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in CHANGES:
            return root_of(value)
    return ""


def root_of(value: ast.expr) -> str:
    """The variable that something is, or is an item of, or of an item of; "" for none."""
    while isinstance(value, ast.Subscript):
        value = value.value
    return value.id if isinstance(value, ast.Name) else ""


def roots(statement: ast.stmt) -> Iterator[tuple[ast.expr, bool]]:
    """Its expressions, and whether what each gives is not a value that goes on: of a test, the way; of an expression alone, nothing."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            yield value, False
            yield from ((target, True) for target in targets)
        case ast.AugAssign(target=target, value=value):
            yield from ((target, True), (value, False))
        case ast.AnnAssign(value=ast.expr() as value) | ast.Return(value=ast.expr() as value):
            yield value, False
        case ast.Expr(value=value):
            yield value, True
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            yield test, True
        case ast.For(iter=items):
            yield items, False
        case ast.Delete(targets=targets):
            yield from ((target, True) for target in targets)


def _first(node: ast.AST, kept: ast.expr | None) -> ast.expr | None:
    """The first operation on values alone, innermost first; not `kept` itself."""
    for part in _sure_parts(node):
        if (found := _first(part, kept)) is not None:
            return found
    if isinstance(node, (ast.BoolOp, ast.IfExp)) and _decided(node) is not None:
        return node
    if node is kept or not isinstance(node, ast.expr) or is_operand(node):
        return None
    operands = _operands(node)
    return node if operands is not None and all(map(is_operand, operands)) else None


def truth_of(value: str) -> bool | None:
    """Whether a value counts as true; None where it is none."""
    statement = statement_of(value)
    return _truth(statement.value) if isinstance(statement, ast.Expr) else None


def _decided(node: ast.BoolOp | ast.IfExp) -> bool | None:
    """Whether its first part holds, where that is a value."""
    return _truth(node.test if isinstance(node, ast.IfExp) else node.values[0])


def _truth(test: ast.expr) -> bool | None:
    match test:
        case ast.Constant(value=value) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if (
            value is not ...
        ):
            return bool(value)
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return False
        case ast.Name() | ast.UnaryOp(op=ast.USub(), operand=ast.Name()) if _is_value(test):
            return True
        case ast.Call(func=ast.Name(id=name)) if name in (MATCH, PATTERN):
            return True
        case ast.Call() if (inner := unwrapped(test)) is not None:
            return _truth(inner)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts) if _is_value(
            test
        ):
            return bool(parts)
    return None


def _known(node: ast.expr, text: str) -> str:
    """What is left of it where its first part is known, or it only puts texts together; "" for an operation."""
    if isinstance(node, ast.Call):
        return put_together(node, text) or ""
    if not isinstance(node, (ast.BoolOp, ast.IfExp)):
        return ""
    yes = bool(_decided(node))
    if isinstance(node, ast.IfExp):
        left: Sequence[ast.expr] = (node.body if yes else node.orelse,)
    else:
        left = node.values[1:] if yes is isinstance(node.op, ast.And) else node.values[:1]
    begins, ends = span(text, left[0], left[-1])
    return text[begins:ends]


def _sure_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that are sure to be done, and of which it does not change what they give."""
    match node:
        case _ if isinstance(node, (*DISPLAYS, ast.GeneratorExp)):
            yield node.generators[0].iter
        case _ if isinstance(node, _CLOSED):
            return
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(test=first):
            yield first
        case ast.Subscript(slice=index, ctx=ast.Store() | ast.Del()):
            yield index
        case ast.Call(func=ast.Attribute(attr=name), args=args, keywords=keywords) if name in CHANGES:
            yield from args
            yield from keywords
        case _:
            yield from ast.iter_child_nodes(node)


def _operands(node: ast.expr) -> Sequence[ast.AST] | None:
    """What an operation is done on; None where it is none, or not one to be asked for."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args, keywords=keywords) if name not in CHANGES:
            return [value, *args, *(keyword.value for keyword in keywords)]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if (
            name in _FUNCTIONS or name in (SHOWN, TEXT) or name in CONTAINERS or name.startswith(LIBRARY)
        ):
            return [*args, *(keyword.value for keyword in keywords)]
        case ast.BinOp(left=left, right=right) if not (_is_function(left) or _is_function(right)):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Compare(left=left, comparators=others):
            return [left, *others]
        case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if not _is_function(value):
            return [value, index]
        case ast.Attribute(value=ast.Call(func=ast.Name(id="type"), args=[value], keywords=[]), attr="__name__"):
            return [value]
        case ast.List(elts=parts, ctx=ast.Load()) | ast.Tuple(elts=parts, ctx=ast.Load()) if any(
            isinstance(part, ast.Starred) for part in parts
        ):
            return [part.value if isinstance(part, ast.Starred) else part for part in parts]
        case ast.Dict(keys=keys, values=values) if None in keys:
            return [*(key for key in keys if key is not None), *values]
    return None


def _is_function(node: ast.expr) -> bool:
    """Whether this is the name of a function, which may be a variable's of which nothing is known."""
    return isinstance(node, ast.Name) and node.id != "inf"


def is_operand(node: ast.AST) -> bool:
    """Whether an operation may be done on it as it stands: a value, a builtin function, what has no text of its own."""
    match node:
        case ast.Name(id=name) if name != "inf":
            return name in _FUNCTIONS or name in _PARTIAL
        case ast.Attribute(value=ast.Name(id="str")):  # a method as a function
            return True
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _PARTIAL:
            return all(map(is_operand, args))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name.startswith(ITERATORS):
            return all(map(is_operand, (*args, *(word.value for word in keywords))))
        case ast.Call(args=args) if is_finding(node):
            return all(map(is_operand, args))
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[], keywords=[]) if name in _VIEWS:
            return _is_value(value) or _is_tally(value)
        case ast.Call() if _is_tally(node):
            return True
        case ast.Starred(value=value):
            return isinstance(value, (ast.List, ast.Tuple)) and _is_value(value)
        case ast.Slice(lower=lower, upper=upper, step=step):
            return all(part is None or _is_value(part) for part in (lower, upper, step))
    return isinstance(node, ast.expr) and _is_value(node)


def is_finding(node: ast.AST) -> bool:
    """Whether it goes through the matches of a pattern that was compiled before."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=kind)), attr="finditer")):
            return kind == PATTERN
    return False


def _is_value(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return all(map(_is_value, items))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and _is_value(key) for key in keys) and all(map(_is_value, values))
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return True
        case ast.Name(id="inf") | ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return True
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in EXCEPTIONS or name in (MATCH, PATTERN):
            return all(map(_is_value, args))
        case ast.Call():
            inner = None if _is_tally(node) else unwrapped(node)  # which is shown in another order
            return inner is not None and _is_value(inner)
    return False


def _is_tally(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == TALLY


def put(line: str, start: int, end: int, value: str) -> str:
    """The line with a value in place of a part of it, and of parentheses that only group that."""
    before, behind = line[:start], line[end:]
    grouped = before.endswith("(") and behind.startswith(")")
    if grouped and not before[:-1].endswith((")", "]", "'", '"')) and not before[-2:-1].isidentifier():
        before, behind = before[:-1], behind[1:]
    if value.startswith("-") and behind.lstrip().startswith(("**", ".", "[")):
        value = f"({value})"
    return before + value + behind
