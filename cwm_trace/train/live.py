"""Shards that are written while a model trains: processes of their own generate and record programs, each trace is used once.

Each process writes shards of programs that no other has, from seeds of its own, and waits where too many lie unread. Knows the shards'
folder, not the model. The folder may be in memory (`/dev/shm`); shards that were read are deleted.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from types import TracebackType

from cwm_trace.train.record import Maker, Recipe, limit_worker
from cwm_trace.train.shards import IdArray, load_shard, save_shard, shard_paths
from cwm_trace.train.watched import NOWHERE, Place, Watched, new_place

FIRST_SEED = 1_000_000_000  # far from those of shards that were written beforehand, and of the suites
SEEDS_A_START = 100_000_000  # more than all processes of one start use in days
SEEDS_A_TRAINER = 1_000_000_000_000
_WAITING = 3  # unread shards of a process, after which it waits
_PAUSE = 0.2  # seconds between looks
_MOST_LOST = 100  # programs of one process; more is no bad luck


@dataclass(frozen=True, slots=True)
class LiveRecipe:
    """What the processes write.

    Attributes:
        recipe: all but the seeds, which are given out here; `per_shard` is the number of programs in a shard.
        workers: processes.
    """

    recipe: Recipe
    workers: int


def _write(
    recipe: Recipe,
    folder: Path,
    start: int,
    step: int,
    parent: int,
    stop: Event,
    place: Place,
    left_out: frozenset[int] = frozenset(),
) -> None:
    """What a process does until it is told to stop, or its parent is gone: shards from `start` on, every `step` seeds."""
    limit_worker()
    maker = Maker(recipe)
    while not stop.is_set() and os.getppid() == parent:
        if len(list(folder.glob(f"shard-*-{start % step // recipe.per_shard:03d}.npz"))) >= _WAITING:
            time.sleep(_PAUSE)
            continue
        maker.seen.clear()
        sequences = []
        for seed in range(start, start + recipe.per_shard):
            if seed in left_out:
                continue
            place.value = seed
            sequences += maker.sequences(seed)
            if stop.is_set():
                return
        place.value = NOWHERE
        _count(folder, os.getpid(), maker.counts | maker.keep.counts)
        save_shard(
            folder / f"shard-{start:015d}-{start % step // recipe.per_shard:03d}.npz", sequences, compressed=False
        )
        start += step


def _count(folder: Path, number: int, counts: dict[str, int]) -> None:
    path = folder / f"counts-{number}.json"
    path.with_suffix(".partial").write_text(json.dumps(counts))
    path.with_suffix(".partial").replace(path)


@dataclass(frozen=True, slots=True)
class _Writer:
    """A process, the seeds that it writes, and those that it leaves out."""

    watched: Watched
    start: int
    step: int
    left_out: frozenset[int]


class LiveShards:
    """The processes, from `with` on; `take` gives what they have written since."""

    def __init__(self, live: LiveRecipe, folder: Path, trainer: int = 0) -> None:
        """`trainer`: which of several that train one model and share no folder; none has the seeds of another."""
        self._live, self.folder, self._trainer = live, folder, trainer
        self._writers: list[_Writer] = []
        self._stop: Event | None = None
        self._lost = {"died": 0, "hung": 0}
        self.taken = 0

    def __enter__(self) -> LiveShards:
        context = multiprocessing.get_context("spawn")
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in [*shard_paths(self.folder), *self.folder.glob("*.partial*"), *self.folder.glob("counts-*")]:
            path.unlink()  # of a run that was cut off
        self._stop = context.Event()
        recipe, count = self._live.recipe, self._live.workers
        first = FIRST_SEED + self._trainer * SEEDS_A_TRAINER + self._start() * SEEDS_A_START
        step = count * recipe.per_shard
        # The first of a multiple of the step, so that a shard's number tells its process.
        first = -(-first // step) * step
        for worker in range(count):
            self._writers.append(self._writer(first + worker * recipe.per_shard, step))
        return self

    def _writer(self, start: int, step: int, left_out: frozenset[int] = frozenset()) -> _Writer:
        context = multiprocessing.get_context("spawn")
        place = new_place(context)
        arguments = (self._live.recipe, self.folder, start, step, os.getpid(), self._stop, place, left_out)
        process = context.Process(target=_write, args=arguments, daemon=True)
        process.start()
        return _Writer(Watched(process, place), start, step, left_out)

    def _start(self) -> int:
        """How often processes were started for this folder before: none uses a seed again."""
        path = self.folder / "starts"
        number = int(path.read_text()) if path.exists() else 0
        path.write_text(str(number + 1))
        return number

    def take(self, most: int) -> list[IdArray]:
        """The traces of so many finished shards at most, the oldest first; they are deleted. Empty if none is finished.

        A process that died or hung at a program is started again, without it. Raises RuntimeError if one has ended elsewhere.
        """
        self._look()
        sequences: list[IdArray] = []
        for path in shard_paths(self.folder)[:most]:
            sequences += load_shard(path)
            path.unlink()
            self.taken += 1
        return sequences

    def _look(self) -> None:
        for number, writer in enumerate(self._writers):
            fate = writer.watched.fate()
            if fate is None:
                continue
            at, code = writer.watched.place.value, writer.watched.process.exitcode
            left_out = writer.left_out | {at}
            if at == NOWHERE or len(left_out) > _MOST_LOST:
                raise RuntimeError(f"processes that write training data have ended: exit codes {[code]}")
            self._lost[fate] += 1
            start = writer.start + (at - writer.start) // writer.step * writer.step  # of the shard that it was writing
            self._writers[number] = self._writer(start, writer.step, left_out)

    def counts(self) -> dict[str, int]:
        """What became of the programs so far, as `Maker` counts it; how many were lost with their process."""
        total = dict(self._lost)
        for path in self.folder.glob("counts-*.json"):
            for name, value in json.loads(path.read_text()).items():
                total[name] = total.get(name, 0) + value
        return total

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._stop is not None
        self._stop.set()
        for writer in self._writers:
            process = writer.watched.process
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
        self._writers = []
