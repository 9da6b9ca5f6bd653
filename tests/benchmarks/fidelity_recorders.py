"""The two recorders that `fidelity` compares, each over the functions of several modules: ours, and the settrace recorder of the tests.

A run is a fork, which writes an event a line to a file. The collector of garbage is switched off there, as it would end generators at
another place under each of the two.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import inspect
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from cwm_trace.frames import Event, Frame
from cwm_trace.tracer.callables import replacements
from cwm_trace.tracer.record import Recorder, compile_source
from tests.benchmarks.fidelity_programs import Program
from tests.settrace_oracle import SettraceRecorder, _show

REFERENCE = sys.version_info[:2] == (3, 11)
DRIVER = "def main():\n    program()\n"
DRIVER_NAME = "<driver>"
TRACER = str(Path(inspect.getfile(Recorder)).parent)
WHOLE, CAP, TIME = "whole", "the cap of events", "the time limit"
_MAX_CHARACTERS = 50_000_000
_MAX_MEMORY = 6 << 30
_CAPPED = 96  # exit code
_BATCH = 500
_IDENTITY = re.compile(r"\b(?:8[67]\d{11}|9\d{13}|1[0-4]\d{13}|\d{18,19})\b")
"""What `id()` returns, and hashes made of it: other numbers in each run."""
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}|x7f[0-9a-f]{10}")
"""In texts of the program's own; those of its objects' reprs are taken out by both."""
_HOME = re.compile(r".*/(?:site-packages|python3\.\d+)/")
Swaps = list[tuple[FunctionType, CodeType]]


@dataclass(frozen=True, slots=True)
class Run:
    """What a fork has left.

    Attributes:
        path: the file of its events.
        end: `WHOLE`; what cut it; or the signal that killed it.
    """

    path: Path
    end: str


class _Writer:
    """Writes events to a file, a line each, and ends this process after so many. What this process forks writes none."""

    def __init__(self, descriptor: int, most: int) -> None:
        self.descriptor, self.left, self.characters, self.alive = descriptor, most, _MAX_CHARACTERS, True
        self.waiting: list[str] = []
        self.names: dict[str, str] = {}  # of files, as they are on every machine
        os.register_at_fork(after_in_child=self._detach)

    def __call__(self, kind: str, code: CodeType, line: int | None, shown: str) -> None:
        if not self.alive:
            return
        name = code.co_filename
        if name not in self.names:
            self.names[name] = _HOME.sub("", name)
        text = (
            f"{kind} {self.names[name]}:{line} {code.co_name} {_ADDRESS.sub('ADDRESS', _IDENTITY.sub('ID', shown))!r}\n"
        )
        self.waiting.append(text)
        self.left -= 1
        self.characters -= len(text)
        if self.left <= 0 or self.characters <= 0:
            self.flush()
            os._exit(_CAPPED)
        if len(self.waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        data = "".join(self.waiting).encode("utf-8", "backslashreplace")
        self.waiting.clear()
        while data and self.alive:
            data = data[os.write(self.descriptor, data) :]

    def _detach(self) -> None:
        self.alive = False
        self.waiting.clear()


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
        # A module is called on no line, which is 0; we show its first.
        self.write(event, frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno, shown)


def _traced_code() -> CodeType:
    """Of the Python frame whose hook has called us."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(TRACER):
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_code


class _Module:
    """A module's code, plain and instrumented."""

    def __init__(self, module: ModuleType, recorder: Recorder) -> None:
        self.path = inspect.getfile(module)
        text = Path(self.path).read_text(encoding="utf-8")
        self.compiled = compile(text, self.path, "exec", dont_inherit=True)
        self.plain = compile_source(text, self.path)
        self.ours = recorder.instrument(self.plain, ())


