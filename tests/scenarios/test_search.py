"""The search for the largest rate, against a rule that is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenarios.search import MOST_FALLS, MOST_TRIES, Bracket, largest


def search(limit: float, start: float, precision: float = 0.05, tries: int = MOST_TRIES) -> tuple[Bracket, list[float]]:
    tried: list[float] = []

    def keeps(rate: float) -> bool:
        tried.append(rate)
        return rate <= limit

    return largest(keeps, start, precision, lambda: len(tried) < tries), tried


@given(st.floats(1e-3, 1e6), st.floats(1 / 16, 30), st.floats(0.01, 0.3))
def test_the_limit_is_bracketed_as_precisely_as_asked(limit, off, precision):
    found, tried = search(limit, limit * off, precision)
    assert found.precise
    assert found.kept <= limit < found.missed <= found.kept * (1 + precision)
    assert {found.kept, found.missed} <= set(tried)


@given(st.floats(1e-3, 1e6), st.floats(1 / 16, 30))
def test_no_rate_is_tried_twice_or_outside_of_what_is_known(limit, off):
    _, tried = search(limit, limit * off)
    assert len(set(tried)) == len(tried)
    for k, rate in enumerate(tried):
        assert all(rate > earlier for earlier in tried[:k] if earlier <= limit)
        assert all(rate < earlier for earlier in tried[:k] if earlier > limit)


def test_where_no_rate_is_kept_it_gives_up_and_says_so():
    found, tried = search(0.0, 8.0)
    assert found.kept is None
    assert found.hopeless
    assert tried == [8.0 / 2**k for k in range(MOST_FALLS + 1)]


def test_where_time_runs_out_it_keeps_what_it_knows():
    found, tried = search(100.0, 40.0, tries=3)
    assert tried == [40.0, 80.0, 160.0]
    assert (found.kept, found.missed, found.precise) == (80.0, 160.0, False)


def test_the_next_rate_is_the_geometric_mean_of_the_bracket():
    bracket = Bracket(0.01)
    bracket.learn(4.0, True)
    assert bracket.next() == 8.0
    bracket.learn(16.0, False)
    assert bracket.next() == pytest.approx(8.0)
