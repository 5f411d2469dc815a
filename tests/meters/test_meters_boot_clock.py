"""A system without a clock that goes on while it is suspended: the gap is missing, and times are taken all the same."""

from __future__ import annotations

import pytest

from harness.meters import conditions
from harness.meters.conditions import Conditions, Sources


def gap(sources: Sources):
    meter = Conditions(sources)
    meter.begin()
    meter.end()
    return next(m for m in meter.measurements("timed") if m.metric.id == "clock_gap")


def test_without_such_a_clock_the_gap_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_clock: int) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(conditions.time, "clock_gettime_ns", refuse)
    found = gap(Sources())
    assert found.values == ()
    assert found.missing == "this system has no clock that goes on while it is suspended"


def test_with_one_it_is_there() -> None:
    assert gap(Sources()).values
    ticks = iter(range(0, 10**12, 10**9))
    assert gap(Sources(clock=lambda: 0, reference=lambda: next(ticks))).values == (1.0,)
