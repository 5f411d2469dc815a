"""Sustained: one step after the other for a given time, part by part, to see what heat does to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from harness.model.case import Pace
from harness.model.measure import Measurement
from harness.model.sustained import LAST_TO_FIRST, PART_LATENCY, PART_MEAN, PART_ROUNDS, PART_START
from harness.scenarios.rounds import Rounds
from harness.scenarios.single_stream import SHORTEST_ROUND_NS
from harness.stats.stopping import median

NAME = "sustained"
MINUTE = 60.0
FEW_PARTS = 3
"""A load of less than two minutes is looked at in so many parts instead."""
MOST_ROUNDS = 60_000
"""An hour of shorter rounds would fill the record; so many are kept, each of more steps."""

Round = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """A part of the load: its start (s, from the first round), a step's median and mean time (s), and its rounds."""

    start: float
    median: float
    mean: float
    rounds: int


@dataclass(frozen=True)
class Sustained:
    """Runs ``step`` for ``pace.budget_seconds``. ``clock`` is in nanoseconds and can be replaced in tests."""

    step: Callable[[], Any]
    pace: Pace
    clock: Callable[[], int] = perf_counter_ns

    def measure(self, typical_ns: float, batched: bool) -> tuple[list[Round], int, bool]:
        """Timed rounds until the time is over: (rounds, steps a round, True)."""
        clock, step = self.clock, self.step
        span = self.pace.budget_seconds * 1e9
        shortest = max(SHORTEST_ROUND_NS, span / MOST_ROUNDS)
        inner = max(1, math.ceil(shortest / max(1.0, typical_ns))) if batched else 1
        rounds = Rounds()
        deadline = clock() + int(span)
        while True:
            start = clock()
            for _ in range(inner):
                step()
            end = clock()
            rounds.add(start, end)
            if end >= deadline:
                return rounds.pairs(), inner, True


def part_seconds(total: float) -> float:
    """Length of a part of a load of ``total`` seconds: a minute, or less where that would make fewer than two."""
    return MINUTE if total >= 2 * MINUTE else total / FEW_PARTS


def parts(rounds: Sequence[Round], inner: int, total: float) -> list[Part]:
    """A load of ``total`` seconds part by part.

    What is left at the end belongs to the last part where it is less than half of one. A part in which no round began,
    because a round takes longer than it, is left out.
    """
    if not rounds:
        return []
    first, length = rounds[0][0], part_seconds(total)
    count = max(1, math.floor(total / length + 0.5))
    groups: dict[int, list[float]] = {}
    for start, end in rounds:
        index = min(count - 1, int((start - first) / 1e9 / length))
        groups.setdefault(index, []).append((end - start) / inner / 1e9)
    return [_part(index * length, times) for index, times in sorted(groups.items())]


def _part(start: float, times: Sequence[float]) -> Part:
    return Part(start, median(times), math.fsum(times) / len(times), len(times))


def measurements(found: Sequence[Part]) -> tuple[Measurement, ...]:
    """The parts as measurements of one value each, and the last's mean against the first's.

    Where heat stops a processor now and then, its median step is as fast as before.
    """
    rows = (
        (PART_START, [part.start for part in found]),
        (PART_LATENCY, [part.median for part in found]),
        (PART_MEAN, [part.mean for part in found]),
        (PART_ROUNDS, [float(part.rounds) for part in found]),
        (LAST_TO_FIRST, [found[-1].mean / found[0].mean] if len(found) > 1 and found[0].mean > 0 else []),
    )
    reason = "the load had fewer than two parts with a round in them"
    return tuple(Measurement(m, "timed", "measured", tuple(v), None if v else reason) for m, v in rows)
