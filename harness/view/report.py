"""ReportView: everything a page or a table shows, as frozen data. The contract of a theme author.

Strings are ready to place and not escaped; numbers are in base units. Charts are in ``harness/view/charts.py``, what
changed since a baseline in ``harness/view/compared.py``, cases under load in ``harness/view/loaded.py``.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.model.measure import Provenance
from harness.verdict import Count, DeadlineState, State
from harness.view.advised import Advised
from harness.view.charts import AcrossTiers, Ecdf, MemorySection
from harness.view.compared import Change, Changed
from harness.view.loaded import LoadTable
from harness.view.remote import CloudOrEdge


class Shown(Struct, frozen=True):
    """One figure of a cell. A dash where it could not be had: then ``note`` says why and ``value`` is None."""

    text: str
    spread: str = ""
    """Its uncertainty: ``±0.7 %``, ``n=1`` or a band; empty where it has none."""
    provenance: Provenance | None = None
    note: str = ""
    value: float | None = None
    """In its base unit; what to sort by, None last both ways."""


class Fit(Struct, frozen=True):
    """Whether a case fits its tier: the state, its words, and what was needed, reached or wrong."""

    state: State
    word: str
    detail: str = ""
    provenance: Provenance | None = None
    note: str = ""
    basis: Provenance | None = None
    """Where the figure in ``detail`` comes from, where that is another source than the verdict's."""
    approximate: bool = False
    """True where the limit was enforced by a means that only comes near it: say ``approximately`` with it."""

    @property
    def said(self) -> str:
        """Its word, with a caveat where it needs one."""
        return f"{self.word} (approximately enforced)" if self.approximate else self.word


class Bar(Struct, frozen=True):
    """Memory need against the tier's limit. ``percent`` stops at 100; ``over`` is True beyond it."""

    percent: float
    over: bool
    label: str


class Deadline(Struct, frozen=True):
    """A deadline judged on a measured or projected time."""

    state: DeadlineState
    text: str


class Cell(Struct, frozen=True):
    """One case: a workload on a tier. None of its parts is another tier's."""

    case: str
    tier: int
    fit: Fit
    figures: dict[str, Shown]
    """Keyed by the matrix's metrics."""
    bar: Bar | None = None
    deadline: Deadline | None = None
    states: tuple[str, ...] = ()
    """Ids of the counts that this cell belongs to."""
    remarks: tuple[str, ...] = ()
    """Below the figures: that they are not valid and why, how a load went."""
    changes: tuple[Change, ...] = ()
    """What got worse or better since the baseline."""


class Tier(Struct, frozen=True):
    """One column. ``colour`` is its number among the theme's tier colours (0 to 11)."""

    index: int
    id: str
    name: str
    short: str
    """For a column's head or a plot: without maker and size where that tells it apart."""
    sub: str
    board: bool
    colour: int


class Row(Struct, frozen=True):
    """One workload in one runtime, dtype and scenario; ``cells`` has one entry a tier, None where there is no case."""

    index: int
    anchor: str
    name: str
    """``title`` and ``points`` together."""
    title: str
    points: str
    """Its parameters."""
    variant: str
    """Runtime, dtype and scenario, as far as they differ within the run."""
    family: str
    deadline: str
    cells: tuple[Cell | None, ...]


class MetricChoice(Struct, frozen=True):
    """A metric that the matrix can be switched to."""

    id: str
    label: str


class Matrix(Struct, frozen=True):
    """Section 4: workload x tier."""

    metrics: tuple[MetricChoice, ...]
    tiers: tuple[Tier, ...]
    rows: tuple[Row, ...]
    families: tuple[str, ...]
    notes: tuple[str, ...]
    untried: tuple[str, ...] = ()
    """For each tier the one reason why nothing was tried on it; empty where something was."""
    absent: tuple[tuple[str, ...], ...] = ()
    """For each tier the metrics of which it has no figure for one and the same reason; ``notes`` tells it."""


class FigureColumn(Struct, frozen=True):
    """A tier that has figures of its own in a workload's table."""

    tier: str
    provenance: Provenance | None
    """Of all its figures; None where they differ or there is none."""


class FigureLine(Struct, frozen=True):
    """One metric of one workload: a figure a column, None where that tier has none."""

    metric: str
    figures: tuple[Shown | None, ...]
    how: str
    """How many samples and processes stand behind them, and how the interval came about."""
    span: int
    """For how many lines from this one on ``how`` is the same; 0 where a line before it has counted this one."""


