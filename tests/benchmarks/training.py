"""How fast nano trains on a processor: tokens a second, forward and backward, with torch's attention and with ours, compiled.

    python -m tests.benchmarks.training [--lengths 96 320 768] [--rounds 3]

Rows of one length, so many as make about 6,144 tokens; both in turn; the best of the rounds of each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from cwm_trace.models import NANO_FOLDER
from cwm_trace.train.blocked import use_blocked
from cwm_trace.train.data import Batch, make_batch
from cwm_trace.train.network import batch_loss, open_model

_TOKENS = 6144
_STEPS = 4


def _batch(length: int) -> Batch:
    rng = np.random.default_rng(length)
    rows = [rng.integers(10, 700, length).astype(np.uint16) for _ in range(_TOKENS // length)]
    for row in rows:
        row[[20, 40]] = 9
    return make_batch(rows, 9, 0)


def _model(blocked: bool) -> Any:
    model = open_model(NANO_FOLDER)
    if blocked:
        use_blocked(model)
    model.model.forward = torch.compile(model.model.forward, dynamic=True)
    return model


def _step(model: Any, batch: Batch) -> Callable[[], None]:
    def step() -> None:
        batch_loss(model, batch).loss.backward()  # type: ignore[no-untyped-call]
        model.zero_grad()

    return step


def _rate(step: Callable[[], None], tokens: int) -> float:
    started = time.perf_counter()
    for _ in range(_STEPS):
        step()
    return _STEPS * tokens / (time.perf_counter() - started)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--lengths", type=int, nargs="+", default=[96, 320, 512, 768, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    models = {"torch": _model(False), "ours": _model(True)}
    print("| tokens in a row | torch | ours | ratio |\n|---|---|---|---|")
    for length in args.lengths:
        batch = _batch(length)
        steps = {name: _step(model, batch) for name, model in models.items()}
        for step in steps.values():
            step()
        rounds = [{name: _rate(step, batch.tokens) for name, step in steps.items()} for _ in range(args.rounds)]
        theirs, ours = (max(found[name] for found in rounds) for name in steps)
        print(f"| {length} | {theirs:,.0f} | {ours:,.0f} | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
