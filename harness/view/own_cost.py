"""What measuring itself costs, from the run's null workload and from the harness's own processor time."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.conditions import HARNESS_CPU, WINDOW
from harness.model.measure import LATENCY, PROCESS_BASELINE, TREE_PEAK
from harness.model.outcome import Ok
from harness.model.record import Record, Run
from harness.model.units import show, show_bytes, show_percent
from harness.stats import median
from harness.view.report import Fact


def own_cost(run: Run) -> Iterator[Fact]:
    """Facts for people; nothing of what this run did not measure."""
    null = run.manifest.self_cost
    if null is not None and isinstance(null.outcome, Ok):
        yield from _of_null(null)
    shares = [share for r in run.records if r.trial.role == "timing" and (share := _share(r)) is not None]
    if shares:
        text = f"{show_percent(median(shares))} of one core (median of {len(shares)} timing trials)"
        yield Fact("harness while a trial is timed", text)


def _of_null(null: Record) -> Iterator[Fact]:
    rounds = null.find(LATENCY.id, "timed")
    if rounds and rounds.values:
        cost = show(median(rounds.values), "s")
        yield Fact("a round, beside its steps", f"{cost} (median of {len(rounds.values)} rounds that do nothing)")
    held = null.find(TREE_PEAK.id, "trial") or null.find(PROCESS_BASELINE.id, "timed")
    if held and held.values:
        bound = {"upper": "at most ", "lower": "at least ", None: ""}[held.bound]
        yield Fact("a trial without a workload", f"{bound}{show_bytes(held.values[0])}, {show(null.wall_seconds, 's')}")


def _share(record: Record) -> float | None:
    spent, window = record.find(HARNESS_CPU.id, "timed"), record.find(WINDOW.id, "timed")
    if not spent or not window or not spent.values or not window.values or window.values[0] <= 0:
        return None
    return spent.values[0] / window.values[0]
