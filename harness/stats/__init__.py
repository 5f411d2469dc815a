"""Pure functions on sequences of numbers: summary, interval, percentile, stopping rule.

Light on purpose (``math`` and msgspec): the child uses ``harness.stats.stopping``.
"""

from __future__ import annotations

from harness.stats.paired import Ratio, false_discoveries, paired_ratio, unpaired_ratio
from harness.stats.percentiles import Percentile, needed_samples, percentile
from harness.stats.stopping import batch_means_half_width, median, next_look, steady
from harness.stats.student import t_quantile
from harness.stats.summary import WITHIN_ONE_PROCESS, Summary, summarise

__all__ = [
    "WITHIN_ONE_PROCESS",
    "Percentile",
    "Ratio",
    "Summary",
    "batch_means_half_width",
    "false_discoveries",
    "median",
    "needed_samples",
    "next_look",
    "paired_ratio",
    "percentile",
    "steady",
    "summarise",
    "t_quantile",
    "unpaired_ratio",
]
