"""A lean network in several processes, one for each core: rollouts at once, where threads of one process would wait for each other.

Each process reads the weights itself and runs the passes of its rollouts together (`models.batch`). They start when rollouts need
them, and end with the object. Knows nothing of how tokens are chosen.
"""

from __future__ import annotations

import itertools
import json
import pickle
import secrets
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cwm_trace.errors import ModelError
from cwm_trace.frames import Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Generated, Model
from cwm_trace.models.worker import READY, Job, RolloutManager, RolloutProxy

# Not `-m`, which would search the folder that the user is in before all others, and not the folders that were added since the start.
# This very package, wherever else one lies.
_BOOT = (
    "import json, sys; path, root = json.loads(sys.argv[1]); sys.path[:] = [root, *path]; import cwm_trace; sys.path[:] = path; "
    "from cwm_trace.models.worker import serve; serve()"
)
_ROOT = str(Path(__file__).resolve().parents[2])
_SECONDS_TO_END = 5.0


class Workers:
    """A model as `Concurrent.concurrent` gives it: its rollouts may run in several threads, each is made in one of the processes."""

    def __init__(self, model: Model, path: str, count: int) -> None:
        """`model`, loaded from the folder `path`, in at most `count` processes."""
        self._model, self._path, self._count = model, path, count
        # For sockets and answers; nobody else may enter it.
        self._folder = tempfile.TemporaryDirectory(prefix="cwm-trace-")
        self._choosing = threading.Lock()
        self._workers: list[_Worker] = []
        self._numbers = itertools.count()
        weakref.finalize(self, _end, self._workers, self._folder)

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    def rollout(self, prompt: Trace, decoding: Decoding) -> WorkersRollout:
        """Begin a rollout where fewest are. Raises ModelError where its process is gone."""
        with self._choosing:
            worker = self._free()
            worker.rollouts += 1
        try:
            return WorkersRollout(worker, worker.begin(prompt, decoding))
        except BaseException:
            worker.rollouts -= 1
            raise

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """The model's, in this process."""
        return self._model.score(trace, given)

    def _free(self) -> _Worker:
        for gone in [one for one in self._workers if one.process.poll() is not None]:
            self._workers.remove(gone)
            gone.end()
        found = min(self._workers, key=lambda one: one.rollouts, default=None)
        if found is None or (found.rollouts and len(self._workers) < self._count):
            found = _Worker(self._path, self.name, self._folder.name, next(self._numbers))
            self._workers.append(found)
        return found


class WorkersRollout:
    """A rollout in one of the processes."""

    def __init__(self, worker: _Worker, proxy: RolloutProxy) -> None:
        self._worker, self._proxy = worker, proxy

    def feed(self, step: Step) -> None:
        """As `Rollout.feed`."""
        with self._worker.alive():
            self._proxy.feed(step)

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """As `Rollout.next_frame`. Raises ModelError where the process is gone."""
        with self._worker.alive():
            return self._proxy.next_frame(prefix=prefix, max_tokens=max_tokens)

    def close(self) -> None:
        """Make room for others; a process that is gone has."""
        self._worker.rollouts -= 1
        try:
            with self._worker.alive():
                self._proxy.close()
        except ModelError:
            pass


class _Worker:
    """One process.

    Attributes:
        rollouts: how many have been begun and not closed.
    """

    def __init__(self, path: str, name: str, folder: str, number: int) -> None:
        self.rollouts = 0
        address = f"{folder}/{number}"
        self._name = name
        self._connecting = threading.Lock()
        self._manager = RolloutManager(address, key := secrets.token_bytes(32))
        self._is_connected = False
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, json.dumps([sys.path, _ROOT])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        pickle.dump(Job(str(Path(path).resolve()), name, f"{folder}/told", address, key), self.process.stdin)
        self.process.stdin.flush()

    def begin(self, prompt: Trace, decoding: Decoding) -> RolloutProxy:
        """A rollout there; the first one waits until the process has loaded the model."""
        with self.alive():
            with self._connecting:
                if not self._is_connected:
                    self._connect()
            proxy: RolloutProxy = self._manager.rollout(prompt, decoding)  # type: ignore[attr-defined]  # registered
            return proxy

    def _connect(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != READY:
            raise EOFError
        self._manager.connect()
        self._is_connected = True

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Raises ModelError where the process is gone."""
        try:
            yield
        except (EOFError, ConnectionError, FileNotFoundError):
            hint = "Was it killed, or is there too little memory? A lower --batch takes fewer processes"
            raise ModelError(f"a process of {self._name} ended early", hint=hint) from None

    def end(self) -> None:
        """Stop the process."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def _end(workers: list[_Worker], folder: tempfile.TemporaryDirectory[str]) -> None:
    for worker in workers:
        worker.end()
    folder.cleanup()
