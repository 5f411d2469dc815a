"""Energy and power of an NVIDIA GPU by NVML: its total-energy counter, or its power readings where it has none."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from harness.meters.counter import Clock, CounterWindow, Reading, family, measurements, one
from harness.meters.nvml_device import Device, NvmlError, RealDevice
from harness.meters.power import MakeSampler, PowerTrace, PowerWindow, Sampler, ThreadSampler
from harness.model.measure import Measurement, Metric, Stage

__all__ = ["METRICS", "SAMPLED", "Device", "Nvml", "NvmlError", "RealDevice"]

POLL_SECONDS = 0.001
PART_TIME = frozenset({(8, 0), (9, 0)})
"""Compute capabilities of A100 and H100: their sensor looks a quarter of the time (arXiv 2312.02741)."""
PERIOD_SECONDS = 0.1
"""In which such a sensor looks once, for a quarter of it."""
PHASES = (0.0, 0.25, 0.5, 0.75)
"""A window each: together they see a load that keeps step with the sensor's period in all of its parts."""

METRICS = family("gpu", "device", "NVML's total-energy counter", "1 mJ, in steps of 10 to 100 ms")
SAMPLED = Metric(
    "gpu_power_sampled", "W", "lower", "device", "mean over the window of NVML's power readings", "1 mW, every 50 ms"
)


class Nvml:
    """The energy of one whole GPU: other programs on it included."""

    id = "nvml"
    roles = frozenset({"energy"})
    devices = frozenset({"gpu"})
    metrics = (*METRICS, SAMPLED)

    def __init__(
        self,
        open_device: Callable[[], Device] | None = None,
        clock: Clock | None = None,
        sampler: MakeSampler = ThreadSampler,
    ) -> None:
        self._open: Callable[[], Device] = open_device or RealDevice
        self._clock = clock or Clock()
        self._make_sampler = sampler
        self._window: _Counted | PowerWindow | None = None
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

    def phases(self) -> tuple[float, ...]:
        """Where this GPU's sensor looks a part of the time only, the phases of its period at which windows begin."""
        try:
            device = self._open()
            part_time = _has_counter(device) and device.compute_capability() in PART_TIME
        except NvmlError:
            return (0.0,)
        return PHASES if part_time else (0.0,)

    def begin(self) -> None:
        """Begin the window on a step of the counter with power readings beside it, or with those alone."""
        self.begin_at(0.0)

    def begin_at(self, phase: float) -> None:
        """As ``begin``, but so much of the sensor's period after the step; power readings alone have no step."""
        self._window = None
        try:
            device = self._open()
            if _has_counter(device):
                window = CounterWindow(device.energy_millijoules, 1e-3, POLL_SECONDS, self._clock)
                self._window = _Counted(window, self._make_sampler(device.power_watts), self._clock)
            else:
                self._window = PowerWindow(device.power_watts, self._clock, self._make_sampler)
        except NvmlError as error:
            self._problem = str(error)
            return
        if isinstance(self._window, PowerWindow):
            self._window.begin()
        else:
            self._window.begin(phase)

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Gross and net energy, power, idle power, the counter's step and the mean of the power readings."""
        if self._window is None:
            return tuple(one(metric, stage, None, self._problem) for metric in self.metrics)
        if isinstance(self._window, PowerWindow):
            return _by_power(self._window.end(), stage)
        reading, watts, missing, field = self._window.end()
        sampled = replace(SAMPLED, how=f"mean of NVML's {field} over the window")
        return (*measurements(reading, stage, METRICS), one(sampled, stage, watts, missing))


class _Counted:
    """A window over the counter with power readings beside it."""

    def __init__(self, window: CounterWindow, sampler: Sampler, clock: Clock) -> None:
        self._window, self._sampler, self._clock, self._began = window, sampler, clock, 0.0

    def begin(self, phase: float) -> None:
        self._window.begin(phase, PERIOD_SECONDS)
        self._sampler.start()
        self._began = self._clock.now()

    def end(self) -> tuple[Reading, float | None, str | None, str]:
        """The counter's reading; the readings' mean in watts or why there is none, and the field that was read."""
        ended = self._clock.now()
        reading = self._window.end()
        trace: PowerTrace = self._sampler.stop()
        return (reading, *trace.mean(self._began, ended), trace.field)


def _by_power(reading: Reading, stage: Stage) -> tuple[Measurement, ...]:
    """Without a counter: the integral of the power readings, and labelled so."""
    source = f"integral of NVML's {reading.source} (this GPU has no energy counter)"
    labelled = family("gpu", "device", source, "one reading, every 50 ms")
    watts = None if reading.joules is None else reading.joules / reading.seconds
    sampled = replace(SAMPLED, how=f"mean of NVML's {reading.source} over the window")
    return (*measurements(reading, stage, labelled), one(sampled, stage, watts, reading.missing))


def _has_counter(device: Device) -> bool:
    try:
        device.energy_millijoules()
    except NvmlError:
        return False
    return True
