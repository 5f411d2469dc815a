"""Steps of two kinds are told from steps of one, however that one scatters."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.kinds import two_kinds


def drawn(make, count: int, seed: int) -> list[float]:
    rng = random.Random(seed)
    return [make(rng) for _ in range(count)]


def share(make, count: int) -> float:
    """How often ``count`` times are found to be of two kinds."""
    return sum(two_kinds(drawn(make, count, seed)) is not None for seed in range(200)) / 200


def test_a_step_that_stalls_every_tenth_time_is_of_two_kinds():
    found = two_kinds([0.040 if k % 10 == 9 else 0.002 for k in range(86)])
    assert found is not None
    assert (found.quick, found.slow) == (pytest.approx(0.002), pytest.approx(0.040))
    assert (found.count, found.total, found.first) == (8, 86, False)


def test_slow_steps_before_all_others_are_a_slow_start():
    found = two_kinds([0.1] * 7 + [0.01] * 60)
    assert found is not None
    assert (found.count, found.first) == (7, True)
    late = two_kinds([0.01] * 20 + [0.1] * 7 + [0.01] * 40)
    assert late is not None
    assert not late.first


@pytest.mark.parametrize("count", [24, 64, 500])
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: max(0.1, rng.gauss(10, 3)),
        lambda rng: rng.lognormvariate(0, 0.5),
        lambda rng: 1 + rng.expovariate(1),
        lambda rng: rng.uniform(1, 3),
    ],
    ids=["normal", "log-normal", "exponential", "uniform"],
)
def test_noise_of_one_kind_is_not_taken_for_two(make, count):
    assert share(make, count) <= 0.05


@pytest.mark.parametrize("count", [64, 500])
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: (40 if rng.random() < 0.1 else 2) * rng.lognormvariate(0, 0.1),
        lambda rng: (3 if rng.random() < 0.5 else 2) * rng.lognormvariate(0, 0.05),
        lambda rng: (2 if rng.random() < 0.8 else 1) * rng.lognormvariate(0, 0.05),
    ],
    ids=["stalls", "half and half", "mostly slow"],
)
def test_two_kinds_are_found_through_noise(make, count):
    assert share(make, count) >= 0.95


def test_what_hardly_matters_is_not_worth_a_word():
    assert two_kinds([0.001] * 999 + [0.010]) is None, "1 % of the time"
    assert two_kinds([0.010] * 50 + [0.0105] * 50) is None, "one is 5 % slower"


@given(st.lists(st.floats(1e-9, 1e6), max_size=40), st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(times, factor):
    one, other = two_kinds(times), two_kinds([factor * t for t in times])
    if one is not None and other is not None:
        assert (one.count, one.first) == (other.count, other.first)
        assert other.slow == pytest.approx(factor * one.slow)


@given(st.lists(st.floats(0, 1e6), max_size=12))
def test_no_times_raise(times):
    found = two_kinds(times)
    assert found is None or found.quick < found.slow
