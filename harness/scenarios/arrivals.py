"""When queries arrive: a Poisson process as a schedule that is made before the run."""

from __future__ import annotations

import random
from itertools import accumulate


def arrivals(rate: float, count: int, seed: str) -> tuple[int, ...]:
    """``count`` times in ns, the gaps between them exponential with a mean of 1 / ``rate`` (queries a second).

    One seed gives the same gaps at every rate but for their scale: at a higher rate no query of a system whose steps
    take equally long is served sooner after its arrival, so that rates are compared on the same luck.
    """
    if rate <= 0:
        raise ValueError(f"rate {rate} must be above 0")
    draw = random.Random(seed).expovariate
    return tuple(round(time / rate * 1e9) for time in accumulate(draw(1.0) for _ in range(count)))
