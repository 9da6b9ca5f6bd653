"""Starts the child process, and reads the file of frames that it writes. Knows nothing of what is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cwm_trace
from cwm_trace.errors import InputError, RunError
from cwm_trace.files import StepReader
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.tracer.run_jobs import Job
from cwm_trace.tracer.track import ThreadStart

Record = dict[str, Any]
ROOT = str(Path(cwm_trace.__file__).resolve().parent.parent)
BOOT = str(Path(__file__).resolve().with_name("child_boot.py"))


class Part:
    """What the file of frames has of one trace: of the main one, or of another thread's.

    Attributes:
        start: where it starts, of another thread's.
        complete: whether the file says that its entry was left (of another thread's).
        count: how many frames were read.
        steps: these, where they are kept.
    """

    def __init__(self, start: ThreadStart | None = None) -> None:
        self.start, self.complete, self.count = start, False, 0
        self.steps: list[Step] = []
        self._last: list[bytes] = []
        self._places: list[int] = []  # begin and end of each stretch of the file that has its lines, one after another
        self._reader = StepReader()

    def keep(self, record: Record, line: bytes, end: int) -> Step:
        """Take note of a frame as `note` does, and keep it."""
        self.note(line, end)
        self.steps.append(self._reader.read(record))
        return self.steps[-1]

    def note(self, line: bytes, end: int) -> None:
        """Take note of where the line of a frame ends in the file; all but the last two are forgotten."""
        self.count += 1
        self._last = [*self._last, line][-2:]
        begin = end - len(line) - 1
        if self._places and self._places[-1] == begin:
            self._places[-1] = end
        else:
            self._places += [begin, end]

    def last(self) -> list[Step]:
        """The last two frames, as far as their events and values tell (locals are left out)."""
        records = [{**json.loads(line), "locals": []} for line in self._last]
        return [StepReader().read(record) for record in records]

    def lines(self, path: str) -> Iterator[str]:
        """The JSON texts of all frames."""
        with open(path, "rb") as file:
            for begin, end in zip(self._places[::2], self._places[1::2], strict=True):
                file.seek(begin)
                while file.tell() < end:
                    line = file.readline()
                    yield "{" + _TAG.sub(b"", line[:-1]).decode("ascii")


class FrameTail:
    """Reads a growing file of frames; keeps an incomplete last line for later.

    Attributes:
        started: the program's process number (in a sandbox, the number there) once it has started.
        status: what the child says of the end of the main trace; stopped: of the end of all, where that was a limit.
        untraced: the functions and class bodies of which it says that they could not be instrumented.
        forks: how many processes the program has forked.
        main: the main trace; threads: those of other threads.
        keep: whether it was told to keep frames.
        behind: whether the file had more than the last reading took.
    """

    def __init__(self, path: str, *, keep: bool = True) -> None:
        """`keep`: or frames are counted only, none is given, and all but the last two of each trace are forgotten."""
        self.path, self.keep = path, keep
        self._file = open(path, "rb")
        self._rest, self._end = b"", 0
        self.started: int | None = None
        self.status: Status | None = None
        self.stopped: Status | None = None
        self.untraced: list[str] = []
        self.forks = 0
        self.behind = False
        self.main = Part()
        self.threads: list[Part] = []

    @property
    def count(self) -> int:
        """How many frames of the main trace were read."""
        return self.main.count

    def read(self) -> list[Step]:
        """Frames of the main trace that were written since the last call: a chunk of the file, so that a program which writes faster than
        they are read does not keep the reader from all else. Raises RunError where the child says that it failed."""
        if not self.keep:
            self._skip()
            return []
        steps = []
        for line in self._lines(self._chunk()):
            record = json.loads(line)
            part = self._part(record)
            if part is not None:
                step = part.keep(record, line, self._end)
                steps += [step] if part is self.main else []
        return steps

    def _skip(self) -> None:
        for line in self._lines(self._chunk()):
            part: Part | None = self.main
            if not line.startswith(_FRAME):
                part = self._part(json.loads(line))
            if part is not None:
                part.note(line, self._end)

    def rest(self) -> Iterator[Step]:
        """All frames to where the file ends now: a program that still runs may write faster."""
        size = os.fstat(self._file.fileno()).st_size
        while self._file.tell() < size:
            yield from self.read()

    def _chunk(self) -> bytes:
        data = self._file.read(_CHUNK)
        self.behind = len(data) == _CHUNK
        return data

    def _lines(self, data: bytes) -> Iterator[bytes]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._end += len(line) + 1
            yield line

    def _part(self, record: Record) -> Part | None:
        """The trace of a record, if it is one of a frame; what else the child says is noted."""
        if "event" in record:
            return self.threads[record["thread"] - 1] if "thread" in record else self.main
        if "fault" in record:
            raise RunError(f"the program cannot be recorded ({record['fault']})", hint="Please report it")
        if "begin" in record:
            self.started, self.untraced = int(record["begin"]), record["untraced"]
        elif "untraced" in record:
            self.untraced = record["untraced"]
        elif "start" in record:
            self.threads.append(Part(ThreadStart(**record["start"])))
        elif "complete" in record:
            self.threads[record["complete"] - 1].complete = True
        elif "forked" in record:
            self.forks += 1
        elif "stopped" in record:
            self.stopped = Status(record["stopped"])
        elif "end" in record:
            self.status = Status(record["end"])
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def traces_of(job: Job, tail: FrameTail, ended: tuple[Status, str], others: Status) -> Trace:
    """What a file of frames has: the main trace, which `ended` so, with those of other threads.

    Of these, one whose entry was not left ends as `others` says: a thread may go on when the main trace is complete.
    """
    forks = f"{tail.forks} (not recorded)" if tail.forks else ""
    main = job.trace(
        tail.main.steps if tail.keep else tail.main.last(), *ended, untraced=", ".join(tail.untraced), forks=forks
    )
    if tail.stopped is not None or others is Status.COMPLETE:
        others = tail.stopped or Status.OPEN
    threads = []
    for part in tail.threads:
        status = Status.COMPLETE if part.complete else others
        assert part.start is not None
        steps = part.steps if tail.keep else part.last()
        threads.append(part.start.trace(job.entry.source, steps, main.meta, status))
    return replace(main, threads=tuple(threads))


_FRAME = b'{"event"'
_TAG = re.compile(rb'^\{("thread": [0-9]+, )?')
_CHUNK = 1 << 18


def environment() -> dict[str, str]:
    """The child's: ours, with a fixed hash seed where the user set none, so that the order of sets can be repeated."""
    return {"PYTHONHASHSEED": "0", **os.environ}


def command(*arguments: str) -> list[str]:
    """The command line of a child process."""
    return [sys.executable, BOOT, ROOT, *arguments]


def sandboxed(line: list[str], out: str, needed: Iterable[str]) -> list[str]:
    """The command line in bubblewrap: no network, a read-only file system, a /tmp of its own.

    Only the folder `out` can be written. Of the real /tmp, what is `needed` can be read. Raises InputError.
    """
    if shutil.which("bwrap") is None:
        raise InputError("bubblewrap is not installed", hint="The sandbox needs it: apt install bubblewrap")
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for folder in dict.fromkeys([*needed, ROOT, sys.prefix, sys.base_prefix, os.getcwd()]):
        if folder.startswith("/tmp/"):
            mounts += ["--ro-bind", folder, folder]
    return ["bwrap", "--unshare-all", "--die-with-parent", *mounts, "--bind", out, out, "--", *line]
