"""Generates tokens with a causal LM and a key/value cache. Knows nothing of text or frames, purely token ids.

Whatever has been read or written stays in the cache: no token is ever read twice. `pending` holds the last token, which the model
has chosen but not read yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

_SLICE = 256  # positions


@dataclass(frozen=True, slots=True)
class TokenRun:
    """Tokens that were generated, the stopping one included, and the sum of their natural-log probabilities (temperature 1)."""

    ids: list[int]
    logprob: float
    stopped: bool


class Engine:
    """One sequence inside a model."""

    def __init__(self, model: Any, *, temperature: float = 0.0, seed: int = 0, window: int | None = None) -> None:
        """`window`: longest sequence in tokens, None = no limit."""
        from transformers import DynamicCache

        self._model = model
        self._cache = DynamicCache(config=model.config)
        self._temperature = temperature
        self._generator = torch.Generator(device="cpu").manual_seed(seed)
        self._window = window
        self._unread: list[int] = []
        self.length = 0

    def push(self, ids: Sequence[int]) -> None:
        """Append given tokens; they are read together with the next ones."""
        self._unread += ids
        self.length += len(ids)

    @torch.inference_mode()
    def generate(self, stops: frozenset[int], limit: int | None = None) -> TokenRun:
        """Generate until one of `stops`, `limit` tokens, or the end of the window. The stopping token stays in the sequence."""
        ids: list[int] = []
        logprob = 0.0
        while (limit is None or len(ids) < limit) and (self._window is None or self.length < self._window):
            token, chance = self._choose(self._read())
            ids.append(token)
            logprob += chance
            self.push([token])
            if token in stops:
                return TokenRun(ids, logprob, True)
        return TokenRun(ids, logprob, False)

    def _read(self) -> torch.Tensor:
        """Logits (vocabulary,) after everything that is in the sequence."""
        ids = torch.tensor([self._unread], device=self._model.device)
        self._unread = []
        output = self._model(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        logits: torch.Tensor = output.logits[0, -1].float().cpu()
        return logits

    def _choose(self, logits: torch.Tensor) -> tuple[int, float]:
        logprobs = torch.log_softmax(logits, -1)
        if self._temperature > 0:
            weights = torch.softmax(logits / self._temperature, -1)
            token = int(torch.multinomial(weights, 1, generator=self._generator))
        else:
            token = int(logprobs.argmax())
        return token, float(logprobs[token])


@torch.inference_mode()
def token_scores(model: Any, ids: Sequence[int], start: int = 1) -> tuple[list[float], list[bool]]:
    """For each token from `start` (>= 1) on: its natural-log probability, and whether it is the model's first choice.

    One forward pass. Logits, which are large, are computed only where they are needed, and widened to float32 in slices.
    """
    tensor = torch.tensor([list(ids)], device=model.device)
    logits = model(input_ids=tensor, use_cache=False, logits_to_keep=len(ids) - start + 1).logits[0, :-1]
    targets = tensor[0, start:].to(logits.device)
    logprobs: list[float] = []
    for first in range(0, len(targets), _SLICE):
        part = torch.log_softmax(logits[first : first + _SLICE].float(), -1)
        logprobs += part.gather(-1, targets[first : first + _SLICE, None])[:, 0].tolist()
    return logprobs, (logits.argmax(-1) == targets).tolist()
