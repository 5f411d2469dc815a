"""Disturbances to plant: a busy neighbour on a core, a clock that jumps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.checks import with_findings
from harness.meters.conditions import Conditions, Sources
from harness.model.case import HOST, Case, Pace, Trial, WorkloadRef
from harness.model.measure import LATENCY, Measurement
from harness.model.outcome import Ok
from harness.model.record import Record
from harness.scenarios.single_stream import SingleStream
from harness.testing import FakeClock

MS = 1_000_000
STEP_NS = 10 * MS
PACE = Pace(budget_seconds=0.4, precision=-1.0)


@contextmanager
def busy_neighbour(core: int) -> Iterator[None]:
    """A process that never rests, on that core alone."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """This thread, and what it starts, on that core; where it was without one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def jumped(jump: int, at: int) -> Record:
    """The record, judged, of steps of 10 ms whose clock jumps (ns) in step ``at``; only time is replaced."""
    timing, steady = FakeClock(now=10**15, tick=MS), FakeClock(now=10**15)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        timing.advance(STEP_NS + (jump if steps == at else 0))
        steady.advance(STEP_NS)

    conditions = Conditions(Sources(clock=timing, reference=steady))
    conditions.begin()
    steady.advance(MS)  # the reading itself moved the other on
    timing.tick = 0
    rounds, inner, _ = SingleStream(step, PACE, timing).measure(STEP_NS, batched=True)
    timing.tick = MS
    conditions.end()
    return _record(tuple((end - start) / inner / 1e9 for start, end in rounds), conditions)


def _record(latency: tuple[float, ...], conditions: Conditions) -> Record:
    case = Case(WorkloadRef("made", "steady", "made.py"), HOST, "cpu", "cpu", "python", "float32")
    of = Trial(case, "timing", pace=PACE)
    kept = [m for m in conditions.measurements("timed") if m.metric.id in {"window", "clock_gap", "canary"}]
    measured = (Measurement(LATENCY, "timed", "measured", latency), *kept)
    made = Record(of.id, of, Ok(), "2026-11-25T08:00:00.000+00:00", 1.0, measured, facts={"threads": "1"})
    return with_findings(made)
