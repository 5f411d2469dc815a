"""GPU memory as the driver accounts for it: what torch's allocator does not see is in it.

NVML keeps no peak. Torch keeps what it reserved, so the end of a stage is its peak, but for what was given back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from typing import Protocol

from msgspec.structs import replace

from harness.host.processes import descendants
from harness.meters.counter import one
from harness.meters.nvml_device import NvmlError, RealDevice
from harness.model.measure import Finding, Measurement, Stage
from harness.model.memory import GPU_DELTA, GPU_PROCESS, GPU_REMAINDER
from harness.model.units import show_bytes

MIG = "the GPU is split into MIG instances: NVML's memory and processes are those of the whole GPU, not of one of them"
UNIFIED = "the GPU shares the machine's memory or NVML does not account for it"
UNNAMED = "NVML names processes by numbers that this container does not know: see gpu_device_delta"
NOT_SAID = "NVML names this process and not its memory: see gpu_device_delta"
NONE_YET = "the trial had not touched the GPU by then"
BY_DELTA = "device delta over idle (NVML does not tell this process's own) less what torch's allocator holds"


class MemoryDevice(Protocol):
    """What is asked of one GPU. A replay stands in for exactly this. All raise NvmlError."""

    def mig(self) -> bool:
        """Whether the GPU is split into MIG instances."""

    def used_bytes(self) -> int:
        """Memory in use on the whole GPU."""

    def processes(self) -> dict[int, int | None]:
        """Bytes of each process on it, by the number that the driver knows it by; None where it does not say."""


class NvmlMemory:
    """The trial's own bytes, what it added to the whole GPU, and what torch's allocator leaves unexplained."""

    id = "nvml-memory"
    roles = frozenset({"need", "gate", "ceiling", "composition"})
    devices = frozenset({"gpu"})
    metrics = (GPU_PROCESS, GPU_DELTA, GPU_REMAINDER)

    def __init__(
        self,
        open_device: Callable[[], MemoryDevice] = RealDevice,
        own: Callable[[], Collection[int]] = lambda: descendants(os.getpid()),
        reserved: Callable[[], int | None] | None = None,
    ) -> None:
        self._open, self._own, self._reserved = open_device, own, reserved or torch_reserved
        self._device: MemoryDevice | None = None
        self._idle, self._before = 0, set[int]()
        self._problem = "the stage was never begun"
        self._findings: list[Finding] = []
        self._told = False

    def available(self) -> str | None:
        """Why the driver's account of memory cannot be had here; None where it can."""
        try:
            device = self._open()
            if device.mig():
                return MIG
        except NvmlError as error:
            return str(error)
        return _unaccounted(device)

    def begin(self) -> None:
        """Before the trial's first stage: what is in use, and by whom. Later stages keep that baseline."""
        if self._device is not None:
            return
        try:
            device = self._open()
            self._idle, self._before = device.used_bytes(), set(device.processes())
        except NvmlError as error:
            self._problem = str(error)
            return
        self._device = device
        if self._before:
            self._tell(f"{len(self._before)} other process(es) hold {show_bytes(self._idle)} of this GPU's memory")

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Own bytes, device delta and remainder now, or why they are missing."""
        if self._device is None:
            return tuple(one(metric, stage, None, self._problem) for metric in self.metrics)
        try:
            used, processes = self._device.used_bytes(), self._device.processes()
        except NvmlError as error:
            return tuple(one(metric, stage, None, str(error)) for metric in self.metrics)
        own, missing = self._own_bytes(processes)
        delta = used - self._idle
        if len(set(processes) - self._before) > max(1, len(set(processes) & set(self._own()))):
            self._tell("another process came to this GPU during the trial")
        process = one(GPU_PROCESS, stage, own, missing)
        return (process, one(GPU_DELTA, stage, float(delta), None), self._remainder(stage, own, delta))

    def findings(self) -> tuple[Finding, ...]:
        """What there is to say since it was last asked."""
        told, self._findings = tuple(self._findings), []
        return told

    def _own_bytes(self, processes: dict[int, int | None]) -> tuple[float | None, str | None]:
        mine = [processes[pid] for pid in self._own() if pid in processes]
        if not mine:
            return None, UNNAMED if set(processes) - self._before else NONE_YET
        if None in mine:
            return None, NOT_SAID
        return float(sum(size or 0 for size in mine)), None

    def _remainder(self, stage: Stage, own: float | None, delta: int) -> Measurement:
        reserved = self._reserved()
        if reserved is None:
            return one(GPU_REMAINDER, stage, None, NONE_YET)
        metric = GPU_REMAINDER if own is not None else replace(GPU_REMAINDER, scope="device", how=BY_DELTA)
        return one(metric, stage, (delta if own is None else own) - reserved, None)

    def _tell(self, message: str) -> None:
        if not self._told:
            hint = "times and device totals are theirs too: stop them, or choose another GPU"
            self._findings.append(Finding("warning", "gpu-shared", message, hint))
        self._told = True


def torch_reserved() -> int | None:
    """Bytes that torch's allocator holds on the GPU; None before there is a CUDA context."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return int(torch.cuda.memory_reserved())


def _unaccounted(device: MemoryDevice) -> str | None:
    try:
        device.used_bytes()
    except NvmlError as error:
        return f"{UNIFIED} ({error})"
    return None
