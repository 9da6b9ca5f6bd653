"""Objects of `collections` as frames show them: a `deque([1, 2])`, a `Counter({'a': 2})`, a `defaultdict(<class 'list'>, {})`, which are calls
that make them, of a list or a dict; and those of `re`, which are written as such calls here.

Knows how they are written, and what is in them; evaluates nothing. In which order a Counter was filled its text does not show.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection

CONTAINERS = frozenset(("Counter", "defaultdict", "deque"))
"""Classes of `collections` whose objects are shown as calls that make them."""
FACTORIES = frozenset("bool dict float int list set str tuple".split())
"""Types that a `defaultdict` may make its values of."""
TALLY = "Tally"
"""How a Counter is written whose order is that in which it was filled (`models.tallies`)."""
ORDERED = frozenset(("defaultdict", "deque", TALLY))
"""Those whose order their text shows."""
MATCH, PATTERN = "re_Match", "re_compile"
"""How matches and patterns are written: `re_Match(0, 2, 'ab')`, `re_compile('a+')`, the latter with flags in one number if it has some."""
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
_FLAGS = {
    "re.IGNORECASE": 2,
    "re.LOCALE": 4,
    "re.MULTILINE": 8,
    "re.DOTALL": 16,
    "re.VERBOSE": 64,
    "re.ASCII": 256,
}  # in the order in which they are shown
_FRAMED = re.compile(
    rf"<re\.Match object; span=\((?P<start>\d+), (?P<end>\d+)\), match=(?P<whole>b?(?:{_STRING}))>"
    rf"|re\.compile\((?P<pattern>b?(?:{_STRING}))(?:, (?P<flags>[\w.|]+))?\)"
    rf"|{_STRING}|defaultdict\(<class '(?P<kind>\w+)'>, ",
    re.DOTALL,
)
_PLAIN = re.compile(
    rf"{MATCH}\((?P<start>\d+), (?P<end>\d+), (?P<whole>b?(?:{_STRING}))\)"
    rf"|{PATTERN}\((?P<pattern>b?(?:{_STRING}))(?:, (?P<flags>\d+))?\)"
    rf"|{_STRING}|defaultdict\((?P<kind>{'|'.join(sorted(FACTORIES))}), ",
    re.DOTALL,
)
WITH_GROUPS = re.compile(rf"({MATCH}\(\d+, \d+, b?(?:{_STRING})), \[.*\], \{{.*\}}, \[.*\]\)", re.DOTALL)
"""A match with its groups, the numbers of their names, and where they are."""
_STRANGE = ("defaultdict(", "re.", "re_")  # what one of those has in it
_SHOWN = 50  # characters of what a match has, in `repr`


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
    """A value without what no Python reads: `defaultdict(list, {})` for `defaultdict(<class 'list'>, {})`, and matches."""
    return _respelled(value, _FRAMED, _as_call)


def _as_call(found: re.Match[str]) -> str:
    if found["kind"]:
        return f"defaultdict({found['kind']}, "
    if found["whole"]:
        return f"{MATCH}({found['start']}, {found['end']}, {found['whole']})"
    flags = [_FLAGS.get(flag, -1) for flag in (found["flags"] or "").split("|") if flag]
    if not found["pattern"] or -1 in flags:
        return found[0]
    return f"{PATTERN}({found['pattern']}{f', {sum(flags)}' if flags else ''})"


def as_in_frames(value: str) -> str:
    """The opposite of `plain`."""
    return _respelled(value, _PLAIN, _as_shown)


def _respelled(value: str, parts: re.Pattern[str], spell: Callable[[re.Match[str]], str]) -> str:
    """`parts` has texts, too, which stay as they are."""
    return parts.sub(spell, value) if any(strange in value for strange in _STRANGE) else value


def _as_shown(found: re.Match[str]) -> str:
    if found["kind"]:
        return f"defaultdict(<class '{found['kind']}'>, "
    if found["whole"]:
        return f"<re.Match object; span=({found['start']}, {found['end']}), match={found['whole'][:_SHOWN]}>"
    if not found["pattern"]:
        return found[0]
    flags = "|".join(flag for flag, number in _FLAGS.items() if int(found["flags"] or 0) & number)
    return f"re.compile({found['pattern']}{f', {flags}' if flags else ''})"


def default_of(value: str) -> tuple[str, str] | None:
    """The dict in a `defaultdict`, as `plain` gives it, and what it has for a key that it has not yet; None for others."""
    kind, comma, rest = value.removeprefix("defaultdict(").partition(", ")
    if not value.startswith("defaultdict(") or not comma or kind not in FACTORIES:
        return None
    return rest.removesuffix(")"), _EMPTY[kind]
