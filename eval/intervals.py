"""Intervals for the numbers of a table: score intervals for proportions and their differences, bootstrap over programs for means and ratios."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

Z_95 = 1.959963984540054
RESAMPLES = 2_000
Ratio = tuple[float, float]
"""What stands above, and what below."""
_LOST, _GAINED = ((1.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), (1.0, 1.0))
_ONE_TASK = (_LOST, _GAINED, ((0.0, 1.0), (0.0, 1.0)), ((1.0, 1.0), (1.0, 1.0)))


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean in percent, its 95 % interval, and the number of values."""

    value: float
    low: float
    high: float
    n: int


def wilson(successes: float, n: int) -> Interval:
    """Wilson's score interval of a proportion (Wilson, 1927), or of a mean of values of 0 to 1, for which it is too wide rather than too narrow
    (none varies more than those that are 0 or 1). Raises ValueError unless 0 <= successes <= n > 0."""
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} successes of {n}")
    share = successes / n
    centre = share + Z_95**2 / (2 * n)
    spread = Z_95 * (share * (1 - share) / n + Z_95**2 / (4 * n * n)) ** 0.5
    scale = 1 + Z_95**2 / n
    # Exact at the ends, where rounding would leave 99.99999999999997 %.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == n else (centre + spread) / scale
    return Interval(low, high)


def tango(gained: int, lost: int, n: int) -> Interval:
    """Score interval of the difference of two paired proportions, (gained - lost) / n: of n things so many are right only the second time, and
    so many only the first (Tango, 1998, Statistics in Medicine 17: 891-908). Raises ValueError unless 0 <= gained + lost <= n > 0."""
    if min(gained, lost) < 0 or not 0 < n >= gained + lost:
        raise ValueError(f"{gained} gained and {lost} lost of {n}")
    middle = (gained - lost) / n
    high = _crossing(lambda difference: _score(gained, lost, n, difference) < -Z_95, middle, 1.0)
    low = _crossing(lambda difference: _score(gained, lost, n, difference) > Z_95, middle, -1.0)
    return Interval(low, high)


def _score(gained: int, lost: int, n: int, difference: float) -> float:
    """How many standard deviations the counts are from this difference, of which the share lost has its most likely value."""
    b = -gained - lost + (2 * n - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    lost_share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * lost_share + difference * (1 - difference))
    distance = gained - lost - n * difference
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance) if distance else 0.0


