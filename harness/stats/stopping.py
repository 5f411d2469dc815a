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


def mean_half_width(samples: Sequence[float], level: float = 0.95) -> float | None:
    """Half-width of the interval of the mean within one process, relative to the mean; None below 8 samples.

    Batch means as above, with means: a step that stalls now and then makes some batches slow, and the interval wide.
    It is on a log scale where all means are positive; otherwise relative to the mean's size, None where that is 0. The
    ``edge`` is added.
    """
    if len(samples) < MIN_BATCHES:
        return None
    size, batches = _batches(samples)
    means, centre = [math.fsum(b) / size for b in batches], math.fsum(samples) / len(samples)
    if centre > 0 and min(means) > 0:
        error = _error_of_mean([math.log(m / centre) for m in means])
        return math.expm1(t_quantile(level, len(means) - 1) * error) + edge(samples)
    error = _error_of_mean([m - centre for m in means])
    if error == 0:
        return 0.0
    return t_quantile(level, len(means) - 1) * error / abs(centre) + edge(samples) if centre else None


def edge(samples: Sequence[float]) -> float:
    """What one more or one fewer of the largest samples would change of their mean, relative to it.

    Where a step stalls at regular times, batches and processes may agree on a mean and all be off by so much: it hangs
    on where between two stalls they begin and end.
    """
    total = abs(math.fsum(samples))
    return (max(samples) - median(samples)) / total if total else 0.0


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
    size, batches = _batches(samples)
    return size, [median(batch) for batch in batches]


def _batches(samples: Sequence[float]) -> tuple[int, list[Sequence[float]]]:
    """8 to 32 batches of equally many consecutive samples, what is left over dropped at the beginning."""
    count = min(max(MIN_BATCHES, math.isqrt(len(samples))), MAX_BATCHES)
    size = len(samples) // count
    first = len(samples) - count * size
    return size, [samples[k : k + size] for k in range(first, len(samples), size)]


def _standard_error(deviations: list[float], size: int) -> float:
    """Of the median of all, from the batches' deviations. Batches of one or two have means rather than medians, whose
    error is smaller than the median's: widened by as much.
    """
    error = _error_of_mean(deviations)
    return error * _MEDIAN_TO_MEAN if size < 3 else error


def _error_of_mean(deviations: list[float]) -> float:
    """Standard error of the mean of so many batches, from how far each is from it."""
    count = len(deviations)
    return math.sqrt(math.fsum(d * d for d in deviations) / (count - 1) / count)
