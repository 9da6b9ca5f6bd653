"""Watches a running program from outside: decides when it has to be ended, and ends it with everything it started.

Knows processes as the kernel shows them (`/proc`; elsewhere only the process group), nothing of frames.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cwm_trace.frames import Status
from cwm_trace.tracer.limits import Limits

COUNT_SECONDS = 0.1


class Watch:
    """The limits of one program that only an observer can keep."""

    def __init__(self, pid: int, limits: Limits, outputs: Sequence[int] = ()) -> None:
        """`pid` is a running child; `outputs` are descriptors of the files its output goes to. The clock runs from `start` on."""
        self.pid, self.limits, self.outputs = pid, limits, outputs
        self._deadline: float | None = None
        self._next_count = time.monotonic() + COUNT_SECONDS

    def start(self) -> None:
        """The program has started (before, the interpreter did)."""
        if self._deadline is None and self.limits.seconds is not None:
            self._deadline = time.monotonic() + self.limits.seconds

    def verdict(self) -> tuple[Status, str] | None:
        """Why the program must be ended now, as a status and a clause; None = it may go on."""
        now = time.monotonic()
        if self._deadline is not None and now > self._deadline:
            return Status.TIME_LIMIT, f"over {self.limits.seconds:g} s"
        largest = self.limits.output_bytes
        if largest is not None and any(os.fstat(output).st_size > largest for output in self.outputs):
            return Status.SIZE_LIMIT, f"over {largest} bytes of output"
        if self.limits.processes is not None and now > self._next_count:
            self._next_count = now + COUNT_SECONDS
            if len(descendants(self.pid)) >= self.limits.processes:
                return Status.KILLED, f"over {self.limits.processes} processes at once"
        return None


def describe_end(returncode: int) -> tuple[Status, str]:
    """How a process without a last record of its own ended: by a signal, or by leaving at once (`os._exit`, `os.exec...`)."""
    if returncode == -signal.SIGXCPU:
        return Status.TIME_LIMIT, "over its processor time"
    if returncode >= 0:
        return Status.KILLED, f"left at once with code {returncode}"
    with contextlib.suppress(ValueError):
        return Status.KILLED, f"killed by {signal.Signals(-returncode).name}"
    return Status.KILLED, f"killed by signal {-returncode}"


def kill_group(pid: int) -> None:
    """SIGKILL all that is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """SIGKILL a child that leads a process group, that group, and all its living descendants in others."""
    doomed = descendants(pid)
    kill_group(pid)
    kill_all([pid, *doomed])


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL each of these processes that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The living processes that descend from `pid` and whose ancestors still live."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, ()))
    for one in found:
        found += children.get(one, ())
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """(process, parent) of every process; nothing where there is no `/proc`."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # The second field is a name in parentheses that may hold anything, parentheses too.
            fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            yield int(folder.name), int(fields[1])
