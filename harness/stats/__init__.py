"""Pure functions on sequences of numbers: summary, interval, percentile, stopping rule.

Light on purpose (``math`` and msgspec): the child uses ``harness.stats.stopping``.
"""

from __future__ import annotations

from harness.stats.paired import Ratio, false_discoveries, paired_ratio, unpaired_ratio
from harness.stats.percentiles import Percentile, needed_samples, percentile
from harness.stats.stopping import batch_means_half_width, mean_half_width, median, next_look, steady
from harness.stats.student import t_quantile
from harness.stats.summary import MEAN_WITHIN_ONE_PROCESS, WITHIN_ONE_PROCESS, Mean, Summary, summarise, summarise_means

__all__ = [
    "MEAN_WITHIN_ONE_PROCESS",
    "WITHIN_ONE_PROCESS",
    "Mean",
    "Percentile",
    "Ratio",
    "Summary",
    "batch_means_half_width",
    "false_discoveries",
    "mean_half_width",
    "median",
    "needed_samples",
    "next_look",
    "paired_ratio",
    "percentile",
    "steady",
    "summarise",
    "summarise_means",
    "t_quantile",
    "unpaired_ratio",
]
