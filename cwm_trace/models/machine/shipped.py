"""Modules of Python's library that are followed by its own sources, as it ships them; what they do no trace shows.

A statement at the top of such a module that is not followed leaves what it binds unknown, and all others as they are. Knows where sources lie,
and which modules are worth it (`MODULES`); of them it runs none, and imports those of which something is looked up.
"""

from __future__ import annotations
import __future__

import ast
import sysconfig
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from cwm_trace.models.machine.active import Body, Work
from cwm_trace.models.machine.code import Code
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.naming import no_member
from cwm_trace.models.machine.values import UNSET, Builtin, Function, Lost, Raised, Unknown, Value, read

_LIBRARY = Path(sysconfig.get_path("stdlib"))
MODULES = frozenset(
    "_compat_pickle _markupbase _pydatetime _pydecimal argparse ast base64 calendar cmd colorsys configparser copyreg datetime"
    " difflib email email._encoded_words email._header_value_parser email._parseaddr email._policybase email.base64mime email.charset"
    " email.contentmanager email.encoders email.errors email.feedparser email.generator email.header email.headerregistry"
    " email.iterators email.message email.mime email.mime.application email.mime.audio email.mime.base email.mime.image"
    " email.mime.message email.mime.multipart email.mime.nonmultipart email.mime.text email.parser email.policy email.quoprimime"
    " email.utils fnmatch fractions genericpath getopt gettext glob graphlib heapq html html.entities html.parser http ipaddress keyword"
    " logging logging.handlers optparse pathlib pathlib._abc pathlib._local pickle posixpath pprint random re._constants reprlib sched"
    " shelve shlex sqlite3.dump stat statistics string tarfile textwrap token tokenize tomllib tomllib._parser tomllib._re"
    " tomllib._types traceback unittest unittest.case unittest.loader unittest.main unittest.result unittest.runner unittest.signals"
    " unittest.suite unittest.util urllib urllib.parse uuid xml.dom xml.dom.NodeFilter xml.dom.domreg xml.dom.expatbuilder xml.dom.minicompat"
    " xml.dom.minidom xml.dom.xmlbuilder xml.etree.ElementPath xml.etree.ElementTree xml.sax xml.sax._exceptions xml.sax.handler"
    " _ast_unparse ntpath pathlib._os pathlib.types xml.sax.saxutils xml.sax.xmlreader zipfile zipfile._path"
    " http.cookies mimetypes pkgutil plistlib quopri unittest.async_case unittest.mock wave codecs encodings".split()
) | {f"encodings.{each.stem}" for each in (_LIBRARY / "encodings").glob("*.py")}
"""Those that are made of what is followed elsewhere; a source of our own of that name amends them, or comes before."""
HIDDEN = frozenset(("unittest.main",))
"""Modules whose package has something else under their name."""
KNOWN_AS = {"_pydatetime": "datetime"}
"""Modules whose classes say that they are of another one, which has theirs from CPython 3.12 on."""
_LARGE = 40  # values


def attribute(m: Interpreter, module: str, name: str) -> Value:
    """What such a module has under a name. Raises Raised."""
    space = names(m, module)
    if name in space:
        return space[name]
    found = getattr(import_module(module), name, UNSET)  # bound by a statement that is not followed
    if found is UNSET:
        raise no_member(module, name)
    if callable(found):
        return Builtin(f"{module}.{name}")
    return found if type(found) in (str, int, float, bool) else Unknown()


def names(m: Interpreter, module: str) -> dict[str, Value]:
    """The names of such a module, which has been run."""
    if (space := m.shipped.get(module)) is not None:
        return space
    package = module if is_package(module) else module.rpartition(".")[0]
    space = m.shipped[module] = {
        "__name__": KNOWN_AS.get(module, module),
        "__package__": package,
        "__file__": str(path(module)),
    }
    for code, bound in _statements(module):
        if (tables := _tables(module, bound)) is not None:
            space.update(tables)
            continue
        try:
            m.apart(_body(Function(code, space, qualname="<module>"), space))
        except (Lost, Raised):
            for name in bound:
                space.setdefault(name, Builtin(f"{module}.{name}"))
    return space


def _tables(module: str, bound: Sequence[str]) -> dict[str, Value] | None:
    """What a statement binds, where that is a large table of plain values only, which are looked up in the module; else None."""
    if len(bound) != 1 or (text := _table(module, bound[0])) is None:
        return None
    return {bound[0]: read(text)}


@lru_cache
def _table(module: str, name: str) -> str | None:
    found = vars(import_module(module)).get(name)
    if not isinstance(found, (dict, list, tuple, set, frozenset)) or len(found) < _LARGE:
        return None
    text = repr(found) if not isinstance(found, (set, frozenset)) else repr({*found})
    try:
        return text if ast.literal_eval(text) == found else None
    except (ValueError, SyntaxError):
        return None


def _body(function: Function, space: dict[str, Value]) -> Work:
    yield Body(function, space)


def is_package(module: str) -> bool:
    """Whether a module of the library has modules inside."""
    return (_LIBRARY / module.replace(".", "/")).is_dir()


@lru_cache(maxsize=1024)
def is_module(name: str) -> bool:
    """Whether there is a module of that name inside a package of the library."""
    return name in ("os.path", "collections.abc") or is_package(name.partition(".")[0]) and path(name).is_file()


def path(module: str) -> Path:
    """Where a module's source lies, if there is one."""
    place = _LIBRARY / module.replace(".", "/")
    return place / "__init__.py" if is_package(module) else place.with_suffix(".py")


def is_source(file: str) -> bool:
    """Whether a file is one of the library's."""
    return file.endswith(".py") and Path(file).is_relative_to(_LIBRARY)


@lru_cache
def _statements(module: str) -> Sequence[tuple[Code, Sequence[str]]]:
    """What a module does, statement by statement, and the names that each may bind; nothing where there is no source."""
    try:
        source = path(module).read_text(encoding="utf-8")
    except OSError:
        return ()
    tree = ast.parse(source)
    flags = _flags(tree)
    codes = (compile(ast.Module([each], []), f"<{module}>", "exec", flags, dont_inherit=True) for each in tree.body)
    return [(Code(code, module=module), [*bound_by(each)]) for each, code in zip(tree.body, codes, strict=True)]


def _flags(tree: ast.Module) -> int:
    """Of a module's `from __future__ import …`, which each of its statements is compiled with."""
    futures = [each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == "__future__"]
    return sum(getattr(__future__, alias.name).compiler_flag for each in futures for alias in each.names)


def bound_by(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement binds where it stands, or may bind."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (each.asname or each.name.partition(".")[0] for each in names)
        case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
            for each in ast.iter_child_nodes(statement):
                inner = each.body if isinstance(each, ast.ExceptHandler) else [each]
                for part in inner:
                    yield from bound_by(part) if isinstance(part, ast.stmt) else ()
        case _:
            for each in ast.walk(statement):
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                    yield each.id
