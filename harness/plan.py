"""The plan: cases from workloads x profiles x runtimes, the trials they need, their order, why some are left out."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from harness import loads, tiers
from harness.errors import UserError, refuse_outside
from harness.model.case import HOST, Case, Limits, Pace, Plan, Role, Skip, Trial, WorkloadRef
from harness.model.features import COUNTED_RUNTIMES
from harness.model.load import Load
from harness.model.machine import Capabilities, MeterState
from harness.model.profile import HardwareProfile, Target
from harness.model.workload import ANY
from harness.stats import needed_samples

WEEK = 7 * 86400.0
"""Seconds; nothing is measured for longer."""
LEAST_SECONDS = 0.5
"""Of timed rounds, whatever their precision: a step that stalls every tenth time is seen to do so."""
WANTED_ROUNDS = needed_samples(90)
"""What a 90th percentile needs."""
GATE_PROCESSES = 3
"""Fewer say nothing of how far gate trials lie apart."""


class Selected(Struct, frozen=True):
    """A workload that was chosen, with the runtimes and data types to try it in."""

    ref: WorkloadRef
    runtimes: tuple[str, ...]
    dtypes: tuple[str, ...]
    supported_runtimes: tuple[str, ...]
    supported_dtypes: tuple[str, ...]


class Settings(Struct, frozen=True):
    """How much to measure. Times are for one process."""

    processes: int = 3
    gate: bool = False
    """Also memory that repeats: need trials with the allocator held still."""
    composition: bool = True
    """Also what tensors the memory of PyTorch's workloads is made of: one more process a work."""
    seed: int = 0
    features: Pace | None = Pace(budget_seconds=4.0, warmup_seconds=2.0, precision=0.03)
    """Also what a step is made of and takes on one thread, where boards are among the tiers: a process more a work."""
    timing: Pace = Pace(min_seconds=LEAST_SECONDS, wanted_rounds=WANTED_ROUNDS)
    memory: Pace = Pace()
    timeout_seconds: float = 600.0
    ceiling_timeout_seconds: float = 180.0
    sustained_seconds: float | None = None
    """Load for so long instead of until precise; None: as ``scenario`` says."""
    scenario: str = "single_stream"
    load: Load | None = None
    """How the scenario loads; None: single stream until precise."""
    threads: int | None = None
    """Of timing trials; None: one a core."""
    only: tuple[Role, ...] = ()
    """Trials of these roles alone; none: of all that are planned."""
    slow_down: bool = False
    """Also each board's cases at the pace that is projected for them."""


QUICK = Settings(
    processes=1,
    composition=False,
    features=Pace(budget_seconds=1.0, warmup_seconds=0.5, precision=0.05, min_rounds=2),
    timing=Pace(budget_seconds=3.0, warmup_seconds=2.0, min_seconds=LEAST_SECONDS, wanted_rounds=WANTED_ROUNDS),
    memory=Pace(budget_seconds=3.0, steps=2),
    ceiling_timeout_seconds=60.0,
)


def refuse_odd(settings: Settings) -> None:
    """Raise UserError for a time, share or count that cannot be, such as nan or inf."""
    for name, value, least in (
        ("budget", settings.timing.budget_seconds, 0.001),
        ("min_time", settings.timing.min_seconds, 0),
        ("warmup", settings.timing.warmup_seconds, 0),
        ("timeout", settings.timeout_seconds, 0.001),
        ("timeout", settings.ceiling_timeout_seconds, 0.001),
        ("sustained", settings.sustained_seconds, 0.001),
    ):
        refuse_outside(name, value, least, WEEK, "seconds")
    refuse_outside("precision", settings.timing.precision, 1e-4, 1, "a fraction")
    refuse_outside("processes", settings.processes, 1, 1000, "a whole number")
    refuse_outside("seed", settings.seed, -(2**63), 2**63 - 1, "a whole number")
    for name, count in (("processes", settings.processes), ("seed", settings.seed)):
        if not isinstance(count, int):
            raise UserError(f"{name} is {count!r}", hint="a whole number")


