"""One figure with its interval, from the samples of one or more processes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from harness.stats.stopping import batch_means_half_width, edge, mean_half_width, median
from harness.stats.student import t_quantile

WITHIN_ONE_PROCESS = "within one process (batch medians)"
MEAN_WITHIN_ONE_PROCESS = "within one process (batch means)"


class Summary(Struct, frozen=True):
    """A median in the samples' unit and its interval; ``method`` says how the interval came about.

    ``low`` and ``high`` are None where there were too few samples. ``n`` counts samples, ``processes`` the processes
    they come from.
    """

    median: float
    low: float | None
    high: float | None
    n: int
    processes: int
    method: str

    @property
    def relative_half_width(self) -> float | None:
        """Half the interval's width relative to the median; None without an interval or with a median of 0."""
        if self.low is None or self.high is None or not self.median:
            return None
        return (self.high - self.low) / 2 / abs(self.median)


def summarise(groups: Sequence[Sequence[float]], level: float = 0.95) -> Summary:
    """Sum up ``groups``, one list of samples a process; empty ones are left out. Raises ValueError without samples.

    The figure is the median of the processes' medians. From two processes, the interval is the t interval over their
    log medians, since the process is the unit of replication. From one, it is that of its batches, which says nothing
    about how another process would differ.
    """
    taken = [g for g in groups if len(g)]
    if not taken or not all(math.isfinite(v) for g in taken for v in g):
        raise ValueError("no samples" if not taken else "samples must be finite")
    n, medians = sum(map(len, taken)), [median(g) for g in taken]
    low, high, method = _between(medians, level) if len(taken) > 1 else _within(taken[0], level)
    return Summary(median(medians), low, high, n, len(taken), method)


class Mean(Struct, frozen=True):
    """A mean in the samples' unit and its interval; otherwise as a Summary."""

    mean: float
    low: float | None
    high: float | None
    n: int
    processes: int
    method: str


def summarise_means(groups: Sequence[Sequence[float]], means: Sequence[float] = (), level: float = 0.95) -> Mean:
    """Sum up ``groups`` by their means, so that what comes seldom counts. Raises ValueError without samples.

    The figure is the mean of the processes' means: ``means`` where they are known better than from the samples, as time
    that passed over steps. Intervals are those of ``summarise``, with means for medians
    and wider by the samples' ``edge``.
    """
    if not groups or not all(map(len, groups)):
        raise ValueError("no samples")
    own = list(means) or [math.fsum(g) / len(g) for g in groups]
    if len(own) != len(groups) or not all(map(math.isfinite, own)):
        raise ValueError("a mean must be finite, one a process")
    n, centre = sum(map(len, groups)), math.fsum(own) / len(own)
    if len(groups) > 1:
        low, high, method = _around(own, centre, level)
        more = abs(centre) * math.fsum(map(edge, groups)) / len(groups)
        low, high = (low / (1 + more / low), high + more) if low > 0 else (low - more, high + more)
        return Mean(centre, low, high, n, len(groups), method)
    half = mean_half_width(groups[0], level)
    if half is None:
        return Mean(centre, None, None, n, 1, f"n={n}: no interval")
    below, above = (centre / (1 + half), centre * (1 + half)) if centre > 0 else _linear(centre, half)
    return Mean(centre, below, above, n, 1, MEAN_WITHIN_ONE_PROCESS)


def _between(medians: list[float], level: float) -> tuple[float, float, str]:
    return _around(medians, median(medians), level)


def _around(figures: list[float], middle: float, level: float) -> tuple[float, float, str]:
    """The t interval over a figure a process, stretched to ``middle`` in the odd case that it lies outside."""
    logs = min(figures) > 0
    values = [math.log(m) for m in figures] if logs else figures
    centre, count = math.fsum(values) / len(values), len(values)
    deviation = math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (count - 1))
    half = t_quantile(level, count - 1) * deviation / math.sqrt(count)
    low, high = (math.exp(centre - half), math.exp(centre + half)) if logs else (centre - half, centre + half)
    return min(low, middle), max(high, middle), f"t over {'logarithms' if logs else 'figures'} of {count} processes"


def _within(samples: Sequence[float], level: float) -> tuple[float | None, float | None, str]:
    half, centre = batch_means_half_width(samples, level), median(samples)
    if half is None:
        return None, None, f"n={len(samples)}: no interval"
    if centre > 0:
        return centre / (1 + half), centre * (1 + half), WITHIN_ONE_PROCESS
    return *_linear(centre, half), WITHIN_ONE_PROCESS


def _linear(centre: float, half: float) -> tuple[float, float]:
    return centre - half * abs(centre), centre + half * abs(centre)
