"""Offline: all samples are there from the start, so that only throughput counts; the fastest batch is searched for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from harness.model.load import BATCH, BATCH_PEAK, BATCH_RATE, BEST_BATCH, SAMPLE_TIME, SAMPLES_PER_SECOND, Load
from harness.model.measure import Measurement
from harness.scenarios.rounds import Rounds

NAME = "offline"
GAIN = 0.03
"""A larger batch must be faster by so much to count as faster."""
PATIENCE = 2
"""So many batches in a row that are no faster end the search."""
TRY_SHARE = 0.25
"""Of the least duration, for a try; the best batch is then measured again for all of it."""
LEAST_STEPS = 3
MOST_PARTS = 512
"""Of the best pass, whose times tell how sure its rate is."""

Round = tuple[int, int]


@dataclass(frozen=True)
class Pass:
    """Steps at one batch as (start, end) in ns, and the process's peak by then in bytes, None where unknown."""

    batch: int
    rounds: tuple[Round, ...]
    peak: int | None = None

    @property
    def rate(self) -> float:
        """Samples a second over the whole of it."""
        return self.batch * len(self.rounds) / ((self.rounds[-1][1] - self.rounds[0][0]) / 1e9)

    def sample_times(self) -> list[float]:
        """The time that passed a sample (s), in parts of the pass of equally many steps; a rest is left out first."""
        size = math.ceil(len(self.rounds) / MOST_PARTS)
        ends = range(len(self.rounds) % size + size - 1, len(self.rounds), size)
        spans = [self.rounds[end][1] - self.rounds[end - size + 1][0] for end in ends]
        return [span / 1e9 / (size * self.batch) for span in spans]


@dataclass(frozen=True)
class Found:
    """All tries in their order, the best batch measured again, and why no larger batch was tried."""

    tries: tuple[Pass, ...]
    best: Pass
    ended: str


@dataclass(frozen=True)
class Offline:
    """Steps at ever larger batches. ``step_at`` makes the step of a batch and steps it once, or says why it cannot.

    ``peak`` gives the process's high-water mark in bytes. The clock, in nanoseconds, can be replaced in tests.
    """

    step_at: Callable[[int], Callable[[], Any] | str]
    load: Load
    clock: Callable[[], int] = perf_counter_ns
    peak: Callable[[], int | None] = lambda: None

    def measure(self, first: int) -> Found:
        """Try ``first`` and its doubles. Raises ValueError where not even the first batch has a step."""
        until = self.clock() + int(self.load.max_duration * 1e9)
        tries: list[Pass] = []
        ended = ""
        for batch in self._batches(first, tries):
            if tries and self.clock() >= until:
                ended = "the time was over"
                break
            one = self._pass(batch, self.load.min_duration * TRY_SHARE)
            if isinstance(one, str):
                ended = f"batch {batch}: {one}"
                break
            tries.append(one)
        if not tries:
            raise ValueError(ended)
        best = self._pass(fastest(tries).batch, self.load.min_duration)
        return Found(tuple(tries), fastest(tries) if isinstance(best, str) else best, ended)

    def _batches(self, first: int, tries: Sequence[Pass]) -> Iterator[int]:
        batch = first
        while not _levelled(tries):
            yield batch
            batch *= 2

    def _pass(self, batch: int, seconds: float) -> Pass | str:
        step = self.step_at(batch)
        if isinstance(step, str):
            return step
        deadline = self.clock() + int(seconds * 1e9)
        rounds = Rounds()
        while len(rounds) < LEAST_STEPS or rounds.ends[-1] < deadline:
            start = self.clock()
            step()
            rounds.add(start, self.clock())
        return Pass(batch, tuple(rounds.pairs()), self.peak())


def fastest(tries: Sequence[Pass]) -> Pass:
    """The smallest batch that no larger one beats by ``GAIN``."""
    best = tries[0]
    for one in tries[1:]:
        best = one if one.rate > best.rate * (1 + GAIN) else best
    return best


def _levelled(tries: Sequence[Pass]) -> bool:
    """Whether the last batches were no faster than the best before them."""
    if len(tries) <= PATIENCE:
        return False
    return fastest(tries).batch < min(one.batch for one in tries[-PATIENCE:])


def measurements(found: Found) -> tuple[Measurement, ...]:
    """Every batch that was tried with its rate and memory, and the best one's rate and times when measured again."""
    peaks = [one.peak for one in found.tries]
    rows = [(BATCH, [float(one.batch) for one in found.tries]), (BATCH_RATE, [one.rate for one in found.tries])]
    if None not in peaks:
        rows.append((BATCH_PEAK, [float(peak or 0) for peak in peaks]))
    rows += [(BEST_BATCH, [float(found.best.batch)]), (SAMPLES_PER_SECOND, [found.best.rate])]
    rows += [(SAMPLE_TIME, found.best.sample_times())]
    return tuple(Measurement(metric, "timed", "measured", tuple(values)) for metric, values in rows)
