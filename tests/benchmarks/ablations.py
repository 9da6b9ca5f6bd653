"""`python -m tests.benchmarks.ablations SHARDS [--seconds S] [--only NAME ...]`: what makes a small network learn most in a second.

Each variant differs from the first in one thing (AdamW has a rate of its own, too), and learns from nothing for the same processor time of one
thread; all take turns, a step each, so that a busy machine slows all. Nothing of the folder's last shard (of those that `record` wrote) is
trained on: nats per predicted token there, and the share of first choices that are right, in states (locals and values) and in the rest
(events and lines).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, FRAME_SEP
from cwm_trace.models.literal_positions import Position
from cwm_trace.models.token_recall import Recall
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.data import IGNORED, Batch, bucketed, make_batch
from cwm_trace.train.network import Shape, new_model, predictions
from cwm_trace.train.shards import IdArray, load_shard, shard_paths
from cwm_trace.train.tokenizer import PAD, build_backend
from cwm_trace.train.trainer import Plan, make_optimizers, rate_factor

WARM_UP = 0.02  # of the time


@dataclass(frozen=True)
class Variant:
    """How a network is made and taught.

    Attributes:
        told: kinds of positions that it is told of.
        adamw: whether AdamW moves all of it, instead of Muon its matrices.
        rate: peak of the learning rate.
        decay: last part of the time over which the rate falls.
        tokens: of a batch.
        states: weight of the loss on states, beside 1 for the rest.
        source: whether the source text is learned, too.
        short: longest trace in the first half of the time.
    """

    shape: Shape = Shape(width=192, layers=4, heads=6, inner=512)
    told: Collection[str] = KINDS
    adamw: bool = False
    rate: float = 4e-3
    decay: float = 0.98
    tokens: int = 4096
    states: float = 1.0
    source: bool = False
    short: int | None = None


BASE = Variant()
VARIANTS = {
    "as it is": BASE,
    "not told what was before": replace(BASE, told=[kind for kind in KINDS if kind not in Recall._fields]),
    "told of that alone": replace(BASE, told=Recall._fields),
    "told of places in literals alone": replace(BASE, told=Position._fields),
    "not told of lines": replace(BASE, told=[kind for kind in KINDS if kind != "line"]),
    "not told what followed": replace(BASE, told=[kind for kind in KINDS if kind != "following"]),
    "not told of anything": replace(BASE, told=()),
    "2 layers of 256": replace(BASE, shape=Shape(width=256, layers=2, heads=8, inner=704)),
    "8 layers of 128": replace(BASE, shape=Shape(width=128, layers=8, heads=4, inner=352)),
    "AdamW": replace(BASE, adamw=True, rate=2e-3),
    "half the rate": replace(BASE, rate=2e-3),
    "twice the rate": replace(BASE, rate=8e-3),
    "the rate falls in the second half only": replace(BASE, decay=0.5),
    "batches of 2,048 tokens": replace(BASE, tokens=2048),
    "batches of 8,192 tokens": replace(BASE, tokens=8192),
    "states count double": replace(BASE, states=2.0),
    "states count half": replace(BASE, states=0.5),
    "the source is learned, too": replace(BASE, source=True),
    "traces of 160 tokens at first": replace(BASE, short=160),
}


@cache
def _numbers() -> dict[str, int]:
    return dict(build_backend().get_vocab())


def in_states(ids: torch.Tensor) -> torch.Tensor:
    """Which tokens (batch, time) stand in a frame's JSON: from an event's token, or the token before a value, up to the next separator."""
    numbers = _numbers()
    begins = torch.tensor([numbers[token] for token in (*EVENT_TOKENS.values(), ARG_SEP)])
    ends = torch.tensor([numbers[token] for token in (ACTION_SEP, FRAME_SEP)])
    mark = torch.isin(ids, begins).int() - torch.isin(ids, ends).int()
    places = torch.arange(ids.shape[1]).expand_as(ids)
    last = torch.where(mark != 0, places, 0).cummax(1).values
    return (mark.gather(1, last) > 0) & (mark == 0)


def losses(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each predicted token: nats, whether the first choice is right, whether it stands in a state."""
    logits, targets = predictions(model, batch)
    nats = cross_entropy(logits, targets, reduction="none")
    states = in_states(batch.ids)[:, 1:][batch.labels[:, 1:] != IGNORED]
    return nats, logits.detach().argmax(-1) == targets, states


