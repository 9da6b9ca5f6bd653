"""The training loop: the same on two CPU cores, one GPU, or many through `accelerate launch`.

Progress is measured in seconds or in steps, whichever the plan gives; the learning rate follows it (warm-up, plateau, linear decay), so a
run that is cut off and resumed goes on where it was. Knows nothing of programs: it reads token shards.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast

from cwm_trace.errors import InputError
from cwm_trace.format import FRAME_SEP
from cwm_trace.models.memory import literals_of
from cwm_trace.train.ahead import Ahead
from cwm_trace.train.blocked import use_blocked
from cwm_trace.train.data import Batch, groups, padded, shuffled
from cwm_trace.train.live import LiveRecipe, LiveShards
from cwm_trace.train.muon import Muon
from cwm_trace.train.network import Shape, batch_loss, new_model, open_model, save_model
from cwm_trace.train.packed import PackedBatch, masks_of, pack, packed_loss
from cwm_trace.train.record import READ, Recipe
from cwm_trace.train.telling import Tell, telling, telling_apart
from cwm_trace.train.tokenizer import PAD, build_backend

_CHECKPOINT = "checkpoint.pt"
_LOGGED = 20  # steps
_TELLING = 5  # processes that find what tokens are told, where there is a GPU: some 300,000 tokens a second each


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes:
        shards: folder of token shards.
        out: folder for the log, the checkpoint and the finished model.
        minutes: length of the run in minutes of training, all resumed parts together; 0 = use `steps`.
        steps: length of the run in optimiser steps; used where `minutes` is 0.
        tokens_per_batch: padded tokens in one step on each process.
        max_length: longer traces are left out (tokens).
        short_length: longer ones than this are left out in the first `short_part` of the run: short ones teach most a second.
        learning_rate: peak, for both optimisers (Muon's is rescaled to AdamW's size).
        decay: last part of the run over which the learning rate falls to zero (fraction).
        average: how far the mean of weights moves to the last ones in a step (0.002: a mean of some 500 steps); the mean is what is saved as
            the model. Muon's steps are of one size, so weights wander around what they have learned, and their mean is better. 0 = none.
        seed: of the weights and of the order of batches.
        start_from: a model folder whose weights to start from, or None.
        notes: whether the shards have notes (`models.notes`), which the model reads from then on.
        compile: whether to use torch.compile.
        save_minutes: time between checkpoints; the model in `out/model` is written with each.
        packed: whether to pack traces in rows of `max_length` tokens (see `packed`), of which `short_length` then says nothing.
        accumulate: batches of one step on each process.
        workers: processes that write new training data meanwhile (see `live`); 0 = only the shards.
        live_folder: where these write; None = `out/live`.
        live: what they write, but for the seeds.
        blocked: whether to use attention of our own (see `blocked`), on a processor and where `packed` is not.
        half: whether products are of bfloat16 on a processor, too (weights are float32): steps are half as fast again, or more, where it
            has units for them (`avx512_bf16`, `amx_bf16`), slower elsewhere.
        peak: the chip's operations a second, for the log (the default is an H100's data sheet, bf16).
    """

    shards: Path
    out: Path
    minutes: float = 0.0
    steps: int = 0
    tokens_per_batch: int = 8192
    max_length: int = 1536
    short_length: int = 448
    short_part: float = 0.6
    learning_rate: float = 4e-3
    warmup: float = 0.02
    decay: float = 0.5
    average: float = 0.0
    seed: int = 0
    start_from: str | None = None
    notes: bool = False
    compile: bool = False
    save_minutes: float = 5.0
    packed: bool = False
    accumulate: int = 1
    workers: int = 0
    live_folder: Path | None = None
    live: Recipe = Recipe(0, 0, per_shard=200, max_tokens=4096)
    blocked: bool = False
    half: bool = False
    peak: float = 989e12


class Speed:
    """Tokens a second since the last report, and the share of the chip's peak: 6 operations for each weight and token, and
    12 for each pair of tokens and column of attention (what is computed on padding counts for nothing)."""

    def __init__(self, model: Any, peak: float) -> None:
        config, self._peak = model.config, peak
        self._matrices = sum(item.numel() for name, item in model.named_parameters() if item.ndim == 2)
        self._columns = config.num_attention_heads * config.head_dim
        windows = {"full_attention": None, "sliding_attention": config.sliding_window}
        self._windows = [windows[kind] for kind in config.layer_types]
        self._tokens, self._operations, self._since = 0, 0.0, time.monotonic()

    def add(self, batch: Batch | PackedBatch) -> None:
        """Count a batch."""
        if isinstance(batch, PackedBatch):
            tokens = sum(map(sum, batch.lengths))
            pairs = {window: batch.pairs(window) for window in set(self._windows)}
            self._operations += 12 * self._columns * sum(map(pairs.__getitem__, self._windows))
        else:
            tokens = batch.tokens
        self._tokens += tokens
        self._operations += 6 * self._matrices * tokens

    def report(self) -> dict[str, float]:
        """`tokens_per_second`, and `peak_share` of this process; starts counting anew."""
        now = time.monotonic()
        seconds, operations, tokens = max(now - self._since, 1e-9), self._operations, self._tokens
        self._tokens, self._operations, self._since = 0, 0.0, now
        return {
            "tokens_per_second": round(tokens / seconds),
            "peak_share": round(operations / seconds / self._peak, 4),
        }


