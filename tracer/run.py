"""Runs other people's programs for their true traces: in a child process with limits, never in this one.

Knows jobs and what the child writes, nothing of how events are recorded.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_trace.files import save_lines
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.tracer.limits import UNLIMITED, Limits
from cwm_trace.tracer.limits_watch import Watch, descendants, describe_end, kill_all, kill_group, kill_tree
from cwm_trace.tracer.run_child import FrameTail, command, environment, sandboxed, traces_of
from cwm_trace.tracer.run_jobs import (
    Job,
    code_job,
    context_job,
    file_name,
    function_job,
    module_job,
    read_source,
    script_job,
    source_job,
)
from cwm_trace.tracer.run_worker import PROCESSES, GroundTruth, run_context, run_source, stop_runs
from cwm_trace.tracer.supported import check_python

__all__ = [
    "PROCESSES",
    "GroundTruth",
    "Job",
    "Run",
    "RunResult",
    "code_job",
    "context_job",
    "file_name",
    "finish",
    "function_job",
    "iter_run",
    "module_job",
    "read_source",
    "run_context",
    "run_script",
    "run_source",
    "script_job",
    "source_job",
    "stop_runs",
]

_POLL = 0.01
_INTERRUPT_SECONDS = 3.0


@dataclass(slots=True)
class RunResult:
    """A finished run.

    Attributes:
        trace: the recorded frames; its status says how it ended, `meta["end"]` in words where nothing of the program does.
        returncode: of the process, as subprocess gives it (negative: killed by that signal).
        stdout, stderr: what the program wrote, if captured.
        frames: how many were recorded, with those of other threads.
    """

    trace: Trace
    returncode: int
    stdout: bytes | None = None
    stderr: bytes | None = None
    frames: int = 0


class Run:
    """A running child process; iterate over it for the frames as they come, then ask for `result`, then `close` it."""

    def __init__(
        self,
        job: Job,
        *,
        stdin: bytes | None = None,
        capture: bool = False,
        detached: bool = True,
        sandbox: bool = False,
        stdout: Any = None,
        keep: bool = True,
    ) -> None:
        """`stdin`: all of the program's standard input; None: that of the job, and where it has none and is not `detached`, ours.

        `keep`: whether the frames are kept in memory. If not, iteration yields none, `result` has the last two, and `save` writes all.

        `detached`: in a session of its own without the terminal, so that all it starts can be killed with it.

        `stdout`: where the program's output goes if it is not captured, as for subprocess. Raises InputError, RunError.
        """
        check_python()
        self._job, self._detached = job, detached
        self._folder = tempfile.mkdtemp(prefix="cwm-trace-")
        self._status: Status | None = None
        self._end = ""
        self._killed = False
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            self._start(stdin, capture, sandbox, stdout, keep)
        except BaseException:
            self.close()
            raise

    def _start(self, stdin: bytes | None, capture: bool, sandbox: bool, stdout: Any, keep: bool) -> None:
        out, job_file = (os.path.join(self._folder, name) for name in ("frames.jsonl", "job.json"))
        Path(out).touch()
        Path(job_file).write_text(json.dumps(self._job.record(out)), encoding="utf-8")
        self._tail = self._stack.enter_context(contextlib.closing(FrameTail(out, keep=keep)))
        self._outputs = [self._stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)] if capture else []
        line = command(job_file)
        if sandbox:
            line = sandboxed(line, self._folder, [self._job.folder] if self._job.folder else [])
        self._process = subprocess.Popen(
            line,
            stdin=self._input(stdin),
            stdout=self._outputs[0] if capture else stdout,
            stderr=self._outputs[1] if capture else None,
            start_new_session=self._detached,
            env=environment(),
        )
        self._stack.callback(self.kill)
        self._watch = Watch(self._process.pid, self._job.limits, [file.fileno() for file in self._outputs])

    def _input(self, stdin: bytes | None) -> Any:
        if stdin is None and self._job.stdin:
            stdin = self._job.typed
        if stdin is None:
            return subprocess.DEVNULL if self._detached else None
        file = self._stack.enter_context(tempfile.TemporaryFile())
        file.write(stdin)
        file.seek(0)
        return file

    def __iter__(self) -> Iterator[Step]:
        try:
            while self._poll() is None:
                yield from self._read()
                verdict = self._watch.verdict()
                if verdict is not None:
                    self._status, self._end = verdict
                    break
                if not self._tail.behind:
                    time.sleep(_POLL)
            else:
                yield from self._tail.rest()
        except KeyboardInterrupt:
            self._interrupted()
            raise
        finally:
            self.kill()
        yield from self._tail.rest()

    def _interrupted(self) -> None:
        """The terminal sent the program the same signal, unless it is detached: let it end in its own way."""
        self._status, self._end = Status.INTERRUPTED, "interrupted"
        if not self._detached:
            self._wait(_INTERRUPT_SECONDS)

    def _read(self) -> list[Step]:
        steps = self._tail.read()
        if self._tail.started is not None:
            self._watch.start()
        return steps

    def send(self, number: int) -> None:
        """Send the process a signal, if it still runs."""
        if self._poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End the process, if it still runs with all that it started; if detached, in any case all that it left running."""
        if self._killed:  # the number may be another's by now
            return
        pid, self._killed = self._process.pid, True
        if self._poll() is not None:
            if self._detached:
                kill_group(pid)
            return
        if self._status is None:
            self._status, self._end = Status.INTERRUPTED, "interrupted"
        if self._detached:
            kill_tree(pid)
        else:
            kill_all([*descendants(pid), pid])
        self._wait()

    def _poll(self) -> int | None:
        """As that of `Popen`, without the lock that an interrupt at the wrong place would leave taken: who waits then waits for ever."""
        process = self._process
        if process.returncode is None:
            try:
                pid, status = os.waitpid(process.pid, os.WNOHANG)
            except ChildProcessError:  # an interrupt came when it had just been waited for
                process.returncode = 0
            else:
                process.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return process.returncode

    def _wait(self, seconds: float = math.inf) -> None:
        """Until it has ended, or for so long."""
        until = time.monotonic() + seconds
        while self._poll() is None and time.monotonic() < until:
            time.sleep(_POLL)

    def result(self) -> RunResult:
        """What is known now; the whole run if iteration has ended."""
        deque(self._tail.rest(), maxlen=0)
        code = self._poll()
        status, end = self._ended(code)
        stdout, stderr = map(_contents, self._outputs) if self._outputs else (None, None)
        whole = status if self._status is None else self._status
        trace = traces_of(self._job, self._tail, (status, end), whole)
        frames = sum(part.count for part in (self._tail.main, *self._tail.threads))
        return RunResult(trace, code or 0, stdout, stderr, frames)

    def save(self, path: str | Path) -> None:
        """Write the trace of a run that has ended; memory does not grow with it. Raises InputError."""
        trace, tail = self.result().trace, self._tail
        parts = zip((trace, *trace.threads), (tail.main, *tail.threads), strict=True)
        save_lines(((one, part.lines(tail.path)) for one, part in parts), path)

    def _ended(self, code: int | None) -> tuple[Status, str]:
        if self._tail.status is not None:
            return self._tail.status, ""
        if self._status is not None:
            return self._status, self._end
        return (Status.OPEN, "") if code is None else describe_end(code)

    def close(self) -> None:
        """End the program, if it still runs, and remove the temporary files."""
        self._stack.close()


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


def iter_run(job: Job, **options: Any) -> Iterator[Step]:
    """The frames of a job as they come; options as for `Run`. A generator that is closed early ends the program."""
    run = Run(job, **options)
    try:
        yield from run
    finally:
        run.close()


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
