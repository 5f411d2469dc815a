"""Power readings over a window: polled in a thread, averaged over time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from harness.meters.counter import Clock, CounterError

INTERVAL_SECONDS = 0.05
LONGEST_GAP_SECONDS = 0.5

ReadPower = Callable[[], tuple[str, float]]
"""Gives the name of what was read and the power in watts; raises CounterError."""


@dataclass(frozen=True)
class PowerTrace:
    """Power in watts at times in seconds, in order; ``problem`` says why readings stopped, if they did."""

    field: str
    points: tuple[tuple[float, float], ...]
    problem: str | None = None

    def mean(self, began: float, ended: float) -> tuple[float | None, str | None]:
        """Mean power from ``began`` to ``ended`` (trapezoids), or why there is none: too few readings, or a gap."""
        points = [(t, watts) for t, watts in self.points if began <= t <= ended]
        if self.problem or len(points) < 2:
            return None, self.problem or "fewer than two power readings in the window"
        gap = max(b - a for a, b in pairwise([began, *(t for t, _ in points), ended]))
        if gap > LONGEST_GAP_SECONDS:
            return None, f"the power readings have a gap of {gap:.2f} s"
        area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
        return area / (points[-1][0] - points[0][0]), None


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
