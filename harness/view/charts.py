"""The charts of a ReportView: geometry in the units of each chart's view box, and words ready to place."""

from __future__ import annotations

from msgspec import Struct

from harness.model.measure import Provenance


class Tick(Struct, frozen=True):
    """A place on an axis and its label."""

    x: float
    label: str


class Dot(Struct, frozen=True):
    """A figure in a plot; ``low`` and ``high`` are the ends of a projection's band, None for what was measured."""

    x: float
    y: float
    colour: int
    provenance: Provenance
    title: str
    low: float | None = None
    high: float | None = None


class Mark(Struct, frozen=True):
    """A word or a cross at a place; ``colour`` is the tier's."""

    x: float
    y: float
    colour: int
    title: str


class Label(Struct, frozen=True):
    """A row's name at its height, on one line or two; ``title`` is the whole of it."""

    y: float
    lines: tuple[str, ...]
    title: str
    row: int


class LegendEntry(Struct, frozen=True):
    """A tier with its colour, the provenance of its figures, and a remark."""

    colour: int
    name: str
    provenance: Provenance | None
    note: str = ""


class DotPlot(Struct, frozen=True):
    """One family's rows of a dot plot on a log axis, ``width`` x ``height``, rows between ``left`` and ``right``."""

    family: str
    title: str
    name: str
    """The finding in words: the accessible name of the picture."""
    open: bool
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    dots: tuple[Dot, ...]
    crosses: tuple[Mark, ...]
    """Cases that do not fit, in the gutter at the right."""


class AcrossTiers(Struct, frozen=True):
    """Section 6, one metric: its plots by family, or the reason why there is none."""

    metric: str
    title: str
    legend: tuple[LegendEntry, ...]
    plots: tuple[DotPlot, ...]
    missing: str = ""
    note: str = ""
    """Why boards have no dot, where they have none."""


class Segment(Struct, frozen=True):
    """One layer of a memory bar."""

    x: float
    width: float
    layer: str
    title: str


class MemoryBar(Struct, frozen=True):
    """One workload's need, layer by layer; ``total`` stands at its end."""

    y: float
    label: Label
    segments: tuple[Segment, ...]
    end: float
    total: str


class LimitLine(Struct, frozen=True):
    """The limit of one tier or of several on the memory axis, its name at the line's upper end."""

    x: float
    y: float
    colour: int
    label: str
    before: bool
    """True where the name stands at the left of the line, for want of room at its right."""
    title: str


class MemoryPlot(Struct, frozen=True):
    """One family's memory bars on a linear axis against the limits of the tiers."""

    family: str
    title: str
    name: str
    open: bool
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ticks: tuple[Tick, ...]
    bars: tuple[MemoryBar, ...]
    limits: tuple[LimitLine, ...]
    beyond: str
    """Limits that lie beyond the axis, in words; empty where there is none."""


class Layer(Struct, frozen=True):
    """A layer of memory and what it holds."""

    id: str
    name: str
    meaning: str


class MemorySection(Struct, frozen=True):
    """Section 7."""

    layers: tuple[Layer, ...]
    plots: tuple[MemoryPlot, ...]
    note: str
    missing: str = ""


class Ecdf(Struct, frozen=True):
    """The distribution of the samples on one tier: ``path`` is an SVG path. All of a report have the same guides."""

    tier: str
    colour: int
    name: str
    caption: str
    width: float
    height: float
    left: float
    bottom: float
    path: str
    guides: tuple[Tick, ...]
    """Here ``x`` is the height of p50 and p95."""
    ticks: tuple[Tick, ...]
