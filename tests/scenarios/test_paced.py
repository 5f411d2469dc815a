"""Waiting after each step, against a clock that moves only when a step, a sleep or a reading says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.case import Pace
from harness.scenarios.paced import MOST_STEPS, Paced, measurements, overran
from harness.scenarios.waiting import SPIN_NS
from harness.testing import FakeClock

pytestmark = pytest.mark.alone

MS, SECOND = 1_000_000, 1_000_000_000


class Rig:
    """A host whose steps cost what ``costs`` says in turn, in ns, and whose sleeps end ``late`` by so many ns."""

    def __init__(self, *costs: int, late: int = 0, tick: int = 1000) -> None:
        self.clock, self.slept, self.costs, self.late = FakeClock(tick=tick), [], costs, late
        self.taken = 0

    def step(self) -> None:
        self.clock.advance(self.costs[self.taken % len(self.costs)])
        self.taken += 1

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(round(seconds * SECOND) + self.late)

    def measure(self, asked: float, budget: float = 1.0, rounds: int = 3):
        pace = Pace(budget_seconds=budget, min_rounds=rounds)
        return Paced(self.step, pace, self.clock, self.sleep).measure(asked)


def whole(steps) -> list[float]:
    return [(s.over - s.began) / SECOND for s in steps]


def test_a_step_takes_the_time_asked():
    steps = Rig(5 * MS).measure(0.02)
    assert whole(steps) == pytest.approx([0.02] * len(steps), rel=1e-3)


def test_steps_of_different_length_take_the_same_time():
    steps = Rig(1 * MS, 15 * MS, 7 * MS).measure(0.02)
    assert whole(steps) == pytest.approx([0.02] * len(steps), rel=1e-3)
    assert len({s.done - s.began for s in steps}) == 3


def test_it_sleeps_until_shortly_before_the_end_and_spins_the_rest():
    rig = Rig(5 * MS)
    rig.measure(0.02)
    assert max(rig.slept) == pytest.approx((15 * MS - SPIN_NS) / SECOND, rel=1e-3)


def test_a_sleep_that_ends_late_is_made_up_for_by_the_spin():
    steps = Rig(5 * MS, late=SPIN_NS // 2).measure(0.02)
    assert whole(steps) == pytest.approx([0.02] * len(steps), rel=1e-3)


def test_a_wait_shorter_than_the_spin_is_not_slept_at_all():
    rig = Rig(5 * MS)
    rig.measure(0.005 + SPIN_NS / 2 / SECOND, budget=0.1)
    assert rig.slept == []


def test_a_step_that_is_too_slow_by_itself_is_not_waited_for_and_is_counted():
    steps = Rig(25 * MS, 5 * MS).measure(0.02)
    assert whole(steps[:2]) == pytest.approx([0.025, 0.02], rel=1e-3)
    assert overran(steps, 0.02) == sum(s.done - s.began > 20 * MS for s in steps) > 0


def test_it_goes_on_for_the_budget_and_for_the_fewest_rounds():
    assert len(Rig(MS).measure(0.02, budget=1.0)) == 50
    assert len(Rig(MS).measure(2.0, budget=1.0, rounds=3)) == 3


def test_a_very_short_step_does_not_fill_the_record():
    assert len(Rig(1000).measure(1e-5, budget=60.0)) == MOST_STEPS


def test_what_is_measured_is_the_step_with_its_wait_and_without():
    whole_time, work = measurements(Rig(5 * MS).measure(0.02))
    assert (whole_time.metric.id, work.metric.id) == ("paced_latency", "paced_work")
    assert {whole_time.provenance, work.provenance} == {"enforced"}
    assert work.values[0] == pytest.approx(0.005, rel=1e-3)


@given(st.lists(st.integers(1000, 40 * MS), min_size=1, max_size=20), st.integers(100_000, 50 * MS))
def test_no_step_ends_early_and_none_is_longer_than_it_must_be(costs, asked):
    steps = Rig(*costs).measure(asked / SECOND, budget=0.2)
    for step in steps:
        must = max(asked, step.done - step.began)
        assert must <= step.over - step.began <= must + 10_000
