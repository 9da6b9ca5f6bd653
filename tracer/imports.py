"""Instruments modules as they are imported: those whose dotted names match a pattern.

Only the code differs from that of a plain import: file, spec, loader's source and data, `__cached__` and pickles are the same, and no compiled
file of instrumented code is written or read. Modules that come from no plain source file (C extensions, zip files, loaders of others) are left
alone. Knows nothing of what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source
from types import CodeType, ModuleType

Compile = Callable[[str, str], CodeType]
"""From source text and path to the module's code."""


class InstrumentingFinder(MetaPathFinder):
    """Finds what matches. `left` tells which modules that match were left alone, and why; `matched` which patterns did match one."""

    def __init__(self, patterns: Iterable[str], compiled: Compile) -> None:
        """`patterns`: of dotted names, as for `fnmatch`; one that matches a package matches all in it."""
        self.patterns = tuple(patterns)
        self.left: dict[str, str] = {}
        self.matched: set[str] = set()
        self._compiled = compiled

    def matches(self, name: str) -> bool:
        """Whether a module is to be instrumented."""
        return bool(self._matching(name))

    def _matching(self, name: str) -> list[str]:
        return [each for each in self.patterns if fnmatchcase(name, each) or fnmatchcase(name, f"{each}.*")]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As a meta-path finder does."""
        spec = PathFinder.find_spec(name, path, target) if self.matches(name) else None
        if spec is None or spec.loader is None:  # a namespace package has no code
            return None
        self.matched.update(self._matching(name))
        if type(spec.loader) is not SourceFileLoader:
            self.left[name] = f"loaded by {type(spec.loader).__name__}"
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path, self, self._compiled)
        return spec

    def install(self, after: str = "") -> None:
        """Put it first on `sys.meta_path`, but behind a finder of that class name. Modules that are imported already are left alone."""
        before = [name for name in list(sys.modules) if self.matches(name)]
        self.left |= {name: "imported before" for name in before}
        self.matched.update(each for name in before for each in self._matching(name))
        names = [type(finder).__name__ for finder in sys.meta_path]
        sys.meta_path.insert(names.index(after) + 1 if after in names else 0, self)

    def remove(self) -> None:
        """Undo `install`; what is imported stays as it is."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, finder: InstrumentingFinder, compiled: Compile) -> None:
        super().__init__(name, path)
        self._finder, self._compiled = finder, compiled

    def get_code(self, fullname: str) -> CodeType | None:
        try:
            return self._compiled(decode_source(self.get_data(self.path)), self.path)
        except Exception as error:  # whatever it is: the plain loader shows errors of the source as it always does
            self._finder.left[fullname] = f"{type(error).__name__}: {error}"
            return super().get_code(fullname)
