"""The shape of `nano`: a small `LiteralCwmForCausalLM`, and a forward pass that computes logits only where there is a loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from cwm_trace.format import BEGIN_OF_TEXT, END_OF_TEXT
from cwm_trace.models.memory import literals_of
from cwm_trace.models.trace_positions import all_sizes, positions_reader
from cwm_trace.train.data import IGNORED, Batch
from cwm_trace.train.tokenizer import PAD, build_tokenizer, literal_symbols, pieces


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of the network.

    Attributes:
        width: hidden size.
        layers: number of layers; sliding-window and full attention alternate, a full one last.
        heads: attention heads; keys and values have as many.
        inner: width of the feed-forward part.
        window: how far back a sliding layer looks (tokens).
        positions: longest sequence (tokens).
    """

    width: int = 256
    layers: int = 6
    heads: int = 8
    inner: int = 640
    window: int = 256
    positions: int = 4096


def new_model(shape: Shape, told: bool = True) -> Any:
    """A randomly initialised network of this shape for the project's tokenizer; `told` of places in literals, or a plain `CwmForCausalLM`."""
    from transformers import CwmConfig, CwmForCausalLM

    from cwm_trace.models.literal_cwm import LiteralCwmForCausalLM

    tokenizer = build_tokenizer()
    kinds = ["full_attention" if (shape.layers - 1 - n) % 2 == 0 else "sliding_attention" for n in range(shape.layers)]
    fields: dict[str, Any] = dict(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.width // shape.heads,
        max_position_embeddings=shape.positions,
        sliding_window=shape.window,
        layer_types=kinds,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        bos_token_id=tokenizer.convert_tokens_to_ids(BEGIN_OF_TEXT),
        eos_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
        pad_token_id=tokenizer.convert_tokens_to_ids(PAD),
        initializer_range=0.02,
    )
    if not told:
        return CwmForCausalLM(CwmConfig(**fields))
    return LiteralCwmForCausalLM(told_config(fields))


def told_config(fields: dict[str, Any]) -> Any:
    """The config of a network that is told all that there is to tell, of this project's tokenizer; else by these fields of a `CwmConfig`."""
    from cwm_trace.models.literal_cwm import LiteralCwmConfig

    told = {
        "literal_symbols": literal_symbols(),
        "literal_sizes": list(all_sizes(fields["vocab_size"])),
        "trace_texts": pieces(),
    }
    return LiteralCwmConfig(
        **{name: value for name, value in fields.items() if name not in ("model_type", "architectures")} | told
    )


def open_model(folder: str | Path) -> Any:
    """The network of a folder that `train` wrote, told of places in literals or not, in float32; it reads tokens as this revision does."""
    from transformers import AutoModelForCausalLM

    import cwm_trace.models.literal_cwm  # noqa: F401  (makes it known)

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if literals_of(model):
        config = model.config
        config.literal_symbols = symbols = literal_symbols()
        model.model.literals = positions_reader(symbols, config.literal_sizes, config.trace_texts)
    return model


def save_model(model: Any, folder: str | Path) -> None:
    """Write a network as `open_model` opens it, with the project's tokenizer."""
    if literals_of(model):  # transformers adds the classes of what is saved only
        known = getattr(model.config, "auto_map", None) or {}
        model.config.auto_map = known | {"AutoModel": "literal_cwm.LiteralCwmModel"}
    model.save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)


@dataclass(frozen=True, slots=True)
class BatchLoss:
    """`loss`: mean cross-entropy in nats per predicted token, with gradient; `correct`, `count`: first choices that are right."""

    loss: torch.Tensor
    correct: torch.Tensor
    count: int


def batch_loss(model: Any, batch: Batch) -> BatchLoss:
    """Loss of one batch."""
    logits, targets = predictions(model, batch)
    logits = logits.float()
    correct = (logits.detach().argmax(-1) == targets).sum()
    return BatchLoss(cross_entropy(logits, targets), correct, len(targets))


def predictions(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (n, vocabulary) of the n tokens that have a label, in their order, and the labels (n); the output layer runs on no others."""
    inner = model.model
    # Found here and not in the network, which may be compiled.
    given = {"literal_positions": inner.positions_of(batch.ids)} if literals_of(model) else {}
    hidden = inner(input_ids=batch.ids, use_cache=False, **given).last_hidden_state
    labels = batch.labels[:, 1:]
    chosen = labels != IGNORED
    return model.lm_head(hidden[:, :-1][chosen]), labels[chosen]
