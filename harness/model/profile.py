"""HardwareProfile: a board in one power mode, as data. Every figure carries value, unit, source, date and kind."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from harness.model.units import to_base

FigureKind = Literal["measured", "datasheet", "computed", "estimated"]


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


class Cluster(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cores of one kind."""

    name: str
    cores: Figure
    clock: Figure | None = None
    flop_per_cycle_fp32: Figure | None = None


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

    @property
    def cores(self) -> int | None:
        """All cores of all clusters, None where not stated."""
        return int(sum(c.cores.base for c in self.clusters)) or None


class Power(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Idle and load power with their scope."""

    idle: Figure | None = None
    load: Figure | None = None


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

    @property
    def budget_bytes(self) -> int:
        """What a workload may use: usable memory less the reserve of the board's system."""
        return int(self.memory.usable.base - self.memory.reserve.base)

    @property
    def swap_bytes(self) -> int:
        """Swap the board is set up with; 0 where the profile states none."""
        return int(self.memory.swap.base) if self.memory.swap else 0
