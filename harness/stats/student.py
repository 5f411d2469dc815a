"""Student's t distribution for whole degrees of freedom, with nothing but ``math``: the child has no scipy."""

from __future__ import annotations

import math
from functools import lru_cache


def two_sided_probability(t: float, degrees: int) -> float:
    """P(|T| < t) for ``degrees`` >= 1, by the finite series in Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan2(abs(t), math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(3 if odd else 2, degrees, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


@lru_cache(maxsize=256)
def t_quantile(level: float, degrees: int) -> float:
    """The t that ``level`` (0.95: 95 %) of the distribution lies within, on both sides. Raises ValueError."""
    if not 0 < level < 1 or degrees < 1:
        raise ValueError(f"level {level} must be between 0 and 1, degrees {degrees} at least 1")
    low, high = 0.0, 1.0
    while two_sided_probability(high, degrees) < level:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_probability(middle, degrees) < level else (low, middle)
    return high