def timed(
    settings: Settings,
    *,
    budget: float | None = None,
    precision: float | None = None,
    min_time: float | None = None,
    warmup: float | None = None,
) -> Settings:
    """Return ``settings`` with what is asked of a process's timed rounds; times are in seconds, None leaves a default.

    A ``budget`` below the default least time ends the rounds all the same, and a ``min_time`` above the default budget
    extends it. Raises UserError where both are given and contradict each other.
    """
    if min_time is not None and budget is not None and min_time > budget:
        raise UserError(f"--min-time {min_time:g} is more than --budget {budget:g} allows", hint="raise --budget")
    if min_time is not None and budget is None:
        budget = max(min_time, settings.timing.budget_seconds)
    asked = {"budget_seconds": budget, "precision": precision, "min_seconds": min_time, "warmup_seconds": warmup}
    given = {name: value for name, value in asked.items() if value is not None}
    return replace(settings, timing=replace(settings.timing, **given))


def make(
    selected: Sequence[Selected],
    profiles: Sequence[HardwareProfile],
    capabilities: Capabilities,
    settings: Settings,
) -> Plan:
    """The plan for every selected workload on every target of every profile.

    Raises UserError without a deadline, and for settings that are no numbers that can be.
    """
    refuse_odd(settings)
    scenario = "sustained" if settings.sustained_seconds else settings.scenario
    cases, skips = _split(selected, profiles, capabilities, scenario)
    by_id = {profile.id: profile for profile in profiles}
    return Plan(
        cases=tuple(cases),
        trials=tuple(_trials(cases, by_id, capabilities, settings)),
        skips=tuple(skips),
        seed=settings.seed,
        processes=settings.processes,
    )


def _split(
    selected: Sequence[Selected], profiles: Sequence[HardwareProfile], capabilities: Capabilities, scenario: str
) -> tuple[list[Case], list[Skip]]:
    cases: list[Case] = []
    skips: list[Skip] = []
    for choice, profile in product(selected, profiles):
        for target, runtime, dtype in product(profile.target, choice.runtimes, choice.dtypes):
            case = Case(choice.ref, profile.id, target.id, target.device, runtime, dtype, scenario)
            reason = why_not(case, choice, profile, target, capabilities)
            if reason is None:
                cases.append(case)
            else:
                skips.append(Skip(case, reason))
    return cases, skips


_AS_THEY_ARE = frozenset({"onnx", "exported"})
"""Kinds of models of the user's own that no runtime makes another data type of."""


def why_not(
    case: Case, choice: Selected, profile: HardwareProfile, target: Target, capabilities: Capabilities
) -> str | None:
    """Why a case cannot be tried on this host, None where it can."""
    if not _allows(choice, case.runtime):
        return f"{choice.ref.name} does not support the runtime {case.runtime}"
    if choice.ref.own is not None and choice.ref.own.kind in _AS_THEY_ARE and case.dtype not in choice.supported_dtypes:
        return f"{choice.ref.name} is run as it is stored, in {', '.join(choice.supported_dtypes)}: not in {case.dtype}"
    state = next((r for r in capabilities.runtimes if (r.id, r.device) == (case.runtime, case.device)), None)
    built = state.made_of.get(case.dtype, case.dtype) if state is not None else case.dtype
    hindrance = (state.reason or state.refused.get(case.dtype)) if state is not None else None
    if built not in choice.supported_dtypes:
        return hindrance or f"{choice.ref.name} does not support {case.dtype}"
    reason = loads.why_not(case.scenario, case.workload) or tiers.why_not(case, profile, target, capabilities)
    return reason or hindrance


def _allows(choice: Selected, runtime: str) -> bool:
    others = ANY in choice.supported_runtimes and runtime != tiers.PYTHON
    return others or runtime in choice.supported_runtimes


def _trials(
    cases: Sequence[Case], profiles: dict[str, HardwareProfile], capabilities: Capabilities, settings: Settings
) -> list[Trial]:
    works = list({case.work_id: case for case in cases}.values())
    hosts = [case for case in cases if case.profile == HOST]
    boards = [case for case in cases if case.profile != HOST]
    shuffle = random.Random(settings.seed).shuffle
    trials: list[Trial] = []
    for replicate in range(settings.processes):
        block = _block(works, "need", replicate, settings) + _block(hosts, "timing", replicate, settings)
        shuffle(block)
        trials += block
    real = [case for case in boards if profiles[case.profile].kind == "board"]
    projected = {case.work_id for case in real if _computes(profiles[case.profile], case)}
    able = [work for work in works if work.work_id in projected and work.runtime in COUNTED_RUNTIMES]
    trials += _gate(works, settings) + _composition(hosts, settings) + _features(able, real, settings)
    trials += _energy(hosts, capabilities, settings)
    limits = _limits(boards, profiles, capabilities)
    ceilings = [_ceiling(case, limits[case.id], settings) for case in boards]
    shuffle(ceilings)
    ceilings.sort(key=_room)
    trials += ceilings + _paced(real, limits, settings)
    return [trial for trial in trials if not settings.only or trial.role in settings.only]


