"""What this machine is and what it can measure and enforce, as values that the planner takes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.model.measure import Metric


class Gpu(Struct, frozen=True):
    """An NVIDIA GPU as NVML sees it."""

    index: int
    name: str
    memory_bytes: int
    driver: str = ""
    mig: bool = False
    multiprocessors: int | None = None
    """None where the CUDA driver could not be asked."""


class MeansState(Struct, frozen=True):
    """One means of enforcement and why it cannot be used; ``reason`` None means it can."""

    id: str
    reason: str | None


class MeterState(Struct, frozen=True):
    """One instrument and why it cannot be used here; ``reason`` None means it can."""

    id: str
    reason: str | None
    roles: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """``cpu`` and ``gpu``: those whose work it sees."""
    metrics: tuple[Metric, ...] = ()


class RuntimeState(Struct, frozen=True):
    """One runtime on one kind of device, its version, and why it cannot be used here."""

    id: str
    device: Literal["cpu", "gpu"]
    reason: str | None
    version: str = ""
    refused: dict[str, str] = {}
    """Data types that it does not run there, and why; those of ``workload.DTYPES`` that are not here it runs."""
    made_of: dict[str, str] = {}
    """Data types that it makes itself, and the one that a workload is then built in."""


class Capabilities(Struct, frozen=True):
    """What can be measured and enforced here."""

    cores: int
    memory_bytes: int
    swap_bytes: int
    gpus: tuple[Gpu, ...] = ()
    means: tuple[MeansState, ...] = ()
    """Best first."""
    meters: tuple[MeterState, ...] = ()
    runtimes: tuple[RuntimeState, ...] = ()

    def best_means(self) -> str | None:
        """Id of the best usable means of enforcement, None where nothing can be enforced."""
        return next((m.id for m in self.means if m.reason is None), None)


class Environment(Struct, frozen=True):
    """The machine a run was made on. Unknown is None."""

    hostname: str
    system: str
    kernel: str
    machine: str
    cpu: str
    cores: int
    memory_bytes: int
    python: str
    tierbench: str
    packages: dict[str, str | None]
    governor: str | None = None
    gpus: tuple[Gpu, ...] = ()
    virtualisation: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None
    fingerprint: str = ""
    """Hash of CPU, cores, memory, GPUs and driver: runs with the same one may be compared in time."""
