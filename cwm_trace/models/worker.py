"""The process that `models.workers` starts: a lean network on one core, its rollouts served to the process that started it.

Ends when its standard input does, so never outlives who started it. Knows nothing of what the rollouts are for.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.managers import BaseManager, BaseProxy
from pathlib import Path
from typing import Any, cast

from cwm_trace.frames import Step
from cwm_trace.models.base import Generated

READY = b"ready\n"


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told on its standard input: where the model is, the file in which the answers of all of them are, and where to
    answer (a Unix socket, and the key to it)."""

    path: str
    name: str
    told: str
    address: str
    key: bytes


class RolloutProxy(BaseProxy):
    """A `models.base.Rollout` in the worker's process; calls from several threads go over connections of their own."""

    _exposed_ = ("feed", "next_frame", "close")

    def feed(self, step: Step) -> None:
        """As `Rollout.feed`."""
        self._callmethod("feed", (step,))

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """As `Rollout.next_frame`."""
        return cast(Generated, self._callmethod("next_frame", (), {"prefix": prefix, "max_tokens": max_tokens}))

    def close(self) -> None:
        """As `Rollout.close`."""
        self._callmethod("close")


class RolloutManager(BaseManager):
    """Both ends of the connection: the worker's registers what makes rollouts, the other one asks for them."""


RolloutManager.register("rollout", proxytype=RolloutProxy)


def serve() -> None:
    """Run until standard input ends. Raises ModelError where the model cannot be loaded."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # of Ctrl-C on a terminal, whoever started this process makes what is to be made
    job: Job = pickle.load(sys.stdin.buffer)
    import torch

    from cwm_trace.models.causal import CausalModel
    from cwm_trace.models.told import SharedTold

    torch.set_num_threads(1)
    model: Any = CausalModel.load(job.path, name=job.name, device="cpu", dtype="float32").concurrent()
    model.told = SharedTold(Path(job.told))

    class Serving(RolloutManager):
        pass

    Serving.register("rollout", model.rollout, proxytype=RolloutProxy)
    gc.freeze()  # what is loaded stays: not to be looked through again and again
    server = Serving(job.address, job.key).get_server()
    threading.Thread(target=_until_left, daemon=True).start()
    try:
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # who started it is gone
        os._exit(0)
    server.serve_forever()


def _until_left() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # at once, and also where the server is not serving yet
