"""Cuts a function out of a module: a small program of the function and of the helpers, constants and imports that it needs.

Reads the text of modules and never runs it. What a name means is found by `symtable`, as the compiler has it. What cannot be cut, or needs
what a program of ours must not have, is left out with a reason.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cwm_trace.train.edits import Edit, Text, without_annotations, without_docstrings

MODULES = frozenset(
    """abc bisect calendar cmath collections collections.abc colorsys contextlib copy copyreg dataclasses datetime decimal difflib enum
fractions functools heapq html itertools json keyword math numbers operator re statistics string textwrap types typing unicodedata
""".split()
)
"""What a program may import: modules of the standard library that compute and do nothing else."""

FORBIDDEN = frozenset(
    """open input print exec eval compile __import__ globals locals vars breakpoint exit quit id hash memoryview help dir super_len
__file__ __loader__ __spec__ __path__""".split()
)
"""Names that read or write something, or whose value is another one in each process."""

MAX_CHARACTERS = 2_500
MAX_PARTS = 10
_HOPS = 5  # from module to module
_KNOWN = frozenset(vars(builtins)) | {"__name__", "__doc__"}


class LeftOut(Exception):
    """Why a function makes no program."""


@dataclass(slots=True)
class Module:
    """A module's text, and what its top level binds.

    Attributes:
        name: its whole name.
        is_package: whether names with dots in front start from it, not from what it lies in.
        definitions: the statements that bind a name; several if a name is bound more than once.
        imports: module and attribute (None: the module itself) that a name stands for.
    """

    name: str
    source: str
    is_package: bool = False
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, source: str, is_package: bool = False) -> Module:
        """A module of its text. Raises SyntaxError, ValueError."""
        made = cls(name, source, is_package)
        for statement in ast.parse(source).body:
            made._bind(statement)
        return made

    def functions(self) -> Iterator[str]:
        """Names of the functions at its top level that are not private."""
        for name, statements in self.definitions.items():
            if isinstance(statements[0], ast.FunctionDef) and not name.startswith("__"):
                yield name

    def _bind(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                if not any(ast.unparse(item).endswith("overload") for item in statement.decorator_list):
                    self.definitions.setdefault(statement.name, []).append(statement)
            case ast.Import():
                for alias in statement.names:
                    if alias.asname or "." not in alias.name:
                        self.imports[alias.asname or alias.name] = (alias.name, None)
            case ast.ImportFrom():
                base = self._absolute(statement)
                for alias in statement.names:
                    self.imports[alias.asname or alias.name] = (base, alias.name)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                for name in _stored(statement):
                    self.definitions.setdefault(name, []).append(statement)
            case _:  # bound under a condition: twice, so that nobody takes it for the one there is
                for name in _stored(statement):
                    self.definitions.setdefault(name, []).extend([statement, statement])

    def _absolute(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - statement.level + self.is_package]
        return ".".join([*base, *([statement.module] if statement.module else [])])


def _stored(statement: ast.stmt) -> set[str]:
    stored = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.name for node in ast.walk(statement) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    aliases = [
        alias for node in ast.walk(statement) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names
    ]
    return stored | {alias.asname or alias.name for alias in aliases}


def cut(modules: Mapping[str, Module], module: str, function: str) -> str:
    """The program of a function. Raises LeftOut."""
    parts = _Parts(modules)
    parts.take(module, function)
    return parts.program()


class _Parts:
    """The statements that a program needs, by module."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self._modules = modules
        self._imports: dict[str, str] = {}
        self._texts: dict[str, dict[int, str]] = {}  # module -> line -> text; what a module needs stands before it
        self._from: dict[str, str] = {}  # name -> module, so that no two of one name meet

    def take(self, module: str, name: str) -> None:
        if self._from.get(name) == module:
            return
        if name in self._from or name in self._imports:
            raise LeftOut("two things of one name")
        self._from[name] = module
        if len(self._from) > MAX_PARTS:
            raise LeftOut("needs too much of its module")
        text, line = self._text(module, name)
        text, moved = self._without_module_names(module, text)
        free = _free_names(text)
        if not moved.keys() <= free:
            raise LeftOut("two things of one name")
        for needed in sorted(free):
            if needed in moved:
                self._import(needed, moved[needed], needed)
            else:
                self._need(module, needed)
        self._texts.setdefault(module, {})[line] = text

    def _text(self, module: str, name: str) -> tuple[str, int]:
        home = self._modules[module]
        statements = home.definitions.get(name, [])
        if len(statements) != 1:
            raise LeftOut("bound more than once" if statements else "not found")
        (statement,) = statements
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(item.lineno for item in decorators)])
        text = Text(home.source)
        taken = text.of(text.place(first, 0), text.span(statement)[1])
        if any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(statement)):
            raise LeftOut(
                "imports where it runs"
            )  # a local variable, which would show where the interpreter is installed
        try:
            return without_annotations(without_docstrings(taken)), first
        except SyntaxError:
            raise LeftOut("stands beside another statement") from None

    def _without_module_names(self, module: str, source: str) -> tuple[str, dict[str, str]]:
        """`helpers.clean` becomes `clean` where `helpers` is a module of the same package; what was found there, and where."""
        text, edits, moved = Text(source), [], dict[str, str]()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                inner = self._inner_module(module, node.value.id)
                if inner is not None and moved.setdefault(node.attr, inner) == inner:
                    edits.append(Edit(*text.span(node), node.attr))
        return text.edited(edits), moved

    def _inner_module(self, module: str, name: str) -> str | None:
        home = self._modules[module]
        if name in home.definitions or name not in home.imports:
            return None
        base, attribute = home.imports[name]
        whole = f"{base}.{attribute}" if attribute else base
        return whole if whole in self._modules else None

    def _need(self, module: str, name: str) -> None:
        home = self._modules[module]
        if name in home.definitions:
            self.take(module, name)
        elif name in home.imports:
            self._import(name, *home.imports[name])
        elif name in FORBIDDEN:
            raise LeftOut("reads or writes, or depends on the process")
        elif name not in _KNOWN:
            raise LeftOut("a name from elsewhere")

    def _import(self, name: str, module: str, attribute: str | None, hops: int = 0) -> None:
        inner = f"{module}.{attribute}" if attribute else module
        if attribute and module in self._modules and attribute in self._modules[module].definitions:
            if attribute != name:
                raise LeftOut("imported under another name")
            self.take(module, name)
        elif attribute and module in self._modules and attribute in self._modules[module].imports:
            if hops > _HOPS:  # modules that import each other
                raise LeftOut("needs another module")
            self._import(name, *self._modules[module].imports[attribute], hops + 1)
        elif module not in MODULES and inner not in MODULES:
            raise LeftOut("needs another module")
        else:
            if name in self._from:
                raise LeftOut("two things of one name")
            alias = "" if name == (attribute or module) else f" as {name}"
            self._imports[name] = f"from {module} import {attribute}{alias}" if attribute else f"import {module}{alias}"

    def program(self) -> str:
        imports = "\n".join(sorted(set(self._imports.values()), key=lambda line: (line.startswith("from"), line)))
        parts = [text for texts in self._texts.values() for _, text in sorted(texts.items())]
        source = ("\n\n\n".join([*([imports] if imports else []), *parts])).strip() + "\n"
        if len(source) > MAX_CHARACTERS:
            raise LeftOut("too long")
        return source


def _free_names(text: str) -> set[str]:
    """Names that a statement takes from the module or the builtins. Raises LeftOut."""
    try:
        top = symtable.symtable(text, "<part>", "exec")
    except (SyntaxError, ValueError):
        raise LeftOut("does not compile alone") from None
    bound = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_namespace()}
    found = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found - bound
