"""A `CwmForCausalLM` of transformers that is told where inside a literal each token stands (`literal_positions`), by one more embedding.

Goes with the weights, for `AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)`, or `AutoModel` without the head: knows
transformers and its neighbours only.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, CwmConfig, CwmForCausalLM, CwmModel

from .literal_positions import SIZES
from .trace_positions import positions_reader


class LiteralCwmConfig(CwmConfig):  # type: ignore[misc]
    """CWM's fields, and what positions in literals are made of.

    Attributes:
        literal_symbols: what each token spells, for `LiteralPositions`.
        literal_sizes: how many positions of characters, items and variables there are, and of the other kinds (`trace_positions.KINDS`) where
            there are `trace_texts`.
        text_length: how many tokens it reads before a frame, at most: what is longer is told anew by cwm-trace (`models/past.py`). None: any.
        reads_notes: whether cwm-trace writes notes between the frames that it reads (`models/notes.py`). It never writes them itself.
        asks_tests: whether cwm-trace asks it what tests give (`models/asking.py`), where it is constrained.
        asks_operations: and what operations give, one by one.
        asks_steps: and of what Python does item by item, each step.
        constrained: whether cwm-trace lets it choose only what the source of a program leaves open, where it is not told (`Decoding`).
        trace_texts: what each token reads like, for `TracePositions`; without them it is told of places in literals alone.
    """

    model_type = "cwm_literals"
    literal_symbols: list[str] | tuple[str, ...] = ()
    literal_sizes: list[int] | tuple[int, ...] = SIZES
    trace_texts: list[str] | tuple[str, ...] = ()
    text_length: int | None = None
    reads_notes: bool = False
    asks_tests: bool = False
    asks_operations: bool = False
    asks_steps: bool = False
    constrained: bool = False


class LiteralCwmModel(CwmModel):  # type: ignore[misc]
    """The network without its head.

    Attributes:
        literals: finds positions.
    """

    config_class = LiteralCwmConfig

    def __init__(self, config: LiteralCwmConfig) -> None:
        super().__init__(config)
        sizes = config.literal_sizes
        self.embed_literals = torch.nn.Embedding(sum(sizes) + len(sizes), config.hidden_size)
        self.literals = positions_reader(config.literal_symbols, sizes, config.trace_texts)
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: Any = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        literal_positions: torch.Tensor | None = None,
        **options: Any,
    ) -> Any:
        """`literal_positions`: (batch, tokens, kinds), of these tokens; found here where nothing came before them.

        The cache is `cache`, or `past_key_values` (transformers before 5.24). Raises ValueError where something came before the tokens and
        positions are not given: they depend on all tokens.
        """
        if past_key_values is not None:
            options["past_key_values"] = past_key_values
        if inputs_embeds is None and input_ids is not None:
            if literal_positions is None:
                if not _is_empty(options.get("cache", past_key_values)):
                    raise ValueError(
                        "behind a cache literal_positions must be given; `positions_of` finds those of all tokens"
                    )
                literal_positions = self.positions_of(input_ids)
            inputs_embeds, input_ids = self.embedded(input_ids, literal_positions), None
        return super().forward(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **options,
        )

    def embedded(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, hidden) of ids (batch, tokens) and their positions (batch, tokens, kinds)."""
        states: torch.Tensor = self.embed_tokens(ids)
        for kind, first in enumerate(self.literals.first):
            states = states + self.embed_literals(positions[..., kind] + first).to(states.device)
        return states

    def positions_of(self, ids: torch.Tensor, last: int | None = None) -> torch.Tensor:
        """(batch, tokens, kinds) of whole sequences (batch, tokens), or of their last so many tokens; padding does no harm."""
        count = ids.shape[1] if last is None else last
        columns = [self.literals.columns(row) for row in ids.tolist()]
        found = torch.tensor(columns, dtype=torch.long, device=ids.device).view(len(ids), len(self.literals.sizes), -1)
        return found[:, :, ids.shape[1] - count :].transpose(1, 2)


def _is_empty(cache: Any) -> bool:
    """Whether nothing was read before; that of continuous batching, whose rows are several sequences, does not tell."""
    return cache is None or (hasattr(cache, "get_seq_length") and not cache.get_seq_length())


class LiteralCwmForCausalLM(CwmForCausalLM):  # type: ignore[misc]
    """The network with its head; `generate` wants token ids, all of them, and reads them in one pass."""

    config_class = LiteralCwmConfig

    def __init__(self, config: LiteralCwmConfig) -> None:
        super().__init__(config)
        self.model = LiteralCwmModel(config)
        self.post_init()

    def prepare_inputs_for_generation(self, input_ids: torch.Tensor, **kwargs: Any) -> dict[str, Any]:
        """As in transformers, with the positions of the tokens that are read next. (`generate` goes by the name `kwargs`.)

        Raises ValueError where not all tokens are known here: behind a cache of others, or where they are read in chunks.
        """
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(input_ids, **kwargs)
        if (following := inputs.get("input_ids")) is not None:
            cache, count = inputs.get("cache", inputs.get("past_key_values")), following.shape[1]
            if cache is not None and cache.get_seq_length() + count > input_ids.shape[1]:
                raise ValueError(
                    "give `generate` all token ids, and no prefill_chunk_size: literal_positions depend on all"
                )
            inputs["literal_positions"] = self.model.positions_of(input_ids, count).to(following.device)
        return inputs


AutoConfig.register(LiteralCwmConfig.model_type, LiteralCwmConfig, exist_ok=True)
AutoModel.register(LiteralCwmConfig, LiteralCwmModel, exist_ok=True)
AutoModelForCausalLM.register(LiteralCwmConfig, LiteralCwmForCausalLM, exist_ok=True)
LiteralCwmConfig.register_for_auto_class()
LiteralCwmModel.register_for_auto_class("AutoModel")
LiteralCwmForCausalLM.register_for_auto_class("AutoModelForCausalLM")
