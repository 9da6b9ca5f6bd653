"""Runs other people's programs for their true traces: in a child process with limits, never in this one.

Knows where a trace starts (`entry`) and what the child writes (`child`), nothing of how events are recorded.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cwm_trace
from cwm_trace.errors import InputError, RunError
from cwm_trace.files import StepReader
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.tracer.entry import Entry, call_entry, context_entry, script_entry
from cwm_trace.tracer.inprocess import FILENAME, module_name
from cwm_trace.tracer.limits import UNLIMITED, Limits
from cwm_trace.tracer.record import Settings

_ROOT = str(Path(cwm_trace.__file__).resolve().parent.parent)
_BOOT = "import sys, json; root = {root!r}; sys.path.insert(0, root); from cwm_trace.tracer import child; {call}"
_POLL = 0.01


@dataclass(slots=True)
class RunResult:
    """A finished run.

    Attributes:
        trace: the recorded frames; its status says how it ended.
        returncode: of the process, as subprocess gives it (negative: killed by that signal).
        stdout, stderr: what the program wrote, if captured.
    """

    trace: Trace
    returncode: int
    stdout: bytes | None = None
    stderr: bytes | None = None


@dataclass(slots=True)
class _Job:
    """All that the child needs to know, as JSON."""

    entry: Entry
    kind: str = "script"
    argv: list[str] = field(default_factory=lambda: [""])
    name: str = "__main__"
    folder: str | None = None
    file: str | None = None
    display: str = FILENAME
    module: str = ""
    limits: Limits = field(default_factory=Limits)
    settings: Settings = field(default_factory=Settings)

    def record(self, out: str) -> dict[str, Any]:
        return {**asdict(self), "out": out, "root": _ROOT}

    def trace(self, steps: Sequence[Step], status: Status) -> Trace:
        meta = {"name": self.file or self.display, "python": ".".join(map(str, sys.version_info[:3]))}
        return Trace(self.entry.context, tuple(steps), status is Status.COMPLETE, status, meta)


class FrameTail:
    """Reads a growing file of frames; keeps incomplete last lines for later."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")
        self._rest = b""
        self._reader = StepReader()
        self.status: Status | None = None

    def read(self) -> list[Step]:
        """The frames that were written since the last call."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        steps: list[Step] = []
        for line in lines:
            record = json.loads(line)
            if "end" in record:
                self.status = Status(record["end"])
            else:
                steps.append(self._reader.read(record))
        return steps

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _environment() -> dict[str, str]:
    # The order of sets is that of the run; a fixed seed makes runs repeatable.
    return {"PYTHONHASHSEED": "0", **os.environ}


def _command(call: str, sandbox: bool, out: str | None = None) -> list[str]:
    command = [sys.executable, "-P", "-c", _BOOT.format(root=_ROOT, call=call)]
    return _bubblewrap(out) + command if sandbox else command


def _bubblewrap(out: str | None) -> list[str]:
    """No network, a read-only file system, an own /tmp; only the frame file's folder can be written."""
    if shutil.which("bwrap") is None:
        raise InputError(
            "the sandbox needs bubblewrap, which is not installed", hint="Install it: apt install bubblewrap"
        )
    folder = str(Path(out or "/tmp").parent)
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind", folder, folder]
    return ["bwrap", "--unshare-all", "--die-with-parent", *mounts, "--"]


