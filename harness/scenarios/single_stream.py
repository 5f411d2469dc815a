"""Single stream: one step after the other, each timed; warm up until the trend is flat, measure until precise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

from harness.model.case import Pace
from harness.stats import stopping

SHORTEST_ROUND_NS = 1_000_000
"""A round is at least this long, so that the clock's step and the loop's own cost stay below a thousandth of it."""

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
        """Timed rounds until precise or out of budget: (rounds, steps a round, whether precise)."""
        inner = max(1, math.ceil(SHORTEST_ROUND_NS / max(1.0, typical_ns))) if batched else 1
        deadline = self.clock() + int(self.pace.budget_seconds * 1e9)
        rounds: list[tuple[int, int]] = []
        look = self.pace.min_rounds
        while True:
            self._until(rounds, look, inner, deadline)
            if self._precise(rounds):
                return rounds, inner, True
            if len(rounds) >= self.pace.min_rounds and self.clock() >= deadline:
                return rounds, inner, False
            look = stopping.next_look(len(rounds))

    def _until(self, rounds: list[tuple[int, int]], look: int, inner: int, deadline: int) -> None:
        clock, step, least = self.clock, self.step, self.pace.min_rounds
        while len(rounds) < look:
            start = clock()
            for _ in range(inner):
                step()
            end = clock()
            rounds.append((start, end))
            if end >= deadline and len(rounds) >= least:
                return

    def _precise(self, rounds: list[tuple[int, int]]) -> bool:
        half = stopping.batch_means_half_width([end - start for start, end in rounds])
        return half is not None and half <= self.pace.precision
