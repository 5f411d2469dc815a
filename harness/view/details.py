"""Section 9: for each workload its distributions, and every figure with its sample."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.units import show
from harness.stats import percentile
from harness.view.charts import Ecdf, Tick
from harness.view.report import FigureLine, WorkloadDetail
from harness.view.scale import Axis
from harness.view.scene import Line, Scene, Spot
from harness.view.words import sample, shown

WIDTH, HEIGHT, LEFT, TOP, BELOW = 340.0, 150.0, 40.0, 8.0, 24.0
POINTS = 60
PERCENTILES = (50, 90, 95, 99)
OPEN = 4
"""Up to so many workloads, all are open."""
_FEW = 2
"""Below so many samples there is no distribution to draw."""


def details(scene: Scene) -> tuple[WorkloadDetail, ...]:
    """One entry a line; open where the report is short."""
    is_open = len(scene.lines) <= OPEN
    return tuple(_detail(scene.row(line), line, is_open) for line in scene.lines)


def _detail(spots: Sequence[Spot], line: Line, is_open: bool) -> WorkloadDetail:
    curves = [_ecdf(s, sorted(v for g in s.facts.latency_groups for v in g)) for s in spots]
    name = f"{line.name} {line.variant}".strip()
    return WorkloadDetail(
        anchor=line.anchor,
        row=line.index,
        name=name,
        family=line.family,
        open=is_open,
        ecdfs=tuple(c for c in curves if c),
        lines=tuple(entry for s in spots for entry in _lines(s)),
    )


def _lines(spot: Spot) -> list[FigureLine]:
    """Every figure a tier has of its own; of what it lacks only the reason for a missing latency or memory."""
    chosen = [v for key, v in spot.values.items() if v.value is not None or key in {"latency", "memory"}]
    if spot.tier.board:
        chosen = [v for v in chosen if v.provenance == "projected"]
    return [FigureLine(spot.tier.name, spot.tier.colour, v.label, shown(v), sample(v)) for v in chosen]


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


def _ecdf(spot: Spot, values: Sequence[float]) -> Ecdf | None:
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
        tier=spot.tier.name,
        colour=spot.tier.colour,
        name=f"Distribution of latency of {spot.line.name} on {spot.tier.name}: {caption}",
        caption=caption,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=bottom,
        points=_points(axis, values, bottom),
        guides=tuple(Tick(_height(p / 100, bottom), f"p{p}") for p in (50, 95)),
        ticks=tuple(ends),
    )


def _height(part: float, bottom: float) -> float:
    return round(bottom - part * (bottom - TOP), 1)


def _points(axis: Axis, values: Sequence[float], bottom: float) -> str:
    """The empirical distribution as a polyline of at most ``POINTS`` points, its ends kept."""
    n = len(values)
    picks = range(n) if n <= POINTS else [round(k * (n - 1) / (POINTS - 1)) for k in range(POINTS)]
    return " ".join(f"{axis.place(values[k]):g},{_height((k + 1) / n, bottom):g}" for k in picks)
