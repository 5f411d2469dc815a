"""Joins a run's records to its cases: the one place that knows which record speaks for which case."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness.checks import Code
from harness.model.case import HOST, Case, Role
from harness.model.estimate import Estimate, NotProjected
from harness.model.measure import (
    ELAPSED,
    GPU_RESERVED,
    LATENCY,
    PROCESS_PEAK,
    TIMED_STEPS,
    TREE_PEAK,
    Bound,
    Measurement,
)
from harness.model.outcome import DoesNotFit, Ok, Outcome, Thrashes, Unsupported, name_of
from harness.model.profile import HardwareProfile
from harness.model.record import Record, Run
from harness.verdict.limits import Enforcement, enforcement, told

MORE_SHARE, MORE_BYTES = 1.3, 8 << 20
"""A timing trial may hold so much more than a need trial: its allocator scatters, and it keeps its rounds' times."""
_WORST_FIRST = ("failed", "timed_out", "does_not_fit", "thrashes", "unsupported", "ok")


class Need(Struct, frozen=True):
    """The memory a case needs: the highest peak over its uncapped trials, in bytes."""

    bytes: float
    metric: str
    bound: Bound | None
    device_bytes: float | None = None
    """The part of it on a GPU; None on a CPU."""
    over_many_steps: float | None = None
    """What a timing trial held over its many steps, where that is far more than need trials saw in their few."""


class Work(Struct, frozen=True):
    """The records that do not depend on a profile, shared by all tiers on this host."""

    prepare: tuple[Record, ...] = ()
    timing: tuple[Record, ...] = ()
    need: tuple[Record, ...] = ()
    energy: tuple[Record, ...] = ()
    gate: tuple[Record, ...] = ()
    """Memory that repeats: the allocator held still."""
    composition: tuple[Record, ...] = ()
    features: tuple[Record, ...] = ()
    """What a step is made of, and its time on one thread: what boards' times are projected from."""


class CaseFacts(Struct, frozen=True):
    """All that a run knows of one case. ``outcome`` None means no trial of it has ended yet."""

    case: Case
    work: Work
    ceiling: Record | None
    outcome: Outcome | None
    limit_bytes: int | None
    need: Need | None
    estimate: Estimate | None = None
    not_projected: str = ""
    """Why there is no estimate, where a projection was tried."""
    generic: bool = False
    """True where the tier is a limit that stands for no board: it has no estimate."""
    paced: Record | None = None
    """Its trial at the pace of the tier; it has no say in the outcome, unless the kernel killed it for memory."""

    @property
    def on_host(self) -> bool:
        """True where the case's tier is the machine itself."""
        return self.case.profile == HOST

    @property
    def latency_groups(self) -> tuple[tuple[float, ...], ...]:
        """Latency samples (s), one tuple a process; none for a board: a host's time is not a board's."""
        return samples(self.work.timing, LATENCY.id, stage="timed") if self.on_host else ()

    @property
    def enforcement(self) -> Enforcement:
        """How far a board's memory limit was in force; empty for the host and where it was not tried."""
        return enforcement(self.ceiling)

    @property
    def items(self) -> float | None:
        """What one step processes, None where no trial said."""
        every = (*self.work.timing, *self.work.need, *((self.ceiling,) if self.ceiling else ()))
        return next((r.items for r in every if r.items is not None), None)


def gather(run: Run, estimates: Mapping[str, Estimate | NotProjected] | None = None) -> tuple[CaseFacts, ...]:
    """One CaseFacts a case of the plan, left-out ones included, in the plan's order. ``estimates`` go by case id."""
    latest = {r.trial_id: r for r in run.records}
    works, ceilings = _by_work(latest.values()), _by_case(latest.values(), "ceiling")
    paced = _by_case(latest.values(), "paced")
    profiles = {p.id: p for p in run.manifest.profiles}
    skipped = {s.case.id: s.reason for s in run.manifest.plan.skips}
    cases = {c.id: c for c in (*run.manifest.plan.cases, *(s.case for s in run.manifest.plan.skips))}
    found = []
    for case in cases.values():
        work, ceiling = works.get(case.work_id, Work()), ceilings.get(case.id)
        profile = profiles.get(case.profile)
        outcome = _outcome(case, work, ceiling, paced.get(case.id), skipped.get(case.id))
        generic = profile is not None and profile.kind == "generic"
        projected = None if generic else (estimates or {}).get(case.id)
        found.append(
            CaseFacts(
                case=case,
                work=work,
                ceiling=ceiling,
                outcome=outcome,
                limit_bytes=_limit(case, run, outcome, ceiling, profile),
                need=_at_least(_need(case, work.need, profile), case, work.timing),
                estimate=projected if isinstance(projected, Estimate) else None,
                not_projected=projected.reason if isinstance(projected, NotProjected) else "",
                generic=generic,
                paced=paced.get(case.id),
            )
        )
    return tuple(found)


def samples(
    records: Iterable[Record], metric_id: str, stage: str | None = None, marks: str | None = None
) -> tuple[tuple[float, ...], ...]:
    """The samples of a metric, one tuple a record; records without it are left out."""
    found = (r.find(metric_id, stage, marks) for r in records)
    return tuple(m.values for m in found if m is not None and m.values)


def step_times(records: Iterable[Record]) -> tuple[tuple[tuple[float, ...], float], ...]:
    """Of each record with timed rounds: the time of a step (s) in each of them, and the time that passed a step.

    The latter is the time of all rounds over all steps, waits included where a load has waits; of a record that does
    not say it, the mean of the rounds.
    """
    return tuple(
        (found.values, mean_step(record) or 0.0)
        for record in records
        if (found := record.find(LATENCY.id, "timed")) is not None and found.values
    )


