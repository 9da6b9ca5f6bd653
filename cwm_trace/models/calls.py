"""Which function of its program a line calls next, and what that is given, where the line's names have values in their place.

Knows Python's expressions, in which order their parts are done, and how arguments are bound to parameters; evaluates nothing but literals. What
is called by other names than its own, what is decorated and what begins to run later, as generators do, is not followed.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cwm_trace.models.bindings import literal
from cwm_trace.models.comprehensions import outermost, taken_by
from cwm_trace.models.constants import bound_by, defaults_of, passed_in
from cwm_trace.models.containers import unwrapped
from cwm_trace.models.items import dict_together, items_of, tuple_together
from cwm_trace.models.known import all_known
from cwm_trace.models.memos import SHOWN, cached_of
from cwm_trace.models.operations import CACHED, ITERATORS, as_shown, changed_name, is_operand, put, roots
from cwm_trace.models.scopes import class_of, generators_of
from cwm_trace.models.statements import (
    DEFINITIONS,
    DISPLAYS,
    FUNCTIONS,
    ITERATOR,
    PAUSES,
    first_line,
    first_reading,
    own_parts,
    parsed,
    readings,
    span,
    statement_of,
    text_of,
)
from cwm_trace.tracer.comprehensions import needs_its_function

_HOOKS = frozenset(("__getattr__", "__getattribute__", "__call__", "__new__"))
_LATER = (*DISPLAYS, ast.GeneratorExp, ast.NamedExpr, *PAUSES)  # in which order is not followed

_SETTERS = re.compile(r"\b(?:__set\w*|__slots__|setter|frozen|\w*[nN]amed\w*[tT]uple|Enum)\b")
_SMALL = re.compile(r"-?\d{1,9}")
_QUIET = (ast.List, ast.Tuple, ast.Set, ast.Starred, ast.JoinedStr)  # besides their parts

_MANY = "*"
_LAMBDA = "<function <lambda>>"  # of a module
OWN = 0
TAKE_ALL = frozenset("Counter deque dict extend frozenset join list max min set sorted sum tuple".split())
"""Functions and methods that take from an iterator until it ends."""
TAKERS = TAKE_ALL | {"any", "all"}
"""And those that may end before."""
_VIEWS: Mapping[str, Iterable[object]] = {"items": {}.items(), "keys": {}.keys(), "values": {}.values()}
_ITSELF = frozenset(("enumerate", "filter", "map", "zip"))  # their own iterators


class Handed(NamedTuple):
    """A call that is next.

    Attributes:
        number: of the line that begins the function; `OWN`: it is the line itself, as of a comprehension or a lambda.
        values: what its parameters are, as far as that is known.
    """

    number: int
    values: Mapping[str, str]


_Function: TypeAlias = ast.FunctionDef | ast.Lambda


class _Called(NamedTuple):
    """A function, and what it has as its first argument besides those that are written; "" for nothing, None: unknown."""

    function: _Function
    receiver: str | None = ""


class Asked(NamedTuple):
    """A line that asks a function about items.

    Attributes:
        source: with a lambda in its place.
        name: of the function.
    """

    source: str
    name: str


class Functions:
    """What can be called by its name in one source.

    Attributes:
        plain: functions that are no methods.
        generators: those that give items one by one.
        looks_up: whether an attribute may be more than that.
        sets_plainly: whether to bind an attribute runs nothing of the program, and raises nothing.
        pauses: whether there are generators, or expressions that are.
        defined: of a line that is all of one definition of a function: its name, and what a frame shows of it.
        lambdas: those that have names, by these.
        values: what names of the module are that are no variables of a function, as frames show it; "lambda": what one is that stands as an
            argument, where all of these look alike.
    """

    def __init__(self, source: str) -> None:
        nodes = list(ast.walk(tree)) if (tree := parsed(source)) else []
        bound = Counter(name for node in nodes for name in bound_by(node))
        at_top = Counter(_bound_at_top(tree) if tree else ())
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        methods = {id(part) for node in classes for part in node.body}
        self.plain = {
            node.name: node
            for node in nodes
            if isinstance(node, ast.FunctionDef)
            and id(node) not in methods
            and (bound[node.name] == 1 or at_top[node.name] == 1)
            and _runs_at_once(node)
        }
        self._cached = cached_of(source)
        self.generators = {
            node.name: node
            for node in nodes
            if isinstance(node, ast.FunctionDef) and id(node) not in methods and node.name in generators_of(source)
        }
        self.pauses = any(isinstance(node, (*PAUSES, ast.GeneratorExp)) for node in nodes)
        self._elsewhere = {name for name in self.plain if bound[name] > 1}
        self._classes = {node.name: node for node in classes if bound[node.name] == 1 and not _is_special(node)}
        stored = {node.attr for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)}
        defined = [part for node in classes for part in node.body if isinstance(part, FUNCTIONS)]
        self._unclear = stored | {part.name for part in defined if part.decorator_list}
        self.sets_plainly = not _SETTERS.search(source)
        self.looks_up = any(part.name in _HOOKS or part.decorator_list for part in defined)
        named = list(_definitions(tree)) if tree else []
        self._names = {name: full for node, name, full in named if isinstance(node, ast.ClassDef)}
        self.defined = {
            node.lineno: {name: f"<function {full}>"}
            for node, name, full in named
            if isinstance(node, (*FUNCTIONS, ast.Assign)) and not getattr(node, "decorator_list", None)
        } | {cached.node.lineno: {name: SHOWN} for name, cached in self._cached.items()}
        self.lambdas = {
            name: node.value
            for node, name, _ in named
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and bound[name] == 1
        }
        self._askable: Mapping[str, _Function] = {**self.plain, **self.lambdas}
        placed = _placed(tree) if tree else ()
        self._looks = {node: f"<function {around}<lambda>>" for node, around in placed if isinstance(node, ast.Lambda)}
        values = {id(node) for node in self.lambdas.values()}
        handed = {look for node, look in self._looks.items() if id(node) not in values}
        top = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} if tree else set()
        self.values = {name: f"<function {name}>" for name in top & self.plain.keys() if bound[name] == 1}
        self.values |= {name: self._looks[node] for name, node in self.lambdas.items() if self._looks[node] == _LAMBDA}
        self.values |= {"lambda": handed.pop()} if len(handed) == 1 else {}

    def method(self, kind: str, name: str) -> ast.FunctionDef | None:
        """That of a class, or of the class that it is made from; None: none that is known."""
        seen: set[str] = set()
        while kind in self._classes and kind not in seen and name not in self._unclear:
            seen.add(kind)
            found = [part for part in self._classes[kind].body if name in _bound_in_class(part)]
            if found:
                return _plain(found[0]) if len(found) == 1 else None
            match self._classes[kind].bases:
                case [ast.Name(id=base)]:
                    kind = base
                case _:
                    return None
        return None

    def _shown(self, kind: str) -> str | None:
        """An object of a class that is shown by that alone; None: it may be shown otherwise."""
        plain = kind in self._names and self.method(kind, "__repr__") is None and not self._has_bases(kind)
        return f"<__main__.{self._names[kind]} object>" if plain else None

    def _has_bases(self, kind: str) -> bool:
        """Whether a class is made from one that is not among these."""
        match self._classes[kind].bases:
            case [] | [ast.Name(id="object")]:
                return False
            case [ast.Name(id=base)] if base in self._classes and base != kind:
                return self._has_bases(base)
        return True

    def of(self, call: ast.Call, names: Mapping[str, str]) -> _Called | None:
        """What a call runs; None: unknown, or nothing of the program."""
        match call.func:
            case ast.Name(id=name) if name.startswith(CACHED) and name.removeprefix(CACHED) in self._cached:
                return _Called(self._cached[name.removeprefix(CACHED)].node)
            case ast.Name(id=name) if name in self.plain:
                return None if name in self._elsewhere and name in names else _Called(self.plain[name])
            case ast.Name(id=name) if (found := self._lambda(name, names)) is not None:
                return _Called(found)
            case ast.Name(id=name):
                made = self.method(name, "__init__")
                return None if made is None else _Called(made, self._shown(name))
            case ast.Attribute(value=ast.Call(func=ast.Name(id=own)) as made_here, attr=attr) if self.is_bare(
                made_here
            ):
                method = self.method(own, attr)
                return None if method is None else _Called(method, self._shown(own))
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if kind := class_of(names.get(name, "")):
                method = self.method(kind, attr)
                return None if method is None else _Called(method, names[name])
        return None

    def _lambda(self, name: str, names: Mapping[str, str]) -> ast.Lambda | None:
        """What a variable is, if that is known; None where it is none, or it may be one of several."""
        shown = names.get(name, self.values.get(name, ""))
        if not shown.endswith("<lambda>>"):
            return None
        if name in self.lambdas:
            return self.lambdas[name]
        found = [node for node, look in self._looks.items() if look == shown]
        return found[0] if len(found) == 1 else None

    def bare(self, call: ast.Call) -> str | None:
        """An object that a call makes without a CALL of anything, as a frame shows it; None where it does not."""
        return self._shown(call.func.id) if self.is_bare(call) and isinstance(call.func, ast.Name) else None

    def is_bare(self, call: ast.expr) -> bool:
        """Whether a call makes an object without a CALL of anything."""
        match call:
            case ast.Call(func=ast.Name(id=kind), args=[], keywords=[]) if kind in self._classes:
                return not self._has_bases(kind) and self.method(kind, "__init__") is None
        return False

    def asked_by_name(self, source: str) -> Asked | None:
        """A line, or a header, with a lambda in place of the function that is asked about each item in it, as in `map(f, x)`; None where there
        is none."""
        if (reading := first_reading(source)) is None:
            return None
        text, statement = reading
        found = [part for node in ast.walk(statement) for part in _asked_in(node) if part.id in self._askable]
        if len(found) != 1 or not (parameters := self._askable[found[0].id].args.args):
            return None
        name = parameters[0].arg
        return Asked(put(text, *span(text, found[0], found[0]), f"lambda {name}: {name}"), found[0].id)

    def about(self, name: str, item: str) -> Handed | None:
        """Its CALL about an item; None where it wants more than that."""
        bound = _bound(self._askable[name].args, [item], {})
        if bound is None:
            return None
        return Handed(
            first_line(self._askable[name]), {each: value for each, value in bound.items() if value is not None}
        )

    def has_free(self, name: str, variable: str) -> bool:
        """Whether a function has a variable of one around it."""
        function = self._cached[name].node if name in self._cached else self.plain.get(name)
        if function is None:
            return False
        bound = {each for node in own_parts(function) for each in bound_by(node) if not isinstance(node, ast.Nonlocal)}
        return variable not in bound | {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}

    def left_of(self, name: str, line: str, variable: str, names: Mapping[str, str], last: str) -> str | None:
        """What a variable of a line is behind a call of a function in it, "" where it was not handed over, None where that is unknown.

        `names`, `last`: the function's variables when its last line began to run, and that line.
        """
        statement = statement_of(line)
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)] if statement else []
        own = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name]
        parameters = {_parameter(self.plain.get(name), call, variable) for call in own}
        if not own or len(parameters) > 1 or None in parameters:
            return None
        (parameter,) = parameters
        return "" if not parameter else None if touches(last, parameter, names) else names.get(parameter)


def _asked_in(node: ast.AST) -> Iterator[ast.Name]:
    match node:
        case ast.Call(func=ast.Name(id="map" | "filter"), args=[ast.Name() as name, _], keywords=[]):
            yield name
        case ast.Call(func=ast.Name(id="sorted" | "max" | "min") | ast.Attribute(attr="sort"), keywords=words):
            yield from (word.value for word in words if word.arg == "key" and isinstance(word.value, ast.Name))


def _bound_at_top(tree: ast.Module) -> Iterator[str]:
    """What a module's own lines bind, once for each time; nothing where a function may, too."""
    inside = {
        id(part) for node in ast.walk(tree) if isinstance(node, (*DEFINITIONS, ast.Lambda)) for part in ast.walk(node)
    } - {id(node) for node in tree.body}
    shared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    for node in ast.walk(tree):
        if id(node) not in inside:
            yield from (name for name in bound_by(node) if name not in shared)


