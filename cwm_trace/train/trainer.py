"""The training loop: the same on two CPU cores, one GPU, or many through `accelerate launch`.

Progress is measured in seconds or in steps, whichever the plan gives; the learning rate follows it (warm-up, plateau, linear decay), so a
run that is cut off and resumed goes on where it was. Knows nothing of programs: it reads token shards.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast

from cwm_trace.format import FRAME_SEP
from cwm_trace.train.data import Batch, batches
from cwm_trace.train.muon import Muon
from cwm_trace.train.network import Shape, batch_loss, new_model
from cwm_trace.train.tokenizer import PAD, build_tokenizer

_CHECKPOINT = "checkpoint.pt"


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
        seed: of the weights and of the order of batches.
        start_from: a model folder whose weights to start from, or None.
        compile: whether to use torch.compile.
        save_minutes: time between checkpoints.
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
    seed: int = 0
    start_from: str | None = None
    compile: bool = False
    save_minutes: float = 5.0


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
    muon = Muon(matrices, lr=plan.learning_rate)
    adamw = torch.optim.AdamW(rest, lr=plan.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    return [muon, adamw]


class Trainer:
    """One training run; `run` returns when the plan is fulfilled."""

    def __init__(self, plan: Plan, shape: Shape) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.shape = plan, shape
        self.accelerator = Accelerator(mixed_precision="bf16" if torch.cuda.is_available() else "no")
        self.model = self._model()
        self.optimizers = make_optimizers(self.model, plan)
        self.progress = Progress()
        self._load_checkpoint()
        # No wrapper for several processes: the loss calls the inner model, past it; `_average_gradients` does its work.
        self.model = self.model.to(self.accelerator.device)
        self.optimizers = [self.accelerator.prepare(optimizer) for optimizer in self.optimizers]
        if plan.compile:
            inner = self.accelerator.unwrap_model(self.model)
            inner.model.forward = torch.compile(inner.model.forward, dynamic=True)

    def _model(self) -> Any:
        if self.plan.start_from is None:
            return new_model(self.shape)
        from transformers import CwmForCausalLM

        return CwmForCausalLM.from_pretrained(self.plan.start_from, dtype=torch.float32)

    def _load_checkpoint(self) -> None:
        path = self.plan.out / _CHECKPOINT
        if path.exists():
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            self.progress = Progress(**state["progress"])

    def save_checkpoint(self) -> None:
        """Weights, optimiser states and progress, whole or not at all."""
        path = self.plan.out / _CHECKPOINT
        state = {
            "model": self.accelerator.unwrap_model(self.model).state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "progress": asdict(self.progress),
        }
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)

    def export(self, folder: Path, dtype: torch.dtype = torch.float16) -> None:
        """Write the model in Hugging Face layout: config, weights, tokenizer."""
        from transformers import CwmForCausalLM

        inner = self.accelerator.unwrap_model(self.model)
        copy = CwmForCausalLM(inner.config)
        copy.load_state_dict(inner.state_dict())
        copy.to(dtype).save_pretrained(folder)
        build_tokenizer().save_pretrained(folder)

    def run(self) -> Progress:
        """Train until the plan's length is reached; checkpoints on the way, the model in `out/model` at the end."""
        self.plan.out.mkdir(parents=True, exist_ok=True)
        stream = self._batches()
        self.model.train()
        started, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        while (done := self._done()) < 1:
            self._step(next(stream), done)
            self.progress.seconds = time.monotonic() - started
            if time.monotonic() - saved > 60 * self.plan.save_minutes and self.accelerator.is_main_process:
                self.save_checkpoint()
                saved = time.monotonic()
        if self.accelerator.is_main_process:
            self.save_checkpoint()
            self.export(self.plan.out / "model")
        return self.progress

    def _done(self) -> float:
        """How much of the run is done, by the main process's clock, so that all processes stop after the same step."""
        done = self.progress.fraction(self.plan)
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

    def _batches(self) -> Iterator[Batch]:
        tokenizer = build_tokenizer()
        separator, pad = tokenizer.convert_tokens_to_ids([FRAME_SEP, PAD])
        plan = self.plan
        seed = plan.seed + 1000 * self.accelerator.process_index + self.progress.step
        return batches(plan.shards, plan.tokens_per_batch, separator, pad, seed, max_length=self._max_length)

    def _max_length(self) -> int:
        early = self.progress.fraction(self.plan) < self.plan.short_part
        return min(self.plan.short_length, self.plan.max_length) if early else self.plan.max_length

    def _step(self, batch: Batch, done: float) -> None:
        factor = rate_factor(done, self.plan.warmup, self.plan.decay)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.plan.learning_rate * factor
        device = self.accelerator.device
        batch = Batch(batch.ids.to(device), batch.labels.to(device))
        with self.accelerator.autocast():
            result = batch_loss(self.accelerator.unwrap_model(self.model), batch)
        self.accelerator.backward(result.loss)
        self._average_gradients()
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.progress.step += 1
        self.progress.tokens += batch.tokens
        self._log(float(result.loss.detach()), result.correct / max(result.count, 1), float(norm), factor)

    def _log(self, loss: float, accuracy: float, norm: float, factor: float) -> None:
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {self.progress.step}")
        if self.accelerator.is_main_process and (self.progress.step % 20 == 0 or self.progress.step == 1):
            row = {
                "loss": round(loss, 4),
                "accuracy": round(accuracy, 4),
                "norm": round(norm, 3),
                "rate": round(factor, 3),
            }
            row |= {name: round(value, 1) for name, value in asdict(self.progress).items()}
            with (self.plan.out / "log.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")
