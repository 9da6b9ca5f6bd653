"""Packed batches: many traces in rows of one length, so that shapes never change and nothing is computed on padding.

A row holds traces one after another; positions begin again with each, and no trace sees another. The network is that of `CwmForCausalLM`,
run through its own weights: full and sliding attention under a mask of documents, by FlexAttention where there is a GPU (blocks of the
mask that are empty cost nothing) or by a dense mask. Knows nothing of files, optimisers or time.

Shapes: B rows, T tokens of a row, H heads, D size of a head, N blocks of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from cwm_trace.models.memory import literals_of
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.data import IGNORED, learned
from cwm_trace.train.shards import IdArray
from cwm_trace.train.telling import Tell

BLOCK = 128  # of FlexAttention's masks; rows are a multiple of it
_WASTE = 32  # tokens: a row with no more than that free is full
_WAITING = 8  # traces a row that found no place, after which the rows are full enough
_Mask = dict[str, Any]


class Packed(NamedTuple):
    """A packed batch, all (B, T), but for `literals`. `labels` are what is to be predicted *at* each token (the next one), `IGNORED` = no loss.

    `literals` (B, T, kinds), are the places in literals (`models.literal_positions`); zeros for a network that is not told of them.
    """

    ids: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    documents: torch.Tensor
    literals: torch.Tensor


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """What the trainer is given.

    Attributes:
        tensors: the batch.
        lengths: of the traces of each row, in their order.
    """

    tensors: Packed
    lengths: list[list[int]]

    @property
    def tokens(self) -> int:
        """Tokens that the model computes on, padding included."""
        return self.tensors.ids.numel()

    def to(self, device: torch.device) -> PackedBatch:
        """The same on a device; pinned memory is copied beside other work."""
        return PackedBatch(Packed(*(item.to(device, non_blocking=True) for item in self.tensors)), self.lengths)

    def pin(self) -> PackedBatch:
        """The same in memory that the GPU reads by itself."""
        return PackedBatch(Packed(*(item.pin_memory() for item in self.tensors)), self.lengths)

    def pairs(self, window: int | None) -> int:
        """Pairs of tokens (one sees the other, or itself) in a layer with this window; None = full attention."""
        total = 0
        for length in (length for row in self.lengths for length in row):
            seen = min(window or length, length)
            total += seen * (seen + 1) // 2 + (length - seen) * seen
        return total


# --- packing --------------------------------------------------------------------------------------------------------


def pack(
    traces: Iterable[IdArray],
    rows: int,
    length: int,
    frame_sep: int,
    pad: int,
    tell: Tell | None = None,
) -> Iterator[PackedBatch]:
    """Batches of so many rows of so many tokens. Each trace, of at most `length` tokens, goes where it leaves least room.

    `tell` finds what a network is told of their tokens; without it that is nothing (zeros). What fits nowhere waits for the next batch; what is
    left over at the end is not used.
    """
    if length % BLOCK:
        raise ValueError(f"rows of {length} tokens; should be a multiple of {BLOCK}")
    waiting: list[IdArray] = []
    source = iter(traces)
    while True:
        bins: list[list[IdArray]] = [[] for _ in range(rows)]
        free = [length] * rows
        later: list[IdArray] = []
        queue, waiting = waiting, later
        while max(free) > _WASTE and len(later) < _WAITING * rows:
            trace = queue.pop(0) if queue else next(source, None)
            if trace is None:
                return
            fitting = [(room, row) for row, room in enumerate(free) if room >= len(trace)]
            if fitting:
                _, row = min(fitting)
                bins[row].append(trace)
                free[row] -= len(trace)
            else:
                later.append(trace)
        waiting += queue
        yield _batch(bins, length, frame_sep, pad, tell)


def _batch(bins: Sequence[Sequence[IdArray]], length: int, frame_sep: int, pad: int, tell: Tell | None) -> PackedBatch:
    shape = len(bins), length
    ids = np.full(shape, pad, dtype=np.int64)
    labels = np.full(shape, IGNORED, dtype=np.int64)
    positions = np.zeros(shape, dtype=np.int64)
    documents = np.zeros(shape, dtype=np.int32)
    rows = [[learned(trace, frame_sep, pad) for trace in traces] for traces in bins]
    told = tell([trace for traces in rows for trace, _ in traces]) if tell else []
    kinds = told[0].shape[-1] if told else len(KINDS)
    places = np.zeros((*shape, kinds), dtype=np.int16)
    telling = iter(told)
    for row, traces in enumerate(rows):
        start = 0
        for number, (trace, wanted) in enumerate(traces):
            end = start + len(trace)
            ids[row, start:end] = trace
            labels[row, start : end - 1] = np.where(wanted, trace.astype(np.int64), IGNORED)[1:]
            positions[row, start:end] = np.arange(len(trace))
            documents[row, start:end] = number
            if told:
                places[row, start:end] = next(telling)
            start = end
        documents[row, start:] = len(traces)  # the padding is a document, too: each token must see one
        positions[row, start:] = np.arange(length - start)
    return PackedBatch(
        Packed(*map(torch.from_numpy, (ids, labels, positions, documents, places))),
        [[len(trace) for trace, _ in traces] for traces in rows],
    )


# --- masks ----------------------------------------------------------------------------------------------------------


def allowed(documents: torch.Tensor, window: int | None) -> torch.Tensor:
    """Which token (B, 1, T, T: from, to) sees which: itself and those before it in its document, `window` of them at most."""
    time = torch.arange(documents.shape[1], device=documents.device)
    distance = time[:, None] - time[None, :]
    seen = distance >= 0 if window is None else (distance >= 0) & (distance < window)
    return (seen & (documents[:, :, None] == documents[:, None, :]))[:, None]


def block_mask(documents: torch.Tensor, window: int | None) -> Any:
    """The same as FlexAttention's `BlockMask`. Documents ascend in a row, so a block's ends tell all of it; no (T, T) is computed."""
    from torch.nn.attention.flex_attention import BlockMask

    first, last = documents[:, ::BLOCK], documents[:, BLOCK - 1 :: BLOCK]  # (B, N)
    block = torch.arange(first.shape[1], device=documents.device)
    apart = block[:, None] - block[None, :]  # (N, N), from a block of queries to one of keys
    some = (apart >= 0) & (last[:, None, :] >= first[:, :, None])
    every = (apart > 0) & (first[:, None, :] == last[:, :, None])
    if window is not None:
        some &= (apart - 1) * BLOCK + 1 < window
        every &= (apart + 1) * BLOCK - 1 < window
    partial = _ordered(some & ~every)
    full = _ordered(every)

    def sees(row: torch.Tensor, head: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        seen = (query >= key) & (documents[row, query] == documents[row, key])
        return seen if window is None else seen & (query - key < window)

    return BlockMask.from_kv_blocks(*partial, *full, BLOCK_SIZE=BLOCK, mask_mod=sees)


def _ordered(blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How many blocks each row of blocks has, and their numbers first: (B, 1, N) and (B, 1, N, N)."""
    numbers = torch.argsort(blocks.int(), dim=-1, descending=True, stable=True)
    return blocks.sum(-1, dtype=torch.int32)[:, None], numbers.to(torch.int32)[:, None].contiguous()


