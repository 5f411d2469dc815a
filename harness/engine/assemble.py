"""From a child's events and its end, seen from outside, to one Record. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from signal import SIGABRT, Signals

from msgspec.structs import replace

from harness.checks import with_findings
from harness.model.case import HELD_STILL, HELD_STILL_SAID, UNDER_LIMITS, Trial
from harness.model.events import Capped, ChildEvent, Counted, Ended, Found, Measured, Said, StageBegan, StepDone
from harness.model.measure import TREE_PEAK, Finding, Measurement, Provenance
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported
from harness.model.record import Record
from harness.model.spec import Ending

NOT_PREPARED = "not-prepared"
"""Code of the finding on a trial that was not run because its work could not be prepared."""
IMPORTED_AFTER = "imported_after"
"""Fact of a trial: the seconds of its ``wall_seconds`` until its libraries were there."""
THRASH_FAULTS_PER_STEP = 64
"""A step that has run before and still reads from disk this often is being fed its own pages again and again."""
STRANGER = (
    "a process that the workload forked came back from it and went on as a second trial: let a fork end with "
    "os._exit, or start it by multiprocessing or subprocess"
)


def assemble(
    trial: Trial, events: Sequence[ChildEvent], ending: Ending, started: str, own: Sequence[Measurement] = ()
) -> Record:
    """One trial's record, judged. The child's own account counts unless the kernel's says more; ``own`` is what the
    harness measured of itself meanwhile.
    """
    outcome = decide(events, ending)
    account = _last_account(events)
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
        + _child_oom(trial, ending, outcome)
        + tuple(replace(finding, subject=trial.id) for finding in ending.findings),
        items=account.items if account else None,
        facts=_facts(events, ending),
        features=next((event.features for event in events if isinstance(event, Counted)), None),
        output_tail="" if isinstance(outcome, Ok) else ending.output_tail,
    )
    return with_findings(record)


def broken(trial: Trial, outcome: Outcome, started: str) -> Record:
    """The record of a trial that was not run because preparing its work had failed, or its runtime cannot run it."""
    if isinstance(outcome, Unsupported):
        return not_run(trial, outcome, started)
    finding = Finding("error", NOT_PREPARED, "the work could not be prepared, so it was not tried", "", trial.id)
    return replace(not_run(trial, outcome, started), findings=(finding,))


def not_run(trial: Trial, outcome: Outcome, started: str) -> Record:
    """The record of a trial of which something was known before it was run."""
    return Record(trial.id, trial, outcome, started, 0.0)


def decide(events: Sequence[ChildEvent], ending: Ending) -> Outcome:
    """The outcome: launch errors, then the kernel's word on memory, then stalls and time, then the child's account."""
    stage = _stage(events)
    limit = enforced_memory(ending)
    if ending.launch_error is not None:
        return Failed(f"could not be started: {ending.launch_error}", "launch")
    if ending.stranger is not None:
        return Failed(STRANGER, stage)
    if ending.stalled_faults is not None and limit is not None:
        return Thrashes(limit, ending.stalled_faults)
    if ending.timed_out_after is not None:
        return TimedOut(ending.timed_out_after, stage)
    account = _last_account(events)
    if account is not None:
        return _of_account(account.outcome, events, limit)
    return _without_account(ending, limit, stage)


def enforced_memory(ending: Ending) -> int | None:
    """The memory limit that was read back, None where none was in force."""
    return next((e.given for e in ending.enforced if e.limit == "memory"), None)


def _of_account(outcome: Outcome, events: Sequence[ChildEvent], limit: int | None) -> Outcome:
    if not isinstance(outcome, Ok) or limit is None:
        return outcome
    steps = [event for event in events if isinstance(event, StepDone)][1:]
    again = [step.major_faults for step in steps]
    if again and min(again) >= THRASH_FAULTS_PER_STEP:
        return Thrashes(limit, sum(again))
    return outcome


def _without_account(ending: Ending, limit: int | None, stage: str) -> Outcome:
    if ending.usage.oom_kills and limit is not None:
        return DoesNotFit(limit, ending.usage.peak_bytes, f"killed by the kernel at the limit, in {stage}")
    if ending.signal == SIGABRT and limit is not None and _speaks_of_memory(ending.output_tail):
        return DoesNotFit(limit, ending.usage.peak_bytes, f"aborted when memory ran out, in {stage}")
    if limit is not None and _speaks_of_memory(ending.output_tail):
        return DoesNotFit(limit, ending.usage.peak_bytes, f"ended when memory ran out, in {stage}")
    if ending.signal is not None:
        return Failed(f"killed by {Signals(ending.signal).name}", stage, ending.output_tail)
    return Failed(f"ended with exit code {ending.exit_code} and no account of itself", stage, ending.output_tail)


def _speaks_of_memory(tail: str) -> bool:
    text = tail.lower()
    return any(
        word in text for word in ("bad_alloc", "thread creation failed", "memoryerror", "cannot allocate memory")
    )


def _last_account(events: Sequence[ChildEvent]) -> Ended | None:
    return next((event for event in reversed(events) if isinstance(event, Ended)), None)


def _stage(events: Sequence[ChildEvent]) -> str:
    return next((event.stage for event in reversed(events) if isinstance(event, StageBegan)), "launch")


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


def _child_oom(trial: Trial, ending: Ending, outcome: Outcome) -> tuple[Finding, ...]:
    if not ending.usage.oom_kills or isinstance(outcome, DoesNotFit):
        return ()
    text = (
        f"the kernel killed {ending.usage.oom_kills} process(es) of this trial for memory, yet its main process went on"
    )
    return (Finding("error", "child-killed", text, "what it reports may be incomplete", trial.id),)
