"""What Python's library has under a name, as far as it may be looked at: nothing is called, and no module imported that does something.

Knows nothing of the machine's values.
"""

from __future__ import annotations

import builtins
import sys
from importlib import import_module
from typing import Any

MODULES = frozenset(
    "abc asyncio bisect builtins collections collections.abc contextlib copy dataclasses datetime decimal enum fractions functools heapq io"
    " itertools json math numbers operator queue random re statistics string struct sys textwrap threading time types typing weakref".split()
)
"""Modules that may be imported to look at them."""
MISSING: Any = object()
"""That there is nothing of a name, or that it may not be looked at."""


def may_be_looked_at(module: str) -> bool:
    """Whether a module is one of these, or of the library and there already."""
    return module in MODULES or (module in sys.modules and module.partition(".")[0] in sys.stdlib_module_names)


def looked_up(name: str) -> Any:
    """What the library has under a dotted name, as `collections.deque.append`; `MISSING`: nothing, or it may not be looked at."""
    if hasattr(builtins, name.partition(".")[0]):
        name = f"builtins.{name}"
    module, _, attribute = name.partition(".")
    while attribute and may_be_looked_at(f"{module}.{attribute.partition('.')[0]}"):
        more, _, attribute = attribute.partition(".")
        module = f"{module}.{more}"
    if not attribute or not may_be_looked_at(module):
        return MISSING
    found: Any = import_module(module)
    for part in attribute.split("."):
        found = MISSING if found is MISSING else getattr(found, part, MISSING)
    return found
