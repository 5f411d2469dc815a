"""Distributions of latency as curves: the share of steps that took at most so long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.model.units import show
from harness.stats import percentile
from harness.view.charts import Ecdf, Tick
from harness.view.scale import Axis
from harness.view.scene import Spot

WIDTH, HEIGHT, LEFT, TOP, BELOW = 340.0, 150.0, 40.0, 8.0, 24.0
POINTS, LEAST_POINTS, ALL_POINTS = 60, 20, 9000
"""Of a curve at most and at least, and of a report about so many: a long one draws its curves more coarsely."""
PERCENTILES = (50, 90, 95, 99)
_FEW = 2
"""Below so many samples there is no distribution to draw."""


def curves(spots: Sequence[Spot], workloads: int) -> tuple[Ecdf, ...]:
    """A curve for each tier with samples of its own, in a report on so many ``workloads``."""
    points = max(LEAST_POINTS, min(POINTS, ALL_POINTS // workloads))
    found = [_ecdf(s, sorted(v for g in s.facts.latency_groups for v in g), points) for s in spots]
    return tuple(curve for curve in found if curve)


def percentiles_text(values: Sequence[float]) -> str:
    """``p50 25.1 ms · p95 26.8 ms · n=200``; the maximum stands in for what the sample does not support."""
    found = [percentile(values, p) for p in PERCENTILES]
    parts = [f"p{p.p:g} {show(p.value, 's')}" for p in found if p.value is not None]
    unsupported = [p for p in found if p.value is None]
    if unsupported:
        first = unsupported[0]
        parts.append(f"max {show(max(values), 's')}")
        return " · ".join([*parts, f"n={len(values):,} (p{first.p:g} needs {first.needed:,})"])
    return " · ".join([*parts, f"n={len(values):,}"])


def _ecdf(spot: Spot, values: Sequence[float], points: int) -> Ecdf | None:
    if len(values) < _FEW or values[0] == values[-1]:
        return None
    axis = Axis(values[0], values[-1], LEFT, WIDTH - 8, log=False)
    bottom = HEIGHT - BELOW
    caption = percentiles_text(values)
    middle = percentile(values, 50).value or values[0]
    ends = [Tick(axis.place(middle), show(middle, "s"))]
    if axis.place(values[-1]) - axis.place(middle) > 90:
        ends.append(Tick(axis.place(values[-1]), show(values[-1], "s")))
    return Ecdf(
        tier=spot.tier.short,
        colour=spot.tier.colour,
        name=f"Latency on {spot.tier.short}: half below {show(middle, 's')}, all below {show(values[-1], 's')}",
        caption=caption,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=bottom,
        path=_path(axis, values, bottom, points),
        guides=tuple(Tick(_height(p / 100, bottom), f"p{p}") for p in (50, 95)),
        ticks=tuple(ends),
    )


def _height(part: float, bottom: float) -> float:
    return round(bottom - part * (bottom - TOP), 1)


def _path(axis: Axis, values: Sequence[float], bottom: float, points: int) -> str:
    """The empirical distribution as an SVG path of at most ``points`` points, its ends kept, in whole units."""
    n = len(values)
    picks = range(n) if n <= points else [round(k * (n - 1) / (points - 1)) for k in range(points)]
    places = [(round(axis.place(values[k])), round(_height((k + 1) / n, bottom))) for k in picks]
    steps = [(x - left, y - above) for (left, above), (x, y) in pairwise(places) if (x, y) != (left, above)]
    return f"M{places[0][0]} {places[0][1]}l" + " ".join(f"{x}{'' if y < 0 else ' '}{y}" for x, y in steps)