def _crossing(is_beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where a condition begins to hold on the way from one number to another; the other, if nowhere."""
    if not is_beyond(outside):
        return outside
    for _ in range(60):
        between = (inside + outside) / 2
        inside, outside = (inside, between) if is_beyond(between) else (between, outside)
    return outside


def bootstrap(values: Sequence[float], programs: Sequence[str] | None = None, seed: int = 0) -> Interval:
    """Percentile bootstrap interval of a mean; whole programs are drawn, as calls of one are not independent.

    `programs[i]` names the program of `values[i]`; None = each has its own. The same seed gives the same interval.
    Raises ValueError without values.
    """
    return bootstrap_ratio([(sum(group), len(group)) for group in _groups(values, programs)], seed)


def bootstrap_ratio(clusters: Sequence[Ratio], seed: int = 0) -> Interval:
    """Percentile bootstrap interval of a ratio of sums, `ratio(clusters)`; what belongs together is one pair, and drawn whole.

    Raises ValueError without pairs.
    """
    above, below = [pair[0] for pair in clusters], [pair[1] for pair in clusters]
    return _percentiles([sum(draw(above)) / sum(draw(below)) for draw in _draws(len(clusters), seed)])


def bootstrap_difference(clusters: Sequence[tuple[Ratio, Ratio]], seed: int = 0) -> Interval:
    """Percentile bootstrap interval of the second ratio less the first; both are of the same things, drawn together.

    A draw in which one of them has nothing below is left out. Raises ValueError without pairs.
    """
    columns = [[pair[side][place] for pair in clusters] for side in (0, 1) for place in (0, 1)]
    sums = ([sum(draw(column)) for column in columns] for draw in _draws(len(clusters), seed))
    return _percentiles([d / e - b / c for b, c, d, e in sums if c and e])


def bootstrap_median(values: Sequence[float], programs: Sequence[str] | None = None, seed: int = 0) -> Interval:
    """The same as `bootstrap` for a median."""
    groups = _groups(values, programs)
    return _percentiles([statistics.median(chain(*draw(groups))) for draw in _draws(len(groups), seed)])


def _groups(values: Sequence[float], programs: Sequence[str] | None) -> list[list[float]]:
    groups: dict[str, list[float]] = {}
    for value, program in zip(values, programs or map(str, range(len(values))), strict=True):
        groups.setdefault(program, []).append(value)
    return list(groups.values())


@lru_cache(maxsize=4)
def _draws(n: int, seed: int) -> list[Callable[[Sequence[Any]], Sequence[Any]]]:
    """Resamples of n things, each a function that draws them. Kept, as all metrics of a run draw from the same programs."""
    if n == 0:
        raise ValueError("no values")
    if n == 1:
        return [list] * RESAMPLES  # itemgetter would give the one thing itself
    rng, places = random.Random(seed), list(range(n))
    return [itemgetter(*rng.choices(places, k=n)) for _ in range(RESAMPLES)]


def _percentiles(values: list[float]) -> Interval:
    values.sort()
    return Interval(values[int(0.025 * len(values))], values[max(int(0.975 * len(values)) - 1, 0)])


def ratio(clusters: Sequence[Ratio]) -> float:
    """Sum of the first over sum of the second numbers."""
    return sum(above for above, _ in clusters) / sum(below for _, below in clusters)


def interval(values: Sequence[float], programs: Sequence[str] | None = None) -> Interval:
    """Of the mean of values of 0 to 1: Wilson where every value is 0 or 1 and no program comes twice, else `share_interval`.

    Raises ValueError without values.
    """
    independent = programs is None or len(set(programs)) == len(programs)
    if independent and set(values) <= {0.0, 1.0}:
        return wilson(sum(values), len(values))
    return share_interval([(sum(group), len(group)) for group in _groups(values, programs)])


def share_interval(clusters: Sequence[Ratio]) -> Interval:
    """Of a ratio of sums that is a share (0 to 1), a pair a program: `bootstrap_ratio`. But one program says nothing of others, and those
    that are all alike (all wrong, say) do not say that every other one is: where no draw differs, it is Wilson's, of so many programs.

    Raises ValueError without pairs.
    """
    if len(clusters) == 1:
        return Interval(0.0, 1.0)
    found = bootstrap_ratio(clusters)
    return found if found.low < found.high else wilson(ratio(clusters) * len(clusters), len(clusters))


def difference_interval(clusters: Sequence[tuple[Ratio, Ratio]]) -> Interval:
    """Of the second share less the first, a pair of ratios a program: `tango` where each is one task, right (1) or wrong (0) in both, else
    `bootstrap_difference`; one program says nothing of others. Where no draw differs, it is `tango` of programs of which none differs; but if
    the shares do, the hybrid of both shares' Wilson intervals (Newcombe, 1998, method 10, as if they were not paired, which is too wide
    rather than too narrow).

    Raises ValueError without pairs.
    """
    n = len(clusters)
    if all(pair in _ONE_TASK for pair in clusters):
        return tango(clusters.count(_GAINED), clusters.count(_LOST), n)
    if n == 1:
        return Interval(-1.0, 1.0)
    found = bootstrap_difference(clusters)
    if found.low < found.high:
        return found
    if found.low == 0:
        return tango(0, 0, n)
    a, b = (ratio([pair[side] for pair in clusters]) for side in (0, 1))
    (low_a, high_a), (low_b, high_b) = wilson(a * n, n), wilson(b * n, n)
    return Interval(b - a - math.hypot(b - low_b, high_a - a), b - a + math.hypot(high_b - b, a - low_a))


def estimate(values: Sequence[float], programs: Sequence[str] | None = None) -> Estimate:
    """Mean and interval of values of 0 to 1, in percent. Raises ValueError without values."""
    low, high = interval(values, programs)
    return Estimate(100 * sum(values) / len(values), 100 * low, 100 * high, len(values))
