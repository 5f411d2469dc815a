"""How far projections onto a target are off: each anchor in turn projected from the others, or measured on the board."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.model.estimate import NotProjected
from harness.model.profile import Accuracy, HardwareProfile, Target
from harness.projection import library
from harness.projection.anchored import Anchored, anchored, twin
from harness.projection.device import setting
from harness.projection.estimate import NINETY
from harness.projection.kernel import columns
from harness.projection.posterior import Belief, Learned

Method = Literal["leave-one-anchor-out", "verified on the board"]
LEAST_ANCHORS = 2
"""Of one setting: one is left out, and one is left."""


@dataclass(frozen=True)
class Pair:
    """One time (s): projected with its 90 % interval, and measured."""

    model: str
    projected: float
    low: float
    high: float
    measured: float

    @property
    def ratio(self) -> float:
        """Projected over measured."""
        return self.projected / self.measured

    @property
    def error(self) -> float:
        """Relative to what was measured."""
        return abs(self.ratio - 1)

    @property
    def within(self) -> bool:
        """Whether what was measured lies in the interval."""
        return self.low <= self.measured <= self.high


def leave_one_out(
    profile: HardwareProfile, target: Target, runtime: str, dtype: str, threads: int
) -> list[Pair] | NotProjected:
    """Each anchor of that setting projected from all of the target's anchors that are of other models.

    By operations alone: no host measures the models. A model's times at other numbers of threads and in other data types
    are left out with it, and so is what the library holds of the same device.
    """
    if runtime != library.RUNTIME:
        return NotProjected(f"the library has no times of {runtime}: its anchors need a host's own measurements")
    if target.device == "gpu":
        return NotProjected("onto a GPU only an order of magnitude is projected")
    at = setting(profile, target, runtime, dtype, threads)
    if isinstance(at, NotProjected):
        return at
    known = anchored(at, {})
    own = twin(at).label
    asked = [index for index, one in enumerate(known) if one.point.setting == own]
    if len(asked) < LEAST_ANCHORS:
        return NotProjected(
            f"fewer than {LEAST_ANCHORS} anchors of known models in {runtime} {dtype} at {threads} threads"
        )
    belief = _belief(known)
    return [_left_out(index, known, belief) for index in asked]


def _belief(known: Sequence[Anchored]) -> Belief:
    """Over the anchors, from what the library holds of other devices."""
    rows = [row for row in library.rows() if row.soc not in {one.point.chip for one in known}]
    points = columns([one.point for one in known])
    if len(rows) == len(library.rows()):
        return library.learned().belief(points)
    prior = library.prior()
    others = [library.point(row, prior) for row in rows]
    return Learned(columns(others), library.observed(rows, others), prior.spread).belief(points)


def _left_out(index: int, known: Sequence[Anchored], belief: Belief) -> Pair:
    one, noise = known[index], float(library.prior().spread[-1])
    others = [i for i, other in enumerate(known) if other.model != one.model]
    values = np.array([known[i].point.observed(known[i].seconds) for i in others])
    after = belief.given(np.array(others, dtype=np.int64), values, noise)
    factor = float(np.exp(NINETY * after.deviation(noise)[index]))
    seconds = one.point.seconds(float(after.mean[index]))
    return Pair(one.model, seconds, seconds / factor, seconds * factor, one.seconds)


def stated(
    pairs: Sequence[Pair], runtime: str, dtype: str, threads: int, method: Method, date: str, version: str
) -> Accuracy:
    """The errors of ``pairs`` as a profile states them."""
    errors = [pair.error for pair in pairs]
    return Accuracy(
        runtime=runtime,
        dtype=dtype,
        threads=threads,
        method=method,
        cases=len(errors),
        median_error=round(statistics.median(errors), 4),
        worst_error=round(max(errors), 4),
        date=date,
        tierbench=version,
    )