def mean_step(record: Record) -> float | None:
    """The time that passed a step (s), None where the record has no timed rounds."""
    elapsed, steps, latency = (record.find(m.id, "timed") for m in (ELAPSED, TIMED_STEPS, LATENCY))
    if elapsed is not None and steps is not None and elapsed.values and steps.values and steps.values[0]:
        return elapsed.values[0] / steps.values[0]
    if latency is None or not latency.values:
        return None
    return math.fsum(latency.values) / len(latency.values)


def _by_work(records: Iterable[Record]) -> dict[str, Work]:
    roles: dict[str, dict[str, list[Record]]] = {}
    for r in records:
        if r.trial.role in Work.__struct_fields__:
            roles.setdefault(r.trial.case.work_id, {}).setdefault(r.trial.role, []).append(r)
    return {work: Work(**{role: tuple(found) for role, found in by.items()}) for work, by in roles.items()}


def _by_case(records: Iterable[Record], role: Role) -> dict[str, Record]:
    return {r.trial.case.id: r for r in records if r.trial.role == role}


def _outcome(
    case: Case, work: Work, ceiling: Record | None, paced: Record | None, skipped: str | None
) -> Outcome | None:
    """A board's outcome is what its ceiling trial tells, or that of what came before it; a host's is the worst.

    What a trial at the board's pace was killed for does not fit either, whatever the few steps before it said.
    """
    if skipped is not None:
        return Unsupported(skipped)
    if case.profile != HOST:
        if ceiling is None:
            return _worst(r for r in (*work.prepare, *work.need) if not _fine(r))
        outcome, at_pace = told(ceiling), told(paced) if paced else None
        return at_pace if isinstance(outcome, Ok) and isinstance(at_pace, DoesNotFit) else outcome
    return _worst((*work.timing, *work.need)) or _worst(work.gate) or _worst(r for r in work.prepare if not _fine(r))


def _fine(record: Record) -> bool:
    return isinstance(record.outcome, Ok)


def _worst(records: Iterable[Record]) -> Outcome | None:
    outcomes = [r.outcome for r in records]
    return min(outcomes, key=lambda o: _WORST_FIRST.index(name_of(o)), default=None)


def _limit(
    case: Case, run: Run, outcome: Outcome | None, ceiling: Record | None, profile: HardwareProfile | None
) -> int | None:
    """What the case may use, in bytes: the limit that stopped it, else the one set, else what the tier has."""
    if ceiling is not None:
        if isinstance(outcome, DoesNotFit | Thrashes):
            return outcome.limit_bytes
        limits = ceiling.trial.limits
        if limits.gpu_memory_bytes is not None or limits.memory_bytes is not None:
            return limits.memory_bytes if limits.gpu_memory_bytes is None else limits.gpu_memory_bytes
    if case.profile != HOST:
        return _budget(case, profile)
    environment = run.manifest.environment
    if case.device == "gpu":
        gpus = environment.gpus or run.manifest.capabilities.gpus
        return gpus[0].memory_bytes if gpus else None
    return environment.memory_bytes


def _budget(case: Case, profile: HardwareProfile | None) -> int | None:
    if profile is None:
        return None
    own = next((t.memory for t in profile.target if t.id == case.target and t.memory), None)
    return int(own.base) if own else profile.budget_bytes


def _need(case: Case, records: Sequence[Record], profile: HardwareProfile | None) -> Need | None:
    """The need on the tier's own memory: the process tree's, the GPU's, or both where they share one memory."""
    ended, cold = warm(records)
    host = _peak(ended, TREE_PEAK.id, "trial") or _peak(ended, PROCESS_PEAK.id)
    if host is not None and cold:
        host = replace(host, bound="upper")
    if case.device == "cpu":
        return host
    device = _peak(ended, GPU_RESERVED.id)
    if device is None or not _shares_memory(case, profile):
        return Need(device.bytes, device.metric, device.bound, device.bytes) if device else None
    if host is None:
        return Need(device.bytes, device.metric, "lower", device.bytes)
    return Need(host.bytes + device.bytes, f"{host.metric}+{device.metric}", "upper", device.bytes)


def _at_least(need: Need | None, case: Case, timing: Sequence[Record]) -> Need | None:
    """The need as a lower bound where the many steps of a timing trial held far more than the few of a need trial."""
    held = _peak([r for r in timing if _fine(r)], TREE_PEAK.id, "trial") if case.device == "cpu" else None
    if need is None or held is None or held.bound or held.bytes <= _as_much(need.bytes):
        return need
    return replace(need, bound="lower", over_many_steps=held.bytes)


def _as_much(need: float) -> float:
    return max(MORE_SHARE * need, need + MORE_BYTES)


def warm(records: Iterable[Record]) -> tuple[list[Record], bool]:
    """The need trials whose peak counts, and whether they had cold pages: such are taken where there are no others."""
    ended = [r for r in records if _fine(r)]
    clean = [r for r in ended if all(finding.code != Code.COLD_PAGES for finding in r.findings)]
    return (clean, False) if clean else (ended, bool(ended))


def _shares_memory(case: Case, profile: HardwareProfile | None) -> bool:
    targets = profile.target if profile and case.profile != HOST else ()
    return any(t.id == case.target and t.memory is None for t in targets)


def _peak(records: Iterable[Record], metric_id: str, stage: str | None = None) -> Need | None:
    every = [m for r in records for m in r.measurements if m.metric.id == metric_id and m.values]
    found = [m for m in every if stage in (None, m.stage)]
    if not found:
        return None
    top: Measurement = max(found, key=lambda m: max(m.values))
    bound = top.bound or ("lower" if metric_id == PROCESS_PEAK.id else None)
    return Need(max(top.values), metric_id, bound)
