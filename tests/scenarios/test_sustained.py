"""A sustained load against a clock that moves only when a step says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.case import Pace
from harness.scenarios.single_stream import SHORTEST_ROUND_NS
from harness.scenarios.sustained import MOST_ROUNDS, Sustained, measurements, part_seconds, parts
from harness.testing import FakeClock

MS, SECOND = 1_000_000, 1_000_000_000


def load(seconds: float, cost, batched: bool = False, typical: int = 10 * MS):
    """A load whose step takes ``cost(time in seconds)`` nanoseconds."""
    clock = FakeClock()
    return Sustained(lambda: clock.advance(cost(clock.now / SECOND)), Pace(budget_seconds=seconds), clock).measure(
        typical, batched
    )


def values(rounds, inner, seconds):
    return {m.metric.id: m.values for m in measurements(parts(rounds, inner, seconds))}


def test_it_runs_for_the_time_given_however_steady_it_is():
    rounds, inner, _ = load(300, lambda _: 100 * MS)
    assert inner == 1
    assert rounds[-1][1] == 300 * SECOND


def test_minute_by_minute_and_the_last_against_the_first_for_a_machine_that_gets_hot():
    found = values(*load(600, lambda now: (100 if now < 240 else 130) * MS)[:2], 600)
    assert found["part_start"] == tuple(60.0 * k for k in range(10))
    assert found["part_latency"] == pytest.approx((0.1,) * 4 + (0.13,) * 6)
    assert found["part_rounds"][0] == 600
    assert found["last_to_first"] == pytest.approx((1.3,))


def test_a_processor_that_is_stopped_now_and_then_is_slower_though_its_median_step_is_not():
    """As heat does it: from the fourth minute on each tenth step takes five times as long."""
    number = [0]

    def cost(now: float) -> int:
        number[0] += 1
        return (500 if now >= 240 and number[0] % 10 == 0 else 100) * MS

    found = values(*load(600, cost)[:2], 600)
    assert found["part_latency"] == pytest.approx((0.1,) * 10)
    assert found["part_mean"][-1] == pytest.approx(0.14, rel=0.02)
    assert found["last_to_first"] == pytest.approx((1.4,), rel=0.02)


def test_what_is_short_is_looked_at_in_thirds_and_a_rest_joins_the_last_part():
    assert [p.start for p in parts(load(90, lambda _: 100 * MS)[0], 1, 90)] == [0, 30, 60]
    assert [p.rounds for p in parts(load(140, lambda _: 100 * MS)[0], 1, 140)] == [600, 800]
    assert [p.start for p in parts(load(160, lambda _: 100 * MS)[0], 1, 160)] == [0, 60, 120]


@pytest.mark.slow
def test_an_hour_of_short_steps_keeps_a_record_that_can_be_read():
    rounds, inner, _ = load(3600, lambda _: MS, batched=True, typical=MS)
    assert len(rounds) <= MOST_ROUNDS
    assert parts(rounds, inner, 3600)[0].median == pytest.approx(0.001)


@pytest.mark.slow
def test_short_steps_are_put_together_and_those_with_marks_are_not():
    assert load(1, lambda _: 1000, batched=True, typical=1000)[1] == SHORTEST_ROUND_NS // 1000
    assert load(0.001, lambda _: 1000, batched=False, typical=1000)[1] == 1


def test_one_part_alone_has_no_ratio_and_says_why():
    rounds, inner, _ = load(10, lambda _: 60 * SECOND)
    ratio = next(m for m in measurements(parts(rounds, inner, 10)) if m.metric.id == "last_to_first")
    assert ratio.values == ()
    assert ratio.missing
    assert parts([], 1, 60) == []


@given(
    gaps=st.lists(st.tuples(st.integers(0, 20 * SECOND), st.integers(1, 90 * SECOND)), min_size=1, max_size=60),
    seconds=st.floats(0.1, 1000),
)
def test_every_round_is_in_exactly_one_part_and_parts_come_in_order(gaps, seconds):
    rounds, now = [], 0
    for gap, length in gaps:
        rounds.append((now + gap, now + gap + length))
        now += gap + length
    found = parts(rounds, 1, seconds)
    assert sum(p.rounds for p in found) == len(rounds)
    assert [p.start for p in found] == sorted({p.start for p in found})
    assert all(p.start < max(seconds, part_seconds(seconds)) for p in found)
