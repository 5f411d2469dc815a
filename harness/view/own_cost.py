"""What measuring itself costs: from the run's null workload, its energy among it, and the harness's processor time."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.conditions import HARNESS_CPU, WINDOW
from harness.model.measure import BOUND_WORDS, LATENCY, POWER, PROCESS_BASELINE, STEP_ENERGY, TREE_PEAK
from harness.model.outcome import Ok
from harness.model.record import Record, Run
from harness.model.units import show, show_bytes, show_percent
from harness.stats import median
from harness.view.figures import no_meter, why_not
from harness.view.report import Fact

DRAWN = "power, with a workload that does nothing"


def own_cost(run: Run) -> Iterator[Fact]:
    """Facts for people; of the energy also why there is none, of the rest nothing that this run did not measure."""
    null = run.manifest.self_cost
    if null is not None and isinstance(null.outcome, Ok):
        yield from _of_null(null)
        yield from _drawn(run)
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
        bound = BOUND_WORDS[held.bound]
        yield Fact("a trial without a workload", f"{bound}{show_bytes(held.values[0])}, {show(null.wall_seconds, 's')}")


def _drawn(run: Run) -> Iterator[Fact]:
    """What the null workload drew, a fact a device; or why that is not known."""
    for record in run.manifest.self_energy:
        name = DRAWN if record.trial.case.device == "cpu" else f"{DRAWN} ({record.trial.case.target})"
        yield Fact(name, _watts(record))
    if not any(trial.role == "energy" for trial in run.manifest.plan.trials):
        reason = no_meter(run.manifest.capabilities, "cpu") or "this run measures no energy"
        yield Fact(DRAWN, f"not measured: {reason}")


def _watts(record: Record) -> str:
    power, joules = record.find(POWER.id, "timed"), record.find(STEP_ENERGY.id, "timed")
    idle = next((m for m in record.measurements if m.metric.id.endswith("idle_power") and m.values), None)
    if power is None or not power.values:
        missing = power.missing if power else why_not(record.outcome)
        return f"not measured: {missing or 'no meter gave a power'}"
    text = f"{show(median(power.values), 'W')} ({power.metric.scope}) while it is stepped without pause"
    if idle is not None:
        text += f", {show(median(idle.values), 'W')} in the second before"
    return text + (f"; {show(median(joules.values), 'J')} a step" if joules and joules.values else "")


def _share(record: Record) -> float | None:
    spent, window = record.find(HARNESS_CPU.id, "timed"), record.find(WINDOW.id, "timed")
    if not spent or not window or not spent.values or not window.values or window.values[0] <= 0:
        return None
    return spent.values[0] / window.values[0]
