"""When to stop warming up and when to stop measuring, within one process. Runs in the child: nothing but ``math``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.stats.student import t_quantile

MIN_BATCHES, MAX_BATCHES = 8, 32
_FIRST_LOOK = MIN_BATCHES
_GROWTH = 1.5
_MEDIAN_TO_MEAN = math.sqrt(math.pi / 2)
"""Standard error of a median relative to that of a mean, under normal noise."""
_MAD_TO_SIGMA = 1.4826


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle. Raises ValueError where there are none."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        raise ValueError("no samples")
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def next_look(done: int) -> int:
    """The sample count at which to look next after ``done`` samples: it grows by half, so that looking often costs
    neither time nor coverage.
    """
    return max(_FIRST_LOOK, math.ceil(done * _GROWTH))


def batch_means_half_width(samples: Sequence[float], level: float = 0.95) -> float | None:
    """Half-width of the interval of the median within one process, relative to the median; None below 8 samples.

    Batch means, with medians for means, since a median is what is reported: consecutive samples are put into 8 to 32
    batches, so that noise which lasts for several samples is seen, and the t interval is that of the batches' medians
    around the median of all. It is on a log scale where all medians are positive; otherwise relative to the median's
    size, and None where that is 0.
    """
    if len(samples) < MIN_BATCHES:
        return None
    size, medians = _batch_medians(samples)
    centre = median(samples)
    if centre > 0 and min(medians) > 0:
        error = _standard_error([math.log(m / centre) for m in medians], size)
        return math.expm1(t_quantile(level, len(medians) - 1) * error)
    error = _standard_error([m - centre for m in medians], size)
    if error == 0:
        return 0.0
    return t_quantile(level, len(medians) - 1) * error / abs(centre) if centre else None


def steady(times: Sequence[float], window: int | None = None, tolerance: float = 0.03) -> bool:
    """Whether the trend of step times (s) is flat: the medians of the last three windows agree.

    They agree within ``tolerance``, or within what the noise inside the windows explains. By default the three
    windows are the later half of all times, of 3 to 100 steps each; False while there are too few.
    """
    size = window or min(max(3, len(times) // 6), 100)
    if len(times) < 3 * size:
        return False
    windows = [times[len(times) - k * size : len(times) - (k - 1) * size] for k in (3, 2, 1)]
    medians = [median(w) for w in windows]
    noise = median([abs(t - m) for w, m in zip(windows, medians, strict=True) for t in w])
    explained = 3 * _MEDIAN_TO_MEAN * _MAD_TO_SIGMA * noise / math.sqrt(size)
    return max(medians) - min(medians) <= max(tolerance * min(medians), explained)


def _batch_medians(samples: Sequence[float]) -> tuple[int, list[float]]:
    count = min(max(MIN_BATCHES, math.isqrt(len(samples))), MAX_BATCHES)
    size = len(samples) // count
    first = len(samples) - count * size
    return size, [median(samples[k : k + size]) for k in range(first, len(samples), size)]


def _standard_error(deviations: list[float], size: int) -> float:
    """Of the median of all, from the batches' deviations. Batches of one or two have means rather than medians, whose
    error is smaller than the median's: widened by as much.
    """
    count = len(deviations)
    error = math.sqrt(math.fsum(d * d for d in deviations) / (count - 1) / count)
    return error * _MEDIAN_TO_MEAN if size < 3 else error