def _parameter(function: ast.FunctionDef | None, call: ast.Call, variable: str) -> str | None:
    """The parameter that a variable is handed over as, and stays; "" where it is not; None where that is unknown."""
    places = [place for place, arg in enumerate(call.args) if _names_in(arg) & {variable}]
    if not places and not any(_names_in(word.value) & {variable} for word in call.keywords):
        return ""
    if function is None or len(places) != 1 or any(isinstance(arg, ast.Starred) for arg in call.args):
        return None
    positional = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    if places[0] >= len(positional) or not isinstance(call.args[places[0]], ast.Name):
        return None
    parameter = positional[places[0]]
    again = any(parameter in bound_by(node) for node in ast.walk(function) if not isinstance(node, ast.arg))
    return None if again else parameter


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def touches(line: str, name: str, names: Mapping[str, str]) -> bool:
    """Whether a line may change what a name stands for."""
    statement = statement_of(line.strip())
    if statement is None or name in passed_in(line.strip(), names):
        return True
    nodes = list(ast.walk(statement))
    return any(changed_name(node) == name or name in bound_by(node) for node in nodes)


def _definitions(block: ast.AST) -> Iterator[tuple[ast.AST, str, str]]:
    """The functions, classes and named lambdas in a block, with their names, and what they are called in full."""
    for node, around in _placed(block):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node, name, f"{around}{name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
                yield node, name, f"{around}<lambda>"


