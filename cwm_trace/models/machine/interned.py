"""Texts that a recorded program finds interned: the names in what its process has loaded, and in the program itself.

CPython interns constants that may be names when it makes code; a set of them that is a constant is made anew, and may have another order, where
one of them was interned before (Objects/codeobject.c, `intern_constants`). Reads the code of modules of the library and of ours; what only C
code has interned it does not know, nor that two equal sets of a program are one constant.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from types import CodeType
from typing import Any

_LOADED = """__future__ _collections_abc _compression _sitebuiltins _weakrefset abc ast bytecode bytecode.bytecode bytecode.cfg bytecode.concrete
bytecode.flags bytecode.instr bytecode.utils codecs collections contextlib copy copyreg cwm_trace.errors cwm_trace.files cwm_trace.format
cwm_trace.frames cwm_trace.tracer.blocks cwm_trace.tracer.bounds cwm_trace.tracer.child cwm_trace.tracer.child_worker
cwm_trace.tracer.comprehension_lines cwm_trace.tracer.comprehensions cwm_trace.tracer.entry cwm_trace.tracer.flow cwm_trace.tracer.instrument
cwm_trace.tracer.limits cwm_trace.tracer.limits_watch cwm_trace.tracer.listing cwm_trace.tracer.marks cwm_trace.tracer.quirks
cwm_trace.tracer.raw cwm_trace.tracer.record cwm_trace.tracer.renderings cwm_trace.tracer.track cwm_trace.tracer.values dataclasses dis
encodings encodings.aliases encodings.utf_8 enum fnmatch functools genericpath gzip importlib importlib._bootstrap
importlib._bootstrap_external importlib.machinery importlib.util inspect io ipaddress json json.decoder json.encoder json.scanner keyword
linecache ntpath opcode operator os posixpath re re._casefix re._compiler re._constants re._parser reprlib resource runpy select signal
site stat struct sysconfig threading token tokenize types typing urllib.parse warnings weakref zipimport""".split()
"""Modules of Python source that a process has which records a program, whatever the program (`sys.modules` in one, 3.11)."""
_OF_C = "_thread errno fcntl gc itertools marshal math posix resource select signal sys time zlib _io _functools _operator".split()
"""Modules in C that it has."""
_SHORTEST = 1 if sys.version_info < (3, 13) else 2
"""Characters: from 3.13 on, a text of one character is always the same object (Objects/unicodeobject.c, `intern_common`)."""


def is_interned(text: str, source: str) -> bool:
    """Whether another text like it is before the code of a program is made; `source`: the program's text."""
    return len(text) >= _SHORTEST and f"a{text}".isidentifier() and (text in _known() or text in _names_of(source))


@lru_cache(maxsize=64)
def _names_of(source: str) -> frozenset[str]:
    """The identifiers of a program, which its parser interns."""
    try:
        return frozenset(_identifiers(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()


def _identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            yield from (node.asname or "", node.name)
            continue
        for name, value in ast.iter_fields(node):
            if isinstance(value, str) and not (isinstance(node, ast.Constant) and name in ("value", "kind")):
                yield value
            elif name in ("names", "kwd_attrs") and isinstance(value, list):
                yield from (each for each in value if isinstance(each, str))


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Of the process, less what only its C code has."""
    found = set(dir(builtins))
    for name in _LOADED:
        found |= {name.rpartition(".")[2], *_of_module(name)}
    for kind in vars(builtins).values():
        found.update(vars(kind) if isinstance(kind, type) else ())
    for name in _OF_C:
        found.update(vars(sys.modules[name]) if name in sys.modules else ())
    return frozenset(found)


def _of_module(name: str) -> Iterator[str]:
    try:
        spec = find_spec(name)
        loader: Any = None if spec is None else spec.loader
        code = None if loader is None else loader.get_code(name)
    except (ImportError, AttributeError):  # another Python may not have it
        return
    yield from () if code is None else _in_code(code)


def _in_code(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars, code.co_name)
    for constant in code.co_consts:
        yield from _in_constant(constant)


def _in_constant(constant: Any) -> Iterator[str]:
    if isinstance(constant, CodeType):
        yield from _in_code(constant)
    elif isinstance(constant, str):
        yield from (constant,) if f"a{constant}".isidentifier() else ()
    elif isinstance(constant, (tuple, frozenset)):
        for each in constant:
            yield from _in_constant(each)
