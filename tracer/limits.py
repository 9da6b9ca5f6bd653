"""Limits of a traced program, and how a child process puts them on itself."""

from __future__ import annotations

import contextlib
import resource
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None = no limit.

    Attributes:
        frames: recorded frames; the program is ended after so many.
        seconds: wall-clock time of the whole child process.
        cpu_seconds: processor time (the kernel kills the process).
        memory: address space in bytes (the program sees MemoryError).
        trace_bytes: size of the recorded frames on disk.
        file_bytes: largest file the program may write.
        processes: processes and threads of this user (the kernel does not hold root to it).
    """

    frames: int | None = 100_000
    seconds: float | None = 30.0
    cpu_seconds: int | None = None
    memory: int | None = 4 << 30
    trace_bytes: int | None = 256 << 20
    file_bytes: int | None = None
    processes: int | None = None

    def as_json(self) -> dict[str, float | None]:
        """For the child process."""
        return asdict(self)


UNLIMITED = Limits(frames=None, seconds=None, memory=None, trace_bytes=None)
"""For the `trace` command: the user runs a program of their own."""


def apply_limits(limits: Limits) -> None:
    """Put the kernel's limits on this process (a hard limit that is lower already stays)."""
    wanted = {
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NPROC: limits.processes,
    }
    for kind, value in wanted.items():
        if value is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, value))