def masks_of(batch: Packed, model: Any, flex: bool) -> _Mask:
    """The mask of each kind of layer."""
    windows = {"full_attention": None, "sliding_attention": model.config.sliding_window}
    make: Callable[[torch.Tensor, int | None], Any] = block_mask if flex else allowed
    return {kind: make(batch.documents, windows[kind]) for kind in dict.fromkeys(model.config.layer_types)}


# --- the network ----------------------------------------------------------------------------------------------------


def packed_loss(model: Any, batch: Packed, masks: _Mask) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean cross-entropy in nats per predicted token; how many first choices are right, of how many. No value is read, so nothing waits."""
    logits = model.lm_head(_hidden(model, batch, masks)).float()
    loss = cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED)
    predicted = batch.labels != IGNORED
    right = (logits.detach().argmax(-1) == batch.labels) & predicted
    return loss, right.sum(), predicted.sum()


def _hidden(model: Any, batch: Packed, masks: _Mask) -> torch.Tensor:
    inner, config = model.model, model.config
    size = config.head_dim
    powers = torch.arange(0, size, 2, dtype=torch.float32, device=batch.ids.device) / size
    angles = batch.positions[..., None] * config.rope_parameters["rope_theta"] ** -powers
    angles = torch.cat((angles, angles), -1)[:, None]  # (B, 1, T, D)
    x = inner.embedded(batch.ids, batch.literals.long()) if literals_of(model) else inner.embed_tokens(batch.ids)
    cos, sin = angles.cos(), angles.sin()
    for layer, kind in zip(inner.layers, config.layer_types, strict=True):
        x = x + _attention(layer.self_attn, layer.input_layernorm(x), cos, sin, masks[kind])
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    hidden: torch.Tensor = inner.norm(x)
    return hidden


def _attention(layer: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, mask: Any) -> torch.Tensor:
    shape = (*x.shape[:2], -1, layer.head_dim)
    query, key, value = (
        project(x).view(shape).transpose(1, 2) for project in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    query, key = _rotated(query, cos, sin).to(value.dtype), _rotated(key, cos, sin).to(value.dtype)
    several = query.shape[1] != key.shape[1]
    if isinstance(mask, torch.Tensor):
        mixed = scaled_dot_product_attention(query, key, value, mask, enable_gqa=several)
    else:
        from torch.nn.attention.flex_attention import flex_attention

        mixed = flex_attention(query, key, value, block_mask=mask, enable_gqa=several)
    result: torch.Tensor = layer.o_proj(mixed.transpose(1, 2).flatten(2))
    return result


def _rotated(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    left, right = x.chunk(2, -1)
    return x * cos + torch.cat((-right, left), -1) * sin