def _placed(block: ast.AST, around: str = "") -> Iterator[tuple[ast.AST, str]]:
    """All that is in a block, and how the full names begin of what is defined there."""
    for node in ast.iter_child_nodes(block):
        yield node, around
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from _placed(node, f"{around}{name}.<locals>.")
            case ast.ClassDef(name=name):
                yield from _placed(node, f"{around}{name}.")
            case ast.Lambda():
                yield from _placed(node, f"{around}<lambda>.<locals>.")
            case _:
                yield from _placed(node, around)


@lru_cache(maxsize=4)
def functions_of(source: str) -> Functions:
    """Those of a source."""
    return Functions(source)


def first_call(text: str, functions: Functions, names: Mapping[str, str]) -> Handed | None:
    """The CALL of a generator that a loop goes through first: `gen(5)`; None where it is no call of one."""
    match statement_of(text):
        case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if name in functions.generators:
            return _handed(_Called(functions.generators[name]), call, text, names)
    return None


def taken_first(text: str, functions: Functions, names: Mapping[str, str]) -> Handed | None:
    """The same of one from which a line takes all: `list(gen(5))`; None where something else may be done before."""
    for _, reading, _ in readings(text):
        if (statement := statement_of(reading)) is None:
            continue
        for node in (node for root, _ in roots(statement) for node in done(root)):
            match node:
                case ast.Attribute() if not functions.looks_up:
                    continue
                case ast.Call(func=ast.Name(id=name)) if name in functions.generators and name not in names:
                    taking = taken_by(node, statement)
                    return (
                        _handed(_Called(functions.generators[name]), node, reading, names)
                        if taking and taking[0] in TAKE_ALL
                        else None
                    )
            return None
    return None


