"""Means count what comes seldom, and their intervals cover the truth."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness.stats import MEAN_WITHIN_ONE_PROCESS, mean_half_width, summarise_means

groups = st.lists(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30), min_size=1, max_size=8)


@given(groups)
def test_the_mean_of_the_processes_means_lies_within_the_interval(groups):
    found = summarise_means(groups)
    assert found.mean == pytest.approx(np.mean([np.mean(g) for g in groups]))
    assert (found.n, found.processes) == (sum(map(len, groups)), len(groups))
    if found.low is not None:
        assert found.low <= found.mean <= found.high


@given(groups, st.randoms())
def test_the_order_of_processes_does_not_matter(groups, rng):
    one, other = summarise_means(groups), summarise_means(rng.sample(groups, len(groups)))
    assert one.mean == pytest.approx(other.mean)


def test_between_processes_it_is_the_t_interval_of_log_means():
    means = [0.010, 0.0104, 0.0099]
    found = summarise_means([[m] * 3 for m in means])
    low, high = reference.t.interval(0.95, 2, np.log(means).mean(), reference.sem(np.log(means)))
    assert (found.low, found.high) == (pytest.approx(np.exp(low)), pytest.approx(np.exp(high)))
    assert found.method == "t over logarithms of 3 processes"


def test_a_mean_that_is_known_better_stands_in_for_that_of_the_samples():
    assert summarise_means([[1.0] * 10], [1.5]).mean == 1.5
    with pytest.raises(ValueError, match="one a process"):
        summarise_means([[1.0], [2.0]], [1.5])


def test_energies_below_zero_have_an_interval_too():
    found = summarise_means([[-1.0], [0.5], [2.0]])
    assert found.mean == pytest.approx(0.5)
    assert found.low < 0 < found.high


def test_too_few_samples_have_a_mean_and_no_interval():
    found = summarise_means([[1.0, 2.0, 6.0]])
    assert (found.mean, found.low, found.high, found.method) == (3.0, None, None, "n=3: no interval")
    with pytest.raises(ValueError, match="no samples"):
        summarise_means([[]])


def stalling(rng: random.Random, count: int) -> list[float]:
    """2 ms, and every tenth time 40 ms, begun anywhere."""
    first = rng.randrange(10)
    return [(0.040 if (first + k) % 10 == 0 else 0.002) * rng.lognormvariate(0, 0.02) for k in range(count)]


def by_luck(rng: random.Random, count: int) -> list[float]:
    """2 ms, and 40 ms in one of ten, without a pattern."""
    return [0.040 if rng.random() < 0.1 else 0.002 for _ in range(count)]


@pytest.mark.parametrize("make", [stalling, by_luck])
@pytest.mark.parametrize("count", [86, 500, 2000])
def test_within_one_process_the_interval_covers_the_mean_of_a_step_that_stalls(make, count):
    rng, covered, truth = random.Random(5), 0, 0.0058
    for _ in range(300):
        found = summarise_means([make(rng, count)])
        assert found.method == MEAN_WITHIN_ONE_PROCESS
        covered += found.low <= truth * 1.0002 and truth <= found.high
    assert covered >= 0.90 * 300


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_stalls_that_come_at_the_same_moments_in_each_process_do_not_make_it_sure(processes):
    """What was seen: 93 rounds of 2 ms, each tenth of 40 ms, in every process: 9 stalls where there are 9.3."""
    times = [0.040 if k % 10 == 9 else 0.002 for k in range(93)]
    found = summarise_means([times] * processes)
    assert found.low <= 0.0058 <= found.high
    assert found.high / found.low < 1.25


def test_the_interval_of_a_stalling_step_is_wide_where_that_of_its_median_is_not():
    times = stalling(random.Random(1), 86)
    assert mean_half_width(times) > 0.05


def test_equal_steps_have_no_width_and_few_none_at_all():
    assert mean_half_width([2.0] * 8) == 0.0
    assert mean_half_width([2.0] * 7) is None
    assert mean_half_width([0.0] * 8) == 0.0
    assert mean_half_width([-1.0, 1.0] * 8) in (0.0, None)
