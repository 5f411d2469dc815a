"""At which round trip the edge begins to beat the cloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network import CONNECTIONS, Crossing, Link, Payload, crossing, exchange

PHOTO = Payload(600_000, 4000)
times = st.floats(1e-4, 10)
payloads = st.builds(Payload, st.integers(1, 1 << 24), st.integers(1, 1 << 24))
bandwidths = st.floats(1e5, 1e10)
connections = st.sampled_from(CONNECTIONS)


def cloud_seconds(cloud: float, payload: Payload, bandwidth: float, round_trip: float, connection) -> float:
    return cloud + exchange(payload, Link(bandwidth, round_trip), connection).seconds


def test_on_a_kept_connection_it_is_what_computing_and_bits_leave_over():
    bits = exchange(PHOTO, Link(1e8, 0.0), "kept").seconds
    assert crossing(0.300, 0.010, PHOTO, 1e8, "kept").round_trip == pytest.approx(0.300 - 0.010 - bits)


def test_a_new_connection_gives_the_edge_its_win_earlier():
    kept, new = (crossing(0.3, 0.01, PHOTO, 1e8, c).round_trip for c in CONNECTIONS)
    assert kept is not None
    assert new is not None
    assert new < kept / 2


def test_a_cloud_that_computes_no_faster_never_wins():
    assert crossing(0.02, 0.02, PHOTO, 1e9, "kept") == Crossing(None, "computing")


def test_a_link_too_narrow_for_the_payload_never_lets_the_cloud_win():
    assert crossing(0.1, 0.01, PHOTO, 2e7, "kept") == Crossing(None, "bandwidth")


@given(times, times, payloads, bandwidths, connections)
def test_both_sides_take_as_long_at_the_crossing(edge, cloud, payload, bandwidth, connection):
    found = crossing(edge, cloud, payload, bandwidth, connection)
    if found.round_trip is not None:
        assert cloud_seconds(cloud, payload, bandwidth, found.round_trip, connection) == pytest.approx(edge, rel=1e-9)


@given(times, times, payloads, bandwidths, connections, st.floats(0, 10))
def test_beyond_the_crossing_the_edge_wins_and_before_it_the_cloud(
    edge, cloud, payload, bandwidth, connection, round_trip
):
    found = crossing(edge, cloud, payload, bandwidth, connection)
    there = cloud_seconds(cloud, payload, bandwidth, round_trip, connection)
    if found.round_trip is None or round_trip > found.round_trip * (1 + 1e-9):
        assert edge <= there * (1 + 1e-9)
    elif round_trip < found.round_trip * (1 - 1e-9):
        assert there <= edge * (1 + 1e-9)


@given(times, times, payloads, bandwidths, connections)
def test_why_there_is_none_is_always_told(edge, cloud, payload, bandwidth, connection):
    found = crossing(edge, cloud, payload, bandwidth, connection)
    assert (found.round_trip is None) == (found.because is not None)
    if found.because == "computing":
        assert cloud >= edge
