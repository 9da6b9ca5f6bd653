"""Modules of the program's own that lie beside its file: they are read, and followed as it is; their frames no trace shows.

Knows how Python finds a module in the folder of a script (`sys.path[0]`). Looks at the texts of such modules only, and runs none.
"""

from __future__ import annotations

from pathlib import Path

from cwm_trace.errors import InputError
from cwm_trace.models.machine.active import Body, Work
from cwm_trace.models.machine.code import Code
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.values import Function, Lost, Module, Value
from cwm_trace.tracer.record import compile_source
from cwm_trace.tracer.run import read_source


def loaded(m: Interpreter, name: str) -> Work:
    """Run a module, and the packages that it is in, if they lie there; whether they do. Raises Raised, Lost."""
    parts = name.split(".")
    for number in range(1, len(parts) + 1):
        own = ".".join(parts[:number])
        if own not in m.own and not (yield from _load(m, own)):
            return False
    return True


def is_there(m: Interpreter, name: str) -> bool:
    """Whether such a module is beside the program."""
    return name in m.own or _file(m, name) is not None


def lines_of(m: Interpreter, file: str) -> list[str]:
    """The lines of a file of the program's; none: it is none of these."""
    own = {str(space.get("__file__")) for space in (m.bottom.space, *m.own.values())}
    return read_source(file).splitlines(keepends=True) if m.start.path and file in own else []


def _file(m: Interpreter, name: str) -> Path | None:
    if m.folder is None:
        return None
    place = m.folder.joinpath(*name.split("."))
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


def _load(m: Interpreter, name: str) -> Work:
    if (file := _file(m, name)) is None:
        return False
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    space: dict[str, Value] = {"__name__": name, "__doc__": None, "__package__": package, "__file__": str(file)}
    m.own[name] = space | {"__builtins__": Module("builtins")}
    function = Function(_code(file, name), m.own[name], qualname="<module>")
    yield Body(function, m.own[name])
    above, _, last = name.rpartition(".")
    if above:
        m.own[above][last] = Module(name)
    m.imported.keys.append(name)
    m.imported.values.append(Module(name))
    return True


def _code(file: Path, name: str) -> Code:
    try:
        source = read_source(str(file))
        return Code(compile_source(source, str(file)), source, name)
    except (InputError, SyntaxError, ValueError, RecursionError, MemoryError):
        raise Lost(name) from None
