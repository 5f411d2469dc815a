import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness.stats import WITHIN_ONE_PROCESS, summarise

positive = st.floats(1e-6, 1e6)
groups = st.lists(st.lists(positive, min_size=1, max_size=30), min_size=1, max_size=8)


@given(groups)
def test_the_median_lies_within_the_interval(groups):
    found = summarise(groups)
    assert found.median == np.median([np.median(g) for g in groups])
    assert found.n == sum(map(len, groups))
    assert found.processes == len(groups)
    if found.low is not None:
        assert found.low <= found.median <= found.high


@given(groups, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(groups, factor):
    one, other = summarise(groups), summarise([[factor * v for v in g] for g in groups])
    assert other.median == pytest.approx(factor * one.median)
    assert (other.low is None) == (one.low is None)
    if one.low is not None:
        assert other.low == pytest.approx(factor * one.low, rel=1e-6)
        assert other.high == pytest.approx(factor * one.high, rel=1e-6)


@given(st.lists(st.lists(positive, min_size=3, max_size=9), min_size=2, max_size=6), st.randoms())
def test_the_order_of_processes_does_not_matter(groups, random):
    shuffled = random.sample(groups, len(groups))
    assert summarise(groups).low == pytest.approx(summarise(shuffled).low)


def test_the_interval_is_the_t_interval_of_log_medians():
    medians = [0.010, 0.0104, 0.0099]
    found = summarise([[m * 0.9, m, m * 1.3] for m in medians])
    logs = np.log(medians)
    low, high = reference.t.interval(0.95, 2, logs.mean(), reference.sem(logs))
    assert (found.low, found.high) == (pytest.approx(math.exp(low)), pytest.approx(math.exp(high)))
    assert found.method == "t over logarithms of 3 processes"
    assert found.relative_half_width == pytest.approx((found.high - found.low) / 2 / 0.010)


def test_medians_that_are_not_positive_are_taken_as_they_are():
    found = summarise([[0.0], [2.0], [4.0]])
    low, high = reference.t.interval(0.95, 2, 2.0, reference.sem([0.0, 2.0, 4.0]))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.method == "t over figures of 3 processes"


def test_one_process_says_so():
    found = summarise([[1.0, 1.1] * 20])
    assert found.method == WITHIN_ONE_PROCESS
    assert found.method.startswith("within one process")
    assert found.low < found.median < found.high


def test_one_process_below_zero():
    found = summarise([[-1.0, -1.1, -0.9, -1.2, -0.7] * 13])
    assert found.low < -1.0 < found.high


@pytest.mark.parametrize("n", [1, 2, 7])
def test_too_few_samples_have_a_median_and_no_interval(n):
    found = summarise([[1.0] * n])
    assert (found.median, found.low, found.high, found.method) == (1.0, None, None, f"n={n}: no interval")
    assert found.relative_half_width is None


def test_processes_without_samples_are_left_out():
    assert summarise([[], [1.0], []]).processes == 1


def test_nothing_to_sum_up_is_refused():
    with pytest.raises(ValueError, match="no samples"):
        summarise([[], []])
    with pytest.raises(ValueError, match="finite"):
        summarise([[1.0, math.nan]])


@pytest.mark.parametrize("processes", [2, 3, 5, 10])
def test_the_interval_covers_the_truth_over_process_noise(processes):
    rng, hits, tries = np.random.default_rng(processes), 0, 1500
    for _ in range(tries):
        centres = rng.normal(0, 0.02, processes)
        found = summarise([np.exp(c + rng.normal(0, 0.02, 21)).tolist() for c in centres])
        hits += found.low <= 1.0 <= found.high
    assert 0.93 <= hits / tries <= 0.97


def test_one_process_does_not_cover_what_another_would_say():
    rng, hits, tries = np.random.default_rng(0), 0, 300
    for centre in rng.normal(0, 0.05, tries):
        found = summarise([np.exp(centre + rng.normal(0, 0.01, 200)).tolist()])
        hits += found.low <= 1.0 <= found.high
    assert hits / tries < 0.3
