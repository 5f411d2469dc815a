import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from harness.stats import needed_samples, percentile

finite = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(("p", "published"), [(90, 64), (95, 130), (99, 662)])
def test_minimum_is_mlperfs(p, published):
    assert needed_samples(p) == published


def test_minimum_for_p99_9_is_the_published_one_before_rounding():
    assert round(needed_samples(99.9), -1) == 6640


@given(st.floats(50.5, 99.95), st.sampled_from([0.9, 0.95, 0.99]))
def test_minimum_is_the_least_that_the_binomial_allows(p, confidence):
    n, tail = needed_samples(p, confidence), 1 - p / 100
    assert binom.cdf(1, n, tail) <= (1 - confidence) * (1 + 1e-9)
    assert binom.cdf(1, n - 1, tail) > (1 - confidence) * (1 - 1e-9)


def test_low_percentiles_need_as_many_as_high_ones():
    assert needed_samples(10) == needed_samples(90)


@pytest.mark.slow
@given(st.lists(finite, min_size=64, max_size=200), st.sampled_from([50, 75, 90]))
def test_value_equals_numpys(samples, p):
    assert percentile(samples, p).value == pytest.approx(np.percentile(samples, p), rel=1e-9, abs=1e-6)


def test_too_few_samples_have_no_percentile_but_say_how_many_are_needed():
    found = percentile([1.0] * 63, 90)
    assert (found.value, found.needed, found.n) == (None, 64, 63)


def test_the_median_is_always_given():
    assert percentile([3.0], 50).value == 3.0
    assert percentile([], 50).value is None


@pytest.mark.parametrize("p", [0, 100, -1, 101])
def test_a_percentile_outside_its_range_is_refused(p):
    with pytest.raises(ValueError, match="percentile"):
        percentile([1.0], p)
