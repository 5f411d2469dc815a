"""What the meters of a power sensor share: a window of readings, its five metrics, and the way files are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.meters.counter import MIN_SECONDS, Clock, CounterError, Family, Reading, measurements
from harness.meters.power import LONGEST_GAP_SECONDS, MakeSampler, PowerWindow, ReadPower, ThreadSampler
from harness.model.measure import Measurement, Metric, Stage

Read = Callable[[Path], str]
"""Gives a file's text; raises OSError."""


class PowerSensor:
    """A meter over a sensor that shows power and counts no energy. A subclass says where it is, in ``find``."""

    id = ""
    roles = frozenset({"energy"})
    devices = frozenset({"cpu", "gpu"})
    metrics: tuple[Metric, ...] = ()
    family: Family
    window_seconds = MIN_SECONDS
    """A shorter window has no energy."""
    longest_gap_seconds = LONGEST_GAP_SECONDS

    def __init__(self, clock: Clock | None = None, sampler: MakeSampler = ThreadSampler) -> None:
        self._clock, self._make_sampler = clock or Clock(), sampler
        self._window: PowerWindow | None = None

    def find(self) -> ReadPower:
        """How the power is read here. Raises CounterError with the reason where it cannot be."""
        raise NotImplementedError

    def available(self) -> str | None:
        """Why there is no power to read here; None where one reading succeeds."""
        try:
            source, watts = self.find()()
        except CounterError as error:
            return str(error)
        return None if watts else _no_power(source)

    def begin(self) -> None:
        """Read for a second without work, then begin the window."""
        self._window = None
        try:
            read = self.find()
        except CounterError:
            return
        self._window = PowerWindow(read, self._clock, self._make_sampler, self.window_seconds, self.longest_gap_seconds)
        self._window.begin()

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Gross and net energy, power, idle power and the share of one reading; missing ones with the reason."""
        if self._window is None:
            reason = self.available() or "the window was never begun"
            return measurements(Reading(None, 0.0, missing=reason), stage, self.family)
        reading = self._window.end()
        if reading.joules == 0:
            reading = replace(reading, joules=None, idle_watts=None, missing=_no_power(reading.source))
        return measurements(reading, stage, self.family)


def _no_power(source: str) -> str:
    """A machine that runs draws power: a sensor that says 0 is not measuring."""
    return f"{source or 'the sensor'} says 0 W while the machine runs: it does not measure"


def number(path: Path, read: Read) -> float:
    """The number in a file. Raises CounterError."""
    try:
        return float(read(path))
    except (OSError, ValueError) as error:
        raise CounterError(f"{path} could not be read: {error}") from None


def text(path: Path, read: Read) -> str:
    """What a file says, empty where it is not there."""
    try:
        return read(path).strip()
    except OSError:
        return ""
