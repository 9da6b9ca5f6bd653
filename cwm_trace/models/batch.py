"""Forward passes of several sequences together: what each of them waits for is read in one pass, where a pass costs little more for many.

A `Batcher` has a row for every sequence, and a thread of its own that runs the passes; sequences come and go at any time (continuous
batching), each driven by a thread of its caller's. A lean network (`models.lean`) reads rows of any lengths; for one of transformers they
are padded. Knows token ids only, and nothing of how the next token is chosen.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from cwm_trace.errors import ModelError
from cwm_trace.models.lean import LeanNetwork, LeanSequence, Read
from cwm_trace.models.memory import enough_memory

_SHORT = 32  # tokens: longer reads (prompts) get a pass of their own, or all others would be padded to their length
_PATIENCE = 0.05  # seconds that a pass waits for sequences whose owner is busy with something else
_LINGER = 1.0  # seconds without any sequence after which the thread ends
_LEAST = 512  # positions to begin with


def can_batch(model: Any) -> bool:
    """Whether rows of different lengths can share a pass: needs a mask of our own, so PyTorch's attention, and layers that we know."""
    if isinstance(model, LeanNetwork):
        return True
    config = model.config
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    windowed = getattr(config, "sliding_window", None) is not None and "layer_types" not in config.to_dict()
    known = kinds <= {"full_attention", "sliding_attention"} and not windowed
    one_mask = kinds == {"full_attention"} or config.model_type == "cwm"
    return known and one_mask and config._attn_implementation == "sdpa"


@dataclass(slots=True)
class _Read:
    """Tokens to be read in a row from a position on; the answer is logits, or why there are none."""

    row: int
    start: int
    ids: Sequence[int]
    keep: int
    ready: threading.Event = field(default_factory=threading.Event)
    answer: torch.Tensor | BaseException | None = None


class Row:
    """One sequence's place in a `Batcher`: the memory of an engine (`models.memory.Memory`)."""

    can_forget = True
    guesses = 6  # a pass of many rows costs by the token; of 3, 4, 6, 8, 16, these took least time for 16 rows of nano, with 8 and 4

    def __init__(self, batcher: Batcher, number: int) -> None:
        self._batcher, self.number, self._length = batcher, number, 0

    def read(self, ids: Sequence[int], keep: int) -> torch.Tensor:
        """Logits (keep, vocabulary) after the last `keep` of these tokens."""
        logits = self._batcher.read(_Read(self.number, self._length, ids, keep))
        self._length += len(ids)
        return logits

    def forget(self, count: int) -> None:
        """What is written there next takes the place of the last tokens."""
        self._length -= count

    def close(self) -> None:
        """Give the place to another sequence."""
        self._batcher.close(self.number)


