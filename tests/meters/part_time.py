"""A GPU whose sensor looks a quarter of the time, made by hand: what it says of a load is a closed form.

Power is idle but for the bursts of the load's steps. Each period of 100 ms the sensor takes the mean power of the first
25 ms for all of it, and the counter and the power readings show that until the next.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

from harness.meters.nvml_device import NvmlError
from harness.meters.power import PowerTrace
from harness.meters.replay import ReplayedDevice

PERIOD, LOOK = 0.1, 0.025


@dataclass
class Load:
    """Steps of ``seconds``, at ``high`` watts for ``busy`` seconds from ``offset`` on and at ``idle`` else."""

    seconds: float = PERIOD
    busy: float = LOOK
    offset: float = 0.0
    high: float = 400.0
    idle: float = 100.0
    bursts: list[float] = field(default_factory=list)
    """When each began, in order."""

    @property
    def watts(self) -> float:
        """The mean power of its steps."""
        return self.idle + (self.high - self.idle) * self.busy / self.seconds

    def energy(self, t: float) -> float:
        """Joules from 0 to ``t``."""
        begun = bisect_right(self.bursts, t)
        last = min(self.busy, t - self.bursts[begun - 1]) if begun else 0.0
        return self.idle * t + (self.high - self.idle) * (max(0, begun - 1) * self.busy + last)


class PartTimeGpu:
    """Stands in for the NVML calls on one GPU; ``looks_always`` is one of a kind whose sensor never rests."""

    def __init__(self, time, load: Load, looks_always: bool = False) -> None:
        self.time, self.load, self.looks_always = time, load, looks_always
        self.lost_from = math.inf
        self._periods, self._joules, self._watts = round(time.seconds / PERIOD), 0.0, load.idle

    def step(self) -> None:
        """One step of the load, as a workload takes it."""
        self.load.bursts.append(self.time.seconds + self.load.offset)
        self.time.sleep(self.load.seconds)

    def open(self) -> ReplayedDevice:
        """The GPU as the meter sees it."""
        return ReplayedDevice(self.call)

    def call(self, name: str):
        if self.time.seconds >= self.lost_from:
            raise NvmlError("GPU is lost")
        if name == "compute_capability":
            return "8.6" if self.looks_always else "9.0"
        self._catch_up()
        return {"energy_millijoules": int(self._joules * 1e3), "power_watts": ("POWER_INSTANT", self._watts)}.get(name)

    def _catch_up(self) -> None:
        """Count the periods that are over."""
        while (self._periods + 1) * PERIOD <= self.time.seconds:
            begin = self._periods * PERIOD
            look = PERIOD if self.looks_always else LOOK
            self._watts = (self.load.energy(begin + look) - self.load.energy(begin)) / look
            self._joules += self._watts * PERIOD
            self._periods += 1


class NoReadings:
    """In place of the thread that polls power: its readings are not what is asked here."""

    def __init__(self, read) -> None:
        self.read = read

    def start(self) -> None: ...

    def stop(self) -> PowerTrace:
        return PowerTrace("power", (), "not read in this test")
