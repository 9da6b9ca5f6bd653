"""The child process: runs one program as plain `python` would, and writes its frames to a file as they happen.

Started by `cwm_trace.tracer.run`, never imported by it. Everything it needs is imported before the program starts, so nothing in the
program's folder can take its place; and what the program's folder has under the name of an imported module is given to the program.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from cwm_trace.files import step_to_json
from cwm_trace.frames import Frame, Status
from cwm_trace.tracer.entry import ENTRY_NAME, Entry
from cwm_trace.tracer.limits import Limits, apply_limits
from cwm_trace.tracer.record import Recorder, Settings, StopRecording

_getpid, _write, _open, _dumps = os.getpid, os.write, os.open, json.dumps
STOPPED_EXIT_CODE = 125


class FrameFile:
    """Appends frames to a file, one JSON line each, unbuffered: what is written survives a SIGKILL.

    A process that the program forks writes nothing; a program that closes all descriptors only makes the file be opened again.
    """

    def __init__(self, path: str, limits: Limits) -> None:
        self.path, self.limits, self.pid = path, limits, _getpid()
        self.frames = self.bytes = 0
        self.status: Status | None = None
        self._late: list[Frame] = []
        self._descriptor = self._reopen()

    def _reopen(self) -> int:
        return _open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def put(self, record: dict[str, Any]) -> None:
        """Write one record."""
        if _getpid() != self.pid:
            return
        line = (_dumps(record) + "\n").encode("ascii")
        try:
            self._append(line)
        except OSError:
            self._descriptor = self._reopen()
            self._append(line)
        self.bytes += len(line)

    def _append(self, line: bytes) -> None:
        while line:
            line = line[_write(self._descriptor, line) :]

    def __call__(self, frame: Frame) -> None:
        """The recorder's sink. Raises StopRecording at a limit."""
        if self.limits.frames is not None and self.frames >= self.limits.frames:
            self._stop(Status.FRAME_LIMIT)
        if self.limits.trace_bytes is not None and self.bytes > self.limits.trace_bytes:
            self._stop(Status.SIZE_LIMIT)
        self.frames += 1
        self._late.append(frame)
        try:
            while self._late:
                self.put(step_to_json(self._late[0]))
                del self._late[0]
        except RecursionError:  # no room on the stack now: the program is at its own limit
            pass

    def _stop(self, status: Status) -> None:
        self.status = status
        raise StopRecording(status)

    def finish(self, complete: bool) -> None:
        """Write the last line."""
        status = Status.COMPLETE if complete else self.status or Status.OPEN
        for frame in self._late:
            self.put(step_to_json(frame))
        self.put({"end": status.value})


def run_job(job: dict[str, Any]) -> None:
    """Run one program. Raises what the program raises."""
    limits, entry = Limits(**job["limits"]), Entry(**job["entry"])
    sink = FrameFile(job["out"], limits)
    module, filename = _main_module(job)
    recorder = Recorder(entry.source, filename, entry_line=entry.line, emit=sink, settings=Settings(**job["settings"]))
    _give_back_names(job)
    apply_limits(limits)
    try:
        exec(recorder.code, module.__dict__)
        if entry.is_call:
            module.__dict__[ENTRY_NAME]()
    except StopRecording:
        sink.finish(recorder.complete)
        _leave_now()
    except BaseException:
        sink.finish(recorder.complete)
        raise
    sink.finish(recorder.complete)


def _main_module(job: dict[str, Any]) -> tuple[types.ModuleType, str]:
    """`__main__` as plain python sets it up for a script, for `-m` and for `-c`."""
    sys.argv = list(job["argv"])
    module = types.ModuleType(job["name"])
    # A plain script's __builtins__ is the module; __spec__ stays None but for -m.
    module.__dict__.update(
        __builtins__=__builtins__ if isinstance(__builtins__, types.ModuleType) else sys.modules["builtins"]
    )
    sys.modules[job["name"]] = module
    sys.path[:] = [path for path in sys.path if path != job["root"]]
    if job["folder"] is not None:
        sys.path.insert(0, job["folder"])
    if job["kind"] == "module":
        spec = _find_module(job["module"])
        module.__spec__, module.__package__, module.__file__ = spec, spec.parent, spec.origin
        module.__loader__ = spec.loader
        sys.argv[0] = str(spec.origin)
    elif job["file"] is not None:
        module.__file__ = job["file"]
    return module, job["file"] or job["display"]


def _find_module(name: str) -> Any:
    find: Callable[[str], tuple[str, Any, types.CodeType]] = runpy._get_module_details  # type: ignore[attr-defined]
    return find(name)[1]


def _give_back_names(job: dict[str, Any]) -> None:
    """Forget modules of ours that the program's folder has its own version of (its `json.py`, say)."""
    if job["folder"] is None:
        return
    folder = Path(job["folder"] or ".")
    shadowed = {
        name
        for name in map(_top, sys.modules)
        if (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()
    }
    shadowed -= set(sys.builtin_module_names) | {"os", "sys", "site", "codecs", "io", "abc", "encodings", job["name"]}
    for name in [name for name in sys.modules if _top(name) in shadowed]:
        del sys.modules[name]


def _top(name: str) -> str:
    return name.partition(".")[0]


def _own_traceback(traceback: types.TracebackType | None, filename: str) -> types.TracebackType | None:
    """The traceback from the program's first frame on."""
    first = traceback
    while first is not None and first.tb_frame.f_code.co_filename != filename:
        first = first.tb_next
    return first


def _leave_now() -> NoReturn:
    """End the process at a limit: the program's handlers must not go on running."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # closed by the program
            pass
    os._exit(STOPPED_EXIT_CODE)


def main(job: dict[str, Any]) -> None:
    """Run one program and end this process as plain python would."""
    try:
        run_job(job)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        own = _own_traceback(error.__traceback__, job["file"] or job["display"])
        sys.excepthook(type(error), error.with_traceback(own), own)
        sys.exit(1)


def serve() -> None:
    """Run programs one after another, each in a fork of this warm process: a job a line in, an exit status a line out."""
    requests, replies = sys.stdin.buffer, os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    for line in requests:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.close(replies)
            os.dup2(null, 0)
            _forked(json.loads(line))
        os.write(replies, f"{pid} {_wait(pid, json.loads(line)['limits']['seconds'])}\n".encode())


def _wait(pid: int, seconds: float | None) -> int:
    """Wait for a fork with its time limit; whatever it left running is killed. Returns the wait status, -1 at the limit."""
    import signal
    import time

    deadline = None if seconds is None else time.monotonic() + seconds
    pause = 0.0005
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if deadline is not None and time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return -1
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return status


def _forked(job: dict[str, Any]) -> NoReturn:
    code = 0
    try:
        run_job(job)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # the program's own; its trace says what it was
        code = 1
    os._exit(code & 0xFF)
