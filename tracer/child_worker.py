"""The warm child process: runs small programs one after another, each in a fork of itself.

A job a line in (JSON), a reply a line out: `[status or null, clause, exit code]`; status null = the frame file tells.
"""

from __future__ import annotations

import gc
import json
import os
import select
import threading
import time
from collections.abc import Set
from typing import Any, NoReturn

from cwm_trace.tracer.child import Program, give_back_names
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.limits_watch import COUNT_SECONDS, Watch, kill_group, kill_tree

READY = b"ready\n"


def serve(known: Set[str]) -> None:
    """Answer until stdin ends."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    give_back_names(known)
    gc.collect()
    gc.freeze()  # a collection in a fork need not touch, and so copy, what it shares with us
    os.write(replies, READY)
    with open(requests, "rb") as lines:
        for line in lines:
            job = json.loads(line)
            pid = os.fork()
            if pid == 0:
                os.setsid()
                os.closerange(3, max(requests, replies, null) + 1)
                _forked(job, known)
            os.write(replies, (json.dumps(_watch(pid, Limits(**job["limits"]))) + "\n").encode())


def _watch(pid: int, limits: Limits) -> tuple[str | None, str, int]:
    """Wait for a fork under its limits; whatever it left running is killed."""
    watch, verdict = Watch(pid, limits), None
    watch.start()
    ended = _Ended(pid)
    while verdict is None and not ended.wait(COUNT_SECONDS):
        verdict = watch.verdict()
    if verdict is None:
        kill_group(pid)
    else:
        kill_tree(pid)
    code = os.waitstatus_to_exitcode(ended.reap())
    return (None, "", code) if verdict is None else (verdict[0].value, verdict[1], code)


def _read_from(path: str) -> None:
    """Let this file be the standard input."""
    descriptor = os.open(path, os.O_RDONLY)
    os.dup2(descriptor, 0)
    os.close(descriptor)


class _Ended:
    """Tells when a child process has ended, at once where the kernel has process descriptors."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except (AttributeError, OSError):
            self._descriptor = None

    def wait(self, seconds: float) -> bool:
        """Whether it has ended; waits up to `seconds`."""
        if self._descriptor is not None:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        until, pause = time.monotonic() + seconds, 0.0005
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
        return False

    def reap(self) -> int:
        """Its wait status; waits."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        return os.waitpid(self.pid, 0)[1] if self._status is None else self._status


def _forked(job: dict[str, Any], known: Set[str]) -> NoReturn:
    code = 0
    try:
        try:
            program = Program(job, known)
            os.chdir(job["directory"])
            if job["stdin"]:
                _read_from(job["stdin"])
            program.run()
        finally:
            threading._shutdown()  # type: ignore[attr-defined]  # as plain python: waits for the program's other threads
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # the program's own; its trace says what it was
        code = 1
    os._exit(code & 0xFF)
