"""A CWM network on the CPU with few operations a pass: for a small one, what a pass costs there is overhead more than arithmetic.

The same numbers as `CwmForCausalLM` of transformers, and as `literal_cwm`, to rounding (tests/test_models_lean.py): RMS norms, rotary
positions, full and sliding attention, a gated MLP. Matrices that read the same input are one; the norms' weights are multiplied into the
matrix behind them. Tokens of several sequences share all but attention, so that nothing is padded. Knows token ids only; float32; nothing of
transformers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import sqrt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import torch
from torch.nn.functional import scaled_dot_product_attention, silu

from cwm_trace.models.literal_positions import SIZES, LiteralReading
from cwm_trace.models.memory import Answer, Reading, drive, first_choices
from cwm_trace.models.trace_positions import KINDS, PositionsReader, positions_reader

_Made = TypeVar("_Made")

_LONGEST = 256  # tokens of a sequence in one pass: a mask has so many rows
_LEAST = 512  # positions of a sequence to begin with
_SHARED = 1_000_000_000  # products of a pass that are worth several threads; one of nano never is
_SIZES = ("num_attention_heads", "num_key_value_heads", "head_dim", "hidden_size", "rms_norm_eps", "vocab_size")
_KINDS = {"full_attention", "sliding_attention"}


def fits(config: Mapping[str, Any]) -> bool:
    """Whether a network of this configuration (`config.json`) computes just what is written here; False where it does not say."""
    try:
        rope, kinds = config["rope_parameters"], config["layer_types"]
        return (
            (config["model_type"] == "cwm" or _has_literals(config))
            and config["hidden_act"] == "silu"
            and config.get("mlp_bias") is False
            and rope["rope_type"] == "default"
            and set(rope) <= {"rope_type", "rope_theta"}
            and len(kinds) == config["num_hidden_layers"]
            and set(kinds) <= _KINDS
            and config["head_dim"] % 2 == 0
            and ("sliding_attention" not in kinds or config["sliding_window"] > 0)
            and all(name in config for name in (*_SIZES, "tie_word_embeddings"))
        )
    except (KeyError, TypeError):
        return False


def _has_literals(config: Mapping[str, Any]) -> bool:
    """Whether it is one that is told where in literals its tokens stand."""
    named = config["model_type"] == "cwm_literals"
    kinds = len(KINDS) if config.get("trace_texts") else len(SIZES)
    return named and bool(config["literal_symbols"]) and len(config["literal_sizes"]) == kinds


def is_lean(folder: Path, dtype: str | None) -> bool:
    """Whether a folder in Hugging Face layout has such a network, in one file, to be computed in float32.

    `dtype`: "auto" is the weights' own; None, too, but float16 is computed in float32 then: few processors have units for it.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    own = config.get("dtype", config.get("torch_dtype"))
    kind = dtype if dtype not in (None, "auto") else "float32" if own == "float16" and dtype is None else own
    plain = "quantization_config" not in config and not (folder / "adapter_config.json").exists()
    return kind == "float32" and plain and fits(config) and (folder / "model.safetensors").is_file()


class _Layer(NamedTuple):
    """A layer's matrices, (inputs, outputs) each, and its window, None for full attention."""

    read: torch.Tensor  # queries, keys, values
    attended: torch.Tensor
    widen: torch.Tensor  # gates, ups
    narrow: torch.Tensor
    window: int | None


class Read(NamedTuple):
    """Tokens to append to a sequence, and after how many of them, the last ones, logits are wanted."""

    sequence: LeanSequence
    ids: Sequence[int]
    keep: int


