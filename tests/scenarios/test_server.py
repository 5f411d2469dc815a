"""The server scenario on a clock of its own, against the queue whose truth is known."""

from __future__ import annotations

import dataclasses
import math
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from queues import SECOND, Queue, largest_rate, mean_wait, within

from harness.model.load import Load
from harness.scenarios import server
from harness.scenarios.arrivals import arrivals
from harness.scenarios.server import MOST_TIMES, Server, measurements
from harness.testing import FakeClock

LOAD = Load(target_latency=0.05, min_query_count=662, max_duration=1e6)


def at(rate: float, load: Load = LOAD, service: float = 0.01, seed: str = "0:0"):
    queue = Queue(service)
    return queue.server(load, seed).at(rate, 10**18)


def found_by(load: Load, service: float = 0.01, seed: str = "0:0"):
    return Queue(service).server(load, seed).measure(service * 1e9)


@pytest.mark.slow
@pytest.mark.parametrize("utilisation", [0.5, 0.9])
def test_the_mean_wait_is_that_of_the_formula(utilisation):
    service, count = 0.01, 50_000
    load = Load(target_latency=1e3, min_query_count=count)
    waits = [(q.began - q.scheduled) / 1e9 for q in at(utilisation / service, load, service).queries]
    assert len(waits) == count
    assert math.fsum(waits) / count == pytest.approx(mean_wait(utilisation / service, service), rel=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("utilisation", [0.3, 0.7])
def test_the_share_within_a_time_is_that_of_the_formula(utilisation):
    load = Load(target_latency=1e3, min_query_count=50_000)
    latencies = [q.latency for q in at(utilisation / 0.01, load).queries]
    for seconds in (0.0101, 0.015, 0.02, 0.03):
        share = sum(t <= seconds for t in latencies) / len(latencies)
        assert share == pytest.approx(within(seconds, utilisation / 0.01, 0.01), abs=0.012)


def test_an_overloaded_server_shows_the_line_that_grows():
    one = at(200.0, Load(target_latency=1e3, min_query_count=2000))
    halves = [q.latency for q in one.queries[900:1000]], [q.latency for q in one.queries[1900:2000]]
    assert median(halves[0]) == pytest.approx(950 * (0.01 - 0.005), rel=0.1)
    assert median(halves[1]) == pytest.approx(2 * median(halves[0]), rel=0.1)


def test_latency_counts_from_the_scheduled_arrival_also_while_a_query_waits_in_line():
    queue = Queue(0.5)
    one = queue.server(Load(target_latency=10.0, min_query_count=5)).at(10.0, 10**18)
    starts = [q.scheduled for q in one.queries]
    planned = arrivals(10.0, MOST_TIMES * 5, "0:0")[: len(starts)]
    assert [s - starts[0] for s in starts] == [p - planned[0] for p in planned]
    for before, query in zip(one.queries, one.queries[1:], strict=False):
        assert query.began >= before.done
    assert one.queries[3].latency > 4 * 0.5 - (starts[3] - starts[0]) / 1e9


def test_an_idle_server_waits_and_begins_when_the_query_arrives():
    one = at(1.0)
    assert max(q.began - q.scheduled for q in one.queries if q.latency < 0.0105) < 10_000
    assert min(q.began - q.scheduled for q in one.queries) >= 0


@pytest.mark.slow
@pytest.mark.parametrize(("deadline", "off"), [(0.05, 0.15), (0.2, 0.1)])
def test_the_largest_rate_is_near_the_true_one(deadline, off):
    truth = largest_rate(deadline, 0.01, 0.99)
    rates = [found_by(replace(LOAD, target_latency=deadline), seed=f"1:{k}").bracket.kept for k in range(15)]
    assert median(rates) == pytest.approx(truth, rel=off)
    assert all(0.6 * truth <= rate <= 1.3 * truth for rate in rates)


def test_every_try_is_kept_with_its_verdict_and_its_queries():
    found = found_by(LOAD)
    told = {(m.metric.id, m.marks): m for m in measurements(found, LOAD)}
    rates = told["target_qps", None].values
    assert rates == tuple(t.target_qps for t in found.tries)
    assert len([key for key in told if key[0] == "query_latency"]) == len(found.tries)
    assert {told["result_validity", None].values[rates.index(r)] for r in rates if r <= found.bracket.kept} == {1.0}
    assert sum(told["query_count", None].values) == sum(len(t.queries) for t in found.tries)
    assert told["largest_target_qps", None].values == (found.bracket.kept,)
    assert found.told.target_qps == found.bracket.kept


def test_a_step_that_is_slower_than_the_deadline_is_tried_once_and_said():
    found = found_by(replace(LOAD, target_latency=0.005))
    assert [t.verdict for t in found.tries] == ["invalid"]
    load = replace(LOAD, target_latency=0.005)
    largest = next(m for m in measurements(found, load) if m.metric.id == "largest_target_qps")
    assert largest.values == ()
    assert largest.missing == "no rate that was tried kept the deadline: a step alone takes 10 ms"


def test_too_little_time_for_a_verdict_is_undecided_and_says_how_many_it_needs():
    load = replace(LOAD, max_duration=1.0)
    found = found_by(load)
    assert found.tries[0].verdict == "undecided"
    largest = next(m for m in measurements(found, load) if m.metric.id == "largest_target_qps")
    assert "a verdict needs 662 queries, there were" in largest.missing


def test_a_rate_that_was_asked_for_is_the_only_one():
    load = replace(LOAD, target_qps=40.0)
    found = found_by(load)
    assert [t.target_qps for t in found.tries] == [40.0]
    latencies = [m for m in measurements(found, load) if m.metric.id == "query_latency"]
    assert [m.marks for m in latencies] == [None]
    assert not [m for m in measurements(found, load) if m.metric.id == "largest_target_qps"]


def test_a_try_that_cannot_become_valid_any_more_is_ended_early():
    one = at(500.0)
    assert one.verdict == "invalid"
    assert len(one.queries) < 100


@pytest.mark.slow
def test_a_short_step_is_sent_queries_for_the_least_duration():
    load = replace(LOAD, min_duration=2.0, target_latency=0.01)
    one = at(2000.0, load, service=0.0001)
    assert one.verdict == "valid"
    assert (one.queries[-1].scheduled - one.queries[0].scheduled) / 1e9 == pytest.approx(2.0, rel=0.1)


@pytest.mark.slow
def test_a_very_short_step_is_sent_as_many_queries_as_a_record_holds_and_still_has_a_verdict(monkeypatch):
    monkeypatch.setattr(server, "MOST_QUERIES", 1000)
    one = at(2000.0, replace(LOAD, min_duration=2.0, target_latency=0.01), service=0.0001)
    assert (len(one.queries), one.verdict) == (1000, "valid")


def test_the_schedule_is_made_before_the_run_however_long_that_takes():
    queue = Queue(0.01)

    def slowly(*asked):
        queue.clock.advance(SECOND)
        return arrivals(*asked)

    one = dataclasses.replace(queue.server(LOAD), schedule=slowly).at(10.0, 10**18)
    assert one.queries[0].began - one.queries[0].scheduled < 10_000


@given(st.floats(0.05, 0.6), st.floats(1.01, 1.6), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_on_the_same_schedule_no_query_is_sooner_done_at_a_higher_rate(utilisation, factor, seed):
    load = Load(target_latency=1e3, min_query_count=100)
    slow, fast = (at(u / 0.01, load, seed=f"{seed}:0").queries for u in (utilisation, utilisation * factor))
    assert all(f.latency >= s.latency - 1e-4 for s, f in zip(slow, fast, strict=True))


def test_the_wait_is_slept_and_only_its_end_is_spun():
    clock, slept = FakeClock(tick=1000), []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(round(seconds * SECOND))

    load = Load(target_latency=1.0, min_query_count=3, target_qps=10.0)
    one = Server(lambda: clock.advance(1000), load, "0:0", clock, sleep).at(10.0, 10**18)
    assert slept
    assert all(0 <= q.began - q.scheduled < 5000 for q in one.queries)
