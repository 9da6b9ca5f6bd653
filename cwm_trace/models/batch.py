"""Forward passes of several sequences together: what each of them waits for is read in one pass, where a pass costs little more for many.

A `Batcher` has a row for every sequence, and a thread of its own that runs the passes; sequences come and go at any time (continuous
batching), each driven by a thread of its caller's. A lean network (`models.lean`) reads rows of any lengths; for one of transformers they
are padded. Knows token ids only, and nothing of how the next token is chosen.
"""

from __future__ import annotations

import atexit
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from weakref import WeakSet

import torch

from cwm_trace.errors import ModelError
from cwm_trace.models.lean import LeanNetwork, LeanSequence, Read
from cwm_trace.models.literal_positions import LiteralReading
from cwm_trace.models.memory import Answer, Reading, Wanted, cache_name, enough_memory, first_choices, literals_of

_SHORT = 32  # tokens: longer reads (prompts) get a pass of their own, or all others would be padded to their length
_PATIENCE = 0.05  # seconds that a pass waits for sequences whose owner is busy with something else
_LINGER = 1.0  # seconds without any sequence after which the thread ends
_LEAST = 512  # positions to begin with
_CWM = {"cwm", "cwm_literals"}  # kinds of model that take a mask for each kind of layer
_Made = TypeVar("_Made")


def can_batch(model: Any) -> bool:
    """Whether rows of different lengths can share a pass: needs a mask of our own, so PyTorch's attention, and layers that we know."""
    if isinstance(model, LeanNetwork):
        return True
    config = model.config
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    windowed = getattr(config, "sliding_window", None) is not None and "layer_types" not in config.to_dict()
    known = kinds <= {"full_attention", "sliding_attention"} and not windowed
    one_mask = kinds == {"full_attention"} or config.model_type in _CWM
    return known and one_mask and config._attn_implementation == "sdpa"


@dataclass(frozen=True, slots=True)
class _Read:
    """Tokens to be read in a row from a position on, and after how many of them, the last ones, logits are wanted."""

    row: int
    start: int
    ids: Sequence[int]
    keep: int


class _Job:
    """A reading that is being answered in the thread of the passes, which is woken, and wakes, once for all its passes.

    Attributes:
        wanted: what is to be read next.
        ended: set when there is nothing more to be read; then `made` is what the reading ended with, or why it did not.
    """

    def __init__(self, row: Row, reading: Reading[Any]) -> None:
        self._row, self._reading = row, reading
        self.ended = threading.Event()
        self.made: Any = None
        self.wanted: _Read
        self._step(lambda: next(reading))

    def answer(self, answer: Answer | BaseException) -> None:
        """What was wanted, or why there is none: go on to what is wanted next."""
        if isinstance(answer, BaseException):
            self._end(answer)
            return
        self._row.length += len(self.wanted.ids)
        self._step(lambda: self._reading.send(answer))

    def _step(self, step: Callable[[], Wanted]) -> None:
        try:
            ids, keep = step()
        except StopIteration as end:
            self._end(end.value)
        except BaseException as error:  # whoever waits must learn of it, or would wait for ever
            self._end(error)
        else:
            self.wanted = _Read(self._row.number, self._row.length, ids, keep)

    def _end(self, made: Any) -> None:
        self.made = made
        self.ended.set()


class Row:
    """One sequence's place in a `Batcher`: the memory of an engine (`models.memory.Memory`).

    Attributes:
        number: which.
        length: tokens read.
    """

    can_forget = True
    keeps_all = False  # others may have the place meanwhile
    guesses = 24  # of 8, 12, 16 and 24, this took least processor time for 8 rows of nano

    def __init__(self, batcher: Batcher, number: int) -> None:
        self._batcher, self.number, self.length = batcher, number, 0

    def drive(self, reading: Reading[_Made]) -> _Made:
        """Answer a reading to its end, its passes together with those of other rows."""
        job = _Job(self, reading)
        if not job.ended.is_set():
            self._batcher.answer(job)
        job.ended.wait()
        if isinstance(job.made, BaseException):
            raise job.made
        made: _Made = job.made
        return made

    def forget(self, count: int) -> None:
        """What is written there next takes the place of the last tokens."""
        self.length -= count

    def close(self) -> None:
        """Give the place to another sequence."""
        self._batcher.close(self.number)