def batch_of(traces: Sequence[IdArray], source: bool = False) -> Batch:
    """A padded batch; `source`: with labels from the first token on."""
    numbers = _numbers()
    batch = make_batch(traces, numbers[FRAME_SEP], numbers[PAD])
    return replace(batch, labels=batch.ids.masked_fill(batch.ids == numbers[PAD], IGNORED)) if source else batch


def tell_alone(model: Any, kinds: Collection[str]) -> None:
    """From now on the network is told of these kinds of positions only, and 0 of all others."""
    told, find = torch.tensor([int(kind in kinds) for kind in KINDS]), model.model.positions_of
    model.model.positions_of = lambda ids: find(ids) * told


class Learner:
    """A variant that learns.

    Attributes:
        spent: processor time (seconds).
        tokens: read, padding included.
    """

    def __init__(self, variant: Variant, traces: Sequence[IdArray], seconds: float) -> None:
        torch.manual_seed(0)
        self.variant, self._traces, self._seconds = variant, traces, seconds
        self.model = new_model(variant.shape)
        tell_alone(self.model, variant.told)
        self._optimizers = make_optimizers(self.model, Plan(Path(), Path(), learning_rate=variant.rate))
        if variant.adamw:
            options: Any = {"lr": variant.rate, "betas": (0.9, 0.98), "weight_decay": 0.0}
            self._optimizers = [torch.optim.AdamW(self.model.parameters(), **options)]
        self._groups = self._endless()
        self.spent, self.tokens = 0.0, 0

    def _endless(self) -> Iterator[list[IdArray]]:
        epoch = 0
        while True:
            short = self.variant.short if self.spent < self._seconds / 2 else None
            traces = [trace for trace in self._traces if len(trace) <= (short or len(trace))]
            yield from bucketed(traces, self.variant.tokens, np.random.default_rng(epoch := epoch + 1))

    @property
    def ended(self) -> bool:
        """Whether its time is over."""
        return self.spent >= self._seconds

    def step(self) -> None:
        """One more."""
        started = time.thread_time()
        factor = rate_factor(self.spent / self._seconds, WARM_UP, self.variant.decay)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.variant.rate * factor
        batch = batch_of(next(self._groups), self.variant.source)
        nats, _, states = losses(self.model, batch)
        weights = 1 + (self.variant.states - 1) * states
        ((nats * weights).sum() / weights.sum()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.tokens += batch.tokens
        self.spent += time.thread_time() - started

    @torch.no_grad()
    def row(self, traces: Sequence[IdArray]) -> str:
        """Nats per token of these traces, and percent of right first choices in states and in the rest."""
        found = [losses(self.model, batch_of(group)) for group in bucketed(traces, 4096, np.random.default_rng(0))]
        nats, right, states = (torch.cat(parts) for parts in zip(*found, strict=True))
        shares = (100 * float(right[where].float().mean()) for where in (states, ~states))
        return " | ".join([f"{self.tokens:,}", f"{float(nats.mean()):.3f}", *(f"{share:.2f}" for share in shares)])


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--seconds", type=float, default=100, help="processor time of each (100)")
    parser.add_argument("--length", type=int, default=288, help="longer traces are left out (288 tokens)")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME")
    args = parser.parse_args()
    torch.set_num_threads(1)
    *paths, last = shard_paths(args.shards)
    traces, test = (
        [trace for path in some for trace in load_shard(path) if len(trace) <= args.length] for some in (paths, [last])
    )
    print(f"{len(traces)} traces to learn from, {len(test)} held out")
    learners = {name: Learner(VARIANTS[name], traces, args.seconds) for name in args.only}
    while running := [learner for learner in learners.values() if not learner.ended]:
        for learner in running:
            learner.step()
    print("| variant | tokens | nats a token | right in states | right elsewhere |\n|---|---|---|---|---|")
    for name, learner in learners.items():
        print(f"| {name} | {learner.row(test)} |")


if __name__ == "__main__":
    main()
