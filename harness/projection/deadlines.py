"""With what probability a projected time keeps a deadline."""

from __future__ import annotations

import math

from harness.model.estimate import Estimate


def probability(estimate: Estimate, deadline_seconds: float) -> float:
    """That the time is at most the deadline: the log of the time is taken as normal around the estimate's."""
    if not estimate.deviation:
        return float(estimate.seconds <= deadline_seconds)
    z = math.log(deadline_seconds / estimate.seconds) / estimate.deviation
    return 0.5 * math.erfc(-z / math.sqrt(2))
