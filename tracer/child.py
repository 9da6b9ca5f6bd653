"""The child process: runs one program as plain `python` would, and writes its frames to a file as they happen.

Started by `cwm_trace.tracer.run` through `child_boot`, never imported by it. Everything it needs is imported before the program starts, so
nothing in the program's folder can take its place; and what the program can import under the name of a module of ours, it gets.
"""

from __future__ import annotations

import builtins
import fcntl
import json
import linecache
import os
import runpy
import sys
import threading
import types
import warnings
from collections.abc import Set
from dataclasses import asdict
from functools import partial
from importlib.machinery import BuiltinImporter, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NoReturn
from weakref import ref

from cwm_trace.files import frame_to_line
from cwm_trace.frames import Frame, Status
from cwm_trace.tracer import fast, quirks
from cwm_trace.tracer.entry import ENTRY_NAME, Entry
from cwm_trace.tracer.limits import Limits, apply_limits
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.track import Settings, ThreadStart

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: the program may rebind len

_getpid, _write, _open, _fstat, _dumps, _dup = os.getpid, os.write, os.open, os.fstat, json.dumps, fcntl.fcntl
_line_of = frame_to_line if fast.module is None else fast.module.frame_to_line
STOPPED_EXIT_CODE = 125
_FIRST_DESCRIPTOR = 200
"""Our descriptor is no lower: the program's own get the numbers they have under plain python."""


class _Queue(list[Frame]):
    """Frames of one trace that are not written yet; `tag`: what its lines begin with."""

    def __init__(self, tag: str = "") -> None:
        self.tag = tag


