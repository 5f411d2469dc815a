"""Builds Runs of any size for the tests of view, render and browser. Its figures are invented, its shape is real."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as changed_copy

from harness.model.case import HOST, Case, Limits, Plan, Role, Skip, Trial, WorkloadRef
from harness.model.machine import Capabilities, Environment, Gpu, MeterState
from harness.model.measure import (
    COLD_START,
    GPU_ALLOCATED,
    GPU_RESERVED,
    INPUT_BYTES,
    INTERVAL_TIME,
    LATENCY,
    LOAD_TIME,
    MARK_TIME,
    OUTPUT_BYTES,
    PROCESS_BASELINE,
    PROCESS_PEAK,
    STEP_ENERGY,
    TREE_BASELINE,
    TREE_PEAK,
    WEIGHTS,
    Finding,
    Measurement,
    Stage,
)
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut
from harness.model.profile import Cluster, Figure, HardwareProfile, Memory, Target
from harness.model.record import Enforced, Manifest, Record, Run
from harness.model.units import GIB, MIB

STARTED = "2026-11-23T02:14:00+00:00"
RUNTIME_BYTES = 230 * MIB
FILE_PAGES = 90 * MIB
BUDGETS = (
    4 * GIB,
    400 * MIB,
    7 * GIB,
    GIB,
    2 * GIB,
    600 * MIB,
    12 * GIB,
    16 * GIB,
    3 * GIB,
    800 * MIB,
    1536 * MIB,
    24 * GIB,
)


@dataclass(frozen=True)
class Work:
    """A workload with what its trials will say."""

    name: str
    family: str = "vision"
    seconds: float = 0.01
    weights: int = 14 * MIB
    activations: int = 20 * MIB
    parameters: Mapping[str, int] = field(default_factory=lambda: {"batch": 1})
    deadline: float | None = None
    items_unit: str = "images"
    tokens: int = 0
    rounds: int = 200
    payload: tuple[int, int] | None = (602_112, 4_000)
    """Bytes given and returned; None as if no trial had said."""
    fates: Mapping[str, Outcome] = field(default_factory=dict)
    """Tier -> outcome, where it is not what need and budget say."""

    @property
    def need(self) -> int:
        return RUNTIME_BYTES + self.weights * 5 // 4 + self.activations

    def reference(self, suite: str = "synthetic") -> WorkloadRef:
        return WorkloadRef(
            suite,
            self.name,
            "/suites/synthetic.py",
            dict(self.parameters),
            self.family,
            1,
            self.deadline,
            self.items_unit,
        )


SMALL = (
    Work("mobilenet-v2", seconds=0.0091, weights=14 * MIB, deadline=1 / 30),
    Work("vit-b16", seconds=0.0396, weights=330 * MIB, activations=80 * MIB, deadline=1 / 30),
    Work("llama-1b", "language", 1.9, 4000 * MIB, 150 * MIB, {"tokens": 16}, None, "tokens", tokens=16, rounds=5),
)


def figure(value: float, unit: str = "MiB") -> Figure:
    return Figure(value, unit, "the builder of tests", "2026", "estimated")


def board(identity: str, name: str, budget: int, cores: int = 4) -> HardwareProfile:
    target = Target("cpu", "cpu", "CPU", clusters=(Cluster("all", figure(cores, "cores")),))
    memory = Memory(figure(budget / MIB + 300), figure(budget / MIB + 200), figure(200))
    return HardwareProfile(1, identity, name, "board", "sbc", memory, (target,))


def boards(count: int) -> list[HardwareProfile]:
    names = (
        "Raspberry Pi 5 (4 GB)",
        "Raspberry Pi Zero 2 W",
        "Jetson Orin Nano 8 GB",
        "Rock 5C",
        "Orange Pi 5",
        "BeagleY-AI",
    )
    return [
        board(f"board-{k}", names[k] if k < len(names) else f"Board {k}", BUDGETS[k % len(BUDGETS)])
        for k in range(count)
    ]


def make_run(
    works: Sequence[Work] = SMALL,
    profiles: Sequence[HardwareProfile] | None = None,
    *,
    gpu: bool = False,
    energy: bool = False,
    processes: int = 3,
    seed: int = 0,
    suite: str = "synthetic",
    skips: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
    unfinished: int = 0,
) -> Run:
    """A run of ``works`` on the host (and its GPU) and on boards. ``skips`` gives a tier the reason why it was not
    tried; the last ``unfinished`` trials have no record."""
    profiles = boards(2) if profiles is None else list(profiles)
    maker = _Maker(random.Random(seed), profiles, processes, gpu, energy, suite, dict(skips or {}))
    for work in works:
        maker.add(work)
    manifest = _manifest(maker, findings)
    records = tuple(maker.records[: len(maker.records) - unfinished])
    return Run(manifest, records)


def many(workloads: int, tiers: int, *, rounds: int = 40, processes: int = 2, gpu: bool = True) -> Run:
    """``workloads`` x ``tiers``: the host, its GPU where asked for, and boards; every kind of outcome is in it."""
    rng = random.Random(workloads * 1000 + tiers)
    families = ("vision", "language", "audio", "series", "detection", "diffusion")
    works = [_drawn(rng, k, families[k * len(families) // workloads], rounds) for k in range(workloads)]
    return make_run(works, boards(tiers - 1 - gpu), gpu=gpu, energy=gpu, processes=processes)


def _drawn(rng: random.Random, k: int, family: str, rounds: int) -> Work:
    seconds = 10 ** rng.uniform(-3.5, 1)
    weights = int(10 ** rng.uniform(0.5, 3.7)) * MIB
    deadline = rng.choice((None, None, 1 / 30, 0.5))
    return Work(
        f"{family}-{k:03d}",
        family,
        seconds,
        weights,
        int(weights * rng.uniform(0.02, 1)),
        {"batch": 1 + k % 2 * 7},
        deadline,
        rounds=rounds,
    )


class _Maker:
    def __init__(
        self,
        rng: random.Random,
        profiles: Sequence[HardwareProfile],
        processes: int,
        gpu: bool,
        energy: bool,
        suite: str,
        skips: dict[str, str],
    ) -> None:
        self.rng, self.profiles, self.processes, self.gpu, self.energy = rng, profiles, processes, gpu, energy
        self.suite, self.skipped = suite, skips
        self.cases: list[Case] = []
        self.skips: list[Skip] = []
        self.records: list[Record] = []

    def add(self, work: Work) -> None:
        reference = work.reference(self.suite)
        self._host(work, Case(reference, HOST, "cpu", "cpu", "torch-eager", "float32"))
        if self.gpu:
            self._host(work, Case(reference, HOST, "gpu", "gpu", "torch-eager", "float32"))
        for profile in self.profiles:
            self._board(work, profile, Case(reference, profile.id, "cpu", "cpu", "torch-eager", "float32"))

    def _host(self, work: Work, case: Case) -> None:
        if case.tier in self.skipped:
            self.skips.append(Skip(case, self.skipped[case.tier]))
            return
        self.cases.append(case)
        for replicate in range(self.processes):
            self._record(case, "need", replicate, Ok(), _need(work, case), work)
            fate = work.fates.get(case.tier, Ok())
            measured = self._timing(work, case) if isinstance(fate, Ok) else ()
            self._record(case, "timing", replicate, fate, measured, work)
        if self.energy and case.device == "gpu":
            joules = tuple(self._noisy(40 * work.seconds) for _ in range(5))
            self._record(case, "energy", 0, Ok(), (Measurement(STEP_ENERGY, "timed", "measured", joules),), work)

    def _board(self, work: Work, profile: HardwareProfile, case: Case) -> None:
        if case.tier in self.skipped:
            self.skips.append(Skip(case, self.skipped[case.tier]))
            return
        self.cases.append(case)
        budget = profile.budget_bytes
        fate = work.fates.get(case.tier) or (
            Ok() if work.need <= budget else DoesNotFit(budget, budget, "killed by the kernel at the limit, in load")
        )
        enforced = (
            Enforced("memory", budget, budget, "cgroup-v1"),
            Enforced("cores", 4, 2, "affinity", note="this host has 2 cores"),
        )
        self._record(case, "ceiling", 0, fate, (), work, Limits(budget, 0, 4, 4), enforced)

    def _timing(self, work: Work, case: Case) -> tuple[Measurement, ...]:
        level = self._noisy(work.seconds / (20 if case.device == "gpu" else 1))
        times = tuple(level * self.rng.lognormvariate(0, 0.02) for _ in range(work.rounds))
        found = [
            Measurement(LATENCY, "timed", "measured", times),
            Measurement(COLD_START, "warm-up", "measured", (3 * level,)),
            Measurement(LOAD_TIME, "load", "measured", (0.4 + work.weights / GIB,)),
        ]
        if work.tokens:
            gap = level / work.tokens
            found.append(
                Measurement(MARK_TIME, "timed", "measured", tuple(t / work.tokens for t in times), marks="first_token")
            )
            found.append(Measurement(INTERVAL_TIME, "timed", "measured", (gap,) * (work.tokens - 1), marks="token"))
        return tuple(found)

    def _noisy(self, value: float) -> float:
        return value * self.rng.lognormvariate(0, 0.01)

    def _record(
        self,
        case: Case,
        role: Role,
        replicate: int,
        outcome: Outcome,
        measured: tuple[Measurement, ...],
        work: Work,
        limits: Limits | None = None,
        enforced: tuple[Enforced, ...] = (),
    ) -> None:
        trial = Trial(case, role, replicate, limits or Limits())
        facts = {"means": "cgroup-v1", "threads": "2", "cpu_capability": "AVX512", "torch": "2.13.0"}
        items = float(work.tokens or work.parameters.get("batch", 1)) if isinstance(outcome, Ok) else None
        self.records.append(
            Record(trial.id, trial, outcome, STARTED, 1.0, measured, enforced, items=items, facts=facts)
        )


def _need(work: Work, case: Case) -> tuple[Measurement, ...]:
    """As the meters say it: a baseline and a peak a stage, for the tree and, with its file pages, for the process."""
    stages: dict[Stage, tuple[int, int]] = {
        "load": (RUNTIME_BYTES, RUNTIME_BYTES + work.weights * 5 // 4),
        "warm-up": (RUNTIME_BYTES + work.weights, RUNTIME_BYTES + work.weights + work.activations // 2),
        "timed": (RUNTIME_BYTES + work.weights, RUNTIME_BYTES + work.weights + work.activations),
    }
    found = [Measurement(WEIGHTS, "load", "measured", (float(work.weights),))]
    for stage, (baseline, peak) in stages.items():
        found.append(Measurement(TREE_BASELINE, stage, "measured", (float(baseline),)))
        found.append(Measurement(TREE_PEAK, stage, "measured", (float(peak),)))
        found.append(Measurement(PROCESS_BASELINE, stage, "measured", (float(baseline + FILE_PAGES),)))
        found.append(Measurement(PROCESS_PEAK, stage, "measured", (float(peak + FILE_PAGES),)))
    for metric, size in zip((INPUT_BYTES, OUTPUT_BYTES), work.payload or (), strict=False):
        found.append(Measurement(metric, "warm-up", "measured", (float(size),)))
    found.append(Measurement(TREE_PEAK, "trial", "measured", (float(work.need),)))
    if case.device == "gpu":
        found.append(Measurement(GPU_ALLOCATED, "timed", "measured", (float(work.weights + work.activations),)))
        found.append(Measurement(GPU_RESERVED, "timed", "measured", (float(work.weights * 1.1 + work.activations),)))
    return tuple(found)


def _manifest(maker: _Maker, findings: Sequence[Finding]) -> Manifest:
    gpus = (Gpu(0, "NVIDIA H100 80GB HBM3", 80 * GIB, "570.1"),) if maker.gpu else ()
    environment = Environment(
        hostname="bench",
        system="Debian GNU/Linux 12",
        kernel="6.18.0",
        machine="x86_64",
        cpu="Intel Xeon Platinum 8481C",
        cores=2,
        memory_bytes=16 * GIB,
        python="3.11.9",
        tierbench="0.1.0",
        packages={"torch": "2.13.0", "onnxruntime": None},
        gpus=gpus,
        git_commit="a1b2c3d4e5f6",
        git_dirty=False,
        fingerprint="0123abcd",
    )
    meters = (
        MeterState("rapl", "energy_uj is readable by root only", ("energy",)),
        MeterState("nvml", None if gpus else "no NVIDIA driver", ("energy",)),
    )
    plan = Plan(tuple(maker.cases), tuple(r.trial for r in maker.records), tuple(maker.skips), 0, maker.processes)
    return Manifest(
        1, "2026-11-23T021400-beef", STARTED, ("tierbench", "run", "--quick", "-p", "rpi5"), environment,
        Capabilities(2, 16 * GIB, 0, gpus, meters=meters), tuple(maker.profiles), plan, tuple(findings),
    )  # fmt: skip


def with_fate(work: Work, **fates: Outcome) -> Work:
    """The work with outcomes on tiers named like ``host_cpu`` or ``board_0_cpu``."""
    named = {k.rsplit("_", 1)[0].replace("_", "-") + ":" + k.rsplit("_", 1)[1]: v for k, v in fates.items()}
    return replace(work, fates={**work.fates, **named})


def with_limit(run: Run, **changed: object) -> Run:
    """The run with another account of how its memory limits were enforced, e.g. ``given=None``."""

    def other(record: Record) -> Record:
        entries = tuple(changed_copy(e, **changed) if e.limit == "memory" else e for e in record.enforced)
        return changed_copy(record, enforced=entries)

    return changed_copy(run, records=tuple(map(other, run.records)))


def everything() -> Run:
    """A run in which each outcome, a missing sensor and a single sample occur."""
    limit = boards(3)[1].budget_bytes
    works = [
        *SMALL,
        with_fate(Work("thrasher", "audio", weights=40 * MIB), board_1_cpu=Thrashes(limit, 34_000)),
        with_fate(Work("stuck", "audio"), board_0_cpu=TimedOut(180.0, "load"), host_cpu=TimedOut(600.0, "timed")),
        with_fate(
            Work("broken", "series"),
            board_0_cpu=Failed("ValueError: no", "load"),
            host_cpu=Failed("ValueError: no", "load"),
        ),
        Work("once", "series", seconds=2.5, weights=90 * MIB, rounds=1, deadline=2.5),
        with_fate(
            Work("killed", "series"),
            board_2_cpu=DoesNotFit(7 * GIB, None, "killed by the kernel at the limit, in load"),
        ),
    ]
    findings = [
        Finding("warning", "busy", "another process used 40 % of a core", "stop it and run again", "timing:a"),
        Finding("warning", "busy", "another process used 70 % of a core", "stop it and run again", "timing:b"),
        Finding("info", "governor", "the clock governor is not known"),
    ]
    return make_run(
        works, boards(4), processes=1, skips={"board-3:cpu": "its runtime is not installed"}, findings=findings
    )
