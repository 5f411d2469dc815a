"""Section 9: for each workload its distributions, and every figure with its sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from harness.model.units import show
from harness.stats import percentile
from harness.view.charts import Ecdf, Tick
from harness.view.figures import Value
from harness.view.report import FigureColumn, FigureLine, Tier, WorkloadDetail
from harness.view.scale import Axis
from harness.view.scene import Line, Scene, Spot
from harness.view.words import sample, shown

WIDTH, HEIGHT, LEFT, TOP, BELOW = 340.0, 150.0, 40.0, 8.0, 24.0
POINTS = 40
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
    owners = [(s, own) for s in spots if (own := _own(s))]
    labels = dict.fromkeys((key, value.label) for _, own in owners for key, value in own.items())
    return WorkloadDetail(
        anchor=line.anchor,
        row=line.index,
        name=" · ".join(part for part in (line.name, line.variant) if part),
        family=line.family,
        open=is_open,
        ecdfs=tuple(c for c in curves if c),
        columns=tuple(_column(s.tier, own.values()) for s, own in owners),
        lines=tuple(_line(label, [(s.tier, own.get(key)) for s, own in owners]) for key, label in labels),
    )


def _own(spot: Spot) -> dict[str, Value]:
    """Every figure a tier has of its own; of what it lacks only the reason for a missing latency or memory."""
    chosen = {k: v for k, v in spot.values.items() if v.value is not None or k in {"latency", "memory"}}
    return {k: v for k, v in chosen.items() if v.provenance == "projected" or not spot.tier.board}


def _column(tier: Tier, values: Iterable[Value]) -> FigureColumn:
    sources = {v.provenance for v in values if v.provenance}
    return FigureColumn(tier.short, sources.pop() if len(sources) == 1 else None)


def _line(label: str, values: Sequence[tuple[Tier, Value | None]]) -> FigureLine:
    """What stands behind the figures is said once where it is the same for all tiers."""
    behind = {tier.short: _behind(v) for tier, v in values if v and v.provenance}
    texts = list(dict.fromkeys(behind.values()))
    how = texts[0] if len(texts) == 1 else ". ".join(f"{tier}: {text}" for tier, text in behind.items() if text)
    return FigureLine(label, tuple(shown(v) if v else None for _, v in values), how)


def _behind(value: Value) -> str:
    method = value.method.removeprefix(f"n={value.samples}: ")
    return "; ".join(part for part in (sample(value), value.note, method) if part)


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
        tier=spot.tier.short,
        colour=spot.tier.colour,
        name=f"Distribution of latency on {spot.tier.short}: {caption}",
        caption=caption,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=bottom,
        path=_path(axis, values, bottom),
        guides=tuple(Tick(_height(p / 100, bottom), f"p{p}") for p in (50, 95)),
        ticks=tuple(ends),
    )


def _height(part: float, bottom: float) -> float:
    return round(bottom - part * (bottom - TOP), 1)


def _path(axis: Axis, values: Sequence[float], bottom: float) -> str:
    """The empirical distribution as an SVG path of at most ``POINTS`` points, its ends kept, in whole units."""
    n = len(values)
    picks = range(n) if n <= POINTS else [round(k * (n - 1) / (POINTS - 1)) for k in range(POINTS)]
    places = [(round(axis.place(values[k])), round(_height((k + 1) / n, bottom))) for k in picks]
    steps = [(x - left, y - above) for (left, above), (x, y) in pairwise(places) if (x, y) != (left, above)]
    return f"M{places[0][0]} {places[0][1]}l" + " ".join(f"{x}{'' if y < 0 else ' '}{y}" for x, y in steps)
