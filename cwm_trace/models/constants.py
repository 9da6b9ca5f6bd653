"""Names that a module binds once, to a literal, and that nothing in it may change: what they stand for, no frame of a function shows. And the
opposite: what a call may change of the variables of the function that calls.

Knows Python's trees; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from cwm_trace.models.bindings import literal
from cwm_trace.models.operations import CHANGES, ITERATORS, LIBRARY, changed_name, root_of
from cwm_trace.models.statements import DEFINITIONS, FUNCTIONS, parsed, statement_of

# What they are given they leave as it is, and keep nothing of it.
_HARMLESS = frozenset("all any dict enumerate len list max min range reversed set sorted str sum tuple zip".split())
_BUILTINS = frozenset(dir(builtins))
_MUTABLE = (ast.List, ast.Dict, ast.Set)


@lru_cache(maxsize=4)
def constants_of(source: str) -> Mapping[str, str]:
    """The texts of their values, by their names; lists and dicts only where all that is done with them is to look at them."""
    tree = parsed(source)
    if tree is None:
        return {}
    nodes = list(ast.walk(tree))
    bound = Counter(name for node in nodes for name in bound_by(node))
    kept = {id(part) for node in nodes for part in _looked_at(node)}
    loose = {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in kept
    }
    found: dict[str, str] = {}
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                text = _told(value) if bound[name] == 1 and _may_be_kept(value, name in loose) else None
                if text is not None:
                    found[name] = text
    return found


def _told(value: ast.expr) -> str | None:
    """The text of a literal, or of a pattern of one."""
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr="compile"),
            args=[ast.Constant(value=str(pattern))],
            keywords=[],
        ):
            return f"re.compile({pattern!r})"
    return literal(value)


@lru_cache(maxsize=4)
def shared_of(source: str) -> frozenset[str]:
    """Names whose values other functions than their own may change, as those of functions inside, or another call of the same one."""
    tree, found = parsed(source), set[str]()
    for function in ast.walk(tree) if tree else ():
        if isinstance(function, (ast.Global, ast.Nonlocal)):
            found.update(function.names)
        if isinstance(function, FUNCTIONS):
            nodes = list(ast.walk(function))
            own = {name for node in nodes for name in bound_by(node)}
            found |= {name for node in nodes if (name := changed_name(node)) and name not in own}
            found |= {name for name, value in defaults_of(function.args) if isinstance(value, (*_MUTABLE, ast.Call))}
    return frozenset(found)


def defaults_of(parameters: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    """The parameters that may have a default, and what it is; None: one that has none."""
    positional = [*parameters.posonlyargs, *parameters.args]
    last = positional[len(positional) - len(parameters.defaults) :]
    yield from ((arg.arg, value) for arg, value in zip(last, parameters.defaults, strict=True))
    yield from ((arg.arg, value) for arg, value in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True))


@lru_cache(maxsize=4)
def repeats(source: str) -> bool:
    """Whether a program puts the same list or dict into several places, so that what changes one changes all."""
    tree = parsed(source)
    nodes = list(ast.walk(tree)) if tree else []
    lists = [
        side
        for node in nodes
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
        for side in (node.left, node.right)
        if isinstance(side, ast.List)
    ]
    keyed = (node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "fromkeys")
    items = (item for made in lists for item in made.elts)
    return next(keyed, None) is not None or not all(isinstance(item, (ast.Constant, ast.UnaryOp)) for item in items)


def passed_in(line: str, names: Mapping[str, str]) -> set[str]:
    """The variables that a line hands to functions which are not Python's own, or to methods of objects."""
    statement = statement_of(line)
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)] if statement else []
    own = [call for call in calls if not _is_pythons(call.func, names)]
    parts = (part for call in own for arg in (*call.args, *call.keywords) for part in ast.walk(arg))
    return {part.id for part in parts if isinstance(part, ast.Name)}


def touched_by(line: str) -> set[str]:
    """The variables on which a line calls methods, and those that it changes."""
    statement = statement_of(line)
    nodes = list(ast.walk(statement)) if statement else []
    receivers = {
        root_of(node.func.value)
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return receivers | {changed_name(node) for node in nodes} - {""}


def _is_pythons(function: ast.expr, names: Mapping[str, str]) -> bool:
    match function:
        case ast.Name(id=name):
            return name in _BUILTINS or name.startswith((*LIBRARY, ITERATORS, "functools_"))
        case ast.Attribute(value=ast.Constant() | ast.JoinedStr() | ast.List() | ast.Dict()):
            return True
        case ast.Attribute(value=ast.Name(id=name)):
            return not names.get(name, "<").startswith("<")
    return False


def _may_be_kept(value: ast.expr, loose: bool) -> bool:
    changing = [part for part in ast.walk(value) if isinstance(part, _MUTABLE)]
    return not changing or (changing == [value] and not loose)


def bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a node binds, anywhere."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.AugAssign(target=ast.Name(id=name)):  # once more than the name in it
            yield name
        case ast.alias(name=name, asname=other):
            yield (other or name).partition(".")[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case _ if isinstance(node, DEFINITIONS):
            yield node.name


def _looked_at(node: ast.AST) -> Iterator[ast.expr]:
    """The parts of a node that are looked at and left as they are."""
    match node:
        case ast.Subscript(value=value, ctx=ast.Load()):
            yield value
        case ast.Attribute(value=value, attr=attr) if attr not in CHANGES:
            yield value
        case ast.Compare(left=left, comparators=others):
            yield from (left, *others)
        case ast.For(iter=over) | ast.comprehension(iter=over):
            yield over
        case ast.Call(func=ast.Name(id=name), args=args) if name in _HARMLESS:
            yield from args
        case ast.Call(func=ast.Attribute(attr="join"), args=args):
            yield from args