def has_calls(line: str, functions: Functions, names: Mapping[str, str]) -> bool:
    """Whether a line has a call, or a comprehension, that may be next."""
    return any(
        isinstance(node, (*DISPLAYS, ast.GeneratorExp))
        or (isinstance(node, ast.Call) and functions.of(node, names) is not None)
        for _, text, _ in readings(line)
        if (statement := statement_of(text)) is not None
        for node in ast.walk(statement)
    )


def next_call(
    line: str, functions: Functions, names: Mapping[str, str], source: str = "", ended: int = 0
) -> Handed | None:
    """The call that is done first of all that is left to do in a line; None where that is something else, or raises. `names`: the variables,
    for those that stand in the line as they are; `source`: the line as it is written, of which so many comprehensions have `ended`."""
    for _, text, _ in readings(line):
        if (statement := statement_of(text)) is None:
            continue
        for node in (node for root, _ in roots(statement) for node in done(root)):
            if (isinstance(node, ast.Attribute) and not functions.looks_up) or (
                isinstance(node, ast.Call) and functions.is_bare(node)
            ):
                continue
            if isinstance(node, DISPLAYS) and not needs_its_function(node):
                return Handed(OWN, _begun(node, source, names, ended))
            if isinstance(node, ast.GeneratorExp):
                return Handed(OWN, _begun(node, source, names, ended)) if _is_taken(node, statement) else None
            called = functions.of(node, names) if isinstance(node, ast.Call) else None
            if called is None or not isinstance(node, ast.Call):
                return None
            return _handed(called, node, text, {**functions.values, **names})
        return None
    return None