class Pair:
    """Runs programs under both recorders."""

    def __init__(self, most: int, seconds: float, kept: Path | None = None) -> None:
        """`most` events, and `seconds`, a run; `kept`: the folder of 3.11's events."""
        self.most, self.seconds, self.kept = most, seconds, kept
        self.write: _Writer | None = None
        self.recorder = Recorder(DRIVER, DRIVER_NAME, entry_line=1, emit=self._emit)
        self.recorder._executed = None  # settrace would be asked for files whose names are not known before
        self.modules: dict[str, _Module] = {}
        self._swaps: dict[tuple[object, ...], dict[str, Swaps]] = {}

    def _emit(self, frame: Frame) -> None:
        assert self.write is not None
        if frame.event in (Event.CALL, Event.LINE):
            shown = json.dumps({name: ".." if name in frame.unchanged else text for name, text in frame.locals.items()})
        else:
            shown = frame.value or ""
        self.write(frame.event.name.lower(), _traced_code(), frame.line_number, shown)

    def _prepare(self, program: Program) -> dict[str, Swaps]:
        """The code that living functions get for a run; found out before the fork, as it is the same for the next program."""
        for module in program.traced:
            if module.__name__ not in self.modules:
                self.modules[module.__name__] = _Module(module, self.recorder)
        key = (*(module.__name__ for module in program.traced), len(sys.modules))
        if key not in self._swaps:
            modules = [self.modules[module.__name__] for module in program.traced]
            ours = {module.path: (module.compiled, module.ours) for module in modules}
            plain = {module.path: (module.compiled, module.plain) for module in modules}
            self._swaps = {key: {"ours": replacements(ours), "truth": [] if REFERENCE else replacements(plain)}}
        return self._swaps[key]

    def ours(self, program: Program) -> None:
        """Run it under our hooks."""
        namespace = {"program": lambda: program.run(lambda code: self.recorder.instrument(code, ()))}
        exec(self.recorder.code, namespace)
        namespace["main"]()

    def truth(self, program: Program) -> None:
        """Run it under settrace."""
        assert self.write is not None
        namespace: dict[str, Any] = {"program": lambda: program.run(lambda code: code)}
        exec(compile(DRIVER, DRIVER_NAME, "exec"), namespace)
        files = {
            DRIVER_NAME,
            program.own or DRIVER_NAME,
            *(self.modules[module.__name__].path for module in program.traced),
        }
        sys.settrace(_Truth(frozenset(files), self.write))
        namespace["main"]()
        sys.settrace(None)

    def events(self, run: Callable[[Program], None], program: Program, ballast: int = 0) -> Run:
        """Run in a fork; with so much `ballast` in memory, so that all objects have other addresses."""
        swaps = self._prepare(program)[run.__name__]
        descriptor, name = tempfile.mkstemp(prefix="fidelity-")
        child = os.fork()
        if not child:
            kept = [type("Ballast", (), {"n": bytearray(7 * n)}) for n in range(ballast)]
            self._in_fork(run, program, swaps, descriptor)
            del kept
        os.close(descriptor)
        return Run(Path(name), _wait(child, self.seconds))

    def true_events(self, program: Program) -> Run:
        """A program's events under settrace, on 3.11. Raises FileNotFoundError where none were kept for us."""
        if self.kept is None:
            return self.events(self.truth, program)
        kept = self.kept / hashlib.sha256(f"{program.group} {program.name}".encode()).hexdigest()[:20]
        if REFERENCE:
            made = self.events(self.truth, program)
            shutil.move(made.path, kept)
            kept.with_suffix(".end").write_text(made.end)
        elif not kept.exists():
            raise FileNotFoundError(kept)
        descriptor, name = tempfile.mkstemp(prefix="fidelity-")
        os.close(descriptor)
        return Run(Path(shutil.copy(kept, name)), kept.with_suffix(".end").read_text())

    def _in_fork(self, run: Callable[[Program], None], program: Program, swaps: Swaps, descriptor: int) -> None:
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            gc.disable()
            resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
            for function, code in swaps:
                function.__code__ = code
            self.write = _Writer(descriptor, self.most)
            run(program)
        except BaseException as error:  # the end of a fork
            sys.settrace(None)
            if self.write is not None:
                self.write.waiting.append(f"ended by {type(error).__name__}\n")
        finally:
            if self.write is not None:
                self.write.flush()
            os._exit(0)


def _wait(child: int, seconds: float) -> str:
    """How a fork has ended; it is killed, with all that it started, when its time is over."""
    process = os.pidfd_open(child)
    in_time = bool(select.select([process], [], [], seconds)[0])
    os.close(process)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not in_time:
        return TIME
    if code == _CAPPED:
        return CAP
    return WHOLE if code >= 0 else signal.Signals(-code).name
