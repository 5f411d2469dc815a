"""Rows of the table of limits for what was not run on a tier because it had run to its end on a tighter one."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.record import Record
from harness.model.units import show_bytes
from harness.verdict import joined, tighter_limit
from harness.view.report import LimitSet


def by_tighter(records: Iterable[Record]) -> list[LimitSet]:
    """One a limit under which works ran instead: it, the tier's own, and which works they were."""
    found: dict[tuple[int, int], list[Record]] = {}
    for record in records:
        tighter, own = tighter_limit(record), record.trial.limits.memory_bytes
        if tighter is not None and own is not None:
            found.setdefault((tighter, own), []).append(record)
    return [_row(tighter, own, works) for (tighter, own), works in found.items()]


def _row(tighter: int, own: int, records: list[Record]) -> LimitSet:
    means = next(e.means for e in records[0].enforced if e.limit == "memory")
    names = joined([r.trial.case.workload.name for r in records])
    note = f"not run here: {names} ran to the end under a tighter tier's limits, which shows that they fit this one too"
    return LimitSet("memory", show_bytes(own), show_bytes(tighter), means, "enforced", True, note)
