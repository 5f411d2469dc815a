"""Metrics of what went on around the timed rounds: what a verdict on a measurement is made from."""

from __future__ import annotations

from harness.model.measure import Metric

WINDOW = Metric("window", "s", "neither", "process", "wall time from before the first timed round to after the last")
CPU_TIME = Metric("cpu_time", "s", "neither", "process", "time.process_time_ns over the window: all threads together")
RUN_DELAY = Metric(
    "run_delay",
    "s",
    "lower",
    "process",
    "time that a thread was ready to run and had no core, in the window; the most of all threads "
    "(/proc/self/task/*/schedstat)",
)
VOLUNTARY = Metric("voluntary_switches", "count", "neither", "process", "ru_nvcsw over the window")
INVOLUNTARY = Metric("involuntary_switches", "count", "lower", "process", "ru_nivcsw over the window")
STEAL = Metric(
    "steal", "s", "lower", "board", "time the hypervisor gave to others, a usable core, over the window (/proc/stat)"
)
QUOTA_THROTTLED = Metric(
    "quota_throttled", "s", "lower", "tree", "time stopped by a CPU quota over the window (cpu.stat of the groups)"
)
THERMAL_THROTTLES = Metric(
    "thermal_throttles", "count", "lower", "package", "thermal throttle events of the usable cores over the window"
)
CPU_CLOCK = Metric(
    "cpu_clock", "Hz", "neither", "package", "fastest usable core, after the spin before and after the timed rounds"
)
CLOCK_GAP = Metric(
    "clock_gap", "s", "neither", "process", "how far CLOCK_BOOTTIME went on more than the timing clock in the window"
)
CANARY = Metric(
    "canary", "s", "lower", "process", "a checksum of 4 KiB, taken for 50 ms before and after the timed rounds"
)
HARNESS_CPU = Metric(
    "harness_cpu", "s", "lower", "process", "processor time of the harness's own process while the child was timed"
)
