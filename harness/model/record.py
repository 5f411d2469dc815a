"""What a run leaves behind: one Record a trial, and the manifest that says what was planned and where it ran."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.model.case import Plan, Trial
from harness.model.features import Features
from harness.model.machine import Capabilities, Environment
from harness.model.measure import Finding, Measurement
from harness.model.outcome import Outcome
from harness.model.profile import HardwareProfile
from harness.model.search import Search


class Enforced(Struct, frozen=True):
    """One limit: what was asked, what was read back, and by which means. ``given`` None means not enforced."""

    limit: Literal["memory", "swap", "cores", "threads", "gpu_memory", "gpu_multiprocessors"]
    asked: int
    given: int | None
    means: str
    approximate: bool = False
    note: str = ""


class Usage(Struct, frozen=True, omit_defaults=True):
    """What the kernel said of the trial's group or process once it had ended. Unknown is None."""

    peak_bytes: int | None = None
    oom_kills: int | None = None
    major_faults: int | None = None
    user_seconds: float | None = None
    system_seconds: float | None = None
    at_limit: int | None = None
    """How often the group's own limit stood in the way of an allocation; 0 beside ``oom_kills``: memory ran out above
    the group, in the container or the machine."""


class Record(Struct, frozen=True, omit_defaults=True):
    """One trial as it was run. ``started`` is UTC in ISO 8601; ``items`` is what one step processes."""

    trial_id: str
    trial: Trial
    outcome: Outcome
    started: str
    wall_seconds: float
    measurements: tuple[Measurement, ...] = ()
    enforced: tuple[Enforced, ...] = ()
    usage: Usage = Usage()
    findings: tuple[Finding, ...] = ()
    items: float | None = None
    facts: dict[str, str] = {}
    """What the child said of itself: versions, threads, parameter count, instruction set."""
    features: Features | None = None
    """Of a ``features`` trial: what a step is made of. None where it could not be counted: a finding says why."""
    output_tail: str = ""
    """The end of what user code printed, kept where the trial did not end well."""
    shown_by: str = ""
    """Of a ceiling trial that was not run: the id of the one that ran under tighter limits and so shows its outcome.
    ``enforced`` is then that trial's."""

    def find(self, metric_id: str, stage: str | None = None, marks: str | None = None) -> Measurement | None:
        """The first measurement of that metric (and stage, and mark), None where there is none."""
        for m in self.measurements:
            if m.metric.id == metric_id and stage in (None, m.stage) and marks == m.marks:
                return m
        return None


class Manifest(Struct, frozen=True):
    """A run's plan with the environment it runs in. Written once, before the first trial."""

    format: int
    run_id: str
    created: str
    command: tuple[str, ...]
    environment: Environment
    capabilities: Capabilities
    profiles: tuple[HardwareProfile, ...]
    plan: Plan
    findings: tuple[Finding, ...] = ()
    self_cost: Record | None = None
    """A workload that does nothing under the same meters, run before the first trial: what measuring itself costs."""
    self_energy: tuple[Record, ...] = ()
    """The same workload in the energy role, a record a device; nothing where the plan measures no energy."""
    reserve: tuple[Trial, ...] = ()
    """Trials of variants, run beyond the plan only where a case of their workload does not fit its tier."""
    search: Search | None = None
    """What ``fit`` looks for; its tries are records beyond the plan's."""


class Run(Struct, frozen=True):
    """A manifest and the records that exist so far, in the order in which the trials ended."""

    manifest: Manifest
    records: tuple[Record, ...]
    path: str = ""
    notices: tuple[str, ...] = ()
    """What had to be repaired on reading."""

    @property
    def complete(self) -> bool:
        """True once every planned trial has its record."""
        return {t.id for t in self.manifest.plan.trials} <= {r.trial_id for r in self.records}
