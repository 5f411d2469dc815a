"""A window over a cumulative energy counter that moves in steps. Time and the counter are handed in: no device here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.model.measure import Measurement, Metric, Scope, Stage

MIN_SECONDS = 5.0
MIN_STEPS = 50
"""A window of fewer steps of the counter would be known to worse than 2 %."""
STUCK_SECONDS = 1.0
IDLE_SECONDS = 1.0


class CounterError(RuntimeError):
    """A counter that cannot be read or does what a counter must not; the message says what."""


@dataclass(frozen=True)
class Reading:
    """What a window gave. ``joules`` None means it could not be had, and ``missing`` says why.

    ``step_seconds`` is the time between two steps of the counter; the energy is known to within one of them at each
    edge. ``idle_watts`` is the power just before the window.
    """

    joules: float | None
    seconds: float
    step_seconds: float | None = None
    idle_watts: float | None = None
    missing: str | None = None
    source: str = ""
    """The name of what was read, where it is known only then."""


@dataclass
class Clock:
    """Time in seconds and a way to wait; replaced in tests."""

    now: Callable[[], float] = lambda: time.perf_counter_ns() / 1e9
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Unwrapped:
    """Sums counters that wrap at their ``ranges`` into one that does not. Read it at least once a wrap."""

    read: Callable[[], Sequence[int]]
    ranges: Sequence[int]
    _last: list[int] | None = field(default=None, init=False)
    _total: int = field(default=0, init=False)

    def __call__(self) -> int:
        """The counts of all since the first call."""
        now = list(self.read())
        for old, new, span in zip(self._last or now, now, self.ranges, strict=True):
            self._total += new - old if new >= old else new - old + span
        self._last = now
        return self._total


@dataclass
class CounterWindow:
    """Begins on a step of the counter or a while after it, ends wherever the work ends, and checks that it was alive.

    ``read`` gives cumulative counts and raises CounterError; ``poll_seconds`` is how often it is asked for a step.
    """

    read: Callable[[], int]
    joules_per_count: float
    poll_seconds: float
    clock: Clock = field(default_factory=Clock)
    longest_seconds: float | None = None
    """A longer window could hide a wrap of the counter."""
    most_watts: float | None = None
    """What is measured cannot draw more: a counter that says so has started again."""
    _begun: tuple[float, float] | None = field(default=None, init=False)
    _step: float | None = field(default=None, init=False)
    _idle: float | None = field(default=None, init=False)
    _problem: str | None = field(default=None, init=False)

    def begin(self, phase: float = 0.0, period: float = 0.0) -> None:
        """Measure the idle power and the counter's step, then begin on a step, or ``phase`` periods after one.

        A period is the counter's step, or ``period`` seconds where that is longer. Takes a second and a few steps.
        """
        self._begun = self._step = self._idle = self._problem = None
        try:
            first = self._edge()
            self.clock.sleep(IDLE_SECONDS)
            edges = [self._edge() for _ in range(4)]
        except CounterError as error:
            self._problem = str(error)
            return
        idle = (edges[0][1] - first[1]) * self.joules_per_count / (edges[0][0] - first[0])
        self._problem = self._impossible(idle)
        if self._problem is not None:
            return
        self._idle = idle
        self._step = (edges[-1][0] - edges[0][0]) / (len(edges) - 1)
        self._begun = self._later(edges[-1], phase * max(self._step, period))

    def end(self) -> Reading:
        """The energy since ``begin``."""
        now = self.clock.now()
        if self._begun is None:
            return Reading(None, 0.0, missing=self._problem or "the window was never begun")
        seconds = now - self._begun[0]
        try:
            counts = self.read() - self._begun[1]
            self._edge()
        except CounterError as error:
            return Reading(None, seconds, self._step, self._idle, str(error))
        missing = self._too_short(seconds) or self._too_long(seconds) or _implausible(counts)
        missing = missing or self._impossible(counts * self.joules_per_count / seconds)
        joules = None if missing else counts * self.joules_per_count
        return Reading(joules, seconds, self._step, self._idle, missing)

    def _later(self, edge: tuple[float, int], seconds: float) -> tuple[float, float]:
        """The edge, or a time after it with the counts that are due by then: at idle power, since nothing runs yet."""
        if not seconds or self._idle is None:
            return edge
        self.clock.sleep(seconds)
        now = self.clock.now()
        return now, edge[1] + self._idle * (now - edge[0]) / self.joules_per_count

    def _edge(self) -> tuple[float, int]:
        """Time and counts at the counter's next step. Raises CounterError where it does not come."""
        start, before = self.clock.now(), self.read()
        while (counts := self.read()) == before:
            if self.clock.now() - start > STUCK_SECONDS:
                raise CounterError(f"the energy counter did not move for {STUCK_SECONDS:g} s")
            self.clock.sleep(self.poll_seconds)
        return self.clock.now(), counts

    def _impossible(self, watts: float) -> str | None:
        if self.most_watts is None or watts <= self.most_watts:
            return None
        most = f"more than the {self.most_watts:,.0f} W that can be drawn"
        return f"the energy counter started again in the window: it says {watts:,.0f} W, {most}"

    def _too_short(self, seconds: float) -> str | None:
        if seconds < MIN_SECONDS:
            return f"the window lasted {seconds:.2f} s; an energy needs at least {MIN_SECONDS:g} s"
        steps = round(seconds / self._step) if self._step else 0
        if steps < MIN_STEPS:
            return f"the window held {steps} steps of the counter; an energy needs at least {MIN_STEPS}"
        return None

    def _too_long(self, seconds: float) -> str | None:
        if self.longest_seconds is None or seconds <= self.longest_seconds:
            return None
        return f"the window lasted {seconds:.0f} s, in which the counter may have wrapped more than once"


