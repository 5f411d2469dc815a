"""Section 6: the tiers beside each other, dot plots on a log axis, one colour a tier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TypeVar

from harness.model.units import show
from harness.verdict import joined
from harness.view.charts import AcrossTiers, Dot, DotPlot, LegendEntry, Mark
from harness.view.figures import Value
from harness.view.rows import margin, stacked
from harness.view.scale import Axis, byte_log_ticks, log_axis, log_ticks
from harness.view.scene import Line, Scene, Spot
from harness.view.words import shown

WIDTH, TOP, BELOW = 1120.0, 8.0, 28.0
CROSS = 11.0
GUTTER = 92.0
"""Room for the words under the crosses."""
ONE_PLOT = 40
"""With more rows than this there is a plot a family, and only the first is open."""
T = TypeVar("T")

_NO_DOT = {
    "latency": "Boards have no dot, here and in throughput: no projection has been made for them, and this host's "
    "time is not theirs.",
    "throughput": "",
    "memory": "Boards have no dot: a need was measured on this host; the next section sets it against their limits.",
    "energy": "Boards have no dot: their energy was not measured.",
}

_PLOTS = {
    "latency": "Latency across tiers (median)",
    "throughput": "Throughput across tiers",
    "memory": "Peak memory across tiers, as measured on this host",
    "energy": "Energy per step across tiers",
}


def across(scene: Scene) -> tuple[AcrossTiers, ...]:
    """One set of plots a metric; throughput a set for each unit of items."""
    found = [_plots(scene, "latency", "s")]
    units = dict.fromkeys(line.case.workload.items_unit for line in scene.lines)
    found += [_plots(scene, "throughput", f"{unit}/s") for unit in units]
    return (*found, _plots(scene, "memory", "B"), _plots(scene, "energy", "J"))


def _own(spot: Spot, metric: str, unit: str) -> Value | None:
    """The tier's own figure: a board has no memory dot of its own, its need is the host's measurement."""
    value = spot.values[metric]
    if value.unit != unit or not value.value or value.value < 0:
        return None
    return None if metric == "memory" and spot.tier.board else value


def _plots(scene: Scene, metric: str, unit: str) -> AcrossTiers:
    lines = [line for line in scene.lines if any(_own(s, metric, unit) for s in scene.row(line))]
    title = _PLOTS[metric] + (f", {unit}" if metric == "throughput" else "")
    if not lines:
        return AcrossTiers(metric, title, (), (), _why_none(scene, metric))
    plots = [
        _plot(scene, members, metric, unit, title, number == 0)
        for number, members in enumerate(by_family(lines, attrgetter("family")))
    ]
    boards = [s for line in lines for s in scene.row(line) if s.tier.board]
    note = _NO_DOT[metric] if boards and not any(_own(s, metric, unit) for s in boards) else ""
    return AcrossTiers(metric, title, _legend(scene, lines, metric, unit), tuple(plots), note=note)


def by_family(things: Sequence[T], family: Callable[[T], str]) -> list[list[T]]:
    """All in one group where they are few enough for one picture, else a group a family."""
    if len(things) <= ONE_PLOT:
        return [list(things)]
    groups: dict[str, list[T]] = {}
    for thing in things:
        groups.setdefault(family(thing), []).append(thing)
    return list(groups.values())


def _why_none(scene: Scene, metric: str) -> str:
    notes = [s.values[metric].note for s in scene.spots.values() if not s.tier.board]
    return next((n for n in notes if n), "no tier of this run has a figure of its own")


def _legend(scene: Scene, lines: Sequence[Line], metric: str, unit: str) -> tuple[LegendEntry, ...]:
    entries = []
    for tier in scene.tiers:
        spots = [s for line in lines if (s := scene.spots.get((line.index, tier.index)))]
        values = [v for s in spots if (v := _own(s, metric, unit))]
        missing = sum(s.judged.state == "does_not_fit" for s in spots)
        note = f"{missing} {'does' if missing == 1 else 'do'} not fit" if missing else ""
        if values or missing:
            entries.append(
                LegendEntry(
                    tier.colour, tier.short if tier.board else tier.name, values[0].provenance if values else None, note
                )
            )
    return tuple(entries)


def _plot(scene: Scene, lines: Sequence[Line], metric: str, unit: str, title: str, is_open: bool) -> DotPlot:
    rows, left = stacked(lines, TOP), margin(lines)
    right = WIDTH - _gutter(scene, lines)
    found = [(line, s, v) for line in lines for s in scene.row(line) if (v := _own(s, metric, unit))]
    ends = [e for *_, v in found for e in (v.value, *_band(v)) if e]
    axis = log_axis(ends, left, right)
    crosses = [mark for k, line in enumerate(lines) for mark in _crosses(scene.row(line), rows.labels[k].y)]
    y = {label.row: label.y for label in rows.labels}
    return DotPlot(
        family=joined(list(dict.fromkeys(line.family for line in lines))),
        title=title,
        name=_finding(title, found, len(crosses)),
        open=is_open,
        width=WIDTH,
        height=rows.bottom + BELOW,
        left=left,
        right=right,
        bottom=rows.bottom,
        ticks=byte_log_ticks(axis) if unit == "B" else log_ticks(axis, "1" if metric == "throughput" else unit),
        labels=rows.labels,
        dots=tuple(_dot(axis, y[line.index], s, v) for line, s, v in found),
        crosses=tuple(crosses),
    )


def _gutter(scene: Scene, lines: Sequence[Line]) -> float:
    most = max(sum(_misfit(s) for s in scene.row(line)) for line in lines)
    return max(GUTTER, CROSS * most + 24) if most else 24.0


def _misfit(spot: Spot) -> bool:
    return spot.judged.state == "does_not_fit"


def _crosses(spots: Sequence[Spot], y: float) -> list[Mark]:
    misfits = [s for s in spots if _misfit(s)]
    return [
        Mark(WIDTH - CROSS * (len(misfits) - k), y, s.tier.colour, f"does not fit {s.tier.short}")
        for k, s in enumerate(misfits)
    ]


def _band(value: Value) -> tuple[float | None, float | None]:
    return (value.low, value.high) if value.provenance == "projected" else (None, None)


def _dot(axis: Axis, y: float, spot: Spot, value: Value) -> Dot:
    low, high = (axis.place(e) if e else None for e in _band(value))
    title = f"{spot.tier.short}: {shown(value).text}"
    return Dot(axis.place(value.value or 0), y, spot.tier.colour, value.provenance or "measured", title, low, high)


def _finding(title: str, found: Sequence[tuple[Line, Spot, Value]], crosses: int) -> str:
    """The accessible name of a plot: its extremes, among what was measured where anything was."""
    ranked = [f for f in found if f[2].provenance != "projected"] or list(found)
    least, most = (pick(ranked, key=lambda f: f[2].value or 0) for pick in (min, max))
    ends = [f"{f[0].name} on {f[1].tier.short} with {show(f[2].value or 0, f[2].unit)}" for f in (least, most)]
    gone = f"; {crosses} cases do not fit" if crosses else ""
    return f"{title}: from {ends[0]} to {ends[1]}{gone}."
