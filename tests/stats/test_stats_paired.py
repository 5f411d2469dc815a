"""Ratios against scipy, and false discoveries against scipy's own."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from harness.stats import false_discoveries, paired_ratio, unpaired_ratio

LEVELS = st.lists(st.floats(0.01, 100), min_size=2, max_size=12)


@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), min_size=3, max_size=12))
def test_paired_as_scipys_paired_t(pairs):
    a, b = numpy.log(numpy.array(pairs)).T
    if numpy.ptp(b - a) < 1e-6:
        return
    ours, theirs = paired_ratio(*zip(*pairs, strict=True)), reference.ttest_rel(b, a)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-9)
    low, high = theirs.confidence_interval(0.95)
    assert numpy.log([ours.low, ours.high]) == pytest.approx([low, high], rel=1e-6, abs=1e-9)


@given(LEVELS, LEVELS)
def test_unpaired_is_no_bolder_than_scipys_welch(a, b):
    if numpy.ptp(a) < 1e-6 or numpy.ptp(b) < 1e-6:
        return
    ours, theirs = unpaired_ratio(a, b), reference.ttest_ind(numpy.log(b), numpy.log(a), equal_var=False)
    assert ours.p >= theirs.pvalue - 1e-9
    assert ours.value == pytest.approx(numpy.exp(numpy.mean(numpy.log(b)) - numpy.mean(numpy.log(a))))


def test_one_process_has_no_interval():
    assert unpaired_ratio([1.0], [2.0, 2.1]).low is None
    assert paired_ratio([1.0], [2.0]).p is None


@pytest.mark.parametrize("sides", [([], [1.0]), ([0.0, 1.0], [1.0, 1.0]), ([1.0], [-1.0])])
def test_what_has_no_ratio_is_refused(sides):
    with pytest.raises(ValueError, match="above 0"):
        unpaired_ratio(*sides)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discoveries_as_scipy(probabilities):
    adjusted = reference.false_discovery_control(probabilities)
    if numpy.min(numpy.abs(adjusted - 0.05)) < 1e-9:
        return
    assert false_discoveries(probabilities) == list(adjusted <= 0.05)
