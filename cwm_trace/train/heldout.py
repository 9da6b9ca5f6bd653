"""What a model still has to learn in recorded traces: its loss on each, which training on them would lower.

Reads shards and a model's folder; knows nothing of how either was made, nor whether the model has seen the traces: give shards that
it was not trained on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from cwm_trace.errors import InputError
from cwm_trace.eval.intervals import Interval, bootstrap_ratio, ratio
from cwm_trace.format import FRAME_SEP
from cwm_trace.models.memory import literals_of
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.data import IGNORED, bucketed, make_batch
from cwm_trace.train.network import open_model, predictions
from cwm_trace.train.shards import IdArray, load_shard, some_shards
from cwm_trace.train.tokenizer import PAD, build_tokenizer


@dataclass(frozen=True, slots=True)
class TraceLoss:
    """Of one trace: `nats`, the loss of all predicted tokens together; how many these are; those that were the first choice; all tokens."""

    nats: float
    predicted: int
    correct: int
    tokens: int


def held_out(folder: Path, limit: int, max_length: int) -> list[IdArray]:
    """The last so many traces of a folder's shards that are not longer than that. Raises InputError without shards."""
    found: list[IdArray] = []
    for path in reversed(some_shards(folder)):
        found = [trace for trace in load_shard(path) if len(trace) <= max_length] + found
        if len(found) >= limit:
            break
    return found[-limit:]


def losses(model: Any, traces: Sequence[IdArray], tokens_per_batch: int = 8192) -> list[TraceLoss]:
    """Of each trace, in no order; the context and the entry's CALL are given, as in training."""
    tokenizer = build_tokenizer()
    separator, pad = (tokenizer.convert_tokens_to_ids(name) for name in (FRAME_SEP, PAD))
    made: list[TraceLoss] = []
    with torch.inference_mode():
        for group in bucketed(traces, tokens_per_batch, np.random.default_rng(0)):
            batch = make_batch(group, separator, pad)
            logits, labels = predictions(model, batch)
            rows = (batch.labels[:, 1:] != IGNORED).nonzero()[:, 0]
            nats = torch.zeros(len(group)).index_add_(0, rows, cross_entropy(logits.float(), labels, reduction="none"))
            right = torch.zeros(len(group)).index_add_(0, rows, (logits.argmax(-1) == labels).float())
            counts = torch.bincount(rows, minlength=len(group))
            made += map(TraceLoss, nats.tolist(), counts.tolist(), map(int, right.tolist()), map(len, group))
    return made


def tell_nothing_of(model: Any, kinds: Collection[str]) -> None:
    """From now on the network is told 0 of these kinds (`KINDS`), whatever stands there. Raises InputError for one that it is not told of."""
    literals = literals_of(model)
    told = KINDS[: len(literals.sizes)] if literals else ()
    if unknown := [kind for kind in kinds if kind not in told]:
        raise InputError(f"the model is not told of {unknown[0]}", hint=f"It is told of {', '.join(told) or 'nothing'}")
    if literals:
        vectors = model.model.embed_literals.weight.detach()
        for kind, first, size in zip(told, literals.first, literals.sizes, strict=True):
            if kind in kinds:
                vectors[first : first + size + 1] = vectors[first].clone()


def table(model: str, folders: Iterable[Path], limit: int, max_length: int, without: Collection[str] = ()) -> list[str]:
    """Rows of a Markdown table, a folder each: nats in 1,000 tokens, nats a predicted token, percent right; 95 % intervals over traces.

    `without`: kinds of positions that it is told nothing of; what that costs says how much it goes by them.
    """
    network = open_model(model).eval()
    tell_nothing_of(network, without)
    rows = [
        "| shards | traces | nats in 1,000 tokens | nats a predicted token | first choice right, percent |",
        "| --- | --- | --- | --- | --- |",
    ]
    for folder in folders:
        found = losses(network, held_out(folder, limit, max_length))
        cells = [
            _cell([(1000 * one.nats, one.tokens) for one in found], 1),
            _cell([(one.nats, one.predicted) for one in found], 4),
            _cell([(100 * one.correct, one.predicted) for one in found], 2),
        ]
        rows.append(f"| {folder.name} | {len(found)} | {' | '.join(cells)} |")
    return rows


def _cell(pairs: list[tuple[float, float]], digits: int) -> str:
    bounds: Interval = bootstrap_ratio(pairs)
    return f"{ratio(pairs):.{digits}f} [{bounds.low:.{digits}f}, {bounds.high:.{digits}f}]"
