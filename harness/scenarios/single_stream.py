"""Single stream: one step after the other, each timed; warm up until the trend is flat, measure until precise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

from harness.model.case import Pace
from harness.scenarios.rounds import Rounds
from harness.stats import stopping

SHORTEST_ROUND_NS = 1_000_000
"""A round is at least this long, so that the clock's step and the loop's own cost stay below a thousandth of it."""

MEAN_PRECISION = 2.5
"""The interval of the mean may be so many times as wide as that of the median: 5 % where that is to be 2 %."""

SHORTEST_WARM_UP_NS = 100_000_000
"""Processor clocks and caches take this long to settle, however short a step is."""


@dataclass(frozen=True)
class MarkTaker:
    """Takes times inside a step, by name."""

    clock: Callable[[], int] = perf_counter_ns
    taken: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        """Take the time now under ``name``."""
        self.taken.append((name, self.clock()))


@dataclass(frozen=True)
class Timed:
    """What single stream yields, in nanoseconds. A round is ``inner`` steps; ``rounds`` holds (start, end) pairs."""

    cold_ns: int
    warmup_ns: tuple[int, ...]
    steady: bool
    rounds: tuple[tuple[int, int], ...]
    inner: int
    precise: bool
    last_output: Any = None

    def step_seconds(self) -> tuple[float, ...]:
        """Time of a step in each round, in seconds."""
        return tuple((end - start) / self.inner / 1e9 for start, end in self.rounds)


@dataclass(frozen=True)
class SingleStream:
    """Runs ``step`` at a pace. ``clock`` is in nanoseconds and can be replaced in tests."""

    step: Callable[[], Any]
    pace: Pace
    clock: Callable[[], int] = perf_counter_ns

    def cold(self) -> int:
        """Time of the very first step, in nanoseconds."""
        start = self.clock()
        self.step()
        return self.clock() - start

    def warm_up(self, cold_ns: int) -> tuple[list[int], bool]:
        """Step until the trend of the step times is flat or the budget is spent: (times in ns, whether it was flat)."""
        budget = self.pace.warmup_seconds * 1e9
        spent: float = cold_ns
        times: list[int] = []
        look = 1
        while spent < budget:
            start = self.clock()
            self.step()
            times.append(self.clock() - start)
            spent += times[-1]
            if len(times) < look or spent - cold_ns < SHORTEST_WARM_UP_NS:
                continue
            if stopping.steady(times):
                return times, True
            look = stopping.next_look(len(times))
        return times, False

    def measure(self, typical_ns: float, batched: bool) -> tuple[list[tuple[int, int]], int, bool]:
        """Timed rounds until precise, long and many enough, or out of budget: (rounds, steps a round, whether precise).

        Precise means that the interval of the median is as narrow as asked, and that of the mean, which throughput
        stands on, ``MEAN_PRECISION`` times as wide at most.
        """
        inner = max(1, math.ceil(SHORTEST_ROUND_NS / max(1.0, typical_ns))) if batched else 1
        began, budget = self.clock(), int(self.pace.budget_seconds * 1e9)
        rounds = Rounds()
        look = self.pace.min_rounds
        while True:
            self._until(rounds, look, inner, began + budget)
            spent, count = self.clock() - began, len(rounds)
            over = count >= self.pace.min_rounds and spent >= budget
            enough = count >= self.pace.wanted_rounds and spent >= min(budget, self.pace.min_seconds * 1e9)
            if over or (enough and self._precise(rounds)):
                return rounds.pairs(), inner, self._precise(rounds)
            look = stopping.next_look(count)

    def _until(self, rounds: Rounds, look: int, inner: int, deadline: int) -> None:
        clock, step, least = self.clock, self.step, self.pace.min_rounds
        begun, ended, count = rounds.starts.append, rounds.ends.append, len(rounds)
        while count < look:
            start = clock()
            for _ in range(inner):
                step()
            end = clock()
            begun(start)
            ended(end)
            count += 1
            if end >= deadline and count >= least:
                return

    def _precise(self, rounds: Rounds) -> bool:
        times = rounds.times()
        median, mean = stopping.batch_means_half_width(times), stopping.mean_half_width(times)
        if median is None or mean is None:
            return False
        return median <= self.pace.precision and mean <= MEAN_PRECISION * self.pace.precision