class LeanNetwork:
    """The weights, and the passes through them.

    Attributes:
        config: the fields of `config.json`.
        generation_config: those of `generation_config.json`, None where there is no such file.
    """

    @torch.no_grad()
    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> None:
        """`weights` are named as in transformers' `CwmForCausalLM`, or `LiteralCwmForCausalLM`. Raises KeyError where one is missing."""
        self.config = SimpleNamespace(**config)
        self.generation_config: SimpleNamespace | None = None
        self._heads, self._key_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self._size, self.layers = config["head_dim"], len(config["layer_types"])
        hidden = config["hidden_size"]
        self._epsilon = torch.tensor(sqrt(hidden * config["rms_norm_eps"]))
        self._embedding = _float(weights["model.embed_tokens.weight"])
        self.literals: PositionsReader | None = None
        if _has_literals(config):
            self.literals = positions_reader(
                config["literal_symbols"], config["literal_sizes"], config.get("trace_texts", ())
            )
            self._embed_literals = _float(weights["model.embed_literals.weight"])
            self._first_literals = torch.tensor(self.literals.first)
        head = self._embedding if config["tie_word_embeddings"] else weights["lm_head.weight"]
        self._head = _behind_norm(weights["model.norm.weight"], head)
        windows = (None if kind == "full_attention" else config["sliding_window"] for kind in config["layer_types"])
        self._layers = [self._layer(weights, f"model.layers.{n}.", window) for n, window in enumerate(windows)]
        self._parameters = sum(matrix.numel() for layer in self._layers for matrix in layer[:4])
        self._bands: dict[int | None, torch.Tensor] = {}
        self._growing = threading.Lock()
        self._turns = self._rotations(_LEAST)

    @classmethod
    def load(cls, folder: Path) -> LeanNetwork:
        """Read `config.json` and `model.safetensors`. Raises OSError, ValueError, KeyError or SafetensorError for damaged files."""
        from safetensors.torch import load_file

        network = cls(json.loads((folder / "config.json").read_text("utf-8")), load_file(folder / "model.safetensors"))
        settings = folder / "generation_config.json"
        if settings.is_file():
            network.generation_config = SimpleNamespace(**json.loads(settings.read_text("utf-8")))
        return network

    def _layer(self, weights: Mapping[str, torch.Tensor], name: str, window: int | None) -> _Layer:
        def matrices(part: str, *names: str) -> list[torch.Tensor]:
            return [weights[f"{name}{part}.{one}_proj.weight"] for one in names]

        query, key, value, attended = matrices("self_attn", "q", "k", "v", "o")
        gate, up, narrow = matrices("mlp", "gate", "up", "down")
        return _Layer(
            _behind_norm(weights[f"{name}input_layernorm.weight"], self._paired(query), self._paired(key), value),
            _float(attended).t().contiguous(),
            _behind_norm(weights[f"{name}post_attention_layernorm.weight"], gate, up),
            _float(narrow).t().contiguous(),
            window,
        )

    def _paired(self, matrix: torch.Tensor) -> torch.Tensor:
        """Rotation is of component i with i + size/2 of each head: put the two side by side, real and imaginary part of one number."""
        halves = matrix.view(-1, 2, self._size // 2, matrix.size(1))
        return halves.transpose(1, 2).reshape(matrix.shape)

    def open(self) -> LeanSequence:
        """An empty sequence."""
        return LeanSequence(self)

    @torch.inference_mode()
    def run(self, reads: Sequence[Read]) -> list[torch.Tensor]:
        """One pass: append the tokens of each read (at most 256) to its sequence; logits (keep, vocabulary) for each.

        Reads of one sequence may not share a pass.
        """
        with _threads(self._parameters * sum(len(read.ids) for read in reads)):
            return self._run(reads)

    def _run(self, reads: Sequence[Read]) -> list[torch.Tensor]:
        spans, at = [], 0
        for sequence, ids, _ in reads:
            sequence.reserve(len(ids))
            spans.append(slice(at, at := at + len(ids)))
        self._reach(max(read.sequence.length + len(read.ids) for read in reads))
        states = self._embedded(reads)
        starts = [read.sequence.length for read in reads]
        turns = torch.cat([self._turns[at : at + len(read.ids)] for at, read in zip(starts, reads, strict=True)])
        for number, layer in enumerate(self._layers):
            states = self._through(number, layer, states, turns, reads, spans)
        for sequence, ids, _ in reads:
            sequence.length += len(ids)
        if any(read.keep < len(read.ids) for read in reads):
            states = torch.cat(
                [states[span.stop - read.keep : span.stop] for span, read in zip(spans, reads, strict=True)]
            )
        return list(torch.split(self._normed(states) @ self._head, [read.keep for read in reads]))

    def _embedded(self, reads: Sequence[Read]) -> torch.Tensor:
        """(tokens, hidden) of the tokens of all reads."""
        states = self._embedding[torch.tensor([token for read in reads for token in read.ids])]
        if self.literals is None:
            return states
        found = torch.tensor([position for read in reads for position in read.sequence.positions(read.ids)])
        return states + self._embed_literals[found + self._first_literals].sum(1)

    def _through(
        self,
        number: int,
        layer: _Layer,
        states: torch.Tensor,
        turns: torch.Tensor,
        reads: Sequence[Read],
        spans: Sequence[slice],
    ) -> torch.Tensor:
        """(tokens, hidden) to (tokens, hidden)."""
        read = (self._normed(states) @ layer.read).view(len(states), -1, self._size)
        turned = read[:, : self._heads + self._key_heads].view(len(states), -1, self._size // 2, 2)
        torch.view_as_complex(turned).mul_(turns)
        seen = [
            self._attended(one.sequence, number, layer.window, read[span])
            for one, span in zip(reads, spans, strict=True)
        ]
        states = torch.addmm(states, seen[0] if len(seen) == 1 else torch.cat(seen), layer.attended)
        gates, ups = (self._normed(states) @ layer.widen).chunk(2, 1)
        return torch.addmm(states, silu(gates).mul_(ups), layer.narrow)

    def _normed(self, states: torch.Tensor) -> torch.Tensor:
        """x / sqrt(mean(x²) + epsilon), over sqrt(size), which is in the matrix behind; three operations where `rms_norm` takes six."""
        return states / torch.hypot(torch.linalg.vector_norm(states, dim=-1, keepdim=True), self._epsilon)

    def _attended(self, sequence: LeanSequence, number: int, window: int | None, read: torch.Tensor) -> torch.Tensor:
        """Keep keys and values of these tokens; (tokens, heads * size) of what their queries find."""
        start, count = sequence.length, len(read)
        end = start + count
        held = sequence.held[number]
        held[start:end] = read[:, self._heads :]
        first = 0 if window is None else max(0, start - window + 1)
        seen = held[None, first:end].transpose(1, 2)
        found = scaled_dot_product_attention(
            read[None, :, : self._heads].transpose(1, 2),
            seen[:, : self._key_heads],
            seen[:, self._key_heads :],
            attn_mask=None if count == 1 else self._mask(window, start - first, count),
            enable_gqa=self._heads != self._key_heads,
        )
        return found.transpose(1, 2).reshape(count, -1)

    def _mask(self, window: int | None, before: int, count: int) -> torch.Tensor:
        """(tokens, keys) to add: 0 where a token sees a key, -inf elsewhere. It depends on their distance alone: a part of one band."""
        band = self._bands[window]
        here = band.size(1) - _LONGEST
        return band[:count, here - before : here + count]

    def _reach(self, positions: int) -> None:
        """Have masks and rotations for so many positions. Other threads may be at work with them: they are replaced, and only by longer ones."""
        with self._growing:
            if positions > len(self._turns) or not self._bands:
                positions = max(positions, 2 * len(self._turns))
                self._bands = {window: _band(window, positions) for window in {layer.window for layer in self._layers}}
                self._turns = self._rotations(positions)

    def _rotations(self, positions: int) -> torch.Tensor:
        """(positions, 1, size / 2) complex numbers to multiply with; the angles as transformers computes them."""
        powers = torch.arange(0, self._size, 2, dtype=torch.float32) / self._size
        speeds = 1.0 / self.config.rope_parameters["rope_theta"] ** powers
        angles = torch.arange(positions, dtype=torch.float32)[:, None] * speeds
        return torch.complex(angles.cos(), angles.sin())[:, None]


class LeanSequence:
    """What has been read of one sequence: its keys and values. The memory of an engine (`models.memory.Memory`).

    Attributes:
        held: (layers, positions, key heads + value heads, size); positions from `length` on mean nothing.
        length: tokens read.
    """

    can_forget = True
    keeps_all = True
    guesses = 24

    def __init__(self, network: LeanNetwork) -> None:
        self._network = network
        self.length = 0
        config = network.config
        self.held = torch.empty(network.layers, _LEAST, 2 * config.num_key_value_heads, config.head_dim)
        self._literals = LiteralReading(network.literals) if network.literals else None

    def reserve(self, count: int) -> None:
        """Have room for so many more tokens."""
        layers, positions, heads, size = self.held.shape
        if self.length + count > positions:
            grown = torch.empty(layers, max(2 * positions, self.length + count), heads, size)
            grown[:, : self.length] = self.held[:, : self.length]
            self.held = grown

    def positions(self, ids: Sequence[int]) -> list[tuple[int, ...]]:
        """Where in literals tokens stand that come next; they are remembered as read."""
        return self._literals.read(ids, self.length) if self._literals else []

    def read(self, ids: Sequence[int], keep: int) -> torch.Tensor:
        """Append tokens; logits (keep, vocabulary) after the last `keep` of them."""
        parts = []
        for first in range(0, len(ids), _LONGEST):
            part = ids[first : first + _LONGEST]
            kept = min(len(part), max(0, first + len(part) - (len(ids) - keep)))
            parts += self._network.run([Read(self, part, kept)])
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def drive(self, reading: Reading[_Made]) -> _Made:
        """Read what is asked for, to the end."""
        return drive(reading, self._read)

    def _read(self, ids: Sequence[int], keep: int) -> Answer:
        logits = self.read(ids, keep)
        # A second thread would go on waiting at full speed, and the next pass would wait for its core.
        with _threads(0):
            return Answer(logits, first_choices(logits))

    def forget(self, count: int) -> None:
        """Cut off the last tokens."""
        self.length -= count

    def close(self) -> None:
        """Nothing is read any more."""


@contextmanager
def _threads(products: int) -> Iterator[None]:
    """One thread for a pass of so few products: to share it out among several takes longer, several times where another process has a core."""
    before = torch.get_num_threads()
    if products >= _SHARED or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _float(weight: torch.Tensor) -> torch.Tensor:
    return weight.detach().to(torch.float32)


def _behind_norm(norm: torch.Tensor, *matrices: torch.Tensor) -> torch.Tensor:
    """(inputs, outputs): the matrices side by side, the norm's weights multiplied in, and sqrt(size), which `_normed` leaves out."""
    scaled = torch.cat([_float(matrix) for matrix in matrices]) * (_float(norm) * sqrt(len(norm)))
    return scaled.t().contiguous()


def _band(window: int | None, positions: int) -> torch.Tensor:
    """Masks of all starts in one: row i stands for a pass's token i, column j for the key at its first token's position + j - `before`."""
    before = positions if window is None else min(window, positions)
    distance = torch.arange(_LONGEST)[:, None] - (torch.arange(before + _LONGEST) - before)
    sees = (distance >= 0) if window is None else (distance >= 0) & (distance < window)
    return torch.zeros(sees.shape).masked_fill_(~sees, -torch.inf)