def done(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that do something, in Python's order; of what is not certain to be done only the first."""
    if is_operand(node):
        return
    match node:
        case ast.Lambda() | ast.Name():
            return
        case (
            ast.GeneratorExp(generators=[first, *_])
            | ast.ListComp(generators=[first, *_])
            | ast.DictComp(generators=[first, *_])
            | ast.SetComp(generators=[first, *_])
        ):
            yield from done(first.iter)
            yield node
        case _ if isinstance(node, _LATER):
            yield node
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(test=first):
            yield from done(first)
            yield node
        case ast.Call(func=function, args=args, keywords=keywords):
            yield from done(function.value if isinstance(function, ast.Attribute) else function)
            for part in (*args, *keywords):
                yield from done(part)
            yield node
        case ast.Dict(keys=keys, values=values):
            for part in (part for pair in zip(keys, values, strict=True) for part in pair if part is not None):
                yield from done(part)
        case _:
            for part in ast.iter_child_nodes(node):
                yield from done(part)
            if isinstance(node, ast.expr) and not isinstance(node, _QUIET):
                yield node


def _is_taken(drawn: ast.GeneratorExp, statement: ast.stmt) -> bool:
    """Whether a call takes from it as soon as it is made."""
    if (taking := taken_by(drawn, statement)) is None:
        return False
    name, call = taking
    return name in TAKERS and all(map(is_operand, (*call.args[1:], *(word.value for word in call.keywords))))


def _begun(node: ast.expr, source: str, names: Mapping[str, str], ended: int) -> Mapping[str, str]:
    """What a comprehension is given: the iterator over the first thing that it goes through, and variables from around it."""
    kinds = (*DISPLAYS, ast.GeneratorExp)
    reading = first_reading(source)
    written = [*outermost(reading[1])][ended:] if reading else []
    if not written or type(written[0]) is not type(node) or not isinstance(node, kinds) or node.generators[0].is_async:
        return {}
    first = written[0].generators[0]
    # The compiler makes a tuple of a list that is written there.
    as_tuple = isinstance(first.iter, ast.List) and not _has_stars(first.iter)
    shown = type(iter(())).__name__ if as_tuple else _iterator(node.generators[0].iter)
    around = {name: names[name] for name in _read_in(written[0]) if name in names}
    return around if shown is None else {**around, ITERATOR: f"<{shown} object>"}


def _read_in(comprehension: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> set[str]:
    """Names that it has not for itself, nor only for what it goes through first."""
    first = {id(node) for node in ast.walk(comprehension.generators[0].iter)}
    found = [node for node in ast.walk(comprehension) if isinstance(node, ast.Name) and id(node) not in first]
    return {node.id for node in found} - {node.id for node in found if isinstance(node.ctx, ast.Store)}


def _has_stars(items: ast.List) -> bool:
    return any(isinstance(item, ast.Starred) for item in items.elts)


def _iterator(over: ast.expr) -> str | None:
    """The name of the class of an iterator over this."""
    match over:
        case ast.Constant(value=str(value)) | ast.Constant(value=bytes(value)):
            return type(iter(value)).__name__
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() if is_operand(over):
            empty: Iterable[object] = {ast.List: [], ast.Tuple: (), ast.Set: set(), ast.Dict: {}}[type(over)]
            return type(iter(empty)).__name__
        case ast.Call(func=ast.Name(id="range"), args=args) if all(map(_is_small, args)):
            return type(iter(range(0))).__name__
        case ast.Call(func=ast.Name(id=name)) if name in _ITSELF:
            return name
        case ast.Call(func=ast.Name(id=name)) if name.startswith(ITERATORS) and hasattr(
            itertools, own := name.removeprefix(ITERATORS)
        ):
            return f"itertools.{own}"
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[]) if attr in _VIEWS and _is_dict(value):
            return type(iter(_VIEWS[attr])).__name__
        case ast.Call() if _is_dict(over):
            return type(iter({})).__name__
    return None


def _is_dict(value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) or isinstance(unwrapped(value), ast.Dict)


def _is_small(number: ast.expr) -> bool:
    """Whether it is a number of which ranges are of the usual kind."""
    return bool(_SMALL.fullmatch(ast.unparse(number)))


def _handed(called: _Called, call: ast.Call, text: str, names: Mapping[str, str]) -> Handed | None:
    parameters = called.function.args
    given = [value for arg in call.args for value in _values(arg, text, names)]
    if _MANY in given or any(word.arg is None for word in call.keywords):
        return Handed(first_line(called.function), {})
    given = given if called.receiver == "" else [called.receiver, *given]
    words = {word.arg: _value(word.value, text, names) for word in call.keywords if word.arg}
    bound = _bound(parameters, given, words)
    if bound is None:
        return None
    return Handed(first_line(called.function), {name: value for name, value in bound.items() if value is not None})


_Values = Mapping[str, str | None]


def _bound(parameters: ast.arguments, given: Sequence[str | None], words: _Values) -> dict[str, str | None] | None:
    """What each parameter is, None: unknown; None where they do not fit."""
    positional = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
    alone = {arg.arg for arg in parameters.posonlyargs}
    bound: dict[str, str | None] = dict(zip(positional, given, strict=False))
    named = {*positional, *(arg.arg for arg in parameters.kwonlyargs)} - alone
    over = {name: value for name, value in words.items() if name not in named}
    rest = list(given[len(positional) :])
    if any(name in bound for name in words if name in named):
        return None
    if (rest and parameters.vararg is None) or (over and parameters.kwarg is None):
        return None
    bound |= {name: value for name, value in words.items() if name in named}
    for name, default in _defaults(parameters):
        bound.setdefault(name, default)
    if not named <= bound.keys() or not alone <= bound.keys():
        return None
    if parameters.vararg:
        bound[parameters.vararg.arg] = None if (known := all_known(rest)) is None else tuple_together(known)
    if parameters.kwarg:
        values = all_known(over.values())
        bound[parameters.kwarg.arg] = (
            None if values is None else dict_together(zip(map(repr, over), values, strict=True))
        )
    return bound


def _defaults(parameters: ast.arguments) -> Iterator[tuple[str, str | None]]:
    """Of the parameters that have one; None for what may have been changed, or is no literal."""
    for name, value in defaults_of(parameters):
        if value is not None:
            changes = any(isinstance(part, (ast.List, ast.Dict, ast.Set)) for part in ast.walk(value))
            yield name, None if changes else literal(value)


def _values(node: ast.expr, text: str, names: Mapping[str, str]) -> list[str | None]:
    """Of one argument; `_MANY` where it is an unknown number of them."""
    if not isinstance(node, ast.Starred):
        return [_value(node, text, names)]
    items = items_of(node.value, text)
    return [_MANY] if items is None else [*items]


def _value(node: ast.expr, text: str, names: Mapping[str, str]) -> str | None:
    """As a frame shows it; None: unknown."""
    if isinstance(node, ast.Lambda):
        return names.get("lambda")
    return names.get(node.id) if isinstance(node, ast.Name) else as_shown(text_of(node, text))


def _plain(statement: ast.stmt) -> ast.FunctionDef | None:
    return statement if isinstance(statement, ast.FunctionDef) and _runs_at_once(statement) else None


def _bound_in_class(statement: ast.stmt) -> Iterator[str]:
    """What a statement of a class's body binds there."""
    if isinstance(statement, DEFINITIONS):
        yield statement.name
    else:
        yield from (name for node in ast.walk(statement) for name in bound_by(node))


def _runs_at_once(function: ast.FunctionDef) -> bool:
    """Whether a call of it is a CALL of it: no decorator is around it, and it is no generator."""
    return not function.decorator_list and not any(isinstance(node, PAUSES) for node in own_parts(function))


def _is_special(node: ast.ClassDef) -> bool:
    """Whether more happens when an object is made of it than that it is initialised."""
    return bool(node.decorator_list or node.keywords) or any(
        name in _HOOKS for part in node.body for name in _bound_in_class(part)
    )
