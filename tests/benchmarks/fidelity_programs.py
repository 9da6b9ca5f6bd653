"""Where the programs of `fidelity` come from: doctests, tests, benchmarks and calls, each made into something that a fork can run.

Knows nothing of recording. A program that cannot be had is not left out silently: it is given as a `Missing`, with the reason.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import sys
import types
import unittest
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from cwm_trace.tracer.record import compile_source

EXAMPLE_NAME = "<example>"
Prepare = Callable[[CodeType], CodeType]
"""From code to code with or without hooks."""
CALLS = Path(__file__).with_name("fidelity.txt")
"""Calls of functions of the standard library, each after a line `### MODULE`.

Not of argparse: it keeps actions, which hash by their address, in a set, whose order differs from run to run.
"""
LIBRARIES = ("boltons", "more_itertools", "toolz", "sortedcontainers", "networkx")
DOCTESTED = (
    "_pydecimal",
    "difflib",
    "heapq",
    "statistics",
    "collections",
    "http.cookies",
    "pickletools",
    "bdb",
    "random",
    "ast",
    "copy",
)
OWN_DOCTESTS = (
    "test_generators",
    "test_genexps",
    "test_listcomps",
    "test_extcall",
    "test_unpack",
    "test_unpack_ex",
    "test_descrtut",
)
"""Of CPython: their doctests are programs themselves, and so the examples' own code is compared."""
CPYTHON = (
    "array asyncgen augassign base64 bigmem binascii binop bisect bool builtin calendar call class cmath collections colorsys compare"
    " complex configparser contains context contextlib contextlib_async copy copyreg coroutines csv dataclasses datetime decimal decorators"
    " defaultdict deque descr dict dict_version dictcomps dictviews difflib dynamicclassattribute email.test_email enum enumerate errno"
    " except_star exception_group exception_variations exceptions extcall filecmp fileinput float fnmatch format fractions fstring functools"
    " future generator_stop generators genericclass genericpath genexps getopt gettext global glob graphlib grammar hash hashlib heapq hmac"
    " html htmlparser imaplib index int int_literal ipaddress isinstance iter iterlen itertools json.test_decode json.test_dump"
    " json.test_encode_basestring_ascii json.test_indent json.test_pass1 json.test_recursion json.test_scanstring keyword keywordonlyarg"
    " linecache list listcomps long math memoryview metaclass mimetypes minidom named_expressions netrc numeric_tower opcodes operator optparse"
    " ordered_dict pathlib patma pep646_syntax pickle pickletools pkgutil plistlib popen positional_only_arg posixpath pow pprint print"
    " property pulldom quopri raise random range re reprlib rlcompleter sched scope secrets set setcomps shelve shlex slice sort sortperf"
    " statistics str strftime string string_literals strptime struct structseq subclassinit sum super symtable tabnanny tempfile textwrap"
    " tokenize tomllib.test_data tomllib.test_misc traceback tuple type_comments type_params typechecks types typing unary unicode_file"
    " unparse unpack unpack_ex urllib urlparse userdict userlist userstring uuid weakref weakset with xml_etree yield_from zipapp zipfile"
).split()
"""Of CPython: those of its own tests, of the language and of modules written in Python, that need no network and start no processes."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run in one fork.

    Attributes:
        group: the module it is of.
        name: its own; with the group, it is unique.
        traced: the modules whose functions are recorded.
        run: runs it; what it raises is ignored. It is given what makes code of its own into what is to be run.
        own: the file name of that code; "" where that is not recorded.
    """

    group: str
    name: str
    traced: tuple[ModuleType, ...]
    run: Callable[[Prepare], object]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """What was not run, and why."""

    group: str
    name: str
    reason: str


Found = Iterator[Program | Missing]


# --- doctests ---------------------------------------------------------------------------------------------------------


def doctests(module: ModuleType, traced: tuple[ModuleType, ...], *, own: bool = False) -> Iterator[Program]:
    """One program for each doctest of a module; `own`: their own code is recorded, too."""
    for test in sorted(doctest.DocTestFinder().find(module), key=lambda test: test.name):
        sources = tuple(one.source for one in test.examples if not one.options.get(doctest.SKIP))
        if sources:
            namespace = {"__name__": "__main__"} if own else {**test.globs, "__name__": "__main__"}
            run = partial(_run_sources, sources, namespace, "single", own)
            yield Program(module.__name__, test.name, traced, run, EXAMPLE_NAME if own else "")


