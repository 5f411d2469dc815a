"""Whether times are of two kinds: most steps quick and some slow, which neither a median nor its interval shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

LEAST_TIMES = 8
APART = 4.5
"""Distance of the two means over the root of the mean variance, of logarithms. Cut in two where it parts best, what is
of one kind comes to 2.7 (normal), 3.5 (uniform) and 2.4 (a long tail)."""
FEW = 10
"""With n times it must be ``FEW`` / n more: few of one kind part further by chance."""
LEAST_RATIO = 1.25
MATTERS = 0.05
"""Of all the time: so much is what the slow kind takes more than the quick one, and the other way round."""


class TwoKinds(Struct, frozen=True):
    """Means (s) of the quick and of the slow kind, how many are slow, and of how many."""

    quick: float
    slow: float
    count: int
    total: int
    first: bool
    """True where the slow ones are the first of all."""


def two_kinds(times: Sequence[float]) -> TwoKinds | None:
    """The two kinds that step times (s) fall into, in the order in which they were taken; None where it is one."""
    if len(times) < LEAST_TIMES or min(times) <= 0:
        return None
    ordered = sorted(times)
    cut = _best_cut([math.log(t) for t in ordered])
    if cut is None:
        return None
    low, high = ordered[:cut], ordered[cut:]
    quick, slow, whole = math.fsum(low) / len(low), math.fsum(high) / len(high), math.fsum(ordered)
    matters = min(len(high), len(low)) * (slow - quick) >= MATTERS * whole
    if slow < LEAST_RATIO * quick or not matters:
        return None
    first = len(high) < len(low) and all(t >= high[0] for t in times[: len(high)])
    return TwoKinds(quick, slow, len(high), len(ordered), first)


def _best_cut(ordered: Sequence[float]) -> int | None:
    """Where ordered values part best into two groups (Otsu 1979); None where those are no further apart than ``APART``.

    The distance is Ashman's D (1994).
    """
    count = len(ordered)
    sums = [0.0, *accumulate(ordered)]
    middle = sums[-1] / count

    def between(cut: int) -> float:
        off = sums[cut] - cut * middle
        return off * off * (1 / cut + 1 / (count - cut))

    cut = max(range(1, count), key=between)
    (below, scatter_below), (above, scatter_above) = _moments(ordered[:cut]), _moments(ordered[cut:])
    scatter = (scatter_below + scatter_above) / 2
    least = APART * (1 + FEW / count)
    return cut if (above - below) ** 2 > least**2 * scatter else None


def _moments(values: Sequence[float]) -> tuple[float, float]:
    centre = math.fsum(values) / len(values)
    return centre, math.fsum((v - centre) ** 2 for v in values) / len(values)
