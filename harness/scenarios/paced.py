"""Paced: one step after the other, each followed by a wait, so that it takes as long as it would on a slower tier.

A wait after each step has the best shape of all ways to slow a program down: a quota of processor time makes a latency
of two humps, far below and far above what is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from harness.model.case import Pace
from harness.model.measure import Measurement
from harness.model.paced import PACED_LATENCY, PACED_WORK
from harness.scenarios.waiting import wait_until

MOST_STEPS = 10_000
"""More would fill the record without telling more."""


@dataclass(frozen=True)
class Step:
    """When a step began, when its work was done and when its wait was over, in nanoseconds."""

    began: int
    done: int
    over: int


@dataclass(frozen=True)
class Paced:
    """Runs ``step`` every ``pace.step_seconds``. The clock, in nanoseconds, and the sleep can be replaced in tests."""

    step: Callable[[], Any]
    pace: Pace
    clock: Callable[[], int] = perf_counter_ns
    sleep: Callable[[float], None] = time.sleep

    def measure(self, step_seconds: float) -> list[Step]:
        """Steps for ``pace.budget_seconds``, at least ``pace.min_rounds`` of them."""
        clock, each = self.clock, round(step_seconds * 1e9)
        deadline = clock() + int(self.pace.budget_seconds * 1e9)
        steps: list[Step] = []
        while len(steps) < MOST_STEPS and (len(steps) < self.pace.min_rounds or clock() < deadline):
            began = clock()
            self.step()
            done = clock()
            wait_until(began + each, clock, self.sleep)
            steps.append(Step(began, done, clock()))
        return steps


def measurements(steps: Sequence[Step]) -> tuple[Measurement, ...]:
    """Seconds a step took with its wait, and without it."""
    whole = tuple((s.over - s.began) / 1e9 for s in steps)
    work = tuple((s.done - s.began) / 1e9 for s in steps)
    return Measurement(PACED_LATENCY, "timed", "enforced", whole), Measurement(PACED_WORK, "timed", "enforced", work)


def overran(steps: Sequence[Step], step_seconds: float) -> int:
    """How many steps took longer than they should by themselves, so that no wait could help."""
    return sum(s.done - s.began > step_seconds * 1e9 for s in steps)
