"""Traces made by hand, whose truth is known in closed form: power that jumps at known times, seen through a sensor.

``python tests/meters/hand_made.py`` writes them to tests/meters/traces; a test holds that they are what this makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import floor
from pathlib import Path

from harness.meters.trace import FORMAT, Entry, Head, Trace, Value, lines

FOLDER = Path(__file__).parent / "traces"
SECONDS = 10.0
STEP = 0.02
"""Of the counters in the traces, in seconds."""
READING = 0.05
"""Between two readings of a power sensor."""
SPAN = 262_143_328_850
START = SPAN - 350_000_000
"""Of the RAPL counter in microjoules: it wraps after 350 J, 5.2 s into the trace."""
ZONE = "/sys/class/powercap/intel-rapl:0"
CHIP = "/sys/class/hwmon/hwmon1"


@dataclass(frozen=True)
class Power:
    """Power in watts that jumps at times in seconds; the last lasts on."""

    jumps: tuple[tuple[float, float], ...]

    def at(self, t: float) -> float:
        return [watts for begin, watts in self.jumps if begin <= t][-1]

    def energy(self, t: float) -> float:
        """Joules from 0 to ``t``."""
        ends = [*self.jumps, (max(t, self.jumps[-1][0]), 0.0)]
        return sum((min(b, t) - a) * watts for (a, watts), (b, _) in pairwise(ends) if a < t)

    @property
    def most(self) -> float:
        return max(watts for _, watts in self.jumps)


GPU = Power(((0.0, 100.0), (1.9, 300.0), (4.217, 150.0), (6.031, 420.0)))
PACKAGE = Power(((0.0, 40.0), (2.0, 85.0), (5.55, 120.0)))
MODULE = Power(((0.0, 6.0), (1.5, 12.5), (4.012, 7.5), (6.49, 15.0)))


def counted(power: Power, unit: float, t: float, step: float = STEP) -> int:
    """What a counter of ``unit`` joules that is renewed every ``step`` shows at ``t``."""
    return int(power.energy(floor(t / step + 1e-6) * step) / unit + 1e-6)


def _times(interval: float) -> Iterator[float]:
    yield from (k * interval for k in range(round(SECONDS / interval) + 1))


Series = dict[str, tuple[float, Callable[[float], Value | None]]]


def trace_of(about: str, series: Series, fixed: dict[str, str] | None = None) -> Trace:
    """Each source's value at its own interval; None leaves the reading out."""
    found = []
    for number, (interval, value) in enumerate(series.values()):
        for t in _times(interval):
            if (reading := value(t)) is not None:
                found.append(Entry(round(t * 1e9), number, reading))
    found.sort(key=lambda entry: (entry.time_ns, entry.source))
    return Trace(Head(FORMAT, "made by hand", about, tuple(series), fixed or {}), tuple(found))


def _gpu(about: str, seen: Callable[[float], bool] = lambda t: True, stuck: float = SECONDS) -> Trace:
    def energy(t: float) -> int | None:
        return counted(GPU, 1e-3, min(t, stuck)) if seen(t) else None

    def power(t: float) -> tuple[str, float] | None:
        return ("POWER_INSTANT", GPU.at(t)) if seen(t) else None

    return trace_of(about, {"nvml:energy_millijoules": (STEP, energy), "nvml:power_watts": (READING, power)})


def gpu_steps() -> Trace:
    return _gpu("a GPU whose energy counter moves every 20 ms, at 100, 300, 150, 420 W")


def gpu_gap() -> Trace:
    return _gpu("the same, with no reading at all from 3 to 5 s", lambda t: not 3.0 < t < 5.0)


def gpu_stuck() -> Trace:
    return _gpu("the same, its counter stuck from 5 s on", stuck=5.0)


def gpu_power_only() -> Trace:
    power = {"nvml:power_watts": (READING, lambda t: ("PowerUsage", GPU.at(t)))}
    return trace_of("the same GPU without an energy counter", power)


def rapl_wrap() -> Trace:
    energy = {f"{ZONE}/energy_uj": (STEP, lambda t: str((START + counted(PACKAGE, 1e-6, t)) % SPAN))}
    fixed = {f"{ZONE}/name": "package-0\n", f"{ZONE}/max_energy_range_uj": f"{SPAN}\n"}
    return trace_of("a package whose counter wraps after 350 J, at 40, 85, 120 W", energy, fixed)


def ina3221_steps() -> Trace:
    rail: Series = {
        f"{CHIP}/in1_input": (READING, lambda t: "5000"),
        f"{CHIP}/curr1_input": (READING, lambda t: f"{MODULE.at(t) / 5 * 1000:.0f}"),
    }
    fixed = {f"{CHIP}/name": "ina3221\n", f"{CHIP}/in1_label": "VDD_IN\n"}
    return trace_of("a Jetson's total rail at 5 V, at 6, 12.5, 7.5, 15 W", rail, fixed)


ALL: dict[str, Callable[[], Trace]] = {
    "hand-made-gpu-steps.jsonl": gpu_steps,
    "hand-made-gpu-gap.jsonl": gpu_gap,
    "hand-made-gpu-stuck.jsonl": gpu_stuck,
    "hand-made-gpu-power-only.jsonl": gpu_power_only,
    "hand-made-rapl-wrap.jsonl": rapl_wrap,
    "hand-made-ina3221-steps.jsonl": ina3221_steps,
}

if __name__ == "__main__":
    for name, make in ALL.items():
        (FOLDER / name).write_bytes(b"".join(lines(make())))