def _run_sources(sources: tuple[str, ...], namespace: dict[str, Any], mode: str, own: bool, prepare: Prepare) -> None:
    warnings.simplefilter("ignore")
    for source in sources:
        # What an example raises, it is to raise.
        with contextlib.suppress(Exception):
            code = compile(source, EXAMPLE_NAME, mode, dont_inherit=True)
            exec(prepare(code) if own else code, namespace)


def calls() -> Found:
    """Calls of functions of the standard library."""
    for piece in CALLS.read_text(encoding="utf-8").split("### ")[1:]:
        name, _, source = piece.partition("\n")
        with contextlib.suppress(ImportError):  # _pydatetime is new in 3.12
            module = importlib.import_module(name)
            top = name.partition(".")[0]
            namespace = {"__name__": "__main__", top: sys.modules[top]}
            yield Program(name, name, (module,), partial(_run_sources, (source,), namespace, "exec", False))


def standard() -> Found:
    """Programs that need nothing but CPython."""
    yield from calls()
    for name in DOCTESTED:
        module = importlib.import_module(name)
        yield from doctests(module, (module,))
    for name in OWN_DOCTESTS:
        with contextlib.suppress(ImportError):  # a Python without its tests
            module = importlib.import_module(f"test.{name}")
            yield from doctests(module, (module,), own=True)


# --- tests ------------------------------------------------------------------------------------------------------------


def cpython() -> Found:
    """CPython's own tests: recorded are the tests, and the module that they are about."""
    for short in CPYTHON:
        name = f"test.{short}" if ".test_" in short else f"test.test_{short}"
        module = _imported(name)
        if isinstance(module, Missing):
            yield module
            continue
        about = _written_in_python(short.partition(".")[0])
        yield from tests(module, (module, about) if about else (module,))


def _written_in_python(name: str) -> ModuleType | None:
    try:
        spec = find_spec(name)
    except ValueError:
        return None
    is_python = spec is not None and spec.origin is not None and spec.origin.endswith(".py")
    return importlib.import_module(name) if is_python else None


def tests(module: ModuleType, traced: tuple[ModuleType, ...]) -> Found:
    """One program for each test of a module: those of unittest, and functions and methods `test…` that need nothing."""
    for name, value in sorted(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            for method in unittest.defaultTestLoader.getTestCaseNames(value):
                yield Program(module.__name__, f"{name}.{method}", traced, partial(_run_case, value, method))
        elif isinstance(value, type) and name.startswith("Test"):
            for method in sorted(vars(value)):
                if method.startswith("test"):
                    yield _plain_test(module, f"{name}.{method}", traced, value, method)
        elif name.startswith("test") and inspect.isfunction(value):
            yield _plain_test(module, name, traced, None, name)


def _run_case(case: type[unittest.TestCase], method: str, prepare: Prepare) -> None:
    runner = unittest.TextTestRunner(io.StringIO(), warnings="ignore")
    runner.run(unittest.TestSuite([case(method)]))


def _plain_test(
    module: ModuleType, name: str, traced: tuple[ModuleType, ...], kind: type | None, method: str
) -> Program | Missing:
    function: Any = getattr(kind or module, method)
    try:
        needs = len(inspect.signature(function).parameters) > (kind is not None)
    except (TypeError, ValueError):
        needs = True
    if needs:
        return Missing(module.__name__, name, "a test with fixtures")
    return Program(module.__name__, name, traced, partial(_run_plain, kind, function, method))


def _run_plain(kind: type | None, function: Any, method: str, prepare: Prepare) -> None:
    warnings.simplefilter("ignore")
    if kind is None:
        function()
        return
    made = kind()
    for setup in (kind, made):
        for name in ("setup_class", "setup_method", "setUp", "setup"):
            if callable(getattr(setup, name, None)) and (setup is kind) == (name == "setup_class"):
                getattr(setup, name)()
    getattr(made, method)()


# --- packages ---------------------------------------------------------------------------------------------------------


def of_library(name: str) -> Found:
    """The doctests of all modules of an installed package, all of which are recorded. Raises ImportError."""
    modules, missing = _modules_of(name)
    yield from missing
    plain = tuple(module for module in modules if not _is_test(module.__name__))
    for module in plain:
        yield from doctests(module, plain)


def tests_of(name: str) -> Found:
    """The tests that a package brings along; recorded are they, and the whole package. Raises ImportError."""
    modules, missing = _modules_of(name)
    yield from missing
    for module in modules:
        if _is_test(module.__name__):
            yield from tests(module, tuple(modules))


def _is_test(name: str) -> bool:
    return ".tests" in name or ".test_" in name or name.startswith("test_")


def _modules_of(name: str) -> tuple[list[ModuleType], list[Missing]]:
    package = importlib.import_module(name)
    names = [name, *_names_below(package)]
    imported = [_imported(each) for each in names]
    modules = [module for module in imported if isinstance(module, ModuleType)]
    return [module for module in modules if _has_source(module)], [m for m in imported if isinstance(m, Missing)]


def _names_below(package: ModuleType) -> Iterator[str]:
    found = pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + ".", onerror=lambda name: None)
    return (each.name for each in found if not each.name.endswith("__main__"))


