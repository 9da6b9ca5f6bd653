"""An iterator that runs in a thread of its own, a few items ahead: batches are made ready while the GPU works on others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_PATIENCE = 0.1  # seconds until a full queue is tried again, or given up because nobody reads it any more


class Ahead(Generic[_Item]):
    """Iterates over `items` in a thread, from `with` on; what that raises is raised here. Leaving `with` ends the thread."""

    def __init__(self, items: Iterable[_Item], depth: int = 4) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[_Item | None, BaseException | None]] = queue.Queue(depth)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Iterator[_Item]:
        self._thread.start()
        return self._taken()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put((item, None)):
                    return
            self._put((None, StopIteration()))
        except BaseException as error:
            self._put((None, error))

    def _put(self, entry: tuple[_Item | None, BaseException | None]) -> bool:
        while not self._left.is_set():
            try:
                self._queue.put(entry, timeout=_PATIENCE)
                return True
            except queue.Full:
                continue
        return False

    def _taken(self) -> Iterator[_Item]:
        while True:
            item, error = self._queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # None only beside an error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()
