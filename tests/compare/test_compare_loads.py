"""Runs under one of MLPerf's scenarios side by side: by their headline, and only under the same load."""

from __future__ import annotations

import pytest
from loaded_runs import SERVER, batches, loaded, queries, searched
from msgspec.structs import replace

from harness.compare import compare
from harness.model.load import Load
from harness.model.record import Run

MULTI = Load(samples_per_query=8, min_query_count=662)
NOISE = (0.99, 1.0, 1.01, 1.005, 0.995)


def serving(rate: float, load: Load = SERVER) -> Run:
    return loaded("server", load, *(searched(rate * n, rate * n * 1.05) for n in NOISE))


def streaming(seconds: float) -> Run:
    return loaded("multi_stream", MULTI, *(queries(seconds * n) for n in NOISE))


def offline(rate: float) -> Run:
    return loaded("offline", Load(), *(batches(rate * n, 1.5 * rate * n) for n in NOISE))


def row(before: Run, after: Run, metric: str):
    return next(r for r in compare(before, after).rows if r.metric == metric)


@pytest.mark.parametrize(
    ("factor", "verdict", "words"),
    [(0.8, "regressed", "lower rate"), (1.0, "no_change", "no change detected"), (1.3, "improved", "higher rate")],
)
@pytest.mark.parametrize(("make", "metric"), [(serving, "largest_target_qps"), (offline, "samples_per_second")])
def test_a_lower_rate_is_worse(make, metric, factor, verdict, words):
    found = row(make(60.0), make(60.0 * factor), metric)
    assert (found.verdict, found.words) == (verdict, words)
    assert found.ratio == pytest.approx(factor, rel=0.01)


def test_a_longer_tail_is_slower():
    found = row(streaming(0.08), streaming(0.1), "query_tail")
    assert (found.verdict, found.words, found.unit) == ("regressed", "slower", "s")


def test_single_stream_is_compared_by_its_median_and_where_it_was_asked_for_by_its_tail():
    asked = loaded("single_stream", Load(target_latency_percentile=0.9, min_query_count=64), *[()] * 5)
    slower = loaded("single_stream", Load(target_latency_percentile=0.9, min_query_count=64), *[()] * 5, factor=1.3)
    assert {row(asked, slower, metric).verdict for metric in ("latency", "query_tail")} == {"regressed"}


def test_other_deadlines_are_not_comparable_and_are_named():
    found = row(serving(60.0), serving(60.0, replace(SERVER, target_latency=0.1)), "largest_target_qps")
    assert found.verdict == "not_comparable"
    assert found.reason == "the load changed: target_latency 0.05 and 0.1"


def test_a_search_that_was_given_less_time_is_comparable():
    assert row(serving(60.0), serving(60.0, replace(SERVER, max_duration=9.0)), "largest_target_qps").ratio