def _has_source(module: ModuleType) -> bool:
    return str(getattr(module, "__file__", None)).endswith(".py")


def _imported(name: str) -> ModuleType | Missing:
    try:
        with warnings.catch_warnings(action="ignore"):
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it needs; pytest's skips are no Exception
        return Missing(name, "(all)", f"cannot be imported: {type(error).__name__}")


# --- long programs ----------------------------------------------------------------------------------------------------


def benchmarks() -> Found:
    """The scripts of pyperformance that need nothing else, each run once. Raises ImportError."""
    package = importlib.import_module("pyperformance")
    folder = Path(inspect.getfile(package)).parent / "data-files" / "benchmarks"
    for path in sorted(folder.glob("bm_*/run_benchmark.py")):
        yield Program("pyperformance", path.parent.name, (), partial(_run_benchmark, path), str(path))


def _run_benchmark(path: Path, prepare: Prepare) -> None:
    warnings.simplefilter("ignore")
    sys.modules["pyperf"] = _pyperf()
    sys.argv, sys.path[0] = [str(path)], str(path.parent)
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__file__ = str(path)
    exec(prepare(compile_source(path.read_text(encoding="utf-8"), str(path))), vars(module))


def _pyperf() -> ModuleType:
    """What runs each function once, and takes no time."""

    class Runner:
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            self.metadata: dict[str, Any] = {}
            self.argparser = __import__("argparse").ArgumentParser()

        def parse_args(self, *arguments: Any) -> Any:
            self.args = self.argparser.parse_args(*arguments)
            return self.args

        def bench_func(self, name: str, function: Any, *arguments: Any, **keywords: Any) -> None:
            function(*arguments)

        def bench_time_func(self, name: str, function: Any, *arguments: Any, **keywords: Any) -> None:
            function(1, *arguments)

        def bench_async_func(self, name: str, function: Any, *arguments: Any, **keywords: Any) -> None:
            __import__("asyncio").run(function(*arguments))

    made = types.ModuleType("pyperf")
    vars(made).update(Runner=Runner, perf_counter=lambda: 0.0, python_implementation=lambda: "cpython")
    return made


SOURCES: dict[str, Callable[[], Found]] = {
    "calls": calls,
    "standard": standard,
    "cpython": cpython,
    "benchmarks": benchmarks,
}


def programs(name: str) -> Found:
    """Those of a source, of a package's doctests, or of `tests:PACKAGE`."""
    try:
        if name in SOURCES:
            yield from SOURCES[name]()
        elif name.startswith("tests:"):
            yield from tests_of(name.removeprefix("tests:"))
        else:
            yield from of_library(name)
    except ImportError as error:
        yield Missing(name, "(all)", f"not installed ({error})")
