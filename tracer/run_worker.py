"""True traces of many small programs: one warm child process that forks for each. Knows nothing of scripts and arguments."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from cwm_trace.errors import RunError
from cwm_trace.frames import Status, Trace
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.limits_watch import describe_end, kill_tree
from cwm_trace.tracer.record import Settings
from cwm_trace.tracer.run_child import FrameTail, command, environment
from cwm_trace.tracer.run_jobs import Job, context_job, source_job

Verdict = tuple[Status | None, str, int]


class _Worker:
    """The warm process and its folder."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="cwm-trace-")
        self.out = os.path.join(self.folder, "frames.jsonl")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command(), stdin=pipe, stdout=pipe, start_new_session=True, env=environment())
        if not self._reply():
            self.end()
            raise RunError("the process for true traces did not start", hint="See what it wrote above")

    def ask(self, job: Job) -> Verdict | None:
        """Run one program: status (None = the frames tell), clause, exit code. None if the warm process is dead."""
        Path(self.out).write_bytes(b"")
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(job.record(self.out)).encode() + b"\n")
            self.process.stdin.flush()
        reply = self._reply()
        if not reply:
            return None
        status, clause, code = json.loads(reply)
        return None if status is None else Status(status), clause, code

    def _reply(self) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self) -> None:
        """End it, with what it may be running, and remove its folder."""
        assert self.process.stdin is not None and self.process.stdout is not None
        kill_tree(self.process.pid)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class GroundTruth:
    """True traces at a few milliseconds each. Thread-safe; use it as a context manager, or `close` it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._pid = os.getpid()

    def __enter__(self) -> GroundTruth:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def trace(self, job: Job) -> Trace:
        """Run one program. Raises RunError if we, not the program, are at fault."""
        with self._lock:
            for _ in range(2):
                try:
                    worker = self._ready()
                    verdict = worker.ask(job)
                    trace, started = _trace(job, worker.out, verdict)
                    if verdict is None:
                        self._drop()
                    if verdict is not None or started:
                        return trace
                except BaseException:  # interrupted: a reply would still come, to the wrong question
                    self._drop()
                    raise
            raise RunError("the process for true traces dies at once")

    def _ready(self) -> _Worker:
        if self._pid != os.getpid():  # forked: the worker is our parent's
            self._worker, self._pid = None, os.getpid()
        if self._worker is None:
            self._worker = _Worker()
        return self._worker

    def _drop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None and self._pid == os.getpid():
            worker.end()

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._drop()


def _trace(job: Job, out: str, verdict: Verdict | None) -> tuple[Trace, bool]:
    """The trace, and whether the program has started at all."""
    with contextlib.closing(FrameTail(out)) as tail:
        steps = tail.read()
        if verdict is None and tail.started is not None:  # it ended the process that watched it
            kill_tree(tail.started)
            steps += tail.read()
    status, clause, code = verdict or (Status.KILLED, "ended the process that watched it", 0)
    if tail.status is not None:
        status, clause = tail.status, ""
    elif status is None:
        status, clause = describe_end(code)
    return job.trace(steps, status, clause, tail.untraced), tail.started is not None


_shared = GroundTruth()
atexit.register(_shared.close)


def run_source(
    source: str, call: str | None = None, *, limits: Limits | None = None, settings: Settings | None = None
) -> Trace:
    """The true trace of source text, run in a child process with limits.

    With `call` the context is CWM's published form, `main` returning the call; without, the entry is the line that carries the mark, else a
    top-level `main()` that the program calls, else the module body. Raises InputError, RunError.
    """
    return _shared.trace(source_job(source, call, limits=limits or Limits(), settings=settings or Settings()))


def run_context(context: str, *, limits: Limits | None = None) -> Trace:
    """The true trace of a marked context, run in a child process with limits. Raises InputError, RunError."""
    return _shared.trace(context_job(context, limits=limits or Limits()))
