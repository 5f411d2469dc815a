"""Single stream against a clock that moves only when a step says so."""

from __future__ import annotations

from harness.model.case import Pace
from harness.scenarios.single_stream import SHORTEST_ROUND_NS, MarkTaker, SingleStream
from harness.testing import FakeClock

MS = 1_000_000


def stream(clock: FakeClock, costs, pace: Pace = Pace()) -> SingleStream:  # noqa: B008
    times = iter(costs)
    last = [0]

    def step() -> None:
        last[0] = next(times, last[0])
        clock.advance(last[0])

    return SingleStream(step, pace, clock)


def test_cold_start_is_the_first_step_alone():
    assert stream(FakeClock(), [70 * MS, 10 * MS]).cold() == 70 * MS


def test_warm_up_goes_on_while_steps_get_faster_and_stops_when_they_do_not():
    falling = [(100 - 5 * i) * MS for i in range(16)]
    times, steady = stream(FakeClock(), falling + [20 * MS] * 500, Pace(warmup_seconds=60)).warm_up(0)
    assert steady
    assert len(times) > len(falling)
    assert len(times) < 200


def test_warm_up_stops_at_its_budget_and_says_so():
    growing = [(10 + i) * MS for i in range(10_000)]
    times, steady = stream(FakeClock(), growing, Pace(warmup_seconds=1.0)).warm_up(0)
    assert not steady
    assert 1e9 <= sum(times) < 1.2e9


def test_a_cold_step_that_takes_the_whole_warm_up_budget_is_not_repeated():
    assert stream(FakeClock(), [MS], Pace(warmup_seconds=1.0)).warm_up(2 * 10**9) == ([], False)


def test_steady_steps_are_precise_at_an_early_look():
    costs = [10 * MS + (i % 3) * 1000 for i in range(10_000)]
    rounds, inner, precise = stream(FakeClock(), costs, Pace(budget_seconds=60)).measure(10 * MS, batched=True)
    assert (inner, precise) == (1, True)
    assert len(rounds) < 100


def test_noise_that_never_settles_ends_at_the_budget():
    costs = [(5 + 40 * (i % 7 == 0) + i % 5) * MS for i in range(100_000)]
    rounds, _, precise = stream(FakeClock(), costs, Pace(budget_seconds=2.0, precision=1e-6)).measure(10 * MS, False)
    spent = rounds[-1][1] - rounds[0][0]
    assert not precise
    assert 2.0e9 <= spent < 2.1e9


def test_at_least_the_least_rounds_even_when_one_takes_longer_than_the_budget():
    pace = Pace(budget_seconds=0.001, min_rounds=3)
    rounds, _, precise = stream(FakeClock(), [50 * MS], pace).measure(50 * MS, False)
    assert len(rounds) == 3
    assert not precise


def test_short_steps_are_put_together_until_a_round_is_long_enough():
    rounds, inner, _ = stream(FakeClock(), [1000], Pace(budget_seconds=0.1)).measure(1000, batched=True)
    assert inner == SHORTEST_ROUND_NS // 1000
    assert all(end - start >= SHORTEST_ROUND_NS for start, end in rounds)


def test_steps_with_marks_are_never_put_together():
    assert stream(FakeClock(), [1000], Pace(budget_seconds=0.001)).measure(1000, batched=False)[1] == 1


def test_marks_take_the_clock():
    clock = FakeClock(now=5)
    marks = MarkTaker(clock)
    marks("token")
    clock.advance(3)
    marks("token")
    assert marks.taken == [("token", 5), ("token", 8)]


def test_equal_steps_are_timed_for_the_least_time_and_often_enough_for_a_percentile():
    pace = Pace(budget_seconds=10, min_seconds=0.5, wanted_rounds=64)
    rounds, _, precise = stream(FakeClock(), [2 * MS], pace).measure(2 * MS, False)
    assert precise
    assert rounds[-1][1] - rounds[0][0] >= 0.5e9
    rounds, _, precise = stream(FakeClock(), [50 * MS], pace).measure(50 * MS, False)
    assert precise
    assert 64 <= len(rounds) < 100


def test_the_budget_ends_the_rounds_whatever_else_was_wanted():
    pace = Pace(budget_seconds=0.2, min_seconds=0.5, wanted_rounds=64)
    rounds, _, precise = stream(FakeClock(), [10 * MS], pace).measure(10 * MS, False)
    assert (len(rounds), precise) == (20, True)


def test_a_step_that_stalls_now_and_then_is_timed_until_its_mean_is_known():
    stalls = [(40 if k % 10 == 9 else 2) * MS for k in range(100_000)]
    pace = Pace(budget_seconds=60, min_seconds=0.5, wanted_rounds=64)
    rounds, _, precise = stream(FakeClock(), stalls, pace).measure(2 * MS, False)
    assert precise
    mean = (rounds[-1][1] - rounds[0][0]) / len(rounds)
    assert abs(mean / (5.8 * MS) - 1) < 0.02
