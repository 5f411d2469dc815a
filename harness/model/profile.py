"""HardwareProfile: a board in one power mode, as data. Every figure carries value, unit, source, date and kind."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from harness.model.units import to_base

FigureKind = Literal["measured", "datasheet", "computed", "estimated"]
By = Literal["vendor", "independent", "tierbench"]
"""Who measured: the vendor, someone independent of it, or tierbench's own calibration."""


class Figure(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One number with where it comes from. ``base`` is the value in base units."""

    value: float
    unit: str
    source: str
    date: str
    """When it was published or read, ``YYYY-MM-DD`` or ``YYYY-MM`` or ``YYYY``."""
    kind: FigureKind
    note: str = ""
    scope: str = ""
    """For power: gpu, package, module, board or wall."""
    by: By | None = None
    """Who says so; None where not stated."""
    recheck: str = ""
    """A date after which it should be looked up again, in the forms of ``date``."""

    @property
    def base(self) -> float:
        """The value in its base unit."""
        return to_base(self.value, self.unit)


class Memory(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A board's memory. ``usable`` is nominal less what firmware takes; ``reserve`` is kept for its system."""

    nominal: Figure
    usable: Figure
    reserve: Figure
    swap: Figure | None = None
    type: str = ""
    bandwidth_peak: Figure | None = None
    bandwidth_copy_1t: Figure | None = None
    bandwidth_copy: Figure | None = None
    """Measured copy with all threads."""


class Cluster(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cores of one kind."""

    name: str
    cores: Figure
    clock: Figure | None = None
    flop_per_cycle_fp32: Figure | None = None


class Anchors(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Published or measured figures of known models on a target, in one configuration. Raw values; they calibrate."""

    runtime: str
    """As tierbench calls it, where it has that runtime: ``ncnn``, ``onnxruntime``, ``torch-eager`` ..."""
    dtype: str
    """Of the arithmetic."""
    threads: int
    """On a GPU 1."""
    unit: str
    """Of ``values`` and ``samples``: a unit of time, or ``token/s`` for a decode rate."""
    source: str
    date: str
    kind: FigureKind
    values: dict[str, float]
    """Model, or id of a workload -> value in ``unit``."""
    metric: Literal["latency", "decode_rate"] = "latency"
    version: str = ""
    """Of the runtime; empty where not told."""
    statistic: Literal["minimum", "median", "mean", "unknown"] = "unknown"
    batch: int = 1
    by: By | None = None
    n: int | None = None
    """Runs behind each value."""
    spread: dict[str, float] = {}
    """Model -> relative spread (a fraction), where told."""
    samples: dict[str, tuple[float, ...]] = {}
    """Model -> raw samples in ``unit``."""
    bytes_per_token: dict[str, float] = {}
    """For a decode rate: model -> bytes of weights read per token."""
    note: str = ""


class Accuracy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How far projections onto a target were off, and how that was found out. Errors are fractions."""

    runtime: str
    dtype: str
    threads: int
    method: Literal["leave-one-anchor-out", "verified on the board"]
    cases: int
    median_error: float
    worst_error: float
    date: str
    tierbench: str
    """Version that found it out."""


class Target(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something on the board that runs a workload: its CPU or its GPU."""

    id: str
    device: Literal["cpu", "gpu"]
    name: str
    dtypes: tuple[str, ...] = ()
    """Data types it computes in; empty means not stated."""
    isa: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    memory: Figure | None = None
    """Of its own; None where it shares the board's."""
    peak_fp32: Figure | None = None
    peak_fp16: Figure | None = None
    peak_int8: Figure | None = None
    """Dense, in OP/s."""
    bandwidth_peak: Figure | None = None
    """Of its own memory."""
    bandwidth_copy: Figure | None = None
    runtimes: tuple[str, ...] = ()
    """Known to work there; empty means not stated."""
    thread_speedup: Figure | None = None
    """Throughput of all cores over that of one."""
    anchors: tuple[Anchors, ...] = ()
    accuracy: tuple[Accuracy, ...] = ()

    @property
    def cores(self) -> int | None:
        """All cores of all clusters, None where not stated."""
        return int(sum(c.cores.base for c in self.clusters)) or None


class Power(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Idle and load power with their scope."""

    idle: Figure | None = None
    load: Figure | None = None


class Npu(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An accelerator beside CPU and GPU: declared, and run only by a runtime's plug-in."""

    name: str
    peak_int8: Figure | None = None
    """In OP/s, dense unless ``sparse``."""
    sparse: bool = False
    """True where ``peak_int8`` counts on weights of which half are zero."""
    runtime: str = ""
    """Entry point of the plug-in that runs it."""


class Network(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A link by which the board is reached. Loss is not modelled."""

    name: str
    bandwidth: Figure | None = None
    round_trip: Figure | None = None


class HardwareProfile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A board in a power mode."""

    format: Literal[1]
    id: str
    name: str
    kind: Literal["board", "generic", "host"]
    tier: str
    """Class of machine: ``sbc``, ``edge-gpu``, ``mini-pc``, ``cloud-gpu`` ..."""
    memory: Memory
    target: tuple[Target, ...]
    aliases: tuple[str, ...] = ()
    soc: str = ""
    power_mode: str = ""
    summary: str = ""
    contributor: str = ""
    power: Power = field(default_factory=Power)
    cooling: str = ""
    firmware: str = ""
    driver: str = ""
    price: Figure | None = None
    npu: tuple[Npu, ...] = ()
    network: tuple[Network, ...] = ()

    @property
    def budget_bytes(self) -> int:
        """What a workload may use: usable memory less the reserve of the board's system."""
        return int(self.memory.usable.base - self.memory.reserve.base)

    @property
    def swap_bytes(self) -> int:
        """Swap the board is set up with; 0 where the profile states none."""
        return int(self.memory.swap.base) if self.memory.swap else 0
