"""`python -m tests.benchmarks.fidelity [-n EVENTS] [MODULE...]`: the tracer against `sys.settrace`, event for event, over real code.

The programs are the doctests of libraries and calls of the standard library's functions. Each is run twice, in two forks of one process, so
that what it leaves behind (caches, counters) is seen by neither run: under our hooks, and under the settrace recorder of the tests. Compared
are kind, file, function, line and text (locals or value) of every event. A program that differs is run under settrace once more: where that
differs from itself, the program is not deterministic, and is counted apart.

The truth is 3.11's. `--keep FOLDER` keeps its events; on a later interpreter `--against FOLDER` compares with them (only of third-party
libraries, in the same versions: the standard library's text is another one there).
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import hashlib
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import re
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import IO, Any

from cwm_trace.frames import Event, Frame
from cwm_trace.tracer.callables import swap_code
from cwm_trace.tracer.record import Recorder, compile_source
from tests.settrace_oracle import SettraceRecorder, _show

DRIVER = "def main():\n    program()\n"
DRIVER_NAME = "<driver>"
EXAMPLE_NAME = "<example>"
TRACER = str(Path(inspect.getfile(Recorder)).parent)
LIBRARIES = ("boltons", "more_itertools", "toolz", "sortedcontainers", "networkx")
TEST_MODULES = (
    "test_generators",
    "test_genexps",
    "test_listcomps",
    "test_extcall",
    "test_unpack",
    "test_unpack_ex",
    "test_descrtut",
)
"""Of CPython: their doctests are programs themselves, and so the examples' own code is compared."""
STANDARD = (
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
CALLS = Path(__file__).with_suffix(".txt")
"""Calls of functions of the standard library, each after a line `### MODULE`.

Not of argparse: it keeps actions, which hash by their address, in a set, whose order differs from run to run.
"""
_IDENTITY = re.compile(r"\b(?:9\d{13}|1[0-4]\d{13}|\d{18,19})\b")
"""What `id()` returns, and hashes made of it: other numbers in each run."""
_HOME = re.compile(r".*/(?:site-packages|python3\.\d+)/")
REFERENCE = sys.version_info[:2] == (3, 11)
MAX_CHARACTERS = 20_000_000
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Program:
    """What is run in one fork.

    Attributes:
        name: printed.
        module: whose functions are traced.
        sources: run one after another in `namespace`; what they raise is ignored.
        own_code: whether the sources' own code is traced, too.
        mode: `compile`'s.
    """

    name: str
    module: ModuleType
    sources: tuple[str, ...]
    namespace: dict[str, Any]
    own_code: bool = False
    mode: str = "single"


@dataclass(slots=True)
class Result:
    """Counts of a run; `differences` are texts ready to print."""

    programs: Counter[str] = field(default_factory=Counter)
    events: int = 0
    differences: list[str] = field(default_factory=list)


# --- programs ---------------------------------------------------------------------------------------------------------


def doctests(module: ModuleType, *, own_code: bool = False) -> Iterator[Program]:
    """One program for each doctest of a module."""
    for test in sorted(doctest.DocTestFinder().find(module), key=lambda test: test.name):
        sources = tuple(one.source for one in test.examples if not one.options.get(doctest.SKIP))
        if sources:
            namespace = {"__name__": "__main__"} if own_code else {**test.globs, "__name__": "__main__"}
            yield Program(test.name, module, sources, namespace, own_code)


def calls() -> Iterator[Program]:
    """Calls of functions of the standard library."""
    for piece in CALLS.read_text(encoding="utf-8").split("### ")[1:]:
        name, _, source = piece.partition("\n")
        with contextlib.suppress(ImportError):  # _pydatetime is new in 3.12
            module = importlib.import_module(name)
            top = name.partition(".")[0]
            yield Program(name, module, (source,), {"__name__": "__main__", top: sys.modules[top]}, mode="exec")


def standard() -> Iterator[Program]:
    """Programs that need nothing but CPython."""
    yield from calls()
    for name in STANDARD:
        yield from doctests(importlib.import_module(name))
    for name in TEST_MODULES:
        with contextlib.suppress(ImportError):  # a Python without its tests
            yield from doctests(importlib.import_module(f"test.{name}"), own_code=True)


SOURCES = {"calls": calls, "standard": standard}


def of_library(name: str) -> Iterator[Program]:
    """The doctests of all modules of an installed package. Raises ImportError."""
    package = importlib.import_module(name)
    names = [name] + [found.name for found in pkgutil.walk_packages(getattr(package, "__path__", []), name + ".")]
    for each in names:
        if ".tests" in each:
            continue
        with contextlib.suppress(ImportError):  # needs what is not installed
            yield from doctests(importlib.import_module(each))


# --- the two recorders ------------------------------------------------------------------------------------------------


class _Writer:
    """Writes events to a file, a line each, and ends this process after so many."""

    def __init__(self, file: IO[str], most: int) -> None:
        self.file, self.left, self.characters, self.enabled = file, most, MAX_CHARACTERS, False

    def __call__(self, kind: str, code: CodeType, line: int | None, shown: str) -> None:
        text = f"{kind} {_HOME.sub('', code.co_filename)}:{line} {code.co_name} {_IDENTITY.sub('ID', shown)!r}\n"
        self.file.write(text)
        self.left -= 1
        self.characters -= len(text)
        if self.left <= 0 or self.characters <= 0:
            self.end()

    def end(self) -> None:
        self.file.close()
        os._exit(0)


class _Truth(SettraceRecorder):
    """The settrace recorder over several files."""

    def __init__(self, files: frozenset[str], write: _Writer) -> None:
        super().__init__(DRIVER, 1)
        self.files, self.write = files, write

    def _is_entry(self, code: CodeType) -> bool:
        return code.co_filename == DRIVER_NAME and code.co_name == "main"

    def _record(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "line"):
            shown = self._observation(frame, event)
        else:
            shown = _show(argument if event == "return" else argument[1])
        if event == "return":
            self.last = None
        self.write(event, frame.f_code, frame.f_lineno, shown)


def _traced_code() -> CodeType:
    """Of the Python frame whose hook has called us."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(TRACER):
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_code


class _Module:
    """A module's code, plain and instrumented, ready to be given to its functions."""

    def __init__(self, module: ModuleType, recorder: Recorder) -> None:
        self.path = inspect.getfile(module)
        text = Path(self.path).read_text(encoding="utf-8")
        self.compiled = compile(text, self.path, "exec", dont_inherit=True)
        self.plain = compile_source(text, self.path)
        self.ours = recorder.instrument(self.plain, ())


class Pair:
    """Runs programs under both recorders."""

    def __init__(self, most: int, kept: Path | None = None) -> None:
        self.most, self.kept = most, kept  # events a program; the folder of 3.11's
        self.write: _Writer | None = None
        self.recorder = Recorder(DRIVER, DRIVER_NAME, entry_line=1, emit=self._emit)
        self.modules: dict[str, _Module] = {}

    def _emit(self, frame: Frame) -> None:
        assert self.write is not None
        if frame.event in (Event.CALL, Event.LINE):
            shown = json.dumps({name: ".." if name in frame.unchanged else text for name, text in frame.locals.items()})
        else:
            shown = frame.value or ""
        self.write(frame.event.name.lower(), _traced_code(), frame.line_number, shown)

    def _module(self, module: ModuleType) -> _Module:
        if module.__name__ not in self.modules:
            self.modules[module.__name__] = _Module(module, self.recorder)
        return self.modules[module.__name__]

    def ours(self, program: Program) -> None:
        module = self._module(program.module)
        swap_code(module.path, module.compiled, module.ours)
        namespace = {"program": lambda: _run(program, lambda code: self.recorder.instrument(code, ()))}
        exec(self.recorder.code, namespace)
        namespace["main"]()

    def truth(self, program: Program) -> None:
        assert self.write is not None
        module = self._module(program.module)
        swap_code(module.path, module.compiled, module.plain)
        namespace: dict[str, Any] = {"program": lambda: _run(program, lambda code: code)}
        exec(compile(DRIVER, DRIVER_NAME, "exec"), namespace)
        own = {EXAMPLE_NAME} if program.own_code else set()
        sys.settrace(_Truth(frozenset({DRIVER_NAME, module.path, *own}), self.write))
        namespace["main"]()
        sys.settrace(None)

    def events(self, run: Callable[[Program], None], program: Program) -> Path:
        """Run in a fork; the file of its events."""
        self._module(program.module)  # here, where both forks find it
        descriptor, name = tempfile.mkstemp(prefix="fidelity-")
        child = os.fork()
        if not child:
            self._in_fork(run, program, os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace"))
        os.close(descriptor)
        os.waitpid(child, 0)
        return Path(name)

    def true_events(self, program: Program) -> Path:
        """The file of a program's events under settrace, on 3.11. Raises FileNotFoundError where none was kept for us."""
        if self.kept is None:
            return self.events(self.truth, program)
        kept = self.kept / hashlib.sha256(f"{program.module.__name__} {program.name}".encode()).hexdigest()[:20]
        if REFERENCE:
            shutil.move(self.events(self.truth, program), kept)
        elif not kept.exists():
            raise FileNotFoundError(kept)
        return Path(shutil.copy(kept, tempfile.mkstemp(prefix="fidelity-")[1]))

    def _in_fork(self, run: Callable[[Program], None], program: Program, file: IO[str]) -> None:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            signal.alarm(SECONDS)
            self.write = _Writer(file, self.most)
            run(program)
        except BaseException as error:  # the end of a fork
            file.write(f"ended by {error!r}\n")
        finally:
            file.close()
            os._exit(0)


def _run(program: Program, prepare: Callable[[CodeType], CodeType]) -> None:
    warnings.simplefilter("ignore")
    for source in program.sources:
        # What an example raises, it is to raise.
        with contextlib.suppress(Exception):
            code = compile(source, EXAMPLE_NAME, program.mode, dont_inherit=True)
            exec(prepare(code) if program.own_code else code, program.namespace)


# --- comparing --------------------------------------------------------------------------------------------------------


def first_difference(one: Path, other: Path) -> tuple[int, str | None]:
    """How many events are equal, and the place where they part, with the three events before."""
    before: list[str] = []
    with open(one, encoding="utf-8", newline="\n") as ours, open(other, encoding="utf-8", newline="\n") as truth:
        for count, (a, b) in enumerate(itertools.zip_longest(ours, truth, fillvalue="(nothing)\n")):
            if a != b:
                shown = "".join("    " + line[:300].rstrip() + "\n" for line in before)
                return count, f"{shown}  ours  {a[:1500]}  truth {b[:1500]}"
            before = [*before[-2:], a]
    return count + 1 if before else 0, None


def compare(programs: Iterator[Program], pair: Pair, *, events: int, report: Callable[[str], None]) -> Result:
    """Compare until so many events were equal."""
    result = Result()
    for program in programs:
        if result.events >= events:
            break
        _compare_one(pair, program, result, report)
    return result


def _compare_one(pair: Pair, program: Program, result: Result, report: Callable[[str], None]) -> None:
    try:
        files = [pair.true_events(program)]
    except FileNotFoundError:
        result.programs["not kept"] += 1
        return
    files.insert(0, pair.events(pair.ours, program))
    try:
        count, difference = first_difference(*files)
        result.events += count
        if difference is None:
            result.programs["equal"] += 1
            return
        if REFERENCE:
            files.append(pair.events(pair.truth, program))
        if len(files) == 3 and first_difference(*files[1:])[1] is not None:
            result.programs["not deterministic"] += 1
            return
        result.programs["different"] += 1
        result.differences.append(f"{program.module.__name__}: {program.name}, after {count} events\n{difference}")
        report(result.differences[-1])
    finally:
        for path in files:
            path.unlink()


def _programs(names: list[str]) -> Iterator[Program]:
    for name in names:
        try:
            yield from SOURCES[name]() if name in SOURCES else of_library(name)
        except ImportError as error:
            print(f"{name}: not installed, not compared ({error})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=["standard", *LIBRARIES], help="packages, 'calls' or 'standard'")
    parser.add_argument("-n", type=int, default=5_000_000, help="events")
    parser.add_argument("--most", type=int, default=200_000, help="events of one program")
    parser.add_argument("--keep", "--against", dest="kept", type=Path, help="folder of the events of 3.11")
    return parser.parse_args()


def main() -> int:
    """Run and print; 1 where a program differs."""
    args = _arguments()
    if not REFERENCE and args.kept is None:
        sys.exit("The truth is 3.11's: keep its events there with --keep FOLDER, and give --against FOLDER here")
    if os.environ.get("PYTHONHASHSEED") is None:  # the two runs are forks of one process, but two reports should agree
        command = [sys.executable, "-m", "tests.benchmarks.fidelity", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})
    if args.kept is not None:
        args.kept.mkdir(exist_ok=True)
    left, different = args.n, 0
    for name in args.modules:
        pair = Pair(args.most, args.kept)
        result = compare(_programs([name]), pair, events=left, report=lambda text: print(text, flush=True))
        left, different = left - result.events, different + len(result.differences)
        counts = ", ".join(f"{count} {kind}" for kind, count in result.programs.items())
        print(
            f"{sys.version.split()[0]} {name}: {result.events} equal events; programs: {counts or 'none'}", flush=True
        )
    print(f"{args.n - left} equal events in all")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
