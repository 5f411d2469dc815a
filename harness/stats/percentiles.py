"""Percentiles that are shown only where the sample size supports them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct


class Percentile(Struct, frozen=True):
    """The ``p``-th percentile of ``n`` samples; ``value`` is None where fewer than ``needed`` were taken."""

    p: float
    value: float | None
    needed: int
    n: int


def percentile(samples: Sequence[float], p: float) -> Percentile:
    """Percentile ``p`` (above 0 and below 100), interpolated between neighbours as numpy does by default."""
    needed, n = needed_samples(p), len(samples)
    if n < needed:
        return Percentile(p, None, needed, n)
    ordered, place = sorted(samples), (n - 1) * p / 100
    below = math.floor(place)
    above = min(below + 1, n - 1)
    value = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return Percentile(p, value, needed, n)


@lru_cache(maxsize=64)
def needed_samples(p: float, confidence: float = 0.99) -> int:
    """Least number of samples that supports percentile ``p``, by MLPerf's early-stopping rule; 1 for the median.

    With so many, at most one sample beyond the percentile would be seen by chance only with probability
    1 - ``confidence``: 64 for p90, 662 for p99. Raises ValueError for a ``p`` that is not between 0 and 100.
    """
    if not 0 < p < 100:
        raise ValueError(f"percentile {p} must be above 0 and below 100")
    if p == 50:
        return 1
    tail = min(p, 100 - p) / 100
    high = 2
    while _at_most_one(high, tail) > 1 - confidence:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most_one(middle, tail) <= 1 - confidence else (middle, high)
    return high


def _at_most_one(n: int, chance: float) -> float:
    """Probability that at most one of ``n`` independent samples falls where each does with ``chance``."""
    none = math.exp(n * math.log1p(-chance))
    return none + n * chance * none / (1 - chance)