class WorkloadDetail(Struct, frozen=True):
    """Section 9: one workload's distributions and all its figures."""

    anchor: str
    row: int
    name: str
    family: str
    open: bool
    ecdfs: tuple[Ecdf, ...]
    columns: tuple[FigureColumn, ...]
    lines: tuple[FigureLine, ...]


class FindingGroup(Struct, frozen=True):
    """Findings of one kind; ``subjects`` names the trials, ``more`` counts those left unnamed."""

    level: Literal["info", "warning", "error"]
    code: str
    messages: tuple[str, ...]
    hint: str
    count: int
    subjects: tuple[str, ...]
    more: int


class LimitSet(Struct, frozen=True):
    """One limit of one tier: what was asked, what was read back, by which means."""

    limit: str
    asked: str
    given: str
    means: str
    verdict: str
    """``enforced``, ``approximate``, ``not enforced``, ``nothing to enforce`` or ``not imitated``, with
    ``asked 4 cores, given 2`` where they differ."""
    kept: bool
    note: str
    expected: bool = False
    """True where no host can imitate it or the profile asks nothing, so that nothing went wrong."""


class TierMethod(Struct, frozen=True):
    """What was and was not imitated of one tier."""

    tier: Tier
    basis: str
    limits: tuple[LimitSet, ...]
    missing: str = ""


class Fact(Struct, frozen=True):
    """A name and a value of the environment."""

    name: str
    value: str


class Method(Struct, frozen=True):
    """Section 11."""

    tiers: tuple[TierMethod, ...]
    machine: tuple[Fact, ...]
    versions: tuple[Fact, ...]
    workers: tuple[Fact, ...]
    metrics: tuple[Fact, ...]
    command: str
    notices: tuple[str, ...]
    own_cost: tuple[Fact, ...] = ()
    """What measuring itself costs."""


class Capacity(Struct, frozen=True):
    """What a run of ``fit`` has found of one thing that it sought: the smallest memory, or a parameter's largest."""

    what: str
    """``memory`` (in bytes), or the parameter."""
    state: Literal["open", "found", "bound", "nowhere", "stopped"]
    value: int | None
    """What fits; None where nothing has been found to."""
    beyond: int | None
    """The nearest that was tried and does not."""
    tries: int
    text: str
    """All of it as a sentence."""
    provenance: Provenance = "enforced"


class ProvenanceKey(Struct, frozen=True):
    """One entry of the key; ``used`` False where no figure of this run is of its kind."""

    id: Provenance
    word: str
    meaning: str
    used: bool


class DataRow(Struct, frozen=True):
    """One case and metric, as it stands in the CSV and JSON downloads and in a data frame. Base units."""

    case: str
    workload: str
    family: str
    tier: str
    device: str
    runtime: str
    dtype: str
    scenario: str
    outcome: str
    limit: str
    """Of memory, for a board: ``enforced``, ``approximately enforced``, ``not enforced``; empty where not tried."""
    metric: str
    stage: str
    marks: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    samples: int
    processes: int
    provenance: str
    bound: str
    note: str
    validity: str = ""
    """``valid``, or ``invalid`` with the codes of its findings; empty where no trial of the figure was judged."""


class Printed(Struct, frozen=True):
    """The end of what a work that did not end well had printed, as it can be shown: lines of printable characters."""

    work: str
    ended: str
    """Its error, or how it ended."""
    text: str


class ReportView(Struct, frozen=True):
    """The whole report."""

    title: str
    run_id: str
    eyebrow: tuple[str, ...]
    headline: str
    lead: tuple[str, ...]
    counts: tuple[Count, ...]
    key: tuple[ProvenanceKey, ...]
    matrix: Matrix
    across: tuple[AcrossTiers, ...]
    memory: MemorySection
    cloud: CloudOrEdge | None
    """None where no tier is reached over a link."""
    details: tuple[WorkloadDetail, ...]
    findings: tuple[FindingGroup, ...]
    method: Method
    data: tuple[DataRow, ...]
    tierbench: str
    """The version that made it."""
    changed: Changed | None = None
    """Section 5; None without a baseline."""
    advised: Advised | None = None
    """What fits instead of what does not; None where everything that was tried fits."""
    capacity: tuple[Capacity, ...] = ()
    """Of a run of ``fit``: what it has found. Its sentences open the page."""
    load: tuple[LoadTable, ...] = ()
    """Cases in one of MLPerf's scenarios; empty where there is none."""
    printed: tuple[Printed, ...] = ()
    """What works that did not end well had printed last."""
