"""From a host's measurement to a device's time: the belief over both, updated by what is known of either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.model.estimate import Basis, Estimate
from harness.projection import library
from harness.projection.anchored import Anchored, anchored, twin
from harness.projection.device import Setting
from harness.projection.kernel import Point, columns
from harness.projection.posterior import Learned
from harness.projection.subject import Host, Measured, Subject, on_host, subject
from harness.projection.work import Floats

NINETY = 1.6449
COVERED = 0.05
"""A class counts as covered where some anchor spends this share of its time in it."""


@dataclass(frozen=True)
class Known:
    """What the host measured in one runtime, and the belief that stands on it and on the library."""

    subjects: dict[str, Subject]
    times: Learned


def gathered(works: Sequence[Measured], host: Host, times: Learned | None = None) -> Known:
    """Of works of one runtime. ``times`` stand in for the library's."""
    subjects = {work.workload: found for work in works if (found := subject(work, host)) is not None}
    learned = times or library.learned()
    seen = [(on_host(w, subjects[w.workload], host), w.seconds) for w in works if w.workload in subjects]
    if seen:
        values = np.array([point.observed(seconds) for point, seconds in seen])
        learned = learned.and_also(columns([point for point, _ in seen]), values)
    return Known(subjects, learned)


def project(known: Known, at: Setting) -> dict[str, Estimate]:
    """The time of each workload on the device, by workload.

    The host's own measurements tell what a workload takes beyond its operations; the anchors tell the device's level.
    """
    if not known.subjects:
        return {}
    at = twin(at)
    found = anchored(at, known.subjects)
    asked = [at.point(name, s.shares, s.base) for name, s in known.subjects.items()]
    means, deviations = _expected(known.times, [a for a in found if not a.in_library], asked)
    own = tuple(a.model for a in found if a.point.setting == at.label)
    return {
        name: _estimate(point, mean, deviation, own, _uncovered(s.shares, found), at)
        for (name, s), point, mean, deviation in zip(known.subjects.items(), asked, means, deviations, strict=True)
    }


def _expected(times: Learned, seen: Sequence[Anchored], asked: Sequence[Point]) -> tuple[Floats, Floats]:
    noise = float(library.prior().spread[-1])
    before = times.belief(columns([*asked, *(a.point for a in seen)]))
    values = np.array([a.point.observed(a.seconds) for a in seen])
    after = before.given(np.arange(len(asked), len(asked) + len(seen)), values, noise)
    return after.mean[: len(asked)], after.deviation(noise)[: len(asked)]


def _uncovered(shares: Floats, known: Sequence[Anchored]) -> float:
    """The share of the time in classes that no anchor spends time in."""
    if not known:
        return 1.0
    best = np.max([a.point.shares for a in known], axis=0)
    return float(shares[best < COVERED].sum())


def _estimate(
    point: Point, mean: float, deviation: float, anchors: tuple[str, ...], uncovered: float, at: Setting
) -> Estimate:
    median = point.seconds(mean)
    factor = float(np.exp(NINETY * deviation))
    return Estimate(
        seconds=median,
        low=median / factor,
        high=median * factor,
        deviation=float(deviation),
        basis=_basis(anchors, at),
        anchors=anchors,
        extrapolated=uncovered,
    )


def _basis(anchors: Sequence[str], at: Setting) -> Basis:
    if anchors:
        return "anchors"
    return "data sheet" if at.runtime == library.RUNTIME else "other runtime"
