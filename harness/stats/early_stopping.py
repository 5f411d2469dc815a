"""MLPerf's early-stopping rule: what ``n`` queries, some of them over a latency, say of a percentile.

A query is over or it is not, with the same chance each: the binomial tail at 99 % confidence, tolerance 0. Runs in the
child: nothing but ``math``. Percentiles are fractions here, as MLPerf's are: 0.99.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

CONFIDENCE = 0.99

Verdict = Literal["valid", "invalid", "undecided"]


def verdict(queries: int, over: int, percentile: float) -> Verdict:
    """Whether the share ``percentile`` of all queries keeps the latency that ``over`` of these ``queries`` missed.

    ``valid`` is MLPerf's: so few over would be seen by chance in at most one of a hundred runs of a system that misses
    it. ``invalid`` is its mirror image, and what is neither is ``undecided``; MLPerf calls both unsuccessful.
    """
    if over <= most_over(queries, percentile):
        return "valid"
    return "invalid" if over >= fewest_over(queries, percentile) else "undecided"


@lru_cache(maxsize=4096)
def most_over(queries: int, percentile: float) -> int:
    """The most queries that may be over with the percentile still kept; -1 where ``queries`` are too few for any."""
    tail = _tail(percentile)
    expected = min(queries, math.ceil(queries * tail))  # so many are over more often than once in a hundred
    return _first(-1, expected, lambda over: at_most(over + 1, queries, tail) > 1 - CONFIDENCE)


@lru_cache(maxsize=4096)
def fewest_over(queries: int, percentile: float) -> int:
    """The fewest queries over with which the percentile is missed; ``queries`` + 1 where they are too few to tell."""
    tail = _tail(percentile)
    many = min(queries + 1, 2 * math.ceil(queries * tail) + 10)  # Chernoff: at least so many in one run of ten thousand
    return _first(0, many, lambda over: over > 0 and at_most(over - 1, queries, tail) >= CONFIDENCE)


@lru_cache(maxsize=256)
def least_queries(over: int, percentile: float) -> int:
    """Fewest queries with which ``over`` of them may be over: 459 for none at 0.99, 662 for one, 64 for one at 0.9."""
    tail, enough = _tail(percentile), over + 1
    while at_most(over, enough, tail) > 1 - CONFIDENCE:
        enough *= 2
    return _first(over + 1, enough, lambda n: at_most(over, n, tail) <= 1 - CONFIDENCE)


def estimate(latencies: Sequence[float], percentile: float) -> float | None:
    """MLPerf's early-stopping estimate of a percentile: an upper bound at 99 % confidence; None with too few.

    It is the t-th highest of the latencies, with the largest t >= 1 that so many of them allow.
    """
    allowed = most_over(len(latencies), percentile)
    return sorted(latencies)[len(latencies) - allowed] if allowed >= 1 else None


def at_most(over: int, queries: int, chance: float) -> float:
    """Probability that at most ``over`` of ``queries`` are over where each is with ``chance`` (between 0 and 1)."""
    if over < 0:
        return 0.0
    if over >= queries:
        return 1.0
    whole, yes, no = math.lgamma(queries + 1), math.log(chance), math.log1p(-chance)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(queries - k + 1) + k * yes + (queries - k) * no)
        for k in range(over + 1)
    )


def _tail(percentile: float) -> float:
    if not 0 < percentile < 1:
        raise ValueError(f"percentile {percentile} must be above 0 and below 1")
    return 1 - percentile


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least number from ``low`` to ``high`` for which it holds; ``high`` where it holds for none before."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
