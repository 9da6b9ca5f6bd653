"""Limits of a traced program, and how a child process puts them on itself. Knows nothing of frames."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from cwm_trace.errors import InputError

GRACE_SECONDS = 10
"""How much later than the parent's clock the kernel's clock ends a program: only for a parent that died."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None = no limit. Raises InputError for a limit that is not above 0.

    Attributes:
        frames: recorded frames; the program is ended at the one after.
        seconds: wall-clock time of the whole child process.
        cpu_seconds: processor time of one process.
        memory: address space in bytes (the program sees MemoryError).
        trace_bytes: size of the recorded frames on disk.
        output_bytes: size of stdout, and of stderr, where they are captured.
        file_bytes: largest file the program may write (it sees OSError); the file of frames counts too.
        processes: processes alive at once, the program's own among them; counted ten times a second.
    """

    frames: int | None = 100_000
    seconds: float | None = 30.0
    cpu_seconds: int | None = None
    memory: int | None = 4 << 30
    trace_bytes: int | None = 256 << 20
    output_bytes: int | None = 64 << 20
    file_bytes: int | None = None
    processes: int | None = 64

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not value > 0:  # nor nan
                raise InputError(
                    f"a program cannot run with {name}={value!r}", hint="Give more than 0, or None for no limit"
                )

    @property
    def kernel_seconds(self) -> int | None:
        """Processor time after which the kernel ends a process."""
        if self.cpu_seconds is not None or self.seconds is None:
            return self.cpu_seconds
        return int(self.seconds) + GRACE_SECONDS


UNLIMITED = Limits(frames=None, seconds=None, memory=None, trace_bytes=None, output_bytes=None, processes=None)
"""For the `trace` command: the user runs a program of their own."""


def apply_limits(limits: Limits) -> None:
    """Put the kernel's limits on this process."""
    import resource  # which not every platform has; recording in this process needs no limits

    seconds = limits.kernel_seconds
    # One second more for the hard limit: SIGXCPU, which the parent can tell from other ends, comes before SIGKILL.
    _limit(resource.RLIMIT_CPU, seconds, None if seconds is None else seconds + 1)
    _limit(resource.RLIMIT_AS, limits.memory, limits.memory)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes)


def _limit(kind: int, soft: int | None, hard: int | None) -> None:
    import resource

    if soft is not None and hard is not None:
        with contextlib.suppress(ValueError, OSError):  # a hard limit that is lower already stays
            resource.setrlimit(kind, (soft, hard))
