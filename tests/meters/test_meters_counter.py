import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.meters.counter import CounterError, CounterWindow, Unwrapped


def window(fake_time, counter, **changes):
    return CounterWindow(counter, counter.joules_per_count, 0.001, fake_time.clock(), **changes)


@pytest.mark.parametrize(("step", "seconds"), [(0.02, 5.0), (0.1, 5.003), (0.1, 7.31), (0.001, 5.0005)])
@pytest.mark.parametrize("watts", [3.5, 300.0])
def test_energy_is_right_within_one_step(fake_time, stepped, step, seconds, watts):
    taken = window(fake_time, stepped(fake_time, watts, step, 1e-3))
    taken.begin()
    fake_time.sleep(seconds)
    found = taken.end()
    assert found.missing is None
    assert found.joules == pytest.approx(watts * found.seconds, abs=watts * step + 0.1)
    assert found.seconds == pytest.approx(seconds, abs=0.01)
    assert found.idle_watts == pytest.approx(watts, rel=0.05)
    assert found.step_seconds == pytest.approx(step, abs=0.0011)


def test_the_window_begins_on_a_step(fake_time, stepped):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.1, 1e-3))
    taken.begin()
    assert fake_time.seconds % 0.1 < 0.004


def test_a_short_window_has_no_energy_and_says_why(fake_time, stepped):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.02, 1e-3))
    taken.begin()
    fake_time.sleep(4.9)
    found = taken.end()
    assert found.joules is None
    assert "at least 5 s" in found.missing


def test_too_few_steps_have_no_energy_and_say_why(fake_time, stepped):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.2, 1e-3))
    taken.begin()
    fake_time.sleep(6.0)
    found = taken.end()
    assert found.joules is None
    assert "30 steps" in found.missing


@pytest.mark.parametrize("stuck_at", [0.0, 1000.5])
def test_a_counter_that_is_stuck_from_the_start(fake_time, stepped, stuck_at):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.02, 1e-3, stuck_at=stuck_at))
    taken.begin()
    fake_time.sleep(6.0)
    found = taken.end()
    assert (found.joules, found.missing) == (None, "the energy counter did not move for 1 s")


def test_a_counter_that_gets_stuck_in_the_window(fake_time, stepped):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.02, 1e-3, stuck_at=1004.0))
    taken.begin()
    fake_time.sleep(6.0)
    found = taken.end()
    assert (found.joules, found.missing) == (None, "the energy counter did not move for 1 s")


def test_a_counter_that_starts_again_in_the_window(fake_time, stepped):
    counter = stepped(fake_time, 100.0, 0.02, 1e-3)
    taken = window(fake_time, counter)
    taken.begin()
    fake_time.sleep(6.0)
    counter.start = -90_000_000
    assert taken.end().missing == "the energy counter went backwards"


def test_a_counter_that_cannot_be_read_any_more(fake_time, stepped):
    counter, broken = stepped(fake_time, 100.0, 0.02, 1e-3), []

    def read():
        if broken:
            raise CounterError("the device is lost")
        return counter()

    taken = CounterWindow(read, 1e-3, 0.001, fake_time.clock())
    taken.begin()
    fake_time.sleep(6.0)
    broken.append(True)
    assert taken.end().missing == "the device is lost"


def test_a_window_too_long_for_its_counter(fake_time, stepped):
    taken = window(fake_time, stepped(fake_time, 100.0, 0.02, 1e-3), longest_seconds=60.0)
    taken.begin()
    fake_time.sleep(61.0)
    assert "wrapped more than once" in taken.end().missing


def test_a_window_that_was_never_begun(fake_time, stepped):
    found = window(fake_time, stepped(fake_time, 1.0, 0.02, 1e-3)).end()
    assert (found.joules, found.missing) == (None, "the window was never begun")


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 49)), max_size=50))
def test_wrapping_counters_add_up(increments):
    truth, ranges = [7, 3], (100, 50)
    total = Unwrapped(lambda: [t % r for t, r in zip(truth, ranges, strict=True)], ranges)
    assert total() == 0
    for pair in increments:
        for k in (0, 1):
            truth[k] += pair[k]
        assert total() == sum(truth) - 10
