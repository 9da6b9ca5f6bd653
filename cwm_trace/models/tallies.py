"""In which order a Counter was filled, which frames do not show: that of the first occurrences in what it counted, where a program makes it so
once and changes neither.

Knows Python's trees and literals. What is in that order is written `Tally({...})`, as what stands in a line in place of the name.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from cwm_trace.models.constants import bound_by
from cwm_trace.models.containers import TALLY, unwrapped
from cwm_trace.models.inline import read
from cwm_trace.models.items import dict_together, is_text, is_whole, items_of, shown
from cwm_trace.models.operations import changed_name
from cwm_trace.models.statements import parsed, statement_of

_CHANGES = frozenset(("subtract", "update"))


@lru_cache(maxsize=4)
def tallied_in(source: str) -> Mapping[str, str]:
    """The names that a source binds once, to a Counter of what another name stands for that is bound once, by which name that is."""
    tree = parsed(source)
    if tree is None or "Counter" not in source:
        return {}
    nodes = list(ast.walk(tree))
    bound = Counter(name for node in nodes for name in bound_by(node))
    changed = {changed_name(node) for node in nodes} | {name for node in nodes for name in _changed_by_method(node)}
    found: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="Counter") | ast.Attribute(attr="Counter"), args=[ast.Name(id=counted)]
                ),
            ) if bound[name] == bound[counted] == 1 and not {name, counted} & changed:
                found[name] = counted
    return found


def _changed_by_method(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _CHANGES:
            return [name]
    return []


def with_tallies(line: str, tallied: Mapping[str, str], names: Mapping[str, str]) -> str:
    """A line with Counters in their order in place of their names."""
    if not tallied:
        return line
    parts = read(line)
    made = []
    for number, token in enumerate(parts.tokens):
        is_read = token.kind == "name" and token.text in tallied and number not in parts.bound
        made.append((is_read and _in_order(token.text, tallied[token.text], names)) or token.text)
    return "".join(made)


def _in_order(name: str, counted: str, names: Mapping[str, str]) -> str | None:
    value, over = names.get(name, ""), names.get(counted, "")
    one, other = statement_of(value), statement_of(over)
    if not isinstance(one, ast.Expr) or not isinstance(other, ast.Expr) or not isinstance(one.value, ast.Call):
        return None
    inner, items = unwrapped(one.value), items_of(other.value, over)
    if not isinstance(inner, ast.Dict) or items is None or not (all(map(is_text, items)) or all(map(is_whole, items))):
        return None
    counts = {key: shown(count, value) for key, count in zip(items_of(inner, value) or (), inner.values, strict=False)}
    first = dict.fromkeys(items)
    if first.keys() != counts.keys():
        return None
    return f"{TALLY}({dict_together((key, counts[key] or '') for key in first)})"
