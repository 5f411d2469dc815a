"""Numbers into words: a Value as it stands in a cell, a fit as it reads."""

from __future__ import annotations

from harness.model.measure import BOUND_WORDS, Provenance
from harness.model.outcome import DoesNotFit, Thrashes, TimedOut
from harness.model.units import show, show_bytes, show_percent
from harness.projection.deadlines import probability
from harness.verdict import STATES, TRIED, CaseFacts, Judged, share, tighter_limit
from harness.view.figures import Value, why_not
from harness.view.projected import band, likely
from harness.view.report import Bar, Deadline, Fit, Shown

DASH = "–"
LEAST_SHOWN = 0.001
"""A relative half-width below it is below what a clock and a table can mean."""
_DUE = {"met": "within", "missed": "misses", "unclear": "too close to"}


def shown(value: Value) -> Shown:
    """A figure as it stands in a cell, a dash with its reason where there is none."""
    if value.value is None:
        return Shown(DASH, note=value.note)
    about = "about " if value.provenance == "projected" else BOUND_WORDS[value.bound]
    note = "; ".join(part for part in (value.note, value.method) if part)
    return Shown(about + show(value.value, value.unit), spread(value), value.provenance, note, value.value)


def spread(value: Value) -> str:
    """Its uncertainty: ``±0.7 %``, ``n=1`` where a figure has no interval, empty for a maximum."""
    if value.low is not None and value.high is not None and value.value:
        if value.provenance == "projected":
            return band(value.low, value.high, value.unit)
        half = (value.high - value.low) / 2 / abs(value.value)
        return f"±{show_percent(half)}" if half >= LEAST_SHOWN else f"±<{show_percent(LEAST_SHOWN)}"
    return f"n={value.samples}" if value.unit != "B" and value.samples else ""


def sample(value: Value) -> str:
    """How many samples and processes, e.g. ``n=200 in 3 processes``."""
    if not value.samples:
        return ""
    processes = f" in {value.processes} processes" if value.processes > 1 else ", one process"
    return f"n={value.samples:,}{processes if value.processes else ''}"


def fit(facts: CaseFacts, judged: Judged) -> Fit:
    """The verdict of a cell: a board's was enforced on the host, the host's own was measured."""
    by: Provenance = "measured" if facts.on_host else "enforced"
    provenance = by if judged.state in TRIED else None
    return Fit(
        state=judged.state,
        word=STATES[judged.state],
        detail=detail(facts, judged),
        provenance=provenance,
        note=_fit_note(facts, judged),
        basis="measured" if provenance and _in_need(facts) else None,
        approximate=provenance == "enforced" and facts.enforcement == "approximately enforced",
    )


def _in_need(facts: CaseFacts) -> bool:
    """True where a need is known that explains why it does not fit. What is at most so large explains nothing."""
    outcome, need = facts.outcome, facts.need
    if not isinstance(outcome, DoesNotFit) or need is None or need.bound == "upper":
        return False
    return need.bytes > outcome.limit_bytes


def detail(facts: CaseFacts, judged: Judged) -> str:
    """What was needed, reached or wrong; empty where there is nothing to add to the state."""
    match facts.outcome:
        case DoesNotFit(limit_bytes=limit, reached_bytes=reached):
            if facts.need and _in_need(facts):
                return f"needs {BOUND_WORDS[facts.need.bound]}{share(facts.need.bytes, limit)}"
            return f"stopped at {share(reached, limit)}" if reached else f"stopped at {show_bytes(limit)}"
        case Thrashes(limit_bytes=limit, major_faults=faults):
            return f"{faults:,} major faults at {show_bytes(limit)}"
        case TimedOut(limit_seconds=seconds, stage=stage, thrashing=thrashing):
            return f"{'while thrashing, ' if thrashing else ''}after {show(seconds, 's')} in stage {stage}"
        case outcome:
            return why_not(outcome) if judged.state != "not_run" else ""


def _fit_note(facts: CaseFacts, judged: Judged) -> str:
    if isinstance(facts.outcome, DoesNotFit):
        return facts.outcome.how
    if judged.state != "fits":
        return ""
    if facts.on_host:
        return "ran on this machine"
    tighter = tighter_limit(facts.ceiling)
    if tighter is not None:
        return f"ran to its end on the host within {show_bytes(tighter)}, a tighter tier's limit: not run once more"
    return "loaded and ran a few steps on the host under the tier's limits"


def bar(facts: CaseFacts) -> Bar | None:
    """Memory need against the limit; None where either is not known."""
    if facts.need is None or not facts.limit_bytes:
        return None
    part = facts.need.bytes / facts.limit_bytes
    label = BOUND_WORDS[facts.need.bound] + share(facts.need.bytes, facts.limit_bytes, 3)
    return Bar(round(min(part, 1.0) * 100, 1), part > 1, label)


def deadline(facts: CaseFacts, judged: Judged, on_link: float = 0.0) -> Deadline | None:
    """The deadline's mark in a cell, None where it was not judged. ``on_link`` seconds of it a network takes."""
    due = facts.case.workload.deadline_seconds
    if due is None or judged.deadline is None:
        return None
    estimate = facts.estimate
    if estimate is not None and estimate.deviation and not facts.on_host:
        chance = probability(estimate, due - on_link) if due > on_link else 0.0
        return Deadline(judged.deadline, likely(chance, show(due, "s")))
    return Deadline(judged.deadline, f"{_DUE[judged.deadline]} {show(due, 's')}")
