"""What a ReportView shows of a comparison with a baseline: in the cells of its table, and as section 5."""

from __future__ import annotations

from msgspec import Struct

from harness.compare import Comparison, Verdict
from harness.model.measure import Provenance
from harness.view.charts import Tick


class Change(Struct, frozen=True):
    """What got worse or better of one case, for its cell: ``+14.0 % [+12.1, +15.9] slower``."""

    verdict: Verdict
    text: str


class ChangeRow(Struct, frozen=True):
    """One figure of one case in two runs. Places are in percent of the plot's width; ``x`` None has no ratio."""

    row: int
    anchor: str
    name: str
    tier: int
    where: str
    """The tier's short name."""
    colour: int
    verdict: Verdict
    change: str
    """E.g. ``+14.0 %``."""
    interval: str
    """E.g. ``[+12.1, +15.9]``, ``n=1`` where one process on a side gives none."""
    words: str
    """The verdict: ``slower``, ``no change detected`` ..."""
    figures: str
    """The baseline's figure and this run's."""
    note: str
    """Why the verdict is not what the interval suggests; empty where it is."""
    band: tuple[float, float]
    """Where the grey band begins, and how wide it is: changes inside it do not count."""
    x: float | None = None
    low: float | None = None
    high: float | None = None
    beyond: tuple[bool, bool] = (False, False)
    """Whether the interval goes on beyond the axis at its left and at its right."""

    @property
    def said(self) -> str:
        """All of the verdict in a line: ``+14.0 % [+12.1, +15.9] slower``."""
        note = f"({self.note})" if self.note else ""
        return " ".join(part for part in (self.change, self.interval, self.words, note) if part)


class ChangeGroup(Struct, frozen=True):
    """Rows of one verdict, to be folded away under ``title``; without a title they are always shown."""

    title: str
    rows: tuple[ChangeRow, ...]


class Forest(Struct, frozen=True):
    """One metric's ratios of this run over its baseline, worst first. Ticks are in percent of the plot's width."""

    metric: str
    title: str
    name: str
    """The finding in words: the accessible name of the picture."""
    note: str
    """What the figures stand on and what the band means."""
    reasons: tuple[str, ...]
    """Why rows are inconclusive, each reason once."""
    several: bool
    """True where its rows are from more than one tier."""
    ticks: tuple[Tick, ...]
    groups: tuple[ChangeGroup, ...]

    @property
    def called(self) -> tuple[ChangeRow, ...]:
        """The rows that got worse or better, worst first."""
        return tuple(row for group in self.groups for row in group.rows if row.verdict in {"regressed", "improved"})


class EndChange(Struct, frozen=True):
    """A case that ended otherwise than in the baseline: fits no more, runs again."""

    row: int
    anchor: str
    name: str
    tier: int
    where: str
    colour: int
    verdict: Verdict
    words: str
    detail: str
    """E.g. ``needs 3.6 of 2 GiB``; why nothing can be said, where it is inconclusive."""
    provenance: Provenance | None


class Incomparable(Struct, frozen=True):
    """Cases that cannot be compared for one reason; ``more`` counts those left unnamed."""

    reason: str
    count: int
    names: tuple[str, ...]
    more: int


class Changed(Struct, frozen=True):
    """Section 5: what changed since a baseline. ``data`` holds every comparison that was made."""

    run_id: str
    """The baseline's."""
    summary: str
    """The verdict in one sentence."""
    notes: tuple[str, ...]
    ends: tuple[EndChange, ...]
    forests: tuple[Forest, ...]
    incomparable: tuple[Incomparable, ...]
    data: tuple[Comparison, ...]
