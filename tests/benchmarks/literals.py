"""`python -m tests.benchmarks.literals SHARDS [--steps N]`: what it brings to tell a network where in literals its tokens stand.

Two networks of four layers learn from nothing on the same batches, in turn: one that is told (`models.literal_cwm`), one that is not.
Nothing of the folder's last shard is trained on: the loss there, and the share of first choices that are right, as they learn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import CwmConfig, CwmForCausalLM

from cwm_trace.format import FRAME_SEP
from cwm_trace.train.data import Batch, bucketed, make_batch
from cwm_trace.train.network import Shape, batch_loss, new_model
from cwm_trace.train.shards import IdArray, load_shard, shard_paths
from cwm_trace.train.tokenizer import PAD, build_backend
from cwm_trace.train.trainer import Plan, make_optimizers, rate_factor

SHAPE = Shape(width=192, layers=4, heads=6, inner=512)
TOKENS = 4096  # of a batch


def not_told() -> Any:
    """The same network without the embedding of places."""
    fields = new_model(SHAPE).config.to_dict()
    known = CwmConfig().to_dict().keys() - {"model_type", "architectures"}
    return CwmForCausalLM(CwmConfig(**{name: value for name, value in fields.items() if name in known}))


def batches(traces: Sequence[IdArray], seed: int) -> Iterator[Batch]:
    """Those of one pass over the traces."""
    vocabulary = build_backend().get_vocab()
    for group in bucketed(traces, TOKENS, np.random.default_rng(seed)):
        yield make_batch(group, vocabulary[FRAME_SEP], vocabulary[PAD])


@torch.no_grad()
def held_out(model: Any, traces: Sequence[IdArray]) -> tuple[float, float]:
    """Nats per predicted token, and the share of right first choices."""
    loss = right = count = 0.0
    for batch in batches(traces, 0):
        result = batch_loss(model, batch)
        loss += float(result.loss) * result.count
        right += float(result.correct)
        count += result.count
    return loss / count, right / count


def learn(model: Any, optimizers: Sequence[torch.optim.Optimizer], batch: Batch, rate: float) -> None:
    """One step."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
    batch_loss(model, batch).loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--length", type=int, default=288, help="longer traces are left out (288 tokens)")
    parser.add_argument("--every", type=int, default=200, help="steps between the lines printed (200)")
    args = parser.parse_args()
    *paths, last = shard_paths(args.shards)
    traces, test = (
        [trace for path in some for trace in load_shard(path) if len(trace) <= args.length] for some in (paths, [last])
    )
    plan = Plan(args.shards, args.shards, steps=args.steps)
    torch.manual_seed(0)
    models = {"told": new_model(SHAPE), "not told": not_told()}
    optimizers = {name: make_optimizers(model, plan) for name, model in models.items()}
    print(f"{len(traces)} traces to learn from, {len(test)} held out")
    step, epoch, started = 0, 0, time.monotonic()
    while step < args.steps:
        for batch in batches(traces, epoch := epoch + 1):
            rate = plan.learning_rate * rate_factor(step / args.steps, plan.warmup, 0.98)
            for name, model in models.items():
                learn(model, optimizers[name], batch, rate)
            step += 1
            if step % args.every == 0:
                found = {name: held_out(model, test) for name, model in models.items()}
                row = "  ".join(
                    f"{name}: {loss:.4f} nats, {100 * right:.2f} %" for name, (loss, right) in found.items()
                )
                print(f"step {step} ({time.monotonic() - started:.0f} s)  {row}", flush=True)
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
