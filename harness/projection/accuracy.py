"""How far projections onto a target are off: anchors projected from each other, or held against the board itself."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from harness.model.estimate import NotProjected
from harness.model.profile import Accuracy, HardwareProfile, Target
from harness.model.units import to_base
from harness.projection import library
from harness.projection.anchored import Anchored, anchored, twin
from harness.projection.device import Setting, setting
from harness.projection.estimate import NINETY
from harness.projection.kernel import Point, columns
from harness.projection.posterior import Belief, Learned
from harness.projection.work import known_models

Method = Literal["leave-one-anchor-out", "verified on the board"]


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

    As ``held_against``, with the anchors themselves as what was measured.
    """
    own = [g for g in target.anchors if (g.runtime, g.dtype, g.threads) == (runtime, dtype, threads)]
    of_models = [g for g in own if g.metric == "latency" and g.batch == 1]
    measured = {model: to_base(value, g.unit) for g in of_models for model, value in g.values.items()}
    return held_against(profile, target, runtime, dtype, threads, measured)


def held_against(
    profile: HardwareProfile, target: Target, runtime: str, dtype: str, threads: int, measured: Mapping[str, float]
) -> list[Pair] | NotProjected:
    """Times (s) that were measured by model, each beside its projection from the target's anchors of other models.

    By operations alone: no host measures the models. All anchors of a model are left out where it is projected, at any
    number of threads and in any data type, and so is what the library holds of the same device.
    """
    at = _setting(profile, target, runtime, dtype, threads)
    if isinstance(at, NotProjected):
        return at
    known = anchored(at, {})
    asked = [model for model in measured if model in known_models()]
    others = {model: [i for i, one in enumerate(known) if one.model != model] for model in asked}
    if not asked or not all(others.values()):
        return NotProjected(f"fewer than 2 anchors of known models in {runtime} {dtype}")
    points = [_point(twin(at), model) for model in asked]
    belief = _belief([*points, *(one.point for one in known)], {one.point.chip for one in known} | {at.chip})
    seen = [(len(points) + i, known[i]) for i in range(len(known))]
    return [
        _pair(belief, index, points[index], model, measured[model], [pair for pair in seen if pair[1].model != model])
        for index, model in enumerate(asked)
    ]


def _setting(
    profile: HardwareProfile, target: Target, runtime: str, dtype: str, threads: int
) -> Setting | NotProjected:
    if runtime != library.RUNTIME:
        return NotProjected(f"the library has no times of {runtime}: its anchors need a host's own measurements")
    if target.device == "gpu":
        return NotProjected("onto a GPU only an order of magnitude is projected")
    return setting(profile, target, runtime, dtype, threads)


def _point(at: Setting, model: str) -> Point:
    """A known model there, by its operations."""
    prior, work = library.prior(), np.array(known_models()[model])
    return at.point(model, prior.shares(work), prior.base(work))


def _belief(points: Sequence[Point], chips: set[str]) -> Belief:
    """Over ``points``, from what the library holds of other chips than ``chips``."""
    with threadpool_limits(1, user_api="blas"):  # as where a run is projected
        held = chips.intersection(row.soc for row in library.rows())
        learned = _without(frozenset(held)) if held else library.learned()
        return learned.belief(columns(points))


@lru_cache(maxsize=4)
def _without(chips: frozenset[str]) -> Learned:
    """From the library's times of other chips: a board is held against them once a setting."""
    prior = library.prior()
    rows = [row for row in library.rows() if row.soc not in chips]
    others = [library.point(row, prior) for row in rows]
    return Learned.of(columns(others), library.observed(rows, others), prior.spread)


def _pair(
    belief: Belief, index: int, point: Point, model: str, measured: float, seen: Sequence[tuple[int, Anchored]]
) -> Pair:
    noise = float(library.prior().spread[-1])
    values = np.array([one.point.observed(one.seconds) for _, one in seen])
    after = belief.given(np.array([place for place, _ in seen], dtype=np.int64), values, noise)
    factor = float(np.exp(NINETY * after.deviation(noise)[index]))
    seconds = point.seconds(float(after.mean[index]))
    return Pair(model, seconds, seconds / factor, seconds * factor, measured)


def outside_too_often(pairs: Sequence[Pair]) -> bool:
    """Whether more lie outside their 90 % intervals than chance would put there, of which it does so once in 20."""
    outside, cases = sum(not pair.within for pair in pairs), len(pairs)
    chance = sum(math.comb(cases, k) * 0.1**k * 0.9 ** (cases - k) for k in range(outside, cases + 1))
    return bool(outside) and chance < 0.05


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
