"""MLPerf's early-stopping rule against the binomial distribution of scipy, and against what MLPerf publishes of it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from harness.stats import needed_samples
from harness.stats.early_stopping import at_most, estimate, fewest_over, least_queries, most_over, verdict

SHARES = st.sampled_from((0.9, 0.95, 0.97, 0.99, 0.999))


@pytest.mark.parametrize(
    ("over", "share", "queries"), [(1, 0.9, 64), (1, 0.95, 130), (1, 0.99, 662), (0, 0.99, 459), (1, 0.999, 6636)]
)
def test_the_least_numbers_of_queries_are_those_of_the_rule(over, share, queries):
    assert least_queries(over, share) == queries


@given(SHARES)
def test_one_query_over_needs_as_many_as_a_percentile_is_shown_from(share):
    assert least_queries(1, share) == needed_samples(100 * share)


@given(st.integers(1, 3000), st.integers(0, 60), st.floats(0.001, 0.5))
def test_the_tail_is_that_of_the_binomial_distribution(queries, over, chance):
    assert at_most(over, queries, chance) == pytest.approx(binom.cdf(over, queries, chance), rel=1e-8, abs=1e-12)


@given(st.integers(1, 5000), SHARES)
def test_what_is_valid_and_what_is_invalid_lie_apart(queries, share):
    most, fewest = most_over(queries, share), fewest_over(queries, share)
    assert most < fewest
    assert verdict(queries, max(0, most), share) == ("valid" if most >= 0 else "undecided")
    assert verdict(queries, min(fewest, queries), share) == ("invalid" if fewest <= queries else "undecided")


@given(st.integers(1, 3000), SHARES)
def test_the_most_that_may_be_over_is_the_most(queries, share):
    most = most_over(queries, share)
    assert most < 0 or binom.cdf(most, queries, 1 - share) <= 0.01 * (1 + 1e-9)
    assert binom.cdf(most + 1, queries, 1 - share) > 0.01 * (1 - 1e-9)


@pytest.mark.slow
@given(st.integers(0, 40), SHARES)
def test_the_fewest_queries_allow_as_many_over_and_one_fewer_does_not(over, share):
    least = least_queries(over, share)
    assert most_over(least, share) == over
    assert most_over(least - 1, share) == over - 1


def test_none_over_in_too_few_queries_is_undecided_and_all_over_is_invalid():
    assert verdict(458, 0, 0.99) == "undecided"
    assert verdict(459, 0, 0.99) == "valid"
    assert verdict(5, 5, 0.99) == "invalid"
    assert verdict(1000, 10, 0.99) == "undecided"


def test_an_estimate_needs_samples_and_is_the_highest_with_the_fewest():
    values = [float(k) for k in range(64)]
    assert estimate(values[:63], 0.9) is None
    assert estimate(values, 0.9) == 63.0


def test_an_estimate_lies_above_the_true_percentile_in_99_of_100_samples():
    draw = random.Random(7)
    above = sum((estimate([draw.random() for _ in range(400)], 0.9) or 0) >= 0.9 for _ in range(1000))
    assert above >= 985


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=64, max_size=300))
def test_an_estimate_is_one_of_the_samples(values):
    assert estimate(values, 0.9) in values


@pytest.mark.parametrize("share", [0.0, 1.0, 99.0])
def test_a_percentile_is_a_fraction(share):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        most_over(100, share)
