"""Intervals for the numbers of a table: Wilson for proportions, bootstrap over programs for means."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

Z_95 = 1.959963984540054
RESAMPLES = 2_000


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval of a proportion (Wilson, 1927). Raises ValueError for n < 1."""
    if n < 1:
        raise ValueError("no trials")
    share = successes / n
    centre = share + Z_95**2 / (2 * n)
    spread = Z_95 * (share * (1 - share) / n + Z_95**2 / (4 * n * n)) ** 0.5
    scale = 1 + Z_95**2 / n
    return Interval(max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0))


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Percentile bootstrap interval of a mean; one value for each program, so programs are what is resampled."""
    if not values:
        raise ValueError("no values")
    rng = random.Random(seed)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(RESAMPLES))
    return Interval(means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1])


def interval(values: Sequence[float]) -> Interval:
    """Wilson where every value is 0 or 1, else the bootstrap."""
    if set(values) <= {0.0, 1.0}:
        return wilson(int(sum(values)), len(values))
    return bootstrap(values)
