"""`predict --verify --on-divergence resync`: each wrong frame is shown beside the true one, which the model then goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cwm_trace.eval.compare import verdict
from cwm_trace.frames import Status, Step, Trace
from cwm_trace.simulate import Simulation


class Position(NamedTuple):
    """One position of the true trace: the true frame, and what the model wrote there, all true ones before it being given.

    `predicted` is None where the model ended the trace.
    """

    truth: Step
    predicted: Step | None

    @property
    def exact(self) -> bool:
        """Whether the two are equal."""
        return verdict(self.predicted, self.truth).exact


class Resync:
    """Iterate over it for the positions behind the prompt; `trace` is the true one as far as it was gone through."""

    def __init__(self, begin: Callable[[Trace], Simulation], prompt: Trace, actual: Trace, max_frames: int) -> None:
        """`begin` starts a rollout behind given frames, of at most `max_frames`: so many positions are gone through."""
        self._begin, self._prompt, self._actual = begin, prompt, actual
        self._end = min(len(actual), len(prompt) + max_frames)
        self.positions: list[Position] = []
        self.status = Status.OPEN

    def __iter__(self) -> Iterator[Position]:
        at = len(self._prompt)
        while at < self._end:
            given = (*self._prompt.frames, *(position.truth for position in self.positions))
            simulation = self._begin(Trace(self._actual.context, given, complete=False, meta=self._prompt.meta))
            for position in self._run(simulation, at):
                self.positions.append(position)
                at += 1
                yield position
        self.status = Status.FRAME_LIMIT if self.left else self._actual.status

    def _run(self, simulation: Simulation, at: int) -> Iterator[Position]:
        """Up to the first wrong frame, the limit, or the end of the true trace."""
        steps = iter(simulation)
        try:
            for truth in self._actual[at : self._end]:
                position = Position(truth, next(steps, None))
                yield position
                if not position.exact:
                    return
        finally:
            steps.close()  # type: ignore[attr-defined]  # a generator

    @property
    def trace(self) -> Trace:
        """The true trace, as far as it was gone through."""
        frames = (*self._prompt.frames, *(position.truth for position in self.positions))
        return Trace(self._prompt.context, frames, self.status is Status.COMPLETE, self.status)

    @property
    def left(self) -> int:
        """How many true frames lie behind the limit."""
        return len(self._actual) - self._end

    @property
    def wrong(self) -> list[int]:
        """Indexes, in the whole trace, of the positions that were wrong."""
        first = len(self._prompt)
        return [first + n for n, position in enumerate(self.positions) if not position.exact]
