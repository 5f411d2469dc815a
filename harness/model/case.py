"""What is compared (Case), what is run (Trial), under which limits, and the plan that holds them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.model.load import Load
from harness.model.own import Own

Role = Literal["prepare", "timing", "need", "ceiling", "energy", "gate", "composition", "features", "paced", "fit"]
"""``prepare``: fill the caches, measure nothing. ``timing``: time alone. ``need``: memory, uncapped. ``ceiling``: load
and a few steps under the profile's limit. ``energy``: joules over a window. ``gate``: memory that repeats, with the
allocator held still. ``composition``: what tensors the memory is made of. ``features``: operators by class, and time
on one thread: what a board's time is projected from. ``paced``: under the profile's limit, slowed down to its projected
time. ``fit``: as ``ceiling`` under a limit that a search chose, with the allocator held still."""

HELD_STILL: frozenset[Role] = frozenset({"gate", "fit"})
"""Roles whose allocator's thresholds are fixed, so that their memory repeats."""
THRESHOLD_KIB = 128
"""Where: glibc's own first thresholds, which it would raise as blocks are freed. Higher, smaller blocks leave gaps."""
HELD_STILL_SAID = f"glibc thresholds fixed at {THRESHOLD_KIB} KiB"
"""How what they measure is labelled."""

UNDER_LIMITS: frozenset[Role] = frozenset({"ceiling", "paced", "fit"})
"""Roles that are run for one tier, under its limits or one in their place; what they measure is ``enforced``."""

Device = Literal["cpu", "gpu"]

HOST = "host"
"""The profile id that stands for the machine itself."""

ParameterValue = int | float | str | bool


class WorkloadRef(Struct, frozen=True):
    """A workload at one point of its parameters, and the file it comes from."""

    suite: str
    name: str
    path: str
    """Absolute path of the suite file."""
    parameters: dict[str, ParameterValue] = {}
    family: str = ""
    version: int = 1
    deadline_seconds: float | None = None
    items_unit: str = "items"
    own: Own | None = None
    """Where it was made of a model that the user named; None where it is from a suite."""

    @property
    def id(self) -> str:
        """E.g. ``vision/resnet50[batch=1]``."""
        inside = ",".join(f"{k}={v}" for k, v in sorted(self.parameters.items()))
        return f"{self.suite}/{self.name}[{inside}]" if inside else f"{self.suite}/{self.name}"

    @property
    def samples(self) -> int:
        """Samples that one step takes: the parameter ``batch``, or 1."""
        batch = self.parameters.get("batch", 1)
        return batch if isinstance(batch, int) and batch > 0 else 1


class Case(Struct, frozen=True):
    """The unit of comparison: workload x profile target x runtime x dtype x scenario."""

    workload: WorkloadRef
    profile: str
    target: str
    device: Device
    runtime: str
    dtype: str
    scenario: str = "single_stream"

    @property
    def id(self) -> str:
        """Stable across runs: ``vision/resnet50[batch=1]@host:cpu/torch-eager/float32/single_stream``."""
        return f"{self.workload.id}@{self.tier}/{self.runtime}/{self.dtype}/{self.scenario}"

    @property
    def tier(self) -> str:
        """Profile and target: ``raspberry-pi-5-4gb:cpu``."""
        return f"{self.profile}:{self.target}"

    @property
    def work_id(self) -> str:
        """What the need and timing trials depend on: the case without its profile."""
        return f"{self.workload.id}@{self.device}/{self.runtime}/{self.dtype}/{self.scenario}"


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a trial may use. None means not limited."""

    memory_bytes: int | None = None
    swap_bytes: int = 0
    cores: int | None = None
    threads: int | None = None
    gpu_memory_bytes: int | None = None
    gpu_multiprocessors: int | None = None
    gpu_percent: float | None = None
    """That number as a share of this host's; None where one of them is not known or it is no less."""
    gpu_shares_memory: bool = False
    """True where the tier's GPU has no memory of its own: both limits are then of one and the same memory."""


class Pace(Struct, frozen=True, omit_defaults=True):
    """How long to warm up and measure, in one process."""

    budget_seconds: float = 10.0
    """For the timed rounds."""
    warmup_seconds: float = 5.0
    """At most; less once the trend is flat."""
    precision: float = 0.02
    """Stop when the half-width of the 95 % interval, relative to the median, is below this."""
    min_rounds: int = 3
    steps: int = 3
    """Steps of a need, gate or ceiling trial after its first: fewer, but one, once they took ``budget_seconds``."""
    energy_seconds: float = 6.0
    step_seconds: float | None = None
    """How long a step of a paced trial is to take, its wait included."""
    load: Load | None = None
    """How a timing trial is loaded; None: single stream until precise, or sustained."""
    min_seconds: float = 0.0
    """Timed rounds go on for so long at least, precise or not: what comes seldom is seen only in time."""
    wanted_rounds: int = 0
    """Nor do they end with fewer rounds than this, as a percentile needs, while the budget lasts."""


class Trial(Struct, frozen=True):
    """One process, one record, the unit of resume."""

    case: Case
    role: Role
    replicate: int = 0
    limits: Limits = Limits()
    pace: Pace = Pace()
    timeout_seconds: float = 600.0
    patience_seconds: float | None = None
    """How long it may take once its libraries are imported, which has a bound of its own; None: to the timeout."""
    seed: int = 0
    settings: dict[str, str] = {}
    """Meter and runtime settings that a plan carries through to the child."""

    @property
    def id(self) -> str:
        """Stable within a plan: the case (or its work, where the profile does not matter), role and replicate."""
        subject = self.case.id if self.role in UNDER_LIMITS else self.case.work_id
        return f"{self.role}:{subject}#{self.replicate}"


class Skip(Struct, frozen=True):
    """A case that is left out, and why."""

    case: Case
    reason: str


class Plan(Struct, frozen=True):
    """Cases to compare, trials to run in this order, and a reason for each case that is left out."""

    cases: tuple[Case, ...]
    trials: tuple[Trial, ...]
    skips: tuple[Skip, ...]
    seed: int
    processes: int
