"""Energy and power of an NVIDIA GPU by NVML: its total-energy counter, or its power readings where it has none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

from harness.meters.counter import MIN_SECONDS, Clock, CounterError, CounterWindow, Reading, measurements, one
from harness.meters.power import PowerTrace, Sampler, ThreadSampler
from harness.model.measure import Measurement, Metric, Stage

POLL_SECONDS = 0.001

ENERGY = Metric("gpu_energy", "J", "lower", "device", "difference of NVML's total-energy counter over the window")
POWER = Metric("gpu_power", "W", "lower", "device", "energy of NVML's total-energy counter over the window's wall time")
IDLE = Metric("gpu_idle_power", "W", "lower", "device", "NVML's counter in the second before the window, model loaded")
STEP = Metric("gpu_energy_step", "1", "neither", "device", "one step of NVML's counter relative to the window's energy")
SAMPLED = Metric("gpu_power_sampled", "W", "lower", "device", "mean over the window of NVML's power readings")


class NvmlError(CounterError):
    """An NVML call that failed; the message says which and why."""


class Device(Protocol):
    """The NVML calls that are used, on one GPU. A replay stands in for exactly this. All raise NvmlError."""

    def energy_millijoules(self) -> int:
        """The total-energy counter."""

    def power_watts(self) -> tuple[str, float]:
        """The name of the field that was read, and the power."""

    def mig(self) -> bool:
        """Whether the GPU is split into MIG instances."""


class Nvml:
    """The energy of one whole GPU: other programs on it included."""

    id = "nvml"
    roles = frozenset({"energy"})
    devices = frozenset({"gpu"})
    metrics = (ENERGY, POWER, IDLE, STEP, SAMPLED)

    def __init__(
        self,
        open_device: Callable[[], Device] | None = None,
        clock: Clock | None = None,
        sampler: Callable[[Callable[[], tuple[str, float]]], Sampler] = ThreadSampler,
    ) -> None:
        self._open: Callable[[], Device] = open_device or RealDevice
        self._clock = clock or Clock()
        self._make_sampler = sampler
        self._sampler: Sampler | None = None
        self._window: CounterWindow | None = None
        self._began = 0.0
        self._problem = "the window was never begun"

    def available(self) -> str | None:
        """Why no energy can be had from NVML here; None where the counter or at least the power can be read."""
        try:
            device = self._open()
            if device.mig():
                return "the GPU is split into MIG instances: NVML's energy is that of the whole GPU, not of one of them"
            if _has_counter(device):
                return None
            device.power_watts()
        except NvmlError as error:
            return str(error)
        return None

    def begin(self) -> None:
        """Begin the window on a step of the counter, with power readings beside it."""
        self._window = self._sampler = None
        try:
            device = self._open()
            if _has_counter(device):
                self._window = CounterWindow(device.energy_millijoules, 1e-3, POLL_SECONDS, self._clock)
                self._window.begin()
        except NvmlError as error:
            self._problem = str(error)
            return
        self._sampler = self._make_sampler(device.power_watts)
        self._sampler.start()
        self._began = self._clock.now()

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Energy, power, idle power, the counter's step and the mean of the power readings, or why they are missing."""
        if self._sampler is None:
            return tuple(one(metric, stage, None, self._problem) for metric in self.metrics)
        ended = self._clock.now()
        if self._window is not None:
            reading, trace = self._window.end(), self._sampler.stop()
            return (*measurements(reading, stage, self.metrics[:4]), _sampled(trace, self._began, ended, stage))
        trace = self._sampler.stop()
        return _by_power(trace, self._began, ended, stage)


def _sampled(trace: PowerTrace, began: float, ended: float, stage: Stage) -> Measurement:
    watts, missing = trace.mean(began, ended)
    return one(_labelled(SAMPLED, f"mean of NVML's {trace.field} over the window"), stage, watts, missing)


def _by_power(trace: PowerTrace, began: float, ended: float, stage: Stage) -> tuple[Measurement, ...]:
    """Without a counter: the integral of the power readings, and labelled so."""
    seconds = ended - began
    watts, missing = trace.mean(began, ended)
    if seconds < MIN_SECONDS:
        watts, missing = None, f"the window lasted {seconds:.2f} s; an energy needs at least {MIN_SECONDS:g} s"
    how = f"integral of NVML's {trace.field} over the window: this GPU has no energy counter"
    reading = Reading(None if watts is None else watts * seconds, seconds, missing=missing)
    labelled = (_labelled(ENERGY, how), _labelled(POWER, how), IDLE, STEP)
    return (*measurements(reading, stage, labelled), _sampled(trace, began, ended, stage))


def _labelled(metric: Metric, how: str) -> Metric:
    return Metric(metric.id, metric.unit, metric.better, metric.scope, how)


def _has_counter(device: Device) -> bool:
    try:
        device.energy_millijoules()
    except NvmlError:
        return False
    return True


class RealDevice:
    """The GPU that this process uses, through pynvml. Raises NvmlError where there is none."""

    def __init__(self) -> None:
        if find_spec("pynvml") is None:
            raise NvmlError("the package nvidia-ml-py is not installed")
        import pynvml

        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
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
        except self._nvml.NVMLError as error:
            raise NvmlError(f"{name}: {error}") from None
        except AttributeError:
            raise NvmlError(f"{name} is not in this version of nvidia-ml-py") from None


def _uuid_by_torch() -> str | None:
    """The GPU that torch computes on, as NVML names it: the two number GPUs in different orders."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    uuid = getattr(torch.cuda.get_device_properties(torch.cuda.current_device()), "uuid", None)
    return None if uuid is None else f"GPU-{uuid}"
