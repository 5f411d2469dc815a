"""Two runs side by side: for every case and metric a ratio, its interval and a verdict; for every case its fit."""

from __future__ import annotations

from harness.compare.between import compare
from harness.compare.kinds import QUERY_TAIL, THROUGHPUT
from harness.compare.result import Comparison, Comparisons, Side, Threshold, Verdict

__all__ = ["QUERY_TAIL", "THROUGHPUT", "Comparison", "Comparisons", "Side", "Threshold", "Verdict", "compare"]
