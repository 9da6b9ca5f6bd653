"""What a model remembers of one sequence: its key/value cache, read further and cut back. Knows token ids only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import torch

from cwm_trace.errors import ModelError
from cwm_trace.models.literal_positions import LiteralReading
from cwm_trace.models.trace_positions import PositionsReader

_Made = TypeVar("_Made")


class Wanted(NamedTuple):
    """Tokens to append, and after how many of them, the last ones, logits are wanted."""

    ids: Sequence[int]
    keep: int


class Answer(NamedTuple):
    """Logits (keep, vocabulary), and each row's first choice with its natural-log probability."""

    logits: torch.Tensor
    choices: list[tuple[int, float]]


Reading: TypeAlias = Generator[Wanted, Answer, _Made]
"""Asks for tokens to be read, is sent the answers, and ends with what it made of them."""


class Memory(Protocol):
    """A sequence inside a model.

    Attributes:
        can_forget: whether tokens can be cut off again.
        guesses: how many guessed tokens are worth reading with each one that is known.
        keeps_all: whether it may be cut back to any length, and goes on from there as if no more had been read.
    """

    @property
    def can_forget(self) -> bool: ...
    @property
    def guesses(self) -> int: ...
    @property
    def keeps_all(self) -> bool: ...

    def drive(self, reading: Reading[_Made]) -> _Made:
        """Append what is asked for, and answer, to the end. Raises ModelError where the GPU is too small."""
        ...

    def forget(self, count: int) -> None:
        """Cut off the last tokens."""
        ...

    def close(self) -> None:
        """Nothing is read any more."""
        ...


def drive(reading: Reading[_Made], read: Callable[[Sequence[int], int], Answer]) -> _Made:
    """Answer all that is asked for, each at once."""
    try:
        wanted = next(reading)
        while True:
            wanted = reading.send(read(*wanted))
    except StopIteration as end:
        made: _Made = end.value
        return made


def first_choices(logits: torch.Tensor) -> list[tuple[int, float]]:
    """Of all rows, in a few operations: for a small model they cost more than what they compute."""
    tokens = logits.argmax(-1, keepdim=True)
    chances = logits.log_softmax(-1).gather(-1, tokens)
    return list(zip(tokens[:, 0].tolist(), chances[:, 0].tolist(), strict=True))


class OwnCache:
    """A sequence with a cache of transformers' own, in passes of its own."""

    keeps_all = False  # layers with a window have forgotten what lies before it
    guesses = 16  # nano reads 16 on two cores in about 1.3 times what one takes

    def __init__(self, model: Any) -> None:
        self._model = model
        self._cache, self.can_forget = _new_cache(model)
        self._given_cache = {cache_name(model): self._cache}
        literals = literals_of(model)
        self._literals = LiteralReading(literals) if literals else None
        self._length = 0

    def drive(self, reading: Reading[_Made]) -> _Made:
        return drive(reading, self._read)

    def _read(self, ids: Sequence[int], keep: int) -> Answer:
        device = self._model.device
        given = {"input_ids": torch.tensor([list(ids)], device=device)}
        if self._literals is not None:
            given["literal_positions"] = torch.tensor([self._literals.read(ids, self._length)], device=device)
        with enough_memory():
            output = self._model(**given, **self._given_cache, use_cache=True, logits_to_keep=keep)
        self._length += len(ids)
        logits = output.logits[0, -keep:].float().cpu()
        return Answer(logits, first_choices(logits))

    def forget(self, count: int) -> None:
        self._length -= count
        if self._cache.get_seq_length():
            self._cache.crop(-count)

    def close(self) -> None:
        pass


def cache_name(model: Any) -> str:
    """What a network of transformers calls the cache that it is given: `cache` from 5.24 on, `past_key_values` before."""
    return "cache" if "cache" in inspect.signature(getattr(model, "forward", model)).parameters else "past_key_values"


def literals_of(model: Any) -> PositionsReader | None:
    """What tells a network of transformers where in literals its tokens stand (`models.literal_cwm`); None for any other."""
    found: PositionsReader | None = getattr(getattr(model, "model", None), "literals", None)
    return found


@contextmanager
def enough_memory() -> Iterator[None]:
    """Raises ModelError where the GPU has too little, so that a run over many programs goes on with the next."""
    try:
        yield
    except torch.OutOfMemoryError:
        hint = "Use --dtype bfloat16, a lower --max-tokens, a lower --batch, or a server"
        raise ModelError("the GPU has not enough memory for this trace", hint=hint) from None


def _new_cache(model: Any) -> tuple[Any, bool]:
    """A key/value cache, and whether tokens can be cut off it again.

    Layers that attend to a window drop what left it; they keep it until the next cut where transformers can be told to (5.23 can).
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    cache = DynamicCache(config=model.config)
    known = all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in cache.layers)
    if not (known and cache.layers and hasattr(cache, "activate_past_recording")):
        return cache, False
    cache.activate_past_recording()
    return cache, True
