"""When a request to a server is made again: after a failure that may be gone a moment later, a few times, each wait longer.

Knows nothing of HTTP, but for how `Retry-After` is written.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from cwm_trace.errors import ModelError


class Hiccup(ModelError):
    """A failure that may be gone a moment later.

    `after`: seconds that the server asks to wait, None where it does not say. `last`: what it is an error of if it stays.
    """

    def __init__(
        self, message: str, *, hint: str = "", after: float | None = None, last: type[ModelError] = ModelError
    ) -> None:
        super().__init__(message, hint=hint)
        self.after, self._last = after, last

    def final(self, attempts: int) -> ModelError:
        """The error to end with after so many attempts."""
        return self._last(f"{self.message} (attempts: {attempts})", hint=self.hint)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is made, and how long is waited in between.

    Attributes:
        attempts: the first one included.
        first: seconds before the second; twice as long before each one after it. A random half of it is left out, so that requests which
            failed together do not come back together.
        longest: seconds of one wait, whatever the server asks for.
        total: seconds of all waits for one answer.
        sleep: waits so many seconds.
        draw: a random number from 0 to 1; not of the generator that programs seed.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    total: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = field(default_factory=lambda: random.Random().random)

    def begin(self) -> Patience:
        """For one answer."""
        return Patience(self)


class Patience:
    """What is left of the attempts and of the waiting for one answer."""

    def __init__(self, retries: Retries) -> None:
        self._retries, self._failed, self._waited = retries, 0, 0.0

    def wait(self, hiccup: Hiccup) -> None:
        """Wait for the next attempt. Raises the ModelError that the hiccup has become where there is none left."""
        self._failed += 1
        left = self._retries.total - self._waited
        if self._failed >= self._retries.attempts or left <= 0:
            raise hiccup.final(self._failed) from None
        seconds = min(self._seconds(hiccup.after or 0.0), left)
        self._waited += seconds
        self._retries.sleep(seconds)

    def _seconds(self, asked: float) -> float:
        doubled: float = self._retries.first * 2 ** (self._failed - 1)
        return min(max(doubled * (1 - self._retries.draw() / 2), asked), self._retries.longest)


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds from `now` (since the epoch) that a `Retry-After` asks for, a number of them or a date; None where it is neither."""
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value or "").timestamp() - now
        except ValueError:
            return None
    return seconds if 0 <= seconds < float("inf") else None
