"""The NVML calls that meters and the sampler use, on one GPU, through pynvml."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Any, Protocol

from harness.meters.counter import CounterError


class NvmlError(CounterError):
    """An NVML call that failed; the message says which and why."""


class Device(Protocol):
    """What the energy meter asks of one GPU. A replay stands in for exactly this. All raise NvmlError."""

    def energy_millijoules(self) -> int:
        """The total-energy counter."""

    def power_watts(self) -> tuple[str, float]:
        """The name of the field that was read, and the power."""

    def mig(self) -> bool:
        """Whether the GPU is split into MIG instances."""

    def compute_capability(self) -> tuple[int, int]:
        """CUDA's number for its architecture, e.g. (9, 0)."""


class RealDevice:
    """The GPU that this process uses, through pynvml. Raises NvmlError where there is none."""

    def __init__(self) -> None:
        if find_spec("pynvml") is None:
            raise NvmlError("the package nvidia-ml-py is not installed")
        import pynvml

        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
        except Exception as error:  # some of its errors are no NVMLError
            raise NvmlError(f"no NVIDIA driver that can be used here (nvmlInit: {error})") from None
        self._handle = self._find()

    def energy_millijoules(self) -> int:
        """nvmlDeviceGetTotalEnergyConsumption, in mJ since the driver was loaded."""
        return int(self._call("nvmlDeviceGetTotalEnergyConsumption", self._handle))

    def power_watts(self) -> tuple[str, float]:
        """The instantaneous power where the driver gives it, else the average, else what PowerUsage is."""
        for name in ("NVML_FI_DEV_POWER_INSTANT", "NVML_FI_DEV_POWER_AVERAGE"):
            milliwatts = self._field(getattr(self._nvml, name, None))
            if milliwatts is not None:
                return name.removeprefix("NVML_FI_DEV_"), milliwatts / 1000
        return "PowerUsage", self._call("nvmlDeviceGetPowerUsage", self._handle) / 1000

    def mig(self) -> bool:
        """Whether MIG mode is on; GPUs without it say that they do not support the question."""
        try:
            return bool(self._call("nvmlDeviceGetMigMode", self._handle)[0])
        except NvmlError:
            return False

    def compute_capability(self) -> tuple[int, int]:
        """nvmlDeviceGetCudaComputeCapability."""
        major, minor = self._call("nvmlDeviceGetCudaComputeCapability", self._handle)
        return int(major), int(minor)

    def used_bytes(self) -> int:
        """Memory in use on the whole GPU."""
        return int(self._call("nvmlDeviceGetMemoryInfo", self._handle).used)

    def processes(self) -> dict[int, int | None]:
        """Bytes of each process that computes on it, by the driver's number for it; None where it does not say."""
        running = self._call("nvmlDeviceGetComputeRunningProcesses", self._handle)
        return {int(p.pid): None if p.usedGpuMemory is None else int(p.usedGpuMemory) for p in running}

    def clock_hz(self) -> float:
        """The clock of the multiprocessors."""
        return float(self._call("nvmlDeviceGetClockInfo", self._handle, self._nvml.NVML_CLOCK_SM)) * 1e6

    def memory_clock_hz(self) -> float:
        """The memory's clock."""
        return float(self._call("nvmlDeviceGetClockInfo", self._handle, self._nvml.NVML_CLOCK_MEM)) * 1e6

    def temperature_celsius(self) -> float:
        """The GPU's temperature."""
        return float(self._call("nvmlDeviceGetTemperature", self._handle, self._nvml.NVML_TEMPERATURE_GPU))

    def throttle_reasons(self) -> int:
        """NVML's mask of reasons for the present clock; newer drivers have it under a newer name."""
        try:
            return int(self._call("nvmlDeviceGetCurrentClocksEventReasons", self._handle))
        except NvmlError:
            return int(self._call("nvmlDeviceGetCurrentClocksThrottleReasons", self._handle))

    def power_limit_watts(self) -> float:
        """The power limit in force."""
        return float(self._call("nvmlDeviceGetEnforcedPowerLimit", self._handle)) / 1000

    def _field(self, field: int | None) -> int | None:
        if field is None:
            return None
        try:
            value = self._call("nvmlDeviceGetFieldValues", self._handle, [field])[0]
        except NvmlError:
            return None
        return int(value.value.uiVal) if value.nvmlReturn == self._nvml.NVML_SUCCESS else None

    def _find(self) -> Any:
        uuid = _uuid_by_torch()
        if uuid is not None:
            return self._call("nvmlDeviceGetHandleByUUID", uuid.encode())
        if self._call("nvmlDeviceGetCount") == 0:
            raise NvmlError("NVML finds no GPU")
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
        if chosen.startswith("GPU-"):
            return self._call("nvmlDeviceGetHandleByUUID", chosen.encode())
        return self._call("nvmlDeviceGetHandleByIndex", int(chosen) if chosen.isdigit() else 0)

    def _call(self, name: str, *arguments: object) -> Any:
        try:
            return getattr(self._nvml, name)(*arguments)
        except AttributeError:
            raise NvmlError(f"{name} is not in this version of nvidia-ml-py") from None
        except Exception as error:  # a call that the driver lacks raises what is no NVMLError
            raise NvmlError(f"{name}: {error}") from None


def _uuid_by_torch() -> str | None:
    """The GPU that torch computes on, as NVML names it: the two number GPUs in different orders."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    uuid = getattr(torch.cuda.get_device_properties(torch.cuda.current_device()), "uuid", None)
    return None if uuid is None else f"GPU-{uuid}"
