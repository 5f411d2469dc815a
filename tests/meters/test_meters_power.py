import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.meters.counter import CounterError
from harness.meters.power import PowerTrace, ThreadSampler


@given(st.floats(1, 1000), st.floats(-50, 50), st.integers(10, 100))
def test_the_mean_of_a_ramp_is_its_middle(watts, slope, n):
    points = tuple((k * 0.1, watts + slope * k * 0.1) for k in range(n))
    found, missing = PowerTrace("POWER_INSTANT", points).mean(0.0, (n - 1) * 0.1 + 1e-9)
    assert missing is None
    assert found == pytest.approx(watts + slope * (n - 1) * 0.05, abs=1e-6)


def test_readings_outside_the_window_do_not_count():
    points = tuple((k * 0.1, 10.0 if 10 <= k <= 20 else 1000.0) for k in range(30))
    assert PowerTrace("x", points).mean(0.99, 2.01)[0] == pytest.approx(10.0)


@pytest.mark.parametrize("hole", [(0, 8), (12, 19), (22, 31)])
def test_a_gap_anywhere_is_told(hole):
    points = tuple((k * 0.1, 10.0) for k in range(31) if not hole[0] <= k <= hole[1])
    found, missing = PowerTrace("x", points).mean(0.0, 3.0)
    assert found is None
    assert "gap" in missing


def test_too_few_readings_are_told():
    assert "fewer than two" in PowerTrace("x", ((0.1, 5.0),)).mean(0.0, 0.2)[1]


def test_the_thread_reads_until_it_is_stopped():
    twice, count = threading.Event(), []

    def read():
        count.append(1)
        if len(count) >= 2:
            twice.set()
        return "POWER_AVERAGE", 42.0

    sampler = ThreadSampler(read)
    sampler.start()
    assert twice.wait(10)
    trace = sampler.stop()
    assert trace.field == "POWER_AVERAGE"
    assert {watts for _, watts in trace.points} == {42.0}
    assert len(trace.points) >= 2


def test_the_thread_keeps_why_it_could_not_read():
    def read():
        raise CounterError("the GPU fell off the bus")

    sampler = ThreadSampler(read)
    sampler.start()
    assert sampler.stop().mean(0.0, 1.0) == (None, "the GPU fell off the bus")
