"""A clock and energy counters whose truth is known in closed form. They stand in for the device only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from harness.meters.counter import Clock


class FakeTime:
    """Seconds that pass only when somebody waits, and a little with every look at the clock."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        self.seconds += 1e-6
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(self.now, self.sleep)


@dataclass
class SteppedCounter:
    """Energy at ``watts``, shown in counts of ``joules_per_count`` every ``step_seconds``; frozen from ``stuck_at``."""

    time: FakeTime
    watts: float
    step_seconds: float
    joules_per_count: float
    stuck_at: float = math.inf
    start: int = 0

    def __call__(self) -> int:
        at = min(self.time.seconds, self.stuck_at)
        shown = math.floor(at / self.step_seconds) * self.step_seconds
        return self.start + math.floor(shown * self.watts / self.joules_per_count)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def stepped():
    return SteppedCounter
