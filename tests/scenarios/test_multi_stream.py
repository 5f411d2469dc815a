"""Multi stream against a clock that moves only when a step says so."""

from __future__ import annotations

import pytest

from harness.model.load import Load
from harness.scenarios.multi_stream import MOST_QUERIES, MultiStream, measurements
from harness.testing import FakeClock

MS = 1_000_000


def queries(load: Load, cost: int = 10 * MS, steps: int = 8):
    clock = FakeClock()
    return MultiStream(lambda: clock.advance(cost), load, steps, clock).measure()


def test_a_query_takes_as_long_as_all_its_samples():
    (found,) = measurements(queries(Load(min_query_count=20)))
    assert found.values == pytest.approx((0.08,) * 20)


def test_it_goes_on_until_there_are_enough_queries_and_the_least_time_is_over():
    assert len(queries(Load(min_query_count=662))) == 662
    assert len(queries(Load(min_query_count=5, min_duration=8.0))) == 100


def test_it_ends_when_the_time_is_over_however_few_there_are():
    assert len(queries(Load(min_query_count=662, max_duration=0.8))) == 10


def test_the_next_query_is_issued_when_the_last_is_done():
    found = queries(Load(min_query_count=5))
    assert [start for start, _ in found[1:]] == [end for _, end in found[:-1]]


def test_very_short_queries_do_not_fill_the_record():
    assert len(queries(Load(min_query_count=10**9), cost=1)) == MOST_QUERIES
