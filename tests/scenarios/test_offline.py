"""Offline against a machine whose throughput at each batch is known, on a clock of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.load import Load
from harness.scenarios.offline import GAIN, LEAST_STEPS, MOST_PARTS, Offline, Pass, fastest, measurements
from harness.stats import summarise_means
from harness.testing import FakeClock

SECOND = 1_000_000_000
LOAD = Load(min_duration=4.0)


class Machine:
    """Does ``rates[batch]`` samples a second; has no other batches, and says so."""

    def __init__(self, rates: dict[int, float]) -> None:
        self.rates, self.clock, self.built = rates, FakeClock(), []

    def step_at(self, batch: int):
        self.built.append(batch)
        if batch not in self.rates:
            return "out of memory"
        return lambda: self.clock.advance(round(batch / self.rates[batch] * SECOND))

    def measure(self, load: Load = LOAD, first: int = 1, **more):
        return Offline(self.step_at, load, self.clock, **more).measure(first)


SATURATING = {2**k: 100 * 2**k / (2**k + 7) for k in range(12)}
FLAT = dict.fromkeys((2**k for k in range(12)), 50.0)


def test_it_goes_on_while_a_larger_batch_is_faster_and_says_which_was_fastest():
    found = Machine(SATURATING).measure()
    assert found.best.rate == pytest.approx(max(SATURATING.values()), rel=0.05)
    assert found.ended == ""
    assert [one.batch for one in found.tries] == [2**k for k in range(len(found.tries))]
    assert found.tries[-1].batch == 4 * found.best.batch


def test_where_no_batch_is_faster_the_smallest_is_taken():
    found = Machine(FLAT).measure()
    assert (found.best.batch, [one.batch for one in found.tries]) == (1, [1, 2, 4])


def test_the_best_batch_is_measured_again_for_all_of_the_time():
    machine = Machine(FLAT)
    found = machine.measure()
    assert machine.built == [1, 2, 4, 1]
    assert len(found.best.rounds) == 4 * len(found.tries[0].rounds) == 200


def test_a_batch_that_cannot_be_built_ends_the_search_and_is_told():
    found = Machine({1: 10.0, 2: 20.0, 4: 40.0}).measure()
    assert (found.best.batch, found.ended) == (4, "batch 8: out of memory")


def test_where_not_even_the_first_can_be_it_is_an_error():
    with pytest.raises(ValueError, match="batch 1: out of memory"):
        Machine({}).measure()


def test_it_ends_when_the_time_is_over():
    found = Machine(SATURATING).measure(Load(min_duration=4.0, max_duration=2.5))
    assert found.ended == "the time was over"
    assert len(found.tries) == 3


def test_a_long_step_is_taken_three_times():
    found = Machine({1: 0.01}).measure()
    assert [len(one.rounds) for one in (*found.tries, found.best)] == [LEAST_STEPS, LEAST_STEPS]


def test_it_begins_at_the_batch_of_the_workload():
    assert Machine(FLAT).measure(first=8).tries[0].batch == 8


def test_every_batch_is_kept_with_its_rate_and_its_memory():
    peaks = iter((100, 200, 400, 400))
    found = Machine(FLAT).measure(peak=lambda: next(peaks))
    told = {m.metric.id: m.values for m in measurements(found)}
    assert told["batch"] == (1.0, 2.0, 4.0)
    assert told["batch_rate"] == pytest.approx((50.0,) * 3)
    assert told["batch_peak"] == (100.0, 200.0, 400.0)
    assert (told["best_batch"], told["samples_per_second"]) == ((1.0,), (pytest.approx(50.0),))


def test_a_peak_that_is_not_known_is_not_told():
    assert "batch_peak" not in {m.metric.id for m in measurements(Machine(FLAT).measure())}


@given(st.lists(st.floats(1.0, 1e4), min_size=1, max_size=8))
def test_nothing_tried_is_much_faster_than_the_fastest(rates):
    tries = [Pass(2**k, ((0, round(2**k / rate * SECOND)),)) for k, rate in enumerate(rates)]
    best = fastest(tries)
    assert all(one.rate <= best.rate * (1 + GAIN) * (1 + 1e-6) for one in tries if one.batch > best.batch)


def test_how_sure_the_best_rate_is_comes_from_parts_of_its_pass():
    """Each tenth step of 4 samples stalls: 2 ms, and 40."""
    ends, now = [], 0
    for k in range(1033):
        now += 40_000_000 if k % 10 == 9 else 2_000_000
        ends.append(now)
    one = Pass(4, tuple(zip([0, *ends], ends, strict=False)))
    times = one.sample_times()
    assert len(times) == 1033 // 3
    assert sum(times) * 3 * 4 == pytest.approx((ends[-1] - ends[0]) / 1e9, rel=1e-6), (
        "the first, left over, is left out"
    )
    found = summarise_means([times], [1 / one.rate])
    assert found.mean == pytest.approx(1 / one.rate)
    assert found.low < 0.0058 / 4 < found.high


@given(st.integers(LEAST_STEPS, 3000), st.integers(1, 64))
def test_parts_of_a_pass_are_few_and_all_alike_where_steps_are(count: int, batch: int):
    one = Pass(batch, tuple((k * SECOND, (k + 1) * SECOND) for k in range(count)))
    times = one.sample_times()
    assert 1 <= len(times) <= MOST_PARTS
    assert times == pytest.approx([1 / batch] * len(times))
