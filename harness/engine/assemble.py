"""From a child's events and its end, seen from outside, to one Record. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from harness.checks import with_findings
from harness.engine.decision import decide, last_account
from harness.model.case import HELD_STILL, HELD_STILL_SAID, UNDER_LIMITS, Trial
from harness.model.events import Capped, ChildEvent, Counted, Found, Measured, Said
from harness.model.measure import TREE_PEAK, Finding, Measurement, Provenance
from harness.model.outcome import Ok, Outcome, Unsupported
from harness.model.record import Record
from harness.model.spec import Ending

NOT_PREPARED = "not-prepared"
"""Code of the finding on a trial that was not run because its work could not be prepared."""
IMPORTED_AFTER = "imported_after"
"""Fact of a trial: the seconds of its ``wall_seconds`` until its libraries were there."""


def assemble(
    trial: Trial, events: Sequence[ChildEvent], ending: Ending, started: str, own: Sequence[Measurement] = ()
) -> Record:
    """One trial's record, judged. The child's own account counts unless the kernel's says more; ``own`` is what the
    harness measured of itself meanwhile.
    """
    outcome = decide(events, ending)
    account = last_account(events)
    record = Record(
        trial_id=trial.id,
        trial=trial,
        outcome=outcome,
        started=started,
        wall_seconds=ending.wall_seconds,
        measurements=(*_measurements(trial, events, ending), *own),
        enforced=(*ending.enforced, *(e.enforced for e in events if isinstance(e, Capped))),
        usage=ending.usage,
        findings=tuple(replace(e.finding, subject=trial.id) for e in events if isinstance(e, Found))
        + tuple(replace(finding, subject=trial.id) for finding in ending.findings),
        items=account.items if account else None,
        facts=_facts(events, ending),
        features=next((event.features for event in events if isinstance(event, Counted)), None),
        output_tail="" if isinstance(outcome, Ok) else ending.output_tail,
    )
    return with_findings(record)


def broken(trial: Trial, preparation: Record, started: str) -> Record:
    """The record of a trial that was not run because preparing its work had failed, or its runtime cannot run it.

    It keeps the end of what the preparation printed: that has no record of its own.
    """
    outcome = preparation.outcome
    if isinstance(outcome, Unsupported):
        return not_run(trial, outcome, started)
    finding = Finding("error", NOT_PREPARED, "the work could not be prepared, so it was not tried", "", trial.id)
    return replace(not_run(trial, outcome, started), findings=(finding,), output_tail=preparation.output_tail)


def not_run(trial: Trial, outcome: Outcome, started: str) -> Record:
    """The record of a trial of which something was known before it was run."""
    return Record(trial.id, trial, outcome, started, 0.0)


def _measurements(trial: Trial, events: Sequence[ChildEvent], ending: Ending) -> tuple[Measurement, ...]:
    provenance: Provenance = "enforced" if trial.role in UNDER_LIMITS else "measured"
    inside = [replace(e.measurement, provenance=provenance) for e in events if isinstance(e, Measured)]
    found = (*inside, _whole_tree(inside, ending.usage.peak_bytes, provenance))
    return tuple(map(_held_still, found)) if trial.role in HELD_STILL else found


def _held_still(measurement: Measurement) -> Measurement:
    """Of a gate trial: its memory says by which allocator."""
    metric = measurement.metric
    if metric.unit != "B":
        return measurement
    return replace(measurement, metric=replace(metric, how=f"{metric.how}; {HELD_STILL_SAID}"))


def _whole_tree(inside: Sequence[Measurement], last: int | None, provenance: Provenance) -> Measurement:
    """The tree's peak over all stages. A stage may have reset the kernel's mark before it came to ``last``."""
    stages = [m for m in inside if m.metric.id == TREE_PEAK.id]
    figures = [value for m in stages for value in m.values]
    if last is not None:
        return Measurement(TREE_PEAK, "trial", provenance, (max([*figures, float(last)]),))
    if figures and all(m.values for m in stages):
        bound = next((m.bound for m in stages if m.bound), None)
        return Measurement(TREE_PEAK, "trial", provenance, (max(figures),), bound=bound)
    reason = next((m.missing for m in stages if m.missing), "the trial had no group of its own")
    return Measurement(TREE_PEAK, "trial", provenance, missing=reason)


def _facts(events: Sequence[ChildEvent], ending: Ending) -> dict[str, str]:
    facts = {"means": ending.means}
    if ending.imported_after is not None:
        facts[IMPORTED_AFTER] = f"{ending.imported_after:.3f}"
    for event in events:
        if isinstance(event, Said):
            facts.update(event.facts)
    return facts
