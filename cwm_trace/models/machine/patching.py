"""What a program has put into modules (`time.sleep = fake`), and its own module where it is asked for as one.

Sources of the library that are followed have it in their names, too. Knows nothing of what modules have besides.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.naming import no_member
from cwm_trace.models.machine.values import UNSET, Names, Value


def own_space(m: Interpreter, module: str) -> dict[str, Value] | None:
    """The names of the program's module, or of one beside it; None: it is another one."""
    space = m.bottom.space
    return space if module == space.get("__name__") else m.own.get(module)


def names(space: dict[str, Value]) -> Names:
    """The same as a dict: what is put there is bound."""
    return Names(list(space), list(space.values()), space=space)


def patch(m: Interpreter, module: str, name: str, value: Value) -> None:
    """Bind a name in a module; `UNSET`: it is bound no more."""
    for space in _spaces(m, module):
        if value is not UNSET:
            space[name] = value
        else:
            space.pop(name, None)
    m.patched[module, name] = value


def patched(m: Interpreter, module: str, name: str) -> Value:
    """What has been put there. Raises Raised where it has been deleted."""
    if (value := m.patched[module, name]) is UNSET:
        raise no_member(module, name)
    return value


def of_own(m: Interpreter, space: dict[str, Value], name: str) -> Value:
    """What the program's module has under a name. Raises Raised."""
    if name == "__dict__":
        return names(space)
    if name not in space:
        raise no_member(space["__name__"], name)
    return space[name]


def _spaces(m: Interpreter, module: str) -> list[MutableMapping[str, Value]]:
    known = (own_space(m, module), m.modules.get(module), m.shipped.get(module))
    return [space for space in known if space is not None]
