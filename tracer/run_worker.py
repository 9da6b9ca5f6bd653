"""True traces of many small programs: warm child processes that fork for each."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cwm_trace.edge import folder_of, need_text
from cwm_trace.errors import RunError
from cwm_trace.frames import Status, Trace
from cwm_trace.prompts import UNKNOWN_START, Start
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.limits_watch import describe_end, kill_tree
from cwm_trace.tracer.run_child import FrameTail, command, environment, traces_of
from cwm_trace.tracer.run_folder import own_folder
from cwm_trace.tracer.run_jobs import Job, source_job, started_job
from cwm_trace.tracer.supported import check_python
from cwm_trace.tracer.track import CHILD_SETTINGS, Settings

Verdict = tuple[Status | None, str, int]


class _Worker:
    """The warm process and its folder."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="cwm-trace-")
        self.out = os.path.join(self.folder, "frames.jsonl")
        self.typed = os.path.join(self.folder, "stdin")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command(), stdin=pipe, stdout=pipe, start_new_session=True, env=environment())
        if not self._reply():
            self.end()
            raise RunError("the process for true traces did not start", hint="See what it wrote above")

    def ask(self, job: Job) -> Verdict | None:
        """Run one program: status (None = the frames tell), clause, exit code. None if the warm process is dead."""
        if job.directory is None:
            with own_folder(job.entry.context) as folder:
                return self.ask(replace(job, directory=folder))
        Path(self.out).write_bytes(b"")
        record = job.record(self.out)
        if job.stdin:
            Path(self.typed).write_bytes(job.typed)
            record["stdin"] = self.typed
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(record).encode() + b"\n")
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

    def __init__(self, processes: int = 1) -> None:
        """So many as `processes` programs run at once, if as many threads ask; a child process is started when it is needed."""
        self._processes = processes
        self._begin()

    def _begin(self) -> None:
        self._slots = threading.BoundedSemaphore(self._processes)
        self._idle: list[_Worker] = []  # the last one used is taken first: who asks from one thread has one process
        self._busy: set[_Worker] = set()
        self._stopped = 0
        self._pid = os.getpid()

    def __enter__(self) -> GroundTruth:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def trace(self, job: Job) -> Trace:
        """Run one program. Raises RunError if we, not the program, are at fault, or if `close` was called meanwhile."""
        check_python()
        if self._pid != os.getpid():  # forked: the processes are our parent's
            self._begin()
        with self._slots:
            stopped = self._stopped
            for _ in range(2):
                trace, started = self._attempt(job)
                if self._stopped != stopped:
                    raise RunError("stopped while the program ran")
                if started:
                    return trace
            raise RunError("the process for true traces dies at once")

    def _attempt(self, job: Job) -> tuple[Trace, bool]:
        """The trace, and whether the program has been run at all."""
        worker = self._idle.pop() if self._idle else _Worker()
        self._busy.add(worker)
        verdict: Verdict | None = None
        try:
            verdict = worker.ask(job)
            trace, started = _trace(job, worker.out, verdict)
        except BaseException:  # interrupted: a reply would still come, to the wrong question
            verdict = None
            raise
        finally:
            self._busy.discard(worker)
            if verdict is None:
                worker.end()
            else:
                self._idle.append(worker)
        return trace, started or verdict is not None

    def close(self) -> None:
        """End the child processes, at once and with what they run: threads that wait for a trace get RunError."""
        if self._pid != os.getpid():
            return
        self._stopped += 1
        for worker in tuple(self._busy):
            kill_tree(worker.process.pid)
        while self._idle:
            self._idle.pop().end()


def _trace(job: Job, out: str, verdict: Verdict | None) -> tuple[Trace, bool]:
    """The trace, and whether the program has started at all."""
    with contextlib.closing(FrameTail(out)) as tail:
        tail.read()  # which has what it says when it starts
        if verdict is None and tail.started is not None:  # it ended the process that watched it
            kill_tree(tail.started)
        deque(tail.rest(), maxlen=0)
    status, clause, code = verdict or (Status.KILLED, "ended the process that watched it", 0)
    others = status
    if tail.status is not None:
        status, clause = tail.status, ""
    elif status is None:
        status, clause = describe_end(code)
    return traces_of(job, tail, (status, clause), others or status), tail.started is not None


PROCESSES = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
"""Programs that `run_source` runs at once, if as many threads call it."""
_shared = GroundTruth(PROCESSES)
atexit.register(_shared.close)


def stop_runs() -> None:
    """End the programs that other threads have running here (`run_source`, `run_context`): there they raise RunError."""
    _shared.close()


def run_source(
    source: str,
    call: str | None = None,
    *,
    limits: Limits | None = None,
    settings: Settings | None = None,
    directory: str | Path | None = None,
    arguments: Sequence[str] = (),
    stdin: str = "",
) -> Trace:
    """The true trace of source text, run in a child process with limits, in `directory`; without, in an empty one that is removed behind it.

    `arguments`: its `sys.argv` behind the first, which is empty. `stdin`: all of its standard input.

    With `call` the context is CWM's published form, `main` returning the call; without, the entry is the line that carries the mark, else a
    top-level `main()` that the program calls, else the module body. Raises InputError, RunError.
    """
    need_text(source=source, **({} if call is None else {"call": call}))
    folder = folder_of(directory)
    options = {"limits": limits or Limits(), "settings": settings or CHILD_SETTINGS, "directory": folder}
    return _shared.trace(source_job(source, call, argv=["", *arguments], stdin=stdin, **options))


def run_context(
    context: str, *, limits: Limits | None = None, directory: str | Path | None = None, start: Start = UNKNOWN_START
) -> Trace:
    """The same of a marked context; `start`: how it is started, with a file of its own in the working directory. Raises InputError, RunError."""
    return _shared.trace(started_job(context, start, limits=limits or Limits(), directory=folder_of(directory)))
