"""What a comparison says."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Verdict = Literal["regressed", "improved", "no_change", "inconclusive", "not_comparable"]


class Threshold(Struct, frozen=True):
    """What is large enough to matter: a fraction of the baseline, and an amount in the metric's base unit."""

    relative: float
    absolute: float = 0.0


class Comparison(Struct, frozen=True):
    """One metric of one case in two runs. Figures are in base units; ``ratio`` is candidate over baseline.

    For the metric ``fit`` there are no figures: ``baseline_outcome`` and ``candidate_outcome`` tell.
    """

    case_id: str
    workload: str
    tier: str
    metric: str
    unit: str
    verdict: Verdict
    words: str
    """The verdict for people: ``slower``, ``needs more memory``, ``no change detected`` ..."""
    reason: str = ""
    baseline: float | None = None
    candidate: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    threshold: float | None = None
    """The fraction that the whole interval has to clear."""
    floor: float | None = None
    """This machine's noise floor, below which no threshold lies; None where it has not been measured."""
    method: str = ""
    baseline_processes: int = 0
    candidate_processes: int = 0
    baseline_outcome: str = ""
    candidate_outcome: str = ""


class Side(Struct, frozen=True):
    """Which run one side of a comparison is; ``created`` is in ISO 8601, ``commit`` None where it is not known."""

    run_id: str
    created: str
    commit: str | None = None
    dirty: bool | None = None


class Comparisons(Struct, frozen=True):
    """Everything two runs have in common, and why something cannot be compared."""

    baseline: Side
    candidate: Side
    rows: tuple[Comparison, ...]
    refused: tuple[str, ...] = ()
    """Why the runs as a whole are not comparable; where ``insisted`` these are notes and the rows have verdicts."""
    notes: tuple[str, ...] = ()
    insisted: bool = False

    @property
    def regressed(self) -> tuple[Comparison, ...]:
        """The rows that got worse."""
        return tuple(row for row in self.rows if row.verdict == "regressed")

    @property
    def comparable(self) -> bool:
        """Whether any row could be judged."""
        return any(row.verdict != "not_comparable" for row in self.rows)