class Batcher:
    """The rows of one model."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._cache = _Rows()
        self._sequences: dict[int, LeanSequence] = {}  # by row
        self._changed = threading.Condition()
        self._open: set[int] = set()
        self._waiting: list[_Read] = []
        self._running = False

    @property
    def rows(self) -> int:
        """Sequences that have a place."""
        return len(self._open)

    def open(self) -> Row:
        """A place for a new sequence."""
        with self._changed:
            number = next(number for number in itertools.count() if number not in self._open)
            self._open.add(number)
            if not self._running:
                self._running = True
                # One thread for all passes: each thread that computes has its own pool of workers in PyTorch.
                threading.Thread(target=self._run, name="cwm-trace batches", daemon=True).start()
        return Row(self, number)

    def close(self, number: int) -> None:
        """Nobody waits for this row any more."""
        with self._changed:
            self._open.discard(number)
            self._changed.notify_all()

    def read(self, wanted: _Read) -> torch.Tensor:
        """Wait until these tokens have been read. Raises ModelError where memory does not suffice."""
        with self._changed:
            self._waiting.append(wanted)
            self._changed.notify_all()
        wanted.ready.wait()
        if isinstance(wanted.answer, BaseException):
            raise wanted.answer
        assert wanted.answer is not None
        return wanted.answer

    # --- in the thread of the passes ----------------------------------------------------------------------------------

    @torch.inference_mode()
    def _run(self) -> None:
        while wanted := self._gather():
            for group in _groups(wanted):
                self._serve(group)

    def _gather(self) -> list[_Read]:
        """What is to be read next: when all rows ask, or the patience with the others is at its end; nothing when no row is left."""
        with self._changed:
            while not self._waiting:
                if not self._changed.wait(_LINGER) and not self._open:
                    self._running = False
                    return []
            self._changed.wait_for(lambda: len(self._waiting) >= len(self._open), _PATIENCE)
            taken, self._waiting = self._waiting, []
            return taken

    def _serve(self, group: list[_Read]) -> None:
        try:
            answers: list[Any] = self._pass(group)
        except ModelError as error:
            if len(group) > 1:
                for wanted in group:
                    self._serve([wanted])
                return
            answers = [error]
        except BaseException as error:  # whoever asked must learn of it, or would wait for ever
            answers = [error] * len(group)
        for wanted, answer in zip(group, answers, strict=True):
            wanted.answer = answer
            wanted.ready.set()

    def _pass(self, group: list[_Read]) -> list[torch.Tensor]:
        """Logits for each of these reads."""
        return self._lean_pass(group) if isinstance(self._model, LeanNetwork) else self._padded_pass(group)

    def _lean_pass(self, group: list[_Read]) -> list[torch.Tensor]:
        sequences = [self._sequence(wanted.row) for wanted in group]
        for sequence, wanted in zip(sequences, group, strict=True):
            sequence.length = wanted.start
        if len(group) == 1:
            return [sequences[0].read(group[0].ids, group[0].keep)]
        reads = (Read(one, wanted.ids, wanted.keep) for one, wanted in zip(sequences, group, strict=True))
        logits: list[torch.Tensor] = self._model.run(list(reads))
        return logits

    def _sequence(self, row: int) -> LeanSequence:
        if row not in self._sequences:
            self._sequences[row] = self._model.open()
        return self._sequences[row]

    def _padded_pass(self, group: list[_Read]) -> list[torch.Tensor]:
        """Rows are padded on the right: what that writes is behind all that a row can see, and is written over later."""
        width = max(len(wanted.ids) for wanted in group)
        device = self._model.device
        ids = torch.tensor([[*wanted.ids, *[0] * (width - len(wanted.ids))] for wanted in group], device=device)
        starts = [wanted.start for wanted in group]
        positions = torch.tensor(starts, device=device)[:, None] + torch.arange(width, device=device)
        self._cache.select([wanted.row for wanted in group], starts, width)
        with enough_memory():
            output = self._model(
                input_ids=ids,
                position_ids=positions,
                attention_mask=self._masks(positions),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=group[0].keep if len(group) == 1 else 0,
            )
        logits: torch.Tensor = output.logits
        if len(group) == 1:
            return [logits[0].float().cpu()]
        ends = (len(wanted.ids) for wanted in group)
        return [
            row[end - wanted.keep : end].float().cpu() for row, end, wanted in zip(logits, ends, group, strict=True)
        ]

    def _masks(self, positions: torch.Tensor) -> Any:
        """(rows, 1, tokens, keys), true where a token sees a key; keys stand at their positions. By kind of layer where there are kinds."""
        distance = positions[:, None, :, None] - torch.arange(self._cache.reach, device=positions.device)
        full = distance >= 0
        if self._model.config.model_type != "cwm":
            return full
        return {"full_attention": full, "sliding_attention": full & (distance < self._model.config.sliding_window)}


def _groups(wanted: list[_Read]) -> Iterator[list[_Read]]:
    """Short reads together, in the order of their rows; long ones one by one."""
    short = sorted((one for one in wanted if len(one.ids) <= _SHORT), key=lambda one: one.row)
    if short:
        yield short
    yield from ([one] for one in wanted if len(one.ids) > _SHORT)


class _Rows:
    """Keys and values of all layers: (rows, heads, positions, size), grown as needed. Stands where transformers expects a cache.

    Attributes:
        reach: one more than the last position that the present pass writes.
    """

    def __init__(self) -> None:
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []
        self._rows: list[int] = []
        self._starts: list[int] = []
        self.reach = 0

    def select(self, rows: list[int], starts: list[int], width: int) -> None:
        """Which rows the next pass reads and writes, and where it writes so many tokens."""
        self._rows, self._starts, self.reach = rows, starts, max(starts) + width

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new keys and values (rows, heads, tokens, size); all of these rows up to `reach`."""
        if layer == len(self._keys):
            self._keys.append(keys.new_zeros(0, keys.size(1), 0, keys.size(3)))
            self._values.append(values.new_zeros(0, values.size(1), 0, values.size(3)))
        self._keys[layer] = self._grown(self._keys[layer])
        self._values[layer] = self._grown(self._values[layer])
        return self._stored(self._keys[layer], keys), self._stored(self._values[layer], values)

    def _grown(self, held: torch.Tensor) -> torch.Tensor:
        rows, heads, positions, size = held.shape
        more_rows = max(rows, max(self._rows) + 1)
        more = positions if self.reach <= positions else max(2 * positions, self.reach, _LEAST)
        if (more_rows, more) == (rows, positions):
            return held
        grown = held.new_zeros(more_rows, heads, more, size)
        grown[:rows, :, :positions] = held
        return grown

    def _stored(self, held: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        for row, start, made in zip(self._rows, self._starts, new, strict=True):  # faster than one assignment by index
            held[row, :, start : start + made.size(1)] = made
        reached = held[:, :, : self.reach]
        return (
            reached if self._rows == list(range(len(held))) else reached[torch.tensor(self._rows, device=held.device)]
        )