class FrameFile:
    """Appends frames to a file, one JSON line each, unbuffered: what is written survives a SIGKILL.

    A line of another thread's trace begins with that trace's number. A process that the program forks writes nothing.

    A program that closes all descriptors only makes the file be opened again, also when
    a file of its own has got the number since.
    """

    def __init__(self, path: str, limits: Limits) -> None:
        self.path, self.limits, self.pid = path, limits, _getpid()
        self.frames = self.bytes = self.traces = 0
        self.recorder: Recorder | None = None
        self._main = _Queue()
        self._lock = threading.RLock()
        self._reopen()

    def _reopen(self) -> None:
        low = _open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._descriptor = _dup(low, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
        os.close(low)
        self._identity = self._seen()

    def _seen(self) -> tuple[int, int] | None:
        try:
            status = _fstat(self._descriptor)
        except OSError:  # closed by the program
            return None
        return status.st_dev, status.st_ino

    def put(self, record: dict[str, Any]) -> None:
        """Write one record. At a full disk, or the largest file allowed, the process is ended."""
        self._put(_dumps(record))

    def _put(self, text: str) -> None:
        line = (text + "\n").encode("ascii")
        try:
            if self._seen() != self._identity:
                self._reopen()
            self.bytes += len(line)
            while line:
                line = line[_write(self._descriptor, line) :]
        except OSError:
            leave_now()

    def __call__(self, frame: Frame) -> None:
        """The recorder's sink. At a limit the process is ended: nothing of the program can catch that."""
        self.add(frame, self._main)

    def add(self, frame: Frame, queue: _Queue) -> None:
        """Write a frame behind those of its trace that wait."""
        if _getpid() != self.pid:
            return
        with self._lock:
            if self.limits.frames is not None and self.frames >= self.limits.frames:
                self.stop(Status.FRAME_LIMIT)
            if self.limits.trace_bytes is not None and self.bytes > self.limits.trace_bytes:
                self.stop(Status.SIZE_LIMIT)
            self.frames += 1
            queue.append(frame)
            try:
                self._flush(queue)
            except RecursionError:  # no room on the stack now: the program is at its own limit
                pass

    def _flush(self, queue: _Queue) -> None:
        while queue:
            line = _line_of(queue[0])
            self._put(f"{queue.tag}{line[1:]}" if queue.tag else line)
            del queue[0]

    def thread(self, start: ThreadStart) -> _ThreadFrames:
        """A trace of another thread begins. Its number is that of the `start` record among those in the file, from 1."""
        with self._lock:
            self.traces += 1
            if _getpid() == self.pid:
                self.put({"start": asdict(start)})
            return _ThreadFrames(self, self.traces)

    def end_thread(self, queue: _Queue, number: int) -> None:
        """The entry of another thread's trace has been left."""
        if _getpid() == self.pid:
            with self._lock:
                self._flush(queue)
                self.put({"complete": number})

    def end(self, status: Status) -> None:
        """Write the last record of the main trace."""
        if _getpid() == self.pid:
            with self._lock:
                self._flush(self._main)
                self.put({"end": status.value})

    def name_untraced(self, names: list[str]) -> None:
        """Say what was not recorded; the list may have grown since the beginning."""
        if _getpid() == self.pid:
            self.put({"untraced": names})

    def stop(self, status: Status) -> NoReturn:
        """Write the last records and end the process."""
        if self.recorder is not None:
            self.name_untraced(self.recorder.untraced)
        self.put({"stopped": status.value})
        self.end(Status.COMPLETE if self.recorder is not None and self.recorder.complete else status)
        leave_now()

    def forked(self) -> None:
        """The program has forked."""
        if _getpid() == self.pid:
            with self._lock:
                self.put({"forked": 1})

    def fail(self, error: BaseException) -> NoReturn:
        """Say that we, not the program, are at fault, and end the process."""
        self.put({"fault": f"{type(error).__name__}: {error}"})
        leave_now()


def _forked(file: ref[FrameFile]) -> None:
    # A weak one: handlers stay until the interpreter is gone, and what they hold is never finalised.
    living = file()
    if living is not None:
        living.forked()


class _ThreadFrames:
    """The sink of another thread's trace."""

    def __init__(self, file: FrameFile, number: int) -> None:
        self._file, self._number, self._queue = file, number, _Queue(f'{{"thread": {number}, ')

    def __call__(self, frame: Frame) -> None:
        self._file.add(frame, self._queue)

    def end(self) -> None:
        self._file.end_thread(self._queue, self._number)


def leave_now() -> NoReturn:
    """End the process at once: the program's handlers must not go on running."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # closed by the program, or one of its own
            pass
    os._exit(STOPPED_EXIT_CODE)


class Program:
    """One program, ready to run in this process."""

    def __init__(self, job: dict[str, Any], known: Set[str]) -> None:
        """`known`: the modules that plain python has loaded before it starts a script."""
        self.job, self.entry, self.limits = job, Entry(**job["entry"]), Limits(**job["limits"])
        self.filename: str = job["file"] or job["display"]
        self.sink = FrameFile(job["out"], self.limits)
        try:
            with warnings.catch_warnings():
                if self.job["kind"] == "module":
                    warnings.simplefilter("ignore")  # runpy compiles it, too, and shows them
                self.recorder = self._instrumented()
        except Exception as error:  # a process edge: an instrumentation that fails is reported, whatever it is
            self.sink.fail(error)
        self.sink.recorder = self.recorder
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_parent=partial(_forked, ref(self.sink)))
        self.namespace = self._main_module()
        self._set_up_paths(known)

    def _instrumented(self) -> Recorder:
        line, settings = self.entry.line, Settings(**self.job["settings"])
        return Recorder(
            self.entry.source,
            self.filename,
            entry_line=line,
            emit=self.sink,
            settings=settings,
            threads=self.sink.thread,
        )

    def _main_module(self) -> dict[str, Any]:
        """`__main__` as plain python has it for a script and for `-c` (for `-m`, runpy goes on from there)."""
        module = sys.modules["__main__"]
        if self.job["name"] != "__main__":
            module = sys.modules[self.job["name"]] = types.ModuleType(self.job["name"])
        namespace = module.__dict__
        for name in [name for name in namespace if not name.startswith("__")]:
            del namespace[name]
        namespace["__doc__"] = None
        namespace["__builtins__"] = sys.modules["builtins"]
        if self.job["kind"] == "script":
            namespace["__file__"] = self.filename
        else:
            namespace.pop("__file__", None)
            namespace.pop("__cached__", None)
        is_file = self.job["kind"] == "script" and self.job["file"] is not None  # standard input is a script, too
        namespace["__loader__"] = SourceFileLoader(self.job["name"], self.filename) if is_file else BuiltinImporter
        return namespace

    def _set_up_paths(self, known: Set[str]) -> None:
        sys.argv = list(self.job["argv"])
        sys.orig_argv = [sys.orig_argv[0], *self.job["command"]]
        if self.job["command"][:1] == ["-c"] and hasattr(linecache, "_register_code"):
            # From 3.13 on, tracebacks show the lines of `-c`; it keeps them under this name, without a time of change.
            lines = self.entry.source.splitlines(keepends=True)
            linecache.cache[self.filename] = len(self.entry.source), None, lines, self.filename
        if self.job["folder"] is not None:
            if not sys.flags.safe_path:
                sys.path.insert(0, self.job["folder"])
            give_back_names(known)

    def run(self) -> None:
        """Run it to its end. Raises what it raises."""
        apply_limits(self.limits)
        self.sink.put({"begin": self.sink.pid, "untraced": self.recorder.untraced})
        try:
            if self.job["kind"] == "module":
                _count_frames_from_here(1)
                _run_module(self.job["module"], self.recorder.code)
            else:
                _count_frames_from_here(quirks.C_CALLS_COUNT)
                exec(self.recorder.code, self.namespace)
            if self.entry.is_call:
                self.namespace[ENTRY_NAME]()
        finally:
            self.sink.name_untraced(self.recorder.untraced)
            self.sink.end(Status.COMPLETE if self.recorder.complete else Status.OPEN)

    def own_traceback(self, traceback: types.TracebackType | None) -> types.TracebackType | None:
        """The traceback as plain python shows it: from the program's first Python frame on, or from runpy's for `-m`."""
        first = {self.filename, "<frozen runpy>"} if self.job["kind"] == "module" else {self.filename}
        while traceback is not None and traceback.tb_frame.f_code.co_filename not in first:
            traceback = traceback.tb_next
        return traceback


def _count_frames_from_here(more: int) -> None:
    """The recursion limit is reached where it is under plain python: not counting our own Python frames, and `more` calls to come."""
    if fast.module is not None:
        fast.module.forget_depth(more - 1 - quirks.C_CALLS_COUNT)  # this very function, and that one


def _run_module(name: str, code: types.CodeType) -> None:
    """As `python -m name`, with runpy itself, but for the module's code."""
    details = runpy._get_module_details  # type: ignore[attr-defined]

    def instrumented(name: str, *error: Any) -> tuple[str, Any, types.CodeType]:
        try:
            found, spec, _ = details(name, *error)
        finally:  # at once: the program may use runpy too
            runpy._get_module_details = details  # type: ignore[attr-defined]
        return found, spec, code

    runpy._get_module_details = instrumented  # type: ignore[attr-defined]
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def give_back_names(known: Set[str]) -> None:
    """Forget modules of ours that the program would find elsewhere (in its own `json.py`, say)."""
    loaded = {name: module for name, module in list(sys.modules.items()) if name not in known}
    shadowed = {name for name in loaded if "." not in name and _found_elsewhere(name, loaded[name])}
    for name in loaded:
        if name.partition(".")[0] in shadowed:
            del sys.modules[name]


def _found_elsewhere(name: str, module: types.ModuleType) -> bool:
    ours = getattr(getattr(module, "__spec__", None), "origin", None)
    if ours in (None, "built-in", "frozen"):
        return False
    spec = PathFinder.find_spec(name)
    return spec is not None and spec.origin not in (None, ours)


def main(job_file: str, known: Set[str]) -> None:
    """Run the program of a job file and end this process as plain python would."""
    program = Program(json.loads(Path(job_file).read_text(encoding="utf-8")), known)
    try:
        program.run()
    except BaseException:  # what nobody catches is shown by the interpreter, less our own Python frames
        _hide_our_frames(program)
        raise


def _hide_our_frames(program: Program) -> None:
    hook = getattr(sys, "excepthook", None)
    if hook is None:  # deleted by the program
        return

    def excepthook(kind: type[BaseException], error: BaseException, traceback: types.TracebackType | None) -> None:
        sys.excepthook = hook
        own = program.own_traceback(traceback)
        hook(kind, error.with_traceback(own), own)

    sys.excepthook = excepthook