class Run:
    """A running child process; iterate over it for the frames as they come, then ask for `result`."""

    def __init__(
        self,
        job: _Job,
        *,
        stdin: bytes | None = None,
        capture: bool = False,
        detached: bool = True,
        sandbox: bool = False,
        stdout: Any = None,
    ) -> None:
        """`detached`: in a session of its own without the terminal, so that all it starts can be killed with it.

        `stdout`: where the program's output goes if it is not captured, as for subprocess.
        """
        self._job, self._detached = job, detached
        self._folder = tempfile.mkdtemp(prefix="cwm-trace-")
        out = os.path.join(self._folder, "frames.jsonl")
        Path(out).touch()
        self._job_file = os.path.join(self._folder, "job.json")
        Path(self._job_file).write_text(json.dumps(job.record(out)))
        self._outputs = [tempfile.TemporaryFile() for _ in range(2)] if capture else []
        self._stdin = self._input(stdin)
        # argv[1:] of the child is not the program's: the job file is read before sys.argv is set.
        call = f"child.main(json.load(open({self._job_file!r})))"
        self._tail = FrameTail(out)
        self._deadline = None if job.limits.seconds is None else time.monotonic() + job.limits.seconds
        self._process = subprocess.Popen(
            _command(call, sandbox, out),
            stdin=self._stdin,
            stdout=self._outputs[0] if capture else stdout,
            stderr=self._outputs[1] if capture else None,
            start_new_session=detached,
            env=_environment(),
        )
        self._steps: list[Step] = []
        self._status: Status | None = None

    def _input(self, stdin: bytes | None) -> Any:
        if stdin is None:
            return subprocess.DEVNULL if self._detached else None
        file = tempfile.TemporaryFile()
        file.write(stdin)
        file.seek(0)
        return file

    def __iter__(self) -> Iterator[Step]:
        try:
            while self._process.poll() is None:
                yield from self._read()
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._status = Status.TIME_LIMIT
                    self.kill()
                time.sleep(_POLL)
            yield from self._read()
        except KeyboardInterrupt:
            self._status = Status.INTERRUPTED
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)  # the terminal sent it the same signal
            raise
        finally:
            self.kill()

    def _read(self) -> list[Step]:
        steps = self._tail.read()
        self._steps += steps
        return steps

    def kill(self) -> None:
        """End the process and, if detached, all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._detached:
                os.killpg(self._process.pid, signal.SIGKILL)
            elif self._process.poll() is None:
                self._process.kill()
        self._process.wait()

    def result(self) -> RunResult:
        """What is known now; the whole run if iteration has ended."""
        self._read()
        returncode = self._process.poll()
        status = self._status or self._tail.status or Status.KILLED
        outputs: list[bytes | None] = [_contents(file) for file in self._outputs] or [None, None]
        return RunResult(self._job.trace(self._steps, status), returncode if returncode is not None else 0, *outputs)

    def close(self) -> None:
        """Remove the temporary files."""
        self._tail.close()
        for file in self._outputs:
            file.close()
        if self._stdin is not None and not isinstance(self._stdin, int):
            self._stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _contents(file: Any) -> bytes:
    file.seek(0)
    data: bytes = file.read()
    return data


def finish(run: Run, on_step: Callable[[Step], None] | None = None) -> RunResult:
    """Let a run go to its end."""
    try:
        for step in run:
            if on_step is not None:
                on_step(step)
        return run.result()
    finally:
        run.close()


# --- what to run ------------------------------------------------------------------------------------------------------


def script_job(path: str | Path, arguments: Sequence[str] = (), **options: Any) -> _Job:
    """A script with arguments, as `python path args...`. Raises InputError."""
    entry = script_entry(read_source(path), str(path))
    return _Job(entry, argv=[str(path), *arguments], folder=str(Path(path).resolve().parent), file=str(path), **options)


def module_job(name: str, arguments: Sequence[str] = (), **options: Any) -> _Job:
    """A module, as `python -m name args...`. Raises InputError."""
    sys.path.insert(0, os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError):
        spec = None
    finally:
        sys.path.pop(0)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(f"no module named {name!r} with Python source")
    entry = script_entry(read_source(spec.origin), spec.origin)
    job = _Job(entry, "module", argv=["-m", *arguments], folder=os.getcwd(), file=spec.origin, module=name, **options)
    return job


def code_job(code: str, arguments: Sequence[str] = (), **options: Any) -> _Job:
    """Source text, as `python -c code args...`. Raises InputError."""
    return _Job(
        script_entry(code, "<string>"), "code", argv=["-c", *arguments], folder="", display="<string>", **options
    )


def function_job(path: str | Path, call: str, **options: Any) -> _Job:
    """A call of a function of a script, which does not run its own main part. Raises InputError."""
    entry = call_entry(read_source(path), call, str(path))
    folder = str(Path(path).resolve().parent)
    return _Job(entry, argv=[str(path)], folder=folder, file=str(path), name=module_name(entry), **options)


def source_job(source: str, call: str | None = None, **options: Any) -> _Job:
    """Source text, with a call or with an entry of its own. Raises InputError."""
    entry = script_entry(source) if call is None else call_entry(source, call)
    return _Job(entry, name=module_name(entry), **options)


def context_job(context: str, **options: Any) -> _Job:
    """A context that carries the mark, as models are given it. Raises InputError."""
    entry = context_entry(context)
    return _Job(entry, name=module_name(entry), **options)


def read_source(path: str | Path) -> str:
    """The text of a Python file, decoded as Python decodes it. Raises InputError."""
    import tokenize

    try:
        with open(path, "rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        return Path(path).read_bytes().decode(encoding)
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not Python source ({error})") from None


def run_script(
    path: str | Path,
    arguments: Sequence[str] = (),
    *,
    stdin: bytes | None = None,
    capture: bool = False,
    limits: Limits = UNLIMITED,
    sandbox: bool = False,
) -> RunResult:
    """Run a script as plain python would and record it. Raises InputError."""
    return finish(Run(script_job(path, arguments, limits=limits), stdin=stdin, capture=capture, sandbox=sandbox))


# --- many small programs ----------------------------------------------------------------------------------------------


class GroundTruth:
    """A warm child process that forks for each program: true traces at a few milliseconds each. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.mkdtemp(prefix="cwm-trace-")
        return subprocess.Popen(
            _command("child.serve()", False),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )

    def trace(self, job: _Job) -> Trace:
        """Run one program. Raises RunError if the child process itself dies."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._start()
            out = os.path.join(self._folder, "frames.jsonl")
            Path(out).write_bytes(b"")
            reply = self._ask(self._process, json.dumps(job.record(out)))
            tail = FrameTail(out)
            try:
                steps = tail.read()
                status = Status.TIME_LIMIT if reply == "-1" else tail.status or Status.KILLED
                return job.trace(steps, status)
            finally:
                tail.close()

    def _ask(self, process: subprocess.Popen[bytes], request: str) -> str:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise RunError("the process for true traces died") from None
        reply = process.stdout.readline()
        if not reply:
            raise RunError("the process for true traces died")
        return reply.split()[1].decode()

    def close(self) -> None:
        """End the child process."""
        if self._process is not None:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._process = None


_shared = GroundTruth()
atexit.register(_shared.close)


def run_source(
    source: str, call: str | None = None, *, limits: Limits | None = None, settings: Settings | None = None
) -> Trace:
    """The true trace of source text, run in a child process with limits.

    With `call` the context is CWM's published form, `main` returning the call; without, the entry is the line that carries the mark, else a
    top-level `main()` that the program calls, else the module body. Raises InputError.
    """
    return _shared.trace(source_job(source, call, limits=limits or Limits(), settings=settings or Settings()))


def run_context(context: str, *, limits: Limits | None = None) -> Trace:
    """The true trace of a marked context, run in a child process with limits. Raises InputError."""
    return _shared.trace(context_job(context, limits=limits or Limits()))
