"""What disturbs while the timed rounds run: run delay, stolen time, throttling, clocks, and a spin canary around them.

Raw signals only; harness/checks judges them. Nothing runs during the rounds: all is read before and after.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from time import perf_counter_ns
from zlib import crc32

from harness.host import cpu
from harness.meters import signals
from harness.model.conditions import (
    CANARY,
    CLOCK_GAP,
    CPU_CLOCK,
    CPU_TIME,
    INVOLUNTARY,
    QUOTA_THROTTLED,
    RUN_DELAY,
    STEAL,
    THERMAL_THROTTLES,
    VOLUNTARY,
    WINDOW,
)
from harness.model.measure import Measurement, Metric, Stage

CANARY_NS = 50_000_000
"""Long enough to see a slow state of the machine, short beside any trial."""
_TURNS = 128
"""Of the loop a lap: about 0.2 ms."""
_CHECKED = bytes(1 << 12)
"""A loop in plain Python is faster or slower by 10 % with where its numbers lie; within a checksum none is made. zlib
keeps the interpreter's lock for so few bytes."""


@dataclass(frozen=True)
class Sources:
    """Where the signals are read; replaced in tests. The clocks give nanoseconds."""

    proc: Path = Path("/proc")
    system: Path = Path("/sys")
    clock: Callable[[], int] = perf_counter_ns
    reference: Callable[[], int | None] = lambda: since_boot()
    cpu: Callable[[], int] = time.process_time_ns


@dataclass(frozen=True)
class _Times:
    clock: int
    reference: int | None
    cpu: int


@dataclass(frozen=True)
class _Counts:
    """None where the system does not show it; ``delays`` is run delay in ns by thread."""

    voluntary: int
    involuntary: int
    delays: dict[str, int] | None
    steal: float | None
    quota: float | None
    thermal: float | None


@dataclass
class Conditions:
    """Bracket the timed rounds: ``begin`` right before them, ``end`` right after, then ``measurements``."""

    sources: Sources = field(default_factory=Sources)
    _canaries: list[float] = field(default_factory=list)
    _clocks: list[float] = field(default_factory=list)
    _times: list[_Times] = field(default_factory=list)
    _counts: list[_Counts] = field(default_factory=list)

    def begin(self) -> None:
        """Spin the canary, then note where the counters stand. Takes about 50 ms."""
        self._spin()
        self._counts.append(self._count())
        self._times.append(self._time())

    def end(self) -> None:
        """Note where the counters stand, then spin the canary."""
        self._times.append(self._time())
        self._counts.append(self._count())
        self._spin()

    def measurements(self, stage: Stage) -> tuple[Measurement, ...]:
        """All signals over the window; missing ones with the reason."""
        start, end = self._times[-2:]
        before, after = self._counts[-2:]
        gap = _gap(start, end)
        return (
            _one(WINDOW, stage, (end.clock - start.clock) / 1e9),
            _one(CLOCK_GAP, stage, gap, "this system has no clock that goes on while it is suspended"),
            _one(CPU_TIME, stage, (end.cpu - start.cpu) / 1e9),
            _one(VOLUNTARY, stage, after.voluntary - before.voluntary),
            _one(INVOLUNTARY, stage, after.involuntary - before.involuntary),
            _one(RUN_DELAY, stage, _worst_delay(before.delays, after.delays), "the kernel keeps no schedstat"),
            _one(STEAL, stage, _grown(before.steal, after.steal), "/proc/stat shows no stolen time"),
            _one(QUOTA_THROTTLED, stage, _grown(before.quota, after.quota), "no group has a cpu.stat that can be read"),
            _one(THERMAL_THROTTLES, stage, _grown(before.thermal, after.thermal), "the processor does not count them"),
            _pair(CPU_CLOCK, stage, self._clocks[-2:], "the system does not show the clock of its cores"),
            _pair(CANARY, stage, self._canaries[-2:], ""),
        )

    def _spin(self) -> None:
        self._canaries.append(canary_seconds(self.sources.clock))
        clock = signals.fastest_clock(self.sources.proc, self.sources.system, _usable_cores())
        self._clocks += [] if clock is None else [clock]

    def _time(self) -> _Times:
        return _Times(self.sources.clock(), self.sources.reference(), self.sources.cpu())

    def _count(self) -> _Counts:
        proc, system, cores = self.sources.proc, self.sources.system, _usable_cores()
        used = resource.getrusage(resource.RUSAGE_SELF)
        return _Counts(
            voluntary=used.ru_nvcsw,
            involuntary=used.ru_nivcsw,
            delays=signals.run_delays(proc),
            steal=signals.stolen_seconds(proc, cores),
            quota=signals.quota_throttled_seconds(proc, system),
            thermal=signals.thermal_throttles(system, cores),
        )


def since_boot() -> int | None:
    """Nanoseconds since boot, suspended times included; None where a sandbox or an old kernel has no such clock."""
    try:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):
        return None


def _gap(start: _Times, end: _Times) -> float | None:
    """Seconds that the reference went on and the clock did not."""
    if start.reference is None or end.reference is None:
        return None
    return (end.reference - start.reference - (end.clock - start.clock)) / 1e9


def canary_seconds(clock: Callable[[], int] = perf_counter_ns) -> float:
    """Time in seconds of the CRC-32 of 4 KiB, the lower quartile of laps over about 50 ms: short interruptions do not
    show in it, a slower core does.
    """
    laps: list[int] = []
    start = end = clock()
    while end - start < CANARY_NS:
        before = end
        for _ in repeat(None, _TURNS):
            crc32(_CHECKED)
        end = clock()
        laps.append(end - before)
        if end <= before:
            break  # a clock that stands still would never end it
    return sorted(laps)[len(laps) // 4] / _TURNS / 1e9


def _usable_cores() -> list[int]:
    return sorted(cpu.usable())


def _worst_delay(before: dict[str, int] | None, after: dict[str, int] | None) -> float | None:
    """Of a thread that began in the window, all its delay counts."""
    if before is None or after is None:
        return None
    return max(delay - before.get(thread, 0) for thread, delay in after.items()) / 1e9


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(0.0, after - before)


def _one(metric: Metric, stage: Stage, value: float | None, missing: str = "") -> Measurement:
    if value is None:
        return Measurement(metric, stage, "measured", missing=missing)
    return Measurement(metric, stage, "measured", (float(value),))


def _pair(metric: Metric, stage: Stage, values: list[float], missing: str) -> Measurement:
    if len(values) < 2:
        return Measurement(metric, stage, "measured", missing=missing)
    return Measurement(metric, stage, "measured", tuple(values))
