"""The schedule of a Poisson process: its statistics, and that a seed decides all of it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from harness.scenarios.arrivals import arrivals

RATES = st.floats(0.1, 1e5)
SEEDS = st.integers(0, 2**32).map(str)


def gaps(times: tuple[int, ...]) -> list[float]:
    return [(b - a) / 1e9 for a, b in pairwise((0, *times))]


@given(RATES, st.integers(0, 200), SEEDS)
def test_as_many_as_asked_in_order_and_the_same_from_the_same_seed(rate, count, seed):
    times = arrivals(rate, count, seed)
    assert len(times) == count
    assert list(times) == sorted(times)
    assert times == arrivals(rate, count, seed)


@given(RATES, SEEDS)
@settings(max_examples=25)
def test_gaps_are_exponential_with_the_mean_asked(rate, seed):
    count = 4000
    found = gaps(arrivals(rate, count, seed))
    mean = math.fsum(found) / count
    assert mean * rate == pytest.approx(1, abs=5 / math.sqrt(count))
    assert kstest([gap * rate for gap in found], "expon").pvalue > 1e-6


@given(SEEDS)
@settings(max_examples=25)
def test_one_gap_says_nothing_of_the_next(seed):
    found = gaps(arrivals(1.0, 4000, seed))
    products = [(a - 1) * (b - 1) for a, b in pairwise(found)]
    assert abs(math.fsum(products) / len(products)) < 5 / math.sqrt(len(products))


@given(SEEDS, st.floats(1, 1e3))
def test_another_rate_only_scales_the_schedule(seed, factor):
    slow, fast = arrivals(2.0, 50, seed), arrivals(2.0 * factor, 50, seed)
    assert [time * factor for time in fast] == pytest.approx(slow, rel=1e-9, abs=factor)


def test_another_seed_gives_another_schedule():
    assert arrivals(1.0, 10, "1:0") != arrivals(1.0, 10, "1:1")


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_must_be_above_0(rate):
    with pytest.raises(ValueError, match="must be above 0"):
        arrivals(rate, 1, "0")
