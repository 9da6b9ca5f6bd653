"""Imports that a program leaves out because the site it was written for has made them: LeetCode's programs name `List` and `Counter` freely.

Reads programs as syntax trees. Which names a site offers is not published; these are those of the standard library's usual modules.
"""

from __future__ import annotations

import ast
import builtins
from functools import cache
from importlib import import_module
from types import ModuleType

from cwm_trace.eval.asserts import bound_names, free_names

MODULES = (
    "collections typing math itertools functools heapq bisect string operator random copy re fractions decimal sys"
).split()
"""In the order in which they are asked for a name: `Counter` is that of collections, not of typing."""


def missing_imports(source: str) -> tuple[list[str], set[str]]:
    """Import statements for the names that a program uses and nobody binds, and the names that no module in `MODULES` has.

    `math.sqrt` gives `import math`, `sqrt` gives `from math import sqrt`. Raises SyntaxError.
    """
    tree = ast.parse(source)
    names = free_names(tree) - bound_names(tree) - set(dir(builtins)) - {"__name__", "__file__"}
    bases = {node.value.id for node in ast.walk(tree) if _is_attribute_of_name(node)}  # type: ignore[attr-defined]
    modules = names & bases & set(MODULES)
    owners = {name: _owner(name) for name in names - modules}
    lines = [f"import {name}" for name in sorted(modules)]
    lines += [f"from {owner} import {name}" for name, owner in sorted(owners.items()) if owner]
    return lines, {name for name, owner in owners.items() if owner is None}


def _is_attribute_of_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _owner(name: str) -> str | None:
    return next((module for module in MODULES if name in _public(module)), None)


@cache
def _public(name: str) -> frozenset[str]:
    module = import_module(name)
    listed = getattr(module, "__all__", None) or [item for item in dir(module) if not item.startswith("_")]
    return frozenset(item for item in listed if not isinstance(getattr(module, item), ModuleType))