def _computes(profile: HardwareProfile, case: Case) -> bool:
    """Whether the target computes in the case's data type: in another one its time cannot be projected."""
    dtypes = next(t.dtypes for t in profile.target if t.id == case.target)
    return not dtypes or case.dtype in dtypes


def _block(cases: Iterable[Case], role: Role, replicate: int, settings: Settings) -> list[Trial]:
    timed = role in {"timing", "paced"}
    pace, timeout = (settings.timing if timed else settings.memory), settings.timeout_seconds
    if timed and settings.sustained_seconds:
        pace = replace(pace, budget_seconds=settings.sustained_seconds)
        timeout += settings.sustained_seconds
    limits = Limits(threads=settings.threads) if role == "timing" else Limits()
    trials = [Trial(case, role, replicate, limits, pace, timeout, seed=settings.seed) for case in cases]
    return [_loaded(trial, settings) for trial in trials] if role == "timing" else trials


def _loaded(trial: Trial, settings: Settings) -> Trial:
    """A timing trial with the load of its scenario, and time enough for it."""
    load = loads.of(settings.load, trial.case.scenario, trial.case.workload)
    if load is None:
        return trial
    rounds = max(trial.pace.min_rounds, load.min_query_count) if trial.case.scenario == "single_stream" else None
    pace = replace(trial.pace, load=load, min_rounds=rounds or trial.pace.min_rounds)
    return replace(trial, pace=pace, timeout_seconds=trial.timeout_seconds + load.max_duration)


def _gate(works: Sequence[Case], settings: Settings) -> list[Trial]:
    processes = max(GATE_PROCESSES, settings.processes) if settings.gate else 0
    return [trial for replicate in range(processes) for trial in _block(works, "gate", replicate, settings)]


def _composition(hosts: Sequence[Case], settings: Settings) -> list[Trial]:
    able = [case for case in hosts if settings.composition and case.runtime == "torch-eager"]
    return _block(able, "composition", 0, settings)


def _features(works: Sequence[Case], boards: Sequence[Case], settings: Settings) -> list[Trial]:
    """One a work, where there are boards to project onto; only single stream is projected."""
    pace = settings.features
    if pace is None or not boards or settings.sustained_seconds or settings.scenario != "single_stream":
        return []
    limits = Limits(threads=1)
    return [Trial(w, "features", 0, limits, pace, settings.timeout_seconds, seed=settings.seed) for w in works]


def _energy(hosts: Sequence[Case], capabilities: Capabilities, settings: Settings) -> list[Trial]:
    usable = [m for m in capabilities.meters if m.reason is None and "energy" in m.roles]
    able = [case for case in hosts if any(covers(meter, case.device) for meter in usable)]
    return _block(able, "energy", 0, settings)


def covers(meter: MeterState, device: str) -> bool:
    """Whether an energy meter sees all that ``device`` draws: the CPU's package has no part in a GPU's."""
    scopes = {metric.scope for metric in meter.metrics if metric.unit == "J"}
    return device in meter.devices and bool(scopes - {"package"} if device == "gpu" else scopes)


def _limits(
    boards: Sequence[Case], profiles: dict[str, HardwareProfile], capabilities: Capabilities
) -> dict[str, Limits]:
    """By case: what its tier allows. The first GPU of this host stands for any tier's."""
    gpu = next(iter(capabilities.gpus), None)
    targets = {(p.id, t.id): t for p in profiles.values() for t in p.target}
    return {c.id: tiers.limits(profiles[c.profile], targets[c.profile, c.target], gpu) for c in boards}


def _paced(boards: Sequence[Case], limits: dict[str, Limits], settings: Settings) -> list[Trial]:
    """Last of all: what a projection is made of has been measured by then, and whether the case fits is known."""
    able = boards if settings.slow_down else ()
    return [replace(trial, limits=limits[trial.case.id]) for trial in _block(able, "paced", 0, settings)]


def _room(trial: Trial) -> int:
    """The tightest first: what runs to its end there need not be run where there is more room."""
    return trial.limits.memory_bytes or 0


def _ceiling(case: Case, limits: Limits, settings: Settings) -> Trial:
    return Trial(case, "ceiling", 0, limits, settings.memory, settings.ceiling_timeout_seconds, seed=settings.seed)
