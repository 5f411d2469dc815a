"""Variants of a workload held in reserve: tried on a tier only where a case of the same workload did not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from harness import plan
from harness.model.case import Case, Plan, Role, Trial
from harness.model.machine import Capabilities
from harness.model.outcome import Ok
from harness.model.profile import HardwareProfile
from harness.model.record import Record, Run
from harness.verdict.limits import short_of_memory, told

ROLES: tuple[Role, ...] = ("ceiling", "need", "timing")
_OnTier = tuple[str, str, str]


def reserve(
    shipped: Sequence[plan.Selected],
    profiles: Sequence[HardwareProfile],
    capabilities: Capabilities,
    settings: plan.Settings,
    planned: Plan,
) -> tuple[Trial, ...]:
    """The trials of every variant that a suite ships, in each runtime and data type, less those that are planned."""
    every = [replace(s, runtimes=s.supported_runtimes, dtypes=s.supported_dtypes) for s in shipped]
    once = replace(settings, processes=1, slow_down=False, gate=False, only=ROLES)
    known = {trial.id for trial in planned.trials}
    return tuple(t for t in plan.make(every, profiles, capabilities, once).trials if t.id not in known)


def due(run: Run) -> tuple[Trial, ...]:
    """Of a run's reserve what is to be run by now: under the limit first, then what a variant that fits costs."""
    held = run.manifest.reserve
    if not held or not run.complete:
        return ()
    done = {record.trial_id for record in run.records}
    tried = [r for r in run.records if r.trial.role == "ceiling"]
    misfits = {_on_tier(r.trial.case) for r in tried if short_of_memory(told(r))}
    left = [trial for trial in held if trial.id not in done]
    ceilings = tuple(t for t in left if t.role == "ceiling" and _on_tier(t.case) in misfits)
    if ceilings:
        return ceilings
    fitting = set(_fitting(tried, misfits))
    return tuple(t for t in left if t.role != "ceiling" and t.case.work_id in fitting)


def _fitting(tried: Sequence[Record], misfits: set[_OnTier]) -> Iterator[str]:
    """The works that fit a tier on which another variant does not."""
    for record in tried:
        if isinstance(told(record), Ok) and _on_tier(record.trial.case) in misfits:
            yield record.trial.case.work_id


def _on_tier(case: Case) -> _OnTier:
    return case.workload.suite, case.workload.name, case.tier