class Batcher:
    """The rows of one model."""

    def __init__(self, model: Any) -> None:
        self._model = model
        # A lean pass costs by the token: to wait for more rows would gain nothing.
        self._patience = 0.0 if isinstance(model, LeanNetwork) else _PATIENCE
        self._cache = _Rows()
        self._cache_name = "" if isinstance(model, LeanNetwork) else cache_name(model)
        self._sequences: dict[int, LeanSequence] = {}  # by row
        self._literals = literals_of(model)
        self._literal_readings: dict[int, LiteralReading] = {}  # by row
        self._changed = threading.Condition()
        self._open: set[int] = set()
        self._new: list[_Job] = []
        self._running = False
        self._left = False  # the process is about to end
        self._thread: threading.Thread

    def open(self) -> Row:
        """A place for a new sequence."""
        with self._changed:
            number = next(number for number in itertools.count() if number not in self._open)
            self._open.add(number)
            if not self._running:
                self._running = True
                # One thread for all passes: each thread that computes has its own pool of workers in PyTorch.
                self._thread = threading.Thread(target=self._run, name="cwm-trace batches", daemon=True)
                self._thread.start()
                _RUNNING.add(self)
        return Row(self, number)

    def close(self, number: int) -> None:
        """Nobody waits for this row any more."""
        with self._changed:
            self._open.discard(number)
            self._changed.notify_all()

    def answer(self, job: _Job) -> None:
        """Begin to answer: the job's `ended` is set when that is done."""
        with self._changed:
            self._new.append(job)
            self._changed.notify_all()

    def leave(self) -> None:
        """End the thread behind its pass, whoever waits."""
        with self._changed:
            self._left = True
            self._changed.notify_all()
        self._thread.join()

    # --- in the thread of the passes ----------------------------------------------------------------------------------

    @torch.inference_mode()
    def _run(self) -> None:
        jobs: list[_Job] = []
        while jobs := self._gather(jobs):
            for group in _groups(jobs):
                self._serve(group)
            jobs = [job for job in jobs if not job.ended.is_set()]

    def _gather(self, jobs: list[_Job]) -> list[_Job]:
        """These jobs and new ones: when all rows ask, or the patience with the others is at its end; nothing when no row is left."""
        with self._changed:
            while not self._left and not jobs and not self._new:
                if not self._changed.wait(_LINGER) and not self._open:
                    self._running = False
                    return []
            self._changed.wait_for(lambda: len(jobs) + len(self._new) >= len(self._open) or self._left, self._patience)
            if self._left:
                return []
            new, self._new = self._new, []
            return jobs + new

    def _serve(self, group: list[_Job]) -> None:
        try:
            logits = self._pass([job.wanted for job in group])
            choices = iter(first_choices(logits[0] if len(logits) == 1 else torch.cat(logits)))
            answers: list[Any] = [Answer(rows, list(islice(choices, len(rows)))) for rows in logits]
        except ModelError as error:
            if len(group) > 1:
                for job in group:
                    self._serve([job])
                return
            answers = [error]
        except BaseException as error:
            answers = [error] * len(group)
        for job, answer in zip(group, answers, strict=True):
            job.answer(answer)

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
                use_cache=True,
                logits_to_keep=group[0].keep if len(group) == 1 else 0,
                **{self._cache_name: self._cache},
                **self._literal_positions(group, width),
            )
        logits: torch.Tensor = output.logits
        if len(group) == 1:
            return [logits[0].float().cpu()]
        ends = (len(wanted.ids) for wanted in group)
        return [
            row[end - wanted.keep : end].float().cpu() for row, end, wanted in zip(logits, ends, group, strict=True)
        ]

    def _literal_positions(self, group: list[_Read], width: int) -> dict[str, torch.Tensor]:
        """What a network that is told of positions in literals is told."""
        if self._literals is None:
            return {}
        told = torch.zeros(len(group), width, len(self._literals.sizes), dtype=torch.long)
        for row, wanted in zip(told, group, strict=True):
            reading = self._literal_readings.setdefault(wanted.row, LiteralReading(self._literals))
            row[: len(wanted.ids)] = torch.tensor(reading.read(wanted.ids, wanted.start))
        return {"literal_positions": told.to(self._model.device)}

    def _masks(self, positions: torch.Tensor) -> Any:
        """(rows, 1, tokens, keys), true where a token sees a key; keys stand at their positions. By kind of layer where there are kinds."""
        distance = positions[:, None, :, None] - torch.arange(self._cache.reach, device=positions.device)
        full = distance >= 0
        if self._model.config.model_type not in _CWM:
            return full
        return {"full_attention": full, "sliding_attention": full & (distance < self._model.config.sliding_window)}


def _groups(jobs: list[_Job]) -> Iterator[list[_Job]]:
    """Short reads together, in the order of their rows; long ones one by one."""
    short = sorted((job for job in jobs if len(job.wanted.ids) <= _SHORT), key=lambda job: job.wanted.row)
    long = [job for job in jobs if len(job.wanted.ids) > _SHORT]  # before any is answered, and wants something else
    if short:
        yield short
    yield from ([job] for job in long)


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

    def get_seq_length(self) -> int:
        """Asked by transformers before 5.1 for positions and masks, which are given, as places in literals are."""
        return 0

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any
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


_RUNNING: WeakSet[Batcher] = WeakSet()


@atexit.register
def _leave_all() -> None:
    """A thread that comes back from PyTorch to an interpreter that is gone would abort the process."""
    for batcher in list(_RUNNING):
        batcher.leave()
