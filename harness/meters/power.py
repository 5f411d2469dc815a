"""Power readings over a window: polled in a thread, averaged over time, and integrated where there is no counter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from harness.meters.counter import IDLE_SECONDS, MIN_SECONDS, Clock, CounterError, Reading
from harness.model.measure import Finding, Measurement

INTERVAL_SECONDS = 0.05
LONGEST_GAP_SECONDS = 0.5
DISAGREEMENT = 0.05
"""Power by a counter and by readings beside it that differ by more than this are worth a word."""

ReadPower = Callable[[], tuple[str, float]]
"""Gives the name of what was read and the power in watts; raises CounterError."""


@dataclass(frozen=True)
class PowerTrace:
    """Power in watts at times in seconds, in order; ``problem`` says why readings stopped, if they did."""

    field: str
    points: tuple[tuple[float, float], ...]
    problem: str | None = None

    def mean(
        self, began: float, ended: float, longest_gap: float = LONGEST_GAP_SECONDS
    ) -> tuple[float | None, str | None]:
        """Mean power from ``began`` to ``ended`` (trapezoids), or why there is none: too few readings, or a gap."""
        points = [(t, watts) for t, watts in self.points if began <= t <= ended]
        if self.problem or len(points) < 2:
            return None, self.problem or "fewer than two power readings in the window"
        gap = max(b - a for a, b in pairwise([began, *(t for t, _ in points), ended]))
        if gap > longest_gap:
            return None, f"the power readings have a gap of {gap:.2f} s"
        return _trapezoids(points, began, ended) / (ended - began), None


def _trapezoids(points: Sequence[tuple[float, float]], began: float, ended: float) -> float:
    """Joules from ``began`` to ``ended``; the first and last readings stand for what lies before and after them."""
    whole = [(began, points[0][1]), *points, (ended, points[-1][1])]
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(whole))


class Sampler(Protocol):
    """Takes power readings between ``start`` and ``stop``."""

    def start(self) -> None:
        """Begin to read."""

    def stop(self) -> PowerTrace:
        """Stop, and give what was read."""


class ThreadSampler:
    """Reads in a thread of the child's own. Only where time is not measured: the energy role."""

    def __init__(self, read: ReadPower) -> None:
        self._read, self._clock = read, Clock()
        self._points: list[tuple[float, float]] = []
        self._fields: set[str] = set()
        self._problem: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="power", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> PowerTrace:
        """Stop, and give what was read."""
        self._stop.set()
        self._thread.join()
        return PowerTrace("/".join(sorted(self._fields)) or "power", tuple(self._points), self._problem)

    def _run(self) -> None:
        while self._take() and not self._stop.wait(INTERVAL_SECONDS):
            pass

    def _take(self) -> bool:
        try:
            field, watts = self._read()
        except CounterError as error:
            self._problem = str(error)
            return False
        self._fields.add(field)
        self._points.append((self._clock.now(), watts))
        return True


MakeSampler = Callable[[ReadPower], Sampler]


class PowerWindow:
    """Energy by integrating power readings, for a sensor without a counter. Times are seconds."""

    def __init__(
        self,
        read: ReadPower,
        clock: Clock | None = None,
        make: MakeSampler = ThreadSampler,
        min_seconds: float = MIN_SECONDS,
        longest_gap: float = LONGEST_GAP_SECONDS,
    ) -> None:
        self._clock = clock or Clock()
        self._sampler = make(read)
        self._min_seconds, self._longest_gap = min_seconds, longest_gap
        self._idle_from = self._began = 0.0

    def begin(self) -> None:
        """Read for a second without work, then begin the window."""
        self._idle_from = self._clock.now()
        self._sampler.start()
        self._clock.sleep(IDLE_SECONDS)
        self._began = self._clock.now()

    def end(self) -> Reading:
        """The energy since ``begin``; ``step_seconds`` is the mean time between two readings."""
        ended = self._clock.now()
        trace, seconds = self._sampler.stop(), ended - self._began
        idle, _ = trace.mean(self._idle_from, self._began, self._longest_gap)
        if seconds < self._min_seconds:
            short = f"the window lasted {seconds:.2f} s; an energy needs at least {self._min_seconds:g} s"
            return Reading(None, seconds, None, idle, short, trace.field)
        watts, missing = trace.mean(self._began, ended, self._longest_gap)
        inside = sum(self._began <= t <= ended for t, _ in trace.points)
        step = seconds / inside if inside else None
        return Reading(None if watts is None else watts * seconds, seconds, step, idle, missing, trace.field)


def disagreement(found: Sequence[Measurement]) -> Finding | None:
    """A word on a counter that differs from the power readings beside it (``X_power``, ``X_power_sampled``)."""
    values = {m.metric.id: m.values[0] for m in found if m.values and m.metric.unit == "W"}
    for name, sampled in values.items():
        counted = values.get(name.removesuffix("_sampled"))
        if not name.endswith("_power_sampled") or not counted:
            continue
        share = sampled / counted - 1
        if abs(share) > DISAGREEMENT:
            text = f"power readings average {sampled:.4g} W, the energy counter says {counted:.4g} W ({share:+.0%})"
            hint = (
                "the sensor may sample only a part of the time: repeat with a longer window, and trust neither to 5 %"
            )
            return Finding("warning", "power-disagrees", text, hint)
    return None
