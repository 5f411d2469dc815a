"""The ratio of two groups of processes, with its interval: what a comparison rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from harness.stats.student import t_quantile, two_sided_probability

LEAST_PROCESSES = 2
"""Fewer on either side say nothing of how processes differ."""


class Ratio(Struct, frozen=True):
    """Candidate over baseline, its interval and the two-sided probability of so large a difference by chance.

    ``low``, ``high`` and ``p`` are None where there were too few processes; ``method`` says how they came about.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    pairs: int
    method: str


def paired_ratio(baseline: Sequence[float], candidate: Sequence[float], level: float = 0.95) -> Ratio:
    """The geometric mean of the ratios of figures taken in turn, pair by pair; all must be above 0.

    Raises ValueError where the sides differ in length or a figure is not above 0.
    """
    logs = [b - a for a, b in zip(_logs(baseline), _logs(candidate), strict=True)]
    return _interval(logs, _variance(logs) / len(logs), len(logs) - 1, len(logs), level, "paired t over log ratios")


def unpaired_ratio(baseline: Sequence[float], candidate: Sequence[float], level: float = 0.95) -> Ratio:
    """The ratio of the geometric means of two groups that were not run in turn (Welch's t on logs).

    Raises ValueError where a figure is not above 0 or a side is empty.
    """
    a, b = _logs(baseline), _logs(candidate)
    difference = math.fsum(b) / len(b) - math.fsum(a) / len(a)
    fewest = min(len(a), len(b))
    if fewest < LEAST_PROCESSES:
        return Ratio(math.exp(difference), None, None, None, fewest, f"{fewest} process: no interval")
    va, vb = _variance(a) / len(a), _variance(b) / len(b)
    degrees = _welch_degrees(va, vb, len(a), len(b))
    return _around(difference, va + vb, degrees, fewest, level, "Welch's t over log medians of processes")


def _welch_degrees(va: float, vb: float, na: int, nb: int) -> int:
    if va + vb == 0:
        return na + nb - 2
    return max(1, math.floor((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1))))


def _interval(logs: list[float], variance: float, degrees: int, pairs: int, level: float, method: str) -> Ratio:
    centre = math.fsum(logs) / len(logs)
    if pairs < LEAST_PROCESSES:
        return Ratio(math.exp(centre), None, None, None, pairs, f"{pairs} process: no interval")
    return _around(centre, variance, degrees, pairs, level, method)


def _around(centre: float, variance: float, degrees: int, pairs: int, level: float, method: str) -> Ratio:
    error = math.sqrt(variance)
    half = t_quantile(level, degrees) * error
    p = 1 - two_sided_probability(centre / error, degrees) if error else float(centre == 0)
    return Ratio(math.exp(centre), math.exp(centre - half), math.exp(centre + half), p, pairs, method)


def _logs(values: Sequence[float]) -> list[float]:
    if not values or min(values) <= 0:
        raise ValueError("a ratio needs figures above 0 on both sides")
    return [math.log(v) for v in values]


def _variance(values: Sequence[float]) -> float:
    if len(values) < LEAST_PROCESSES:
        return 0.0
    centre = math.fsum(values) / len(values)
    return math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1)


def false_discoveries(probabilities: Sequence[float], level: float = 0.05) -> list[bool]:
    """Which of many differences stand when at most ``level`` of them may be by chance (Benjamini and Hochberg 1995)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    count, last = len(order), -1
    for rank, index in enumerate(order):
        if probabilities[index] <= level * (rank + 1) / count:
            last = rank
    stands = set(order[: last + 1])
    return [index in stands for index in range(count)]
