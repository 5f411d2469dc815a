"""Section 9: for each workload its distributions, and every figure with its sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec.structs import replace

from harness.view.curves import curves
from harness.view.figures import Value
from harness.view.report import FigureColumn, FigureLine, Tier, WorkloadDetail
from harness.view.scene import Line, Scene, Spot
from harness.view.under_load import HEADLINES, TRY
from harness.view.words import sample, shown

OPEN = 4
"""Up to so many workloads, all are open."""


def details(scene: Scene) -> tuple[WorkloadDetail, ...]:
    """One entry a line; open where the report is short."""
    return tuple(_detail(scene.row(line), line, len(scene.lines)) for line in scene.lines)


def _detail(spots: Sequence[Spot], line: Line, workloads: int) -> WorkloadDetail:
    owners = [(s, own) for s in spots if (own := _own(s))]
    labels = dict.fromkeys((key, value.label) for _, own in owners for key, value in own.items())
    return WorkloadDetail(
        anchor=line.anchor,
        row=line.index,
        name=" · ".join(part for part in (line.name, line.variant) if part),
        family=line.family,
        open=workloads <= OPEN,
        ecdfs=curves(spots, workloads),
        columns=tuple(_column(s.tier, own.values()) for s, own in owners),
        lines=_spanned([_line(label, [(s.tier, own.get(key)) for s, own in owners]) for key, label in labels]),
    )


def _own(spot: Spot) -> dict[str, Value]:
    """Every figure a tier has of its own; of what it lacks only the reason for a missing latency or memory.

    Of a board's that is what was projected for it, and how it went at that pace.
    """
    kept = {"latency", "memory", "paced_latency", *HEADLINES}
    chosen = {k: v for k, v in spot.values.items() if v.value is not None or k in kept or k.startswith(TRY)}
    if not spot.tier.board:
        return chosen
    return {k: v for k, v in chosen.items() if v.provenance == "projected" or k.startswith("paced_")}


def _column(tier: Tier, values: Iterable[Value]) -> FigureColumn:
    sources = {v.provenance for v in values if v.provenance}
    return FigureColumn(tier.short, sources.pop() if len(sources) == 1 else None)


def _line(label: str, values: Sequence[tuple[Tier, Value | None]]) -> FigureLine:
    own = {tier.short: v for tier, v in values if v and v.provenance}
    return FigureLine(label, tuple(shown(v) if v else None for _, v in values), _how(own), 1)


def _how(own: Mapping[str, Value]) -> str:
    """Sample and method, each said once where it is the same for all tiers."""
    samples = list(dict.fromkeys(sample(v) for v in own.values()))
    methods = list(dict.fromkeys(_method(v) for v in own.values()))
    if len(samples) > 1:
        return ". ".join(f"{tier}: {_together((sample(v), _method(v)))}" for tier, v in own.items())
    return _together((*samples, ", ".join(filter(None, methods))))


def _method(value: Value) -> str:
    """How it came about, without what the sample has said already."""
    method = value.method.removeprefix(f"n={value.samples}: ").removesuffix(f" of {value.processes} processes")
    return _together((value.note, method))


def _together(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)


def _spanned(lines: Sequence[FigureLine]) -> tuple[FigureLine, ...]:
    found: list[FigureLine] = []
    for _, same in groupby(lines, key=attrgetter("how")):
        members = list(same)
        found += [replace(line, span=0 if k else len(members)) for k, line in enumerate(members)]
    return tuple(found)
