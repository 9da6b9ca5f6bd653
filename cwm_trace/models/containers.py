"""Objects of `collections` as frames show them: a `deque([1, 2])`, a `Counter({'a': 2})`, a `defaultdict(<class 'list'>, {})`, which are calls
that make them, of a list or a dict.

Knows how they are written, and what is in them; evaluates nothing. In which order a Counter was filled its text does not show.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

CONTAINERS = frozenset(("Counter", "defaultdict", "deque"))
"""Classes of `collections` whose objects are shown as calls that make them."""
FACTORIES = frozenset("bool dict float int list set str tuple".split())
"""Types that a `defaultdict` may make its values of."""
TALLY = "Tally"
"""How a Counter is written whose order is that in which it was filled (`models.tallies`)."""
ORDERED = frozenset(("defaultdict", "deque", TALLY))
"""Those whose order their text shows."""
_VIEWS = ("items", "keys", "values")
_EMPTY = {
    "bool": "False",
    "dict": "{}",
    "float": "0.0",
    "int": "0",
    "list": "[]",
    "set": "set()",
    "str": "''",
    "tuple": "()",
}
_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""  # which stay as they are
_FRAMED = re.compile(rf"{_STRING}|defaultdict\(<class '(\w+)'>, ", re.DOTALL)
_PLAIN = re.compile(rf"{_STRING}|defaultdict\(({'|'.join(sorted(FACTORIES))}), ", re.DOTALL)


def unwrapped(node: ast.expr) -> ast.List | ast.Dict | None:
    """What is in a `deque([...])`, a `Counter({...})` or a `defaultdict(list, {...})`; None for others."""
    match node:
        case ast.Call(func=ast.Name(id="deque"), args=[ast.List() as items], keywords=[]):
            return items
        case ast.Call(func=ast.Name(id="Counter" | "Tally"), args=[ast.Dict() as items], keywords=[]):
            return items
        case ast.Call(func=ast.Name(id="Counter"), args=[], keywords=[]):
            return ast.Dict([], [])
        case ast.Call(func=ast.Name(id="defaultdict"), args=[ast.Name(id=kind), ast.Dict() as items], keywords=[]) if (
            kind in FACTORIES
        ):
            return items
    return None


def opened(node: ast.expr, kinds: Collection[str]) -> ast.expr | None:
    """What is gone through of an object of one of these classes, or of a view of one: its list or dict, or the view of that; None for others."""
    match node:
        case ast.Call(func=ast.Name(id=kind)) if kind in kinds:
            return unwrapped(node)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=kind)) as outer, attr=attr), args=[]) if (
            kind in kinds and attr in _VIEWS and (inner := unwrapped(outer)) is not None
        ):
            return ast.Call(ast.Attribute(inner, attr), [], [])
    return None


def plain(value: str) -> str:
    """A value without the types in it that no Python reads: `defaultdict(list, {})` for `defaultdict(<class 'list'>, {})`."""
    return (
        _FRAMED.sub(lambda found: f"defaultdict({found[1]}, " if found[1] else found[0], value)
        if "defaultdict(" in value
        else value
    )


def as_in_frames(value: str) -> str:
    """The opposite of `plain`."""
    if "defaultdict(" not in value:
        return value
    return _PLAIN.sub(lambda found: f"defaultdict(<class '{found[1]}'>, " if found[1] else found[0], value)


def default_of(value: str) -> tuple[str, str] | None:
    """The dict in a `defaultdict`, as `plain` gives it, and what it has for a key that it has not yet; None for others."""
    kind, comma, rest = value.removeprefix("defaultdict(").partition(", ")
    if not value.startswith("defaultdict(") or not comma or kind not in FACTORIES:
        return None
    return rest.removesuffix(")"), _EMPTY[kind]