@dataclass(slots=True)
class Progress:
    """What a resumed run must know."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0

    def fraction(self, plan: Plan) -> float:
        """How much of the run is done, 0 to 1."""
        return self.seconds / (60 * plan.minutes) if plan.minutes else self.step / plan.steps


def rate_factor(done: float, warmup: float, decay: float) -> float:
    """Learning rate relative to its peak at a fraction of the run: linear up, plateau, linear down to zero."""
    if done < warmup:
        return max(done / warmup, 0.01)
    return min(1.0, max((1.0 - done) / decay, 0.0))


def make_optimizers(model: Any, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the rest (embedding, norms)."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "layers." in name]
    chosen = set(map(id, matrices))
    rest = [p for p in model.parameters() if id(p) not in chosen]
    fused = bool(rest[0].is_cuda)
    muon = Muon(matrices, lr=plan.learning_rate, compiled=plan.compile and fused, half=plan.half or fused)
    adamw = torch.optim.AdamW(rest, lr=plan.learning_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=fused)
    return [muon, adamw]


class Trainer:
    """One training run; `run` returns when the plan is fulfilled."""

    def __init__(self, plan: Plan, shape: Shape) -> None:
        if plan.blocked and plan.packed:
            raise InputError("--blocked is for padded rows", hint="Leave out --blocked or --packed")
        torch.manual_seed(plan.seed)
        self.plan, self.shape = plan, shape
        self.accelerator = Accelerator(mixed_precision="bf16" if plan.half or torch.cuda.is_available() else "no")
        self.model = self._model().to(self.accelerator.device)
        if plan.blocked:
            use_blocked(self.model)
        self.optimizers = make_optimizers(self.model, plan)
        self._mean = {name: weight.clone() for name, weight in self.model.state_dict().items()} if plan.average else {}
        self.progress = Progress()
        self._load_checkpoint()
        # No wrapper for several processes: the loss calls the inner model, past it; `_average_gradients` does its work.
        self.optimizers = [self.accelerator.prepare(optimizer) for optimizer in self.optimizers]
        self._loss: Callable[..., tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = packed_loss
        self._asked_to_stop = False
        self._live: LiveShards | None = None
        self._flex = self.accelerator.device.type == "cuda"
        self._speed = Speed(self.accelerator.unwrap_model(self.model), plan.peak)
        if plan.compile and plan.packed:
            self._loss = torch.compile(packed_loss, dynamic=False)
        elif plan.compile:
            inner = self.accelerator.unwrap_model(self.model)
            inner.model.forward = torch.compile(inner.model.forward, dynamic=True)

    def _model(self) -> Any:
        start = self.plan.start_from
        model = new_model(self.shape) if start is None else open_model(start)
        if getattr(model.config, "text_length", None) is None:
            model.config.text_length = int(self.plan.max_length * READ)
        if self.plan.notes:
            model.config.reads_notes = True
        return model

    def _load_checkpoint(self) -> None:
        path = self.plan.out / _CHECKPOINT
        if path.exists():
            state = torch.load(path, map_location="cpu", weights_only=True)
            if state["model"].keys() != self.model.state_dict().keys():
                raise InputError(
                    f"{path} is of another network", hint="Give another folder, or the model it began with"
                )
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            for name, mean in self._mean.items():
                mean.copy_((state.get("mean") or state["model"])[name])
            self.progress = Progress(**state["progress"])

    def save_checkpoint(self) -> None:
        """Weights, optimiser states and progress, whole or not at all."""
        path = self.plan.out / _CHECKPOINT
        state = {
            "model": self.accelerator.unwrap_model(self.model).state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "mean": self._mean,
            "progress": asdict(self.progress),
        }
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)

    def export(self, folder: Path, dtype: torch.dtype = torch.float16) -> None:
        """Write the model in Hugging Face layout: config, weights (their mean, if the plan says so), tokenizer."""
        inner = self.accelerator.unwrap_model(self.model)
        copy = type(inner)(inner.config)
        copy.load_state_dict(self._mean or inner.state_dict())
        save_model(copy.to(dtype), folder)

    def run(self) -> Progress:
        """Train until the plan's length is reached; checkpoints on the way, the model in `out/model` at the end.

        The first step of a process, in which all is compiled, does not count as time of training. SIGTERM ends the run after the step
        it comes in, with a checkpoint and a model, as if it had been the last.
        """
        self.plan.out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stream = self._stream(stack)
            self.model.train()
            started: float | None = None
            saved, before = time.monotonic(), self.progress.seconds
            stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, self._ask_to_stop))
            while (done := self._done()) < 1:
                self._step([next(stream) for _ in range(self.plan.accumulate)], done)
                now = time.monotonic()
                started = started or now
                self.progress.seconds = before + now - started
                if now - saved > 60 * self.plan.save_minutes and self.accelerator.is_main_process:
                    self._save()
                    saved = now
        if self.accelerator.is_main_process:
            self._save()
        return self.progress

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self._asked_to_stop = True

    def _save(self) -> None:
        self.save_checkpoint()
        self.export(self.plan.out / "model")

    def _done(self) -> float:
        """How much of the run is done, by the main process's clock, so that all processes stop after the same step."""
        done = 1.0 if self._asked_to_stop else self.progress.fraction(self.plan)
        if self.accelerator.num_processes == 1:
            return done
        return float(broadcast(torch.tensor(done, device=self.accelerator.device)))

    def _average_gradients(self) -> None:
        """Make each gradient the mean over all processes."""
        if self.accelerator.num_processes == 1:
            return
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.accelerator.num_processes

    def _stream(self, stack: ExitStack) -> Iterator[Batch | PackedBatch]:
        """Endless batches on the device."""
        plan, index = self.plan, self.accelerator.process_index
        live = None
        if plan.workers:
            folder = (plan.live_folder or plan.out / "live") / str(index)
            self._live = live = stack.enter_context(LiveShards(LiveRecipe(plan.live, plan.workers), folder, index))
        vocabulary = build_backend().get_vocab()
        separator, pad = vocabulary[FRAME_SEP], vocabulary[PAD]
        seed = plan.seed + 1000 * index + self.progress.step
        traces = groups(plan.shards, seed, max_length=self._max_length, live=live)
        if not plan.packed:
            return (
                batch.to(self.accelerator.device)
                for batch in padded(traces, plan.tokens_per_batch, separator, pad, seed)
            )
        rows = max(plan.tokens_per_batch // plan.max_length, 1)
        literals = literals_of(self.accelerator.unwrap_model(self.model))
        tell: Tell | None
        if literals and self._flex:
            tell = stack.enter_context(telling_apart(literals, _TELLING))
        else:
            tell = telling(literals) if literals else None
        made = pack(shuffled(traces, seed), rows, plan.max_length, separator, pad, tell)
        if not self._flex:
            return (batch.to(self.accelerator.device) for batch in made)
        ahead = stack.enter_context(Ahead(batch.pin() for batch in made))
        return (batch.to(self.accelerator.device) for batch in ahead)

    def _max_length(self) -> int:
        early = self.progress.fraction(self.plan) < self.plan.short_part and not self.plan.packed
        return min(self.plan.short_length, self.plan.max_length) if early else self.plan.max_length

    def _step(self, made: Sequence[Batch | PackedBatch], done: float) -> None:
        factor = rate_factor(done, self.plan.warmup, self.plan.decay)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.plan.learning_rate * factor
        results = []
        for batch in made:
            with self.accelerator.autocast():
                results.append(self._batch_loss(batch))
            self.accelerator.backward(results[-1][0] / len(made))
            self.progress.tokens += batch.tokens
            self._speed.add(batch)
        self._average_gradients()
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self._average_weights()
        self.progress.step += 1
        if self.progress.step % _LOGGED == 0 or self.progress.step == 1:
            self._log(results, norm, factor)

    def _average_weights(self) -> None:
        if self._mean:
            weights = self.accelerator.unwrap_model(self.model).state_dict()
            torch._foreach_lerp_(list(self._mean.values()), [weights[name] for name in self._mean], self.plan.average)

    def _batch_loss(self, batch: Batch | PackedBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        model = self.accelerator.unwrap_model(self.model)
        if isinstance(batch, PackedBatch):
            return self._loss(model, batch.tensors, masks_of(batch.tensors, model, self._flex))
        result = batch_loss(model, batch)
        return result.loss, result.correct, torch.tensor(result.count)

    def _log(
        self, results: Sequence[tuple[torch.Tensor, torch.Tensor, torch.Tensor]], norm: Any, factor: float
    ) -> None:
        """Reads values, for which all work that the GPU was given must end first: not at every step."""
        loss = sum(float(result[0].detach()) for result in results) / len(results)
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {self.progress.step}")
        if not self.accelerator.is_main_process:
            return
        correct, count = (sum(int(result[item]) for result in results) for item in (1, 2))
        row = {
            "loss": round(loss, 4),
            "accuracy": round(correct / max(count, 1), 4),
            "norm": round(float(norm), 3),
            "rate": round(factor, 3),
        }
        row |= {name: round(value, 1) for name, value in asdict(self.progress).items()}
        row |= self._speed.report()
        if self._live is not None:
            row["live_shards"] = self._live.taken
        with (self.plan.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), file=sys.stderr, flush=True)
