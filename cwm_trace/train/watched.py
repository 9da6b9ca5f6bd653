"""Processes that say which program they are at: one that dies, or hangs where no alarm reaches it, costs its program and no more.

A loop inside one C call (`sum(range(10 ** 12))`) hears no signal, a crash ends the process: who started it looks, ends it and counts.
Knows nothing of what the processes do.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

NOWHERE = -1
HANG_SECONDS = 20.0
"""Of the processor, at one program: those that hear the alarm end long before."""

_LOOKS = 1.0  # seconds between looks at processes that say nothing
_MOST_LOST = 30  # programs of one job; more is no bad luck
_JOBS_OF_A_PROCESS = 8  # after which a new one takes over: what programs leave behind goes with it


class Place(Protocol):
    """A number in memory that two processes share."""

    value: int


def new_place(context: BaseContext) -> Place:
    """Says that its process is at no program."""
    place: Place = context.Value("q", NOWHERE, lock=False)
    return place


class Watched:
    """A process and the program that it is at."""

    def __init__(self, process: BaseProcess, place: Place) -> None:
        self.process, self.place = process, place
        self._seen, self._since = NOWHERE, 0.0

    def fate(self) -> str | None:
        """`died`, or `hung`, which is ended here; None: it runs."""
        if self.process.exitcode is not None:
            return "died"
        at, seconds = self.place.value, _processor_seconds(self.process.pid)
        if at != self._seen or at == NOWHERE:
            self._seen, self._since = at, seconds
        elif seconds - self._since > HANG_SECONDS:
            self.end()
            return "hung"
        return None

    def end(self) -> None:
        """Kill it, if it still runs."""
        self.process.kill()
        self.process.join()


def _processor_seconds(pid: int | None) -> float:
    """What a process has used: a paused one does not hang. Where that cannot be read, the clock on the wall."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


Job = Any
Work = Callable[[Job, Place, frozenset[int]], dict[str, int]]


class Crew:
    """Processes that do jobs. Each job gets its place to write programs' numbers to, and those that are lost and must be left out."""

    def __init__(self, context: BaseContext, work: Work, workers: int) -> None:
        self._context, self._work = context, work
        self._members: list[_Member | None] = [None] * workers

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *exception: object) -> None:
        for member in self._members:
            if member is not None:
                member.watched.end()

    def run(self, jobs: Iterable[Job]) -> Iterator[dict[str, int]]:
        """What the jobs return, as they are done, with the numbers of programs lost.

        Raises what a job raises before its first program, and RuntimeError for a job that loses one program after another.
        """
        waiting = deque((job, frozenset[int](), dict[str, int]()) for job in jobs)
        while waiting or any(member and member.busy for member in self._members):
            self._hand_out(waiting)
            busy = [member for member in self._members if member and member.busy]
            wait([member.connection for member in busy], _LOOKS)
            for member in busy:
                if member.connection.poll() and (counts := member.reply()) is not None:
                    yield counts
                elif member.busy and (fate := member.watched.fate()):
                    waiting.appendleft(member.lost(fate))
        self.__exit__()

    def _hand_out(self, waiting: deque[tuple[Job, frozenset[int], dict[str, int]]]) -> None:
        for number, member in enumerate(self._members):
            if member and member.busy or not waiting:
                continue
            if member is None or member.ended:
                member = self._members[number] = _Member(self._context, self._work)
            member.give(*waiting.popleft())


class _Member:
    def __init__(self, context: BaseContext, work: Work) -> None:
        self.connection, other = context.Pipe()
        place = new_place(context)
        process = context.Process(target=_serve, args=(work, other, place), daemon=True)  # type: ignore[attr-defined]
        process.start()
        other.close()
        self.watched = Watched(process, place)
        self.busy, self._done = False, 0

    @property
    def ended(self) -> bool:
        """Whether another must take over."""
        if self._done >= _JOBS_OF_A_PROCESS:
            self.watched.end()
        return self.watched.process.exitcode is not None

    def give(self, job: Job, left_out: frozenset[int], counts: dict[str, int]) -> None:
        self._job, self._left_out, self._counts, self.busy = job, left_out, counts, True
        try:
            self.connection.send((job, left_out))
        except ConnectionError:
            pass  # it died: the next look tells

    def reply(self) -> dict[str, int] | None:
        try:
            answer = self.connection.recv()
        except (EOFError, ConnectionError):  # it died; reset, if it had not read all that it was given
            return None
        self.busy = False
        self._done += 1
        if isinstance(answer, Exception):
            raise answer
        counts: dict[str, int] = answer
        return counts | self._counts

    def lost(self, fate: str) -> tuple[Job, frozenset[int], dict[str, int]]:
        """The job that it was at, without the program that it was at."""
        self.busy = False
        at = self.watched.place.value
        left_out = self._left_out | {at}
        if at == NOWHERE or len(left_out) > _MOST_LOST:
            code = self.watched.process.exitcode
            raise RuntimeError(
                f"a process that writes training data {fate} (exit code {code}), after {len(left_out) - 1} others"
            )
        return self._job, left_out, self._counts | {fate: self._counts.get(fate, 0) + 1}


def _serve(work: Work, connection: Connection, place: Place) -> None:
    while True:
        try:
            job, left_out = connection.recv()
        except EOFError:
            return
        try:
            answer: object = work(job, place, left_out)
        except Exception as error:
            if place.value != NOWHERE:
                raise  # that program's fault: the process ends, and it is counted
            answer = error
        place.value = NOWHERE
        connection.send(answer)
