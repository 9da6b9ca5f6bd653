"""What a network has answered greedily: the same in all its traces, which may grow in several threads, or in several processes.

Knows nothing of what is asked.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Asked: TypeAlias = tuple[str, ...]  # of which kind, and what
Answer: TypeAlias = tuple[Any, float]  # of JSON's kinds, with its natural-log probability


class Told:
    """The latest answers, so many."""

    def __init__(self, most: int = 100_000) -> None:
        self._most, self._answers = most, OrderedDict[Asked, Answer]()
        self._changed = threading.Condition()
        self._being_asked: set[Asked] = set()

    def once(self, asked: Asked, ask: Callable[[], Answer]) -> Answer:
        """The answer, asked for where it is not there (any more). What another thread is asking for is waited for. Raises as `ask` does."""
        with self._changed:
            self._changed.wait_for(lambda: asked not in self._being_asked)
            if (known := self._known(asked)) is not None:
                return known
            self._being_asked.add(asked)
        try:
            answer = ask()
            with self._changed:
                self._keep(asked, answer)
        finally:
            with self._changed:
                self._being_asked.remove(asked)
                self._changed.notify_all()
        return answer

    def _known(self, asked: Asked) -> Answer | None:
        """The answer; None where there is none."""
        if asked in self._answers:
            self._answers.move_to_end(asked)
        return self._answers.get(asked)

    def _keep(self, asked: Asked, answer: Answer) -> None:
        """Take note of an answer."""
        self._answers[asked] = answer
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)


class SharedTold(Told):
    """The same for several processes, through a file to which each appends what it has been answered."""

    def __init__(self, path: Path, most: int = 100_000) -> None:
        super().__init__(most)
        self._path, self._read = path, 0  # bytes
        path.touch()

    def _known(self, asked: Asked) -> Answer | None:
        if (known := super()._known(asked)) is None:
            self._read_others()
            known = super()._known(asked)
        return known

    def _read_others(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines, end, _ = file.read().rpartition(b"\n")
        self._read += len(lines + end)
        for line in lines.splitlines():
            asked, answer = json.loads(line)
            super()._keep(tuple(asked), tuple(answer))

    def _keep(self, asked: Asked, answer: Answer) -> None:
        super()._keep(asked, answer)
        with self._path.open("ab", buffering=0) as file:
            # In one write, which no other one can divide.
            file.write(json.dumps((asked, answer)).encode("ascii") + b"\n")
