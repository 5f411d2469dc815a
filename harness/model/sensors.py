"""Metrics of what is polled beside a trial: clocks, temperature, throttling, and what the polling costs."""

from __future__ import annotations

from harness.model.measure import Metric

CPU_CLOCK = Metric(
    "cpu_clock_sampled",
    "Hz",
    "neither",
    "package",
    "clock of the fastest of the trial's cores at each look (cpufreq scaling_cur_freq)",
    "1 kHz; the kernel's figure may be an average over its last tick",
)
TEMPERATURE = Metric(
    "temperature", "°C", "lower", "board", "hottest thermal zone of the system at each look", "often 1 °C"
)
GPU_CLOCK = Metric("gpu_clock", "Hz", "neither", "device", "NVML's clock of the multiprocessors at each look", "1 MHz")
GPU_MEMORY_CLOCK = Metric("gpu_memory_clock", "Hz", "neither", "device", "NVML's memory clock at each look", "1 MHz")
GPU_TEMPERATURE = Metric("gpu_temperature", "°C", "lower", "device", "NVML's GPU temperature at each look", "1 °C")
GPU_THROTTLE = Metric(
    "gpu_throttle_reasons",
    "1",
    "neither",
    "device",
    "NVML's mask of reasons for the clock at each look; idle (1), set clocks (2) and display (256) are no throttling",
)
GPU_POWER_LIMIT = Metric(
    "gpu_power_limit", "W", "neither", "device", "NVML's enforced power limit at each look", "1 mW"
)
SAMPLER_CPU = Metric(
    "sampler_cpu",
    "s",
    "lower",
    "process",
    "processor time of the process that looks at clocks and temperatures, while the stage lasted",
    "1 ns as counted by the kernel",
)

SAMPLED = (CPU_CLOCK, TEMPERATURE, GPU_CLOCK, GPU_MEMORY_CLOCK, GPU_TEMPERATURE, GPU_THROTTLE, GPU_POWER_LIMIT)

NOT_THROTTLING = 0x1 | 0x2 | 0x100
"""Bits of NVML's mask that say why a clock is as it is and no throttling: idle, set by the user, a display's clock."""


def throttled(mask: float) -> bool:
    """Whether NVML's mask of reasons says that power or temperature holds the clock down."""
    return bool(int(mask) & ~NOT_THROTTLING)


CLOCK_FILES = "sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq"
"""Of one core, in kHz, below the root of the file system."""
ZONE_FILES = "sys/class/thermal/thermal_zone*/temp"
"""Of each thermal zone, in thousandths of a degree."""
NVIDIA_FILE = "dev/nvidiactl"
"""There where an NVIDIA driver is loaded."""
