"""Starts the child process, and reads the file of frames that it writes. Knows nothing of what is run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cwm_trace
from cwm_trace.errors import InputError, RunError
from cwm_trace.files import StepReader
from cwm_trace.frames import Status, Step

ROOT = str(Path(cwm_trace.__file__).resolve().parent.parent)
BOOT = str(Path(__file__).resolve().with_name("child_boot.py"))


class FrameTail:
    """Reads a growing file of frames; keeps an incomplete last line for later.

    Attributes:
        started: the program's process number (in a sandbox, the number there) once it has started.
        status: what the child says of the end.
        untraced: the functions and class bodies of which it says that they could not be instrumented.
        count: how many frames were read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = open(path, "rb")
        self._rest = b""
        self._last: list[bytes] = []
        self._reader = StepReader()
        self.started: int | None = None
        self.status: Status | None = None
        self.untraced: list[str] = []
        self.count = 0

    def read(self) -> list[Step]:
        """The frames that were written since the last call. Raises RunError where the child says that it failed."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        frames = [record for line in lines if (record := self._frame(json.loads(line))) is not None]
        self.count += len(frames)
        return list(map(self._reader.read, frames))

    def skip(self) -> None:
        """Count the frames that were written since the last call; all but the last two are forgotten. Raises as `read`."""
        while chunk := self._file.read(_CHUNK):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            frames = [line for line in lines if line.startswith(_FRAME) or self._frame(json.loads(line)) is not None]
            self.count += len(frames)
            self._last = [*self._last, *frames][-2:]

    def last(self) -> list[Step]:
        """After `skip`: the last two frames, as far as their events and values tell (locals are left out)."""
        records = [{**json.loads(line), "locals": []} for line in self._last]
        return [StepReader().read(record) for record in records]

    def lines(self) -> Iterator[str]:
        """The JSON texts of all frames in the file, in a file that no longer grows."""
        with open(self._path, "rb") as file:
            for line in file:
                if line.startswith(_FRAME) and line.endswith(b"\n"):
                    yield line[:-1].decode("ascii")

    def _frame(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """The record, if it is one of a frame; what else the child says is noted."""
        if "fault" in record:
            raise RunError(f"the program cannot be recorded ({record['fault']})", hint="Please report it")
        if "begin" in record:
            self.started, self.untraced = int(record["begin"]), record["untraced"]
            return None
        if "end" in record:
            self.status = Status(record["end"])
            return None
        return record

    def close(self) -> None:
        """Close the file."""
        self._file.close()


_FRAME = b'{"event"'
_CHUNK = 1 << 20


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
