"""Generates tokens with a causal LM and a key/value cache. Knows nothing of text or frames, purely token ids.

Whatever has been read or written stays in the cache: no token is ever read twice. Greedy decoding is speculative where there is a drafter:
its guesses are read together with the last token, and kept as far as they are what the model itself chooses; the rest is cut
off the cache again. The result is that of decoding token by token.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any, Protocol

import torch

from cwm_trace.models.lean import LeanNetwork
from cwm_trace.models.memory import Answer, Memory, OwnCache, Reading, Wanted, enough_memory

Allowed = Callable[[list[int]], bool]
Guess = Callable[[list[int]], Sequence[int]]

_SLICE = 256  # positions


@dataclass(frozen=True, slots=True)
class TokenRun:
    """Tokens that were generated, the stopping one included, and their natural-log probabilities (temperature 1)."""

    ids: list[int]
    logprobs: list[float]
    stopped: bool

    @property
    def logprob(self) -> float:
        """Of all of them."""
        return sum(self.logprobs)


class Guesser(Protocol):
    """Reads a sequence as it grows and guesses how it goes on (see `cwm_trace.models.draft`)."""

    def observe(self, ids: Sequence[int], /) -> None: ...
    def draft(self, most: int, /) -> list[int]: ...


class Engine:
    """One sequence inside a model."""

    def __init__(
        self,
        model: Any,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        window: int | None = None,
        drafter: Guesser | None = None,
        memory: Memory | None = None,
    ) -> None:
        """`window`: longest sequence in tokens, None = no limit. `drafter`: guesses tokens; used where decoding is greedy.

        `memory` is where the sequence is kept; by default a cache of its own.
        """
        self._model = model
        self._temperature = temperature
        self._generator = torch.Generator(device="cpu").manual_seed(seed)
        self._window = window
        self.passes = 0
        self._begin(drafter, memory)

    def _begin(self, drafter: Guesser | None, memory: Memory | None) -> None:
        self._memory = memory or OwnCache(self._model)
        self._drafter = drafter if self._memory.can_forget and self._temperature == 0 else None
        self._ids: list[int] = []
        self._unread: list[int] = []
        self.length = 0

    def go_on_with(
        self, ids: Sequence[int], drafter: Guesser | None = None, memory: Callable[[], Memory | None] = lambda: None
    ) -> None:
        """Another sequence: what both begin with is not read again, where the memory has all of it; what is drawn at random goes on."""
        if not self._memory.keeps_all:
            self.restart(drafter, memory)
            self.push(ids)
            return
        same = self.back_to(ids)
        self._drafter = drafter if self._temperature == 0 else None
        if self._drafter is not None:
            self._drafter.observe(ids[:same])
        self.push(ids[same:])

    def restart(self, drafter: Guesser | None = None, memory: Callable[[], Memory | None] = lambda: None) -> None:
        """Forget the sequence, and begin another one; what is drawn at random goes on."""
        self.close()
        self._begin(drafter, memory())

    def push(self, ids: Sequence[int]) -> None:
        """Append given tokens; they are read together with the next ones."""
        self._ids += ids
        self._unread += ids
        self.length += len(ids)
        if self._drafter is not None:
            self._drafter.observe(ids)

    def has_room(self, count: int) -> bool:
        """Whether the window has place for so many more tokens."""
        return self._room(None, 0) >= count

    @property
    def can_go_back(self) -> bool:
        """Whether it may forget what it read last: a drafter does not."""
        return self._memory.can_forget and self._drafter is None

    def back(self, length: int) -> None:
        """Forget what stands behind the first tokens."""
        read = self.length - len(self._unread)
        if read > length:
            self._memory.forget(read - length)
        self._unread = self._unread[: max(length - read, 0)]
        self.length = length
        del self._ids[length:]

    def back_to(self, ids: Sequence[int]) -> int:
        """Forget what does not begin as a sequence does; how many of its tokens are left, the last one not among them."""
        read = self._ids[: self.length - len(self._unread)]
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(read, ids[:-1], strict=False)))
        self.back(same)
        return same

    @torch.inference_mode()
    def generate(
        self,
        stops: frozenset[int],
        limit: int | None = None,
        allowed: Allowed | None = None,
        guess: Guess | None = None,
    ) -> TokenRun:
        """Generate until one of `stops`, `limit` tokens, or the end of the window. The stopping token stays in the sequence.

        `allowed` is asked whether the tokens generated so far may go on with one more; where it allows none, all are. `guess` is asked how
        they may go on, in the drafter's place; what it says changes no choice, only what a pass settles.
        """
        return self._memory.drive(self._generating(stops, limit, allowed, guess))

    def _generating(
        self, stops: frozenset[int], limit: int | None, allowed: Allowed | None, guess: Guess | None
    ) -> Reading[TokenRun]:
        ids: list[int] = []
        logprobs: list[float] = []
        while (room := self._room(limit, len(ids))) > 0:
            most = min(self._memory.guesses, room - 1)
            draft = _up_to(stops, self._draft(most) if guess is None else self._guessed(guess(ids), most))
            for token, chance in (yield from self._advance(draft, allowed and _after(ids, allowed))):
                ids.append(token)
                logprobs.append(chance)
                if token in stops:
                    return TokenRun(ids, logprobs, True)
        return TokenRun(ids, logprobs, False)

    def _room(self, limit: int | None, made: int) -> int:
        """How many tokens may still be generated."""
        left = sys.maxsize if limit is None else limit - made
        return left if self._window is None else min(left, self._window - self.length)

    def _advance(self, draft: list[int], allowed: Allowed | None) -> Reading[list[tuple[int, float]]]:
        """One forward pass: the tokens that it settles (one at least) and their log-probabilities."""
        ids, self._unread = self._unread + draft, []
        self.passes += 1
        answer = yield Wanted(ids, len(draft) + 1)  # after all that is in the sequence, and after each guessed token
        settled: list[tuple[int, float]] = []
        for row, choice in enumerate(self._choices(answer, settled, allowed)):
            settled.append(choice)
            if row >= len(draft) or choice[0] != draft[row]:
                break
        self._keep(len(draft), settled)
        return settled

    def _choices(
        self, answer: Answer, settled: list[tuple[int, float]], allowed: Allowed | None
    ) -> Iterable[tuple[int, float]]:
        """A choice for each row, made when it is asked for: `settled` then has those of the rows before it."""
        for logits, first in zip(answer.logits, answer.choices, strict=True):
            more = allowed and _after([token for token, _ in settled], allowed)
            is_first = self._temperature == 0 and (more is None or more([first[0]]))
            yield first if is_first else self._choose(logits, more)

    def _draft(self, most: int) -> Sequence[int]:
        return self._drafter.draft(most) if self._drafter is not None and most > 0 else ()

    def _guessed(self, guess: Sequence[int], most: int) -> Sequence[int]:
        return guess[:most] if self._memory.can_forget else ()

    def _keep(self, guessed: int, settled: list[tuple[int, float]]) -> None:
        """Append what is settled; cut what was guessed wrong off the cache. The last settled token has not been read yet."""
        right = len(settled) - 1
        self.push([token for token, _ in settled])
        self._unread = self._unread[-1:]
        if self._drafter is not None or guessed:
            self._memory.forget(guessed - right)

    def close(self) -> None:
        """Give back the memory of the sequence."""
        self._memory.close()

    def _choose(self, logits: torch.Tensor, allowed: Allowed | None) -> tuple[int, float]:
        logprobs = torch.log_softmax(logits, -1)
        ranked = self._ranked(logits)
        token = next(ranked) if allowed is None else _first(ranked, allowed)
        return token, float(logprobs[token])

    def _ranked(self, logits: torch.Tensor) -> Iterator[int]:
        """Tokens in the order in which they are to be tried: by probability, or drawn one after another without replacement."""
        if self._temperature > 0:
            weights = torch.softmax(logits / self._temperature, -1)
            first = int(torch.multinomial(weights, 1, generator=self._generator))
            yield first
            # Sorting by weight over exponential noise draws all the others at once (the "Gumbel trick").
            order = weights / torch.empty_like(weights).exponential_(generator=self._generator)
            yield from (token for token in order.argsort(descending=True).tolist() if token != first)
            return
        yield int(logits.argmax())
        yield from logits.argsort(descending=True, stable=True)[1:].tolist()


def _up_to(stops: frozenset[int], guessed: Sequence[int]) -> list[int]:
    """Guessed tokens, up to the first that would stop."""
    return list(takewhile(lambda token: token not in stops, guessed))


def _first(ranked: Iterator[int], allowed: Allowed) -> int:
    """The first token that is allowed; the first of all if none is."""
    first = next(ranked)
    return next((token for token in chain((first,), ranked) if allowed([token])), first)


def _after(ids: list[int], allowed: Allowed) -> Allowed:
    """The same question, of tokens that come after these."""
    return lambda more: allowed(ids + more)


@torch.inference_mode()
def token_scores(model: Any, ids: Sequence[int], start: int = 1) -> tuple[list[float], list[int]]:
    """For each token from `start` (>= 1) on: its natural-log probability, and the model's first choice in its place.

    One forward pass. Logits, which are large, are computed only where they are needed, and widened to float32 in slices.
    """
    logits = _all_logits(model, ids, len(ids) - start + 1)[:-1]
    targets = torch.tensor(ids[start:], device=logits.device)
    logprobs: list[float] = []
    for first in range(0, len(targets), _SLICE):
        part = torch.log_softmax(logits[first : first + _SLICE].float(), -1)
        logprobs += part.gather(-1, targets[first : first + _SLICE, None])[:, 0].tolist()
    return logprobs, logits.argmax(-1).tolist()


def _all_logits(model: Any, ids: Sequence[int], keep: int) -> torch.Tensor:
    """(keep, vocabulary) after the last `keep` tokens."""
    if isinstance(model, LeanNetwork):
        return model.open().read(ids, keep)
    with enough_memory():
        logits: torch.Tensor = model(
            input_ids=torch.tensor([list(ids)], device=model.device), use_cache=False, logits_to_keep=keep
        ).logits[0]
    return logits
