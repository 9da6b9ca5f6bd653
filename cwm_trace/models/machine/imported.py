"""What modules of the library have. Some are followed by sources of our own (`sources/`), whose frames no trace shows.

What such a source leaves out of its module, or of one of its classes, is not known. It calls `followed.lost()` where it does not go on.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cwm_trace.models.machine.code import Code
from cwm_trace.models.machine.interpreter import Body, Interpreter, Work
from cwm_trace.models.machine.operators import of_module
from cwm_trace.models.machine.values import Builtin, Function
from cwm_trace.tracer.record import compile_source

FOLLOWED = "followed"
"""The module that sources take from what the machine alone can tell (`machine.followed`)."""
_SOURCES = Path(__file__).with_name("sources")


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in _SOURCES.glob("*.py"))


@lru_cache
def _code(module: str) -> Code:
    source = (_SOURCES / f"{module}.py").read_text(encoding="utf-8")
    return Code(compile_source(source, f"<{module}>"), source, module)


def member(m: Interpreter, module: str, name: str, is_ours: bool = False) -> Work:
    """What a module of the library has under a name; a source of ours may take what has a `_` in front. Raises Raised, Lost."""
    if module == FOLLOWED:
        return Builtin(f"{FOLLOWED}.{name}")
    if module in _names():
        space = yield from _space(m, module)
        if name in space and (is_ours or not name.startswith("_")):
            return space[name]
    return of_module(module, name)


def helper(m: Interpreter, module: str, name: str) -> Work:
    """What a source of our own has for the machine, which programs do not meet; None: nothing of that name."""
    return (yield from _space(m, module)).get(name)


def _space(m: Interpreter, module: str) -> Work:
    if module not in m.modules:
        space = m.modules[module] = {"__name__": module}
        code = _code(module)
        yield Body(Function(code, space, qualname="<module>"), space)
    return m.modules[module]