def _implausible(counts: float) -> str | None:
    if counts > 0:
        return None
    return "the energy counter went backwards" if counts < 0 else "the energy counter did not move in the window"


Family = tuple[Metric, Metric, Metric, Metric, Metric]
"""Energy (gross), power, idle power, the step's share of the energy, net energy."""


def family(prefix: str, scope: Scope, source: str, resolution: str) -> Family:
    """The metrics of an energy meter that reads ``source``; ``resolution`` is what one step of it is."""
    return (
        Metric(f"{prefix}_energy", "J", "lower", scope, f"{source} over the window", resolution),
        Metric(f"{prefix}_power", "W", "lower", scope, f"{source} over the window, by its wall time", resolution),
        Metric(f"{prefix}_idle_power", "W", "lower", scope, f"{source}, in the second before the window, model loaded"),
        Metric(f"{prefix}_energy_step", "1", "neither", scope, f"{source}: one step relative to the window's energy"),
        Metric(
            f"{prefix}_net_energy",
            "J",
            "lower",
            scope,
            f"{source} over the window, less idle power times its wall time",
            resolution,
        ),
    )


def measurements(reading: Reading, stage: Stage, metrics: Family) -> tuple[Measurement, ...]:
    """A window's reading as the metrics of its family, each with its value or the reason it is missing."""
    energy, power, idle, step, net = metrics
    power_watts = None if reading.joules is None else reading.joules / reading.seconds
    return (
        one(energy, stage, reading.joules, reading.missing),
        one(power, stage, power_watts, reading.missing),
        one(idle, stage, reading.idle_watts, reading.missing),
        one(step, stage, _step_share(reading), reading.missing),
        one(net, stage, _net(reading), reading.missing or "the idle power before the window is not known"),
    )


def one(metric: Metric, stage: Stage, value: float | None, missing: str | None) -> Measurement:
    """A measurement of one value, or a missing one with its reason."""
    if value is None:
        return Measurement(metric, stage, "measured", missing=missing or "not known")
    return Measurement(metric, stage, "measured", values=(value,))


def _step_share(reading: Reading) -> float | None:
    if reading.joules is None or reading.step_seconds is None:
        return None
    return reading.step_seconds / reading.seconds


def _net(reading: Reading) -> float | None:
    """Below 0 where the machine drew less under load than before, by noise or a clock that fell."""
    if reading.joules is None or reading.idle_watts is None:
        return None
    return reading.joules - reading.idle_watts * reading.seconds
