"""What modules of the library have. Some are followed by sources of our own (`sources/`), whose frames no trace shows.

What such a source leaves out of its module, or of one of its classes, is not known, unless Python's own source is followed, too
(`machine.shipped`). It calls `followed.lost()` where it does not go on. Where its name ends in `_amended`, it is run behind Python's own, in
its names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cwm_trace.models.machine import beside, naming, patching, shipped
from cwm_trace.models.machine.active import Body, Call, Work
from cwm_trace.models.machine.code import Code
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.looked_up import may_be_looked_at
from cwm_trace.models.machine.naming import SHARED, listed, of_module
from cwm_trace.models.machine.values import Builtin, Function, Lost, Module, Raised, Value, dict_from, known
from cwm_trace.tracer.record import compile_source

FOLLOWED = "followed"
"""The module that sources take from what the machine alone can tell (`machine.followed`)."""
_OTHERWISE = {
    **{"os.path": "posixpath", "_collections_abc": "collections.abc", "_sha512": "hashlib", "_sha2": "hashlib"},
    **{"decimal": "_pydecimal", "_csv": "csv", "pyexpat": "xml.parsers.expat", "math.integer": "math"},
    **({"datetime": "_pydatetime"} if shipped.path("_pydatetime").is_file() else {}),
}
"""Modules that are another one, on the systems that are followed."""
_INNER = ("math.integer",) if hasattr(math, "integer") else ()
"""Modules in others that are written in C; PEP 791."""
_OF_C = {"_heapq": ("heapq", "heapify heappop heappush heappushpop heapreplace".split())}
"""Modules whose functions the machine has as those of another one."""
_IN_PART = {"collections": ("ChainMap", "UserDict", "UserList", "UserString"), "csv": ("Sniffer",)}
"""Modules of which only so much is followed by Python's own source."""
_ELSEWHERE = {
    "io": ("_files", "BufferedRandom BufferedReader BufferedWriter FileIO TextIOWrapper".split()),
    "json.decoder": ("json", ["JSONDecodeError", "JSONDecoder"]),
    "json.encoder": ("json", ["JSONEncoder"]),
    "re": ("_re_flags", ["RegexFlag", *re.RegexFlag.__members__]),
    "secrets": ("hmac", ["compare_digest"]),
}
"""Modules of which some names are in another source, which not every program needs, or are of another one."""
WRITTEN_IN_C = frozenset(("_elementtree", "_pickle", "_statistics", "nt"))
"""Modules that Python's sources do without, too, and that are not followed."""
_IN_C = frozenset(
    "_functools _weakref _operator _struct _io _collections _bisect _json _contextvars _queue _asyncio".split()
)
"""Modules of C of which the ones of these names without `_` have all."""
STREAMS = ("stdin", "stdout", "stderr")
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
    if module in m.own and name not in m.own[module] and (yield from beside.loaded(m, f"{module}.{name}")):
        return Module(f"{module}.{name}")
    full = f"{module}.{name}"
    if full in _INNER or full not in shipped.HIDDEN and shipped.is_module(full):
        return Module(full)
    module = place_of(module)
    if (module, name) in m.patched:
        return patching.patched(m, module, name)
    if (own := patching.own_space(m, module)) is not None:
        return patching.of_own(m, own, name)
    if name == "__dict__":
        return (yield from _all_of(m, module))
    if module == "sys" and name.strip("_") in STREAMS:
        put = None if name.startswith("_") else m.streams.get(name)
        return put if put is not None else (yield from _stream(m, name.strip("_")))
    if module == "sys" and name == "modules":
        return m.imported
    if (told := naming.of_import(module, name)) is not None:
        return told
    if module in _OF_C:
        of, names = _OF_C[module]
        if name not in names:
            raise Lost(name)
        return Builtin(f"{of}.{name}")
    of, names = _ELSEWHERE.get(module, (module, []))
    if name in names:
        module = of
    if module in _names():
        space = yield from _space(m, module)
        is_told = is_ours or module.startswith("_") or not name.startswith("_") or naming.has(module, name)
        if name in space and is_told:
            return space[name]
    if module in shipped.MODULES or name in _IN_PART.get(module, ()):
        space = yield from _shipped(m, module)
        if name not in space and isinstance(hook := space.get("__getattr__"), Function):  # PEP 562
            return (yield Call(hook, [name], {}))
        return shipped.attribute(m, module, name)
    return of_module(module, name)


def _stream(m: Interpreter, name: str) -> Work:
    """A standard stream as it was before the program put another one there."""
    return helper(m, "_files" if name == "stdin" else "io", f"_{name}")


def place_of(module: str) -> str:
    """The module that has the names of this one."""
    module = _OTHERWISE.get(module, module)
    return module.removeprefix("_") if module in _IN_C else module


def _all_of(m: Interpreter, module: str) -> Work:
    """A dict of all that a module has; what is not known of it is unknown."""
    found: dict[str, Value] = {}
    for name in naming.all_of(module):
        try:
            found[name] = yield from member(m, module, name)
        except (Lost, Raised):
            found[name] = m.unknown()
    return dict_from(found)


def _shipped(m: Interpreter, module: str) -> Work:
    """The names of one of Python's modules, on which a source of our own may have the last word."""
    is_new = module not in m.shipped
    space = shipped.names(m, module)
    amended = f"{shipped.KNOWN_AS.get(module, module)}_amended"
    if is_new and amended in _names():
        yield Body(Function(_code(amended), space, qualname="<module>"), space)
    return space


def everything(m: Interpreter, module: str, is_ours: bool) -> Work:
    """What `from module import *` binds. Raises Lost."""
    if module in m.own:
        return _public(m.own[module])
    module = place_of(module)
    if module in _OF_C:
        of, names = _OF_C[module]
        return {name: Builtin(f"{of}.{name}") for name in names}
    if module in shipped.MODULES and module not in _names():
        space = yield from _shipped(m, module)
    elif module in _names() and module not in SHARED and (is_ours or not may_be_looked_at(module)):
        space = yield from _space(m, module)
    else:
        found = {}
        for name in listed(module, is_ours):
            try:
                found[name] = yield from member(m, module, name)
            except Lost:
                found[name] = m.unknown()
        return found
    names = space.get("__all__")
    if names is None:
        return _public(space)
    found = {}
    for name in known(names) if isinstance(known(names), tuple) else known(names).items:
        found[name] = yield from member(m, module, name)
    return found


def _public(space: Mapping[str, Value]) -> dict[str, Value]:
    names = space.get("__all__")
    told = None if names is None else list(known(names) if isinstance(known(names), tuple) else known(names).items)
    return {name: space[name] for name in ([each for each in space if each[:1] != "_"] if told is None else told)}


def helper(m: Interpreter, module: str, name: str) -> Work:
    """What a source of our own has for the machine, which programs do not meet; None: nothing of that name."""
    return (yield from _space(m, module)).get(name)


def _space(m: Interpreter, module: str) -> Work:
    if module not in m.modules:
        space = m.modules[module] = {"__name__": module}
        code = _code(module)
        yield Body(Function(code, space, qualname="<module>"), space)
    return m.modules[module]
